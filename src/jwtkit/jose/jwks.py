"""JWKS: a set of public keys, as an issuer publishes it (RFC 7517 section 5).

One key that cannot be used never costs the others: it is kept aside with the reason. A secret never belongs into a
published set, so a set that mixes shared secrets with public keys is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as MappingABC
from typing import Any, Final, Self

from jwtkit import _wire
from jwtkit._frozen import Frozen
from jwtkit.errors import MalformedError, NotAllowedError, RejectedError, UsageError, quote
from jwtkit.jose.header import Header
from jwtkit.jose.jwk import JWK
from jwtkit.jose.key_forms import read_form
from jwtkit.jose.key_members import read_text, too_long
from jwtkit.jose.key_types import KEY_TYPES
from jwtkit.limits import DEFAULT_LIMITS, Limits

__all__ = ["JWKS", "UnusableKey", "by_kid"]

_DEPTH: Final = 10
# A member of a key that nobody reads may hold any number within reason; it never costs the set.
_INT_LIMIT: Final = 10**40
# A key has a dozen members, and its x5c and key_ops a few elements each.
_VALUES_PER_KEY: Final = 32


class UnusableKey(Frozen):
    """A member of a key set that was kept aside.

    Attributes:
        index: its place in the set, from 0.
        kid: its identifier, where it is a string within the limit, or None.
        reason: one sentence; quotes no key material.
    """

    __slots__ = ("index", "kid", "reason")

    def __init__(self, index: int, kid: str | None, reason: str) -> None:
        self.index: Final = index
        self.kid: Final = kid
        self.reason: Final = reason

    def __repr__(self) -> str:
        return f"UnusableKey(index={self.index}, kid={quote(self.kid)}, reason={self.reason!r})"


class JWKS(Frozen):
    """A frozen set of public keys; iterable, and itself a key source for `TokenVerifier`.

    Attributes:
        keys: the usable keys, in the order of the set.
        unusable: the members that were kept aside, each with its reason.

    Example:
        >>> key = JWK.generate("Ed25519", kid="k1")
        >>> published = JWKS([key.public()]).to_json()
        >>> [known.kid for known in JWKS.parse(published)]
        ['k1']
    """

    __slots__ = ("_by_kid", "keys", "unusable")

    def __init__(self, keys: Iterable[JWK], *, unusable: Iterable[UnusableKey] = ()) -> None:
        """Make a set from public keys.

        Raises:
            UsageError: one of them is private, or a shared secret.
        """
        self.keys: Final = tuple(keys)
        self.unusable: Final = tuple(unusable)
        for key in self.keys:
            if not isinstance(key, JWK):
                raise UsageError(f"JWKS takes JWK values, got {type(key).__name__}: use JWKS.parse(...) for JSON")
            if key.is_private:
                way = "hand a list of such keys in" if key.kty == "oct" else "use key.public()"
                raise UsageError(f"{key!r} does not belong into a JWKS, which is public: {way}")
        self._by_kid: Final = by_kid(self.keys)

    @classmethod
    def parse(cls, source: str | bytes | MappingABC[str, object], *, limits: Limits = DEFAULT_LIMITS) -> Self:
        """Read a JWK Set from its JSON text, or from members that are parsed already.

        Args:
            source: JSON text, its UTF-8 bytes, or a mapping. Untrusted.
            limits: bounds for text and number of keys.

        Raises:
            MalformedError: not strict JSON, or no `keys` array of objects.
            NotAllowedError: beyond the limits, or shared secrets mixed with public keys.

        Spec: RFC 7517 section 5.
        """
        members = _members(source, "JWKS", _DEPTH, limits)
        entries = members.get("keys")
        if not isinstance(entries, list):
            hint = ": this is a single JWK, use JWK.parse(...)" if "kty" in members else ""
            raise MalformedError(f"JWKS has no 'keys' array{hint}")
        _refuse_many(entries, limits.jwks_keys)
        types = {str(entry.get("kty")) == "oct" for entry in entries if isinstance(entry, dict)}
        if len(types) == 2:
            raise NotAllowedError("JWKS mixes shared secrets with public keys: a published set holds public keys only")
        return cls._collect(entries, lambda entry: _public_key(entry, limits), limits)

    @classmethod
    def from_certificates(
        cls, source: str | bytes | MappingABC[str, object], *, limits: Limits = DEFAULT_LIMITS
    ) -> Self:
        """Read a map from kid to X.509 certificate in PEM, the form in which some issuers publish their keys.

        The certificates are trusted as the map is, which came from the issuer; their own issuers and dates are not
        looked at. Each key carries its `x5c`, `x5t` and `x5t#S256`, and no `alg`.

        Args:
            source: JSON text, its UTF-8 bytes, or a mapping. Untrusted.
            limits: bounds for text and number of keys; of certificates a quarter as many, for each costs as much.

        Raises:
            MalformedError: not a strict JSON object.
            NotAllowedError: beyond the limits.
        """
        members = _members(source, "certificate map", 2, limits)
        entries = [{"kid": kid, "certificate": certificate} for kid, certificate in members.items()]
        _refuse_many(entries, limits.jwks_keys // 4)
        return cls._collect(entries, lambda entry: _certified_key(entry, limits), limits)

    @classmethod
    def _collect(cls, entries: Sequence[object], read: Callable[[Any], JWK], limits: Limits) -> Self:
        """Read every entry; one that cannot be used is kept aside with the reason."""
        usable: list[JWK] = []
        unusable: list[UnusableKey] = []
        for index, entry in enumerate(entries):
            try:
                usable.append(read(entry))
            except RejectedError as refusal:
                unusable.append(UnusableKey(index, _kid_of(entry, limits), str(refusal)))
        return cls(usable, unusable=unusable)

    def keys_for(self, header: Header, issuer: str | None) -> Sequence[JWK]:
        """Give the keys that `header` may mean: those with its kid, else those that carry none."""
        del issuer  # a plain set belongs to the one issuer it was configured for
        return self.keys if header.kid is None else self._by_kid.get(header.kid, self._by_kid.get(None, ()))

    def to_dict(self) -> dict[str, Any]:
        """Give the set as it is published."""
        return {"keys": [key.to_dict() for key in self.keys]}

    def to_json(self) -> str:
        """Give the JSON text to publish, as application/jwk-set+json."""
        return _wire.serialize(self.to_dict(), "JWKS").decode("utf-8")

    def __iter__(self) -> Iterator[JWK]:
        return iter(self.keys)

    def __len__(self) -> int:
        return len(self.keys)

    def __repr__(self) -> str:
        return f"JWKS({len(self.keys)} usable, {len(self.unusable)} unusable)"


def _members(source: object, what: str, depth: int, limits: Limits) -> dict[str, Any]:
    values = _VALUES_PER_KEY * limits.jwks_keys
    longest = limits.jwks_bytes
    return _wire.read_object(
        source, what, longest=longest, limit="Limits.jwks_bytes", depth=depth, int_limit=_INT_LIMIT, values=values
    )


def _public_key(entry: object, limits: Limits) -> JWK:
    if not isinstance(entry, dict):
        raise MalformedError("not a JSON object")
    row = KEY_TYPES.get(str(entry.get("kty")))
    exposed = [] if row is None else [name for name in row.private if name in entry]
    if exposed:
        raise NotAllowedError(f"holds the private member {exposed[0]!r}: treat this key as compromised")
    return JWK(entry, limits=limits)


def _certified_key(entry: MappingABC[str, object], limits: Limits) -> JWK:
    kid, certificate = read_text(entry, "kid", limits.kid_bytes), entry["certificate"]
    if not isinstance(certificate, str):
        raise MalformedError(f"certificate must be PEM text, got {type(certificate).__name__}")
    from jwtkit.jose.key_certificates import certified_members

    members = certified_members(read_form(certificate, "certificate"), None)
    return JWK(members if kid is None else members | {"kid": kid}, limits=limits)


def _refuse_many(entries: Sequence[object], most: int) -> None:
    if len(entries) > most:
        raise NotAllowedError(f"set has {len(entries)} keys, more than the {most} that Limits.jwks_keys allows")


def _kid_of(entry: object, limits: Limits) -> str | None:
    kid = entry.get("kid") if isinstance(entry, dict) else None
    return kid if isinstance(kid, str) and not too_long(kid, limits.kid_bytes) else None


def by_kid(keys: Iterable[JWK]) -> MappingABC[str | None, tuple[JWK, ...]]:
    """Index keys by their kid, so that a look-up costs the same in a set of any size."""
    index: dict[str | None, list[JWK]] = {}
    for key in keys:
        index.setdefault(key.kid, []).append(key)
    return {kid: tuple(found) for kid, found in index.items()}
