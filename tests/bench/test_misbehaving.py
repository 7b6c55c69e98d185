"""The table of misdeeds, and the command that measures them; the engine that bears them: tests/interop."""

import pytest

from bench.misbehaving import Noticed, main, row
from bench.misdeeds import MISDEEDS


def test_every_misdeed_has_a_name_and_what_is_none_is_refused(capsys):
    assert len({one.name for one in MISDEEDS}) == len(MISDEEDS)
    with pytest.raises(SystemExit):
        main(["whistles"])
    assert "no misdeed is called whistles" in capsys.readouterr().err


def test_a_row_tells_how_long_answers_took_and_how_many_there_were():
    noticed = Noticed(201, tuple(float(n) for n in range(200)))
    assert row(MISDEEDS[0], noticed).endswith("| 100.0 | 198.0 | 199 | 200 of 201 |")
