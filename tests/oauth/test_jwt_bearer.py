"""The JWT bearer grant (RFC 7523 section 2.1): an assertion goes out, authenticated or not, and a token comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest

from jwtkit import JWK, Claims, OAuthError, ProtocolError, Token, TokenVerifier, UsageError
from jwtkit.oauth import (
    Client,
    ClientSecretBasic,
    HttpRequest,
    HttpResponse,
    JWTBearerFlow,
    PublicClient,
    Secret,
    ServerMetadata,
    jwt_bearer_request,
    parse_token_response,
    run,
)

ISSUER = "https://auth.example.com"
NOW = 1_800_000_000.0
SERVER = ServerMetadata(issuer=ISSUER, token_endpoint=f"{ISSUER}/token")
APP = Client(server=SERVER, client_id="app", auth=PublicClient())
WEB = Client(server=SERVER, client_id="web", auth=ClientSecretBasic(Secret("s3cret")))
JSON = ("Content-Type", "application/json")
GRANT = ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
KEY = JWK.generate("ES256")
ASSERTION = Token.sign(Claims(iss="https://idp.example", sub="alice", aud=ISSUER), KEY, lifetime=60, now=NOW)
TOKENS = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 60}


def response(members: Any, status: int = 200, *headers: tuple[str, str]) -> HttpResponse:
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return HttpResponse(status=status, headers=headers or (JSON,), body=body)


def fields(request: HttpRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)


REQUESTS: dict[str, tuple[Client, Token | Secret, dict[str, Any], list[tuple[str, str]]]] = {
    "a token": (APP, ASSERTION, {}, [("assertion", ASSERTION.compact), ("client_id", "app")]),
    "the text of one": (APP, Secret("a.b.c"), {}, [("assertion", "a.b.c"), ("client_id", "app")]),
    "authenticated": (WEB, ASSERTION, {}, [("assertion", ASSERTION.compact)]),
    "scope": (WEB, Secret("x"), {"scope": ["a", "b"]}, [("assertion", "x"), ("scope", "a b")]),
    "resource": (WEB, Secret("x"), {"resource": ["urn:a", "urn:b"]}, [("assertion", "x"), ("resource", "urn:a"), ("resource", "urn:b")]),
    "extra": (WEB, Secret("x"), {"extra": {"requested_token_use": "on_behalf_of"}}, [("assertion", "x"), ("requested_token_use", "on_behalf_of")]),
}  # fmt: skip


@pytest.mark.parametrize(("client", "assertion", "named", "sent"), REQUESTS.values(), ids=REQUESTS)
def test_requests(
    client: Client, assertion: Token | Secret, named: dict[str, Any], sent: list[tuple[str, str]]
) -> None:
    request = jwt_bearer_request(client, assertion, **named)
    assert fields(request) == [GRANT, *sent]
    assert ("Authorization" in dict(request.headers)) is (client is WEB)
    assert ASSERTION.compact not in repr(request)


def test_the_flow() -> None:
    asked: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return response(TOKENS)

    tokens = run(JWTBearerFlow(APP).token(ASSERTION, scope=["a"], now=NOW), send=send)
    assert (tokens.access_token.reveal(), tokens.scope, tokens.expires_at) == ("at-1", ("a",), NOW + 60)
    sent = dict(fields(asked[0]))["assertion"]
    verifier = TokenVerifier(keys=KEY.public(), algorithms=["ES256"], issuer="https://idp.example", audience=ISSUER)
    assert verifier.verify(sent, now=NOW).sub == "alice"


MISTAKES: dict[str, Callable[[], object]] = {
    "no client": lambda: JWTBearerFlow(None),  # type: ignore[arg-type]  # the mistake under test
    "no client to ask": lambda: jwt_bearer_request("app", ASSERTION),  # type: ignore[arg-type]  # the mistake under test
    "an assertion that is text": lambda: JWTBearerFlow(APP).token("a.b.c"),  # type: ignore[arg-type]  # the mistake under test
    "no assertion": lambda: JWTBearerFlow(APP).token(None),  # type: ignore[arg-type]  # the mistake under test
    "claims": lambda: JWTBearerFlow(APP).token(Claims(sub="a")),  # type: ignore[arg-type]  # the mistake under test
    "scope a str": lambda: JWTBearerFlow(APP).token(ASSERTION, scope="a"),
    "resource relative": lambda: JWTBearerFlow(APP).token(ASSERTION, resource=["a"]),
    "extra has assertion": lambda: JWTBearerFlow(APP).token(ASSERTION, extra={"assertion": "x"}),
    "extra has grant_type": lambda: JWTBearerFlow(APP).token(ASSERTION, extra={"grant_type": "x"}),
    "extra has client_assertion": lambda: JWTBearerFlow(APP).token(ASSERTION, extra={"client_assertion": "x"}),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes(mistake: Callable[[], object]) -> None:
    with pytest.raises(UsageError):
        mistake()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param(response({"error": "invalid_grant"}, 400), "invalid_grant", id="assertion refused, 3.1"),
        pytest.param(response({"error": "invalid_client"}, 401), "invalid_client", id="client refused"),
        pytest.param(response({"access_token": "at-1"}), "bad_member", id="no token_type"),
        pytest.param(response({**TOKENS, "token_type": "N_A"}), "token_type", id="not an access token"),
        pytest.param(response(b"<html>", 500, ("Content-Type", "text/html")), "not_json", id="down"),
    ],
)
def test_refusals(answer: HttpResponse, outcome: str) -> None:
    with pytest.raises((OAuthError, ProtocolError)) as refusal:
        run(JWTBearerFlow(APP).token(ASSERTION), send=lambda _: answer)
    assert outcome in (getattr(refusal.value, "error", None), getattr(refusal.value, "reason", None))
    assert ASSERTION.compact not in str(refusal.value)


def test_by_hand() -> None:
    assert parse_token_response(response(TOKENS), requested_scope=["a"]).scope == ("a",)
