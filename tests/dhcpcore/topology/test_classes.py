"""Groups of classes: each is looked at once for the same values, in the order that they depend on each other."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dhcpcore.topology.build import from_document
from dhcpcore.topology.classes import MEMO_MAX, Classes
from dhcpcore.topology.validate import validate
from tests.dhcpcore.topology.expressions.subjects import subject


def classes(*listed: dict[str, Any]) -> Classes:
    made = from_document(validate({"version": 1, "classes": list(listed)})).classes
    assert made is not None
    return made


def matched(made: Classes, packet: Any, given: Any = None) -> set[str]:
    before = made.match(packet)
    return made.match_known(packet, before, given).names - {"ALL", "KNOWN", "UNKNOWN"}


def vendors(count: int) -> list[dict[str, Any]]:
    return [{"name": f"v{number}", "test": f"option[60].hex == 'v{number}'"} for number in range(count)]


def test_classes_that_read_the_same_are_one_group() -> None:
    made = classes(*vendors(50), {"name": "short", "test": "substring(option[60].hex, 0, 1) == 'v'"})
    (level,) = made._before
    assert len(level.groups) == 2
    assert matched(made, subject({60: b"v7"})) == {"v7", "short"}
    assert matched(made, subject({60: b"x"})) == set()


def test_a_group_is_worked_out_once_for_the_same_values() -> None:
    made = classes(*vendors(3))
    made._whole = None
    ((group, _),) = made._before[0].groups
    for _ in range(3):
        assert matched(made, subject({60: b"v1"})) == {"v1"}
    assert group._memo == {(b"v1",): ("v1",)}


def test_what_is_remembered_is_bounded() -> None:
    made = classes(*vendors(1))
    made._whole = None
    ((group, _),) = made._before[0].groups
    for number in range(MEMO_MAX + 5):
        made.match(subject({60: b"%d" % number}))
    assert len(group._memo) <= MEMO_MAX
    before = len(group._memo)
    assert matched(made, subject({60: bytes(300)})) == set()
    assert len(group._memo) == before, "a long value is not worth its memory"


def test_a_class_that_depends_on_facts_comes_after_them() -> None:
    made = classes({"name": "lab"}, {"name": "a", "test": "member('lab')"}, {"name": "b", "test": "member('a')"},
                   {"name": "c", "test": "known"}, {"name": "d", "test": "option[60].exists"})  # fmt: skip
    packet = subject({60: b"x"})
    assert made.match(packet).names == {"ALL", "d"}
    assert matched(made, subject({60: b"x"}), ["lab"]) == {"lab", "a", "b", "c", "d"}
    assert matched(made, subject({60: b"x"}), []) == {"c", "d"}
    assert matched(made, subject({60: b"x"})) == {"d"}


def test_what_is_built_in_can_be_asked_for() -> None:
    made = classes({"name": "a", "test": "member('ALL')"}, {"name": "b", "test": "member('VENDOR_CLASS_x y')"},
                   {"name": "c", "test": "member('BOOTP')"}, {"name": "d", "test": "'a' == 'a'"})  # fmt: skip
    assert matched(made, subject({60: b"x y"})) == {"a", "b", "d", "VENDOR_CLASS_x y"}
    assert matched(made, subject({60: b"z"})) == {"a", "d", "VENDOR_CLASS_z"}
    assert matched(made, subject(kind=None)) == {"a", "c", "d", "BOOTP"}


def test_what_a_template_makes_can_be_asked_for() -> None:
    made = classes({"name": "x", "test": "member('SPAWN_t_v')"}, {"name": "t", "template_test": "option[60].hex"})
    assert matched(made, subject({60: b"v"})) == {"x", "t", "SPAWN_t_v"}
    assert matched(made, subject({60: b"w"})) == {"t", "SPAWN_t_w"}
    assert matched(made, subject()) == set()


TESTS = ["option[60].hex == 'a'", "option[60].exists", "substring(option[61].hex, 0, 3) == 'foo'",
         "option[12].text == 'b'", "known", "not known", "option[60].hex == option[12].hex",
         "relay4[1].hex == 'p'", "relay4[2].exists", "pkt4.mac == 0x020000000007"]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_remembering_changes_nothing(data: st.DataObject) -> None:
    """The same as every expression evaluated by itself, in an order that its members allow."""
    names = [f"c{number}" for number in range(data.draw(st.integers(1, 6)))]
    listed = []
    for number, name in enumerate(names):
        test = data.draw(st.sampled_from(TESTS))
        for other in data.draw(st.lists(st.sampled_from(names[:number]), max_size=2)) if number else ():
            test = f"({test}) {data.draw(st.sampled_from(['and', 'or', 'and not']))} member('{other}')"
        listed.append({"name": name, "test": test})
    made = classes(*data.draw(st.permutations(listed)))
    from dhcpcore.topology.expressions.compiler import compiled
    from dhcpcore.wire.v4.options import DHCP4_OPTIONS

    for _ in range(4):
        options = data.draw(st.dictionaries(st.sampled_from([12, 60]), st.sampled_from([b"a", b"b", b""])))
        assignment = data.draw(st.sampled_from([None, []]))
        agent = data.draw(st.sampled_from([None, b"", b"\x01\x01p", b"\x02\x01p"]))
        plain = subject(options, agent=agent, classes=[] if assignment is None else ["KNOWN"])
        for one in listed:
            if compiled(one["test"], DHCP4_OPTIONS).evaluate(plain):
                plain.classes = {*plain.classes, one["name"]}
        assert matched(made, subject(options, agent=agent), assignment) == plain.classes - {"KNOWN"}


def test_the_whole_is_remembered_over_levels_and_by_all_that_they_read() -> None:
    made = classes({"name": "a", "test": "option[60].hex == 'x'"}, {"name": "b", "test": "member('a')"},
                   {"name": "c", "test": "member('b') and option[77].exists"})  # fmt: skip
    assert len(made._before) == 3
    for _ in range(2):
        assert matched(made, subject({60: b"x"})) == {"a", "b"}
        assert matched(made, subject({60: b"x", 77: b"u"})) == {"a", "b", "c"}
        assert matched(made, subject({60: b"y", 77: b"u"})) == set()
    assert made._whole is not None
    assert len(made._whole) == 3


def test_where_something_differs_from_client_to_client_the_whole_is_not_looked_for() -> None:
    made = classes(*vendors(3), {"name": "b", "test": "member('v1')"})
    for number in range(MEMO_MAX + 1):
        made.match(subject({60: b"%d" % number}))
    assert made._whole is None
    assert matched(made, subject({60: b"v1"})) == {"v1", "b"}
    assert matched(made, subject({60: b"x"})) == set()
