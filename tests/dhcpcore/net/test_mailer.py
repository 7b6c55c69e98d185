"""Critical events by mail: to a mail server on loopback, by the real process that sends."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.services.certificate import Certificate, ensure
from dhcpcore.errors import SettingsError
from dhcpcore.net import mailer
from dhcpcore.net.mailer import Mailer
from dhcpcore.script.parameters import Loaded
from dhcpcore.script.process import Terms
from dhcpcore.script.reporting import letterbox_of
from dhcpcore.settings import Settings
from tests.sites import PATIENCE_S
from tests.smtp import MailServer

log = logging.getLogger("conf")


class Post:
    """A mailer with a clock of its own, at the log, and its mail server."""

    def __init__(self, server: MailServer, **more: Any) -> None:
        self.server = server
        self.now = 0.0
        box = letterbox_of(Loaded(server.parameters(**more), frozenset()))
        assert box is not None
        self.mailer = Mailer(box, Terms(), lambda: self.now)
        self.mailer.setLevel(logging.CRITICAL)
        log.addHandler(self.mailer)

    def work(self) -> None:
        """As the loop does, until nothing is under way."""
        end = time.monotonic() + PATIENCE_S
        self.mailer.work()
        while self.mailer._child is not None:
            assert time.monotonic() < end
            time.sleep(0.01)
            self.mailer.work()

    def close(self) -> None:
        log.removeHandler(self.mailer)
        self.mailer.close()
        self.server.close()


Begin = Callable[..., Post]


@pytest.fixture
def begin() -> Iterator[Begin]:
    made: list[Post] = []

    def make(server: MailServer, **more: Any) -> Post:
        made.append(Post(server, **more))
        return made[-1]

    yield make
    for post in made:
        post.close()


def test_what_is_critical_is_mailed_and_what_is_not_is_not(begin: Begin) -> None:
    post = begin(MailServer(), EMAIL_DESTINATION="admin@example.org, night@example.org")
    log.error("only an error")
    post.work()
    assert post.server.connections == 0
    try:
        {}["the line\x1b[2J"]
    except KeyError:
        log.critical("A hook failed on %s.", "host\nFrom: evil", exc_info=True)
    post.work()
    (mail,) = post.server.mails
    assert post.server.recipients == [["admin@example.org", "night@example.org"]]
    assert (mail["From"], mail["To"]) == ("dhcp@example.org", "admin@example.org, night@example.org")
    assert mail["Subject"] == "staticDHCPd encountered a problem"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert "A hook failed on host\\nFrom: evil." in text
    assert "KeyError: 'the line" in text
    assert "\x1b" not in text
    assert "only an error" not in text


def test_the_next_ones_go_together_a_minute_later(begin: Begin) -> None:
    post = begin(MailServer())
    log.critical("first")
    post.work()
    for number in range(mailer.EVENTS_MAX + 7):
        log.critical("event %d", number)
    post.now = mailer.PAUSE_S - 1
    post.work()
    assert len(post.server.mails) == 1
    post.now = mailer.PAUSE_S
    post.work()
    _, second = post.server.mails
    assert second.get_content().count("event ") == mailer.EVENTS_MAX
    assert "7 more are in the log alone." in second.get_content()
    log.critical("third")
    post.now = 2 * mailer.PAUSE_S
    post.work()
    assert "more are" not in post.server.mails[2].get_content()


def test_a_server_that_refuses_is_said_once_and_what_it_did_not_take_is_sent_later(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    post = begin(MailServer(refuses="550 5.7.1 We know no dhcp"))
    log.critical("first")
    post.work()
    log.critical("second")
    post.now = 2 * mailer.PAUSE_S
    post.work()
    assert post.server.connections == 2
    assert caplog.text.count("MAIL-FAILED") == 1
    assert "550 5.7.1 We know no dhcp" in caplog.text
    post.server.refuses = ""
    post.now += 3 * mailer.PAUSE_S  # Each failure doubles the pause.
    post.work()
    assert not post.server.mails
    post.now += 2 * mailer.PAUSE_S
    post.work()
    (mail,) = post.server.mails
    assert mail.get_content().index("first") < mail.get_content().index("second")
    assert "mailed again" in caplog.text


def test_a_server_that_says_nothing_is_waited_for_as_long_as_it_is_said(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    post = begin(MailServer(hangs=True), EMAIL_TIMEOUT=0.2)
    log.critical("first")
    post.mailer.work()  # The loop does not wait for it.
    assert post.mailer._child is not None
    post.work()
    assert "timed out" in caplog.text


def test_one_that_is_not_done_in_time_is_ended(begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    post = begin(MailServer(hangs=True), EMAIL_TIMEOUT=60)
    log.critical("first")
    post.mailer.work()
    post.now = 601.0
    post.work()
    assert "it took too long" in caplog.text


def test_a_server_that_is_not_there_is_said(begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    post = begin(MailServer(), EMAIL_PORT=9)
    log.critical("first")
    post.work()
    assert "Connection refused" in caplog.text


@pytest.mark.parametrize(("password", "taken"), [("right", True), ("wrong", False)])
def test_who_has_a_name_logs_in(begin: Begin, caplog: pytest.LogCaptureFixture, password: str, taken: bool) -> None:
    post = begin(MailServer(password="right"), EMAIL_USER="dhcp", EMAIL_PASSWORD=password)
    log.critical("first")
    post.work()
    assert (post.server.logged_in, len(post.server.mails)) == (taken, int(taken))
    assert ("535 5.7.8 Wrong password" in caplog.text) is not taken


@pytest.fixture
def pair(tmp_path: Path) -> Certificate:
    """A certificate for loopback that nobody has signed, and its key."""
    made = ensure(Settings.model_validate({
        "state_dir": tmp_path, "database_url": "sqlite:///l.db", "control_socket": "/tmp/c.sock",
        "web": {"tls": "self-made"},
    }), None)  # fmt: skip
    assert made is not None
    return made


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("user", [{}, {"EMAIL_USER": "dhcp", "EMAIL_PASSWORD": "right"}], ids=["nobody", "user"])
def test_it_goes_encrypted_and_a_password_only_to_whom_this_machine_trusts(
    begin: Begin, pair: Certificate, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, trusted: bool,
    user: dict[str, str],
) -> None:  # fmt: skip
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(pair.certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    post = begin(MailServer(password="right", tls=context), **user)
    log.critical("first")
    post.work()
    taken = trusted or not user
    assert (post.server.encrypted, len(post.server.mails)) == (taken, int(taken))
    assert post.server.logged_in is (trusted and bool(user))
    assert ("certificate verify failed" in caplog.text) is not taken


def test_what_waits_at_the_end_is_still_mailed(begin: Begin) -> None:
    post = begin(MailServer())
    log.critical("the last words")
    post.mailer.close()
    end = time.monotonic() + PATIENCE_S
    while not post.server.mails:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert "the last words" in post.server.mails[0].get_content()
    assert post.mailer._child is not None
    post.mailer._child.wait()


@pytest.mark.parametrize(
    ("said", "fault"),
    [({"EMAIL_SERVER": None}, "needs EMAIL_SERVER; right"), ({"EMAIL_SOURCE": 7}, "EMAIL_SOURCE and is 7"),
     ({"EMAIL_DESTINATION": []}, "EMAIL_DESTINATION"), ({"EMAIL_DESTINATION": "a@b,,"}, "EMAIL_DESTINATION"),
     ({"EMAIL_SUBJECT": "a\nBcc: b"}, "EMAIL_SUBJECT"), ({"EMAIL_PORT": "25"}, "EMAIL_PORT is '25'"),
     ({"EMAIL_TIMEOUT": 0}, "EMAIL_TIMEOUT is 0"), ({"EMAIL_USER": "dhcp"}, "EMAIL_PASSWORD; right")],
)  # fmt: skip
def test_what_makes_no_sense_is_named(said: dict[str, Any], fault: str) -> None:
    right = {"EMAIL_ENABLED": True, "EMAIL_SERVER": "mail", "EMAIL_SOURCE": "a@b", "EMAIL_DESTINATION": "c@d"}
    assert letterbox_of(Loaded(right, frozenset())) is not None
    with pytest.raises(SettingsError, match=fault):
        letterbox_of(Loaded({**right, **said}, frozenset()))
    assert letterbox_of(Loaded({**right, **said, "EMAIL_ENABLED": False}, frozenset())) is None
