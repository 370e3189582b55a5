"""What an import costs: whole interpreters, started in turn, with and without it.

Rules of this room: `python -I` with the installed packages, after a run that is not counted and writes the .pyc files.
What an import adds is the time of an interpreter that does it, less that of one in the same round that does nothing.
"""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from collections.abc import Iterable

from benchmarks import operations
from benchmarks.libraries import LIBRARIES, OWN, PRIMITIVE
from benchmarks.measure import Figures
from benchmarks.plan import Cell
from benchmarks.workload import AUDIENCE, ISSUER, Workload

__all__ = ["FIRST", "LOAD", "OAUTH", "START", "count_modules", "measure_imports", "scripts_of"]

START = Cell("python", "start")
OAUTH = Cell(OWN, "import oauth")
LOAD, FIRST = "import", "import and verify"
_OAUTH = "from jwtkit.oauth import Client, AuthorizationCodeFlow, run"


def scripts_of(libraries: Iterable[str], workload: Workload) -> dict[Cell, str]:
    """Give what each interpreter is told to do: nothing, an import, an import and one verification."""
    secret = workload.keys["HS256"]
    values = {
        "token": workload.tokens[operations.verify("HS256")][0],
        "jwk": secret,
        "raw": base64.urlsafe_b64decode(secret["k"] + "=="),
        "issuer": ISSUER,
        "audience": AUDIENCE,
    }
    scripts = {START: "pass"}
    for name in libraries:
        row = LIBRARIES[name]
        if name != PRIMITIVE:
            scripts[Cell(name, LOAD)] = row.load
            scripts[Cell(name, FIRST)] = f"{row.load}\n{row.first.format(**values)}"
        if name == OWN:
            scripts[OAUTH] = _OAUTH
    return scripts


def measure_imports(scripts: dict[Cell, str], rounds: int, *, processor: bool) -> dict[Cell, Figures]:
    """Give the seconds of whole interpreters, round by round: by the clock, or of the processor."""
    clock = _children if processor else time.perf_counter
    cells = list(scripts)
    figures = {cell: Figures(calls=1) for cell in cells}
    for number in range(-1, rounds):
        turn = number % len(cells)
        for cell in cells[turn:] + cells[:turn]:
            began = clock()
            _run(scripts[cell])
            if number >= 0:
                figures[cell].each.append(clock() - began)
    return figures


def count_modules(scripts: dict[Cell, str]) -> dict[Cell, int]:
    """Count the modules that each script loads besides those of a bare interpreter."""
    counts = {cell: int(_run(f"{script}\nimport sys; print(len(sys.modules))")) for cell, script in scripts.items()}
    return {cell: count - counts[START] for cell, count in counts.items()}


def _children() -> float:
    import resource  # not on every system, and asked for only with --processor

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(script: str) -> str:
    command = [sys.executable, "-I", "-W", "ignore", "-c", script]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout  # noqa: S603  # scripts of the table
