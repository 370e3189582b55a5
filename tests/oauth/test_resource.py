"""ProtectedResource: who may pass, and what the others are told (RFC 6750 section 3)."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    ABSENT,
    JWK,
    UNCHECKED,
    Claims,
    ExpiredError,
    NotAllowedError,
    SignatureError,
    Token,
    TokenVerifier,
    UsageError,
)
from jwtkit.oauth import Granted, HttpRequest, HttpResponse, InboundRequest, ProtectedResource, Refused, run
from jwtkit.oauth.resource.challenge import bearer_challenge

KEY = JWK.generate("HS256", kid="k")
RESOURCE, NOW = "https://api.example.com", 1_800_000_000


def verifier(**named: Any) -> TokenVerifier:
    policy: dict[str, Any] = {"keys": KEY, "algorithms": ["HS256"], "issuer": "i", "audience": RESOURCE, **named}
    return TokenVerifier(**policy)


def sign(typ: str | None = "at+jwt", key: JWK = KEY, **changes: Any) -> str:
    claims: dict[str, Any] = {"iss": "i", "aud": RESOURCE, "sub": "s", "client_id": "c", "scope": "a b", **changes}
    return Token.sign(Claims(**claims), key, typ=typ, lifetime=60, now=NOW).compact


API = ProtectedResource(resource=RESOURCE, verifier=verifier(typ="at+jwt"), realm="api")


def send(request: HttpRequest) -> HttpResponse:
    raise AssertionError("a signed token is checked without asking anybody")


def check(*values: str, url: str = "/", scope: tuple[str, ...] = ("a",), api: Any = API, now: float = NOW) -> Any:
    headers = tuple(("Authorization", value) for value in values)
    return run(api.check(InboundRequest(method="GET", url=url, headers=headers), scope=scope, now=now), send=send)


TOKEN = sign()


@pytest.mark.parametrize(
    "value",
    [f"Bearer {TOKEN}", f"bearer {TOKEN}", f"BEARER {TOKEN}", f"Bearer   {TOKEN}"],
    ids=["Bearer", "lower", "upper", "spaces"],
)
@pytest.mark.parametrize("scope", [(), ("a",), ("b", "a")])
def test_grants(value: str, scope: tuple[str, ...]) -> None:
    granted = check(value, scope=scope)
    assert isinstance(granted, Granted)
    assert (granted.sub, granted.client_id, granted.scopes) == ("s", "c", frozenset(("a", "b")))
    assert granted.token.compact == TOKEN
    assert repr(granted) == "Granted(sub='s', client_id='c', scopes=['a', 'b'])"


DESCRIPTIONS = {
    "invalid_request": "send one token, in one Authorization header, as: Bearer TOKEN",
    "invalid_token": "the access token is expired, malformed, or not for this API",
    "insufficient_scope": "the access token lacks a scope that this request needs",
}
REFUSALS: dict[str, tuple[dict[str, Any], tuple[str, ...], int, str]] = {
    "no header": ({}, (), 401, "no_token"),
    "another scheme": ({}, ("Basic YTpi",), 401, "no_token"),
    "an empty header": ({}, ("",), 401, "no_token"),
    "no token after the scheme": ({}, ("Bearer",), 400, "invalid_request"),
    "only a space after the scheme": ({}, ("Bearer ",), 400, "invalid_request"),
    "a tab": ({}, (f"Bearer\t{TOKEN}",), 401, "no_token"),
    "two tokens": ({}, (f"Bearer {TOKEN} {TOKEN}",), 400, "invalid_request"),
    "a space behind": ({}, (f"Bearer {TOKEN} ",), 400, "invalid_request"),
    "a comma": ({}, (f"Bearer {TOKEN}, Bearer {TOKEN}",), 400, "invalid_request"),
    "a longer scheme": ({}, (f"BearerX {TOKEN}",), 401, "no_token"),
    "two headers": ({}, (f"Bearer {TOKEN}", f"Bearer {TOKEN}"), 400, "invalid_request"),
    "a token in the query": ({"url": f"/?access_token={TOKEN}"}, (), 400, "invalid_request"),
    "in the query as well": ({"url": "/?access_token=x"}, (f"Bearer {TOKEN}",), 400, "invalid_request"),
    "in a broken query": ({"url": "/?a=%FF&access_token=x"}, (f"Bearer {TOKEN}",), 400, "invalid_request"),
    "opaque": ({}, ("Bearer abc",), 401, "invalid_token"),
    "forged": ({}, (f"Bearer {sign(key=JWK.generate('HS256', kid='k'))}",), 401, "invalid_token"),
    "expired": ({"now": NOW + 60}, (f"Bearer {TOKEN}",), 401, "invalid_token"),
    "for another API": ({}, (f"Bearer {sign(aud='https://other')}",), 401, "invalid_token"),
    "an ID token": ({}, (f"Bearer {sign(typ='JWT')}",), 401, "invalid_token"),
    "without client_id": ({}, (f"Bearer {sign(client_id=None)}",), 401, "invalid_token"),
    "without sub": ({}, (f"Bearer {sign(sub=None)}",), 401, "invalid_token"),
    "bound to a DPoP key": ({}, (f"Bearer {sign(cnf={'jkt': 'x'})}",), 401, "invalid_token"),
    "bound to a certificate": ({}, (f"Bearer {sign(cnf={'x5t#S256': 'x'})}",), 401, "invalid_token"),
    "bound to nothing that is known": ({}, (f"Bearer {sign(cnf={})}",), 401, "invalid_token"),
    "bound, with its own scheme": ({}, (f"DPoP {sign(cnf={'jkt': 'x'})}",), 401, "no_token"),
    "without the scope": ({"scope": ("a", "x")}, (f"Bearer {TOKEN}",), 403, "insufficient_scope"),
    "without any scope": ({}, (f"Bearer {sign(scope=None)}",), 403, "insufficient_scope"),
}  # fmt: skip


@pytest.mark.parametrize(("named", "values", "status", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_refuses(named: dict[str, Any], values: tuple[str, ...], status: int, reason: str) -> None:
    refused = check(*values, **named)
    assert isinstance(refused, Refused)
    assert (refused.response.status, refused.reason) == (status, reason)
    challenge = 'Bearer realm="api"'
    if reason != "no_token":
        challenge += f', error="{reason}", error_description="{DESCRIPTIONS[reason]}"'
    if reason == "insufficient_scope":
        challenge += f', scope="{" ".join(named.get("scope", ("a",)))}"'
    assert refused.response.header("WWW-Authenticate") == challenge
    assert refused.response.header("Cache-Control") == "no-store"
    assert refused.response.body == b""


def test_the_reason_is_for_the_log() -> None:
    assert isinstance(check(f"Bearer {TOKEN}", now=NOW + 60).error, ExpiredError)
    assert isinstance(check(f"Bearer {TOKEN[:-4]}AAAA").error, SignatureError)
    bound = check(f"Bearer {sign(cnf={'jkt': 'x'})}").error
    assert isinstance(bound, NotAllowedError)
    assert "bound to a key" in str(bound)
    assert check().error is None
    for values, named, words in (
        (
            (f"Bearer {sign(client_id=None, sub=None)}",),
            {},
            r"token has no sub, which at\+jwt .*; token has no client_id, which",
        ),
        ((f"Bearer {TOKEN}",), {"scope": ("x",)}, "grants the scopes .*, and this request needs 'x'"),
        ((f"Bearer {TOKEN}", f"Bearer {TOKEN}"), {}, "a token in several Authorization headers"),
        ((), {"url": f"/?access_token={TOKEN}"}, "a token in the query"),
        (("Bearer a b",), {}, "is not: Bearer TOKEN"),
    ):
        error = check(*values, **named).error
        assert re.search(words, str(error))
        assert TOKEN not in str(error)


def test_a_bound_token_is_refused_whatever_its_type() -> None:
    """RFC 9449 section 7.2: it must not pass as a bearer token."""
    api = ProtectedResource(resource=RESOURCE, verifier=verifier())
    assert isinstance(check(f"Bearer {sign(typ=None)}", api=api), Granted)
    refused = check(f"Bearer {sign(typ=None, cnf={'jkt': 'x'})}", api=api)
    assert (refused.reason, refused.response.status) == ("invalid_token", 401)


def test_other_tokens_need_not_name_a_client() -> None:
    api = ProtectedResource(resource=RESOURCE, verifier=verifier())
    granted = check(f"Bearer {sign(typ=None, client_id=None, sub=None)}", api=api)
    assert (granted.client_id, granted.sub) == (None, None)
    assert check(api=api).response.header("www-authenticate") == "Bearer"


@pytest.mark.parametrize(
    "named",
    [
        {"resource": "https://other.example"},
        {"resource": 5},
        {"verifier": "x"},
        {"verifier": verifier(audience=ABSENT)},
        {"verifier": verifier(audience=UNCHECKED)},
        {"realm": "a\nb"},
        {"realm": "ä"},
    ],
    ids=["another audience", "number", "no verifier", "no audience", "audience unchecked", "newline", "no ASCII"],
)
def test_mistakes_in_building(named: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        ProtectedResource(**{"resource": RESOURCE, "verifier": verifier(), **named})


def test_mistakes_in_asking() -> None:
    with pytest.raises(UsageError, match="InboundRequest"):
        API.check("x")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(UsageError, match="scope is a list"):
        API.check(InboundRequest(method="GET", url="/"), scope="a")


def test_granted_is_proof() -> None:
    granted: Any = check(f"Bearer {TOKEN}")
    assert copy.deepcopy(copy.copy(granted)) is granted
    with pytest.raises(AttributeError):
        granted.scopes = frozenset()
    with pytest.raises(UsageError, match="cannot be pickled"):
        pickle.dumps(granted)
    with pytest.raises(UsageError, match="comes from"):
        Granted()  # type: ignore[call-arg]  # the mistake under test


def test_challenges_are_quoted() -> None:
    assert bearer_challenge([]) == "Bearer"
    assert bearer_challenge([("realm", '"a\\b"')]) == 'Bearer realm="\\"a\\\\b\\""'
    with pytest.raises(UsageError):
        bearer_challenge([("realm", "a\r\nX: y")])


HEADER_TEXT = st.text(st.characters(blacklist_characters="\r\n\0"), max_size=60)


@given(st.lists(HEADER_TEXT | HEADER_TEXT.map("Bearer {}".format), max_size=2), st.text(max_size=40))
def test_any_request_is_decided(values: list[str], url: str) -> None:
    assert isinstance(check(*values, url=url), Refused)
