"""Discovery: which URL, whose document, and what of it counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JWK, JWKS, JwtkitError, MalformedError, NotAllowedError, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import (
    HttpRequest,
    HttpResponse,
    ServerMetadata,
    discover,
    discovery_request,
    jwks_request,
    parse_discovery_response,
    parse_jwks_response,
    run,
)

ISSUER = "https://auth.example.com"
GOOD: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
    "scopes_supported": ["a", "b"],
    "code_challenge_methods_supported": ["S256"],
    "authorization_response_iss_parameter_supported": True,
    "something_else": {"kept": [1]},
}


def response(members: Any, status: int = 200, content_type: str = "application/json") -> HttpResponse:
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return HttpResponse(status=status, headers=(("content-type", content_type),), body=body)


@pytest.mark.parametrize(
    ("issuer", "kind", "url"),
    [
        ("https://a.example", "oauth", "https://a.example/.well-known/oauth-authorization-server"),
        ("https://a.example/", "oauth", "https://a.example/.well-known/oauth-authorization-server"),
        ("https://a.example/t/1", "oauth", "https://a.example/.well-known/oauth-authorization-server/t/1"),
        ("https://a.example/t/", "oauth", "https://a.example/.well-known/oauth-authorization-server/t"),
        ("https://a.example:8443/t", "oauth", "https://a.example:8443/.well-known/oauth-authorization-server/t"),
        ("https://a.example", "openid", "https://a.example/.well-known/openid-configuration"),
        ("https://a.example/t/", "openid", "https://a.example/t/.well-known/openid-configuration"),
    ],
)
def test_where_to_ask(issuer: str, kind: Any, url: str) -> None:
    request = discovery_request(issuer, kind=kind)
    assert (request.method, request.url, request.body) == ("GET", url, b"")


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "auth.example.com",
        "http://a.example",
        "http://127.0.0.1",
        "https://a.example?x=1",
        "https://a.example#f",
        None,
        5,
    ],
)
def test_issuers_that_are_none(issuer: Any) -> None:
    with pytest.raises(UsageError, match="issuer"):
        discovery_request(issuer)
    with pytest.raises(UsageError, match="issuer"):
        discover(issuer)
    with pytest.raises(UsageError, match="issuer"):
        ServerMetadata.parse("{}", issuer=issuer)


def test_reads_what_it_knows_and_keeps_the_rest() -> None:
    for source in (GOOD, json.dumps(GOOD), json.dumps(GOOD).encode()):
        server = ServerMetadata.parse(source, issuer=ISSUER)
        assert server.token_endpoint == f"{ISSUER}/token"
        assert server.scopes_supported == ("a", "b")
        assert server.response_types_supported is None
        assert server.authorization_response_iss_parameter_supported is True
        assert server.extra == {"something_else": {"kept": (1,)}}
        assert not server.allow_http_loopback


def change(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


REFUSED: dict[str, tuple[Any, type[JwtkitError], str]] = {
    "another issuer": (change(issuer="https://evil.example"), ProtocolError, "issuer_mismatch"),
    "issuer with a slash": (change(issuer=f"{ISSUER}/"), ProtocolError, "issuer_mismatch"),
    "issuer in another case": (change(issuer="https://AUTH.example.com"), ProtocolError, "issuer_mismatch"),
    "issuer absent": ({}, ProtocolError, "issuer_mismatch"),
    "issuer a list": (change(issuer=[ISSUER]), ProtocolError, "issuer_mismatch"),
    "endpoint over http": (change(token_endpoint="http://auth.example.com/t"), ProtocolError, "not_https"),
    "endpoint on loopback": (change(token_endpoint="http://127.0.0.1/t"), ProtocolError, "not_https"),
    "keys in a file": (change(jwks_uri="file:///etc/passwd"), ProtocolError, "not_https"),
    "endpoint with a fragment": (change(authorization_endpoint=f"{ISSUER}/#x"), ProtocolError, "not_https"),
    "endpoint with a newline": (change(token_endpoint=f"{ISSUER}/\r\nX: y"), ProtocolError, "not_https"),
    "endpoint a number": (change(token_endpoint=5), ProtocolError, "bad_member"),
    "list a str": (change(scopes_supported="a b"), ProtocolError, "bad_member"),
    "list of numbers": (change(code_challenge_methods_supported=[1]), ProtocolError, "bad_member"),
    "flag a str": (change(authorization_response_iss_parameter_supported="true"), ProtocolError, "bad_member"),
    "no JSON": ("x", MalformedError, ""),
    "array": ("[]", MalformedError, ""),
    "duplicate member": ('{"issuer":"a","issuer":"b"}', MalformedError, ""),
    "too large": ("x" * 2_000_000, NotAllowedError, ""),
    "a type of no document": (5, UsageError, ""),
}


@pytest.mark.parametrize(("source", "error", "reason"), REFUSED.values(), ids=REFUSED)
def test_refuses(source: Any, error: type[JwtkitError], reason: str) -> None:
    with pytest.raises(error) as refusal:
        ServerMetadata.parse(source, issuer=ISSUER)
    if isinstance(refusal.value, ProtocolError):
        assert refusal.value.reason == reason


NOTHING: dict[str, dict[str, Any]] = {
    "aliases null": {"mtls_endpoint_aliases": None},
    "aliases empty": {"mtls_endpoint_aliases": {}},
    "aliases that are none": {"mtls_endpoint_aliases": {"token_endpoint": "", "revocation_endpoint": None}},
    "endpoints empty": {"revocation_endpoint": "", "end_session_endpoint": ""},
    "endpoints null": {"revocation_endpoint": None, "scopes_supported": ["a", "b"]},
}


@pytest.mark.parametrize("changes", NOTHING.values(), ids=NOTHING)
def test_what_says_nothing_is_left_out(changes: dict[str, Any]) -> None:
    assert ServerMetadata.parse(change(**changes), issuer=ISSUER) == ServerMetadata.parse(GOOD, issuer=ISSUER)


@pytest.mark.parametrize("aliases", ["x", [], 5, False, {"token_endpoint": 5}, {"token_endpoint": "http://a.example"}])
def test_aliases_that_are_none(aliases: Any) -> None:
    with pytest.raises(ProtocolError):
        ServerMetadata.parse(change(mtls_endpoint_aliases=aliases), issuer=ISSUER)


MADE: dict[str, dict[str, Any]] = {
    "issuer over http": {"issuer": "http://auth.example.com"},
    "issuer with a query": {"issuer": f"{ISSUER}?x"},
    "issuer a number": {"issuer": 5},
    "endpoint over http": {"token_endpoint": "http://auth.example.com/t"},
    "endpoint a number": {"token_endpoint": 5},
    "endpoint empty": {"token_endpoint": ""},
    "list a text": {"scopes_supported": "openid"},
    "list of numbers": {"scopes_supported": (5,)},
    "list a number": {"scopes_supported": 5},
    "flag a text": {"backchannel_logout_supported": "true"},
    "no aliases": {"mtls_endpoint_aliases": None},
    "aliases over http": {"mtls_endpoint_aliases": {"token_endpoint": "http://a.example"}},
    "aliases of nothing": {"mtls_endpoint_aliases": {"token_endpoint": None}},
}


@pytest.mark.parametrize("fields", MADE.values(), ids=MADE)
def test_mistakes_of_the_program_are_its_own(fields: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(fields))):
        ServerMetadata(**{"issuer": ISSUER, **fields})


def test_http_on_loopback_when_allowed() -> None:
    issuer = "http://127.0.0.1:5000"
    members = {"issuer": issuer, "token_endpoint": f"{issuer}/token"}
    assert ServerMetadata.parse(members, issuer=issuer, allow_http_loopback=True).allow_http_loopback
    members["token_endpoint"] = "http://a.example/token"
    with pytest.raises(ProtocolError, match="allow_http_loopback"):
        ServerMetadata.parse(members, issuer=issuer, allow_http_loopback=True)


RESPONSES: dict[str, tuple[HttpResponse, str]] = {
    "redirect": (response({}, status=302), "redirect"),
    "not modified": (response(b"", status=304), "unexpected_status"),
    "server error with a page": (response(b"<html>", status=502, content_type="text/html"), "not_json"),
    "a page": (response(b"<html>", content_type="text/html"), "not_json"),
    "no content type": (HttpResponse(status=200, body=json.dumps(GOOD).encode()), "not_json"),
    "no JSON": (response(b"{"), "not_json"),
    "not UTF-8": (response(b"\xff"), "not_json"),
    "duplicate member": (response(b'{"a":1,"a":2}'), "not_json"),
    "deep": (response(b'{"a":' + b"[" * 50_000), "not_json"),
    "another status": (response(GOOD, status=201), "unexpected_status"),
    "not found": (response({}, status=404), "unexpected_status"),
    "too large": (response(b" " * 1_100_000), "too_large"),
    "another issuer": (response(change(issuer="https://evil.example")), "issuer_mismatch"),
}


@pytest.mark.parametrize(("answer", "reason"), RESPONSES.values(), ids=RESPONSES)
def test_responses(answer: HttpResponse, reason: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_discovery_response(answer, issuer=ISSUER)
    assert refusal.value.reason == reason
    assert refusal.value.status in (None, answer.status)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/json ;x=y"]
)
def test_content_types(content_type: str) -> None:
    assert parse_discovery_response(response(GOOD, content_type=content_type), issuer=ISSUER).issuer == ISSUER


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_discover_asks_the_openid_document_where_there_is_no_other(status: int) -> None:
    asked: list[str] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request.url)
        return response(GOOD) if request.url.endswith("openid-configuration") else response({}, status=status)

    assert run(discover(ISSUER), send=send).issuer == ISSUER
    assert asked == [
        f"{ISSUER}/.well-known/oauth-authorization-server",
        f"{ISSUER}/.well-known/openid-configuration",
    ]


@pytest.mark.parametrize("status", [200, 302, 500])
def test_discover_believes_the_first_answer(status: int) -> None:
    asked: list[str] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request.url)
        return response(change(issuer="https://evil.example"), status=status)

    with pytest.raises(ProtocolError):
        run(discover(ISSUER), send=send)
    assert len(asked) == 1


# --- key sets

SERVER = ServerMetadata.parse(GOOD, issuer=ISSUER)
KEYS = JWKS([JWK.generate("ES256", kid="k").public()])


@pytest.mark.parametrize("content_type", ["application/json", "application/jwk-set+json"])
def test_key_set(content_type: str) -> None:
    assert jwks_request(SERVER).url == f"{ISSUER}/jwks"
    answer = response(KEYS.to_dict(), content_type=content_type)
    assert list(parse_jwks_response(answer)) == list(KEYS)


def test_a_server_without_keys() -> None:
    with pytest.raises(UsageError, match="jwks_uri"):
        jwks_request(ServerMetadata(issuer=ISSUER))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(response(KEYS.to_dict(), status=500), ProtocolError, id="status"),
        pytest.param(response(KEYS.to_dict(), status=302), ProtocolError, id="redirect"),
        pytest.param(response(b"x", content_type="text/plain"), ProtocolError, id="content type"),
        pytest.param(response({"keys": 5}), MalformedError, id="no array"),
        pytest.param(response({}), MalformedError, id="no keys"),
    ],
)
def test_key_set_refuses(answer: HttpResponse, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        parse_jwks_response(answer)


PARSERS: list[Callable[[HttpResponse], object]] = [
    lambda answer: parse_discovery_response(answer, issuer=ISSUER),
    parse_jwks_response,
]


@given(
    st.sampled_from(PARSERS),
    st.integers(100, 599),
    st.sampled_from(["application/json", "text/html", "", "application/jwk-set+json"]),
    st.binary(max_size=60) | st.sampled_from([b"{}", b'{"keys":[]}', b'{"issuer":"https://auth.example.com"}']),
)
def test_any_response_gives_a_value_or_a_refusal(
    parser: Callable[[HttpResponse], object], status: int, content_type: str, body: bytes
) -> None:
    try:
        assert parser(response(body, status, content_type)) is not None
    except RejectedError:
        pass


@given(
    st.dictionaries(
        st.sampled_from(sorted(GOOD)), st.none() | st.integers() | st.text() | st.lists(st.text()), max_size=5
    )
)
def test_any_document_gives_metadata_or_a_refusal(members: dict[str, Any]) -> None:
    try:
        assert ServerMetadata.parse({"issuer": ISSUER, **members}, issuer=ISSUER).issuer == ISSUER
    except RejectedError:
        pass
