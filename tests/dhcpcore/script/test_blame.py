"""Who is blamed for what a host suffered, and for how long."""

from dhcpcore.pipeline.questions import Matter, Question
from dhcpcore.script.blame import CLIENTS_MAX, Blame
from tests.packets4 import DISCOVER, client, request


def question(number: int, matter: Matter = Matter.ADMIT) -> Question:
    return Question(number, matter, request(DISCOVER, client(number), number), "DISCOVER", bytes(4), 67, bytes(4))


def test_it_is_longer_each_time_and_ends() -> None:
    blame, now = Blame(), 100.0
    assert not blame.is_out(question(1), now)
    for pause in (4.0, 15.0, 60.0, 60.0):
        blame.charge(question(1), now)
        assert blame.is_out(question(1), now + pause - 0.1)
        now += pause
        assert not blame.is_out(question(1), now)


def test_it_is_of_one_client_and_one_matter() -> None:
    blame = Blame()
    assert blame.charge(question(1), 0.0)
    assert not blame.charge(question(1), 0.0)
    assert not blame.is_out(question(2), 0.0)
    assert not blame.is_out(question(1, Matter.ANSWER), 0.0)


def test_an_answer_in_time_ends_it() -> None:
    blame = Blame()
    blame.charge(question(1), 0.0)
    blame.acquit(question(1))
    assert not blame.is_out(question(1), 0.0)
    assert blame.charge(question(1), 0.0)


def test_no_more_are_remembered_than_the_limit() -> None:
    blame = Blame()
    for number in range(CLIENTS_MAX + 1):
        blame.charge(question(number), 0.0)
    assert not blame.is_out(question(0), 0.0)
    assert blame.is_out(question(1), 0.0)
