"""Arrays packed by us mean to PostgreSQL what psycopg's own lists mean."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from dhcpcore.store.postgresql_arrays import PACK, register

pytestmark = pytest.mark.pg

SAMPLES: dict[str, list[list[Any]]] = {
    "bool": [[], [True], [True, False, False]],
    "int2": [[], [0], [-32768, 32767, 4]],
    "int4": [[], [7], [-(2**31), 2**31 - 1]],
    "int8": [[], [1_700_000_000], [-(2**63), 2**63 - 1, 0]],
    "bytea": [[], [b""], [b"\0\xff", b"x" * 511, b"y" * 512, b"z" * 70_000, b"{,}\\"]],
    "text": [[], [""], ["host", "h\u00f6st", 'a,"b"\\{}', "NULL"]],
}
TOO_MUCH = {"int2": 32768, "int4": -(2**31) - 1, "int8": 2**63}


@pytest.fixture
def connection(pg_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(pg_url.replace("+psycopg", ""), autocommit=True) as connection:
        register(connection)
        yield connection


@pytest.mark.parametrize(("kind", "values"), [(kind, values) for kind, lists in SAMPLES.items() for values in lists])
def test_they_arrive_as_they_are(connection: psycopg.Connection[Any], kind: str, values: list[Any]) -> None:
    packed = PACK[kind](values)
    found = connection.execute(f"SELECT %b::{kind}[] = %s::{kind}[], %b::{kind}[]", (packed, values, packed)).fetchone()
    assert found == (True, values)


@pytest.mark.parametrize("kind", TOO_MUCH)
def test_a_number_too_large_is_an_error_of_the_data(kind: str) -> None:
    with pytest.raises(psycopg.DataError, match="does not fit"):
        PACK[kind]([0, TOO_MUCH[kind]])


def test_a_text_without_a_form_in_utf8_is_an_error_of_the_data() -> None:
    with pytest.raises(psycopg.DataError, match="UTF-8"):
        PACK["text"](["\udcff"])


def test_nul_in_a_text_is_the_servers_error_of_the_data(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.DataError):
        connection.execute("SELECT %b::text[]", (PACK["text"](["a\0b"]),))
