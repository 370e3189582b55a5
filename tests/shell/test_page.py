"""The page: what a token says is shown, and nothing of it acts."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JWK, Claims, Token, report
from jwtkit._wire import b64url_encode, serialize
from jwtkit.shell.hint import Hint, Inspected, Inspection
from jwtkit.shell.page import page
from jwtkit.shell.page_style import STYLE

NOW = 1_783_000_000
SIGNATURE = b64url_encode(bytes(range(256)))
ATTRIBUTES = {
    "html": {"lang", "translate"},
    "meta": {"charset", "content", "http-equiv", "name"},
    "header": {"class"},
    "footer": {"class"},
    "section": {"aria-labelledby", "class"},
    "h2": {"id"},
    "h3": {"class", "id"},
    "table": {"aria-labelledby"},
    "th": {"scope"},
    "p": {"class"},
    "ul": {"class"},
    "li": {"class"},
    "span": {"class"},
    "bdi": {"class", "dir"},
    "time": {"datetime"},
}
ELEMENTS = {
    *ATTRIBUTES,
    *("head", "title", "style", "body", "main", "h1", "tbody", "tr", "td", "b", "small", "code", "pre", "mark"),
}
VOID = {"meta"}


class Document(HTMLParser):
    """Parses a page and notes its elements; `rows` are the cells of its tables as text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.comments: list[str] = []
        self.declarations: list[str] = []
        self.rows: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"{tag} has an attribute twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")
        if tag == "tr":
            self.rows.append(("", ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.texts[tag][-1] += data
        if "tr" in self.open and not {"bdi", "code", "pre"}.isdisjoint(self.open):
            name, value = self.rows[-1]
            self.rows[-1] = (name + data, value) if "th" in self.open else (name, value + data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_decl(self, decl: str) -> None:
        self.declarations.append(decl)

    def text(self) -> str:
        return " ".join(self.texts["body"][0].split())


def token(claims: object = None, header: object = None, signature: str = SIGNATURE) -> str:
    parts = [header or {"alg": "RS256", "typ": "JWT", "kid": "1"}, {"sub": "alice"} if claims is None else claims]
    return ".".join([*(b64url_encode(serialize(part, "part")) for part in parts), signature])  # type: ignore[arg-type]


def inspected(text: str, name: str = "token", *hints: Hint) -> Inspected:
    return Inspected(name=name, text=text, report=report(text, now=NOW), hints=hints)


def inspection(*texts: str, response: dict[str, object] | None = None, hints: tuple[Hint, ...] = ()) -> Inspection:
    names = ("access_token", "id_token", "refresh_token") if response is not None else ("token",)
    tokens = tuple(inspected(text, name) for name, text in zip(names, texts, strict=False))
    return Inspection(tokens=tokens, hints=hints, response=response, now=NOW)


def check_plain(text: str) -> Document:
    """Assert that nothing in a page can act, and give the page."""
    document = Document(text)
    assert document.open == []
    assert document.comments == []
    assert document.declarations == ["doctype html"]
    for tag, attributes in document.elements:
        assert tag in ELEMENTS
        assert attributes.keys() <= ATTRIBUTES.get(tag, set()), tag
    for tag in ("html", "head", "title", "style", "body", "main", "h1"):
        assert [name for name, _ in document.elements].count(tag) == 1, tag
    assert document.texts["style"] == [STYLE]
    assert document.texts["title"] == ["Token inspection"]
    identifiers = [attributes["id"] for _, attributes in document.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert {
        attributes[name] for _, attributes in document.elements for name in attributes if name == "aria-labelledby"
    } <= set(identifiers)
    assert "://" not in "".join(value or "" for _, attributes in document.elements for value in attributes.values())
    return document


def _pair(digits: str) -> str:
    return json.dumps(chr(int(digits, 16)))[1:-1]


def readable(text: str) -> Any:
    """Read a shown value back: it is JSON, but for the escapes of what lies beyond 16 bits."""
    pairs = re.sub(r"\\(?:U([0-9a-f]{8})|.)", lambda found: _pair(found[1]) if found[1] else found[0], text)
    return json.loads(pairs)


def check_rows(document: Document, members: dict[str, Any]) -> None:
    """Assert that each member stands in the tables, name and value."""
    for name, value in members.items():
        values = [shown for heading, shown in document.rows if readable(f'"{heading}"') == name]
        # The quotes around a text are the style's.
        quoted = [f'"{shown}"' if isinstance(value, str) else shown for shown in values]
        assert value in [readable(shown) for shown in quoted], name


ATTACK = '"><script>globalThis.pwned = 1</script><img src=x onerror=globalThis.pwned=1>'
ATTACKS = {
    "script": "<script>globalThis.pwned=1</script>",
    "broken out of a quote": ATTACK,
    "single quotes": "' onmouseover='globalThis.pwned=1' x='",
    "handler": "<svg/onload=globalThis.pwned=1>",
    "end of style": "</style><style>*{display:none}</style>",
    "end of title": "</title><script>globalThis.pwned=1</script>",
    "end of cells": "</bdi></td></tr></tbody></table></section></main><h1>verified</h1>",
    "comment": "<!-- ",
    "end of comment": "--!><!--><script>globalThis.pwned=1</script>",
    "character data": "<![CDATA[<script>]]>",
    "plaintext": "<plaintext>",
    "entity": "&lt;script&gt;&amp;&#60;b&#x3e;&quot",
    "script URL": "javascript:globalThis.pwned=1",
    "data URL": "data:text/html,<script>globalThis.pwned=1</script>",
    "frame": '<iframe srcdoc="<script>parent.pwned=1</script>">',
    "base": '<base href="https://evil.example/">',
    "refresh": '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    "style import": "<style>@import 'https://evil.example/a.css'</style>",
    "template": "{{7*7}}${7*7}<%= 7*7 %>",
    "terminal": "\x1b[31mred\x1b]0;title\x07\x9b1m",
    "NUL": "a\x00b<\x00script>",
    "white space": " a\tb\r\nc\x0b\x0c\x85\u2028\u2029\u00a0  ",
    "override": "\u202egpj.exe\u202c",
    "isolate": "\u2066\u2067\u2068\u2069",
    "marks": "\u200e\u200f\u061c",
    "zero width": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg",
    "tags": "\U000e0041\U000e0042",
    "private": "\ue000\U0010fffd\ufffe\uffff",
    "looks escaped": "\\u202e \\\\u003c \\U0001f600 \\n",
    "right to left": "שלום, (abc) 1! עולם <b>",
    "emoji": "\U0001f469\u200d\U0001f52c é e\u0301",
    "stacked": "Z" + "\u0335\u0301" * 200,
    "long": "W" * 5_000,
    "empty": "",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_nothing_in_a_token_acts(attack: str) -> None:
    claims = {
        "sub": attack,
        "iss": attack,
        "aud": [attack],
        attack or "empty": 1,
        "nested": {attack: [attack, {"x": attack}]},
    }
    header = {
        "alg": attack[:300] or "none",
        "kid": attack[:300],
        "typ": attack[:300],
        "jku": attack[:300],
        "jwk": {"x": attack[:300]},
    }
    document = check_plain(page(inspection(token(claims, header))))
    check_rows(document, claims)
    check_rows(document, header)
    assert [text.strip() for text in document.texts["h1"]] == ["What this token says"]
    assert "verified" not in document.texts["b"]
    assert document.texts["body"][0].replace("\n", "").isprintable()


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("whole", [False, True])
def test_nothing_around_a_token_acts(attack: str, whole: bool) -> None:
    hint = Hint(code=attack, severity="warning", message=attack)
    tokens = (inspected(attack, attack, hint), inspected(token(header={"alg": "RS256"}), attack))
    looked = Inspection(tokens=tokens, hints=(hint,), response={attack: attack, "x": [attack]}, now=NOW)
    check_plain(page(looked, keep_signature=whole))


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**60), 2**60)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_claim_is_shown_as_it_is(value: Any) -> None:
    claims = {"claim": value, f"name {value}"[:40]: 0}
    text = page(inspection(token(claims)))
    assert text.isascii()
    check_rows(check_plain(text), claims)


@given(st.text(max_size=60))
def test_any_text_gives_a_plain_page(text: str) -> None:
    check_plain(page(inspection(text), keep_signature=True))
    check_plain(page(inspection(text, response={text: text})))


def test_what_is_nested_deeply() -> None:
    claims = {"deep": json.loads('{"a":[' * 14 + '"end"' + "]}" * 14)}
    check_rows(check_plain(page(inspection(token(claims)))), claims)


def test_a_lone_surrogate_is_an_escape() -> None:
    document = check_plain(page(inspection(response={"\ud800": ["\udfff"]})))
    assert ("\\ud800", '["\\udfff"]') in document.rows


def test_the_policy_allows_this_style_and_nothing_else() -> None:
    document = check_plain(page(inspection(token())))
    digest = b64encode(sha256(document.texts["style"][0].encode()).digest()).decode()
    metas = {
        meta.get("http-equiv") or meta.get("name"): meta.get("content")
        for tag, meta in document.elements
        if tag == "meta"
    }
    assert metas == {
        None: None,
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        "viewport": "width=device-width, initial-scale=1",
        "color-scheme": "light dark",
        "referrer": "no-referrer",
        "robots": "noindex",
        "format-detection": "telephone=no, date=no, address=no, email=no",
    }
    assert document.elements[0] == ("html", {"lang": "en", "translate": "no"})
    # The policy comes before what it governs.
    assert [tag for tag, _ in document.elements].index("style") > 2
    assert document.elements[3][1]["http-equiv"] == "Content-Security-Policy"


@pytest.mark.parametrize("word", ["url(", "@import", "@font-face", "expression", "//", "<", "\\", "\r"])
def test_the_style_fetches_nothing(word: str) -> None:
    assert word not in STYLE
    assert STYLE.isascii()


def jwe(*parts: str) -> str:
    return ".".join([b64url_encode(b'{"alg":"RSA-OAEP-256","enc":"A256GCM"}'), *parts])


KEY, IV, CIPHERTEXT, TAG = (b64url_encode(bytes([n]) * size) for n, size in ((7, 256), (8, 12), (9, 99), (10, 16)))
OPAQUE = "ya29-" + SIGNATURE[:60]
CUT = {
    "signed": (token(), [SIGNATURE], ["signature left out, 342 characters"]),
    "with a prefix": (f"Bearer {token()}\n", [SIGNATURE], ["signature left out, 342 characters"]),
    "in quotes": (f'"{token()}"', [SIGNATURE], ["signature left out, 342 characters"]),
    "bytes": (f"b'{token()}'", [SIGNATURE], ["signature left out, 342 characters"]),
    "unsigned": (token(signature=""), [], ["no signature"]),
    "encrypted": (
        jwe(KEY, IV, CIPHERTEXT, TAG),
        [KEY, IV, CIPHERTEXT, TAG],
        [
            "encrypted key left out, 342 characters",
            "initialization vector left out, 16 characters",
            "ciphertext left out, 132 characters",
            "tag left out, 22 characters",
        ],
    ),
    "encrypted directly": (jwe("", IV, CIPHERTEXT, TAG), [IV, CIPHERTEXT, TAG], ["no encrypted key"]),
    "opaque": (OPAQUE, [OPAQUE], ["text left out, 65 characters"]),
    "four segments": (f"{token()}.{OPAQUE}", [SIGNATURE, OPAQUE], ["text left out, "]),
    "broken payload": (f"eyJhbGciOiJSUzI1NiJ9.{OPAQUE}.{SIGNATURE}", [SIGNATURE, OPAQUE], ["text left out, "]),
    "with a line break inside": (token()[:-9] + "\n" + token()[-9:], [SIGNATURE[:-9]], ["text left out, "]),
}


@pytest.mark.parametrize(("text", "secrets", "notes"), CUT.values(), ids=CUT)
def test_what_could_be_used_is_left_out(text: str, secrets: list[str], notes: list[str]) -> None:
    cut, whole = page(inspection(text)), page(inspection(text), keep_signature=True)
    for secret in secrets:
        assert not any(secret[start : start + 12] in cut for start in range(len(secret) - 11))
        assert secret in whole
    for note in notes:
        assert note in check_plain(cut).text()
        assert "left out" not in check_plain(whole).text()
    assert "this page holds whole tokens" in whole
    assert "this page holds whole tokens" not in cut


@pytest.mark.parametrize("kept", [token(), OPAQUE], ids=["signed", "opaque"])
def test_what_is_left_out_does_not_come_back_elsewhere(kept: str) -> None:
    claims = {"nested": [{"again": kept}], f"name {kept}": 1}
    header = {"alg": "RS256", "kid": kept[-60:], "copy": kept}
    looked = inspection(kept, token(claims, header, "c2lnbmF0dXJl"), response={"token": kept, "list": [kept]})
    cut, secret = page(looked), kept.rpartition(".")[2]
    assert secret not in check_plain(cut).text()
    assert secret not in cut
    assert cut.count("[left out]") >= 4
    assert page(looked, keep_signature=True).count(secret) > 5


def test_header_and_payload_are_shown() -> None:
    header, payload, _ = token().split(".")
    document = check_plain(page(inspection(token())))
    assert document.texts["code"][-1] == f"{header}.{payload}.signature left out, 342 characters"
    assert [attributes.get("class") for tag, attributes in document.elements if tag == "span"][-3:] == [
        "header",
        "payload",
        "left-out",
    ]


VERIFIED = Token.sign(Claims(sub="alice"), JWK.generate("HS256"), lifetime=60, now=NOW)
VERDICTS = {
    "signed": (token(), "signed not verified: anybody may have written this"),
    "unsigned": (token(signature=""), "not signed not verified: anybody may have written this"),
    "none": (token(header={"alg": "none"}, signature=""), "not signed not verified: anybody may have written this"),
    "encrypted": (
        jwe(KEY, IV, CIPHERTEXT, TAG),
        "encrypted not verified: anybody may have written this, and only the recipient can read it",
    ),
    "opaque": (OPAQUE, "opaque no JWT: it means something only to the server that issued it"),
    "broken": ("eyJh.b.c", "broken no verifier accepts it"),
    "a verdict of its own": (
        token({"sub": "verified"}, {"alg": "verified"}),
        "signed not verified: anybody may have written this",
    ),
}


@pytest.mark.parametrize(("text", "words"), VERDICTS.values(), ids=VERDICTS)
def test_verdict(text: str, words: str) -> None:
    document = check_plain(page(inspection(text)))
    assert document.texts["p"][1] == words


def test_verdict_of_a_verified_token() -> None:
    looked = Inspected(name="token", text=VERIFIED.compact, report=report(VERIFIED, now=NOW))
    document = check_plain(page(Inspection(tokens=(looked,), now=NOW)))
    assert document.texts["p"][1] == "signed verified"
    assert "anybody" not in document.text()


def test_times_stand_beside_their_claims() -> None:
    claims = {"iat": NOW - 60, "exp": NOW + 3600, "nbf": 10**14, "auth_time": NOW - 86400.5, "other": NOW}
    document = check_plain(page(inspection(token(claims))))
    text = document.text()
    assert f"exp expires{NOW + 3600} 2026-07-02 14:46:40 UTC, in 1h 0m" in text
    assert f"iat issued{NOW - 60} 2026-07-02 13:45:40 UTC, 1m 0s ago" in text
    assert f"auth_time user authenticated{NOW - 86400.5} 2026-07-01 13:46:39 UTC, 1d 0h ago" in text
    assert f"{10**14} beyond the years that a calendar here knows" in text
    assert f"other{NOW}" in text
    assert next(a["datetime"] for tag, a in document.elements if tag == "time") == "2026-07-02T13:46:40Z"


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (0, "As of 1970-01-01 00:00:00 UTC"),
        (1e300, "As of a moment beyond the years"),
        (float("inf"), "As of a moment beyond"),
    ],
)
def test_the_moment_is_named(now: float, words: str) -> None:
    document = check_plain(page(Inspection(tokens=(), now=now)))
    assert words in document.text()
    assert "There is no token in this text." in document.text()


def test_findings_say_how_bad_they_are_and_the_worst_comes_first() -> None:
    hint = Hint(code="of_the_shell", severity="warning", message="pass leeway= or not")
    looked = inspected(
        token({"exp": NOW - 5, "iss": "a", "aud": "b"}, {"alg": "HS256", "typ": "JWT", "kid": "1"}), "token", hint
    )
    document = check_plain(page(Inspection(tokens=(looked,), hints=(hint,), now=NOW)))
    assert document.texts["li"] == [
        "warning say --leeway SECONDS or not of_the_shell",
        "error token expired 5s ago: get a fresh one expired",
        "warning say --leeway SECONDS or not of_the_shell",
        "info HS256 uses a shared secret: whoever can verify such a token can also make one alg_shared_secret",
    ]


def test_a_token_response() -> None:
    response: dict[str, object] = {"token_type": "Bearer", "expires_in": 3600, "scope": "openid"}
    refresh = "8xLOxBtZp8-" + SIGNATURE[:40]
    looked = inspection(
        token({"sub": "api"}), token({"sub": "alice"}, signature=SIGNATURE[::-1]), refresh, response=response
    )
    text = page(looked)
    document = check_plain(text)
    assert document.texts["h1"] == ["What this token response says"]
    assert document.texts["h2"] == ["access_token", "id_token", "refresh_token", "What came with it"]
    check_rows(document, response)
    assert not any(secret in text for secret in (SIGNATURE, SIGNATURE[::-1], refresh))
    assert "text left out, 51 characters" in document.text()


@pytest.mark.parametrize("response", [{}, {"error": "invalid_grant"}])
def test_a_response_without_tokens(response: dict[str, object]) -> None:
    document = check_plain(page(inspection(response=response)))
    assert document.texts["h2"] == ["What came with it"]
    assert ("Nothing." in document.text()) == (not response)


def test_claims_that_are_absent_or_empty() -> None:
    assert check_plain(page(inspection(token({})))).texts["h3"] == ["Header", "Claims", "Text"]
    assert check_plain(page(inspection(jwe(KEY, IV, CIPHERTEXT, TAG)))).texts["h3"] == ["Header", "Text"]
    assert check_plain(page(inspection(OPAQUE))).texts["h3"] == ["Text"]
