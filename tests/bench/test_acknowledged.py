import struct
from pathlib import Path

import pytest

from bench.acknowledged import Comparison, compare, read
from bench.errors import BadOutput


def address(last: int) -> str:
    return f"10.77.1.{last}"


@pytest.fixture
def written(tmp_path: Path):
    def write(*pairs: tuple[int, int]):
        content = b"".join(struct.pack("!I4B", client, 10, 77, 1, last) for client, last in pairs)
        (tmp_path / "leases").write_bytes(content)
        return read(tmp_path / "leases")

    return write


def test_equal_sets_differ_in_nothing(written):
    wire = written((1, 1), (2, 2))
    assert compare(wire, [address(1), address(2)]) == Comparison(2, 2, missing=0, unseen=0, superseded=0, shared=0)


def test_an_acknowledged_address_without_a_row_is_missing(written):
    assert compare(written((1, 1), (2, 2)), [address(1)]).missing == 1


def test_a_row_that_was_never_acknowledged_is_unseen(written):
    assert compare(written((1, 1)), [address(1), address(9)]).unseen == 1


@pytest.mark.parametrize("rows", [[2], [1, 2]])
def test_the_earlier_address_of_a_client_may_have_a_row_or_not(written, rows):
    found = compare(written((1, 1), (1, 2)), [address(last) for last in rows])
    assert (found.missing, found.unseen, found.superseded) == (0, 0, 1)


def test_the_present_address_of_a_client_must_have_its_row(written):
    assert compare(written((1, 1), (1, 2)), [address(1)]).missing == 1


def test_an_address_of_two_clients_is_shared(written):
    assert written((1, 1), (2, 1)).shared == 1


def test_the_same_client_twice_shares_nothing(written):
    assert written((1, 1), (1, 2), (1, 1)).shared == 0


def test_a_torn_file_is_refused(tmp_path: Path):
    (tmp_path / "leases").write_bytes(bytes(9))
    with pytest.raises(BadOutput, match="record"):
        read(tmp_path / "leases")
