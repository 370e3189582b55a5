"""Generated tokens, each read here and by three other libraries: where they differ, there is a reason.

Every library is set up as strictly as its documentation shows: one key, one algorithm, issuer, audience, a required
expiry and no leeway. What a token is made of has names, and so has every difference: one that has no row in the tables
fails. What another library refuses and is accepted here needs a row of its own for that library, with the reason why
it is safe. JWTKIT_DIFFERENTIAL says how many tokens there are.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from random import Random
from types import SimpleNamespace
from typing import Any, Final, NamedTuple, TypeVar

import joserfc.errors
import joserfc.jwk
import joserfc.jwt
import jwcrypto.common  # type: ignore[import-untyped]  # it ships no types
import jwcrypto.jwk  # type: ignore[import-untyped]  # the same
import jwcrypto.jwt  # type: ignore[import-untyped]  # the same
import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from jwtkit import JWK, RejectedError, TokenVerifier, parse_algorithms

TOKENS: Final = int(os.environ.get("JWTKIT_DIFFERENTIAL", "3000"))
# Long ago, so that a library whose clock does not stand still refuses everything.
NOW: Final = 1_500_000_000
ISS, AUD = "https://auth.example.com", "https://api.example.com"
ES256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def encode(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key_for(alg: str) -> JWK:
    """Make a key that says its algorithm, under the older name of Ed25519 too (RFC 9864 section 2.2)."""
    name = parse_algorithms(["Ed25519" if alg == "EdDSA" else alg])[0]
    return JWK.parse({**JWK.generate(name, kid="Key-1").to_dict(private=True), "alg": alg})


ALGORITHMS: Final = ("HS256", "RS256", "ES256", "Ed25519", "EdDSA")
KEYS: Final = {alg: key_for(alg) for alg in ALGORITHMS}
OTHERS: Final = {alg: key_for(alg) for alg in ALGORITHMS}


# --- the libraries

T = TypeVar("T")
Reader = Callable[[str], object]


def by_jwtkit(alg: Any, key: JWK) -> Reader:
    verifier = TokenVerifier(
        keys=key if key.kty == "oct" else key.public(), algorithms=[alg], issuer=ISS, audience=AUD, leeway=0
    )
    return lambda text: verifier.verify(text, now=NOW)


def by_pyjwt(alg: str, key: JWK) -> Reader:
    own = pyjwt.PyJWK(key.to_dict(private=key.kty == "oct"), alg)
    return lambda text: pyjwt.decode(
        text, own, algorithms=[alg], issuer=ISS, audience=AUD, leeway=0, options={"require": ["exp"]}
    )


def by_joserfc(alg: str, key: JWK) -> Reader:
    own = joserfc.jwk.import_key(key.to_dict(private=key.kty == "oct"))
    registry = joserfc.jwt.JWTClaimsRegistry(
        now=NOW,
        leeway=0,
        iss={"essential": True, "value": ISS},
        aud={"essential": True, "value": AUD},
        exp={"essential": True},
    )

    def read(text: str) -> object:
        token = joserfc.jwt.decode(text, own, algorithms=[alg])
        registry.validate(token.claims)
        return token

    return read


def by_jwcrypto(alg: str, key: JWK) -> Reader:
    own = jwcrypto.jwk.JWK(**key.to_dict(private=key.kty == "oct"))

    def read(text: str) -> object:
        token = jwcrypto.jwt.JWT(
            algs=[alg],
            check_claims={"iss": ISS, "aud": AUD, "exp": None},
            expected_type="JWS",
            strict_serialization=True,
        )
        token.leeway = 0
        token.deserialize(text, own)
        return token

    return read


class Peer(NamedTuple):
    """Another library: how it reads, what it raises by its documentation, and what it does not know."""

    make: Callable[[str, JWK], Reader]
    refusals: tuple[type[Exception], ...]
    unknown: tuple[str, ...] = ()


PEERS: Final = {
    "PyJWT": Peer(by_pyjwt, (pyjwt.PyJWTError,), ("Ed25519",)),  # which it knows as EdDSA only
    "joserfc": Peer(by_joserfc, (joserfc.errors.JoseError,)),
    "jwcrypto": Peer(by_jwcrypto, (jwcrypto.common.JWException, ValueError)),
}


class StandingClock(dt.datetime):
    """A clock that stands still, for a library that cannot be told the time."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> StandingClock:
        return cls.fromtimestamp(NOW, tz)


# --- what a token is made of


@dataclass
class Draft:
    """A token in the making; members are raw JSON texts, in order."""

    alg: str
    header: list[tuple[str, str]]
    claims: list[tuple[str, str]]
    key: JWK
    header_octets: list[Callable[[bytes], bytes]] = field(default_factory=list)
    claims_octets: list[Callable[[bytes], bytes]] = field(default_factory=list)
    before: list[Callable[[list[str]], list[str]]] = field(default_factory=list)
    signature: list[Callable[[bytes], bytes]] = field(default_factory=list)
    after: list[Callable[[list[str]], list[str]]] = field(default_factory=list)
    text: list[Callable[[str], str]] = field(default_factory=list)

    def finish(self) -> str:
        segments = [
            encode(through(self.header_octets, written(self.header))),
            encode(through(self.claims_octets, written(self.claims))),
        ]
        for change in self.before:
            segments = change(segments)
        segments.append(encode(through(self.signature, self.key.sign(".".join(segments).encode()))))
        for change in self.after:
            segments = change(segments)
        return through(self.text, ".".join(segments))


Variation = Callable[[Draft], None]


def through(functions: list[Callable[[T], T]], value: T) -> T:
    for function in functions:
        value = function(value)
    return value


def written(members: list[tuple[str, str]]) -> bytes:
    return ("{" + ",".join(f"{name}:{value}" for name, value in members) + "}").encode("utf-8", "surrogatepass")


def put(members: list[tuple[str, str]], name: str, raw: str) -> None:
    spelled = f'"{name}"'
    at = next((at for at, (known, _) in enumerate(members) if known == spelled), len(members))
    members[at : at + 1] = [(spelled, raw)]


def header(**raw: str) -> Variation:
    def vary(draft: Draft) -> None:
        for name, value in raw.items():
            put(draft.header, name, value)

    return vary


def claims(**raw: str) -> Variation:
    def vary(draft: Draft) -> None:
        for name, value in raw.items():
            put(draft.claims, name, value)

    return vary


def without_header(name: str) -> Variation:
    return lambda draft: draft.header.__setitem__(slice(None), [one for one in draft.header if one[0] != f'"{name}"'])


def without_claim(name: str) -> Variation:
    return lambda draft: draft.claims.__setitem__(slice(None), [one for one in draft.claims if one[0] != f'"{name}"'])


def header_first(name: str, raw: str) -> Variation:
    return lambda draft: draft.header.insert(0, (f'"{name}"', raw))


def claim_first(name: str, raw: str) -> Variation:
    return lambda draft: draft.claims.insert(0, (f'"{name}"', raw))


def claim_last(name: str, raw: str) -> Variation:
    return lambda draft: draft.claims.append((f'"{name}"', raw))


def octets_of_header(change: Callable[[bytes], bytes]) -> Variation:
    return lambda draft: draft.header_octets.append(change)


def octets_of_claims(change: Callable[[bytes], bytes]) -> Variation:
    return lambda draft: draft.claims_octets.append(change)


def signature(change: Callable[[bytes], bytes]) -> Variation:
    return lambda draft: draft.signature.append(change)


def text(change: Callable[[str], str]) -> Variation:
    return lambda draft: draft.text.append(change)


def segment(at: int, change: Callable[[str], str]) -> Callable[[list[str]], list[str]]:
    return lambda segments: [change(one) if at == index else one for index, one in enumerate(segments)]


def signed_so(at: int, change: Callable[[str], str]) -> Variation:
    """Spell a segment in another way, and sign that spelling."""
    return lambda draft: draft.before.append(segment(at, change))


def respelled(at: int, change: Callable[[str], str]) -> Variation:
    """Spell a segment in another way, once it is signed."""
    return lambda draft: draft.after.append(segment(at, change))


def with_room(variation: Variation) -> Variation:
    """Give header and claims what makes their base64url use both alphabets, and bits to spare."""

    def vary(draft: Draft) -> None:
        put(draft.header, "cty", '"?~>?~>?~>"')
        put(draft.claims, "z", '"?~>?~>?~>"')
        for octets in (draft.header_octets, draft.claims_octets):
            octets.append(lambda one: one if len(one) % 3 else one[:-1] + b" }")
        variation(draft)

    return vary


ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def stray_bits(one: str) -> str:
    """Set a bit of the last character that carries no data, where there is one."""
    if len(one) % 4 not in (2, 3) or one[-1] not in ALPHABET:
        return one
    return one[:-1] + ALPHABET[ALPHABET.index(one[-1]) ^ 1]


def padded(one: str) -> str:
    return one + "=" * (-len(one) % 4)


def other_alphabet(one: str) -> str:
    return one.replace("-", "+").replace("_", "/")


def in_the_middle(what: str) -> Callable[[str], str]:
    return lambda one: one[: len(one) // 2] + what + one[len(one) // 2 :]


def numbers(octets: bytes) -> tuple[int, int]:
    return int.from_bytes(octets[: len(octets) // 2]), int.from_bytes(octets[len(octets) // 2 :])


def in_der(octets: bytes) -> bytes:
    return encode_dss_signature(*numbers(octets))


def twin(octets: bytes) -> bytes:
    r, s = numbers(octets)
    return r.to_bytes(32) + ((ES256_ORDER - s) % 2**256).to_bytes(32)


def by_another(draft: Draft) -> None:
    draft.key = OTHERS[draft.alg]


def by_the_key_in_the_header(draft: Draft) -> None:
    draft.key = OTHERS[draft.alg]
    put(draft.header, "jwk", json.dumps(draft.key.to_dict(private=draft.key.kty == "oct")))


def in_json(draft: Draft) -> None:
    def flattened(whole: str) -> str:
        return json.dumps(dict(zip(("protected", "payload", "signature"), whole.split("."), strict=False)))

    draft.text.append(flattened)


def numbered(shift: float) -> str:
    return f"{NOW + shift}"


DEEP: Final = "[" * 100 + "]" * 100
VARIATIONS: Final[Mapping[str, Variation]] = {
    "plain": lambda draft: None,
    # the header
    "typ absent": without_header("typ"),
    "typ in lower case": header(typ='"jwt"'),
    "typ in full": header(typ='"application/jwt"'),
    "typ of another purpose": header(typ='"at+jwt"'),
    "typ empty": header(typ='""'),
    "typ a number": header(typ="5"),
    "typ null": header(typ="null"),
    "typ twice": header_first("typ", '"JWT"'),
    "cty JWT": header(cty='"JWT"'),
    "cty a number": header(cty="5"),
    "kid absent": without_header("kid"),
    "kid of another key": header(kid='"Key-2"'),
    "kid in another case": header(kid='"key-1"'),
    "kid empty": header(kid='""'),
    "kid a number": header(kid="1"),
    "kid null": header(kid="null"),
    "kid twice, the other first": header_first("kid", '"Key-2"'),
    "alg in another case": lambda draft: put(draft.header, "alg", f'"{draft.alg.swapcase()}"'),
    "alg with a space": lambda draft: put(draft.header, "alg", f'"{draft.alg} "'),
    "alg escaped": lambda draft: put(draft.header, "alg", f'"\\u00{ord(draft.alg[0]):x}{draft.alg[1:]}"'),
    "alg none": header(alg='"none"'),
    "alg HS512": header(alg='"HS512"'),
    "alg PS256": header(alg='"PS256"'),
    "alg absent": without_header("alg"),
    "alg null": header(alg="null"),
    "alg a list": lambda draft: put(draft.header, "alg", f'["{draft.alg}"]'),
    "alg twice, none first": header_first("alg", '"none"'),
    "crit unknown": header(crit='["x"]', x="1"),
    "crit unknown and absent": header(crit='["x"]'),
    "crit empty": header(crit="[]"),
    "crit null": header(crit="null"),
    "crit a string": header(crit='"b64"'),
    "crit names alg": header(crit='["alg"]'),
    "crit names kid": header(crit='["kid"]'),
    "crit names exp": header(crit='["exp"]', exp=numbered(60)),
    "crit holds a number": header(crit="[1]"),
    "b64 true, critical": header(crit='["b64"]', b64="true"),
    "b64 true, critical twice": header(crit='["b64","b64"]', b64="true"),
    "b64 true, not critical": header(b64="true"),
    "b64 false, critical": header(crit='["b64"]', b64="false"),
    "b64 false, not critical": header(b64="false"),
    "b64 a number": header(crit='["b64"]', b64="1"),
    "b64 critical and absent": header(crit='["b64"]'),
    "an unknown header member": header(x="1"),
    "an unknown header member, nested": header(x='{"a":[1]}'),
    "an unknown header member, deep": header(x=DEEP),
    "an unknown header member, NaN": header(x="NaN"),
    "an unknown header member, a lone surrogate": header(x='"\\ud800"'),
    "an unknown header member, a long integer": header(x="9" * 40),
    "a registered header member as a claim": header(iss=f'"{ISS}"', aud=f'"{AUD}"'),
    "another key in the header": lambda draft: put(draft.header, "jwk", json.dumps(OTHERS["ES256"].to_dict())),
    "signed by the key in the header": by_the_key_in_the_header,
    "jku": header(jku='"https://auth.example.com/jwks"'),
    "jku not https": header(jku='"file:///etc/jwks"'),
    "x5c": header(x5c='["MIIB"]'),
    "zip and enc": header(zip='"DEF"', enc='"A256GCM"'),
    "header of 600 octets": header(kid='"Key-1"', cty=f'"{"x" * 600}"'),
    "header of 17,000 octets": header(cty=f'"{"x" * 17_000}"'),
    "header with a byte order mark": octets_of_header(lambda one: b"\xef\xbb\xbf" + one),
    "header in UTF-16": octets_of_header(lambda one: one.decode("utf-8", "replace").encode("utf-16")),
    "header in UTF-16, big-endian": octets_of_header(lambda one: one.decode("utf-8", "replace").encode("utf-16-be")),
    "header in UTF-32": octets_of_header(lambda one: one.decode("utf-8", "replace").encode("utf-32-le")),
    "header, white space around": octets_of_header(lambda one: b"\r\n\t " + one + b" \n"),
    "header, a tail": octets_of_header(lambda one: one + b"x"),
    "header, a NUL behind": octets_of_header(lambda one: one + b"\0"),
    "header in an array": octets_of_header(lambda one: b"[" + one + b"]"),
    "header cut short": octets_of_header(lambda one: one[:-1]),
    # issuer
    "iss absent": without_claim("iss"),
    "iss null": claims(iss="null"),
    "iss another": claims(iss='"https://evil.example"'),
    "iss with a slash": claims(iss=f'"{ISS}/"'),
    "iss in upper case": claims(iss=f'"{ISS.upper()}"'),
    "iss a prefix": claims(iss='"https"'),
    "iss a number": claims(iss="5"),
    "iss a list": claims(iss=f'["{ISS}"]'),
    "iss a longer list": claims(iss=f'["https://evil.example","{ISS}"]'),
    "iss empty": claims(iss='""'),
    "iss escaped": claims(iss=f'"{ISS}"'.replace("/", "\\/").replace("a", "\\u0061")),
    "iss twice, the other first": claim_first("iss", '"https://evil.example"'),
    "iss twice, the other last": claim_last("iss", '"https://evil.example"'),
    # audience
    "aud absent": without_claim("aud"),
    "aud null": claims(aud="null"),
    "aud another": claims(aud='"other"'),
    "aud a list with it": claims(aud=f'["other","{AUD}"]'),
    "aud a list of it": claims(aud=f'["{AUD}"]'),
    "aud a list of others": claims(aud='["x","y"]'),
    "aud a list with a number": claims(aud=f'["{AUD}",5]'),
    "aud a list with null": claims(aud=f'["{AUD}",null]'),
    "aud an empty list": claims(aud="[]"),
    "aud empty": claims(aud='""'),
    "aud a number": claims(aud="5"),
    "aud an object": claims(aud=f'{{"{AUD}":1}}'),
    "aud nested": claims(aud=f'[["{AUD}"]]'),
    "aud a substring": claims(aud='"https://api"'),
    "aud a longer string": claims(aud=f'"{AUD}/v1"'),
    "aud in upper case": claims(aud=f'"{AUD.upper()}"'),
    "aud with spaces": claims(aud=f'"other {AUD}"'),
    "aud twice, the other first": claim_first("aud", '"other"'),
    # expiry
    "exp absent": without_claim("exp"),
    "exp null": claims(exp="null"),
    "exp past": claims(exp=numbered(-60)),
    "exp now": claims(exp=numbered(0)),
    "exp a second ago": claims(exp=numbered(-1)),
    "exp in a second": claims(exp=numbered(1)),
    "exp in half a second": claims(exp=numbered(0.5)),
    "exp half a second ago": claims(exp=numbered(-0.5)),
    "exp with a fraction": claims(exp=numbered(60.25)),
    "exp with an exponent": claims(exp="1.6e9"),
    "exp zero": claims(exp="0"),
    "exp negative": claims(exp="-1"),
    "exp a string": claims(exp=f'"{NOW + 60}"'),
    "exp a string, past": claims(exp=f'"{NOW - 60}"'),
    "exp words": claims(exp='"tomorrow"'),
    "exp true": claims(exp="true"),
    "exp false": claims(exp="false"),
    "exp a list": claims(exp=f"[{NOW + 60}]"),
    "exp an object": claims(exp="{}"),
    "exp of 30 digits": claims(exp="9" * 30),
    "exp of 400 digits": claims(exp="9" * 400),
    "exp of 5,000 digits": claims(exp="9" * 5000),
    "exp 1e300": claims(exp="1e300"),
    "exp 1e400": claims(exp="1e400"),
    "exp NaN": claims(exp="NaN"),
    "exp Infinity": claims(exp="Infinity"),
    "exp -Infinity": claims(exp="-Infinity"),
    "exp twice, past first": claim_first("exp", numbered(-60)),
    "exp twice, past last": claim_last("exp", numbered(-60)),
    "exp twice, the same": claim_last("exp", numbered(60)),
    # not before, and issued at
    "nbf past": claims(nbf=numbered(-60)),
    "nbf now": claims(nbf=numbered(0)),
    "nbf in half a second": claims(nbf=numbered(0.5)),
    "nbf in a second": claims(nbf=numbered(1)),
    "nbf future": claims(nbf=numbered(60)),
    "nbf a string": claims(nbf='"0"'),
    "nbf a string, future": claims(nbf=f'"{NOW + 60}"'),
    "nbf null": claims(nbf="null"),
    "nbf true": claims(nbf="true"),
    "nbf a list": claims(nbf="[0]"),
    "nbf NaN": claims(nbf="NaN"),
    "nbf Infinity": claims(nbf="Infinity"),
    "nbf 1e300": claims(nbf="1e300"),
    "iat absent": without_claim("iat"),
    "iat past": claims(iat="0"),
    "iat in half a second": claims(iat=numbered(0.5)),
    "iat in a second": claims(iat=numbered(1)),
    "iat future": claims(iat=numbered(60)),
    "iat a string": claims(iat=f'"{NOW}"'),
    "iat null": claims(iat="null"),
    "iat true": claims(iat="true"),
    "iat a list": claims(iat="[0]"),
    "iat NaN": claims(iat="NaN"),
    "iat -1e300": claims(iat="-1e300"),
    # other claims
    "sub absent": without_claim("sub"),
    "sub a number": claims(sub="5"),
    "sub null": claims(sub="null"),
    "sub empty": claims(sub='""'),
    "sub a list": claims(sub='["s"]'),
    "sub twice": claim_first("sub", '"mallory"'),
    "jti a number": claims(jti="5"),
    "jti empty": claims(jti='""'),
    "scope a list": claims(scope='["a","b"]'),
    "scope a string": claims(scope='"a b"'),
    "cnf a string": claims(cnf='"x"'),
    "amr a string": claims(amr='"pwd"'),
    "auth_time a string": claims(auth_time='"0"'),
    "typ a claim": claims(typ='"Bearer"'),
    "typ a claim, a number": claims(typ="5"),
    "an unknown claim": claims(x='{"a":[1,2.5,null,true,"\\u00e9"]}'),
    "an unknown claim, null": claims(x="null"),
    "an unknown claim, NaN": claims(x="NaN"),
    "an unknown claim, 1e400": claims(x="1e400"),
    "an unknown claim, 30 digits": claims(x="9" * 30),
    "an unknown claim, 50 digits": claims(x="9" * 50),
    "an unknown claim, 5,000 digits": claims(x="9" * 5000),
    "an unknown claim, a lone surrogate": claims(x='"\\ud800"'),
    "an unknown claim, a surrogate pair": claims(x='"\\ud83d\\udd11"'),
    "an unknown claim, deep": claims(x=DEEP),
    "an unknown claim, very deep": claims(x="[" * 20_000 + "]" * 20_000),
    "an unknown claim twice": claims(x="1", y='{"a":1,"a":2}'),
    "an empty name": claims(**{"": "1"}),
    "claims of 70,000 octets": claims(x=f'"{"x" * 70_000}"'),
    "claims of 200,000 octets": claims(x=f'"{"x" * 200_000}"'),
    "claims with a byte order mark": octets_of_claims(lambda one: b"\xef\xbb\xbf" + one),
    "claims in UTF-16": octets_of_claims(lambda one: one.decode("utf-8", "replace").encode("utf-16")),
    "claims in UTF-16, big-endian": octets_of_claims(lambda one: one.decode("utf-8", "replace").encode("utf-16-be")),
    "claims in UTF-32": octets_of_claims(lambda one: one.decode("utf-8", "replace").encode("utf-32-le")),
    "claims, white space around": octets_of_claims(lambda one: b"\r\n\t " + one + b" \n"),
    "claims, a tail": octets_of_claims(lambda one: one + b"x"),
    "claims, twice": octets_of_claims(lambda one: one + one),
    "claims, a NUL behind": octets_of_claims(lambda one: one + b"\0"),
    "claims in an array": octets_of_claims(lambda one: b"[" + one + b"]"),
    "claims in a string": octets_of_claims(lambda one: json.dumps(one.decode("utf-8", "replace")).encode()),
    "claims null": octets_of_claims(lambda one: b"null"),
    "claims empty": octets_of_claims(lambda one: b"{}"),
    "no claims": octets_of_claims(lambda one: b""),
    "claims cut short": octets_of_claims(lambda one: one[:-1]),
    "claims, a control character": claims(x='"a\tb"'),
    "claims, a trailing comma": octets_of_claims(lambda one: one[:-1] + b",}"),
    "claims, a comment": octets_of_claims(lambda one: b"/**/" + one),
    "claims, overlong UTF-8": octets_of_claims(lambda one: one[:-1] + b',"z":"\xc0\xaf"}'),
    "claims, a surrogate in UTF-8": octets_of_claims(lambda one: one[:-1] + b',"z":"\xed\xa0\x80"}'),
    # how the segments are spelled
    **{
        f"{name} {how}": with_room(variation(at, change))
        for at, name in enumerate(("header", "claims", "signature"))
        for how, variation, change in (
            ("padded", respelled, padded),
            ("padded and signed so", signed_so, padded),
            ("with stray bits", respelled, stray_bits),
            ("with stray bits and signed so", signed_so, stray_bits),
            ("in the other alphabet", respelled, other_alphabet),
            ("with a line break", respelled, in_the_middle("\n")),
            ("with a line break and signed so", signed_so, in_the_middle("\n")),
            ("with a space", respelled, in_the_middle(" ")),
            ("with a character of no alphabet", respelled, in_the_middle("!")),
            ("with a character of no alphabet and signed so", signed_so, in_the_middle("!")),
            ("with a letter beyond ASCII", respelled, in_the_middle("\u00e9")),
            ("in lower case", respelled, str.lower),
            ("empty", respelled, lambda one: ""),
            ("longer by a character", respelled, lambda one: one + "A"),
        )
        if at < 2 or variation is respelled
    },
    "a line break behind": text(lambda whole: whole + "\n"),
    "a space before": text(lambda whole: " " + whole),
    "Bearer before": text(lambda whole: "Bearer " + whole),
    "in quotes": text(lambda whole: f'"{whole}"'),
    "as bytes look": text(lambda whole: f"b'{whole}'"),
    "a dot behind": text(lambda whole: whole + "."),
    "a dot before": text(lambda whole: "." + whole),
    "two dots": text(lambda whole: whole.replace(".", "..", 1)),
    "without its signature": text(lambda whole: whole.rpartition(".")[0]),
    "nothing": text(lambda whole: ""),
    "a lone surrogate behind": text(lambda whole: whole + "\ud800"),
    "in JSON": in_json,
    # the signature
    "signed by another key": by_another,
    "signature cut short": signature(lambda octets: octets[:-1]),
    "signature cut in half": signature(lambda octets: octets[: len(octets) // 2]),
    "signature of one octet": signature(lambda octets: octets[:1]),
    "signature longer": signature(lambda octets: octets + b"\0"),
    "signature with a zero before": signature(lambda octets: b"\0" + octets),
    "signature twice": signature(lambda octets: octets + octets),
    "signature of zeros": signature(lambda octets: bytes(len(octets))),
    "signature with a flipped bit": signature(lambda octets: bytes([*octets[:-1], octets[-1] ^ 4]) if octets else b"x"),
    "signature reversed": signature(lambda octets: octets[::-1]),
    "signature in DER": signature(in_der),
    "signature with padded halves": signature(lambda o: b"\0" + o[: len(o) // 2] + b"\0" + o[len(o) // 2 :]),
    "the twin of an ECDSA signature": signature(lambda octets: twin(octets) if len(octets) == 64 else octets[1:]),
    "claims of another token": respelled(1, lambda one: encode(decode_or_empty(one).replace(b'"alice"', b'"mallory"'))),
}  # fmt: skip


def decode_or_empty(segment: str) -> bytes:
    try:
        return decode(segment)
    except ValueError:
        return b""


class Case(NamedTuple):
    """A token, and the names of what was done to it."""

    seed: int
    alg: str
    names: tuple[str, ...]
    text: str


SINGLES: Final = [(alg, name) for name in VARIATIONS for alg in ALGORITHMS]
KNOWN_MEMBERS: Final = frozenset(
    f'"{name}"' for name in ("alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "typ", "cty", "crit", "b64")
)


def generate(seed: int) -> Case:
    """Make one token: first every variation by itself with every algorithm, then up to three of them together."""
    rng = Random(seed)
    if seed < len(SINGLES):
        alg, *names = SINGLES[seed]
    else:
        alg = rng.choice(ALGORITHMS)
        names = rng.sample(tuple(VARIATIONS), rng.choice((1, 2, 2, 3)))
    draft = Draft(
        alg,
        [('"alg"', f'"{alg}"'), ('"typ"', '"JWT"'), ('"kid"', '"Key-1"')],
        [
            ('"iss"', f'"{ISS}"'),
            ('"aud"', f'"{AUD}"'),
            ('"sub"', '"alice"'),
            ('"iat"', f"{NOW}"),
            ('"exp"', numbered(60)),
        ],
        KEYS[alg],
    )
    for name in names:
        VARIATIONS[name](draft)
    if not {name for name, _ in draft.header} <= KNOWN_MEMBERS:
        names.append("an unknown header member")  # which one variation can leave over from another
    return Case(seed, alg, tuple(names), draft.finish())


# --- the differences

SPELLED: Final = (
    *(f"{name} {how}" for name in ("header", "claims") for how in ("padded", "padded and signed so")),
    *(f"{name} {how}" for name in ("header", "claims") for how in ("with stray bits", "in the other alphabet")),
    *(f"signature {how}" for how in ("padded", "with stray bits", "in the other alphabet")),
)
# What is refused here and some other library accepts: the reason, and what in a token brings it about.
STRICTER: Final[Mapping[str, tuple[str, ...]]] = {
    "a duplicate member is refused, and not read as its last value (RFC 7515 section 4 allows both)": (
        "typ twice", "kid twice, the other first", "alg twice, none first", "iss twice, the other first",
        "aud twice, the other first", "exp twice, past first", "exp twice, the same", "sub twice",
        "an unknown claim twice",
    ),
    "a typ that the verifier does not name is refused (RFC 8725 section 3.11)": ("typ of another purpose", "typ empty"),
    "a header member has the type that its definition gives it (RFC 7515 section 4.1)": (
        "typ a number", "typ null", "cty a number", "kid a number", "kid null",
    ),
    "a kid names a key, and is never passed over (RFC 7515 section 4.1.4)": (
        "kid of another key", "kid in another case", "kid empty",
    ),
    "crit is a list, not empty, of extensions, each once (RFC 7515 section 4.1.11)": (
        "crit empty", "crit names alg", "crit names kid", "b64 true, critical twice",
    ),
    "b64 is true or false, and critical whatever it is (RFC 7797 section 6)": ("b64 true, not critical", "b64 a number"),
    "JSON is in UTF-8, without a byte order mark and without surrogates (RFC 8725 section 3.7, RFC 8259 section 8.1)": (
        "header with a byte order mark", "header in UTF-16", "header in UTF-16, big-endian", "header in UTF-32",
        "claims with a byte order mark", "claims in UTF-16", "claims in UTF-16, big-endian", "claims in UTF-32",
        "claims, a surrogate in UTF-8", "an unknown header member, a lone surrogate",
        "an unknown claim, a lone surrogate",
    ),
    "JSON has no NaN, no Infinity and no number that a double cannot hold (RFC 8259 section 6)": (
        "an unknown header member, NaN", "an unknown claim, NaN", "an unknown claim, 1e400",
    ),
    "size, depth and digits have bounds, which are Limits": (
        "an unknown header member, deep", "an unknown header member, a long integer", "header of 17,000 octets",
        "exp of 400 digits", "an unknown claim, 50 digits", "an unknown claim, deep", "claims of 70,000 octets",
        "claims of 200,000 octets",
    ),
    "the moment of expiry is too late already (RFC 7519 section 4.1.4)": ("exp now",),
    "a date is a JSON number, and is never converted from something else (RFC 7519 section 2)": (
        "exp a string", "nbf a string", "nbf a string, future", "nbf null", "nbf true", "iat a string", "iat null",
        "iat true",
    ),
    "a fraction of a second counts (RFC 7519 section 2)": ("nbf in half a second", "iat in half a second"),
    "nbf and iat are read wherever they are there, whether or not anybody asked": (
        "nbf in half a second", "nbf in a second", "nbf future", "nbf 1e300", "iat in half a second", "iat in a second",
        "iat future",
    ),
    "a registered claim has the type of its definition, whether or not anybody asked": (
        "sub null", "scope a list", "cnf a string", "amr a string", "auth_time a string",
    ),
    "a value has one spelling in base64url, without padding, without bits to spare (RFC 7515 section 2)": SPELLED,
    "R and S have the length of the field, and no other (RFC 7518 section 3.4)": ("signature with padded halves",),
}  # fmt: skip


class Lenient(NamedTuple):
    """What one other library refuses and is accepted here."""

    peer: str
    names: tuple[str, ...]


# The same the other way round, each with the reason why it is safe.
MORE_LENIENT: Final[Mapping[str, Lenient]] = {
    "header members that nobody knows must be ignored (RFC 7515 section 4); joserfc has a closed list": Lenient(
        "joserfc", ("an unknown header member",)
    ),
    "a jku is never followed, so it may say anything; joserfc wants a web address": Lenient("joserfc", ("jku not https",)),
    "headers have a bound here too, Limits.header_bytes; that of joserfc is lower": Lenient(
        "joserfc", ("header of 600 octets",)
    ),
    "now is before an exp half a second ahead; PyJWT reads whole seconds": Lenient("PyJWT", ("exp in half a second",)),
    "the claim typ is not registered and may be anything; jwcrypto wants a string": Lenient(
        "jwcrypto", ("typ a claim, a number",)
    ),
}  # fmt: skip


def reasons(peer: str, case: Case, *, accepted: bool) -> list[tuple[str, str]]:
    """Give the rows that say why this case is accepted here and not there, or the other way round."""
    if accepted:
        rows = [(why, row.names) for why, row in MORE_LENIENT.items() if row.peer == peer]
    else:
        rows = list(STRICTER.items())
    return [(why, name) for why, names in rows for name in names if name in case.names]


class Comparison:
    """What became of the same tokens here and elsewhere."""

    def __init__(self) -> None:
        self.here = {alg: by_jwtkit(alg, KEYS[alg]) for alg in ALGORITHMS}
        self.there = {
            (name, alg): peer.make(alg, KEYS[alg])
            for name, peer in PEERS.items()
            for alg in ALGORITHMS
            if alg not in peer.unknown
        }
        self.outcomes: Counter[str] = Counter()
        self.strays: Counter[str] = Counter()
        self.met: Counter[tuple[str, str]] = Counter()
        self.unexplained: list[str] = []

    def look(self, case: Case) -> None:
        try:
            self.here[case.alg](case.text)
            here = ""
        except RejectedError as refusal:
            here = repr(refusal)
        for name in PEERS:
            if (name, case.alg) in self.there:
                there = self.ask(name, case)
                self.outcomes[f"{'no' if here else 'yes'} here, {'no' if there else 'yes'} from {name}"] += 1
                if bool(there) is not bool(here):
                    why = reasons(name, case, accepted=not here)
                    if case.seed < len(SINGLES):
                        self.met.update(why)
                    if not why:
                        self.unexplained.append(
                            f"{case.alg}, seed {case.seed}, {' + '.join(case.names)}:\n"
                            f"  here: {here or 'accepted'}\n  {name}: {there or 'accepted'}\n  {case.text[:2000]!r}"
                        )

    def ask(self, name: str, case: Case) -> str:
        """Give what another library says, nothing where it accepts; an exception of another kind is a no too."""
        try:
            self.there[name, case.alg](case.text)
        except PEERS[name].refusals as refusal:
            return repr(refusal)
        except Exception as stray:  # noqa: BLE001  # whatever another library raises
            self.strays[f"{type(stray).__name__} from {name}"] += 1
            return repr(stray)
        return ""

    def report(self) -> str:
        shown = "\n".join(self.unexplained[:20])
        return (
            f"{len(self.unexplained)} differences without a reason:\n{shown}\n"
            f"outcomes: {dict(self.outcomes)}\nexceptions of other kinds: {dict(self.strays)}"
        )


@pytest.fixture(scope="module")
def comparison() -> Iterator[Comparison]:
    """Compare once, with clocks that stand still where a library cannot be told the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jwt.api_jwt.datetime", StandingClock)
        patch.setattr("jwcrypto.jwt.time", SimpleNamespace(time=lambda: float(NOW)))
        made = Comparison()
        for seed in range(max(TOKENS, len(SINGLES))):
            made.look(generate(seed))
        yield made


# joserfc says so each time, and the older name is what some tokens carry.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864:joserfc.errors.SecurityWarning")


def test_every_difference_has_a_reason(comparison: Comparison) -> None:
    assert not comparison.unexplained, comparison.report()
    for name in PEERS:
        # Without enough of both the comparison would show nothing.
        for same in (f"yes here, yes from {name}", f"no here, no from {name}"):
            assert comparison.outcomes[same] > TOKENS / 50, comparison.report()


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_plain_token_is_accepted_by_all(alg: str, comparison: Comparison) -> None:
    text = generate(ALGORITHMS.index(alg)).text
    comparison.here[alg](text)
    for (_, known), read in comparison.there.items():
        if known == alg:
            read(text)


def test_the_tables_name_what_there_is() -> None:
    named = {name for names in STRICTER.values() for name in names}
    named |= {name for row in MORE_LENIENT.values() for name in row.names}
    assert named <= VARIATIONS.keys()
    assert {row.peer for row in MORE_LENIENT.values()} <= PEERS.keys()


# The versions that the tables were written for; with others a row may have lost its use.
VERSIONS: Final = {"PyJWT": "2.15.1", "joserfc": "1.8.0", "jwcrypto": "1.6.1"}


@pytest.mark.skipif({name: version(name) for name in VERSIONS} != VERSIONS, reason="other versions of other libraries")
def test_every_row_is_needed(comparison: Comparison) -> None:
    """A row that explains nothing here might one day explain away what it was not meant for."""
    rows = {(why, name) for why, names in STRICTER.items() for name in names}
    rows |= {(why, name) for why, row in MORE_LENIENT.items() for name in row.names}
    assert not rows - comparison.met.keys(), comparison.report()
