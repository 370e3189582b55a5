"""Session management: what a page is given to ask a frame of the provider."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from jwtkit import ProtocolError, UsageError
from jwtkit.oauth import AuthorizationCodeFlow, Client, PublicClient, ServerMetadata
from jwtkit.oidc import SessionCheck, session_check

ISSUER, REDIRECT = "https://login.example.com", "https://app.example.com/callback"


def client(client_id: str = "app", **named: Any) -> Client:
    endpoints = {"authorization_endpoint": f"{ISSUER}/a", "token_endpoint": f"{ISSUER}/t"}
    members = {"check_session_iframe": f"{ISSUER}:8443/session?x=1", **endpoints, **named}
    return Client(server=ServerMetadata(issuer=ISSUER, **members), client_id=client_id, auth=PublicClient())


def test_what_a_page_needs() -> None:
    assert session_check(client(), "hash.salt") == SessionCheck(
        frame_url=f"{ISSUER}:8443/session?x=1", origin=f"{ISSUER}:8443", message="app hash.salt"
    )


@pytest.mark.parametrize(
    ("frame_url", "origin"),
    [
        ("https://LOGIN.example.com:443/s", "https://login.example.com"),
        ("https://login.example.com:0443/s", "https://login.example.com"),
        ("https://[2001:DB8::1]:8443/s", "https://[2001:db8::1]:8443"),
    ],
)
def test_the_origin_is_what_a_browser_says(frame_url: str, origin: str) -> None:
    assert session_check(client(check_session_iframe=frame_url), "s").origin == origin


@pytest.mark.parametrize("session_state", ["", " ", "a b", "a\nb"], ids=repr)
def test_a_state_that_cannot_be_in_a_message(session_state: str) -> None:
    with pytest.raises(ProtocolError, match="session_state") as refusal:
        session_check(client(), session_state)
    assert refusal.value.reason == "bad_member"


@pytest.mark.parametrize("session_state", [None, 5], ids=repr)
def test_a_state_that_is_no_text(session_state: Any) -> None:
    with pytest.raises(UsageError, match="session_state"):
        session_check(client(), session_state)


def test_a_client_id_with_a_space_would_be_another() -> None:
    with pytest.raises(UsageError, match="client_id"):
        session_check(client("my app"), "s")


def test_a_provider_without_such_a_page() -> None:
    with pytest.raises(UsageError, match="check_session_iframe"):
        session_check(client(check_session_iframe=None), "s")


def test_no_client() -> None:
    with pytest.raises(UsageError, match="client must be"):
        session_check("app", "s")  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize(
    ("sent", "kept"), [({"session_state": "h.s"}, "h.s"), ({"session_state": ""}, None), ({}, None)]
)
def test_the_callback_keeps_it(sent: dict[str, str], kept: str | None) -> None:
    flow = AuthorizationCodeFlow(client(), redirect_uri=REDIRECT)
    session = flow.start().session
    url = f"{REDIRECT}?{urlencode({'code': 'c', 'state': session.state, **sent})}"
    assert flow.callback(session, url).session_state == kept
