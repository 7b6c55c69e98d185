"""The codes are an interface: spelt one way, unique, and each in the manual with its meaning."""

import re

from dhcpcore.places import data_dir
from dhcpcore.stats.reasons import Reason, Verdict


def _rows() -> list[tuple[str, str, str]]:
    """Section, code and meaning of every row of the manual's page."""
    rows = []
    section = ""
    for line in (data_dir("docs") / "reasons.md").read_text().splitlines():
        if line.startswith("## "):
            section = line[3:].lower()
        elif match := re.fullmatch(r"\| `([A-Z0-9-]+)` \| (.+) \|", line):
            rows.append((section, match[1], match[2]))
    return rows


def test_the_manual_has_every_reason_with_its_meaning_and_no_other() -> None:
    assert sorted(_rows()) == sorted((reason.verdict.value, reason.code, reason.text) for reason in Reason)


def test_codes_are_upper_case_words_with_hyphens_and_unique() -> None:
    codes = [reason.code for reason in Reason]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[A-Z]+(-[A-Z]+)*", code) for code in codes)


def test_a_refusal_is_named_nak_or_status_and_nothing_else_is() -> None:
    for reason in Reason:
        assert reason.code.startswith(("NAK-", "STATUS-")) == (reason.verdict is Verdict.REFUSED)


def test_reasons_count_by_identity() -> None:
    assert {Reason.OFFER: 1}[Reason.OFFER] == 1
    assert len({hash(reason) for reason in Reason}) == len(Reason)
