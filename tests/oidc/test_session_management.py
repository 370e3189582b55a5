"""Session management: what a page is given to ask a frame of the provider."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from jwtkit import UsageError
from jwtkit.oauth import AuthorizationCodeFlow, Client, PublicClient, ServerMetadata
from jwtkit.oidc import SessionCheck, session_check

ISSUER, REDIRECT = "https://login.example.com", "https://app.example.com/callback"


def client(client_id: str = "app", **named: Any) -> Client:
    members = {"check_session_iframe": f"{ISSUER}:8443/session?x=1", "authorization_endpoint": f"{ISSUER}/a", **named}
    return Client(server=ServerMetadata(issuer=ISSUER, **members), client_id=client_id, auth=PublicClient())


def test_what_a_page_needs() -> None:
    assert session_check(client(), "hash.salt") == SessionCheck(
        frame_url=f"{ISSUER}:8443/session?x=1", origin=f"{ISSUER}:8443", message="app hash.salt"
    )


@pytest.mark.parametrize("session_state", ["", " ", "a b", "a\nb", None, 5], ids=repr)
def test_a_state_that_cannot_be_in_a_message(session_state: Any) -> None:
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
