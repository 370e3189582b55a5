"""The members every JWK may have, whatever its type, and what is not a key at all (RFC 7517 section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from jwtkit.errors import MalformedError, NotAllowedError

__all__ = ["OPERATIONS_OF_USE", "disguise", "public_ops", "read_key_ops", "read_text", "too_long"]

OPERATIONS_OF_USE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "sig": frozenset(("sign", "verify")),
        "enc": frozenset(("encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits")),
    }
)


def read_text(members: Mapping[str, object], name: str, longest: int) -> str | None:
    """Read an optional string member of at most so many bytes in UTF-8."""
    if name not in members:
        return None
    value = members[name]
    if not isinstance(value, str):
        raise MalformedError(f"JWK member {name!r} must be a string, got {type(value).__name__}")
    if too_long(value, longest):
        raise NotAllowedError(f"JWK member {name!r} has more than the {longest} bytes that are accepted")
    return value


def too_long(text: str, longest: int) -> bool:
    """Tell whether a text has more bytes in UTF-8 than allowed, without encoding what is far too long."""
    return len(text) > longest or (not text.isascii() and len(text.encode("utf-8", "surrogatepass")) > longest)


def read_key_ops(members: Mapping[str, object], use: str | None) -> tuple[str, ...] | None:
    """Read key_ops: strings without duplicates, consistent with use (RFC 7517 section 4.3)."""
    if "key_ops" not in members:
        return None
    given = members["key_ops"]
    if not isinstance(given, (list, tuple)) or not all(isinstance(op, str) for op in given):
        raise MalformedError("JWK member 'key_ops' must be an array of strings")
    operations = tuple(given)
    if len(set(operations)) != len(operations):
        raise MalformedError("JWK member 'key_ops' names an operation twice")
    known = OPERATIONS_OF_USE.get(use or "")
    if known is not None and not known.issuperset(operations):
        raise MalformedError("JWK contradicts itself: key_ops do not belong to its use")
    return operations


_PUBLIC_COUNTERPART: Final = {"sign": "verify", "decrypt": "encrypt", "unwrapKey": "wrapKey"}


def public_ops(operations: tuple[str, ...]) -> list[str]:
    """Give the operations of the public half: who signs with the private key verifies with the public one."""
    return list(dict.fromkeys(_PUBLIC_COUNTERPART.get(operation, operation) for operation in operations))


def disguise(secret: bytes) -> str | None:
    """Say what public key a secret seems to be: whoever reads the public key could sign (RFC 8725 section 3.2)."""
    head = secret.lstrip(b"\xef\xbb\xbf \t\r\n\x0b\x0c\x00")
    if b"-----BEGIN" in secret:
        return "this looks like a PEM key; an HMAC secret must be random bytes. Use JWK.from_pem(...)"
    if head.startswith((b"ssh-", b"ecdsa-sha2-", b"sk-")):
        return "this looks like an OpenSSH public key; an HMAC secret must be random bytes. Use JWK.from_openssh(...)"
    if head.startswith((b"{", b"[")) and (b'"kty"' in secret or b'"keys"' in secret):
        return "this looks like a JWK or JWKS JSON text; use JWK.parse(...) or JWKS.parse(...)"
    if _is_der_key(secret):
        return "this looks like a DER key; an HMAC secret must be random bytes. Use JWK.from_der(...)"
    return None


def _is_der_key(secret: bytes) -> bool:
    """Tell whether these bytes are one DER sequence that begins as public keys do; random bytes all but never are."""
    # The shortest such key, Ed25519 in SPKI form, has 44 octets.
    if len(secret) < 44 or secret[0] != 0x30:
        return False
    long_form = secret[1] - 0x80 if secret[1] > 0x80 else 0
    length = int.from_bytes(secret[2 : 2 + long_form]) if long_form else secret[1]
    return length == len(secret) - 2 - long_form and secret[2 + long_form : 3 + long_form] in (b"\x30", b"\x02")
