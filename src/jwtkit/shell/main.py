"""The commands and their exit codes.

Rules of this room:

- Tokens come from stdin, never from the arguments, which every process on the machine can read.
- Exit codes: 0 done, 2 called wrong, 3 not a token.
- A token's text is an attacker's text: everything printed is ASCII with control characters escaped.
- Errors are one line on stderr that says what to do.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Final

from jwtkit import _wire
from jwtkit.errors import RejectedError
from jwtkit.jwt.unverified import UnverifiedToken
from jwtkit.limits import DEFAULT_LIMITS
from jwtkit.oauth import PKCE

__all__ = ["main"]

_NOT_A_TOKEN: Final = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code.

    Args:
        arguments: without the program's name; None takes them from the command line.
    """
    parser = _parser()
    parsed, unexpected = parser.parse_known_args(arguments)
    if unexpected:
        # They are not repeated: somebody may have put a token there.
        parser.error("unexpected arguments; tokens are read from stdin")
    code: int = parsed.run(parsed)
    return code


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m jwtkit", description="Offline tools for JSON Web Tokens and OAuth.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    decode = commands.add_parser("decode", help="show header and claims of a token on stdin, without verifying it")
    decode.set_defaults(run=_decode)
    pkce = commands.add_parser("pkce", help="draw a PKCE pair (RFC 7636)")
    pkce.set_defaults(run=_pkce)
    return parser


def _decode(_parsed: Namespace) -> int:
    # One byte more than a token may have is enough to know that it is too long.
    text = sys.stdin.buffer.read(DEFAULT_LIMITS.token_bytes + 64).decode("utf-8", "replace").strip()
    try:
        token = UnverifiedToken.parse(text)
    except RejectedError as refusal:
        return _fail(str(refusal), _NOT_A_TOKEN)
    shown: dict[str, object] = {"header": token.header}
    if token.kind == "JWS":
        shown["unverified_claims"] = token.unverified_claims
    sys.stdout.write(_wire.indented(shown, "token") + "\n")
    sys.stderr.write("not verified: anybody may have written this\n")
    return 0


def _pkce(_parsed: Namespace) -> int:
    pair = PKCE.generate()
    members = {
        "code_verifier": pair.verifier,
        "code_challenge": pair.challenge,
        "code_challenge_method": pair.method,
    }
    sys.stdout.write(_wire.indented(members, "PKCE") + "\n")
    return 0


def _fail(message: str, code: int) -> int:
    printable = message.encode("ascii", "backslashreplace").decode("ascii")
    sys.stderr.write(f"jwtkit: {printable}\n")
    return code
