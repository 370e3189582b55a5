"""Logging in where only an ID token comes of a code, as with Azure AD B2C: verified like any other."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from jwtkit import JwtkitError, ProtocolError, UsageError
from jwtkit.oauth import AuthorizationCodeFlow, Consume, run
from jwtkit.oidc import IdToken, finish_with_id_token_only

NOW = 1_800_000_000
REDIRECT = "https://app.example.com/callback"
Provider = Any  # of conftest.py, which a test cannot import


def finished(provider: Provider, **named: Any) -> IdToken:
    flow = provider.flow(**named)
    redirect = flow.start(now=NOW)
    callback = flow.callback(redirect.session, provider.browser(redirect.url), now=NOW)
    return run(finish_with_id_token_only(flow, callback, now=NOW), send=provider.send)


@pytest.mark.parametrize("response_type", ["code", "code id_token"])
def test_only_an_id_token_comes(provider: Provider, response_type: str) -> None:
    provider.bend["tokens"] = {"access_token": ..., "expires_in": ...}
    provider.bend["back"] = {"at_hash": ...}
    assert finished(provider, response_type=response_type).sub == "alice"


@pytest.mark.parametrize(
    ("where", "changes", "reason"),
    [
        pytest.param("tokens", {"id_token": ...}, "bad_member", id="nothing comes"),
        pytest.param("tokens", {"id_token": 5}, "bad_member", id="a number"),
        pytest.param("tokens", {"id_token": ""}, "bad_member", id="an empty text"),
        pytest.param("tokens", {"access_token": "a"}, "bad_member", id="an access token after all"),
        pytest.param("tokens", {"error": "invalid_grant"}, "invalid_grant", id="the server says no"),
        pytest.param("back", {"nonce": "other"}, "nonce:not_accepted", id="another nonce"),
        pytest.param("back", {"aud": "other"}, "aud:not_accepted", id="another audience"),
        pytest.param("back", {"exp": NOW - 5}, "exp:expired", id="expired"),
    ],
)
def test_what_is_refused(provider: Provider, where: str, changes: dict[str, Any], reason: str) -> None:
    provider.bend["tokens"] = {"access_token": ...}
    provider.bend["back"] = {"at_hash": ...}
    provider.bend[where] |= changes
    with pytest.raises(JwtkitError) as refusal:
        finished(provider)
    assert provider.why(refusal.value) == reason


def test_a_signature_that_does_not_verify(provider: Provider) -> None:
    provider.bend["tokens"] = {"access_token": ...}
    provider.seal = lambda text: text[:-8] + "AAAAAAAA"
    with pytest.raises(JwtkitError) as refusal:
        finished(provider)
    assert provider.why(refusal.value) == "SignatureError"


def test_it_counts_once_where_that_is_asked(provider: Provider) -> None:
    provider.bend["tokens"] = {"access_token": ...}
    own = provider.flow()
    redirect = own.start(now=NOW)
    callback = own.callback(redirect.session, provider.browser(redirect.url), now=NOW)
    seen: set[str] = set()

    def consume(what: Consume) -> bool:
        new = what.key not in seen
        seen.add(what.key)
        return new

    steps = [finish_with_id_token_only(own, callback, once=True, now=NOW) for _ in range(2)]
    assert run(steps[0], send=provider.send, consume=consume).sub == "alice"
    with pytest.raises(ProtocolError) as refusal:
        run(steps[1], send=provider.send, consume=consume)
    assert refusal.value.reason == "session_used"


def test_by_default_it_is_refused(provider: Provider) -> None:
    provider.bend["tokens"] = {"access_token": ...}
    with pytest.raises(JwtkitError) as refusal:
        provider.login(provider.flow())
    assert provider.why(refusal.value) == "bad_member"


def test_mistakes(provider: Provider) -> None:
    plain = AuthorizationCodeFlow(provider.client(), redirect_uri=REDIRECT)
    session = plain.start(now=NOW).session
    url = f"{REDIRECT}?{urlencode({'code': 'c', 'state': session.state, 'iss': 'https://op.example.com'})}"
    callback = plain.callback(session, url, now=NOW)
    with pytest.raises(UsageError, match="has no nonce"):
        finish_with_id_token_only(provider.flow(), callback)
    with pytest.raises(UsageError, match="LoginFlow"):
        finish_with_id_token_only(plain, callback)  # type: ignore[call-overload]  # the mistake under test
