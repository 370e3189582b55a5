"""The base of plain values: a class whose attributes can be set once, while it is made.

`dataclasses` costs a sixth of a peer's whole import, so the floors that `import jwtkit` loads use this instead.
"""

from __future__ import annotations

from typing import NoReturn

__all__ = ["Frozen", "fill"]

fill = object.__setattr__


class Frozen:
    """Refuses assignment and deletion; constructors write their slots through `fill`."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be deleted")
