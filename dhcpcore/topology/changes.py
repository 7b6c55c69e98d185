"""What one change of the definitions does, as values that people read: added, removed or changed, before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["added", "removed", "changed"]
_SIGNS: Mapping[str, str] = {"added": "+", "removed": "-", "changed": "~"}
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """One object of the definitions that a document changes; the forms are the document's own, canonical."""

    action: Action
    kind: str  #: globals, option definition, subnet, pool, prefix pool or assignment.
    name: str  #: What it is called where there are several of its kind.
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        head = f"{_SIGNS[self.action]} {self.kind} {self.name}".rstrip()
        if self.action != "changed":
            return head
        return f"{head}: {'; '.join(self.differences())}"

    def differences(self) -> Iterator[str]:
        """``lifetime: 1h -> 2h`` for each key that is another; of keys that are gone or new, one side."""
        before, after = self.before or {}, self.after or {}
        told = False
        for key in [*before, *(key for key in after if key not in before)]:
            old, new = before.get(key, _ABSENT), after.get(key, _ABSENT)
            if old != new:
                told = True
                yield f"{key}: {_text(old)} -> {_text(new)}"
        if not told:
            yield "another place in the order"


def _text(value: object) -> str:
    return "(none)" if value is _ABSENT else str(value)
