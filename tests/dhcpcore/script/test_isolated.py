"""Hook libraries in processes of their own: they do what they do in the engine, and harm nobody.  Real children."""

from __future__ import annotations

import logging
import selectors
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dhcpcore.batch import Batch
from dhcpcore.engine import Engine
from dhcpcore.errors import SettingsError
from dhcpcore.hooks import libraries
from dhcpcore.hooks.registry import Registry
from dhcpcore.script.isolated import Isolated
from tests.packets4 import ACK, DISCOVER, OFFER, client
from tests.playbook import OFFICE, World, pool, subnet

HUNDRED = "192.0.2.100"
PATIENCE_S = 20.0
#: How long a call may take here: what a loaded machine holds up is no fault of a callout's.
ANSWER_S = 2.0

#: Everything that a callout does with what it is given.
LIBRARY = """
SEEN = []


def load(handle):
    handle.registerCommandCallout("seen-get", seen_get)
    handle.registerCallout("pkt4_receive", second)
    SEEN.append(handle.getParameter("greeting"))


def buffer4_receive(handle):
    query = handle.getArgument("query4")
    if query.fault is not None:
        query.data = query.data[:-7] + b"\\xff"


def pkt4_receive(handle):
    query = handle.getArgument("query4")
    handle.setContext("mac", [query.hw_address, query.client_id])
    handle.setArgument("$first", b"one")
    if query.hw_address == "02:00:00:00:00:09":
        handle.setStatus(handle.DROP)
    query.set_option("host-name", b"renamed")


def second(handle):
    assert handle.getArgument("$first") == b"one"


def subnet4_select(handle):
    here = handle.getArgument("subnet4collection")
    assert handle.getArgument("subnet4") in here
    handle.setArgument("subnet4", next(one for one in here if one.name == "office"))


def host4_identifier(handle):
    handle.setArgument("id_value", b"")


def lease4_select(handle):
    handle.getArgument("lease4").valid_lft = 1234
    SEEN.append([handle.getContext("mac")[0], handle.getArgument("fake_allocation")])


def lease4_renew(handle):
    handle.setStatus(handle.SKIP)


def lease4_offer(handle):
    (lease,) = handle.getArgument("leases4")
    handle.setArgument("offer_address_in_use", lease.address.endswith(".100"))


def pkt4_send(handle):
    answer = handle.getArgument("response4")
    answer.set_option(224, b"isolated")
    answer.siaddr = "192.0.2.66"
    answer.file = b"boot"
    if answer.valid_lft > 0:
        answer.set_timers(100, 200)


def leases4_committed(handle):
    SEEN.append([one.address for one in handle.getArgument("leases4")])


def dhcp4_srv_configured(handle):
    if len(handle.getArgument("server_config").subnets) > 2:
        handle.setArgument("error", "two are enough")
        handle.setStatus(handle.DROP)


def seen_get(handle):
    assert handle.getArgument("command") == {"command": "seen-get", "arguments": {"a": 1}}
    handle.setArgument("response", {"result": 0, "arguments": SEEN})
"""


class Site:
    """A library at a world's hooks; ``alone`` is its process, where it has one."""

    def __init__(self, folder: Path, text: str, *, isolated: bool = True) -> None:
        path = folder / "site.py"
        path.write_text(text)
        (folder / "site.toml").write_text('greeting = "hello"\n')
        self.registry = Registry()
        self.isolated: list[Isolated] = []

        def isolate(name: str) -> Isolated:
            self.isolated.append(Isolated(name, answer_s=ANSWER_S))
            return self.isolated[-1]

        name = f"{path}={folder / 'site.toml'}"
        self.libraries = libraries.load(self.registry, [f"isolated:{name}" if isolated else name], isolate)
        self.selector = selectors.DefaultSelector()
        for one in self.isolated:
            one.register(self.selector)

    @property
    def alone(self) -> Isolated:
        return self.isolated[0]

    def world(self, make: Callable[..., World], **fields: object) -> World:
        w = make(subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=3600), **fields)
        self.join(w)
        return w

    script = None

    def join(self, w: World, *, waits: bool = True) -> None:
        w.engine.hook(self.registry)
        w.install()
        w.site = self if waits else None

    def answer(self, engine: Engine, now: float, run: Callable[[Batch], object]) -> None:
        """Where a test is not about who waits: every call is over before the next packet comes."""
        while engine.waiting.asks:
            for one in self.isolated:
                one.after(now)
            self.until(lambda: engine.due)
            run(engine.open([], now))

    def until(self, come: Callable[[], object]) -> None:
        """Do what the loop does, until something has come to pass."""
        end = time.monotonic() + PATIENCE_S
        while not come():
            assert time.monotonic() < end, "it never came"
            for key, mask in self.selector.select(0.02):
                key.data.handle(key, mask)
            for one in self.isolated:
                one.watch()

    def close(self) -> None:
        libraries.unload(self.registry, self.libraries)
        self.selector.close()


Begin = Callable[..., Site]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    made: list[Site] = []

    def make(text: str, **fields: bool) -> Site:
        folder = tmp_path / f"site{len(made)}"
        folder.mkdir()
        made.append(Site(folder, text, **fields))
        return made[-1]

    yield make
    for site in made:
        site.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(*subnets: object, **fields: object) -> World:
        folder = tmp_path / f"world{len(made)}"
        folder.mkdir()
        made.append(World(folder, *subnets, **fields))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("isolated", [True, False])
def test_a_library_does_in_a_process_of_its_own_what_it_does_in_the_engine(
    world: Callable[..., World], begin: Begin, isolated: bool
) -> None:
    site = begin(LIBRARY, isolated=isolated)
    first = subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), name="first", shared_network="campus")
    office = subnet("198.51.100.0/24", pool("198.51.100.100", "198.51.100.120"), name="office", lifetime=3600,
                    shared_network="campus")  # fmt: skip
    mine = "198.51.100.101"
    w = world(first, office)
    site.join(w)
    w.faulty = True  # The witness heard of no probe, and a lease that is not extended.
    broken = w.packet(DISCOVER, client(1), prl=b"\x01").edited(lambda data: data[:-1] + b"\x0c\x40short")
    assert w.one(broken) is None
    (offer,) = w.later()
    assert (offer.kind, offer.yiaddr, offer.siaddr, offer.options[224]) == (OFFER, mine, "192.0.2.66", b"isolated")
    ack = w.select(client(1), offer, prl=b"\x01")
    assert (ack.kind, ack.number(51), ack.number(58), ack.number(59)) == (ACK, 1234, 100, 200)
    assert w.row(mine).hostname == "renamed"
    w.pass_(234)
    assert w.renew(client(1), mine).number(51) == 1000
    assert w.discover(client(9)) is None
    assert w.reason == "HOOK-DROPPED"
    assert site.registry.command("seen-get", {"a": 1})["arguments"] == [
        "hello", ["02:00:00:00:00:01", True], ["02:00:00:00:00:01", True], ["02:00:00:00:00:01", False], [mine], [mine],
    ]  # fmt: skip
    before = w.engine.snapshot
    with pytest.raises(Exception, match="two are enough"):
        w.install(*w.subnets, subnet("203.0.113.0/24"))
    assert w.engine.snapshot is before
    assert [(row["hook"], row["function"]) for row in site.registry.statistics()][1:3] == [
        ("buffer4_receive", "buffer4_receive"), ("pkt4_receive", "pkt4_receive"),
    ]  # fmt: skip
    assert not any(row["errors"] for row in site.registry.statistics())


#: What a callout does to its process, by the client's number.
HARM = """
import os, signal, sys, time

def pkt4_receive(handle):
    match handle.getArgument("query4").hw_address[-2:]:
        case "01": time.sleep(60)
        case "02": os._exit(3)
        case "03": os.kill(os.getpid(), signal.SIGSEGV)
        case "04":
            for number in range(3, 60):
                try: os.close(number)
                except OSError: pass
        case "05":
            for number in range(3, 60):
                try: os.write(number, b"nonsense" * 100)
                except OSError: pass
        case "06": sys.exit("no")
        case "07": raise ValueError("a mistake")
        case "08": handle.setContext("file", sys.stdout)
        case "09": handle.getArgument("query4").options["x"] = 5
"""


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_what_ends_the_process_ends_one_transaction_and_another_process_serves_the_next(
    world: Callable[..., World], begin: Begin, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    site = begin(HARM)
    w = site.world(world)
    assert w.discover(client(number)) is None
    assert w.reason == "HOOK-DROPPED"
    assert "HOOK-PROCESS-ENDED: the process of site was ended" in caplog.text
    assert not site.alone.ready
    assert w.discover(client(30)).kind == OFFER, "it has waited for the next process"
    site.alone.failures = 3
    assert w.discover(client(number)) is None
    for away in range(31, 45):  # Where the pause is long, the status is DROP; it is no failure of the callout's.
        assert w.discover(client(away)) is None
    site.alone._again_at = 0.0
    site.until(lambda: site.alone.ready)
    assert w.discover(client(30)).kind == OFFER
    (row,) = site.registry.statistics()
    assert (row["errors"], row["overruns"], row["disabled"]) == (16, 0, "")


def test_what_a_callout_raises_is_told_with_its_traceback_and_the_process_lives(
    world: Callable[..., World], begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    site = begin(HARM)
    w = site.world(world)
    for number, words in {6: "SystemExit: no", 7: "a mistake", 8: "is no data", 9: "invalid literal"}.items():
        caplog.clear()
        assert w.discover(client(number)) is None
        assert w.reason == "HOOK-DROPPED"
        assert words in caplog.text
        assert "HOOK-PROCESS-ENDED" not in caplog.text
    assert w.discover(client(20)).kind == OFFER


def test_one_that_hangs_is_ended_and_after_three_times_switched_off(
    world: Callable[..., World], begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    site = begin(HARM)
    w = site.world(world)
    for _ in range(3):
        site.alone.answer_s = 0.05
        assert w.discover(client(1)) is None
        assert w.reason == "HOOK-DROPPED"
        assert "a call took longer than 50 ms" in caplog.text
        site.alone._again_at, site.alone.answer_s = 0.0, ANSWER_S
        site.until(lambda: site.alone.ready)
    assert w.discover(client(1)).kind == OFFER
    assert "took longer" in site.registry.events[0]


@pytest.mark.parametrize(("text", "words"), [
    ("def load(handle):\n    return 1\n", r"load\(\) returned 1"),
    ("this is no python\n", "SyntaxError"),
    ("import os\nos._exit(1)\n", "ended while it was loaded"),
    ("def load(handle):\n    handle.registerCallout('nowhere', load)\n", "no hook point 'nowhere'"),
])  # fmt: skip
def test_one_that_cannot_be_loaded_is_refused(begin: Begin, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        begin(text)


def test_an_answer_is_parked_and_a_thread_of_the_library_lets_it_go(
    world: Callable[..., World], begin: Begin
) -> None:
    site = begin("""
import threading

GO = threading.Event()
LOTS = []

def load(handle):
    handle.registerCommandCallout("go", go)

def leases4_committed(handle):
    lot, query = handle.getParkingLotHandlePtr(), handle.getArgument("query4")
    assert lot.reference(query) == 1
    handle.setStatus(handle.PARK)
    threading.Thread(target=lambda: (GO.wait(), lot.unpark(query)), daemon=True).start()

def go(handle):
    GO.set()
""")  # fmt: skip
    w = site.world(world)
    offer = w.discover(client(1))
    w.faulty = True
    assert w.select(client(1), offer) is None
    assert w.reasons == []
    assert not w.engine.due
    site.registry.command("go", {})
    site.until(lambda: w.engine.due)
    (ack,) = w.later()
    assert (ack.kind, ack.yiaddr, w.reason) == (ACK, HUNDRED, "ACK-NEW")


def test_it_is_unloaded_and_what_it_logs_is_in_the_log(
    begin: Begin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    site = begin(f"""
import logging, os

def pkt4_receive(handle):
    pass

def unload():
    logging.getLogger("mine").warning("farewell of %d", os.getpid())
    open({str(tmp_path / "gone")!r}, "w").close()
""")  # fmt: skip
    assert site.registry.has("pkt4_receive")
    process = site.alone._process
    assert process is not None
    site.close()
    site.selector = selectors.DefaultSelector()
    assert (tmp_path / "gone").exists()
    assert f"farewell of {process.pid}" in caplog.text
    assert process.poll() is not None
    assert not site.registry.has("pkt4_receive")
