"""The base of values whose possession proves something: verified, checked, or granted.

Such a value has no public constructor, a copy of it is the value itself, and pickling, which could make one that was
never checked, is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Never, NoReturn, Self

from jwtkit.errors import UsageError

__all__ = ["Proof"]


class Proof:
    """A value that one function makes, with `object.__new__`, after every check has passed."""

    __slots__ = ()
    _origin: ClassVar[str]

    if TYPE_CHECKING:

        def __init__(self, _: Never, /) -> None: ...
    else:

        def __init__(self, *_arguments: object, **_named: object) -> None:
            raise UsageError(f"{type(self).__name__} comes from {self._origin} only, so that it proves something")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise UsageError(f"{type(self).__name__} is proof and cannot be pickled: keep its text, and verify it again")
