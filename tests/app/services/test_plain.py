from dataclasses import dataclass
from pathlib import Path

from app.services.plain import plain, printable, time_text


@dataclass(frozen=True)
class Inner:
    seen_at: float
    raw: bytes


@dataclass(frozen=True)
class Outer:
    ends_at: int | None
    count: int
    inner: tuple[Inner, ...]
    path: Path


def test_views_become_plain_data_with_rfc_3339_times():
    assert plain(Outer(None, 5, (Inner(1_800_000_000.9, b"\xff"),), Path("/x"))) == {
        "ends_at": None, "count": 5, "path": "/x", "inner": [{"seen_at": "2027-01-15T08:00:00Z", "raw": "ff"}]}
    assert plain({"closed_at": 0, "is_at": True}) == {"closed_at": "1970-01-01T00:00:00Z", "is_at": True}


def test_a_time_that_no_calendar_has_stays_a_number():
    assert time_text(-1) == "-1"
    assert time_text(1 << 60) == str(1 << 60)


def test_what_a_terminal_would_act_on_is_shown():
    assert printable("a\x1b[31m\n\u202eb é") == r"a\x1b[31m\n\u202eb é"
