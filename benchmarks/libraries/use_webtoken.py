"""Use webtoken with its functions in the style of PyJWT, and keys as bytes, which it takes fastest."""

from __future__ import annotations

import base64
from typing import Any

import webtoken  # type: ignore[import-untyped,import-not-found,unused-ignore]

from benchmarks.libraries.interface import Call, Library, UnsupportedError
from benchmarks.workload import AUDIENCE, ISSUER

__all__ = ["Used"]


class Used(Library):
    """webtoken, which brings its own cryptography, and parses a key in every call."""

    names = {"Ed25519": "EdDSA"}  # noqa: RUF012

    def _key(self, alg: str, *, private: bool) -> bytes:
        members = self.workload.keys[alg]
        if members["kty"] == "oct":
            return base64.urlsafe_b64decode(members["k"] + "==")
        if members["kty"] == "AKP":
            raise UnsupportedError(f"no {alg}")
        if alg.startswith("ECDH-ES"):
            # It leaves the lengths out that RFC 7518 section 4.6.2 demands, so it reads only what it wrote itself.
            raise UnsupportedError(f"no {alg} that another library can read")
        return self.workload.pems[alg][0 if private else 1].encode()

    def signer(self, alg: str) -> Call:
        """Sign with `webtoken.encode`."""
        key, name = self._key(alg, private=True), self.name_of(alg)

        def sign(claims: dict[str, Any]) -> Any:
            return webtoken.encode(claims, key, algorithm=name)

        return sign

    def verifier(self, alg: str) -> Call:
        """Verify with `webtoken.decode`."""
        key, algorithms = self._key(alg, private=False), [self.name_of(alg)]

        def verify(text: str) -> Any:
            return webtoken.decode(text, key, algorithms=algorithms, issuer=ISSUER, audience=AUDIENCE)

        return verify

    def key_set(self, text: str, count: int) -> Any:
        """Parse its `PyJWKSet`."""
        keys = webtoken.api_jwk.PyJWKSet.from_json(text)
        assert len(keys.keys) == count
        return keys

    def set_verifier(self, keys: Any) -> Call:
        """Look the key up in the `PyJWKSet`."""

        def verify(token: str) -> Any:
            key = keys[webtoken.get_unverified_header(token)["kid"]]
            return webtoken.decode(token, key, algorithms=["RS256"], issuer=ISSUER, audience=AUDIENCE)

        return verify

    def encrypter(self, alg: str) -> Call:
        """Encrypt with `encrypt_compact`."""
        key, header = self._key(alg, private=False), {"alg": alg, "enc": "A256GCM"}

        def encrypt(plaintext: bytes) -> Any:
            return webtoken.encrypt_compact(header, plaintext, key)

        return encrypt

    def decrypter(self, alg: str, size: int) -> Call:  # noqa: ARG002  # any size
        """Decrypt with `decrypt_compact`."""
        key = self._key(alg, private=True)

        def decrypt(text: str) -> Any:
            return webtoken.decrypt_compact(text, key)

        return decrypt
