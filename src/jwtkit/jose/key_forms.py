"""From every other form of a key to JWK members: drawn, PEM, DER, OpenSSH, a backend's object, a shared secret.

Each form ends as members, so that one reader, `KEY_TYPES`, makes the same checks on every key.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from jwtkit import _wire
from jwtkit._random import random_bytes
from jwtkit.crypto.any_algorithm import find_key_algorithm
from jwtkit.crypto.encryption_names import AnyAlgorithm
from jwtkit.crypto.key_algorithm import KeyAlgorithm
from jwtkit.errors import NotAllowedError, UsageError, quote
from jwtkit.jose.key_members import disguise, too_long
from jwtkit.jose.key_types import KEY_TYPES, Material
from jwtkit.limits import DEFAULT_LIMITS

__all__ = [
    "RSA_BITS",
    "KeyForm",
    "backend_members",
    "check_password",
    "generated_members",
    "kind_words",
    "read_form",
    "secret_members",
    "secret_words",
    "with_metadata",
]

RSA_BITS: Final = 2048
_LONGEST_RSA_BITS: Final = 8192
_PASSWORD_BYTES: Final = 1023  # as many as the backend takes
Members = dict[str, object]
KeyForm = Literal["PKCS8", "SPKI", "PKCS1", "SEC1"]


def generated_members(alg: AnyAlgorithm, crv: str | None, rsa_bits: int) -> Members:
    """Draw a new private key, or a secret as long as the algorithm needs."""
    row = find_key_algorithm(alg)
    if type(rsa_bits) is not int or not RSA_BITS <= rsa_bits <= _LONGEST_RSA_BITS or rsa_bits % 8:
        raise UsageError(f"rsa_bits must be a multiple of 8 from {RSA_BITS} to {_LONGEST_RSA_BITS}")
    kty, variant = row.kty, _variant(row, crv)
    if kty == "oct":
        if row.secret_bytes <= 1:
            hint = "name the content encryption, such as 'A256GCM'" if alg == "dir" else "use JWK.from_secret(password)"
            raise UsageError(f"{alg} does not say how long a key is: {hint}")
        material = Material(None, None, random_bytes(row.secret_bytes))
    else:
        kty = "OKP" if variant in ("X25519", "X448") else kty  # ECDH works on keys of both types
        private = _generate(kty, variant, rsa_bits)
        material = Material(variant, private.public_key(), private)
    return {"kty": kty, **KEY_TYPES[kty].describe(material)}


def _variant(row: KeyAlgorithm, crv: str | None) -> str | None:
    if crv is None:
        if len(row.variants) > 1:
            raise UsageError(f"{row.name} does not say which curve: pass crv=, one of {', '.join(row.variants)}")
        return row.variants[0] if row.variants else None
    if not isinstance(crv, str) or crv not in row.variants or row.kty == "AKP":
        raise UsageError(f"crv {quote(crv)} is no curve of {row.name}: use {', '.join(row.variants) or 'none'}")
    return crv


def _generate(kty: str, variant: str | None, rsa_bits: int) -> Any:
    if kty == "RSA":
        from jwtkit.crypto import rsa_keys

        return rsa_keys.generate(rsa_bits)
    if kty == "EC":
        from jwtkit.crypto import ec_keys

        return ec_keys.generate(str(variant))
    if kty == "OKP":
        from jwtkit.crypto import okp_keys

        return okp_keys.generate(str(variant))
    from jwtkit.crypto import akp_keys

    return akp_keys.generate(str(variant))


def read_form(data: object, door: str, *, text: bool = True) -> bytes:
    """Give the bytes of a PEM, DER or OpenSSH key, bounded in length; `door` names the call in errors."""
    if not isinstance(data, (str, bytes) if text else bytes):
        raise UsageError(f"{door} takes {'str or bytes' if text else 'bytes'}, got {type(data).__name__}")
    if len(data) > DEFAULT_LIMITS.jwk_bytes:
        raise NotAllowedError(f"{door}: {len(data)} bytes, at most {DEFAULT_LIMITS.jwk_bytes} are accepted")
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data


def check_password(password: object) -> None:
    """Refuse what is no password, before an empty one could mean that there is none."""
    if not isinstance(password, bytes) or not 0 < len(password) <= _PASSWORD_BYTES:
        raise UsageError(f"password must be bytes, 1 to {_PASSWORD_BYTES} of them")


def backend_members(key: object, alg: AnyAlgorithm | None) -> Members:
    """Describe a key object of the backend, which `alg` must fit where it is given."""
    from jwtkit.crypto.encodings import classify

    kty, variant, private = classify(key)
    if alg is not None and not find_key_algorithm(alg).fits(kty, variant):
        raise UsageError(f"alg {alg} does not fit {kind_words(kty, variant)} key", code="key_unfit")
    backend: Any = key
    material = Material(variant, backend.public_key() if private else backend, backend if private else None)
    return {"kty": kty, **KEY_TYPES[kty].describe(material)}


def secret_members(secret: bytes, alg: AnyAlgorithm, *, allow_short: bool) -> Members:
    """Describe a shared secret, which must be long enough and must not be a public key in disguise."""
    row = find_key_algorithm(alg)
    if row.kty != "oct":
        raise UsageError(f"alg {alg} does not use a shared secret: use JWK.from_pem(...) or JWK.parse(...)")
    if not isinstance(secret, bytes):
        raise UsageError(f"secret must be bytes, got {type(secret).__name__}: decode the text that holds it")
    problem = disguise(secret)
    if problem is not None:
        raise UsageError(problem, code="secret_is_a_key")
    if not row.fits_secret(len(secret), allow_short=allow_short):
        raise UsageError(
            f"secret has {len(secret)} bytes, but {alg} needs {secret_words(row)}: "
            f"use JWK.generate({alg!r}) or {row.secret_bytes} random bytes",
            code="short_secret",
        )
    return {"kty": "oct", "k": _wire.b64url_encode(secret)}


def with_metadata(members: Members, alg: AnyAlgorithm | None, kid: str | None) -> Members:
    """Add what the caller says about the key."""
    longest = DEFAULT_LIMITS.kid_bytes
    if kid is not None and (not isinstance(kid, str) or too_long(kid, longest)):
        raise UsageError(f"kid must be a str of at most {longest} bytes")
    return members | {name: value for name, value in (("alg", alg), ("kid", kid)) if value is not None}


def secret_words(row: KeyAlgorithm) -> str:
    """Say how long a shared secret has to be."""
    return f"{'exactly' if row.exact_secret else 'at least'} {row.secret_bytes} bytes"


def kind_words(kty: str, variant: str | None) -> str:
    """Name a kind of key with its article: "an EC P-256"."""
    return f"an {kty} {variant}" if variant else f"an {kty}"
