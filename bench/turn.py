"""One turn: one server, started anew, measured in the modes asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bench import processes
from bench.plan import Plan
from bench.running import Running
from bench.trial import Trial


@dataclass(slots=True)
class Turn:
    """What came of it, filled as it goes on. A figure that could not be had (a rate not reached) is absent."""

    server: str
    repetition: int
    figures: dict[str, float] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """The running server with what was found about it so far: the modes read it and add to it."""

    running: Running
    plan: Plan
    turn: Turn

    @property
    def figures(self) -> Mapping[str, float]:
        """What is known so far."""
        return self.turn.figures

    def closed_loop(
        self, purpose: str, seconds: float | None = None, *, window: int | None = None, renew: bool = False
    ) -> Trial:
        """A closed-loop trial with the CPU time that it took."""
        window, seconds = window or self.plan.window, seconds or self.plan.seconds
        return self._keep(lambda: self.running.generator.closed_loop(purpose, window, seconds, renew=renew))

    def open_loop(self, purpose: str, rate_per_s: float, seconds: float | None = None) -> Trial:
        """An open-loop trial with the CPU time that it took."""
        seconds = seconds or self.plan.seconds
        return self._keep(lambda: self.running.generator.open_loop(purpose, rate_per_s, seconds))

    def perfdhcp(self, purpose: str, rate_per_s: float, seconds: float) -> Trial:
        """The same by perfdhcp."""
        return self._keep(lambda: self.running.generator.perfdhcp(purpose, rate_per_s, seconds))

    def usage(self) -> processes.Usage:
        """What the server and its database have used so far."""
        return processes.usage(self.running.pids)

    def note(self, **figures: float | None) -> None:
        """Adds figures; those that are None are left out."""
        self.turn.figures.update({name: value for name, value in figures.items() if value is not None})

    def _keep(self, load: Callable[[], Trial]) -> Trial:
        before = (processes.busy_s(), self.usage().cpu_s, processes.ended_children_s())
        trial = load()
        after = (processes.busy_s(), self.usage().cpu_s, processes.ended_children_s())
        machine_s, server_s, generator_s = (late - early for late, early in zip(after, before, strict=True))
        kept = replace(trial, cpu_s=server_s, others_cpu_s=max(0.0, machine_s - server_s - generator_s))
        self.turn.trials.append(kept)
        return kept
