"""The base of plain values: every attribute can be set once, while the value is made, and never again.

`dataclasses` costs a sixth of a peer's whole import, so the floors that `import jwtkit` loads use this instead.
"""

from __future__ import annotations

from typing import NoReturn

__all__ = ["Frozen", "put"]

# For constructors of values that come by the thousand: it does not look whether the slot is empty.
put = object.__setattr__


class Frozen:
    """A slotted value whose slots are written once. Subclasses declare `__slots__` and `Final` attributes."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, name):
            raise AttributeError(f"{type(self).__name__} is frozen: {name} is set already")
        put(self, name, value)

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be deleted")
