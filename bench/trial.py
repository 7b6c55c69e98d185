"""One trial: a load for some seconds, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.errors import BadOutput

# A rate counts as carried when no more than this share of the exchanges was lost, …
LOSS_SHARE_MAX = 0.01
# … and this share of the offer was finished while the load lasted: a queue is no throughput, nor is what the generator
# could not offer. Some exchanges are just under way at the end: SLACK.
IN_TIME_SHARE_MIN = 0.97
IN_TIME_SLACK = 20


@dataclass(frozen=True, slots=True)
class Answers:
    """Answer times of one kind: of OFFERs, of ACKs, or of whole exchanges."""

    count: int
    p50_ms: float | None
    p99_ms: float | None
    max_ms: float | None


@dataclass(frozen=True, slots=True)
class Trial:
    """What a generator saw, and what the server's processes used meanwhile.

    `offered_per_s` is None for a closed loop. `late` answers belong to no exchange under way; `mismatched` ACKs are for
    another address than the one asked for; `others_cpu_s` is what processes that are no part of this took meanwhile.
    """

    purpose: str
    offered_per_s: float | None
    seconds: float
    sent: int
    finished: int
    in_time: int
    lost: int
    refused: int
    late: int
    mismatched: int
    new_clients: int
    answers: Mapping[str, Answers]
    cpu_s: float = 0.0
    others_cpu_s: float = 0.0

    @property
    def rate_per_s(self) -> float:
        """Exchanges finished a second while the load lasted."""
        return self.in_time / self.seconds

    @property
    def loss_share(self) -> float:
        """The share of the exchanges that never finished."""
        return 1 - self.finished / self.sent if self.sent else 1.0

    @property
    def cpu_us(self) -> float | None:
        """CPU time of the server and its database for one exchange."""
        return 1e6 * self.cpu_s / self.finished if self.finished else None

    @property
    def others_share(self) -> float:
        """The share of one core that others took: above a few hundredths the trial was disturbed."""
        return self.others_cpu_s / self.seconds

    @property
    def p50_sum_ms(self) -> float | None:
        """The medians of the OFFER and of the ACK added: what a client waits in an ordinary exchange."""
        medians = [kind.p50_ms for name, kind in self.answers.items() if name != "exchange" and kind.p50_ms is not None]
        return sum(medians) if medians else None

    @property
    def p99_ms(self) -> float | None:
        """The worse of the 99th percentiles of OFFER and ACK."""
        worst = [kind.p99_ms for name, kind in self.answers.items() if name != "exchange" and kind.p99_ms is not None]
        return max(worst, default=None)

    @property
    def carried(self) -> bool:
        """Whether the offered rate was carried: few losses, no growing queue, and really offered."""
        if self.offered_per_s is None or not self.sent:
            return False
        few_lost = self.sent - self.finished <= LOSS_SHARE_MAX * self.sent
        return few_lost and self.in_time >= IN_TIME_SHARE_MIN * self.offered_per_s * self.seconds - IN_TIME_SLACK


COUNTS = ("sent", "finished", "in_time", "lost", "refused", "late", "mismatched", "new_clients")


def trial_from(purpose: str, offered_per_s: float | None, report: Mapping[str, Any]) -> Trial:
    """Reads the generator's report; the same fields are in a result file."""
    try:
        answers = {
            name: Answers(kind["count"], kind["p50_ms"], kind["p99_ms"], kind["max_ms"])
            for name, kind in report["answers"].items()
        }
        counts = {name: int(report[name]) for name in COUNTS}
        seconds = float(report["seconds"])
        cpu_s, others_cpu_s = (float(report.get(name, 0.0)) for name in ("cpu_s", "others_cpu_s"))
    except (AttributeError, KeyError, TypeError, ValueError) as wrong:
        raise BadOutput(f"This is not the report of a trial: {wrong!r} in {str(report)[:300]}") from wrong
    return Trial(
        purpose, offered_per_s, seconds, answers=answers, cpu_s=cpu_s, others_cpu_s=others_cpu_s, **counts
    )
