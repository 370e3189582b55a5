"""The one path by which a compact JWS becomes trusted bytes; JWS and JWT both go through it (RFC 7515 section 5.2).

Read top to bottom: size, split, header, key, signature over the received octets, and only then the payload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from jwtkit import _wire
from jwtkit._frozen import Frozen
from jwtkit.crypto.algorithms import Algorithm, SignatureAlgorithm
from jwtkit.errors import MalformedError, NotAllowedError, SignatureError, quote
from jwtkit.jose.diagnose import explain_text, refuse_non_text
from jwtkit.jose.header import Header
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jwks import JWKS
from jwtkit.jose.select import KeySource, OwnKeys, allowed_rows, select
from jwtkit.limits import Limits

__all__ = ["Authenticator"]

_REMEMBERED_HEADERS: Final = 256


class Authenticator(Frozen):
    """Checks signatures under one set of keys, algorithms and header rules; compiled once, shared between threads."""

    __slots__ = (
        "_allowed",
        "_check_header",
        "_issuer",
        "_limits",
        "_memo",
        "_payload_bytes",
        "_payload_chars",
        "_remembers",
        "_source",
    )

    def __init__(
        self,
        source: KeySource,
        algorithms: Sequence[SignatureAlgorithm],
        *,
        issuer: str | None,
        limits: Limits,
        payload_bytes: int,
        check_header: Callable[[Header], None],
    ) -> None:
        """Compile a policy.

        Args:
            source: where keys come from.
            algorithms: the allow-list, checked already.
            issuer: what the source is told.
            limits: bounds.
            payload_bytes: longest payload, decoded.
            check_header: raises for a header that the caller does not want.
        """
        self._source: Final = source
        self._allowed: Final[Mapping[str, Algorithm]] = allowed_rows(algorithms)
        self._issuer: Final = issuer
        self._limits: Final = limits
        self._payload_bytes: Final = payload_bytes
        self._payload_chars: Final = _wire.b64url_chars(payload_bytes)
        self._check_header: Final = check_header
        # Only keys that cannot change may be remembered with a header.
        self._remembers: Final = isinstance(source, (JWKS, OwnKeys))
        self._memo: Final[dict[str, tuple[Header, JWK]]] = {}

    def authenticate(self, compact: str) -> tuple[Header, bytes, JWK]:
        """Give header, payload and key of a token whose signature verifies.

        Raises:
            MalformedError, NotAllowedError, KeyNotFoundError, SignatureError: as their names say.
        """
        if not isinstance(compact, str):
            raise refuse_non_text(compact)
        if len(compact) > self._limits.token_bytes:
            raise NotAllowedError(
                f"token has {len(compact)} characters, more than Limits.token_bytes={self._limits.token_bytes}"
            )
        try:
            return self._authenticate(compact)
        except MalformedError as finding:
            raise explain_text(compact, finding) from None

    def _authenticate(self, compact: str) -> tuple[Header, bytes, JWK]:
        signed, _, signature_segment = compact.rpartition(".")
        header_segment, dot, payload_segment = signed.partition(".")
        if not dot or "." in payload_segment:
            raise MalformedError("a signed token has 3 segments")
        if len(payload_segment) > self._payload_chars:
            raise NotAllowedError(f"payload is larger than the {self._payload_bytes} bytes that the limits allow")
        known = self._memo.get(header_segment)
        header, key = known or self._open(header_segment)
        signature = _wire.b64url_decode(signature_segment, "signature")
        payload = _wire.b64url_decode(payload_segment, "payload")
        # Both segments are ASCII by now, as the header is, so the received text has one encoding.
        if not key.verification(self._allowed[header.alg])(signed.encode("ascii"), signature):
            raise SignatureError("the signature does not verify with the key the token names")
        if known is None and self._remembers:
            # Only after the signature has verified, so that nobody can fill the memo with garbage.
            if len(self._memo) >= _REMEMBERED_HEADERS:
                self._memo.clear()
            self._memo[header_segment] = header, key
        return header, payload, key

    def _open(self, header_segment: str) -> tuple[Header, JWK]:
        header = Header.parse(header_segment, limits=self._limits)
        if header.crit:
            raise NotAllowedError(f"crit demands the extension {quote(header.crit[0])}, which is not understood here")
        if "b64" in header:
            raise NotAllowedError("the unencoded payload option (b64) is not accepted here")
        self._check_header(header)
        return header, select(header, self._source.keys_for(header, self._issuer), self._allowed)
