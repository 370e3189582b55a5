"""Clients that register themselves, and signed introspection, at a certified provider (RFC 7591, RFC 7592, RFC 9701)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jwtkit import JWK, JWKS, ClaimsError, Decryption, NotAllowedError, OAuthError, ProtocolError
from jwtkit.oauth import (
    ClientCredentialsFlow,
    ClientMetadata,
    IntrospectionVerifier,
    JWKSCache,
    Registration,
    Secret,
    ServerMetadata,
    delete_registration,
    introspect,
    introspection_request,
    parse_introspection_response,
    read_registration,
    register,
    update_registration,
)

if TYPE_CHECKING:  # their instances come as fixtures
    from tests.interop.conftest import Http, Provider, Registered

MAY = Secret("may-register")
API = "https://api.example/opaque"
PROGRAM = ClientMetadata(
    redirect_uris=(), grant_types=("client_credentials",), response_types=(), client_name="A program", scope=("openid",)
)
KEY = JWK.generate("ES256")
KEYS = JWKS([KEY.public()]).to_dict()

METHODS: dict[str, ClientMetadata] = {
    "left out": PROGRAM,
    "basic": replace(PROGRAM, token_endpoint_auth_method="client_secret_basic"),
    "post": replace(PROGRAM, token_endpoint_auth_method="client_secret_post"),
    "the secret as a key": replace(
        PROGRAM, token_endpoint_auth_method="client_secret_jwt", token_endpoint_auth_signing_alg="HS256"
    ),
    "a key": replace(PROGRAM, token_endpoint_auth_method="private_key_jwt", jwks=KEYS),
}


@pytest.mark.parametrize("wishes", METHODS.values(), ids=METHODS)
def test_a_client_registers_and_gets_tokens(http: Http, server: ServerMetadata, wishes: ClientMetadata) -> None:
    registration = http(register(server, wishes, initial_access_token=MAY))
    assert registration.metadata.client_name == "A program"
    method = wishes.token_endpoint_auth_method or "client_secret_basic"
    assert registration.metadata.token_endpoint_auth_method == method
    assert (registration.client_secret is None) == (wishes.jwks is not None)
    kept = Registration.from_json(registration.to_json())
    assert kept == registration
    tokens = http(ClientCredentialsFlow(kept.client(server, key=KEY)).token())
    assert tokens.token_type == "Bearer"


def test_a_registration_is_read_changed_and_ended(http: Http, server: ServerMetadata) -> None:
    first = http(register(server, PROGRAM, initial_access_token=MAY))
    assert http(read_registration(server, first)) == first

    # All of what the server said goes back to it, with the change: it takes that.
    changed = http(update_registration(server, first, replace(first.metadata, client_name="Another name")))
    assert changed.metadata == replace(first.metadata, client_name="Another name")
    assert (changed.client_id, changed.client_secret) == (first.client_id, first.client_secret)
    assert changed.registration_access_token != first.registration_access_token
    assert http(read_registration(server, changed)) == changed
    # The token that was replaced does not count any more (RFC 7592 section 3).
    with pytest.raises(OAuthError) as refusal:
        http(read_registration(server, first))
    assert (refusal.value.error, refusal.value.status) == ("invalid_token", 401)

    client = changed.client(server)
    http(ClientCredentialsFlow(client).token())
    assert http(delete_registration(server, changed)) is None
    with pytest.raises(OAuthError) as refusal:
        http(read_registration(server, changed))
    assert refusal.value.error == "invalid_token"
    with pytest.raises(OAuthError) as refusal:
        http(ClientCredentialsFlow(client).token())
    assert refusal.value.error == "invalid_client"


REFUSED: dict[str, tuple[ClientMetadata, Secret | None, str]] = {
    "without a token": (PROGRAM, None, "invalid_token"),
    "with another token": (PROGRAM, Secret("may-not"), "invalid_token"),
    "no redirect URIs for a code": (ClientMetadata(), MAY, "invalid_redirect_uri"),
    "an unknown method": (
        replace(PROGRAM, token_endpoint_auth_method="smoke_signals"),
        MAY,
        "invalid_client_metadata",
    ),
    "a scope it does not know": (replace(PROGRAM, scope=("sky",)), MAY, "invalid_client_metadata"),
}


@pytest.mark.parametrize(("wishes", "token", "error"), REFUSED.values(), ids=REFUSED)
def test_the_provider_says_no(
    http: Http, server: ServerMetadata, wishes: ClientMetadata, token: Secret | None, error: str
) -> None:
    with pytest.raises(OAuthError) as refusal:
        http(register(server, wishes, initial_access_token=token))
    assert refusal.value.error == error


# --- signed introspection


def verifier(server: ServerMetadata, audience: str, decryption: Decryption | None = None) -> IntrospectionVerifier:
    return IntrospectionVerifier(
        issuer=server.issuer, audience=audience, keys=JWKSCache.of(server), algorithms=["RS256"], decryption=decryption
    )


def test_a_signed_answer(http: Http, server: ServerMetadata, registered: Registered) -> None:
    tokens = http(ClientCredentialsFlow(registered("web-basic")).token(scope=["api:read"], resource=[API]))
    signed = http(introspect(registered("rs"), tokens.access_token, verifier=verifier(server, "rs")))
    assert (signed.active, signed.client_id, signed.scope, signed.aud) == (True, "web-basic", ("api:read",), (API,))
    # It says the same without a signature.
    assert http(introspect(registered("rs"), tokens.access_token)) == signed
    assert not http(introspect(registered("rs"), Secret("unknown"), verifier=verifier(server, "rs"))).active


def test_an_encrypted_answer(http: Http, provider: Provider, server: ServerMetadata, registered: Registered) -> None:
    tokens = http(ClientCredentialsFlow(registered("web-basic")).token(scope=["api:read"], resource=[API]))
    decryption = Decryption(keys=provider.client_decryption_key, algorithms=["ECDH-ES"], encryptions=["A256GCM"])
    sealed = verifier(server, "rs-sealed", decryption)
    found = http(introspect(registered("rs-sealed"), tokens.access_token, verifier=sealed))
    assert (found.active, found.client_id) == (True, "web-basic")
    with pytest.raises(NotAllowedError):
        http(introspect(registered("rs-sealed"), tokens.access_token, verifier=verifier(server, "rs-sealed")))


def test_an_answer_that_is_not_as_it_has_to_be(http: Http, server: ServerMetadata, registered: Registered) -> None:
    tokens = http(ClientCredentialsFlow(registered("web-basic")).token(scope=["api:read"], resource=[API]))
    # For another API.
    with pytest.raises(ClaimsError):
        http(introspect(registered("rs"), tokens.access_token, verifier=verifier(server, "other")))
    # A plain answer, which the provider gives who asks for one, is none for who wants it signed.
    plain = http.send(introspection_request(registered("rs"), tokens.access_token))
    assert parse_introspection_response(plain).active
    with pytest.raises(ProtocolError) as refusal:
        parse_introspection_response(plain, verifier=verifier(server, "rs"))
    assert refusal.value.reason == "unsupported"
