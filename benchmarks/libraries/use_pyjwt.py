"""Use PyJWT with keys that were parsed once, as its `PyJWK` gives them, and with a `PyJWKSet`."""

from __future__ import annotations

from typing import Any

import jwt

from benchmarks.libraries.interface import Call, Library, UnsupportedError
from benchmarks.workload import AUDIENCE, ISSUER

__all__ = ["Used"]

_PRIVATE = ("d", "p", "q", "dp", "dq", "qi")


class Used(Library):
    """PyJWT; its keys are the objects of the `cryptography` package."""

    names = {"Ed25519": "EdDSA"}  # noqa: RUF012

    def _key(self, alg: str, *, private: bool) -> Any:
        members = self.workload.keys[alg]
        if not private and members["kty"] != "oct":
            members = {name: value for name, value in members.items() if name not in _PRIVATE}
        try:
            return jwt.PyJWK(members, self.name_of(alg)).key
        except jwt.PyJWKError:
            raise UnsupportedError(f"no {alg}") from None

    def signer(self, alg: str) -> Call:
        """Sign with `jwt.encode`."""
        key, name = self._key(alg, private=True), self.name_of(alg)

        def sign(claims: dict[str, Any]) -> str:
            return jwt.encode(claims, key, algorithm=name)

        return sign

    def verifier(self, alg: str) -> Call:
        """Verify with `jwt.decode`."""
        key, algorithms = self._key(alg, private=False), [self.name_of(alg)]

        def verify(text: str) -> dict[str, Any]:
            return jwt.decode(text, key, algorithms=algorithms, issuer=ISSUER, audience=AUDIENCE)

        return verify

    def key_set(self, text: str, count: int) -> Any:
        """Parse a `PyJWKSet`."""
        keys = jwt.PyJWKSet.from_json(text)
        assert len(keys.keys) == count
        return keys

    def set_verifier(self, keys: Any) -> Call:
        """Look the key up in the `PyJWKSet`."""

        def verify(token: str) -> dict[str, Any]:
            key = keys[jwt.get_unverified_header(token)["kid"]]
            return jwt.decode(token, key, algorithms=["RS256"], issuer=ISSUER, audience=AUDIENCE)

        return verify
