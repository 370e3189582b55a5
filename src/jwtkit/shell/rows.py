"""Row: one fact of the field, as data, with the question that tells whether it shows here.

Rules of this room:

- A table is a frozen tuple of rows; nothing registers itself, and no row knows another.
- What a row quotes is somebody else's text, so it goes through `quote`, and only where it is text: a claim may be
  anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from jwtkit.errors import quote
from jwtkit.jwt.report import Severity
from jwtkit.shell.hint import Hint

__all__ = ["Row", "fired", "first_fired"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """One fact.

    Attributes:
        code: stable, lower case with underscores; each row has its own.
        severity: as for `Hint`.
        when: tells whether the fact shows in what is looked at. Total: whatever it is given, it answers.
        message: one sentence or two; "{}" stands for what is quoted.
        quoted: gives the foreign text to quote, where there is one.
    """

    code: str
    severity: Severity
    when: Callable[[T], bool]
    message: str
    quoted: Callable[[T], str] | None = None


def fired(rows: Iterable[Row[T]], subject: T) -> list[Hint]:
    """Give the hints of all rows that show in the subject."""
    return [_hint(row, subject) for row in rows if row.when(subject)]


def first_fired(rows: Iterable[Row[T]], subject: T) -> list[Hint]:
    """Give the hint of the first row that shows: the subject is one of several things, not many of them."""
    return next(([_hint(row, subject)] for row in rows if row.when(subject)), [])


def _hint(row: Row[T], subject: T) -> Hint:
    message = row.message if row.quoted is None else row.message.replace("{}", quote(row.quoted(subject)))
    return Hint(code=row.code, severity=row.severity, message=message)
