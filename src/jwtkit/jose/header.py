"""Header: the JOSE header of one token, parsed once and frozen (RFC 7515 section 4).

A header is read before any signature is checked, so everything in it is a claim of the sender. Nothing here follows
`jku`, `x5u`, `jwk` or `x5c`: a key never comes from the message (RFC 8725 section 3.10).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Self

from jwtkit import _wire
from jwtkit._frozen import Frozen, put
from jwtkit.errors import MalformedError, NotAllowedError, UsageError, quote
from jwtkit.jose.key_members import too_long
from jwtkit.limits import DEFAULT_LIMITS, Limits

__all__ = ["REGISTERED", "Header", "is_media_type", "parse_members"]


class Header(Frozen, Mapping[str, Any]):
    """The members of a JOSE header; a read-only mapping with the common ones as attributes.

    Attributes:
        alg: algorithm, as written; always present.
        kid: key identifier, or None.
        typ: media type of the whole, as written, or None.
        cty: media type of the content, as written, or None.
        crit: names of the extensions that must be understood; empty when there is no `crit`.
        b64: whether the payload is signed in its base64url form, True unless the header says otherwise (RFC 7797).
    """

    if TYPE_CHECKING:  # slots, and for a type checker read-only
        _members: Mapping[str, Any]

        @property
        def alg(self) -> str:
            """Algorithm, as written; always present."""

        @property
        def kid(self) -> str | None:
            """Key identifier, or None."""

        @property
        def typ(self) -> str | None:
            """Media type of the whole, as written, or None."""

        @property
        def cty(self) -> str | None:
            """Media type of the content, as written, or None."""

        @property
        def crit(self) -> tuple[str, ...]:
            """Names of the extensions that must be understood."""

        @property
        def b64(self) -> bool:
            """Whether the payload is signed in its base64url form."""
    else:
        __slots__ = ("_members", "alg", "b64", "crit", "cty", "kid", "typ")

    def __init__(self, members: Mapping[str, object], *, limits: Limits = DEFAULT_LIMITS) -> None:
        """Check the types of the registered members; `Header.parse` is the door for text.

        Raises:
            MalformedError: `alg` is missing, or a member has another type than its definition gives it.
            NotAllowedError: `kid` is longer than the limit.
            UsageError: it is no mapping.
        """
        if not isinstance(members, Mapping):
            raise UsageError(f"Header takes the members of a header, got {type(members).__name__}")
        alg, kid = _text(members, "alg"), _text(members, "kid")
        if not alg:
            raise MalformedError("header has no alg")
        if kid is not None and too_long(kid, limits.kid_bytes):
            raise NotAllowedError(f"kid has more bytes than Limits.kid_bytes={limits.kid_bytes}")
        crit = _crit(members)
        put(self, "alg", alg)
        put(self, "kid", kid)
        put(self, "typ", _text(members, "typ"))
        put(self, "cty", _text(members, "cty"))
        put(self, "crit", crit)
        put(self, "b64", _b64(members, crit))
        put(self, "_members", _wire.freeze(dict(members)))

    @classmethod
    def parse(cls, segment: str, *, limits: Limits = DEFAULT_LIMITS) -> Self:
        """Read the first segment of a compact token.

        Raises:
            MalformedError: not canonical base64url of one strict JSON object, or see the constructor.
            NotAllowedError: larger than the limits.
            UsageError: `segment` is not a str.
        """
        if not isinstance(segment, str):
            raise UsageError(f"a header segment must be a str, got {type(segment).__name__}")
        return cls(parse_members(segment, limits), limits=limits)

    def __getitem__(self, name: str) -> Any:
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __repr__(self) -> str:
        named = [f"{n}={quote(v)}" for n in ("alg", "kid", "typ") if (v := getattr(self, n)) is not None]
        return f"Header({', '.join(named)})"


def parse_members(segment: str, limits: Limits) -> dict[str, Any]:
    """Read the members of a protected header, whose types nobody has checked; errors as `Header.parse`."""
    if len(segment) > _wire.b64url_chars(limits.header_bytes):
        raise NotAllowedError(f"header is larger than Limits.header_bytes={limits.header_bytes}")
    octets = _wire.b64url_decode(segment, "header")
    return _wire.parse_object(octets, "header", depth=limits.header_depth, int_limit=limits.header_int_limit)


def is_media_type(typ: str, expected: str) -> bool:
    """Compare `typ` or `cty` values: case-insensitive, and "application/" may be left out.

    Spec: RFC 7515 sections 4.1.9 and 4.1.10.
    """
    return _full_media_type(typ) == _full_media_type(expected)


def _full_media_type(value: str) -> str:
    # Media types are ASCII, and beyond it other characters have the same lower case as an ASCII one.
    lowered = value.lower() if value.isascii() else value
    return lowered if "/" in lowered else f"application/{lowered}"


def _text(members: Mapping[str, object], name: str) -> str | None:
    if name not in members:
        return None
    value = members[name]
    if not isinstance(value, str):
        raise MalformedError(f"header member {name!r} must be a string, got {type(value).__name__}")
    return value


# Names that the JOSE specifications define themselves can never be extensions (RFC 7515 section 4.1.11).
REGISTERED: Final = frozenset(
    [
        "alg",
        "jku",
        "jwk",
        "kid",
        "x5u",
        "x5c",
        "x5t",
        "x5t#S256",
        "typ",
        "cty",
        "crit",
        "enc",
        "zip",
        "epk",
        "apu",
        "apv",
        "iv",
        "tag",
        "p2s",
        "p2c",
    ]
)


def _crit(members: Mapping[str, object]) -> tuple[str, ...]:
    if "crit" not in members:
        return ()
    given = members["crit"]
    if not isinstance(given, (list, tuple)) or not given or not all(isinstance(name, str) for name in given):
        raise MalformedError("crit must be a non-empty array of strings")
    names = tuple(given)
    if len(set(names)) != len(names) or not REGISTERED.isdisjoint(names) or not members.keys() >= set(names):
        raise MalformedError("crit must name extensions that are present in the header, each once")
    return names


def _b64(members: Mapping[str, object], crit: tuple[str, ...]) -> bool:
    if "b64" not in members:
        return True
    value = members["b64"]
    # A recipient that does not know the option must refuse, even when the value is the default (RFC 7797 section 6).
    if not isinstance(value, bool) or "b64" not in crit:
        raise MalformedError("b64 must be true or false, and be named in crit")
    return value
