"""Revocation as a client (oauth.md 4.5, RFC 7009): what is sent, and when the token is gone."""

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
    PublicClient,
    Secret,
    ServerMetadata,
    parse_revocation_response,
    revocation_request,
    revoke,
    run,
)

ISSUER = "https://auth.example.com"
SERVER = ServerMetadata(issuer=ISSUER, token_endpoint=f"{ISSUER}/t", revocation_endpoint=f"{ISSUER}/revoke")
APP = Client(server=SERVER, client_id="app", auth=PublicClient())
WEB = Client(server=SERVER, client_id="web", auth=ClientSecretBasic(Secret("s3cret")))
JSON = ("Content-Type", "application/json")
SIGNED = Token.sign(Claims(sub="alice"), JWK.generate("HS256"), lifetime=60)


def response(members: Any, status: int = 200, *headers: tuple[str, str]) -> HttpResponse:
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return HttpResponse(status=status, headers=headers or (JSON,), body=body)


def fields(request: HttpRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)


@pytest.mark.parametrize(
    ("client", "token", "hint", "sent"),
    [
        pytest.param(APP, Secret("rt-1"), None, [("token", "rt-1"), ("client_id", "app")], id="public, 2.1"),
        pytest.param(WEB, Secret("rt-1"), None, [("token", "rt-1")], id="authenticated"),
        pytest.param(WEB, SIGNED, None, [("token", SIGNED.compact)], id="a token"),
        pytest.param(WEB, Secret("rt-1"), "refresh_token", [("token", "rt-1"), ("token_type_hint", "refresh_token")], id="with a hint"),
    ],
)  # fmt: skip
def test_the_request(client: Client, token: Secret | Token, hint: str | None, sent: list[tuple[str, str]]) -> None:
    request = revocation_request(client, token, token_type_hint=hint)
    assert (request.method, request.url) == ("POST", f"{ISSUER}/revoke")
    assert fields(request) == sent
    assert ("Authorization" in dict(request.headers)) is (client is WEB)
    assert "rt-1" not in repr(request)


MISTAKES: dict[str, Callable[[], object]] = {
    "no client": lambda: revoke("app", Secret("t")),  # type: ignore[arg-type]  # the mistake under test
    "no endpoint": lambda: revoke(Client(server=ServerMetadata(issuer=ISSUER), client_id="a", auth=APP.auth), Secret("t")),
    "a token that is text": lambda: revoke(APP, "rt-1"),  # type: ignore[arg-type]  # the mistake under test
    "no token": lambda: revoke(APP, None),  # type: ignore[arg-type]  # the mistake under test
    "an empty hint": lambda: revoke(APP, Secret("t"), token_type_hint=""),
    "no response": lambda: parse_revocation_response(None),  # type: ignore[arg-type]  # the mistake under test
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes(mistake: Callable[[], object]) -> None:
    with pytest.raises(UsageError) as refusal:
        mistake()
    assert "rt-1" not in str(refusal.value)


# --- section 2.2

DONE: dict[str, HttpResponse] = {
    "nothing": HttpResponse(status=200),
    "an object": response({}),
    "an error, which 200 denies": response({"error": "invalid_token"}),
    "a page": response(b"<html>", 200, ("Content-Type", "text/html")),
    "octets": response(b"\xff\x00", 200, ("Content-Type", "application/json")),
    "a challenge": response(b"", 200, ("WWW-Authenticate", "Basic")),
}


@pytest.mark.parametrize("answer", DONE.values(), ids=DONE)
def test_the_token_is_gone(answer: HttpResponse) -> None:
    asked: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return answer

    run(revoke(APP, Secret("rt-1"), token_type_hint="refresh_token"), send=send)
    assert len(asked) == 1


REFUSED: dict[str, tuple[HttpResponse, str]] = {
    "unsupported_token_type, 2.2.1": (response({"error": "unsupported_token_type"}, 400), "unsupported_token_type"),
    "invalid_client": (response({"error": "invalid_client"}, 401), "invalid_client"),
    "401 and a challenge": (response(b"", 401, ("WWW-Authenticate", "Basic")), "unexpected_status"),
    "accepted": (HttpResponse(status=202), "not_json"),
    "accepted in JSON": (response({}, 202), "unexpected_status"),
    "a redirect": (response({}, 302), "redirect"),
    "not found": (response(b"<html>", 404, ("Content-Type", "text/html")), "not_json"),
    "an error that is none": (response({"error": 5}, 400), "bad_member"),
    "unavailable": (response(b"", 503, ("Retry-After", "7")), "not_json"),
    "unavailable in JSON": (response({"error": "x"}, 503, JSON, ("Retry-After", "7")), "unexpected_status"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "outcome"), REFUSED.values(), ids=REFUSED)
def test_the_token_counts_still(answer: HttpResponse, outcome: str) -> None:
    with pytest.raises((OAuthError, ProtocolError)) as refusal:
        run(revoke(APP, Secret("rt-1")), send=lambda _: answer)
    error = refusal.value
    assert outcome in (getattr(error, "error", None), getattr(error, "reason", None))
    assert getattr(error, "status", None) == answer.status
    assert getattr(error, "retry_after", None) == (7.0 if answer.status == 503 else None)
    assert "rt-1" not in str(error)


HEADERS = st.sampled_from(
    [(JSON,), (), (("Content-Type", "text/html"),), (("WWW-Authenticate", "x"), ("Retry-After", "5"))]
)


@given(
    st.integers(100, 599) | st.just(200), HEADERS, st.binary(max_size=50) | st.sampled_from([b"{}", b'{"error":"x"}'])
)
def test_any_answer_is_done_or_a_refusal(status: int, headers: Any, body: bytes) -> None:
    try:
        parse_revocation_response(HttpResponse(status=status, headers=headers, body=body))
    except RejectedError:
        assert status != 200
    else:
        assert status == 200
