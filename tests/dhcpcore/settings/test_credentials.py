"""The files of leasequery over TLS: each that cannot be used is named, with its setting and what to do."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from dhcpcore.errors import SettingsError
from dhcpcore.settings.credentials import Credentials, read
from dhcpcore.settings.model import Leasequery
from tests.certificates import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


@pytest.fixture
def files(authority: Authority) -> Leasequery:
    certificate, key = authority.certify("server")
    return Leasequery(certificate=certificate, key=key, requestors_ca=authority.file)


def fault(files: Leasequery, **changed: Path | None) -> str:
    with pytest.raises(SettingsError) as told:
        read(files.model_copy(update=changed))
    return str(told.value)


@pytest.mark.parametrize("name", ["certificate", "key", "requestors_ca"])
def test_one_that_is_not_set_is_missing_or_is_no_pem_is_named(files: Leasequery, tmp_path: Path, name: str) -> None:
    assert fault(files, **{name: None}).startswith(f"leasequery.{name} is not set: name the PEM file of the ")
    gone = tmp_path / "gone.pem"
    assert fault(files, **{name: gone}).startswith(f"leasequery.{name} {gone} cannot be read: No such file")
    words = tmp_path / "words.pem"
    words.write_text("no certificate, no key")
    assert fault(files, **{name: words}).startswith(f"leasequery.{name} {words} has no ")


@pytest.mark.parametrize("name", ["certificate", "key", "requestors_ca"])
def test_one_that_is_torn_is_named(files: Leasequery, name: str) -> None:
    path = getattr(files, name)
    path.write_text("\n".join(path.read_text().splitlines()[:2]))
    assert f"leasequery.{name} {path}" in fault(files)
    assert "cannot be used" in fault(files)


def test_one_that_the_engines_account_may_not_read_is_named(
    files: Leasequery, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Path.read_text

    def read_text(path: Path, **how: str) -> str:
        if path == files.key:
            raise PermissionError(13, "Permission denied")
        return found(path, **how)

    monkeypatch.setattr(Path, "read_text", read_text)
    assert fault(files) == (f"leasequery.key {files.key} cannot be read: Permission denied. Name a PEM file that the "
                            "engine's account may read.")  # fmt: skip


def test_one_that_the_engines_account_may_read_from_now_on_is_read(
    files: Leasequery, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials, found = Credentials(files), Path.read_text
    assert files.key is not None
    files.key.chmod(0o600)

    def read_text(path: Path, **how: str) -> str:
        if path == files.key and not path.stat().st_mode & 0o040:
            raise PermissionError(13, "Permission denied")
        return found(path, **how)

    monkeypatch.setattr(Path, "read_text", read_text)
    assert credentials.context() is None
    files.key.chmod(0o640)
    assert credentials.context() is not None
    assert credentials.fault == ""


def test_a_key_of_another_certificate_is_told_as_that(files: Leasequery, authority: Authority) -> None:
    _, other = authority.certify("other")
    assert fault(files, key=other) == (f"leasequery.key {other} is not the key of leasequery.certificate "
                                       f"{files.certificate}. Name the two that belong together.")  # fmt: skip


def test_a_key_with_a_pass_phrase_asks_nobody_for_it(files: Leasequery, authority: Authority) -> None:
    _, hidden = authority.certify("server", pass_phrase=b"secret")
    assert "has a pass phrase, and nobody is there to give it" in fault(files, key=hidden)


def test_they_are_read_again_when_they_change_and_only_then(
    files: Leasequery, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    credentials = Credentials(files)
    first = credentials.context()
    assert first is not None
    assert credentials.context() is first
    authority.certify("server")
    second = credentials.context()
    assert second not in {None, first}
    assert files.key is not None
    files.key.unlink()
    assert credentials.context() is second, "what was good serves on"
    assert credentials.context() is second
    assert "cannot be read" in credentials.fault
    assert [record.getMessage()[-25:] for record in caplog.records] == ["Those of before are used."]
    authority.certify("server")
    assert credentials.context() not in {None, second}
    assert credentials.fault == ""
