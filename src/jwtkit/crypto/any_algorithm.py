"""What a key can be for, whichever table it stands in; the table of encryption is loaded by the first that needs it."""

from __future__ import annotations

from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS
from jwtkit.crypto.key_algorithm import KeyAlgorithm
from jwtkit.errors import UsageError

__all__ = ["find_key_algorithm", "key_algorithm"]


def key_algorithm(name: str | None) -> KeyAlgorithm | None:
    """Look up what a key says it is for: to sign, to manage keys, or to encrypt content; None where nobody knows it."""
    if name is None:
        return None
    row = SIGNATURE_ALGORITHMS.get(name)
    if row is None:
        from jwtkit.crypto.encryption import KEY_ALGORITHMS  # for those who encrypt

        return KEY_ALGORITHMS.get(name)
    return row


def find_key_algorithm(name: object) -> KeyAlgorithm:
    """Look up what the program wants a key for; as `key_algorithm`.

    Raises:
        UsageError: there is no such algorithm.
    """
    row = key_algorithm(name) if isinstance(name, str) else None
    if row is None:
        if isinstance(name, str) and name.lower() == "none":
            message = "alg 'none' does not exist here: an unsigned token proves nothing"
            raise UsageError(message, code="unknown_algorithm")
        from jwtkit.crypto.encryption import KEY_ALGORITHMS

        message = f"unknown algorithm {name!r}: use one of {', '.join(KEY_ALGORITHMS)}"
        raise UsageError(message, code="unknown_algorithm")
    return row
