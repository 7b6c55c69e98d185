"""What holds in every subnet unless it says otherwise: ``globals`` of the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.services import declared
from app.services.access import Principal
from app.services.appliance import Appliance
from app.services.changes import NOBODY_LOSES, make, merged
from app.services.declared import DeclaredPiece
from app.services.definitions import Applied
from dhcpcore.store.topology_edits import Wish


def get(appliance: Appliance) -> DeclaredPiece:
    """What is written; what is not has its default."""
    return declared.globals_(appliance)


def replace(appliance: Appliance, entry: Mapping[str, Any], *, by: Principal, version: int | None = None,
            ) -> tuple[DeclaredPiece, Applied | None]:
    """Write it anew; ``version``: only where it is still that one."""
    _, applied = make(appliance, [Wish("globals", entry, since=version)], by=by, consent=NOBODY_LOSES,
                      note="globals changed")
    return get(appliance), applied


def change(appliance: Appliance, patch: Mapping[str, Any], *, by: Principal, version: int | None = None,
           ) -> tuple[DeclaredPiece, Applied | None]:
    """Change what a merge patch names and keep the rest."""
    return replace(appliance, merged(get(appliance).entry, patch), by=by, version=version)
