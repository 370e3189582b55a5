"""The shared nouns: Secret, PKCE, HTTP values, URLs and forms, scopes."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import MalformedError, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import PKCE, HttpRequest, HttpResponse, InboundRequest, Secret, Wait
from jwtkit.oauth.scope import check_scope, is_scope, split_scope
from jwtkit.oauth.urls import encode_form, encode_query, is_plain_url, is_secure, parse_form

# --- Secret


def test_secret_is_shown_to_nobody() -> None:
    secret = Secret("hunter2")
    assert secret.reveal() == "hunter2"
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r}", repr([secret]), "%s" % secret):  # noqa: UP031 - an old way to format is one more way to leak
        assert "hunter2" not in shown
    with pytest.raises(TypeError):
        "".join([secret])  # type: ignore[list-item]  # the mistake under test
    with pytest.raises(UsageError, match="not pickled"):
        pickle.dumps(secret)


def test_secret_is_a_value() -> None:
    secret: Any = Secret("a")
    assert secret == Secret("a")
    assert secret != Secret("b")
    assert secret != "a"
    assert len({secret, Secret("a")}) == 1
    assert copy.deepcopy(copy.copy(secret)) is secret
    assert Secret("\ud800") == Secret("\ud800")
    with pytest.raises(AttributeError):
        secret._text = "b"


@pytest.mark.parametrize("wrong", ["", None, b"x", 5, Secret("x")])
def test_secret_refuses(wrong: Any) -> None:
    with pytest.raises(UsageError, match="non-empty str"):
        Secret(wrong)


# --- PKCE


def test_pkce_of_rfc_7636_appendix_b() -> None:
    pair = PKCE.parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert pair.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert pair.method == "S256"
    assert pair.matches("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")


def test_pkce_is_fresh_and_redacted() -> None:
    one, other = PKCE.generate(), PKCE.generate()
    assert one.verifier != other.verifier
    assert len(one.verifier) == 43
    assert one.verifier not in repr(one)
    assert PKCE.is_challenge(one.challenge)


@pytest.mark.parametrize(
    "verifier", ["", "a" * 42, "a" * 129, "a" * 42 + "+", "a" * 42 + "ä", "a" * 43 + "\n", None, b"a" * 43]
)
def test_pkce_refuses_verifiers(verifier: Any) -> None:
    with pytest.raises(MalformedError):
        PKCE.parse(verifier)


@pytest.mark.parametrize("verifier", ["a" * 43, "a" * 128, "-._~" * 11])
def test_pkce_accepts_verifiers(verifier: str) -> None:
    assert PKCE.parse(verifier).verifier == verifier


@pytest.mark.parametrize("challenge", ["", "x", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN", "\ud800", "ä" * 43])
def test_pkce_refuses_challenges(challenge: str) -> None:
    assert not PKCE.parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").matches(challenge)


@pytest.mark.parametrize("challenge", [None, 5, b"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"])
def test_what_is_no_text_is_no_challenge(challenge: Any) -> None:
    assert not PKCE.is_challenge(challenge)
    assert not PKCE.parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").matches(challenge)


def test_plain_is_no_challenge_of_ours() -> None:
    verifier = "a" * 43
    assert not PKCE.parse(verifier).matches(verifier)


# --- HTTP values

SPLITTING = ["x\r\ny", "x\ny", "x\0y", "x\r"]


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example",
        "https://a.example:8443/p?q=1",
        "http://127.0.0.1:5000/x",
        "http://[::1]/x",
        "http://[::1]:5000/x",
        "https://[2001:db8::1]:8443/x",
        "https://[::ffff:127.0.0.1]/",
        "https://a.example/?a=%20",
        "https://a.example/a[1]?b[]=1",
    ],
)
def test_urls_that_may_be_asked(url: str) -> None:
    assert HttpRequest(method="GET", url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example",
        "/path",
        "//a.example/",
        "ftp://a.example",
        "file:///etc/passwd",
        "data:text/plain,x",
        "javascript:alert(1)",
        "http://a.example",
        "http://localhost/",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.2/",
        "http://0.0.0.0/",
        "http://user@127.0.0.1/",
        "https://user:pass@a.example/",
        "https://a.example/#f",
        "https://a.example/#",
        "https:///path",
        "https://",
        "https://a.example:0/",
        "https://a.example:99999/",
        "https://a.example:x/",
        "https://[::1/",
        # What stands around the brackets is what some clients ask.
        "http://[::1].evil.example/",
        "http://[::1]evil.example:80/",
        "http://[::1]:80.evil.example/",
        "http://evil.example[::1]/",
        "http://evil.example[::1]:80/",
        "https://evil.example[::1]/",
        "https://[::1][::1]/",
        "https://[v1.a]/",
        "https://[::1%25eth0]/",
        "https://[]/",
        "https://a]b/",
        "https://a.example/\r\nX: y",
        "https://a.example/ b",
        "https://a.example/\tb",
        "https://a.example\\@evil.example/",
        "https://ä.example/",
        "HTTPS//a.example",
        None,
        b"https://a.example",
    ],
)
def test_urls_that_may_not(url: Any) -> None:
    with pytest.raises(UsageError):
        HttpRequest(method="GET", url=url)
    assert not is_secure(url, allow_http_loopback=True)


def test_loopback_needs_to_be_allowed() -> None:
    assert is_secure("http://127.0.0.1/", allow_http_loopback=True)
    assert not is_secure("http://127.0.0.1/", allow_http_loopback=False)
    assert is_plain_url("http://a.example/")


@pytest.mark.parametrize("value", SPLITTING)
@pytest.mark.parametrize("kind", [HttpRequest, HttpResponse, InboundRequest])
@pytest.mark.parametrize("where", ["name", "value"])
def test_headers_cannot_split(value: str, kind: Any, where: str) -> None:
    pair = (value, "x") if where == "name" else ("X-Name", value)
    # What we send is the program's, what comes from outside the peer's.
    with pytest.raises(UsageError if kind is HttpRequest else ProtocolError, match="header"):
        make(kind, headers=(pair,))


def make(kind: Any, **named: Any) -> Any:
    defaults: dict[Any, dict[str, Any]] = {
        HttpRequest: {"method": "GET", "url": "https://a.example/"},
        HttpResponse: {"status": 200},
        InboundRequest: {"method": "GET", "url": "/"},
    }
    return kind(**{**defaults[kind], **named})


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (HttpRequest, {"method": "GE T"}),
        (HttpRequest, {"method": ""}),
        (HttpRequest, {"method": None}),
        (HttpRequest, {"method": "GET\r\n"}),
        (HttpRequest, {"body": "text"}),
        (HttpResponse, {"status": "200"}),
        (HttpResponse, {"status": True}),
        (HttpResponse, {"body": "text"}),
        (InboundRequest, {"method": None}),
        (InboundRequest, {"url": b"/"}),
        (InboundRequest, {"body": "text"}),
        *[(kind, {"headers": bad}) for kind in (HttpRequest, HttpResponse, InboundRequest) for bad in (
            {"A": "b"}, [("A", "b")], (("A",),), (("A", 1),), (["A", "b"],), None)],
    ],
)  # fmt: skip
def test_values_refuse(kind: Any, named: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        make(kind, **named)


@pytest.mark.parametrize("status", [-1, 0, 99, 1000, 10**10])
def test_a_status_has_three_digits(status: int) -> None:
    with pytest.raises(ProtocolError) as refusal:
        HttpResponse(status=status)
    assert refusal.value.reason == "unexpected_status"


def test_a_status_may_be_unheard_of() -> None:
    assert HttpResponse(status=999).status == 999


@pytest.mark.parametrize("kind", [HttpRequest, HttpResponse, InboundRequest])
@pytest.mark.parametrize("name", ["", "A B", "A:", "\u00c4"])
def test_a_header_name_is_a_token(kind: Any, name: str) -> None:
    with pytest.raises(UsageError if kind is HttpRequest else ProtocolError):
        make(kind, headers=((name, "c"),))


def test_headers_are_found_in_any_case() -> None:
    headers = (("X-A", "1"), ("x-a", "2"), ("Y", "3"))
    assert HttpResponse(status=200, headers=headers).header("x-A") == "1"
    assert HttpResponse(status=200, headers=headers).header("z") is None
    assert InboundRequest(method="GET", url="/", headers=headers).header_values("X-a") == ("1", "2")


def test_no_repr_shows_credentials() -> None:
    headers = (("Authorization", "Bearer hidden"), ("Cookie", "hidden"))
    shown = [
        repr(HttpRequest(method="POST", url="https://a.example/t?code=hidden", headers=headers, body=b"hidden")),
        repr(HttpResponse(status=200, headers=headers, body=b"hidden")),
        repr(InboundRequest(method="GET", url="/?access_token=hidden", headers=headers, body=b"hidden")),
    ]
    assert not any("hidden" in text for text in shown)
    assert shown[0] == "HttpRequest(POST https://a.example/t, 6 bytes)"


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 10**400])
def test_wait_refuses(seconds: float) -> None:
    with pytest.raises(UsageError):
        Wait(seconds=seconds)


# --- forms


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=x+y%20z", {"a": "x y z"}),
        ("a=%C3%A4", {"a": "ä"}),
        ("a=&b=1&c", {"b": "1"}),
        ("a=b=c", {"a": "b=c"}),
    ],
)
def test_forms(text: str | bytes, fields: dict[str, str]) -> None:
    assert parse_form(text, "form") == fields


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a=1&a=2", ProtocolError),
        ("a=1&a=", ProtocolError),
        ("a=&a=", ProtocolError),
        ("a=1&%61=2", ProtocolError),
        ("a=%FF", MalformedError),
        ("a=\ud800", MalformedError),
        (b"a=\xc3\xa4", MalformedError),
        ("&".join(f"a{n}=1" for n in range(101)), MalformedError),
        ("a=" + "x" * 70_000, MalformedError),
    ],
)
def test_forms_refuse(text: str | bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_form(text, "form")


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=5))
def test_forms_round_trip(fields: dict[str, str]) -> None:
    assert parse_form(encode_form(fields.items()), "form") == fields
    assert encode_query("https://a/?x=1", fields.items()).startswith("https://a/?x=1&")


@given(st.text() | st.binary())
def test_forms_take_anything(text: str | bytes) -> None:
    try:
        parse_form(text, "form")
    except RejectedError:
        pass


# --- scopes


def test_scopes() -> None:
    assert check_scope(["a:b", "c"]) == ("a:b", "c")
    assert split_scope("a  b ") == ("a", "b")
    assert split_scope(None) == ()
    assert is_scope("a b")
    assert not is_scope('a "b"')


@pytest.mark.parametrize("wrong", ["a b", b"a", ["a b"], [""], [1], ['"'], ["\\"], ["ä"]])
def test_scopes_refuse(wrong: Any) -> None:
    with pytest.raises(UsageError):
        check_scope(wrong)
