"""Use jwcrypto with parsed `JWK` objects; its claims are JSON text, which is parsed to be of use."""

from __future__ import annotations

import json
from typing import Any

from jwcrypto import jwe, jwk, jwt  # type: ignore[import-untyped,import-not-found,unused-ignore]

from benchmarks.libraries.interface import Call, Library
from benchmarks.workload import AUDIENCE, ISSUER

__all__ = ["Used"]

_CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "exp": None}


class Used(Library):
    """jwcrypto."""

    def _key(self, alg: str) -> Any:
        return jwk.JWK(**self.workload.keys[alg])

    def signer(self, alg: str) -> Call:
        """Sign with a `JWT`, of which each token needs its own."""
        key, header = self._key(alg), {"alg": alg, "typ": "JWT"}

        def sign(claims: dict[str, Any]) -> Any:
            token = jwt.JWT(header=header, claims=claims)
            token.make_signed_token(key)
            return token.serialize()

        return sign

    def verifier(self, alg: str) -> Call:
        """Verify with a `JWT`."""
        return _verify_with(self._key(alg), [alg])

    def key_set(self, text: str, count: int) -> Any:
        """Parse a `JWKSet`."""
        keys = jwk.JWKSet.from_json(text)
        assert len(keys["keys"]) == count
        return keys

    def set_verifier(self, keys: Any) -> Call:
        """Let it find the key in the `JWKSet`."""
        return _verify_with(keys, ["RS256"])

    def encrypter(self, alg: str) -> Call:
        """Encrypt with a `JWE`."""
        key, header = self._key(alg), {"alg": alg, "enc": "A256GCM"}

        def encrypt(plaintext: bytes) -> Any:
            token = jwe.JWE(plaintext, protected=header)
            token.add_recipient(key)
            return token.serialize(compact=True)

        return encrypt

    def decrypter(self, alg: str, size: int) -> Call:  # noqa: ARG002  # any size
        """Decrypt with a `JWE`."""
        key, algorithms = self._key(alg), [alg, "A256GCM"]

        def decrypt(text: str) -> Any:
            token = jwe.JWE(algs=algorithms)
            token.deserialize(text, key=key)
            return token.payload

        return decrypt


def _verify_with(keys: Any, algorithms: list[str]) -> Call:
    def verify(text: str) -> Any:
        token = jwt.JWT(jwt=text, key=keys, algs=algorithms, expected_type="JWS", check_claims=_CLAIMS)
        return json.loads(token.claims)

    return verify
