"""``python -m tests.simulation --seed N`` replays one world; ``--seeds COUNT`` runs many, from ``--first``."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter

from tests.simulation.databases import InMemory
from tests.simulation.simulation import Simulation
from tests.simulation.world import Violation


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay this one and show its end")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    seeds = range(options.first, options.first + options.seeds) if options.seed is None else (options.seed,)
    began = time.monotonic()
    bad: list[int] = []
    reasons: Counter[str] = Counter()
    done = 0
    for seed in seeds:
        if time.monotonic() - began > options.seconds:
            break
        done += 1
        try:
            result = Simulation(seed, InMemory()).run()
            reasons.update(result.reasons)
        except Violation as violation:
            bad.append(seed)
            words = str(violation)
            print(f"seed {seed}: {words if options.seed is not None else words.splitlines()[0]}", flush=True)
        except Exception as error:
            bad.append(seed)
            if options.seed is not None:
                raise
            print(f"seed {seed}: {error!r}", flush=True)
    print(f"{done} worlds in {time.monotonic() - began:.1f} s, {len(bad)} bad: {bad[:20]}")
    print(dict(sorted(reasons.items())))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
