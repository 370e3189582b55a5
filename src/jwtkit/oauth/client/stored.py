"""What outlives a process: versioned JSON for values that are kept in a store, a file or an encrypted cookie.

Rules of this room:

- What is written holds secrets, and says what it is and its version.
- What is read is as untrusted as any text. Whatever a server's answer made can be read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from jwtkit import _wire
from jwtkit._clock import is_finite
from jwtkit.errors import MalformedError, NotAllowedError
from jwtkit.oauth.json_response import MAX_BYTES
from jwtkit.oauth.secret import Secret

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["Stored", "write"]

_MAX_CHARS: Final = 4 * MAX_BYTES  # a number may be longer here than it came: 1e15 is written with 18 characters
_DEPTH: Final = 34  # an answer's 32, within a member of what is kept
_INT_LIMIT: Final = 10**40


def write(what: str, version: int, value: DataclassInstance, **instead: object) -> str:
    """Write the fields of a value with what it is and its version; None is left out, and secrets are revealed."""
    members = {**{field.name: getattr(value, field.name) for field in fields(value)}, **instead}
    shown = {name: member.reveal() if isinstance(member, Secret) else member for name, member in members.items()}
    kept = {name: member for name, member in shown.items() if member is not None}
    return _wire.serialize({"v": version, "kind": what, **kept}, what).decode("utf-8")


class Stored:
    """Members that were read back; each is asked for by the type it must have."""

    __slots__ = ("_members", "_what")

    def __init__(self, text: str | bytes, what: str, version: int) -> None:
        """Read what `write` wrote.

        Raises:
            MalformedError: it is something else, for example another kind of value.
            NotAllowedError: another version wrote it.
        """
        self._what: Final = what
        if not isinstance(text, (str, bytes)) or len(text) > _MAX_CHARS:
            raise self.wrong()
        self._members: Final = _wire.parse_object(text, what, depth=_DEPTH, int_limit=_INT_LIMIT)
        written = self._members.get("v")
        if type(written) is not int or written != version:
            raise NotAllowedError(f"{what} was written by another version: start a new one")
        if self._members.get("kind") != what:
            raise self.wrong()

    def text(self, name: str) -> str:
        """Give a string that is there and not empty."""
        value = self._members.get(name)
        if not isinstance(value, str) or not value:
            raise self.wrong()
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
            raise self.wrong()
        return value

    def optional_number(self, name: str) -> float | None:
        """Give a number of seconds, or None where there is none."""
        return None if name not in self._members else self.number(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """Give a list of strings that are not empty; none where it is not there."""
        value = self._members.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.wrong()
        return tuple(value)

    def mapping(self, name: str) -> Mapping[str, Any]:
        """Give an object, read-only; an empty one where it is not there."""
        value = self._members.get(name, {})
        if not isinstance(value, dict):
            raise self.wrong()
        frozen: Mapping[str, Any] = _wire.freeze(value)
        return frozen

    def wrong(self) -> MalformedError:
        """Make the error for what nobody wrote here."""
        return MalformedError(f"{self._what} must be the text that to_json gave")
