"""Tokens that a certified provider binds to a key, with nonces in the proofs and without (RFC 9449)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from jwtkit import JWK, OAuthError, UsageError, jws
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    Client,
    ClientCredentialsFlow,
    DPoP,
    HttpRequest,
    HttpResponse,
    RefreshFlow,
    Steps,
    TokenSet,
    authorize_request,
)
from jwtkit.oidc import Login, LoginFlow, userinfo

if TYPE_CHECKING:  # their instances come as fixtures
    from tests.interop.conftest import Browser, Http, Registered

REDIRECT = {"dpop-bound": "http://127.0.0.1:51004/cb"}


class Demanding:
    """Carries steps to a provider that wants a nonce in each proof, and counts what goes out."""

    def __init__(self, http: Http, wanted: bool) -> None:
        self.http = http
        self.wanted = wanted

    def __call__(self, steps: Steps[Any, Any]) -> Any:
        return self.http(self._marked(steps))

    def _marked(self, steps: Steps[Any, Any]) -> Steps[Any, Any]:
        answer = None
        while True:
            try:
                effect = steps.send(answer)
            except StopIteration as stop:
                return stop.value
            if self.wanted and isinstance(effect, HttpRequest):
                effect = replace(effect, headers=(*effect.headers, ("x-test-require-dpop-nonce", "1")))
            answer = yield effect

    def nonces(self, url: str | None) -> list[str | None]:
        """Give the nonce of each proof that went there, None where it had none."""
        found = []
        for request in self.http.sent:
            if request.url == url:
                payload = jws.verify(dict(request.headers)["DPoP"], KEY.public(), algorithms=["ES256"]).payload
                found.append(json.loads(payload).get("nonce"))
        return found


KEY = JWK.generate("ES256")


def bound(client: Client, key: JWK = KEY) -> Client:
    return replace(client, dpop=DPoP(key))


def log_in(client: Client, carry: Callable[..., Any], browser: Browser, **wish: Any) -> Login:
    redirect_uri = REDIRECT.get(client.client_id, "https://rp.example/cb")
    flow = LoginFlow(client, redirect_uri=redirect_uri, scope=["openid", "email"])
    redirect = flow.start(**wish)
    login: Login = carry(flow.finish(flow.callback(redirect.session, browser.leave(redirect.url))))
    return login


@pytest.mark.parametrize("wanted", [False, True], ids=["happy-path-no-dpop-nonce", "nonce"])
@pytest.mark.parametrize("client_id", ["dpop-bound", "web-basic", "pkjwt"])
def test_login_and_userinfo(client_id: str, wanted: bool, http: Http, registered: Registered, browser: Browser) -> None:
    client, carry = bound(registered(client_id)), Demanding(http, wanted)
    login = log_in(client, carry, browser)
    assert login.tokens.token_type == "DPoP"
    told = carry(userinfo(client, login.tokens, id_token=login.id_token))
    assert told.sub == "alice"
    server = client.server
    # What the token endpoint gave with its 200 is good for the other endpoints of its origin, without another round.
    at_token, at_userinfo = carry.nonces(server.token_endpoint), carry.nonces(server.userinfo_endpoint)
    assert [nonce is not None for nonce in at_token] == ([False, True] if wanted else [False])
    assert [nonce is not None for nonce in at_userinfo] == [True]


@pytest.mark.parametrize("wanted", [False, True], ids=["happy-path-no-dpop-nonce", "nonce"])
def test_another_process_learns_the_nonce_of_an_api(
    wanted: bool, http: Http, registered: Registered, browser: Browser
) -> None:
    """Section 9: with 401 and a challenge, where the token endpoint answers 400 and JSON."""
    carry = Demanding(http, wanted)
    login = log_in(bound(registered("dpop-bound")), carry, browser)
    later = bound(registered("dpop-bound"))
    assert carry(userinfo(later, login.tokens, id_token=login.id_token)).sub == "alice"
    asked = carry.nonces(later.server.userinfo_endpoint)
    assert [nonce is not None for nonce in asked] == ([False, True] if wanted else [False])


@pytest.mark.parametrize("wanted", [False, True], ids=["happy-path-no-dpop-nonce", "nonce"])
def test_refresh_keeps_the_key(wanted: bool, http: Http, registered: Registered, browser: Browser) -> None:
    client, carry = bound(registered("dpop-bound")), Demanding(http, wanted)
    tokens = TokenSet.from_json(log_in(client, carry, browser).tokens.to_json())
    fresh: TokenSet = carry(RefreshFlow(client).refresh(tokens))
    assert fresh.token_type == "DPoP"
    assert fresh.access_token != tokens.access_token
    with pytest.raises(OAuthError) as refusal:
        carry(RefreshFlow(bound(registered("dpop-bound"), JWK.generate("ES256"))).refresh(fresh))
    assert refusal.value.error == "invalid_grant"
    with pytest.raises(UsageError):
        RefreshFlow(registered("dpop-bound")).refresh(fresh)


def test_another_key_cannot_redeem_the_code(http: Http, registered: Registered, browser: Browser) -> None:
    """Section 10: `dpop_jkt` binds the code, and the server holds the token request to it."""
    mine, thief = (bound(registered("dpop-bound"), key) for key in (KEY, JWK.generate("ES256")))
    flow, other = (
        AuthorizationCodeFlow(client, redirect_uri=REDIRECT["dpop-bound"], scope=["openid"]) for client in (mine, thief)
    )
    redirect = flow.start()
    callback = flow.callback(redirect.session, browser.leave(redirect.url))
    with pytest.raises(OAuthError) as refusal:
        http(other.finish(callback))
    assert refusal.value.error == "invalid_grant"


def test_another_key_cannot_use_the_token(http: Http, registered: Registered, browser: Browser) -> None:
    client = bound(registered("dpop-bound"))
    login = log_in(client, http, browser)
    url = client.server.userinfo_endpoint
    assert url is not None
    call = HttpRequest(method="GET", url=url)

    def status(tokens: TokenSet, key: JWK = KEY) -> int:
        answer: HttpResponse = http(authorize_request(call, tokens, dpop=DPoP(key)))
        return answer.status

    assert status(login.tokens) == 200
    assert status(login.tokens, JWK.generate("ES256")) == 401
    assert status(replace(login.tokens, token_type="Bearer")) == 401


def test_a_client_that_has_to_bind_its_tokens(http: Http, registered: Registered, browser: Browser) -> None:
    with pytest.raises(OAuthError) as refusal:
        log_in(registered("dpop-bound"), http, browser)
    assert refusal.value.error in ("invalid_grant", "invalid_dpop_proof", "invalid_request")


@pytest.mark.parametrize("wanted", [False, True], ids=["happy-path-no-dpop-nonce", "nonce"])
def test_a_program_in_its_own_name(wanted: bool, http: Http, registered: Registered) -> None:
    """A retry of private_key_jwt needs another assertion, because the server takes each of them once."""
    client, carry = bound(registered("pkjwt")), Demanding(http, wanted)
    assert carry(ClientCredentialsFlow(client).token()).token_type == "DPoP"
    assert len(carry.nonces(client.server.token_endpoint)) == (2 if wanted else 1)


@pytest.mark.parametrize("wanted", [False, True], ids=["happy-path-no-dpop-nonce", "nonce"])
def test_a_pushed_request(wanted: bool, http: Http, registered: Registered, browser: Browser) -> None:
    """Section 10.1: the proof of a pushed request and its `dpop_jkt` agree."""
    client, carry = bound(registered("dpop-bound")), Demanding(http, wanted)
    flow = AuthorizationCodeFlow(client, redirect_uri=REDIRECT["dpop-bound"], scope=["openid"])
    redirect = carry(flow.start_pushed())
    callback = flow.callback(redirect.session, browser.leave(redirect.url))
    assert carry(flow.finish(callback)).token_type == "DPoP"
