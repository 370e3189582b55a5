"""Refreshing a login: a new ID token is about the same user, or there are no tokens (Core section 12.2)."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    JwtkitError,
    MalformedError,
    NotAllowedError,
    ProtocolError,
    RejectedError,
    SignatureError,
    UsageError,
)
from jwtkit.oauth import HttpResponse, TokenSet, run
from jwtkit.oidc import IdTokenVerifier, Login, LoginFlow, LoginRecord, RefreshedLogin

NOW = 1_800_000_000
LATER = NOW + 240
RECORD = LoginRecord(
    iss="https://op.example.com", sub="alice", aud=("app",), nonce="n", auth_time=NOW, sid="s", azp="app"
)
Provider = Any  # of conftest.py, which a test cannot import


def logged_in(provider: Provider, **first: Any) -> tuple[LoginFlow, Login]:
    """Log in with an ID token that is bent for the first time only, and with a refresh later."""
    own = provider.flow(trusted_audiences=["api", "more"])
    provider.bend["back"] = first
    done = provider.login(own)
    provider.bend["back"] = {"nonce": ..., "iat": LATER, "exp": LATER + 300}
    provider.asked.clear()
    return own, done


def test_a_refresh(provider: Provider) -> None:
    own, done = logged_in(provider)
    provider.bend["tokens"] = {"refresh_token": "rt-2"}
    fresh = run(own.refresh(done.tokens, done.record, now=LATER), send=provider.send)
    assert fresh.id_token is not None
    assert (fresh.id_token.sub, fresh.id_token.claims.iat) == ("alice", LATER)
    assert fresh.tokens.expires_at == LATER + 300
    assert fresh.tokens.refresh_token is not None
    assert fresh.tokens.refresh_token.reveal() == "rt-2"
    assert provider.paths() == ["token_endpoint"]
    assert dict(parse_qsl(provider.asked[0].body.decode())) == {
        "grant_type": "refresh_token",
        "refresh_token": "rt-of-one-login",
        "client_id": "app",
    }


def test_a_refresh_for_less(provider: Provider) -> None:
    own, done = logged_in(provider)
    provider.bend["tokens"] = {"scope": ...}
    steps = own.refresh(done.tokens, done.record, scope=["openid"], resource=["https://a"], extra={"x": "y"}, now=LATER)
    assert run(steps, send=provider.send).tokens.scope == ("openid",)
    sent = dict(parse_qsl(provider.asked[0].body.decode()))
    assert (sent["scope"], sent["resource"], sent["x"]) == ("openid", "https://a", "y")


def test_no_new_id_token_is_fine(provider: Provider) -> None:
    own, done = logged_in(provider)
    provider.bend["tokens"] = {"id_token": ..., "refresh_token": ...}
    fresh = run(own.refresh(done.tokens, done.record, now=LATER), send=provider.send)
    assert fresh.id_token is None
    # The old ones stay: the one to refresh with, the other as a hint.
    assert (fresh.tokens.refresh_token, fresh.tokens.id_token) == (done.tokens.refresh_token, done.tokens.id_token)


def test_what_was_kept_is_enough(provider: Provider) -> None:
    own, done = logged_in(provider)
    tokens, record = TokenSet.from_json(done.tokens.to_json()), LoginRecord.from_json(done.record.to_json())
    assert record == done.record
    assert run(own.refresh(tokens, record, now=LATER), send=provider.send).id_token


def test_configured_keys_need_no_request(provider: Provider) -> None:
    _, done = logged_in(provider)
    own = provider.flow(keys=JWKS(provider.published))
    assert run(own.refresh(done.tokens, done.record, now=LATER), send=provider.send).id_token
    assert provider.paths() == ["token_endpoint"]


def test_keys_come_before_the_refresh_token_is_spent(provider: Provider) -> None:
    _, done = logged_in(provider)
    run(provider.flow().refresh(done.tokens, done.record, now=LATER), send=provider.send)
    assert provider.paths() == ["jwks_uri", "token_endpoint"]


def test_keys_that_are_too_old_come_before_it_too(provider: Provider) -> None:
    own, done = logged_in(provider)
    provider.answers["jwks_uri"] = HttpResponse(status=503)
    with pytest.raises(ProtocolError):
        run(own.refresh(done.tokens, done.record, now=NOW + 3 * 24 * 3600), send=provider.send)
    assert provider.paths() == ["jwks_uri"]


def test_no_refresh_token_goes_to_another_provider(provider: Provider) -> None:
    own, done = logged_in(provider)
    with pytest.raises(UsageError, match="not of the client 'app'"):
        own.refresh(done.tokens, replace(done.record, aud=("other",)))
    with pytest.raises(UsageError, match=r"a login at 'https://evil\.example'"):
        own.refresh(done.tokens, replace(done.record, iss="https://evil.example"))


# (of the first ID token, of the new one, what comes of it)
Members = dict[str, Any]
REFRESHED: dict[str, tuple[Members, Members, str]] = {
    "no nonce": ({}, {}, ""),
    "the same auth_time": ({"auth_time": NOW - 5}, {"auth_time": NOW - 5}, ""),
    "auth_time then only": ({"auth_time": NOW - 5}, {}, ""),
    "auth_time now only": ({}, {"auth_time": NOW - 5}, ""),
    "an audience more": ({"azp": "app"}, {"aud": ["app", "api"], "azp": "app"}, ""),
    "the same audiences in another order": ({"aud": ["app", "api"], "azp": "app"}, {"aud": ["api", "app"], "azp": "app"}, ""),
    "another user": ({}, {"sub": "mallory"}, "sub:not_accepted"),
    "another issuer": ({}, {"iss": "https://evil.example"}, "iss:not_accepted"),
    "an audience less": ({"aud": ["app", "api"], "azp": "app"}, {"azp": "app"}, "aud:not_accepted"),
    "an audience for another": ({"aud": ["app", "api"], "azp": "app"}, {"aud": ["app", "more"], "azp": "app"}, "aud:not_accepted"),
    "a stranger": ({}, {"aud": ["app", "x"], "azp": "app"}, "aud:not_accepted, azp:not_accepted"),
    "azp now only": ({}, {"azp": "app"}, "azp:not_accepted"),
    "azp then only": ({"azp": "app"}, {}, "azp:not_accepted"),
    "azp of another": ({"azp": "app"}, {"azp": "other"}, "azp:not_accepted, azp:not_accepted"),
    "a later auth_time": ({"auth_time": NOW - 5}, {"auth_time": LATER}, "auth_time:not_accepted"),
    "an earlier auth_time": ({"auth_time": NOW - 5}, {"auth_time": NOW - 6}, "auth_time:not_accepted"),
    "another nonce": ({}, {"nonce": "x"}, "nonce:not_accepted"),
    "another access token": ({}, {"at_hash": "x"}, "at_hash:not_accepted"),
    "expired": ({}, {"exp": LATER}, "exp:expired"),
    "from tomorrow": ({}, {"iat": LATER + 31}, "iat:issued_in_the_future"),
    "no iat": ({}, {"iat": ...}, "iat:missing"),
    "sub empty": ({}, {"sub": ""}, "sub:not_accepted, sub:not_accepted"),
}  # fmt: skip


@pytest.mark.parametrize(("then", "now", "expected"), REFRESHED.values(), ids=REFRESHED)
def test_a_new_id_token(then: Members, now: Members, expected: str, provider: Provider) -> None:
    own, done = logged_in(provider, **then)
    provider.bend["back"].update(now)
    steps = own.refresh(done.tokens, done.record, now=LATER)
    if not expected:
        assert run(steps, send=provider.send).id_token
        return
    with pytest.raises(JwtkitError) as refusal:
        run(steps, send=provider.send)
    assert provider.why(refusal.value) == expected
    assert done.record.nonce is not None
    assert done.record.nonce not in str(refusal.value)


def test_the_same_nonce_may_come_again(provider: Provider) -> None:
    own, done = logged_in(provider)
    provider.bend["back"]["nonce"] = done.record.nonce
    assert run(own.refresh(done.tokens, done.record, now=LATER), send=provider.send).id_token


def test_a_forged_id_token(provider: Provider) -> None:
    own, done = logged_in(provider)
    provider.key = JWK.generate("RS256", kid="rsa-RS256", rsa_bits=2048)
    with pytest.raises(SignatureError):
        run(own.refresh(done.tokens, done.record, now=LATER), send=provider.send)


@pytest.mark.parametrize(
    ("bend", "expected"),
    [
        ({"error": "invalid_grant"}, "invalid_grant"),
        ({"access_token": ...}, "bad_member"),
        ({"token_type": "DPoP"}, "token_type"),
        ({"id_token": "x"}, "MalformedError"),
    ],
)
def test_other_answers(bend: Members, expected: str, provider: Provider) -> None:
    own, done = logged_in(provider)
    provider.bend["tokens"] = bend
    with pytest.raises(RejectedError) as refusal:
        run(own.refresh(done.tokens, done.record, now=LATER), send=provider.send)
    assert provider.why(refusal.value) == expected


def test_mistakes(provider: Provider) -> None:
    own, done = logged_in(provider)
    with pytest.raises(UsageError, match="record"):
        own.refresh(done.tokens, done.id_token)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(UsageError, match="refresh token"):
        own.refresh(TokenSet(access_token=done.tokens.access_token, token_type="Bearer"), done.record)
    with pytest.raises(UsageError, match="scope"):
        own.refresh(done.tokens, done.record, scope=["openid", "admin"])
    verifier = IdTokenVerifier(issuer="i", client_id="c", keys=provider.published)
    with pytest.raises(UsageError, match="record"):
        verifier.verify_refreshed("x", record=done.id_token)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(UsageError, match="access_token"):
        verifier.verify_refreshed("x", record=RECORD, access_token=5)  # type: ignore[arg-type]  # the mistake


def test_a_refreshed_login_is_proof(provider: Provider) -> None:
    own, done = logged_in(provider)
    made: Any = run(own.refresh(done.tokens, done.record, now=LATER), send=provider.send)
    assert copy.deepcopy(copy.copy(made)) is made
    assert repr(made) == "RefreshedLogin(scope=('openid', 'email'))"
    with pytest.raises(AttributeError):
        made.tokens = None
    with pytest.raises(UsageError, match="cannot be pickled"):
        pickle.dumps(made)
    with pytest.raises(UsageError, match=r"LoginFlow\.refresh"):
        RefreshedLogin("x")  # type: ignore[arg-type]  # the mistake under test


# --- the record


def test_a_record_in_json() -> None:
    assert LoginRecord.from_json(RECORD.to_json()) == RECORD
    bare = LoginRecord(iss="i", sub="s", aud=("a", "b"))
    assert LoginRecord.from_json(bare.to_json().encode()) == bare
    assert repr(RECORD) == "LoginRecord(iss='https://op.example.com', aud=('app',), azp='app', auth_time=1800000000)"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", MalformedError),
        ("[]", MalformedError),
        ('{"v":2,"kind":"login record","iss":"i","sub":"s","aud":["a"]}', NotAllowedError),
        ('{"kind":"login record","iss":"i","sub":"s","aud":["a"]}', NotAllowedError),
        ('{"v":1,"iss":"i","sub":"s","aud":["a"]}', MalformedError),
        ('{"v":1,"kind":"token set","iss":"i","sub":"s","aud":["a"]}', MalformedError),
        ('{"v":1,"kind":"login record","iss":"i","sub":"s"}', MalformedError),
        ('{"v":1,"kind":"login record","iss":"i","sub":"s","aud":[]}', MalformedError),
        ('{"v":1,"kind":"login record","iss":"i","sub":"s","aud":[""]}', MalformedError),
        ('{"v":1,"kind":"login record","sub":"s","aud":["a"]}', MalformedError),
        ('{"v":1,"kind":"login record","iss":"i","sub":"","aud":["a"]}', MalformedError),
        ('{"v":1,"kind":"login record","iss":"i","sub":"s","aud":"a"}', MalformedError),
        ('{"v":1,"kind":"login record","iss":"i","sub":"s","aud":["a"],"auth_time":"x"}', MalformedError),
        ('{"v":1,"kind":"login record","iss":"i","sub":"s","aud":["a"],"nonce":5}', MalformedError),
    ],
)
def test_a_record_refuses(text: str, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        LoginRecord.from_json(text)


@given(st.text(max_size=50) | st.binary(max_size=50))
def test_a_record_takes_any_text(text: str | bytes) -> None:
    with pytest.raises(RejectedError):
        LoginRecord.from_json(text)
