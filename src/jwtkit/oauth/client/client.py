"""Client: who asks, whom, and how it proves it."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Final

from jwtkit.errors import UsageError
from jwtkit.oauth.client.authentication import ClientAuthentication, Credentials, Fields
from jwtkit.oauth.http import HttpRequest
from jwtkit.oauth.json_response import MAX_BYTES
from jwtkit.oauth.metadata import ServerMetadata
from jwtkit.oauth.urls import encode_form

__all__ = ["Client"]

_PROOFS: Final = frozenset(["client_secret", "client_assertion", "client_assertion_type"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One registration at one authorization server; flows are built from it.

    Attributes:
        server: the authorization server.
        client_id: the identifier it gave.
        auth: how this client authenticates.
    """

    server: ServerMetadata
    client_id: str
    auth: ClientAuthentication

    def __post_init__(self) -> None:
        if not isinstance(self.server, ServerMetadata):
            raise UsageError(f"server must be ServerMetadata, got {type(self.server).__name__}: see discover(...)")
        if not isinstance(self.client_id, str) or not self.client_id or not self.client_id.isprintable():
            raise UsageError("client_id must be a non-empty, printable str")
        if isinstance(self.auth, type) or not hasattr(self.auth, "credentials"):
            raise UsageError("auth must be PublicClient(), ClientSecretBasic(...) or another ClientAuthentication")

    def request(self, endpoint: str, fields: Iterable[tuple[str, str]], *, now: float | None = None) -> HttpRequest:
        """Make a request to one of the server's endpoints, authenticated by the client's one method.

        Args:
            endpoint: the name in the server's metadata, for example "token_endpoint".
            fields: the form's parameters, without those of the authentication.
            now: seconds since the epoch, for methods that date their proof; None reads the clock.

        Raises:
            UsageError: the server has no such endpoint, or the fields hold an authentication of their own.

        Spec: RFC 6749 section 2.3, RFC 8705 section 5.
        """
        proof = self._proof(now)
        own = (("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded"))
        return HttpRequest(
            method="POST",
            url=self.server.endpoint(endpoint, mtls=proof.mtls),
            headers=(*own, *proof.headers),
            body=encode_form(_authenticated(tuple(fields), proof.fields)),
            max_bytes=MAX_BYTES,
            mtls=proof.mtls,
        )

    def _proof(self, now: float | None) -> Credentials:
        proof: object = self.auth.credentials(self.client_id, self.server, now=now)
        if isinstance(proof, Credentials):
            return proof
        hint = ""
        if isinstance(proof, Coroutine):
            proof.close()  # it will never be awaited, and should not warn about it
            hint = ": for a key that is awaited there is client_assertion_draft(...)"
        kind = type(self.auth).__name__
        raise UsageError(f"credentials of the {kind} must give Credentials(...), got {type(proof).__name__}{hint}")


def _authenticated(fields: Fields, proof: Fields) -> Fields:
    """Add the proof to the form. Some requests name the client themselves, and no parameter comes twice."""
    added = tuple(pair for pair in proof if pair not in fields)
    names = {name for name, _ in fields}
    if names & (_PROOFS | {name for name, _ in added}):
        raise UsageError("the fields hold an authentication of their own, and a request has one (RFC 6749 section 2.3)")
    return (*fields, *added)
