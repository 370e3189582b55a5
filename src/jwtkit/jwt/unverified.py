"""UnverifiedToken: what a token says about itself, for logs, for debugging, and for choosing a verifier.

A type of its own with names of its own, so that nothing that needs a verified token will ever take it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, Never, Self, final

from jwtkit import _wire
from jwtkit._frozen import Frozen
from jwtkit.errors import MalformedError, NotAllowedError, UsageError
from jwtkit.jose.diagnose import explain_text, refuse_non_text
from jwtkit.jose.header import Header
from jwtkit.limits import DEFAULT_LIMITS, Limits

__all__ = ["UnverifiedToken"]

_JWE_SEGMENTS: Final = 5
_JWS_SEGMENTS: Final = 3


@final
class UnverifiedToken(Frozen):
    """A token that parses, and nothing more. Anybody may have written it.

    Attributes:
        kind: "JWS" for a signed token, "JWE" for an encrypted one.
        header: the JOSE header.

    Example:
        >>> from jwtkit import Claims, JWK, Token
        >>> compact = Token.sign(Claims(sub="alice"), JWK.generate("HS256"), lifetime=60).compact
        >>> UnverifiedToken.parse(compact).unverified_claims["sub"]
        'alice'
    """

    __slots__ = ("_claims", "header", "kind")

    if TYPE_CHECKING:
        kind: Literal["JWS", "JWE"]
        header: Header
        _claims: Mapping[str, Any] | None

        def __init__(self, _: Never, /) -> None: ...
    else:

        def __init__(self, *_arguments: object, **_named: object) -> None:
            raise UsageError("use UnverifiedToken.parse(...)")

    @classmethod
    def parse(cls, compact: str, *, limits: Limits = DEFAULT_LIMITS) -> Self:
        """Read a compact token without checking its signature.

        Raises:
            MalformedError: not a compact token, or not one with a JSON object inside.
            NotAllowedError: larger than the limits.
            UsageError: `compact` is not a str.
        """
        if not isinstance(compact, str):
            raise refuse_non_text(compact)
        if len(compact) > limits.token_bytes:
            message = f"token has {len(compact)} characters, more than Limits.token_bytes={limits.token_bytes}"
            raise NotAllowedError(message, code="too_large")
        segments = compact.split(".", _JWE_SEGMENTS)
        try:
            if len(segments) not in (_JWS_SEGMENTS, _JWE_SEGMENTS):
                raise MalformedError("a token has 3 segments, or 5 when it is encrypted")
            header = Header.parse(segments[0], limits=limits)
            for segment in segments[1:]:
                _wire.b64url_decode(segment, "a segment of the token")
            claims = _claims_of(segments[1], limits) if len(segments) == _JWS_SEGMENTS else None
        except MalformedError as finding:
            encrypted = compact.count(".") == _JWE_SEGMENTS - 1
            raise explain_text(compact, finding, expected="JWE" if encrypted else "JWS") from None
        token = object.__new__(cls)
        token.kind = "JWE" if claims is None else "JWS"
        token.header = header
        token._claims = claims
        return token

    @property
    def unverified_claims(self) -> Mapping[str, Any]:
        """The claims as somebody wrote them, in a plain read-only mapping.

        Raises:
            NotAllowedError: the token is encrypted.
        """
        if self._claims is None:
            raise NotAllowedError("this token is encrypted (JWE): its claims cannot be read without decrypting it")
        return self._claims

    def __repr__(self) -> str:
        return f"UnverifiedToken({self.kind}, {self.header!r})"


def _claims_of(segment: str, limits: Limits) -> Mapping[str, Any]:
    if len(segment) > _wire.b64url_chars(limits.claims_bytes):
        raise NotAllowedError(f"claims are larger than Limits.claims_bytes={limits.claims_bytes}")
    octets = _wire.b64url_decode(segment, "claims")
    depth, int_limit = limits.claims_depth, limits.claims_int_limit
    claims: Mapping[str, Any] = _wire.freeze(_wire.parse_object(octets, "claims", depth=depth, int_limit=int_limit))
    return claims
