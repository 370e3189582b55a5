"""The backend's hash objects by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives import hashes

__all__ = ["HASHES"]

HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = MappingProxyType(
    {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
)
