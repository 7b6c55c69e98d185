"""Limits of classes: never more leases, in all and in each subnet, nor packets; what ends gives its place back."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from tests.packets4 import ACK, NAK, REQUEST, client
from tests.playbook import SERVER, World, traces
from tests.scenarios.served import apply, served

Make = Callable[..., World]
OFFICE, FLOOR = "192.0.2.2", "198.51.100.2"
TWO = """
classes:
  - {name: tel, test: "option[60].hex == 'tel'"LIMITS}
  - {name: port, template_test: "relay4[1].hex"PORTS}
  - {name: given, max_leases: 1}
subnets:
  - {prefix: 192.0.2.0/24, lifetime: 1h, pools: [{first: 192.0.2.100, last: 192.0.2.149}],
     assignments: [{hw_address: "02:00:00:00:00:21", classes: [given]},
       {hw_address: "02:00:00:00:00:22", classes: [given]}]}
  - {prefix: 198.51.100.0/24, lifetime: 1h, pools: [{first: 198.51.100.100, last: 198.51.100.149}]}
"""
TEL = {"options": {60: b"tel"}}


def text(tel: str = "", port: str = "") -> str:
    return TWO.replace("LIMITS", f", {tel}" if tel else "").replace("PORTS", f", {port}" if port else "")


def counters(w: World) -> dict[tuple[str, int], int]:
    return {(name, scope): held for name, scope, held in w.sql.execute("SELECT class, scope, held FROM class_count")}


def test_a_class_has_no_more_leases_than_its_limit_wherever_its_clients_are(world: Make) -> None:
    w = served(world, text("max_leases: 2"))
    w.lease(client(1), via=OFFICE, **TEL)
    w.lease(client(2), via=FLOOR, **TEL)
    assert w.discover(client(3), via=OFFICE, **TEL) is None
    assert w.reason == "LIMIT-REACHED"
    assert "Class tel has as many leases as it may have." in list(traces(w))
    assert w.select(client(3), "192.0.2.120", via=OFFICE, **TEL).kind == NAK
    assert w.reason == "NAK-LIMIT"
    assert w.lease(client(4), via=OFFICE).kind == ACK
    assert counters(w) == {("tel", 0): 2}


def test_in_each_subnet_it_has_its_own(world: Make) -> None:
    w = served(world, text("max_leases_per_subnet: 1"))
    w.lease(client(1), via=OFFICE, **TEL)
    assert w.discover(client(2), via=OFFICE, **TEL) is None
    assert "Class tel has as many leases as it may have in subnet 1." in list(traces(w))
    assert w.lease(client(2), via=FLOOR, **TEL).kind == ACK
    assert w.discover(client(3), via=FLOOR, **TEL) is None
    assert counters(w) == {("tel", 1): 1, ("tel", 2): 1}


def test_a_templates_limit_is_that_of_each_class_that_it_makes(world: Make) -> None:
    w = served(world, text(port="max_leases: 1"))
    one, other = ({"via": OFFICE, "agent": b"\x01\x01" + octet} for octet in (b"a", b"b"))
    w.lease(client(1), **one)
    assert w.discover(client(2), **one) is None
    assert w.lease(client(2), **other).kind == ACK
    assert counters(w) == {("SPAWN_port_a", 0): 1, ("SPAWN_port_b", 0): 1}


def test_a_class_that_an_assignment_gives_is_limited_as_well(world: Make) -> None:
    w = served(world, text())
    w.lease(client(0x21), via=OFFICE)
    assert w.discover(client(0x22), via=OFFICE) is None
    assert w.reason == "LIMIT-REACHED"
    assert w.lease(client(0x23), via=OFFICE).kind == ACK


def test_without_a_limit_nothing_is_counted_and_nothing_asked(world: Make) -> None:
    w = served(world, text().replace(", max_leases: 1", ""))
    for n in range(5):
        w.lease(client(n), via=OFFICE, **TEL)
    assert counters(w) == {}
    assert w.sql.execute("SELECT * FROM lease_class").fetchall() == []
    assert not [one for one in w.engine.plan.handlers if "lass" in type(one).__name__ and "imit" in type(one).__name__]


@pytest.mark.parametrize("how", ["release", "decline", "end"])
def test_what_ends_gives_its_place_back(world: Make, how: str) -> None:
    w = served(world, text("max_leases: 1, max_leases_per_subnet: 1"))
    address = w.lease(client(1), via=OFFICE, **TEL).yiaddr
    assert w.discover(client(2), via=OFFICE, **TEL) is None
    if how == "release":
        w.release(client(1), address)
    elif how == "decline":
        w.decline(client(1), address, via=OFFICE)
    else:
        w.pass_(3601)
        w.sweep()
    assert set(counters(w).values()) <= {0}
    assert w.lease(client(2), via=OFFICE, **TEL).kind == ACK
    assert counters(w) == {("tel", 0): 1, ("tel", 1): 1}


def test_an_ended_lease_that_another_takes_counts_for_the_others_classes(world: Make) -> None:
    one = text("max_leases: 1").replace("192.0.2.149", "192.0.2.100")
    w = served(world, one)
    w.lease(client(1), via=OFFICE, **TEL)
    w.pass_(3700)
    assert w.lease(client(2), via=OFFICE).yiaddr == "192.0.2.100"
    assert counters(w) == {("tel", 0): 0}
    w.pass_(3700)
    assert w.lease(client(3), via=OFFICE, **TEL).yiaddr == "192.0.2.100"
    assert counters(w) == {("tel", 0): 1}


def test_who_has_a_lease_goes_on_and_moves(world: Make) -> None:
    w = served(world, text("max_leases: 1"))
    address = w.lease(client(1), via=OFFICE, **TEL).yiaddr
    w.pass_(1800)
    assert w.renew(client(1), address, **TEL).kind == ACK
    assert w.select(client(1), "192.0.2.120", via=OFFICE, **TEL).kind == ACK
    assert counters(w) == {("tel", 0): 1}


def test_a_renewal_counts_what_was_not_counted_and_is_then_written_as_any(
    world: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = served(world, text())
    addresses = [w.lease(client(n), via=OFFICE, **TEL).yiaddr for n in (1, 2)]
    apply(w, text("max_leases: 1"))
    w.pass_(60)
    for n, address in enumerate(addresses, 1):
        assert w.renew(client(n), address, **TEL).kind == ACK
    assert counters(w) == {("tel", 0): 2}
    assert w.discover(client(3), via=OFFICE, **TEL) is None
    w.pass_(60)
    monkeypatch.setattr(w.store._store._rows, "counting", None)
    assert w.renew(client(1), addresses[0], **TEL).kind == ACK
    assert counters(w) == {("tel", 0): 2}


def test_of_two_in_one_batch_one_is_refused(world: Make) -> None:
    w = served(world, text("max_leases: 1"))
    packets = [
        w.packet(REQUEST, client(n), requested=f"192.0.2.{110 + n}", server=SERVER, via=OFFICE, **TEL) for n in (1, 2)
    ]
    assert sorted(answer.kind for answer in w.send(*packets)) == [ACK, NAK]
    assert counters(w) == {("tel", 0): 1}


def test_of_two_engines_that_both_saw_the_last_place_one_gives_it_out(world: Make) -> None:
    w = served(lambda: world(engines=2), text("max_leases: 1"))
    w.nodes[1].store.before_commit.append(lambda: w.select(client(1), "192.0.2.110", by=0, via=OFFICE, **TEL))
    assert w.select(client(2), "192.0.2.120", by=1, via=OFFICE, **TEL).kind == NAK
    assert w.reason == "NAK-LIMIT"
    assert counters(w) == {("tel", 0): 1}


def test_a_class_sends_no_more_than_its_rate(world: Make) -> None:
    w = served(world, text("rate: 2").replace("classes: [given]", "classes: []"))
    sent = [w.discover(client(n), via=OFFICE, **TEL) for n in range(4)]
    assert [one is not None for one in sent] == [True, True, False, False]
    assert w.reason == "RATE-LIMITED"
    assert "Class tel sends more than its rate." in list(traces(w))
    assert w.discover(client(9), via=OFFICE) is not None
    w.pass_(1)
    assert w.discover(client(3), via=OFFICE, **TEL) is not None


def test_a_rate_of_a_class_that_an_assignment_gives(world: Make) -> None:
    w = served(world, text().replace("max_leases: 1", "rate: 1"))
    assert w.discover(client(0x21), via=OFFICE) is not None
    assert w.discover(client(0x22), via=OFFICE) is None
    assert w.reason == "RATE-LIMITED"
    assert w.discover(client(0x23), via=OFFICE) is not None


def test_a_wrong_count_is_put_right_within_a_minute_and_ended_rows_go(world: Make) -> None:
    w = served(world, text("max_leases: 1"))
    w.lease(client(1), via=OFFICE, **TEL)
    w.sql.execute("UPDATE class_count SET held = 7")
    w.sql.execute("UPDATE lease_class SET opened = 77")
    w.pass_(59)
    w.sweep()
    assert counters(w) == {("tel", 0): 7}
    w.pass_(2)
    w.sweep()
    assert counters(w) == {}
    assert w.sql.execute("SELECT * FROM lease_class").fetchall() == []


@pytest.mark.parametrize("seed", range(6))
def test_against_a_plain_model(world: Make, seed: int) -> None:
    """Whatever clients do: no class has more than it may, and the counters are what a plain count gives."""
    draw = random.Random(seed)
    w = served(lambda: world(engines=2), text("max_leases: 4, max_leases_per_subnet: 3", "max_leases: 2"))
    model: dict[str, frozenset[str]] = {}  # The classes that the lease of an address counts for.
    who_of: dict[str, int] = {}
    for _ in range(160):
        n, by = draw.randrange(9), draw.randrange(2)
        port, tel, relay = draw.choice((b"a", b"b")), draw.random() < 0.7, draw.choice((OFFICE, FLOOR))
        said = {"via": relay, "agent": b"\x01\x01" + port, "options": {60: b"tel"} if tel else {}}
        names = frozenset([f"SPAWN_port_{port.decode()}", *(["tel"] if tel else [])])
        mine = [address for address, holder in who_of.items() if holder == n]
        match draw.randrange(6):
            case 0 | 1 | 2:
                before = dict(model)
                offer = w.discover(client(n), by=by, **said)
                ack = None if offer is None else w.select(client(n), offer, by=by, **said)
                if ack is not None and ack.kind == ACK:
                    if model.get(ack.yiaddr) is None or who_of[ack.yiaddr] != n:
                        model[ack.yiaddr] = names
                    for left in mine:
                        if left != ack.yiaddr and left.rpartition(".")[0] == ack.yiaddr.rpartition(".")[0]:
                            model.pop(left), who_of.pop(left)
                    who_of[ack.yiaddr] = n
                else:
                    assert not before.keys() - model.keys()
            case 3 if mine:
                w.release(client(n), mine[0], by=by)
                model.pop(mine[0]), who_of.pop(mine[0])
            case 4 if mine:
                w.renew(client(n), mine[0], by=by, options=said["options"])
            case 5:
                w.pass_(draw.choice((10, 600)))
                w.sweep(by=by)
        held = {row[0] for row in w.sql.execute("SELECT address FROM lease WHERE state = 1")}
        for address in list(model):
            if bytes(map(int, address.split("."))) not in held:
                model.pop(address), who_of.pop(address)
        told = Counter(name for names in _recorded(w).values() for name in names)
        assert told["tel"] <= 4
        assert max(told[f"SPAWN_port_{p}"] for p in "ab") <= 2
        assert all(_recorded(w)[address] == names for address, names in model.items())
        assert {key: n for key, n in counters(w).items() if n} == _counted(w)
    assert _recorded(w).keys() == model.keys()


def _recorded(w: World) -> dict[str, set[str]]:
    """The classes of each lease that is held, by its rows."""
    found: dict[str, set[str]] = {}
    for address, name in w.sql.execute(
        "SELECT l.address, c.class FROM lease l LEFT JOIN lease_class c ON c.address = l.address "
        "AND c.opened = l.opened WHERE l.state = 1"
    ):
        found.setdefault(".".join(map(str, address)), set()).update([name] if name else [])
    return found


def _counted(w: World) -> dict[tuple[str, int], int]:
    made: Counter[tuple[str, int]] = Counter()
    for address, names in _recorded(w).items():
        for name in names:
            made[name, 0] += 1
            if name == "tel":
                made[name, 1 if address.startswith("192.") else 2] += 1
    return dict(made)
