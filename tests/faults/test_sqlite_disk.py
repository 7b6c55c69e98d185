"""A disk that is full under SQLite: as a limit of the file for everybody, as a small file system for root."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.rig import Rig
from tests.faults.told import told
from tests.packets4 import client

A = client(1)


def test_the_file_may_not_grow(tmp_path: Path, build: Callable[..., Rig]) -> None:
    """SQLite's own limit, of the engine's connection: the error is the one of a full disk."""
    fault = told("the disk is full")
    rig = build(f"sqlite:///{tmp_path}/lessor.db")
    rig.apply()
    (offer,) = rig.send(rig.discover(A))
    rig.sql("CREATE TABLE ballast (n BLOB)")

    def fill() -> None:
        driver = rig.store._rows._pooled.driver_connection
        driver.execute(
            "CREATE TEMP TRIGGER full AFTER INSERT ON main.lease "
            "BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END"
        )
        (pages,) = driver.execute("PRAGMA page_count").fetchone()
        driver.execute(f"PRAGMA max_page_count = {pages + 2}")

    rig.gaps.at["before commit"].append(fill)
    assert rig.send(rig.select(A, offer.yiaddr)) == []
    assert rig.reasons == fault.reasons
    assert rig.row(offer.yiaddr) is None
    assert rig.quarantine() == [], "a full disk is no fault of the row"
    rig.send(rig.select(A, offer.yiaddr))
    assert rig.reasons == fault.after


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.netns
def test_the_disk_is_full(small_disk: Path, build: Callable[..., Rig]) -> None:
    """It takes root to make a small file system; whoever may make a namespace may do that."""
    fault = told("the disk is full")
    rig = build(f"sqlite:///{small_disk}/lessor.db")
    rig.apply()
    offers = [(client(n), rig.send(rig.discover(client(n)))[0].yiaddr) for n in range(1, 10)]
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    reasons = [rig.reason(rig.select(who, address)) for who, address in offers]
    assert reasons[-1:] == fault.reasons, reasons  # The first ones may still have found room.
    who, address = offers[-1]
    assert rig.row(address) is None
    ballast.unlink()
    rig.send(rig.select(who, address))
    assert rig.reasons == fault.after
    for (_, given), reason in zip(offers, reasons, strict=True):
        if reason == "ACK-NEW":
            assert rig.row(given) is not None
    rig.close()
