"""What the maths of a signature offers, whatever it is: two functions that make functions of bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

__all__ = ["HashName", "Maths", "Sign", "Verify"]

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]
HashName = Literal["sha256", "sha384", "sha512", "shake256"]


class Maths(Protocol):
    """What a module of maths offers; each beside this file is one."""

    def signer(self, key: Any, hash_name: HashName, /) -> Sign:
        """Make a signing function from a private key of the backend, or from a secret."""
        ...

    def verifier(self, key: Any, hash_name: HashName, /) -> Verify:
        """Make a verifying function from a public key of the backend, or from a secret."""
        ...
