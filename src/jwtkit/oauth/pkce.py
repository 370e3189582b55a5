"""PKCE: proof that whoever redeems a code is whoever asked for it (RFC 7636). Method S256 only."""

from __future__ import annotations

import re
from typing import Final, Literal, Self, final

from jwtkit import _wire
from jwtkit._frozen import Frozen
from jwtkit._random import random_text
from jwtkit.errors import MalformedError
from jwtkit.oauth.secret import same_text

__all__ = ["PKCE"]

_VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9\-_]{43}")


@final
class PKCE(Frozen):
    """A verifier and its challenge: the challenge travels first, the verifier proves later.

    Attributes:
        verifier: the secret, 43 to 128 characters; shown by no repr.
        challenge: its SHA-256, base64url, 43 characters.

    Example:
        >>> PKCE.parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").challenge
        'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

    Spec: RFC 7636 sections 4.1, 4.2 and 4.6.
    """

    __slots__ = ("challenge", "verifier")

    def __init__(self, verifier: str) -> None:
        """Make the pair of a verifier; use `generate` or `parse`.

        Raises:
            MalformedError: not 43 to 128 characters of A-Z a-z 0-9 - . _ ~.
        """
        if not isinstance(verifier, str) or not _VERIFIER.fullmatch(verifier):
            raise MalformedError("code_verifier must have 43 to 128 characters of A-Z a-z 0-9 - . _ ~")
        from hashlib import sha256

        self.verifier: Final = verifier
        self.challenge: Final = _wire.b64url_encode(sha256(verifier.encode("ascii")).digest())

    @property
    def method(self) -> Literal["S256"]:
        """The code_challenge_method; "plain" proves nothing and does not exist here."""
        return "S256"

    @classmethod
    def generate(cls) -> Self:
        """Draw a fresh verifier of 256 bits; one for each authorization request."""
        return cls(random_text(32))

    @classmethod
    def parse(cls, verifier: str) -> Self:
        """Read a verifier that came over the wire or from storage.

        Raises:
            MalformedError: it is no verifier.
        """
        return cls(verifier)

    @staticmethod
    def is_challenge(text: str) -> bool:
        """Tell whether a text has the form of an S256 challenge."""
        return isinstance(text, str) and _CHALLENGE.fullmatch(text) is not None

    def matches(self, challenge: str) -> bool:
        """Compare with the challenge that came first, in constant time."""
        return isinstance(challenge, str) and same_text(self.challenge, challenge)

    def __repr__(self) -> str:
        return f"PKCE(challenge={self.challenge!r})"
