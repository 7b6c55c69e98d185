"""``python -m tests.fuzz --count 1000000``: mutated packets through a strict engine, and what became of them."""

from __future__ import annotations

import argparse
import logging
import sys
import time

from tests.fuzz.fuzz import Failure, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    try:
        tally = run(options.count, options.seed)
    except Failure as failure:
        print(failure)
        return 1
    print(f"{tally.packets} packets in {time.monotonic() - began:.1f} s, seed {options.seed}: clean.")
    print(f"{tally.decided / tally.packets:.0%} reached decide, {tally.answered / tally.packets:.0%} were answered.")
    for code, times in tally.reasons.most_common():
        print(f"{times:9} {code}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
