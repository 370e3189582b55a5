"""What is written, and how: text that a terminal shows and never obeys.

Rules of this room:

- Claims, headers and file names are somebody else's text. Whatever is no printable character, all control,
  bidirectional and invisible ones among it, is written as its escape. So are the characters that count as printable
  and show nothing, in which text can be hidden.
- Colour is for a terminal that can show it, and never under NO_COLOR.
"""

from __future__ import annotations

import os  # noqa: TID251 - NO_COLOR and TERM are for programs like this one
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Literal, TextIO

from jwtkit import _wire

__all__ = ["Style", "Terminal", "json_value", "visible"]

Style = Literal["strong", "quiet", "error", "warning", "info"]
# Fillers, joiners and variation selectors: printable by their category, and nothing to be seen.
_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_STYLES: Final[Mapping[Style, str]] = {"strong": "1", "quiet": "2", "error": "1;31", "warning": "33", "info": "36"}


def visible(text: str) -> str:
    """Write every character that does not show as its escape; a line stays one line."""
    if text.isprintable() and (text.isascii() or _BLANK.search(text) is None):
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character.isprintable() and _BLANK.match(character) is None:
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def json_value(value: object) -> str:
    """Write a JSON value for people: as JSON, on several lines where it is nested, and only printable characters."""
    return "\n".join(map(visible, _wire.pretty(value).split("\n")))


class Terminal:
    """Writes to one stream; in colour where the stream is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: Final = stream
        self._colours: Final = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @classmethod
    def out(cls) -> Terminal:
        """Give the one for results."""
        return cls(sys.stdout)

    @classmethod
    def err(cls) -> Terminal:
        """Give the one for notes and errors."""
        return cls(sys.stderr)

    def styled(self, text: str, style: Style) -> str:
        """Put safe text into a style, where there is colour."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._colours else text

    def line(self, text: str = "") -> None:
        """Write a line of safe text. What the stream's encoding lacks is written as an escape."""
        if self._stream is not sys.stdout:
            with suppress(OSError):  # `main` finds out by itself that it cannot be written
                sys.stdout.flush()  # so that a note comes after what it is about, where both end in one place
        encoding = self._stream.encoding or "ascii"
        self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
