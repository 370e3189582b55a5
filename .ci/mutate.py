"""Mutation testing that is quick enough to be done: only the tests that execute the changed line, each time in a fork.

    python .ci/mutate.py jwt/policy jose/gate ...

1. One process runs the tests once and notes which lines each of them executes. For each mutant inside a function it
   then forks, swaps that function's code, and runs the tests of the line until one fails.
2. What lives on, because a value that was made or remembered earlier may have hidden the change, and every mutant
   outside functions, gets a fork in which nothing of jwtkit was imported yet.

Tests that cost more than half a second or start other programs are left out. A mutant that changes nothing is tried
first, so that a harness which fails by itself is not taken for one that finds everything.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final

import coverage
import pytest
from _pytest.runner import runtestprotocol
from mutants import Mutant, mutants

SOURCE: Final = Path.cwd() / "src" / "jwtkit"
OPTIONS: Final = ["-q", "-s", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
LEFT_OUT: Final = (
    "tests/interop",
    "tests/shell",
    "tests/typing",
    "node_peer",
    "test_imports.py",
    "test_loopback.py",
    "test_remote",
)
SLOWEST: Final = 0.5  # seconds that a test may take
FIRST, SECOND = 3.0, 8.0  # seconds of tests for one mutant in each round
# What tests import and costs time to load; nothing of it imports jwtkit.
HEAVY: Final = ("cryptography.hazmat.primitives.asymmetric.rsa", "joserfc.jwt", "jwcrypto.jwt", "jwt")
LIVES, KILLED, UNDECIDED = 0, 1, 2

Tell = Callable[[str], object]
Outcome = tuple[int, str]  # of a mutant: its fate, and the test that killed it


def path_of(module: str) -> str:
    """Give the file of a module, named as `jwt/policy` is."""
    return str(SOURCE / f"{module}.py")


class Tests:
    """What running them once has told: what each costs, and for each line those that execute it."""

    def __init__(self, seconds: dict[str, float], lines: dict[str, dict[int, list[str]]], late: set[str]) -> None:
        self.seconds, self.lines, self.late = seconds, lines, late

    def of(self, module: str, lines: Iterable[int]) -> list[str]:
        """Give the tests of some lines: quick ones of different kinds first, properties last."""
        known = self.lines[module]
        turn: Counter[str] = Counter()
        keyed = []
        for test in sorted({test for line in lines for test in known.get(line, ())}, key=self.seconds.__getitem__):
            turn[test.partition("[")[0]] += 1
            keyed.append((test in self.late, turn[test.partition("[")[0]] // 3, self.seconds[test], test))
        return [test for *_, test in sorted(keyed)]

    def touching(self, mutant: Mutant) -> list[str]:
        """Give the tests that may notice a mutant: those of its line first.

        What is computed once and remembered is noticed by tests that never execute its line: so by others of the same
        files too, and outside functions by all that execute what reads the name that is defined there.
        """
        if mutant.function is not None:
            own = self.of(mutant.module, [mutant.line])
            files = {test.partition("::")[0] for test in own}
            others = self.of(mutant.module, self.lines[mutant.module])
            return list(dict.fromkeys([*own, *(test for test in others if test.partition("::")[0] in files)]))
        tree = ast.parse(Path(path_of(mutant.module)).read_text(encoding="utf-8"))
        around = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.stmt) and node.lineno <= mutant.line <= (node.end_lineno or 0)
        ]
        bodies = [line.lineno for node in around if isinstance(node, ast.FunctionDef) for line in node.body]
        targets = [node.target for node in around if isinstance(node, ast.AnnAssign)]
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        readers = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in names]
        near = self.of(mutant.module, [mutant.line, *bodies, *readers])
        # What is read elsewhere: everything that executes any line of the module.
        return list(dict.fromkeys([*near, *self.of(mutant.module, self.lines[mutant.module])]))


# --- first round


class FirstRound:
    """A pytest plugin in whose run every mutant of a function gets its fork."""

    def __init__(self, wanted: Sequence[Mutant], report: Tell) -> None:
        self.wanted, self.report = wanted, report
        self.outcomes: dict[str, Outcome] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what needs other programs."""
        items[:] = [item for item in items if not any(part in item.nodeid for part in LEFT_OUT)]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests once, and then those of each mutant."""
        self.tests = learn(session.items, {mutant.module for mutant in self.wanted}, self.report)
        items = {item.nodeid: item for item in session.items}
        killers: dict[str | None, Counter[str]] = defaultdict(Counter)
        for mutant in [*unchanged(self.wanted), *self.wanted]:
            live, tests = live_function(mutant), self.tests.of(mutant.module, [mutant.line])
            if live is None or not tests:
                continue
            known = killers[f"{mutant.module} {mutant.function}"]
            first = [test for test, _ in known.most_common(20) if test in tests]
            chosen = [items[test] for test in dict.fromkeys(first + tests) if test not in self.tests.late]
            fate, killer = in_fork(partial(run_swapped, mutant, live, chosen), longest=FIRST * 4)
            if fate == KILLED:
                known[killer] += 1
            note(self.outcomes, mutant, (fate, killer), self.report)
        return True


def learn(items: list[pytest.Item], modules: set[str], report: Tell) -> Tests:
    """Run every test once, and note what it costs and which lines of the modules it executes."""
    watch = coverage.Coverage(data_file=None, config_file=False, include=[path_of(module) for module in modules])
    seconds, late = {}, set()
    watch.start()
    for item, following in zip(items, [*items[1:], items[-1]], strict=True):
        watch.switch_context(item.nodeid)
        began = time.perf_counter()
        reports = runtestprotocol(item, nextitem=following, log=False)
        took = time.perf_counter() - began
        if any(one.failed for one in reports):
            report(f"left out, as it fails without any mutant: {item.nodeid}")
        elif all(one.passed for one in reports) and took < SLOWEST:
            seconds[item.nodeid] = took
            if hasattr(getattr(item, "obj", None), "hypothesis"):
                late.add(item.nodeid)
    watch.stop()
    found = {module: watch.get_data().contexts_by_lineno(path_of(module)) for module in modules}
    lines = {
        module: {line: [test for test in tests if test in seconds] for line, tests in known.items()}
        for module, known in found.items()
    }
    report(f"{len(seconds)} of {len(items)} tests, which take {sum(seconds.values()):.0f} seconds")
    return Tests(seconds, lines, late)


def run_swapped(mutant: Mutant, live: FunctionType, items: Sequence[pytest.Item], tell: Tell) -> int:
    """Give a function its mutant's code, and run tests until one fails."""
    live.__code__ = next(code for code in codes(mutant.code) if is_same(code, live.__code__))
    began = time.perf_counter()
    setup: Any = items[0].session._setupstate
    setup.teardown_exact(items[0])  # what the test before has left standing
    for item, following in zip(items, [*items[1:], items[-1]], strict=True):
        if any(report.failed for report in runtestprotocol(item, nextitem=following, log=False)):
            tell(item.nodeid)
            return KILLED
        if time.perf_counter() - began > FIRST:
            return UNDECIDED
    return LIVES


def codes(code: CodeType) -> Iterator[CodeType]:
    """Give a code object and all those inside."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def is_same(one: CodeType, other: CodeType) -> bool:
    """Tell whether two code objects are of one function."""
    return (one.co_qualname, one.co_firstlineno) == (other.co_qualname, other.co_firstlineno)


def live_function(mutant: Mutant) -> FunctionType | None:
    """Find the function of an imported module that a mutant lies in."""
    holder: Any = sys.modules.get(f"jwtkit.{mutant.module.replace('/', '.')}")
    for name in (mutant.function or "").split("."):
        holder = vars(holder).get(name) if holder is not None else None
        holder = getattr(holder, "__func__", None) or getattr(holder, "fget", None) or holder
    if not isinstance(holder, FunctionType):
        return None
    return holder if any(is_same(code, holder.__code__) for code in codes(mutant.code)) else None


# --- second round


class Chosen:
    """A pytest plugin that runs some tests in some order, and tells the one that failed."""

    def __init__(self, tests: Sequence[str], tell: Tell) -> None:
        self.order = {test: number for number, test in enumerate(tests)}
        self.tell = tell

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Choose."""
        chosen = [item for item in items if item.nodeid in self.order]
        items[:] = sorted(chosen, key=lambda item: self.order[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell."""
        if report.failed:
            self.tell(report.nodeid)


def second_round(wanted: Iterable[Mutant], tests: Tests, outcomes: dict[str, Outcome], report: Tell) -> None:
    """Give each mutant processes in which it is imported instead of what is right."""
    for mutant in wanted:
        chosen, spent = [], 0.0
        for test in tests.touching(mutant):
            spent += tests.seconds[test]
            if spent < SECOND:
                chosen.append(test)
        outcome = LIVES, "" if chosen else "no test executes it"
        for part in (chosen[:60], chosen[60:]):
            if part and outcome[0] == LIVES:
                outcome = in_fork(partial(run_fresh, mutant, part), longest=SECOND * 4)
        note(outcomes, mutant, outcome, report)


def run_fresh(mutant: Mutant, tests: Sequence[str], tell: Tell) -> int:
    """Import everything with the mutant in its place, and run tests until one fails."""
    original = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        return mutant.code if self.path == path_of(mutant.module) else original(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[assignment, method-assign]  # it is what is changed
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    status = pytest.main([*OPTIONS, "-x", *files], plugins=[Chosen(tests, tell)])
    return LIVES if status == pytest.ExitCode.OK else KILLED


# --- both


def unchanged(wanted: Iterable[Mutant]) -> list[Mutant]:
    """Give for each module a mutant that changes nothing, and so must live."""
    one_of_each = {mutant.module: mutant for mutant in wanted if mutant.function is not None}
    return [
        mutant._replace(
            code=compile(Path(path_of(module)).read_text(encoding="utf-8"), path_of(module), "exec"), change=""
        )
        for module, mutant in one_of_each.items()
    ]


def note(outcomes: dict[str, Outcome], mutant: Mutant, outcome: Outcome, report: Tell) -> None:
    """Keep an outcome; of a mutant without a change only see that it lives."""
    fate, killer = outcome
    if mutant.change:
        outcomes[mutant.key] = outcome
        report(f"{('lives ', 'killed', 'lives?')[fate]} {mutant.key}  {killer}")
    elif fate == KILLED:
        raise SystemExit(f"{mutant.module}: {killer or 'everything'} fails without any change")


def in_fork(work: Callable[[Tell], int], *, longest: float) -> Outcome:
    """Do something in a child; a mutant that hangs or crashes is killed as surely as one that fails."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(round(longest))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        fate = KILLED
        try:
            fate = work(lambda text: os.write(writing, text.encode()[:4000]))
        finally:
            os._exit(fate)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode(errors="replace")
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == -signal.SIGALRM:
        told = "out of time"
    return (status if status in (LIVES, UNDECIDED) else KILLED), told


def first_round(every: Sequence[Mutant], report: Tell) -> tuple[dict[str, Outcome], Tests]:
    """Do the first round in a child, so that nothing of jwtkit is imported here."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        plugin = FirstRound(every, report)
        status = pytest.main([*OPTIONS, "tests"], plugins=[plugin])
        with os.fdopen(writing, "w") as pipe:
            parts = plugin.outcomes, plugin.tests.seconds, plugin.tests.lines, list(plugin.tests.late)
            json.dump(parts, pipe)
        os._exit(status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED))
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    if os.waitpid(child, 0)[1] != 0:
        raise SystemExit("the first round failed")
    outcomes, seconds, lines, late = json.loads(text)
    numbered = {module: {int(line): tests for line, tests in known.items()} for module, known in lines.items()}
    return outcomes, Tests(seconds, numbered, set(late))


def main() -> int:
    """Print what becomes of each mutant, and at the end those that live: each is a gap, or changes nothing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", nargs="+", help="such as jwt/policy")
    modules = parser.parse_args().modules
    os.environ["COVERAGE_CORE"] = "ctrace"  # the only one that knows which test executes a line
    sys.path.insert(0, str(SOURCE.parent))
    began = time.perf_counter()

    def report(text: str) -> None:
        print(f"{time.perf_counter() - began:7.1f}  {text}", flush=True)

    every = [mutant for module in modules for mutant in mutants(module, path_of(module))]
    report(f"{len(every)} mutants")
    outcomes, tests = first_round(every, report)
    for name in HEAVY:
        importlib.import_module(name)
    left = [mutant for mutant in every if outcomes.get(mutant.key, (UNDECIDED, ""))[0] != KILLED]
    report(f"{len(left)} mutants left for the second round")
    second_round([*unchanged(left)[:1], *left], tests, outcomes, report)
    for module in modules:
        mine = [mutant for mutant in every if mutant.module == module]
        alive = [mutant for mutant in mine if outcomes[mutant.key][0] != KILLED]
        print(f"{module}: {len(mine)} mutants, {len(mine) - len(alive)} killed, {len(alive)} live")
        print("".join(f"    {mutant.line}: {mutant.change}\n" for mutant in alive), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
