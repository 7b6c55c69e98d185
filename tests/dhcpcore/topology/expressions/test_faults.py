"""The caret stands under the place, however long the line is."""

from dhcpcore.topology.expressions.faults import InvalidExpression


def test_line_and_column_count_from_one() -> None:
    fault = InvalidExpression("is wrong", "one\ntwo three", 8)
    assert (fault.line, fault.column) == (2, 5)
    assert str(fault) == "line 2, column 5: is wrong\n    two three\n        ^"


def test_a_long_line_is_cut_around_the_place() -> None:
    text = "a" * 200 + "X" + "b" * 200
    shown, caret = InvalidExpression("is wrong", text, 200).shown.split("\n")
    assert len(shown) <= 80
    assert shown[caret.index("^")] == "X"


def test_the_caret_may_stand_behind_the_end_and_no_further() -> None:
    assert InvalidExpression("ends", "abc", 99).shown == "    abc\n       ^"


def test_what_cannot_be_printed_takes_its_place_as_a_space() -> None:
    assert InvalidExpression("is wrong", "a\tb\x07c", 4).shown == "    a b c\n        ^"
