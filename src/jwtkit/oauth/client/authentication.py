"""How a client proves who it is at a server's endpoints: one file beside this one for each method."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from jwtkit.oauth.http import Headers
from jwtkit.oauth.metadata import ServerMetadata

__all__ = ["ClientAuthentication", "Credentials", "Fields"]

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What one method adds to a request.

    Attributes:
        headers: pairs to add.
        fields: form fields to add.
        mtls: whether the proof is the TLS certificate (RFC 8705 section 2).
    """

    headers: Headers = field(default=(), repr=False)
    fields: Fields = field(default=(), repr=False)
    mtls: bool = False


class ClientAuthentication(Protocol):
    """A registered token_endpoint_auth_method (RFC 7591 section 2)."""

    @property
    def method(self) -> str:
        """The registered name, such as "client_secret_basic"."""
        ...

    def credentials(self, client_id: str, server: ServerMetadata, /, *, now: float | None = None) -> Credentials:
        """Give what to add to a request, for one method only (RFC 6749 section 2.3).

        Args:
            client_id: the client's identifier.
            server: who is asked.
            now: seconds since the epoch; None reads the clock.
        """
        ...
