"""A DPoP proof: a signed statement, for one request, of who holds a key (RFC 9449 section 4.2).

Rules of this room:

- A proof is for one method, one target and one moment. Its header shows the public key, and of that only what the
  thumbprint is made of: nothing private, and no name of the key.
- Nothing here knows who asks whom; nonces and keys are kept by `DPoP` in the client's folder.
"""

from __future__ import annotations

import re
from typing import Final, Literal, final

from jwtkit import _wire
from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen
from jwtkit._random import random_text
from jwtkit.crypto.algorithms import Algorithm, SignatureAlgorithm, find_algorithm
from jwtkit.errors import MalformedError, UsageError
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jws_sign import protected_header
from jwtkit.jose.key_types import KEY_TYPES
from jwtkit.jose.remote import check_signature, digest_of, raw_form
from jwtkit.jose.select import unfit
from jwtkit.oauth.http_uri import http_uri
from jwtkit.oauth.secret import Secret

__all__ = [
    "PROOF_TYPE",
    "DPoPProofDraft",
    "access_token_hash",
    "claimed_nonce",
    "dpop_proof_draft",
    "is_nonce",
    "proof_claims",
    "proof_header",
    "sendable",
]

PROOF_TYPE: Final = "dpop+jwt"
_DEPTH: Final = 4
_INT_LIMIT: Final = 10**40
_NONCE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,1024}")
_ACCESS_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


def is_nonce(value: object) -> bool:
    """Tell whether this can be a nonce of a server: NQCHAR (RFC 9449 section 8.1), of a bounded length."""
    return isinstance(value, str) and _NONCE.fullmatch(value) is not None


def access_token_hash(access_token: str) -> str:
    """Give the `ath` of an access token of ASCII: its SHA-256 as base64url text (RFC 9449 section 4.2)."""
    from hashlib import sha256

    return _wire.b64url_encode(sha256(access_token.encode("ascii")).digest())


def sendable(access_token: object) -> str:
    """Give the text of an access token that goes into a header.

    Raises:
        UsageError: it is no Secret, or not of printable ASCII.
    """
    if not isinstance(access_token, Secret):
        raise UsageError(f"access_token must be a Secret, got {type(access_token).__name__}: write Secret(text)")
    text = access_token.reveal()
    if not _ACCESS_TOKEN.fullmatch(text):
        raise UsageError("an access token is printable ASCII without spaces, because it goes into a header")
    return text


def proof_header(alg: SignatureAlgorithm, public_key: JWK) -> str:
    """Make the header segment of every proof that one key signs.

    Raises:
        UsageError: the key is not public, or does not serve the algorithm, or both sides would know it.
    """
    row = _asymmetric(alg)
    if not isinstance(public_key, JWK):
        raise UsageError(f"public_key must be a JWK, got {type(public_key).__name__}")
    if public_key.is_private:
        raise UsageError("public_key must be the public half of the key: key.public()", code="key_unfit")
    if not public_key.serves(row):
        raise UsageError(unfit(public_key, row), code="key_unfit")
    members = public_key.to_dict()
    shown = {name: members[name] for name in KEY_TYPES[public_key.kty].required}
    return protected_header(row.name, None, PROOF_TYPE, {"jwk": shown})[1]


def proof_claims(
    method: str, url: str, *, access_token: Secret | None = None, nonce: str | None = None, now: float | None = None
) -> str:
    """Make the claims segment of one proof; its `jti` is new each time.

    Raises:
        UsageError: an argument is of the wrong form.
    """
    target = http_uri(url)
    if target is None:
        raise UsageError("url must be an absolute http or https URL")
    if not isinstance(method, str) or not method:
        raise UsageError("method must be an HTTP method, such as 'GET'")
    claims: dict[str, object] = {
        "jti": random_text(16),
        "htm": method,
        "htu": target,
        "iat": int(resolve_now(now)),
    }
    if access_token is not None:
        claims["ath"] = access_token_hash(sendable(access_token))
    if nonce is not None:
        if not is_nonce(nonce):
            raise UsageError("nonce must be as the server sent it, in a DPoP-Nonce header")
        claims["nonce"] = nonce
    return _wire.b64url_encode(_wire.serialize(claims, "DPoP proof"))


def claimed_nonce(proof: str | None) -> object:
    """Read the nonce of a proof that the program sends; None where it has none."""
    segments = (proof or "").split(".")
    if len(segments) != 3:
        return None
    try:
        payload = _wire.b64url_decode(segments[1], "DPoP proof")
        return _wire.parse_object(payload, "DPoP proof", depth=_DEPTH, int_limit=_INT_LIMIT).get("nonce")
    except MalformedError:
        return None


@final
class DPoPProofDraft(Frozen):
    """A proof that lacks its signature, for a key that is elsewhere. Get one from `dpop_proof_draft`.

    Attributes:
        signing_input: the bytes to sign.
    """

    __slots__ = ("_alg", "_public_key", "_signed", "signing_input")

    def __init__(self, alg: SignatureAlgorithm, public_key: JWK, signed: str) -> None:
        self._alg: Final = alg
        self._public_key: Final = public_key
        self._signed: Final = signed
        self.signing_input: Final = signed.encode("ascii")

    @property
    def digest(self) -> bytes:
        """The hash of the signing input, for services that sign digests.

        Raises:
            UsageError: the algorithm signs the message itself.
        """
        return digest_of(find_algorithm(self._alg), self.signing_input)

    def seal(self, signature: bytes, *, encoding: Literal["raw", "der"] = "raw") -> str:
        """Add the signature, once it is certain that it is one, and give the value of the DPoP header.

        Args:
            signature: what the service gave.
            encoding: "der" where an ECDSA signature comes in DER, as most services give it.

        Raises:
            MalformedError: not a signature in this encoding.
            SignatureError: another key made it.
        """
        row = find_algorithm(self._alg)
        raw = raw_form(row, signature, encoding)
        check_signature(row, self.signing_input, raw, self._public_key)
        return f"{self._signed}.{_wire.b64url_encode(raw)}"

    def __repr__(self) -> str:
        return f"DPoPProofDraft(alg={self._alg!r})"


def dpop_proof_draft(
    method: str,
    url: str,
    *,
    alg: SignatureAlgorithm,
    public_key: JWK,
    access_token: Secret | None = None,
    nonce: str | None = None,
    now: float | None = None,
) -> DPoPProofDraft:
    """Prepare a proof for a key that is elsewhere and awaited; `DPoP` makes them with a key that is here.

    Args:
        method: of the request, exactly as it is sent.
        url: of the request; query and fragment do not count.
        alg: the algorithm of the key, an asymmetric one.
        public_key: its public half.
        access_token: the token that the request carries; None at a token endpoint.
        nonce: the newest `DPoP-Nonce` of that server, or None.
        now: seconds since the epoch; None reads the clock.

    Raises:
        UsageError: an argument is of the wrong form, or the key does not serve the algorithm.

    Spec: RFC 9449 section 4.2.
    """
    claims = proof_claims(method, url, access_token=access_token, nonce=nonce, now=now)
    return DPoPProofDraft(alg, public_key, f"{proof_header(alg, public_key)}.{claims}")


def _asymmetric(alg: SignatureAlgorithm) -> Algorithm:
    row = find_algorithm(alg)
    if row.kty == "oct":
        # The header shows the key, and whoever has it can sign.
        raise UsageError(f"DPoP needs a private key, and {row.name} works with a shared secret", code="key_unfit")
    return row
