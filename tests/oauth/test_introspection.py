"""Introspection as a client (oauth.md 4.5, RFC 7662): what is asked, and what counts of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JWK, Claims, OAuthError, ProtocolError, RejectedError, Token, UsageError
from jwtkit.oauth import (
    Client,
    ClientSecretBasic,
    HttpRequest,
    HttpResponse,
    Introspection,
    Secret,
    ServerMetadata,
    introspect,
    introspection_request,
    parse_introspection_response,
    run,
)

ISSUER = "https://auth.example.com"
NOW = 1_800_000_000
SERVER = ServerMetadata(issuer=ISSUER, token_endpoint=f"{ISSUER}/t", introspection_endpoint=f"{ISSUER}/introspect")
API = Client(server=SERVER, client_id="api", auth=ClientSecretBasic(Secret("s3cret")))
JSON = ("Content-Type", "application/json")
SIGNED = Token.sign(Claims(sub="alice"), JWK.generate("HS256"), lifetime=60)
KNOWN = {
    "active": True,
    "scope": "a b",
    "client_id": "app",
    "username": "Alice",
    "token_type": "Bearer",
    "exp": NOW + 60,
    "iat": NOW,
    "nbf": NOW,
    "sub": "alice-1",
    "aud": "https://api.example",
    "iss": ISSUER,
    "jti": "j-1",
    "cnf": {"jkt": "x"},
}


def response(members: Any, status: int = 200, *headers: tuple[str, str]) -> HttpResponse:
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return HttpResponse(status=status, headers=headers or (JSON,), body=body)


def fields(request: HttpRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)


# --- the request, section 2.1


@pytest.mark.parametrize(
    ("token", "hint", "sent"),
    [
        pytest.param(Secret("t-1"), None, [("token", "t-1")], id="text"),
        pytest.param(SIGNED, None, [("token", SIGNED.compact)], id="a token"),
        pytest.param(
            Secret("t-1"), "access_token", [("token", "t-1"), ("token_type_hint", "access_token")], id="with a hint"
        ),
    ],
)
def test_the_request(token: Secret | Token, hint: str | None, sent: list[tuple[str, str]]) -> None:
    request = introspection_request(API, token, token_type_hint=hint)
    assert (request.method, request.url) == ("POST", f"{ISSUER}/introspect")
    assert dict(request.headers)["Authorization"].startswith("Basic ")
    assert fields(request) == sent
    assert "t-1" not in repr(request)


MISTAKES: dict[str, Callable[[], object]] = {
    "no client": lambda: introspect("api", Secret("t")),  # type: ignore[arg-type]  # the mistake under test
    "no endpoint": lambda: introspect(Client(server=ServerMetadata(issuer=ISSUER), client_id="a", auth=API.auth), Secret("t")),
    "a token that is text": lambda: introspect(API, "t-1"),  # type: ignore[arg-type]  # the mistake under test
    "no token": lambda: introspect(API, None),  # type: ignore[arg-type]  # the mistake under test
    "an empty hint": lambda: introspect(API, Secret("t"), token_type_hint=""),
    "a hint that is a number": lambda: introspect(API, Secret("t"), token_type_hint=5),  # type: ignore[arg-type]  # the mistake under test
    "a token no form can carry": lambda: introspection_request(API, Secret("\ud800")),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes(mistake: Callable[[], object]) -> None:
    with pytest.raises(UsageError) as refusal:
        mistake()
    assert "t-1" not in str(refusal.value)


# --- the answer, section 2.2


def test_everything() -> None:
    assert run(introspect(API, Secret("t-1")), send=lambda _: response(KNOWN)) == Introspection(
        active=True,
        scope=("a", "b"),
        client_id="app",
        username="Alice",
        token_type="Bearer",
        exp=NOW + 60,
        iat=NOW,
        nbf=NOW,
        sub="alice-1",
        aud=("https://api.example",),
        iss=ISSUER,
        jti="j-1",
        extra={"cnf": {"jkt": "x"}},
    )


ANSWERS: dict[str, tuple[Any, Callable[[Introspection], bool]]] = {
    "the least": ({"active": True}, lambda i: i == Introspection(active=True)),
    "inactive": ({"active": False}, lambda i: i == Introspection(active=False)),
    "inactive, and nothing beside it counts": ({**KNOWN, "active": False}, lambda i: i == Introspection(active=False)),
    "inactive, with members of a wrong type": ({"active": False, "exp": "x", "aud": 5}, lambda i: not i.active),
    "several audiences": ({**KNOWN, "aud": ["a", "b"]}, lambda i: i.aud == ("a", "b")),
    "no audience": ({**KNOWN, "aud": []}, lambda i: i.aud == ()),
    "null is absent": ({**KNOWN, "exp": None, "sub": None, "scope": None}, lambda i: (i.exp, i.sub, i.scope) == (None, None, ())),
    "a fraction of a second": ({**KNOWN, "exp": NOW + 0.5}, lambda i: i.exp == NOW + 0.5),
    "a member called error": ({"active": True, "error": "x"}, lambda i: i.extra == {"error": "x"}),
    "frozen all the way down": ({"active": True, "a": [{"b": []}]}, lambda i: i.extra == {"a": ({"b": ()},)}),
}  # fmt: skip


@pytest.mark.parametrize(("members", "holds"), ANSWERS.values(), ids=ANSWERS)
def test_answers(members: Any, holds: Callable[[Introspection], bool]) -> None:
    assert holds(parse_introspection_response(response(members)))
    assert holds(parse_introspection_response(response(members, 200, ("content-type", "Application/JSON; charset=x"))))


WRONG_MEMBERS: dict[str, list[Any]] = {
    "active": [None, "true", 1, 0, "", [], {}],
    "scope": [["a"], 5, 'a "b"'],
    "client_id": [5],
    "username": [{}],
    "token_type": [True],
    "exp": ["5", True, []],
    "iat": ["5", False],
    "nbf": ["5", {}],
    "sub": [5, ["a"]],
    "aud": [5, {}, ["a", 5], [None], True],
    "iss": [5],
    "jti": [5],
}
REFUSED: dict[str, tuple[HttpResponse, str]] = {
    **{
        f"{name} {json.dumps(value)}": (response({**KNOWN, name: value}), "bad_member")
        for name, values in WRONG_MEMBERS.items()
        for value in values
    },
    "no active": (response({"sub": "alice"}), "bad_member"),
    "an error with 200": (response({"error": "x"}), "bad_member"),
    "an array": (response([KNOWN]), "not_json"),
    "signed, which was not asked for": (response(b"a.b.c", 200, ("Content-Type", "application/token-introspection+jwt")), "not_json"),
    "a page": (response(b"<html>", 200, ("Content-Type", "text/html")), "not_json"),
    "created": (response(KNOWN, 201), "unexpected_status"),
    "a redirect": (response(KNOWN, 302), "redirect"),
    "an answer with 404": (response(KNOWN, 404), "unexpected_status"),
    "a failure": (response({"error": "server_error"}, 500), "unexpected_status"),
    "401 and a challenge, 2.3": (response(b"", 401, ("WWW-Authenticate", 'Bearer error="invalid_token"')), "unexpected_status"),
    "401 and an error, 2.3": (response({"error": "invalid_client"}, 401), "invalid_client"),
    "403 and an error": (response({"error": "insufficient_scope"}, 403), "insufficient_scope"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "outcome"), REFUSED.values(), ids=REFUSED)
def test_answers_that_are_refused(answer: HttpResponse, outcome: str) -> None:
    with pytest.raises((OAuthError, ProtocolError)) as refusal:
        run(introspect(API, Secret("t-1")), send=lambda _: answer)
    assert outcome in (getattr(refusal.value, "error", None), getattr(refusal.value, "reason", None))
    assert getattr(refusal.value, "status", None) == answer.status
    assert "t-1" not in str(refusal.value)


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.lists(st.text(), max_size=2)
)
HEADERS = st.sampled_from(
    [(JSON,), (), (("Content-Type", "text/html"),), (("WWW-Authenticate", "x"), ("Retry-After", "5"))]
)


@given(
    st.integers(100, 599) | st.just(200),
    HEADERS,
    st.binary(max_size=50)
    | st.dictionaries(st.sampled_from([*KNOWN, "error", "x"]), VALUES).map(
        lambda changes: json.dumps({**KNOWN, **changes}).encode()
    ),
)
def test_any_answer_gives_a_value_or_a_refusal(status: int, headers: Any, body: bytes) -> None:
    try:
        found = parse_introspection_response(HttpResponse(status=status, headers=headers, body=body))
    except RejectedError:
        return
    assert status == 200
    assert found.active or found == Introspection(active=False)
