"""inspect: what is in this token, what is wrong with it, and what to do next, for people, programs and browsers."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any, Final

from jwtkit import _wire
from jwtkit._clock import resolve_now
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS
from jwtkit.crypto.encryption import KEY_MANAGEMENT
from jwtkit.shell.arguments import Parser, add_input, add_now, not_empty
from jwtkit.shell.failures import Exit, Failure
from jwtkit.shell.files import STDIN, read_text, write_new
from jwtkit.shell.hint import Hint, Inspected, Inspection
from jwtkit.shell.page import page
from jwtkit.shell.subject import inspect_text
from jwtkit.shell.terminal import Terminal, json_value, visible

__all__ = ["add_inspect"]

# Tokens that only their issuer reads: whoever verifies them is on the wrong track.
# Media types of tokens that a verifier accepts only where it is told to.
_TYPES: Final = frozenset(["at+jwt", "logout+jwt", "secevent+jwt", "token-introspection+jwt", "oauth-authz-req+jwt"])
_FOR_OTHERS: Final = frozenset(["graph_token", "auth0_without_audience", "okta_org_server", "github_app"])

_WIDTH: Final = 7


def add_inspect(parser: Parser) -> None:
    """Describe the command."""
    add_input(parser, "token, or a whole token response")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="write JSON, for programs")
    form.add_argument("--html", metavar="FILE", help="write a page that needs no network; '-' is stdout")
    words = "keep the signature in the page, which is then as good as the token"
    parser.add_argument("--keep-signature", action="store_true", help=words)
    words = "would a verifier with this issuer accept it?"
    parser.add_argument("--issuer", action="append", type=not_empty, metavar="ISS", help=words)
    parser.add_argument("--audience", action="append", type=not_empty, metavar="AUD", help="the same for the audience")
    add_now(parser)
    parser.set_defaults(run=_inspect)


def _inspect(parsed: Namespace) -> Exit:
    if parsed.keep_signature and parsed.html is None:
        raise Failure(Exit.USAGE, "--keep-signature is for the page: say --html too")
    text = read_text(parsed.file, "token")
    now = resolve_now(parsed.now)
    found = inspect_text(text, issuers=parsed.issuer, audiences=parsed.audience, now=now)
    out = Terminal.out()
    if parsed.json:
        out.line(_wire.indented(_members(found), "inspection"))
    elif parsed.html is None:
        _Sheet(out).write(found)
    else:
        document = page(found, keep_signature=parsed.keep_signature)
        if parsed.html == STDIN:
            out.line(document)
        else:
            write_new(parsed.html, document.encode("utf-8"))
            Terminal.err().line(
                f"the page is in {visible(repr(parsed.html))}: its claims are as private as the token's"
            )
    return Exit.OK if _parses(found) else Exit.NOT_A_TOKEN


def _parses(found: Inspection) -> bool:
    return found.response is not None or any(token.report.kind in ("JWS", "JWE") for token in found.tokens)


def _members(found: Inspection) -> Mapping[str, Any]:
    tokens = {}
    for token in found.tokens:
        findings = [_finding(hint) for hint in token.findings()]
        tokens[token.name] = {**token.report.to_dict(), "kind": token.kind, "findings": findings}
    members: dict[str, Any] = {"findings": [_finding(hint) for hint in found.hints], "tokens": tokens}
    if found.response is not None:
        members["response"] = found.response
    return members


def _finding(hint: Hint) -> Mapping[str, str]:
    return {"code": hint.code, "severity": hint.severity, "message": hint.message}


class _Sheet:
    """Writes an inspection for people."""

    def __init__(self, out: Terminal) -> None:
        self._out: Final = out

    def write(self, found: Inspection) -> None:
        if found.hints:
            self._findings(found.hints, "about the whole" if found.tokens else "what it is")
        if found.response is not None:
            self._members("response", found.response, {})
        for token in found.tokens:
            self._token(token)

    def _token(self, token: Inspected) -> None:
        report, line = token.report, self._out.line
        line(self._out.styled(f"{token.name}: {_verdict(token)}", "strong"))
        line()
        if report.header is not None:
            self._members("header", report.header, {})
        if report.claims is not None:
            self._members("claims", report.claims, report.times)
        if token.report.kind == "JWS" and not token.findings():
            self._out.line("  nothing is wrong with it, as far as that shows without its key")
            self._out.line()
        self._findings(token.findings(), "what to know")
        self._next(token)

    def _members(self, title: str, members: Mapping[str, Any], times: Mapping[str, str]) -> None:
        line = self._out.line
        line(f"  {self._out.styled(title, 'strong')}")
        names = [visible(name) for name in members]
        width = min(max(map(len, names), default=0), 20)
        for name, value in zip(names, members.values(), strict=True):
            text = json_value(value).replace("\n", "\n" + " " * (width + 6))
            time = f"  {self._out.styled(times[name], 'quiet')}" if name in times else ""
            line(f"    {name:<{width}}  {text}{time}")
        if not names:
            line("    (empty)")
        line()

    def _findings(self, hints: tuple[Hint, ...] | list[Hint], title: str) -> None:
        line, styled = self._out.line, self._out.styled
        if not hints:
            return
        line(f"  {styled(title, 'strong')}")
        for hint in hints:
            line(f"    {styled(f'{hint.severity:<{_WIDTH}}', hint.severity)}  {visible(hint.message)}")
        line()

    def _next(self, token: Inspected) -> None:
        step = _next_step(token)
        if step:
            self._out.line(f"  {self._out.styled('next', 'strong')}")
            for text in step:
                self._out.line(f"    {text}")
            self._out.line()


def _verdict(token: Inspected) -> str:
    kind, size = token.kind, f"{len(token.text)} characters"
    if any(finding.code in ("unsigned", "alg_none") for finding in token.report.findings):
        return f"a token without a signature, {size}; anybody may have written this"
    if kind == "JWS":
        return f"a signed token (JWS), {size}; not verified: anybody may have written this"
    if kind == "JWE":
        return f"an encrypted token (JWE), {size}; only the recipient can read its claims"
    if kind == "opaque" and any(hint.severity == "error" for hint in token.hints):
        return f"not a token, {size}"
    if kind == "opaque":
        return f"not a JWT, {size}; it means something only to the server that issued it"
    return f"broken, {size}; no verifier accepts it"


def _typ_option(header: Mapping[str, Any] | None) -> str:
    typ = str((header or {}).get("typ")).lower().removeprefix("application/")
    return f" --typ {typ}" if typ in _TYPES else ""


def _next_step(token: Inspected) -> tuple[str, ...]:
    """Say which command comes next. Nothing of the token stands in it but the name of a known algorithm."""
    report = token.report
    if not _FOR_OTHERS.isdisjoint(hint.code for hint in token.hints):
        return ()
    alg: str = "" if report.header is None else str(report.header.get("alg"))
    if report.kind == "JWS" and alg in SIGNATURE_ALGORITHMS:
        key = "--secret-file SECRET" if alg.startswith("HS") else "--jwks KEYS"
        options = f"{key} --alg {alg}{_typ_option(report.header)}"
        return (
            "verify it, with the keys, issuer and audience that you trust, not those that it names:",
            f"jwtkit verify {options} --issuer ISSUER --audience AUDIENCE TOKEN_FILE",
        )
    if report.kind == "JWE" and alg in KEY_MANAGEMENT:
        return ("decrypt it, with the recipient's key:", f"jwtkit decrypt --key KEY --alg {alg} TOKEN_FILE")
    return ()
