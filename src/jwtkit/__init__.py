"""jwtkit: JSON Web Tokens, the format, and OAuth, the protocol, for Python.

This is the front door of the format: what is listed here. The protocol has a door of its own, `jwtkit.oauth`, and so
has identity, `jwtkit.oidc`. What not every program needs is loaded when it is first named.
"""

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from jwtkit.crypto.algorithms import SignatureAlgorithm, parse_algorithms
from jwtkit.crypto.encryption_names import ContentEncryptionAlgorithm, KeyManagementAlgorithm
from jwtkit.errors import (
    ClaimsError,
    DecryptionError,
    ExpiredError,
    JwtkitError,
    KeyNotFoundError,
    MalformedError,
    Mismatch,
    NotAllowedError,
    OAuthError,
    ProtocolError,
    ProtocolReason,
    RejectedError,
    SignatureError,
    UsageError,
)
from jwtkit.jose.header import Header
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jwks import JWKS, UnusableKey
from jwtkit.jose.select import KeySource
from jwtkit.jose.signature_memo import SignatureMemo
from jwtkit.jose.signers import Signer
from jwtkit.jwt.claim_fields import claim
from jwtkit.jwt.claims import Claims
from jwtkit.jwt.dates import numeric_date
from jwtkit.jwt.decryption import Decryption
from jwtkit.jwt.policy import ABSENT, UNCHECKED, TenantIssuer
from jwtkit.jwt.token import Token, TokenDraft
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.limits import Limits

if TYPE_CHECKING:
    from jwtkit.jose import jwe, jws
    from jwtkit.jose.jwe import DecryptedJWE
    from jwtkit.jose.jws import VerifiedJWS
    from jwtkit.jwt.key_ring import KeyRing, RingKey
    from jwtkit.jwt.report import Finding, Report, report
    from jwtkit.jwt.unverified import UnverifiedToken

__all__ = [
    "ABSENT",
    "JWK",
    "JWKS",
    "UNCHECKED",
    "Claims",
    "ClaimsError",
    "ContentEncryptionAlgorithm",
    "DecryptedJWE",
    "Decryption",
    "DecryptionError",
    "ExpiredError",
    "Finding",
    "Header",
    "JwtkitError",
    "KeyManagementAlgorithm",
    "KeyNotFoundError",
    "KeyRing",
    "KeySource",
    "Limits",
    "MalformedError",
    "Mismatch",
    "NotAllowedError",
    "OAuthError",
    "ProtocolError",
    "ProtocolReason",
    "RejectedError",
    "Report",
    "RingKey",
    "SignatureAlgorithm",
    "SignatureError",
    "SignatureMemo",
    "Signer",
    "TenantIssuer",
    "Token",
    "TokenDraft",
    "TokenVerifier",
    "UnusableKey",
    "UnverifiedToken",
    "UsageError",
    "VerifiedJWS",
    "claim",
    "jwe",
    "jws",
    "numeric_date",
    "parse_algorithms",
    "report",
]

_HOMES: Final = MappingProxyType(
    {
        "DecryptedJWE": "jwtkit.jose.jwe",
        "Finding": "jwtkit.jwt.report",
        "KeyRing": "jwtkit.jwt.key_ring",
        "Report": "jwtkit.jwt.report",
        "RingKey": "jwtkit.jwt.key_ring",
        "UnverifiedToken": "jwtkit.jwt.unverified",
        "VerifiedJWS": "jwtkit.jose.jws",
        "report": "jwtkit.jwt.report",
    }
)
_MODULES: Final = MappingProxyType({"jwe": "jwtkit.jose.jwe", "jws": "jwtkit.jose.jws"})


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        value = import_module(_MODULES[name])
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
