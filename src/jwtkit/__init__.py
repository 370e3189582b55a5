"""jwtkit: JSON Web Tokens, the format, and OAuth, the protocol, for Python.

This is the front door of the format: what is listed here. The protocol has a door of its own, `jwtkit.oauth`, and so
has identity, `jwtkit.oidc`.
"""

from jwtkit.crypto.algorithms import SignatureAlgorithm, parse_algorithms
from jwtkit.crypto.encryption import ContentEncryptionAlgorithm, KeyManagementAlgorithm
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
from jwtkit.jose import jwe, jws
from jwtkit.jose.header import Header
from jwtkit.jose.jwe import DecryptedJWE
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jwks import JWKS, UnusableKey
from jwtkit.jose.jws import VerifiedJWS
from jwtkit.jose.select import KeySource
from jwtkit.jose.signature_memo import SignatureMemo
from jwtkit.jose.signers import Signer
from jwtkit.jwt.claim_fields import claim
from jwtkit.jwt.claims import Claims
from jwtkit.jwt.dates import numeric_date
from jwtkit.jwt.decryption import Decryption
from jwtkit.jwt.key_ring import KeyRing, RingKey
from jwtkit.jwt.policy import ABSENT, UNCHECKED, TenantIssuer
from jwtkit.jwt.report import Finding, Report, report
from jwtkit.jwt.token import Token, TokenDraft
from jwtkit.jwt.unverified import UnverifiedToken
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.limits import Limits

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
