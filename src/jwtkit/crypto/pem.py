"""Keys from PEM text and back: PKCS8, SPKI and the older PKCS1 and SEC1 forms."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jwtkit.crypto.ec_keys import curve_name
from jwtkit.errors import MalformedError, NotAllowedError, UsageError

__all__ = ["BackendKey", "PrivateKey", "PublicKey", "classify", "dump", "load"]

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Ed25519PrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | Ed25519PublicKey
BackendKey = PrivateKey | PublicKey
_PRIVATE: Final = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, Ed25519PrivateKey)


def load(pem: bytes, password: bytes | None) -> object:
    """Read one key of any type.

    Raises:
        MalformedError: it is not a PEM key, or the password is wrong.
        UsageError: a password is missing, or given for a key without one.
    """
    private = b"PRIVATE KEY" in pem
    try:
        if private:
            return serialization.load_pem_private_key(pem, password, unsafe_skip_rsa_key_validation=True)
        return serialization.load_pem_public_key(pem)
    except TypeError:
        problem = "is encrypted: pass password=" if password is None else "is not encrypted: leave out password="
        raise UsageError(f"the PEM key {problem}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise MalformedError(
            "not a PEM private key, or the password is wrong" if private else "not a PEM public key"
        ) from None


def classify(key: object) -> tuple[str, str | None, bool]:
    """Name the key type and curve of a backend key, and tell whether it is private.

    Raises:
        NotAllowedError: its type or curve has no row here.
    """
    private = isinstance(key, _PRIVATE)
    if isinstance(key, (rsa.RSAPrivateKey, rsa.RSAPublicKey)):
        return "RSA", None, private
    if isinstance(key, (Ed25519PrivateKey, Ed25519PublicKey)):
        return "OKP", "Ed25519", private
    if isinstance(key, (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey)):
        crv = curve_name(key)
        if crv is not None:
            return "EC", crv, private
        raise NotAllowedError(f"EC keys on {key.curve.name} are not supported: use P-256, P-384 or P-521")
    raise NotAllowedError(f"a key of type {type(key).__name__} is not supported: use RSA, EC or Ed25519")


def dump(key: BackendKey, password: bytes | None) -> str:
    """Write PKCS8 for a private key, encrypted where a password is given, and SPKI for a public one."""
    if isinstance(key, _PRIVATE):
        encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        return key.private_bytes(serialization.Encoding.PEM, form, encryption).decode("ascii")
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, spki).decode("ascii")
