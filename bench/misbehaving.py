"""What other clients notice while a site's code misbehaves about one: a table of misdeeds.

    sudo python3 -m bench.misbehaving [--seconds N] [--rate N] [MISDEED...]

For each misdeed an engine of its own is started; the misdeed is about one client, which asks once a second.  The
figures are of all others: how many of their questions were answered, and how long those answers took.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.commands import run
from bench.errors import BenchError, CannotRun, ServerFailed
from bench.misdeeds import CULPRIT, MISDEEDS, Misdeed
from bench.network import (
    POOL_FIRST,
    POOL_LAST,
    PREFIX,
    RELAY_ADDRESS,
    SERVER_ADDRESS,
    Network,
    network,
)

CHECKOUT = Path(__file__).resolve().parent.parent
ANSWER_S_MAX = 30.0
DEFAULT_SECONDS, DEFAULT_RATE = 20.0, 100.0
#: After the first answer: what a server that has just started still does is not asked about here.
SETTLE_S = 4.0


@dataclass(frozen=True, slots=True)
class Noticed:
    """What the others noticed; ``log`` is what the engine said meanwhile."""

    asked: int
    took_ms: tuple[float, ...]
    log: str = ""

    @property
    def answered(self) -> int:
        """How many of their questions had an answer."""
        return len(self.took_ms)

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of the answers took at most."""
        ordered = sorted(self.took_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


def prepare(misdeed: Misdeed, folder: Path, made: Network) -> dict[str, str]:
    """Settings, definitions and the misbehaving code; answers what the environment must say beside."""
    url = json.dumps("sqlite:///" + str(folder / "lessor.db"))
    told = [f"database_url = {url}", f"interfaces = [{json.dumps(made.interface)}]",
            f"state_dir = {json.dumps(str(folder))}", f"control_socket = {json.dumps(str(folder / 'control.sock'))}"]
    handlers = []
    environment = {}
    if misdeed.conf:
        (folder / "conf.py").write_text(misdeed.conf)
        told.append(f"script = {json.dumps(str(folder / 'conf.py'))}")
    if misdeed.library:
        (folder / "library.py").write_text(misdeed.library)
        told.append(f"hooks = [{json.dumps(('isolated:' if misdeed.isolated else '') + str(folder / 'library.py'))}]")
    if misdeed.package:
        packages = folder / "packages"
        info = packages / "misbehaving-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: misbehaving\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[lessor.handlers]\nmisbehaving = misbehaving:Factory\n")
        (packages / "misbehaving.py").write_text(misdeed.package)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(packages), os.environ.get("PYTHONPATH"))))
        handlers.append({"type": "misbehaving", **({"isolated": True} if misdeed.isolated else {}),
                         **({"scope": {"class": "culprit"}} if misdeed.scoped else {})})
    (folder / "lessor.toml").write_text("\n".join((*told, "[dhcp6]", "enabled = false", "")))
    subnet = {"prefix": PREFIX, "name": "bench", "interface": made.interface, "lifetime": "1h",
              "pools": [{"first": POOL_FIRST, "last": POOL_LAST}]}
    classes = [{"name": "culprit", "test": f"pkt4.mac == 0x{CULPRIT.replace(':', '')}"}] if misdeed.scoped else []
    document = {"version": 1, "subnets": [subnet], "handlers": handlers, "classes": classes}
    (folder / "definitions.json").write_text(json.dumps(document))
    for words in (("migrate",), ("apply", "--yes", str(folder / "definitions.json"))):
        run(_lessor(folder, *words), ServerFailed, environment={**os.environ, **environment})
    return environment


def _lessor(folder: Path, *words: str) -> tuple[str, ...]:
    return (str(CHECKOUT / "lessor"), "--config", str(folder / "lessor.toml"), *words)


@contextmanager
def _engine(folder: Path, made: Network, environment: dict[str, str], cpus: str) -> Iterator[Path]:
    """The engine, from its first answer on; its log."""
    log = folder / "engine.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            (*made.on_server_side(cpus), *_lessor(folder, "engine")),
            env={**os.environ, **environment}, stdout=output, stderr=output, start_new_session=True,
        )
    try:
        first = (*made.on_client_side(cpus), sys.executable, "-m", "bench.first", SERVER_ADDRESS, RELAY_ADDRESS,
                 str(ANSWER_S_MAX))
        if subprocess.run(first, cwd=CHECKOUT, stdout=subprocess.DEVNULL, check=False).returncode:
            raise ServerFailed(f"It answered nobody: {log.read_text(errors='replace')[-1500:]}")
        yield log
    finally:
        processes.stop(process)


def measure(
    misdeed: Misdeed, made: Network, seconds: float, rate: float, cpus: str, settle_s: float = SETTLE_S
) -> Noticed:  # fmt: skip
    """Run one engine with the misdeed, and ask."""
    folder = Path(tempfile.mkdtemp(prefix="lessor-misdeed-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        environment = prepare(misdeed, folder, made)
        with _engine(folder, made, environment, cpus) as log:
            time.sleep(settle_s)
            words = (*made.on_client_side(cpus), sys.executable, "-m", "bench.asking", SERVER_ADDRESS, RELAY_ADDRESS,
                     str(seconds), str(rate), str(misdeed.period_s), *misdeed.culprits)
            said = run(words, BenchError, timeout_s=seconds + 60,
                       environment={**os.environ, "PYTHONPATH": str(CHECKOUT)}).text
            found = json.loads(said)
            return Noticed(found["asked"], tuple(found["took_ms"]), log.read_text(errors="replace"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def row(misdeed: Misdeed, noticed: Noticed) -> str:
    """One line of the table."""
    p50, p99, most = (noticed.percentile(share) for share in (0.5, 0.99, 1.0))
    return f"| {misdeed.what} | {p50:.1f} | {p99:.1f} | {most:.0f} | {noticed.answered} of {noticed.asked} |"


def main(words: Sequence[str]) -> int:
    """Measure what was named, or all of it."""
    parser = argparse.ArgumentParser(prog="python3 -m bench.misbehaving", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("misdeeds", nargs="*", metavar="MISDEED", help="of " + ", ".join(one.name for one in MISDEEDS))
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS)
    parser.add_argument("--rate", type=float, default=DEFAULT_RATE, help="questions a second of the others")
    parser.add_argument("--log", action="store_true", help="print what the engine said, too")
    parser.add_argument("--nice", type=int, default=0, help="of server and clients, on a busy machine")
    options = parser.parse_args(words)
    processes.favour(os.getpid(), options.nice)
    known = {one.name: one for one in MISDEEDS}
    if unknown := [name for name in options.misdeeds if name not in known]:
        parser.error(f"no misdeed is called {', '.join(unknown)}")
    cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    try:
        with network() as made:
            print("| misdeed, about one client | p50 ms | p99 ms | longest | answered of asked |")
            print("|---|---|---|---|---|", flush=True)
            for name in options.misdeeds or known:
                noticed = measure(known[name], made, options.seconds, options.rate, cpus)
                print(row(known[name], noticed), flush=True)
                if options.log:
                    print(noticed.log, file=sys.stderr)
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
