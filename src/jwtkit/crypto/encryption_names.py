"""The names of the encryption algorithms, for annotations; their rows are loaded by those who encrypt."""

from __future__ import annotations

from typing import Literal

from jwtkit.crypto.algorithms import SignatureAlgorithm

__all__ = ["AnyAlgorithm", "ContentEncryptionAlgorithm", "KeyManagementAlgorithm"]

KeyManagementAlgorithm = Literal[
    "dir",
    "A128KW",
    "A192KW",
    "A256KW",
    "A128GCMKW",
    "A192GCMKW",
    "A256GCMKW",
    "ECDH-ES",
    "ECDH-ES+A128KW",
    "ECDH-ES+A192KW",
    "ECDH-ES+A256KW",
    "RSA-OAEP",
    "RSA-OAEP-256",
    "RSA-OAEP-384",
    "RSA-OAEP-512",
    "PBES2-HS256+A128KW",
    "PBES2-HS384+A192KW",
    "PBES2-HS512+A256KW",
]
ContentEncryptionAlgorithm = Literal["A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"]
AnyAlgorithm = SignatureAlgorithm | KeyManagementAlgorithm | ContentEncryptionAlgorithm
