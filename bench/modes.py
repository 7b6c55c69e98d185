"""The kinds of measurement, one function each, in the order in which a turn goes through them.

Each takes the session, loads the server and notes figures. The names of the figures are the rows of `table.METRICS`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench import acknowledged, processes, watching
from bench.errors import ServerFailed
from bench.search import sustained_rate
from bench.syncs import SEND_CALLS, SYNC_CALLS, Trace
from bench.trial import Trial
from bench.turn import Session

# The first probe of a search is this share of the rate that a closed loop reaches.
FIRST_PROBE = 0.9
# Length of a probe; what it finds is then carried for as long as the plan says.
PROBE_S = 1.0
# A rate above this share of what the server reaches is no rate at which to compare answer times.
LATENCY_SHARE_MAX = 0.95
# Enough exchanges for a ratio, few enough for a traced server.
TRACED_S = 1.0
# A lease that was renewed in this same second has no new row to write: the trace begins in a later one.
SAME_SECOND_S = 1.1


def sustained(session: Session) -> None:
    """The highest open-loop rate with few losses, sustained."""
    plan = session.plan

    def attempt(rate: int, seconds: float) -> Trial:
        return session.open_loop("sustained", rate, seconds)

    begin_at = FIRST_PROBE * session.figures["warm_up"]
    session.note(sustained=sustained_rate(attempt, begin_at, PROBE_S, plan.sustained_s, plan.rate_max))


def saturation(session: Session) -> None:
    """What a closed loop reaches, its CPU time, and the memory after it."""
    trial = session.closed_loop("saturation")
    usage = session.usage()
    session.note(saturation=trial.rate_per_s, cpu_us=trial.cpu_us, rss_mib=usage.rss_mib, pss_mib=usage.pss_mib)
    session.note(saturation_p99_ms=trial.p99_ms, others_share=trial.others_share)


def _reached(session: Session) -> float:
    """The best known rate of this server."""
    return max(session.figures.get(name, 0.0) for name in ("warm_up", "saturation", "sustained"))


def _half_rate(session: Session) -> float:
    """Half of the sustained rate, or of the saturation where that was not asked for."""
    return (session.figures.get("sustained") or session.figures.get("saturation") or session.figures["warm_up"]) / 2


def _note_latency(session: Session, name: str, trial: Trial) -> None:
    session.note(**{f"{name}_p50_ms": trial.p50_sum_ms, f"{name}_p99_ms": trial.p99_ms})


def latency(session: Session) -> None:
    """Answer times at half of the server's own best rate, and at rates that are equal for all."""
    rate = max(10, int(_half_rate(session)))
    _note_latency(session, "half", session.open_loop("half load", rate))
    for equal in session.plan.rates:
        if equal <= LATENCY_SHARE_MAX * _reached(session):
            _note_latency(session, f"at_{equal}", session.open_loop(f"at {equal}", equal))


def renew(session: Session) -> None:
    """Renewals only, by the clients that were acknowledged an address in this turn (REBINDING, RFC 2131 4.3.2)."""
    trial = session.closed_loop("renew", renew=True)
    session.note(renewals=trial.rate_per_s, renewal_cpu_us=trial.cpu_us)


def syncs(session: Session) -> None:
    """Syncs for each ACK, one exchange at a time and at saturation, and whether they come before the answer."""
    running = session.running
    file = running.ground.folder / "trace"
    time.sleep(SAME_SECOND_S)
    with Trace(running.pids, file, (*SYNC_CALLS, *SEND_CALLS)) as single:
        session.closed_loop("traced, one at a time", TRACED_S, window=1)
    seen = single.read()
    if seen.acks:
        session.note(syncs_single=seen.syncs / seen.acks, synced_share=seen.synced_acks / seen.first_acks)
    with Trace(running.pids, file, SYNC_CALLS) as loaded:
        trial = session.closed_loop("traced, saturated", TRACED_S)
    if trial.finished:
        session.note(syncs_saturated=loaded.read().syncs / trial.finished)


def rows(session: Session) -> None:
    """The server's own rows against the addresses that were acknowledged on the wire."""
    running = session.running
    wire = acknowledged.read(running.generator.lease_file)
    found = acknowledged.compare(wire, running.server.leases(running.ground))
    session.note(
        acked_addresses=found.acknowledged,
        stored_rows=found.rows,
        rows_missing=found.missing,
        rows_unseen=found.unseen,
        rows_superseded=found.superseded,
        addresses_shared=found.shared,
    )


def perfdhcp(session: Session) -> None:
    """The sustained rate again, by perfdhcp. Its clients are not in our lease file, so it comes last."""

    def attempt(rate: int, seconds: float) -> Trial:
        return session.perfdhcp("perfdhcp", rate, seconds)

    begin_at = FIRST_PROBE * max(session.figures.get("sustained", 0.0), session.figures["warm_up"])
    plan = session.plan
    session.note(perfdhcp=sustained_rate(attempt, begin_at, PROBE_S, plan.sustained_s, plan.rate_max))


def watched(session: Session) -> None:
    """Saturation while eight browsers watch the dashboard and while none does; the pages are on the server's cores."""
    if session.running.server.pages is None:
        return
    alone, seen_by = [], []
    with watching.pages(session.running, session.plan.server_cpus, session.plan.nice) as pages:
        for pair in range(watching.PAIRS):
            for browsers in (0, watching.BROWSERS) if pair % 2 == 0 else (watching.BROWSERS, 0):
                before = processes.usage((pages.pid,)).cpu_s
                with pages.watched(browsers) as seen:
                    trial = session.closed_loop("watched" if browsers else "unwatched", watching.WATCHED_S)
                pages_s = processes.usage((pages.pid,)).cpu_s - before
                (seen_by if browsers else alone).append((trial.rate_per_s, pages_s / trial.seconds, seen))
    for _, _, seen in seen_by:
        if seen.failures or not seen.events:
            raise ServerFailed(f"The pages failed {seen.failures} times, and {seen.events} events came.")
    session.note(unwatched=median(rate for rate, _, _ in alone), watched=median(rate for rate, _, _ in seen_by))
    session.note(watched_share=median(new / old for (new, _, _), (old, _, _) in zip(seen_by, alone, strict=True)))
    session.note(pages_share=median(share for _, share, _ in seen_by))
    session.note(watched_page_ms=max((seen.p95_ms or 0.0 for _, _, seen in seen_by), default=None))


def slow_sync(session: Session) -> None:
    """Saturation while each sync takes some milliseconds: a turn of its own, since the server must start that way."""
    trial = session.closed_loop("slow sync")
    session.note(slow_saturation=trial.rate_per_s, slow_p99_ms=trial.p99_ms)


@dataclass(frozen=True, slots=True)
class Mode:
    """A kind of measurement. Those with `slow_sync` have a turn of their own with slowed syncs."""

    name: str
    measure: Callable[[Session], None]
    slow_sync: bool = False


MODES = (
    Mode("sustained", sustained),
    Mode("saturation", saturation),
    Mode("latency", latency),
    Mode("renew", renew),
    Mode("syncs", syncs),
    Mode("rows", rows),
    Mode("watched", watched),
    Mode("perfdhcp", perfdhcp),
    Mode("slowsync", slow_sync, slow_sync=True),
)
