"""The table: servers as columns, figures as rows, each also as a ratio to the two Keas of the same repetition."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.results import Results
from bench.servers.table import KEA_MEMFILE, KEA_POSTGRES, SERVERS
from bench.turn import Turn

ABSENT = "-"
BASES = (KEA_MEMFILE, KEA_POSTGRES)
#: Servers that are compared with one other than these, and that alone.
BESIDE = {name: server.beside for name, server in SERVERS.items() if server.beside}


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure: its name in a result file, its title, how it is written, and whether ratios make sense."""

    figure: str
    title: str
    digits: int = 0
    ratios: bool = True


METRICS_FIRST = (
    Metric("saturation", "Exchanges/s at saturation"),
    Metric("sustained", "Exchanges/s at ≤ 1 % loss, sustained"),
    Metric("perfdhcp", "The same by perfdhcp"),
    Metric("renewals", "Renewals/s at saturation"),
    Metric("slow_saturation", "Exchanges/s at saturation, slow sync"),
    Metric("unwatched", "Exchanges/s at saturation beside the pages, nobody watches", ratios=False),
    Metric("watched", "The same while eight browsers watch the dashboard", ratios=False),
    Metric("watched_share", "Share that is left, median of the pairs", 3, ratios=False),
    Metric("pages_share", "CPU of the pages meanwhile, cores", 3, ratios=False),
    Metric("watched_page_ms", "The dashboard's living part meanwhile, p95, ms", ratios=False),
    Metric("half_p50_ms", "Answer times at half load, OFFER + ACK medians, ms", 2),
    Metric("half_p99_ms", "Answer time at half load, p99 of the slower kind, ms", 2),
)
METRICS_LAST = (
    Metric("cpu_us", "CPU per exchange, µs", 1),
    Metric("renewal_cpu_us", "CPU per renewal, µs", 1),
    Metric("rss_mib", "Memory, RSS, MiB"),
    Metric("pss_mib", "Memory, PSS, MiB"),
    Metric("syncs_single", "Syncs per ACK, one at a time", 2, ratios=False),
    Metric("synced_share", "ACKs that left after a sync, share", 2, ratios=False),
    Metric("syncs_saturated", "Syncs per ACK, saturated", 3, ratios=False),
    Metric("start_s", "From its start to its first answer, s", 2, ratios=False),
    Metric("sync_ms", "A sync of 4 KiB just before, ms", 2, ratios=False),
    Metric("others_share", "Disturbance: CPU of others meanwhile, cores", 2, ratios=False),
)


def metrics(rates: Iterable[int]) -> tuple[Metric, ...]:
    """All rows, with two for each equal offered rate."""
    equal = (
        Metric(f"at_{rate}_{short}_ms", f"Answer times at {rate:,}/s, {long}, ms", 2)
        for rate in rates
        for short, long in (("p50", "OFFER + ACK medians"), ("p99", "p99 of the slower kind"))
    )
    return (*METRICS_FIRST, *equal, *METRICS_LAST)


def ratios(turns: Sequence[Turn], server: str, base: str, figure: str) -> list[float]:
    """The figure of `server` divided by that of `base`, for each repetition that has both."""
    by_turn = {(turn.server, turn.repetition): turn.figures for turn in turns}
    found = []
    for (name, repetition), figures in by_turn.items():
        divisor = by_turn.get((base, repetition), {}).get(figure)
        if name == server and figure in figures and divisor:
            found.append(figures[figure] / divisor)
    return found


def values(turns: Sequence[Turn], server: str, figure: str) -> list[float]:
    """The figure of every repetition."""
    return [turn.figures[figure] for turn in turns if turn.server == server and figure in turn.figures]


def _value_cell(found: Sequence[float], digits: int) -> str:
    if not found:
        return ABSENT
    middle, low, high = (f"{value:,.{digits}f}" for value in (median(found), min(found), max(found)))
    return f"**{middle}**" if len(found) == 1 else f"**{middle}** ({low} - {high})"


def _ratio_cell(found: Sequence[float]) -> str:
    if not found:
        return ABSENT
    each = ", ".join(_ratio(value) for value in found)
    return _ratio(median(found)) if len(found) == 1 else f"{_ratio(median(found))} ({each})"


def _ratio(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _rows_cell(turns: Sequence[Turn], server: str) -> str:
    """Rows in the server's store against addresses acknowledged on the wire."""
    cells = []
    for turn in turns:
        if turn.server == server and "stored_rows" in turn.figures:
            figures = {name: int(value) for name, value in turn.figures.items() if value == int(value)}
            wrong = [
                f"{figures[name]:,} {what}"
                for name, what in (
                    ("rows_missing", "missing"),
                    ("rows_unseen", "unseen"),
                    ("addresses_shared", "shared"),
                )
                if figures[name]
            ]
            gone = f" - {figures['rows_superseded']:,} superseded" if figures["rows_superseded"] else ""
            cell = f"{figures['stored_rows']:,} {'≠' if wrong else '='} {figures['acked_addresses']:,}{gone}"
            cells.append(cell + (f" ({', '.join(wrong)})" if wrong else ""))
    return "; ".join(cells) or ABSENT


def _line(title: str, names: Sequence[str], cell: Callable[[str], str]) -> str:
    return "| " + " | ".join((title, *(cell(name) for name in names))) + " |"


def _metric_lines(metric: Metric, turns: Sequence[Turn], names: Sequence[str], bases: Sequence[str]) -> Iterable[str]:
    if not any(values(turns, name, metric.figure) for name in names):
        return
    yield _line(metric.title, names, lambda name: _value_cell(values(turns, name, metric.figure), metric.digits))
    for base in bases if metric.ratios else ():
        compared = [name for name in names if base in BASES or BESIDE.get(name) == base]
        cells = dict.fromkeys(names, ABSENT) | {
            name: _ratio_cell(ratios(turns, name, base, metric.figure)) for name in compared
        }
        if any(cell != ABSENT for cell in cells.values()):
            yield _line(f"÷ {SERVERS[base].title}", names, cells.__getitem__)


def markdown(results: Results) -> str:
    """The whole table, with the machine and the settings above it."""
    turns = results.turns
    names = tuple(dict.fromkeys(turn.server for turn in turns))
    bases = tuple(base for base in (*BASES, *dict.fromkeys(BESIDE.values())) if base in names)
    titles: Mapping[str, str] = {name: SERVERS[name].title if name in SERVERS else name for name in names}
    lines = [_facts(results), "", _line("", names, titles.__getitem__), "|---|" + "---:|" * len(names)]
    if results.versions:
        lines.append(_line("Version", names, lambda name: results.versions.get(name, ABSENT)))
    for metric in metrics(results.plan["rates"]):
        lines += _metric_lines(metric, turns, names, bases)
    if any("stored_rows" in turn.figures for turn in turns):
        lines.append(_line("Rows in the store = addresses acknowledged", names, lambda name: _rows_cell(turns, name)))
    failures = [f"- {titles[turn.server]}, repetition {turn.repetition}: {turn.error}" for turn in turns if turn.error]
    return "\n".join((*lines, *(("", *failures) if failures else ()))) + "\n"


def _facts(results: Results) -> str:
    host, plan = results.host, results.plan
    preloaded = f"; {plan['preload_leases']:,} leases of others in Lessor's store" if plan["preload_leases"] else ""
    favoured = f"; all at nice {plan['nice']}" if plan.get("nice") else ""
    return (
        f"{host['processor']}, {host['cores']} cores, kernel {host['kernel']}; {host['date']}. "
        f"{plan['repetitions']} repetitions, trials of {plan['seconds']:g} s, sustained for {plan['sustained_s']:g} s, "
        f"{plan['window']} exchanges under way at saturation, {plan['clients']:,} clients, slow sync "
        f"{plan['slow_sync_us'] / 1000:g} ms, server and database on core {plan['server_cpus']}, generator on core "
        f"{plan['client_cpus']}{preloaded}{favoured}. Median (lowest - highest); ratios: median (each repetition)."
    )
