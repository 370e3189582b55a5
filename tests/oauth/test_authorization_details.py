"""Rich authorization requests: what is asked for, and what was granted (RFC 9396)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import ProtocolError, RejectedError, UsageError
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    Client,
    ClientCredentialsFlow,
    ClientSecretPost,
    HttpRequest,
    HttpResponse,
    PublicClient,
    RefreshFlow,
    Secret,
    ServerMetadata,
    TokenSet,
    parse_token_response,
    run,
)
from jwtkit.oidc import LoginFlow

ISSUER, REDIRECT = "https://auth.example.com", "https://app.example.com/callback"
SERVER = ServerMetadata(
    issuer=ISSUER,
    authorization_endpoint=f"{ISSUER}/authorize",
    token_endpoint=f"{ISSUER}/token",
    jwks_uri=f"{ISSUER}/jwks",
)
JSON = (("Content-Type", "application/json"),)
PAYMENT: dict[str, Any] = {
    "type": "payment_initiation",
    "locations": ["https://example.com/payments"],
    "instructedAmount": {"currency": "EUR", "amount": "123.50"},
    "creditorName": "Café €",
}


def client(types: tuple[str, ...] | None = None, **named: Any) -> Client:
    server = replace(SERVER, authorization_details_types_supported=types)
    return Client(server=server, client_id="app", **{"auth": PublicClient(), **named})


def sent(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode(), strict_parsing=True)


def answer(members: dict[str, Any], status: int = 200) -> HttpResponse:
    token = {"access_token": "t", "token_type": "Bearer"}
    return HttpResponse(status=status, headers=JSON, body=json.dumps({**token, **members}).encode())


# --- asked for, section 2


@pytest.mark.parametrize("types", [None, ("payment_initiation", "account")], ids=["unsaid", "listed"])
@pytest.mark.parametrize("details", [[PAYMENT], (PAYMENT, {"type": "payment_initiation"})], ids=["one", "two"])
@pytest.mark.parametrize("kind", [AuthorizationCodeFlow, LoginFlow])
def test_details_are_asked_for(kind: Any, details: Any, types: tuple[str, ...] | None) -> None:
    redirect = kind(client(types), redirect_uri=REDIRECT).start(authorization_details=details)
    (text,) = [value for name, value in parse_qsl(urlsplit(redirect.url).query) if name == "authorization_details"]
    assert json.loads(text) == list(details)


@pytest.mark.parametrize("details", [(), []], ids=["tuple", "list"])
def test_no_details(details: Any) -> None:
    redirect = AuthorizationCodeFlow(client(), redirect_uri=REDIRECT).start(authorization_details=details)
    assert "authorization_details" not in redirect.url


WRONG = {
    "a mapping": PAYMENT,
    "a text": json.dumps([PAYMENT]),
    "bytes": b"[]",
    "a number": 5,
    "None": None,
    "texts": ["payment"],
    "no type, section 2": [{"actions": ["read"]}],
    "an empty type": [{"type": ""}],
    "a type that is no text": [{"type": ["payment_initiation"]}],
    "one good and one wrong": [PAYMENT, {}],
    "a set inside": [{"type": "payment_initiation", "actions": {"read"}}],
    "bytes inside": [{"type": "payment_initiation", "x": b"y"}],
    "a name that is no text": [{"type": "payment_initiation", 1: 2}],
    "NaN": [{"type": "payment_initiation", "x": float("nan")}],
    "a lone surrogate": [{"type": "payment_initiation", "x": "\ud800"}],
    "a type that is not supported, section 10": [{"type": "account"}],
    "a type in another case": [{"type": "Payment_Initiation"}],
}


@pytest.mark.parametrize("details", WRONG.values(), ids=WRONG)
def test_details_that_cannot_be_asked_for(details: Any) -> None:
    own = client(("payment_initiation",))
    with pytest.raises(UsageError):
        AuthorizationCodeFlow(own, redirect_uri=REDIRECT).start(authorization_details=details)
    confidential = client(("payment_initiation",), auth=ClientSecretPost(Secret("s")))
    with pytest.raises(UsageError):
        ClientCredentialsFlow(confidential).token(authorization_details=details)


@pytest.mark.parametrize(
    ("types", "named"),
    [
        pytest.param((), "none", id="none"),
        pytest.param(("account",), "'account'", id="one"),
        pytest.param(tuple(f"t{number}" for number in range(9999)), "'t15'", id="many"),
        pytest.param(("x" * 9999, "a\nb"), "...", id="long"),
    ],
)
def test_the_message_names_some_of_what_a_server_lists(types: tuple[str, ...], named: str) -> None:
    with pytest.raises(UsageError) as refusal:
        AuthorizationCodeFlow(client(types), redirect_uri=REDIRECT).start(authorization_details=[PAYMENT])
    text = str(refusal.value)
    assert named in text
    assert len(text) < 500
    assert "'t16'" not in text
    assert "\n" not in text


def test_details_by_hand() -> None:
    with pytest.raises(UsageError, match="authorization_details"):
        AuthorizationCodeFlow(client(), redirect_uri=REDIRECT).start(extra={"authorization_details": "[]"})


# --- in token requests, section 6


def carried(steps: Any) -> tuple[list[tuple[str, str]], TokenSet]:
    requests: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        requests.append(request)
        return answer({"authorization_details": [PAYMENT]})

    tokens: TokenSet = run(steps, send=send)
    return sent(requests[0].body), tokens


def test_client_credentials_with_details() -> None:
    flow = ClientCredentialsFlow(client(auth=ClientSecretPost(Secret("s"))))
    fields, tokens = carried(flow.token(authorization_details=[PAYMENT]))
    assert json.loads(dict(fields)["authorization_details"]) == [PAYMENT]
    assert tokens.authorization_details == ({**PAYMENT, "locations": tuple(PAYMENT["locations"])},)
    fields, _ = carried(flow.token())
    assert "authorization_details" not in dict(fields)
    with pytest.raises(UsageError):
        flow.token(extra={"authorization_details": "[]"})


def test_a_refresh_with_less() -> None:
    tokens = TokenSet(access_token=Secret("a"), token_type="Bearer", refresh_token=Secret("r"))
    fields, _ = carried(RefreshFlow(client()).refresh(tokens, authorization_details=[PAYMENT]))
    assert json.loads(dict(fields)["authorization_details"]) == [PAYMENT]
    fields, _ = carried(RefreshFlow(client()).refresh(tokens))
    assert "authorization_details" not in dict(fields)
    with pytest.raises(UsageError):
        RefreshFlow(client(("account",))).refresh(tokens, authorization_details=[PAYMENT])


# --- granted, section 7


def test_what_was_granted_is_kept() -> None:
    tokens = parse_token_response(answer({"authorization_details": [PAYMENT]}))
    again = TokenSet.from_json(tokens.to_json())
    for known in (tokens, again):
        (granted,) = known.authorization_details
        assert granted["instructedAmount"]["amount"] == "123.50"
        with pytest.raises(TypeError):
            granted["type"] = "more"  # type: ignore[index]  # read-only is the point
    assert parse_token_response(answer({})).authorization_details == ()
    assert parse_token_response(answer({"authorization_details": []})).authorization_details == ()


@pytest.mark.parametrize(
    "details", ["[]", {}, 5, True, [1], ["payment"], [{}], [{"type": 1}], [{"type": ""}], [PAYMENT, None]], ids=repr
)
def test_what_cannot_have_been_granted(details: Any) -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_token_response(answer({"authorization_details": details}))
    assert refusal.value.reason == "bad_member"


def test_a_set_from_elsewhere_has_none() -> None:
    tokens = TokenSet(access_token=Secret("a"), token_type="Bearer", extra={"authorization_details": "[]"})
    assert tokens.authorization_details == ()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "type", "x"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "x"]), inner, max_size=2),
        max_leaves=6,
    )
)
def test_any_answer_gives_details_or_a_refusal(value: Any) -> None:
    try:
        tokens = parse_token_response(answer({"authorization_details": value}))
    except RejectedError:
        return
    assert all(isinstance(item["type"], str) for item in tokens.authorization_details)
