"""Token and UnverifiedToken: signing, reading, and what possession proves."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    UNCHECKED,
    Claims,
    ClaimsError,
    JwtkitError,
    Limits,
    MalformedError,
    NotAllowedError,
    RejectedError,
    SignatureAlgorithm,
    Token,
    TokenVerifier,
    UnverifiedToken,
    UsageError,
    jws,
)
from jwtkit._wire import b64url_encode

KEY = JWK.generate("HS256", kid="k")
NOW = 1_800_000_000


def verifier(**named: Any) -> TokenVerifier:
    return TokenVerifier(
        keys=KEY, algorithms=["HS256"], issuer=UNCHECKED, audience=UNCHECKED, allow_missing_exp=True, **named
    )


# --- signing


def test_lifetime_sets_three_claims() -> None:
    claims = Claims(sub="s")
    token = Token.sign(claims, KEY, lifetime=60, now=NOW + 0.9)
    assert (token.claims.iat, token.claims.exp) == (NOW, NOW + 60)
    assert len(token.claims.jti or "") == 22
    assert dict(claims) == {"sub": "s"}
    assert Token.sign(claims, KEY, lifetime=60, now=NOW).claims.jti != token.claims.jti


def test_own_iat_and_jti_stay() -> None:
    token = Token.sign(Claims(iat=NOW - 60, jti="mine"), KEY, lifetime=timedelta(minutes=10), now=NOW)
    assert (token.claims.iat, token.claims.exp, token.claims.jti) == (NOW - 60, NOW + 600, "mine")


def test_an_exp_of_ones_own_adds_nothing() -> None:
    token = Token.sign(Claims(exp=NOW, extra={"x": {"y": [1]}}), KEY)
    assert dict(token.claims) == {"exp": NOW, "x": {"y": (1,)}}


def test_fractions() -> None:
    assert Token.sign(Claims(), KEY, lifetime=0.5, now=NOW).claims.exp == NOW + 0.5


@pytest.mark.parametrize(("typ", "header"), [("JWT", {"typ": "JWT"}), ("at+jwt", {"typ": "at+jwt"}), (None, {})])
def test_header(typ: str | None, header: dict[str, str]) -> None:
    token = Token.sign(Claims(), KEY, typ=typ, lifetime=1, header={"x5t#S256": "t"})
    assert dict(token.header) == {"alg": "HS256", "kid": "k", **header, "x5t#S256": "t"}
    assert dict(UnverifiedToken.parse(token.compact).header) == dict(token.header)


def test_the_clock_is_read_when_now_is_left_out() -> None:
    token = Token.sign(Claims(), KEY, lifetime=60)
    assert abs((token.claims.iat or 0) - time.time()) < 5
    assert verifier().verify(token.compact) == token


class Remote:
    """A signer of the application's own, over a key that only it can reach."""

    def __init__(self, key: JWK, name: str | None) -> None:
        self._key, self._name = key, name

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return self._key.algorithm

    @property
    def key_id(self) -> str | None:
        return self._name

    def sign(self, message: bytes, /) -> bytes:
        return self._key.sign(message)


@pytest.mark.parametrize("typ", [[], {}, set(), 5, True, b"JWT"])
def test_a_typ_is_text(typ: Any) -> None:
    for key in (KEY, JWK.generate("HS256", kid="k1")):
        with pytest.raises(UsageError, match=r"header (member 'typ' must be a string|holds a (set|bytes))"):
            Token.sign(Claims(sub="a"), key, typ=typ, lifetime=60)


def test_a_key_remembers_the_headers_of_a_few_kinds_of_token() -> None:
    key = JWK.generate("ES256", kid="k1")
    for _ in range(2):
        for number in range(40):
            token = Token.sign(Claims(sub="alice"), key, typ=f"kind{number}", lifetime=60)
            assert token.header == {"alg": "ES256", "kid": "k1", "typ": f"kind{number}"}
    assert len(key._headers) <= 16
    # A header of its own is made each time.
    assert Token.sign(Claims(sub="a"), key, typ="kind1", lifetime=60, header={"x": 1}).header["x"] == 1
    assert "x" not in Token.sign(Claims(sub="a"), key, typ="kind1", lifetime=60).header


@pytest.mark.parametrize(
    "claims",
    [Claims(sub="\ud800", exp=5), Claims(exp=5, extra={"x": [float("nan")]}), Claims(exp=5, extra={"\udfff": 1})],
)
def test_what_json_cannot_hold_is_not_signed(claims: Claims) -> None:
    with pytest.raises(UsageError, match="claims cannot be written as JSON"):
        Token.sign(claims, JWK.generate("HS256"))


def test_nested_claims_are_written_the_same_before_and_after_they_were_read() -> None:
    key = JWK.generate("HS256", kid="k1")
    claims = Claims(sub="a", exp=5, extra={"o": {"p": [{"q": None}, "é"]}, "l": [[1], {"m": 1.5}]})
    before = Token.sign(claims, key).compact
    assert claims["o"]["p"][0]["q"] is None
    assert claims["l"][1]["m"] == 1.5
    assert Token.sign(claims, key).compact == before
    dated = Token.sign(Claims(extra={"o": {"p": [{}]}}), key, lifetime=5, now=0).claims
    assert dated["o"]["p"][0] == {}


@pytest.mark.parametrize("name", ["k", None])
def test_any_signer_signs(name: str | None) -> None:
    token = Token.sign(Claims(sub="s"), Remote(KEY, name), lifetime=60)
    assert token.header.kid == name
    assert verifier().verify(token.compact).sub == "s"


def test_a_signer_gives_bytes() -> None:
    class Wrong(Remote):
        def sign(self, message: bytes, /) -> Any:
            return "signature"

    with pytest.raises(UsageError, match="sign of the Wrong must give bytes, got str"):
        Token.sign(Claims(), Wrong(KEY, None), lifetime=60)


def test_a_signer_cannot_be_awaited() -> None:
    class Awaited(Remote):
        async def sign(self, message: bytes, /) -> Any:  # type: ignore[override]  # the mistake
            return self._key.sign(message)

    signer: Any = Awaited(KEY, None)
    with pytest.raises(UsageError, match=r"must give bytes, got coroutine: .* there is Token\.draft"):
        Token.sign(Claims(), signer, lifetime=60)


@pytest.mark.parametrize("sign", [Token.sign, lambda _claims, key, **_: jws.sign(b"", key)])
def test_a_signer_gives_the_raw_form(sign: Any) -> None:
    key = JWK.generate("ES256")

    class InDER(Remote):
        def sign(self, message: bytes, /) -> bytes:
            private: Any = self._key.to_key(private=True)
            return bytes(private.sign(message, ec.ECDSA(hashes.SHA256())))

    with pytest.raises(UsageError, match=r"a raw ES256 signature has 64 bytes, got \d+ from the InDER: is it DER\?"):
        sign(Claims(), InDER(key, None), lifetime=60)


def test_nothing_of_the_callers_is_kept() -> None:
    members: dict[str, Any] = {"x": {"y": [1]}}
    token = Token.sign(Claims(), KEY, lifetime=60, header=members)
    members["x"]["y"].append(2)
    assert token.header["x"]["y"] == (1,)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        pytest.param(lambda: Token.sign(Claims(), KEY), "must expire", id="no end"),
        pytest.param(lambda: Token.sign(Claims(exp=1), KEY, lifetime=1), "have an exp already", id="two ends"),
        pytest.param(lambda: Token.sign(Claims(), KEY, lifetime=0), "more than zero", id="zero"),
        pytest.param(lambda: Token.sign(Claims(), KEY, lifetime=-5), "more than zero", id="negative"),
        pytest.param(lambda: Token.sign(Claims(), KEY, lifetime=float("inf")), "finite", id="infinite"),
        pytest.param(lambda: Token.sign(Claims(), KEY, lifetime=float("nan")), "finite", id="NaN"),
        pytest.param(lambda: Token.sign(Claims(), KEY, lifetime=True), "finite", id="bool"),
        pytest.param(lambda: Token.sign(Claims(), KEY, lifetime="1h"), "got str", id="str"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: Token.sign({"sub": "s"}, KEY, lifetime=1), "Claims", id="dict"),  # type: ignore[type-var]  # the mistake
        pytest.param(lambda: Token.sign(Claims(), "secret", lifetime=1), "cannot sign", id="str as key"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: Token.sign(Claims(), JWK.generate("ES256").public(), lifetime=1), "public key", id="public key"),
        pytest.param(lambda: Token.sign(Claims(), KEY, lifetime=1, header={"alg": "none"}), "cannot be set", id="alg"),
        pytest.param(lambda: Token.sign(Claims(), KEY, lifetime=1, header={"kid": "x"}), "cannot be set", id="kid"),
        pytest.param(lambda: Token.sign(Claims(), KEY, lifetime=1, now=float("nan")), "now must be", id="now NaN"),
        pytest.param(lambda: Token.sign(Claims(), KEY, lifetime=1, now=True), "now must be", id="now bool"),
        pytest.param(lambda: Token.sign(Claims(), KEY, lifetime=1, now="1"), "now must be", id="now str"),  # type: ignore[arg-type]  # the mistake
    ],
)  # fmt: skip
def test_mistakes_in_signing(call: Callable[[], object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        call()


# --- possession is proof


def test_a_token_has_no_constructor() -> None:
    maker: Any = Token
    for arguments in ((), ("x",), ("x", "y")):
        with pytest.raises(UsageError, match="comes from"):
            maker(*arguments)
    with pytest.raises(UsageError, match="parse"):
        UnverifiedToken("x")  # type: ignore[arg-type]  # the mistake under test


def test_a_token_cannot_be_altered() -> None:
    token: Any = Token.sign(Claims(sub="s"), KEY, lifetime=60)
    assert copy.copy(token) is token
    assert copy.deepcopy(token) is token
    for name in ("compact", "claims", "header", "sub", "other"):
        with pytest.raises(AttributeError):
            setattr(token, name, "x")
    with pytest.raises(UsageError, match="cannot be pickled"):
        pickle.dumps(token)
    with pytest.raises(TypeError):
        dataclasses.replace(token, compact="x")


def test_equality_is_that_of_the_text() -> None:
    token = Token.sign(Claims(sub="s"), KEY, lifetime=60)
    assert verifier().verify(token.compact) == token
    assert len({token, verifier().verify(token.compact)}) == 1
    assert token != token.compact


def test_nothing_shows_the_text() -> None:
    token = Token.sign(Claims(sub="s"), KEY, lifetime=60)
    for shown in (repr(token), str(token), f"{token}", repr(UnverifiedToken.parse(token.compact))):
        assert not any(segment in shown for segment in token.compact.split("."))


@pytest.mark.parametrize("name", ["iss", "sub"])
def test_iss_and_sub_are_there_or_an_error(name: str) -> None:
    token = Token.sign(Claims(), KEY, lifetime=60)
    with pytest.raises(ClaimsError, match=f"token has no {name}") as refusal:
        getattr(token, name)
    assert refusal.value.mismatches[0].reason == "missing"
    given: Any = {name: "x"}
    assert getattr(Token.sign(Claims(**given), KEY, lifetime=60), name) == "x"


# --- reading without trust


def test_unverified_token() -> None:
    compact = Token.sign(Claims(sub="s", extra={"a": [1]}), JWK.generate("HS256"), lifetime=60).compact
    peek = UnverifiedToken.parse(compact)
    assert peek.kind == "JWS"
    assert peek.unverified_claims["a"] == (1,)
    assert not isinstance(peek.unverified_claims, Claims)
    assert repr(peek).startswith("UnverifiedToken(JWS, Header(alg='HS256'")


def test_an_encrypted_token_shows_its_header_only() -> None:
    header = b64url_encode(b'{"alg":"dir","enc":"A256GCM"}')
    peek = UnverifiedToken.parse(f"{header}..AAAA.AAAA.AAAA")
    assert (peek.kind, peek.header["enc"]) == ("JWE", "A256GCM")
    with pytest.raises(NotAllowedError, match="encrypted"):
        _ = peek.unverified_claims


HEAD = b64url_encode(b'{"alg":"HS256"}')
BODY = b64url_encode(b'{"sub":"s"}')


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("", MalformedError, id="empty"),
        pytest.param("a.b", MalformedError, id="two segments"),
        pytest.param(f"{HEAD}.{BODY}.AA.AA", MalformedError, id="four segments"),
        pytest.param(f"{HEAD}.{BODY}.AA.AA.AA.AA", MalformedError, id="six segments"),
        pytest.param("." * 1000, MalformedError, id="a thousand dots"),
        pytest.param(f"{HEAD}.{BODY}.A=", MalformedError, id="padding in the signature"),
        pytest.param(f"{HEAD}.{b64url_encode(b'[]')}.AA", MalformedError, id="claims an array"),
        pytest.param(f"{HEAD}.{b64url_encode(b'x')}.AA", MalformedError, id="claims no JSON"),
        pytest.param(f"{HEAD}.{BODY}.AA\n", MalformedError, id="newline"),
        pytest.param(f"Bearer {HEAD}.{BODY}.AA", MalformedError, id="Bearer"),
        pytest.param(f"{HEAD}.{b64url_encode(b' ' * 70_000)}.AA", NotAllowedError, id="claims too large"),
        pytest.param("a" * 300_000, NotAllowedError, id="token too large"),
        pytest.param(None, UsageError, id="None"),
        pytest.param(b"a.b.c", UsageError, id="bytes"),
    ],
)
def test_unverified_token_refuses(text: Any, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        UnverifiedToken.parse(text)


def test_limits_reach_the_unverified_token() -> None:
    with pytest.raises(NotAllowedError, match="token_bytes"):
        UnverifiedToken.parse(f"{HEAD}.{BODY}.AA", limits=Limits(token_bytes=10))


@given(st.text(max_size=60) | st.text("eyJ.AQgw", max_size=60))
def test_unverified_token_takes_any_text(text: str) -> None:
    try:
        UnverifiedToken.parse(text)
    except RejectedError:
        pass


# --- properties

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**39), 10**39)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)
UNREGISTERED = st.text().filter(lambda name: name not in Claims._fields)


@given(st.dictionaries(UNREGISTERED, JSON, max_size=4))
def test_any_claims_round_trip(extra: dict[str, Any]) -> None:
    token = Token.sign(Claims(exp=NOW, extra=extra), KEY)
    verified = verifier().verify(token.compact, now=NOW - 1)
    assert verified.claims == token.claims
    again = Token.sign(verified.claims, KEY)
    assert again.compact == token.compact


MUTATIONS: list[Callable[[dict[str, Any], int], object]] = [
    lambda claims, n: claims.update(exp=str(claims["exp"])),
    lambda claims, n: claims.update(exp=n),
    lambda claims, n: claims.update(exp=float(n)),
    lambda claims, n: claims.update(nbf=[n]),
    lambda claims, n: claims.update(iat={"a": n}),
    lambda claims, n: claims.update(sub=n),
    lambda claims, n: claims.update(aud=n),
    lambda claims, n: claims.update(iss=[claims["iss"]]),
    lambda claims, n: claims.pop("exp"),
    lambda claims, n: claims.update(aud=[]),
    lambda claims, n: claims.update(iss=None),
]


@given(st.sampled_from(MUTATIONS), st.integers(-(10**12), NOW))
def test_signed_but_wrong_claims_are_refused(mutate: Callable[[dict[str, Any], int], object], n: int) -> None:
    claims: dict[str, Any] = {"iss": "i", "aud": "a", "sub": "s", "exp": NOW + 60}
    strict = TokenVerifier(keys=KEY, algorithms=["HS256"], issuer="i", audience="a")
    strict.verify(jws.sign(json.dumps(claims).encode(), KEY), now=NOW)
    mutate(claims, n)
    with pytest.raises(ClaimsError):
        strict.verify(jws.sign(json.dumps(claims).encode(), KEY), now=NOW)


@given(st.data())
def test_mutated_texts_are_refused(data: st.DataObject) -> None:
    token = Token.sign(Claims(sub="s", exp=NOW + 60), KEY)
    segments = token.compact.split(".")
    index = data.draw(st.integers(0, 2))
    cut = data.draw(st.integers(0, len(segments[index])))
    piece = data.draw(st.text("AQgw-_=.+/ \n{}", min_size=1, max_size=4))
    segments[index] = segments[index][:cut] + piece + segments[index][cut:]
    with pytest.raises(RejectedError):
        verifier().verify(".".join(segments), now=NOW)


def test_times_are_there_or_it_says_so() -> None:
    """An expiry that was checked is no None for type checkers either."""
    key = JWK.generate("HS256")
    token = Token.sign(Claims(), key, lifetime=60, now=1_900_000_000)
    assert (token.exp, token.iat) == (1_900_000_060, 1_900_000_000)
    assert token.exp - token.iat == 60
    endless = Token.sign(Claims(exp=1_900_000_060), key)
    with pytest.raises(ClaimsError, match="token has no iat"):
        endless.iat
