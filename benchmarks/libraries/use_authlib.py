"""Use Authlib's `authlib.jose`, which its authors keep for compatibility and have replaced with joserfc."""

from __future__ import annotations

import json
import warnings
from typing import Any

from authlib.jose import (  # type: ignore[import-untyped,import-not-found,unused-ignore]
    JsonWebEncryption,
    JsonWebKey,
    JsonWebToken,
)

from benchmarks.libraries.interface import Call, Library, UnsupportedError
from benchmarks.workload import AUDIENCE, ISSUER

__all__ = ["Used"]

# The import asks for its own deprecation to be shown, whatever the interpreter was told.
warnings.simplefilter("ignore")
_OPTIONS = {
    "iss": {"essential": True, "value": ISSUER},
    "aud": {"essential": True, "value": AUDIENCE},
    "exp": {"essential": True},
}


class Used(Library):
    """Authlib."""

    names = {"Ed25519": "EdDSA"}  # noqa: RUF012

    def _key(self, alg: str) -> Any:
        members = self.workload.keys[alg]
        if members["kty"] == "AKP":
            raise UnsupportedError(f"no {alg}")
        return JsonWebKey.import_key(members)

    def signer(self, alg: str) -> Call:
        """Sign with a `JsonWebToken` of one algorithm."""
        key, header, tokens = self._key(alg), {"alg": self.name_of(alg)}, JsonWebToken([self.name_of(alg)])

        def sign(claims: dict[str, Any]) -> Any:
            return tokens.encode(header, claims, key)

        return sign

    def verifier(self, alg: str) -> Call:
        """Verify with a `JsonWebToken` of one algorithm, and then the claims."""
        return _verify_with(self._key(alg), self.name_of(alg))

    def key_set(self, text: str, count: int) -> Any:
        """Parse a `KeySet`."""
        keys = JsonWebKey.import_key_set(json.loads(text))
        assert len(keys.keys) == count
        return keys

    def set_verifier(self, keys: Any) -> Call:
        """Let it find the key in the `KeySet`."""
        return _verify_with(keys, "RS256")

    def encrypter(self, alg: str) -> Call:
        """Encrypt with `JsonWebEncryption`."""
        key, header, encryption = self._key(alg), {"alg": alg, "enc": "A256GCM"}, JsonWebEncryption()

        def encrypt(plaintext: bytes) -> Any:
            return encryption.serialize_compact(header, plaintext, key)

        return encrypt

    def decrypter(self, alg: str, size: int) -> Call:
        """Decrypt with `JsonWebEncryption`."""
        if size * 4 // 3 > 256_000:
            raise UnsupportedError("reads at most 256,000 characters")
        key, encryption = self._key(alg), JsonWebEncryption()

        def decrypt(text: str) -> Any:
            return encryption.deserialize_compact(text, key)["payload"]

        return decrypt


def _verify_with(keys: Any, name: str) -> Call:
    tokens = JsonWebToken([name])

    def verify(text: str) -> Any:
        claims = tokens.decode(text, keys, claims_options=_OPTIONS)
        claims.validate()
        return claims

    return verify
