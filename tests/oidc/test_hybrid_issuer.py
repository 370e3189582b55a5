"""Who speaks in a callback of the hybrid flow: its ID token says so, and where there is none, `iss` (RFC 9207)."""

from __future__ import annotations

from typing import Any

import pytest

from jwtkit import JwtkitError
from jwtkit.oauth import AuthorizationCodeFlow

NOW = 1_800_000_000
EVIL = "https://evil.example"
Provider = Any  # of conftest.py, which a test cannot import

# The metadata of each says that callbacks carry `iss` (RFC 9207 section 3): what is bent, and what comes of it.
CALLBACKS: dict[str, tuple[dict[str, Any], str]] = {
    "iss": ({}, ""),
    "no iss, as providers do in this flow": ({"callback": {"iss": ...}}, ""),
    "an empty iss": ({"callback": {"iss": ""}}, ""),
    "another iss beside a sound ID token": ({"callback": {"iss": EVIL}}, "issuer_mismatch"),
    "no iss, and an ID token of another": ({"callback": {"iss": ...}, "front": {"iss": EVIL}}, "iss:not_accepted"),
    "no iss, and an ID token of another code": (
        {"callback": {"iss": ..., "code": "other"}},
        "c_hash:not_accepted",
    ),
    "no iss, and no ID token": ({"callback": {"iss": ..., "id_token": ...}}, "issuer_missing"),
    "no iss, and an empty ID token": ({"callback": {"iss": ..., "id_token": ""}}, "issuer_missing"),
    "no iss, and an error": ({"callback": {"iss": ..., "id_token": ..., "error": "x"}}, "issuer_missing"),
    "no iss, and an error beside an ID token": ({"callback": {"iss": ..., "error": "x"}}, "issuer_missing"),
}


@pytest.mark.parametrize("mode", ["fragment", "form_post"])
@pytest.mark.parametrize(("bend", "expected"), CALLBACKS.values(), ids=CALLBACKS)
def test_who_speaks(bend: dict[str, Any], expected: str, mode: str, provider: Provider) -> None:
    provider.bend.update(bend)
    flow = provider.flow(response_type="code id_token", response_mode=mode)
    if not expected:
        assert provider.login(flow).id_token.sub == "alice"
        return
    with pytest.raises(JwtkitError) as refusal:
        provider.login(flow)
    assert provider.why(refusal.value) == expected
    assert "token_endpoint" not in provider.paths()


def test_no_other_flow_goes_by_an_id_token(provider: Provider) -> None:
    """A flow that verifies no ID token of a callback does not take it for an `iss`."""
    provider.bend["callback"] = {"iss": ...}
    flow = provider.flow(response_type="code id_token")
    redirect = flow.start(now=NOW)
    answer = provider.browser(redirect.url)
    assert flow.callback(redirect.session, answer, now=NOW).id_token is not None
    plain = AuthorizationCodeFlow(flow.client, redirect_uri="https://app.example.com/callback", scope=["openid"])
    with pytest.raises(JwtkitError) as refusal:
        plain.callback(redirect.session, answer, now=NOW)
    assert provider.why(refusal.value) == "session_mismatch"
