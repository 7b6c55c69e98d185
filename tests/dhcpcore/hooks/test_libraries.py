"""Libraries: files and modules that become callouts, whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dhcpcore.errors import SettingsError
from dhcpcore.hooks.libraries import load, unload
from dhcpcore.hooks.registry import Registry


def library(folder: Path, name: str, text: str) -> str:
    path = folder / f"{name}.py"
    path.write_text(text)
    return str(path)


def test_a_function_named_like_a_hook_comes_before_those_that_load_registers(tmp_path: Path) -> None:
    """Kea example 10."""
    name = library(tmp_path, "order", """
SEEN = []
def load(handle):
    handle.registerCallout("pkt4_receive", later)
def later(handle):
    SEEN.append("registered")
def pkt4_receive(handle):
    SEEN.append("standard")
""")  # fmt: skip
    registry = Registry()
    (loaded,) = load(registry, [name])
    registry.call(registry.open(), "pkt4_receive", {})
    assert loaded.module.SEEN == ["standard", "registered"]


@pytest.mark.parametrize("text", ["", "def multi_threading_compatible():\n    return 0\n"])
def test_whether_it_could_bear_threads_is_not_asked_as_none_of_them_meets_two(tmp_path: Path, text: str) -> None:
    """Kea example 12: multi-threading is never on."""
    name = library(tmp_path, "single", f"""
import threading
SEEN = set()
def pkt4_receive(handle):
    SEEN.add(threading.get_ident())
{text}""")  # fmt: skip
    registry = Registry()
    (loaded,) = load(registry, [name])
    for _ in range(2):
        registry.call(registry.open(), "pkt4_receive", {})
    assert loaded.module.SEEN - {threading.get_ident()} == set()
    assert loaded.module.SEEN


@pytest.mark.parametrize(("text", "words"), [
    ("def version():\n    return 99\n", "version 99.*version 1"),
    ("def load(handle):\n    return 1\n", r"load\(\) returned 1"),
    ("def load(handle):\n    raise ValueError('no')\n", r"load\(\) of .* raised ValueError: no"),
    ("def load(handle):\n    handle.registerCallout('nowhere', load)\n", "no hook point 'nowhere'"),
    ("this is no python\n", "SyntaxError"),
    ("import nothing_of_the_kind\n", "nothing_of_the_kind"),
    ("raise SystemExit('at import')\n", "SystemExit while it was loaded: at import"),
    ("raise RuntimeError('at import')\n", "RuntimeError while it was loaded: at import"),
])  # fmt: skip
def test_one_that_cannot_be_loaded_is_refused_and_leaves_nothing_and_none_of_the_others(
    tmp_path: Path, text: str, words: str
) -> None:
    """Kea example 11."""
    gone = tmp_path / "gone"
    good = library(tmp_path, "good", f"""
def pkt4_receive(handle):
    pass
def unload():
    open({str(gone)!r}, "w").close()
""")  # fmt: skip
    bad = library(tmp_path, "bad", f"def pkt4_send(handle):\n    pass\n{text}")
    registry = Registry()
    with pytest.raises(SettingsError, match=words):
        load(registry, [good, bad])
    assert registry.statistics() == []
    assert gone.exists()


@pytest.mark.parametrize("name", ["/nowhere/at/all.py", "no_such_module_anywhere", "no_such_package.inner"])
def test_one_that_is_not_there_is_told_with_what_would_be_right(name: str) -> None:
    with pytest.raises(SettingsError, match=r"cannot be loaded: .*path of a \.py file.*lessor\.hooks"):
        load(Registry(), [name])


def test_parameters_come_from_a_file(tmp_path: Path) -> None:
    name = library(tmp_path, "asks", """
def load(handle):
    global SEEN
    SEEN = (handle.getParameter("limit"), handle.getParameter("none"), handle.getParameterNames(),
            handle.getParameters())
""")  # fmt: skip
    (tmp_path / "asks.toml").write_text('limit = 3\nnames = ["a"]\n')
    (loaded,) = load(Registry(), [f"{name}={tmp_path}/asks.toml"])
    assert loaded.module.SEEN == (3, None, ["limit", "names"], {"limit": 3, "names": ["a"]})
    (without,) = load(Registry(), [name])
    assert without.module.SEEN == (None, None, [], {})


@pytest.mark.parametrize("content", [None, "limit = \n"])
def test_parameters_that_cannot_be_read_are_told(tmp_path: Path, content: str | None) -> None:
    name = library(tmp_path, "asks", "")
    if content is not None:
        (tmp_path / "asks.toml").write_text(content)
    with pytest.raises(SettingsError, match=r"parameters of .*asks\.py in .*asks\.toml cannot be read"):
        load(Registry(), [f"{name}={tmp_path}/asks.toml"])


def test_unloading_takes_the_last_one_first_and_its_failure_keeps_no_other(tmp_path: Path) -> None:
    registry = Registry()
    order = tmp_path / "order"
    names = [
        library(tmp_path, one, f"""
def pkt4_receive(handle):
    pass
def unload():
    with open({str(order)!r}, "a") as file:
        file.write({one!r})
    raise RuntimeError
""")
        for one in ("a", "b")
    ]  # fmt: skip
    libraries = load(registry, names)
    assert registry.has("pkt4_receive")
    unload(registry, libraries)
    assert order.read_text() == "ba"
    assert not registry.has("pkt4_receive")


def test_a_module_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    library(tmp_path, "some_hooks_of_a_package", "def pkt4_receive(handle):\n    pass\n")
    registry = Registry()
    load(registry, ["some_hooks_of_a_package"])
    assert registry.has("pkt4_receive")


def test_a_callout_at_a_hook_that_is_never_called_is_loaded_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load(Registry(), [library(tmp_path, "names", "def ddns4_update(handle):\n    pass\n")])
    (record,) = caplog.records
    assert record.getMessage() == (
        "HOOK-NEVER-CALLED: names is registered at ddns4_update, where nothing is ever called: "
        "this server makes no updates of DNS."
    )
    caplog.clear()
    load(Registry(), [library(tmp_path, "others", "def pkt4_send(handle):\n    pass\n")])
    assert not caplog.records
