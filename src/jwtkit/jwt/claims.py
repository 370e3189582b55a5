"""Claims: a frozen set of claims, the registered ones typed, and your own in a subclass (RFC 7519 section 4).

Rules of this room:

- A claims set is a read-only mapping of what stands on the wire; attributes are a typed view of it.
- A new registered claim is one line in `claim_types.REGISTERED` and one field here.
- Types are checked when a claims set is made, not when it is read; nested values are frozen when first read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, Self, TypeVar, dataclass_transform, get_type_hints

from jwtkit import _wire
from jwtkit.errors import UsageError, shown_names
from jwtkit.jwt.claim_fields import NO_DEFAULT, ClaimField, ClaimRules, check_claims, claim, declare
from jwtkit.jwt.claim_types import REGISTERED, both_types, compile_type

if TYPE_CHECKING:
    from dataclasses import InitVar

__all__ = ["Claims", "compile_claims", "raw_claims", "read_claims", "with_claims"]

C = TypeVar("C", bound="Claims")
_NO_EXTRA: Final[Mapping[str, object]] = {}


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=False, field_specifiers=(claim,))
class _TypedClaims:
    """Makes type checkers derive constructors; a base of its own, so that the fields of `Claims` count themselves."""

    __slots__ = ()


class Claims(_TypedClaims, Mapping[str, Any]):
    """A frozen claims set: registered claims as attributes, all of them as a mapping.

    Everything that is not registered goes into `extra`, or into a subclass of yours with typed fields. A claim given
    as None is left out. Nothing of the caller's is kept or changed.

    Args:
        iss: issuer.
        sub: subject.
        aud: audience, one or several; read back it is always a tuple.
        exp: expiry, in seconds since the epoch; see `numeric_date`.
        nbf: start of validity, in seconds since the epoch.
        iat: time of issue, in seconds since the epoch.
        jti: unique identifier.
        scope: space-separated scopes (RFC 8693 section 4.2).
        client_id: the client it was issued to (RFC 8693 section 4.3).
        azp: authorized party (OpenID Connect Core section 2, as the next four).
        nonce: value that binds it to a login.
        auth_time: time of the user's authentication, in seconds since the epoch.
        acr: authentication context class.
        amr: authentication methods.
        sid: session identifier.
        cnf: confirmation of the key it is bound to (RFC 7800 section 3.1).
        act: the party acting for the subject (RFC 8693 section 4.1).
        extra: every other claim, by name.

    Raises:
        UsageError: a value is of another type than the claim, or `extra` repeats a claim that has an argument.

    Example:
        >>> claims = Claims(iss="https://auth.example.com", aud="api", extra={"email": "jane@example.com"})
        >>> claims.aud, claims["email"]
        (('api',), 'jane@example.com')

    Spec: RFC 7519 section 4.
    """

    __slots__ = ("_raw",)

    if TYPE_CHECKING:
        _raw: ClassVar[Any]  # ClassVar keeps these three out of the constructor
        _fields: ClassVar[Mapping[str, ClaimField]]
        _rules: ClassVar[ClaimRules | None]
        iss: str | None = None
        sub: str | None = None
        aud: Sequence[str] = ()
        exp: float | None = None
        nbf: float | None = None
        iat: float | None = None
        jti: str | None = None
        scope: str | None = None
        client_id: str | None = None
        azp: str | None = None
        nonce: str | None = None
        auth_time: float | None = None
        acr: str | None = None
        amr: Sequence[str] = ()
        sid: str | None = None
        cnf: Mapping[str, Any] | None = None
        act: Mapping[str, Any] | None = None
        extra: InitVar[Mapping[str, object]] = _NO_EXTRA
    else:

        def __init__(self, /, *positional: object, extra: Mapping[str, object] = _NO_EXTRA, **given: object) -> None:
            if positional:
                raise UsageError(f"{type(self).__name__} takes named arguments; other claims go into extra={{...}}")
            cls = type(self)
            rules = cls._rules or compile_claims(cls)
            if extra is _NO_EXTRA and rules.are_plain(given):
                _set_raw(self, given)
                return
            raw = _raw_claims(cls, given, extra)
            mistyped = check_claims(rules, raw)
            if mistyped:
                problems = "; ".join(mismatch.message for mismatch in mistyped)
                raise UsageError(f"{cls.__name__}: {problems}", code="claim_type")
            _set_raw(self, raw)

        def __getattr__(self, name: str) -> NoReturn:
            # Only for what is not there, and not for type checkers, which would believe in every name then.
            hint = f": a claim without a field of its own is read as claims[{name!r}]" if name in self._raw else ""
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}{hint}")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        inherited: dict[str, ClaimField] = {}
        # As Python looks attributes up, so that of two bases the one that says more about a claim counts.
        for base in reversed(cls.__mro__[1:]):
            inherited |= {name: value for name, value in vars(base).items() if isinstance(value, ClaimField)}
        cls._fields = declare(cls, inherited)
        cls._rules = None

    def __getitem__(self, name: str) -> Any:
        value = self._raw[name]
        if type(value) is dict or type(value) is list:
            # Frozen when first read, and kept. Two threads may both do it, and leave equal values.
            value = self._raw[name] = _wire.freeze(value)
        return value

    def to_dict(self) -> dict[str, Any]:
        """Give the claims as they are written, in plain dicts and lists that are the caller's own."""
        members: dict[str, Any] = _wire.thaw(self._raw, "claims")
        return members

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be deleted")

    def __repr__(self) -> str:
        # Names only: claims are personal data, and a repr ends in a log.
        return f"{type(self).__name__}({shown_names(self._raw)})"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return read_claims, (type(self), self.to_dict())


_set_raw: Final = Claims.__dict__["_raw"].__set__
Claims._fields = {name: ClaimField(name, name, () if name in ("aud", "amr") else None) for name in REGISTERED}
Claims._rules = ClaimRules(REGISTERED, (), Claims._fields)
for _field in Claims._fields.values():
    setattr(Claims, _field.attribute, _field)


def compile_claims(cls: type[Claims]) -> ClaimRules:
    """Give the rules of a claims class, resolving its annotations the first time.

    Raises:
        UsageError: an annotation cannot be resolved, or is no type that a claim can have.
    """
    if cls._rules is None:
        try:
            hints = get_type_hints(cls)
        except (NameError, TypeError, AttributeError) as error:
            raise UsageError(
                f"the annotations of {cls.__name__} cannot be resolved at run time ({error}): "
                "import what they name outside TYPE_CHECKING, and define the class at module level"
            ) from None
        types, required = dict(REGISTERED), []
        for field in cls._fields.values():
            if field.attribute not in hints:
                continue  # a registered claim that no subclass declares anew
            declared = compile_type(hints[field.attribute], f"{cls.__name__}.{field.attribute}")
            known = REGISTERED.get(field.name)
            if field.name != "aud":  # always a tuple when read, whatever stands on the wire
                types[field.name] = declared if known is None else both_types(known, declared)
            if field.default is NO_DEFAULT:
                required.append(field.name)
        cls._rules = ClaimRules(types, tuple(required), cls._fields)
    return cls._rules


def read_claims(cls: type[C], raw: dict[str, Any]) -> C:
    """Make a claims set from decoded JSON whose types were checked with `check_claims`."""
    claims = object.__new__(cls)
    _set_raw(claims, raw)
    return claims


def raw_claims(claims: Claims) -> dict[str, Any]:
    """Give the claims as they are written, for this package's own reading: not to be changed, not to be handed out."""
    raw: dict[str, Any] = claims._raw
    return raw


def with_claims(claims: C, added: Mapping[str, object]) -> C:
    """Give a claims set of the same class with more claims; the original stays as it is."""
    return read_claims(type(claims), {**claims._raw, **added})


def _raw_claims(cls: type[Claims], given: Mapping[str, object], extra: Mapping[str, object]) -> dict[str, Any]:
    """Give the members for the wire from named arguments and extra ones."""
    raw: dict[str, Any] = {}
    fields = cls._fields
    for attribute, value in given.items():
        field = fields.get(attribute)
        if field is None:
            raise _no_claim(cls, attribute)
        kind = type(value)
        if kind is str or kind is int:
            raw[field.name] = value
        elif isinstance(value, datetime):
            raise _no_datetime(field.name, value)
        elif value is not None:
            raw[field.name] = _wire.thaw(value, f"claim {field.name!r}")
    if extra is not _NO_EXTRA:
        _add_extra(cls, raw, extra)
    return raw


def _add_extra(cls: type[Claims], raw: dict[str, Any], extra: Mapping[str, object]) -> None:
    if not isinstance(extra, Mapping):
        raise UsageError(f"extra must be a mapping, got {type(extra).__name__}")
    own = {field.name: field.attribute for field in cls._fields.values()}
    for name, value in extra.items():
        if not isinstance(name, str):
            raise UsageError(f"extra holds a {type(name).__name__}: claim names are str")
        if name in own:
            raise UsageError(f"claim {name!r} has an argument of its own: write {own[name]}= instead of extra")
        if isinstance(value, datetime):
            raise _no_datetime(name, value)
        raw[name] = _wire.thaw(value, f"claim {name!r}")


def _no_claim(cls: type[Claims], attribute: str) -> UsageError:
    from difflib import get_close_matches  # slow to load, and only a mistake needs it

    near = get_close_matches(attribute, cls._fields, 1, 0.5)
    hint = f"did you mean {near[0]}=? " if near else ""
    return UsageError(
        f"{cls.__name__} has no claim {attribute!r}: {hint}others go into extra={{...}} or a class of yours"
    )


def _no_datetime(name: str, value: datetime) -> UsageError:
    if value.utcoffset() is None:
        return UsageError(
            f"naive datetime for {name}: use datetime.now(timezone.utc) with numeric_date(...), or an int",
            code="naive_datetime",
        )
    return UsageError(f"claim {name!r} is a datetime: use numeric_date(...) or a number of seconds", code="claim_type")
