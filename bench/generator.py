"""The two generators: the project's own, and perfdhcp of Kea, as a second opinion."""

import json
import random
import re
from dataclasses import dataclass
from pathlib import Path

from bench.commands import run
from bench.errors import BadOutput, BenchError
from bench.network import RELAY_ADDRESS, SERVER_ADDRESS, Network
from bench.trial import Trial, trial_from

# What a generator may take beyond the time of its load: the last answers, and the late ones after them.
EXTRA_S_MAX = 30.0
# perfdhcp's clients are others than ours (02:00:…), so that the two never share a lease.
PERFDHCP_CLIENTS = "mac=02:01:00:00:00:00"
# It exits with 3 when exchanges failed, which is not a failure of the program.
PERFDHCP_EXITS = (0, 3)

_STAGE = re.compile(r"\*\*\*Statistics for: (\S+)\*\*\*")
_COUNT = re.compile(r"^(sent packets|received packets|drops|orphans): (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Generator:
    """Loads the server of one turn; remembers in `lease_file` who was acknowledged which address."""

    program: Path
    network: Network
    cpus: str
    polls: bool
    clients: int
    lease_file: Path

    def closed_loop(self, purpose: str, window: int, seconds: float, *, renew: bool = False) -> Trial:
        """So many exchanges under way at any time: no losses are wanted, the rate is what comes out."""
        return self._load(purpose, None, seconds, "-w", str(window), *(("-R",) if renew else ()))

    def open_loop(self, purpose: str, rate_per_s: float, seconds: float) -> Trial:
        """Exchanges begin by the clock: the rate is given, losses are what comes out."""
        return self._load(purpose, rate_per_s, seconds, "-r", str(rate_per_s))

    def _load(self, purpose: str, rate_per_s: float | None, seconds: float, *words: str) -> Trial:
        said = run(
            (
                *(*self.network.on_client_side(self.cpus), str(self.program)),
                *("-s", SERVER_ADDRESS, "-l", RELAY_ADDRESS, "-n", str(self.clients), "-t", str(seconds)),
                *("-f", str(self.lease_file), "-S", str(random.getrandbits(31)), *words),
                *(("-p",) if self.polls else ()),
            ),
            BenchError,
            timeout_s=seconds + EXTRA_S_MAX,
        )
        try:
            report = json.loads(said.text)
        except ValueError as wrong:
            raise BadOutput(f"The load generator printed no report: {said.text[-300:]!r}") from wrong
        return trial_from(purpose, rate_per_s, report)

    def perfdhcp(self, purpose: str, rate_per_s: float, seconds: float) -> Trial:
        """An open loop by perfdhcp. It takes whole seconds; its timestamps cost it packets and are off."""
        said = run(
            (
                *(*self.network.on_client_side(self.cpus), "perfdhcp", "-4", "-g", "single"),
                *("-r", str(round(rate_per_s)), "-R", str(self.clients), "-p", str(max(1, round(seconds)))),
                *("-W", "1000000", "-b", PERFDHCP_CLIENTS, "-s", str(random.getrandbits(16) + 1)),
                *("-l", RELAY_ADDRESS, SERVER_ADDRESS),
            ),
            BenchError,
            timeout_s=seconds + EXTRA_S_MAX,
            accept=PERFDHCP_EXITS,
        )
        return perfdhcp_trial(purpose, rate_per_s, max(1, round(seconds)), said.text)


def perfdhcp_trial(purpose: str, rate_per_s: float, seconds: float, report: str) -> Trial:
    """Reads perfdhcp's report: a block of counts for each of the two stages of an exchange."""
    blocks = _STAGE.split(report)[1:]
    stages = {
        name: {key: int(value) for key, value in _COUNT.findall(text)}
        for name, text in zip(blocks[::2], blocks[1::2], strict=True)
    }
    try:
        sent = stages["DISCOVER-OFFER"]["sent packets"]
        finished = stages["REQUEST-ACK"]["received packets"]
        late = sum(stage.get("orphans", 0) for stage in stages.values())
    except KeyError as missing:
        raise BadOutput(f"perfdhcp's report lacks {missing}: {report[-300:]!r}") from missing
    return Trial(
        purpose,
        offered_per_s=rate_per_s,
        seconds=seconds,
        sent=sent,
        finished=finished,
        in_time=finished,
        lost=sent - finished,
        refused=0,
        late=late,
        mismatched=0,
        new_clients=0,
        answers={},
    )
