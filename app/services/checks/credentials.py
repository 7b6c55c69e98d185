"""The files that leasequery over TLS needs: whether they can be used, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cryptography import x509

from app.services.checks.verdicts import Patient, Verdict, broken, ok, warning
from dhcpcore.errors import SettingsError
from dhcpcore.settings import credentials
from dhcpcore.store.definitions import Definitions

#: Who renews by hand wants to know so long before.
_WARNED_DAYS = 14


def leasequery(patient: Patient) -> Iterator[Verdict]:
    """Nothing where the definitions want no TLS for it."""
    if patient.database is None:
        return
    said = Definitions(patient.database).snapshot().leasequery
    if not said.enabled or said.tls == "off":
        return
    files = patient.settings.leasequery
    try:
        credentials.read(files)
        assert files.certificate is not None
        found = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    except SettingsError as error:
        text, mark, remedy = str(error).partition(". ")
        text += mark.strip()
        yield broken(f"Leasequery over TLS ({said.tls}) cannot be had: {text}", remedy)
        return
    left = found.not_valid_after_utc - datetime.fromtimestamp(patient.clock(), UTC)
    day = f"{found.not_valid_after_utc:%Y-%m-%d}"
    renew = "Renew it; the engine reads the file for the next requestor."
    if left <= timedelta():
        yield broken(f"The certificate of leasequery ended on {day}: requestors that look leave.", renew)
    elif left < timedelta(days=_WARNED_DAYS):
        yield warning(f"The certificate of leasequery ends on {day}.", renew)
    else:
        yield ok(f"Leasequery has a certificate until {day}.")
