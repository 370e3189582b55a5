"""What is measured: groups of operations that take turns, so that a ratio never compares two different minutes.

Rules of this room: whatever a target compares stands in one group, because only figures of the same round are divided.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from benchmarks import operations
from benchmarks.libraries import LIBRARIES, OWN, PRIMITIVE
from benchmarks.workload import ALGORITHMS, ENCRYPTIONS, NONCE_ALGORITHMS

__all__ = ["QUICK", "SECTIONS", "Cell", "Group", "Settings", "encryption_group", "groups_of", "in_bytes"]

SECTIONS = ("verify", "sign", "nonce", "size", "keys", "jwe", "threads", "import", "memory")


class Settings(NamedTuple):
    """How long and how much.

    Attributes:
        rounds: rounds of each group.
        sittings: how often the workers are started anew for them, because where a process lies in memory matters too.
        batch: seconds that one batch takes.
        together: the same where threads or processes run together.
        sizes: lengths of tokens, in characters.
        key_sets: numbers of keys.
        plaintexts: lengths of what is encrypted, in bytes.
        tokens: how many tokens are weighed.
        keys: how many keys are weighed; one of `key_sets`.
        processor: count the processor's time, which a busy machine disturbs less, and not the time that elapses. What
            runs together is timed by the clock in any case.
    """

    rounds: int = 102
    sittings: int = 3
    batch: float = 0.004
    together: float = 0.025
    sizes: tuple[int, ...] = (200, 1024, 4096, 16384, 65536)
    key_sets: tuple[int, ...] = (10, 1_000, 100_000)
    plaintexts: tuple[int, ...] = (1024, 1024 * 1024)
    tokens: int = 20_000
    keys: int = 1_000
    processor: bool = False


QUICK = Settings(rounds=5, sittings=1, batch=0.001, together=0.005, key_sets=(10, 100, 1_000), tokens=2_000, keys=100)


class Cell(NamedTuple):
    """One operation of one library.

    Attributes:
        library: its name.
        operation: the name of the operation.
        way: "" for one thread, or "2 threads" or "2 processes".
    """

    library: str
    operation: str
    way: str = ""

    def __str__(self) -> str:
        return f"{self.library} {self.operation} {self.way}".rstrip()


class Group(NamedTuple):
    """Cells that take turns.

    Attributes:
        name: what `--only` calls it; up to the hyphen it is the section.
        cells: who takes part.
    """

    name: str
    cells: tuple[Cell, ...]

    @property
    def section(self) -> str:
        """The section it belongs to."""
        return self.name.partition("-")[0]


def in_bytes(size: int) -> str:
    """Give a size as it is read."""
    if size >= 1024 * 1024:
        return f"{size // 1024 // 1024} MiB"
    return f"{size // 1024} KiB" if size >= 1024 else f"{size} B"


def encryption_group(alg: str, size: int) -> str:
    """Name the group of one way to encrypt so many bytes."""
    return f"jwe-{alg.partition('-')[0].lower()}-{in_bytes(size).replace(' ', '')}"


def groups_of(settings: Settings, libraries: Iterable[str] = tuple(LIBRARIES)) -> list[Group]:
    """Give all groups, of the given libraries."""
    chosen = tuple(libraries)

    def everybody(*names: str, but: tuple[str, ...] = ()) -> list[Cell]:
        return [Cell(library, name) for name in names for library in chosen if library not in but]

    def own(*names: str) -> list[Cell]:
        return [Cell(OWN, name) for name in names if OWN in chosen]

    groups = []
    for alg in ALGORITHMS:
        cells = everybody(operations.verify(alg)) + own(operations.remembered(alg))
        cells += everybody(operations.NESTED, but=(PRIMITIVE,)) if alg == "HS256" else own(operations.verify("HS256"))
        groups.append(Group(f"verify-{alg}", tuple(cells)))
    for alg in ALGORITHMS:
        cells = everybody(operations.sign(alg))
        cells += everybody(operations.BUILT, but=(PRIMITIVE,)) if alg == "HS256" else own(operations.sign("HS256"))
        groups.append(Group(f"sign-{alg}", tuple(cells)))
    for alg in NONCE_ALGORITHMS:
        names = [operations.signature(alg, deterministic=choice) for choice in (False, True)]
        both = [Cell(library, name) for name in names for library in (PRIMITIVE, OWN) if library in chosen]
        groups.append(Group(f"nonce-{alg}", tuple(both)))
    sizes = [operations.sized(size) for size in settings.sizes]
    groups.append(Group("size", tuple(everybody(*sizes))))
    sets = [operations.in_set(count) for count in settings.key_sets]
    groups.append(Group("keys", tuple(everybody(*sets, but=(PRIMITIVE,)))))
    for alg in ENCRYPTIONS:
        for size in settings.plaintexts:
            both_ways = everybody(operations.encrypt(alg, size), operations.decrypt(alg, size))
            groups.append(Group(encryption_group(alg, size), tuple(both_ways)))
    ways = ("", "2 threads", "2 processes")
    together = [Cell(library, operations.verify("ES256"), way) for library in chosen for way in ways]
    groups.append(Group("threads", tuple(together)))
    return groups
