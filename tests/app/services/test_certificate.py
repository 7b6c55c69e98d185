import os
import ssl
import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from app.services import certificate
from dhcpcore.errors import Refused
from dhcpcore.settings import Settings
from dhcpcore.settings.model import Web


def settings(tmp_path, **web):
    return Settings(state_dir=tmp_path, web=Web(**web))


def test_without_tls_there_is_none(tmp_path):
    assert certificate.ensure(settings(tmp_path), None) is None
    assert list(tmp_path.iterdir()) == []


def test_one_is_made_kept_and_readable_by_its_owner_alone(tmp_path):
    here = settings(tmp_path, tls="self-made", bind="192.0.2.1:8067")
    made = certificate.ensure(here, None)
    assert len(made.fingerprint) == 95
    for path in (made.certificate, made.key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = certificate.ensure(here, None)
    assert (again.certificate, again.fingerprint) == (made.certificate, None)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.certificate, made.key)
    names = x509.load_pem_x509_certificate(made.certificate.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName).value
    assert "192.0.2.1" in map(str, names.get_values_for_type(x509.IPAddress))
    assert "localhost" in names.get_values_for_type(x509.DNSName)


def test_it_is_made_anew_before_its_end_for_another_address_and_when_it_is_damaged(tmp_path):
    here = settings(tmp_path, tls="self-made")
    certificate.ensure(here, None)
    later = datetime.now(UTC) + timedelta(days=certificate.DAYS - 10)
    assert certificate.ensure(here, None, later).fingerprint
    assert certificate.ensure(settings(tmp_path, tls="self-made", bind="192.0.2.1:8067"), None).fingerprint
    (tmp_path / certificate.KEY).write_text("damaged")
    assert certificate.ensure(here, None).fingerprint


def test_a_link_in_its_place_is_not_followed(tmp_path):
    (tmp_path / "victim").write_text("kept")
    (tmp_path / f"{certificate.KEY}.new").symlink_to(tmp_path / "victim")
    (tmp_path / certificate.KEY).symlink_to(tmp_path / "victim")
    certificate.ensure(settings(tmp_path, tls="self-made"), None)
    assert (tmp_path / "victim").read_text() == "kept"


@pytest.mark.skipif(os.geteuid() != 0, reason="is about what root hands over")
def test_root_hands_it_to_whom_the_web_process_becomes(tmp_path):
    made = certificate.ensure(settings(tmp_path, tls="self-made"), (12345, 54321))
    assert (made.key.stat().st_uid, made.key.stat().st_gid) == (12345, 54321)


def test_a_given_one_is_used_and_a_wrong_one_is_told(tmp_path):
    made = certificate.ensure(settings(tmp_path, tls="self-made"), None)
    given = certificate.ensure(settings(tmp_path, tls="given", certificate=made.certificate, key=made.key), None)
    assert (given.certificate, given.key) == (made.certificate, made.key)
    with pytest.raises(Refused, match=r"web\.certificate and web\.key"):
        certificate.ensure(settings(tmp_path, tls="given"), None)
    for wrong in (tmp_path / "nowhere", made.certificate):
        with pytest.raises(Refused, match="cannot be used"):
            certificate.ensure(settings(tmp_path, tls="given", certificate=made.certificate, key=wrong), None)
