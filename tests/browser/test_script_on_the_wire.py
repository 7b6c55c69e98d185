"""The manual's examples of scripts as somebody new would try them: in one conf.py, with `lessor serve`, clients of
other people's on a network, and a browser on the server's machine."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FLAGS
from tests.conftest import BROWSERS
from tests.interop.lab import Lab
from tests.interop.packets import ACK, DISCOVER
from tests.interop.processes import wait_for
from tests.interop.realclients import Udhcpc
from tests.interop.servers import LAUNCHER

pytestmark = [pytest.mark.browser, pytest.mark.netns, pytest.mark.timeout(400)]

MANUAL = (Path(__file__).parents[2] / "docs" / "scripting.md").read_text()
#: Of the manual: who is on the block list, and who is in the dictionary.  The third client gets 192.0.2.99 of the pool.
BLOCKED, GUEST, OTHER = (f"02:00:00:00:00:0{number}" for number in (1, 2, 3))
OFFICE = """
version: 1
subnets:
  - {prefix: 192.0.2.0/24, name: office, interface: eth0, pools: [{first: 192.0.2.99, last: 192.0.2.99}]}
"""
URL = "http://127.0.0.1:8067"
PASSWORD = "a horse of battery"


@pytest.fixture
def lab():
    with Lab() as made:
        yield made
        made.show_logs()


def test_the_manuals_script_for_real_clients_and_in_a_real_browser(lab, chromium):
    if package := Udhcpc.missing():
        pytest.skip(f"no udhcpc here (Debian: apt-get install {package})")
    lan = lab.link()
    machine = lab.host("server", lan, "192.0.2.1/24")
    machine.ip("link", "set", "lo", "up")
    script = lab.file("conf.py", "\n".join(re.findall(r"```python\n(.*?)```", MANUAL, re.DOTALL)[:4]))
    config = lab.file("lessor.toml", f"interfaces = ['eth0']\nscript = '{script}'\nstate_dir = '{lab.folder}/state'\n")
    lessor = (str(LAUNCHER), "--config", str(config))
    machine.run(*lessor, "apply", "--yes", str(lab.file("office.yaml", OFFICE)))
    vera = machine.run(*lessor, "user", "add", "vera", "--role", "viewer")
    ada = machine.run(*lessor, "user", "add", "ada", "--role", "admin")
    serve = lab.start(machine, *lessor, "serve", label="serve")
    wait_for("it serves", lambda: "Serving DHCPv4" in serve.output() and "Pages:" in serve.output(), 30, serve.log)

    witness = lab.sniff(lan.switch)
    clients = {}
    for hardware in (BLOCKED, GUEST, OTHER):
        clients[hardware] = Udhcpc(lab, lab.machine(hardware[-2:]))
        lan.plug(clients[hardware].machine, "eth0", hardware)
        clients[hardware].start()
    assert clients[GUEST].wait_bound() == "192.0.2.77/24"
    assert clients[OTHER].wait_bound() == "192.0.2.99/24"
    wait_for("the blocked one asks", lambda: witness.from_client(BLOCKED, DISCOVER))
    acks = {packet.message.chaddr.hex(":"): packet.message.options for packet in witness.packets(ACK)}
    t1 = {hardware: int.from_bytes(options[58], "big") for hardware, options in acks.items()}
    assert t1 == {GUEST: 300, OTHER: 60}
    assert acks[GUEST][12] == b"guest"
    assert not clients[BLOCKED].machine.addresses("eth0")

    # A browser on the server's own machine, where the pages are.
    program = next(filter(None, map(shutil.which, BROWSERS)))
    there = lab.file("there", f'#!/bin/sh\nexec ip netns exec {machine.name} {program} "$@"\n')
    there.chmod(0o755)
    browser = chromium.browser_type.launch(executable_path=str(there), args=FLAGS)
    try:
        seen_by_an_administrator(logged_in(browser, "ada", ada))
        seen_by_a_viewer(logged_in(browser, "vera", vera))
    finally:
        browser.close()


def seen_by_an_administrator(page):
    """The counter on the dashboard, and the secured method."""
    counted = page.frame_locator("iframe[title='site packets']").locator("p")
    expect(counted).to_have_text(re.compile(r"^4 of [5-9] packets were answered\.$"))
    page.goto(f"{URL}/site/latest.txt")
    expect(page.locator("body")).to_contain_text(f"DISCOVER {BLOCKED}")
    expect(page.locator("body")).to_contain_text(f"REQUEST:SELECTING {GUEST}")


def seen_by_a_viewer(page):
    """The counter, and not what is secured."""
    expect(page.frame_locator("iframe[title='site packets']").locator("p")).to_contain_text("packets were answered")
    page.goto(f"{URL}/site/latest.txt")
    expect(page.locator("main")).to_contain_text("operator")
    assert GUEST not in page.content()


def logged_in(browser, name, told):
    """A page of somebody who has logged in for the first time, with the password that was told, and changed it."""
    password = re.search(r"\S{4}-\S{4}-\S{4}-\S{4}", told)[0]
    context = browser.new_context()
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(URL)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Present password").fill(password)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Change").click()
    page.wait_for_url(f"{URL}/")
    return page
