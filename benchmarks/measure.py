"""Take turns: calibrate every cell of a group, then time one batch of each in every round, in an order that rotates."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from benchmarks import material
from benchmarks.crew import Crew, WorkerError
from benchmarks.plan import Cell, Group, Settings
from benchmarks.workload import Workload

__all__ = ["Figures", "Results", "measure", "quartiles"]

# A cell whose single call takes longer is timed once, and takes no part in the rounds.
_TOO_SLOW = 0.05


@dataclass
class Figures:
    """What is known of one cell.

    Attributes:
        each: seconds for one call, round by round; only one figure where `slow`.
        calls: calls in a batch.
        slow: one call takes so long that it was not repeated.
        reason: why there is nothing, or "".
    """

    each: list[float] = field(default_factory=list)
    calls: int = 0
    slow: bool = False
    reason: str = ""

    @property
    def median(self) -> float | None:
        """The median of the rounds."""
        return statistics.median(self.each) if self.each else None


Results = dict[str, dict[Cell, Figures]]


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """Give the median between its quartiles: lower, median, upper."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
    return lower, median, upper


def measure(groups: Iterable[Group], workload: Workload, settings: Settings, say: Callable[[str], None]) -> Results:
    """Measure all groups, in as many sittings as the settings say.

    Raises:
        WorkerError: a worker failed, or did something wrong.
    """
    results: Results = {}
    chosen = list(groups)
    for sitting in range(settings.sittings):
        with Crew(workload) as crew:
            for group in chosen:
                rounds = _rounds(group, settings, sitting)
                if rounds:
                    say(group.name if rounds == settings.rounds else f"{group.name}, sitting {sitting + 1}")
                    figures = results.setdefault(group.name, {cell: Figures() for cell in group.cells})
                    _measure_group(crew, group, figures, workload, settings, rounds)
    return results


def _rounds(group: Group, settings: Settings, sitting: int) -> int:
    """Share the rounds out; a large key set takes so long to parse that it is parsed once."""
    if group.section == "keys":
        return 0 if sitting else settings.rounds
    return settings.rounds // settings.sittings + (sitting < settings.rounds % settings.sittings)


def _measure_group(
    crew: Crew, group: Group, figures: dict[Cell, Figures], workload: Workload, settings: Settings, rounds: int
) -> None:
    ready = _prepared(crew, group, figures, workload)
    names = {name for cell in ready for name in _workers(cell)}
    for name in names:
        crew.ask(name, "settle")
    calls: dict[Cell, int] = {}
    for cell in (cell for cell in ready if not figures[cell].slow):
        seconds = settings.together if any(other.way for other in group.cells) else settings.batch
        for name in _workers(cell):
            answer = crew.ask(name, "calibrate", operation=cell.operation, seconds=seconds)
        if answer["each"] > _TOO_SLOW and not figures[cell].each:
            figures[cell].slow, figures[cell].each = True, [answer["each"]]
        else:
            calls[cell] = figures[cell].calls = answer["count"]
    cells = list(calls)
    for number in range(-1, rounds):
        turn = number % max(1, len(cells))
        order = cells[turn:] + cells[:turn]
        for cell in order if number % 2 else reversed(order):
            each = _time(crew, cell, calls[cell], processor=settings.processor and group.section != "threads")
            if number >= 0:  # the first round is a rehearsal
                figures[cell].each.append(each)
    for name in names:
        crew.ask(name, "forget")


def _prepared(crew: Crew, group: Group, figures: dict[Cell, Figures], workload: Workload) -> list[Cell]:
    """Prepare every cell, and give those that can do it."""
    ready = []
    for cell in group.cells:
        for name in _workers(cell):
            try:
                answer = crew.ask(name, "prepare", operation=cell.operation)
            except WorkerError as error:
                raise WorkerError(f"{cell} is not ready to be timed\n{error}") from None
        figures[cell].reason = answer.get("unsupported", "")
        if figures[cell].reason:
            continue
        if answer["sample"] is not None:
            wrong = material.problem(cell.library, cell.operation, answer["sample"], workload)
            if wrong:
                raise WorkerError(wrong)
        ready.append(cell)
    return ready


def _workers(cell: Cell) -> tuple[str, ...]:
    return (cell.library, f"{cell.library}#2") if cell.way == "2 processes" else (cell.library,)


def _time(crew: Crew, cell: Cell, calls: int, *, processor: bool) -> float:
    """Give the seconds for one call; of two that run together, half of the time that both take for one."""
    threads = 2 if cell.way == "2 threads" else 1
    names = _workers(cell)
    command = {"operation": cell.operation, "count": calls, "threads": threads, "processor": processor}
    if len(names) == 1:
        answer = crew.ask(names[0], "time", **command, hold=False)
        return float(answer["seconds"]) / calls / threads
    for name in names:
        crew.ask(name, "time", **command, hold=True)
    for name in names:
        crew.send(name, go=True)
    return 1 / sum(calls / float(crew.receive(name)["seconds"]) for name in names)
