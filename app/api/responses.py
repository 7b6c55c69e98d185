"""What can go wrong with an operation, for its description."""

from __future__ import annotations

from typing import Any

_DESCRIPTIONS = {
    404: "There is no such thing.",
    406: "It cannot be had in any media type that was asked for.",
    409: "Understood, and refused in the present state.",
    412: "It was changed meanwhile, or `If-Match` is no `ETag` of it.",
    413: "The body is too large.",
    415: "The body is of another media type than described.",
    428: "`If-Match` is missing.",
    500: "The script failed; the engine's log says how.",
    503: "The database does not answer; try again.",
}


class Problems:
    """The error answers of an operation, as flask-openapi wants them; the document names their model in one place."""

    @staticmethod
    def of(*statuses: int) -> dict[int | str, Any]:
        """The named statuses with their sentences."""
        return {status: {"description": _DESCRIPTIONS[status]} for status in statuses}
