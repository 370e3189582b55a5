"""One run from beginning to end: make the workload, measure what was chosen, judge the targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import imports, machine, material
from benchmarks.measure import Results, measure
from benchmarks.memory import weigh
from benchmarks.plan import Settings, groups_of
from benchmarks.report import Outcome
from benchmarks.targets import judge, targets_of

__all__ = ["measure_all"]


def measure_all(
    settings: Settings,
    libraries: tuple[str, ...],
    chosen: set[str],
    facts: dict[str, Any],
    say: Callable[[str], None],
) -> Outcome:
    """Measure.

    Args:
        settings: how long and how much.
        libraries: whose figures.
        chosen: names of groups, and "import" and "memory".
        facts: the description of the machine, which is completed.
        say: told what is being done.

    Raises:
        WorkerError: a library failed, or did something wrong.
    """
    say("keys and tokens")
    workload = material.make_workload(settings.sizes, settings.key_sets, settings.plaintexts)
    groups = [group for group in groups_of(settings, libraries) if group.name in chosen]
    results: Results = measure(groups, workload, settings, say)
    modules = {}
    if "import" in chosen:
        say("import")
        scripts = imports.scripts_of(libraries, workload)
        modules = imports.count_modules(scripts)
        # An interpreter takes so much longer than a batch that half as many rounds tell as much.
        results["import"] = imports.measure_imports(scripts, (settings.rounds + 1) // 2, processor=settings.processor)
    weights = {}
    if "memory" in chosen:
        say("memory")
        weights = weigh(libraries, workload, settings)
    return Outcome(
        machine=facts | {"load_after": machine.load()},
        settings=settings,
        libraries=libraries,
        results=results,
        verdicts=[judge(one, results) for one in targets_of(settings, workload) if one.group in results],
        modules=modules,
        weights=weights,
    )
