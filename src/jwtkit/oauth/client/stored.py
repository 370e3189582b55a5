"""What outlives a process: versioned JSON for values that are kept in a store, a file or an encrypted cookie.

Rules of this room: what is written holds secrets and says its version; what is read is as untrusted as any text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jwtkit import _wire
from jwtkit._clock import is_finite
from jwtkit.errors import MalformedError, NotAllowedError
from jwtkit.oauth.secret import Secret

__all__ = ["Stored", "write"]

_MAX_CHARS: Final = 256 * 1024
_DEPTH: Final = 32
_INT_LIMIT: Final = 10**40


def write(what: str, version: int, members: Mapping[str, object]) -> str:
    """Write members with their version; those that are None are left out, and secrets are revealed."""
    shown = {name: value.reveal() if isinstance(value, Secret) else value for name, value in members.items()}
    kept = {name: value for name, value in shown.items() if value is not None}
    return _wire.serialize({"v": version, **kept}, what).decode("utf-8")


class Stored:
    """Members that were read back; each is asked for by the type it must have."""

    __slots__ = ("_members", "_what")

    def __init__(self, text: str | bytes, what: str, version: int) -> None:
        """Read what `write` wrote.

        Raises:
            MalformedError: it is something else.
            NotAllowedError: another version wrote it.
        """
        self._what: Final = what
        if not isinstance(text, (str, bytes)) or len(text) > _MAX_CHARS:
            raise self._wrong()
        self._members: Final = _wire.parse_object(text, what, depth=_DEPTH, int_limit=_INT_LIMIT)
        if self._members.get("v") != version:
            raise NotAllowedError(f"{what} was written by another version: start a new one")

    def text(self, name: str) -> str:
        """Give a string that is there and not empty."""
        value = self._members.get(name)
        if not isinstance(value, str) or not value:
            raise self._wrong()
        return value

    def optional_text(self, name: str) -> str | None:
        """Give a string, or None where there is none."""
        return None if name not in self._members else self.text(name)

    def optional_secret(self, name: str) -> Secret | None:
        """Give a secret, or None where there is none."""
        value = self.optional_text(name)
        return None if value is None else Secret(value)

    def number(self, name: str) -> float:
        """Give a number of seconds."""
        value = self._members.get(name)
        if not is_finite(value):
            raise self._wrong()
        return value

    def optional_number(self, name: str) -> float | None:
        """Give a number of seconds, or None where there is none."""
        return None if name not in self._members else self.number(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """Give a list of strings; none where it is not there."""
        value = self._members.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong()
        return tuple(value)

    def mapping(self, name: str) -> Mapping[str, Any]:
        """Give an object, read-only; an empty one where it is not there."""
        value = self._members.get(name, {})
        if not isinstance(value, dict):
            raise self._wrong()
        frozen: Mapping[str, Any] = _wire.freeze(value)
        return frozen

    def _wrong(self) -> MalformedError:
        return MalformedError(f"{self._what} must be the text that to_json gave")
