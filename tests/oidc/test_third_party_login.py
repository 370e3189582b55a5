"""A login that a third party asks for (OpenID Connect Core section 4): whose, and where it may lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JwtkitError, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import Client, InboundRequest, PublicClient, ServerMetadata
from jwtkit.oidc import LoginFlow, ThirdPartyLogin, parse_third_party_login

Provider = Any  # of conftest.py, which a test cannot import
OP, OTHER_OP = "https://op.example.com", "https://login.example.org/tenant"
URL = "https://app.example.com/login"
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
ALLOWED = ["https://app.example.com/shop", "https://app.example.com/files/"]
WRONG: Any = 5


def asked(**fields: str) -> str:
    return f"{URL}?{urlencode({'iss': OP, **fields})}"


def posted(body: bytes, headers: Any = FORM, method: str = "POST") -> InboundRequest:
    return InboundRequest(method=method, url=URL, headers=headers, body=body)


def why(error: JwtkitError) -> str:
    return error.reason if isinstance(error, ProtocolError) else type(error).__name__


# (the request, what it says or why it is refused)
TABLE: dict[str, tuple[str | InboundRequest, ThirdPartyLogin | str]] = {
    "iss alone": (asked(), ThirdPartyLogin(iss=OP)),
    "another of ours": (asked(iss=OTHER_OP), ThirdPartyLogin(iss=OTHER_OP)),
    "with a hint": (asked(login_hint="jane doe"), ThirdPartyLogin(iss=OP, login_hint="jane doe")),
    "with a target": (asked(target_link_uri=f"{ALLOWED[0]}/7"), ThirdPartyLogin(iss=OP, target_link_uri=f"{ALLOWED[0]}/7")),
    "parameters that nobody knows": (asked(lti_message_hint="5"), ThirdPartyLogin(iss=OP)),
    "from the path on": (f"/login?iss={OP}", ThirdPartyLogin(iss=OP)),
    "a GET": (InboundRequest(method="GET", url=f"/login?iss={OP}"), ThirdPartyLogin(iss=OP)),
    "a POST": (posted(f"iss={OP}&login_hint=jane".encode()), ThirdPartyLogin(iss=OP, login_hint="jane")),
    "an empty hint and target": (asked(login_hint="", target_link_uri=""), ThirdPartyLogin(iss=OP)),
    "no iss": (URL, "missing_parameter"),
    "iss empty": (f"{URL}?iss=", "missing_parameter"),
    "iss of nobody": (asked(iss="https://evil.example"), "issuer_mismatch"),
    "iss with a slash": (asked(iss=OP + "/"), "issuer_mismatch"),
    "iss in capitals": (asked(iss=OP.upper()), "issuer_mismatch"),
    "iss that begins like ours": (asked(iss=OP + ".evil.example"), "issuer_mismatch"),
    "iss twice": (f"{asked()}&iss={OP}", "duplicate_parameter"),
    "target twice": (f"{asked(target_link_uri=ALLOWED[0])}&target_link_uri={ALLOWED[0]}", "duplicate_parameter"),
    "iss in the fragment": (f"{URL}#iss={OP}", "missing_parameter"),
    "a POST with iss in the URL": (InboundRequest(method="POST", url=asked(), headers=FORM), "missing_parameter"),
    "a POST of JSON": (posted(b"{}", (("Content-Type", "application/json"),)), "wrong_endpoint"),
    "a POST of nothing": (posted(b"", ()), "wrong_endpoint"),
    "a POST with two types": (posted(f"iss={OP}".encode(), FORM * 2), "wrong_endpoint"),
    "PUT": (posted(f"iss={OP}".encode(), method="PUT"), "wrong_endpoint"),
    "a hint over two lines": (asked(login_hint="a\nb"), "bad_member"),
    "a hint with a space that does not break": (asked(login_hint="a\xa0b"), "bad_member"),
    "a hint that does not show": (asked(login_hint="\u200b"), "bad_member"),
    "not UTF-8": (f"{URL}?iss=%ff", "MalformedError"),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "expected"), TABLE.values(), ids=TABLE)
def test_the_request(request_: str | InboundRequest, expected: ThirdPartyLogin | str) -> None:
    if isinstance(expected, ThirdPartyLogin):
        assert parse_third_party_login(request_, issuers=[OP, OTHER_OP], allowed_target=ALLOWED) == expected
        return
    with pytest.raises(RejectedError) as refusal:
        parse_third_party_login(request_, issuers=[OP, OTHER_OP], allowed_target=ALLOWED)
    assert why(refusal.value) == expected


# --- where it may lead: open redirects, one row for each way around a list of prefixes

TARGETS: dict[str, tuple[str, bool]] = {
    "itself": ("https://app.example.com/shop", True),
    "below it": ("https://app.example.com/shop/cart?x=1", True),
    "itself with a query": ("https://app.example.com/shop?item=https://evil.example/../", True),
    "in a folder": ("https://app.example.com/files/a.txt", True),
    "the folder itself": ("https://app.example.com/files/", True),
    "dots in a name": ("https://app.example.com/files/..a/b..", True),
    "the folder without its slash": ("https://app.example.com/files", False),
    "a name that goes on": ("https://app.example.com/shopping", False),
    "another path": ("https://app.example.com/admin", False),
    "the root": ("https://app.example.com/", False),
    "another host": ("https://evil.example/shop", False),
    "a host that goes on": ("https://app.example.com.evil.example/shop", False),
    "a host as user": ("https://app.example.com@evil.example/shop", False),
    "a user before ours": ("https://x@app.example.com/shop", False),
    "a port": ("https://app.example.com:8443/shop", False),
    "plain http": ("http://app.example.com/shop", False),
    "no scheme": ("//app.example.com/shop", False),
    "a path": ("/shop", False),
    "javascript": ("javascript:alert(1)//https://app.example.com/shop", False),
    "data": ("data:text/html,x", False),
    "backslashes": ("https:\\\\app.example.com\\shop", False),
    "a backslash below": ("https://app.example.com/shop/\\evil", False),
    "capitals": ("HTTPS://app.example.com/shop", False),
    "a space before": (" https://app.example.com/shop", False),
    "a line break": ("https://app.example.com/shop/\r\nX: y", False),
    "a fragment": ("https://app.example.com/shop#x", False),
    "not ASCII": ("https://app.example.com/shop/ä", False),
    "up again": ("https://app.example.com/shop/../admin", False),
    "up again, escaped": ("https://app.example.com/shop/%2e%2E/admin", False),
    "up again, escaped slash": ("https://app.example.com/shop/..%2fadmin", False),
    "up again, escaped backslash": ("https://app.example.com/shop/..%5Cadmin", False),
    "up again at the end": ("https://app.example.com/files/..", False),
    "a dot segment": ("https://app.example.com/shop/./x", False),
}


@pytest.mark.parametrize(("target", "expected"), TARGETS.values(), ids=TARGETS)
def test_where_it_leads(target: str, expected: bool) -> None:
    if expected:
        found = parse_third_party_login(asked(target_link_uri=target), issuers=[OP], allowed_target=ALLOWED)
        assert found.target_link_uri == target
        return
    with pytest.raises(RejectedError) as refusal:
        parse_third_party_login(asked(target_link_uri=target), issuers=[OP], allowed_target=ALLOWED)
    assert why(refusal.value) == "NotAllowedError"


def test_an_origin_is_a_place_too() -> None:
    for target, allowed in (("https://app.example.com/x", True), ("https://app.example.com.evil.example/x", False)):
        request = asked(target_link_uri=target)
        try:
            parse_third_party_login(request, issuers=[OP], allowed_target=["https://app.example.com"])
        except RejectedError:
            assert not allowed
        else:
            assert allowed


def test_nowhere_unless_given() -> None:
    with pytest.raises(RejectedError) as refusal:
        parse_third_party_login(asked(target_link_uri=URL), issuers=[OP])
    assert why(refusal.value) == "NotAllowedError"


def test_a_predicate() -> None:
    seen: list[str] = []

    def ours(url: str) -> bool:
        seen.append(url)
        return url == "https://app.example.com/shop"

    found = parse_third_party_login(asked(target_link_uri=ALLOWED[0]), issuers=[OP], allowed_target=ours)
    assert found.target_link_uri == ALLOWED[0]
    for target in ("https://app.example.com/other", "javascript:alert(1)", "//evil.example", "https://a@b.example/"):
        with pytest.raises(RejectedError):
            parse_third_party_login(asked(target_link_uri=target), issuers=[OP], allowed_target=ours)
    # What is no plain URL never reaches it.
    assert seen == [ALLOWED[0], "https://app.example.com/other"]
    parse_third_party_login(asked(), issuers=[OP], allowed_target=ours)
    assert len(seen) == 2


def test_then_a_login_as_ever(provider: Provider) -> None:
    """Two requests, two sessions, and nothing of the third party's in them; its state least of all."""
    flows = {OP: provider.flow()}
    states = set()
    for _ in range(2):
        wanted = parse_third_party_login(asked(login_hint="jane", state="x" * 43, nonce="n"), issuers=flows)
        redirect = flows[wanted.iss].start(login_hint=wanted.login_hint)
        sent = {name: values[0] for name, values in parse_qs(urlsplit(redirect.url).query).items()}
        assert sent["login_hint"] == "jane"
        assert sent["nonce"] != "n"
        states.add(sent["state"])
    assert len(states) == 2
    assert "x" * 43 not in states


FLOW = LoginFlow(
    Client(
        server=ServerMetadata(
            issuer=OP, authorization_endpoint=f"{OP}/a", token_endpoint=f"{OP}/t", jwks_uri=f"{OP}/jwks"
        ),
        client_id="app",
        auth=PublicClient(),
    ),
    redirect_uri="https://app.example.com/callback",
)


@given(
    st.text(max_size=60)
    | st.text("iss=login_hint&target_uri?%/#", max_size=60).map(lambda text: f"?iss={OP}&{text}")
    | st.text(max_size=30).map(lambda text: asked(login_hint=text.encode("utf-8", "replace").decode()))
)
def test_any_url_gives_a_value_that_a_flow_takes(text: str) -> None:
    for request in (text, posted(text.encode("utf-8", "replace"))):
        try:
            wanted = parse_third_party_login(request, issuers=[OP], allowed_target=ALLOWED)
        except RejectedError:
            continue
        assert wanted.iss == OP
        assert FLOW.start(login_hint=wanted.login_hint).url


@given(st.text(max_size=20), st.sampled_from(["", ".", "@", ":", "\\", "/", "//", "?", "#", "%2f"]))
def test_no_target_leaves_its_host(text: str, between: str) -> None:
    target = f"https://app.example.com/shop{between}{text}".encode("utf-8", "replace").decode()
    try:
        found = parse_third_party_login(asked(target_link_uri=target), issuers=[OP], allowed_target=ALLOWED)
    except RejectedError:
        return
    assert urlsplit(found.target_link_uri or "").netloc == "app.example.com"


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "no request": (lambda: parse_third_party_login(WRONG, issuers=[OP]), "InboundRequest"),
    "issuers a str": (lambda: parse_third_party_login(URL, issuers=OP), "issuers"),
    "no issuers": (lambda: parse_third_party_login(URL, issuers=[]), "issuers"),
    "issuers a number": (lambda: parse_third_party_login(URL, issuers=WRONG), "issuers"),
    "targets a str": (lambda: parse_third_party_login(URL, issuers=[OP], allowed_target=URL), "collection"),
    "targets a number": (lambda: parse_third_party_login(URL, issuers=[OP], allowed_target=WRONG), "collection"),
    "a target that is a path": (lambda: parse_third_party_login(URL, issuers=[OP], allowed_target=["/shop"]), "absolute"),
    "a target with a query": (lambda: parse_third_party_login(URL, issuers=[OP], allowed_target=[URL + "?x"]), "query"),
    "a target with a fragment": (lambda: parse_third_party_login(URL, issuers=[OP], allowed_target=[URL + "#x"]), "query"),
    "a predicate that says 1": (lambda: parse_third_party_login(asked(target_link_uri=URL), issuers=[OP], allowed_target=lambda _: 1), "True or False"),  # type: ignore[arg-type, return-value]  # the mistake
}  # fmt: skip


@pytest.mark.parametrize(("make", "match"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(make: Callable[[], object], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        make()
