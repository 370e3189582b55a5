"""The token endpoint (oauth.md 4.3): what goes out for each grant, what is read of an answer, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JwtkitError, MalformedError, NotAllowedError, OAuthError, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import (
    Client,
    ClientCredentialsFlow,
    ClientSecretBasic,
    Credentials,
    DeviceFlow,
    DeviceSession,
    HttpRequest,
    HttpResponse,
    JWTBearerFlow,
    PublicClient,
    RefreshFlow,
    Secret,
    ServerMetadata,
    TokenExchangeFlow,
    TokenSet,
    TokenType,
    device_token_request,
    introspect,
    parse_token_response,
    revoke,
    run,
    token_request,
)

ISSUER = "https://auth.example.com"
NOW = 1_800_000_000.0
SERVER = ServerMetadata(
    issuer=ISSUER,
    token_endpoint=f"{ISSUER}/token",
    device_authorization_endpoint=f"{ISSUER}/device",
    introspection_endpoint=f"{ISSUER}/introspect",
    revocation_endpoint=f"{ISSUER}/revoke",
)
PUBLIC = Client(server=SERVER, client_id="app", auth=PublicClient())
WORKER = Client(server=SERVER, client_id="worker", auth=ClientSecretBasic(Secret("s3cret")))
JSON = ("Content-Type", "application/json")
TOKENS = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 60, "refresh_token": "rt-1", "scope": "a b"}
ALL = TokenSet(
    access_token=Secret("at-1"),
    token_type="Bearer",
    scope=("a", "b"),
    expires_at=NOW + 60,
    refresh_token=Secret("rt-1"),
    refresh_scope=("a", "b", "c"),
    id_token=Secret("it-1"),
    issued_token_type="urn:x",
    extra={"session": {"a": (1, None, 2.5)}},
)


def response(members: Any, status: int = 200, *headers: tuple[str, str]) -> HttpResponse:
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return HttpResponse(status=status, headers=headers or (JSON,), body=body)


def fields(request: HttpRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)


# --- the request


def test_the_request() -> None:
    request = token_request(PUBLIC, [("grant_type", "x"), ("a", "1 2&ü"), ("a", "3")])
    assert (request.method, request.url) == ("POST", f"{ISSUER}/token")
    assert dict(request.headers)["Content-Type"] == "application/x-www-form-urlencoded"
    assert fields(request) == [("grant_type", "x"), ("a", "1 2&ü"), ("a", "3"), ("client_id", "app")]
    assert "ü" not in repr(request)


WRONG_FIELDS: dict[str, Any] = {
    "a secret that is not revealed": [("code", Secret("x"))],
    "bytes": [("code", b"x")],
    "None": [("code", None)],
    "empty": [("code", "")],
    "no name": [("", "x")],
    "a lone surrogate": [("code", "\ud800")],
    "no pairs": ["ab"],
    "three parts": [("a", "b", "c")],
    # exactly one method of authentication, 6749 section 2.3
    "client_id": [("client_id", "app")],
    "client_secret": [("client_secret", "x")],
    "client_assertion": [("client_assertion", "x")],
    "client_assertion_type": [("client_assertion_type", "x")],
}


@pytest.mark.parametrize("wrong", WRONG_FIELDS.values(), ids=WRONG_FIELDS)
def test_the_request_refuses(wrong: Any) -> None:
    with pytest.raises(UsageError):
        token_request(WORKER, wrong)


def test_the_request_needs_a_client() -> None:
    with pytest.raises(UsageError, match="must be Client"):
        token_request("app", [("grant_type", "x")])  # type: ignore[arg-type]  # the mistake under test


# --- client credentials, 6749 section 4.4


def asked_by(**named: Any) -> HttpRequest:
    asked: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return response({"access_token": "at", "token_type": "Bearer"})

    run(ClientCredentialsFlow(WORKER).token(**named), send=send)
    return asked[0]


@pytest.mark.parametrize(
    ("named", "sent"),
    [
        pytest.param({}, [], id="nothing more"),
        pytest.param({"scope": ["x", "y"]}, [("scope", "x y")], id="scope"),
        pytest.param(
            {"resource": ["https://a.example", "urn:b"]},
            [("resource", "https://a.example"), ("resource", "urn:b")],
            id="resources, 8707 section 2.2",
        ),
        pytest.param({"extra": {"audience": "https://a.example"}}, [("audience", "https://a.example")], id="extra"),
    ],
)
def test_client_credentials(named: dict[str, Any], sent: list[tuple[str, str]]) -> None:
    request = asked_by(**named)
    assert fields(request) == [("grant_type", "client_credentials"), *sent]
    assert dict(request.headers)["Authorization"].startswith("Basic ")
    assert "s3cret" not in repr(request)


def test_scope_of_client_credentials_is_as_requested() -> None:
    tokens = run(
        ClientCredentialsFlow(WORKER).token(scope=iter(["x", "y"]), now=NOW),
        send=lambda _: response({"access_token": "at", "token_type": "Bearer", "expires_in": 5}),
    )
    assert (tokens.scope, tokens.expires_at) == (("x", "y"), NOW + 5)


WRONG_ARGUMENTS: dict[str, dict[str, Any]] = {
    "scope a str": {"scope": "a b"},
    "scope with a space": {"scope": ["a b"]},
    "resource a str": {"resource": "https://a.example"},
    "resource relative": {"resource": ["/api"]},
    "resource with a fragment": {"resource": ["https://a.example#b"]},
    "extra no mapping": {"extra": [("a", "b")]},
    "extra a number": {"extra": {"a": 5}},
    "extra a secret": {"extra": {"a": Secret("x")}},
    "extra empty": {"extra": {"a": ""}},
    "extra with a name that is no str": {"extra": {5: "a"}},
    **{
        f"extra has {name}": {"extra": {name: "x"}}
        for name in ("grant_type", "scope", "resource", "client_id", "client_secret", "client_assertion")
    },
    "now a bool": {"now": True},
    "now NaN": {"now": float("nan")},
}


@pytest.mark.parametrize("named", WRONG_ARGUMENTS.values(), ids=WRONG_ARGUMENTS)
def test_client_credentials_refuses(named: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        run(ClientCredentialsFlow(WORKER).token(**named), send=lambda _: response(TOKENS))


DEVICE = DeviceSession(
    issuer=ISSUER,
    client_id="worker",
    device_code=Secret("x"),
    user_code="x",
    verification_uri="https://a.example",
    expires_at=NOW,
)
ASKING: dict[str, Callable[[Client], object]] = {
    "token request": lambda client: token_request(client, [("a", "b")], now=NOW),
    "client credentials": lambda client: ClientCredentialsFlow(client).token(now=NOW),
    "refresh": lambda client: RefreshFlow(client).refresh(ALL, now=NOW),
    "token exchange": lambda client: TokenExchangeFlow(client).exchange(
        subject_token=Secret("x"), subject_token_type=TokenType.JWT, now=NOW
    ),
    "JWT bearer": lambda client: JWTBearerFlow(client).token(Secret("x"), now=NOW),
    "device": lambda client: DeviceFlow(client).start(now=NOW),
    "device poll": lambda client: device_token_request(client, DEVICE, now=NOW),
    "introspection": lambda client: introspect(client, Secret("x"), now=NOW),
    "revocation": lambda client: revoke(client, Secret("x"), now=NOW),
}


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
def test_now_reaches_the_authentication(ask: Callable[[Client], object]) -> None:
    seen: list[float | None] = []

    class Dated(ClientSecretBasic):
        def credentials(self, client_id: str, server: ServerMetadata, /, *, now: float | None = None) -> Credentials:
            seen.append(now)
            return ClientSecretBasic(Secret("x")).credentials(client_id, server, now=now)

    ask(Client(server=SERVER, client_id="worker", auth=Dated(Secret("x"))))
    assert seen == [NOW]


# --- a success, 6749 section 5.1

ACCEPTED: dict[str, tuple[HttpResponse, Callable[[TokenSet], bool]]] = {
    "everything": (response(TOKENS), lambda t: (t.scope, t.expires_at) == (("a", "b"), NOW + 60)),
    "the least": (response({"access_token": "a", "token_type": "bearer"}), lambda t: t.expires_at is None),
    "type in odd case, 7.1": (response({**TOKENS, "token_type": "bEaReR"}), lambda t: t.token_type == "bEaReR"),
    "media type with parameters": (response(TOKENS, 200, ("content-type", "application/json; charset=utf-8")), bool),
    "media type in odd case": (response(TOKENS, 200, ("CONTENT-TYPE", "Application/JSON;charset=UTF-8")), bool),
    "a challenge with 200": (response(TOKENS, 200, JSON, ("WWW-Authenticate", 'Basic realm="x"')), bool),
    "scope absent, as requested": (response({**TOKENS, "scope": None}), lambda t: t.scope == ("asked",)),
    "scope different, reported": (response({**TOKENS, "scope": "b"}), lambda t: t.scope == ("b",)),
    "no scope at all": (response({**TOKENS, "scope": ""}), lambda t: t.scope == ()),
    "expires_in 0": (response({**TOKENS, "expires_in": 0}), lambda t: t.is_expired(now=NOW)),
    "expires_in a fraction": (response({**TOKENS, "expires_in": 1.5}), lambda t: t.expires_at == NOW + 1.5),
    "expires_in absent": (response({**TOKENS, "expires_in": None}), lambda t: not t.is_expired(now=NOW * 9)),
    "expires_at from the wire counts not": (response({**TOKENS, "expires_at": 5}), lambda t: t.expires_at == NOW + 60),
    "unknown members": (response({**TOKENS, "x": [{}]}), lambda t: t.extra == {"x": ({},)}),
    "null tokens": (response({**TOKENS, "refresh_token": None, "id_token": None}), lambda t: t.refresh_token is None),
    "an empty refresh token": (response({**TOKENS, "refresh_token": ""}), lambda t: t.refresh_token is None),
    "an empty issued_token_type": (response({**TOKENS, "issued_token_type": ""}), lambda t: t.issued_token_type is None),
    "error null beside tokens": (response({**TOKENS, "error": None}), lambda t: t.access_token == Secret("at-1")),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "holds"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_success(answer: HttpResponse, holds: Callable[[TokenSet], bool]) -> None:
    tokens = parse_token_response(answer, requested_scope=["asked"], now=NOW)
    assert holds(tokens)
    assert "at-1" not in repr(tokens)
    assert "rt-1" not in str(tokens)


REFUSED: dict[str, tuple[HttpResponse, str]] = {
    # status and media type
    "redirect": (response(TOKENS, 307), "redirect"),
    "created": (response(TOKENS, 201), "unexpected_status"),
    "informational": (response(TOKENS, 100), "unexpected_status"),
    "tokens with 400": (response(TOKENS, 400), "unexpected_status"),
    "tokens with 500": (response(TOKENS, 500), "unexpected_status"),
    "no media type": (response(TOKENS, 200, ("X", "y")), "not_json"),
    "JSON in its name only": (response(TOKENS, 200, ("Content-Type", "application/jsonp")), "not_json"),
    "JSON as text": (response(TOKENS, 200, ("Content-Type", "text/json")), "not_json"),
    "a form": (response(b"access_token=x&token_type=bearer", 200, ("Content-Type", "application/x-www-form-urlencoded")), "not_json"),
    "a page": (response(b"<html>", 200, ("Content-Type", "text/html")), "not_json"),
    "a page called JSON": (response(b"<html>"), "not_json"),
    "two objects": (response(b"{}{}"), "not_json"),
    "a member twice": (response(b'{"access_token":"a","access_token":"b","token_type":"bearer"}'), "not_json"),
    "an array": (response([TOKENS]), "not_json"),
    "null": (response(None), "not_json"),
    "not UTF-8": (response(b'{"access_token":"\xff","token_type":"bearer"}'), "not_json"),
    "nothing": (response(b""), "not_json"),
    # members
    "no access token": (response({"token_type": "Bearer"}), "bad_member"),
    "access token null": (response({**TOKENS, "access_token": None}), "bad_member"),
    "access token a list": (response({**TOKENS, "access_token": ["a"]}), "bad_member"),
    "access token that would split a header": (response({**TOKENS, "access_token": "at-1\r\nX: y"}), "bad_member"),
    "access token not ASCII": (response({**TOKENS, "access_token": "at-1\u00fc"}), "bad_member"),
    "access token with a space, which no header carries": (response({**TOKENS, "access_token": "at-1 b"}), "bad_member"),
    "no token type": (response({"access_token": "at-1"}), "bad_member"),
    "token type empty": (response({**TOKENS, "token_type": ""}), "bad_member"),
    "token type null": (response({**TOKENS, "token_type": None}), "bad_member"),
    "token type unknown, 7.1": (response({**TOKENS, "token_type": "mac"}), "token_type"),
    "token type not asked for": (response({**TOKENS, "token_type": "DPoP"}), "token_type"),
    "token type nearly known": (response({**TOKENS, "token_type": "Bearer "}), "token_type"),
    "expires_in digits": (response({**TOKENS, "expires_in": "3599"}), "bad_member"),
    "expires_in negative": (response({**TOKENS, "expires_in": -1}), "bad_member"),
    "expires_in true": (response({**TOKENS, "expires_in": True}), "bad_member"),
    "expires_in for ever": (response({**TOKENS, "expires_in": 10**11}), "bad_member"),
    "expires_in infinite": (response(b'{"access_token":"a","token_type":"bearer","expires_in":1e999}'), "not_json"),
    "expires_in NaN": (response(b'{"access_token":"a","token_type":"bearer","expires_in":NaN}'), "not_json"),
    "scope an array": (response({**TOKENS, "scope": ["a"]}), "bad_member"),
    "scope with a quote": (response({**TOKENS, "scope": 'a "b"'}), "bad_member"),
    "scope with a newline": (response({**TOKENS, "scope": "a\nb"}), "bad_member"),
    "refresh token an object": (response({**TOKENS, "refresh_token": {}}), "bad_member"),
    "ID token a number": (response({**TOKENS, "id_token": 5}), "bad_member"),
    "issued_token_type false": (response({**TOKENS, "issued_token_type": False}), "bad_member"),
    # an error, 6749 section 5.2
    "error a number": (response({"error": 5}, 400), "bad_member"),
    "error null": (response({"error": None}, 400), "unexpected_status"),
    "error an object": (response({"error": {"message": "no"}}, 400), "bad_member"),
    "error empty": (response({"error": ""}, 400), "bad_member"),
    "error with a quote": (response({"error": 'a"'}, 400), "bad_member"),
    "error with a backslash": (response({"error": "a\\"}, 400), "bad_member"),
    "error not ASCII": (response({"error": "\u00fc"}, 400), "bad_member"),
    "error with a newline": (response({"error": "invalid_grant\n"}, 400), "bad_member"),
    "400 without error": (response({"message": "no"}, 400), "unexpected_status"),
    "error as a page": (response(b"<html>", 400, ("Content-Type", "text/html")), "not_json"),
    "error with 500": (response({"error": "server_error"}, 500), "unexpected_status"),
    "error with 503": (response({"error": "temporarily_unavailable"}, 503), "unexpected_status"),
    "a gateway": (response(b"<html>", 502, ("Content-Type", "text/html")), "not_json"),
    # 401 of servers that answer as HTTP does, not as OAuth
    "401 and a challenge": (response(b"", 401, ("WWW-Authenticate", 'Basic realm="x"')), "unexpected_status"),
    "401, a challenge and a page": (response(b"<html>", 401, ("Content-Type", "text/html"), ("www-authenticate", "basic")), "unexpected_status"),
    "401, a challenge and JSON without error": (response({}, 401, JSON, ("WWW-Authenticate", "Basic")), "unexpected_status"),
    "403, a challenge and no JSON": (response(b"", 403, ("WWW-Authenticate", "Basic")), "not_json"),
    "200, a challenge and no JSON": (response(b"", 200, ("WWW-Authenticate", "Basic")), "not_json"),
    "401 and nothing": (response(b"", 401, ("X", "y")), "not_json"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_refusal(answer: HttpResponse, reason: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_token_response(answer, now=NOW)
    assert (refusal.value.reason, refusal.value.status) == (reason, answer.status)
    assert "at-1" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("members", "message", "excerpt"),
    [
        pytest.param({"error": "server_error"}, "('server_error'): ask", '{"error": "server_error"}', id="an error"),
        pytest.param({"error": 5}, ": ask again later", '{"error": 5}', id="error a number"),
        pytest.param({"error": "a\nb"}, ": ask again later", '{"error": "a\\nb"}', id="error that is none"),
        pytest.param({}, ": ask again later", "{}", id="JSON"),
        pytest.param(b"<html>busy", "is not a JSON object", "<html>busy", id="a page"),
    ],
)
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failure_keeps_when_to_ask_again(status: int, members: Any, message: str, excerpt: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_token_response(response(members, status, JSON, ("Retry-After", "7")))
    error = refusal.value
    assert (error.status, error.retry_after, error.excerpt) == (status, 7.0, excerpt)
    assert message in str(error)


def test_a_refusal_keeps_when_to_ask_again() -> None:
    answer = response({"error": "temporarily_unavailable"}, 429, JSON, ("Retry-After", "7"))
    with pytest.raises(OAuthError) as refusal:
        parse_token_response(answer)
    assert (refusal.value.status, refusal.value.retry_after) == (429, 7.0)


def test_a_refusal_without_a_code_keeps_it_too() -> None:
    answer = response({"error": {"message": "too fast"}}, 429, JSON, ("Retry-After", "7"))
    with pytest.raises(ProtocolError) as refusal:
        parse_token_response(answer)
    error = refusal.value
    assert (error.reason, error.status, error.retry_after) == ("bad_member", 429, 7.0)
    assert error.excerpt == '{"error": {"message": "too fast"}}'


def test_a_challenge_says_what_to_compare() -> None:
    with pytest.raises(ProtocolError, match=r"asks for 'Basic'.*client_id, secret and method"):
        parse_token_response(response(b"", 401, ("WWW-Authenticate", 'Basic realm="x"')))


ERRORS: dict[str, tuple[HttpResponse, str]] = {
    "400": (response({"error": "invalid_grant"}, 400), "invalid_grant"),
    "401": (response({"error": "invalid_client"}, 401), "invalid_client"),
    "401 with a challenge": (response({"error": "invalid_client"}, 401, JSON, ("WWW-Authenticate", "Basic realm=x")), "invalid_client"),
    "403": (response({"error": "access_denied"}, 403), "access_denied"),
    "499": (response({"error": "x"}, 499), "x"),
    "429": (response({"error": "slow_down"}, 429), "slow_down"),
    "200": (response({"error": "bad_verification_code"}), "bad_verification_code"),
    "beside tokens": (response({**TOKENS, "error": "x"}), "x"),
    "an extension": (response({"error": "https://e.example/no way!"}, 400), "https://e.example/no way!"),
    "the media type with a parameter": (response({"error": "x"}, 400, ("content-type", "Application/Json; a=b")), "x"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "code"), ERRORS.values(), ids=ERRORS)
def test_the_server_says_no(answer: HttpResponse, code: str) -> None:
    with pytest.raises(OAuthError) as refusal:
        parse_token_response(answer)
    assert (refusal.value.error, refusal.value.status) == (code, answer.status)


@pytest.mark.parametrize(
    "named",
    [
        pytest.param({"token_types": "bearer"}, id="token_types a str"),
        pytest.param({"token_types": [1]}, id="token_types of numbers"),
        pytest.param({"token_types": None}, id="token_types None"),
        pytest.param({"requested_scope": "a b"}, id="requested_scope a str"),
        pytest.param({"requested_scope": [None]}, id="requested_scope of None"),
        pytest.param({"requested_scope": None}, id="requested_scope None"),
        pytest.param({"now": float("inf")}, id="now infinite"),
    ],
)
def test_reading_refuses_mistakes(named: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        parse_token_response(response(TOKENS), **named)


def test_other_types_when_the_program_can_use_them() -> None:
    tokens = parse_token_response(response({**TOKENS, "token_type": "dPoP"}), token_types=["DPoP"])
    assert tokens.token_type == "dPoP"
    with pytest.raises(ProtocolError, match="without spaces"):
        parse_token_response(response({**TOKENS, "token_type": "dPoP", "access_token": "a b"}), token_types=["DPoP"])
    of_another = response({**TOKENS, "token_type": "mac", "access_token": "a b"})
    spaced = parse_token_response(of_another, token_types=["mac"])
    assert TokenSet.from_json(spaced.to_json()).access_token == Secret("a b")
    with pytest.raises(ProtocolError, match="cannot use"):
        parse_token_response(response(TOKENS), token_types=["DPoP"])  # asked DPoP, got Bearer: 9449 section 5


TEXT = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=30)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["Content-Type", "content-type", "Retry-After", "WWW-Authenticate", "Date", "X"]),
        st.sampled_from(["application/json", "application/json; charset=x", "text/html", "Basic", "5"]) | TEXT,
    ),
    max_size=3,
).map(tuple)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
BODIES = st.binary(max_size=80) | st.dictionaries(
    st.sampled_from([*TOKENS, "id_token", "issued_token_type", "error", "error_description", "x"]),
    VALUES | st.sampled_from(["Bearer", "a"]),
).map(lambda members: json.dumps(members).encode())


@given(st.integers(100, 599) | st.just(200), HEADERS | st.just((JSON,)), BODIES)
def test_any_response_gives_tokens_or_a_refusal(status: int, headers: Any, body: bytes) -> None:
    answer = HttpResponse(status=status, headers=headers, body=body)
    try:
        tokens = parse_token_response(answer, now=NOW)
    except RejectedError as refusal:
        assert "Secret" not in str(refusal)
    else:
        assert TokenSet.from_json(tokens.to_json()) == tokens


# --- what is kept


def test_a_token_set_round_trips() -> None:
    assert TokenSet.from_json(ALL.to_json()) == ALL
    assert TokenSet.from_json(ALL.to_json().encode()) == ALL
    least = TokenSet(access_token=Secret("a"), token_type="Bearer")
    assert TokenSet.from_json(least.to_json()) == least
    assert json.loads(least.to_json()) == {
        "v": 1,
        "kind": "token set",
        "access_token": "a",
        "token_type": "Bearer",
        "scope": [],
        "refresh_scope": [],
        "extra": {},
    }


def nested(depth: int) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for _ in range(depth - 1):
        members = {"x": members}
    return members


LARGE: dict[str, bytes] = {
    "as deep as an answer may be": json.dumps({**TOKENS, **nested(32)}).encode(),
    "as long as an answer may be": json.dumps({**TOKENS, "x": "y" * (1024 * 1024 - 150)}).encode(),
    # written as 1000000000000000.0
    "numbers that grow": json.dumps({**TOKENS, "x": [1]}).encode().replace(b"[1]", b"[" + b"1e15," * 209_000 + b"0]"),
}


@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE)
def test_what_was_parsed_can_be_kept(body: bytes) -> None:
    tokens = parse_token_response(response(body), now=NOW)
    assert TokenSet.from_json(tokens.to_json()) == tokens


def test_a_subclass_is_kept_too() -> None:
    class Own(TokenSet):
        __slots__ = ()

    own = Own(access_token=Secret("a"), token_type="Bearer", scope=("x",))
    assert json.loads(own.to_json())["access_token"] == "a"
    assert Own.from_json(own.to_json()) == own


@given(
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=5),
    st.lists(st.text(min_size=1, max_size=5), max_size=2),
    st.none() | st.floats(0, 1e12),
    st.none() | st.text(min_size=1, max_size=5),
    st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers(-(10**39), 10**39) | st.text(max_size=5)),
)  # fmt: skip
def test_any_token_set_round_trips(
    token: str, scope: list[str], expires_at: float | None, refresh: str | None, extra: Mapping[str, Any]
) -> None:
    tokens = TokenSet(
        access_token=Secret(token),
        token_type=token,
        scope=tuple(scope),
        expires_at=expires_at,
        refresh_token=None if refresh is None else Secret(refresh),
        extra=extra,
    )
    assert TokenSet.from_json(tokens.to_json()) == tokens


GARBAGE_MEMBERS: dict[str, list[Any]] = {
    "kind": [None, "", 5, "device session"],
    "access_token": [None, "", 5, ["a"], "at-1 b", "at-1\nb", "at-1\u00fc"],
    "token_type": [None, "", 5],
    "scope": ["a b", [1], {}, None, [""]],
    "refresh_scope": ["a b", [None], ["a", ""]],
    "expires_at": ["soon", True, [], None],
    "refresh_token": ["", 5, None],
    "id_token": ["", {}, None],
    "issued_token_type": [5, ""],
    "extra": [[], "x", None, 5],
}
GARBAGE: dict[str, tuple[dict[str, Any], type[JwtkitError]]] = {
    "another version": ({"v": 2}, NotAllowedError),
    "no version": ({"v": None}, NotAllowedError),
    "version a str": ({"v": "1"}, NotAllowedError),
    "version true": ({"v": True}, NotAllowedError),
    "version a float": ({"v": 1.0}, NotAllowedError),
    **{
        f"{name} {json.dumps(value)}": ({name: value}, MalformedError)
        for name, values in GARBAGE_MEMBERS.items()
        for value in values
    },
}


@pytest.mark.parametrize(("changes", "error"), GARBAGE.values(), ids=GARBAGE)
def test_a_token_set_refuses(changes: dict[str, Any], error: type[JwtkitError]) -> None:
    with pytest.raises(error) as refusal:
        TokenSet.from_json(json.dumps({**json.loads(ALL.to_json()), **changes}))
    assert "at-1" not in str(refusal.value)


@given(st.text(max_size=50) | st.binary(max_size=50) | VALUES.map(json.dumps))
def test_a_token_set_takes_any_text(text: str | bytes) -> None:
    with pytest.raises(RejectedError):
        TokenSet.from_json(text)


TOO_LONG = json.dumps({**json.loads(ALL.to_json()), "extra": {"x": "y" * 4 * 1024 * 1024}})


@pytest.mark.parametrize("text", [None, 5, [], "{}", TOO_LONG, '{"v":1,"v":1}'], ids=lambda text: repr(text)[:20])
def test_a_token_set_refuses_other_texts(text: Any) -> None:
    with pytest.raises(RejectedError):
        TokenSet.from_json(text)


@pytest.mark.parametrize(
    ("expires_at", "leeway", "expired"),
    [
        pytest.param(None, 0.0, False, id="nobody said"),
        pytest.param(NOW, 0.0, True, id="at the second"),
        pytest.param(NOW + 0.5, 0.0, False, id="before"),
        pytest.param(NOW - 1, 0.0, True, id="after"),
        pytest.param(NOW + 30, 30.0, True, id="within the leeway"),
        pytest.param(NOW + 31, 30.0, False, id="before the leeway"),
    ],
)
def test_is_expired(expires_at: float | None, leeway: float, expired: bool) -> None:
    tokens = TokenSet(access_token=Secret("a"), token_type="Bearer", expires_at=expires_at)
    assert tokens.is_expired(leeway=leeway, now=NOW) is expired
    assert tokens.is_expired(leeway=timedelta(seconds=leeway), now=NOW) is expired


@pytest.mark.parametrize("named", [{"leeway": float("nan")}, {"leeway": -1}, {"leeway": "5"}, {"now": float("nan")}])
def test_is_expired_refuses_mistakes(named: dict[str, Any]) -> None:
    for expires_at in (NOW, None):
        with pytest.raises(UsageError):
            TokenSet(access_token=Secret("a"), token_type="Bearer", expires_at=expires_at).is_expired(**named)


@pytest.mark.parametrize("secret", ["at-1", "rt-1", "it-1"])
def test_no_repr_shows_a_token(secret: str) -> None:
    assert secret not in repr(ALL)
    assert secret not in str(ALL)
    assert secret in ALL.to_json()
