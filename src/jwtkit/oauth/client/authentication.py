"""How a client proves who it is at a server's endpoints: one file beside this one for each method."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from jwtkit.errors import UsageError
from jwtkit.oauth.http import Headers
from jwtkit.oauth.metadata import ServerMetadata
from jwtkit.oauth.secret import Secret

__all__ = ["ClientAuthentication", "Credentials", "Fields", "check_secret"]

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


def check_secret(secret: object) -> None:
    """Check a client secret that the program gave.

    Raises:
        UsageError: it is no Secret, or holds a lone surrogate, which no UTF-8 text has.
    """
    if not isinstance(secret, Secret):
        raise UsageError(f"secret must be Secret(...), got {type(secret).__name__}")
    try:
        secret.reveal().encode("utf-8")
    except UnicodeEncodeError:
        # The exception of the standard library holds the whole secret.
        raise UsageError(
            "secret is not text: it holds a lone surrogate. Was it read with the right encoding?"
        ) from None
