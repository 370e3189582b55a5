"""Secret: text that cannot end in a log by accident."""

from __future__ import annotations

from typing import Final, NoReturn, Self, final

from jwtkit._frozen import Frozen
from jwtkit.errors import UsageError

__all__ = ["Secret", "same_text"]


def same_text(one: str, other: str) -> bool:
    """Compare texts in constant time, whatever characters a peer put into one."""
    from hmac import compare_digest

    return compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


@final
class Secret(Frozen):
    """Text that shows itself only when asked with `reveal()`.

    It is no `str` on purpose: joining, formatting or serialising it fails, or shows a redacted word. Two secrets are
    compared in constant time.

    Example:
        >>> password = Secret("correct horse")
        >>> print(password), password.reveal()
        Secret(...)
        (None, 'correct horse')
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Wrap a text.

        Raises:
            UsageError: it is not a str, or empty.
        """
        if not isinstance(text, str) or not text:
            raise UsageError(f"a Secret holds a non-empty str, got {type(text).__name__}")
        self._text: Final = text

    def reveal(self) -> str:
        """Give the text."""
        return self._text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return same_text(self._text, other._text)

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(...)"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise UsageError("a Secret is not pickled: store reveal() where secrets are stored")
