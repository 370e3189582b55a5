"""What an authorization server reads: requests from browsers and from clients."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JwtkitError, MalformedError, ProtocolError, RejectedError
from jwtkit.oauth import (
    PKCE,
    AuthorizationRequest,
    Client,
    ClientSecretBasic,
    InboundRequest,
    Secret,
    ServerMetadata,
    TokenRequest,
    token_request,
)

PAIR = PKCE.generate()
AUTHORIZE: dict[str, Any] = {
    "response_type": "code",
    "client_id": "app",
    "redirect_uri": "https://app.example.com/cb",
    "code_challenge": PAIR.challenge,
    "code_challenge_method": "S256",
    "scope": "a b",
    "state": "xyz",
}


def changed(fields: dict[str, Any], changes: dict[str, Any]) -> str:
    return urlencode({name: value for name, value in {**fields, **changes}.items() if value is not ...})


def test_authorization_request() -> None:
    request = AuthorizationRequest.parse(changed(AUTHORIZE, {"unknown": "x"}))
    assert (request.client_id, request.scope, request.state) == ("app", ("a", "b"), "xyz")
    assert PAIR.matches(request.code_challenge)
    assert "xyz" not in repr(request)
    bare = AuthorizationRequest.parse(changed(AUTHORIZE, {"scope": ..., "state": ...}))
    assert (bare.scope, bare.state) == ((), None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        *[({name: missing}, "missing_parameter") for name in list(AUTHORIZE)[:4] for missing in (..., "")],
        ({"response_type": "token"}, "bad_member"),
        ({"response_type": "code id_token"}, "bad_member"),
        ({"code_challenge_method": ...}, "bad_member"),
        ({"code_challenge_method": "plain"}, "bad_member"),
        ({"code_challenge_method": "s256"}, "bad_member"),
        ({"code_challenge": "short"}, "bad_member"),
        ({"redirect_uri": "/cb"}, "bad_member"),
        ({"redirect_uri": "https://app.example.com/cb#f"}, "bad_member"),
        ({"redirect_uri": "javascript:alert(1)"}, "bad_member"),
        ({"scope": 'a "b"'}, "bad_member"),
    ],
)
def test_authorization_request_refuses(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        AuthorizationRequest.parse(changed(AUTHORIZE, changes))
    assert refusal.value.reason == reason


def test_authorization_request_refuses_duplicates() -> None:
    with pytest.raises(ProtocolError) as refusal:
        AuthorizationRequest.parse(changed(AUTHORIZE, {}) + "&client_id=other")
    assert refusal.value.reason == "duplicate_parameter"


REDEEM: dict[str, Any] = {
    "grant_type": "authorization_code",
    "code": "c0de",
    "redirect_uri": "https://app.example.com/cb",
    "code_verifier": PAIR.verifier,
    "client_id": "app",
}


def basic(text: str | bytes) -> str:
    return "Basic " + b64encode(text.encode() if isinstance(text, str) else text).decode()


def inbound(
    changes: dict[str, Any] | None = None,
    *authorization: str,
    method: str = "POST",
    form: bool = True,
    body: Any = None,
) -> InboundRequest:
    headers = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")] if form else []
    headers += [("Authorization", value) for value in authorization]
    content = changed(REDEEM, changes or {}).encode() if body is None else body
    return InboundRequest(method=method, url="/token", headers=tuple(headers), body=content)


def test_token_request_of_a_public_client() -> None:
    request = TokenRequest.parse(inbound())
    assert (request.grant_type, request.client_id, request.client_secret) == ("authorization_code", "app", None)
    assert request.code == Secret("c0de")
    assert request.code_verifier is not None
    assert request.code_verifier.matches(PAIR.challenge)
    assert "c0de" not in repr(request)
    assert PAIR.verifier not in repr(request)


@pytest.mark.parametrize("client_id", [..., "web basic"])
def test_token_request_with_basic(client_id: Any) -> None:
    request = TokenRequest.parse(inbound({"client_id": client_id}, basic("web+basic:a%3Ab%2Fc%2Bd+%25%7Ee")))
    assert (request.client_id, request.client_secret) == ("web basic", Secret("a:b/c+d %~e"))


def test_token_request_with_a_secret_in_the_form() -> None:
    request = TokenRequest.parse(inbound({"grant_type": "client_credentials", "client_secret": "s", "scope": "a b"}))
    assert (request.client_secret, request.scope) == (Secret("s"), ("a", "b"))


def test_what_our_client_sends_our_server_reads() -> None:
    server = ServerMetadata(issuer="https://a.example", token_endpoint="https://a.example/token")
    client = Client(server=server, client_id="ä:b c", auth=ClientSecretBasic(Secret("d%e+f~g:h€")))
    sent = token_request(client, (("grant_type", "client_credentials"),))
    read = TokenRequest.parse(InboundRequest(method=sent.method, url="/token", headers=sent.headers, body=sent.body))
    assert (read.client_id, read.client_secret) == ("ä:b c", Secret("d%e+f~g:h€"))


REFUSED: dict[str, tuple[InboundRequest, type[JwtkitError]]] = {
    "GET": (inbound(method="GET"), ProtocolError),
    "no content type": (inbound(form=False), ProtocolError),
    "no grant_type": (inbound({"grant_type": ...}), ProtocolError),
    "no client": (inbound({"client_id": ...}), ProtocolError),
    "scope with quotes": (inbound({"scope": '"'}), ProtocolError),
    "a verifier that is none": (inbound({"code_verifier": "short"}), MalformedError),
    "a parameter twice": (inbound(body=b"grant_type=a&grant_type=b&client_id=x"), ProtocolError),
    "not UTF-8": (inbound(body=b"grant_type=%FF"), MalformedError),
    "not ASCII": (inbound(body=b"grant_type=\xff"), MalformedError),
    "too large": (inbound(body=b"a" * 100_000), MalformedError),
    "two methods": (inbound({"client_secret": "s"}, basic("app:s")), ProtocolError),
    "two headers": (inbound({}, basic("app:s"), basic("app:s")), ProtocolError),
    "two clients": (inbound({}, basic("other:s")), ProtocolError),
    "Bearer": (inbound({}, "Bearer abc"), ProtocolError),
    "no base64": (inbound({}, "Basic ???"), MalformedError),
    "base64 without padding": (inbound({}, "Basic YTpiYw"), MalformedError),
    "no colon": (inbound({}, basic("app")), MalformedError),
    "no secret": (inbound({}, basic("app:")), MalformedError),
    "no name": (inbound({}, basic(":s")), MalformedError),
    "credentials not UTF-8": (inbound({}, basic(b"app:\xff")), MalformedError),
    "credentials encoded not UTF-8": (inbound({}, basic("app:%FF")), MalformedError),
}


@pytest.mark.parametrize(("request_", "error"), REFUSED.values(), ids=REFUSED)
def test_token_request_refuses(request_: InboundRequest, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        TokenRequest.parse(request_)


@given(st.binary(max_size=60), st.text(st.characters(blacklist_characters="\r\n\0"), max_size=30), st.text(max_size=60))
def test_anything_gives_a_request_or_a_refusal(body: bytes, authorization: str, query: str) -> None:
    for read in (
        lambda: TokenRequest.parse(inbound({}, authorization, body=body)),
        lambda: TokenRequest.parse(inbound({}, f"Basic {authorization}")),
        lambda: AuthorizationRequest.parse(query),
    ):
        try:
            read()
        except RejectedError:
            pass
