"""Options that several commands have, and the values that they take.

Rules of this room:

- An option that leaves out a check takes the reason for it, which is shown: `--no-issuer REASON`.
- A mistake is one line, and never repeats what may be a token or a secret.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Never

from jwtkit import _wire
from jwtkit.errors import MalformedError
from jwtkit.jwt.dates import numeric_date
from jwtkit.shell.failures import Exit, Failure
from jwtkit.shell.files import STDIN
from jwtkit.shell.terminal import visible

__all__ = [
    "Parser",
    "add_input",
    "add_key",
    "add_now",
    "duration",
    "member",
    "members",
    "moment",
    "not_empty",
    "reason",
]

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhdw]?)")
_SECONDS: Final = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?")
_QUOTED: Final = re.compile(r"'(?:[^']{31,}|eyJ[^']*)'|\"[^\"]{31,}\"")
# As deep as claims may be, and integers as long as they may be.
_DEPTH: Final = 64
_INT_LIMIT: Final = 10**40


class Parser(ArgumentParser):
    """A parser whose mistakes end the command as every other failure does."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{"allow_abbrev": False, **named})

    def error(self, message: str) -> Never:
        """Raise a failure of one line."""
        message = _QUOTED.sub("(left out)", message)
        raise Failure(Exit.USAGE, f"{visible(message)}; see {self.prog} --help")


def add_input(parser: ArgumentParser, what: str) -> None:
    """Add the one positional argument: a file instead of stdin."""
    parser.add_argument("file", nargs="?", default=STDIN, metavar="FILE", help=f"holds the {what}; left out: stdin")


def add_key(parser: ArgumentParser, purpose: str, *, key_set: bool = False) -> None:
    """Add the options that name the key."""
    key = parser.add_mutually_exclusive_group(required=True)
    if key_set:
        key.add_argument("--jwks", metavar="FILE", help="the issuer's key set, or a map from kid to certificate")
    key.add_argument("--key", metavar="FILE", help=f"{purpose}: JWK, PEM, DER, certificate or OpenSSH line")
    key.add_argument("--secret-file", metavar="FILE", help="a shared secret; the newline of a text file is left out")
    encodings = ("text", "base64url", "base64", "hex")
    parser.add_argument("--secret-encoding", choices=encodings, default="text", help="how that file holds it")
    parser.add_argument(
        "--allow-short-secret", action="store_true", help="accept one that can be guessed (RFC 7518 3.2)"
    )
    parser.add_argument("--password-file", metavar="FILE", help="password of an encrypted PEM or DER key")


def add_now(parser: ArgumentParser) -> None:
    """Add the option that sets the clock."""
    words = "as if it were then: seconds since the epoch, or 2030-01-01T00:00:00Z"
    parser.add_argument("--now", type=moment, metavar="TIME", help=words)


def duration(text: str) -> float:
    """Read 90, 90s, 15m, 1h, 7d or 2w as seconds."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ArgumentTypeError("a duration is a number of seconds, or 90s, 15m, 1h, 7d, 2w")
    value = float(found[1]) * _UNITS[found[2]]
    return int(value) if value.is_integer() else value


def moment(text: str) -> float:
    """Read seconds since the epoch, or a date and time with its zone."""
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        return numeric_date(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        # A UsageError, which a time without zone gives, is a ValueError.
        message = "a time is seconds since the epoch, or a date and time with its zone: 2030-01-01T00:00:00Z"
        raise ArgumentTypeError(message) from None


def member(text: str) -> tuple[str, object]:
    """Read name=text, or name:=JSON."""
    name, sign, value = text.partition("=")
    as_json = name.endswith(":")
    name = name.removesuffix(":") if as_json else name
    if not sign or not name:
        raise ArgumentTypeError("give NAME=TEXT, or NAME:=JSON for a number, list or object")
    return name, _json(value, name) if as_json else value


def members(pairs: Sequence[tuple[str, object]], option: str) -> dict[str, object]:
    """Collect what an option gave, each name once."""
    collected = dict(pairs)
    if len(collected) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise Failure(Exit.USAGE, f"{option} gives {visible(repr(repeated))} twice: for a list write NAME:='[...]'")
    return collected


def not_empty(text: str) -> str:
    """Read a value that would match nothing if it were empty."""
    if not text:
        raise ArgumentTypeError("it is empty, and could never match")
    return text


def reason(text: str) -> str:
    """Read why a check is left out."""
    if not text.strip():
        raise ArgumentTypeError("say why, in a word or two")
    return text


def _json(text: str, name: str) -> object:
    try:
        read = _wire.parse_object(f'{{"value":{text}}}', "value", depth=_DEPTH, int_limit=_INT_LIMIT)
    except MalformedError:
        read = {}
    if list(read) != ["value"]:
        message = 'what follows := must be JSON, such as 5, true, null or ["a"]'
        raise ArgumentTypeError(f"{message}; for text write {visible(name)}=...")
    return read["value"]
