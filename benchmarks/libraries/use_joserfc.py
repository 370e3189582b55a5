"""Use joserfc with imported keys, one registry of claims, and registries for what its defaults do not allow."""

from __future__ import annotations

import json
from typing import Any

from joserfc import jwe, jwk, jwt

from benchmarks.libraries.interface import Call, Library, UnsupportedError
from benchmarks.workload import AUDIENCE, ISSUER

__all__ = ["Used"]

_CLAIMS = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}, exp={"essential": True}
)


class Used(Library):
    """joserfc."""

    def _key(self, alg: str) -> Any:
        members = self.workload.keys[alg]
        if members["kty"] == "AKP":
            raise UnsupportedError(f"no {alg}")
        return jwk.import_key(members)

    def read(self, result: Any) -> dict[str, Any]:
        """Give the claims of its token."""
        return dict(result.claims)

    def signer(self, alg: str) -> Call:
        """Sign with `jwt.encode`."""
        key, header, algorithms = self._key(alg), {"alg": alg}, [alg]

        def sign(claims: dict[str, Any]) -> str:
            return jwt.encode(header, claims, key, algorithms)

        return sign

    def verifier(self, alg: str) -> Call:
        """Verify with `jwt.decode`, and then the claims."""
        return _verify_with(self._key(alg), [alg])

    def key_set(self, text: str, count: int) -> Any:
        """Parse a `KeySet`."""
        keys = jwk.KeySet.import_key_set(json.loads(text))
        assert len(keys.keys) == count
        return keys

    def set_verifier(self, keys: Any) -> Call:
        """Let it find the key in the `KeySet`."""
        return _verify_with(keys, ["RS256"])

    def encrypter(self, alg: str) -> Call:
        """Encrypt with `jwe.encrypt_compact`."""
        key, header, algorithms = self._key(alg), {"alg": alg, "enc": "A256GCM"}, [alg, "A256GCM"]

        def encrypt(plaintext: bytes) -> str:
            return jwe.encrypt_compact(header, plaintext, key, algorithms)

        return encrypt

    def decrypter(self, alg: str, size: int) -> Call:
        """Decrypt with `jwe.decrypt_compact`, under a registry that allows a megabyte."""
        key, registry = self._key(alg), jwe.JWERegistry(algorithms=[alg, "A256GCM"])
        registry.max_ciphertext_length = 2 * size + 1024

        def decrypt(text: str) -> Any:
            return jwe.decrypt_compact(text, key, registry=registry).plaintext

        return decrypt


def _verify_with(keys: Any, algorithms: list[str]) -> Call:
    def verify(text: str) -> object:
        token = jwt.decode(text, keys, algorithms)
        _CLAIMS.validate(token.claims)
        return token

    return verify
