"""Why is this text not a token? The mistakes people make, each answered with the next step.

Nothing is ever mended silently: a verifier that strips and trims accepts two texts for one token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

from jwtkit.errors import ErrorCode, MalformedError, NotAllowedError, RejectedError, UsageError

__all__ = ["explain_text", "mistake_of", "refuse_non_text"]

_DOTS: Final[Mapping[str, int]] = {"JWS": 2, "JWE": 4}
# The first row that fits explains the text.
_MISTAKES: Final[tuple[tuple[Callable[[str], bool], ErrorCode, str], ...]] = (
    (lambda text: not text, "empty", "token is empty"),
    (lambda text: text[:7].lower() == "bearer ", "bearer_prefix", "remove the 'Bearer ' prefix before verifying"),
    (lambda text: text[:2] in ("b'", 'b"'), "bytes_repr", "token looks like str(bytes): use .decode('ascii')"),
    (
        lambda text: text[0] in "\"'" and text[-1] == text[0],
        "quoted",
        "token is wrapped in quotes: remove them",
    ),
    (lambda text: text[-1] == "\n", "newline", "token ends with a newline; strip() it"),
    (lambda text: text != text.strip(), "white_space", "token has white space around it; strip() it"),
    (lambda text: text[0] == "{", "json_form", "token is JSON, but only the compact form is accepted here"),
    (
        lambda text: "." not in text,
        "opaque",
        "token has no dots, so it is not a JWT: an opaque token needs introspection instead",
    ),
)


def mistake_of(text: str) -> tuple[ErrorCode, str] | None:
    """Give code and words for the first known mistake in a text, or None where it has none."""
    return next(((code, message) for fits, code, message in _MISTAKES if fits(text)), None)


def explain_text(text: str, finding: MalformedError, *, expected: Literal["JWS", "JWE"] = "JWS") -> RejectedError:
    """Give the error for a text that did not parse as a compact token; never quotes the text.

    Args:
        text: the whole text. Untrusted.
        finding: what the parser stumbled over, for a text without one of the known mistakes.
        expected: what it should have been.
    """
    mistake = mistake_of(text)
    if mistake is not None:
        return MalformedError(mistake[1], code=mistake[0])
    dots, wanted = text.count("."), _DOTS[expected]
    if dots == wanted:
        return finding
    kind = "an encrypted" if expected == "JWE" else "a signed"
    if dots in _DOTS.values():
        if expected == "JWS":
            message = "this is an encrypted token (JWE, 5 segments), but a signed one (JWS) is expected"
            return NotAllowedError(message, code="encrypted")
        message = "this is a signed token (JWS, 3 segments), but an encrypted one (JWE) is expected"
        return NotAllowedError(message, code="signed_only")
    return MalformedError(f"token has {dots + 1} segments: {kind} token has {wanted + 1}", code="segments")


def refuse_non_text(token: object) -> UsageError:
    """Give the error for a token that is not a str at all."""
    if isinstance(token, (bytes, bytearray, memoryview)):
        message = f"token is {type(token).__name__}: use .decode('ascii')"
    elif token is None:
        message = "token is None: check that there is one before verifying it"
    else:
        hint = ": pass its compact" if hasattr(token, "compact") else ""
        message = f"token must be a str, got {type(token).__name__}{hint}"
    return UsageError(message, code="token_is_not_text")
