"""client_secret_basic: identifier and secret in an Authorization header (RFC 6749 section 2.3.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote_plus

from jwtkit import _wire
from jwtkit.errors import UsageError
from jwtkit.oauth.client.authentication import Credentials, check_secret
from jwtkit.oauth.metadata import ServerMetadata
from jwtkit.oauth.secret import Secret

__all__ = ["ClientSecretBasic"]


@dataclass(frozen=True, slots=True)
class ClientSecretBasic:
    """HTTP Basic, with both parts form-encoded first, as the specification says and many forget.

    Attributes:
        secret: the client's secret.
        quirk_raw: send both parts as they are, for a server that does not decode them. It makes a difference only
            where one of them holds something else than letters, digits and `*-._`.

    Raises:
        UsageError: with `quirk_raw`, a part that plain Basic cannot carry: other than printable ASCII, or a client_id
            with a colon.

    Example:
        >>> server = ServerMetadata(issuer="https://auth.example.com")
        >>> ClientSecretBasic(Secret("a:b/c+d %~e")).credentials("web basic", server).headers
        (('Authorization', 'Basic d2ViK2Jhc2ljOmElM0FiJTJGYyUyQmQrJTI1JTdFZQ=='),)

    Spec: RFC 6749 section 2.3.1 and appendix B; for `quirk_raw` RFC 7617 section 2.
    """

    secret: Secret
    quirk_raw: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        check_secret(self.secret)
        if self.quirk_raw and not _is_plain(self.secret.reveal()):
            raise UsageError("quirk_raw sends the secret as it is, so it must be printable ASCII")

    @property
    def method(self) -> Literal["client_secret_basic"]:
        """The registered name."""
        return "client_secret_basic"

    def credentials(self, client_id: str, _server: ServerMetadata, /, *, now: float | None = None) -> Credentials:  # noqa: ARG002 - a secret has no time
        """Give the Authorization header.

        Raises:
            UsageError: `quirk_raw` and a client_id that plain Basic cannot carry.
        """
        parts = (client_id, self.secret.reveal())
        if not self.quirk_raw:
            parts = (_form_encoded(parts[0]), _form_encoded(parts[1]))
        elif ":" in client_id or not _is_plain(client_id):
            # The first colon ends the identifier, so a colon in it would move text into the secret.
            raise UsageError("quirk_raw sends client_id as it is, so it must be printable ASCII without a colon")
        return Credentials(headers=(("Authorization", f"Basic {_wire.b64_encode(':'.join(parts).encode('ascii'))}"),))


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _form_encoded(text: str) -> str:
    """Encode everything but letters, digits and * - . _, with + for a space."""
    return quote_plus(text, safe="*").replace("~", "%7E")
