"""TokenVerifier: one table of policies and tokens, in both directions."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from jwtkit import (
    ABSENT,
    JWK,
    JWKS,
    UNCHECKED,
    Claims,
    ClaimsError,
    ExpiredError,
    Header,
    JwtkitError,
    KeyNotFoundError,
    Limits,
    MalformedError,
    NotAllowedError,
    SignatureError,
    SignatureMemo,
    Token,
    TokenVerifier,
    UnverifiedToken,
    UsageError,
    jws,
)

KEY = JWK.generate("HS256", kid="k")
EC = JWK.from_pem(JWK.generate("ES256").to_pem())
NOW = 1_795_446_083
ISS, AUD = "https://auth.example.com", "https://api.example.com"
GOOD: dict[str, Any] = {"iss": ISS, "sub": "s", "aud": AUD, "exp": NOW + 60, "iat": NOW}


def token(claims: dict[str, Any] | None = None, *, typ: str | None = None, **changes: Any) -> str:
    """Sign any JSON as claims, as an issuer with the right key might."""
    members = {**(GOOD if claims is None else claims), **changes}
    members = {name: value for name, value in members.items() if value is not ...}
    return jws.sign(json.dumps(members).encode(), KEY, typ=typ)


def verifier(**changes: Any) -> TokenVerifier:
    policy: dict[str, Any] = {"keys": KEY, "algorithms": ["HS256"], "issuer": ISS, "audience": AUD}
    policy.update(changes)
    return TokenVerifier(**{name: value for name, value in policy.items() if value is not ...})


def mismatches(error: ClaimsError) -> list[tuple[str, str]]:
    return [(mismatch.claim, mismatch.reason) for mismatch in error.mismatches]


OK: list[tuple[str, str]] = []
# (changes of the policy, changes of the claims, mismatches)
CLAIMS: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = {
    "as configured": ({}, {}, OK),
    # issuer: RFC 7519 section 4.1.1
    "one of several issuers": ({"issuer": ["https://other", ISS]}, {}, OK),
    "issuers as a set": ({"issuer": {ISS}}, {}, OK),
    "issuer unchecked": ({"issuer": UNCHECKED}, {"iss": ...}, OK),
    "another issuer": ({}, {"iss": "https://evil.example"}, [("iss", "not_accepted")]),
    "issuer with a slash": ({}, {"iss": ISS + "/"}, [("iss", "not_accepted")]),
    "issuer in another case": ({}, {"iss": ISS.upper()}, [("iss", "not_accepted")]),
    "a prefix of the issuer": ({}, {"iss": "https"}, [("iss", "not_accepted")]),
    "issuer absent": ({}, {"iss": ...}, [("iss", "missing")]),
    "issuer empty": ({}, {"iss": ""}, [("iss", "not_accepted")]),
    "issuer null": ({}, {"iss": None}, [("iss", "wrong_type")]),
    "issuer a list": ({}, {"iss": [ISS]}, [("iss", "wrong_type")]),
    "issuer a number": ({"issuer": UNCHECKED}, {"iss": 7}, [("iss", "wrong_type")]),
    # audience: section 4.1.3
    "audience in a list": ({}, {"aud": ["x", AUD]}, OK),
    "one of several audiences": ({"audience": ["x", AUD]}, {}, OK),
    "audience unchecked": ({"audience": UNCHECKED}, {"aud": ...}, OK),
    "audience unchecked, there is one": ({"audience": UNCHECKED}, {}, OK),
    "audience must be absent": ({"audience": ABSENT}, {"aud": ...}, OK),
    "audience must be absent, but is there": ({"audience": ABSENT}, {}, [("aud", "unexpected")]),
    "audience must be absent, but is an empty list": ({"audience": ABSENT}, {"aud": []}, [("aud", "unexpected")]),
    "another audience": ({}, {"aud": "other"}, [("aud", "not_accepted")]),
    "other audiences": ({}, {"aud": ["x", "y"]}, [("aud", "not_accepted")]),
    "audience absent": ({}, {"aud": ...}, [("aud", "missing")]),
    "audience empty": ({}, {"aud": ""}, [("aud", "not_accepted")]),
    "audience an empty list": ({}, {"aud": []}, [("aud", "not_accepted")]),
    "audience a substring": ({}, {"aud": "https://api"}, [("aud", "not_accepted")]),
    "audience null": ({}, {"aud": None}, [("aud", "wrong_type")]),
    "audience a number": ({"audience": UNCHECKED}, {"aud": 7}, [("aud", "wrong_type")]),
    "audience of numbers": ({}, {"aud": [AUD, 7]}, [("aud", "wrong_type")]),
    "audience nested": ({}, {"aud": [[AUD]]}, [("aud", "wrong_type")]),
    # expiry: section 4.1.4
    "about to expire": ({}, {"exp": NOW + 1}, OK),
    "about to expire, in fractions": ({}, {"exp": NOW + 0.001}, OK),
    "expires now": ({}, {"exp": NOW}, [("exp", "expired")]),
    "expired": ({}, {"exp": NOW - 1}, [("exp", "expired")]),
    "expired within the leeway": ({"leeway": 10}, {"exp": NOW - 9}, OK),
    "expired at the end of the leeway": ({"leeway": 10}, {"exp": NOW - 10}, [("exp", "expired")]),
    "expired in the far past": ({}, {"exp": -(10**39)}, [("exp", "expired")]),
    "expires in the far future": ({}, {"exp": 10**39}, OK),
    "exp zero": ({}, {"exp": 0}, [("exp", "expired")]),
    "exp absent": ({}, {"exp": ...}, [("exp", "missing")]),
    "exp absent and that is fine": ({"allow_missing_exp": True}, {"exp": ...}, OK),
    "exp expired although it may be absent": ({"allow_missing_exp": True}, {"exp": 1}, [("exp", "expired")]),
    "exp null": ({"allow_missing_exp": True}, {"exp": None}, [("exp", "wrong_type")]),
    "exp a string": ({}, {"exp": str(NOW + 60)}, [("exp", "wrong_type")]),
    "exp true": ({}, {"exp": True}, [("exp", "wrong_type")]),
    "exp a list": ({}, {"exp": [NOW + 60]}, [("exp", "wrong_type")]),
    # not before: section 4.1.5
    "nbf now": ({}, {"nbf": NOW}, OK),
    "nbf within the default leeway": ({}, {"nbf": NOW + 30}, OK),
    "nbf beyond the default leeway": ({}, {"nbf": NOW + 30.5}, [("nbf", "not_yet_valid")]),
    "nbf within a leeway": ({"leeway": 100}, {"nbf": NOW + 100}, OK),
    "nbf with no leeway": ({"leeway": 0}, {"nbf": NOW + 1}, [("nbf", "not_yet_valid")]),
    "nbf a string": ({}, {"nbf": "0"}, [("nbf", "wrong_type")]),
    # issued at: section 4.1.6
    "iat within the default leeway": ({}, {"iat": NOW + 30}, OK),
    "iat in the future": ({}, {"iat": NOW + 31}, [("iat", "issued_in_the_future")]),
    "iat a string": ({}, {"iat": "now"}, [("iat", "wrong_type")]),
    "iat absent": ({}, {"iat": ...}, OK),
    # age and lifetime
    "young enough": ({"max_age": 100}, {"iat": NOW - 100}, OK),
    "young enough with the leeway": ({"max_age": 100, "leeway": 5}, {"iat": NOW - 105}, OK),
    "too old": ({"max_age": 100, "leeway": 5}, {"iat": NOW - 106}, [("iat", "too_old")]),
    "age unknown": ({"max_age": 100}, {"iat": ...}, [("iat", "missing")]),
    "short enough": ({"max_lifetime": 60}, {}, OK),
    "shorter than allowed": ({"max_lifetime": 100}, {}, OK),
    "too long": ({"max_lifetime": 59}, {}, [("exp", "lifetime_too_long")]),
    "too long since the beginning of time": ({"max_lifetime": 60}, {"iat": 25}, [("exp", "lifetime_too_long")]),
    "longer than any number": ({"max_lifetime": 60}, {"exp": 1e308, "iat": -1e308}, [("exp", "lifetime_too_long")]),
    "lifetime unknown": ({"max_lifetime": 60}, {"iat": ...}, [("iat", "missing")]),
    "lifetime of what never expires": ({"max_lifetime": 60, "allow_missing_exp": True}, {"exp": ...}, OK),
    # required and expected
    "required and there": ({"required": ["x", "sub"]}, {"x": False}, OK),
    "required and absent": ({"required": ("x", "y")}, {"y": 1}, [("x", "missing")]),
    "required and null": ({"required": ["x"]}, {"x": None}, [("x", "missing")]),
    "required twice": ({"required": ["exp", "x", "x"]}, {"exp": ...}, [("exp", "missing"), ("x", "missing")]),
    "expected and equal": ({"expected": {"x": {"a": [1, "b"]}}}, {"x": {"a": [1, "b"]}}, OK),
    "expected null": ({"expected": {"x": None}}, {"x": None}, OK),
    "expected and absent": ({"expected": {"x": None}}, {}, [("x", "missing")]),
    "expected and different": ({"expected": {"x": "a"}}, {"x": "b"}, [("x", "not_accepted")]),
    "expected true, came 1": ({"expected": {"x": True}}, {"x": 1}, [("x", "not_accepted")]),
    "expected true within, came 1": ({"expected": {"x": {"a": True}}}, {"x": {"a": 1}}, [("x", "not_accepted")]),
    "expected 1 within, came true": ({"expected": {"x": [[1]]}}, {"x": [[True]]}, [("x", "not_accepted")]),
    "expected within, and one more": ({"expected": {"x": {"a": [1]}}}, {"x": {"a": [1, 2]}}, [("x", "not_accepted")]),
    "expected within, and a name more": ({"expected": {"x": {"a": 1}}}, {"x": {"a": 1, "b": 2}}, [("x", "not_accepted")]),
    "expected 1, came 1.0": ({"expected": {"x": 1}}, {"x": 1.0}, [("x", "not_accepted")]),
    "expected and the predicate holds": ({"expected": {"x": lambda value: value > 3}}, {"x": 4}, OK),
    "expected and the predicate fails": ({"expected": {"x": lambda value: value > 3}}, {"x": 3}, [("x", "not_accepted")]),
    # the types of registered claims, checked whether or not anybody asks for them
    "sub a number": ({}, {"sub": 7}, [("sub", "wrong_type")]),
    "jti a list": ({}, {"jti": []}, [("jti", "wrong_type")]),
    "scope a list": ({}, {"scope": ["a"]}, [("scope", "wrong_type")]),
    "cnf a string": ({}, {"cnf": "x"}, [("cnf", "wrong_type")]),
    "amr a string": ({}, {"amr": "pwd"}, [("amr", "wrong_type")]),
    # all of them at once, types first, each claim once
    "everything": (
        {"required": ["x"], "expected": {"y": 1}},
        {"sub": 7, "iss": "evil", "aud": ..., "exp": 1, "nbf": NOW + 99, "iat": NOW + 99, "y": 2},
        [
            ("sub", "wrong_type"), ("iss", "not_accepted"), ("aud", "missing"), ("exp", "expired"),
            ("nbf", "not_yet_valid"), ("iat", "issued_in_the_future"), ("x", "missing"), ("y", "not_accepted"),
        ],
    ),
    "a wrong type is not also missing": ({}, {"exp": "x", "aud": 1}, [("aud", "wrong_type"), ("exp", "wrong_type")]),
}  # fmt: skip


@pytest.mark.parametrize(("policy", "changes", "expected"), CLAIMS.values(), ids=CLAIMS)
def test_claims(policy: dict[str, Any], changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    text = token(**changes)
    made = verifier(**policy)
    if not expected:
        assert made.verify(text, now=NOW).compact == text
        return
    for _ in range(2):
        with pytest.raises(ClaimsError) as refusal:
            made.verify(text, now=NOW)
        assert mismatches(refusal.value) == expected
        assert isinstance(refusal.value, ExpiredError) is (expected == [("exp", "expired")])
        for mismatch in refusal.value.mismatches:
            assert mismatch.message in str(refusal.value)


TYP: dict[str, tuple[Any, str | None, bool]] = {
    "left out, none": (..., None, True),
    "left out, JWT": (..., "JWT", True),
    "left out, jwt": (..., "jwt", True),
    "left out, application/jwt": (..., "application/JWT", True),
    "left out, at+jwt": (..., "at+jwt", False),
    "left out, logout+jwt": (..., "logout+jwt", False),
    "left out, empty": (..., "", False),
    "named, the same": ("at+jwt", "at+jwt", True),
    "named, another case": ("at+jwt", "AT+JWT", True),
    "named, in full": ("at+jwt", "application/at+jwt", True),
    "named in full, the same": ("application/at+jwt", "at+jwt", True),
    "named, another": ("at+jwt", "JWT", False),
    "named, none": ("at+jwt", None, False),
    "named, a longer one": ("at+jwt", "at+jwts", False),
    "named, with a kelvin sign": ("kb+jwt", "\u212ab+jwt", False),
    "JWT named, none": ("JWT", None, False),
    "unchecked, any": (UNCHECKED, "whatever", True),
    "unchecked, none": (UNCHECKED, None, True),
}


@pytest.mark.parametrize(("wanted", "typ", "accepted"), TYP.values(), ids=TYP)
def test_typ(wanted: Any, typ: str | None, accepted: bool) -> None:
    made = verifier(typ=wanted)
    if accepted:
        assert made.verify(token(typ=typ), now=NOW).header.typ == typ
    else:
        with pytest.raises(NotAllowedError, match="typ"):
            made.verify(token(typ=typ), now=NOW)


# --- the texts that people read


MESSAGES: dict[str, tuple[Callable[[], object], str]] = {
    "1 expired": (
        lambda: verifier().verify(token(exp=NOW - 3581), now=NOW),
        "token expired 59m 41s ago (exp=1795442502, now=1795446083, leeway=0)",
    ),
    "2 wrong audience": (
        lambda: verifier(audience="api").verify(token(aud="other"), now=NOW),
        "audience mismatch: token is for 'other', this verifier accepts 'api'",
    ),
    "2 no audience": (
        lambda: verifier(audience="api").verify(token(aud=...), now=NOW),
        "token has no aud, this verifier accepts 'api'",
    ),
    "2 an empty list": (
        lambda: verifier(audience="api").verify(token(aud=[]), now=NOW),
        "audience mismatch: token is for nobody, this verifier accepts 'api'",
    ),
    "12 not yet": (
        lambda: verifier(leeway=0).verify(token(nbf=NOW + 30), now=NOW),
        "not valid for another 30s (nbf=1795446113, now=1795446083, leeway=0): check the clock or pass leeway=",
    ),
    "12 not issued yet": (
        lambda: verifier(leeway=0).verify(token(iat=NOW + 90), now=NOW),
        "not issued for another 1m 30s (iat=1795446173, now=1795446083, leeway=0): check the clock or pass leeway=",
    ),
    "16 one slash": (
        lambda: verifier(issuer="https://a/").verify(token(iss="https://a"), now=NOW),
        (
            "issuer mismatch: token is from 'https://a', this verifier accepts 'https://a/' "
            "(they differ only in the final slash, and issuers are compared exactly)"
        ),
    ),
    "2 many audiences": (
        lambda: verifier(audience="api").verify(token(aud=["a", "b", "c", "d", "e", "f"]), now=NOW),
        "audience mismatch: token is for 'a', 'b', 'c', 'd', 'e', this verifier accepts 'api'",
    ),
    "another issuer": (
        lambda: verifier(issuer=["https://a", "https://c"]).verify(token(iss="https://b"), now=NOW),
        "issuer mismatch: token is from 'https://b', this verifier accepts 'https://a' or 'https://c'",
    ),
    "too long a life": (
        lambda: verifier(max_lifetime=59).verify(token(), now=NOW),
        "token lives 1m 0s (exp - iat), this verifier accepts 59s",
    ),
    "long ago": (
        lambda: verifier().verify(token(exp=NOW - 200_000), now=NOW),
        "token expired 2d 7h ago (exp=1795246083, now=1795446083, leeway=0)",
    ),
    "hours ago": (
        lambda: verifier(max_age=3600).verify(token(iat=NOW - 7500), now=NOW),
        "token was issued 2h 5m ago, this verifier accepts 1h 0m",
    ),
    "10 not listed": (
        lambda: TokenVerifier(keys=JWKS([]), algorithms=["RS256"], issuer=ISS, audience=AUD).verify(token()),
        "alg 'HS256' not in the allowed set ('RS256',)",
    ),
    "6 newline": (lambda: verifier().verify(token() + "\n"), "token ends with a newline; strip() it"),
    "7 str(bytes)": (lambda: verifier().verify(str(token().encode())), "token looks like str(bytes): use .decode('ascii')"),
    "8 Bearer": (lambda: verifier().verify("Bearer " + token()), "remove the 'Bearer ' prefix before verifying"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "text"), MESSAGES.values(), ids=MESSAGES)
def test_messages(call: Callable[[], object], text: str) -> None:
    with pytest.raises(JwtkitError) as refusal:
        call()
    assert str(refusal.value) == text


def test_message_5_no_kid_and_two_keys(keys: dict[str, JWK]) -> None:
    nameless = {name: part for name, part in keys["RS256"].to_dict(private=True).items() if name != "kid"}
    two = [JWK.parse({**keys["RS256"].to_dict(), "kid": "k1"}), JWK.parse({**keys["RS256"].to_dict(), "kid": "k2"})]
    made = TokenVerifier(keys=JWKS(two), algorithms=["RS256"], issuer=ISS, audience=AUD)
    with pytest.raises(NotAllowedError) as refusal:
        made.verify(Token.sign(Claims(), JWK.parse(nameless), lifetime=5).compact)
    assert str(refusal.value) == (
        "token has no kid and the set holds 2 usable RS256 keys ('k1', 'k2'); pass the one you mean as keys="
    )


def test_mismatches_hold_data() -> None:
    with pytest.raises(ClaimsError) as refusal:
        verifier(issuer=["b", "a"]).verify(token(iss="c", aud=["x"]), now=NOW)
    issuer, audience = refusal.value.mismatches
    assert (issuer.expected, issuer.actual) == (("a", "b"), "c")
    assert (audience.expected, audience.actual) == ((AUD,), ("x",))
    assert repr(issuer) == "Mismatch('iss', 'not_accepted')"
    with pytest.raises(ClaimsError) as refusal:
        verifier(max_lifetime=59, max_age=5).verify(token(), now=NOW + 40)
    age, lifetime = refusal.value.mismatches
    assert (age.expected, age.actual) == (5, NOW)
    assert (lifetime.expected, lifetime.actual) == (59, 60)


# --- order: header, key, signature, claims


ORDER: dict[str, tuple[Callable[[], str], type[JwtkitError]]] = {
    "forged and expired": (lambda: token(exp=1)[:-4] + "AAAA", SignatureError),
    "forged and no JSON": (lambda: jws.sign(b"nonsense", KEY)[:-4] + "AAAA", SignatureError),
    "another key of the same name": (lambda: jws.sign(b"{}", JWK.generate("HS256", kid="k")), SignatureError),
    "another kid": (lambda: jws.sign(b"{}", JWK.generate("HS256", kid="other")), KeyNotFoundError),
    "signed, but no JSON": (lambda: jws.sign(b"nonsense", KEY), MalformedError),
    "signed, but an array": (lambda: jws.sign(b"[]", KEY), MalformedError),
    "signed, but a duplicate claim": (lambda: jws.sign(b'{"sub":"a","sub":"b"}', KEY), MalformedError),
    "signed, but NaN": (lambda: jws.sign(b'{"exp":NaN}', KEY), MalformedError),
    "signed, but 1e400": (lambda: jws.sign(b'{"exp":1e400}', KEY), MalformedError),
    "signed, but 5000 digits": (lambda: jws.sign(b'{"exp":' + b"9" * 5000 + b"}", KEY), MalformedError),
    "signed, but deep": (lambda: jws.sign(b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", KEY), MalformedError),
    "signed, but another token inside": (lambda: jws.sign(token().encode(), KEY, header={"cty": "JWT"}), MalformedError),
    "too large": (lambda: token(x="y" * 70_000), NotAllowedError),
}  # fmt: skip


@pytest.mark.parametrize(("make", "error"), ORDER.values(), ids=ORDER)
def test_order(make: Callable[[], str], error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        verifier().verify(make(), now=NOW)


@pytest.mark.parametrize("size", range(90, 100))
def test_limits_are_exact(size: int) -> None:
    claims = json.dumps({**GOOD, "x": ""}).encode()
    text = jws.sign(claims.replace(b'"x": ""', b'"x": "' + b"y" * size + b'"'), KEY)
    length = len(claims) + size
    assert verifier(limits=Limits(claims_bytes=length)).verify(text, now=NOW)
    assert UnverifiedToken.parse(text, limits=Limits(claims_bytes=length))
    with pytest.raises(NotAllowedError, match=f"{length - 1} bytes"):
        verifier(limits=Limits(claims_bytes=length - 1)).verify(text, now=NOW)
    with pytest.raises(NotAllowedError, match="claims_bytes"):
        UnverifiedToken.parse(text, limits=Limits(claims_bytes=length - 1))
    assert verifier(limits=Limits(token_bytes=len(text))).verify(text, now=NOW)
    with pytest.raises(NotAllowedError, match="token_bytes"):
        verifier(limits=Limits(token_bytes=len(text) - 1)).verify(text, now=NOW)
    header = jws.sign(claims, KEY, header={"x": "y" * size})
    length = len(json.dumps(dict(UnverifiedToken.parse(header).header), separators=(",", ":")))
    assert verifier(limits=Limits(header_bytes=length)).verify(header, now=NOW)
    with pytest.raises(NotAllowedError, match="header_bytes"):
        verifier(limits=Limits(header_bytes=length - 1)).verify(header, now=NOW)


def test_limits() -> None:
    text = token(x="y" * 70_000)
    assert verifier(limits=Limits(claims_bytes=100_000)).verify(text, now=NOW)
    with pytest.raises(NotAllowedError, match="token_bytes"):
        verifier(limits=Limits(token_bytes=50)).verify(token(), now=NOW)


@pytest.mark.parametrize("now", [float("nan"), float("inf"), 10**400, -(10**400), "1", True, 1j])
def test_now_must_be_a_time(now: Any) -> None:
    with pytest.raises(UsageError, match="now must be"):
        verifier().verify(token(), now=now)


# --- building a verifier


class Broken(Claims):
    value: list[str]


BUILDING: dict[str, tuple[dict[str, Any], str]] = {
    "algorithms a str": ({"algorithms": "HS256"}, r"is a list: write algorithms=\['HS256'\]"),
    "algorithms empty": ({"algorithms": []}, "empty"),
    "algorithms a typo": ({"algorithms": ["HS265"]}, "unknown signature algorithm 'HS265'"),
    "algorithms none": ({"algorithms": ["HS256", "none"]}, "does not exist"),
    "algorithms None": ({"algorithms": None}, "required"),
    "issuer None": ({"issuer": None}, "issuer is required"),
    "issuer empty": ({"issuer": ""}, "never match"),
    "issuer an empty list": ({"issuer": []}, "never match"),
    "issuer of numbers": ({"issuer": [1]}, "never match"),
    "issuer with an empty one": ({"issuer": ["a", ""]}, "never match"),
    "issuer bytes": ({"issuer": b"a"}, "issuer must be"),
    "issuer ABSENT": ({"issuer": ABSENT}, "issuer must be"),
    "audience None": ({"audience": None}, "audience must be"),
    "audience empty": ({"audience": ""}, "never match"),
    "audience a dict": ({"audience": {"a": 1}}, "audience must be"),
    "typ empty": ({"typ": ""}, "typ must be"),
    "typ a number": ({"typ": 5}, "typ must be"),
    "claims no class": ({"claims": Claims()}, "claims must be a subclass"),
    "claims another class": ({"claims": dict}, "claims must be a subclass"),
    "claims that cannot be checked": ({"claims": Broken}, "frozen"),
    "required a str": ({"required": "sub"}, "write required=.'sub',."),
    "required a number": ({"required": 5}, "collection of claim names"),
    "required of numbers": ({"required": [1]}, "claim names are str"),
    "expected a list": ({"expected": ["x"]}, "expected must be a mapping"),
    "expected of numbers": ({"expected": {1: 2}}, "claim names are str"),
    "expected a set": ({"expected": {"x": {1}}}, "set"),
    "leeway negative": ({"leeway": -1}, "zero or more"),
    "leeway NaN": ({"leeway": float("nan")}, "finite"),
    "leeway of 400 digits": ({"leeway": 10**400}, "finite"),
    "leeway a str": ({"leeway": "5"}, "finite"),
    "max_age zero": ({"max_age": 0}, "more than zero"),
    "max_lifetime a bool": ({"max_lifetime": True}, "finite"),
    "allow_missing_exp a str": ({"allow_missing_exp": "no"}, "True or False"),
    "limits a dict": ({"limits": {}}, "limits must be"),
    "keys text": ({"keys": '{"keys":[]}'}, "JWKS.parse"),
    "3 keys of another type": (
        {"keys": JWK.parse({**EC.to_dict(), "kid": "k1", "alg": "ES256"}), "algorithms": ["RS256"]},
        r"^alg RS256 needs an RSA key, got EC P-256 for ES256 \(kid 'k1'\)$",
    ),
    "keys of another curve": ({"keys": [EC], "algorithms": ["ES384"]}, "ES384 needs a key on P-384, got EC P-256"),
    "a short secret": (
        {"algorithms": ["HS512"]},
        "HS512 needs a shared secret of at least 64 bytes, got oct for HS256",
    ),
    "keys None": ({"keys": None}, "NoneType"),
}


@pytest.mark.parametrize(("changes", "words"), BUILDING.values(), ids=BUILDING)
def test_mistakes_in_building(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        verifier(**changes)


@pytest.mark.parametrize("name", ["keys", "algorithms", "issuer", "audience"])
def test_the_policy_has_no_defaults(name: str) -> None:
    with pytest.raises((TypeError, UsageError), match=name):
        verifier(**{name: ...})


def test_is_frozen_and_shows_its_algorithms() -> None:
    made: Any = verifier()
    with pytest.raises(AttributeError):
        made.algorithms = ("none",)
    assert repr(made) == "TokenVerifier(algorithms=('HS256',), claims=Claims)"
    assert made.accepts_issuer(ISS)
    assert not made.accepts_issuer("https://other")
    assert verifier(issuer=UNCHECKED).accepts_issuer("https://other")
    assert made.accepts_audience(AUD)
    assert not made.accepts_audience("other")
    assert not verifier(audience=UNCHECKED).accepts_audience("other")
    assert not verifier(audience=ABSENT).accepts_audience(AUD)


# --- claims of one's own


class Session(Claims):
    role: str
    tenant: int | None = None


def test_own_claims_are_checked_and_typed() -> None:
    made = verifier(claims=Session)
    claims = made.verify(token(role="admin"), now=NOW).claims
    assert isinstance(claims, Session)
    assert (claims.role, claims.tenant) == ("admin", None)
    for changes, expected in (
        ({}, ("role", "missing")),
        ({"role": 5}, ("role", "wrong_type")),
        ({"role": "a", "tenant": "5"}, ("tenant", "wrong_type")),
    ):
        with pytest.raises(ClaimsError) as refusal:
            made.verify(token(**changes), now=NOW)
        assert mismatches(refusal.value) == [expected]


# --- key sources


class Asked:
    """A key source that remembers what it was told."""

    def __init__(self) -> None:
        self.issuers: list[str | None] = []

    def keys_for(self, header: Header, issuer: str | None, /) -> list[JWK]:
        self.issuers.append(issuer)
        return [KEY]


@pytest.mark.parametrize(
    ("issuer", "told"), [(ISS, ISS), ([ISS], ISS), ([ISS, "https://other"], None), (UNCHECKED, None)], ids=str
)
def test_a_key_source_is_told_the_configured_issuer(issuer: Any, told: str | None) -> None:
    """It never hears what the token says: "https://evil.example" here."""
    source = Asked()
    made = verifier(keys=source, issuer=issuer)
    for _ in range(2):  # and it is asked each time, because its keys may change
        with pytest.raises(ClaimsError):
            made.verify(token(iss="https://evil.example", exp=1), now=NOW)
    assert source.issuers == [told, told]


async def _awaited() -> list[JWK]:
    return [KEY]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "got NoneType"),
        (KEY, "got JWK"),
        ([None], "got list"),
        (["k"], "got list"),
        (iter([KEY]), "got list_iterator"),
        (..., "not awaited"),
    ],
    ids=repr,
)
def test_a_key_source_gives_keys(given: Any, words: str) -> None:
    class Careless:
        def keys_for(self, header: Header, issuer: str | None, /) -> Any:
            return _awaited() if given is ... else given

    with pytest.raises(UsageError, match=f"the Careless must give a list of JWK.*{words}"):
        verifier(keys=Careless()).verify(token(), now=NOW)


def test_a_key_set_that_changes_is_asked_each_time() -> None:
    """A subclass may give other keys each time, so nothing of it is remembered."""
    key = JWK.generate("ES256", kid="k")

    box: list[JWK] = []

    class Live(JWKS):
        def keys_for(self, header: Header, issuer: str | None, /) -> Sequence[JWK]:
            return box

    live = Live([key.public()])
    compact = Token.sign(Claims(iss=ISS, aud=AUD), key, lifetime=60, now=NOW).compact
    for memo in (None, SignatureMemo()):
        box.append(key.public())
        made = verifier(keys=live, algorithms=["ES256"], signature_memo=memo)
        assert made.verify(compact, now=NOW)
        box.clear()
        with pytest.raises(KeyNotFoundError):
            made.verify(compact, now=NOW)


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"keys": KEY.to_dict(private=True)}, "keys must be parsed"),
        ({"keys": {"keys": []}}, "keys must be parsed"),
        ({"keys": KEY.to_dict(private=True), "issuer": None}, "keys must be parsed"),
        ({"keys": ec.generate_private_key(ec.SECP256R1()).public_key()}, r"use JWK\.from_key"),
        ({"algorithms": ["es256"]}, "use ES256$"),
        ({"algorithms": ["Rs-256"]}, "use RS256$"),
    ],
    ids=["a JWK in JSON", "a JWK Set in JSON", "JSON, no issuer", "a key of the backend", "small letters", "a hyphen"],
)
def test_what_to_do_instead(named: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        verifier(**named)


def test_what_to_verify_instead() -> None:
    made = verifier()
    with pytest.raises(UsageError, match="pass its compact"):
        made.verify(made.verify(token(), now=NOW), now=NOW)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(UsageError, match="numeric_date"):
        made.verify(token(), now=datetime.now(UTC))  # type: ignore[arg-type]  # the mistake under test


def test_now_is_named() -> None:
    with pytest.raises(TypeError):
        verifier().verify(token(), NOW)  # type: ignore[call-arg]  # the mistake under test


# --- sharing


def test_a_verifier_is_shared_between_threads(keys: dict[str, JWK]) -> None:
    made = TokenVerifier(keys=KEY, algorithms=["HS256"], issuer=ISS, audience=AUD)
    texts = [token(n=number) for number in range(50)]
    forged = [text[:-4] + "AAAA" for text in texts]
    wrong: list[object] = []

    def work() -> None:
        for number, (good, bad) in enumerate(zip(texts, forged, strict=True)):
            if made.verify(good, now=NOW).claims["n"] != number:
                wrong.append(good)
            try:
                wrong.append(made.verify(bad, now=NOW))
            except SignatureError:
                pass

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
