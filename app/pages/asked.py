"""What an address's query asks for, cleaned: no endless text, no zero octet, no blanks around it."""

from __future__ import annotations

from flask import request

#: No host name, identifier or address is longer.
TEXT_MAX = 255
#: A cursor holds one of them and where it was, in six bits a letter.
CURSOR_MAX = 1200


def asked(*names: str) -> dict[str, str]:
    """The named parameters; empty where they are missing."""
    return {name: _cleaned(request.args.get(name, ""), CURSOR_MAX if name == "cursor" else TEXT_MAX) for name in names}


def _cleaned(text: str, longest: int) -> str:
    return text[:longest].replace("\0", "").strip()
