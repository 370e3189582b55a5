"""What a certified provider gives and refuses at its token endpoint and beside it: every grant but those of a browser."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from jwtkit import JWK, Claims, ClaimsError, KeyNotFoundError, OAuthError, Token, TokenVerifier
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    Client,
    ClientCredentialsFlow,
    ClientSecretBasic,
    JWKSCache,
    JWTBearerFlow,
    RefreshFlow,
    Secret,
    ServerMetadata,
    TokenExchangeFlow,
    TokenSet,
    TokenType,
    introspect,
    revoke,
)

if TYPE_CHECKING:  # their instances come as fixtures
    from tests.interop.conftest import Browser, Http, Provider, Registered

API, OPAQUE, UNKNOWN = (f"https://api.example/{name}" for name in ("jwt", "opaque", "unknown"))
REDIRECT = {"public-native": "http://127.0.0.1:51004/cb"}


def granted(client: Client, http: Http, browser: Browser, **named: Any) -> TokenSet:
    """Give the tokens of a user who granted access."""
    redirect_uri = REDIRECT.get(client.client_id, "https://rp.example/cb")
    flow = AuthorizationCodeFlow(client, redirect_uri=redirect_uri, **{"scope": ["openid", "email"], **named})
    redirect = flow.start()
    return http(flow.finish(flow.callback(redirect.session, browser.leave(redirect.url))))


def refused(error: str, http: Http, steps: Any, status: int = 400) -> None:
    with pytest.raises(OAuthError) as refusal:
        http(steps)
    assert (refusal.value.error, refusal.value.status) == (error, status)


# --- client credentials, RFC 6749 section 4.4


def test_a_program_gets_a_token(http: Http, registered: Registered) -> None:
    tokens = http(ClientCredentialsFlow(registered("rs")).token())
    assert (tokens.token_type, tokens.scope, tokens.refresh_token) == ("Bearer", (), None)
    assert not tokens.is_expired(leeway=590)
    assert tokens.is_expired(leeway=610)


def test_a_program_may_not(http: Http, registered: Registered) -> None:
    refused("invalid_request", http, ClientCredentialsFlow(registered("web-post")).token())


# --- tokens for an API, RFC 8707 and RFC 9068


def verifier(cache: JWKSCache, server: ServerMetadata, audience: str = API) -> TokenVerifier:
    return TokenVerifier(
        keys=cache,
        algorithms=["ES256"],
        issuer=server.issuer,
        audience=audience,
        typ="at+jwt",
        required=("client_id", "iat", "jti", "sub"),
    )


def test_a_token_for_an_api(http: Http, server: ServerMetadata, registered: Registered, browser: Browser) -> None:
    tokens = granted(registered("web-basic"), http, browser, scope=["openid", "api:read"], resource=[API])
    assert tokens.scope == ("api:read",)
    cache, compact = JWKSCache.of(server), tokens.access_token.reveal()
    token = http(cache.verify(verifier(cache, server), compact))
    assert (token.sub, token.claims.client_id, token.claims.scope) == ("alice", "web-basic", "api:read")
    with pytest.raises(ClaimsError) as finding:
        http(cache.verify(verifier(cache, server, OPAQUE), compact))
    assert [mismatch.claim for mismatch in finding.value.mismatches] == ["aud"]
    assert [request.url for request in http.sent].count(server.jwks_uri or "") == 1


def test_a_program_gets_a_token_for_an_api(http: Http, server: ServerMetadata, registered: Registered) -> None:
    flow = ClientCredentialsFlow(registered("web-basic"))
    tokens = http(flow.token(scope=["api:write"], resource=[API]))
    cache = JWKSCache.of(server)
    token = http(cache.verify(verifier(cache, server), tokens.access_token.reveal()))
    assert (token.sub, token.claims.scope) == ("web-basic", "api:write")


def test_a_refresh_names_its_api(http: Http, server: ServerMetadata, registered: Registered, browser: Browser) -> None:
    client = registered("web-basic")
    tokens = granted(client, http, browser, scope=["openid", "offline_access", "api:read"], resource=[API])
    fresh = http(RefreshFlow(client).refresh(tokens, resource=[API]))
    cache = JWKSCache.of(server)
    assert http(cache.verify(verifier(cache, server), fresh.access_token.reveal())).claims.scope == "api:read"
    refused("invalid_target", http, RefreshFlow(client).refresh(fresh, resource=[UNKNOWN]))


@pytest.mark.parametrize("resource", [UNKNOWN, "urn:example:api"])
def test_an_api_that_the_provider_does_not_know(
    resource: str, http: Http, registered: Registered, browser: Browser
) -> None:
    client = registered("web-basic")
    refused("invalid_target", http, ClientCredentialsFlow(client).token(resource=[resource]))
    flow = AuthorizationCodeFlow(client, redirect_uri="https://rp.example/cb", resource=[resource])
    redirect = flow.start()
    answer = browser.leave(redirect.url)
    with pytest.raises(OAuthError) as refusal:
        flow.callback(redirect.session, answer)
    assert refusal.value.error == "invalid_target"


# --- refresh, RFC 6749 section 6, and reuse, RFC 9700 section 4.14.2


@pytest.mark.parametrize("client_id", ["public-native", "web-basic", "pkjwt", "mtls-self"])
def test_a_refresh_token_is_good_once(
    client_id: str, http: Http, provider: Provider, registered: Registered, browser: Browser
) -> None:
    client = registered(client_id)
    http.certificate = provider.certificate
    flow = RefreshFlow(client)
    first = granted(client, http, browser)
    second = http(flow.refresh(TokenSet.from_json(first.to_json())))
    third = http(flow.refresh(second))
    assert len({tokens.access_token.reveal() for tokens in (first, second, third)}) == 3
    assert len({tokens.refresh_token.reveal() for tokens in (first, second, third) if tokens.refresh_token}) == 3
    assert first.scope == second.scope == third.scope
    # Somebody has the old one: all of them are void, also the newest.
    refused("invalid_grant", http, flow.refresh(first))
    refused("invalid_grant", http, flow.refresh(third))


def test_a_refresh_for_less(http: Http, registered: Registered, browser: Browser) -> None:
    client = registered("web-basic")
    flow = RefreshFlow(client)
    tokens = granted(client, http, browser)
    less = http(flow.refresh(tokens, scope=["openid"]))
    assert less.scope == ("openid",)
    # The refresh token is good for what the user granted, still.
    assert http(flow.refresh(less, scope=["openid", "email"])).scope == ("openid", "email")


def test_a_refresh_by_somebody_else(http: Http, registered: Registered, browser: Browser) -> None:
    tokens = granted(registered("web-basic"), http, browser)
    refused("invalid_grant", http, RefreshFlow(registered("web-post")).refresh(tokens))
    forged = RefreshFlow(registered("web-basic", ClientSecretBasic(Secret("wrong"))))
    refused("invalid_client", http, forged.refresh(tokens), 401)
    assert http(RefreshFlow(registered("web-basic")).refresh(tokens)).refresh_token


# --- introspection, RFC 7662, and revocation, RFC 7009


def test_what_the_provider_knows_about_a_token(http: Http, registered: Registered, browser: Browser) -> None:
    tokens = granted(registered("web-basic"), http, browser)
    known = http(introspect(registered("rs"), tokens.access_token))
    assert known.active is True
    assert (known.sub, known.client_id, known.scope) == ("alice", "web-basic", ("openid", "email"))
    assert known.token_type == "Bearer"
    assert known.iat is not None
    assert known.exp == known.iat + 600
    assert tokens.refresh_token is not None
    hinted = http(introspect(registered("rs"), tokens.refresh_token, token_type_hint="refresh_token"))
    assert (hinted.active, hinted.sub) == (True, "alice")


def test_an_opaque_token_is_for_its_api(http: Http, registered: Registered, browser: Browser) -> None:
    tokens = granted(registered("web-basic"), http, browser, scope=["openid", "api:read"], resource=[OPAQUE])
    known = http(introspect(registered("rs"), tokens.access_token))
    assert (known.active, known.aud, known.scope) == (True, (OPAQUE,), ("api:read",))


def test_nothing_is_known_about_an_invented_token(http: Http, registered: Registered) -> None:
    known = http(introspect(registered("rs"), Secret("no such token")))
    assert (known.active, known.sub, known.scope, known.exp) == (False, None, (), None)


def test_a_signed_token_speaks_for_itself(http: Http, registered: Registered) -> None:
    client = registered("web-basic")
    tokens = http(ClientCredentialsFlow(client).token(resource=[API]))
    refused("unsupported_token_type", http, introspect(registered("rs"), tokens.access_token))
    refused("unsupported_token_type", http, revoke(client, tokens.access_token))  # RFC 7009 section 2.2.1


def test_a_question_by_somebody_else(http: Http, registered: Registered, browser: Browser) -> None:
    tokens = granted(registered("web-basic"), http, browser)
    stranger = registered("rs", ClientSecretBasic(Secret("wrong")))
    refused("invalid_client", http, introspect(stranger, tokens.access_token), 401)
    refused("invalid_client", http, revoke(stranger, tokens.access_token), 401)
    assert http(introspect(registered("rs"), tokens.access_token)).active


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", [True, False], ids=["hint", "no-hint"])
def test_a_revoked_token_is_void(hint: bool, kind: str, http: Http, registered: Registered, browser: Browser) -> None:
    client = registered("web-basic")
    tokens = granted(client, http, browser)
    token = getattr(tokens, kind)
    # Somebody else is told that it is gone, and it is not.
    http(revoke(registered("web-post"), token))
    assert http(introspect(registered("rs"), token)).active is True
    http(revoke(client, token, token_type_hint=kind if hint else None))
    # With each of them this provider ends the whole grant.
    assert http(introspect(registered("rs"), tokens.access_token)).active is False
    refused("invalid_grant", http, RefreshFlow(client).refresh(tokens))
    # RFC 7009 section 2.2: what is gone already, or never was, is no error.
    http(revoke(client, token))
    http(revoke(client, Secret("never-was")))


# --- token exchange, RFC 8693


def test_a_token_for_another(http: Http, server: ServerMetadata, registered: Registered, browser: Browser) -> None:
    client = registered("web-basic")
    tokens = granted(client, http, browser)
    flow = TokenExchangeFlow(client)
    exchanged = http(
        flow.exchange(
            subject_token=tokens.access_token,
            subject_token_type=TokenType.ACCESS_TOKEN,
            requested_token_type=TokenType.ACCESS_TOKEN,
            resource=[API],
            scope=["api:read"],
        )
    )
    assert (exchanged.issued_token_type, exchanged.token_type) == (TokenType.ACCESS_TOKEN, "Bearer")
    assert exchanged.scope == ("api:read",)
    cache = JWKSCache.of(server)
    token = http(cache.verify(verifier(cache, server), exchanged.access_token.reveal()))
    assert token.claims["act"] == {"sub": "web-basic"}


EXCHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "invented": ({"subject_token": Secret("invented")}, "invalid_request"),
    "of another kind": ({"subject_token_type": TokenType.SAML2}, "invalid_request"),
    "for another API": ({"resource": [UNKNOWN]}, "invalid_target"),
}


@pytest.mark.parametrize(("wish", "error"), EXCHANGES.values(), ids=EXCHANGES)
def test_no_token_for_another(
    wish: dict[str, Any], error: str, http: Http, registered: Registered, browser: Browser
) -> None:
    client = registered("web-basic")
    own = {
        "subject_token": granted(client, http, browser).access_token,
        "subject_token_type": TokenType.ACCESS_TOKEN,
    }
    refused(error, http, TokenExchangeFlow(client).exchange(**{**own, **wish}))


# --- an assertion as a grant, RFC 7523 section 2.1; jose verifies it


def assertion(key: JWK, issuer: str, **named: Any) -> Token:
    claims = {"iss": "https://idp.example", "sub": "carol", "aud": issuer, **named}
    return Token.sign(Claims(**claims), key, lifetime=60)


def test_a_token_for_an_assertion(http: Http, provider: Provider, registered: Registered) -> None:
    flow = JWTBearerFlow(registered("web-basic"))
    given = assertion(provider.client_key, provider.issuer)
    tokens = http(flow.token(given, scope=["api:read"], resource=[API]))
    assert tokens.scope == ("api:read",)
    cache = JWKSCache.of(flow.client.server)
    token = http(cache.verify(verifier(cache, flow.client.server), tokens.access_token.reveal()))
    assert token.claims["for"] == "carol"


ASSERTIONS: dict[str, tuple[bool, dict[str, Any]]] = {
    "another key": (False, {}),
    "another issuer": (True, {"iss": "https://evil.example"}),
    "another audience": (True, {"aud": "https://rp.example"}),
}


@pytest.mark.parametrize(("own", "claims"), ASSERTIONS.values(), ids=ASSERTIONS)
def test_no_token_for_an_assertion(
    own: bool, claims: dict[str, Any], http: Http, provider: Provider, registered: Registered
) -> None:
    key = provider.client_key if own else JWK.generate("ES256", kid=provider.client_key.kid)
    given = assertion(key, provider.issuer, **claims)
    refused("invalid_grant", http, JWTBearerFlow(registered("web-basic")).token(given))
    refused("invalid_grant", http, JWTBearerFlow(registered("web-basic")).token(Secret("no assertion")))


# --- the provider's keys change


def test_keys_that_rotate(http: Http, provider: Provider, registered: Registered) -> None:
    flow = ClientCredentialsFlow(registered("web-basic"))
    server = flow.client.server
    cache = JWKSCache.of(server)
    policy = verifier(cache, server)
    before = http(flow.token(resource=[API])).access_token.reveal()
    assert http(cache.verify(policy, before)).sub == "web-basic"
    provider.rotate()
    after = http(flow.token(resource=[API])).access_token.reveal()
    asked = len(http.sent)
    # The set is fresh still: what it knows is believed. What it does not is worth a question, but not one each moment.
    assert http(cache.verify(policy, before)).sub == "web-basic"
    with pytest.raises(KeyNotFoundError):
        http(cache.verify(policy, after))
    assert len(http.sent) == asked
    later = time.time() + 31
    assert http(cache.verify(policy, after, now=later)).sub == "web-basic"
    with pytest.raises(KeyNotFoundError):
        http(cache.verify(policy, before, now=later))
    assert [request.url for request in http.sent[asked:]] == [server.jwks_uri]
