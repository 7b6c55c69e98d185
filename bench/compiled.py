"""The parts written in C, compiled anew into the run's own folder so that no binary is kept."""

from dataclasses import dataclass
from pathlib import Path

from bench.commands import run
from bench.errors import CannotRun

SOURCES = Path(__file__).parent / "c"
LOAD_SOURCES = ("dhcpload.c", "dhcp4.c", "channel.c", "samples.c", "exchanges.c")
WARNINGS = ("-Wall", "-Wextra", "-Werror")


@dataclass(frozen=True, slots=True)
class Compiled:
    """Where the load generator and the library that slows syncs are."""

    load: Path
    slow_sync: Path


def compile_into(folder: Path) -> Compiled:
    """Compiles both; takes about a second."""
    made = Compiled(folder / "dhcpload", folder / "slowsync.so")
    run(
        ("cc", "-O2", "-std=gnu11", *WARNINGS, "-o", str(made.load), *(str(SOURCES / name) for name in LOAD_SOURCES)),
        CannotRun,
    )
    run(
        ("cc", "-O2", *WARNINGS, "-shared", "-fPIC", "-o", str(made.slow_sync), str(SOURCES / "slowsync.c"), "-ldl"),
        CannotRun,
    )
    return made
