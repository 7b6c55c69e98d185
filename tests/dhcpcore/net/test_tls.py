"""Leasequery over TLS: a real client over loopback, who proves who it is, does not, or never gets that far."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from dhcpcore.lease.telling import Status
from dhcpcore.net.active import LOOK_S
from dhcpcore.net.tls import HANDSHAKE_S_MAX, HANDSHAKES_MAX
from dhcpcore.settings.model import Leasequery as Files
from dhcpcore.topology.snapshot import Leasequery, Snapshot
from tests.certificates import Authority
from tests.dhcpcore.lease.test_active import active
from tests.dhcpcore.lease.test_bulk import query
from tests.dhcpcore.net.test_active import granted
from tests.dhcpcore.net.test_bulk import LOOPBACK, T0, Rig, is_closed
from tests.packets4 import LEASEACTIVE, LEASEQUERYDONE, LEASEQUERYSTATUS, TLS, Answer, read

Done = TypeVar("Done")
ALLOWED = Leasequery(True, LOOPBACK.requestors, True, True, "allowed")
REQUIRED = Leasequery(True, LOOPBACK.requestors, True, True, "required")
START = query(kind=TLS, xid=5)


class Site:
    """A server with a certificate of one authority, and requestors of another."""

    def __init__(self, folder: Path, said: Leasequery) -> None:
        self.servers, self.requestors = Authority(folder, "servers"), Authority(folder, "requestors")
        certificate, key = self.servers.certify("server")
        files = Files(certificate=certificate, key=key, requestors_ca=self.requestors.file)
        self.rig = Rig(folder, files)
        self.say(said)

    def say(self, said: Leasequery) -> None:
        self.rig.engine.install(Snapshot(self.rig.engine.snapshot.revision + 1, leasequery=said))
        self.rig.server.work(busy=False)

    def context(self, by: Authority | None = None, name: str = "concentrator") -> ssl.SSLContext:
        """A requestor's; ``by``: who certified it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.servers.file)
        if by is not None:
            context.load_cert_chain(*by.certify(name))
        return context

    def events(self, name: str) -> int:
        return self.rig.engine.counters.events[name]


class Requestor:
    """One connection; while it waits, the server works."""

    def __init__(self, site: Site) -> None:
        self._rig = site.rig
        self.sock = site.rig.connect()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # Else it waits for the server's ACK.
        self._stream = b""

    def until(self, act: Callable[[], Done]) -> Done:
        for _ in range(60):
            try:
                return act()
            except (ssl.SSLWantReadError, BlockingIOError):
                self._rig.turn()
                self._rig.server.work(busy=False)
        raise AssertionError("nothing came")

    def send(self, octets: bytes) -> None:
        self.until(lambda: self.sock.send(octets))

    def hear(self, count: int = 1) -> list[Answer]:
        found: list[Answer] = []
        while len(found) < count:
            size = int.from_bytes(self._stream[:2], "big")
            if len(self._stream) < 2 + max(size, 1):
                self._stream += (part := self.until(lambda: self.sock.recv(1 << 16)))
                assert part, "it is closed"
                continue
            found.append(read(self._stream[2 : 2 + size]))
            self._stream = self._stream[2 + size :]
        return found

    def start(self, context: ssl.SSLContext) -> Answer:
        """DHCPTLS, its answer, the handshake."""
        self.send(START)
        (said,) = self.hear()
        if 151 not in said.options:
            self.sock = context.wrap_socket(self.sock, do_handshake_on_connect=False)
            self._rig.requestors.append(self.sock)
            self.until(self.sock.do_handshake)  # type: ignore[attr-defined]
        return said

    def closed(self) -> bool:
        try:
            return self.until(lambda: self.sock.recv(1)) == b""
        except ConnectionResetError:
            return True


def all_told(requestor: Requestor, context: ssl.SSLContext) -> list[Answer]:
    """By TLS 1.3 the handshake is over at the requestor's end before it is at the server's."""
    requestor.start(context)
    requestor.send(query())
    return requestor.hear(4)


@pytest.fixture(params=[ALLOWED, REQUIRED], ids=["allowed", "required"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, request.param)
    yield made
    made.rig.close()


@pytest.fixture
def allowed(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, ALLOWED)
    yield made
    made.rig.close()


@pytest.fixture
def required(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, REQUIRED)
    yield made
    made.rig.close()


class TestRight:
    def test_who_is_certified_is_told_what_changes_and_leaves_with_an_end(self, site: Site) -> None:
        requestor = Requestor(site)
        said = requestor.start(site.context(site.requestors))
        assert (said.kind, said.xid, 151 in said.options) == (TLS, 5, False)
        requestor.send(active())
        site.rig.turn()
        site.rig.store.commit([granted(1)], T0)
        (change,) = requestor.hear()
        assert (change.kind, change.ciaddr) == (LEASEACTIVE, "10.0.1.1")
        assert site.events("leasequery-tls") == 1
        site.rig.server.close()
        assert requestor.hear()[0].options[151] == b"\2the server is shutting down"
        assert requestor.closed(), "by TLS's own word: ssl would raise where the connection was cut"

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
    def test_a_long_answer_in_bulk_comes_whole(self, required: Site, version: ssl.TLSVersion) -> None:
        required.rig.fill(700)
        requestor = Requestor(required)
        context = required.context(required.requestors)
        context.maximum_version = version
        requestor.start(context)
        requestor.send(query())
        answers = requestor.hear(701)
        assert [answer.kind for answer in answers] == [LEASEACTIVE] * 700 + [LEASEQUERYDONE]
        assert len({answer.ciaddr for answer in answers[:-1]}) == 700

    def test_an_older_tls_is_not_spoken(self, required: Site) -> None:
        context = required.context(required.requestors)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # That it is old is the point.
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises(ssl.SSLError):
            Requestor(required).start(context)
        assert required.events("leasequery-tls-failed") == 1

    def test_while_a_requestor_reads_nothing_another_is_served_and_little_waits_for_it(self, required: Site) -> None:
        required.rig.fill(3000)
        lazy = Requestor(required)
        lazy.start(required.context(required.requestors))
        (peer,) = required.rig.server._peers.values()
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        lazy.send(query())
        keen = Requestor(required)
        keen.start(required.context(required.requestors))
        keen.send(query())
        assert len(keen.hear(3001)) == 3001
        assert len(peer.tls.waiting) < 128 * 1024
        assert len(lazy.hear(3001)) == 3001

    def test_who_closes_its_side_is_told_no_more(self, required: Site) -> None:
        requestor = Requestor(required)
        requestor.start(required.context(required.requestors))
        requestor.send(active())
        required.rig.turn()
        assert required.rig.store.heard is not None
        requestor.until(requestor.sock.unwrap)  # type: ignore[attr-defined]
        assert required.rig.server._peers == {}
        assert required.rig.store.heard is None


class TestWrong:
    @pytest.mark.parametrize("who", ["nobody", "a stranger's", "over"])
    def test_who_is_not_certified_hears_nothing(self, site: Site, who: str, caplog: pytest.LogCaptureFixture) -> None:
        site.rig.fill(3)
        context = site.context()
        if who == "a stranger's":
            context.load_cert_chain(*Authority(site.servers.file.parent, "strangers").certify("concentrator"))
        elif who == "over":
            context.load_cert_chain(*site.requestors.certify("concentrator", days=-1))
        requestor = Requestor(site)
        with pytest.raises(ssl.SSLError):
            all_told(requestor, context)
        assert site.rig.server._peers == {}
        assert (site.events("leasequery-tls"), site.events("leasequery-tls-failed")) == (0, 1)
        assert "LEASEQUERY-TLS-FAILED: 127.0.0.1: " in caplog.text

    def test_a_requestor_that_does_not_know_the_servers_authority_leaves(self, required: Site) -> None:
        context = required.context(required.requestors)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        requestor = Requestor(required)
        with pytest.raises(ssl.SSLCertVerificationError):
            requestor.start(context)
        requestor.sock.close()
        required.rig.turn()
        assert required.rig.server._peers == {}

    def test_a_certificate_does_not_make_a_requestor_of_another_address(self, required: Site) -> None:
        required.say(Leasequery(True, ((bytes((192, 0, 2, 2)), 32),), True, True, "required"))
        assert is_closed(required.rig.connect())


class TestInClear:
    def test_where_tls_is_required_nothing_is_told_without(self, required: Site) -> None:
        required.rig.fill(3)
        for sent, kind in ((query(), LEASEQUERYDONE), (active(), LEASEQUERYSTATUS)):
            requestor = Requestor(required)
            requestor.send(sent)
            (refused,) = requestor.hear()
            assert (refused.kind, refused.options[151][0]) == (kind, Status.NOT_ALLOWED)
            assert b"begin with a DHCPTLS" in refused.options[151]
            assert requestor.closed()
        assert required.rig.store.heard is None

    def test_where_it_is_allowed_bulk_queries_may_do_without_and_active_ones_if_it_is_said(self, allowed: Site) -> None:
        allowed.rig.fill(3)
        requestor = Requestor(allowed)
        requestor.send(query())
        assert len(requestor.hear(4)) == 4
        requestor.send(active())
        (refused,) = requestor.hear()
        assert refused.options[151] == b"\4active leasequery is answered over TLS here: begin with a DHCPTLS"
        assert requestor.closed()
        allowed.say(Leasequery(True, LOOPBACK.requestors, True, False, "allowed"))
        requestor = Requestor(allowed)
        requestor.send(active())
        allowed.rig.turn()
        allowed.rig.store.commit([granted(1)], T0)
        assert requestor.hear()[0].ciaddr == "10.0.1.1"

    def test_who_was_told_in_clear_is_told_why_no_more_once_tls_is_required(self, allowed: Site) -> None:
        allowed.say(Leasequery(True, LOOPBACK.requestors, True, False, "allowed"))
        stream, bulk = Requestor(allowed), Requestor(allowed)
        stream.send(active())
        allowed.rig.turn()
        allowed.rig.fill(1200)
        bulk.send(query())
        allowed.rig.turn()
        allowed.say(REQUIRED)
        answers = [stream.hear()[0]]
        while answers[-1].kind != LEASEQUERYSTATUS:
            answers += stream.hear()
        assert answers[-1].options[151] == b"\2it is answered over TLS alone from now on"
        answers = bulk.hear()
        while answers[-1].kind != LEASEQUERYDONE:
            answers += bulk.hear()
        assert answers[-1].options[151][0] == Status.NOT_ALLOWED
        assert len(answers) < 1200

    def test_where_it_is_off_it_is_refused_though_there_are_certificates(self, allowed: Site) -> None:
        allowed.say(Leasequery(True, LOOPBACK.requestors, True))
        requestor = Requestor(allowed)
        said = requestor.start(allowed.context(allowed.requestors))
        assert said.options[151] == b"\x08this server has no TLS for leasequery"
        requestor.send(query())
        assert requestor.hear()[0].kind == LEASEQUERYDONE


class TestHandshake:
    def test_one_that_stalls_is_ended_and_holds_up_nobody(self, site: Site) -> None:
        stalled = Requestor(site)
        stalled.send(START)
        stalled.hear()
        stalled.send(b"\x16\x03\x01\x02\x00\x01")  # The beginning of a ClientHello.
        site.rig.turn()
        served = Requestor(site)
        served.start(site.context(site.requestors))
        served.send(query())
        assert served.hear()[0].kind == LEASEQUERYDONE
        site.rig.now += HANDSHAKE_S_MAX
        site.rig.server.work(busy=False)
        assert len(site.rig.server._peers) == 2
        site.rig.now += 0.1
        site.rig.server.work(busy=False)
        assert stalled.closed()
        assert len(site.rig.server._peers) == 1, "whose handshake was over goes on"

    def test_only_so_many_are_begun_within_a_second(self, required: Site) -> None:
        def begun() -> bool:
            requestor = Requestor(required)
            requestor.send(START)
            (said,) = requestor.hear()
            requestor.sock.close()
            required.rig.turn()
            return 151 not in said.options

        assert [begun() for _ in range(HANDSHAKES_MAX + 2)] == [True] * HANDSHAKES_MAX + [False] * 2
        required.rig.now += 1
        assert begun()

    def test_one_that_is_cut_is_forgotten(self, required: Site) -> None:
        requestor = Requestor(required)
        requestor.send(START)
        requestor.hear()
        requestor.send(b"\x16\x03\x01\x02\x00\x01")
        requestor.sock.close()
        required.rig.turn()
        assert required.rig.server._peers == {}
        assert required.rig.server.work(busy=False) == 1.0

    def test_what_was_sent_in_clear_before_it_is_never_taken_for_what_was_said_over_it(self, required: Site) -> None:
        """Somebody on the way could have put it there."""
        required.rig.fill(3)
        requestor = Requestor(required)
        requestor.send(START + query(xid=66) + active(xid=67))
        said = requestor.hear()
        assert [answer.kind for answer in said] == [TLS]
        rest = requestor.until(lambda: requestor.sock.recv(1 << 16))
        assert rest[:1] in {b"", b"\x15"}, "an alert of TLS, or the end"
        assert required.rig.server._peers == {}
        assert required.rig.store.heard is None

    def test_a_request_for_it_that_comes_late_or_twice_is_refused(self, allowed: Site) -> None:
        late, twice = Requestor(allowed), Requestor(allowed)
        twice.start(allowed.context(allowed.requestors))
        for requestor in (late, twice):
            requestor.send(query() + START + query())
            found = {(answer.kind, answer.options.get(151)) for answer in requestor.hear(3)}
            refused = b"\x08a DHCPTLS is the first message of its connection"
            assert found == {(LEASEQUERYDONE, None), (TLS, refused)}


class TestFiles:
    def test_without_usable_ones_it_is_refused_and_the_log_says_what_to_do(
        self, required: Site, caplog: pytest.LogCaptureFixture
    ) -> None:
        required.servers.file.parent.joinpath("server.key").unlink()
        requestor = Requestor(required)
        required.rig.credentials._context = None  # As if they had never been there.
        said = requestor.start(required.context(required.requestors))
        assert said.options[151] == b"\x08this server has no certificate for leasequery that it can use"
        requestor.send(query())
        assert requestor.hear()[0].options[151][0] == Status.NOT_ALLOWED, "nor anything in clear instead"
        assert caplog.text.count("LEASEQUERY-NO-TLS: leasequery.key ") == 1
        assert "cannot be read: No such file or directory. Name a PEM file" in caplog.text

    def test_a_renewed_certificate_is_shown_to_the_next_one_and_a_torn_renewal_to_nobody(
        self, required: Site, caplog: pytest.LogCaptureFixture
    ) -> None:
        def serial() -> int:
            requestor = Requestor(required)
            requestor.start(required.context(required.requestors))
            return int(requestor.sock.getpeercert()["serialNumber"], 16)  # type: ignore[attr-defined]

        first = serial()
        folder = required.servers.file.parent
        certificate, key = folder / "server.crt", folder / "server.key"
        old = key.read_bytes()
        required.servers.certify("server")
        new = key.read_bytes()
        key.write_bytes(old)
        assert serial() == first, "the certificate is there, and its key is not yet"
        assert f"leasequery.key {key} is not the key of leasequery.certificate {certificate}" in caplog.text
        key.write_bytes(new)
        assert serial() != first

    def test_while_nobody_needs_them_they_are_not_looked_at(self, tmp_path: Path) -> None:
        site = Site(tmp_path, LOOPBACK)
        site.rig.server.work(busy=False)
        assert site.rig.credentials._marks is None
        site.say(ALLOWED)
        assert site.rig.credentials._marks is not None, "at once, for what is wrong with them is to be known early"
        site.rig.close()


def test_streams_over_tls_are_looked_at_as_often_as_others(required: Site) -> None:
    requestor = Requestor(required)
    requestor.start(required.context(required.requestors))
    requestor.send(active())
    required.rig.turn()
    assert required.rig.server.work(busy=False) == LOOK_S
