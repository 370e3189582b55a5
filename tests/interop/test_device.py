"""A user lets a program in from another screen, at a certified provider (RFC 8628)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from jwtkit import OAuthError, TokenVerifier
from jwtkit.oauth import DeviceFlow, DeviceSession, JWKSCache

if TYPE_CHECKING:  # their instances come as fixtures
    from tests.interop.conftest import Browser, Http, Registered

API = "https://api.example/jwt"
SCOPE = ("openid", "email")


def waiting(*deeds: Callable[[], Any]) -> tuple[Callable[[float], None], list[float]]:
    """Give a `sleep` that does not, but during each pause has the user do the next thing, and the pauses."""
    pauses: list[float] = []
    left = list(deeds)

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        assert left, "there was nothing more to wait for"
        left.pop(0)()

    return sleep, pauses


def nothing() -> None:
    """The user looks for their glasses."""


def test_a_device_is_let_in(http: Http, registered: Registered, browser: Browser) -> None:
    flow = DeviceFlow(registered("web-basic"))
    device = DeviceSession.from_json(http(flow.start(scope=SCOPE)).to_json())
    assert device.verification_uri_complete is not None
    assert device.user_code in device.verification_uri_complete

    def agree() -> None:
        assert "Sign-in Success" in browser.read(device.verification_uri_complete or "")

    sleep, pauses = waiting(nothing, nothing, agree)
    tokens = http(flow.poll(device), sleep=sleep)
    # Two answers were authorization_pending (section 3.5), and no poll came before its pause.
    assert pauses == [5.0, 5.0, 5.0]
    assert [request.url for request in http.sent].count(flow.client.server.token_endpoint or "") == 3
    assert tokens.scope == SCOPE
    assert tokens.refresh_token is not None
    assert tokens.id_token is not None
    # The code counts once.
    with pytest.raises(OAuthError) as refusal:
        http(flow.poll(device), sleep=lambda _: None)
    assert refusal.value.error == "invalid_grant"


def test_the_user_says_no(http: Http, registered: Registered, browser: Browser) -> None:
    flow = DeviceFlow(registered("web-basic"))
    device = http(flow.start(scope=SCOPE))
    sleep, _ = waiting(nothing, lambda: browser.read(device.verification_uri_complete or "", press="abort"))
    with pytest.raises(OAuthError) as refusal:
        http(flow.poll(device), sleep=sleep)
    assert (refusal.value.error, refusal.value.status) == ("access_denied", 400)


def test_the_user_types_the_code(http: Http, registered: Registered, browser: Browser) -> None:
    flow = DeviceFlow(registered("web-basic"))
    device = http(flow.start(scope=["api:read"], resource=[API]))
    page = browser.read(device.verification_uri, typed={"user_code": device.user_code.lower()})
    assert "Sign-in Success" in page
    tokens = http(flow.poll(device), sleep=lambda _: None)
    assert tokens.scope == ("api:read",)
    cache = JWKSCache.of(flow.client.server)
    verifier = TokenVerifier(
        keys=cache, algorithms=["ES256"], issuer=flow.client.server.issuer, audience=API, typ="at+jwt"
    )
    assert http(cache.verify(verifier, tokens.access_token.reveal())).sub == "alice"


def test_a_client_that_may_not(http: Http, registered: Registered) -> None:
    with pytest.raises(OAuthError) as refusal:
        http(DeviceFlow(registered("web-post")).start(scope=SCOPE))
    assert refusal.value.error in ("unauthorized_client", "invalid_request")
