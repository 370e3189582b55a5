"""What is kept of an answer that cannot be used: its status, when to ask again, and a harmless beginning of it."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import OAuthError, ProtocolError, RejectedError
from jwtkit.oauth import HttpResponse, parse_discovery_response, parse_jwks_response, parse_token_response

HTML = b"<html><h1>502 Bad Gateway</h1></html>"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"


def refusal(response: HttpResponse) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        parse_token_response(response)
    return caught.value


def test_what_is_kept() -> None:
    error = refusal(HttpResponse(status=502, headers=(("Content-Type", "text/html"), ("Retry-After", "7")), body=HTML))
    assert (error.status, error.retry_after, error.reason) == (502, 7.0, "not_json")
    assert error.excerpt == "<html><h1>502 Bad Gateway</h1></html>"
    assert "Bad Gateway" not in str(error), "the peer's text is data, not part of the message"
    again = pickle.loads(pickle.dumps(error))
    assert (again.status, again.retry_after, again.excerpt) == (502, 7.0, error.excerpt)


@pytest.mark.parametrize(
    ("body", "excerpt"),
    [
        pytest.param(b"", None, id="nothing"),
        pytest.param(b" \r\n\t ", None, id="white space"),
        pytest.param(b"a\x1b[31mb\x00c", "a [31mb c", id="control characters"),
        pytest.param("\u202eabc".encode(), "abc", id="direction"),
        pytest.param(b"\xff\xfeab", "\ufffd\ufffdab", id="not UTF-8"),
        pytest.param(b"token: " + TOKEN.encode(), "token: [...]", id="what could be a token"),
        pytest.param(b"code=" + b"x" * 20, "code=[...]", id="what could be a code"),
        pytest.param(b"a M.C5_/b\\/xY!0*$^|~#@:;?()&=z b", "a [...] b", id="a token of other characters"),
        pytest.param("a pässwörter-ohne-ende-ohne b".encode(), "a [...] b", id="other letters"),
        pytest.param(b"<p>x</p> {1,2} [3] 'a' \"b\"", "<p>x</p> {1,2} [3] 'a' \"b\"", id="no run goes over these"),
        pytest.param(
            b'{"access_token":"SlAV32","expires_in":5,"refresh_token" : "x y"}',
            '{"access_token":[...],"expires_in":5,"refresh_token" : [...]}',
            id="short tokens in JSON",
        ),
        pytest.param(b'{"Client_SECRET":"a\\"b","a":1}', '{"Client_SECRET":[...],"a":1}', id="an escaped quote"),
        pytest.param(b'{"password":"a b', '{"password":[...]', id="no end"),
        pytest.param(b'{"code":12,"x":1}', '{"code":[...],"x":1}', id="a number"),
        pytest.param(b'{"tokens":["a","b"],"x":1}', '{"tokens":[...]', id="several"),
        pytest.param(b'{"my token": {"v":"a"}}', '{"my token": [...]', id="inside an object"),
        pytest.param(b"{'assertion': 'a b'}", "{'assertion': [...]}", id="single quotes"),
        pytest.param(rb'{"b":"{\"code\":\"a b\"}","x":1}', r'{"b":"{\"code\":[...],"x":1}', id="JSON inside JSON"),
        pytest.param(b"a=b&device_code=c,d&e=f", "a=b&device_code=[...]&e=f", id="short codes in a form"),
        pytest.param(b"the token\x00: abc is", "the token : [...] is", id="prose"),
        pytest.param(b'{"error":"no code"}', '{"error":"no code"}', id="a word that names nothing"),
        pytest.param((b"x" * 99 + b" ") * 7 + b"y" * 90 + b" " + b"z" * 20, "[...] " * 8 + "[...]", id="cut short"),
        pytest.param(b"ab " * 1000, ("ab " * 67)[:200].strip(), id="long"),
        pytest.param(b"x" * 100_000, "[...]", id="one long word"),
    ],
)
def test_the_beginning_of_a_body(body: bytes, excerpt: str | None) -> None:
    assert refusal(HttpResponse(status=500, body=body)).excerpt == excerpt


def test_the_beginning_of_a_body_takes_no_time() -> None:
    bodies = [b"token", b"token=", b'"token":"', b"token\\", b"token ", b"a", b":", b"token<", b"\\", b"'token':'"]
    start = time.perf_counter()
    for word in bodies:
        refusal(HttpResponse(status=500, body=word * (1_000_000 // len(word))))
    assert time.perf_counter() - start < 2


DATE = "Tue, 15 Nov 1994 08:12:31 GMT"


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        pytest.param("120", None, 120.0, id="seconds, RFC 9110 section 10.2.3"),
        pytest.param("0", None, 0.0, id="at once"),
        pytest.param(" 5 ", None, 5.0, id="with spaces"),
        pytest.param("Tue, 15 Nov 1994 08:14:31 GMT", DATE, 120.0, id="a date"),
        pytest.param("Tue, 15 Nov 1994 08:00:00 GMT", DATE, 0.0, id="a date that is over"),
        pytest.param("99999999999999999999", None, 604800.0, id="for ever"),
        pytest.param("Tue, 15 Nov 2094 08:14:31 GMT", DATE, 604800.0, id="a date far ahead"),
        pytest.param("Tue, 15 Nov 1994 08:14:31 GMT", None, None, id="a date, and nobody knows since when"),
        pytest.param("-5", None, None, id="negative"),
        pytest.param("1.5", None, None, id="no whole number"),
        pytest.param("\u0665", None, None, id="digits of another script"),
        pytest.param("soon", None, None, id="a word"),
        pytest.param("Tue, 32 Nov 1994 08:14:31 GMT", DATE, None, id="no such day"),
        pytest.param("Tue, 15 Foo 1994 08:14:31 GMT", DATE, None, id="no such month"),
        pytest.param("Tuesday, 15-Nov-94 08:14:31 GMT", DATE, None, id="an old form of dates"),
        pytest.param("", None, None, id="empty"),
        pytest.param(None, None, None, id="absent"),
    ],
)
def test_when_to_ask_again(value: str | None, date: str | None, seconds: float | None) -> None:
    pairs = (("Retry-After", value), ("Date", date))
    headers = tuple((name, given) for name, given in pairs if given is not None)
    assert refusal(HttpResponse(status=503, headers=headers)).retry_after == seconds


PARSERS: dict[str, Callable[[HttpResponse], object]] = {
    "token": parse_token_response,
    "keys": parse_jwks_response,
    "metadata": lambda response: parse_discovery_response(response, issuer="https://auth.example.com"),
}


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_read(parse: Callable[[HttpResponse], object], status: int) -> None:
    headers = (("Location", "https://evil.example/"), ("Content-Type", "application/json"))
    with pytest.raises(ProtocolError) as caught:
        parse(HttpResponse(status=status, headers=headers, body=b"{}"))
    assert (caught.value.reason, caught.value.status) == ("redirect", status)


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
def test_not_modified_is_no_redirect(parse: Callable[[HttpResponse], object]) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse(HttpResponse(status=304))
    assert (caught.value.reason, caught.value.status) == ("unexpected_status", 304)


@given(
    st.integers(100, 599),
    st.lists(
        st.tuples(
            st.sampled_from(["Content-Type", "Retry-After", "Date", "WWW-Authenticate", "Cache-Control", "X"]),
            st.sampled_from(["application/json", "text/html", "7", DATE, "Bearer", "no-store", "application/json;x=1"])
            | st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=20),
        ),
        max_size=4,
    ),
    st.binary(max_size=60) | st.sampled_from([b"{}", b'{"error":"x"}', b'{"keys":[]}', b'{"error":5}', b"[]", b"null"]),
)
def test_any_answer_gives_a_value_or_a_refusal(status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    response = HttpResponse(status=status, headers=tuple(headers), body=body)
    for parse in PARSERS.values():
        try:
            parse(response)
        except RejectedError as error:
            if isinstance(error, (ProtocolError, OAuthError)) and not str(error).startswith("server metadata: "):
                assert error.status in (status, None)
            assert len(getattr(error, "excerpt", None) or "") <= 200
