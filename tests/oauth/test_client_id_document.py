"""Client ID Metadata Documents (oauth.md 4.12 CIMD, draft-ietf-oauth-client-id-metadata-document-02)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JWK, JWKS, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import (
    ClientMetadata,
    HttpResponse,
    client_id_document,
    client_id_document_request,
    is_client_id_url,
    parse_client_id_document_response,
)

URL = "https://app.example.com/client.json"
CALLBACK = "https://app.example.com/cb"
JSON = ("Content-Type", "application/json")
KEY = JWK.generate("ES256", kid="k")
SAID: dict[str, Any] = {"client_id": URL, "client_name": "My app", "redirect_uris": [CALLBACK]}
MISTAKE: Any = 5


def response(members: Any, status: int = 200, content: str = "application/json") -> HttpResponse:
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return HttpResponse(status=status, headers=(("Content-Type", content),), body=body)


# --- the identifier, section 3

URLS = {
    URL: True,
    "https://app.example.com/": True,  # not recommended
    "https://app.example.com:8443/client": True,
    "https://app.example.com/client?v=1": True,  # discouraged
    "https://app.example.com/a/...": True,
    "https://app.example.com/a/.b": True,
    "https://app.example.com/%2e%2e%2e": True,
    "https://app.example.com": False,
    "https://app.example.com?a=/b": False,
    "http://app.example.com/client": False,
    "http://127.0.0.1/client": False,
    "HTTPS://app.example.com/client": False,
    "https://user@app.example.com/client": False,
    "https://user:secret@app.example.com/client": False,
    "https://app.example.com/client#f": False,
    "https://app.example.com/client#": False,
    "https://app.example.com/./client": False,
    "https://app.example.com/a/../client": False,
    "https://app.example.com/a/..": False,
    "https://app.example.com/%2e/client": False,
    "https://app.example.com/%2E%2e/client": False,
    "https://app.example.com/.%2e/client": False,
    "https://app.example.com/a b": False,
    "https://app.example.com\\client": False,
    "https://app.example.com/cli\nent": False,
    "https://äpp.example.com/client": False,
    "https:///client": False,
    "https://[::1].example.com/client": False,
    "https://app.example.com[::1]/client": False,
    "https://[v1.a]/client": False,
    f"https://app.example.com/{'a' * 2048}": False,
    "app": False,
    "": False,
}


@pytest.mark.parametrize(("url", "sound"), URLS.items(), ids=[url[:60] for url in URLS])
def test_identifiers(url: str, sound: bool) -> None:
    assert is_client_id_url(url) is sound
    if sound:
        assert client_id_document_request(url).url == url
        answer = response({**SAID, "client_id": url})
        assert parse_client_id_document_response(answer, client_id=url).client_name == "My app"
        return
    with pytest.raises(ProtocolError):
        client_id_document_request(url)
    with pytest.raises(ProtocolError):
        parse_client_id_document_response(response({**SAID, "client_id": url}), client_id=url)
    with pytest.raises(UsageError):
        client_id_document(url, ClientMetadata(redirect_uris=(CALLBACK,)))


def test_what_is_no_text_is_no_identifier() -> None:
    assert not is_client_id_url(MISTAKE)
    assert not is_client_id_url(None)
    with pytest.raises(UsageError):
        client_id_document_request(MISTAKE)


def test_http_is_named_as_such() -> None:
    with pytest.raises(ProtocolError) as refusal:
        client_id_document_request("http://app.example.com/client")
    assert refusal.value.reason == "not_https"


# --- the request, sections 5 and 8.7


def test_the_request() -> None:
    request = client_id_document_request(URL)
    assert (request.method, request.url, request.body, request.max_bytes) == ("GET", URL, b"", 5 * 1024)
    assert request.headers == (("Accept", "application/json"),)
    assert client_id_document_request(URL, max_bytes=100).max_bytes == 100


# --- the document, section 4

ACCEPTED: dict[str, tuple[dict[str, Any], Callable[[ClientMetadata], bool]]] = {
    "the least": (SAID, lambda metadata: metadata == ClientMetadata(client_name="My app", redirect_uris=(CALLBACK,))),
    "public": ({**SAID, "token_endpoint_auth_method": "none"}, lambda metadata: metadata.token_endpoint_auth_method == "none"),
    "with a key": ({**SAID, "token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS([KEY.public()]).to_dict()}, lambda metadata: metadata.jwks is not None),
    "with a key elsewhere": ({**SAID, "jwks_uri": "https://app.example.com/jwks"}, lambda metadata: metadata.jwks_uri is not None),
    "no redirects where there are none, 4.2": ({"client_id": URL, "grant_types": ["client_credentials"]}, lambda metadata: metadata.redirect_uris is None),
    "a statement, 4.3": ({**SAID, "software_statement": "a.b.c"}, lambda metadata: metadata.extra == {"software_statement": "a.b.c"}),
    "another origin's redirect, 8.1": ({**SAID, "redirect_uris": ["https://other.example/cb"]}, lambda metadata: metadata.redirect_uris == ("https://other.example/cb",)),
}  # fmt: skip


@pytest.mark.parametrize(("members", "holds"), ACCEPTED.values(), ids=ACCEPTED)
@pytest.mark.parametrize(
    "content", ["application/json; charset=utf-8", "application/oauth-client+json", "Application/JSON"]
)
def test_documents(members: dict[str, Any], holds: Callable[[ClientMetadata], bool], content: str) -> None:
    metadata = parse_client_id_document_response(response(members, content=content), client_id=URL)
    assert holds(metadata)
    # What was read can be published again, and is the same.
    assert json.loads(client_id_document(URL, metadata)) == members


PRIVATE = {"keys": [KEY.to_dict(private=True)]}
REFUSED: dict[str, tuple[HttpResponse, str]] = {
    "no client_id": (response({"redirect_uris": [CALLBACK]}), "bad_member"),
    "another client_id": (response({**SAID, "client_id": "https://app.example.com/other"}), "bad_member"),
    "the same with a port, section 3": (response({**SAID, "client_id": "https://app.example.com:443/client.json"}), "bad_member"),
    "the same in another case": (response({**SAID, "client_id": "https://App.example.com/client.json"}), "bad_member"),
    "a list of client_ids": (response({**SAID, "client_id": [URL]}), "bad_member"),
    "client_secret_basic, 4.1": (response({**SAID, "token_endpoint_auth_method": "client_secret_basic"}), "bad_member"),
    "client_secret_post": (response({**SAID, "token_endpoint_auth_method": "client_secret_post"}), "bad_member"),
    "client_secret_jwt": (response({**SAID, "token_endpoint_auth_method": "client_secret_jwt"}), "bad_member"),
    "a secret": (response({**SAID, "client_secret": "s"}), "bad_member"),
    "an end of a secret": (response({**SAID, "client_secret_expires_at": 0}), "bad_member"),
    "a secret that is null": (response({**SAID, "client_secret": None}), "bad_member"),
    "what a registration has": (response({**SAID, "registration_access_token": "t"}), "bad_member"),
    "a private key": (response({**SAID, "jwks": PRIVATE}), "bad_member"),
    "a link that is none, 8.6": (response({**SAID, "client_uri": "javascript:alert(1)"}), "bad_member"),
    "a redirect with a fragment": (response({**SAID, "redirect_uris": [f"{CALLBACK}#x"]}), "bad_member"),
    "localhost": (response({**SAID, "redirect_uris": ["http://localhost/cb"]}), "bad_member"),
    "no redirects, 4.2": (response({"client_id": URL}), "bad_member"),
    "an empty list of redirects": (response({**SAID, "redirect_uris": []}), "bad_member"),
    "a redirect, section 5": (response(SAID, 302), "redirect"),
    "created": (response(SAID, 201), "unexpected_status"),
    "not there": (response({}, 404), "unexpected_status"),
    "a page": (response(b"<html>", content="text/html"), "not_json"),
    "text": (response(SAID, content="text/plain"), "not_json"),
    "JSON by another name": (response(SAID, content="image/svg+json"), "not_json"),
    "no type at all": (HttpResponse(status=200, body=json.dumps(SAID).encode()), "not_json"),
    "an array": (response([SAID]), "not_json"),
    "a member twice": (response(b'{"client_id":"a","client_id":"b"}'), "not_json"),
    "too long, 8.7": (response({**SAID, "client_name": "x" * 5 * 1024}), "too_large"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "reason"), REFUSED.values(), ids=REFUSED)
def test_documents_that_are_refused(answer: HttpResponse, reason: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_client_id_document_response(answer, client_id=URL)
    assert refusal.value.reason == reason


def test_bounds_and_relaxations_are_arguments() -> None:
    long = response({**SAID, "client_name": "x" * 5 * 1024})
    assert parse_client_id_document_response(long, client_id=URL, max_bytes=10_000).client_name is not None
    with pytest.raises(ProtocolError) as refusal:
        parse_client_id_document_response(response(SAID), client_id=URL, max_bytes=10)
    assert refusal.value.reason == "too_large"
    local = response({**SAID, "redirect_uris": ["http://localhost/cb"]})
    metadata = parse_client_id_document_response(local, client_id=URL, allow_localhost=True)
    assert metadata.redirect_uris == ("http://localhost/cb",)


MISTAKES: dict[str, Callable[[], object]] = {
    "no response": lambda: parse_client_id_document_response(MISTAKE, client_id=URL),
    "no metadata": lambda: client_id_document(URL, MISTAKE),
    "no identifier": lambda: client_id_document(MISTAKE, ClientMetadata(redirect_uris=(CALLBACK,))),
    "a shared secret": lambda: client_id_document(
        URL, ClientMetadata(redirect_uris=(CALLBACK,), token_endpoint_auth_method="client_secret_basic")
    ),
    "no redirects": lambda: client_id_document(URL, ClientMetadata()),
    "a bound that is text": lambda: parse_client_id_document_response(
        response(SAID),
        client_id=URL,
        max_bytes="5000",  # type: ignore[arg-type]  # the mistake under test
    ),
    "a bound of nothing": lambda: parse_client_id_document_response(response(SAID), client_id=URL, max_bytes=0),
    "a request with a bound that is text": lambda: client_id_document_request(URL, max_bytes="5000"),  # type: ignore[arg-type]  # the mistake under test
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes(mistake: Callable[[], object]) -> None:
    with pytest.raises(UsageError):
        mistake()


VALUES = st.none() | st.booleans() | st.text(max_size=20) | st.lists(st.text(max_size=20), max_size=2)


@given(
    st.integers(100, 599) | st.just(200),
    st.sampled_from(["application/json", "application/x+json", "text/html", ""]),
    st.binary(max_size=50)
    | st.dictionaries(
        st.sampled_from([*SAID, "jwks", "client_secret", "token_endpoint_auth_method", "grant_types"]), VALUES
    ).map(lambda changes: json.dumps({**SAID, **changes}).encode()),
)
def test_any_answer_gives_a_value_or_a_refusal(status: int, content: str, body: bytes) -> None:
    try:
        metadata = parse_client_id_document_response(response(body, status, content), client_id=URL)
    except RejectedError:
        return
    assert status == 200
    assert json.loads(client_id_document(URL, metadata))["client_id"] == URL


@given(st.text() | st.from_regex(r"\Ahttps://[a-z.]+(/[a-z.%2e]+)*\Z"))
def test_any_text_is_an_identifier_or_is_not(text: str) -> None:
    if is_client_id_url(text):
        assert client_id_document_request(text).url == text
    else:
        with pytest.raises(ProtocolError):
            client_id_document_request(text)
