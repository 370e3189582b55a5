"""The client's role: the code flow's callback in both directions, the token endpoint, sessions, credentials."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JwtkitError, MalformedError, NotAllowedError, OAuthError, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    AuthorizationSession,
    Callback,
    Client,
    ClientCredentialsFlow,
    ClientSecretBasic,
    HttpRequest,
    HttpResponse,
    PublicClient,
    Secret,
    ServerMetadata,
    parse_token_response,
    run,
    token_request,
)

ISSUER, REDIRECT = "https://auth.example.com", "https://app.example.com/callback"
NOW = 1_800_000_000.0
SERVER = ServerMetadata(
    issuer=ISSUER,
    authorization_endpoint=f"{ISSUER}/authorize?tenant=x",
    token_endpoint=f"{ISSUER}/token",
    code_challenge_methods_supported=("S256", "plain"),
    authorization_response_iss_parameter_supported=True,
)
QUIET = ServerMetadata(issuer=ISSUER, authorization_endpoint=f"{ISSUER}/a", token_endpoint=f"{ISSUER}/t")


def client(server: ServerMetadata = SERVER, auth: Any = None, client_id: str = "app") -> Client:
    return Client(server=server, client_id=client_id, auth=auth or PublicClient())


def flow(server: ServerMetadata = SERVER, redirect_uri: str = REDIRECT, **named: Any) -> AuthorizationCodeFlow:
    return AuthorizationCodeFlow(client(server, **named), redirect_uri=redirect_uri, scope=["openid", "email"])


# --- the start


def test_start() -> None:
    redirect = flow().start(now=NOW)
    parts = urlsplit(redirect.url)
    fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
    session = redirect.session
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{ISSUER}/authorize"
    assert fields.pop("state") == session.state
    assert len(fields.pop("code_challenge")) == 43
    assert fields == {
        "tenant": "x",
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": REDIRECT,
        "code_challenge_method": "S256",
        "scope": "openid email",
    }
    assert session.code_verifier not in redirect.url
    assert session.expires_at == NOW + 600
    for shown in (repr(redirect), repr(session)):
        assert session.state not in shown
        assert session.code_verifier not in shown


def test_every_start_is_fresh() -> None:
    one, other = flow().start(), flow().start()
    assert one.session.state != other.session.state
    assert one.session.code_verifier != other.session.code_verifier
    assert len(one.session.state) == 43


def test_no_scope_no_parameter() -> None:
    assert "scope" not in AuthorizationCodeFlow(client(), redirect_uri=REDIRECT).start().url


@pytest.mark.parametrize(
    ("make", "error"),
    [
        pytest.param(lambda: AuthorizationCodeFlow("x", redirect_uri=REDIRECT), UsageError, id="no client"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: flow(redirect_uri="/callback"), UsageError, id="relative"),
        pytest.param(lambda: flow(redirect_uri=REDIRECT + "#f"), UsageError, id="fragment"),
        pytest.param(lambda: AuthorizationCodeFlow(client(), redirect_uri=REDIRECT, scope="a b"), UsageError, id="scope a str"),
        pytest.param(lambda: flow(ServerMetadata(issuer=ISSUER)), UsageError, id="no endpoint"),
        pytest.param(lambda: flow(replace(SERVER, token_endpoint=None)), UsageError, id="no token endpoint"),
        pytest.param(lambda: flow(redirect_uri="myapp:/callback"), UsageError, id="a private scheme without a dot"),
        pytest.param(lambda: flow(redirect_uri="javascript:alert(1)"), UsageError, id="a script"),
        pytest.param(lambda: flow(redirect_uri="com.example.app:/cb#f"), UsageError, id="a private scheme, with fragment"),
        pytest.param(lambda: flow(redirect_uri=REDIRECT + "?t=1&t=2"), UsageError, id="a query that cannot come back"),
        pytest.param(
            lambda: flow(replace(SERVER, code_challenge_methods_supported=("plain",))),
            ProtocolError,
            id="only plain",
        ),
        pytest.param(
            lambda: flow(replace(SERVER, code_challenge_methods_supported=())),
            ProtocolError,
            id="no method at all",
        ),
        pytest.param(lambda: client(server="x"), UsageError, id="server a str"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: client(client_id=""), UsageError, id="no client_id"),
        pytest.param(lambda: client(client_id="a\nb"), UsageError, id="client_id with a newline"),
        pytest.param(lambda: client(auth="secret"), UsageError, id="auth a str"),
        pytest.param(lambda: ClientSecretBasic("secret"), UsageError, id="secret a str"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: ClientCredentialsFlow("x"), UsageError, id="credentials without client"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: ClientCredentialsFlow(client()), UsageError, id="credentials of a public client"),
        pytest.param(lambda: token_request(client(ServerMetadata(issuer=ISSUER)), ()), UsageError, id="no token endpoint"),
    ],
)  # fmt: skip
def test_mistakes_in_building(make: Callable[[], object], error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        make()


# --- the callback: (changes of the query, where it arrives, the server, what comes of it)

START = flow().start(now=NOW)
GOOD = {"code": "c0de", "state": START.session.state, "iss": ISSUER}
Outcome = str | type[JwtkitError] | None
CALLBACKS: dict[str, tuple[dict[str, Any], str, ServerMetadata, Outcome]] = {
    "as it should be": ({}, REDIRECT, SERVER, None),
    "only the path is known": ({}, "/callback", SERVER, None),
    "unknown parameters": ({"session_state": "x"}, REDIRECT, SERVER, None),
    "iss not advertised and absent": ({"iss": ...}, REDIRECT, QUIET, None),
    "iss not advertised but right": ({}, REDIRECT, QUIET, None),
    # who answers: RFC 9207 section 2.4
    "iss absent": ({"iss": ...}, REDIRECT, SERVER, "issuer_missing"),
    "iss empty": ({"iss": ""}, REDIRECT, SERVER, "issuer_missing"),
    "iss of another server": ({"iss": "https://evil.example"}, REDIRECT, SERVER, "issuer_mismatch"),
    "iss with a slash": ({"iss": f"{ISSUER}/"}, REDIRECT, SERVER, "issuer_mismatch"),
    "iss not advertised and wrong": ({"iss": "https://evil.example"}, REDIRECT, QUIET, "issuer_mismatch"),
    # to whom: RFC 6749 section 10.12
    "state absent": ({"state": ...}, REDIRECT, SERVER, "state_mismatch"),
    "state empty": ({"state": ""}, REDIRECT, SERVER, "state_mismatch"),
    "state of another login": ({"state": "x" * 43}, REDIRECT, SERVER, "state_mismatch"),
    "state cut short": ({"state": START.session.state[:-1]}, REDIRECT, SERVER, "state_mismatch"),
    "state not ASCII": ({"state": "ä"}, REDIRECT, SERVER, "state_mismatch"),
    # errors count only after both
    "access denied": ({"code": ..., "error": "access_denied"}, REDIRECT, SERVER, OAuthError),
    "an error beside a code": ({"error": "server_error"}, REDIRECT, SERVER, OAuthError),
    "an error from another server": ({"error": "x", "iss": "https://evil.example"}, REDIRECT, SERVER, "issuer_mismatch"),
    "an error without iss": ({"error": "x", "iss": ...}, REDIRECT, SERVER, "issuer_missing"),
    "an error with another state": ({"error": "x", "state": "y"}, REDIRECT, SERVER, "state_mismatch"),
    "an error that is no code": ({"error": "\n"}, REDIRECT, SERVER, "bad_member"),
    # what came
    "no code": ({"code": ...}, REDIRECT, SERVER, "missing_parameter"),
    "an empty code": ({"code": ""}, REDIRECT, SERVER, "missing_parameter"),
    "an access token": ({"access_token": "x"}, REDIRECT, SERVER, "unexpected_parameter"),
    "an ID token": ({"id_token": "x"}, REDIRECT, SERVER, "unexpected_parameter"),
    "a JARM response": ({"response": "x"}, REDIRECT, SERVER, "unexpected_parameter"),
    # where it arrived: RFC 9700 section 4.4.2.1
    "at another path": ({}, "https://app.example.com/other", SERVER, "wrong_endpoint"),
    "at another host": ({}, "https://evil.example/callback", SERVER, "wrong_endpoint"),
    "over http": ({}, "http://app.example.com/callback", SERVER, "wrong_endpoint"),
    "at another path, only the path is known": ({}, "/other", SERVER, "wrong_endpoint"),
    "at the path with a slash": ({}, REDIRECT + "/", SERVER, "wrong_endpoint"),
}  # fmt: skip


def query(changes: dict[str, Any]) -> str:
    return urlencode({name: value for name, value in {**GOOD, **changes}.items() if value is not ...})


@pytest.mark.parametrize(("changes", "where", "server", "outcome"), CALLBACKS.values(), ids=CALLBACKS)
def test_callback(changes: dict[str, Any], where: str, server: ServerMetadata, outcome: Outcome) -> None:
    url = f"{where}?{query(changes)}"
    if outcome is None:
        callback = flow(server).callback(START.session, url, now=NOW)
        assert callback.code.reveal() == "c0de"
        assert callback.session is START.session
        return
    with pytest.raises(ProtocolError if isinstance(outcome, str) else outcome) as refusal:
        flow(server).callback(START.session, url, now=NOW)
    if isinstance(refusal.value, ProtocolError):
        assert refusal.value.reason == outcome
    assert START.session.state not in str(refusal.value)
    assert "c0de" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        pytest.param(f"{REDIRECT}?{query({})}&state=x", ProtocolError, id="state twice"),
        pytest.param(f"{REDIRECT}?{query({})}&iss={ISSUER}", ProtocolError, id="iss twice, the same"),
        pytest.param(f"{REDIRECT}?code=%FF", MalformedError, id="not UTF-8"),
        pytest.param(f"{REDIRECT}?{'a=b&' * 200}", ProtocolError, id="many"),
        pytest.param(REDIRECT, ProtocolError, id="no query"),
        pytest.param("", ProtocolError, id="nothing"),
        pytest.param(None, UsageError, id="None"),
    ],
)
def test_callback_refuses(url: Any, error: type[JwtkitError]) -> None:
    with pytest.raises((error, MalformedError) if error is ProtocolError else error):
        flow().callback(START.session, url, now=NOW)


def other_session(**changes: Any) -> AuthorizationSession:
    members = {**json.loads(START.session.to_json()), **changes}
    return AuthorizationSession.from_json(json.dumps(members))


@pytest.mark.parametrize(
    ("session", "now", "reason"),
    [
        pytest.param(START.session, NOW + 600, "session_expired", id="too late"),
        pytest.param(other_session(issuer="https://other.example"), NOW, "session_mismatch", id="another server's"),
        pytest.param(other_session(client_id="other"), NOW, "session_mismatch", id="another client's"),
        pytest.param(other_session(redirect_uri="https://o/"), NOW, "session_mismatch", id="another flow's"),
    ],
)
def test_sessions_of_others(session: AuthorizationSession, now: float, reason: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        flow().callback(session, f"{REDIRECT}?{query({})}", now=now)
    assert refusal.value.reason == reason


def test_a_session_must_be_one() -> None:
    with pytest.raises(UsageError, match="from_json"):
        flow().callback(START.session.to_json(), REDIRECT)  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize(
    ("query_of_uri", "came", "reason"),
    [("?app=1", "app=1&", None), ("?app=1", "", "wrong_endpoint"), ("?app=1", "app=2&", "wrong_endpoint")],
)
def test_a_redirect_uri_with_a_query(query_of_uri: str, came: str, reason: str | None) -> None:
    own = flow(redirect_uri=REDIRECT + query_of_uri)
    session = own.start(now=NOW).session
    url = f"{REDIRECT}?{came}{query({'state': session.state})}"
    if reason is None:
        assert own.callback(session, url, now=NOW).code.reveal() == "c0de"
    else:
        with pytest.raises(ProtocolError) as refusal:
            own.callback(session, url, now=NOW)
        assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("redirect_uri", "asked", "arrives"),
    [
        ("https://app.example.com", "/", True),
        ("https://app.example.com", "https://app.example.com/", True),
        ("https://app.example.com", "https://app.example.com", True),
        ("https://app.example.com", "https://app.example.com.evil.example/", False),
        ("https://App.Example.com:443/cb", "https://app.example.com/cb", True),
        ("https://App.Example.com:443/cb", "/cb", True),
        ("https://app.example.com/cb", "//evil.example/cb", False),
        ("https://app.example.com/cb", "/CB", False),
        ("https://app.example.com/cb", "https://app.example.com:8443/cb", False),
        ("com.example.app:/cb", "com.example.app:/cb", True),
        ("com.example.app:/cb", "com.example.app:/cb/", False),
        ("com.example.app:/cb", "com.example.other:/cb", False),
        ("com.example.app:/cb", "/cb", False),
    ],
)
def test_where_a_browser_arrives(redirect_uri: str, asked: str, arrives: bool) -> None:
    """A browser writes a URL in its normal form; what is not the same place then is another one."""
    own = flow(redirect_uri=redirect_uri)
    redirect = own.start(now=NOW)
    assert ("redirect_uri", redirect_uri) in parse_qsl(urlsplit(redirect.url).query)
    url = f"{asked}?{query({'state': redirect.session.state})}"
    if arrives:
        assert own.callback(redirect.session, url, now=NOW).code.reveal() == "c0de"
    else:
        with pytest.raises(ProtocolError) as refusal:
            own.callback(redirect.session, url, now=NOW)
        assert refusal.value.reason == "wrong_endpoint"


def test_a_callback_is_proof() -> None:
    callback: Any = flow().callback(START.session, f"{REDIRECT}?{query({})}", now=NOW)
    assert copy.deepcopy(copy.copy(callback)) is callback
    assert "c0de" not in repr(callback)
    with pytest.raises(AttributeError):
        callback.code = Secret("other")
    with pytest.raises(UsageError, match="cannot be pickled"):
        pickle.dumps(callback)
    with pytest.raises(UsageError, match="comes from"):
        Callback(Secret("x"))  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(UsageError, match="must come from"):
        flow().token_request("c0de")  # type: ignore[arg-type]  # the mistake under test


@given(st.text() | st.text("code=&stateiss%?/:", max_size=60))
def test_any_url_gives_a_callback_or_a_refusal(text: str) -> None:
    for url in (text, f"{REDIRECT}?{text}"):
        with pytest.raises(RejectedError):
            flow().callback(START.session, url, now=NOW)


# --- sessions in JSON


def test_session_round_trip() -> None:
    text = START.session.to_json()
    assert AuthorizationSession.from_json(text) == START.session
    assert AuthorizationSession.from_json(text.encode()) == START.session


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        *[({name: value}, MalformedError) for name in ("state", "issuer", "client_id") for value in (None, "", 5)],
        ({"code_verifier": "short"}, MalformedError),
        ({"scope": "a"}, MalformedError),
        ({"scope": [1]}, MalformedError),
        ({"scope": [""]}, MalformedError),
        ({"resource": [""]}, MalformedError),
        ({"acr_values": ["a", ""]}, MalformedError),
        ({"max_age": -1}, MalformedError),
        ({"kind": "logout session"}, MalformedError),
        ({"kind": None}, MalformedError),
        ({"v": True}, NotAllowedError),
        ({"expires_at": "soon"}, MalformedError),
        ({"expires_at": True}, MalformedError),
        ({"v": 2}, NotAllowedError),
        ({"v": None}, NotAllowedError),
    ],
)
def test_session_refuses(changes: dict[str, Any], error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        other_session(**changes)


@pytest.mark.parametrize("text", ["", "{}", "[]", "x" * 100_000, None, 5])
def test_session_refuses_other_texts(text: Any) -> None:
    with pytest.raises(RejectedError):
        AuthorizationSession.from_json(text)


@given(st.text(max_size=50) | st.binary(max_size=50))
def test_session_takes_any_text(text: str | bytes) -> None:
    with pytest.raises(RejectedError):
        AuthorizationSession.from_json(text)


# --- the token endpoint


def response(members: Any, status: int = 200, content_type: str = "application/json") -> HttpResponse:
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return HttpResponse(status=status, headers=(("Content-Type", content_type),), body=body)


TOKENS = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 60, "refresh_token": "rt-1", "scope": "a b"}


def test_the_code_is_redeemed() -> None:
    callback = flow().callback(START.session, f"{REDIRECT}?{query({})}", now=NOW)
    asked: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return response({**TOKENS, "id_token": "it-1", "session": {"a": [1]}})

    tokens = run(flow().finish(callback, now=NOW), send=send)
    assert (tokens.access_token.reveal(), tokens.expires_at, tokens.scope) == ("at-1", NOW + 60, ("a", "b"))
    assert tokens.refresh_token == Secret("rt-1")
    assert tokens.id_token == Secret("it-1")
    assert tokens.extra == {"session": {"a": (1,)}}
    assert not tokens.is_expired(now=NOW)
    assert tokens.is_expired(now=NOW + 60)
    assert tokens.is_expired(now=NOW + 31, leeway=30)
    assert "-1" not in repr(tokens)
    (request,) = asked
    assert (request.method, request.url) == ("POST", f"{ISSUER}/token")
    assert dict(request.headers)["Content-Type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(request.body.decode())) == {
        "grant_type": "authorization_code",
        "code": "c0de",
        "redirect_uri": REDIRECT,
        "code_verifier": START.session.code_verifier,
        "client_id": "app",
    }


def test_client_credentials_with_basic() -> None:
    asked: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return response({"access_token": "at", "token_type": "bEaReR"})

    own = client(auth=ClientSecretBasic(Secret("a:b/c+d %~e")), client_id="web basic")
    tokens = run(ClientCredentialsFlow(own).token(scope=["x", "y"], now=NOW), send=send)
    assert (tokens.scope, tokens.expires_at, tokens.refresh_token) == (("x", "y"), None, None)
    assert not tokens.is_expired(now=NOW * 2)
    (request,) = asked
    assert dict(request.headers)["Authorization"] == "Basic d2ViK2Jhc2ljOmElM0FiJTJGYyUyQmQrJTI1JTdFZQ=="
    assert dict(parse_qsl(request.body.decode())) == {"grant_type": "client_credentials", "scope": "x y"}
    assert own.auth.method == "client_secret_basic"
    assert "a:b" not in repr(own)
    run(ClientCredentialsFlow(own).token(), send=send)
    assert b"scope" not in asked[1].body


TOKEN_RESPONSES: dict[str, tuple[HttpResponse, str]] = {
    "redirect": (response(TOKENS, status=302), "redirect"),
    "a page": (response(b"<html>", content_type="text/html"), "not_json"),
    "a bad gateway": (response(b"<html>", 502, "text/html"), "not_json"),
    "JSON as text": (response(TOKENS, content_type="text/plain"), "not_json"),
    "no JSON": (response(b"access_token=x"), "not_json"),
    "an array": (response([]), "not_json"),
    "another status": (response(TOKENS, status=201), "unexpected_status"),
    "an error without a code": (response({}, status=400), "unexpected_status"),
    "error a number": (response({"error": 5}, status=400), "bad_member"),
    "error empty": (response({"error": ""}, status=400), "bad_member"),
    "error with a newline": (response({"error": "a\nb"}, status=400), "bad_member"),
    "no access token": (response({"token_type": "Bearer"}), "bad_member"),
    "access token empty": (response({**TOKENS, "access_token": ""}), "bad_member"),
    "access token a number": (response({**TOKENS, "access_token": 5}), "bad_member"),
    "no token type": (response({"access_token": "x"}), "bad_member"),
    "token type unknown": (response({**TOKENS, "token_type": "mac"}), "token_type"),
    "token type DPoP": (response({**TOKENS, "token_type": "DPoP"}), "token_type"),
    "expires_in a str": (response({**TOKENS, "expires_in": "60"}), "bad_member"),
    "expires_in negative": (response({**TOKENS, "expires_in": -1}), "bad_member"),
    "expires_in true": (response({**TOKENS, "expires_in": True}), "bad_member"),
    "expires_in beyond reason": (response({**TOKENS, "expires_in": 10**20}), "bad_member"),
    "scope a list": (response({**TOKENS, "scope": ["a"]}), "bad_member"),
    "refresh token a number": (response({**TOKENS, "refresh_token": 5}), "bad_member"),
}


@pytest.mark.parametrize(("answer", "reason"), TOKEN_RESPONSES.values(), ids=TOKEN_RESPONSES)
def test_token_responses(answer: HttpResponse, reason: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_token_response(answer, now=NOW)
    assert (refusal.value.reason, refusal.value.status) == (reason, answer.status)
    assert "at-1" not in str(refusal.value)


@pytest.mark.parametrize("status", [400, 401, 200, 403])
def test_the_server_says_no(status: int) -> None:
    members = {"error": "invalid_grant", "error_description": "gone\n", "error_uri": "https://e", "retry": 5}
    with pytest.raises(OAuthError) as refusal:
        parse_token_response(response(members, status))
    error = refusal.value
    assert (error.error, error.description, error.uri, error.status) == ("invalid_grant", "gone\n", "https://e", status)
    assert error.extra == {"retry": 5}
    assert "\n" not in str(error)


def test_a_description_of_another_type_is_left_out() -> None:
    with pytest.raises(OAuthError) as refusal:
        parse_token_response(response({"error": "x", "error_description": 5}, 400))
    assert refusal.value.description is None


@given(
    st.integers(100, 599),
    st.sampled_from(["application/json", "text/html", ""]),
    st.dictionaries(
        st.sampled_from([*TOKENS, "error"]), st.none() | st.integers() | st.text() | st.floats() | st.lists(st.text())
    ),
)
def test_any_response_gives_tokens_or_a_refusal(status: int, content_type: str, members: dict[str, Any]) -> None:
    try:
        parse_token_response(response(members, status, content_type), now=NOW)
    except RejectedError:
        pass
