"""What the appliance answers at itself: a script cannot register anything there."""

from __future__ import annotations

#: First parts of the paths of pages, REST and files; a test holds the list against the table of routes.
FIRST_PARTS = frozenset("""
    account api assignments assignments.csv audit classes definitions definitions.yaml events fragments globals handlers
    healthz leases log login logout manual metrics option-definitions options pools readyz revisions scripts setup
    shared-networks static subnets users
""".split())
PATH_MAX = 255


def fault_of(path: str) -> str:
    """Why nothing of a script's can answer at ``path``; empty where it can."""
    if not path.startswith("/"):
        return "A path begins with a slash."
    if len(path) > PATH_MAX:
        return f"A path has at most {PATH_MAX} characters."
    # Browsers go from /a/../b to /b, and read a backslash as a slash.
    if path.startswith("//") or not path.isprintable() or set(path) & set("?#\\") or {".", ".."} & set(path.split("/")):
        return "No browser asks for such a path."
    first = path[1:].partition("/")[0]
    if not first:
        return "The dashboard is there."
    if first in FIRST_PARTS:
        return f"/{first} belongs to the appliance's own pages."
    return ""
