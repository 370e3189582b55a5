"""What an API says about itself (RFC 9728): where it is asked, whose document counts, and who chooses the server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    UNCHECKED,
    Claims,
    ClaimsError,
    JwtkitError,
    MalformedError,
    NotAllowedError,
    ProtocolError,
    RejectedError,
    SignatureError,
    Token,
    TokenVerifier,
    UsageError,
)
from jwtkit.oauth import (
    HttpRequest,
    HttpResponse,
    ProtectedResourceMetadata,
    arun,
    discover_resource,
    parse_resource_metadata_response,
    resource_metadata_request,
    run,
)

API = "https://api.example.com/v1"
AUTH, OTHER = "https://auth.example.com", "https://other.example.com/tenant"
WELL_KNOWN = ".well-known/oauth-protected-resource"
NOW = 1_800_000_000.0
GOOD: dict[str, Any] = {
    "resource": API,
    "authorization_servers": [AUTH, OTHER],
    "jwks_uri": f"{API}/keys",
    "scopes_supported": ["read", "write"],
    "bearer_methods_supported": ["header"],
    "resource_signing_alg_values_supported": ["ES256"],
    "resource_name": "The API",
    "resource_name#de": "Die API",
    "resource_documentation": "https://docs.example.com",
    "resource_policy_uri": "https://docs.example.com/policy",
    "resource_tos_uri": "https://docs.example.com/terms",
    "tls_client_certificate_bound_access_tokens": True,
    "authorization_details_types_supported": ["payment"],
    "dpop_signing_alg_values_supported": ["ES256"],
    "dpop_bound_access_tokens_required": True,
}


def response(members: Any, status: int = 200, content_type: str = "application/json") -> HttpResponse:
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return HttpResponse(status=status, headers=(("Content-Type", content_type),), body=body)


def change(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


# --- where


@pytest.mark.parametrize(
    ("resource", "url"),
    [
        # RFC 9728 section 3.1: inserted, and only a slash that is the whole path goes
        ("https://a.example", f"https://a.example/{WELL_KNOWN}"),
        ("https://a.example/", f"https://a.example/{WELL_KNOWN}"),
        ("https://a.example/r", f"https://a.example/{WELL_KNOWN}/r"),
        ("https://a.example/r/", f"https://a.example/{WELL_KNOWN}/r/"),
        ("https://a.example/r//", f"https://a.example/{WELL_KNOWN}/r//"),
        ("https://a.example//", f"https://a.example/{WELL_KNOWN}//"),
        ("https://a.example/r?k=v", f"https://a.example/{WELL_KNOWN}/r?k=v"),
        ("https://a.example?k=v", f"https://a.example/{WELL_KNOWN}?k=v"),
        ("https://a.example/?k=v", f"https://a.example/{WELL_KNOWN}?k=v"),
        ("https://a.example/?", f"https://a.example/{WELL_KNOWN}?"),
        ("https://a.example:8443/r", f"https://a.example:8443/{WELL_KNOWN}/r"),
        ("https://A.example/R;x=1/%2f", f"https://A.example/{WELL_KNOWN}/R;x=1/%2f"),
        ("https://[::1]/r", f"https://[::1]/{WELL_KNOWN}/r"),
    ],
)
def test_where_to_ask(resource: str, url: str) -> None:
    request = resource_metadata_request(resource)
    assert (request.method, request.url, request.body) == ("GET", url, b"")


@pytest.mark.parametrize(
    "resource",
    [
        "",
        "api",
        "http://a.example",
        "http://127.0.0.1",
        "https://a.example#f",
        "https://u@a.example",
        "urn:a:b",
        None,
        5,
    ],
)
def test_what_is_no_resource(resource: Any) -> None:
    """RFC 9728 section 1.2: an https URL without fragment."""
    for call in (
        lambda: resource_metadata_request(resource),
        lambda: discover_resource(resource),
        lambda: ProtectedResourceMetadata.parse("{}", resource=resource),
    ):
        with pytest.raises(UsageError, match="resource"):
            call()


def test_loopback_where_it_is_allowed() -> None:
    resource = "http://127.0.0.1:5000/r"
    assert resource_metadata_request(resource, allow_http_loopback=True).url == f"http://127.0.0.1:5000/{WELL_KNOWN}/r"
    members = {"resource": resource, "authorization_servers": ["http://127.0.0.1:5001"]}
    metadata = ProtectedResourceMetadata.parse(members, resource=resource, allow_http_loopback=True)
    assert metadata.allow_http_loopback
    members["authorization_servers"] = ["http://auth.example.com"]
    with pytest.raises(ProtocolError, match="allow_http_loopback"):
        ProtectedResourceMetadata.parse(members, resource=resource, allow_http_loopback=True)


# --- what is in it


def test_reads_what_it_knows_and_keeps_the_rest() -> None:
    for source in (GOOD, json.dumps(GOOD), json.dumps(GOOD).encode()):
        metadata = ProtectedResourceMetadata.parse(source, resource=API)
        for name, value in GOOD.items():
            if "#" not in name:
                assert getattr(metadata, name) == (tuple(value) if isinstance(value, list) else value)
        assert metadata.extra == {"resource_name#de": "Die API"}


def test_nothing_but_the_resource_is_required() -> None:
    metadata = parse_resource_metadata_response(response({"resource": API}), resource=API)
    assert metadata == ProtectedResourceMetadata(resource=API)
    assert metadata.authorization_servers is None
    assert not metadata.dpop_bound_access_tokens_required
    assert ProtectedResourceMetadata.parse({"resource": API, "bearer_methods_supported": []}, resource=API) != metadata


REFUSED: dict[str, tuple[Any, type[JwtkitError], str]] = {
    # RFC 9728 section 3.3: identical, or nothing of it is used
    "another resource": (change(resource="https://evil.example"), ProtocolError, "resource_mismatch"),
    "a final slash": (change(resource=f"{API}/"), ProtocolError, "resource_mismatch"),
    "another case": (change(resource="https://API.example.com/v1"), ProtocolError, "resource_mismatch"),
    "the default port": (change(resource="https://api.example.com:443/v1"), ProtocolError, "resource_mismatch"),
    "the host alone": (change(resource="https://api.example.com"), ProtocolError, "resource_mismatch"),
    "no resource": ({}, ProtocolError, "resource_mismatch"),
    "a list": (change(resource=[API]), ProtocolError, "resource_mismatch"),
    "servers no array": (change(authorization_servers=AUTH), ProtocolError, "bad_member"),
    "servers no strings": (change(authorization_servers=[5]), ProtocolError, "bad_member"),
    "a server over http": (change(authorization_servers=[AUTH, "http://a.example"]), ProtocolError, "not_https"),
    "a server on loopback": (change(authorization_servers=["http://127.0.0.1"]), ProtocolError, "not_https"),
    "a server that is a file": (change(authorization_servers=["file:///etc"]), ProtocolError, "not_https"),
    "a server with a fragment": (change(authorization_servers=[f"{AUTH}#x"]), ProtocolError, "not_https"),
    "a server with a query": (change(authorization_servers=[f"{AUTH}?x=1"]), ProtocolError, "bad_member"),
    "keys over http": (change(jwks_uri="http://api.example.com/keys"), ProtocolError, "not_https"),
    "keys a number": (change(jwks_uri=5), ProtocolError, "bad_member"),
    "scopes a text": (change(scopes_supported="read write"), ProtocolError, "bad_member"),
    "a flag a text": (change(dpop_bound_access_tokens_required="true"), ProtocolError, "bad_member"),
    "a name a list": (change(resource_name=["x"]), ProtocolError, "bad_member"),
    "no JSON": ("x", MalformedError, ""),
    "array": ("[]", MalformedError, ""),
    "duplicate member": ('{"resource":"a","resource":"b"}', MalformedError, ""),
    "too large": ("x" * 2_000_000, NotAllowedError, ""),
    "parsed to something else": (5, UsageError, ""),
}


@pytest.mark.parametrize(("source", "error", "reason"), REFUSED.values(), ids=REFUSED)
def test_refuses(source: Any, error: type[JwtkitError], reason: str) -> None:
    with pytest.raises(error) as refusal:
        ProtectedResourceMetadata.parse(source, resource=API)
    assert getattr(refusal.value, "reason", "") == reason


MADE: dict[str, dict[str, Any]] = {
    "resource over http": {"resource": "http://api.example.com"},
    "resource a number": {"resource": 5},
    "keys over http": {"jwks_uri": "http://api.example.com/keys"},
    "servers a number": {"authorization_servers": 5},
    "servers a text": {"authorization_servers": AUTH},
    "servers no texts": {"authorization_servers": (5,)},
    "a server over http": {"authorization_servers": ("http://auth.example.com",)},
    "a server with a query": {"authorization_servers": (f"{AUTH}?x=1",)},
    "scopes a text": {"scopes_supported": "read"},
    "a name that is none": {"resource_name": 5},
    "a flag that is none": {"dpop_bound_access_tokens_required": "yes"},
}


@pytest.mark.parametrize("fields", MADE.values(), ids=MADE)
def test_mistakes_of_the_program_are_its_own(fields: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(fields))):
        ProtectedResourceMetadata(**{"resource": API, **fields})


@pytest.mark.parametrize("nothing", ["", None], ids=["empty", "null"])
def test_what_says_nothing_is_left_out(nothing: str | None) -> None:
    names = ("jwks_uri", "resource_name", "resource_documentation", "resource_policy_uri", "resource_tos_uri")
    metadata = ProtectedResourceMetadata.parse({"resource": API, **dict.fromkeys(names, nothing)}, resource=API)
    assert metadata == ProtectedResourceMetadata(resource=API)


RESPONSES: dict[str, tuple[HttpResponse, str]] = {
    "redirect": (response(GOOD, 307), "redirect"),
    "not modified": (response(b"", 304), "unexpected_status"),
    "not found": (response({}, 404), "unexpected_status"),
    "201": (response(GOOD, 201), "unexpected_status"),
    "a page": (response(b"<html>", 200, "text/html"), "not_json"),
    "a broken gateway": (response(b"<html>", 502, "text/html"), "not_json"),
    "no JSON": (response(b"{"), "not_json"),
    "too large": (response(b" " * 1_100_000), "too_large"),
    "another resource": (response(change(resource=AUTH)), "resource_mismatch"),
}


@pytest.mark.parametrize(("answer", "reason"), RESPONSES.values(), ids=RESPONSES)
def test_responses(answer: HttpResponse, reason: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        run(discover_resource(API), send=lambda _request: answer)
    assert refusal.value.reason == reason


# --- steps, and the document that a challenge names


def test_discover_resource() -> None:
    asked: list[str] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request.url)
        return response(GOOD)

    async def async_send(request: HttpRequest) -> HttpResponse:
        return send(request)

    metadata = run(discover_resource(API), send=send)
    assert metadata == asyncio.run(arun(discover_resource(API), send=async_send))
    assert asked == [f"https://api.example.com/{WELL_KNOWN}/v1"] * 2


@pytest.mark.parametrize(
    ("requested", "metadata_url", "reason"),
    [
        pytest.param(API, f"https://api.example.com/{WELL_KNOWN}/v1", None, id="the usual place"),
        pytest.param(API, "https://metadata.example.com/api?x=1", None, id="elsewhere"),
        pytest.param(f"{API}/users/5", "https://metadata.example.com/api", "resource_mismatch", id="below it"),
        pytest.param(
            "https://evil.example", f"https://api.example.com/{WELL_KNOWN}/v1", "resource_mismatch", id="of another one"
        ),
        pytest.param(API, "http://metadata.example.com/api", "not_https", id="http"),
        pytest.param(API, "http://127.0.0.1/latest/meta-data", "not_https", id="loopback"),
        pytest.param(API, "file:///etc/passwd", "not_https", id="file"),
        pytest.param(API, "https://metadata.example.com/\r\nX: y", "not_https", id="splits a header"),
        pytest.param(API, "", "not_https", id="empty"),
    ],
)
def test_the_document_that_a_challenge_names(requested: str, metadata_url: str, reason: str | None) -> None:
    """RFC 9728 sections 3.3 and 5.1: it counts only if it is about the URL that was challenged."""
    asked: list[str] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request.url)
        return response(GOOD)

    if reason is None:
        assert run(discover_resource(requested, metadata_url=metadata_url), send=send).resource == requested
        assert asked == [metadata_url]
    else:
        with pytest.raises(ProtocolError) as refusal:
            run(discover_resource(requested, metadata_url=metadata_url), send=send)
        assert refusal.value.reason == reason


# --- who chooses the server


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        pytest.param([AUTH], AUTH, id="the one"),
        pytest.param({OTHER, "https://third.example"}, OTHER, id="the second"),
        pytest.param([OTHER, AUTH], AUTH, id="both: the API's order"),
        pytest.param([], None, id="none accepted"),
        pytest.param([f"{AUTH}/"], None, id="a final slash"),
        pytest.param(["https://third.example"], None, id="another one"),
    ],
)
def test_choice_of_the_server(accepted: Any, chosen: str | None) -> None:
    """RFC 9728 section 7.6."""
    metadata = ProtectedResourceMetadata.parse(GOOD, resource=API)
    if chosen is not None:
        assert metadata.choose_authorization_server(accepted) == chosen
        return
    with pytest.raises(ProtocolError) as refusal:
        metadata.choose_authorization_server(accepted)
    assert refusal.value.reason == "unsupported"


def test_no_choice() -> None:
    with pytest.raises(ProtocolError, match="none"):
        ProtectedResourceMetadata(resource=API).choose_authorization_server([AUTH])
    metadata = ProtectedResourceMetadata(resource=API, authorization_servers=(AUTH,))
    mistakes: list[Any] = [AUTH, None, 5]
    for mistake in mistakes:
        with pytest.raises(UsageError, match="collection"):
            metadata.choose_authorization_server(mistake)


# --- signed metadata

KEY = JWK.generate("ES256", kid="signer")
ATTESTER = "https://federation.example.com"


def signed(members: dict[str, Any], *, key: JWK = KEY, iss: str = ATTESTER) -> str:
    return Token.sign(Claims(iss=iss, exp=NOW + 60, extra=members), key).compact


ACCESS_TOKEN = Token.sign(Claims(iss=ATTESTER, sub="alice", aud="api", client_id="c", exp=NOW + 60), KEY).compact
VERIFIER = TokenVerifier(keys=KEY.public(), algorithms=["ES256"], issuer=ATTESTER, audience=UNCHECKED)


def test_signed_members_win() -> None:
    """RFC 9728 section 2.2; who may attest is the verifier's to say."""
    text = signed({"resource": API, "authorization_servers": [OTHER]})
    document = change(signed_metadata=text)
    metadata = ProtectedResourceMetadata.parse(document, resource=API, signed_metadata_verifier=VERIFIER, now=NOW)
    assert metadata.authorization_servers == (OTHER,)
    assert metadata.jwks_uri == GOOD["jwks_uri"]
    unverified = ProtectedResourceMetadata.parse(document, resource=API)
    assert unverified.authorization_servers == (AUTH, OTHER)
    assert unverified.extra["signed_metadata"] == text


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param(None, ProtocolError, id="left out"),
        pytest.param(5, ProtocolError, id="a number"),
        pytest.param("x", MalformedError, id="no token"),
        pytest.param(
            signed({"resource": API}, key=JWK.generate("ES256", kid="signer")), SignatureError, id="another key"
        ),
        pytest.param(signed({"resource": API}, iss="https://evil.example"), ClaimsError, id="another attester"),
        pytest.param(signed({"resource": AUTH}), ProtocolError, id="about another resource"),
        pytest.param(signed({}), ProtocolError, id="about nothing"),
        pytest.param(ACCESS_TOKEN, ProtocolError, id="an access token"),
        pytest.param(
            signed({"resource": API, "authorization_servers": ["http://a.example"]}),
            ProtocolError,
            id="a server over http",
        ),
    ],
)
def test_signed_metadata_refused(text: Any, error: type[RejectedError]) -> None:
    answer = response(change(signed_metadata=text))
    with pytest.raises(error):
        parse_resource_metadata_response(answer, resource=API, signed_metadata_verifier=VERIFIER, now=NOW)
    steps = discover_resource(API, signed_metadata_verifier=VERIFIER, now=NOW)
    with pytest.raises(error):
        run(steps, send=lambda _request: answer)


# --- anything


@given(
    st.integers(100, 599),
    st.sampled_from(["application/json", "text/html", ""]),
    st.binary(max_size=60)
    | st.dictionaries(
        st.sampled_from(sorted([*GOOD, "signed_metadata"])),
        st.none()
        | st.text(max_size=9)
        | st.sampled_from([API, [AUTH], signed({}), signed({"resource": API})])
        | st.integers()
        | st.just({}),
    ).map(lambda members: json.dumps({"resource": API, **members}).encode()),
    st.booleans(),
)
def test_any_answer_gives_metadata_or_a_refusal(status: int, content_type: str, body: bytes, verify: bool) -> None:
    answer = HttpResponse(status=status, headers=(("Content-Type", content_type),), body=body)
    verifier = VERIFIER if verify else None
    try:
        metadata = parse_resource_metadata_response(answer, resource=API, signed_metadata_verifier=verifier, now=NOW)
    except RejectedError:
        return
    assert (metadata.resource, status) == (API, 200)


@given(st.text(max_size=30))
def test_any_url_of_a_challenge_is_asked_or_refused(metadata_url: str) -> None:
    try:
        assert resource_metadata_request(API, metadata_url=metadata_url).url == metadata_url
    except RejectedError:
        pass
