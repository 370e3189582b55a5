"""How long an answer may be kept, as its own headers say, within bounds of ours (RFC 9111 section 4.2).

Rules of this room: whatever a peer writes into these headers gives a bounded number. What cannot be read counts as
stale, so that a mistake of the peer's costs a request rather than an old answer.
"""

from __future__ import annotations

import re
from typing import Final, TypeGuard

from jwtkit._frozen import Frozen
from jwtkit.errors import UsageError
from jwtkit.oauth.http import HttpResponse

__all__ = ["Lifetimes", "entity_tag", "is_entity_tag"]

_LONGEST_HEADER: Final = 1024
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ENTITY_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,256}"')
# Nine digits are more than 30 years.
_SECONDS: Final = re.compile(r"0*([0-9]{1,9})")
_DIGITS: Final = re.compile(r"[0-9]+")


class Lifetimes(Frozen):
    """The bounds, in seconds.

    Attributes:
        unsaid: for an answer that does not say how long it may be kept.
        shortest: below this nothing goes, whatever the answer says.
        longest: above this nothing goes.
    """

    __slots__ = ("longest", "shortest", "unsaid")

    def __init__(self, *, unsaid: float, shortest: float, longest: float) -> None:
        """Take numbers that were checked one by one.

        Raises:
            UsageError: the shortest is longer than the longest.
        """
        if shortest > longest:
            raise UsageError(f"min_lifetime ({shortest} s) is longer than max_lifetime ({longest} s)")
        self.unsaid: Final = unsaid
        self.shortest: Final = shortest
        self.longest: Final = longest

    def of(self, response: HttpResponse, *, confirmed: float | None = None) -> float:
        """Give how long an answer may be kept, in seconds.

        `max-age` less `Age` counts, and `no-cache` and `no-store` mean the shortest. So do values that contradict each
        other or cannot be read. `Expires` and what is meant for shared caches are not looked at.

        Args:
            response: the answer.
            confirmed: how long the answer was kept that this one, a 304, confirms; what a 304 does not say stays.

        Spec: RFC 9111 sections 4.2.1, 4.3.4, 5.1 and 5.2.2.
        """
        if confirmed is not None and not _values(response, "cache-control"):
            seconds = confirmed
        else:
            said = _max_age(response)
            seconds = self.unsaid if said is None else said - _age(response)
        return min(max(seconds, self.shortest), self.longest)


def entity_tag(response: HttpResponse) -> str | None:
    """Give the one entity tag of an answer as it stands, or None where there is none that could be sent back.

    Spec: RFC 9110 section 8.8.3.
    """
    tags = set(_values(response, "etag"))
    tag = tags.pop() if len(tags) == 1 else None
    return tag if is_entity_tag(tag) else None


def is_entity_tag(tag: object) -> TypeGuard[str]:
    """Tell whether this is an entity tag of a reasonable length, which a header can carry."""
    return isinstance(tag, str) and _ENTITY_TAG.fullmatch(tag) is not None


def _max_age(response: HttpResponse) -> float | None:
    values = _values(response, "cache-control")
    if sum(map(len, values)) > _LONGEST_HEADER:
        return 0
    # A comma inside quotes separates nothing; of what is quoted only a number can matter.
    plain = _QUOTED.sub(lambda match: match[1] if _DIGITS.fullmatch(match[1]) else "", ",".join(values))
    directives = [part.partition("=") for part in plain.split(",")]
    found = {(name.strip().lower(), value.strip()) for name, _, value in directives}
    names = {name for name, _ in found}
    ages = [value for name, value in found if name == "max-age"]
    if '"' in plain or "no-store" in names or "no-cache" in names or len(ages) > 1:
        return 0
    return _number(ages[0]) if ages else None


def _age(response: HttpResponse) -> float:
    # What is no number is ignored, and of several the first counts.
    values = _values(response, "age")
    return _number(values[0]) if values else 0


def _number(text: str) -> float:
    if not _DIGITS.fullmatch(text):
        return 0
    match = _SECONDS.fullmatch(text)
    return float(match[1]) if match else 1e9


def _values(response: HttpResponse, name: str) -> list[str]:
    return [value.strip() for given, value in response.headers if given.lower() == name]
