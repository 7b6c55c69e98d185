"""DHCPKit's older model: one object that answers every message."""

import logging
import threading

import pytest

from dhcpcore.script.message_handlers import DumpRequestsMessageHandler, MessageHandler, RWLock, message_handler_type
from tests.packets4 import client
from tests.scenarios.conftest import world  # noqa: F401 - A fixture.
from tests.scenarios.test_handlers_of_packages import site

A = client(1)


class Named(MessageHandler):
    """Answers by the domain name of its configuration."""

    reloads = 0

    def handle_reload(self):
        self.reloads += 1
        self.domain = self.config.get("site", {}).get("domain", "")

    def handle(self, received_message, received_over_multicast):
        if not self.domain:
            return None
        received_message.response.set_option("domain-name", f"{self.domain}-{received_over_multicast}".encode())
        return received_message.response


def test_what_it_returns_is_the_answer(world):  # noqa: F811
    w = site(world, {"named": message_handler_type(Named)},
             {"type": "named", "fields": {"config": {"site": {"domain": "old"}}}})
    assert w.lease(A).options[15] == b"old-True"


def test_none_is_no_answer(world):  # noqa: F811
    w = site(world, {"named": message_handler_type(Named)})
    assert w.discover(A) is None
    assert w.reason == "HANDLER-DROPPED"


def test_requests_are_told_to_the_log_and_not_answered(world, caplog):  # noqa: F811
    caplog.set_level(logging.DEBUG)
    w = site(world, {"dump": message_handler_type(DumpRequestsMessageHandler)})
    assert w.discover(A) is None
    assert "Received multicast message DISCOVER from" in caplog.text


def test_a_release_is_taken_although_nothing_is_returned(world):  # noqa: F811
    w = site(world, {"named": message_handler_type(Named)},
             {"type": "named", "fields": {"config": {"site": {"domain": "old"}}}, "scope": {"mark": "never"}},
             {"type": "named", "name": "dumb", "scope": {"mark": "never"}})
    ack = w.lease(A)
    w.release(A, ack.yiaddr)
    assert w.reason == "RELEASED"


def test_a_reload_waits_for_a_reader_and_runs_once():
    handler = Named({})
    begun, done = threading.Event(), threading.Event()

    def reload():
        begun.set()
        handler.reload({"site": {"domain": "new"}})
        done.set()

    with handler.lock.read_lock():
        thread = threading.Thread(target=reload)
        thread.start()
        assert begun.wait(10)
        while not handler.lock.blocked_for_writers:
            pass
        assert not done.is_set()
        assert handler.domain == ""
    thread.join(10)
    assert (handler.domain, handler.reloads) == ("new", 2)


@pytest.mark.parametrize("kind", ["read_lock", "write_lock"])
def test_a_lock_is_given_back_whatever_is_raised(kind):
    lock = RWLock()
    with pytest.raises(RuntimeError), getattr(lock, kind)():
        raise RuntimeError
    assert (lock.readers, lock.writers) == (0, 0)
