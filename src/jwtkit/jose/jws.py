"""JWS: bytes with a signature, in the compact form (RFC 7515).

For tokens with claims use `Token` and `TokenVerifier`; this is the floor below them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from jwtkit import _wire
from jwtkit._frozen import Frozen
from jwtkit.crypto.algorithms import SignatureAlgorithm, check_algorithms, find_algorithm
from jwtkit.errors import RejectedError, UsageError
from jwtkit.jose.compact import Authenticator
from jwtkit.jose.header import Header
from jwtkit.jose.jwk import JWK
from jwtkit.jose.select import Keys, as_source
from jwtkit.jose.signers import Signer
from jwtkit.limits import DEFAULT_LIMITS, Limits

__all__ = ["VerifiedJWS", "protected_header", "sign", "verify", "with_signature"]


class VerifiedJWS(Frozen):
    """What `verify` vouches for.

    Attributes:
        payload: the signed bytes.
        header: the protected header.
        key: the key that verified it.
    """

    __slots__ = ("header", "key", "payload")

    def __init__(self, payload: bytes, header: Header, key: JWK) -> None:
        self.payload: Final = payload
        self.header: Final = header
        self.key: Final = key

    def __repr__(self) -> str:
        return f"VerifiedJWS({len(self.payload)} bytes, {self.header!r})"


def protected_header(signer: Signer, typ: str | None, extra: Mapping[str, object] | None) -> tuple[Header, str]:
    """Make the header of a new token, as a value and as its segment.

    Raises:
        UsageError: `extra` sets what the signer or the arguments decide, or something that is not understood here.
    """
    if not isinstance(signer, Signer):
        raise UsageError(f"cannot sign with a {type(signer).__name__}: use a private JWK, or another Signer")
    members: dict[str, object] = {"alg": find_algorithm(signer.algorithm).name}
    if signer.key_id is not None:
        members["kid"] = signer.key_id
    if typ is not None:
        members["typ"] = typ
    if extra is not None and not isinstance(extra, Mapping):
        raise UsageError(f"header must be a mapping, got {type(extra).__name__}")
    for name, value in (extra or {}).items():
        if name in ("alg", "kid", "typ", "crit", "b64"):
            raise UsageError(
                f"header member {name!r} cannot be set here: alg and kid come from the key, typ is an argument"
            )
        members[name] = value
    own = _wire.thaw(members, "header")  # nothing of the caller's is kept
    try:
        return Header(own), _wire.b64url_encode(_wire.serialize(own, "header"))
    except RejectedError as finding:
        # From a peer this would be refused; here the caller wrote it.
        raise UsageError(str(finding)) from None


def with_signature(signed: str, key: Signer) -> str:
    """Sign the first two segments and give all three.

    Raises:
        UsageError: the signer gives something else than bytes.
    """
    signature = key.sign(signed.encode("ascii"))
    if not isinstance(signature, bytes):
        raise UsageError(f"sign of the {type(key).__name__} must give bytes, got {type(signature).__name__}")
    return f"{signed}.{_wire.b64url_encode(signature)}"


def sign(payload: bytes, key: Signer, *, typ: str | None = None, header: Mapping[str, object] | None = None) -> str:
    """Sign bytes and give the compact JWS.

    Args:
        payload: the bytes.
        key: a private `JWK` or any other `Signer`; it decides `alg` and `kid`.
        typ: media type of the whole, for example "JOSE".
        header: more protected header members.

    Raises:
        UsageError: the key cannot sign, or a header member cannot be set this way.

    Example:
        >>> key = JWK.generate("HS256")
        >>> verify(sign(b"hello", key), key, algorithms=["HS256"]).payload
        b'hello'

    Spec: RFC 7515 section 5.1.
    """
    if not isinstance(payload, bytes):
        raise UsageError(f"payload must be bytes, got {type(payload).__name__}")
    return with_signature(f"{protected_header(key, typ, header)[1]}.{_wire.b64url_encode(payload)}", key)


def verify(
    compact: str, keys: Keys, *, algorithms: Iterable[SignatureAlgorithm], limits: Limits = DEFAULT_LIMITS
) -> VerifiedJWS:
    """Check a compact JWS and give what it signs.

    Args:
        compact: the text. Untrusted.
        keys: a `JWK`, a sequence of them, a `JWKS` or another key source.
        algorithms: the allow-list.
        limits: bounds.

    Raises:
        MalformedError: not a compact JWS.
        NotAllowedError: an algorithm, header member or size outside what is allowed, or several keys fit.
        KeyNotFoundError: no key fits.
        SignatureError: the signature does not verify.
        UsageError: keys or algorithms are no such thing.

    Spec: RFC 7515 section 5.2.
    """
    authenticator = Authenticator(
        as_source(keys),
        check_algorithms(algorithms),
        issuer=None,
        limits=limits,
        payload_bytes=limits.token_bytes,
        check_header=_any_header,
    )
    header, payload, key = authenticator.authenticate(compact)
    return VerifiedJWS(payload, header, key)


def _any_header(_header: Header) -> None:
    """Accept every header: a JWS has no required `typ`."""
