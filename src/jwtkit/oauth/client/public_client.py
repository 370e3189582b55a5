"""No authentication: for programs that cannot keep a secret (RFC 6749 section 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jwtkit.oauth.client.authentication import Credentials
from jwtkit.oauth.metadata import ServerMetadata

__all__ = ["PublicClient"]


@dataclass(frozen=True, slots=True)
class PublicClient:
    """Names the client in the form, and proves nothing (RFC 6749 section 4.1.3)."""

    @property
    def method(self) -> Literal["none"]:
        """The registered name."""
        return "none"

    def credentials(self, client_id: str, _server: ServerMetadata, /, *, now: float | None = None) -> Credentials:  # noqa: ARG002 - nothing to date
        """Give the client_id as a form field."""
        return Credentials(fields=(("client_id", client_id),))
