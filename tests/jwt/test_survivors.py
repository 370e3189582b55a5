"""What mutation testing found nobody asked: the data of every refusal, and limits and mistakes at less trodden doors."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, Optional

import pytest

from jwtkit import (
    ABSENT,
    JWK,
    JWKS,
    UNCHECKED,
    Claims,
    ClaimsError,
    JwtkitError,
    KeyNotFoundError,
    KeyRing,
    Limits,
    MalformedError,
    NotAllowedError,
    RingKey,
    TenantIssuer,
    TokenVerifier,
    UsageError,
    claim,
    jws,
)

KEY = JWK.generate("HS256", kid="k")
NOW = 1_795_446_083
ISS, AUD = "https://auth.example.com", "https://api.example.com"
TEMPLATE = "https://login.example/{tenantid}/v2"
GOOD: dict[str, Any] = {"iss": ISS, "sub": "s", "aud": AUD, "exp": NOW + 60, "iat": NOW}


def token(key: JWK = KEY, **changes: Any) -> str:
    """Sign any JSON as claims, as an issuer with the right key might."""
    members = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return jws.sign(json.dumps(members).encode(), key)


def verifier(**changes: Any) -> TokenVerifier:
    policy: dict[str, Any] = {"keys": KEY, "algorithms": ["HS256"], "issuer": ISS, "audience": AUD, **changes}
    return TokenVerifier(**{name: value for name, value in policy.items() if value is not ...})


# --- what a refusal says as data


def tenants(*names: str) -> dict[str, Any]:
    return {"issuer": TenantIssuer(TEMPLATE, tenants=names or UNCHECKED)}


class Typed(Claims):
    role: str


class Wide(Claims):
    """Declares registered claims wider than their specifications do."""

    exp: Any
    sub: object = None  # type: ignore[assignment]  # wider than its base allows, as a type checker says too


class Many(Claims):
    level: int | None = None
    size: Optional[int] = None  # noqa: UP045  # the older spelling
    names: Collection[str] = ()
    flags: Mapping[str, bool] = {}
    role: Literal["administrator", 7] | None = claim("https://example.com/role", default="none")
    note: str | None = claim()
    anything: object = None


# (changes of the policy, changes of the claims, claim, reason, expected, actual)
DATA: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, str, object, object]]] = {
    "iss missing": ({"issuer": [ISS, "b"]}, {"iss": ...}, ("iss", "missing", ("b", ISS), None)),
    "iss not accepted": ({}, {"iss": "evil"}, ("iss", "not_accepted", (ISS,), "evil")),
    "aud missing": ({"audience": [AUD, "b"]}, {"aud": ...}, ("aud", "missing", ("b", AUD), None)),
    "aud not accepted": ({}, {"aud": ["x", "y"]}, ("aud", "not_accepted", (AUD,), ("x", "y"))),
    "aud unexpected": ({"audience": ABSENT}, {"aud": ["x"]}, ("aud", "unexpected", None, ("x",))),
    "sub missing": ({"subject": ["t", "s"]}, {"sub": ...}, ("sub", "missing", ("s", "t"), None)),
    "sub not accepted": ({"subject": "t"}, {}, ("sub", "not_accepted", ("t",), "s")),
    "exp expired": ({}, {"exp": NOW - 5}, ("exp", "expired", NOW, NOW - 5)),
    "nbf ahead": ({}, {"nbf": NOW + 99}, ("nbf", "not_yet_valid", NOW, NOW + 99)),
    "iat ahead": ({}, {"iat": NOW + 99}, ("iat", "issued_in_the_future", NOW, NOW + 99)),
    "iat too old": ({"max_age": 5}, {"iat": NOW - 99}, ("iat", "too_old", 5, NOW - 99)),
    "a life too long": ({"max_lifetime": 59}, {}, ("exp", "lifetime_too_long", 59, 60)),
    "required": ({"required": ["jti"]}, {}, ("jti", "missing", None, None)),
    "expected, missing": ({"expected": {"x": ["a"]}}, {}, ("x", "missing", ("a",), None)),
    "expected, another": ({"expected": {"x": ["a"]}}, {"x": ["b"]}, ("x", "not_accepted", ("a",), ("b",))),
    "a type": ({}, {"jti": 7}, ("jti", "wrong_type", "a string", "a number")),
    "a type of one's own, missing": ({"claims": Typed}, {}, ("role", "missing", "a string", None)),
    "a type declared wider, exp": ({"claims": Wide}, {"exp": "soon"}, ("exp", "wrong_type", "any value", "a string")),
    "a type declared wider, sub": ({"claims": Wide}, {"sub": 7}, ("sub", "wrong_type", "any value", "a number")),
    "one or null": ({"claims": Many}, {"note": None, "level": "1"}, ("level", "wrong_type", "an integer", "a string")),
    "one or null, spelt the old way": (
        {"claims": Many},
        {"note": None, "size": 1.5},
        ("size", "wrong_type", "an integer", "a number"),
    ),
    "a collection": (
        {"claims": Many},
        {"note": None, "names": ["a", 1]},
        ("names", "wrong_type", "an array, each item a string", "an array"),
    ),
    "a mapping": (
        {"claims": Many},
        {"note": None, "flags": {"a": True, "b": 1}},
        ("flags", "wrong_type", "an object, each member true or false", "an object"),
    ),
    "no mapping": (
        {"claims": Many},
        {"note": None, "flags": [True]},
        ("flags", "wrong_type", "an object, each member true or false", "an array"),
    ),
    "a literal of another type": (
        {"claims": Many},
        {"note": None, "https://example.com/role": 7.0},
        ("https://example.com/role", "wrong_type", "'administrator' or 7", "a number"),
    ),
    "tenant missing": (tenants("t"), {}, ("tid", "missing", None, None)),
    "tenant empty": (tenants("t"), {"tid": ""}, ("tid", "missing", None, None)),
    "tenant not accepted": (tenants("u", "t"), {"tid": "v"}, ("tid", "not_accepted", ("t", "u"), "v")),
    "issuer of a tenant missing": (
        tenants("t"),
        {"tid": "t", "iss": ...},
        ("iss", "missing", "https://login.example/t/v2", None),
    ),
    "issuer of another tenant": (
        tenants("t"),
        {"tid": "t", "iss": "https://login.example/u/v2"},
        ("iss", "not_accepted", "https://login.example/t/v2", "https://login.example/u/v2"),
    ),
}


@pytest.mark.parametrize(("policy", "claims", "wanted"), DATA.values(), ids=DATA)
def test_what_a_mismatch_holds(
    policy: dict[str, Any], claims: dict[str, Any], wanted: tuple[str, str, object, object]
) -> None:
    with pytest.raises(ClaimsError) as refusal:
        verifier(**policy).verify(token(**claims), now=NOW)
    (found,) = refusal.value.mismatches
    assert (found.claim, found.reason, found.expected, found.actual) == wanted


def test_a_key_for_another_issuer_is_a_mismatch_of_iss() -> None:
    key = JWK.parse({**KEY.to_dict(private=True), "issuer": "https://login.example/u/v2"})
    signed = token(key, tid="t", iss="https://login.example/t/v2")
    with pytest.raises(ClaimsError) as refusal:
        verifier(keys=key, **tenants("t")).verify(signed, now=NOW)
    (found,) = refusal.value.mismatches
    assert (found.claim, found.reason) == ("iss", "not_accepted")
    assert (found.expected, found.actual) == ("https://login.example/u/v2", "https://login.example/t/v2")


def test_what_claims_of_ones_own_may_be() -> None:
    given: dict[str, Any] = {
        "level": 5,
        "size": None,
        "names": ["a", "b"],
        "flags": {"a": True},
        "https://example.com/role": "administrator",
        "note": None,
        "anything": [1],
    }
    claims = verifier(claims=Many).verify(token(**given), now=NOW).claims
    assert isinstance(claims, Many)
    assert (claims.level, claims.size, claims.names, claims.flags) == (5, None, ("a", "b"), {"a": True})
    assert (claims.role, claims.note, claims.anything) == ("administrator", None, (1,))
    silent = verifier(claims=Many).verify(token(note="n"), now=NOW).claims
    assert isinstance(silent, Many)
    assert (silent.level, silent.names, silent.role, silent.note) == (None, (), "none", "n")


# (what JSON holds where a string belongs, what it is called)
KINDS: dict[str, tuple[object, str]] = {
    "true": (True, "true"),
    "false": (False, "false"),
    "null": (None, "null"),
    "an integer": (7, "a number"),
    "a fraction": (7.5, "a number"),
    "an object": ({}, "an object"),
    "an array": ([], "an array"),
}


@pytest.mark.parametrize(("value", "name"), KINDS.values(), ids=KINDS)
def test_what_a_wrong_type_is_called(value: object, name: str) -> None:
    with pytest.raises(ClaimsError) as refusal:
        verifier().verify(token(jti=value), now=NOW)
    assert refusal.value.mismatches[0].actual == name


# --- codes and sentences

EC = JWK.generate("ES256")
NAMELESS_EC = JWK.parse({name: value for name, value in EC.to_dict().items() if name not in ("alg", "kid")})
NAMELESS_KEY = JWK.parse({name: value for name, value in KEY.to_dict(private=True).items() if name != "kid"})
NAMELESS_SECRET = JWK.parse({"kty": "oct", "k": KEY.to_dict(private=True)["k"] + "AAAA" * 8})


REFUSED: dict[str, tuple[Callable[[], object], type[JwtkitError], str, str]] = {
    "a secret that fits two algorithms": (
        lambda: verifier(keys=NAMELESS_SECRET, algorithms=["HS256", "HS384"]).verify(
            jws.sign(b"{}", JWK.parse({**NAMELESS_SECRET.to_dict(private=True), "alg": "HS256"})), now=NOW
        ),
        NotAllowedError,
        "ambiguous_key",
        "names no alg and fits HS256, HS384",
    ),
    "no key of post-quantum parameters": (
        lambda: verifier(keys=NAMELESS_EC, algorithms=["ML-DSA-44"]),
        UsageError,
        "key_unfit",
        r"^alg ML-DSA-44 needs an AKP key for ML-DSA-44, got EC P-256 \(without kid\)$",
    ),
    "an issuer of no type": (lambda: verifier(issuer=5), UsageError, "usage", "a TenantIssuer or UNCHECKED, got int"),
    "an audience of no type": (lambda: verifier(audience=5), UsageError, "usage", "ABSENT or UNCHECKED, got int"),
    "a subject of no type": (lambda: verifier(subject=5), UsageError, "usage", "a collection of str, got int"),
    "tenants of no type": (
        lambda: TenantIssuer(TEMPLATE, tenants=5),  # type: ignore[arg-type]  # the mistake under test
        UsageError,
        "usage",
        "a collection of str or UNCHECKED, got int",
    ),
    "a naive datetime": (
        lambda: Claims(exp=datetime(2030, 1, 1)),  # type: ignore[arg-type]  # noqa: DTZ001  # the mistake under test
        UsageError,
        "naive_datetime",
        "naive datetime for exp",
    ),
    "an aware datetime": (
        lambda: Claims(exp=datetime(2030, 1, 1, tzinfo=UTC)),  # type: ignore[arg-type]  # the mistake under test
        UsageError,
        "claim_type",
        "'exp' is a datetime: use numeric_date",
    ),
    "issuers, one without a name": (
        lambda: verifier(keys={"": KEY, ISS: KEY}, issuer=...),
        UsageError,
        "usage",
        "a mapping from issuer to its keys",
    ),
}


@pytest.mark.parametrize(("call", "error", "code", "words"), REFUSED.values(), ids=REFUSED)
def test_refused_with_a_code(call: Callable[[], object], error: type[JwtkitError], code: str, words: str) -> None:
    with pytest.raises(error, match=words) as refusal:
        call()
    assert refusal.value.code == code


@pytest.mark.parametrize("iss", ["https://b", "https://b//"])
def test_the_hint_about_a_slash_looks_at_every_issuer(iss: str) -> None:
    with pytest.raises(ClaimsError, match="only in the final slash"):
        verifier(issuer=["https://a", "https://b/"]).verify(token(iss=iss), now=NOW)


# --- keys


def test_keys_may_be_a_tuple() -> None:
    assert verifier(keys=(KEY,)).verify(token(), now=NOW)


def test_a_nameless_token_is_not_taken_for_one_that_names_a_nameless_key() -> None:
    """Neither has a kid, which is no name in common: the set may be old, and is not wrong."""
    made = verifier(keys=JWKS([NAMELESS_EC]), algorithms=["ES256", "HS256"])
    with pytest.raises(KeyNotFoundError):
        made.verify(token(NAMELESS_KEY), now=NOW)


def test_a_ring_reads_the_clock_where_no_moment_is_given() -> None:
    signed = jws.sign(b"x", KEY)
    present = KeyRing([RingKey(KEY, not_before=0, retire_at=1, remove_at=10**11)])
    past = KeyRing([RingKey(KEY, not_before=0, retire_at=1, remove_at=2)])
    assert jws.verify(signed, present, algorithms=["HS256"]).payload == b"x"
    with pytest.raises(KeyNotFoundError):
        jws.verify(signed, past, algorithms=["HS256"])


# --- rings

RINGS: dict[str, tuple[Callable[[], object], type[JwtkitError], str]] = {
    "a set": (lambda: KeyRing({RingKey(KEY, not_before=0)}), UsageError, "non-empty list"),  # type: ignore[arg-type]  # the mistake
    "one that is no key": (lambda: KeyRing([RingKey(KEY, not_before=0), 5]), UsageError, "list of RingKey"),  # type: ignore[list-item]  # the mistake
    "a key that must not sign": (
        lambda: RingKey(JWK.parse({**KEY.to_dict(private=True), "key_ops": ["verify"]}), not_before=0),
        UsageError,
        "cannot sign",
    ),
    "nobody's turn": (
        lambda: KeyRing([RingKey(KEY, not_before=0, retire_at=5)]).signing_key(now=5),
        UsageError,
        "no key of the ring signs",
    ),
    "nobody's turn yet": (
        lambda: KeyRing([RingKey(KEY, not_before=5)]).signing_key(now=4.5),
        UsageError,
        "no key of the ring signs",
    ),
    "stored without its key": (
        lambda: KeyRing.parse({"version": 1, "keys": [{"not_before": 0}]}),
        MalformedError,
        "has no 'jwk'",
    ),
    "stored with a text as key": (
        lambda: KeyRing.parse({"version": 1, "keys": [{"jwk": "{}", "not_before": 0}]}),
        MalformedError,
        "has no 'jwk'",
    ),
    "stored, of another version": (
        lambda: KeyRing.parse({**KeyRing([RingKey(KEY, not_before=0)]).to_dict(private=True), "version": 2}),
        MalformedError,
        "not a key ring of version 1",
    ),
    "stored with a longer kid than allowed": (
        lambda: KeyRing.parse(
            KeyRing([RingKey(JWK.parse({**KEY.to_dict(private=True), "kid": "kk"}), not_before=0)]).to_dict(
                private=True
            ),
            limits=Limits(kid_bytes=1),
        ),
        NotAllowedError,
        "'kid'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "error", "words"), RINGS.values(), ids=RINGS)
def test_rings_refuse(call: Callable[[], object], error: type[JwtkitError], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_a_key_signs_from_its_first_moment_to_before_its_last() -> None:
    signer = JWK.parse({**KEY.to_dict(private=True), "key_ops": ["sign"]})
    one = RingKey(signer, not_before=1.5, retire_at=2.5, remove_at=2.5)
    assert [one.signs(now) for now in (1.4, 1.5, 2.4, 2.5)] == [False, True, True, False]
    assert [one.is_published(now) for now in (0, 2.4, 2.5)] == [True, True, False]
    assert RingKey(KEY, not_before=1, retire_at=1).signs(1) is False


def deep(levels: int) -> object:
    return [] if levels == 1 else [deep(levels - 1)]


def test_the_deepest_key_of_a_stored_ring() -> None:
    """The whole, its keys, one of them and its JWK lie around a member: four of the ten levels that may be."""

    def stored(levels: int) -> str:
        jwk = {**KEY.to_dict(private=True), "x": deep(levels)}
        return json.dumps({"version": 1, "keys": [{"jwk": jwk, "not_before": 0}]})

    assert len(KeyRing.parse(stored(6))) == 1
    with pytest.raises(MalformedError, match="deep"):
        KeyRing.parse(stored(7))


def test_a_nameless_token_may_be_of_any_key_of_the_ring() -> None:
    ring = KeyRing([RingKey(KEY, not_before=0)])
    assert verifier(keys=ring).verify(token(NAMELESS_KEY), now=NOW)


def test_a_schedule_holds_only_the_times_that_are_decided() -> None:
    (stored,) = KeyRing([RingKey(KEY, not_before=0)]).to_dict(private=True)["keys"]
    assert set(stored) == {"jwk", "not_before"}


# --- several issuers


def test_the_limits_hold_for_reading_the_issuer_too() -> None:
    signed = token(x="y" * 70_000)
    several: dict[str, Any] = {"keys": {ISS: KEY, "https://other": KEY}, "issuer": ...}
    assert verifier(**several, limits=Limits(claims_bytes=100_000)).verify(signed, now=NOW)
    with pytest.raises(NotAllowedError):
        verifier(**several).verify(signed, now=NOW)


# --- classes of claims


def test_a_class_takes_no_options() -> None:
    with pytest.raises(TypeError):

        class _Optional(Claims, frozen=True):
            pass


class Absent(Claims):
    x: json.nothing  # type: ignore[name-defined]  # a name that its module has not


class Wrong(Claims):
    x: int[str]  # type: ignore[type-arg]  # no such type


class Unknown(Claims):
    x: Nobody  # type: ignore[name-defined]  # noqa: F821  # no such name


@pytest.mark.parametrize("kind", [Absent, Wrong, Unknown])
def test_annotations_that_cannot_be_resolved(kind: Any) -> None:
    with pytest.raises(UsageError, match=f"annotations of {kind.__name__} cannot be resolved"):
        kind(x=1)
