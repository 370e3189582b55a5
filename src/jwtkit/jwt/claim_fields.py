"""How the attributes of a claims class stand on the wire, and the checks that a whole claims set must pass."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, Final, NoReturn

from jwtkit._frozen import Frozen
from jwtkit.errors import Mismatch, UsageError
from jwtkit.jwt.claim_types import ClaimType

__all__ = ["NO_DEFAULT", "ClaimField", "ClaimRules", "Specifier", "check_claims", "claim", "declare"]

NO_DEFAULT: Final = object()
# What the mapping itself, or the constructor, needs under its own name.
_TAKEN: Final = frozenset(("keys", "items", "values", "get", "extra", "to_dict"))


class Specifier(Frozen):
    """What `claim()` leaves in a class body until the class is made."""

    __slots__ = ("default", "name")

    def __init__(self, name: str | None, default: object) -> None:
        self.name: Final = name
        self.default: Final = default


def claim(name: str | None = None, *, default: Any = NO_DEFAULT) -> Any:
    """Describe a field of a `Claims` subclass.

    Args:
        name: the claim's name on the wire, where it is not the attribute's own.
        default: value when the claim is absent. Left out: the claim is required, registered ones included.

    Example:
        >>> from jwtkit import Claims
        >>> class Session(Claims):
        ...     sub: str = claim()
        ...     groups: tuple[str, ...] = claim("https://example.com/groups", default=())
        >>> Session(sub="alice").groups
        ()
    """
    return Specifier(name, default)


class ClaimField(Frozen):
    """One attribute of a claims class: a read-only view of one claim."""

    __slots__ = ("attribute", "default", "name")

    def __init__(self, attribute: str, name: str, default: object) -> None:
        self.attribute: Final = attribute
        self.name: Final = name
        self.default: Final = default

    def __get__(self, instance: Mapping[str, Any] | None, owner: type) -> Any:
        if instance is None:
            return self
        value = instance.get(self.name)
        if value is None:
            return None if self.default is NO_DEFAULT else self.default
        return (value,) if self.name == "aud" and type(value) is str else value

    def __set__(self, instance: object, value: object) -> NoReturn:
        raise AttributeError(f"{type(instance).__name__} is frozen: {self.attribute} cannot be set")


class ClaimRules(Frozen):
    """The checks of one claims class.

    Attributes:
        types: what each known claim must be.
        required: names of the claims that must be there.
    """

    __slots__ = ("_plain", "required", "types", "usual")

    def __init__(
        self, types: Mapping[str, ClaimType], required: tuple[str, ...], fields: Mapping[str, ClaimField]
    ) -> None:
        self.types: Final = types
        # The one Python type that most values of a claim have; of another, `accepts` decides.
        self.usual: Final = {name: check.usual for name, check in types.items()}
        self.required: Final = required
        # The arguments that have the claim's name, and of their values the type that JSON writes as it is.
        self._plain: Final = {
            name: kind
            for name, kind in self.usual.items()
            if kind in (str, int) and name in fields and fields[name].name == name
        }

    def are_plain(self, arguments: Mapping[str, object]) -> bool:
        """Tell whether named arguments are a claims set just as they are, so that nothing is left to check or copy."""
        plain = self._plain.get
        for attribute, value in arguments.items():
            if type(value) is not plain(attribute):
                return False
        return not self.required or arguments.keys() >= set(self.required)


def declare(cls: type, inherited: Mapping[str, ClaimField]) -> dict[str, ClaimField]:
    """Turn the annotated names of a class body into fields, beside those it inherits.

    Raises:
        UsageError: a name cannot be an attribute of a claims class.
    """
    fields = dict(inherited)
    for attribute, annotation in cls.__annotations__.items():
        if "ClassVar" in str(annotation):
            continue
        if attribute.startswith("_") or attribute in _TAKEN:
            raise UsageError(
                f"{cls.__name__}.{attribute} cannot be an attribute: give it another name and claim({attribute!r})"
            )
        value = cls.__dict__.get(attribute, NO_DEFAULT)
        given = value if isinstance(value, Specifier) else Specifier(None, value)
        if not isinstance(given.name, (str, NoneType)):
            raise UsageError(
                f"{cls.__name__}.{attribute}: claim() takes the claim's name, got {type(given.name).__name__}"
            )
        fields[attribute] = ClaimField(attribute, given.name or attribute, given.default)
        setattr(cls, attribute, fields[attribute])
    return fields


def check_claims(rules: ClaimRules, raw: Mapping[str, Any]) -> list[Mismatch]:
    """Check the type of every known claim and the presence of the required ones."""
    found: list[Mismatch] = []
    usual = rules.usual.get
    for name, value in raw.items():
        kind = usual(name)
        if kind is None or type(value) is kind:
            continue
        check = rules.types[name]
        if not check.accepts(value):
            actual = _json_type(value)
            message = f"claim {name!r} must be {check.words}, got {actual}"
            found.append(Mismatch(name, "wrong_type", message, expected=check.words, actual=actual))
    for name in rules.required:
        if name not in raw:
            words = rules.types[name].words
            found.append(Mismatch(name, "missing", f"claim {name!r} is missing: it must be {words}", expected=words))
    return found


def _json_type(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, (int, float)):
        return "a number"
    return "an object" if isinstance(value, Mapping) else "an array"
