"""KeyRing: every key is known before it signs and as long as its tokens live, whatever the moment."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    Claims,
    JwtkitError,
    KeyNotFoundError,
    KeyRing,
    KeySource,
    MalformedError,
    NotAllowedError,
    RejectedError,
    RingKey,
    Token,
    TokenVerifier,
    UsageError,
)

OLD, MIDDLE, NEW = (JWK.generate("ES256", kid=kid) for kid in ("old", "middle", "new"))
RING = KeyRing(
    [
        RingKey(OLD, not_before=0, retire_at=1000, remove_at=2000),
        RingKey(MIDDLE, not_before=900, retire_at=5000, remove_at=6000),
        RingKey(NEW, not_before=4900),
    ]
)
SECRETS = KeyRing([RingKey(JWK.generate("HS256", kid="s"), not_before=0)])

# Moment: who signs, and who is published.
SCHEDULE: dict[float, tuple[str | None, list[str]]] = {
    -1: (None, ["old", "middle", "new"]),
    0: ("old", ["old", "middle", "new"]),
    899: ("old", ["old", "middle", "new"]),
    900: ("middle", ["old", "middle", "new"]),
    1999: ("middle", ["old", "middle", "new"]),
    2000: ("middle", ["middle", "new"]),
    4899: ("middle", ["middle", "new"]),
    4900: ("new", ["middle", "new"]),
    5999.5: ("new", ["middle", "new"]),
    6000: ("new", ["new"]),
    10**9: ("new", ["new"]),
}


@pytest.mark.parametrize(("now", "signs", "published"), [(now, *row) for now, row in SCHEDULE.items()])
def test_schedule(now: float, signs: str | None, published: list[str]) -> None:
    assert [key.kid for key in RING.jwks(now=now)] == published
    assert not any(key.is_private for key in RING.jwks(now=now))
    if signs is None:
        with pytest.raises(UsageError, match="no key of the ring signs"):
            RING.signing_key(now=now)
    else:
        assert RING.signing_key(now=now).kid == signs


@given(st.floats(0, 8000), st.floats(0, 1000))
def test_a_token_verifies_as_long_as_it_lives(signed: float, later: float) -> None:
    """Tokens live 1000 seconds here, and every key is kept 1000 seconds after it has stopped."""
    key = RING.signing_key(now=signed)
    token = Token.sign(Claims(iss="i", aud="a"), key, lifetime=1000, now=signed)
    verifier = TokenVerifier(keys=RING, algorithms=["ES256"], issuer="i", audience="a")
    moment = min(signed + later, int(signed) + 999)
    assert verifier.verify(token.compact, now=moment).header.kid == key.kid
    # A verifier that fetched the set when the token was signed knows the key too.
    copied = TokenVerifier(keys=RING.jwks(now=signed), algorithms=["ES256"], issuer="i", audience="a")
    assert copied.verify(token.compact, now=moment) == token


def test_a_removed_key_verifies_nothing() -> None:
    token = Token.sign(Claims(iss="i", aud="a", exp=10_000), OLD)
    verifier = TokenVerifier(keys=RING, algorithms=["ES256"], issuer="i", audience="a")
    assert verifier.verify(token.compact, now=1999)
    for _ in range(2):
        with pytest.raises(KeyNotFoundError, match="no key 'old'"):
            verifier.verify(token.compact, now=2000)
    assert verifier.verify(token.compact, now=1999)


def test_a_ring_reads_the_clock_when_nobody_says_the_time() -> None:
    assert isinstance(RING, KeySource)
    assert RING.signing_key() is NEW
    assert [key.kid for key in RING.jwks()] == ["new"]
    token = Token.sign(Claims(iss="i", aud="a"), RING.signing_key(), lifetime=60)
    assert TokenVerifier(keys=RING, algorithms=["ES256"], issuer="i", audience="a").verify(token.compact) == token
    assert [key.kid for key in RING.keys_for(token.header, None)] == ["new"]


def test_secrets_take_turns_and_are_never_published() -> None:
    token = Token.sign(Claims(iss="i", aud="a"), SECRETS.signing_key(now=1), lifetime=60, now=1)
    assert TokenVerifier(keys=SECRETS, algorithms=["HS256"], issuer="i", audience="a").verify(token.compact, now=2)
    with pytest.raises(UsageError, match="no public half"):
        SECRETS.jwks(now=1)


def test_one_more_key() -> None:
    newest = RingKey(JWK.generate("ES256", kid="newest"), not_before=9000)
    more = RING.with_key(newest)
    assert (len(RING), len(more)) == (3, 4)
    assert more.signing_key(now=9000).kid == "newest"
    assert list(more)[-1] is newest
    # Of two that begin in the same moment, the one that was added last.
    assert more.with_key(RingKey(JWK.generate("ES256", kid="x"), not_before=9000)).signing_key(now=9000).kid == "x"


# --- storage


def test_storage_round_trip() -> None:
    stored = RING.to_dict(private=True)
    for source in (stored, json.dumps(stored), json.dumps(stored).encode()):
        again = KeyRing.parse(source)
        assert again.to_dict(private=True) == stored
        assert [one.key for one in again] == [OLD, MIDDLE, NEW]
    wrong: Any = False
    with pytest.raises(UsageError, match="private=True"):
        RING.to_dict(private=wrong)


GOOD: dict[str, Any] = RING.to_dict(private=True)
STORED: dict[str, tuple[Any, type[JwtkitError]]] = {
    "empty": ("", MalformedError),
    "array": ("[]", MalformedError),
    "a key set": (RING.jwks(now=0).to_json(), MalformedError),
    "version": (GOOD | {"version": 2}, MalformedError),
    "version true": (GOOD | {"version": True}, MalformedError),
    "version 1.0": (GOOD | {"version": 1.0}, MalformedError),
    "version absent": ({"keys": GOOD["keys"]}, MalformedError),
    "keys absent": ({"version": 1}, MalformedError),
    "keys an object": ({"version": 1, "keys": {}}, MalformedError),
    "no keys": ({"version": 1, "keys": []}, MalformedError),
    "a key that is none": ({"version": 1, "keys": [5]}, MalformedError),
    "a key without times": ({"version": 1, "keys": [{"jwk": NEW.to_dict(private=True)}]}, MalformedError),
    "a public key": ({"version": 1, "keys": [{"jwk": NEW.to_dict(), "not_before": 0}]}, MalformedError),
    "a broken key": ({"version": 1, "keys": [{"jwk": {"kty": "XYZ"}, "not_before": 0}]}, NotAllowedError),
    "a time as text": ({"version": 1, "keys": [GOOD["keys"][2] | {"not_before": "0"}]}, MalformedError),
    "times out of order": ({"version": 1, "keys": [GOOD["keys"][0] | {"retire_at": -5}]}, MalformedError),
    "kid twice": ({"version": 1, "keys": [GOOD["keys"][0]] * 2}, MalformedError),
    "too large": (" " * 2_000_000, NotAllowedError),
    "None": (None, UsageError),
}


@pytest.mark.parametrize(("source", "error"), STORED.values(), ids=STORED)
def test_stored_rings_that_are_refused(source: Any, error: type[JwtkitError]) -> None:
    with pytest.raises(error) as refusal:
        KeyRing.parse(source)
    assert type(refusal.value) is error
    for member in ("d", "k"):
        assert NEW.to_dict(private=True).get(member, "\0") not in str(refusal.value)


# --- mistakes of the caller

KEYLESS = JWK.parse({name: value for name, value in NEW.to_dict(private=True).items() if name != "kid"})
NAMELESS = JWK.parse({n: v for n, v in JWK.generate("RS256", kid="r").to_dict(private=True).items() if n != "alg"})
MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "a public key": (lambda: RingKey(NEW.public(), not_before=0), "cannot sign"),
    "a key for encryption": (lambda: RingKey(JWK.parse(NEW.to_dict(private=True) | {"use": "enc"}), not_before=0), "cannot sign"),
    "no kid": (lambda: RingKey(KEYLESS, not_before=0), "has no kid"),
    "no alg": (lambda: RingKey(NAMELESS, not_before=0), "give it alg="),
    "no key": (lambda: RingKey("key", not_before=0), "made of a JWK"),  # type: ignore[arg-type]  # the mistake
    "not_before None": (lambda: RingKey(NEW, not_before=None), "not_before must be a number"),  # type: ignore[arg-type]  # the mistake
    "not_before NaN": (lambda: RingKey(NEW, not_before=float("nan")), "not_before must be a number"),
    "not_before of 400 digits": (lambda: RingKey(NEW, not_before=10**400), "not_before must be a number"),
    "not_before true": (lambda: RingKey(NEW, not_before=True), "not_before must be a number"),
    "retired before it signs": (lambda: RingKey(NEW, not_before=5, retire_at=4), "lies before"),
    "removed before it is retired": (lambda: RingKey(NEW, not_before=5, retire_at=9, remove_at=8), "lies before"),
    "removed and never retired": (lambda: RingKey(NEW, not_before=5, remove_at=8), "needs retire_at"),
    "no keys": (lambda: KeyRing([]), "non-empty list"),
    "keys of another type": (lambda: KeyRing([NEW]), "list of RingKey"),  # type: ignore[list-item]  # the mistake
    "kid twice": (lambda: KeyRing([RingKey(NEW, not_before=0), RingKey(NEW, not_before=5)]), "same kid"),
    "secrets among keys": (lambda: KeyRing([*RING, *SECRETS]), "not both"),
    "now a text": (lambda: RING.jwks(now="now"), "now"),  # type: ignore[arg-type]  # the mistake
}  # fmt: skip


@pytest.mark.parametrize(("call", "words"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_of_the_caller(call: Callable[[], object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        call()


def test_is_a_frozen_value_that_shows_no_key() -> None:
    ring: Any = RING
    with pytest.raises(AttributeError):
        ring.keys = ()
    assert copy.copy(ring).keys == ring.keys
    assert repr(RING) == "KeyRing(3 keys)"
    shown = repr(RING.keys[0])
    assert shown.endswith("private), not_before=0, retire_at=1000, remove_at=2000)")
    assert OLD.to_dict(private=True)["d"] not in shown
    assert isinstance(RING.jwks(now=0), JWKS)


@given(
    st.dictionaries(
        st.sampled_from(["version", "keys", "x"]),
        st.just(1)
        | st.lists(
            st.dictionaries(
                st.sampled_from(["jwk", "not_before", "retire_at", "remove_at"]),
                st.sampled_from([NEW.to_dict(private=True), OLD.to_dict(), {}, 0, 5.5, "x", None]),
            ),
            max_size=2,
        ),
    )
)
def test_anything_gives_a_ring_or_a_refusal(source: Any) -> None:
    try:
        assert isinstance(KeyRing.parse(source), KeyRing)
    except RejectedError:
        pass
