"""What a claim may be: from a type annotation to a check of the value that came over the wire.

Rules of this room:

- A check answers yes or no for a JSON value; it never converts, so that a wrong type is never quietly made right.
- `bool` is no number, and a number is never a string.
- An annotation that JSON cannot hold is the program's mistake, found when the verifier is built.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Mapping, Sequence
from math import isfinite
from typing import Any, Final, Literal, Union, get_args, get_origin

from jwtkit._frozen import Frozen
from jwtkit.errors import UsageError

__all__ = ["REGISTERED", "ClaimType", "both_types", "compile_type"]


class _None:
    """The type of no JSON value."""


class ClaimType(Frozen):
    """A check with the words for its message.

    Attributes:
        words: what the claim must be, as it stands after "must be".
        accepts: tells whether a decoded JSON value is of this type.
    """

    __slots__ = ("accepts", "usual", "words")

    def __init__(self, words: str, accepts: Callable[[Any], bool], *, usual: type = _None) -> None:
        self.words: Final = words
        self.accepts: Final = accepts
        self.usual: Final = usual


def _is_number(value: object) -> bool:
    return type(value) is int or (type(value) is float and isfinite(value))


def _is_strings(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(type(item) is str for item in value)


STRING: Final = ClaimType("a string", lambda value: type(value) is str, usual=str)
NUMBER: Final = ClaimType("a number", _is_number, usual=int)
STRINGS: Final = ClaimType("an array of strings", _is_strings)
AUDIENCE: Final = ClaimType(
    "a string or an array of strings", lambda value: type(value) is str or _is_strings(value), usual=str
)
OBJECT: Final = ClaimType("an object", lambda value: isinstance(value, Mapping))

REGISTERED: Final[Mapping[str, ClaimType]] = types.MappingProxyType(
    {
        # RFC 7519 section 4.1
        "iss": STRING,
        "sub": STRING,
        "aud": AUDIENCE,
        "exp": NUMBER,
        "nbf": NUMBER,
        "iat": NUMBER,
        "jti": STRING,
        # RFC 8693 sections 4.1 to 4.3, RFC 7800 section 3.1
        "scope": STRING,
        "client_id": STRING,
        "act": OBJECT,
        "cnf": OBJECT,
        # OpenID Connect Core section 2
        "azp": STRING,
        "nonce": STRING,
        "auth_time": NUMBER,
        "acr": STRING,
        "amr": STRINGS,
        "sid": STRING,
    }
)

_SCALARS: Final[Mapping[object, ClaimType]] = types.MappingProxyType(
    {
        str: STRING,
        int: ClaimType("an integer", lambda value: type(value) is int),
        float: NUMBER,
        bool: ClaimType("true or false", lambda value: type(value) is bool),
        type(None): ClaimType("null", lambda value: value is None),
        Any: ClaimType("any value", lambda _value: True),
        object: ClaimType("any value", lambda _value: True),
        Mapping: OBJECT,
    }
)


def compile_type(annotation: Any, where: str) -> ClaimType:
    """Turn an annotation into a check.

    Args:
        annotation: a resolved type: str, int, float, bool, None, Literal, tuple[T, ...], Sequence[T],
            Mapping[str, T], a union of these, or Any.
        where: names the field in errors.

    Raises:
        UsageError: JSON has no such type, or a frozen claims set cannot hold it.
    """
    try:
        scalar = _SCALARS.get(annotation)
    except TypeError:  # a list in the place of a type, as in tuple[[int], ...]
        raise _uncheckable(annotation, where) from None
    if scalar is not None:
        return scalar
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _literal(args)
    if origin in (Union, types.UnionType):
        members = [compile_type(arg, where) for arg in args]
        words = " or ".join(dict.fromkeys(member.words for member in members if member.words != "null"))
        return ClaimType(words, lambda value: any(member.accepts(value) for member in members))
    if (origin is tuple and len(args) == 2 and args[1] is Ellipsis) or origin in (Sequence, Collection):
        return _array(compile_type(args[0], where))
    if origin is Mapping and args[0] is str:
        return _object(compile_type(args[1], where))
    raise _uncheckable(annotation, where)


def _uncheckable(annotation: Any, where: str) -> UsageError:
    kind = get_origin(annotation) or annotation
    hint = ": claims are frozen, use tuple[T, ...]" if kind is list else ""
    hint = ": claims are frozen, use Mapping[str, T]" if kind is dict else hint
    return UsageError(f"{where} has the type {annotation!r}, which a claim cannot be checked against{hint}")


def both_types(known: ClaimType, declared: ClaimType) -> ClaimType:
    """Narrow what a specification says about a claim by what the program says."""
    return ClaimType(declared.words, lambda value: known.accepts(value) and declared.accepts(value))


def _literal(choices: tuple[Any, ...]) -> ClaimType:
    # The type is compared too: in Python True equals 1 and 1 equals 1.0.
    allowed = [(type(choice), choice) for choice in choices]
    words = " or ".join(repr(choice) for choice in choices)
    return ClaimType(words, lambda value: any(type(value) is kind and value == choice for kind, choice in allowed))


def _array(item: ClaimType) -> ClaimType:
    def accepts(value: Any) -> bool:
        return isinstance(value, (list, tuple)) and all(item.accepts(member) for member in value)

    return ClaimType(f"an array, each item {item.words}", accepts)


def _object(member: ClaimType) -> ClaimType:
    def accepts(value: Any) -> bool:
        return isinstance(value, Mapping) and all(member.accepts(item) for item in value.values())

    return ClaimType(f"an object, each member {member.words}", accepts)
