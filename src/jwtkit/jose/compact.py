"""The one path by which a compact JWS becomes trusted bytes; JWS and JWT both go through it (RFC 7515 section 5.2).

Read top to bottom: size, split, header, key, signature over the received octets, and only then the payload.
"""

from __future__ import annotations

from typing import Final

from jwtkit import _wire
from jwtkit._frozen import Frozen
from jwtkit._wire import b64url_decode
from jwtkit.crypto.maths import Verify
from jwtkit.errors import MalformedError, NotAllowedError, RejectedError
from jwtkit.jose.diagnose import explain_text, refuse_non_text
from jwtkit.jose.gate import Gate, wrong_signature
from jwtkit.jose.header import Header
from jwtkit.jose.jwk import JWK
from jwtkit.jose.signature_memo import Authenticated, Remembered, SignatureMemo
from jwtkit.limits import Limits

__all__ = ["Authenticator", "RememberingAuthenticator", "is_unencoded"]

_REMEMBERED_HEADERS: Final = 2048


class Authenticator(Frozen):
    """Checks compact signatures behind one gate; compiled once, shared between threads."""

    __slots__ = ("_gate", "_limits", "_memo", "_payload_bytes", "_payload_chars", "_token_chars")

    def __init__(self, gate: Gate, *, limits: Limits, payload_bytes: int) -> None:
        """Compile.

        Args:
            gate: keys, algorithms and header rules.
            limits: bounds.
            payload_bytes: longest payload inside the token, decoded.
        """
        self._gate: Final = gate
        self._limits: Final = limits
        self._token_chars: Final = limits.token_bytes
        self._payload_bytes: Final = payload_bytes
        self._payload_chars: Final = _wire.b64url_chars(payload_bytes)
        self._memo: Final[dict[str, tuple[Header, JWK, Verify]]] = {}

    def authenticate(self, compact: str, detached: bytes | None = None, now: float | None = None) -> Authenticated:
        """Give header, payload and key of a token whose signature verifies.

        Args:
            compact: the text. Untrusted.
            detached: the payload, where it does not travel inside the token (RFC 7515 appendix F).
            now: the moment, for keys that come and go.

        Raises:
            MalformedError, NotAllowedError, KeyNotFoundError, SignatureError: as their names say.
        """
        if not isinstance(compact, str):
            raise refuse_non_text(compact)
        if len(compact) > self._token_chars:
            problem = f"token has {len(compact)} characters, more than Limits.token_bytes={self._token_chars}"
            raise NotAllowedError(problem, code="too_large")
        try:
            signed, _, signature_segment = compact.rpartition(".")
            header_segment, dot, payload_segment = signed.partition(".")
            if not dot or "." in payload_segment:
                raise MalformedError("a signed token has 3 segments")
            if len(payload_segment) > self._payload_chars:
                raise NotAllowedError(f"payload is larger than the {self._payload_bytes} bytes that the limits allow")
            known = self._memo.get(header_segment)
            header, key, verify = known or self._open(header_segment, now)
            signature = b64url_decode(signature_segment, "signature")
            if detached is None and header.b64:
                payload = b64url_decode(payload_segment, "payload")
                # Both segments are ASCII by now, as the header is, so the received text has one encoding.
                message = signed.encode("ascii")
            else:
                payload = _unencoded(payload_segment) if detached is None else _detached(payload_segment, detached)
                message = _message(header_segment, payload, b64=header.b64)
            if not verify(message, signature):
                raise wrong_signature()
        except MalformedError as finding:
            raise explain_text(compact, finding) from None
        if header.crit:
            self._gate.handle(header)
        if known is None and self._gate.remembers:
            # Only after the signature has verified, so that nobody can fill the memo with garbage.
            self._remember(header_segment, (header, key, verify))
        return header, payload, key

    def _remember(self, header_segment: str, opened: tuple[Header, JWK, Verify]) -> None:
        if len(self._memo) >= _REMEMBERED_HEADERS:
            self._memo.clear()
        self._memo[header_segment] = opened

    def _open(self, header_segment: str, now: float | None) -> tuple[Header, JWK, Verify]:
        header = Header.parse(header_segment, limits=self._limits)
        key = self._gate.admit(header, now)
        return header, key, self._gate.verification(header, key)


def _message(header_segment: str, payload: bytes, *, b64: bool) -> bytes:
    """Give the octets that were signed, where they are not those that were received (RFC 7797 section 3)."""
    text = _wire.b64url_encode(payload).encode("ascii") if b64 else payload
    return header_segment.encode("ascii") + b"." + text


class RememberingAuthenticator(Authenticator):
    """An `Authenticator` that spares a token that comes again its signature, and nothing else."""

    __slots__ = ("_remembered",)

    def __init__(self, gate: Gate, memo: SignatureMemo, *, limits: Limits, payload_bytes: int) -> None:
        """Compile, with a memory of its own; see `Authenticator`."""
        super().__init__(gate, limits=limits, payload_bytes=payload_bytes)
        self._remembered: Final = Remembered(memo)

    def authenticate(self, compact: str, detached: bytes | None = None, now: float | None = None) -> Authenticated:
        """Give header, payload and key, checked now or remembered; otherwise as `Authenticator.authenticate`."""
        if type(compact) is not str or detached is not None:
            return super().authenticate(compact, detached, now)
        seen = self._remembered.get(compact)
        if seen is None or not self._still_admitted(seen, now):
            seen = super().authenticate(compact, None, now)
            self._remembered.put(compact, seen)
        return seen

    def _still_admitted(self, seen: Authenticated, now: float | None) -> bool:
        """Ask again what does not depend on the signature: the key must still be there, and extensions welcome."""
        header, _, key = seen
        if not self._gate.remembers:
            try:
                if self._gate.admit(header, now) is not key:
                    return False
            except RejectedError:
                return False  # and the whole check says why
        if header.crit:
            self._gate.handle(header)
        return True


def is_unencoded(text: str) -> bool:
    """Tell whether a text may be an unencoded payload inside a compact JWS: printable ASCII, no dot (RFC 7797 5.2)."""
    return text.isascii() and text.isprintable() and "." not in text


def _unencoded(segment: str) -> bytes:
    if not is_unencoded(segment):
        raise MalformedError("an unencoded payload inside a compact JWS is printable ASCII without a dot")
    return segment.encode("ascii")


def _detached(segment: str, payload: bytes) -> bytes:
    if segment:
        raise MalformedError("the token has a payload of its own, so none is passed with payload=")
    return payload
