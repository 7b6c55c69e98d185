"""Names of classes that exist without being declared."""

from __future__ import annotations

from collections.abc import Collection

ALL, KNOWN, UNKNOWN, DROP, BOOTP = "ALL", "KNOWN", "UNKNOWN", "DROP", "BOOTP"
#: As DROP, but who asks for an address is told that it gets none.
REJECT = "REJECT"
VENDOR_CLASS, SPAWN = "VENDOR_CLASS_", "SPAWN_"
#: Guards write these two small.
GUARD_KNOWN, GUARD_UNKNOWN = "known", "unknown"
#: May be declared, for options and the like, and are never tested.
UNTESTED = (ALL, KNOWN, UNKNOWN, BOOTP)
#: What begins with one of these may be named anywhere: who is of it is said by others than the document.
FREE_PREFIXES = (VENDOR_CLASS, "EXTERNAL_", "AFTER_", "HA_")


def exists(name: str, declared: Collection[str]) -> bool:
    """Whether a client can be of a class of that name: built in, declared, or made by a declared template."""
    return (
        name in declared
        or name in {*UNTESTED, DROP, REJECT, GUARD_KNOWN, GUARD_UNKNOWN}
        or name.startswith(FREE_PREFIXES)
        or any(name.startswith(f"{SPAWN}{template}_") for template in declared if name.startswith(SPAWN))
    )


def template_of(name: str, templates: Collection[str]) -> str | None:
    """The template that makes a class of that name: the one with the longest name."""
    made = [one for one in templates if name.startswith(f"{SPAWN}{one}_")]
    return max(made, key=len, default=None)
