"""What jwtkit wants to reach: each target is a quotient of figures of the same round, and its median decides.

Rules of this room: a target that cannot be judged says why, and is never taken for one that is reached.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from benchmarks import imports, operations
from benchmarks.libraries import OWN, PRIMITIVE
from benchmarks.measure import Figures, Results, quartiles
from benchmarks.plan import Cell, Settings, encryption_group, in_bytes
from benchmarks.workload import ALGORITHMS, Workload

__all__ = ["Target", "Verdict", "judge", "targets_of"]

Round = Mapping[Cell, float]


class Target(NamedTuple):
    """One target.

    Attributes:
        what: what is compared.
        group: the group that has the figures.
        cells: whose figures are needed.
        figure: what the figures of a round give.
        bound: what the median must not go beyond, or must reach with `least`.
        least: more is better.
    """

    what: str
    group: str
    cells: tuple[Cell, ...]
    figure: Callable[[Round], float]
    bound: float
    least: bool = False


class Verdict(NamedTuple):
    """How a target stands: the median between its quartiles, or the reason why there is none."""

    target: Target
    figures: tuple[float, float, float] | None
    reason: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether it is reached, or None where it could not be judged."""
        if self.figures is None:
            return None
        median, bound = self.figures[1], self.target.bound
        return median >= bound if self.target.least else median <= bound


def targets_of(settings: Settings, workload: Workload) -> list[Target]:
    """Give all targets."""
    return [*_hmac(), *_public(), *_remembered(), *_large(settings, workload), *_processes()]


def judge(target: Target, results: Results) -> Verdict:
    """Judge a target by what was measured."""
    group = results.get(target.group, {})
    figures = [group.get(cell, Figures(reason="not measured")) for cell in target.cells]
    reasons = [one.reason or "too slow" for one in figures if not one.each or one.slow]
    if reasons:
        return Verdict(target, None, reasons[0])
    rounds = [
        dict(zip(target.cells, values, strict=True)) for values in zip(*(one.each for one in figures), strict=True)
    ]
    return Verdict(target, quartiles([target.figure(one) for one in rounds]))


def _quotient(what: str, group: str, over: Cell, *under: Cell, bound: float, least: bool = False) -> Target:
    return Target(what, group, (over, *under), lambda one: one[over] / sum(one[cell] for cell in under), bound, least)


def _hmac() -> list[Target]:
    rows = [
        ("HS256 verify", "verify-HS256", operations.verify("HS256"), 1.05, 6),
        ("HS256 verify, nested claims", "verify-HS256", operations.NESTED, 1.20, 5),
        ("HS256 sign", "sign-HS256", operations.sign("HS256"), 1.15, 5),
        ("HS256 sign, claims built", "sign-HS256", operations.BUILT, 1.5, None),
    ]
    targets = []
    for what, group, name, most, times in rows:
        own = Cell(OWN, name)
        targets.append(_quotient(f"{what} / webtoken", group, own, Cell("webtoken", name), bound=most))
        if times is not None:
            targets.append(_quotient(f"PyJWT / {what}", group, Cell("PyJWT", name), own, bound=times, least=True))
    return targets


def _public() -> list[Target]:
    name = operations.verify("RS256")
    own, bare, other = Cell(OWN, name), Cell(PRIMITIVE, name), Cell("PyJWT", name)
    signing = operations.sign("RS256")
    targets = [
        _quotient("RS256 verify / webtoken", "verify-RS256", own, Cell("webtoken", name), bound=1.2),
        Target(
            "RS256 verify adds / PyJWT adds",
            "verify-RS256",
            (own, bare, other),
            lambda one: (one[own] - one[bare]) / (one[other] - one[bare]),
            0.25,
        ),
        _quotient("RS256 sign / primitive", "sign-RS256", Cell(OWN, signing), Cell(PRIMITIVE, signing), bound=1.08),
    ]
    for verb, naming in (("verify", operations.verify), ("sign", operations.sign)):
        for alg in ("ES256", "Ed25519"):
            cells = Cell(OWN, naming(alg)), Cell(PRIMITIVE, naming(alg)), Cell(OWN, naming("HS256"))
            targets.append(_quotient(f"{alg} {verb} / (primitive + HS256 {verb})", f"{verb}-{alg}", *cells, bound=1.10))
    return targets


def _remembered() -> list[Target]:
    hmac = Cell(OWN, operations.verify("HS256"))
    return [
        _quotient(
            f"{alg} verify, remembered / HS256 verify",
            f"verify-{alg}",
            Cell(OWN, operations.remembered(alg)),
            hmac,
            bound=0.70,
        )
        for alg in ALGORITHMS
    ]


def _large(settings: Settings, workload: Workload) -> list[Target]:
    size = settings.plaintexts[-1]
    targets = []
    for verb, naming in (("encrypt", operations.encrypt), ("decrypt", operations.decrypt)):
        own, bare = Cell(OWN, naming("dir", size)), Cell(PRIMITIVE, naming("dir", size))
        group = encryption_group("dir", size)
        targets.append(
            _quotient(f"JWE {verb}, dir, {in_bytes(size)} / (AES-GCM + base64 + copy)", group, own, bare, bound=1.15)
        )
    few, many = settings.key_sets[0], settings.key_sets[-1]
    small, large = Cell(OWN, operations.in_set(few)), Cell(OWN, operations.in_set(many))
    targets.append(_quotient(f"verify in a set of {many:,} keys / of {few:,}", "keys", large, small, bound=1.2))
    short, long = settings.sizes[-2], settings.sizes[-1]
    lengths = [len(workload.tokens[operations.sized(one)][0]) for one in (short, long)]
    less, more = Cell(OWN, operations.sized(short)), Cell(OWN, operations.sized(long))
    targets.append(
        Target(
            f"per byte: verify {in_bytes(long)} / {in_bytes(short)}",
            "size",
            (less, more),
            lambda one: (one[more] / lengths[1]) / (one[less] / lengths[0]),
            1.1,
        )
    )
    return targets


def _processes() -> list[Target]:
    name = operations.verify("ES256")
    threads, processes = Cell(OWN, name, "2 threads"), Cell(OWN, name, "2 processes")
    start, other = imports.START, Cell("PyJWT", imports.LOAD)
    targets = [
        _quotient(
            "ES256 verify: work of 2 threads / of 2 processes", "threads", processes, threads, bound=0.70, least=True
        )
    ]
    for what, cell, bound in (
        ("import of the format", Cell(OWN, imports.LOAD), 0.25),
        ("import of jwtkit.oauth", imports.OAUTH, 0.60),
    ):
        targets.append(
            Target(
                f"{what} / PyJWT's",
                "import",
                (cell, start, other),
                lambda one, cell=cell: (one[cell] - one[start]) / (one[other] - one[start]),  # type: ignore[misc]
                bound,
            )
        )
    return targets
