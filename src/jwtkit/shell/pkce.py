"""pkce: draw a pair, compute the challenge of a verifier, or check that the two belong together (RFC 7636)."""

from __future__ import annotations

import hashlib
from argparse import Namespace
from typing import Final

from jwtkit import _wire
from jwtkit.errors import MalformedError
from jwtkit.oauth.pkce import PKCE
from jwtkit.shell.arguments import Parser
from jwtkit.shell.failures import Exit, Failure
from jwtkit.shell.files import STDIN, read_text
from jwtkit.shell.terminal import Terminal

__all__ = ["add_pkce"]

_HINT: Final = "what was sent to the authorization endpoint must be the challenge of what is sent to the token endpoint"


def add_pkce(parser: Parser) -> None:
    """Describe the command."""
    words = "check that the verifier on stdin, or in the file of --verifier, has this challenge"
    parser.add_argument("--check", metavar="CHALLENGE", help=words)
    parser.add_argument("--verifier", metavar="FILE", help="give the challenge of this verifier; '-' is stdin")
    parser.set_defaults(run=_pkce)


def _pkce(parsed: Namespace) -> Exit:
    if parsed.check is not None:
        _check(_read(parsed.verifier or STDIN), parsed.check)
        Terminal.out().line("the verifier has this challenge (S256)")
        return Exit.OK
    pair = PKCE.generate() if parsed.verifier is None else _read(parsed.verifier)
    members = {
        "code_verifier": pair.verifier,
        "code_challenge": pair.challenge,
        "code_challenge_method": pair.method,
    }
    Terminal.out().line(_wire.indented(members, "PKCE"))
    return Exit.OK


def _read(name: str) -> PKCE:
    try:
        return PKCE.parse(read_text(name, "code_verifier").strip())
    except MalformedError as refusal:
        raise Failure(Exit.REFUSED, f"{refusal}; jwtkit pkce draws one") from None


def _check(pair: PKCE, challenge: str) -> None:
    if pair.matches(challenge):
        return
    digest = hashlib.sha256(pair.verifier.encode("ascii")).digest()
    with_newline = hashlib.sha256(f"{pair.verifier}\n".encode("ascii")).digest()
    standard = _wire.b64_encode(digest)
    for mistake, words in (
        (pair.verifier, "the challenge is the verifier itself: method plain proves nothing, send S256"),
        (
            _wire.b64url_encode(with_newline),
            "the challenge is that of the verifier and a newline: hash the verifier alone",
        ),
        (f"{pair.challenge}=", "the challenge has padding: leave out the ="),
        (standard, "the challenge is in base64: it must be base64url without padding, with - and _ for + and /"),
        (standard.rstrip("="), "the challenge is in base64: it must be base64url, with - and _ for + and /"),
        (digest.hex(), "the challenge is in hexadecimal: it must be base64url of the hash itself"),
        (
            _wire.b64url_encode(digest.hex().encode()),
            "the challenge encodes the hexadecimal text of the hash, not the hash",
        ),
    ):
        if challenge == mistake:
            raise Failure(Exit.REFUSED, words)
    if not PKCE.is_challenge(challenge):
        raise Failure(Exit.REFUSED, "this is no challenge: 43 characters of A-Z a-z 0-9 - _ are one")
    raise Failure(Exit.REFUSED, f"the verifier does not have this challenge: {_HINT}")
