"""The hybrid flow of code and ID token: what the browser brings is verified before the code is redeemed (Core 3.3)."""

from __future__ import annotations

from typing import Any

import pytest

from jwtkit import JWK, JwtkitError, NotAllowedError, ProtocolError, SignatureError
from jwtkit.oauth import AuthorizationSession, run
from jwtkit.oidc import LoginFlow

REDIRECT = "https://app.example.com/callback"
NOW = 1_800_000_000
HOUR = 3600
Provider = Any  # of conftest.py, which a test cannot import


def hybrid(provider: Provider, **named: Any) -> LoginFlow:
    made: LoginFlow = provider.flow(response_type="code id_token", **named)
    return made


def test_a_hybrid_login(provider: Provider) -> None:
    own = hybrid(provider)
    redirect = own.start(now=NOW)
    assert "response_type=code+id_token" in redirect.url
    assert "response_mode" not in redirect.url  # a fragment is the default (3.3.2.5)
    callback = own.callback(redirect.session, provider.browser(redirect.url), now=NOW)
    assert callback.id_token is not None
    assert callback.id_token.reveal() not in repr(callback)
    done = run(own.finish(callback, now=NOW), send=provider.send)
    assert done.id_token.sub == "alice"
    # Of the two ID tokens it is the one that the token endpoint gave.
    assert done.tokens.id_token is not None
    assert done.id_token.compact == done.tokens.id_token.reveal() != callback.id_token.reveal()
    # The keys are asked for before the code is redeemed.
    assert provider.paths() == ["jwks_uri", "token_endpoint"]


def test_a_hybrid_login_by_form_post(provider: Provider) -> None:
    own = hybrid(provider, response_mode="form_post")
    assert provider.login(own).id_token.sub == "alice"


def test_a_session_belongs_to_one_response_type(provider: Provider) -> None:
    """What the browser has to bring is decided by the flow that started, and no other one goes on with less."""
    redirect = hybrid(provider).start(now=NOW)
    session = AuthorizationSession.from_json(redirect.session.to_json())
    with pytest.raises(ProtocolError) as refusal:
        provider.flow().callback(session, provider.browser(redirect.url), now=NOW)
    assert refusal.value.reason == "session_mismatch"


# (what is bent, arguments of the flow, arguments of start, what comes of it)
GOLD = {"id_token": {"acr": {"essential": True, "value": "gold"}}}
Row = tuple[dict[str, dict[str, Any]], dict[str, Any], dict[str, Any], str]
FRONT: dict[str, Row] = {
    "no s_hash": ({"front": {"s_hash": ...}}, {}, {}, ""),
    "almost an hour old": ({"front": {"iat": NOW - HOUR}}, {}, {}, ""),
    "an hour old, within the leeway": ({"front": {"iat": NOW - HOUR - 30}}, {}, {}, ""),
    "at_hash without an access token": ({"front": {"at_hash": "x"}}, {}, {}, ""),
    "both about an early login": ({"id_token": {"auth_time": NOW - 60}}, {}, {"max_age": 60}, ""),
    # refusals: 3.3.2.11 and 3.3.2.12
    "no c_hash": ({"front": {"c_hash": ...}}, {}, {}, "c_hash:missing"),
    "c_hash null": ({"front": {"c_hash": None}}, {}, {}, "c_hash:missing"),
    "c_hash a number": ({"front": {"c_hash": 5}}, {}, {}, "c_hash:wrong_type"),
    "c_hash of another code": ({"front": {"c_hash": "x"}}, {}, {}, "c_hash:not_accepted"),
    "another code": ({"callback": {"code": "stolen"}}, {}, {}, "c_hash:not_accepted"),
    "s_hash of another state": ({"front": {"s_hash": "x"}}, {}, {}, "s_hash:not_accepted"),
    "no s_hash, but required": ({"front": {"s_hash": ...}}, {"require_s_hash": True}, {}, "s_hash:missing"),
    "no nonce": ({"front": {"nonce": ...}}, {}, {}, "nonce:missing"),
    "another nonce": ({"front": {"nonce": "x"}}, {}, {}, "nonce:not_accepted"),
    "too old": ({"front": {"iat": NOW - HOUR - 31}}, {}, {}, "iat:too_old"),
    "no iat": ({"front": {"iat": ...}}, {}, {}, "iat:missing"),
    "expired": ({"front": {"exp": NOW}}, {}, {}, "exp:expired"),
    "another issuer": ({"front": {"iss": "https://evil.example"}}, {}, {}, "iss:not_accepted"),
    "another audience": ({"front": {"aud": "other"}}, {}, {}, "aud:not_accepted"),
    "a stranger beside": ({"front": {"aud": ["app", "x"], "azp": "app"}}, {}, {}, "aud:not_accepted"),
    "no auth_time": ({"back": {"auth_time": NOW}}, {}, {"max_age": 60}, "auth_time:missing"),
    "too long ago": ({"front": {"auth_time": NOW - 91}, "back": {"auth_time": NOW}}, {}, {"max_age": 60}, "auth_time:too_old"),
    "acr another one": ({"front": {"acr": "lead"}, "back": {"acr": "gold"}}, {}, {"claims": GOLD}, "acr:not_accepted"),
    "no ID token": ({"callback": {"id_token": ...}}, {}, {}, "missing_parameter"),
    "an ID token that is none": ({"callback": {"id_token": "x.y.z"}}, {}, {}, "MalformedError"),
    "an access token that nobody asked for": ({"callback": {"access_token": "x"}}, {}, {}, "unexpected_parameter"),
    "no code": ({"callback": {"code": ...}}, {}, {}, "missing_parameter"),
    "an error": ({"callback": {"error": "access_denied"}}, {}, {}, "access_denied"),
}  # fmt: skip


@pytest.mark.parametrize(("bend", "named", "wishes", "expected"), FRONT.values(), ids=FRONT)
def test_what_the_browser_brings(
    bend: dict[str, Any], named: dict[str, Any], wishes: dict[str, Any], expected: str, provider: Provider
) -> None:
    provider.bend.update(bend)
    own = hybrid(provider, **named)
    if not expected:
        assert provider.login(own, **wishes).id_token.sub == "alice"
        return
    with pytest.raises(JwtkitError) as refusal:
        provider.login(own, **wishes)
    assert provider.why(refusal.value) == expected
    # Nothing is redeemed on the word of an ID token that is refused.
    assert "token_endpoint" not in provider.paths()


BACK: dict[str, tuple[dict[str, Any], str]] = {
    "fewer claims in front": ({"email": "alice@example.com"}, ""),
    "another user (3.3.3.6)": ({"sub": "mallory"}, "subject_mismatch"),
    "no nonce (3.3.3.6, 3.1.3.7)": ({"nonce": ...}, "nonce:missing"),
    "another at_hash": ({"at_hash": "x"}, "at_hash:not_accepted"),
    "another issuer": ({"iss": "https://evil.example"}, "iss:not_accepted"),
    "expired": ({"exp": NOW}, "exp:expired"),
}


@pytest.mark.parametrize(("bend", "expected"), BACK.values(), ids=BACK)
def test_what_the_token_endpoint_gives(bend: dict[str, Any], expected: str, provider: Provider) -> None:
    provider.bend["back"] = bend
    own = hybrid(provider)
    if not expected:
        assert provider.login(own).id_token.claims["email"] == "alice@example.com"
        return
    with pytest.raises(JwtkitError) as refusal:
        provider.login(own)
    assert provider.why(refusal.value) == expected


def test_both_from_one_issuer(provider: Provider) -> None:
    """A provider with several names uses one of them in a login (3.3.3.6)."""
    own = hybrid(provider, quirk_issuer=["https://op.example.com", "op.example.com"])
    provider.bend["id_token"] = {"iss": "op.example.com"}
    assert provider.login(own).id_token.iss == "op.example.com"
    provider.bend["front"] = {"iss": "https://op.example.com"}
    with pytest.raises(ProtocolError) as refusal:
        provider.login(own)
    assert (refusal.value.reason, refusal.value.status) == ("subject_mismatch", 200)


def test_a_forged_id_token_is_refused_before_anything(provider: Provider) -> None:
    provider.key = JWK.generate("RS256", kid="rsa-RS256", rsa_bits=2048)
    with pytest.raises(SignatureError):
        provider.login(hybrid(provider))
    assert provider.paths() == ["jwks_uri"]


def test_an_access_token_is_no_id_token(provider: Provider) -> None:
    provider.typ = "at+jwt"
    with pytest.raises(NotAllowedError):
        provider.login(hybrid(provider))
    assert "token_endpoint" not in provider.paths()
