"""report: a person with a token in the hand learns what is in it and what is wrong, and nothing is ever accepted."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    Claims,
    Finding,
    Limits,
    Report,
    Token,
    TokenVerifier,
    UnverifiedToken,
    UsageError,
    jwe,
    jws,
    report,
)
from jwtkit.jwt.report import FindingCode, Severity

NOW = 1_800_000_000
KEY = JWK.generate("ES256", kid="k")
HS = JWK.generate("HS256", kid="k")
CLAIMS = {"iss": "i", "aud": "a", "sub": "s", "exp": NOW + 60, "iat": NOW}
GOOD = jws.sign(json.dumps(CLAIMS).encode(), KEY, typ="JWT")


def codes(found: Report) -> list[str]:
    return [finding.code for finding in found.findings]


def with_claims(**changes: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return jws.sign(json.dumps(claims).encode(), KEY, typ="JWT")


def unsigned(header: dict[str, Any], claims: str = '{"iss":"i","aud":"a","exp":1800000060}', end: str = ".") -> str:
    from jwtkit._wire import b64url_encode

    return f"{b64url_encode(json.dumps(header).encode())}.{b64url_encode(claims.encode())}{end}"


def test_a_good_token_has_no_findings() -> None:
    found = report(GOOD, now=NOW)
    assert (found.kind, found.verified, found.findings) == ("JWS", False, ())
    assert found.header is not None
    assert (found.header["alg"], found.header["kid"]) == ("ES256", "k")
    assert found.claims == CLAIMS
    assert found.times == {"exp": "2027-01-15T08:01:00Z, in 1m 0s", "iat": "2027-01-15T08:00:00Z, 0s ago"}
    assert repr(found) == "Report('JWS', )"


def test_a_verified_token_says_so() -> None:
    token = TokenVerifier(keys=KEY, algorithms=["ES256"], issuer="i", audience="a").verify(GOOD, now=NOW)
    assert report(token, now=NOW).verified
    assert report(token, now=NOW).claims == CLAIMS
    assert report(Token.sign(Claims(exp=5), KEY), now=NOW).verified
    assert not report(UnverifiedToken.parse(GOOD), now=NOW).verified


FINDINGS: dict[str, tuple[str, list[str]]] = {
    # the text
    "empty": ("", ["empty"]),
    "only white space": (" \n", ["newline", "empty"]),
    "newline": (GOOD + "\n", ["newline"]),
    "white space": ("  " + GOOD + "\t", ["white_space"]),
    "Bearer": ("Bearer " + GOOD, ["bearer_prefix"]),
    "bearer and white space": ("bearer  " + GOOD + " ", ["bearer_prefix", "white_space"]),
    "quoted": (f'"{GOOD}"', ["quoted"]),
    "str(bytes)": (str(GOOD.encode()), ["bytes_repr"]),
    "opaque": ("2YotnFZFEjr1zCsicMWpAA", ["opaque"]),
    "JSON": ('{"payload":"a.b"}', ["json_form"]),
    "cut short": (GOOD.rpartition(".")[0], ["segments"]),
    "garbage": ("a.b.c", ["malformed"]),
    "claims that are no object": (jws.sign(b"[]", KEY), ["malformed"]),
    "claims twice": (jws.sign(b'{"exp":1,"exp":2}', KEY), ["malformed"]),
    "beyond any limit": ("a" * 300_000, ["oversized"]),
    "too large for a cookie": (with_claims(x="y" * 4000), ["oversized"]),
    # the header
    "alg none": (unsigned({"alg": "none", "typ": "JWT", "kid": "k"}), ["unsigned", "alg_none"]),
    "alg nOnE, with something for a signature": (unsigned({"alg": "nOnE", "typ": "JWT", "kid": "k"}, end=".AAAA"), ["alg_none"]),
    "no signature": (GOOD.rpartition(".")[0] + ".", ["unsigned"]),
    "alg unknown": (unsigned({"alg": "XS256", "typ": "JWT", "kid": "k"}, end=".AAAA"), ["alg_unknown"]),
    "alg of a shared secret": (jws.sign(json.dumps(CLAIMS).encode(), HS, typ="JWT"), ["alg_shared_secret"]),
    "alg of an older name": (unsigned({"alg": "EdDSA", "typ": "JWT", "kid": "k"}, end=".AAAA"), ["alg_older_name"]),
    "no kid": (unsigned({"alg": "ES256", "typ": "JWT"}, end=".AAAA"), ["no_kid"]),
    "no typ": (unsigned({"alg": "ES256", "kid": "k"}, end=".AAAA"), ["no_typ"]),
    "jku and jwk": (
        unsigned({"alg": "ES256", "kid": "k", "typ": "JWT", "jku": "https://x", "jwk": {}}, end=".AAAA"),
        ["key_in_header", "key_in_header"],
    ),
    "crit": (unsigned({"alg": "ES256", "kid": "k", "typ": "JWT", "crit": ["x"], "x": 1}, end=".AAAA"), ["critical_extension"]),
    "encrypted": (jwe.encrypt(b"x", JWK.generate("A128KW", kid="k"), enc="A128GCM", typ="JWT"), ["encrypted"]),
    "encrypted and compressed": (
        jwe.encrypt(b"x", JWK.generate("A128KW", kid="k"), enc="A128GCM", typ="JWT", compress=True),
        ["compressed", "encrypted"],
    ),
    "encrypted in a way nobody should": (unsigned({"alg": "RSA1_5", "enc": "A128GCM", "typ": "JWT", "kid": "k"}, end=".AA.AA.AA"), ["alg_unknown", "encrypted"]),
    # the claims
    "expired": (with_claims(exp=NOW - 3581, iat=NOW - 4000), ["expired"]),
    "expires now": (with_claims(exp=NOW), ["expired"]),
    "no exp": (with_claims(exp=None), ["no_exp"]),
    "exp null": (jws.sign(b'{"iss":"i","aud":"a","exp":null}', KEY, typ="JWT"), ["claim_type", "no_exp"]),
    "exp as text": (with_claims(exp="tomorrow"), ["claim_type"]),
    "exp in milliseconds": (with_claims(exp=NOW * 1000), ["milliseconds", "lives_long"]),
    "not valid yet": (with_claims(nbf=NOW + 5), ["not_yet_valid"]),
    "issued in the future": (with_claims(iat=NOW + 5), ["issued_in_the_future"]),
    "lives for a year": (with_claims(exp=NOW + 365 * 86400), ["lives_long"]),
    "no iss": (with_claims(iss=None), ["no_iss"]),
    "iss a number": (with_claims(iss=7), ["claim_type"]),
    "no aud": (with_claims(aud=None), ["no_aud"]),
    "aud for nobody": (with_claims(aud=[]), ["aud_empty"]),
    "aud of numbers": (with_claims(aud=[1]), ["claim_type"]),
    "many things": (with_claims(exp=1, aud=None, iss=None, sub=7), ["claim_type", "expired", "no_iss", "no_aud"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FINDINGS.values(), ids=FINDINGS)
def test_findings(text: str, expected: list[str]) -> None:
    found = report(text, now=NOW)
    assert codes(found) == expected
    severities = [get_args(Severity).index(finding.severity) for finding in found.findings]
    assert severities == sorted(severities)
    for finding in found.findings:
        assert isinstance(finding, Finding)
        assert finding.message
        assert GOOD not in finding.message
        assert repr(finding) == f"Finding({finding.code!r}, {finding.severity!r})"
    assert json.loads(json.dumps(found.to_dict()))["kind"] == found.kind


def test_every_code_has_a_row() -> None:
    assert {code for _, expected in FINDINGS.values() for code in expected} == set(get_args(FindingCode))


def test_what_can_be_read_of_a_broken_token_is_shown() -> None:
    found = report(GOOD.rpartition(".")[0], now=NOW)
    assert (found.kind, found.claims) == ("broken", None)
    assert found.header is not None
    assert found.header["alg"] == "ES256"
    assert report("a.b.c", now=NOW).header is None
    assert "header" not in report("a.b.c", now=NOW).to_dict()


def test_times_that_no_calendar_knows() -> None:
    found = report(with_claims(exp=10**30, auth_time=NOW - 0.5), now=NOW)
    assert found.times["exp"] == "beyond the years that a calendar here knows"
    assert found.times["auth_time"] == "2027-01-15T07:59:59Z, 0s ago"


def test_limits() -> None:
    assert codes(report(GOOD, now=NOW, limits=Limits(token_bytes=50))) == ["oversized"]


@pytest.mark.parametrize("token", [None, 5, GOOD.encode(), {}])
def test_something_else_is_a_mistake_of_the_caller(token: Any) -> None:
    with pytest.raises(UsageError, match="report takes"):
        report(token, now=NOW)


def test_a_report_is_frozen() -> None:
    found: Any = report(GOOD, now=NOW)
    with pytest.raises(AttributeError):
        found.verified = True
    with pytest.raises(TypeError):
        found.times["exp"] = "x"


@given(st.text(max_size=80) | st.text("ey.J\"' \nbB{}=", max_size=80))
def test_any_text_gives_a_report(text: str) -> None:
    found = report(text, now=NOW)
    assert not found.verified
    assert found.findings


@given(st.text("\"' \n", min_size=1000, max_size=3000))
def test_what_is_wrapped_many_times_is_unwrapped_a_few_times(text: str) -> None:
    assert len(report(text, now=NOW).findings) <= 7


@given(
    st.dictionaries(
        st.sampled_from([*CLAIMS, "nbf", "auth_time", "x"]),
        st.none()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=4)
        | st.lists(st.integers(), max_size=2),
    )
)
def test_any_claims_give_a_report(claims: dict[str, Any]) -> None:
    found = report(jws.sign(json.dumps(claims).encode(), KEY), now=NOW)
    assert json.dumps(found.to_dict())
