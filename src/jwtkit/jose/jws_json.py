"""The JSON forms of a JWS, flattened and general, from text to parts and back (RFC 7515 section 7.2).

What is wrong with the form is wrong with the whole; what is wrong with one signature's header is wrong with that
signature, and whether the others are enough is the caller's decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jwtkit import _wire
from jwtkit._frozen import Frozen
from jwtkit.errors import KeyNotFoundError, MalformedError, NotAllowedError, RejectedError, SignatureError, UsageError
from jwtkit.jose.gate import Gate
from jwtkit.jose.header import Header
from jwtkit.jose.json_form import joined, protected_members, read_whole
from jwtkit.jose.jws_values import (
    FailedSignature,
    Require,
    VerifiedJSON,
    VerifiedSignature,
    verified_json,
    verified_signature,
)
from jwtkit.limits import Limits

__all__ = ["Part", "check_parts", "parse_json", "write_json"]

_WHAT: Final = "JWS"
_OF_A_SIGNATURE: Final = ("protected", "header", "signature")


class Part(Frozen):
    """One signature of a JSON JWS, its members of the right types and nothing else checked.

    Attributes:
        protected: the protected header as received, base64url text; empty where there is none.
        unprotected: the members nobody signed.
        signature: the signature.
    """

    __slots__ = ("protected", "signature", "unprotected")

    def __init__(self, protected: str, unprotected: Mapping[str, Any], signature: bytes) -> None:
        self.protected: Final = protected
        self.unprotected: Final = unprotected
        self.signature: Final = signature


def parse_json(source: object, limits: Limits) -> tuple[str | None, list[Part]]:
    """Read the payload as received, or None where it is detached, and the signatures.

    Raises:
        MalformedError: no JWS in a JSON form.
        NotAllowedError: beyond the limits.
        UsageError: neither text nor a mapping.
    """
    members = read_whole(source, _WHAT, limits)
    if "ciphertext" in members:
        raise MalformedError("this is an encrypted JWE: use jwe.decrypt_json(...)")
    payload = members.get("payload")
    if payload is not None and not isinstance(payload, str):
        raise MalformedError(f"{_WHAT} member 'payload' must be a string, got {type(payload).__name__}")
    if "payload" in members and payload is None:
        raise MalformedError(f"{_WHAT} member 'payload' must be a string, or absent where it is detached")
    return payload, [_part(entry) for entry in _entries(members, limits)]


def _entries(members: dict[str, Any], limits: Limits) -> Sequence[object]:
    if "signatures" not in members:
        return [members]
    if any(name in members for name in _OF_A_SIGNATURE):
        raise MalformedError(f"{_WHAT} is either general, with 'signatures', or flattened, with 'signature'")
    entries = members["signatures"]
    if not isinstance(entries, list) or not entries:
        raise MalformedError(f"{_WHAT} member 'signatures' must be a non-empty array")
    if len(entries) > limits.signatures:
        raise NotAllowedError(f"{_WHAT} has {len(entries)} signatures, more than Limits.signatures={limits.signatures}")
    return entries


def _part(entry: object) -> Part:
    if not isinstance(entry, dict):
        raise MalformedError(f"a signature of the {_WHAT} must be an object, got {type(entry).__name__}")
    protected, unprotected, signature = (entry.get(name) for name in _OF_A_SIGNATURE)
    if not isinstance(signature, str):
        raise MalformedError(f"{_WHAT} member 'signature' must be a string, got {type(signature).__name__}")
    if "protected" in entry and (not isinstance(protected, str) or not protected):
        raise MalformedError(f"{_WHAT} member 'protected' must be a non-empty string, or absent")
    if "header" in entry and (not isinstance(unprotected, dict) or not unprotected):
        raise MalformedError(f"{_WHAT} member 'header' must be a non-empty object, or absent")
    if protected is None and unprotected is None:
        raise MalformedError(f"{_WHAT} has a signature without 'protected' and without 'header'")
    return Part(protected or "", unprotected or {}, _wire.b64url_decode(signature, "signature"))


def check_parts(
    gate: Gate, carried: str | None, detached: bytes | None, parts: Sequence[Part], require: Require, limits: Limits
) -> VerifiedJSON:
    """Check every signature, and whether those that verify are enough.

    Args:
        gate: keys, algorithms and header rules.
        carried: the payload as received, or None.
        detached: the payload from elsewhere, or None.
        parts: the signatures.
        require: the caller's choice.
        limits: bounds.

    Raises:
        MalformedError: payload and signatures do not belong together.
        NotAllowedError, KeyNotFoundError, SignatureError: what stands in the way of `require`.
    """
    headers = [_header_or_refusal(part, limits) for part in parts]
    options = {header.b64 for header in headers if isinstance(header, Header)}
    if not options:  # no header can be read, so nobody knows how to read the payload
        _check_required([FailedSignature(header) for header in headers if isinstance(header, RejectedError)], require)
    if len(options) > 1:
        raise MalformedError("b64 must be the same for all signatures of a JWS (RFC 7797 section 3)")
    octets, text = _payload(carried, detached, b64=options == {True})
    outcomes = [_outcome(gate, part, header, text) for part, header in zip(parts, headers, strict=True)]
    _check_required(outcomes, require)
    return verified_json(octets, tuple(outcomes))


def _payload(carried: str | None, detached: bytes | None, *, b64: bool) -> tuple[bytes, bytes]:
    """Give the payload, and the octets that stand for it in what is signed."""
    if (carried is None) is (detached is None):
        wanted = "is not inside: pass payload=" if carried is None else "is inside: leave out payload="
        raise MalformedError(f"the payload of this JWS {wanted}")
    if carried is None:
        octets = detached or b""
        return octets, _wire.b64url_encode(octets).encode("ascii") if b64 else octets
    if b64:
        return _wire.b64url_decode(carried, "payload"), carried.encode("ascii")
    octets = carried.encode("utf-8")
    return octets, octets


def _outcome(
    gate: Gate, part: Part, header: Header | RejectedError, text: bytes
) -> VerifiedSignature | FailedSignature:
    try:
        if isinstance(header, RejectedError):
            raise header
        key = gate.admit(header)
        gate.check(header, key, part.protected.encode("ascii") + b"." + text, part.signature)
    except RejectedError as refusal:
        return FailedSignature(refusal)
    return verified_signature(header, _wire.freeze(dict(part.unprotected)), key)


def _check_required(outcomes: Sequence[VerifiedSignature | FailedSignature], require: Require) -> None:
    verified = tuple([one for one in outcomes if isinstance(one, VerifiedSignature)])
    errors = [one.error for one in outcomes if isinstance(one, FailedSignature)]
    if verified:
        enough = not errors if require == "all" else require == "any" or require(verified)
        if not isinstance(enough, bool):
            raise UsageError(f"the predicate require= must give True or False, got {type(enough).__name__}")
        if enough:
            return
    if not errors:
        raise NotAllowedError("every signature verifies, but the predicate require= says that they are not enough")
    # A missing key is the one reason that a fresh key set may mend, so it is told first.
    order = (KeyNotFoundError, SignatureError, RejectedError)
    raise min(errors, key=lambda error: next(i for i, kind in enumerate(order) if isinstance(error, kind))) from None


def _header_or_refusal(part: Part, limits: Limits) -> Header | RejectedError:
    try:
        return _joined_header(part, limits)
    except RejectedError as refusal:
        return refusal


def _joined_header(part: Part, limits: Limits) -> Header:
    """Join the protected and the unprotected members of one signature (RFC 7515 section 5.2 step 4).

    Raises:
        MalformedError: a name stands in both, or what must be signed is not.
        NotAllowedError: beyond the limits.
    """
    header = Header(joined(protected_members(part.protected, limits), part.unprotected), limits=limits)
    # That crit names b64 wherever it stands has been checked by now.
    if any(name in part.unprotected for name in ("crit", *header.crit)):
        raise MalformedError("crit, b64 and what crit names must stand in the protected header")
    return header


def write_json(payload: str | None, signatures: Sequence[Mapping[str, object]], *, flattened: bool) -> str:
    """Write a JSON JWS from its parts."""
    members: dict[str, object] = {} if payload is None else {"payload": payload}
    members |= signatures[0] if flattened else {"signatures": list(signatures)}
    return _wire.serialize(members, _WHAT).decode("utf-8")
