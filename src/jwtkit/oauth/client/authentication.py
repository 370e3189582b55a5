"""How a client proves who it is at the token endpoint: one file beside this one for each method."""

from __future__ import annotations

from typing import Protocol

from jwtkit.oauth.http import Headers

__all__ = ["ClientAuthentication", "Fields"]

Fields = tuple[tuple[str, str], ...]


class ClientAuthentication(Protocol):
    """A registered token_endpoint_auth_method (RFC 7591 section 2)."""

    @property
    def method(self) -> str:
        """The registered name, such as "client_secret_basic"."""
        ...

    def credentials(self, client_id: str, /) -> tuple[Headers, Fields]:
        """Give the headers and form fields to add to a request, for one method only (RFC 6749 section 2.3)."""
        ...
