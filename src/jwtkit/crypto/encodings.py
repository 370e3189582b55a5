"""Keys from PEM, DER and OpenSSH text and back: PKCS8 and SPKI, and the older PKCS1 and SEC1 forms."""

from __future__ import annotations

from typing import Any, Final, Literal

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from jwtkit.crypto.akp_keys import PARAMETER_SETS
from jwtkit.crypto.ec_keys import curve_name
from jwtkit.crypto.okp_keys import CURVES
from jwtkit.errors import MalformedError, NotAllowedError, UsageError, quote

__all__ = ["classify", "dump", "dump_openssh", "load_der", "load_openssh", "load_pem"]


# What the backend says of a key that it cannot read; the last two where it has not thought of the case itself.
_UNREADABLE: Final = (ValueError, UnsupportedAlgorithm, InternalError, NotImplementedError)
# The backend's class: key type, curve or parameter set, and whether it is private.
_CLASSES: Final[tuple[tuple[Any, str, str | None, bool], ...]] = (
    (rsa.RSAPrivateKey, "RSA", None, True),
    (rsa.RSAPublicKey, "RSA", None, False),
    (ec.EllipticCurvePrivateKey, "EC", None, True),
    (ec.EllipticCurvePublicKey, "EC", None, False),
    *((private, "OKP", crv, True) for crv, (private, _, _) in CURVES.items()),
    *((public, "OKP", crv, False) for crv, (_, public, _) in CURVES.items()),
    *((private, "AKP", alg, True) for alg, (private, _, _) in PARAMETER_SETS.items()),
    *((public, "AKP", alg, False) for alg, (_, public, _) in PARAMETER_SETS.items()),
)
_PRIVATE_FORMS: Final = {
    "PKCS8": serialization.PrivateFormat.PKCS8,
    "PKCS1": serialization.PrivateFormat.TraditionalOpenSSL,
    "SEC1": serialization.PrivateFormat.TraditionalOpenSSL,
}
_PUBLIC_FORMS: Final = {
    "SPKI": serialization.PublicFormat.SubjectPublicKeyInfo,
    "PKCS1": serialization.PublicFormat.PKCS1,
}
# The older forms belong to one key type each.
_TYPE_OF_FORM: Final = {"PKCS1": "RSA", "SEC1": "EC"}


def load_pem(pem: bytes, password: bytes | None) -> object:
    """Read one key of any type.

    Raises:
        MalformedError: it is not a PEM key, or the password is wrong.
        NotAllowedError: it is something else that PEM can hold.
        UsageError: a password is missing, or given for a key without one.
    """
    if b"-----BEGIN CERTIFICATE" in pem:
        raise NotAllowedError("this is a certificate, not a key: use JWK.from_certificate(...)")
    if b"-----BEGIN OPENSSH" in pem:
        raise NotAllowedError("OpenSSH private keys are not read: convert it with ssh-keygen -p -m PKCS8 -f FILE")
    if b"-----BEGIN" not in pem:
        raise MalformedError("not PEM: there is no line that begins with -----BEGIN. Was a path or JSON handed in?")
    if b"\\n" in pem and b"\n" not in pem:
        raise MalformedError(
            "this PEM has \\n written out where lines should end, as some settings do: put line ends there"
        )
    if b"PRIVATE KEY" in pem:
        return _load_private(pem, password, "PEM")
    if password is not None:
        raise UsageError("the PEM key is not encrypted: leave out password=")
    try:
        return serialization.load_pem_public_key(pem)
    except (TypeError, *_UNREADABLE):
        raise MalformedError("not a PEM public key") from None


def load_der(der: bytes, password: bytes | None) -> object:
    """Read one key of any type, private or public; errors as `load_pem`."""
    try:
        # What is a public key is never a private one, and the other way round: their structures differ.
        key: object = serialization.load_der_public_key(der)
    except (TypeError, *_UNREADABLE):
        return _load_private(der, password, "DER")
    if password is not None:
        raise UsageError("the DER key is not encrypted: leave out password=")
    return key


def _load_private(data: bytes, password: bytes | None, what: Literal["PEM", "DER"]) -> object:
    load = serialization.load_pem_private_key if what == "PEM" else serialization.load_der_private_key
    try:
        return load(data, password, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        problem = "is encrypted: pass password=" if password is None else "is not encrypted: leave out password="
        raise UsageError(f"the {what} key {problem}") from None
    except _UNREADABLE:
        kind = "private key" if what == "PEM" else "key"
        raise MalformedError(f"not a {what} {kind}, or the password is wrong") from None


def load_openssh(text: bytes) -> object:
    """Read a public key from one line of OpenSSH's, such as a line of `id_ed25519.pub`.

    Raises:
        MalformedError: no such line.
        NotAllowedError: a certificate, or a key of a hardware token.
    """
    if text.startswith(b"sk-"):
        raise NotAllowedError("an sk- key lives in a hardware token, which signs another message than a JWS")
    if b"-cert-v01@" in text.split(b" ", 1)[0]:
        raise NotAllowedError("this is an OpenSSH certificate, which nobody has checked: use the key alone")
    try:
        return serialization.load_ssh_public_key(text)
    except (TypeError, *_UNREADABLE):
        raise MalformedError("not an OpenSSH public key: one line such as 'ssh-ed25519 AAAA...'") from None


def classify(key: object) -> tuple[str, str | None, bool]:
    """Name the key type and its curve or parameter set of a backend key, and tell whether it is private.

    Raises:
        NotAllowedError: its type or curve has no row here.
    """
    for backend_class, kty, variant, private in _CLASSES:
        if isinstance(key, backend_class):
            if kty != "EC":
                return kty, variant, private
            crv = curve_name(key)
            if crv is None:
                raise NotAllowedError("an EC key on this curve is not supported: use P-256, P-384, P-521 or secp256k1")
            return kty, crv, private
    raise NotAllowedError(f"a key of type {type(key).__name__} is not supported: use RSA, EC, OKP or AKP keys")


def dump(key: Any, *, private: bool, pem: bool, form: str | None = None, password: bytes | None = None) -> bytes:
    """Write a key: PKCS8 or SPKI, unless one of the older forms is asked for.

    Raises:
        UsageError: the form does not exist for this key, or cannot be encrypted.
    """
    forms: dict[str, Any] = _PRIVATE_FORMS if private else _PUBLIC_FORMS
    chosen = form or ("PKCS8" if private else "SPKI")
    kty = classify(key)[0]
    if not isinstance(chosen, str) or chosen not in forms or _TYPE_OF_FORM.get(chosen, kty) != kty:
        raise UsageError(f"{quote(chosen)} is no form of {'a private' if private else 'a public'} {kty} key")
    encoding = serialization.Encoding.PEM if pem else serialization.Encoding.DER
    if not private:
        written: bytes = key.public_bytes(encoding, forms[chosen])
        return written
    if password is not None and chosen != "PKCS8":
        raise UsageError(f"{chosen} is not encrypted here: use the PKCS8 form with password=")
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    written = key.private_bytes(encoding, forms[chosen], encryption)
    return written


def dump_openssh(key: Any) -> str:
    """Write the public key as one line of OpenSSH's.

    Raises:
        UsageError: OpenSSH has no name for this kind of key.
    """
    form = serialization.PublicFormat.OpenSSH
    try:
        return str(key.public_bytes(serialization.Encoding.OpenSSH, form), "ascii")
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError("OpenSSH knows RSA keys, Ed25519 and the curves P-256, P-384 and P-521 only") from None
