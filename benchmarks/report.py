"""Tables in Markdown, which read well in a terminal too, and everything that was measured as JSON.

Rules of this room: figures are medians; a number in parentheses is a median of quotients of the same round; what is not
there is a "-", and the reasons stand below the table.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import imports, operations
from benchmarks.libraries import OWN, PRIMITIVE
from benchmarks.measure import Figures, Results, quartiles
from benchmarks.memory import Weight
from benchmarks.plan import Cell, Settings, encryption_group, in_bytes
from benchmarks.targets import Verdict
from benchmarks.workload import ALGORITHMS, ENCRYPTIONS, NONCE_ALGORITHMS

__all__ = ["Outcome", "as_json", "as_markdown", "number", "quotient"]

_NONE = "-"


@dataclass(frozen=True)
class Outcome:
    """Everything that a run has found."""

    machine: dict[str, Any]
    settings: Settings
    libraries: tuple[str, ...]
    results: Results
    verdicts: list[Verdict]
    modules: Mapping[Cell, int]
    weights: Mapping[str, Weight]


def number(value: float) -> str:
    """Give three digits that count, and never an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def quotient(over: Figures, under: Figures) -> float | None:
    """Give the median of the quotients of each round; of the medians where one of them was too slow for rounds."""
    if over.median is None or under.median is None:
        return None
    if len(over.each) != len(under.each):
        return over.median / under.median
    return statistics.median(a / b for a, b in zip(over.each, under.each, strict=True))


def as_markdown(outcome: Outcome) -> str:
    """Give all tables."""
    parts = [make(outcome) for make in _SECTIONS]
    return "\n".join(part for part in parts if part)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Give everything, in seconds and bytes."""
    return {
        "machine": outcome.machine,
        "settings": outcome.settings._asdict(),
        "targets": [
            {
                "what": one.target.what,
                "reached": one.reached,
                "bound": one.target.bound,
                "at_least": one.target.least,
                "lower_median_upper": one.figures,
                "reason": one.reason,
            }
            for one in outcome.verdicts
        ],
        "groups": {
            name: [_cell_json(cell, figures) for cell, figures in group.items()]
            for name, group in outcome.results.items()
        },
        "modules": {str(cell): count for cell, count in outcome.modules.items()},
        "bytes": {name: weight._asdict() for name, weight in outcome.weights.items()},
    }


def _cell_json(cell: Cell, figures: Figures) -> dict[str, Any]:
    known = {"lower_median_upper": quartiles(figures.each), "calls": figures.calls} if figures.each else {}
    each = [float(f"{value:.5g}") for value in figures.each]
    more = {"slow": True} if figures.slow else {}
    return {**cell._asdict(), **known, **more, **({"each": each} if each else {"reason": figures.reason})}


def _machine(outcome: Outcome) -> str:
    facts = outcome.machine
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items() if name != PRIMITIVE)
    rows = [
        ["processor", f"{facts['processor']}, {facts['cores']} cores"],
        ["system", facts["system"]],
        ["Python", facts["python"]],
        ["libraries", versions],
        ["cryptography", f"{facts['versions'].get(PRIMITIVE, _NONE)} with {facts['openssl']}"],
        ["jwtkit installed as", facts["installed"]],
        ["rounds", f"{outcome.settings.rounds}, of batches of {outcome.settings.batch * 1e3:.0f} ms"],
        ["workers started", "once" if outcome.settings.sittings == 1 else f"{outcome.settings.sittings} times"],
        ["clock", "the processor's time" if outcome.settings.processor else "elapsed time"],
        ["processes waiting", f"{facts['load']} before, {facts.get('load_after')} after"],
    ]
    return "## Machine\n\n" + _table(["", ""], rows, left=2)


def _targets(outcome: Outcome) -> str:
    rows = []
    for one in outcome.verdicts:
        sign = ">=" if one.target.least else "<="
        verdict = {True: "reached", False: "MISSED", None: one.reason}[one.reached]
        lower, median, upper = (f"{value:.2f}" for value in one.figures or (0.0, 0.0, 0.0))
        shown = [median, f"{lower} to {upper}"] if one.figures else [_NONE, _NONE]
        rows.append([one.target.what, *shown, f"{sign} {one.target.bound:.2f}", verdict])
    return "## Targets\n\n" + _table(["jwtkit's", "median", "quartiles", "target", ""], rows) if rows else ""


def _grid(
    title: str, outcome: Outcome, rows: Iterable[tuple[str, str, str]], libraries: Sequence[str], *, unit: float = 1e6
) -> str:
    """Give a table of libraries by operations.

    Args:
        title: its heading.
        outcome: the figures.
        rows: label, group and operation of each row.
        libraries: its columns.
        unit: how many of what is shown are a second.
    """
    lines, reasons = [], []
    for label, group, operation in rows:
        figures = outcome.results.get(group)
        if figures is None:
            continue
        own = figures.get(Cell(OWN, operation), Figures())
        line = [label]
        for library in libraries:
            found = figures.get(Cell(library, operation), Figures())
            reasons += [(library, found.reason)] if found.reason else []
            line.append(_compared(found, own, unit))
        lines.append(line)
    if not lines:
        return ""
    text = f"## {title}\n\n" + _table(["", *libraries], lines)
    once = "\n*: so slow that it was timed once.\n" if any("*" in cell for line in lines for cell in line) else ""
    return text + once + _absent(reasons)


def _absent(reasons: Iterable[tuple[str, str]]) -> str:
    """Say why there is a "-", once for each library."""
    said: dict[str, list[str]] = {}
    for library, reason in dict.fromkeys(reasons):
        said.setdefault(library, []).append(reason)
    return "".join(["\n", *(f"- {library}: {'; '.join(all_)}\n" for library, all_ in said.items())]) if said else ""


def _compared(found: Figures, own: Figures, unit: float) -> str:
    if found.median is None:
        return _NONE
    ratio = quotient(found, own)
    shown = number(found.median * unit) + ("*" if found.slow else "")
    return shown if ratio is None else f"{shown} ({number(ratio)})"


def _verify(outcome: Outcome) -> str:
    rows = [(alg, f"verify-{alg}", operations.verify(alg)) for alg in ALGORITHMS]
    rows.insert(1, ("HS256, nested claims", "verify-HS256", operations.NESTED))
    rows += [(f"{alg}, remembered", f"verify-{alg}", operations.remembered(alg)) for alg in ALGORITHMS]
    title = "Verify: microseconds (times jwtkit)"
    return _grid(title, outcome, _known(outcome, rows), outcome.libraries)


def _known(outcome: Outcome, rows: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Leave out what nobody can do."""
    done = {
        (name, cell.operation)
        for name, group in outcome.results.items()
        for cell, figures in group.items()
        if figures.each
    }
    return [row for row in rows if row[1:] in done]


def _sign(outcome: Outcome) -> str:
    rows = [(alg, f"sign-{alg}", operations.sign(alg)) for alg in ALGORITHMS]
    rows.insert(1, ("HS256, claims built", "sign-HS256", operations.BUILT))
    return _grid("Sign: microseconds (times jwtkit)", outcome, rows, outcome.libraries)


def _nonce(outcome: Outcome) -> str:
    rows = []
    for alg in NONCE_ALGORITHMS:
        group, line = outcome.results.get(f"nonce-{alg}", {}), [alg]
        for library in (PRIMITIVE, OWN):
            random = group.get(Cell(library, operations.signature(alg, deterministic=False)), Figures())
            fixed = group.get(Cell(library, operations.signature(alg, deterministic=True)), Figures())
            line += [_compared(random, Figures(), 1e6), _compared(fixed, random, 1e6)]
        rows += [line] if group else []
    heads = [f"{library}, {way}" for library in (PRIMITIVE, OWN) for way in ("random", "deterministic")]
    title = "ECDSA nonce: microseconds for a raw signature (times the random one)"
    return f"## {title}\n\n" + _table(["", *heads], rows) if rows else ""


def _size(outcome: Outcome) -> str:
    rows = [(in_bytes(size), "size", operations.sized(size)) for size in outcome.settings.sizes]
    return _grid("HS256 verify by length of the token: microseconds (times jwtkit)", outcome, rows, outcome.libraries)


def _keys(outcome: Outcome) -> str:
    rows = [(f"{count:,}", "keys", operations.in_set(count)) for count in outcome.settings.key_sets]
    libraries = [library for library in outcome.libraries if library != PRIMITIVE]
    return _grid("RS256 verify by number of keys in the set: microseconds (times jwtkit)", outcome, rows, libraries)


def _jwe(outcome: Outcome) -> str:
    rows = []
    for alg in ENCRYPTIONS:
        for size in outcome.settings.plaintexts:
            group = encryption_group(alg, size)
            for verb, naming in (("encrypt", operations.encrypt), ("decrypt", operations.decrypt)):
                rows.append((f"{verb}, {alg}, {in_bytes(size)}", group, naming(alg, size)))
    return _grid("JWE with A256GCM: microseconds (times jwtkit)", outcome, rows, outcome.libraries)


def _threads(outcome: Outcome) -> str:
    group, rows = outcome.results.get("threads", {}), []
    for library in outcome.libraries:
        one, two, apart = (
            group.get(Cell(library, operations.verify("ES256"), way), Figures())
            for way in ("", "2 threads", "2 processes")
        )
        gains = [quotient(one, two), quotient(one, apart), quotient(apart, two)]
        shown = [_NONE if gain is None else number(gain) for gain in gains]
        rows += [[library, _compared(one, Figures(), 1e6), *shown]] if one.each else []
    heads = ["", "one thread, microseconds", "work of 2 threads", "work of 2 processes", "threads / processes"]
    return "## ES256 verify together: times the work of one thread\n\n" + _table(heads, rows) if rows else ""


def _import(outcome: Outcome) -> str:
    group, rows = outcome.results.get("import", {}), []
    start = group.get(imports.START, Figures())
    added = {cell: [a - b for a, b in zip(one.each, start.each, strict=True)] for cell, one in group.items()}
    other = added.get(Cell("PyJWT", imports.LOAD), [])
    for library in [cell.library for cell in group if cell.operation == imports.LOAD]:
        cells = [Cell(library, imports.LOAD), Cell(library, imports.FIRST)]
        rows.append([library, *(text for cell in cells for text in _added(outcome, added[cell], cell, other))])
        if library == OWN:
            more = _added(outcome, added[imports.OAUTH], imports.OAUTH, other)
            rows.append(["jwtkit.oauth", *more, _NONE, _NONE])
    heads = ["", "import", "modules", "and verify a first token", "modules"]
    title = "Import: milliseconds added to a bare interpreter (times PyJWT's import)"
    return f"## {title}\n\n" + _table(heads, rows) if rows else ""


def _added(outcome: Outcome, values: list[float], cell: Cell, other: list[float]) -> list[str]:
    text = number(statistics.median(values) * 1e3)
    if other:
        text += f" ({number(statistics.median(a / b for a, b in zip(values, other, strict=True)))})"
    return [text, str(outcome.modules.get(cell, _NONE))]


def _memory(outcome: Outcome) -> str:
    rows = [
        [name, *(_NONE if value is None else f"{value:,.0f}" for value in weight)]
        for name, weight in outcome.weights.items()
    ]
    heads = ["", "token, traced", "token, process", "key, traced", "key, process"]
    return "## Memory: bytes for a verified token and for an RSA key\n\n" + _table(heads, rows) if rows else ""


def _table(heads: list[str], rows: list[list[str]], *, left: int = 1) -> str:
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |\n"

    rule = [f"{'-' * (width - (column >= left))}{':' * (column >= left)}" for column, width in enumerate(widths)]
    return line(heads) + line([one or "-" for one in rule]) + "".join(line(row) for row in rows)


_SECTIONS: tuple[Callable[[Outcome], str], ...] = (
    _machine,
    _targets,
    _verify,
    _sign,
    _nonce,
    _size,
    _keys,
    _jwe,
    _threads,
    _import,
    _memory,
)
