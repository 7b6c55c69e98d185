"""A run as a JSON file, and back."""

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.errors import BadOutput
from bench.plan import Plan
from bench.trial import trial_from
from bench.turn import Turn

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Results:
    """A run: the machine it was made on, what was asked, and every turn."""

    host: Mapping[str, str]
    versions: Mapping[str, str]
    plan: Mapping[str, Any]
    turns: tuple[Turn, ...]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def host_facts() -> dict[str, str]:
    """What a reader must know of the machine; no name and no path of it."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d"),
    }


def save(path: Path, results: Results) -> None:
    """Writes the whole run; called after each turn, so that an interrupted run is kept as far as it came."""
    content = {
        "format": FORMAT,
        "host": dict(results.host),
        "versions": dict(results.versions),
        "plan": dict(results.plan),
        "turns": [asdict(turn) for turn in results.turns],
    }
    path.write_text(json.dumps(content, indent=1) + "\n")


def load(path: Path) -> Results:
    """Reads what `save` wrote."""
    try:
        content = json.loads(path.read_text())
        if content["format"] != FORMAT:
            raise BadOutput(f"{path} has format {content['format']}, this is format {FORMAT}.")
        turns = tuple(_turn(turn) for turn in content["turns"])
        return Results(content["host"], content["versions"], content["plan"], turns)
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadOutput(f"{path} is no result file of the benchmark: {wrong!r}") from wrong


def _turn(content: Mapping[str, Any]) -> Turn:
    trials = [trial_from(trial["purpose"], trial["offered_per_s"], trial) for trial in content["trials"]]
    return Turn(content["server"], content["repetition"], content["figures"], trials, content["error"])


def joined(files: Sequence[Results]) -> Results:
    """Several runs as one: their repetitions are numbered on, so that ratios stay within a repetition of one run."""
    turns: list[Turn] = []
    for results in files:
        offset = max((turn.repetition for turn in turns), default=0)
        turns += [replace(turn, repetition=turn.repetition + offset) for turn in results.turns]
    versions = {name: version for results in files for name, version in results.versions.items()}
    return Results(files[0].host, versions, files[0].plan, tuple(turns))


def plan_facts(plan: Plan) -> dict[str, Any]:
    """The plan as it stands in a result file."""
    return asdict(plan)
