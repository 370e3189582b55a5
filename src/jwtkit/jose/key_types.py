"""The key types: one row each, from JWK members to the backend's key and back (RFC 7518 section 6, RFC 8037).

Rules of this room:

- Members are exact: unpadded base64url, integers without leading zeros, coordinates of the field's length, so that
  one key has one spelling and one thumbprint.
- A key is checked once, here: on its curve, within its size, its private half belonging to its public half.
- `describe` is the inverse of `read`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from jwtkit import _wire
from jwtkit._frozen import Frozen
from jwtkit.errors import MalformedError, NotAllowedError
from jwtkit.jose.key_members import disguise

__all__ = ["KEY_TYPES", "KeyType", "Material"]

# The longest member of a key within bounds is an RSA modulus of 16384 bits, 2,731 characters.
_MEMBER_CHARS: Final = 8192


class Material(Frozen):
    """What a JWK is made of, in the backend's form.

    Attributes:
        variant: the curve, or for AKP keys the parameter set, or None where the key type has no such thing.
        public: the backend's public key; None for a shared secret.
        private: the backend's private key, the secret of an oct key, or None.
    """

    __slots__ = ("private", "public", "variant")

    def __init__(self, variant: str | None, public: Any, private: Any) -> None:
        self.variant: Final = variant
        self.public: Final = public
        self.private: Final = private


class KeyType(Frozen):
    """One `kty`.

    Attributes:
        kty: the registered value.
        required: members of its thumbprint, in their lexicographic order (RFC 7638 section 3.2).
        private: members that must never leave unasked.
        read: from members to material.
        describe: from material to members, private ones included where there are any.
    """

    __slots__ = ("describe", "kty", "private", "read", "required")

    def __init__(
        self,
        kty: str,
        *,
        required: tuple[str, ...],
        private: tuple[str, ...],
        read: Callable[[Mapping[str, object]], Material],
        describe: Callable[[Material], dict[str, str]],
    ) -> None:
        self.kty: Final = kty
        self.required: Final = required
        self.private: Final = private
        self.read: Final = read
        self.describe: Final = describe


def _octets(members: Mapping[str, object], name: str) -> bytes:
    text = members.get(name)
    if not isinstance(text, str):
        raise MalformedError(f"JWK member {name!r} must be a string, got {type(text).__name__}")
    if len(text) > _MEMBER_CHARS:
        raise NotAllowedError(f"JWK member {name!r} has {len(text)} characters: at most {_MEMBER_CHARS} are accepted")
    return _wire.b64url_decode(text, f"JWK member {name!r}")


def _integer(members: Mapping[str, object], name: str) -> int:
    """Read a Base64urlUInt, which has no leading zero octet (RFC 7518 section 2)."""
    octets = _octets(members, name)
    if not octets or octets[0] == 0:
        raise MalformedError(f"JWK member {name!r} is not a minimal, positive integer")
    return int.from_bytes(octets)


def _integer_text(value: int) -> str:
    return _wire.b64url_encode(value.to_bytes((value.bit_length() + 7) // 8))


def _one_of(members: Mapping[str, object], kty: str, name: str, known: tuple[str, ...]) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise MalformedError(f"{kty} key: {name} must be a string, got {type(value).__name__}")
    if value not in known:
        raise NotAllowedError(f"{kty} key: this {name} is not supported, use {', '.join(known)}")
    return value


def _read_oct(members: Mapping[str, object]) -> Material:
    secret = _octets(members, "k")
    if not secret:
        raise MalformedError("oct key: k is empty")
    problem = disguise(secret)
    if problem is not None:
        raise NotAllowedError(f"oct key: {problem}")
    return Material(None, None, secret)


def _describe_oct(material: Material) -> dict[str, str]:
    return {"k": _wire.b64url_encode(material.private)}


def _read_rsa(members: Mapping[str, object]) -> Material:
    from jwtkit.crypto import rsa_keys

    n, e = _integer(members, "n"), _integer(members, "e")
    if "oth" in members:
        raise NotAllowedError("RSA key: keys with more than two primes are not supported")
    numbers = {name: _integer(members, name) for name in rsa_keys.PRIVATE_NUMBERS if name in members}
    if not numbers:
        return Material(None, rsa_keys.public_key(n, e), None)
    if numbers.keys() == {"d"}:
        numbers = rsa_keys.with_primes(n, e, numbers["d"])
    if len(numbers) != len(rsa_keys.PRIVATE_NUMBERS):
        raise MalformedError("RSA private key: beside d, either all of p, q, dp, dq and qi are given or none of them")
    private = rsa_keys.private_key(n, e, numbers)
    return Material(None, private.public_key(), private)


def _describe_rsa(material: Material) -> dict[str, str]:
    from jwtkit.crypto import rsa_keys

    n, e = rsa_keys.public_numbers(material.public)
    numbers = {"n": n, "e": e}
    if material.private is not None:
        numbers |= rsa_keys.private_numbers(material.private)
    return {name: _integer_text(value) for name, value in numbers.items()}


def _read_ec(members: Mapping[str, object]) -> Material:
    from jwtkit.crypto import ec_keys

    crv = _one_of(members, "EC", "crv", tuple(ec_keys.CURVES))
    x, y = _octets(members, "x"), _octets(members, "y")
    if "d" not in members:
        return Material(crv, ec_keys.public_key(crv, x, y), None)
    private = ec_keys.private_key(crv, x, y, _octets(members, "d"))
    return Material(crv, private.public_key(), private)


def _describe_ec(material: Material) -> dict[str, str]:
    from jwtkit.crypto import ec_keys

    x, y = ec_keys.coordinates(material.public)
    members = {"crv": str(material.variant), "x": _wire.b64url_encode(x), "y": _wire.b64url_encode(y)}
    if material.private is not None:
        members["d"] = _wire.b64url_encode(ec_keys.private_scalar(material.private))
    return members


def _read_okp(members: Mapping[str, object]) -> Material:
    from jwtkit.crypto import okp_keys

    crv = _one_of(members, "OKP", "crv", tuple(okp_keys.CURVES))
    x = _octets(members, "x")
    if "d" not in members:
        return Material(crv, okp_keys.public_key(crv, x), None)
    private = okp_keys.private_key(crv, x, _octets(members, "d"))
    return Material(crv, private.public_key(), private)


def _describe_okp(material: Material) -> dict[str, str]:
    members = {"crv": str(material.variant), "x": _wire.b64url_encode(material.public.public_bytes_raw())}
    if material.private is not None:
        members["d"] = _wire.b64url_encode(material.private.private_bytes_raw())
    return members


def _read_akp(members: Mapping[str, object]) -> Material:
    from jwtkit.crypto import akp_keys

    alg = _one_of(members, "AKP", "alg", tuple(akp_keys.PARAMETER_SETS))
    pub = _octets(members, "pub")
    if "priv" not in members:
        return Material(alg, akp_keys.public_key(alg, pub), None)
    private = akp_keys.private_key(alg, pub, _octets(members, "priv"))
    return Material(alg, private.public_key(), private)


def _describe_akp(material: Material) -> dict[str, str]:
    members = {"alg": str(material.variant), "pub": _wire.b64url_encode(material.public.public_bytes_raw())}
    if material.private is not None:
        members["priv"] = _wire.b64url_encode(material.private.private_bytes_raw())
    return members


KEY_TYPES: Final[Mapping[str, KeyType]] = MappingProxyType(
    {
        row.kty: row
        for row in (
            KeyType("oct", required=("k", "kty"), private=("k",), read=_read_oct, describe=_describe_oct),
            KeyType(
                "RSA",
                required=("e", "kty", "n"),
                private=("d", "p", "q", "dp", "dq", "qi", "oth"),
                read=_read_rsa,
                describe=_describe_rsa,
            ),
            KeyType("EC", required=("crv", "kty", "x", "y"), private=("d",), read=_read_ec, describe=_describe_ec),
            KeyType("OKP", required=("crv", "kty", "x"), private=("d",), read=_read_okp, describe=_describe_okp),
            KeyType("AKP", required=("alg", "kty", "pub"), private=("priv",), read=_read_akp, describe=_describe_akp),
        )
    }
)
