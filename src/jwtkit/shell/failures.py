"""How a command ends: five exit codes, and one line on stderr that says what to do next.

Rules of this room:

- The library speaks of arguments, as its callers know them; whoever types a command knows options. `in_options` says
  the same in options.
- A message is printed through `terminal.visible`, so nothing that a token or a file holds reaches the terminal raw.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

from jwtkit.errors import JwtkitError, KeyNotFoundError, MalformedError, RejectedError

__all__ = ["Exit", "Failure", "failure_of", "in_options"]


class Exit(IntEnum):
    """The exit codes."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    NOT_A_TOKEN = 3  # or not a key
    KEY = 4


class Failure(Exception):  # noqa: N818 - a command fails; it is no error of the library's tree
    """Ends a command.

    Attributes:
        code: the exit code.
        message: one line for stderr.
    """

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code: Final = code
        self.message: Final = message


# What the library calls its arguments, and what the command line does.
_WORDS: Final = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"pass leeway=", "say --leeway SECONDS"),
        (r"pass typ='([^']*)'", r"say --typ \1"),
        (r"pass typ=\S+", "say --typ"),
        (r"pass lifetime= \(seconds or a timedelta\)", "say --lifetime 1h"),
        (r"pass the one you mean as keys=", "hand in the one you mean with --key"),
        (r"names no alg: pass alg=", "names no alg: say --alg"),
        (r"names no alg and fits ([^:]*): give it alg=", r"names no alg and fits \1: say --alg"),
        (r"list only the one its issuer uses in algorithms=", "say --alg only for the one its issuer uses"),
        (
            r"\b(alg|enc) ('.*?') not in the allowed set \((.*?),?\)",
            r"\1 \2 is not accepted, only \3: say --\1 too",
        ),
        (r"leave out lifetime=, or exp=", "leave out --lifetime, or the claim exp"),
        (r"JWK\(kty=.*?, (?:public|private)\)", "the key"),
        (r"; typ, crit and b64 are arguments", "; --typ sets typ, and crit and b64 have no use here"),
        (r" with the key the token names", ""),
        (r"refetch the JWKS", "fetch the key set again"),
        (r"pass crv=", "say --crv"),
        (r"pass allow_zip=True", "say --allow-zip"),
        (r"with allow_zip=True", "with --allow-zip"),
        (r"\(audience=ABSENT allows that\)", "(--absent-audience allows that)"),
        (r"use JWK\.generate\('(\S+)'\)", r"use jwtkit keygen \1"),
        (r"use JWK\.from_secret\(password\)", "hand the password in with --secret-file"),
        (r"[Uu]se JWK\.from_pem\(\.\.\.\) or JWK\.parse\(\.\.\.\)", "hand it in with --key"),
        (r"[Uu]se JWK\.parse\(\.\.\.\) or JWKS\.parse\(\.\.\.\)", "hand it in with --key or --jwks"),
        (r"[Uu]se JWK\.\w+\(\.\.\.\)( for JSON)?", "hand it in with --key"),
        (r"[Uu]se JWKS\.parse\(\.\.\.\)( for JSON)?", "hand it in with --jwks"),
        (r"is encrypted: pass password=", "is encrypted: say --password-file FILE"),
        (r"is not encrypted: leave out password=", "is not encrypted: leave out --password-file"),
        (r"use jwe\.decrypt_json\(\.\.\.\)", "use jwtkit decrypt"),
        (r"; strip\(\) it", ": take it off"),
        (r"use \.decode\('ascii'\)", "write the text only, without b''"),
        (r"rsa_bits must", "--bits must"),
        (r"more than Limits\.\w+=", "more than "),
        (r"Limits\.pbes2_count=", ""),
        (r" that Limits\.\w+ allows", " that are accepted"),
        (r"kid has more bytes than Limits\.\w+=", "kid has more bytes than "),
        (r"larger than Limits\.\w+=(\d+)", r"larger than \1 bytes"),
        (r"longer than Limits\.\w+=(\d+)", r"longer than \1 bytes"),
    )
)


def in_options(message: str) -> str:
    """Say a message of the library in the words of the command line."""
    for pattern, words in _WORDS:
        message = pattern.sub(words, message)
    return message


# What to do next, where the library cannot know that it is asked from a command line.
_NEXT: Final = {
    "alg_not_allowed": ", if its maker is meant to use it",
    "encrypted": "; decrypt it first, with jwtkit decrypt",
    "signed_only": "; jwtkit verify checks it, jwtkit decode shows it",
    "signature": "; the token was altered, or these are not the keys of its issuer",
    "decryption": "; it was altered, or encrypted for another key",
    "expired": "; get a fresh one",
}
_KEY_CODES: Final = frozenset(["key_unfit", "ambiguous_key", "short_secret", "secret_is_a_key", "unparsed_keys"])


def failure_of(error: JwtkitError) -> Failure:
    """Give the end that an error of the library means, in the words of the command line."""
    if isinstance(error, KeyNotFoundError) or error.code in _KEY_CODES:
        code = Exit.KEY
    elif isinstance(error, MalformedError):
        code = Exit.NOT_A_TOKEN
    else:
        code = Exit.REFUSED if isinstance(error, RejectedError) else Exit.USAGE
    return Failure(code, in_options(str(error)) + _NEXT.get(error.code, ""))
