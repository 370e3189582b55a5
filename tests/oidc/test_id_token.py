"""ID tokens: the checks of OpenID Connect Core 3.1.3.7, one table in both directions."""

from __future__ import annotations

import copy
import hashlib
import pickle
from typing import Any

import pytest

from jwtkit import JWK, JWKS, ClaimsError, JwtkitError, NotAllowedError, SignatureError, Token, UsageError
from jwtkit._wire import b64url_encode
from jwtkit.jwt.claims import Claims
from jwtkit.oidc import IdToken, IdTokenVerifier

KEY = JWK.generate("ES256")
NOW = 1_800_000_000
AT = "an-access-token"
AT_HASH = b64url_encode(hashlib.sha256(AT.encode()).digest()[:16])
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
    "max_age 0, just now": ({"auth_time": NOW}, {"max_age": 0}, []),
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
    "too long ago": ({"auth_time": NOW - 131}, {"max_age": 100}, [("auth_time", "too_old")]),
    "max_age 0, a minute ago": ({"auth_time": NOW - 60}, {"max_age": 0}, [("auth_time", "too_old")]),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "named", "expected"), TABLE.values(), ids=TABLE)
def test_id_tokens(changes: dict[str, Any], named: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    text = sign(**changes)
    arguments = {"nonce": "n", "now": NOW, **named}
    if not expected:
        verified = VERIFIER.verify(text, **arguments)
        assert (verified.iss, verified.sub, verified.compact) == ("https://op", "alice", text)
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
    with pytest.raises(UsageError, match="collection"):
        IdTokenVerifier(issuer="i", client_id="c", keys=KEY, algorithms=["ES256"], trusted_audiences="x")


def test_rs256_is_the_default(keys: dict[str, JWK]) -> None:
    verifier = IdTokenVerifier(issuer="https://op", client_id="app", keys=keys["RS256"].public())
    assert verifier.verify(sign(keys["RS256"]), nonce="n", now=NOW).header.alg == "RS256"


@pytest.mark.parametrize("alg", ["Ed448", "ML-DSA-65"])
def test_cve_2026_28498_at_hash_fails_closed_where_no_hash_is_defined(alg: Any, keys: dict[str, JWK]) -> None:
    verifier = IdTokenVerifier(issuer="https://op", client_id="app", keys=keys[alg].public(), algorithms=[alg])
    assert verifier.verify(sign(keys[alg]), nonce="n", access_token="token", now=NOW).header.alg == alg
    with pytest.raises(ClaimsError, match="no hash is defined"):
        verifier.verify(sign(keys[alg], at_hash="AAAA"), nonce="n", access_token="token", now=NOW)


def test_an_id_token_is_proof() -> None:
    made: Any = VERIFIER.verify(sign(), nonce="n", now=NOW)
    assert copy.deepcopy(copy.copy(made)) is made
    assert repr(made) == "IdToken(iss, aud, sub, nonce, exp, iat)"
    with pytest.raises(AttributeError):
        made._token = None
    with pytest.raises(UsageError, match="cannot be pickled"):
        pickle.dumps(made)
    with pytest.raises(UsageError, match="comes from"):
        IdToken("x")  # type: ignore[arg-type]  # the mistake under test
