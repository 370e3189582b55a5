"""Logging out at the provider too (OpenID Connect RP-Initiated Logout 1.0): the way there, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JwtkitError, MalformedError, NotAllowedError, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import AuthorizationSession, Client, InboundRequest, PublicClient, Secret, ServerMetadata
from jwtkit.oidc import LogoutSession, check_logout_callback, logout_redirect

ISSUER, BACK = "https://op.example.com", "https://app.example.com/bye?from=op"
NOW = 1_800_000_000
SERVER = ServerMetadata(issuer=ISSUER, end_session_endpoint=f"{ISSUER}/logout?tenant=x")
CLIENT = Client(server=SERVER, client_id="app", auth=PublicClient())
Provider = Any  # of conftest.py, which a test cannot import
OTHER: Any = 5
SESSION = LogoutSession(state="s" * 43, expires_at=NOW + 600)
LOGIN_SESSION = AuthorizationSession(
    issuer=ISSUER,
    client_id="app",
    redirect_uri=BACK,
    scope=(),
    expires_at=NOW + 600,
    state="s" * 43,
    code_verifier="v" * 43,
)


def sent(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, strict_parsing=True))


def test_the_way_there() -> None:
    redirect = logout_redirect(
        CLIENT,
        id_token_hint=Secret("a.b.c"),
        post_logout_redirect_uri=BACK,
        logout_hint="alice",
        ui_locales=["de", "en"],
        now=NOW,
    )
    assert redirect.session is not None
    assert redirect.url.startswith(f"{ISSUER}/logout?tenant=x&")
    assert sent(redirect.url) == {
        "tenant": "x",
        "id_token_hint": "a.b.c",
        "client_id": "app",
        "post_logout_redirect_uri": BACK,
        "state": redirect.session.state,
        "logout_hint": "alice",
        "ui_locales": "de en",
    }
    assert redirect.session.expires_at == NOW + 600
    assert len(redirect.session.state) == 43
    for shown in (repr(redirect), repr(redirect.session)):
        assert redirect.session.state not in shown
        assert "a.b.c" not in shown


def test_no_way_back_no_state() -> None:
    redirect = logout_redirect(CLIENT)
    assert redirect.session is None
    assert sent(redirect.url) == {"tenant": "x", "client_id": "app"}
    assert "ui_locales" not in redirect.url


def test_every_logout_has_a_state_of_its_own() -> None:
    one, other = (logout_redirect(CLIENT, post_logout_redirect_uri=BACK).session for _ in range(2))
    assert one != other


def test_a_verified_id_token_is_a_hint(provider: Provider) -> None:
    done = provider.login(provider.flow())
    assert (
        sent(logout_redirect(provider.client(), id_token_hint=done.id_token).url)["id_token_hint"]
        == done.id_token.compact
    )


def test_a_native_application_has_a_scheme_of_its_own() -> None:
    redirect = logout_redirect(CLIENT, post_logout_redirect_uri="com.example.app:/bye", now=NOW)
    assert sent(redirect.url)["post_logout_redirect_uri"] == "com.example.app:/bye"


@pytest.mark.parametrize(
    ("make", "match"),
    [
        pytest.param(lambda: logout_redirect(OTHER), "Client", id="no client"),
        pytest.param(lambda: logout_redirect(Client(server=ServerMetadata(issuer=ISSUER), client_id="a", auth=PublicClient())), "end_session_endpoint", id="no endpoint"),
        pytest.param(lambda: logout_redirect(CLIENT, id_token_hint="a.b.c"), "id_token_hint", id="a hint as text"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: logout_redirect(CLIENT, id_token_hint=Secret("a.b.c.d.e")), "encrypted", id="an encrypted hint"),
        pytest.param(lambda: logout_redirect(CLIENT, post_logout_redirect_uri="app:/bye"), "private scheme", id="no dot"),
        pytest.param(lambda: logout_redirect(CLIENT, post_logout_redirect_uri="/bye"), "absolute", id="relative"),
        pytest.param(lambda: logout_redirect(CLIENT, post_logout_redirect_uri=BACK + "#x"), "fragment", id="fragment"),
        pytest.param(lambda: logout_redirect(CLIENT, post_logout_redirect_uri=OTHER), "absolute", id="a number"),
        pytest.param(lambda: logout_redirect(CLIENT, logout_hint=""), "logout_hint", id="an empty hint"),
        pytest.param(lambda: logout_redirect(CLIENT, logout_hint=OTHER), "logout_hint", id="a hint that is a number"),
        pytest.param(lambda: logout_redirect(CLIENT, ui_locales="de"), "is a list", id="locales a str"),
        pytest.param(lambda: logout_redirect(CLIENT, ui_locales=b"de"), "is a list", id="locales bytes"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: logout_redirect(CLIENT, ui_locales=[""]), "list of ASCII str", id="an empty locale"),
        pytest.param(lambda: logout_redirect(CLIENT, ui_locales=[OTHER]), "list of ASCII str", id="a locale that is a number"),
        pytest.param(lambda: logout_redirect(CLIENT, ui_locales=OTHER), "list of ASCII str", id="locales a number"),
        pytest.param(lambda: logout_redirect(CLIENT, ui_locales=["\ud800"]), "list of ASCII str", id="a lone surrogate"),
        pytest.param(lambda: logout_redirect(CLIENT, logout_hint="\ud800"), "logout_hint", id="a hint that is a lone surrogate"),
        pytest.param(lambda: logout_redirect(CLIENT, id_token_hint=Secret("\ud800")), "id_token_hint", id="a token that is a lone surrogate"),
        pytest.param(lambda: logout_redirect(CLIENT, ui_locales=["de en"]), "spaces", id="locales with a space"),
        pytest.param(lambda: logout_redirect(CLIENT, post_logout_redirect_uri=BACK, session_lifetime=0), "session_lifetime", id="no time"),
        pytest.param(lambda: check_logout_callback(OTHER, BACK), "LogoutSession", id="no session"),
        pytest.param(lambda: check_logout_callback(SESSION, OTHER), "request", id="no request"),
        pytest.param(lambda: check_logout_callback(SESSION, BACK, now=float("nan")), "now", id="no time"),
    ],
)  # fmt: skip
def test_mistakes(make: Callable[[], object], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        make()


# --- the way back (section 3): (what is asked of the application, when, what comes of it)

STATE = f"state={'s' * 43}"
WAYS: dict[str, tuple[str | InboundRequest, float, str]] = {
    "as it should be": (f"{BACK}&{STATE}", NOW, ""),
    "from the path on": (f"/bye?from=op&{STATE}", NOW, ""),
    "as a request": (InboundRequest(method="GET", url=f"/bye?{STATE}"), NOW, ""),
    "at the last moment": (f"{BACK}&{STATE}", NOW + 599, ""),
    "too late": (f"{BACK}&{STATE}", NOW + 600, "session_expired"),
    "no state": (BACK, NOW, "state_mismatch"),
    "no query": ("/bye", NOW, "state_mismatch"),
    "state empty": (f"{BACK}&state=", NOW, "state_mismatch"),
    "another state": (f"{BACK}&state={'t' * 43}", NOW, "state_mismatch"),
    "state cut short": (f"{BACK}&{STATE[:-1]}", NOW, "state_mismatch"),
    "state and more": (f"{BACK}&{STATE}x", NOW, "state_mismatch"),
    "state not ASCII": (f"{BACK}&state=ä", NOW, "state_mismatch"),
    "state in the fragment": (f"{BACK}#{STATE}", NOW, "state_mismatch"),
    "state in a query of the fragment": (f"/bye#?{STATE}", NOW, "state_mismatch"),
    "a lone surrogate": (f"{BACK}&state=\ud800", NOW, "MalformedError"),
    "state twice": (f"{BACK}&{STATE}&{STATE}", NOW, "duplicate_parameter"),
    "not UTF-8": (f"{BACK}&x=%ff&{STATE}", NOW, "MalformedError"),
}


@pytest.mark.parametrize(("request_", "now", "expected"), WAYS.values(), ids=WAYS)
def test_the_way_back(request_: str | InboundRequest, now: float, expected: str, provider: Provider) -> None:
    if not expected:
        check_logout_callback(SESSION, request_, now=now)
        return
    with pytest.raises((ProtocolError, MalformedError)) as refusal:
        check_logout_callback(SESSION, request_, now=now)
    assert provider.why(refusal.value) == expected
    assert SESSION.state not in str(refusal.value)


@given(st.text(max_size=60) | st.text("state=&s%?/#", max_size=60))
def test_any_url_is_refused(text: str) -> None:
    with pytest.raises(RejectedError):
        check_logout_callback(SESSION, text, now=NOW)


def test_the_session_in_json() -> None:
    assert LogoutSession.from_json(SESSION.to_json()) == SESSION
    assert SESSION.to_json().startswith('{"v":1,"kind":"logout session","state":')


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", MalformedError),
        ('{"v":2,"kind":"logout session","state":"s","expires_at":1}', NotAllowedError),
        ('{"v":true,"kind":"logout session","state":"s","expires_at":1}', NotAllowedError),
        ('{"v":1,"kind":"authorization session","state":"s","expires_at":1}', MalformedError),
        ('{"v":1,"state":"s","expires_at":1}', MalformedError),
        (LOGIN_SESSION.to_json(), MalformedError),
        ('{"v":1,"kind":"logout session","state":"","expires_at":1}', MalformedError),
        ('{"v":1,"kind":"logout session","expires_at":1}', MalformedError),
        ('{"v":1,"kind":"logout session","state":"s","expires_at":"1"}', MalformedError),
        ('{"v":1,"kind":"logout session","state":"s","expires_at":true}', MalformedError),
    ],
)
def test_the_session_refuses(text: str, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        LogoutSession.from_json(text)
