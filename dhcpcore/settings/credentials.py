"""What leasequery over TLS shows and whom it believes: read from the settings' files, and again when they change."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from dhcpcore.errors import SettingsError
from dhcpcore.settings.model import Leasequery

log = logging.getLogger(__name__)

#: The files, by the names of their settings, and what PEM calls what is in them.
_FILES = (
    ("certificate", "-----BEGIN CERTIFICATE-----", "certificate"),
    ("key", "PRIVATE KEY-----", "private key"),
    ("requestors_ca", "-----BEGIN CERTIFICATE-----", "certificate"),
)
_Marks = tuple[tuple[int, ...] | None, ...]


class Credentials:
    """The files, looked at whenever they are needed: who renews a certificate need not tell the engine.

    While new ones cannot be used, as when only one of the pair is there yet, those of before are.
    """

    def __init__(self, files: Leasequery) -> None:
        self._files = files
        self._marks: _Marks | None = None
        self._context: ssl.SSLContext | None = None
        self.fault = ""  #: Why the files as they are now cannot be used.

    def context(self) -> ssl.SSLContext | None:
        """For a server's next connection; None where there never was a usable set of files."""
        marks = tuple(_mark(getattr(self._files, name)) for name, _, _ in _FILES)
        if marks != self._marks:
            self._marks = marks
            try:
                self._context, self.fault = read(self._files), ""
            except SettingsError as error:
                self.fault = str(error)
                kept = " Those of before are used." if self._context is not None else ""
                log.warning("LEASEQUERY-NO-TLS: %s%s", self.fault, kept)
        return self._context


def read(files: Leasequery) -> ssl.SSLContext:
    """What a server needs to prove who it is and to have its requestors prove it; mutual, as RFC 7724 9 asks.

    ``SettingsError`` names the setting and its file, and says what is to be done.
    """
    paths: dict[str, Path] = {}
    for name, begins, what in _FILES:
        path = getattr(files, name)
        if path is None:
            raise SettingsError(f"leasequery.{name} is not set: name the PEM file of the {what} in lessor.toml.")
        try:
            content = path.read_text(errors="replace")
        except OSError as error:
            raise SettingsError(f"leasequery.{name} {path} cannot be read: {error.strerror}. Name a PEM file that the "
                                "engine's account may read.") from None  # fmt: skip
        if begins not in content:
            raise SettingsError(f"leasequery.{name} {path} has no {what} in PEM. Name a file that has.")
        paths[name] = path
    # TLS 1.2 at least: RFC 9325 3.1.1, which took the place of RFC 7525.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    # Each connection proves who it is; none is taken up again, or asks the server to calculate more later.
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    _load(context, paths["certificate"], paths["key"])
    try:
        context.load_verify_locations(paths["requestors_ca"])
    except (ssl.SSLError, OSError, ValueError) as error:
        raise SettingsError(f"leasequery.requestors_ca {paths['requestors_ca']} cannot be used: {_words(error)}. Name "
                            "the certificates of those that certify requestors, in PEM.") from None  # fmt: skip
    return context


class _PassPhrase(Exception):
    """OpenSSL wants one, and would ask whoever sits at the terminal."""


def _load(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    def none() -> str:
        raise _PassPhrase

    try:
        context.load_cert_chain(certificate, key, password=none)
    except _PassPhrase:
        raise SettingsError(f"leasequery.key {key} has a pass phrase, and nobody is there to give it. Take it off "
                            "(openssl pkey), and let the engine's account alone read the file.") from None  # fmt: skip
    except (ssl.SSLError, OSError, ValueError) as error:
        if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
            raise SettingsError(f"leasequery.key {key} is not the key of leasequery.certificate {certificate}. Name "
                                "the two that belong together.") from None  # fmt: skip
        raise SettingsError(f"leasequery.certificate {certificate} and leasequery.key {key} cannot be used: "
                            f"{_words(error)}. Name a certificate and its key, in PEM.") from None  # fmt: skip


def _words(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error).replace("_", " ").lower()


def _mark(path: Path | None) -> tuple[int, ...] | None:
    """What changes when a file does, or when somebody else may read it."""
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
