"""Looks for everything that keeps leases from being granted, or promises from holding, and says what to do.

Checks are rows of one table.  A check that itself fails is a finding too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.services.checks import stored, surroundings
from app.services.checks.verdicts import Patient, Severity, Verdict
from app.services.facts import Machine
from dhcpcore.control import ControlClient, ControlRefused, EngineAway
from dhcpcore.errors import InvalidValue, LessorError
from dhcpcore.settings import Settings

#: The database comes early: others need it.
CHECKS: tuple[tuple[str, Callable[[Patient], Iterator[Verdict]]], ...] = (
    ("engine", stored.engine),
    ("database", stored.database),
    ("durability", stored.durability),
    ("definitions", stored.definitions),
    ("sockets", surroundings.sockets),
    ("other servers", surroundings.servers),
    ("firewall", surroundings.firewall),
    ("clock", stored.clock),
    ("disk", stored.disk),
    ("network", surroundings.container),
    ("web", surroundings.web),
    ("pages", surroundings.pages),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found by a check, in a sentence, and what to do about it."""

    check: str
    severity: str
    message: str
    remedy: str


def examine(settings: Settings, machine: Machine | None = None,
            progress: Callable[[str, int, int], None] = lambda *_: None,
            only: Collection[str] = ()) -> tuple[Finding, ...]:
    """Every finding of every check, or of those named by ``only``, in the order of the table."""
    known = [name for name, _ in CHECKS]
    for name in only:
        if name not in known:
            raise InvalidValue(f"There is no check {name!r}; there are {', '.join(known)}.")
    checks = [(name, check) for name, check in CHECKS if not only or name in only]
    patient = Patient(settings, machine or Machine())
    try:
        patient.status = ControlClient(settings.control_socket).call("status")
    except (EngineAway, ControlRefused) as error:
        patient.fault = str(error)
    try:
        return tuple(_all(patient, progress, checks))
    finally:
        if patient.database is not None:
            patient.database.dispose()


def is_broken(findings: Iterable[Finding], *, strict: bool = False) -> bool:
    """Whether anything does not work; ``strict``: or may not go on to, which is what a health check asks."""
    least = Severity.WARNING if strict else Severity.BROKEN
    return any(Severity[finding.severity.upper()] >= least for finding in findings)


def _all(patient: Patient, progress: Callable[[str, int, int], None],
         checks: Sequence[tuple[str, Callable[[Patient], Iterator[Verdict]]]]) -> Iterator[Finding]:
    for number, (name, check) in enumerate(checks):
        progress(name, number, len(checks))
        verdicts: list[Verdict] = []
        try:
            verdicts.extend(check(patient))
        except (LessorError, OSError) as error:
            verdicts.append(Verdict(Severity.WARNING, f"This could not be looked at: {error}"))
        for verdict in verdicts:
            yield Finding(name, verdict.severity.name.lower(), verdict.message, verdict.remedy)
