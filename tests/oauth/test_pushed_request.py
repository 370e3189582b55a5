"""Pushed authorization requests (RFC 9126)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JWK, OAuthError, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    Client,
    ClientAuthentication,
    ClientSecretBasic,
    ClientSecretPost,
    HttpRequest,
    HttpResponse,
    PrivateKeyJWT,
    PublicClient,
    PushedRequest,
    Secret,
    ServerMetadata,
    TlsClientAuth,
    parse_pushed_authorization_response,
    pushed_authorization_request,
    run,
)
from jwtkit.oidc import LoginFlow

ISSUER, REDIRECT = "https://auth.example.com", "https://app.example.com/callback"
NOW = 1_800_000_000.0
URI = "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c"
SERVER = ServerMetadata(
    issuer=ISSUER,
    authorization_endpoint=f"{ISSUER}/authorize?tenant=a",
    token_endpoint=f"{ISSUER}/token",
    jwks_uri=f"{ISSUER}/jwks",
    pushed_authorization_request_endpoint=f"{ISSUER}/par",
    mtls_endpoint_aliases={"pushed_authorization_request_endpoint": "https://mtls.example.com/par"},
    require_pushed_authorization_requests=True,
)
KEY = JWK.generate("ES256")
JSON = (("Content-Type", "application/json"),)
METHODS: dict[str, ClientAuthentication] = {
    "none": PublicClient(),
    "basic": ClientSecretBasic(Secret("s")),
    "post": ClientSecretPost(Secret("s")),
    "private_key_jwt": PrivateKeyJWT(KEY),
    "tls": TlsClientAuth(),
}


def client(auth: ClientAuthentication | None = None, **server: Any) -> Client:
    return Client(server=replace(SERVER, **server), client_id="app", auth=auth or METHODS["post"])


def flow(own: Client | None = None, **named: Any) -> AuthorizationCodeFlow:
    return AuthorizationCodeFlow(own or client(), redirect_uri=REDIRECT, **named)


def answer(members: Any = ..., status: int = 201, headers: Any = JSON) -> HttpResponse:
    whole = {"request_uri": URI, "expires_in": 60} if members is ... else members
    return HttpResponse(status=status, headers=headers, body=json.dumps(whole).encode())


class Endpoint:
    """Answers with a reference, and remembers what was pushed."""

    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        return answer()

    @property
    def fields(self) -> dict[str, str]:
        (request,) = self.asked
        pairs = parse_qsl(request.body.decode(), strict_parsing=True)
        assert len(dict(pairs)) == len(pairs), "a parameter twice"
        return dict(pairs)


# --- the flow


@pytest.mark.parametrize("kind", [AuthorizationCodeFlow, LoginFlow])
def test_the_browser_carries_a_reference_and_nothing_else(kind: Any) -> None:
    """Sections 2.1 and 4."""
    endpoint = Endpoint()
    own = kind(client(), redirect_uri=REDIRECT, scope=["openid", "a"], resource=["https://api.example.com"])
    redirect = run(own.start_pushed(login_hint="alice@example.com", max_age=0, now=NOW), send=endpoint)
    assert redirect.url.startswith(f"{ISSUER}/authorize?tenant=a&")
    assert parse_qsl(urlsplit(redirect.url).query) == [("tenant", "a"), ("client_id", "app"), ("request_uri", URI)]
    assert redirect.expires_at == NOW + 60
    session, fields = redirect.session, endpoint.fields
    assert (endpoint.asked[0].method, endpoint.asked[0].url) == ("POST", f"{ISSUER}/par")
    for name, value in {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": REDIRECT,
        "scope": "openid a",
        "state": session.state,
        "code_challenge_method": "S256",
        "resource": "https://api.example.com",
        "login_hint": "alice@example.com",
        "max_age": "0",
    }.items():
        assert fields[name] == value, name
    assert fields.get("nonce") == session.nonce
    assert "request_uri" not in fields
    assert session.expires_at == NOW + 600, "the session outlives the reference: a user takes longer than a redirect"
    callback = own.callback(session, f"{REDIRECT}?{urlencode({'code': 'c', 'state': session.state})}", now=NOW + 500)
    assert callback.code.reveal() == "c"


@pytest.mark.parametrize("method", METHODS)
def test_the_client_authenticates_as_at_the_token_endpoint(method: str) -> None:
    endpoint = Endpoint()
    run(flow(client(METHODS[method])).start_pushed(), send=endpoint)
    (request,) = endpoint.asked
    fields = endpoint.fields
    assert fields["client_id"] == "app"
    assert ("Authorization" in dict(request.headers)) is (method == "basic")
    assert ("client_secret" in fields) is (method == "post")
    assert ("client_assertion" in fields) is (method == "private_key_jwt")
    assert request.mtls is (method == "tls")
    assert request.url == ("https://mtls.example.com/par" if method == "tls" else f"{ISSUER}/par")


def test_each_push_is_fresh() -> None:
    one, two = (run(flow().start_pushed(), send=Endpoint()).session for _ in range(2))
    assert one.state != two.state
    assert one.code_verifier != two.code_verifier


@pytest.mark.parametrize("kind", [AuthorizationCodeFlow, LoginFlow])
def test_a_server_that_takes_pushed_requests_only(kind: Any) -> None:
    """Section 5: what to call instead is said before anybody is sent anywhere."""
    with pytest.raises(UsageError, match="start_pushed"):
        kind(client(), redirect_uri=REDIRECT).start()
    free = kind(client(require_pushed_authorization_requests=False), redirect_uri=REDIRECT)
    assert "code_challenge" in free.start().url
    assert "code_challenge" not in run(free.start_pushed(), send=Endpoint()).url


@pytest.mark.parametrize("kind", [AuthorizationCodeFlow, LoginFlow])
def test_mistakes_are_found_before_anything_is_sent(kind: Any) -> None:
    own = kind(client(), redirect_uri=REDIRECT)
    for wish in ({"prompt": "always"}, {"extra": {"request_uri": "x"}}, {"extra": {"client_secret": "x"}}):
        with pytest.raises(UsageError):
            own.start_pushed(**wish)
    with pytest.raises(TypeError):
        own.start_pushed(state="mine")
    with pytest.raises(UsageError, match="pushed_authorization_request_endpoint"):
        kind(client(pushed_authorization_request_endpoint=None), redirect_uri=REDIRECT).start_pushed()


def test_the_server_says_no() -> None:
    with pytest.raises(OAuthError) as refusal:
        run(flow().start_pushed(), send=lambda _: answer({"error": "invalid_request"}, 400))
    assert (refusal.value.error, refusal.value.status) == ("invalid_request", 400)


# --- the pair


def test_a_request_by_hand() -> None:
    request = pushed_authorization_request(client(), [("client_id", "app"), ("response_type", "code")])
    assert parse_qsl(request.body.decode()) == [
        ("client_id", "app"),
        ("response_type", "code"),
        ("client_secret", "s"),
    ]
    assert "response_type" not in repr(request)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([("request_uri", URI)], id="request_uri, section 2.1"),
        pytest.param([("client_id", "other")], id="another client"),
        pytest.param([("client_secret", "s")], id="a second authentication"),
        pytest.param([("client_assertion", "s")], id="another authentication"),
        pytest.param(None, id="None"),
        pytest.param([("scope",)], id="one part"),
        pytest.param([("login_hint", Secret("s"))], id="a secret that is not revealed"),
        pytest.param([("scope", "")], id="empty"),
        pytest.param([("scope", None)], id="None"),
        pytest.param([("state", Secret("s"))], id="a secret that is not revealed"),
        pytest.param([("scope",)], id="no pair"),
        pytest.param(["ab"], id="a text"),
    ],
)
def test_requests_that_cannot_be_made(fields: Any) -> None:
    with pytest.raises(UsageError):
        pushed_authorization_request(client(), fields)


def test_a_request_of_nobody() -> None:
    nobody: Any = SERVER
    with pytest.raises(UsageError, match="Client"):
        pushed_authorization_request(nobody, [])


ACCEPTED: dict[str, Any] = {
    "as in section 2.2": {},
    "another URI": {"request_uri": "https://auth.example.com/r/1"},
    "a fraction": {"expires_in": 59.5},
    "more members": {"more": [1]},
}


@pytest.mark.parametrize("changes", ACCEPTED.values(), ids=ACCEPTED)
def test_answers(changes: dict[str, Any]) -> None:
    members = {"request_uri": URI, "expires_in": 60, **changes}
    pushed = parse_pushed_authorization_response(answer(members), now=NOW)
    assert pushed == PushedRequest(request_uri=members["request_uri"], expires_at=NOW + members["expires_in"])
    assert members["request_uri"] not in repr(pushed)


REFUSED: dict[str, tuple[HttpResponse, str]] = {
    "200, section 2.2": (answer(status=200), "unexpected_status"),
    "204": (answer(status=204), "unexpected_status"),
    "a redirect": (answer(status=302), "redirect"),
    "503": (answer({"error": "server_error"}, 503), "unexpected_status"),
    "405 without an error": (answer({}, 405), "unexpected_status"),
    "no JSON": (answer(headers=(("Content-Type", "text/html"),)), "not_json"),
    "an array": (answer([URI]), "not_json"),
    "no request_uri": (answer({"expires_in": 60}), "bad_member"),
    "no text": (answer({"request_uri": [URI], "expires_in": 60}), "bad_member"),
    "an empty text": (answer({"request_uri": "", "expires_in": 60}), "bad_member"),
    "a space": (answer({"request_uri": "urn:a b", "expires_in": 60}), "bad_member"),
    "a line": (answer({"request_uri": "urn:a\n", "expires_in": 60}), "bad_member"),
    "no ASCII": (answer({"request_uri": "urn:ä", "expires_in": 60}), "bad_member"),
    "too long for a browser": (answer({"request_uri": "urn:" + "a" * 3000, "expires_in": 60}), "bad_member"),
    "no expires_in": (answer({"request_uri": URI}), "bad_member"),
    "a text of a number": (answer({"request_uri": URI, "expires_in": "60"}), "bad_member"),
    "no number": (answer({"request_uri": URI, "expires_in": True}), "bad_member"),
    "zero, section 2.2": (answer({"request_uri": URI, "expires_in": 0}), "bad_member"),
    "negative": (answer({"request_uri": URI, "expires_in": -1}), "bad_member"),
    "without end": (answer({"request_uri": URI, "expires_in": 10**12}), "bad_member"),
}


@pytest.mark.parametrize(("response", "reason"), REFUSED.values(), ids=REFUSED)
def test_answers_that_are_refused(response: HttpResponse, reason: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_pushed_authorization_response(response, now=NOW)
    assert refusal.value.reason == reason
    assert URI not in str(refusal.value)


@pytest.mark.parametrize(
    ("status", "error"), [(400, "invalid_request"), (401, "invalid_client"), (413, "x"), (201, "x")]
)
def test_refusals(status: int, error: str) -> None:
    """Section 2.3."""
    members = {"error": error, "error_description": "no", "request_uri": URI, "expires_in": 60}
    with pytest.raises(OAuthError) as refusal:
        parse_pushed_authorization_response(answer(members, status))
    assert (refusal.value.error, refusal.value.description, refusal.value.status) == (error, "no", status)


@given(
    st.sampled_from([200, 201, 302, 400, 500]),
    st.binary(max_size=40)
    | st.fixed_dictionaries(
        {},
        optional={
            "request_uri": st.text(max_size=9) | st.none() | st.integers(),
            "expires_in": st.integers() | st.floats() | st.none() | st.booleans() | st.text(max_size=3),
            "error": st.text(max_size=9) | st.none(),
        },
    ).map(lambda members: json.dumps(members).encode()),
)
def test_any_answer_gives_a_reference_or_a_refusal(status: int, body: bytes) -> None:
    response = HttpResponse(status=status, headers=JSON, body=body)
    try:
        pushed = parse_pushed_authorization_response(response, now=NOW)
    except RejectedError:
        return
    assert status == 201
    assert pushed.expires_at > NOW
