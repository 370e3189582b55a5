"""Scopes: a list in Python, words with spaces between on the wire (RFC 6749 section 3.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from jwtkit.errors import UsageError

__all__ = ["check_scope", "is_scope", "listed", "listed_texts", "split_scope"]

_SCOPE_TOKEN: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


def listed(values: Iterable[str], argument: str) -> tuple[str, ...]:
    """Give the items of an argument that is a list, of whatever kind, and no single str.

    Raises:
        UsageError: it is one, or nothing that has items.
    """
    if isinstance(values, (str, bytes)):
        raise UsageError(f"{argument} is a list: write {argument}=[{values!r}]")
    try:
        return tuple(values)
    except TypeError:
        raise UsageError(f"{argument} must be a list of str, got {type(values).__name__}") from None


def listed_texts(values: Iterable[str], argument: str) -> tuple[str, ...]:
    """Give the items of an argument that is a list of texts.

    Raises:
        UsageError: it is none.
    """
    texts = listed(values, argument)
    if not all(isinstance(text, str) for text in texts):
        raise UsageError(f"{argument} must be a list of str")
    return texts


def check_scope(scope: Iterable[str]) -> tuple[str, ...]:
    """Check scopes that the caller gave.

    Raises:
        UsageError: a bare str, or something that is no scope.
    """
    if isinstance(scope, (str, bytes)):
        raise UsageError(f"scope is a list: write scope={str(scope).split()!r}")
    given = listed(scope, "scope")
    for item in given:
        if not isinstance(item, str) or not _SCOPE_TOKEN.fullmatch(item):
            raise UsageError("a scope is a str of printable ASCII without space, quote and backslash")
    return given


def is_scope(text: str) -> bool:
    """Tell whether a text from the wire is a list of scopes."""
    return all(_SCOPE_TOKEN.fullmatch(item) for item in split_scope(text))


def split_scope(text: str | None) -> tuple[str, ...]:
    """Split what stands on the wire."""
    return tuple(item for item in (text or "").split(" ") if item)
