"""What an address's query asks for, cleaned: no endless text, no zero octet, no blanks around it."""

from __future__ import annotations

from flask import request

#: No host name, identifier or address is longer.
TEXT_MAX = 255


def asked(*names: str) -> dict[str, str]:
    """The named parameters; empty where they are missing."""
    return {name: request.args.get(name, "")[:TEXT_MAX].replace("\0", "").strip() for name in names}
