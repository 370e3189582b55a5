"""The one place that draws randomness; everything unguessable in this package begins here."""

from __future__ import annotations

from os import urandom

from jwtkit._wire import b64url_encode

__all__ = ["random_bytes", "random_text"]


def random_bytes(size: int) -> bytes:
    """Draw `size` bytes from the operating system's generator."""
    return urandom(size)


def random_text(size: int = 32) -> str:
    """Draw `size` bytes as base64url text; 32 bytes give 43 characters and 256 bits."""
    return b64url_encode(urandom(size))
