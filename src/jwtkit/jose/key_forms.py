"""From every other form of a key to JWK members: drawn, PEM, a backend's object, a shared secret.

Each form ends as members, so that one reader, `KEY_TYPES`, makes the same checks on every key.
"""

from __future__ import annotations

from typing import Any, Final

from jwtkit import _wire
from jwtkit._random import random_bytes
from jwtkit.crypto.algorithms import Algorithm, SignatureAlgorithm, find_algorithm
from jwtkit.errors import NotAllowedError, UsageError
from jwtkit.jose.key_members import refuse_disguised_key
from jwtkit.jose.key_types import KEY_TYPES, Material
from jwtkit.limits import DEFAULT_LIMITS

__all__ = [
    "backend_members",
    "check_password",
    "generated_members",
    "kind_words",
    "load_pem",
    "secret_members",
    "with_metadata",
]

_RSA_BITS: Final = 2048
_PASSWORD_BYTES: Final = 1023  # as many as the backend takes
Members = dict[str, object]


def generated_members(alg: SignatureAlgorithm) -> Members:
    """Draw a new private key, or a secret as long as the hash."""
    row = find_algorithm(alg)
    if row.kty == "oct":
        material = Material(None, None, random_bytes(row.secret_bytes))
    else:
        private = _generate(row)
        material = Material(row.crv, private.public_key(), private)
    return {"kty": row.kty, **KEY_TYPES[row.kty].describe(material)}


def _generate(row: Algorithm) -> Any:
    if row.kty == "RSA":
        from jwtkit.crypto import rsa_keys

        return rsa_keys.generate(_RSA_BITS)
    if row.kty == "EC":
        from jwtkit.crypto import ec_keys

        return ec_keys.generate(str(row.crv))
    from jwtkit.crypto import okp_keys

    return okp_keys.generate()


def load_pem(pem: str | bytes, password: bytes | None) -> object:
    """Read the backend's key object from PEM text."""
    if not isinstance(pem, (str, bytes)):
        raise UsageError(f"JWK.from_pem takes str or bytes, got {type(pem).__name__}")
    if len(pem) > DEFAULT_LIMITS.jwk_bytes:
        raise NotAllowedError(f"PEM text has {len(pem)} bytes: at most {DEFAULT_LIMITS.jwk_bytes} are accepted")
    if password is not None:
        check_password(password)
    from jwtkit.crypto.pem import load

    return load(pem.encode("utf-8", "surrogatepass") if isinstance(pem, str) else pem, password)


def check_password(password: object) -> None:
    """Refuse what is no password, before an empty one could mean that there is none."""
    if not isinstance(password, bytes) or not 0 < len(password) <= _PASSWORD_BYTES:
        raise UsageError(f"password must be bytes, 1 to {_PASSWORD_BYTES} of them")


def backend_members(key: object, alg: SignatureAlgorithm | None) -> Members:
    """Describe a key object of the backend, which `alg` must fit where it is given."""
    from jwtkit.crypto.pem import classify

    kty, crv, private = classify(key)
    if alg is not None and not find_algorithm(alg).fits(kty, crv):
        raise UsageError(f"alg {alg} does not fit {kind_words(kty, crv)} key")
    backend: Any = key
    material = Material(crv, backend.public_key() if private else backend, backend if private else None)
    return {"kty": kty, **KEY_TYPES[kty].describe(material)}


def secret_members(secret: bytes, alg: SignatureAlgorithm) -> Members:
    """Describe a shared secret, which must be long enough and must not be a public key in disguise."""
    row = find_algorithm(alg)
    if row.kty != "oct":
        raise UsageError(f"alg {alg} does not use a shared secret: use JWK.from_pem(...) or JWK.parse(...)")
    if not isinstance(secret, bytes):
        raise UsageError(f"secret must be bytes, got {type(secret).__name__}: random bytes, not a password")
    refuse_disguised_key(secret)
    if len(secret) < row.secret_bytes:
        raise UsageError(
            f"secret has {len(secret)} bytes, but {alg} needs at least {row.secret_bytes}: "
            f"use JWK.generate({alg!r}) or {row.secret_bytes} random bytes"
        )
    return {"kty": "oct", "k": _wire.b64url_encode(secret)}


def with_metadata(members: Members, alg: SignatureAlgorithm | None, kid: str | None) -> Members:
    """Add what the caller says about the key."""
    if kid is not None and not (isinstance(kid, str) and len(kid) <= DEFAULT_LIMITS.kid_chars):
        raise UsageError(f"kid must be a str of at most {DEFAULT_LIMITS.kid_chars} characters")
    return members | {name: value for name, value in (("alg", alg), ("kid", kid)) if value is not None}


def kind_words(kty: str, crv: str | None) -> str:
    """Name a kind of key with its article: "an EC P-256"."""
    return f"an {kty} {crv}" if crv else f"an {kty}"
