"""KeyRing: keys that take turns, each published before it signs and kept after it no longer does.

Rules of this room:

- What a ring does is a pure function of time: nobody has to call anything at the right moment.
- Verifiers hold copies of the published set for a while. So a key is published well before its first signature, and
  stays published until the last token it signed has expired.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Self

from jwtkit import _wire
from jwtkit._clock import is_finite, resolve_now
from jwtkit._frozen import Frozen
from jwtkit.errors import MalformedError, UsageError
from jwtkit.jose.header import Header
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jwks import JWKS
from jwtkit.limits import DEFAULT_LIMITS, Limits

__all__ = ["KeyRing", "RingKey"]

_VERSION: Final = 1
_TIMES: Final = ("not_before", "retire_at", "remove_at")


class RingKey(Frozen):
    """One key of a ring with its times, in seconds since the epoch.

    Args:
        key: a private key for signing, with a kid, or a shared secret.
        not_before: when it begins to sign.
        retire_at: when it stops; None while nobody has decided.
        remove_at: when it is no longer published, and verifies nothing: after the last token that it signed has
            expired. None keeps it.

    Raises:
        UsageError: the key cannot sign or has no kid, or the times are out of order.
    """

    __slots__ = ("key", "not_before", "remove_at", "retire_at")

    def __init__(
        self, key: JWK, *, not_before: float, retire_at: float | None = None, remove_at: float | None = None
    ) -> None:
        if not isinstance(key, JWK):
            raise UsageError(f"a RingKey is made of a JWK, got {type(key).__name__}")
        if not key.is_private or not key.permits("sign"):
            raise UsageError(f"{key!r} cannot sign")
        if key.kid is None:
            raise UsageError(f"{key!r} has no kid: verifiers could not tell it from the next one")
        _ = key.algorithm  # a key that does not know its algorithm is found out now
        last: float | None = None
        for name, value in zip(_TIMES, (not_before, retire_at, remove_at), strict=True):
            if value is None and name != "not_before":
                continue
            if not is_finite(value):
                raise UsageError(f"{name} must be a number of seconds since the epoch, got {type(value).__name__}")
            if last is not None and value < last:
                raise UsageError(f"{name}={value} lies before the time that comes before it ({last})")
            last = value
        if remove_at is not None and retire_at is None:
            raise UsageError("remove_at needs retire_at: a key is removed after it has stopped signing")
        self.key: Final = key
        self.not_before: Final = not_before
        self.retire_at: Final = retire_at
        self.remove_at: Final = remove_at

    def signs(self, now: float) -> bool:
        """Tell whether it is this key's turn to sign."""
        return self.not_before <= now and (self.retire_at is None or now < self.retire_at)

    def is_published(self, now: float) -> bool:
        """Tell whether verifiers should know it: from the first moment on, until it is removed."""
        return self.remove_at is None or now < self.remove_at

    def __repr__(self) -> str:
        times = ", ".join(f"{name}={getattr(self, name)}" for name in _TIMES if getattr(self, name) is not None)
        return f"RingKey({self.key!r}, {times})"


class KeyRing(Frozen):
    """Keys that take turns; iterable, and itself a key source for `TokenVerifier`.

    Args:
        keys: the keys with their times; each kid once, and all of them shared secrets or none.

    Raises:
        UsageError: no keys, two with one kid, or secrets among private keys.

    Example:
        >>> old, new = JWK.generate("ES256", kid="old"), JWK.generate("ES256", kid="new")
        >>> ring = KeyRing([RingKey(old, not_before=0, retire_at=200, remove_at=300), RingKey(new, not_before=200)])
        >>> ring.signing_key(now=100).kid, ring.signing_key(now=250).kid
        ('old', 'new')
        >>> [[key.kid for key in ring.jwks(now=now)] for now in (100, 250, 350)]
        [['old', 'new'], ['old', 'new'], ['new']]
    """

    __slots__ = ("keys",)

    def __init__(self, keys: Sequence[RingKey]) -> None:
        if not isinstance(keys, (list, tuple)) or not keys or not all(isinstance(one, RingKey) for one in keys):
            raise UsageError("a KeyRing is made of a non-empty list of RingKey")
        kids = [one.key.kid for one in keys]
        if len(set(kids)) != len(kids):
            raise UsageError("two keys of the ring have the same kid")
        if len({one.key.kty == "oct" for one in keys}) > 1:
            raise UsageError("a ring holds either shared secrets or private keys, not both")
        self.keys: Final = tuple(keys)

    def signing_key(self, *, now: float | None = None) -> JWK:
        """Give the key to sign with: of those whose turn it is, the one that began last, or was added last.

        Raises:
            UsageError: no key signs at this moment.
        """
        moment = resolve_now(now)
        active = [one for one in self.keys if one.signs(moment)]
        if not active:
            raise UsageError(f"no key of the ring signs at {moment:.0f}: add one with an earlier not_before")
        # Of equals max gives the first.
        newest: RingKey = max(reversed(active), key=lambda one: one.not_before)
        return newest.key

    def jwks(self, *, now: float | None = None) -> JWKS:
        """Give the set to publish: every key that is not removed, those that do not sign yet among them.

        Raises:
            UsageError: the ring holds shared secrets, which are never published.
        """
        moment = resolve_now(now)
        return JWKS([one.key.public() for one in self.keys if one.is_published(moment)])

    def keys_for(self, header: Header, issuer: str | None, /) -> Sequence[JWK]:
        """Give the keys that a header may mean, at the time the clock says; see `KeySource`."""
        return self.keys_at(header, issuer, resolve_now(None))

    def keys_at(self, header: Header, issuer: str | None, now: float, /) -> Sequence[JWK]:
        """Give the keys that a header may mean, at a moment."""
        del issuer  # a ring belongs to the one issuer that signs with it
        published = [one.key for one in self.keys if one.is_published(now)]
        return published if header.kid is None else [key for key in published if key.kid == header.kid]

    def with_key(self, key: RingKey) -> KeyRing:
        """Give a ring with one more key; this one stays as it is."""
        return KeyRing((*self.keys, key))

    def to_dict(self, *, private: bool) -> dict[str, Any]:
        """Give the schedule with its keys, for storage; `KeyRing.parse` reads it.

        Args:
            private: must be True: the keys of a ring sign, so their private members are part of it.

        Raises:
            UsageError: `private` is not True.
        """
        if private is not True:
            raise UsageError("the keys of a ring are private: say to_dict(private=True), or publish ring.jwks()")
        return {"version": _VERSION, "keys": [_describe(one) for one in self.keys]}

    @classmethod
    def parse(cls, source: str | bytes | Mapping[str, object], *, limits: Limits = DEFAULT_LIMITS) -> Self:
        """Read a schedule that `to_dict` gave, from its JSON text or its members.

        Raises:
            MalformedError: not such a schedule.
            NotAllowedError: a key that is not accepted, or beyond the limits.
        """
        members = _wire.read_object(
            source,
            "key ring",
            longest=limits.jwks_bytes,
            limit="Limits.jwks_bytes",
            depth=10,
            int_limit=limits.header_int_limit,
        )
        version, entries = members.get("version"), members.get("keys")
        if type(version) is not int or version != _VERSION or not isinstance(entries, list):
            raise MalformedError(f"not a key ring of version {_VERSION}")
        try:
            return cls([_ring_key(entry, limits) for entry in entries])
        except UsageError as mistake:
            # Whoever stored this wrote it, and not the program that reads it.
            raise MalformedError(f"not a key ring: {mistake}") from None

    def __iter__(self) -> Iterator[RingKey]:
        return iter(self.keys)

    def __len__(self) -> int:
        return len(self.keys)

    def __repr__(self) -> str:
        return f"KeyRing({len(self.keys)} keys)"


def _describe(one: RingKey) -> dict[str, Any]:
    times = {name: getattr(one, name) for name in _TIMES if getattr(one, name) is not None}
    return {"jwk": one.key.to_dict(private=True), **times}


def _ring_key(entry: object, limits: Limits) -> RingKey:
    if not isinstance(entry, dict) or not isinstance(entry.get("jwk"), dict):
        raise MalformedError("not a key ring: a key has no 'jwk'")
    times: dict[str, Any] = {name: entry.get(name) for name in _TIMES}
    return RingKey(JWK(entry["jwk"], limits=limits), **times)
