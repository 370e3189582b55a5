"""A user logs in at a certified provider with OpenID Connect: ID tokens, UserInfo, refresh and logout."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from jwtkit import (
    Decryption,
    KeyNotFoundError,
    NotAllowedError,
    OAuthError,
    ProtocolError,
    RejectedError,
    SignatureAlgorithm,
)
from jwtkit.oauth import AuthorizationCodeFlow, AuthorizationSession, Client, InboundRequest, JWKSCache
from jwtkit.oidc import (
    Login,
    LoginFlow,
    LoginRecord,
    LogoutSession,
    check_logout_callback,
    logout_redirect,
    userinfo,
)

if TYPE_CHECKING:  # their instances come as fixtures
    from tests.interop.conftest import Browser, Http, Provider, Registered

REDIRECT = {"public-native": "http://127.0.0.1:51004/cb"}
BYE = "https://rp.example/bye"


def flow_of(client: Client, **named: Any) -> LoginFlow:
    redirect_uri = REDIRECT.get(client.client_id, "https://rp.example/cb")
    return LoginFlow(client, redirect_uri=redirect_uri, **{"scope": ["openid", "email", "profile"], **named})


def log_in(flow: LoginFlow, http: Http, browser: Browser, **wish: Any) -> Login:
    redirect = flow.start(**wish)
    session = AuthorizationSession.from_json(redirect.session.to_json())
    return http(flow.finish(flow.callback(session, browser.leave(redirect.url))))


@pytest.mark.parametrize("client_id", ["public-native", "web-basic", "mtls-self"])
def test_who_it_is(client_id: str, http: Http, provider: Provider, registered: Registered, browser: Browser) -> None:
    http.certificate = provider.certificate
    flow = flow_of(registered(client_id))
    login = log_in(flow, http, browser, login_hint="bob")
    assert (login.id_token.iss, login.id_token.sub) == (provider.issuer, "bob")
    assert login.id_token.claims.aud == (client_id,)
    assert login.tokens.scope == ("openid", "email", "profile")
    told = http(userinfo(flow.client, login.tokens, id_token=login.id_token))
    assert (told.sub, told.claims["name"], told.claims["email_verified"]) == ("bob", "Alice", True)
    # Who kept the record of a login needs no ID token.
    record = LoginRecord.from_json(login.record.to_json())
    assert http(userinfo(flow.client, login.tokens, id_token=record)).sub == "bob"


@pytest.mark.parametrize("mode", ["fragment", "form_post"])
def test_the_hybrid_flow(mode: Any, http: Http, registered: Registered, browser: Browser) -> None:
    flow = flow_of(registered("web-basic"), response_type="code id_token", response_mode=mode)
    redirect = flow.start()
    answer = browser.leave(redirect.url)
    assert isinstance(answer, InboundRequest) is (mode == "form_post")
    callback = flow.callback(redirect.session, answer)
    assert callback.id_token is not None
    assert http(flow.finish(callback)).id_token.sub == "alice"


def test_a_hybrid_answer_put_together_from_two(http: Http, registered: Registered, browser: Browser) -> None:
    """Core section 3.3.2.11: nonce and c_hash bind the ID token of a callback to this login and to this code."""
    flow = flow_of(registered("web-basic"), response_type="code id_token")
    one, two = flow.start(), flow.start()
    mine, other = (browser.leave(redirect.url) for redirect in (one, two))
    assert isinstance(mine, str)
    assert isinstance(other, str)
    taken = {name: value for name, _, value in (part.partition("=") for part in other.partition("#")[2].split("&"))}
    own = {name: value for name, _, value in (part.partition("=") for part in mine.partition("#")[2].split("&"))}
    for name in ("code", "id_token"):
        mixed = "&".join(f"{key}={value}" for key, value in {**own, name: taken[name]}.items())
        callback = flow.callback(one.session, f"https://rp.example/cb#{mixed}")
        asked = len(http.sent)
        with pytest.raises(RejectedError):
            http(flow.finish(callback))
        assert flow.client.server.token_endpoint not in [request.url for request in http.sent[asked:]]
    assert http(flow.finish(flow.callback(one.session, mine))).id_token.sub == "alice"


def test_who_speaks_in_the_hybrid_flow(known: Registered, browser: Browser) -> None:
    """RFC 9207 and RFC 9700 section 4.4.2.1: the ID token says who speaks; where there is none, `iss` does."""
    flow = flow_of(known("web-basic"), response_type="code id_token")
    redirect = flow.start()
    answer = browser.leave(redirect.url)
    assert isinstance(answer, str)
    assert "iss=" not in answer
    assert flow.callback(redirect.session, answer).id_token is not None
    plain = AuthorizationCodeFlow(flow.client, redirect_uri="https://rp.example/cb")
    refusals: list[tuple[LoginFlow | AuthorizationCodeFlow, str, str]] = [
        (flow, f"{answer}&iss=https%3A%2F%2Fevil.example", "issuer_mismatch"),
        (flow, answer.replace("id_token=", "id_token=&x="), "issuer_missing"),
        (flow, f"{answer}&error=access_denied", "issuer_missing"),
        # The plain flow verifies no ID token, so it does not go by one.
        (plain, answer, "session_mismatch"),
    ]
    for used, changed, reason in refusals:
        with pytest.raises(ProtocolError) as refusal:
            used.callback(redirect.session, changed)
        assert refusal.value.reason == reason
    denied = flow.start(login_hint="deny", prompt="login")
    answer = browser.leave(denied.url)
    assert isinstance(answer, str)
    with pytest.raises(OAuthError):
        flow.callback(denied.session, answer)
    with pytest.raises(ProtocolError) as unsaid:
        flow.callback(denied.session, re.sub("&iss=[^&]*", "", answer))
    assert unsaid.value.reason == "issuer_missing"


# --- algorithms, Core section 3.1.3.7 and 5.3.2

ALGORITHMS: tuple[SignatureAlgorithm, ...] = ("RS256", "PS256", "ES256", "Ed25519", "HS256")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_as_registered(alg: SignatureAlgorithm, http: Http, registered: Registered, browser: Browser) -> None:
    flow = flow_of(registered(f"signed-{alg}"), algorithms=[alg])
    login = log_in(flow, http, browser)
    assert login.id_token.header.alg == alg
    told = http(
        userinfo(flow.client, login.tokens, id_token=login.id_token, signed=True, algorithms=[alg], keys=flow.keys)
    )
    assert told.claims["email"] == "alice@example.com"
    if alg != "HS256":  # where nothing is registered, plain UserInfo is expected, and a signed one is not guessed at
        with pytest.raises(ProtocolError) as refusal:
            http(userinfo(flow.client, login.tokens, id_token=login.id_token))
        assert refusal.value.reason == "unsupported"


@pytest.mark.parametrize(("registered_alg", "expected"), [("PS256", "RS256"), ("HS256", "RS256"), ("RS256", "ES256")])
def test_not_as_registered(
    registered_alg: str, expected: SignatureAlgorithm, http: Http, registered: Registered, browser: Browser
) -> None:
    flow = flow_of(registered(f"signed-{registered_alg}"), algorithms=[expected])
    with pytest.raises(NotAllowedError):
        log_in(flow, http, browser)


def test_userinfo_that_is_not_signed(http: Http, registered: Registered, browser: Browser) -> None:
    flow = flow_of(registered("web-basic"))
    login = log_in(flow, http, browser)
    with pytest.raises(ProtocolError) as refusal:
        http(userinfo(flow.client, login.tokens, id_token=login.id_token, signed=True))
    assert refusal.value.reason == "unsupported"


def decryption(provider: Provider) -> Decryption:
    return Decryption(keys=provider.client_decryption_key, algorithms=["ECDH-ES"], encryptions=["A256GCM"])


def test_sealed(http: Http, provider: Provider, registered: Registered, browser: Browser) -> None:
    flow = flow_of(registered("sealed"), decryption=decryption(provider))
    login = log_in(flow, http, browser)
    assert login.id_token.sub == "alice"
    told = http(
        userinfo(flow.client, login.tokens, id_token=login.id_token, signed=True, decryption=decryption(provider))
    )
    assert told.claims["name"] == "Alice"


@pytest.mark.parametrize("client_id", ["sealed", "web-basic"])
def test_sealed_for_nobody_or_not_at_all(
    client_id: str, http: Http, provider: Provider, registered: Registered, browser: Browser
) -> None:
    flow = flow_of(registered(client_id), decryption=decryption(provider) if client_id == "web-basic" else None)
    with pytest.raises(NotAllowedError):
        log_in(flow, http, browser)


# --- what was asked for


def test_what_was_asked_for_is_in_the_id_token(http: Http, registered: Registered, browser: Browser) -> None:
    flow = flow_of(registered("web-basic"))
    login = log_in(
        flow,
        http,
        browser,
        max_age=0,
        claims={"id_token": {"acr": {"essential": True, "values": ["urn:test:mfa"]}}},
        acr_values=["urn:test:mfa"],
    )
    assert login.id_token.claims["acr"] == "urn:test:mfa"
    assert isinstance(login.id_token.claims["auth_time"], int)


def test_silently_again(http: Http, registered: Registered, browser: Browser) -> None:
    """Core section 3.1.2.1: who is logged in is not asked; who is not cannot be."""
    flow = flow_of(registered("web-basic"))
    with pytest.raises(OAuthError) as refusal:
        log_in(flow, http, browser, prompt="none")
    assert refusal.value.error == "login_required"
    first = log_in(flow, http, browser)
    again = log_in(flow, http, browser, prompt="none", id_token_hint=first.id_token)
    assert again.id_token.sub == first.id_token.sub
    assert again.id_token.compact != first.id_token.compact


def test_another_user_than_expected(http: Http, registered: Registered, browser: Browser) -> None:
    flow = flow_of(registered("web-basic"))
    first = log_in(flow, http, browser, login_hint="bob")
    log_in(flow, http, browser, login_hint="carol", prompt="login")
    with pytest.raises(OAuthError) as refusal:
        log_in(flow, http, browser, prompt="none", id_token_hint=first.id_token)
    assert refusal.value.error == "login_required"


# --- UserInfo


def test_userinfo_of_another_user(http: Http, registered: Registered, browser: Browser) -> None:
    """Core section 5.3.2: tokens that were exchanged for those of somebody else."""
    flow = flow_of(registered("web-basic"))
    alice = log_in(flow, http, browser)
    bob = log_in(flow, http, browser, login_hint="bob", prompt="login")
    with pytest.raises(ProtocolError) as refusal:
        http(userinfo(flow.client, bob.tokens, id_token=alice.id_token))
    assert refusal.value.reason == "subject_mismatch"


def test_no_userinfo_without_a_certificate(
    http: Http, provider: Provider, registered: Registered, browser: Browser, other_certificate: Any
) -> None:
    """RFC 8705 section 3: the access token is bound to the certificate that was shown when it was given."""
    http.certificate = provider.certificate
    flow = flow_of(registered("mtls-self"))
    login = log_in(flow, http, browser)
    for http.certificate in (None, other_certificate):
        with pytest.raises(OAuthError) as refusal:
            http(userinfo(flow.client, login.tokens, id_token=login.id_token))
        assert (refusal.value.error, refusal.value.status) == ("invalid_token", 401)
    http.certificate = provider.certificate
    assert http(userinfo(flow.client, login.tokens, id_token=login.id_token)).sub == "alice"


# --- refresh, Core section 12


def test_a_login_is_refreshed(http: Http, registered: Registered, browser: Browser) -> None:
    flow = flow_of(registered("web-basic"))
    login = log_in(flow, http, browser)
    refreshed = http(flow.refresh(login.tokens, login.record))
    assert refreshed.id_token is not None
    assert (refreshed.id_token.iss, refreshed.id_token.sub) == (login.id_token.iss, login.id_token.sub)
    assert http(userinfo(flow.client, refreshed.tokens, id_token=refreshed.id_token)).sub == "alice"
    again = http(flow.refresh(refreshed.tokens, login.record))
    assert again.id_token is not None
    with pytest.raises(OAuthError) as refusal:
        http(flow.refresh(login.tokens, login.record))
    assert refusal.value.error == "invalid_grant"


def test_a_refresh_under_the_name_of_another(http: Http, registered: Registered, browser: Browser) -> None:
    flow = flow_of(registered("web-basic"))
    alice = log_in(flow, http, browser)
    bob = log_in(flow, http, browser, login_hint="bob", prompt="login")
    with pytest.raises(RejectedError):
        http(flow.refresh(bob.tokens, alice.record))


# --- keys


def test_the_provider_has_new_keys(http: Http, provider: Provider, registered: Registered, browser: Browser) -> None:
    client = registered("signed-ES256")
    own = flow_of(client, algorithms=["ES256"])
    cache = JWKSCache(client.server.jwks_uri or "", cool_down=0, allow_http_loopback=True)
    shared = flow_of(client, algorithms=["ES256"], keys=cache)
    for flow in (own, own, shared, shared):
        assert log_in(flow, http, browser).id_token.sub == "alice"
    assert [request.url for request in http.sent].count(client.server.jwks_uri or "") == 2
    provider.rotate()
    assert log_in(shared, http, browser).id_token.sub == "alice"
    assert [request.url for request in http.sent].count(client.server.jwks_uri or "") == 3
    # A flow that has asked a moment ago does not ask again so soon.
    with pytest.raises(KeyNotFoundError):
        log_in(own, http, browser)
    assert [request.url for request in http.sent].count(client.server.jwks_uri or "") == 3


# --- logout, RP-Initiated Logout 1.0


def test_a_logout(http: Http, registered: Registered, browser: Browser) -> None:
    flow = flow_of(registered("web-basic"))
    login = log_in(flow, http, browser)
    redirect = logout_redirect(flow.client, id_token_hint=login.id_token, post_logout_redirect_uri=BYE)
    back = browser.leave(redirect.url)
    assert isinstance(back, str)
    assert back.startswith(f"{BYE}?")
    assert redirect.session is not None
    session = LogoutSession.from_json(redirect.session.to_json())
    check_logout_callback(session, back)
    with pytest.raises(ProtocolError) as forged:
        check_logout_callback(session, back.replace("state=", "state=x"))
    assert forged.value.reason == "state_mismatch"
    # The provider has forgotten the user, and what they granted in that session.
    with pytest.raises(OAuthError) as refusal:
        log_in(flow, http, browser, prompt="none")
    assert refusal.value.error == "login_required"
    with pytest.raises(OAuthError) as revoked:
        http(flow.refresh(login.tokens, login.record))
    assert revoked.value.error == "invalid_grant"
