"""What became of a script's hosts so far, and a question that is under way."""

from __future__ import annotations

from dataclasses import dataclass

from dhcpcore.pipeline.questions import Question


@dataclass(slots=True)
class Asked:
    """A question under way."""

    question: Question
    at: float


@dataclass(slots=True)
class Figures:
    """What became of the host so far."""

    started: int = 0
    overruns: int = 0
    deaths: int = 0
    asked: int = 0
    failed: int = 0

    def as_document(self) -> dict[str, int]:
        """For people."""
        return {"started": self.started, "overruns": self.overruns, "deaths": self.deaths, "questions": self.asked,
                "failed": self.failed}  # fmt: skip
