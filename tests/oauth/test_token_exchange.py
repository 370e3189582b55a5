"""Token exchange (oauth.md 4.8, RFC 8693): which tokens go out, and what kind comes back."""

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
    Secret,
    ServerMetadata,
    TokenExchangeFlow,
    TokenSet,
    TokenType,
    parse_token_exchange_response,
    run,
    token_exchange_request,
)

ISSUER = "https://auth.example.com"
NOW = 1_800_000_000.0
SERVER = ServerMetadata(issuer=ISSUER, token_endpoint=f"{ISSUER}/token")
API = Client(server=SERVER, client_id="api", auth=ClientSecretBasic(Secret("s3cret")))
JSON = ("Content-Type", "application/json")
GRANT = ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
SIGNED = Token.sign(Claims(sub="alice"), JWK.generate("HS256"), lifetime=60)
SUBJECT: dict[str, Any] = {"subject_token": Secret("st-1"), "subject_token_type": TokenType.ACCESS_TOKEN}
ISSUED = {"access_token": "at-1", "issued_token_type": ACCESS, "token_type": "Bearer", "expires_in": 60}


def response(members: Any, status: int = 200, *headers: tuple[str, str]) -> HttpResponse:
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return HttpResponse(status=status, headers=headers or (JSON,), body=body)


def fields(request: HttpRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)


# --- the request, section 2.1

OWN = [GRANT, ("subject_token", "st-1"), ("subject_token_type", ACCESS)]
REQUESTS: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "the least": (SUBJECT, OWN),
    "a type as text": ({**SUBJECT, "subject_token_type": JWT}, [*OWN[:2], ("subject_token_type", JWT)]),
    "a type of another's": ({**SUBJECT, "subject_token_type": "https://x.example/t"}, [*OWN[:2], ("subject_token_type", "https://x.example/t")]),
    "a token that was signed here": ({"subject_token": SIGNED, "subject_token_type": JWT}, [GRANT, ("subject_token", SIGNED.compact), ("subject_token_type", JWT)]),
    "on behalf": (
        {**SUBJECT, "actor_token": Secret("ac-1"), "actor_token_type": TokenType.JWT},
        [*OWN, ("actor_token", "ac-1"), ("actor_token_type", JWT)],
    ),
    "a type that is wanted": ({**SUBJECT, "requested_token_type": TokenType.SAML2}, [*OWN, ("requested_token_type", "urn:ietf:params:oauth:token-type:saml2")]),
    "several audiences": ({**SUBJECT, "audience": ["one", "two"]}, [*OWN, ("audience", "one"), ("audience", "two")]),
    "several resources": (
        {**SUBJECT, "resource": ["https://a.example", "https://b.example"]},
        [*OWN, ("resource", "https://a.example"), ("resource", "https://b.example")],
    ),
    "scope": ({**SUBJECT, "scope": ["x", "y"]}, [*OWN, ("scope", "x y")]),
    "extra": ({**SUBJECT, "extra": {"tenant": "5"}}, [*OWN, ("tenant", "5")]),
}  # fmt: skip


@pytest.mark.parametrize(("named", "sent"), REQUESTS.values(), ids=REQUESTS)
def test_requests(named: dict[str, Any], sent: list[tuple[str, str]]) -> None:
    request = token_exchange_request(API, **named)
    assert sorted(fields(request)) == sorted(sent)
    assert dict(request.headers)["Authorization"].startswith("Basic ")
    assert "st-1" not in repr(request)


def test_the_types() -> None:
    assert {kind.name.lower(): kind.value for kind in TokenType} == {
        name: f"urn:ietf:params:oauth:token-type:{name}"
        for name in ("access_token", "refresh_token", "id_token", "saml1", "saml2", "jwt")
    }


MISTAKES: dict[str, dict[str, Any]] = {
    "subject token a str": {**SUBJECT, "subject_token": "st-1"},
    "subject token None": {**SUBJECT, "subject_token": None},
    "subject type no URI": {**SUBJECT, "subject_token_type": "access_token"},
    "subject type empty": {**SUBJECT, "subject_token_type": ""},
    "subject type with a fragment": {**SUBJECT, "subject_token_type": "https://x.example/#t"},
    "subject type None": {**SUBJECT, "subject_token_type": None},
    "actor token without its type": {**SUBJECT, "actor_token": Secret("ac-1")},
    "actor type without a token": {**SUBJECT, "actor_token_type": JWT},
    "actor token a str": {**SUBJECT, "actor_token": "ac-1", "actor_token_type": JWT},
    "actor type no URI": {**SUBJECT, "actor_token": Secret("ac-1"), "actor_token_type": "jwt"},
    "requested type no URI": {**SUBJECT, "requested_token_type": "jwt"},
    "requested type a number": {**SUBJECT, "requested_token_type": 5},
    "audience a str": {**SUBJECT, "audience": "one"},
    "audience empty": {**SUBJECT, "audience": [""]},
    "audience of a number": {**SUBJECT, "audience": [5]},
    "audience a number": {**SUBJECT, "audience": 5},
    "audience None": {**SUBJECT, "audience": None},
    "resource a str": {**SUBJECT, "resource": "https://a.example"},
    "resource relative": {**SUBJECT, "resource": ["/a"]},
    "scope a str": {**SUBJECT, "scope": "x"},
    **{
        f"extra has {name}": {**SUBJECT, "extra": {name: "x"}}
        for name in (
            "grant_type", "subject_token", "subject_token_type", "actor_token", "actor_token_type",
            "requested_token_type", "audience", "resource", "scope", "client_id", "client_secret",
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("named", MISTAKES.values(), ids=MISTAKES)
def test_mistakes(named: dict[str, Any]) -> None:
    for ask in (lambda: token_exchange_request(API, **named), lambda: TokenExchangeFlow(API).exchange(**named)):
        with pytest.raises(UsageError) as refusal:
            ask()
        assert "st-1" not in str(refusal.value)


def test_the_flow_needs_a_client() -> None:
    with pytest.raises(UsageError, match="must be Client"):
        TokenExchangeFlow("api")  # type: ignore[arg-type]  # the mistake under test


# --- the answer, section 2.2


def test_the_flow() -> None:
    asked: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return response(ISSUED)

    tokens = run(
        TokenExchangeFlow(API).exchange(**SUBJECT, scope=iter(["x"]), audience=iter(["one"]), now=NOW), send=send
    )
    assert (tokens.access_token.reveal(), tokens.expires_at, tokens.scope) == ("at-1", NOW + 60, ("x",))
    assert tokens.issued_token_type == TokenType.ACCESS_TOKEN
    assert sorted(fields(asked[0])) == sorted([*OWN, ("scope", "x"), ("audience", "one")])


ANSWERS: dict[str, tuple[dict[str, Any], Callable[[TokenSet], bool]]] = {
    "no access token": ({"token_type": "N_A", "issued_token_type": JWT}, lambda t: t.token_type == "N_A"),
    "N_A in another case, 6749 section 5.1": ({"token_type": "n_a"}, lambda t: t.token_type == "n_a"),
    "a type of another's": ({"issued_token_type": "urn:x:y"}, lambda t: t.issued_token_type == "urn:x:y"),
    "a refresh token": ({"refresh_token": "rt"}, lambda t: t.refresh_token == Secret("rt")),
    "no end": ({"expires_in": None}, lambda t: t.expires_at is None),
    "less scope": ({"scope": "y"}, lambda t: t.scope == ("y",)),
    "spaces, where no header has to carry it": (
        {"token_type": "N_A", "access_token": "<a b>"},
        lambda t: t.access_token == Secret("<a b>"),
    ),
}


@pytest.mark.parametrize(("changes", "holds"), ANSWERS.values(), ids=ANSWERS)
def test_answers(changes: dict[str, Any], holds: Callable[[TokenSet], bool]) -> None:
    assert holds(parse_token_exchange_response(response({**ISSUED, **changes}), requested_scope=["x"]))


REFUSED: dict[str, tuple[HttpResponse, str]] = {
    "no issued_token_type": (response({**ISSUED, "issued_token_type": None}), "bad_member"),
    "issued_token_type empty": (response({**ISSUED, "issued_token_type": ""}), "bad_member"),
    "issued_token_type a number": (response({**ISSUED, "issued_token_type": 5}), "bad_member"),
    "no token_type": (response({**ISSUED, "token_type": None}), "bad_member"),
    "token_type unknown": (response({**ISSUED, "token_type": "mac"}), "token_type"),
    "no token": (response({**ISSUED, "access_token": None}), "bad_member"),
    "invalid_request": (response({"error": "invalid_request"}, 400), "invalid_request"),
    "invalid_target, 2.2.2": (response({"error": "invalid_target"}, 400), "invalid_target"),
    "a page": (response(b"<html>", 404, ("Content-Type", "text/html")), "not_json"),
}


@pytest.mark.parametrize(("answer", "outcome"), REFUSED.values(), ids=REFUSED)
def test_answers_that_are_refused(answer: HttpResponse, outcome: str) -> None:
    with pytest.raises((OAuthError, ProtocolError)) as refusal:
        run(TokenExchangeFlow(API).exchange(**SUBJECT), send=lambda _: answer)
    assert outcome in (getattr(refusal.value, "error", None), getattr(refusal.value, "reason", None))
    assert "st-1" not in str(refusal.value)


def test_a_program_that_wants_an_access_token_only() -> None:
    with pytest.raises(ProtocolError, match="cannot use"):
        parse_token_exchange_response(response({**ISSUED, "token_type": "N_A"}), token_types=["bearer"])


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
    | st.dictionaries(st.sampled_from([*ISSUED, "scope", "error"]), VALUES).map(
        lambda changes: json.dumps({**ISSUED, **changes}).encode()
    ),
)
def test_any_answer_gives_tokens_or_a_refusal(status: int, headers: Any, body: bytes) -> None:
    try:
        tokens = parse_token_exchange_response(HttpResponse(status=status, headers=headers, body=body), now=NOW)
    except RejectedError:
        return
    assert tokens.issued_token_type
    assert TokenSet.from_json(tokens.to_json()) == tokens
