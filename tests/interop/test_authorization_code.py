"""A user grants access at a certified provider: the code flow with PKCE, and every way in which somebody says no."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from jwtkit import OAuthError, ProtocolError
from jwtkit.oauth import AuthorizationCodeFlow, AuthorizationSession, Consume, InboundRequest

if TYPE_CHECKING:  # their instances come as fixtures
    from tests.interop.conftest import Browser, Http, Registered

# A public client on the user's machine may listen at any port of a loopback address (RFC 8252 section 7.3).
REDIRECT = {"public-native": "http://127.0.0.1:51004/cb", "web-basic": "https://rp.example/cb"}
SCOPE = ("openid", "email")

both = pytest.mark.parametrize("client_id", REDIRECT)


def flow_of(registered: Registered, client_id: str, **named: Any) -> AuthorizationCodeFlow:
    return AuthorizationCodeFlow(registered(client_id), redirect_uri=REDIRECT[client_id], **{"scope": SCOPE, **named})


@both
@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_a_code_is_good_once(mode: Any, client_id: str, http: Http, registered: Registered, browser: Browser) -> None:
    flow = flow_of(registered, client_id, response_mode=mode)
    redirect = flow.start()
    answer = browser.leave(redirect.url)
    assert isinstance(answer, InboundRequest) is (mode == "form_post")
    callback = flow.callback(AuthorizationSession.from_json(redirect.session.to_json()), answer)
    tokens = http(flow.finish(callback))
    assert (tokens.token_type.lower(), tokens.scope) == ("bearer", SCOPE)
    assert tokens.id_token is not None
    with pytest.raises(OAuthError) as refusal:
        http(flow.finish(callback))
    assert (refusal.value.error, refusal.value.status) == ("invalid_grant", 400)


@both
def test_a_stolen_code_lacks_its_verifier(client_id: str, http: Http, registered: Registered, browser: Browser) -> None:
    """RFC 7636 section 4.6: whoever steals a code and puts it into a login of their own gains nothing."""
    flow = flow_of(registered, client_id)
    victim, thief = flow.start(), flow.start()
    left = browser.leave(victim.url)
    assert isinstance(left, str)
    stolen = flow.callback(thief.session, left.replace(victim.session.state, thief.session.state))
    with pytest.raises(OAuthError) as refusal:
        http(flow.finish(stolen))
    assert refusal.value.error == "invalid_grant"
    # The code itself is sound: with its own verifier it is redeemed.
    assert http(flow.finish(flow.callback(victim.session, left))).access_token.reveal()


def test_a_session_counts_once(http: Http, registered: Registered, browser: Browser) -> None:
    flow = flow_of(registered, "web-basic")
    redirect = flow.start()
    callback = flow.callback(redirect.session, browser.leave(redirect.url))
    seen: set[str] = set()

    def consume(what: Consume) -> bool:
        first = what.key not in seen
        seen.add(what.key)
        return first

    assert http(flow.finish(callback, once=True), consume=consume).access_token.reveal()
    asked = len(http.sent)
    with pytest.raises(ProtocolError) as refusal:
        http(flow.finish(callback, once=True), consume=consume)
    assert refusal.value.reason == "session_used"
    assert len(http.sent) == asked


# --- what the provider refuses comes back in the callback


WISHES: dict[str, tuple[dict[str, Any], str | None]] = {
    "whatever it likes": ({}, None),
    "another user": ({"login_hint": "bob"}, None),
    "with all arguments": (
        {
            "prompt": ["login", "consent"],
            "max_age": 60,
            "acr_values": ["urn:test:mfa", "urn:test:pwd"],
            "claims": {"userinfo": {"name": None}, "id_token": {"acr": {"essential": True, "value": "urn:test:mfa"}}},
            "ui_locales": ["de", "en"],
            "extra": {"display": "page"},
        },
        None,
    ),
    "the user says no, RFC 6749 section 4.1.2.1": ({"login_hint": "deny"}, "access_denied"),
    "nobody may be asked, Core section 3.1.2.6": ({"prompt": "none"}, "login_required"),
    "a claim that is no member of the request": ({"claims": {"id_token": "text"}}, "invalid_request"),
}


@both
@pytest.mark.parametrize(("wish", "error"), WISHES.values(), ids=WISHES)
def test_what_the_user_and_the_provider_say(
    wish: dict[str, Any], error: str | None, client_id: str, known: Registered, browser: Browser
) -> None:
    flow = flow_of(known, client_id)
    redirect = flow.start(**wish)
    answer = browser.leave(redirect.url)
    if error is None:
        assert flow.callback(redirect.session, answer).code.reveal()
        return
    with pytest.raises(OAuthError) as refusal:
        flow.callback(redirect.session, answer)
    assert refusal.value.error == error
    # RFC 9207 section 2: also an error says who speaks, and is not believed from anybody else.
    assert isinstance(answer, str)
    assert "&iss=http%3A%2F%2F127.0.0.1" in answer
    with pytest.raises(ProtocolError) as mix_up:
        flow.callback(redirect.session, answer.replace("iss=http%3A%2F%2F127.0.0.1", "iss=https%3A%2F%2Fevil.example"))
    assert mix_up.value.reason == "issuer_mismatch"


# --- what somebody on the way has changed, RFC 9207 section 2.4 and RFC 6749 section 10.12

CHANGES: dict[str, tuple[Callable[[str], str], str]] = {
    "no iss": (lambda url: re.sub("&iss=[^&]*", "", url), "issuer_missing"),
    "an empty iss": (lambda url: re.sub("&iss=[^&]*", "&iss=", url), "issuer_missing"),
    "iss with a final slash": (lambda url: re.sub("(&iss=[^&]*)", r"\1%2F", url), "issuer_mismatch"),
    "iss of somebody else": (
        lambda url: re.sub("&iss=[^&]*", "&iss=https%3A%2F%2Fevil.example", url),
        "issuer_mismatch",
    ),
    "iss twice": (lambda url: re.sub("(&iss=[^&]*)", r"\1\1", url), "duplicate_parameter"),
    "no state": (lambda url: re.sub("&state=[^&]*", "", url), "state_mismatch"),
    "another state": (lambda url: re.sub("&state=[^&]{9}", "&state=AAAAAAAAA", url), "state_mismatch"),
    "code twice": (lambda url: re.sub("code=[^&]*", r"\g<0>&\g<0>", url), "duplicate_parameter"),
    "no code": (lambda url: re.sub("code=[^&]*", "code=", url), "missing_parameter"),
    "a token, too": (lambda url: url + "&access_token=x", "unexpected_parameter"),
    "another path": (lambda url: url.replace("/cb?", "/cb/?"), "wrong_endpoint"),
    "in the fragment": (lambda url: url.replace("?", "#"), "issuer_missing"),
}


@pytest.mark.parametrize(("change", "reason"), CHANGES.values(), ids=CHANGES)
def test_changed_on_the_way(change: Callable[[str], str], reason: str, known: Registered, browser: Browser) -> None:
    flow = flow_of(known, "web-basic")
    redirect = flow.start()
    left = browser.leave(redirect.url)
    assert isinstance(left, str)
    assert change(left) != left
    with pytest.raises(ProtocolError) as refusal:
        flow.callback(redirect.session, change(left))
    assert refusal.value.reason == reason
    assert flow.callback(redirect.session, left).code.reveal()
