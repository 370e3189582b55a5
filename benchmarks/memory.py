"""What a verified token and a parsed key weigh: many of them in a fresh process, divided by their number.

Two scales: what Python traces, and how much the process grows, which includes what other languages allocate and is
rounded by the allocators. A token is what a verification gives, with the text if it keeps that. A key is RSA with 2048
bits in a set, and has been used once where the library finds keys by `kid`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from benchmarks.crew import Crew
from benchmarks.libraries import PRIMITIVE
from benchmarks.plan import Settings
from benchmarks.workload import Workload

__all__ = ["Weight", "weigh"]


class Weight(NamedTuple):
    """Bytes for one token and for one key, or None where there is no figure."""

    token_traced: float | None
    token_resident: float | None
    key_traced: float | None
    key_resident: float | None


def weigh(libraries: Iterable[str], workload: Workload, settings: Settings) -> dict[str, Weight]:
    """Weigh tokens and keys of each library."""
    weights = {}
    with Crew(workload) as crew:
        for name in (name for name in libraries if name != PRIMITIVE):
            found = []
            for what, count in (("token", settings.tokens), ("key", settings.keys)):
                for traced in (True, False):
                    answer = crew.ask(name, "weigh", what=what, count=count, warm=settings.key_sets[0], traced=traced)
                    found.append(answer.get("bytes"))
                    crew.dismiss(name)
            weights[name] = Weight(*found)
    return weights
