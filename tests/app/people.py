"""Pretend engines and leases for the tests of what people see."""

from typing import Any

from sqlalchemy import insert

from app.services.access import Principal, Role
from app.services.appliance import Appliance
from dhcpcore.control import ControlRefused, EngineAway
from dhcpcore.lease.model import Lease, State
from dhcpcore.settings import Settings
from dhcpcore.store.schema import history, lease

VERA = Principal("vera", Role.VIEWER, "token")
ANN = Principal("ann", Role.OPERATOR, "session")
ADA = Principal("ada", Role.ADMIN, "session")


class EngineThatIsAway:
    """The control channel of an installation whose engine does not run."""

    def call(self, verb: str, **arguments: Any):
        raise EngineAway("No engine answers.")


class EngineThatAnswers:
    """A control channel that remembers what it was asked and answers from a table."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def call(self, verb: str, **arguments: Any):
        self.calls.append((verb, arguments))
        answer = self.answers.get(verb.replace("-", "_"), {})
        if isinstance(answer, ControlRefused):
            raise answer
        return answer


def appliance(database, engine=None) -> Appliance:
    return Appliance(Settings(database_url=database.url.render_as_string(hide_password=False)), database,
                     engine or EngineThatIsAway())


def a_lease(last: int, **changes: Any) -> Lease:
    hw = bytes([1, 2, 0, 0, 0, 0, last])
    base = Lease(space=0, kind=4, address=bytes([192, 0, 2, last]), plen=32, client=b"\0" + hw, hw=hw,
                 state=int(State.LEASED), expires=4_000_000_000, cltt=1_000, subnet=1, version=1, opened=1,
                 hostname=f"host-{last}", relay=b"", agent=b"")
    return base._replace(**changes)


def store(database, *leases: Lease) -> None:
    with database.writer() as connection:
        connection.execute(insert(lease), [one._asdict() for one in leases])


def remember(database, one: Lease, opened_at: int, closed_at: int | None = None, reason: int | None = None) -> None:
    row = one._asdict()
    kept = ("space", "kind", "address", "plen", "client", "hw", "subnet", "hostname", "relay", "agent")
    with database.writer() as connection:
        connection.execute(insert(history), [{name: row[name] for name in kept} | {
            "version": one.opened, "opened_at": opened_at, "closed_at": closed_at, "reason": reason}])
