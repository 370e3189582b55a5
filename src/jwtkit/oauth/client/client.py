"""Client: who asks, whom, and how it proves it."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from jwtkit.errors import UsageError, quote_some
from jwtkit.oauth.client.authentication import ClientAuthentication, Credentials, Fields
from jwtkit.oauth.client.dpop import DPoP
from jwtkit.oauth.client.quirks import (
    Correction,
    assume_bearer,
    check_parameters,
    renamed,
    text_expires_in,
    verification_url,
)
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import MAX_BYTES
from jwtkit.oauth.metadata import ServerMetadata
from jwtkit.oauth.urls import encode_form

__all__ = ["Client", "check_pairs"]

# Where tokens are bound to the client's key, and where its code is (RFC 9449 sections 5 and 10.1).
_BINDING: Final = ("token_endpoint", "pushed_authorization_request_endpoint")
_PROOFS: Final = frozenset(["client_secret", "client_assertion", "client_assertion_type"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One registration at one authorization server; flows are built from it.

    Attributes:
        server: the authorization server.
        client_id: the identifier it gave.
        auth: how this client authenticates.
        dpop: the key that its tokens are to be bound to (RFC 9449); None for bearer tokens.
        quirk_response: puts an answer right before it is read, for a server that has a form of its own; see
            `fix_members`.
        quirk_text_expires_in: read an `expires_in` that is text of digits.
        quirk_assume_bearer: take a token that came without `token_type` for a bearer token.
        quirk_verification_url: read `verification_url` as the `verification_uri` of a device.
        quirk_no_nonce: accept an ID token without nonce from the token endpoint of a provider that leaves it out.
        quirk_parameters: other names for parameters of requests; None, for those of PKCE alone, leaves one out.
    """

    server: ServerMetadata
    client_id: str
    auth: ClientAuthentication
    dpop: DPoP | None = None
    quirk_response: Correction | None = None
    quirk_text_expires_in: bool = False
    quirk_assume_bearer: bool = False
    quirk_verification_url: bool = False
    quirk_no_nonce: bool = False
    quirk_parameters: Mapping[str, str | None] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if not isinstance(self.server, ServerMetadata):
            raise UsageError(f"server must be ServerMetadata, got {type(self.server).__name__}: see discover(...)")
        if not isinstance(self.client_id, str) or not self.client_id or not self.client_id.isprintable():
            raise UsageError("client_id must be a non-empty, printable str")
        _check_auth(self.auth)
        if self.dpop is not None:
            _check_dpop(self.dpop, self.server)
        self._check_quirks()

    @property
    def dpop_jkt(self) -> str | None:
        """The thumbprint that an authorization request names, so that the code is bound to the key (RFC 9449 10)."""
        return None if self.dpop is None or self.dpop.quirk_no_dpop_jkt else self.dpop.jkt

    def request(self, endpoint: str, fields: Iterable[tuple[str, str]], *, now: float | None = None) -> HttpRequest:
        """Make a request to one of the server's endpoints, authenticated by the client's one method.

        Where tokens or codes are bound to the client's key, it carries a DPoP proof as well.

        Args:
            endpoint: the name in the server's metadata, for example "token_endpoint".
            fields: the form's parameters, without those of the authentication.
            now: seconds since the epoch, for methods that date their proof; None reads the clock.

        Raises:
            UsageError: the server has no such endpoint, or the fields are no pairs of non-empty text, or hold an
                authentication of their own.

        Spec: RFC 6749 section 2.3, RFC 8705 section 5, RFC 9449 sections 5 and 10.1.
        """
        given, proof = check_pairs(fields), self._proof(now)
        own = (("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded"))
        request = HttpRequest(
            method="POST",
            url=self.server.endpoint(endpoint, mtls=proof.mtls),
            headers=(*own, *proof.headers),
            body=encode_form(self.renamed(_authenticated(given, proof.fields))),
            max_bytes=MAX_BYTES,
            mtls=proof.mtls,
        )
        if self.dpop is None or endpoint not in _BINDING:
            return request
        return self.dpop.prove(request, now=now)

    def renew(self, request: HttpRequest, *, now: float | None = None) -> HttpRequest:
        """Give a request of this client with fresh proofs, because a client assertion or a DPoP proof is good once.

        Args:
            request: what `request` gave.
            now: seconds since the epoch; None reads the clock.

        Raises:
            UsageError: it is none that `request` gave.
        """
        if not isinstance(request, HttpRequest) or not request.body.isascii():
            raise UsageError("request must be an HttpRequest with a form, as Client.request gives it")
        from urllib.parse import parse_qsl

        proof = self._proof(now)
        # The form has the names that the server knows, so the proof is compared by them.
        added = self.renamed(proof.fields)
        old_fields = {self.quirk_parameters.get(name, name) for name in _PROOFS} | {name for name, _ in added}
        old_headers = {"authorization", "dpop", *(name.lower() for name, _ in proof.headers)}
        fields = parse_qsl(request.body.decode("ascii"), keep_blank_values=True)
        fresh = replace(
            request,
            headers=(*(pair for pair in request.headers if pair[0].lower() not in old_headers), *proof.headers),
            body=encode_form((*(pair for pair in fields if pair[0] not in old_fields), *added)),
        )
        had_dpop = any(name.lower() == "dpop" for name, _ in request.headers)
        return self.dpop.prove(fresh, now=now) if had_dpop and self.dpop is not None else fresh

    def renamed(self, fields: Iterable[tuple[str, str]]) -> Fields:
        """Give parameters by the names that the server knows them by, see `quirk_parameters`."""
        return renamed(fields, self.quirk_parameters)

    def corrected(self, response: HttpResponse) -> HttpResponse:
        """Give an answer of the server as it should be, for the parsers; as it came, unless a quirk says otherwise.

        Raises:
            UsageError: `quirk_response` gave no HttpResponse.
        """
        if self.quirk_response is not None:
            response = self.quirk_response(response)
            if not isinstance(response, HttpResponse):
                raise UsageError(f"quirk_response must give an HttpResponse, got {type(response).__name__}")
        quirks = (
            (self.quirk_text_expires_in, text_expires_in),
            (self.quirk_assume_bearer, assume_bearer),
            (self.quirk_verification_url, verification_url),
        )
        for wanted, correct in quirks:
            response = correct(response) if wanted else response
        return response

    def _check_quirks(self) -> None:
        if not (self.quirk_response is None or callable(self.quirk_response)):
            raise UsageError("quirk_response must be a function from HttpResponse to HttpResponse: see fix_members")
        for name in ("quirk_text_expires_in", "quirk_assume_bearer", "quirk_verification_url", "quirk_no_nonce"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name} must be True or False")
        check_parameters(self.quirk_parameters, public=self.auth.method == "none")
        # A copy, because whoever changed the original later would go around the check.
        object.__setattr__(self, "quirk_parameters", MappingProxyType(dict(self.quirk_parameters)))
        if self.dpop is not None and self.quirk_parameters:
            raise UsageError("quirk_parameters cannot go with dpop, whose requests are written anew")

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


def check_pairs(fields: Iterable[tuple[str, str]]) -> Fields:
    """Check the parameters of a form.

    Raises:
        UsageError: they are no pairs of non-empty text.
    """
    given = tuple(fields) if isinstance(fields, Iterable) else (fields,)
    for pair in given:
        if not (isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(part, str) and part for part in pair)):
            # A Secret that is not revealed, for example, would go out as the word that hides it.
            raise UsageError("parameters are pairs of non-empty str")
        try:
            "".join(pair).encode("utf-8")
        except UnicodeEncodeError:
            raise UsageError("a parameter holds a lone surrogate, which UTF-8 cannot carry") from None
    return given


def _check_auth(auth: object) -> None:
    named = isinstance(getattr(auth, "method", None), str) and callable(getattr(auth, "credentials", None))
    if isinstance(auth, type) or not named:
        raise UsageError(
            "auth must be PublicClient(), ClientSecretBasic(...) or another ClientAuthentication, "
            "which has a method, its registered name, and credentials"
        )


def _check_dpop(dpop: object, server: ServerMetadata) -> None:
    if not isinstance(dpop, DPoP):
        raise UsageError(f"dpop must be DPoP(key), got {type(dpop).__name__}")
    supported = server.dpop_signing_alg_values_supported
    if supported is not None and dpop.algorithm not in supported:
        names = quote_some(supported) or "none"
        raise UsageError(f"the server takes no DPoP proofs with {dpop.algorithm}, but with {names}: use such a key")


def _authenticated(fields: Fields, proof: Fields) -> Fields:
    """Add the proof to the form. Some requests name the client themselves, and no parameter comes twice."""
    added = tuple(pair for pair in proof if pair not in fields)
    names = {name for name, _ in fields}
    if names & (_PROOFS | {name for name, _ in added}):
        raise UsageError("the fields hold an authentication of their own, and a request has one (RFC 6749 section 2.3)")
    return (*fields, *added)
