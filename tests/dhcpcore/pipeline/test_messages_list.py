"""DHCPKit's list of messages: a first one, and lazy others."""

import pytest

from dhcpcore.pipeline.messages_list import MessagesList


def test_an_empty_one_has_no_first_and_yields_nothing():
    empty = MessagesList(None, ["never"])
    assert not empty
    assert list(empty) == []
    with pytest.raises(IndexError):
        empty[0]


def test_only_the_first_can_be_looked_at_and_replaced():
    listed = MessagesList("a", ["b"])
    assert listed
    assert listed[0] == "a"
    for index in (1, -1):
        with pytest.raises(IndexError):
            listed[index]
        with pytest.raises(IndexError):
            listed[index] = "x"
    listed[0] = "c"
    assert list(listed) == ["c", "b"]


def test_those_after_the_first_are_made_when_they_are_wanted():
    made = []

    def more():
        made.append(1)
        yield "b"

    listed = MessagesList("a", more())
    assert made == []
    assert list(listed) == ["a", "b"]


def test_on_an_empty_one_a_first_may_be_set():
    listed = MessagesList()
    listed[0] = "a"
    assert list(listed) == ["a"]
