"""No authentication: for programs that cannot keep a secret (RFC 6749 section 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jwtkit.oauth.client.authentication import Fields
from jwtkit.oauth.http import Headers

__all__ = ["PublicClient"]


@dataclass(frozen=True, slots=True)
class PublicClient:
    """Names the client in the form, and proves nothing (RFC 6749 section 4.1.3)."""

    @property
    def method(self) -> Literal["none"]:
        """The registered name."""
        return "none"

    def credentials(self, client_id: str, /) -> tuple[Headers, Fields]:
        """Give the client_id as a form field."""
        return (), (("client_id", client_id),)
