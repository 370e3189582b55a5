"""Requests that are pushed, signed or rich, and responses that are signed, at a certified provider."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from jwtkit import JWK, Decryption, NotAllowedError, OAuthError, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import (
    JARM,
    AuthorizationCodeFlow,
    AuthorizationRedirect,
    AuthorizationSession,
    Client,
    ClientSecretBasic,
    InboundRequest,
    JWKSCache,
    RequestObject,
    Secret,
    parse_pushed_authorization_response,
    pushed_authorization_request,
)
from jwtkit.oidc import LoginFlow

if TYPE_CHECKING:  # their instances come as fixtures
    from tests.interop.conftest import Browser, Http, Provider, Registered

REDIRECT = "https://rp.example/cb"
PAYMENT = {"type": "payment", "instructedAmount": {"currency": "EUR", "amount": "12.34"}, "creditorName": "Shop"}


def carried(redirect: AuthorizationRedirect) -> dict[str, str]:
    """What the browser carries to the provider."""
    return dict(parse_qsl(urlsplit(redirect.url).query))


def login_flow(client: Client, provider: Provider, **named: Any) -> LoginFlow:
    """One that signs, for the clients that are registered for it."""
    signs: dict[str, Any] = {"request_object": RequestObject(provider.client_key), "algorithms": ["PS256"]}
    return LoginFlow(client, redirect_uri=REDIRECT, **{**signs, **named})


def kept(redirect: AuthorizationRedirect) -> AuthorizationSession:
    return AuthorizationSession.from_json(redirect.session.to_json())


# --- pushed, RFC 9126


def test_a_pushed_login(http: Http, registered: Registered, browser: Browser) -> None:
    flow = LoginFlow(registered("par-required"), redirect_uri=REDIRECT)
    redirect = http(flow.start_pushed(login_hint="bob"))
    assert set(carried(redirect)) == {"client_id", "request_uri"}
    assert redirect.expires_at is not None
    callback = flow.callback(kept(redirect), browser.leave(redirect.url))
    assert http(flow.finish(callback)).id_token.sub == "bob"


@pytest.mark.parametrize("client_id", ["public-native", "web-post", "csjwt", "pkjwt", "mtls-self"])
def test_every_client_authenticates_as_at_the_token_endpoint(
    client_id: str, http: Http, provider: Provider, registered: Registered, browser: Browser
) -> None:
    http.certificate = provider.certificate
    redirect_uri = "http://127.0.0.1:51004/cb" if client_id == "public-native" else REDIRECT
    flow = AuthorizationCodeFlow(registered(client_id), redirect_uri=redirect_uri, scope=["openid"])
    redirect = http(flow.start_pushed())
    assert http(flow.finish(flow.callback(kept(redirect), browser.leave(redirect.url)))).access_token


def test_a_request_that_was_not_pushed(known: Registered, browser: Browser) -> None:
    """The provider says so for this one client, which its metadata cannot tell."""
    flow = LoginFlow(known("par-required"), redirect_uri=REDIRECT)
    redirect = flow.start()
    with pytest.raises(OAuthError) as refusal:
        flow.callback(redirect.session, browser.leave(redirect.url))
    assert refusal.value.error == "invalid_request"


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("redirect_uri", "https://evil.example/cb", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("authorization_details", '[{"type":"account"}]', "invalid_authorization_details"),
        ("resource", "https://nobody.example", "invalid_target"),
    ],
)
def test_the_provider_refuses_what_is_pushed(
    name: str, value: str, error: str, http: Http, registered: Registered
) -> None:
    fields = {"response_type": "code", "redirect_uri": REDIRECT, "scope": "openid", name: value}
    response = http.send(pushed_authorization_request(registered("par-required"), fields.items()))
    with pytest.raises(OAuthError) as refusal:
        parse_pushed_authorization_response(response)
    assert (refusal.value.error, refusal.value.status) == (error, 400)


def test_another_secret(http: Http, registered: Registered) -> None:
    flow = LoginFlow(registered("par-required", ClientSecretBasic(Secret("x"))), redirect_uri=REDIRECT)
    with pytest.raises(OAuthError) as refusal:
        http(flow.start_pushed())
    assert (refusal.value.error, refusal.value.status) == ("invalid_client", 401)


# --- signed, RFC 9101


@pytest.mark.parametrize("pushed", [False, True], ids=["carried", "pushed"])
@pytest.mark.parametrize("encrypted", [False, True], ids=["signed", "sealed"])
def test_a_signed_request(
    pushed: bool, encrypted: bool, http: Http, provider: Provider, registered: Registered, browser: Browser
) -> None:
    client = registered("jar-jarm")
    recipient = None
    if encrypted:
        cache = JWKSCache.of(client.server)
        (recipient,) = [key for key in http(cache.refresh()) if key.use == "enc"]
    flow = login_flow(client, provider, request_object=RequestObject(provider.client_key, recipient=recipient))
    wish: Any = {"max_age": 100, "claims": {"id_token": {"acr": None}}, "login_hint": "bob"}
    redirect = http(flow.start_pushed(**wish)) if pushed else flow.start(**wish)
    outside = {"client_id", "request_uri"} if pushed else {"client_id", "request", "response_type", "scope"}
    assert set(carried(redirect)) == outside
    if not pushed:
        assert carried(redirect)["request"].count(".") == (4 if encrypted else 2)
    login = http(flow.finish(flow.callback(kept(redirect), browser.leave(redirect.url))))
    assert login.id_token.sub == "bob"
    assert login.id_token.claims["acr"] == "urn:test:pwd"


def test_a_signed_request_for_access_alone(
    http: Http, provider: Provider, registered: Registered, browser: Browser
) -> None:
    """RFC 9101 section 5: client_id and request, and nothing else outside."""
    flow = AuthorizationCodeFlow(
        registered("jar-jarm"),
        redirect_uri=REDIRECT,
        scope=["openid", "api:read"],
        resource=["https://api.example/jwt"],
        request_object=RequestObject(provider.client_key),
    )
    redirect = flow.start()
    assert set(carried(redirect)) == {"client_id", "request"}
    tokens = http(flow.finish(flow.callback(kept(redirect), browser.leave(redirect.url))))
    assert "api:read" in tokens.scope


def test_a_request_signed_by_another(provider: Provider, known: Registered, browser: Browser) -> None:
    stranger = JWK.generate("ES256")
    flow = login_flow(known("jar-jarm"), provider, request_object=RequestObject(stranger))
    redirect = flow.start()
    with pytest.raises(OAuthError) as refusal:
        flow.callback(redirect.session, browser.leave(redirect.url))
    assert refusal.value.error == "invalid_request_object"


def test_a_request_that_is_not_signed(provider: Provider, known: Registered, browser: Browser) -> None:
    flow = login_flow(known("jar-jarm"), provider, request_object=None)
    redirect = flow.start()
    with pytest.raises(OAuthError) as refusal:
        flow.callback(redirect.session, browser.leave(redirect.url))
    assert refusal.value.error == "invalid_request"


def test_a_key_that_the_provider_does_not_take(provider: Provider, known: Registered) -> None:
    with pytest.raises(UsageError, match="Ed25519"):
        login_flow(known("jar-jarm"), provider, request_object=RequestObject(JWK.generate("Ed25519")))


# --- signed responses, JARM


@pytest.mark.parametrize("pushed", [False, True], ids=["carried", "pushed"])
@pytest.mark.parametrize("mode", ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"])
def test_a_signed_response(
    mode: Any, pushed: bool, http: Http, provider: Provider, registered: Registered, browser: Browser
) -> None:
    flow = login_flow(registered("jar-jarm"), provider, response_mode=mode, jarm=JARM(algorithms=["PS256"]))
    redirect = http(flow.start_pushed()) if pushed else flow.start()
    answer = browser.leave(redirect.url)
    assert isinstance(answer, InboundRequest) is (mode == "form_post.jwt")
    callback = http(flow.callback_jwt(kept(redirect), answer))
    assert http(flow.finish(callback)).id_token.sub == "alice"


@pytest.mark.parametrize("mode", ["jwt", "form_post.jwt"])
def test_a_signed_response_of_the_hybrid_flow(
    mode: Any, http: Http, provider: Provider, registered: Registered, browser: Browser
) -> None:
    jarm = JARM(algorithms=["PS256"])
    client = registered("jar-jarm")
    flow = login_flow(client, provider, response_type="code id_token", response_mode=mode, jarm=jarm)
    redirect = flow.start()
    callback = http(flow.callback_jwt(kept(redirect), browser.leave(redirect.url)))
    assert callback.id_token is not None
    assert http(flow.finish(callback)).id_token.sub == "alice"


def test_an_encrypted_response(http: Http, provider: Provider, registered: Registered, browser: Browser) -> None:
    decryption = Decryption(keys=provider.client_decryption_key, algorithms=["ECDH-ES"], encryptions=["A256GCM"])
    jarm = JARM(algorithms=["PS256"], decryption=decryption)
    flow = login_flow(registered("jar-jarm-sealed"), provider, response_mode="jwt", jarm=jarm)
    redirect = flow.start()
    answer = browser.leave(redirect.url)
    assert isinstance(answer, str)
    assert parse_qs(urlsplit(answer).query)["response"][0].count(".") == 4
    assert http(flow.finish(http(flow.callback_jwt(kept(redirect), answer)))).id_token.sub == "alice"
    # Without the key, or where encryption was registered and none came.
    plain = login_flow(registered("jar-jarm-sealed"), provider, response_mode="jwt", jarm=JARM(algorithms=["PS256"]))
    with pytest.raises(NotAllowedError):
        http(plain.callback_jwt(kept(redirect), answer))
    strict = login_flow(registered("jar-jarm"), provider, response_mode="jwt", jarm=jarm)
    other = strict.start()
    with pytest.raises(NotAllowedError):
        http(strict.callback_jwt(kept(other), browser.leave(other.url)))


def test_a_signed_refusal(http: Http, provider: Provider, registered: Registered, browser: Browser) -> None:
    flow = login_flow(registered("jar-jarm"), provider, response_mode="jwt", jarm=JARM(algorithms=["PS256"]))
    redirect = flow.start(login_hint="deny", prompt="login")
    with pytest.raises(OAuthError) as refusal:
        http(flow.callback_jwt(kept(redirect), browser.leave(redirect.url)))
    assert (refusal.value.error, refusal.value.description) == ("access_denied", "the user said no")


def test_signed_responses_that_are_refused(
    http: Http, provider: Provider, registered: Registered, browser: Browser
) -> None:
    jarm = JARM(algorithms=["PS256"])
    flow = login_flow(registered("jar-jarm"), provider, response_mode="jwt", jarm=jarm)
    one, two = flow.start(), flow.start()
    answer = browser.leave(one.url)
    assert isinstance(answer, str)
    with pytest.raises(ProtocolError) as mixed:
        http(flow.callback_jwt(two.session, answer))
    assert mixed.value.reason == "state_mismatch"
    position = len(answer) - 20  # in the signature
    tampered = f"{answer[:position]}{'A' if answer[position] != 'A' else 'B'}{answer[position + 1 :]}"
    with pytest.raises(RejectedError):
        http(flow.callback_jwt(one.session, tampered))
    unexpected = login_flow(registered("jar-jarm"), provider, response_mode="jwt", jarm=JARM(algorithms=["RS256"]))
    with pytest.raises(NotAllowedError):
        http(unexpected.callback_jwt(one.session, answer))
    assert http(flow.finish(http(flow.callback_jwt(one.session, answer)))).id_token.sub == "alice"


# --- rich, RFC 9396


@pytest.mark.parametrize("pushed", [False, True], ids=["carried", "pushed"])
@pytest.mark.parametrize("client_id", ["web-basic", "jar-jarm"])
def test_a_payment(
    client_id: str, pushed: bool, http: Http, provider: Provider, registered: Registered, browser: Browser
) -> None:
    flow = AuthorizationCodeFlow(
        registered(client_id),
        redirect_uri=REDIRECT,
        scope=["openid", "api:read"],
        resource=["https://api.example/opaque"],
        request_object=RequestObject(provider.client_key) if client_id == "jar-jarm" else None,
    )
    wish: Any = {"authorization_details": [PAYMENT]}
    redirect = http(flow.start_pushed(**wish)) if pushed else flow.start(**wish)
    tokens = http(flow.finish(flow.callback(kept(redirect), browser.leave(redirect.url))))
    (granted,) = tokens.authorization_details
    assert json.loads(json.dumps(dict(granted), default=dict)) == PAYMENT


def test_a_type_that_the_provider_does_not_know(known: Registered) -> None:
    flow = AuthorizationCodeFlow(known("web-basic"), redirect_uri=REDIRECT)
    with pytest.raises(UsageError, match="account"):
        flow.start(authorization_details=[{"type": "account"}])
