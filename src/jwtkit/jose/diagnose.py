"""Why is this text not a token? The mistakes people make, each answered with the next step.

Nothing is ever mended silently: a verifier that strips and trims accepts two texts for one token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

from jwtkit.errors import MalformedError, NotAllowedError, RejectedError, UsageError

__all__ = ["explain_text", "refuse_non_text"]

_DOTS: Final[Mapping[str, int]] = {"JWS": 2, "JWE": 4}
# The first row that fits explains the text.
_MISTAKES: Final[tuple[tuple[Callable[[str], bool], str], ...]] = (
    (lambda text: not text, "token is empty"),
    (lambda text: text[:7].lower() == "bearer ", "remove the 'Bearer ' prefix before verifying"),
    (lambda text: text[:2] in ("b'", 'b"'), "token looks like str(bytes): use .decode('ascii')"),
    (lambda text: text[0] in "\"'" and text[-1] == text[0], "token is wrapped in quotes: remove them"),
    (lambda text: text[-1] == "\n", "token ends with a newline; strip() it"),
    (lambda text: text != text.strip(), "token has white space around it; strip() it"),
    (lambda text: text[0] == "{", "token is JSON, but only the compact form is accepted here"),
    (
        lambda text: "." not in text,
        "token has no dots, so it is not a JWT: an opaque token needs introspection instead",
    ),
)


def explain_text(text: str, finding: MalformedError, *, expected: Literal["JWS", "JWE"] = "JWS") -> RejectedError:
    """Give the error for a text that did not parse as a compact token; never quotes the text.

    Args:
        text: the whole text. Untrusted.
        finding: what the parser stumbled over, for a text without one of the known mistakes.
        expected: what it should have been.
    """
    for fits, message in _MISTAKES:
        if fits(text):
            return MalformedError(message)
    dots, wanted = text.count("."), _DOTS[expected]
    if dots == wanted:
        return finding
    kind = "an encrypted" if expected == "JWE" else "a signed"
    if dots in _DOTS.values():
        return NotAllowedError(
            "this is an encrypted token (JWE, 5 segments), but a signed one (JWS) is expected"
            if expected == "JWS"
            else "this is a signed token (JWS, 3 segments), but an encrypted one (JWE) is expected"
        )
    return MalformedError(f"token has {dots + 1} segments: {kind} token has {wanted + 1}")


def refuse_non_text(token: object) -> UsageError:
    """Give the error for a token that is not a str at all."""
    if isinstance(token, (bytes, bytearray, memoryview)):
        return UsageError(f"token is {type(token).__name__}: use .decode('ascii')")
    if token is None:
        return UsageError("token is None: check that there is one before verifying it")
    return UsageError(f"token must be a str, got {type(token).__name__}")
