"""The engine as the control channel sees it."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Mapping
from typing import Any

from dhcpcore import COMPILED
from dhcpcore.control.face import NO_SUBNET
from dhcpcore.control.later import Later
from dhcpcore.control.verbs import VERBS
from dhcpcore.engine import Datagram, Engine, Outgoing, Traced
from dhcpcore.errors import Refused
from dhcpcore.lease.model import KIND_ADDRESS4, KIND_ADDRESS6, Close, Lease, LeaseKey, State
from dhcpcore.lease.nonces import forcerenew
from dhcpcore.lease.transitions import end, is_active
from dhcpcore.logs import Ring
from dhcpcore.net import cycle
from dhcpcore.net.chores import Chores
from dhcpcore.net.clock import Clock
from dhcpcore.net.neighbours import Neighbours
from dhcpcore.pipeline.bundle import Route
from dhcpcore.pipeline.trace import Step, describe, identity
from dhcpcore.script import digest
from dhcpcore.script.host import Host
from dhcpcore.stats.reasons import Reason
from dhcpcore.store.leases import LeaseStore
from dhcpcore.store.requests import LASTING_VERBS, Request
from dhcpcore.version import __version__
from dhcpcore.wire.addresses import format_address
from dhcpcore.wire.kinds import kind6_of, kind_name

_NO_SCRIPT = "The engine has no script: the setting `script` names its conf.py."


class Face:
    """Answers commands with plain data; runs in the loop's thread."""

    def __init__(
        self, engine: Engine, store: LeaseStore, clock: Clock, duid: bytes, send: Callable[[Any], object],
        stop: Callable[[], None], database: str, started_at: float, ring: Ring,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._store = store
        self._clock = clock
        self._duid = duid
        self._send = send
        self._stop = stop
        self._database = database
        self._started_at = started_at
        self._ring = ring
        self.chores: Chores | None = None
        self.neighbourhood: Neighbours | None = None
        self.script: Host | None = None
        self.read_interfaces: Callable[[], list[dict[str, Any]]] = list

    def status(self) -> dict[str, Any]:
        """What a person asks first."""
        engine = self._engine
        why = []
        if not self._clock.ready:
            why.append("database time is uncertain by more than 5 s, or was set back a moment ago")
        if not engine.defined:
            why.append("the definitions have not been read yet")
        elif not engine.snapshot.subnets:
            why.append(NO_SUBNET)
        return {
            "version": __version__,
            "compiled": len(COMPILED.modules),
            "ready": not why,
            "why_not_ready": why,
            "started_at": self._started_at,
            "host": socket.gethostname(),
            "server_duid": self._duid.hex(":"),
            "revision": engine.snapshot.revision,
            "subnets": len(engine.snapshot.subnets),
            "quarantined": [
                {"place": row.place, "fault": row.fault}
                for row in (*engine.snapshot.quarantined, *engine.instances.quarantined)
            ],
            "offers_under_way": engine.allocator.holds,
            "suspended": engine.suspended,
            "script": self.script is not None,
            "hook_events": [] if engine.callouts is None else list(engine.callouts.registry.events),
            "handler_events": list(engine.instances.events),
            "share": {"index": engine.allocator.share[0], "count": engine.allocator.share[1]},
            "interfaces": [
                {"index": i.index, "name": i.name, "addresses": [format_address(a) for a in i.addresses]}
                for i in engine.interfaces.values()
            ],
            "database": self._database,
            "clock": {
                "offset_s": round(self._clock.offset, 6),
                "uncertainty_s": None if self._clock.uncertainty == float("inf") else round(self._clock.uncertainty, 6),
                "suspect": self._clock.suspect,
            },
        }

    def statistics(self) -> dict[str, Any]:
        """Counters since the start."""
        return {"started_at": self._started_at, **self._engine.counters.as_document()}

    def reload(self) -> None:
        """Read the definitions again, now, and have the script reinitialise."""
        if self.chores is not None:
            self.chores.reload()
        if self.script is not None:
            self.script.reinitialise()

    def script_state(self) -> dict[str, Any]:
        """Whether there is a script, and how its host does."""
        return {"configured": False} if self.script is None else {"configured": True, **self.script.state}

    def script_registry(self) -> dict[str, Any]:
        """What the script has registered, as it told last; its process is not asked."""
        if self.script is None:
            raise Refused(_NO_SCRIPT)
        state = self.script.state
        return {**self.script.registry, "running": state["running"], "failure": state["failure"],
                "kept": state["kept"]}  # fmt: skip

    def script_digest(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Whether an answer to a Digest challenge is the right one; the password stays here."""
        if self.script is None or self.script.loaded is None:
            raise Refused(_NO_SCRIPT)
        return {"right": digest.is_right(self.script.loaded, fields)}

    def script_call(self, name: str, arguments: Mapping[str, Any]) -> Later:
        """Call something in the script's process; the answer comes when it does."""
        if self.script is None:
            raise Refused(_NO_SCRIPT)
        later = Later()
        self.script.call(name, arguments, later.tell)
        return later

    def release(self, address: bytes, space: int = 0) -> dict[str, Any]:
        """End the lease of an address at once."""
        kind = KIND_ADDRESS4 if len(address) == 4 else KIND_ADDRESS6
        key: LeaseKey = (space, kind, address, len(address) * 8)
        row = self._store.lease(key)
        now = self._clock.now()
        text = format_address(address)
        if row is None:
            raise Refused(f"{text} has no lease; see `lessor lease list`.")
        if row.state != State.DECLINED and (row.state != State.LEASED or row.expires <= now):
            raise Refused(f"{text} is not held by anybody: its lease has ended already.")
        change = end(row, int(now), Close.REVOKED)
        batch = self._engine.open_changes([change], now)
        cycle.run(batch, self._store, self._engine.snapshot, self._send)
        after = self._store.lease(key)
        if after != change.after:
            raise Refused(f"{text} was not released: its lease changed meanwhile, or the database is away; try again.")
        return {"address": text, "client": identity(row.client), "expires": row.expires, "state": State(row.state).name}

    def renew(self, address: bytes, space: int = 0) -> dict[str, Any]:
        """Ask the client that holds an address to renew: authenticated, and plain as well where that is allowed."""
        engine, now, text = self._engine, self._clock.now(), format_address(address)
        if len(address) != 4:
            raise Refused(f"{text} is no IPv4 address; FORCERENEW is DHCPv4's.")
        how = engine.snapshot.forcerenew
        if how == "never":
            raise Refused(
                "globals.forcerenew is never: set it to authenticated, so that clients get the nonce by which they "
                "know this server. Each has it from its next renewal on."
            )
        row = self._store.lease((space, KIND_ADDRESS4, address, 32))
        if row is None or not is_active(row, now):
            raise Refused(f"{text} is not held by anybody: there is no client to ask.")
        server_id = engine.links.own_towards(address)
        if server_id is None:
            raise Refused("No interface has an IPv4 address that the client could know this server by.")
        nonces: tuple[bytes | None, ...] = (engine.nonces.of(row.key, row.client),)
        if how == "plain":
            nonces += (None,)
        for nonce in nonces:
            message = forcerenew(row, server_id, now, nonce)
            self._send([Outgoing(message, Route(address, 68, 0, server_id))])
            said = "plain" if nonce is None else "authenticated"
            self._tell(message, server_id, row, said, now)
        return {"address": text, "client": identity(row.client), "sent": ["authenticated", "plain"][: len(nonces)],
                "last_seen_at": row.cltt}  # fmt: skip

    def _tell(self, message: bytes, server_id: bytes, row: Lease, how: str, now: float) -> None:
        """Among the transactions of the client, where its renewal will stand as well."""
        engine = self._engine
        datagram = Datagram(message, server_id, 67, 0, row.address, server_id, now)
        steps: list[tuple[object, ...]] = [(Step.ASKED_TO_RENEW, row.address, how)]
        engine.traces.append(Traced(datagram, Reason.FORCERENEW, engine.snapshot.revision, steps, row.client, b""))
        engine.traced += 1
        engine.counters.events["forcerenew"] += 1

    def transactions(self, limit: int, client: str | None = None) -> list[dict[str, Any]]:
        """The latest transactions, newest first."""
        found = []
        for entry in reversed(self._engine.traces):
            if client is None or client in entry.client.hex(":") or client in entry.client.hex():
                found.append(shown(entry))
                if len(found) == limit:
                    break
        return found

    def log(self, limit: int, after: int | None, level: str, find: str | None) -> dict[str, Any]:
        """The newest lines of the log, or those after one."""
        return dataclasses.asdict(self._ring.tail(limit, after, level, find))

    def interfaces(self) -> list[dict[str, Any]]:
        """What the machine says of them now."""
        return self.read_interfaces()

    def neighbours(self, interface: str) -> dict[str, Any]:
        """Who else serves that link."""
        if self.neighbourhood is None:
            raise Refused("The engine may not ask: it was started without the capability NET_RAW.")
        return self.neighbourhood.on(interface)

    def suspensions(self) -> list[dict[str, Any]]:
        """Clients that are not answered for a time."""
        names = {subnet.subnet_id: subnet.name for subnet in self._engine.snapshot.subnets}
        return [
            {
                "hw_address": _hardware(one.hw), "why": one.why, "since": one.since, "until": one.until,
                "subnet": names.get(one.subnet, ""),
            }
            for one in self._engine.manners.suspended(self._clock.now())
        ]  # fmt: skip

    def lift(self, hw: bytes) -> dict[str, Any]:
        """Answer a suspended client again."""
        if not self._engine.manners.lift(hw):
            raise Refused(f"{_hardware(hw)} is not suspended by this engine; see `lessor suspension list`.")
        return {"hw_address": _hardware(hw)}

    def hooks(self) -> list[dict[str, Any]]:
        """Callouts, with what became of their calls."""
        callouts = self._engine.callouts
        return [] if callouts is None else callouts.registry.statistics()

    def handlers(self) -> list[dict[str, Any]]:
        """Configured handlers, with what became of their calls."""
        return self._engine.instances.statistics()

    def commands(self) -> list[str]:
        """Those that hook libraries answer."""
        callouts = self._engine.callouts
        return [] if callouts is None else callouts.registry.commands()

    def command(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """A hook library's answer."""
        callouts = self._engine.callouts
        if callouts is None or name not in callouts.registry.commands():
            known = ", ".join(self.commands()) or "none"
            raise Refused(f"No hook library answers the command {name!r:.80}; those that are answered: {known}.")
        return callouts.registry.command(name, arguments)

    def processed(self, name: str, arguments: Mapping[str, Any], response: Any) -> Any:
        """Tell the callouts at command_processed."""
        callouts = self._engine.callouts
        return response if callouts is None else callouts.processed(name, arguments, response)

    def confirm_clock(self) -> None:
        """Take the clock as it is after a step."""
        self._clock.confirm()
        self._engine.allocator.reclaim = True

    def stop(self) -> None:
        """Finish the batch at hand and end."""
        self._stop()

    def do(self, request: Request) -> dict[str, Any]:
        """What was asked for while no engine could be reached; by the rules of the channel, whoever wrote the row."""
        if request.verb not in LASTING_VERBS or not isinstance(request.body, Mapping):
            raise Refused(f"{request.verb!r:.80} with {request.body!r:.80} is nothing that can be left for an engine.")
        verb = VERBS[request.verb]
        return dict(verb.run(self, verb.parse(request.body)) or {})


def _hardware(hw: bytes) -> str:
    """A hardware address as people write it; of another type than Ethernet with the type's number before it."""
    return hw[1:].hex(":") if hw[:1] == b"\x01" else f"{hw[0]}/{hw[1:].hex(':')}"


def shown(entry: Traced) -> dict[str, Any]:
    """A transaction in words."""
    data = entry.datagram.data
    kind = next((data[at + 2] for at in range(240, len(data) - 2) if data[at] == 53 and data[at + 1] == 1), 0)
    if len(entry.datagram.source) == 16:
        kind = kind6_of(data)
    return {
        "at": entry.datagram.received_at,
        "type": kind_name(kind),
        "client": identity(entry.client),
        "source": format_address(entry.datagram.source),
        "interface": entry.datagram.interface,
        "revision": entry.revision,
        "reason": entry.reason.code,
        "text": entry.reason.text,
        "steps": [describe(step) for step in entry.steps],
        "datagram": data.hex(),
        "answer": entry.answer.hex(),
    }
