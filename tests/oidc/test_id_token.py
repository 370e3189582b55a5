"""ID tokens: the checks of OpenID Connect Core 3.1.3.7, one table in both directions."""

from __future__ import annotations

import copy
import hashlib
import pickle
from datetime import timedelta
from typing import Any

import pytest

from jwtkit import (
    JWK,
    JWKS,
    UNCHECKED,
    ClaimsError,
    Decryption,
    JwtkitError,
    NotAllowedError,
    SignatureError,
    TenantIssuer,
    Token,
    UsageError,
    jwe,
)
from jwtkit._wire import b64url_encode
from jwtkit.jwt.claims import Claims
from jwtkit.oidc import IdToken, IdTokenVerifier, LoginRecord

KEY = JWK.generate("ES256")
NOW = 1_800_000_000
AT = "an-access-token"
AT_HASH = b64url_encode(hashlib.sha256(AT.encode()).digest()[:16])
CODE_HASH = b64url_encode(hashlib.sha256(b"a-code").digest()[:16])
STATE_HASH = b64url_encode(hashlib.sha256(b"a-state").digest()[:16])
VERIFIER = IdTokenVerifier(issuer="https://op", client_id="app", keys=JWKS([KEY.public()]), algorithms=["ES256"])


def sign(key: JWK = KEY, typ: str | None = None, **changes: Any) -> str:
    claims: dict[str, Any] = {
        "iss": "https://op",
        "aud": "app",
        "sub": "alice",
        "nonce": "n",
        "exp": NOW + 60,
        "iat": NOW,
    }
    claims.update(changes)
    extra = {name: claims.pop(name) for name in list(claims) if name not in Claims._fields}
    return Token.sign(Claims(**claims, extra=extra), key, typ=typ).compact


TABLE: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = {
    "as it should be": ({}, {}, []),
    "typ JWT": ({"typ": "JWT"}, {}, []),
    "audience in a list": ({"aud": ["app"]}, {}, []),
    "azp is this client": ({"azp": "app"}, {}, []),
    "no nonce sent, none there": ({"nonce": None}, {"nonce": None}, []),
    "at_hash fits": ({"at_hash": AT_HASH}, {"access_token": AT}, []),
    "at_hash, but no access token": ({"at_hash": "whatever"}, {}, []),
    "max_age kept": ({"auth_time": NOW - 100}, {"max_age": 100}, []),
    "max_age kept with the leeway": ({"auth_time": NOW - 130}, {"max_age": 100}, []),
    "auth_time ahead, but nobody asked": ({"auth_time": NOW + 31}, {}, []),
    "auth_time ahead by the leeway": ({"auth_time": NOW + 30}, {"max_age": 0}, []),
    "max_age 0, just now": ({"auth_time": NOW}, {"max_age": 0}, []),
    "max_age a timedelta": ({"auth_time": NOW - 100}, {"max_age": timedelta(seconds=100)}, []),
    "c_hash fits (3.3.2.11)": ({"c_hash": CODE_HASH}, {"code": "a-code"}, []),
    "c_hash, but no code": ({"c_hash": "whatever"}, {}, []),
    "s_hash fits": ({"s_hash": STATE_HASH}, {"state": "a-state"}, []),
    "no s_hash": ({}, {"state": "a-state"}, []),
    "s_hash, but no state": ({"s_hash": "whatever"}, {}, []),
    "an essential acr (5.5.1.1)": ({"acr": "gold"}, {"acr_values": ["gold", "silver"]}, []),
    "an acr that nobody asked for": ({"acr": "lead"}, {}, []),
    "sub of one character": ({"sub": "s"}, {}, []),
    "sub of 255 characters (2)": ({"sub": "s" * 255}, {}, []),
    "another issuer": ({"iss": "https://op/"}, {}, [("iss", "not_accepted")]),
    "no issuer": ({"iss": None}, {}, [("iss", "missing")]),
    "another audience": ({"aud": "other"}, {}, [("aud", "not_accepted")]),
    "no audience": ({"aud": None}, {}, [("aud", "missing")]),
    "a second audience": ({"aud": ["app", "x"], "azp": "app"}, {}, [("aud", "not_accepted")]),
    "a second audience, no azp": ({"aud": ["app", "x"]}, {}, [("aud", "not_accepted"), ("azp", "missing")]),
    "azp is another client": ({"azp": "other"}, {}, [("azp", "not_accepted")]),
    "no sub": ({"sub": None}, {}, [("sub", "missing")]),
    "sub too long": ({"sub": "s" * 256}, {}, [("sub", "not_accepted")]),
    "sub not ASCII": ({"sub": "ä"}, {}, [("sub", "not_accepted")]),
    "no iat": ({"iat": None}, {}, [("iat", "missing")]),
    "expired": ({"exp": NOW}, {}, [("exp", "expired")]),
    "from tomorrow": ({"iat": NOW + 31}, {}, [("iat", "issued_in_the_future")]),
    "another nonce": ({"nonce": "x"}, {}, [("nonce", "not_accepted")]),
    "another nonce, not ASCII": ({"nonce": "ä"}, {}, [("nonce", "not_accepted")]),
    "no nonce, but sent": ({"nonce": None}, {}, [("nonce", "missing")]),
    "a nonce, but not sent": ({}, {"nonce": None}, [("nonce", "unexpected")]),
    "at_hash of another token": ({"at_hash": AT_HASH}, {"access_token": "x"}, [("at_hash", "not_accepted")]),
    "at_hash not ASCII": ({"at_hash": "ä"}, {"access_token": "x"}, [("at_hash", "not_accepted")]),
    "at_hash a number": ({"at_hash": 5}, {}, [("at_hash", "wrong_type")]),
    "no auth_time, but asked": ({}, {"max_age": 100}, [("auth_time", "missing")]),
    "auth_time in milliseconds": ({"auth_time": NOW * 1000}, {"max_age": 100}, [("auth_time", "issued_in_the_future")]),
    "auth_time ahead": ({"auth_time": NOW + 31}, {"max_age": 100}, [("auth_time", "issued_in_the_future")]),
    "too long ago": ({"auth_time": NOW - 131}, {"max_age": 100}, [("auth_time", "too_old")]),
    "c_hash missing": ({}, {"code": "a-code"}, [("c_hash", "missing")]),
    "c_hash null": ({"c_hash": None}, {"code": "a-code"}, [("c_hash", "missing")]),
    "c_hash of another code": ({"c_hash": CODE_HASH}, {"code": "another"}, [("c_hash", "not_accepted")]),
    "c_hash is the at_hash": ({"at_hash": CODE_HASH}, {"code": "a-code"}, [("c_hash", "missing")]),
    "c_hash padded": ({"c_hash": CODE_HASH + "=="}, {"code": "a-code"}, [("c_hash", "not_accepted")]),
    "c_hash a list": ({"c_hash": [CODE_HASH]}, {"code": "a-code"}, [("c_hash", "wrong_type")]),
    "s_hash of another state": ({"s_hash": STATE_HASH}, {"state": "another"}, [("s_hash", "not_accepted")]),
    "s_hash empty": ({"s_hash": ""}, {"state": "a-state"}, [("s_hash", "not_accepted")]),
    "acr missing": ({}, {"acr_values": ["gold"]}, [("acr", "missing")]),
    "acr another one": ({"acr": "lead"}, {"acr_values": ["gold"]}, [("acr", "not_accepted")]),
    "acr part of one": ({"acr": "gol"}, {"acr_values": ["gold"]}, [("acr", "not_accepted")]),
    "sub empty": ({"sub": ""}, {}, [("sub", "not_accepted")]),
    "max_age 0, a minute ago": ({"auth_time": NOW - 60}, {"max_age": 0}, [("auth_time", "too_old")]),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "named", "expected"), TABLE.values(), ids=TABLE)
def test_id_tokens(changes: dict[str, Any], named: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    text = sign(**changes)
    arguments: dict[str, Any] = {"nonce": "n", "now": NOW, **named}
    if not expected:
        verified = VERIFIER.verify(text, **arguments)
        assert (verified.iss, verified.sub, verified.compact) == ("https://op", changes.get("sub", "alice"), text)
        return
    with pytest.raises(ClaimsError) as refusal:
        VERIFIER.verify(text, **arguments)
    assert [(found.claim, found.reason) for found in refusal.value.mismatches] == expected


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param(sign(JWK.generate("ES256", kid=KEY.kid)), SignatureError, id="forged"),
        pytest.param(sign(JWK.generate("HS256", kid=KEY.kid)), NotAllowedError, id="another algorithm"),
        pytest.param(sign(typ="at+jwt"), NotAllowedError, id="an access token"),
        pytest.param(sign(typ="logout+jwt"), NotAllowedError, id="a logout token"),
    ],
)
def test_the_signature_is_always_checked(text: str, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        VERIFIER.verify(text, nonce="n", now=NOW)


def test_trusted_audiences_and_leeway() -> None:
    lenient = IdTokenVerifier(
        issuer="https://op",
        client_id="app",
        keys=KEY.public(),
        algorithms=["ES256"],
        trusted_audiences=["x"],
        leeway=100,
    )
    text = sign(aud=["app", "x"], azp="app", exp=NOW - 99, auth_time=NOW - 200)
    assert lenient.verify(text, nonce="n", max_age=100, now=NOW).claims.aud == ("app", "x")
    with pytest.raises(UsageError, match="is a list"):
        IdTokenVerifier(issuer="i", client_id="c", keys=KEY, algorithms=["ES256"], trusted_audiences="x")


def verifier(**named: Any) -> IdTokenVerifier:
    whole: dict[str, Any] = {"issuer": "https://op", "client_id": "app", "keys": KEY.public(), "algorithms": ["ES256"]}
    return IdTokenVerifier(**{**whole, **named})


def test_what_a_verifier_may_demand_besides() -> None:
    strict = verifier(required=["s_hash", "email"], max_token_age=60)
    text = sign(s_hash=STATE_HASH, email="a@example.com", iat=NOW - 90)
    assert strict.verify(text, nonce="n", state="a-state", now=NOW)
    with pytest.raises(ClaimsError) as refusal:
        strict.verify(sign(iat=NOW - 91), nonce="n", now=NOW)
    found = {(mismatch.claim, mismatch.reason) for mismatch in refusal.value.mismatches}
    assert found == {("s_hash", "missing"), ("email", "missing"), ("iat", "too_old")}


@pytest.mark.parametrize(
    ("issuer", "iss", "accepted"),
    [
        (["https://op", "op"], "op", True),
        (["https://op", "op"], "https://op", True),
        (["https://op", "op"], "https://op/", False),
        (TenantIssuer("https://{tenantid}.op", tenants=["a"]), "https://a.op", True),
        (TenantIssuer("https://{tenantid}.op", tenants=["b"]), "https://a.op", False),
        (TenantIssuer("https://{tenantid}.op", tenants=["a"]), "https://b.op", False),
    ],
)
def test_a_provider_with_several_names(issuer: Any, iss: str, accepted: bool) -> None:
    text = sign(iss=iss, tid="a")
    if accepted:
        assert verifier(issuer=issuer).verify(text, nonce="n", now=NOW).iss == iss
        return
    with pytest.raises(ClaimsError):
        verifier(issuer=issuer).verify(text, nonce="n", now=NOW)


@pytest.mark.parametrize(
    ("named", "match"),
    [
        ({"issuer": UNCHECKED}, "always checked"),
        ({"issuer": ""}, "issuer"),
        ({"trusted_audiences": [5]}, "trusted_audiences must be a list of str"),
        ({"required": "s_hash"}, "required"),
        ({"required": 5}, "required"),
        ({"required": [["s_hash"]]}, "required"),
        ({"client_id": ""}, "^client_id"),
        ({"client_id": ["app"]}, "^client_id"),
        ({"max_token_age": -1}, "max_age"),
        ({"decryption": KEY}, "Decryption"),
        ({"keys": {"https://op": KEY.public()}}, "keys"),
    ],
)
def test_mistakes_in_building(named: dict[str, Any], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        verifier(**named)


@pytest.mark.parametrize(
    "named",
    [
        {"nonce": 5},
        {"access_token": b"x"},
        {"code": 5},
        {"state": 5},
        {"acr_values": "gold"},
        {"acr_values": [5]},
        {"acr_values": 5},
        {"max_age": -1},
        {"max_age": "60"},
        {"now": float("nan")},
    ],
)
def test_mistakes_in_verifying(named: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"^{next(iter(named))} "):
        VERIFIER.verify(sign(), **{"nonce": "n", "now": NOW, **named})


def test_an_encrypted_id_token() -> None:
    """Core section 3.1.3.7: where encryption was negotiated, plain text is refused."""
    key = JWK.generate("RSA-OAEP-256", rsa_bits=2048)
    decryption = Decryption(keys=key, algorithms=["RSA-OAEP-256"], encryptions=["A128CBC-HS256"])
    text = sign()
    nested = jwe.encrypt(text.encode(), key.public(), enc="A128CBC-HS256", header={"cty": "JWT"})
    verified = verifier(decryption=decryption).verify(nested, nonce="n", now=NOW)
    assert (verified.sub, verified.compact) == ("alice", text)
    for by, wrong in ((verifier(decryption=decryption), text), (VERIFIER, nested)):
        with pytest.raises(NotAllowedError):
            by.verify(wrong, nonce="n", now=NOW)
    with pytest.raises(UsageError):
        Decryption(keys=key, algorithms=["RSA1_5"], encryptions=["A128CBC-HS256"])  # type: ignore[list-item]  # the mistake


@pytest.mark.parametrize(
    ("alg", "hash_name"), [("ES256", "sha256"), ("ES384", "sha384"), ("PS512", "sha512"), ("Ed25519", "sha512")]
)
def test_hashes_go_by_the_algorithm(alg: Any, hash_name: str, keys: dict[str, JWK]) -> None:
    """Core section 3.1.3.6: the left half of the hash that the algorithm of the ID token has."""
    own = verifier(keys=keys[alg].public(), algorithms=[alg])
    digest = hashlib.new(hash_name, b"a-code").digest()
    half = b64url_encode(digest[: len(digest) // 2])
    assert own.verify(sign(keys[alg], c_hash=half), nonce="n", code="a-code", now=NOW)
    for wrong in (b64url_encode(digest), b64url_encode(digest[len(digest) // 2 :]), half[:-1]):
        with pytest.raises(ClaimsError):
            own.verify(sign(keys[alg], c_hash=wrong), nonce="n", code="a-code", now=NOW)


def test_mismatches_are_data() -> None:
    text = sign(aud=["app", "x"], azp="y", auth_time=NOW - 500, acr="lead", c_hash="z", s_hash="z")
    with pytest.raises(ClaimsError) as refusal:
        VERIFIER.verify(text, nonce="n", max_age=100, acr_values=["silver", "gold"], code="c", state="s", now=NOW)
    found = {mismatch.claim: (mismatch.expected, mismatch.actual) for mismatch in refusal.value.mismatches}
    assert found == {
        "aud": (("app",), ("app", "x")),
        "azp": ("app", "y"),
        "auth_time": (100, NOW - 500),
        "acr": (("gold", "silver"), "lead"),
        "c_hash": (None, None),
        "s_hash": (None, None),
    }
    assert "c_hash does not belong to the code" in str(refusal.value)
    assert "s_hash does not belong to the state" in str(refusal.value)
    with pytest.raises(ClaimsError) as refusal:
        VERIFIER.verify(sign(aud=["app", "app"]), nonce="n", acr_values=["gold"], code="c", now=NOW)
    found = {mismatch.claim: (mismatch.expected, mismatch.actual) for mismatch in refusal.value.mismatches}
    assert found == {"azp": ("app", None), "acr": (("gold",), None), "c_hash": (None, None)}
    assert "binds it to the code" in str(refusal.value)


def test_mismatches_of_a_refresh_are_data() -> None:
    record = LoginRecord(iss="https://elsewhere", sub="bob", aud=("app", "api"), azp="app", auth_time=NOW - 9)
    with pytest.raises(ClaimsError) as refusal:
        VERIFIER.verify_refreshed(sign(nonce=None, auth_time=NOW), record=record, now=NOW)
    found = {mismatch.claim: (mismatch.expected, mismatch.actual) for mismatch in refusal.value.mismatches}
    assert found == {
        "iss": (None, None),
        "sub": (None, None),
        "aud": (("app", "api"), ("app",)),
        "azp": ("app", None),
        "auth_time": (NOW - 9, NOW),
    }


def test_a_record_is_what_the_token_said() -> None:
    empty = VERIFIER.verify(sign(nonce="", sid=""), nonce="", now=NOW).record
    assert (empty.nonce, empty.sid) == (None, None)
    assert LoginRecord.from_json(empty.to_json()) == empty
    text = sign(aud=["app", "app"], azp="app", auth_time=NOW, sid="s", email="a@example.com")
    assert VERIFIER.verify(text, nonce="n", now=NOW).record == LoginRecord(
        iss="https://op", sub="alice", aud=("app", "app"), azp="app", auth_time=NOW, nonce="n", sid="s"
    )


def test_rs256_is_the_default(keys: dict[str, JWK]) -> None:
    default = IdTokenVerifier(issuer="https://op", client_id="app", keys=keys["RS256"].public())
    assert default.verify(sign(keys["RS256"]), nonce="n", now=NOW).header.alg == "RS256"


@pytest.mark.parametrize("alg", ["Ed448", "ML-DSA-65"])
def test_cve_2026_28498_at_hash_fails_closed_where_no_hash_is_defined(alg: Any, keys: dict[str, JWK]) -> None:
    own = verifier(keys=keys[alg].public(), algorithms=[alg])
    assert own.verify(sign(keys[alg]), nonce="n", access_token="token", now=NOW).header.alg == alg
    with pytest.raises(ClaimsError, match="no hash is defined"):
        own.verify(sign(keys[alg], at_hash="AAAA"), nonce="n", access_token="token", now=NOW)


def test_an_id_token_is_proof() -> None:
    made: Any = VERIFIER.verify(sign(), nonce="n", now=NOW)
    assert copy.deepcopy(copy.copy(made)) is made
    assert repr(made) == "IdToken(iss, aud, sub, nonce, exp, iat)"
    odd_names: dict[str, Any] = {"a\nb": 1, "x" * 70: 1}
    odd = VERIFIER.verify(sign(**odd_names), nonce="n", now=NOW)
    assert repr(odd) == f"IdToken(iss, aud, sub, nonce, exp, iat, 'a\\nb', '{'x' * 63}...)"
    many_names: dict[str, Any] = {f"n{number}": 1 for number in range(100)}
    many = VERIFIER.verify(sign(**many_names), nonce="n", now=NOW)
    assert repr(many).endswith(", n33, ...)")
    with pytest.raises(AttributeError):
        made._token = None
    with pytest.raises(UsageError, match="cannot be pickled"):
        pickle.dumps(made)
    with pytest.raises(UsageError, match="comes from"):
        IdToken("x")  # type: ignore[arg-type]  # the mistake under test
