"""decode: header and claims as JSON, without a word about whether they are true."""

from __future__ import annotations

from argparse import Namespace

from jwtkit import _wire
from jwtkit.errors import RejectedError
from jwtkit.jwt.unverified import UnverifiedToken
from jwtkit.shell.arguments import Parser, add_input
from jwtkit.shell.failures import Exit, Failure, in_options
from jwtkit.shell.files import read_text
from jwtkit.shell.terminal import Terminal

__all__ = ["add_decode"]


def add_decode(parser: Parser) -> None:
    """Describe the command."""
    add_input(parser, "token")
    parser.set_defaults(run=_decode)


def _decode(parsed: Namespace) -> Exit:
    # White space around it comes with every echo and paste. Nothing is verified here, so nothing is lost.
    text = read_text(parsed.file, "token").strip()
    try:
        token = UnverifiedToken.parse(text)
    except RejectedError as refusal:
        message = f"{in_options(str(refusal))}; jwtkit inspect says more about any text"
        raise Failure(Exit.NOT_A_TOKEN, message) from None
    shown: dict[str, object] = {"header": token.header}
    note = "encrypted: its claims are read with jwtkit decrypt and the recipient's key"
    if token.kind == "JWS":
        shown["unverified_claims"] = token.unverified_claims
        note = "not verified: anybody may have written this"
    Terminal.out().line(_wire.indented(shown, "token"))
    Terminal.err().line(note)
    return Exit.OK
