"""Which key checks this token? Exactly one, or an error that says why not.

Rules of this room:

- The header only chooses among what the caller allowed: its `alg` must be listed, and the key, not the header, says
  what algorithm it serves (RFC 8725 section 3.1).
- More than one fitting key is an error, never "the first".
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Final, Protocol, TypeGuard, runtime_checkable

from jwtkit._frozen import Frozen
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS, Algorithm, SignatureAlgorithm
from jwtkit.crypto.key_algorithm import KeyAlgorithm
from jwtkit.errors import KeyNotFoundError, NotAllowedError, UsageError, quote
from jwtkit.jose.header import Header
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jwks import JWKS, by_kid
from jwtkit.jose.key_forms import secret_words

__all__ = [
    "KeySource",
    "Keys",
    "OwnKeys",
    "TimedKeySource",
    "allowed_rows",
    "as_source",
    "candidates",
    "pick",
    "refuse_useless",
    "select",
    "unfit",
]

_NAMED_IN_MESSAGES: Final = 5


@runtime_checkable
class KeySource(Protocol):
    """Anything that gives candidate keys for a header: a `JWKS`, or an object of yours.

    It is told the issuer that the verifier was configured with, never a claim of the token.
    """

    def keys_for(self, header: Header, issuer: str | None, /) -> Sequence[JWK]:
        """Give the candidates: those with the header's kid, or all where it names none."""
        ...


Keys = JWK | Sequence[JWK] | KeySource


@runtime_checkable
class TimedKeySource(Protocol):
    """A key source whose keys come and go with time, such as a `KeyRing`."""

    def keys_at(self, header: Header, issuer: str | None, now: float, /) -> Sequence[JWK]:
        """Give the candidates at a moment, in seconds since the epoch."""
        ...


class OwnKeys(Frozen):
    """Keys that the program holds itself, where shared secrets and private keys are welcome."""

    __slots__ = ("_by_kid", "keys")

    def __init__(self, keys: Sequence[JWK]) -> None:
        self.keys: Final = tuple(keys)
        self._by_kid: Final = by_kid(self.keys)

    def keys_for(self, header: Header, issuer: str | None, /) -> Sequence[JWK]:
        """Give the keys with the header's kid, else those that carry none."""
        del issuer
        return self.keys if header.kid is None else self._by_kid.get(header.kid, self._by_kid.get(None, ()))


def as_source(keys: Keys) -> KeySource:
    """Turn what the caller gave as keys into a key source.

    Raises:
        UsageError: it is text, empty, or something else that is no key.
    """
    if isinstance(keys, JWK):
        return OwnKeys((keys,))
    if isinstance(keys, (list, tuple)):
        if not keys:
            raise UsageError("keys is empty, so no token could ever be accepted")
        wrong = [type(key).__name__ for key in keys if not isinstance(key, JWK)]
        if wrong:
            raise UsageError(f"keys holds a {wrong[0]}: use JWK.parse(...) or JWK.from_pem(...)")
        return OwnKeys(keys)
    if isinstance(keys, KeySource):
        return keys
    if isinstance(keys, (str, bytes, Mapping)):
        raise UsageError(
            "keys must be parsed, so that it is clear what it is: "
            "JWKS.parse(...) for a key set, JWK.parse(...) or JWK.from_pem(...) for one key, "
            "JWK.from_secret(...) for HMAC",
            code="unparsed_keys",
        )
    kind = type(keys)
    hint = ": use JWK.from_key(...)" if kind.__module__.startswith("cryptography.") else ""
    raise UsageError(f"keys must be a JWK, a sequence of JWK, a JWKS or a key source, got {kind.__name__}{hint}")


def allowed_rows(algorithms: Sequence[SignatureAlgorithm]) -> Mapping[str, Algorithm]:
    """Look up the rows of an allow-list, once."""
    return {name: SIGNATURE_ALGORITHMS[name] for name in algorithms}


def is_fixed(source: KeySource) -> TypeGuard[JWKS | OwnKeys]:
    """Tell whether the keys cannot change. Exactly these types: a subclass may give other keys each time."""
    return type(source) in (JWKS, OwnKeys)


def candidates(source: KeySource, header: Header, issuer: str | None, now: float | None) -> Sequence[JWK]:
    """Ask a source for the keys that a header may mean."""
    if is_fixed(source):
        return source.keys_for(header, issuer)
    keys: object
    if now is not None and isinstance(source, TimedKeySource):
        keys = source.keys_at(header, issuer, now)
    else:
        keys = source.keys_for(header, issuer)
    if isinstance(keys, (list, tuple)) and all(isinstance(key, JWK) for key in keys):
        return keys
    hint = ""
    if isinstance(keys, Coroutine):
        keys.close()  # it will never be awaited, and should not warn about it
        hint = ": a key source is not awaited, so ask for the keys before"
    raise UsageError(f"the {type(source).__name__} must give a list of JWK, got {type(keys).__name__}{hint}")


def select(
    header: Header, keys: Sequence[JWK], source: KeySource, allowed: Mapping[str, Algorithm], *, issuer: str | None
) -> JWK:
    """Pick the one key that may have made a signature under this header.

    Args:
        header: what the token says about itself. Untrusted.
        keys: the candidates that the source gave.
        source: where they come from.
        allowed: the rows of the caller's allow-list.
        issuer: whose keys they are, as configured, or None.

    Raises:
        NotAllowedError: the algorithm is not listed, the key is for something else, or several keys fit.
        KeyNotFoundError: no key fits; a fresh key set might have one.
    """
    row = allowed.get(header.alg)
    if row is None:
        message = f"alg {quote(header.alg)} not in the allowed set {tuple(allowed)!r}"
        raise NotAllowedError(message, code="alg_not_allowed")
    return pick(
        header, keys, source, row, allowed, operations=("verify",), serves=lambda key: key.serves(row), issuer=issuer
    )


def pick(
    header: Header,
    keys: Sequence[JWK],
    source: KeySource,
    row: KeyAlgorithm,
    allowed: Mapping[str, KeyAlgorithm],
    *,
    operations: tuple[str, ...],
    serves: Callable[[JWK], bool],
    issuer: str | None = None,
) -> JWK:
    """Pick the one key for an algorithm that is allowed.

    Args:
        header: says the kid. Untrusted.
        keys: the candidates that the source gave.
        source: where they come from.
        row: the algorithm.
        allowed: all algorithms the caller lists.
        operations: what the key is wanted for; one of them must be permitted (RFC 7517 section 4.3).
        serves: whether a key is one for this algorithm.
        issuer: whose keys they are, as configured, or None.

    Raises:
        NotAllowedError: the key is for something else, or several keys fit.
        KeyNotFoundError: no key fits; a fresh key set might have one.
    """
    serving = [key for key in keys if serves(key)]
    fitting = [key for key in serving if any(key.permits(operation) for operation in operations)]
    if len(fitting) == 1:
        _refuse_guess(fitting[0], allowed)
        return fitting[0]
    if fitting:
        which = "has no kid" if header.kid is None else f"names kid {quote(header.kid)}"
        names = _names(fitting)
        raise NotAllowedError(
            f"token {which} and the set holds {len(fitting)} usable {row.name} keys ({names}); "
            "pass the one you mean as keys=",
            code="ambiguous_key",
        )
    if serving:
        raise NotAllowedError(f"{serving[0]!r} is not for {' or '.join(operations)}: see its use and key_ops")
    named = next((key for key in keys if header.kid is not None and key.kid == header.kid), None)
    if named is not None:
        raise NotAllowedError(unfit(named, row), code="key_unfit")
    raise _not_found(header, source, keys, row, issuer)


def _refuse_guess(key: JWK, allowed: Mapping[str, KeyAlgorithm]) -> None:
    """Refuse a key that names no algorithm where two listed ones fit it."""
    if key.alg is None:
        fitting = dict.fromkeys(key.specific(row) for row in allowed.values() if key.fits(row))
        if len(fitting) > 1:
            raise NotAllowedError(
                f"{key!r} names no alg and fits {', '.join(fitting)}: list only the one its issuer uses in algorithms=",
                code="ambiguous_key",
            )


def refuse_useless(source: KeySource, algorithms: Sequence[SignatureAlgorithm]) -> None:
    """Find out early that keys of one's own could never check a token.

    Raises:
        UsageError: not one of the keys serves a listed algorithm.
    """
    if isinstance(source, OwnKeys):
        rows = [SIGNATURE_ALGORITHMS[name] for name in algorithms]
        if not any(key.serves(row) for key in source.keys for row in rows):
            raise UsageError(unfit(source.keys[0], rows[0]), code="key_unfit")


def unfit(key: JWK, row: KeyAlgorithm) -> str:
    """Say why a key does not serve an algorithm."""
    kind = f"{key.kty} {key.crv}" if key.crv else key.kty
    own = f" for {key.alg}" if key.alg is not None else ""
    kid = "without kid" if key.kid is None else f"kid {quote(key.kid)}"
    return f"alg {row.name} needs {_needs(row)}, got {kind}{own} ({kid})"


def _needs(row: KeyAlgorithm) -> str:
    if row.kty == "oct":
        return f"a shared secret of {secret_words(row)}" if row.secret_bytes > 1 else "a shared secret"
    if row.kty == "AKP":
        return f"an AKP key for {row.name}"
    return "an RSA key" if row.kty == "RSA" else f"a key on {' or '.join(row.variants)}"


def _names(keys: Sequence[JWK]) -> str:
    shown = ["without kid" if key.kid is None else quote(key.kid) for key in keys[:_NAMED_IN_MESSAGES]]
    return ", ".join(shown) + (", ..." if len(keys) > _NAMED_IN_MESSAGES else "")


def _not_found(
    header: Header, source: KeySource, keys: Sequence[JWK], row: KeyAlgorithm, issuer: str | None
) -> KeyNotFoundError:
    held = source.keys if is_fixed(source) else keys
    has = f"has {_names(held)}" if held else "holds none" if is_fixed(source) else "has none that the header may mean"
    if header.kid is None:
        message = f"no key for alg {row.name}: it needs {_needs(row)}, the set {has}"
    else:
        # A set was published by somebody, who may have changed it since.
        hint = "" if isinstance(source, OwnKeys) else "; refetch the JWKS"
        message = f"no key {quote(header.kid)} for alg {row.name} in the set ({has}){hint}"
    return KeyNotFoundError(message, kid=header.kid, alg=row.name, issuer=issuer)
