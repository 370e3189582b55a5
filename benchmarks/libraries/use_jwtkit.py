"""Use jwtkit as its documentation shows: a verifier built once, keys parsed once."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.libraries.interface import Call, Library
from benchmarks.workload import AUDIENCE, ISSUER, claim_arguments
from jwtkit import JWK, JWKS, Claims, Limits, SignatureMemo, Token, TokenVerifier, jwe

__all__ = ["Used"]


class Used(Library):
    """The library of this project."""

    def _private(self, alg: str) -> JWK:
        return JWK.parse({**self.workload.keys[alg], "alg": alg})

    def _public(self, alg: str) -> JWK:
        key = self._private(alg)
        return key if key.kty == "oct" else key.public()

    def claims(self, members: dict[str, Any]) -> Any:
        """Give frozen claims."""
        return Claims(**claim_arguments(members))

    @staticmethod
    def build(iss: str, sub: str, aud: str, exp: int, iat: int, jti: str, scope: str) -> Any:  # noqa: PLR0917  # as they come
        """Build `Claims`."""
        return Claims(iss=iss, sub=sub, aud=aud, exp=exp, iat=iat, jti=jti, scope=scope)

    def read(self, result: Any) -> dict[str, Any]:
        """Give the claims of a `Token` as the JSON they came from."""
        members: dict[str, Any] = json.loads(json.dumps(dict(result.claims), default=dict))
        return members

    def signer(self, alg: str) -> Call:
        """Sign with a `JWK`."""
        key = self._private(alg)

        def sign(claims: Any) -> str:
            return Token.sign(claims, key).compact

        return sign

    def signature(self, alg: str, *, deterministic: bool) -> Call:
        """Sign bytes with the key, or with its deterministic signer."""
        key = self._private(alg)
        signer = key.deterministic() if deterministic else key

        def sign(message: bytes) -> bytes:
            return signer.sign(message)

        return sign

    def verifier(self, alg: str) -> Call:
        """Verify with a `TokenVerifier`."""
        return _verify_with(self._public(alg), alg)

    def remembering_verifier(self, alg: str) -> Call:
        """Verify with a `SignatureMemo`, which has seen the token."""
        return _verify_with(self._public(alg), alg, SignatureMemo())

    def key_set(self, text: str, count: int) -> Any:
        """Parse a `JWKS`, under limits raised for it."""
        return JWKS.parse(text, limits=Limits(jwks_keys=count, jwks_bytes=len(text)))

    def set_verifier(self, keys: Any) -> Call:
        """Verify with the `JWKS`."""
        return _verify_with(keys, "RS256")

    def encrypter(self, alg: str) -> Call:
        """Encrypt with a `JWK`."""
        key = self._public(alg)

        def encrypt(plaintext: bytes) -> str:
            return jwe.encrypt(plaintext, key, enc="A256GCM")

        return encrypt

    def decrypter(self, alg: str, size: int) -> Call:
        """Decrypt, under limits raised for a token of more than a megabyte."""
        key, algorithms, limits = self._private(alg), _any([alg]), Limits(token_bytes=2 * size + 1024)

        def decrypt(text: str) -> bytes:
            return jwe.decrypt(text, key, algorithms=algorithms, encryptions=["A256GCM"], limits=limits).plaintext

        return decrypt


def _any(value: object) -> Any:
    # Names that come from a table are str to a type checker, and the library checks them itself.
    return value


def _verify_with(keys: JWK | JWKS, alg: str, memo: SignatureMemo | None = None) -> Call:
    verifier = TokenVerifier(keys=keys, algorithms=_any([alg]), issuer=ISSUER, audience=AUDIENCE, signature_memo=memo)

    def verify(text: str) -> object:
        return verifier.verify(text)

    return verify
