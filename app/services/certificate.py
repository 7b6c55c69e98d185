"""The certificate of the pages: the one that is given, or one made here and kept in ``state_dir``.

A self-made one encrypts; that it is the right one, the browser cannot know: its fingerprint is told when it is made.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dhcpcore.errors import Refused
from dhcpcore.settings import Settings

CERTIFICATE, KEY = "web-certificate.pem", "web-key.pem"
#: Browsers refuse certificates that live longer than 825 days.
DAYS, RENEWED_DAYS = 800, 30


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where certificate and key are; ``fingerprint`` where they were made just now."""

    certificate: Path
    key: Path
    fingerprint: str | None = None


def ensure(settings: Settings, account: tuple[int, int] | None, now: datetime | None = None) -> Certificate | None:
    """The certificate that the settings ask for, made where it is self-made and missing or nearly over.

    ``account`` is whom the web process becomes, and who must be able to read the key.
    """
    web = settings.web
    if web.tls == "off":
        return None
    if web.tls == "given":
        if web.certificate is None or web.key is None:
            raise Refused("web.tls is given: name the files with web.certificate and web.key.")
        _require_pair(web.certificate, web.key)
        return Certificate(web.certificate, web.key)
    now = datetime.now(UTC) if now is None else now
    certificate, key = settings.state_dir / CERTIFICATE, settings.state_dir / KEY
    if _is_good(certificate, key, _names(web.host), now):
        return Certificate(certificate, key)
    return Certificate(certificate, key, _make(certificate, key, _names(web.host), account, now))


def _require_pair(certificate: Path, key: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise Refused(f"web.certificate {certificate} and web.key {key} cannot be used: {error}. Name a certificate "
                      "and its key as PEM files that this account may read.") from None


def _names(host: str) -> list[x509.GeneralName]:
    """What browsers may call this machine: its name, loopback, and the address that the pages are bound to."""
    addresses = {ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")}
    words = {"localhost", socket.gethostname()}
    try:
        bound = ipaddress.ip_address(host)
        addresses |= set() if bound.is_unspecified else {bound}
    except ValueError:
        words.add(host)
    usable = sorted(word for word in words if word.isascii() and word)
    return [*map(x509.DNSName, usable), *map(x509.IPAddress, sorted(addresses, key=str))]


def _is_good(certificate: Path, key: Path, names: list[x509.GeneralName], now: datetime) -> bool:
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        _require_pair(certificate, key)
        has = list(found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except (OSError, ValueError, Refused, x509.ExtensionNotFound):
        return False
    return found.not_valid_after_utc - now > timedelta(days=RENEWED_DAYS) and has == names


def _make(certificate: Path, key: Path, names: list[x509.GeneralName], account: tuple[int, int] | None,
          now: datetime) -> str:
    secret = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, socket.gethostname()[:64] or "lessor")])
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(secret, hashes.SHA256()))
    _write(key, secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()), account)
    _write(certificate, made.public_bytes(serialization.Encoding.PEM), account)
    return made.fingerprint(hashes.SHA256()).hex(":").upper()


def _write(path: Path, content: bytes, account: tuple[int, int] | None) -> None:
    """Write a file that only its owner reads, whole or not at all; no link in its place is followed."""
    beside = path.with_name(path.name + ".new")
    try:
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(content)
            if account is not None and os.geteuid() == 0:
                os.fchown(file.fileno(), *account)
        beside.replace(path)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}. Make state_dir writable, or give a certificate "
                      'with web.tls = "given".') from None
