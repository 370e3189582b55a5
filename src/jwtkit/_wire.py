"""Strict base64url and strict JSON: the only importer of base64, binascii and json.

Rules of this room:

- Decoding accepts exactly one text for each value: no padding, no other alphabet, no stray bits (RFC 7515 section 2,
  RFC 4648 section 3.5), so that a token cannot be altered without its signature noticing.
- JSON is a UTF-8 object without byte order mark, duplicate members, lone surrogates, NaN, Infinity or numbers beyond
  reach (RFC 7515 section 4, RFC 8725 section 3.7), and not nested deeper than the caller allows. The nesting is
  measured before `json` parses: deep nesting crashes the interpreter on small stacks.
- What comes from outside gives a value or a `MalformedError`; what the caller hands in to serialise gives text or a
  `UsageError`. Errors never quote the input.
"""

from __future__ import annotations

import re
from binascii import Error as _Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Mapping
from json import JSONDecoder, JSONEncoder, encoder
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, Never

from jwtkit.errors import JwtkitError, MalformedError, NotAllowedError, UsageError

__all__ = [
    "b64_encode",
    "b64url_chars",
    "b64url_decode",
    "b64url_decode_part",
    "b64url_encode",
    "b64url_segments",
    "freeze",
    "indented",
    "object_parser",
    "parse_object",
    "parse_standard_base64",
    "pretty",
    "read_object",
    "serialize",
    "serialize_plain",
]

# '-' and '_' become the standard alphabet; what base64url does not know becomes '!', which strict mode refuses.
_TO_STANDARD: Final = bytes.maketrans(b"-_=+/", b"+/!!!")
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
# Temporaries of a megabyte cost more than the work on them: what is long is done in slices that fit a cache.
_SLICE_BYTES: Final = 48 * 1024
_SLICE_CHARS: Final = 64 * 1024
_PADDING: Final = (b"", b"", b"==", b"=")
# The last character carries 4 or 2 unused bits that must be zero (RFC 4648 section 3.5).
_CANONICAL_ENDINGS: Final = (b"", b"", b"AQgw", b"AEIMQUYcgkosw048")


def b64url_encode(data: bytes | memoryview) -> str:
    """Encode without padding."""
    if len(data) > _SLICE_BYTES:
        return "".join(_b64url_slices(data))
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def b64url_segments(first: str, parts: Iterable[bytes | memoryview]) -> str:
    """Write a text that begins with `first`, and each part encoded after a dot; a long part is copied once only."""
    pieces = [first]
    for part in parts:
        pieces.append(".")
        pieces += _b64url_slices(part)
    return "".join(pieces)


def _b64url_slices(data: bytes | memoryview) -> list[str]:
    # Each slice but the last is a multiple of three bytes, so that none of them ends in padding.
    view, starts = memoryview(data), range(0, len(data), _SLICE_BYTES)
    return [b64url_encode(view[start : start + _SLICE_BYTES]) for start in starts]


def b64url_chars(size: int) -> int:
    """Give the length of the text that `size` bytes make; one byte more makes a longer text."""
    return (size * 4 + 2) // 3


def b64_encode(data: bytes) -> str:
    """Encode with the standard alphabet and padding, as HTTP Basic wants it (RFC 7617)."""
    return b2a_base64(data, newline=False).decode("ascii")


def b64url_decode(text: str | bytes, what: str) -> bytes:
    """Decode the one canonical, unpadded spelling; `what` names the part in the error."""
    if len(text) > _SLICE_CHARS:
        return b64url_decode_part(text, 0, len(text), what)
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        remainder = len(raw) & 3
        if remainder and raw[-1] not in _CANONICAL_ENDINGS[remainder]:
            raise MalformedError(f"{what} is not canonical base64url")
        return a2b_base64(raw.translate(_TO_STANDARD) + _PADDING[remainder], strict_mode=True)
    except (UnicodeEncodeError, _Base64Error):
        raise MalformedError(f"{what} is not base64url: only A-Z a-z 0-9 - _ and no padding") from None


def b64url_decode_part(text: str | bytes, start: int, end: int, what: str) -> bytes:
    """Decode what stands between two places of a long text, without a copy of it; otherwise as `b64url_decode`."""
    if end - start <= _SLICE_CHARS:
        return b64url_decode(text[start:end], what)
    # Each slice but the last is a multiple of four characters, and so a text of its own.
    starts = range(start, end, _SLICE_CHARS)
    return b"".join([b64url_decode(text[at : min(at + _SLICE_CHARS, end)], what) for at in starts])


def parse_standard_base64(text: str, what: str) -> bytes:
    """Decode padded standard base64, as HTTP Basic carries it; only the canonical spelling passes."""
    try:
        data = a2b_base64(text.encode("ascii"), strict_mode=True)
    except (UnicodeEncodeError, _Base64Error):
        raise MalformedError(f"{what} is not base64") from None
    if b64_encode(data) != text:
        raise MalformedError(f"{what} is not canonical base64")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NotStrictError("has a duplicate member")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise _NotStrictError("holds a number beyond the range of a double")
    return number


def _no_constant(text: str) -> Never:
    raise _NotStrictError(f"holds {text}, which is not JSON")


class _NotStrictError(Exception):
    """Carries the finding out of the decoder's hooks; never leaves this module."""


# What `decode` calls between its two searches for white space, which cost a quarter of it. The stubs do not know it.
_scan: Final = JSONDecoder(parse_float=_finite, parse_constant=_no_constant).scan_once  # type: ignore[attr-defined]
_scan_unique: Final = JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant).scan_once  # type: ignore[attr-defined]
_WHITE_SPACE: Final = " \t\n\r"
_STEPS: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


def _too_deep(text: str, limit: int) -> bool:
    """Tell whether brackets nest deeper than `limit`, in linear time and without parsing."""
    # Brackets inside strings do not nest. Dropping the escaped quotes first leaves quotes that open and close only.
    outside = "".join(text.replace("\\\\", "").replace('\\"', "").split('"')[::2])
    depth = 0
    for bracket in re.findall(r"[][{}]", outside):
        depth += _STEPS[bracket]
        if depth > limit:
            return True
    return False


def _survey(values: Iterable[Any], lowest: int, highest: int) -> int:
    """Count names and strings among decoded values, however deep, and refuse integers out of bounds."""
    texts = 0
    for value in values:
        kind = type(value)
        if kind is str:
            texts += 1
        elif kind is int:
            if not lowest < value < highest:
                raise _NotStrictError("holds an integer beyond the limits")
        elif kind is dict:
            texts += len(value) + _survey(value.values(), lowest, highest)
        elif kind is list:
            texts += _survey(value, lowest, highest)
    return texts


def _refuse_shape(text: str, what: str, brackets: int, depth: int, values: int | None) -> None:
    if values is not None and text.count(",") + brackets > values:
        raise NotAllowedError(f"{what} holds more than {values} values")
    if brackets > depth and _too_deep(text, depth):
        raise MalformedError(f"{what} is nested deeper than {depth} levels")


Parse = Callable[[bytes | str], dict[str, Any]]


def object_parser(what: str, *, depth: int, int_limit: int, values: int | None = None) -> Parse:
    """Make a parser of strict JSON objects; see `parse_object` for arguments and errors."""
    scan, lowest = _scan, -int_limit

    def parse(data: bytes | str) -> dict[str, Any]:
        try:
            text = data.decode("utf-8") if isinstance(data, bytes) else str.__str__(data)
            brackets = text.count("{") + (text.count("[") if "[" in text else 0)
            if brackets > depth or values is not None:
                _refuse_shape(text, what, brackets, depth, values)
            text = text.strip(_WHITE_SPACE)
            value, end = scan(text, 0)
            if type(value) is not dict or end != len(text):
                raise MalformedError(f"{what} is not a JSON object")
            # 4,300 digits is where the interpreter itself refuses to convert.
            texts = len(value) + _survey(value.values(), lowest, int_limit)
            # Each name and each string has its two quotes, so that none was lost as a duplicate if this is all of them.
            # If not, the others are in strings, or there is one: then it is read again with a look at each name.
            if text.count('"') != 2 * texts:
                _scan_unique(text, 0)
            if "\\" in text or type(data) is not bytes:
                # Lone surrogates come in through an escape, or through a str that was never encoded.
                _encode(value).encode("utf-8")
        except _NotStrictError as finding:
            raise MalformedError(f"{what} {finding}") from None
        except (ValueError, RecursionError, StopIteration):
            # UnicodeDecodeError, JSONDecodeError and UnicodeEncodeError are ValueErrors, and so is an oversized
            # integer. StopIteration is how the scanner says that there is no value.
            raise MalformedError(f"{what} is not a JSON object in UTF-8") from None
        return value

    return parse


def parse_object(
    data: bytes | str, what: str, *, depth: int, int_limit: int, values: int | None = None
) -> dict[str, Any]:
    """Parse one strict JSON object.

    Args:
        data: the text, or its UTF-8 bytes; its length was bounded by the caller.
        what: names the object in errors.
        depth: deepest nesting allowed, the object itself being 1.
        int_limit: integers must be smaller than this in magnitude.
        values: most commas and opening brackets allowed, for texts so long that what they hold could fill the memory.

    Raises:
        MalformedError: it is anything else than one strict JSON object.
        NotAllowedError: it holds more values than allowed.
    """
    return object_parser(what, depth=depth, int_limit=int_limit, values=values)(data)


def read_object(
    source: object,
    what: str,
    *,
    longest: int,
    limit: str,
    depth: int,
    int_limit: int,
    values: int | None = None,
) -> dict[str, Any]:
    """Read a strict JSON object from text, or copy one that was parsed already.

    Args:
        source: JSON text, its UTF-8 bytes, or a mapping. Untrusted.
        what: names the object in errors.
        longest: most characters or bytes of a text.
        limit: names that bound in errors.
        depth: as for `parse_object`.
        int_limit: as for `parse_object`.
        values: as for `parse_object`.

    Raises:
        MalformedError, NotAllowedError: as `parse_object`, or the text is too long.
        UsageError: it is something else.
    """
    if isinstance(source, (str, bytes)):
        if len(source) > longest:
            raise NotAllowedError(f"{what} has {len(source)} bytes, more than {limit}={longest}")
        return parse_object(source, what, depth=depth, int_limit=int_limit, values=values)
    if isinstance(source, Mapping):
        return _parsed_elsewhere(source, what)
    raise UsageError(f"a {what} is str, bytes or a mapping, got {type(source).__name__}")


def _parsed_elsewhere(value: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Copy members that another parser read, which may have been laxer than this one.

    Raises:
        MalformedError: a lone surrogate, NaN, Infinity or deep nesting, which text from a peer can have brought in.
        UsageError: what no JSON parser gives.
    """
    members: dict[str, Any] = thaw(value, what, too_deep=MalformedError)
    try:
        _encode(members).encode("utf-8")
    except (ValueError, RecursionError):
        raise MalformedError(f"{what} holds NaN, Infinity or a lone surrogate, which are not JSON") from None
    return members


_encode: Final = JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


_encode_indented: Final = JSONEncoder(indent=2, ensure_ascii=True, allow_nan=False).encode
_encode_pretty: Final = JSONEncoder(indent=2, ensure_ascii=False, allow_nan=False).encode


def indented(value: Mapping[str, Any], what: str) -> str:
    """Write JSON for people: two spaces, and ASCII only, so that no control character reaches a terminal."""
    return _encode_indented(thaw(value, what))


def pretty(value: object) -> str:
    """Write any JSON value for people, in their own alphabet; what shows it must make control characters visible."""
    return _encode_pretty(thaw(value, "value"))


def serialize(value: Mapping[str, Any], what: str) -> bytes:
    """Write compact JSON in UTF-8.

    Raises:
        UsageError: the caller's value is not JSON (a set, bytes, NaN, a key that is no str, a cycle, a lone surrogate).
    """
    try:
        return _encode(thaw(value, what)).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{what} cannot be written as JSON: {type(error).__name__}") from None


def _plain_encoder() -> Callable[[dict[str, Any]], str]:
    # It asks about what it does not know, which among plain values is the proxy of a frozen object only.
    made = JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=dict)
    flags = (False, False, False)  # sort_keys, skipkeys, allow_nan
    try:
        # `encode` makes this anew each time, which takes as long as its work. The stubs do not know it.
        pieces = encoder.c_make_encoder(None, dict, encoder.encode_basestring, None, ":", ",", *flags)  # type: ignore[attr-defined]
    except (AttributeError, TypeError):
        return made.encode  # of an interpreter that has none, or another one

    def encode(members: dict[str, Any]) -> str:
        return "".join(pieces(members, 0))

    return encode


_encode_plain: Final = _plain_encoder()


def serialize_plain(members: dict[str, Any], what: str) -> bytes:
    """Write members that are plain JSON values already, some of them frozen; otherwise as `serialize`."""
    try:
        return _encode_plain(members).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{what} cannot be written as JSON: {type(error).__name__}") from None


def thaw(value: Any, what: str, _depth: int = 0, *, too_deep: type[JwtkitError] = UsageError) -> Any:
    """Copy a value into plain dicts and lists, refusing what JSON does not know."""
    kind = type(value)
    if kind is str or kind is int or kind is float or kind is bool or value is None:
        return value
    if _depth > 200:
        raise too_deep(f"{what} is nested too deeply, or holds itself")
    if isinstance(value, Mapping):
        members = {}
        for name, member in value.items():
            if not isinstance(name, str):
                raise UsageError(f"{what} has a member whose name is {type(name).__name__}: JSON names are str")
            members[str.__str__(name)] = thaw(member, what, _depth + 1, too_deep=too_deep)
        return members
    if isinstance(value, (list, tuple)):
        return [thaw(member, what, _depth + 1, too_deep=too_deep) for member in value]
    # Of a class of its own, such as an enum: what is inside it.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    raise UsageError(f"{what} holds a {kind.__name__}, which JSON does not know")


def freeze(value: Any) -> Any:
    """Give a deeply read-only view: objects become mapping proxies, arrays tuples."""
    if type(value) is dict:
        return MappingProxyType({name: freeze(member) for name, member in value.items()})
    if type(value) is list:
        return tuple([freeze(member) for member in value])
    return value
