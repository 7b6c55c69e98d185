"""Times in questions: RFC 3339, and nothing that only looks like a number of seconds."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

_NUMBER = re.compile(r"[+-]?[\d.]+")


def _written(value: Any) -> Any:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        raise ValueError("a time as RFC 3339 writes it is right, such as 2026-11-27T08:00:00Z")
    return value


#: A moment, with its offset or ``Z``.
Time = Annotated[datetime, BeforeValidator(_written)]
