"""page: everything that was found, as one HTML document that a person can keep, print and hand on.

Rules of this room:

- The document runs nothing and asks nobody: no script, no address, no link. Its policy forbids both, so that a mistake
  here would still do nothing.
- Foreign text goes through `_text`, `_value` or `_message` and nowhere else: escapes for what would act unseen,
  `html.escape` for what HTML would obey, and an element of its own, so that a right-to-left script does not reorder the
  page around it.
- No foreign text in an attribute, in the title or in a verdict: what the page says stays apart from what a token says.
- What could be used as it is, signatures and texts that are no JWT, stays out of the whole document, unless the caller
  keeps it.
- The document is ASCII, so that no encoding on its way to the disk or the reader can harm it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from jwtkit import _wire
from jwtkit.shell.failures import in_options
from jwtkit.shell.hint import Hint, Inspected, Inspection
from jwtkit.shell.page_style import STYLE
from jwtkit.shell.terminal import json_value, visible

__all__ = ["page"]

_HASH: Final = _wire.b64_encode(hashlib.sha256(STYLE.encode()).digest())
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
# A telephone would make links of numbers, and a browser would send the text away to have it translated.
_HEAD: Final = f"""<!doctype html>
<html lang="en" translate="no">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<title>Token inspection</title>
<style>{STYLE}</style>
</head>
"""
_NOT_VERIFIED: Final = "not verified: anybody may have written this"
# Look, word and sentence for each kind.
_VERDICTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "JWS": ("doubt", "signed", _NOT_VERIFIED),
    "JWE": ("doubt", "encrypted", f"{_NOT_VERIFIED}, and only the recipient can read it"),
    "opaque": ("plain", "opaque", "no JWT: it means something only to the server that issued it"),
    "broken": ("bad", "broken", "no verifier accepts it"),
}
_UNSIGNED: Final = ("unsigned", "alg_none")
_WHOLE: Final = Hint(
    code="whole_tokens",
    severity="warning",
    message="this page holds whole tokens: whoever reads it can use them, so keep it as you would a password",
)
_SEGMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "JWS": ("header", "payload", "signature"),
    "JWE": ("header", "encrypted key", "initialization vector", "ciphertext", "tag"),
}
_SHOWN: Final = ("header", "payload")
_SHORT: Final = 16  # characters: what is shorter is found by chance
_HEADER_WORDS: Final[Mapping[str, str]] = {
    "alg": "algorithm",
    "enc": "content encryption",
    "typ": "type",
    "cty": "content type",
    "kid": "key identifier",
    "crit": "must be understood",
    "zip": "compression",
    "jku": "address of keys",
    "jwk": "a key",
    "x5u": "address of a certificate",
    "x5c": "certificates",
    "x5t": "certificate thumbprint",
    "epk": "ephemeral key",
}
_CLAIM_WORDS: Final[Mapping[str, str]] = {
    "iss": "issuer",
    "sub": "subject",
    "aud": "audience",
    "exp": "expires",
    "nbf": "not before",
    "iat": "issued",
    "jti": "token identifier",
    "auth_time": "user authenticated",
    "azp": "authorized party",
    "acr": "authentication level",
    "amr": "authentication methods",
    "at_hash": "access token hash",
    "c_hash": "code hash",
    "sid": "session",
    "cnf": "bound to",
    "act": "acting party",
}
_RESPONSE_WORDS: Final[Mapping[str, str]] = {"expires_in": "seconds, when it was sent"}
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)+")
# A string in JSON text; only the name of a member is followed by a colon.
_STRING: Final = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"(?=(:)?)')
# From left to right, so that a backslash that is itself escaped begins none.
_ESCAPE: Final = re.compile(r"\\(?:u[0-9a-f]{4}|U[0-9a-f]{8}|.)")
_HIDDEN: Final = frozenset("uUbfnrt")
_ONE_LINE: Final = 64  # characters of a list


def page(inspection: Inspection, *, keep_signature: bool = False) -> str:
    """Write one HTML document that shows what was found, and needs nothing else to be shown.

    Args:
        inspection: what was found. Untrusted.
        keep_signature: whether tokens are shown whole. Whoever has such a page can use them.
    """
    tokens, hints = inspection.tokens, inspection.hints
    if keep_signature and tokens:
        hints = (_WHOLE, *hints)
    secrets = () if keep_signature else tuple(secret for token in tokens for secret in _secrets(token))
    sections = [
        _token(token, f"token-{number}", secrets, whole=keep_signature) for number, token in enumerate(tokens, 1)
    ]
    if inspection.response is not None:
        sections.append(_response(_without(inspection.response, secrets)))
    what = "text" if not sections else "token" if inspection.response is None else "token response"
    document = (
        f'{_HEAD}<body>\n<header class="top">',
        f"<h1>What this {what} says</h1>",
        f'<p class="moment">As of {_time(_moment(inspection.now))}</p>',
        _findings(hints),
        "</header>\n<main>",
        *(sections or ['<section class="card"><p>There is no token in this text.</p></section>']),
        f'</main>\n<footer class="foot">\n{_foot(whole=keep_signature)}\n</footer>\n</body>\n</html>\n',
    )
    return "\n".join(document).encode("ascii", "xmlcharrefreplace").decode("ascii")


def _segments(token: Inspected) -> list[tuple[str, str]]:
    """Give the segments of a token, each with its name; none for a text that is no token, whatever stands around it."""
    names = _SEGMENTS.get(token.kind, ())
    found = _COMPACT.search(token.text) if names else None
    segments = found[0].split(".") if found else []
    return list(zip(names, segments, strict=True)) if len(segments) == len(names) else []


def _secrets(token: Inspected) -> list[str]:
    """Give what is left out, which must not come back through a claim or a member that repeats it."""
    segments = _segments(token)
    cut = [text for name, text in segments if name not in _SHOWN] if segments else [token.text.strip()]
    return [text for text in cut if len(text) >= _SHORT]


def _without(value: Any, secrets: tuple[str, ...]) -> Any:
    """Copy a JSON value without the texts that are left out."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "[left out]")
        return value
    if isinstance(value, Mapping):
        return {_without(name, secrets): _without(member, secrets) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without(item, secrets) for item in value]
    return value


def _token(token: Inspected, anchor: str, secrets: tuple[str, ...], *, whole: bool) -> str:
    report = token.report
    parts = [
        f'<section class="card token" aria-labelledby="{anchor}">',
        f'<h2 id="{anchor}">{_text(token.name)}</h2>',
        _verdict(token),
        _findings(token.findings()),
    ]
    if report.header is not None:
        parts += [_heading("Header", f"{anchor}-header", "header")]
        parts += [_table(_without(report.header, secrets), f"{anchor}-header", _HEADER_WORDS)]
    if report.claims is not None:
        claims = _without(report.claims, secrets)
        parts += [_heading("Claims", f"{anchor}-claims", "payload")]
        parts += [_table(claims, f"{anchor}-claims", _CLAIM_WORDS, report.times)]
    parts += [_heading("Text", f"{anchor}-text", "plain"), _compact(token, whole=whole), "</section>"]
    return "\n".join(parts)


def _response(members: Mapping[str, object]) -> str:
    heading = '<h2 id="response">What came with it</h2>'
    table = _table(members, "response", _RESPONSE_WORDS)
    return f'<section class="card" aria-labelledby="response">\n{heading}\n{table}\n</section>'


def _verdict(token: Inspected) -> str:
    look, word, rest = _VERDICTS[token.kind]
    if token.report.verified:
        look, rest = "good", "verified"
    elif any(finding.code in _UNSIGNED for finding in token.report.findings):
        look, word = "bad", "not signed"
    return f'<p class="verdict {look}"><b>{word}</b> <span>{rest}</span></p>'


def _findings(hints: Iterable[Hint]) -> str:
    items = [
        f'<li class="{hint.severity}"><b>{hint.severity}</b> <span>{_message(hint.message)} '
        f"<code>{escape(visible(hint.code))}</code></span></li>"
        for hint in hints
    ]
    return "\n".join(['<ul class="findings">', *items, "</ul>"]) if items else ""


def _message(message: str) -> str:
    return f'<bdi dir="ltr">{escape(visible(in_options(message)))}</bdi>'


def _heading(words: str, anchor: str, look: str) -> str:
    return f'<h3 id="{anchor}" class="{look}">{words}</h3>'


def _table(
    members: Mapping[str, object], anchor: str, words: Mapping[str, str], times: Mapping[str, str] | None = None
) -> str:
    """Write a row for each member; `anchor` is the heading that names the table."""
    rows = [
        f'<tr><th scope="row">{_text(name)}{_small(words.get(name))}</th>'
        f"<td>{_value(value)}{_when(name, times)}</td></tr>"
        for name, value in members.items()
    ]
    body = "\n".join(rows)
    return f'<table aria-labelledby="{anchor}">\n<tbody>\n{body}\n</tbody>\n</table>' if rows else "<p>Nothing.</p>"


def _small(word: str | None) -> str:
    return f" <small>{word}</small>" if word else ""


def _when(name: str, times: Mapping[str, str] | None) -> str:
    if times is None or name not in times:
        return ""
    absolute, comma, distance = times[name].partition(", ")
    return f' <span class="when">{_time(absolute)}{comma}<b>{escape(distance)}</b></span>'


def _time(moment: str) -> str:
    """Show a moment as people read it: 2030-01-01 00:00:00 UTC; one that no calendar has stays words."""
    if not moment.endswith("Z"):
        return escape(moment)
    return f'<time datetime="{escape(moment)}">{escape(moment[:-1].replace("T", " "))} UTC</time>'


def _moment(now: float) -> str:
    try:
        return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return "a moment beyond the years that a calendar here knows"


def _text(text: str) -> str:
    """Show foreign text as JSON writes it, so that an escape is not taken for a text that only looks like one."""
    return f"<bdi>{_marked(json_value(text)[1:-1])}</bdi>"


def _value(value: object) -> str:
    """Show a JSON value. The quotes around a text come from the style, so that what is copied is the text."""
    if isinstance(value, str):
        return f'<bdi class="text">{_marked(json_value(value)[1:-1])}</bdi>'
    text = json_value(value)
    if isinstance(value, (list, tuple)) and not any(isinstance(item, (list, tuple, Mapping)) for item in value):
        line = f"[{', '.join(map(json_value, value))}]"
        text = line if len(line) <= _ONE_LINE else text
    look = "pre" if "\n" in text else "code"
    return f"<{look}>{_json(text)}</{look}>"


def _json(text: str) -> str:
    """Give each string in JSON text an element of its own."""
    parts, end = [], 0
    for string in _STRING.finditer(text):
        look = ' class="key"' if string[2] else ""
        parts += [escape(text[end : string.start()]), f'"<bdi{look}>{_marked(string[1])}</bdi>"']
        end = string.end()
    return "".join((*parts, escape(text[end:])))


def _marked(text: str) -> str:
    """Escape for HTML, and mark what stands for a character that cannot be shown."""
    return _ESCAPE.sub(_mark, escape(text))


def _mark(found: re.Match[str]) -> str:
    return f"<mark>{found[0]}</mark>" if found[0][1] in _HIDDEN else found[0]


def _compact(token: Inspected, *, whole: bool) -> str:
    segments = _segments(token)
    if segments:
        shown = ".".join(_segment(name, text, whole=whole) for name, text in segments)
    else:
        shown = escape(visible(token.text)) if whole else _left_out("text", len(token.text))
    return f'<p class="compact"><code>{shown}</code></p>'


def _segment(name: str, text: str, *, whole: bool) -> str:
    if text and (whole or name in _SHOWN):
        return f'<span class="{name.replace(" ", "-")}">{text}</span>'
    return _left_out(name, len(text))


def _left_out(name: str, size: int) -> str:
    words = f"{name} left out, {size} characters" if size else f"no {name}"
    return f'<span class="left-out">{words}</span>'


def _foot(*, whole: bool) -> str:
    kept = "Tokens are shown whole." if whole else "Signatures and texts that are no JWT are left out."
    return (
        f"<p>{kept} The claims are as private as the token itself.</p>\n"
        "<p>This page runs nothing, asks nobody, and needs no network.</p>"
    )
