"""Mutated tokens: whatever is done to a good one, the door gives a value or a refusal, and never a wrong value.

Each mutant comes from a seed of its own and carries the trail of what was done to it. Beside the verifier stands an
oracle, written here from the specifications alone: for every mutant it says whether it may pass, and both must agree.
JWTKIT_MUTATIONS says how many there are.
"""

from __future__ import annotations

import json
import math
import os
import re
import traceback
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any, Final, NamedTuple

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jwtkit import (
    JWK,
    Claims,
    ClaimsError,
    Decryption,
    JwtkitError,
    Limits,
    RejectedError,
    Token,
    TokenVerifier,
    UnverifiedToken,
    UsageError,
    parse_algorithms,
)

MUTATIONS: Final = int(os.environ.get("JWTKIT_MUTATIONS", "20000"))
NOW: Final = 1_800_000_000
ISS, AUD = "https://auth.example.com", "https://api.example.com"


def encode(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --- keys, policies and good tokens

ALGORITHMS: Final = parse_algorithms(["HS256", "ES256", "Ed25519", "RS256"])
KEYS: Final[Mapping[str, JWK]] = {alg: JWK.generate(alg, kid=f"kid-{alg}") for alg in ALGORITHMS}
STRANGERS: Final[Mapping[str, JWK]] = {alg: JWK.generate(alg, kid=f"kid-{alg}") for alg in ALGORITHMS if alg != "RS256"}
AGREED: Final = JWK.generate("ECDH-ES+A256KW", crv="X25519", kid="agreed")
WRAPPED: Final = JWK.generate("A128KW", kid="wrapped")
DIRECT: Final = JWK.generate("A256GCM", kid="direct")
CONTENT_KEY: Final = decode(DIRECT.to_dict(private=True)["k"])
READERS: Final = Decryption(
    keys=[AGREED, WRAPPED, DIRECT],
    algorithms=["ECDH-ES+A256KW", "A128KW", "dir"],
    encryptions=["A256GCM", "A128CBC-HS256"],
)
TIGHT: Final = Limits(
    token_bytes=4096, header_bytes=256, claims_bytes=1024, header_depth=3, claims_depth=6, header_int_bits=16,
    claims_int_digits=12, kid_bytes=32,
)  # fmt: skip
MAX_AGE, MAX_LIFETIME = 3600, 7200


class Door(NamedTuple):
    """A verifier, and what the oracle has to know about it."""

    verifier: TokenVerifier
    limits: Limits
    encrypted: bool = False
    dated: bool = False


def door_with(limits: Limits, *, encrypted: bool = False, dated: bool = False) -> Door:
    more: dict[str, Any] = {"decryption": READERS} if encrypted else {}
    if dated:
        more |= {"max_age": MAX_AGE, "max_lifetime": MAX_LIFETIME}
    verifier = TokenVerifier(
        keys=[key if key.kty == "oct" else key.public() for key in KEYS.values()],
        algorithms=ALGORITHMS,
        issuer=ISS,
        audience=AUD,
        required=["sub"],
        limits=limits,
        **more,
    )
    return Door(verifier, limits, encrypted, dated)


FLAT: Final[dict[str, Any]] = {"iss": ISS, "sub": "alice", "aud": AUD, "exp": NOW + 60, "iat": NOW, "jti": "j-1"}
NESTED: Final[dict[str, Any]] = {
    **FLAT,
    "aud": ["other", AUD],
    "exp": NOW + 90.5,
    "nbf": NOW - 5,
    "cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
    "realm": {"roles": ["a", {"b": [1, 2.5, None, True]}], "größe": "naïve \U0001f511"},
    "amr": ["pwd", "otp"],
}


def dumps(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def header_of(alg: str) -> dict[str, Any]:
    return {"alg": alg, "typ": "JWT", "kid": f"kid-{alg}"}


CLAIMS: Final = (dumps(FLAT), dumps(NESTED), dumps({**FLAT, "aud": [AUD], "groups": ["x", "y"], "n": 1, "empty": {}}))
OUTER: Final = dumps({"alg": "dir", "enc": "A256GCM", "kid": "direct", "cty": "JWT"})
HEADERS: Final[Mapping[str, bytes]] = {alg: dumps(header_of(alg)) for alg in ALGORITHMS}


@dataclass
class Parts:
    """What a token says, whoever signed it; `outer` is the header of the encryption around it."""

    alg: str
    header: bytes
    claims: bytes
    outer: bytes | None = None


def signed(key: JWK, header: bytes, claims: bytes) -> str:
    message = f"{encode(header)}.{encode(claims)}"
    return f"{message}.{encode(key.sign(message.encode()))}"


def sealed(rng: Random, outer: bytes, inner: str) -> str:
    """Encrypt as anybody can who shares the key, under any header at all (RFC 7518 section 4.5)."""
    iv, aad = rng.randbytes(12), encode(outer)
    octets = inner.encode("utf-8", "surrogatepass")
    if b'"zip"' in outer and rng.random() < 0.5:
        octets = zlib.compress(octets, wbits=-15)
    content = AESGCM(CONTENT_KEY).encrypt(iv, octets, aad.encode())
    return ".".join([aad, "", encode(iv), encode(content[:-16]), encode(content[-16:])])


def good_tokens() -> Iterator[tuple[str, Parts]]:
    for alg, key in KEYS.items():
        for claims in CLAIMS:
            parts = Parts(alg, HEADERS[alg], claims)
            yield signed(key, parts.header, parts.claims), parts
        token = Token.sign(Claims(**{n: v for n, v in FLAT.items() if n != "exp"}), key, lifetime=60, now=NOW)
        header, payload, _ = token.compact.split(".")
        yield token.compact, Parts(alg, decode(header), decode(payload))


def good_encrypted_tokens() -> Iterator[tuple[str, Parts]]:
    for alg, key in KEYS.items():
        claims = Claims(**{n: v for n, v in FLAT.items() if n != "exp"})
        token = Token.sign(claims, key, lifetime=60, now=NOW)
        header, payload, _ = token.compact.split(".")
        for text in (
            token.encrypt(AGREED.public(), enc="A256GCM"),
            token.encrypt(WRAPPED, enc="A128CBC-HS256", header={"iss": ISS, "aud": AUD}),
            token.encrypt(DIRECT, alg="dir", enc="A256GCM"),
        ):
            outer = decode(text.split(".")[0])
            yield text, Parts(alg, decode(header), decode(payload), outer)


GOOD: Final = {False: dict(good_tokens()), True: dict(good_encrypted_tokens())}
OLD_SIGNATURES: Final = {
    (parts.alg, parts.header, parts.claims): text.rpartition(".")[2] for text, parts in GOOD[False].items()
}
GOOD_TEXTS: Final = {encrypted: tuple(texts) for encrypted, texts in GOOD.items()}
DOORS: Final = {
    "plain": (9, door_with(Limits())),
    "tight": (4, door_with(TIGHT)),
    "long integers": (1, door_with(Limits(claims_int_digits=300, header_int_bits=900))),
    "dated": (2, door_with(Limits(), dated=True)),
    "exactly as long": (1, door_with(Limits(token_bytes=len(GOOD_TEXTS[False][0])))),
    "encrypted": (3, door_with(Limits(), encrypted=True)),
    "encrypted, tight": (1, door_with(TIGHT, encrypted=True)),
    "encrypted, exactly as long": (1, door_with(Limits(token_bytes=len(GOOD_TEXTS[True][0])), encrypted=True)),
}


# --- the oracle: what the specifications say, in as few words as possible


class Refused(Exception):  # noqa: N818  # it is an answer
    """The oracle says no."""


def need(condition: object) -> None:
    if not condition:
        raise Refused


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    need(len({name for name, _ in pairs}) == len(pairs))
    return dict(pairs)


def never(_constant: str) -> None:
    raise Refused


def walk(value: object, depth: int, integers: int) -> None:
    """RFC 7515 section 4, RFC 7519 section 7.2: strict JSON, within the limits."""
    if isinstance(value, str):
        need(not re.search("[\ud800-\udfff]", value))
    elif isinstance(value, (dict, list)):
        need(depth)
        for member in value:
            walk(member, depth - 1, integers)
            if isinstance(value, dict):
                walk(value[member], depth - 1, integers)
    elif isinstance(value, float):
        need(math.isfinite(value))
    elif isinstance(value, int):
        need(abs(value) < integers)


def read(octets: bytes, size: int, depth: int, integers: int) -> dict[str, Any]:
    need(len(octets) <= size)
    try:
        value: dict[str, Any] = json.loads(octets.decode(), object_pairs_hook=once, parse_constant=never)
    except (ValueError, RecursionError):
        raise Refused from None
    need(isinstance(value, dict))
    walk(value, depth, integers)
    return value


def is_jwt(value: object) -> bool:
    return isinstance(value, str) and value.lower() in ("jwt", "application/jwt")


def is_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_text(value: object) -> bool:
    return isinstance(value, str)


TYPES: Final[Mapping[str, Callable[[object], bool]]] = {
    **dict.fromkeys(("iss", "sub", "jti", "scope", "client_id", "azp", "nonce", "acr", "sid"), is_text),
    **dict.fromkeys(("exp", "nbf", "iat", "auth_time"), is_number),
    **dict.fromkeys(("cnf", "act"), lambda value: isinstance(value, dict)),
    "aud": lambda value: isinstance(value, str) or is_strings(value),
    "amr": is_strings,
}


def check_header(header: Mapping[str, Any], alg: str) -> None:
    need(header.get("alg") == alg)
    need("kid" not in header or header["kid"] == f"kid-{alg}")
    need("typ" not in header or is_jwt(header["typ"]))
    need(is_text(header.get("cty", "")))
    if "crit" in header or "b64" in header:
        need(header.get("crit") == ["b64"] and header.get("b64") is True)


def check_outer(outer: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    need(outer.get("alg") == "dir" and outer.get("enc") == "A256GCM")
    need("kid" not in outer or outer["kid"] == "direct")
    need(is_jwt(outer.get("cty")) and is_text(outer.get("typ", "")))
    need(not outer.keys() & {"zip", "crit", "b64"})
    for name in ("iss", "sub", "aud"):
        need(name not in outer or outer[name] == claims.get(name))


def check_claims(claims: Mapping[str, Any], *, dated: bool) -> None:
    for name, value in claims.items():
        need(name not in TYPES or TYPES[name](value))
    audience = claims.get("aud", ())
    need(claims.get("iss") == ISS and "sub" in claims)
    need(AUD in ([audience] if isinstance(audience, str) else audience))
    need(claims.get("exp", -math.inf) > NOW)
    need(claims.get("nbf", 0) <= NOW + 30 and claims.get("iat", 0) <= NOW + 30)
    if dated:
        need("iat" in claims and NOW - 30 - claims["iat"] <= MAX_AGE and claims["exp"] - claims["iat"] <= MAX_LIFETIME)


def oracle(parts: Parts, door: Door, *, ready_made: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give header and claims of an authentic token that this door must accept."""
    limits = door.limits
    need((parts.outer is not None) is door.encrypted)
    bounds = limits.header_bytes, limits.header_depth, 2**limits.header_int_bits
    header = read(parts.header, *bounds)
    check_header(header, parts.alg)
    claims = read(parts.claims, limits.claims_bytes, limits.claims_depth, 10**limits.claims_int_digits)
    if parts.outer is not None:
        outer = read(parts.outer, *bounds)
        if not ready_made:
            check_outer(outer, claims)
    check_claims(claims, dated=door.dated)
    return header, claims


# --- mutations of JSON: members are pairs of raw texts, so that nothing is too odd to be written

Members = list[tuple[str, str]]
LONE, PAIR = '"\\ud800"', '"\\ud83d\\udd11"'
NUMBERS: Final = (
    "0", "-0", "-1", "1", "1.0", "1e0", "0.1", "1e-400", "1e300", "-1e300", "1.7e308", "-1.7e308", "1e400", "-1E400",
    "NaN", "Infinity", "-Infinity", "65535", "65536", "9" * 12, "1" + "0" * 12, "18446744073709551615",
    "18446744073709551616", "-18446744073709551616", "9" * 40, "1" + "0" * 40, "-" + "9" * 40,
    "9" * 300, "1" + "0" * 300, "9" * 4300, "9" * 4301, "9" * 1000 + ".0", "0." + "0" * 500 + "1",
)  # fmt: skip
SHIFTS: Final = (
    -7201, -7200, -3631, -3630, -3600, -31, -30, -1, -0.5, 0, 0.001, 0.5, 1, 29, 30, 30.5, 31, 60, 3600, 7200, 7201, 86400,
)  # fmt: skip
DATES: Final = (
    *(f"{NOW + shift}" for shift in SHIFTS), "1.8e9", "18000000600E-1", "1800000060.0", "1800000060000",
    f'"{NOW + 60}"', f"[{NOW + 60}]",
)  # fmt: skip
STRINGS: Final = (
    '""', '"x"', '"\\u0000"', '"\\n"', LONE, '"\\udc00\\ud800"', PAIR, '"\U0001f511"', '"é"', '"e\u0301"', '"\ufeff"',
    '"\\uD800\\u0041"', '"\\u00e9"', '"\\/"', f'"{ISS}"', f'"{AUD}"', '"JWT"',
    '"\\u004a\\u0057\\u0054"', f'"{ISS}/"', f'"{ISS.upper()}"', f'"{AUD} other"', '"alice\\u0000"',
)  # fmt: skip
OTHERS: Final = (
    "null", "true", "false", "[]", "{}", "[[]]", '[""]', f'["{AUD}"]', f'["{AUD}",null]', f'["x","{AUD}","{AUD}"]',
    f'[["{AUD}"]]', f'{{"0":"{AUD}"}}', '{"a":1,"a":1}', '{"a":{"b":1,"\\u0062":2}}', '["b64"]',
    '["b64","b64"]', '["exp"]', '["alg"]', '["b64",1]', "[NaN]", f"[{LONE}]", f"{{{LONE}:1}}",
)  # fmt: skip
BROKEN: Final = (
    "nan", "01", "+1", "0x10", "1.", ".5", "1e", "1_000", "\u0661", "True", '"a\tb"', '"\\x41"', "'x'", '"x', "x", '"\\"',
    "[1,]", "[,]", "{,}", "{1:2}", "", " ", "[", "]", "}", "1 2", "/**/1", "1//", "undefined", '"\\u12"', '"\\u+123"',
)  # fmt: skip
VALUES: Final = (NUMBERS + STRINGS + OTHERS) * 6 + BROKEN
HEADER_NAMES: Final = (
    "alg", "typ", "kid", "cty", "crit", "b64", "jku", "jwk", "x5u", "x5c", "x5t", "enc", "zip", "epk", "p2c", "iss",
    "sub", "aud", "exp", "x",
)  # fmt: skip
CLAIM_NAMES: Final = (*TYPES, "alg", "typ", "x", "https://example.com/x")
HEADER_VALUES: Final = {
    "alg": [f'"{alg}"' for alg in (*ALGORITHMS, "EdDSA", "none", "None", "hs256", "HS512", "PS256", "dir", "HS256 ", "")],
    "typ": [f'"{typ}"' for typ in ("JWT", "jwt", "application/jwt", "at+jwt", "application/JWT;x", "jwt ", "J\u0057T")],
    "kid": [f'"{kid}"' for kid in (*(f"kid-{alg}" for alg in ALGORITHMS), "direct", "agreed", "KID-HS256", "k" * 1025)],
    "cty": ['"JWT"', '"jwt"', '"application/jwt"', '"text/plain"', '""', "null"],
    "crit": ['["b64"]', '["b64","b64"]', "[]", '["exp"]', '["alg"]', '"b64"', "null", '["b64","x"]', "[1]"],
    "b64": ["true", "false", "1", '"true"', "null"],
    "zip": ['"DEF"', '"def"', "null", "1"],
    "enc": ['"A256GCM"', '"A128CBC-HS256"', '"A128GCM"', '"a256gcm"', "null"],
    "iss": [f'"{ISS}"', f'"{ISS}/"', "null", "1"],
    "aud": [f'"{AUD}"', f'["{AUD}"]', f'["other","{AUD}"]', '"other"', "[]", f'[["{AUD}"]]'],
    "sub": ['"alice"', '"Alice"', "null", "true"],
}  # fmt: skip
Pick = Callable[[Random, str], str]


def header_value(rng: Random, name: str) -> str:
    own = HEADER_VALUES.get(name)
    return rng.choice(own) if own and rng.random() < 0.7 else rng.choice(VALUES)


def claim_value(rng: Random, name: str) -> str:
    if name in ("exp", "nbf", "iat", "auth_time") and rng.random() < 0.7:
        return rng.choice(DATES)
    if name in ("iss", "aud", "sub") and rng.random() < 0.5:
        return rng.choice(HEADER_VALUES[name])
    return rng.choice(VALUES)


def respell(rng: Random, raw: str) -> str:
    """Write the same JSON string in another way: with more escapes than it needs."""
    share = rng.choice((0.1, 0.5, 1.0))
    out = []
    for character in json.loads(raw):
        if character in '"\\' or ord(character) < 32 or rng.random() < share:
            unit = character.encode("utf-16-be", "surrogatepass").hex()
            unit = unit.upper() if rng.random() < 0.5 else unit
            out += [f"\\u{unit[at : at + 4]}" for at in range(0, len(unit), 4)]
        else:
            out.append(character)
    return '"' + "".join(out) + '"'


def is_plain_string(raw: str) -> bool:
    try:
        return isinstance(json.loads(raw), str)
    except ValueError:
        return False


def rename(rng: Random, members: Members, names: tuple[str, ...], pick: Pick) -> None:
    at = rng.randrange(len(members))
    name, value = members[at]
    plain = name[1:-1]
    new = rng.choice(
        (plain.upper(), plain.title(), plain + " ", " " + plain, plain + "\u200b", "", plain[:-1], rng.choice(names),
         plain.replace("a", "\u0430"), plain + "\\u0000")
    )  # fmt: skip
    members[at] = f'"{new}"', value


def duplicate(rng: Random, members: Members, names: tuple[str, ...], pick: Pick) -> None:
    name, value = rng.choice(members)
    other = rng.choice((value, value, pick(rng, name[1:-1])))
    spelled = respell(rng, name) if is_plain_string(name) and rng.random() < 0.3 else name
    if rng.random() < 0.4:
        spelled = f"{spelled[:-1]}2{spelled[-1:]}"  # nearly the same name, which is another one
    members.insert(rng.randrange(len(members) + 1), (spelled, other))


def retype(rng: Random, members: Members, names: tuple[str, ...], pick: Pick) -> None:
    at = rng.randrange(len(members))
    name = members[at][0]
    members[at] = name, pick(rng, name[1:-1])


def requote(rng: Random, members: Members, names: tuple[str, ...], pick: Pick) -> None:
    """Turn a value into a string, and a string into what stands in it or around it."""
    at = rng.randrange(len(members))
    name, value = members[at]
    unquoted = rng.choice((value[1:-1], f"[{value}]", f'{{"value":{value}}}'))
    members[at] = name, unquoted if value[:1] == '"' else json.dumps(value, ensure_ascii=False)


def renumber(rng: Random, members: Members, names: tuple[str, ...], pick: Pick) -> None:
    """Write a number in another way, often an equal one."""
    numbers = [at for at, (_, value) in enumerate(members) if re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]+)?", value)]
    if not numbers:
        return
    at = rng.choice(numbers)
    name, value = members[at]
    members[at] = name, rng.choice(
        (f"{value}e0", f"{float(value)!r}", f"{float(value):e}", f"{float(value):.3E}", f"0{value}", f"+{value}",
         f"{value}0" if "." in value else f"{value}.0", f"{value}0e-1", f'"{value}"', f"{value}.", f"-{value}",
         f"{value}" + "0" * 30, f"{value}e999", f"[{value}]")
    )  # fmt: skip


def delete(rng: Random, members: Members, names: tuple[str, ...], pick: Pick) -> None:
    del members[rng.randrange(len(members))]


def reorder(rng: Random, members: Members, names: tuple[str, ...], pick: Pick) -> None:
    rng.shuffle(members)


def reescape(rng: Random, members: Members, names: tuple[str, ...], pick: Pick) -> None:
    at = rng.randrange(len(members))
    name, value = members[at]
    if is_plain_string(value) and rng.random() < 0.7:
        members[at] = name, respell(rng, value)
    elif is_plain_string(name):
        members[at] = respell(rng, name), value


def insert(rng: Random, members: Members, names: tuple[str, ...], pick: Pick) -> None:
    name = rng.choice(names)
    if rng.random() < 0.9:
        members[:] = [member for member in members if member[0] != f'"{name}"']
    members.insert(rng.randrange(len(members) + 1), (f'"{name}"', pick(rng, name)))


def nest(rng: Random, members: Members, names: tuple[str, ...], pick: Pick) -> None:
    depth = rng.choice((1, 2, 3, 4, 5, 6, 14, 15, 16, 17, 62, 63, 64, 65, 200, 5000 if rng.random() < 0.05 else 7))
    left, right = rng.choice((("[", "]"), ('{"a":', "}"), ('[{"[":', "}]")))
    inside = rng.choice(("1", '""', '"[[{{"', '"\\"["', "null", LONE))
    members.append((f'"n{rng.randrange(9)}"', left * depth + inside + right * depth))


def require_extension(rng: Random, members: Members, names: tuple[str, ...], pick: Pick) -> None:
    """The one pair of members that a recipient may have to understand, spelled well and badly."""
    good = rng.random() < 0.5
    members += [('"crit"', '["b64"]' if good else pick(rng, "crit")), ('"b64"', "true" if good else pick(rng, "b64"))]


def redate(rng: Random, members: Members, names: tuple[str, ...], pick: Pick) -> None:
    for name in rng.sample(("exp", "nbf", "iat"), rng.choice((1, 2, 3))):
        members[:] = [member for member in members if member[0] != f'"{name}"']
        members.append((f'"{name}"', rng.choice(DATES)))


MEMBERS: Final = {
    function.__name__: function
    for function in (
        rename, duplicate, retype, requote, renumber, delete, reorder, reescape, insert, nest, require_extension, redate,
    )
}  # fmt: skip


def pad(rng: Random, text: str, size: int) -> str:
    """Bring a text to the limit, or one octet to either side of it."""
    room = size + rng.choice((-1, 0, 1)) - len(text.encode("utf-8", "surrogatepass")) - len(',"pad":""')
    return f'{text[:-1]},"pad":"{"x" * room}"}}' if room >= 0 and text[-1:] == "}" else text


DOCUMENTS: Final[Mapping[str, Callable[[Random, bytes], bytes]]] = {
    "byte order mark": lambda rng, octets: b"\xef\xbb\xbf" + octets,
    "UTF-16": lambda rng, octets: octets.decode("utf-8", "replace").encode(rng.choice(("utf-16", "utf-16-le", "utf-16-be"))),
    "UTF-32": lambda rng, octets: octets.decode("utf-8", "replace").encode(rng.choice(("utf-32", "utf-32-le", "utf-32-be"))),
    "latin-1": lambda rng, octets: octets.decode("utf-8", "replace").encode("latin-1", "replace"),
    "surrogates in UTF-8": lambda rng, octets: octets.replace(b'":"', b'":"\xed\xa0\x80', 1),
    "overlong UTF-8": lambda rng, octets: octets.replace(b'":"', b'":"\xc0\xaf', 1),
    "an octet": lambda rng, octets: put(octets, rng.randrange(len(octets) + 1), 0, rng.randbytes(1)),
    "an octet replaced": lambda rng, octets: put(octets, rng.randrange(len(octets) + 1), 1, rng.randbytes(1)),
    "a bit": lambda rng, octets: flip(octets, rng.randrange(max(1, 8 * len(octets)))),
    "cut short": lambda rng, octets: octets[: rng.randrange(len(octets) + 1)],
    "tail": lambda rng, octets: octets + rng.choice((b"\0", b" ", b"\n", b"{}", b"x", b",", b"}", b"\x0c", b"//")),
    "head": lambda rng, octets: rng.choice((b"\0", b" ", b"\t", b"x", b"{", b"\x0b", b"/**/", b"\xc2\xa0")) + octets,
    "inside an array": lambda rng, octets: b"[" + octets + b"]",
    "something else": lambda rng, octets: rng.choice((b"", b"{}", b"[]", b"null", b'"{}"', b"0", b"{", b"}")),
    "trailing comma": lambda rng, octets: octets[:-1] + b",}",
    "other quotes": lambda rng, octets: octets.replace(b'"', b"'"),
}  # fmt: skip


def put(octets: bytes, at: int, replaced: int, new: bytes) -> bytes:
    return octets[:at] + new + octets[at + replaced :]


def flip(octets: bytes, bit: int) -> bytes:
    changed = bytearray(octets)
    if changed:
        changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@cache
def members_of(octets: bytes) -> tuple[tuple[str, str], ...]:
    return tuple((dumps(name).decode(), dumps(value).decode()) for name, value in json.loads(octets).items())


def change_json(rng: Random, octets: bytes, names: tuple[str, ...], pick: Pick, size: int, trail: list[str]) -> bytes:
    """Change one JSON object in one to three ways."""
    members: Members = list(members_of(octets))
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        name = rng.choice(tuple(MEMBERS))
        if members:
            trail.append(name)
            MEMBERS[name](rng, members, names, pick)
    blank, colon = (
        ("", ":") if rng.random() < 0.9 else (rng.choice((" ", "\n", "\r\n\t", " ", "\x0c", "\u00a0")), " : ")
    )
    text = "{" + f"{blank},{blank}".join(f"{name}{colon}{value}" for name, value in members) + "}"
    if rng.random() < (0.15 if size < 5000 else 0.004):
        trail.append("size")
        text = pad(rng, text, size)
    octets = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.1:
        name = rng.choice(tuple(DOCUMENTS))
        trail.append(name)
        octets = DOCUMENTS[name](rng, octets)
    return octets


# --- mutations of text

ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ODD: Final = (
    "=", "==", "+", "/", " ", "\n", "\r\n", "\t", "\0", ".", "..", "~", "%2E", "%3D", "é", "\uff21", "\u0410", "\u200b",
    "\ufeff", "\ud800", "\udc00", "\x85", "\u2028", "\U0001f511", "'", '"', "Bearer ", "b'", "{", "\\", "\x7f", ",",
)  # fmt: skip
ES256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
MODULUS: Final = int.from_bytes(decode(KEYS["RS256"].to_dict()["n"]))


def swap_segments(rng: Random, text: str) -> str:
    segments = text.split(".")
    one, other = rng.randrange(len(segments)), rng.randrange(len(segments))
    segments[one], segments[other] = segments[other], segments[one]
    return ".".join(segments)


def change_segment(rng: Random, text: str, change: Callable[[str], str]) -> str:
    segments = text.split(".")
    at = rng.randrange(len(segments))
    segments[at] = change(segments[at])
    return ".".join(segments)


def drop_segment(rng: Random, text: str) -> str:
    segments = text.split(".")
    del segments[rng.randrange(len(segments))]
    return ".".join(segments)


def repeat_segment(rng: Random, text: str) -> str:
    segments = text.split(".")
    segments.insert(rng.randrange(len(segments) + 1), rng.choice(segments))
    return ".".join(segments)


def borrow_segment(rng: Random, text: str) -> str:
    """Put segments of another good token into this one, most often the same segments."""
    other = rng.choice(GOOD_TEXTS[rng.random() < 0.3]).split(".")
    segments = text.split(".")
    for _ in range(rng.choice((1, 1, 2))):
        at = rng.randrange(len(segments))
        segments[at] = other[at % len(other)] if rng.random() < 0.8 else rng.choice(other)
    return ".".join(segments)


def at_random(rng: Random, text: str, change: Callable[[str], str]) -> str:
    if not text:
        return text
    at = rng.randrange(len(text))
    return text[:at] + change(text[at]) + text[at + 1 :]


def stray_bits(rng: Random, segment: str) -> str:
    """Change bits of the last character that carry no data (RFC 4648 section 3.5)."""
    unused = {2: 4, 3: 2}.get(len(segment) % 4)
    if unused is None or segment[-1] not in ALPHABET:
        return segment
    return segment[:-1] + ALPHABET[ALPHABET.index(segment[-1]) ^ rng.randrange(1 << unused)]


def change_octets(rng: Random, segment: str) -> str:
    """Change the octets of a segment, and encode them well."""
    try:
        octets = decode(segment)
    except ValueError:
        return segment
    change = rng.randrange(8)
    if change < 3:
        return encode(flip(octets, rng.randrange(max(1, 8 * len(octets)))))
    if change == 3:
        return encode(octets[: rng.randrange(len(octets) + 1)])
    if change == 4:
        return encode(octets + rng.randbytes(rng.choice((1, 2, 16))))
    if change == 5:
        return encode(bytes(len(octets)))
    return encode(octets[::-1]) if change == 6 else encode(b"\0" + octets)


def other_signature(rng: Random, text: str) -> str:
    """Write the numbers of a signature in another way, or put equal ones, modulo the order of their group."""
    message, _, last = text.rpartition(".")
    try:
        octets = decode(last)
    except ValueError:
        return text
    if len(octets) == 256:
        number = int.from_bytes(octets) + rng.choice((MODULUS, -MODULUS))
        return f"{message}.{encode(number.to_bytes(256))}" if 0 <= number < 2**2048 else text
    if len(octets) != 64:
        return text
    one, other = octets[:32], octets[32:]
    if rng.random() < 0.5:
        number = int.from_bytes(other, "little") + ED25519_ORDER * rng.choice((1, 2, 8))
        return f"{message}.{encode(one + (number % 2**256).to_bytes(32, 'little'))}"
    number = (int.from_bytes(other) + ES256_ORDER) % 2**256
    padded = b"\0" + one + b"\0" + other
    return f"{message}.{encode(rng.choice((one + number.to_bytes(32), other + one, one + one, padded)))}"


def lengthen(rng: Random, text: str) -> str:
    limit = rng.choice((TIGHT.token_bytes, TIGHT.token_bytes, Limits().token_bytes if rng.random() < 0.1 else 1000))
    return text + rng.choice("AQ.= ") * max(0, limit + rng.choice((-1, 0, 1)) - len(text))


TEXTS: Final[Mapping[str, Callable[[Random, str], str]]] = {
    "swap segments": swap_segments,
    "drop a segment": drop_segment,
    "repeat a segment": repeat_segment,
    "empty a segment": lambda rng, text: change_segment(rng, text, lambda _: ""),
    "borrow segments": borrow_segment,
    "replace a character": lambda rng, text: at_random(rng, text, lambda _: rng.choice(ALPHABET)),
    "insert a character": lambda rng, text: at_random(rng, text, lambda one: one + rng.choice(ALPHABET)),
    "drop a character": lambda rng, text: at_random(rng, text, lambda _: ""),
    "swap the case of a character": lambda rng, text: at_random(rng, text, str.swapcase),
    "put something odd": lambda rng, text: at_random(rng, text, lambda one: rng.choice((one, "")) + rng.choice(ODD)),
    "put something odd before": lambda rng, text: rng.choice(ODD) + text,
    "put something odd behind": lambda rng, text: text + rng.choice(ODD),
    "quote": lambda rng, text: rng.choice(('"{}"', "'{}'", "b'{}'", "Bearer {}", "\n{}\n", '{{"payload":"{}"}}')).format(text),
    "pad a segment": lambda rng, text: change_segment(rng, text, lambda one: one + rng.choice(("=", "==", "====", "A", "AAAA"))),
    "cut a segment": lambda rng, text: change_segment(rng, text, lambda one: one[: rng.randrange(len(one) + 1)]),
    "stray bits": lambda rng, text: change_segment(rng, text, lambda one: stray_bits(rng, one)),
    "other alphabet": lambda rng, text: text.replace("-", "+").replace("_", "/"),
    "white space": lambda rng, text: rng.choice(("{} ", " {}", "{}\n", "{}\r\n", "\t{}", "{}\x0b", "{}\x1f", "\u00a0{}")).format(text),
    "other case": lambda rng, text: rng.choice((text.upper(), text.lower(), text.swapcase())),
    "other octets": lambda rng, text: change_segment(rng, text, lambda one: change_octets(rng, one)),
    "other signature": other_signature,
    "lengthen": lengthen,
    "dots": lambda rng, text: rng.choice((text + ".", "." + text, text.replace(".", ".."), text.replace(".", ""), "." * 4000)),
}  # fmt: skip
CARRIERS: Final[Mapping[str, Callable[[str], object]]] = {
    "bytes": lambda text: text.encode("utf-8", "surrogatepass"),
    "bytearray": lambda text: bytearray(text.encode("utf-8", "surrogatepass")),
    "memoryview": lambda text: memoryview(text.encode("utf-8", "surrogatepass")),
    "None": lambda text: None,
    "list": lambda text: [text],
    "tuple of segments": lambda text: tuple(text.split(".")),
    "list of characters": lambda text: list(text[:50]),
    "dict": lambda text: {"token": text},
    "int": len,
}


# --- a mutant


@dataclass
class Mutant:
    """One mutant; `parts` are what the text says in truth, or None where nobody who may has signed it."""

    seed: int
    door: Door
    text: str
    parts: Parts | None
    inner: str | None = None
    ready_made: bool = False
    carrier: str = ""
    trail: list[str] = field(default_factory=list)

    @property
    def given(self) -> Any:
        return CARRIERS[self.carrier](self.text) if self.carrier else self.text


DOOR_NAMES: Final = tuple(DOORS)
DOOR_WEIGHTS: Final = tuple(accumulate(weight for weight, _ in DOORS.values()))


def change_text(rng: Random, mutant: Mutant) -> None:
    """Change the text in one to three ways; what comes out is authentic only where it is a known good token."""
    before = mutant.text
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        name = rng.choice(tuple(TEXTS))
        mutant.trail.append(name)
        mutant.text = TEXTS[name](rng, mutant.text)
    if mutant.text != before:
        know(mutant)


def know(mutant: Mutant) -> None:
    """Look the text up among the good tokens."""
    mutant.parts = GOOD[mutant.door.encrypted].get(mutant.text)
    mutant.inner, mutant.ready_made = None, True


def sign(rng: Random, alg: str, mutant: Mutant, original: Parts) -> str:
    """Sign what was changed: mostly with the real key, and else as well as somebody can who does not have it."""
    parts = mutant.parts
    assert parts is not None
    how = rng.random()
    if how < 0.75:
        mutant.trail.append("signed")
        return signed(KEYS[alg], parts.header, parts.claims)
    if (parts.header, parts.claims) != (original.header, original.claims):
        mutant.parts = None
    message = f"{encode(parts.header)}.{encode(parts.claims)}"
    if how < 0.85:
        mutant.trail.append("with the old signature")
        return f"{message}.{OLD_SIGNATURES[alg, original.header, original.claims]}"
    mutant.parts = None
    if how < 0.95 and alg in STRANGERS:
        mutant.trail.append("signed by a stranger")
        return signed(STRANGERS[alg], parts.header, parts.claims)
    mutant.trail.append("with no signature")
    return f"{message}."


def mutate(seed: int) -> Mutant:
    """Make one mutant, always the same one from the same seed, as far as keys and nonces are the same."""
    rng = Random(seed)
    door = DOORS[rng.choices(DOOR_NAMES, cum_weights=DOOR_WEIGHTS)[0]][1]
    if rng.random() < 0.35:
        text = rng.choice(GOOD_TEXTS[door.encrypted])
        mutant = Mutant(seed, door, text, GOOD[door.encrypted][text], ready_made=True)
        change_text(rng, mutant)
    else:
        mutant = change_parts(rng, Mutant(seed, door, "", None))
        if rng.random() < 0.1:
            change_text(rng, mutant)
    if rng.random() < 0.03:
        mutant.carrier = rng.choice(tuple(CARRIERS))
        mutant.trail.append(mutant.carrier)
    return mutant


def change_parts(rng: Random, mutant: Mutant) -> Mutant:
    limits, trail = mutant.door.limits, mutant.trail
    alg = rng.choices(ALGORITHMS, cum_weights=(8, 12, 18, 19))[0]
    original = Parts(alg, HEADERS[alg], rng.choice(CLAIMS))
    parts = mutant.parts = replace(original)
    what = rng.randrange(8)
    if what < 3:
        trail.append("header:")
        parts.header = change_json(rng, parts.header, HEADER_NAMES, header_value, limits.header_bytes, trail)
    if what > 1:
        trail.append("claims:")
        parts.claims = change_json(rng, parts.claims, CLAIM_NAMES, claim_value, limits.claims_bytes, trail)
    mutant.text = sign(rng, alg, mutant, original)
    if mutant.door.encrypted:
        trail.append("encrypted:")
        outer = OUTER
        if rng.random() < 0.4:
            outer = change_json(rng, outer, HEADER_NAMES, header_value, limits.header_bytes, trail)
        if mutant.parts is not None:
            mutant.parts.outer = outer
        mutant.inner = mutant.text
        if rng.random() < 0.1:
            name = rng.choice(tuple(TEXTS))
            trail.append(name)
            mutant.inner = TEXTS[name](rng, mutant.text)
            if mutant.inner != mutant.text:
                known = GOOD[False].get(mutant.inner)
                mutant.parts = known and replace(known, outer=outer)
        mutant.text = sealed(rng, outer, mutant.inner)
    return mutant


# --- what no error may show

WINDOW: Final = 24


def secret_forms(key: JWK) -> Iterator[str]:
    members = key.to_dict(private=True)
    for name in ("d", "p", "q", "dp", "dq", "qi", "k"):
        if name in members:
            octets = decode(members[name])
            yield from (members[name], octets.hex(), repr(octets)[2:-1], str(int.from_bytes(octets)))


SECRETS: Final = tuple(
    dict.fromkeys(
        [form for key in (*KEYS.values(), *STRANGERS.values(), AGREED, WRAPPED, DIRECT) for form in secret_forms(key)]
        + [part for texts in GOOD_TEXTS.values() for text in texts for part in text.split(".") if len(part) >= WINDOW]
    )
)


class Shown:
    """Everything that a run showed to anybody, searched for what it must not show."""

    def __init__(self) -> None:
        self.places: Counter[tuple[object, ...]] = Counter()
        self.longest = 0
        self._texts: list[str] = []
        self._size = 0

    def error(self, error: BaseException) -> list[str]:
        """Give all that can be read off an error by whoever logs it."""
        texts = []
        if isinstance(error, ClaimsError):
            texts += [part for one in error.mismatches for part in (repr(one), one.message)]
        self.longest = max(self.longest, len(str(error)))
        cause: BaseException | None = error
        last = error.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        place = type(error), getattr(error, "code", None), last and (last.tb_frame.f_code.co_filename, last.tb_lineno)
        self.places[place] += 1
        if self.places[place] < 4 or not self.places[place] % 500:
            texts.append("".join(traceback.format_exception(error)))
        while cause is not None:
            texts += [str(cause), repr(cause)]
            cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
        return texts

    def add(self, texts: list[str], *tokens: object) -> str:
        """Search for the tokens at hand, and keep the texts for the search for secrets; give what was found."""
        shown = "\n".join(texts)
        for token in tokens:
            if isinstance(token, str):
                for part in token.split(".", 5):
                    for window in (part[:WINDOW], part[-WINDOW:]):
                        # Spaces are left out, because a traceback is indented with them.
                        if len(window) == WINDOW and " " not in window and window in shown:
                            return f"a part of the token is shown: {shown}"
        self._texts.append(shown)
        self._size += len(shown)
        return self.search() if self._size > 2**20 else ""

    def search(self) -> str:
        shown = "\n".join(self._texts)
        self._texts.clear()
        self._size = 0
        found = next((secret for secret in SECRETS if secret in shown), None)
        return "" if found is None else f"a secret is shown: {found}"


# --- the property


def canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=dict)


class Run:
    """All mutants of a run through both doors."""

    def __init__(self) -> None:
        self.shown = Shown()
        self.outcomes: Counter[str] = Counter()
        self.done: Counter[str] = Counter()

    def complain(self, mutant: Mutant, words: str) -> None:
        pytest.fail(
            f"{words}\nseed {mutant.seed}, {mutant.trail}\nparts: {mutant.parts}\n"
            f"inner: {mutant.inner!r}\ngiven: {mutant.given!r}",
            pytrace=False,
        )

    def look(self, mutant: Mutant) -> None:
        self.done.update(mutant.trail)
        try:
            truth = self.truth(mutant)
        except Refused:
            truth = None
        given = mutant.given
        token = self.call(mutant, lambda: mutant.door.verifier.verify(given, now=NOW))
        parsed = self.call(mutant, lambda: UnverifiedToken.parse(given, limits=mutant.door.limits))
        if isinstance(parsed, UnverifiedToken) and re.fullmatch(r"[\w.-]+", mutant.text, re.ASCII) is None:
            self.complain(mutant, "no token has such characters, and it parses")
        if truth is None:
            if isinstance(token, Token):
                self.complain(mutant, f"accepted: {dict(token.claims)}")
            return
        if not isinstance(token, Token):
            self.complain(mutant, f"refused: {token!r}")
            return
        header, claims = truth
        if canonical(dict(token.claims)) != canonical(claims) or canonical(dict(token.header)) != canonical(header):
            self.complain(mutant, f"altered: {dict(token.header)} {dict(token.claims)}")
        # Of a nested token it is the one inside; of one that was made elsewhere that is not known here.
        if token.compact != (mutant.inner or token.compact if mutant.door.encrypted else mutant.text):
            self.complain(mutant, "another text")
        if not isinstance(parsed, UnverifiedToken):
            self.complain(mutant, "verified, but it does not parse")
        elif parsed.kind == "JWS" and canonical(parsed.unverified_claims) != canonical(claims):
            self.complain(mutant, "verified and unverified claims differ")

    def truth(self, mutant: Mutant) -> tuple[dict[str, Any], dict[str, Any]]:
        need(not mutant.carrier and len(mutant.text) <= mutant.door.limits.token_bytes and mutant.parts)
        assert mutant.parts is not None
        return oracle(mutant.parts, mutant.door, ready_made=mutant.ready_made)

    def call(self, mutant: Mutant, function: Callable[[], object]) -> object:
        answer: object
        try:
            answer = function()
            texts = [repr(answer), str(answer)]
            if isinstance(answer, Token):
                texts += [repr(answer.claims), repr(answer.header)]
        except JwtkitError as error:
            answer = error
            texts = self.shown.error(error)
            if isinstance(error, UsageError) is not bool(mutant.carrier):
                self.complain(mutant, f"whose fault is it? {error!r}")
        except Exception as error:  # noqa: BLE001  # the finding this test is for
            answer = None
            self.complain(mutant, f"a stray exception: {error!r}\n{''.join(traceback.format_exception(error))}")
        self.outcomes[type(answer).__name__] += 1
        found = self.shown.add(texts, mutant.text, mutant.inner)
        if found:
            self.complain(mutant, found)
        return answer


def test_mutated_tokens_are_refused_or_say_what_was_signed() -> None:
    run = Run()
    for seed in range(MUTATIONS):
        run.look(mutate(seed))
    found = run.shown.search()
    assert not found, found
    assert run.shown.longest < 1000
    if MUTATIONS >= 10_000:
        # The mutator is a good one only if it reaches all of this.
        assert not {*MEMBERS, *DOCUMENTS, *TEXTS, *CARRIERS} - run.done.keys()
        refusals = "Malformed NotAllowed KeyNotFound Signature Decryption Claims Expired Usage"
        assert not {f"{name}Error" for name in refusals.split()} - run.outcomes.keys()
        assert run.outcomes["Token"] > MUTATIONS / 10


def test_the_search_for_secrets_finds_them() -> None:
    secret = KEYS["ES256"].to_dict(private=True)["d"]
    text = GOOD_TEXTS[False][0]
    for words in (secret, decode(secret).hex(), str(int.from_bytes(decode(secret))), text, text.split(".")[2]):
        shown = Shown()
        error = ValueError(f"before {words} after")
        assert "a secret is shown" in shown.add(shown.error(error)) + shown.search()
    assert "a part of the token" in Shown().add([f"no {text[:WINDOW]}"], text)


# --- the one exception, and the ends of what numbers and nesting can be


def test_an_ecdsa_signature_has_a_twin() -> None:
    """If (R, S) is a signature, (R, n - S) is one too, of the same octets: RFC 7518 allows both, so both are accepted.

    It is the one way to change the text of a signed token without its key. What the token says stays the same, so
    whoever must know a token again goes by its `jti` and not by its text.
    """
    text = next(text for text, parts in GOOD[False].items() if parts.alg == "ES256")
    message, _, last = text.rpartition(".")
    octets = decode(last)
    twin = encode(octets[:32] + (ES256_ORDER - int.from_bytes(octets[32:])).to_bytes(32))
    verifier = DOORS["plain"][1].verifier
    token, other = verifier.verify(text, now=NOW), verifier.verify(f"{message}.{twin}", now=NOW)
    assert twin != last
    assert (token.header, token.claims) == (other.header, other.claims)


LONG: Final = "1" + "0" * 299
LONG_INTEGERS: Final = Limits(claims_int_digits=300)
DEEP: Final = Limits(claims_depth=200, header_depth=200)
ARRAYS: Final = "[" * 199 + "]" * 199
# (limits, more of the policy, more of the header, claims besides iss, sub and aud)
EXTREMES: dict[str, tuple[Limits, dict[str, Any], str, str]] = {
    "expires at the end of the doubles": (Limits(), {}, "", '"exp":1.7e308'),
    "expired at the beginning of the doubles": (Limits(), {}, "", '"exp":-1.7e308'),
    "begins at the end of the doubles": (Limits(), {}, "", '"exp":1.7e308,"nbf":1.7e308'),
    "as old as the doubles": (Limits(), {"max_age": 60}, "", '"exp":1.7e308,"iat":-1.7e308'),
    "lives as long as half of the doubles": (Limits(), {"max_lifetime": 60}, "", '"exp":1.7e308,"iat":0'),
    "lives from end to end of the doubles": (Limits(), {"max_lifetime": 60}, "", '"exp":1.7e308,"iat":-1.7e308'),
    "expires, 300 digits": (LONG_INTEGERS, {}, "", f'"exp":{LONG}'),
    "expired, 300 digits": (LONG_INTEGERS, {}, "", f'"exp":-{LONG}'),
    "begins, 300 digits": (LONG_INTEGERS, {}, "", f'"exp":{LONG},"nbf":{LONG}'),
    "issued, 300 digits": (LONG_INTEGERS, {}, "", f'"exp":{LONG},"iat":{LONG}'),
    "old, 300 digits": (LONG_INTEGERS, {"max_age": 60}, "", f'"exp":{LONG},"iat":-{LONG}'),
    "lives, 300 digits": (LONG_INTEGERS, {"max_lifetime": 60}, "", f'"exp":{LONG},"iat":0.5'),
    "claims, 200 levels": (DEEP, {}, "", f'"exp":1.7e308,"x":{ARRAYS}'),
    "header, 200 levels": (DEEP, {}, f',"x":{ARRAYS}', '"exp":1.7e308'),
}


@pytest.mark.parametrize(
    ("limits", "policy", "header", "claims"),
    EXTREMES.values(),
    ids=EXTREMES,
)
def test_mutated_to_the_extreme(limits: Limits, policy: dict[str, Any], header: str, claims: str) -> None:
    """Bounds that a program sets wider than the defaults hold too."""
    key = KEYS["HS256"]
    octets = f'{{"iss":"{ISS}","sub":"alice","aud":"{AUD}",{claims}}}'.encode()
    text = signed(key, f'{{"alg":"HS256"{header}}}'.encode(), octets)
    verifier = TokenVerifier(keys=key, algorithms=["HS256"], issuer=ISS, audience=AUD, limits=limits, **policy)
    for now in (NOW, NOW + 0.5):
        assert UnverifiedToken.parse(text, limits=limits).unverified_claims["iss"] == ISS
        try:
            assert dict(verifier.verify(text, now=now).claims)["iss"] == ISS
        except RejectedError as refusal:
            assert len(str(refusal)) < 1000
