"""Front-channel logout: what a page of the provider may load (OpenID Connect Front-Channel Logout 1.0)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JwtkitError, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import InboundRequest
from jwtkit.oidc import FrontChannelLogout, LoginRecord, check_front_channel_logout

ISSUER = "https://op.example.com"
ISS = "iss=https%3A%2F%2Fop.example.com"
URL = "https://app.example.com/logout/front"
OTHER: Any = 5
NAMED, UNNAMED = (ISSUER, "s-1"), (None, None)

# (the request, whether a session is required, what it says or why it is refused)
TABLE: dict[str, tuple[str | InboundRequest, bool, tuple[str | None, str | None] | str]] = {
    "iss and sid": (f"{URL}?{ISS}&sid=s-1", False, NAMED),
    "required, and there": (f"{URL}?{ISS}&sid=s-1", True, NAMED),
    "from the path on": (f"/logout/front?sid=s-1&{ISS}", False, NAMED),
    "as a request": (InboundRequest(method="GET", url=f"/logout/front?{ISS}&sid=s-1"), False, NAMED),
    "with a query of its own": (f"{URL}?tenant=x&{ISS}&sid=s-1", False, NAMED),
    "neither": (URL, False, UNNAMED),
    "both empty": (f"{URL}?iss=&sid=", False, UNNAMED),
    "required, and absent": (URL, True, "missing_parameter"),
    "required, and empty": (f"{URL}?iss=&sid=", True, "missing_parameter"),
    "only iss": (f"{URL}?{ISS}", False, "missing_parameter"),
    "only sid": (f"{URL}?sid=s-1", False, "missing_parameter"),
    "iss empty": (f"{URL}?iss=&sid=s-1", False, "missing_parameter"),
    "sid empty": (f"{URL}?{ISS}&sid=", False, "missing_parameter"),
    "another iss": (f"{URL}?iss=https://evil.example&sid=s-1", False, "issuer_mismatch"),
    "iss with a slash": (f"{URL}?{ISS}/&sid=s-1", False, "issuer_mismatch"),
    "iss in capitals": (f"{URL}?iss=HTTPS://OP.EXAMPLE.COM&sid=s-1", False, "issuer_mismatch"),
    "iss twice": (f"{URL}?{ISS}&{ISS}&sid=s-1", False, "duplicate_parameter"),
    "sid twice": (f"{URL}?{ISS}&sid=s-1&sid=s-2", False, "duplicate_parameter"),
    "in the fragment": (f"{URL}#{ISS}&sid=s-1", True, "missing_parameter"),
    "half in the fragment": (f"{URL}?{ISS}#?sid=s-1", False, "missing_parameter"),
    "POST": (InboundRequest(method="POST", url=f"{URL}?{ISS}&sid=s-1"), False, "wrong_endpoint"),
    "not UTF-8": (f"{URL}?{ISS}&sid=%ff", False, "MalformedError"),
}


@pytest.mark.parametrize(("request_", "required", "expected"), TABLE.values(), ids=TABLE)
def test_the_request(
    request_: str | InboundRequest, required: bool, expected: tuple[str | None, str | None] | str
) -> None:
    if isinstance(expected, tuple):
        found = check_front_channel_logout(request_, issuer=ISSUER, session_required=required)
        assert (found.iss, found.sid) == expected
        assert "s-1" not in repr(found)
        return
    with pytest.raises(RejectedError) as refusal:
        check_front_channel_logout(request_, issuer=ISSUER, session_required=required)
    assert why(refusal.value) == expected
    assert "s-1" not in str(refusal.value)


def why(error: JwtkitError) -> str:
    return error.reason if isinstance(error, ProtocolError) else type(error).__name__


# (what the request says, what the record of this browser's login says, whether it ends)
ENDS: dict[str, tuple[tuple[str | None, str | None], dict[str, Any], bool]] = {
    "the session": (NAMED, {}, True),
    "no session named": (UNNAMED, {}, True),
    "no session named, none known": (UNNAMED, {"sid": None}, True),
    "another session": ((ISSUER, "s-2"), {}, False),
    "cut short": ((ISSUER, "s-"), {}, False),
    "not ASCII": ((ISSUER, "ä"), {}, False),
    "none known": (NAMED, {"sid": None}, False),
    "another provider's login": (NAMED, {"iss": "https://other.example"}, False),
}


@pytest.mark.parametrize(("said", "known", "expected"), ENDS.values(), ids=ENDS)
def test_whether_a_login_ends(said: tuple[str | None, str | None], known: dict[str, Any], expected: bool) -> None:
    record = LoginRecord(**{"iss": ISSUER, "sub": "alice", "aud": ("app",), "sid": "s-1", **known})
    assert FrontChannelLogout(iss=said[0], sid=said[1]).ends(record) is expected


@given(st.text(max_size=60) | st.text("iss=sid&?%/#", max_size=60))
def test_any_url_gives_a_value_or_a_refusal(text: str) -> None:
    try:
        found = check_front_channel_logout(text, issuer=ISSUER)
    except RejectedError:
        return
    assert (found.iss is None) is (found.sid is None)


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "no request": (lambda: check_front_channel_logout(OTHER, issuer=ISSUER), "InboundRequest"),
    "no issuer": (lambda: check_front_channel_logout(URL, issuer=OTHER), "issuer"),
    "an empty issuer": (lambda: check_front_channel_logout(URL, issuer=""), "issuer"),
    "no record": (lambda: FrontChannelLogout(iss=None, sid=None).ends(OTHER), "LoginRecord"),
}


@pytest.mark.parametrize(("make", "match"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(make: Callable[[], object], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        make()
