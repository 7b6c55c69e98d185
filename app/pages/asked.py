"""What an address's query asks for, cleaned: no endless text, no zero octet, no blanks around it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import request

from dhcpcore.errors import InvalidValue

#: No host name, identifier or address is longer.
TEXT_MAX = 255
#: A cursor holds one of them and where it was, in six bits a letter.
CURSOR_MAX = 1200


def asked(*names: str) -> dict[str, str]:
    """The named parameters; empty where they are missing."""
    return {name: _cleaned(request.args.get(name, ""), CURSOR_MAX if name == "cursor" else TEXT_MAX) for name in names}


def _cleaned(text: str, longest: int) -> str:
    return text[:longest].replace("\0", "").strip()


def moment(text: str) -> datetime | None:
    """A time as the field of a form has it, in UTC, as pages show times; None where there is none."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValue(f"{text} is no time: right is one such as 2026-01-31T13:45, in UTC.") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
