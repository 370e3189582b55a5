"""What every library is given: the same claims, keys and tokens, made once and handed over as JSON.

Rules of this room: plain values only, and no library is imported here, because every worker reads this file.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

__all__ = [
    "ALGORITHMS",
    "AUDIENCE",
    "ENCRYPTIONS",
    "ISSUER",
    "NONCE_ALGORITHMS",
    "Workload",
    "claim_arguments",
    "key_set_text",
    "plaintext",
]

ISSUER, AUDIENCE = "https://auth.example.com", "https://api.example.com"
ALGORITHMS = ("HS256", "RS256", "PS256", "ES256", "Ed25519", "ML-DSA-65")
NONCE_ALGORITHMS = ("ES256", "ES384", "ES512", "ES256K")
ENCRYPTIONS = ("dir", "ECDH-ES+A256KW")
# The claims that are arguments of jwtkit's `Claims`; others go into its `extra`.
_TYPED = frozenset(
    "iss sub aud exp nbf iat jti scope client_id azp nonce auth_time acr amr sid cnf act".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Workload:
    """The values that all workers share.

    Attributes:
        members: seven claims.
        nested: 24 claims, some of them objects and arrays.
        keys: private JWK members, by algorithm; without `kid`, and without `alg` where the format allows it.
        pems: the same keys in PEM, private and public, where they are no shared secrets.
        tokens: the tokens of each operation that verifies. "EdDSA" and "Ed25519" are two names of one algorithm, and a
            library is given the name it knows.
        refused: by algorithm, tokens that everybody has to refuse: altered, expired, of another issuer, for another
            audience.
        encrypted: a JWE for each operation that decrypts.
    """

    members: dict[str, Any]
    nested: dict[str, Any]
    keys: dict[str, dict[str, Any]]
    pems: dict[str, tuple[str, str]]
    tokens: dict[str, list[str]]
    refused: dict[str, list[str]]
    encrypted: dict[str, str]

    def to_json(self) -> str:
        """Give the text for a worker."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Workload:
        """Read what `to_json` gave."""
        return cls(**json.loads(text))


def plaintext(size: int) -> bytes:
    """Give the bytes to encrypt."""
    return (bytes(range(256)) * (size // 256 + 1))[:size]


def key_set_text(count: int, members: dict[str, Any]) -> str:
    """Give the JSON text of a key set that has one public RSA key under as many identifiers."""
    public = {name: members[name] for name in ("kty", "n", "e")} | {"alg": "RS256", "use": "sig"}
    return json.dumps({"keys": [public | {"kid": f"key-{index:06}"} for index in range(count)]})


def claim_arguments(members: dict[str, Any]) -> dict[str, Any]:
    """Give the arguments of jwtkit's `Claims` for any members."""
    typed = {name: value for name, value in members.items() if name in _TYPED}
    return typed | {"extra": {name: value for name, value in members.items() if name not in _TYPED}}
