"""Running the programs that a measurement consists of."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.errors import BenchError

# Longest that any single helper command may take: filling a store with millions of leases is the slowest.
COMMAND_S_MAX = 900.0


@dataclass(frozen=True, slots=True)
class Output:
    """What a finished program printed, standard output and standard error apart."""

    text: str
    errors: str


def run(
    words: Sequence[str],
    error: type[BenchError],
    *,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
    stdin: str = "",
    timeout_s: float = COMMAND_S_MAX,
    accept: Sequence[int] = (0,),
) -> Output:
    """Runs a program to its end; a failure is raised as `error`, with the end of what the program printed."""
    try:
        done = subprocess.run(
            words,
            check=False,
            input=stdin,
            env=environment,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
        )
    except FileNotFoundError as missing:
        raise error(f"The program {missing.filename} is missing.") from missing
    except subprocess.TimeoutExpired as late:
        raise error(f"{words[0]} did not end within {timeout_s:.0f} s.") from late
    if done.returncode not in accept:
        said = (done.stdout + done.stderr)[-2000:].strip()
        raise error(f"{' '.join(words)} ended with {done.returncode}: {said}")
    return Output(done.stdout, done.stderr)
