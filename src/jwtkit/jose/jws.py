"""JWS: bytes with one or more signatures, in the compact and the JSON forms (RFC 7515, RFC 7797).

For tokens with claims use `Token` and `TokenVerifier`; this is the floor below them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from jwtkit import _wire
from jwtkit.crypto.algorithms import SignatureAlgorithm, check_algorithms
from jwtkit.errors import UsageError
from jwtkit.jose.compact import Authenticator, is_unencoded
from jwtkit.jose.gate import Extensions, Gate, check_extensions
from jwtkit.jose.jws_json import check_parts, parse_json, write_json
from jwtkit.jose.jws_sign import named_by, protected_header, signature_of
from jwtkit.jose.jws_values import (
    Cosigner,
    FailedSignature,
    Require,
    VerifiedJSON,
    VerifiedJWS,
    VerifiedSignature,
    verified_jws,
)
from jwtkit.jose.select import Keys, as_source
from jwtkit.jose.signers import Signer
from jwtkit.limits import DEFAULT_LIMITS, Limits

__all__ = [
    "Cosigner",
    "FailedSignature",
    "Require",
    "VerifiedJSON",
    "VerifiedJWS",
    "VerifiedSignature",
    "sign",
    "verify",
    "verify_json",
]

Serialization = Literal["compact", "flattened", "general"]


def sign(
    payload: bytes,
    key: Signer | Sequence[Signer | Cosigner],
    *,
    typ: str | None = None,
    header: Mapping[str, object] | None = None,
    crit: Sequence[str] = (),
    unprotected: Mapping[str, object] | None = None,
    serialization: Serialization = "compact",
    detached: bool = False,
    b64: bool = True,
) -> str:
    """Sign bytes.

    Args:
        payload: the bytes.
        key: a private `JWK` or any other `Signer`; it decides `alg` and `kid`. For a general JWS also a sequence of
            them, and of `Cosigner` where each has a header of its own.
        typ: media type of the whole, for example "JOSE".
        header: more protected header members.
        crit: names among `header` that a recipient must understand or refuse.
        unprotected: header members that are not signed; in the JSON forms only.
        serialization: "compact", or one of the JSON forms, "flattened" and "general".
        detached: leave the payload out; the recipient gets it another way (RFC 7515 appendix F).
        b64: False signs the payload as it is, without base64url (RFC 7797). Inside a compact JWS it must then be
            printable ASCII without a dot, inside a JSON one UTF-8.

    Returns:
        The compact JWS, or JSON text.

    Raises:
        UsageError: the key cannot sign, a header member cannot be set this way, or the payload cannot be written.

    Example:
        >>> from jwtkit import JWK
        >>> key = JWK.generate("HS256")
        >>> verify(sign(b"hello", key), key, algorithms=["HS256"]).payload
        b'hello'

    Spec: RFC 7515 section 5.1, RFC 7797.
    """
    if not isinstance(payload, bytes):
        raise UsageError(f"payload must be bytes, got {type(payload).__name__}")
    if not isinstance(detached, bool):
        raise UsageError("detached must be True or False")
    if serialization not in ("compact", "flattened", "general"):
        raise UsageError("serialization must be 'compact', 'flattened' or 'general'")
    if isinstance(key, (list, tuple)):
        if serialization != "general" or not key:
            raise UsageError("several signers need serialization='general', and at least one of them")
        if typ is not None or header is not None or unprotected is not None or crit:
            raise UsageError("with several signers each has its own header: use Cosigner(key, header=...)")
        cosigners = [one if isinstance(one, Cosigner) else Cosigner(one) for one in key]
    else:
        one: Any = key
        cosigners = [Cosigner(one, typ=typ, header=header, crit=crit, unprotected=unprotected)]
    carried = None if detached else _carried(payload, serialization, b64=b64)
    text = _wire.b64url_encode(payload).encode("ascii") if b64 else payload
    signatures = [_signature(one, text, b64=b64, compact=serialization == "compact") for one in cosigners]
    if serialization == "compact":
        return f"{signatures[0]['protected']}.{carried or ''}.{signatures[0]['signature']}"
    return write_json(carried, signatures, flattened=serialization == "flattened")


def _carried(payload: bytes, serialization: Serialization, *, b64: bool) -> str:
    """Write the payload as the JWS carries it."""
    if b64:
        return _wire.b64url_encode(payload)
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError("an unencoded payload inside a JWS must be UTF-8: pass detached=True or b64=True") from None
    if serialization == "compact" and not is_unencoded(text):
        raise UsageError(
            "an unencoded payload inside a compact JWS must be printable ASCII without a dot: "
            "pass detached=True or b64=True"
        )
    return text


def _signature(cosigner: Cosigner, text: bytes, *, b64: bool, compact: bool) -> dict[str, object]:
    unprotected = cosigner.unprotected
    if compact and unprotected is not None:
        raise UsageError("a compact JWS has no unprotected header: use header=, or a JSON serialization")
    alg, kid = named_by(cosigner.key)
    _, protected = protected_header(
        alg, kid, cosigner.typ, cosigner.header, crit=cosigner.crit, b64=b64, unprotected=unprotected
    )
    signature = signature_of(protected.encode("ascii") + b"." + text, cosigner.key)
    members: dict[str, object] = {"protected": protected, "signature": _wire.b64url_encode(signature)}
    return members | {"header": unprotected} if unprotected else members


def verify(
    compact: str,
    keys: Keys,
    *,
    algorithms: Iterable[SignatureAlgorithm],
    payload: bytes | None = None,
    crit: Extensions | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> VerifiedJWS:
    """Check a compact JWS and give what it signs.

    Args:
        compact: the text. Untrusted.
        keys: a `JWK`, a sequence of them, a `JWKS` or another key source.
        algorithms: the allow-list.
        payload: the bytes, where they do not travel inside the token; its second segment is then empty.
        crit: handlers of critical header members: each is called with the value and the whole header after the
            signature has verified, and says whether it understands and accepts it. Without one they are refused.
        limits: bounds.

    Raises:
        MalformedError: not a compact JWS.
        NotAllowedError: an algorithm, header member or size outside what is allowed, or several keys fit.
        KeyNotFoundError: no key fits.
        SignatureError: the signature does not verify.
        UsageError: an argument is no such thing.

    Spec: RFC 7515 section 5.2, RFC 7797.
    """
    _check_detached(payload)
    authenticator = Authenticator(_gate(keys, algorithms, crit), limits=limits, payload_bytes=limits.token_bytes)
    header, octets, key = authenticator.authenticate(compact, payload)
    return verified_jws(octets, header, key)


def verify_json(
    source: str | bytes | Mapping[str, object],
    keys: Keys,
    *,
    algorithms: Iterable[SignatureAlgorithm],
    require: Require,
    payload: bytes | None = None,
    crit: Extensions | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> VerifiedJSON:
    """Check a JWS in a JSON form, flattened or general, and give what it signs.

    An `alg` or `kid` that nobody signed is as good as a signed one: the key decides, and a name that stands in both
    headers is refused.

    Args:
        source: JSON text, its UTF-8 bytes, or members that are parsed already. Untrusted.
        keys: as for `verify`.
        algorithms: the allow-list.
        require: which signatures must verify: "all", "any", or a predicate that is given those that did verify, for
            example `lambda verified: {one.key.kid for one in verified} >= {"a", "b"}`. Without one that verifies, the
            JWS is refused whatever the predicate says.
        payload: the bytes, where they do not travel inside the JWS.
        crit: as for `verify`.
        limits: bounds.

    Raises:
        MalformedError: not a JWS in a JSON form.
        NotAllowedError, KeyNotFoundError, SignatureError: what stands in the way of `require`; of several reasons the
            missing key, which a fresh key set may mend, and then the wrong signature.
        UsageError: an argument is no such thing.

    Spec: RFC 7515 sections 5.2 and 7.2, RFC 7797.
    """
    _check_detached(payload)
    if require not in ("all", "any") and not callable(require):
        raise UsageError("require must be 'all', 'any' or a predicate over the verified signatures")
    gate = _gate(keys, algorithms, crit)
    carried, parts = parse_json(source, limits)
    return check_parts(gate, carried, payload, parts, require, limits)


def _gate(keys: Keys, algorithms: Iterable[SignatureAlgorithm], crit: Extensions | None) -> Gate:
    extensions = check_extensions(crit)
    return Gate(as_source(keys), check_algorithms(algorithms), extensions=extensions, allow_unencoded=True)


def _check_detached(payload: object) -> None:
    if payload is not None and not isinstance(payload, bytes):
        raise UsageError(f"payload must be bytes, got {type(payload).__name__}")
