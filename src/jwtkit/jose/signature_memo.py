"""SignatureMemo: signatures that were checked a moment ago, so that a token that comes again costs less.

Rules of this room:

- What is remembered is one fact: this very text verified under this very key. Nothing that the caller demands of a
  token is remembered: time, issuer, audience and all else are checked each time.
- A text is looked for by its end, so that a long one costs no more, and is found when all of it is the same.
- Only what verified is remembered, so that nobody without a key can fill it. It is bounded in number and in length.
- No lock: a dictionary operation is one step, and what two threads lose to each other is a signature check.
"""

from __future__ import annotations

from typing import Final

from jwtkit._frozen import Frozen
from jwtkit.errors import UsageError
from jwtkit.jose.header import Header
from jwtkit.jose.jwk import JWK

__all__ = ["Authenticated", "Remembered", "SignatureMemo"]

Authenticated = tuple[Header, bytes, JWK]
# Inside the signature, for every algorithm but HS256, where a character of the claims and more come before it.
_END_CHARS: Final = 64


class SignatureMemo(Frozen):
    """Lets a verifier skip the signature of a token that it has verified before: `TokenVerifier(signature_memo=...)`.

    For services that see each token many times, where an asymmetric signature is most of the cost. Everything but the
    signature is checked each time, and an entry is void once the key is no longer among those of the verifier. What it
    costs: the last tokens stay in the memory of the process, where who can read it finds them. Each verifier remembers
    for itself, whatever it shares this value with.

    Args:
        entries: most tokens remembered; the older half makes way for new ones.
        token_chars: longest token remembered, in characters; longer ones are verified each time.

    Raises:
        UsageError: an argument is no positive int, or `entries` is less than 2.
    """

    __slots__ = ("entries", "token_chars")

    def __init__(self, *, entries: int = 2048, token_chars: int = 8192) -> None:
        for name, value, least in (("entries", entries, 2), ("token_chars", token_chars, 1)):
            if type(value) is not int or value < least:
                raise UsageError(f"SignatureMemo.{name} must be an int of at least {least}, got {value!r}")
        self.entries: Final = entries
        self.token_chars: Final = token_chars

    def __repr__(self) -> str:
        return f"SignatureMemo(entries={self.entries}, token_chars={self.token_chars})"


class Remembered:
    """What one verifier remembers: a young generation and an old one, which goes when the young one is full."""

    __slots__ = ("_half", "_longest", "_old", "_young")

    def __init__(self, memo: SignatureMemo) -> None:
        self._half: Final = memo.entries // 2
        self._longest: Final = memo.token_chars
        self._young: dict[str, tuple[str, Authenticated]] = {}
        self._old: dict[str, tuple[str, Authenticated]] = {}

    def get(self, compact: str) -> Authenticated | None:
        """Give what was found in a text when its signature was checked, or None where it was not."""
        end = compact[-_END_CHARS:]
        found = self._young.get(end)
        if found is None:
            found = self._old.get(end)
            if found is not None:
                self._keep(end, found)
        return found[1] if found is not None and found[0] == compact else None

    def put(self, compact: str, authenticated: Authenticated) -> None:
        """Remember a text whose signature has verified."""
        if len(compact) > self._longest:
            return
        self._keep(compact[-_END_CHARS:], (compact, authenticated))

    def _keep(self, end: str, entry: tuple[str, Authenticated]) -> None:
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[end] = entry

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
