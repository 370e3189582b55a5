"""What an authorization request can ask for, how its answer can come, and the session between the two."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    DecryptionError,
    JwtkitError,
    KeyNotFoundError,
    MalformedError,
    NotAllowedError,
    OAuthError,
    ProtocolError,
    RejectedError,
    UsageError,
    jwe,
)
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    AuthorizationRedirect,
    AuthorizationSession,
    Client,
    Consume,
    HttpRequest,
    HttpResponse,
    InboundRequest,
    PublicClient,
    ServerMetadata,
    run,
)

ISSUER, REDIRECT = "https://auth.example.com", "https://app.example.com/callback"
NOW = 1_800_000_000.0
SERVER = ServerMetadata(issuer=ISSUER, authorization_endpoint=f"{ISSUER}/authorize", token_endpoint=f"{ISSUER}/token")
CLIENT = Client(server=SERVER, client_id="app", auth=PublicClient())
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
Mode = Literal["query", "fragment", "form_post"]


def flow(**named: Any) -> AuthorizationCodeFlow:
    return AuthorizationCodeFlow(CLIENT, redirect_uri=REDIRECT, **named)


def asked(redirect: AuthorizationRedirect) -> list[tuple[str, str]]:
    fresh = ("state", "code_challenge", "code_challenge_method", "response_type", "client_id", "redirect_uri")
    return [pair for pair in parse_qsl(urlsplit(redirect.url).query) if pair[0] not in fresh]


# --- what is asked for


@pytest.mark.parametrize(
    ("of_flow", "of_start", "fields"),
    [
        pytest.param({}, {}, [], id="nothing"),
        pytest.param({"response_mode": "query"}, {}, [], id="the default mode is not sent"),
        pytest.param({"response_mode": "form_post"}, {}, [("response_mode", "form_post")], id="another mode is"),
        pytest.param(
            {"resource": ["https://api.example.com", "urn:other"]},
            {},
            [("resource", "https://api.example.com"), ("resource", "urn:other")],
            id="resource, RFC 8707 section 2",
        ),
        pytest.param({}, {"prompt": "none"}, [("prompt", "none")], id="prompt none"),
        pytest.param({}, {"prompt": ["login", "consent"]}, [("prompt", "login consent")], id="prompt, two"),
        pytest.param({}, {"max_age": 0}, [("max_age", "0")], id="max_age 0 is a demand"),
        pytest.param({}, {"max_age": timedelta(hours=1)}, [("max_age", "3600")], id="max_age as a timedelta"),
        pytest.param({}, {"acr_values": ["a", "b"]}, [("acr_values", "a b")], id="acr_values"),
        pytest.param(
            {},
            {"claims": {"userinfo": {"email": None}}},
            [("claims", '{"userinfo":{"email":null}}')],
            id="claims, Core section 5.5",
        ),
        pytest.param({}, {"login_hint": "a@b"}, [("login_hint", "a@b")], id="login_hint"),
        pytest.param({}, {"ui_locales": ["de-CH", "en"]}, [("ui_locales", "de-CH en")], id="ui_locales"),
        pytest.param({}, {"extra": {"audience": "x"}}, [("audience", "x")], id="a parameter of this server's own"),
    ],
)
def test_what_is_asked_for(of_flow: dict[str, Any], of_start: dict[str, Any], fields: list[tuple[str, str]]) -> None:
    assert asked(flow(**of_flow).start(**of_start)) == fields


@pytest.mark.parametrize(
    ("of_flow", "of_start"),
    [
        pytest.param({"resource": "https://api.example.com"}, {}, id="resource a str"),
        pytest.param({"resource": ["/api"]}, {}, id="resource relative"),
        pytest.param({"resource": ["https://api.example.com/#a"]}, {}, id="resource with fragment"),
        pytest.param({"resource": [1]}, {}, id="resource with a number"),
        pytest.param({"resource": 1}, {}, id="resource a number"),
        pytest.param({"scope": 1}, {}, id="scope a number"),
        pytest.param({}, {"prompt": 1}, id="prompt a number"),
        pytest.param({}, {"acr_values": None}, id="acr_values None"),
        pytest.param({}, {"login_hint": "\ud800"}, id="login_hint no text"),
        pytest.param({}, {"login_hint": "a\nb"}, id="login_hint on two lines"),
        pytest.param({}, {"extra": {"a": "\ud800"}}, id="extra no text"),
        pytest.param({"response_mode": "web_message"}, {}, id="an unknown mode"),
        pytest.param({"session_lifetime": 0}, {}, id="a session that never lived"),
        pytest.param({}, {"prompt": "always"}, id="an unknown prompt"),
        pytest.param({}, {"prompt": []}, id="no prompt in a list"),
        pytest.param({}, {"prompt": ["none", "login"]}, id="none with another, Core section 3.1.2.1"),
        pytest.param({}, {"max_age": -1}, id="max_age negative"),
        pytest.param({}, {"max_age": True}, id="max_age a bool"),
        pytest.param({}, {"acr_values": "a b"}, id="acr_values a str"),
        pytest.param({}, {"acr_values": ["a b"]}, id="acr_values with a space"),
        pytest.param({}, {"ui_locales": [""]}, id="ui_locales empty"),
        pytest.param({}, {"claims": {"email": None}}, id="claims without a place"),
        pytest.param({}, {"claims": "{}"}, id="claims a str"),
        pytest.param({}, {"claims": {"userinfo": {1: 2}}}, id="claims that are no JSON"),
        pytest.param({}, {"claims": {"id_token": {"acr": {"essential": True, "values": [1]}}}}, id="acr no str"),
        pytest.param({}, {"claims": {"id_token": {"acr": {"essential": True, "values": "a"}}}}, id="acr values a str"),
        pytest.param({}, {"claims": {"id_token": {"acr": {"essential": True, "values": None}}}}, id="acr values none"),
        pytest.param({}, {"claims": {"id_token": {"acr": {"essential": True, "value": 5}}}}, id="acr value a number"),
        pytest.param({}, {"login_hint": ""}, id="login_hint empty"),
        pytest.param({}, {"login_hint": 5}, id="login_hint a number"),
        pytest.param({}, {"extra": [("a", "b")]}, id="extra a list"),
        pytest.param({}, {"extra": {"a": 1}}, id="extra with a number"),
        *[
            pytest.param({}, {"extra": {name: "x"}}, id=f"{name} by hand")
            for name in ("state", "nonce", "code_challenge", "code_challenge_method", "response_type", "redirect_uri")
        ],
        *[pytest.param({}, {"extra": {name: "x"}}, id=f"{name} by hand") for name in ("request", "client_secret")],
    ],
)
def test_what_cannot_be_asked_for(of_flow: dict[str, Any], of_start: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        flow(**of_flow).start(**of_start)


@pytest.mark.parametrize(
    ("claims", "acr_values"),
    [
        (None, ()),
        ({"id_token": {"acr": None}}, ()),
        ({"id_token": {"acr": {"values": ["a"]}}}, ()),
        ({"id_token": {"acr": {"essential": True}}}, ()),
        ({"id_token": {"acr": {"essential": True, "value": "a"}}}, ("a",)),
        ({"id_token": {"acr": {"essential": True, "values": ["a", "b"]}}}, ("a", "b")),
        ({"userinfo": {"acr": {"essential": True, "values": ["a"]}}}, ()),
    ],
)
def test_only_an_essential_acr_is_kept_to_be_compared(claims: Any, acr_values: tuple[str, ...]) -> None:
    redirect = flow().start(claims=claims, acr_values=["voluntary"])
    assert redirect.session.acr_values == acr_values


@pytest.mark.parametrize(("lifetime", "seconds"), [(None, 600), (60, 60), (timedelta(minutes=2), 120)])
def test_a_session_ends(lifetime: Any, seconds: float) -> None:
    own = flow(session_lifetime=lifetime)
    session = own.start(now=NOW).session
    assert session.expires_at == NOW + seconds
    url = f"{REDIRECT}?{urlencode({'code': 'c', 'state': session.state})}"
    assert own.callback(session, url, now=NOW + seconds - 1)
    with pytest.raises(ProtocolError, match="took too long"):
        own.callback(session, url, now=NOW + seconds)


def test_the_resource_goes_into_the_token_request_too() -> None:
    own = flow(resource=["https://api.example.com"])
    session = own.start(now=NOW).session
    callback = own.callback(session, f"{REDIRECT}?{urlencode({'code': 'c', 'state': session.state})}", now=NOW)
    assert ("resource", "https://api.example.com") in parse_qsl(own.token_request(callback).body.decode())


def test_a_callback_belongs_to_the_flow_that_checked_it() -> None:
    own = flow()
    session = own.start(now=NOW).session
    callback = own.callback(session, f"{REDIRECT}?{urlencode({'code': 'c', 'state': session.state})}", now=NOW)
    other = Client(server=SERVER, client_id="other", auth=PublicClient())
    with pytest.raises(UsageError, match="another client"):
        AuthorizationCodeFlow(other, redirect_uri=REDIRECT).token_request(callback)


@pytest.mark.parametrize("changes", [{"nonce": "n"}, {"response_type": "code id_token"}], ids=str)
def test_the_session_of_a_login_belongs_to_a_login(changes: dict[str, str]) -> None:
    own = flow()
    members = {**json.loads(own.start(now=NOW).session.to_json()), **changes}
    session = AuthorizationSession.from_json(json.dumps(members))
    with pytest.raises(ProtocolError) as refusal:
        own.callback(session, f"{REDIRECT}?{urlencode({'code': 'c', 'state': session.state})}", now=NOW)
    assert refusal.value.reason == "session_mismatch"


# --- how the answer comes

OTHER = "https://app.example.com/other"
ANSWERS: dict[str, tuple[Mode, str, str | None]] = {
    # what was asked for, how it came, and what comes of it
    "query": ("query", "GET ?", None),
    "fragment": ("fragment", "GET #", None),
    "form_post": ("form_post", "POST", None),
    "a fragment for a query": ("query", "GET #", "state_mismatch"),
    "a form for a query": ("query", "POST", "wrong_endpoint"),
    "a query for a fragment": ("fragment", "GET ?", "state_mismatch"),
    "a form for a fragment": ("fragment", "POST", "wrong_endpoint"),
    "a query for a form": ("form_post", "GET ?", "wrong_endpoint"),
    "a fragment for a form": ("form_post", "GET #", "wrong_endpoint"),
    "a form in the query of a POST": ("form_post", "POST ?", "state_mismatch"),
    "a form that says nothing": ("form_post", "POST untyped", "wrong_endpoint"),
    "a form that says JSON": ("form_post", "POST json", "wrong_endpoint"),
    "a form that says two things": ("form_post", "POST twice", "wrong_endpoint"),
    "a form elsewhere": ("form_post", "POST elsewhere", "wrong_endpoint"),
    "a form with charset": ("form_post", "POST charset", None),
}
TYPES = {
    "POST untyped": (),
    "POST json": (("Content-Type", "application/json"),),
    "POST twice": (*FORM, *FORM),
    "POST charset": (("content-type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"),),
}


def arrived(how: str, fields: dict[str, str]) -> str | InboundRequest:
    text = urlencode(fields)
    if how.startswith("GET"):
        return f"{REDIRECT}{how[-1]}{text}"
    if how == "POST ?":
        return InboundRequest(method="POST", url=f"{REDIRECT}?{text}", headers=FORM)
    url = OTHER if how == "POST elsewhere" else REDIRECT
    return InboundRequest(method="POST", url=url, headers=TYPES.get(how, FORM), body=text.encode())


@pytest.mark.parametrize(("mode", "how", "reason"), ANSWERS.values(), ids=ANSWERS)
def test_how_an_answer_comes(mode: Mode, how: str, reason: str | None) -> None:
    own = flow(response_mode=mode)
    session = own.start(now=NOW).session
    request = arrived(how, {"code": "c0de", "state": session.state})
    if reason is None:
        assert own.callback(session, request, now=NOW).code.reveal() == "c0de"
        return
    with pytest.raises(ProtocolError) as refusal:
        own.callback(session, request, now=NOW)
    assert refusal.value.reason == reason


def test_a_request_that_was_asked_of_a_web_application() -> None:
    own = flow()
    session = own.start(now=NOW).session
    url = f"/callback?{urlencode({'code': 'c0de', 'state': session.state})}"
    assert own.callback(session, InboundRequest(method="GET", url=url), now=NOW).code.reveal() == "c0de"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"code=\xff", id="not ASCII"),
        pytest.param(b"code=%FF", id="not UTF-8"),
        pytest.param(b"a=b&" * 200, id="many"),
        pytest.param(b"a" * 70_000, id="long"),
        pytest.param(b"state=a&state=a", id="twice, RFC 6749 section 3.1"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"error=access_denied", id="an error without state"),
    ],
)
def test_forms_that_are_refused(body: bytes) -> None:
    own = flow(response_mode="form_post")
    with pytest.raises((MalformedError, ProtocolError)):
        own.callback(
            own.start(now=NOW).session, InboundRequest(method="POST", url="/callback", headers=FORM, body=body)
        )


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_the_server_says_no_in_every_mode(mode: Mode) -> None:
    own = flow(response_mode=mode)
    session = own.start(now=NOW).session
    how = {"query": "GET ?", "fragment": "GET #", "form_post": "POST"}[mode]
    with pytest.raises(OAuthError) as refusal:
        own.callback(session, arrived(how, {"error": "access_denied", "state": session.state}), now=NOW)
    assert refusal.value.error == "access_denied"


@given(st.binary(max_size=80) | st.text("code=&stateiss%?/:", max_size=60).map(str.encode))
def test_any_form_gives_a_callback_or_a_refusal(body: bytes) -> None:
    own = flow(response_mode="form_post")
    session = own.start(now=NOW).session
    with pytest.raises(RejectedError):
        own.callback(session, InboundRequest(method="POST", url=REDIRECT, headers=FORM, body=body), now=NOW)


# --- a session counts once


class Store:
    """What a unique column does, in memory."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], object] = {}

    def consume(self, what: Consume) -> bool:
        mine = object()
        return self.seen.setdefault((what.kind, what.key), mine) is mine


def answer(_request: HttpRequest) -> HttpResponse:
    body = json.dumps({"access_token": "t", "token_type": "Bearer"}).encode()
    return HttpResponse(status=200, headers=(("Content-Type", "application/json"),), body=body)


def test_a_session_counts_once_where_there_is_a_store() -> None:
    own, store = flow(), Store()
    session = own.start(now=NOW).session
    url = f"{REDIRECT}?{urlencode({'code': 'c', 'state': session.state})}"
    callback = own.callback(session, url, now=NOW)
    assert run(own.finish(callback, once=True), send=answer, consume=store.consume).access_token.reveal() == "t"
    again = own.callback(session, url, now=NOW)
    sent: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        sent.append(request)
        return answer(request)

    with pytest.raises(ProtocolError) as refusal:
        run(own.finish(again, once=True), send=send, consume=store.consume)
    assert refusal.value.reason == "session_used"
    assert not sent, "the code is not redeemed a second time"
    ((kind, key),) = store.seen
    assert kind == "authorization_session"
    assert len(key) == 43
    assert session.state not in key


def test_without_a_store_it_is_said_what_is_missing() -> None:
    own = flow()
    session = own.start(now=NOW).session
    callback = own.callback(session, f"{REDIRECT}?{urlencode({'code': 'c', 'state': session.state})}", now=NOW)
    steps: Any = own.finish(callback, once=True)
    with pytest.raises(UsageError, match="pass consume="):
        run(steps, send=answer)


# --- a session in a cookie

KEY, NEXT = JWK.generate("A256GCM"), JWK.generate("A256GCM")


def full_session() -> AuthorizationSession:
    own = flow(scope=["openid"], resource=["https://api.example.com"], response_mode="form_post")
    return own.start(max_age=60, claims={"id_token": {"acr": {"essential": True, "values": ["a"]}}}).session


def altered(cookie: str) -> str:
    return f"{cookie[:-3]}{'A' if cookie[-3] != 'A' else 'B'}{cookie[-2:]}"


def test_a_cookie_comes_back() -> None:
    session = full_session()
    cookie = session.to_cookie(KEY)
    assert AuthorizationSession.from_cookie(cookie, KEY) == session
    assert AuthorizationSession.from_cookie(cookie, [NEXT, KEY]) == session
    assert len(cookie) < 4000
    for secret in (session.state, session.code_verifier, "app.example.com"):
        assert secret not in cookie


# As a program has them that made them from random bytes: nothing names them.
BARE = [JWK.from_secret(bytes([number]) * 32, alg="A256GCM") for number in range(3)]


@pytest.mark.parametrize(
    ("wrote", "keys"),
    [
        pytest.param(BARE[0], [BARE[0], BARE[1]], id="the new one"),
        pytest.param(BARE[1], [BARE[0], BARE[1]], id="the old one"),
        pytest.param(BARE[1], (BARE[0], BARE[2], BARE[1]), id="a tuple"),
        pytest.param(BARE[0], [KEY, BARE[0]], id="the old one without a name"),
        pytest.param(KEY, [KEY, BARE[0]], id="the new one with a name"),
        pytest.param(KEY, [BARE[0], BARE[1], KEY], id="with a name, the last"),
    ],
)
def test_a_cookie_and_several_keys(wrote: JWK, keys: Any) -> None:
    session = full_session()
    assert AuthorizationSession.from_cookie(session.to_cookie(wrote), keys) == session


@pytest.mark.parametrize(
    ("wrote", "keys", "error"),
    [
        pytest.param(BARE[2], [BARE[0], BARE[1]], DecryptionError, id="no names"),
        pytest.param(BARE[2], [BARE[0], KEY], DecryptionError, id="one name"),
        pytest.param(NEXT, [BARE[0], BARE[1], KEY], DecryptionError, id="another name"),
        pytest.param(NEXT, [KEY, JWK.generate("A256GCM")], KeyNotFoundError, id="names only"),
    ],
)
def test_a_cookie_and_several_other_keys(wrote: JWK, keys: Any, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        AuthorizationSession.from_cookie(full_session().to_cookie(wrote), keys)


@pytest.mark.parametrize(
    ("cookie", "error"),
    [
        pytest.param(lambda: full_session().to_cookie(NEXT), (KeyNotFoundError, DecryptionError), id="another key"),
        pytest.param(lambda: altered(full_session().to_cookie(KEY)), DecryptionError, id="altered"),
        pytest.param(
            lambda: jwe.encrypt(full_session().to_json().encode(), KEY, alg="dir", enc="A256GCM"),
            NotAllowedError,
            id="for another purpose",
        ),
        pytest.param(
            lambda: jwe.encrypt(b"{}", KEY, alg="dir", enc="A256GCM", typ="authorization-session"),
            NotAllowedError,
            id="another version",
        ),
        pytest.param(lambda: full_session().to_json(), MalformedError, id="not encrypted"),
        pytest.param(lambda: "", MalformedError, id="nothing"),
        pytest.param(lambda: "a" * 20_000, MalformedError, id="long"),
        pytest.param(lambda: b"x", MalformedError, id="bytes"),
    ],
)
def test_cookies_that_are_refused(cookie: Any, error: type[JwtkitError] | tuple[type[JwtkitError], ...]) -> None:
    with pytest.raises(error):
        AuthorizationSession.from_cookie(cookie(), KEY)


@pytest.mark.parametrize(
    "key", [JWK.generate("HS256"), JWK.generate("ES256"), JWK.generate("A128KW"), b"k" * 32, None], ids=repr
)
def test_a_cookie_needs_a_secret_of_its_own(key: Any) -> None:
    with pytest.raises(UsageError):
        full_session().to_cookie(key)
    with pytest.raises(UsageError):
        AuthorizationSession.from_cookie(full_session().to_cookie(KEY), key)


def test_every_field_of_a_session_is_kept() -> None:
    session = full_session()
    assert AuthorizationSession.from_json(session.to_json()) == session
    assert session.acr_values == ("a",)
    assert session.max_age == 60
    assert session.response_mode == "form_post"


@pytest.mark.parametrize(
    "changes",
    [
        {"response_type": "token"},
        {"response_type": None},
        {"response_mode": "web_message"},
        {"response_mode": "query.jwt "},
        {"response_mode": ".jwt"},
        {"nonce": ""},
        {"nonce": 5},
        {"max_age": "60"},
        {"max_age": True},
        {"acr_values": "a"},
        {"resource": [1]},
    ],
    ids=str,
)
def test_a_session_that_was_altered(changes: dict[str, Any]) -> None:
    text = json.dumps({**json.loads(full_session().to_json()), **changes})
    with pytest.raises(MalformedError):
        AuthorizationSession.from_json(text)
