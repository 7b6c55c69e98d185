"""Looks for everything that keeps leases from being granted, or promises from holding, and says what to do.

Checks are rows of one table.  A check that itself fails is a finding too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from app.services.checks import stored, surroundings
from app.services.checks.verdicts import Patient, Severity, Verdict
from app.services.facts import Machine
from dhcpcore.control import ControlClient, ControlRefused, EngineAway
from dhcpcore.errors import LessorError
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
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found by a check, in a sentence, and what to do about it."""

    check: str
    severity: str
    message: str
    remedy: str


def examine(settings: Settings, machine: Machine | None = None,
            progress: Callable[[str, int, int], None] = lambda *_: None) -> tuple[Finding, ...]:
    """Every finding of every check, in the order of the table."""
    patient = Patient(settings, machine or Machine())
    try:
        patient.status = ControlClient(settings.control_socket).call("status")
    except (EngineAway, ControlRefused) as error:
        patient.fault = str(error)
    try:
        return tuple(_all(patient, progress))
    finally:
        if patient.database is not None:
            patient.database.dispose()


def is_broken(findings: Iterable[Finding]) -> bool:
    """Whether anything does not work."""
    return any(finding.severity == Severity.BROKEN.name.lower() for finding in findings)


def _all(patient: Patient, progress: Callable[[str, int, int], None]) -> Iterator[Finding]:
    for number, (name, check) in enumerate(CHECKS):
        progress(name, number, len(CHECKS))
        verdicts: list[Verdict] = []
        try:
            verdicts.extend(check(patient))
        except (LessorError, OSError) as error:
            verdicts.append(Verdict(Severity.WARNING, f"This could not be looked at: {error}"))
        for verdict in verdicts:
            yield Finding(name, verdict.severity.name.lower(), verdict.message, verdict.remedy)
