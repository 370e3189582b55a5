"""The JSON forms of a JWE, flattened and general, from text to parts and back (RFC 7516 section 7.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jwtkit import _wire
from jwtkit._frozen import Frozen
from jwtkit.errors import MalformedError, NotAllowedError
from jwtkit.jose.header import Header
from jwtkit.jose.json_form import joined, protected_members, read_whole
from jwtkit.jose.jwe_policy import Sealed
from jwtkit.limits import Limits

__all__ = ["ParsedJWE", "authenticated_data", "parse_json", "write_json"]

_WHAT: Final = "JWE"


class ParsedJWE(Frozen):
    """A JWE whose form is right, and nothing else checked.

    Attributes:
        sealed: the encrypted content.
        aad: additional data, decoded; None where there is none.
        recipients: header, unprotected members and encrypted key of each.
    """

    __slots__ = ("aad", "recipients", "sealed")

    def __init__(
        self, sealed: Sealed, aad: bytes | None, recipients: Sequence[tuple[Header, Mapping[str, Any], bytes]]
    ) -> None:
        self.sealed: Final = sealed
        self.aad: Final = aad
        self.recipients: Final = recipients


def parse_json(source: object, limits: Limits) -> ParsedJWE:
    """Read a JWE in a JSON form.

    Raises:
        MalformedError: it is no such thing, or its headers do not go together.
        NotAllowedError: beyond the limits.
        UsageError: neither text nor a mapping.
    """
    members = read_whole(source, _WHAT, limits)
    if "payload" in members or "signatures" in members:
        raise MalformedError("this is a signed JWS: use jws.verify_json(...)")
    protected_text = _text(members, "protected", required=False)
    aad_text = _text(members, "aad", required=False)
    iv, ciphertext, tag = (_octets(members, name) for name in ("iv", "ciphertext", "tag"))
    protected = protected_members(protected_text, limits)
    shared = _header(members, "unprotected")
    recipients = []
    for entry in _entries(members, limits):
        own = _header(entry, "header")
        unprotected = joined(shared, own)
        header = Header(joined(protected, unprotected), limits=limits)
        if any(name in unprotected for name in ("crit", "zip", *header.crit)):
            raise MalformedError("crit, zip and what crit names must stand in the protected header")
        encrypted_key = _octets(entry, "encrypted_key") if "encrypted_key" in entry else b""
        recipients.append((header, unprotected, encrypted_key))
    enc = recipients[0][0].get("enc")
    if any(header.get("enc") != enc for header, _, _ in recipients):
        raise MalformedError("enc must be the same for all recipients (RFC 7516 section 7.2.1)")
    aad = None if aad_text is None else _wire.b64url_decode(aad_text, "aad")
    sealed = Sealed(iv, ciphertext, tag, authenticated_data(protected_text or "", aad_text))
    return ParsedJWE(sealed, aad, recipients)


def authenticated_data(protected: str, aad: str | None) -> bytes:
    """Give what the tag covers besides the ciphertext, as received (RFC 7516 section 5.1 step 14)."""
    return (protected if aad is None else f"{protected}.{aad}").encode("ascii")


def _entries(members: dict[str, Any], limits: Limits) -> Sequence[dict[str, Any]]:
    if "recipients" not in members:
        return [members]
    if "header" in members or "encrypted_key" in members:
        raise MalformedError(f"{_WHAT} is either general, with 'recipients', or flattened, with 'encrypted_key'")
    entries = members["recipients"]
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise MalformedError(f"{_WHAT} member 'recipients' must be a non-empty array of objects")
    if len(entries) > limits.recipients:
        raise NotAllowedError(f"{_WHAT} has {len(entries)} recipients, more than Limits.recipients={limits.recipients}")
    return entries


def _text(members: Mapping[str, Any], name: str, *, required: bool) -> str | None:
    if name not in members and not required:
        return None
    value = members.get(name)
    # Only the ciphertext of nothing is empty; what is not there is left out (RFC 7516 section 7.2.1).
    if not isinstance(value, str) or not (value or name == "ciphertext"):
        wanted = "a string" if required else "a non-empty string, or absent"
        raise MalformedError(f"{_WHAT} member {name!r} must be {wanted}, got {type(value).__name__}")
    return value


def _octets(members: Mapping[str, Any], name: str) -> bytes:
    return _wire.b64url_decode(str(_text(members, name, required=True)), f"{_WHAT} member {name!r}")


def _header(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = members.get(name)
    if name in members and (not isinstance(value, dict) or not value):
        raise MalformedError(f"{_WHAT} member {name!r} must be a non-empty object, or absent")
    return value or {}


def write_json(
    protected: str,
    unprotected: Mapping[str, object] | None,
    aad: str | None,
    sealed: Sealed,
    recipients: Sequence[tuple[Mapping[str, object], bytes]],
    *,
    flattened: bool,
) -> str:
    """Write a JSON JWE from its parts; a recipient is its header and encrypted key, both left out where empty."""
    entries = [
        ({"header": dict(header)} if header else {})
        | ({"encrypted_key": _wire.b64url_encode(encrypted_key)} if encrypted_key else {})
        for header, encrypted_key in recipients
    ]
    members: dict[str, object] = {"protected": protected}
    if unprotected:
        members["unprotected"] = unprotected
    members |= entries[0] if flattened else {"recipients": entries}
    if aad is not None:
        members["aad"] = aad
    members |= {
        "iv": _wire.b64url_encode(sealed.iv),
        "ciphertext": _wire.b64url_encode(sealed.ciphertext),
        "tag": _wire.b64url_encode(sealed.tag),
    }
    return _wire.serialize(members, _WHAT).decode("utf-8")
