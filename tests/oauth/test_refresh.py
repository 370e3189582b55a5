"""Refreshing (oauth.md 4.3, RFC 6749 section 6): what is sent, what stays, and what may be asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import OAuthError, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import (
    Client,
    ClientSecretBasic,
    HttpRequest,
    HttpResponse,
    PublicClient,
    RefreshFlow,
    Secret,
    ServerMetadata,
    TokenSet,
    parse_refresh_response,
    refresh_request,
    run,
)

ISSUER = "https://auth.example.com"
NOW = 1_800_000_000.0
SERVER = ServerMetadata(issuer=ISSUER, token_endpoint=f"{ISSUER}/token")
APP = Client(server=SERVER, client_id="app", auth=PublicClient())
JSON = ("Content-Type", "application/json")
OLD = TokenSet(
    access_token=Secret("at-old"),
    token_type="Bearer",
    scope=("a", "b"),
    expires_at=NOW - 1,
    refresh_token=Secret("rt-old"),
    id_token=Secret("it-old"),
    issued_token_type="urn:x",
    extra={"old": True},
)
NEW = {"access_token": "at-new", "token_type": "Bearer", "expires_in": 60}


def response(members: Any, status: int = 200, *headers: tuple[str, str]) -> HttpResponse:
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return HttpResponse(status=status, headers=headers or (JSON,), body=body)


def fields(request: HttpRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)


def refreshed(members: Any, tokens: TokenSet = OLD, **named: Any) -> TokenSet:
    return run(RefreshFlow(APP).refresh(tokens, now=NOW, **named), send=lambda _: response(members))


# --- the request


@pytest.mark.parametrize(
    ("named", "sent"),
    [
        pytest.param({}, [], id="all that was granted"),
        pytest.param({"scope": ["b"]}, [("scope", "b")], id="less"),
        pytest.param({"scope": ["b", "a"]}, [("scope", "b a")], id="the same in another order"),
        pytest.param(
            {"resource": ["https://api.example"]}, [("resource", "https://api.example")], id="8707 section 2.2"
        ),
        pytest.param({"extra": {"audience": "x"}}, [("audience", "x")], id="extra"),
    ],
)
def test_the_request(named: dict[str, Any], sent: list[tuple[str, str]]) -> None:
    request = refresh_request(APP, OLD, **named)
    own = [("grant_type", "refresh_token"), ("refresh_token", "rt-old")]
    assert fields(request) == [*own, *sent, ("client_id", "app")]
    assert request.url == f"{ISSUER}/token"
    assert "rt-old" not in repr(request)


def test_a_confidential_client_authenticates() -> None:
    request = refresh_request(Client(server=SERVER, client_id="web", auth=ClientSecretBasic(Secret("s3cret"))), OLD)
    assert dict(request.headers)["Authorization"].startswith("Basic ")
    assert b"client_id" not in request.body


MISTAKES: dict[str, Callable[[], object]] = {
    "no client": lambda: RefreshFlow("app"),  # type: ignore[arg-type]  # the mistake under test
    "no client to ask": lambda: refresh_request("app", OLD),  # type: ignore[arg-type]  # the mistake under test
    "no tokens": lambda: refresh_request(APP, None),  # type: ignore[arg-type]  # the mistake under test
    "a refresh token alone": lambda: RefreshFlow(APP).refresh(Secret("rt")),  # type: ignore[arg-type]  # the mistake under test
    "tokens in JSON": lambda: RefreshFlow(APP).refresh(OLD.to_json()),  # type: ignore[arg-type]  # the mistake under test
    "no refresh token": lambda: RefreshFlow(APP).refresh(replace(OLD, refresh_token=None)),
    "no refresh token to read for": lambda: parse_refresh_response(response(NEW), tokens=replace(OLD, refresh_token=None)),
    "scope that was not granted": lambda: RefreshFlow(APP).refresh(OLD, scope=["c"]),
    "scope that was granted in part": lambda: RefreshFlow(APP).refresh(OLD, scope=["a", "c"]),
    "scope in another case": lambda: RefreshFlow(APP).refresh(OLD, scope=["A"]),
    "scope beyond the refresh token": lambda: RefreshFlow(APP).refresh(replace(OLD, refresh_scope=("a",)), scope=["b"]),
    "scope a str": lambda: RefreshFlow(APP).refresh(OLD, scope="a"),
    "resource relative": lambda: RefreshFlow(APP).refresh(OLD, resource=["api"]),
    "extra has refresh_token": lambda: RefreshFlow(APP).refresh(OLD, extra={"refresh_token": "x"}),
    "extra has scope": lambda: RefreshFlow(APP).refresh(OLD, extra={"scope": "x"}),
    "no token endpoint": lambda: RefreshFlow(replace(APP, server=ServerMetadata(issuer=ISSUER))).refresh(OLD),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes(mistake: Callable[[], object]) -> None:
    with pytest.raises(UsageError) as refusal:
        mistake()
    assert "rt-old" not in str(refusal.value)


# --- what stays and what is replaced, sections 5.1 and 6


def test_a_new_refresh_token_replaces_the_old_one() -> None:
    tokens = refreshed({**NEW, "refresh_token": "rt-new"})
    assert tokens.refresh_token == Secret("rt-new")
    assert tokens.access_token == Secret("at-new")
    assert tokens.expires_at == NOW + 60


@pytest.mark.parametrize("absent", [{}, {"refresh_token": None}, {"refresh_token": ""}], ids=repr)
def test_without_a_new_one_the_old_one_stays(absent: dict[str, Any]) -> None:
    assert refreshed({**NEW, **absent}).refresh_token is OLD.refresh_token


def test_the_id_token_stays_as_the_very_one_or_is_replaced() -> None:
    assert refreshed(NEW).id_token is OLD.id_token
    assert refreshed({**NEW, "id_token": "it-new"}).id_token == Secret("it-new")


def test_nothing_else_stays() -> None:
    tokens = refreshed({"access_token": "at-new", "token_type": "bearer"})
    assert (tokens.expires_at, tokens.extra, tokens.issued_token_type) == (None, {}, None)
    assert OLD.access_token == Secret("at-old"), "the old set is as it was"


@pytest.mark.parametrize(
    ("asked", "said", "scope", "good_for"),
    [
        pytest.param((), None, ("a", "b"), (), id="as before"),
        pytest.param((), "b a", ("b", "a"), (), id="as the server says"),
        pytest.param((), "a", ("a",), ("a", "b"), id="less, which the server says"),
        pytest.param((), "", (), ("a", "b"), id="nothing, which the server says"),
        pytest.param((), "a b c", ("a", "b", "c"), (), id="more, which is reported"),
        pytest.param(("b",), None, ("b",), ("a", "b"), id="as asked for"),
        pytest.param(("b",), "b", ("b",), ("a", "b"), id="as asked for, and said"),
        pytest.param(("b",), "a b", ("a", "b"), ("a", "b"), id="not as asked for, which is reported"),
    ],
)
def test_scope(asked: tuple[str, ...], said: str | None, scope: tuple[str, ...], good_for: tuple[str, ...]) -> None:
    tokens = refreshed({**NEW, "scope": said}, scope=asked)
    assert (tokens.scope, tokens.refresh_scope) == (scope, good_for)


def test_less_once_is_not_less_for_ever() -> None:
    less = refreshed(NEW, scope=["a"])
    assert less.scope == ("a",)
    kept = TokenSet.from_json(less.to_json())
    assert refreshed(NEW, kept, scope=["b"]).scope == ("b",)
    assert refreshed(NEW, kept).scope == ("a", "b")
    with pytest.raises(UsageError, match="not granted"):
        refreshed(NEW, kept, scope=["c"])


def test_less_for_one_resource_is_not_less_for_the_next() -> None:
    less = refreshed({**NEW, "scope": "a"}, resource=["https://a.example"])
    kept = TokenSet.from_json(less.to_json())
    assert refreshed(NEW, kept, scope=["b"], resource=["https://b.example"]).scope == ("b",)
    assert refreshed(NEW, kept).scope == ("a", "b")


def test_where_nobody_ever_named_a_scope_the_server_decides() -> None:
    unknown = replace(OLD, scope=())
    assert refreshed(NEW, unknown, scope=["x"]).scope == ("x",)
    with pytest.raises(OAuthError):
        refreshed({"error": "invalid_scope"}, unknown, scope=["y"])


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param(response({"error": "invalid_grant"}, 400), "invalid_grant", id="revoked"),
        pytest.param(response({"error": "invalid_client"}, 401), "invalid_client", id="another client"),
        pytest.param(response({**NEW, "access_token": None}), "bad_member", id="no access token"),
        pytest.param(response({**NEW, "token_type": "mac"}), "token_type", id="another type"),
        pytest.param(response({**NEW, "refresh_token": 5}), "bad_member", id="refresh token a number"),
        pytest.param(response(b"<html>", 429, ("Retry-After", "5")), "not_json", id="too many"),
        pytest.param(response({"error": "x"}, 503), "unexpected_status", id="down"),
    ],
)
def test_refusals(answer: HttpResponse, outcome: str) -> None:
    with pytest.raises((OAuthError, ProtocolError)) as refusal:
        run(RefreshFlow(APP).refresh(OLD), send=lambda _: answer)
    assert outcome in (getattr(refusal.value, "error", None), getattr(refusal.value, "reason", None))
    assert "rt-old" not in str(refusal.value)


def test_other_types_when_the_program_can_use_them() -> None:
    tokens = parse_refresh_response(response({**NEW, "token_type": "DPoP"}), tokens=OLD, token_types=["dpop"], now=NOW)
    assert tokens.token_type == "DPoP"
    with pytest.raises(ProtocolError, match="cannot use"):
        parse_refresh_response(response(NEW), tokens=OLD, token_types=["dpop"])


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
    | st.dictionaries(st.sampled_from([*NEW, "refresh_token", "scope", "id_token", "error"]), VALUES).map(
        lambda changes: json.dumps({**NEW, **changes}).encode()
    ),
)
def test_any_answer_gives_tokens_or_a_refusal(status: int, headers: Any, body: bytes) -> None:
    answer = HttpResponse(status=status, headers=headers, body=body)
    try:
        tokens = parse_refresh_response(answer, tokens=OLD, now=NOW)
    except RejectedError:
        return
    assert tokens.refresh_token is not None
    assert TokenSet.from_json(tokens.to_json()) == tokens
