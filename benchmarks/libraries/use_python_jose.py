"""Use python-jose on the cryptography backend, with keys that its `jwk.construct` parsed."""

from __future__ import annotations

import base64
import json
from typing import Any

from jose import jwe, jwk, jwt  # type: ignore[import-untyped,import-not-found,unused-ignore]
from jose.exceptions import JWKError  # type: ignore[import-untyped,import-not-found,unused-ignore]

from benchmarks.libraries.interface import Call, Library, UnsupportedError
from benchmarks.workload import AUDIENCE, ISSUER

__all__ = ["Used"]


class Used(Library):
    """python-jose."""

    def _key(self, alg: str, *, private: bool) -> Any:
        members = self.workload.keys[alg]
        try:
            key = jwk.construct(members, alg)
        except JWKError:
            raise UnsupportedError(f"no {alg}") from None
        return key if private or members["kty"] == "oct" else key.public_key()

    def signer(self, alg: str) -> Call:
        """Sign with `jwt.encode`."""
        key = self._key(alg, private=True)

        def sign(claims: dict[str, Any]) -> Any:
            return jwt.encode(claims, key, algorithm=alg)

        return sign

    def verifier(self, alg: str) -> Call:
        """Verify with `jwt.decode`."""
        key, algorithms = self._key(alg, private=False), [alg]

        def verify(text: str) -> Any:
            return jwt.decode(text, key, algorithms=algorithms, issuer=ISSUER, audience=AUDIENCE)

        return verify

    def key_set(self, text: str, count: int) -> Any:
        """Parse one key after the other; a verification then tries each, because `kid` is not looked at."""
        keys = [jwk.construct(members, "RS256") for members in json.loads(text)["keys"]]
        assert len(keys) == count
        return keys

    def encrypter(self, alg: str) -> Call:
        """Encrypt with `jwe.encrypt`."""
        key = self._secret(alg)

        def encrypt(plaintext: bytes) -> Any:
            return jwe.encrypt(plaintext, key, algorithm="dir", encryption="A256GCM")

        return encrypt

    def decrypter(self, alg: str, size: int) -> Call:
        """Decrypt with `jwe.decrypt`."""
        if size * 4 // 3 > 250 * 1024:
            raise UnsupportedError("reads at most 256,000 characters")
        key = self._secret(alg)

        def decrypt(text: str) -> Any:
            return jwe.decrypt(text, key)

        return decrypt

    def _secret(self, alg: str) -> bytes:
        if alg != "dir":
            raise UnsupportedError(f"no {alg}")
        return base64.urlsafe_b64decode(self.workload.keys[alg]["k"] + "==")
