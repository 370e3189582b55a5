"""What people read when they have made a typical mistake: the whole sentence, and the code that stays when it changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

import pytest

from jwtkit import JWK, JWKS, Claims, ClaimsError, JwtkitError, Token, TokenVerifier, jwe, jws, numeric_date
from jwtkit.errors import ErrorCode

NOW = 1_795_446_083
HS = JWK.generate("HS256", kid="h")
RSA1, RSA2 = JWK.generate("RS256", kid="k1"), JWK.generate("RS256", kid="k2")
EC = JWK.generate("ES256", kid="k1")
CLAIMS = {"iss": "https://auth.example.com", "aud": "api", "sub": "s", "exp": NOW + 60}
GOOD = jws.sign(json.dumps(CLAIMS).encode(), HS)


def verify(text: Any, keys: Any = HS, *, algorithms: Any = ("HS256",), **named: Any) -> object:
    policy: dict[str, Any] = {"issuer": "https://auth.example.com", "audience": "api", **named}
    return TokenVerifier(keys=keys, algorithms=algorithms, **policy).verify(text, now=NOW)


def with_claims(**claims: Any) -> str:
    return jws.sign(json.dumps({**CLAIMS, **claims}).encode(), HS)


def nameless(key: JWK) -> JWK:
    return JWK.parse({name: value for name, value in key.to_dict(private=True).items() if name != "kid"})


def signed_by(key: JWK, typ: str | None = None) -> str:
    return jws.sign(json.dumps(CLAIMS).encode(), key, typ=typ)


MESSAGES: dict[str, tuple[Callable[[], object], str, str]] = {
    "expired": (
        lambda: verify(with_claims(exp=NOW - 3581)),
        "expired",
        "token expired 59m 41s ago (exp=1795442502, now=1795446083, leeway=0)",
    ),
    "expired five seconds ago": (
        lambda: verify(with_claims(exp=NOW - 5)),
        "expired",
        "token expired 5s ago (exp=1795446078, now=1795446083, leeway=0)",
    ),
    "for somebody else": (
        lambda: verify(with_claims(aud="other")),
        "claims",
        "audience mismatch: token is for 'other', this verifier accepts 'api'",
    ),
    "for nobody": (lambda: verify(with_claims(aud=[])), "claims", "audience mismatch: token is for nobody, this verifier accepts 'api'"),
    "from somebody else, by a slash": (
        lambda: verify(with_claims(iss="https://auth.example.com/")),
        "claims",
        ("issuer mismatch: token is from 'https://auth.example.com/', this verifier accepts 'https://auth.example.com' "
        "(they differ only in the final slash, and issuers are compared exactly)"),
    ),
    "not valid yet": (
        lambda: verify(with_claims(nbf=NOW + 60)),
        "claims",
        "not valid for another 1m 0s (nbf=1795446143, now=1795446083, leeway=30): check the clock or pass leeway=",
    ),
    "not valid yet, without leeway": (
        lambda: verify(with_claims(nbf=NOW + 30), leeway=0),
        "claims",
        "not valid for another 30s (nbf=1795446113, now=1795446083, leeway=0): check the clock or pass leeway=",
    ),
    "issued in the future": (
        lambda: verify(with_claims(iat=NOW + 31)),
        "claims",
        "not issued for another 31s (iat=1795446114, now=1795446083, leeway=30): check the clock or pass leeway=",
    ),
    "exp as text": (lambda: verify(with_claims(exp="tomorrow")), "claims", "claim 'exp' must be a number, got a string"),
    "everything at once": (
        lambda: verify(with_claims(aud="x", exp=1, sub=7)),
        "claims",
        ("claim 'sub' must be a string, got a number; audience mismatch: token is for 'x', this verifier accepts 'api'; "
        "token expired 20780d 15h ago (exp=1, now=1795446083, leeway=0)"),
    ),
    "an EC key for RS256": (
        lambda: verify(signed_by(RSA1), JWKS([EC.public()]), algorithms=["RS256"]),
        "key_unfit",
        "alg RS256 needs an RSA key, got EC P-256 for ES256 (kid 'k1')",
    ),
    "an EC key for RS256, found out when it is given": (
        lambda: verify(GOOD, EC, algorithms=["RS256"]),
        "key_unfit",
        "alg RS256 needs an RSA key, got EC P-256 for ES256 (kid 'k1')",
    ),
    "a PEM text as HMAC secret": (
        lambda: JWK.from_secret(RSA1.to_pem().encode(), alg="HS256"),
        "secret_is_a_key",
        "this looks like a PEM key; an HMAC secret must be random bytes. Use JWK.from_pem(...)",
    ),
    "no kid, two keys": (
        lambda: verify(signed_by(nameless(RSA1)), JWKS([RSA1.public(), RSA2.public()]), algorithms=["RS256"]),
        "ambiguous_key",
        "token has no kid and the set holds 2 usable RS256 keys ('k1', 'k2'); pass the one you mean as keys=",
    ),
    "unknown kid": (
        lambda: verify(signed_by(JWK.generate("RS256", kid="k9")), JWKS([RSA1.public(), RSA2.public()]), algorithms=["RS256"]),
        "key_not_found",
        "no key 'k9' for alg RS256 in the set (has 'k1', 'k2'); refetch the JWKS",
    ),
    "a newline at the end": (lambda: verify(GOOD + "\n"), "newline", "token ends with a newline; strip() it"),
    "a space at the beginning": (lambda: verify(" " + GOOD), "white_space", "token has white space around it; strip() it"),
    "bytes": (lambda: verify(GOOD.encode()), "token_is_not_text", "token is bytes: use .decode('ascii')"),
    "str(bytes)": (lambda: verify(str(GOOD.encode())), "bytes_repr", "token looks like str(bytes): use .decode('ascii')"),
    "None": (lambda: verify(None), "token_is_not_text", "token is None: check that there is one before verifying it"),
    "empty": (lambda: verify(""), "empty", "token is empty"),
    "Bearer left in": (lambda: verify("Bearer " + GOOD), "bearer_prefix", "remove the 'Bearer ' prefix before verifying"),
    "quotes left on": (lambda: verify(f'"{GOOD}"'), "quoted", "token is wrapped in quotes: remove them"),
    "an opaque token": (
        lambda: verify("2YotnFZFEjr1zCsicMWpAA"),
        "opaque",
        "token has no dots, so it is not a JWT: an opaque token needs introspection instead",
    ),
    "cut short": (lambda: verify(GOOD.rpartition(".")[0]), "segments", "token has 2 segments: a signed token has 3"),
    "encrypted": (
        lambda: verify(jwe.encrypt(b"x", JWK.generate("A128KW"), enc="A128GCM")),
        "encrypted",
        "this is an encrypted token (JWE, 5 segments), but a signed one (JWS) is expected",
    ),
    "too large": (
        lambda: verify("a" * 262_145),
        "too_large",
        "token has 262145 characters, more than Limits.token_bytes=262144",
    ),
    "a key set as JSON text": (
        lambda: verify(GOOD, json.dumps({"keys": []})),
        "unparsed_keys",
        ("keys must be parsed, so that it is clear what it is: JWKS.parse(...) for a key set, JWK.parse(...) or "
        "JWK.from_pem(...) for one key, JWK.from_secret(...) for HMAC"),
    ),
    "alg not allowed": (
        lambda: verify(GOOD, RSA1, algorithms=["RS256"]),
        "alg_not_allowed",
        "alg 'HS256' not in the allowed set ('RS256',)",
    ),
    "algorithms as text": (
        lambda: verify(GOOD, algorithms="HS256"),
        "algorithms_is_text",
        "algorithms is a list: write algorithms=['HS256']",
    ),
    "typ of another purpose": (
        lambda: verify(signed_by(HS, "at+jwt")),
        "typ_mismatch",
        "typ 'at+jwt' is for another purpose: pass typ='at+jwt' if that is what you verify",
    ),
    "typ missing": (lambda: verify(GOOD, typ="at+jwt"), "typ_mismatch", "typ mismatch: token has None, this verifier accepts 'at+jwt'"),
    "a naive datetime": (
        lambda: numeric_date(datetime(2030, 1, 1)),  # noqa: DTZ001 - the mistake
        "naive_datetime",
        "naive datetime: use datetime.now(timezone.utc) or an int",
    ),
    "a naive datetime for exp": (
        lambda: Claims(exp=datetime(2030, 1, 1)),  # type: ignore[arg-type]  # noqa: DTZ001 - the mistake
        "naive_datetime",
        "naive datetime for exp: use datetime.now(timezone.utc) with numeric_date(...), or an int",
    ),
    "no expiry": (
        lambda: Token.sign(Claims(), HS),
        "no_expiry",
        "a token must expire: pass lifetime= (seconds or a timedelta) or give the claims an exp",
    ),
    "an empty secret": (
        lambda: JWK.from_secret(b"", alg="HS256"),
        "short_secret",
        "secret has 0 bytes, but HS256 needs at least 32 bytes: use JWK.generate('HS256') or 32 random bytes",
    ),
    "a word as secret": (
        lambda: JWK.from_secret(b"secret", alg="HS256"),
        "short_secret",
        "secret has 6 bytes, but HS256 needs at least 32 bytes: use JWK.generate('HS256') or 32 random bytes",
    ),
    "a claim of another type": (
        lambda: Claims(exp="tomorrow"),  # type: ignore[arg-type]  # the mistake
        "claim_type",
        "Claims: claim 'exp' must be a number, got a string",
    ),
    "a signature that does not verify": (
        lambda: verify(GOOD[:-10] + "AAAAAAAAAA"),
        "signature",
        "the signature does not verify with the key the token names",
    ),
    "a critical extension": (
        lambda: verify(jws.sign(b"{}", HS, header={"x": 1}, crit=["x"])),
        "critical_extension",
        "crit demands the extension 'x', which is not understood here",
    ),
    "an issuer without keys": (
        lambda: TokenVerifier(keys={"https://a": HS}, algorithms=["HS256"], audience="api").verify(GOOD, now=NOW),
        "issuer_unknown",
        "token says it is from 'https://auth.example.com', this verifier has the keys of 'https://a'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "code", "text"), MESSAGES.values(), ids=MESSAGES)
def test_what_people_read(call: Callable[[], object], code: str, text: str) -> None:
    with pytest.raises(JwtkitError) as mistake:
        call()
    assert str(mistake.value) == text
    assert mistake.value.code == code
    assert GOOD not in text


SIGNING = JWK.generate("ES256", kid="e")
# (what somebody tries, and what they are told to do instead)
INSTEAD: dict[str, tuple[Callable[[], object], str]] = {
    "a secret in a set": (lambda: JWKS([HS]), "hand a list of such keys in"),
    "a private key in a set": (lambda: JWKS([SIGNING]), r"use key\.public\(\)"),
    "a path as PEM": (lambda: JWK.from_pem("/etc/keys/key.pem"), "no line that begins with -----BEGIN"),
    "JSON as PEM": (lambda: JWK.from_pem(json.dumps(SIGNING.to_dict())), "no line that begins with -----BEGIN"),
    "PEM out of a variable": (lambda: JWK.from_pem(SIGNING.to_pem(private=True).replace("\n", "\\n")), r"\\n written out"),
    "PEM as a JWK": (lambda: JWK.parse(SIGNING.to_pem(private=True)), r"use JWK\.from_pem"),
    "a key as certificate": (lambda: JWK.from_certificate(SIGNING.to_pem(private=True)), r"use JWK\.from_pem"),
    "a public key as certificate": (lambda: JWK.from_certificate(SIGNING.to_pem()), r"use JWK\.from_pem"),
    "a secret as text": (lambda: JWK.from_secret("x" * 32, alg="HS256"), "decode the text that holds it"),  # type: ignore[arg-type]  # the mistake
    "signing with PEM": (lambda: Token.sign(Claims(), SIGNING.to_pem(private=True), lifetime=9), r"use JWK\.from_pem\(\.\.\.\) or JWK\.from_secret"),  # type: ignore[arg-type]  # the mistake
    "signing with something": (lambda: Token.sign(Claims(), 5, lifetime=9), "use a private JWK, or another Signer"),  # type: ignore[arg-type]  # the mistake
    "encrypting to a key that signs": (lambda: jwe.encrypt(b"x", SIGNING.public(), enc="A256GCM"), "ES256 signs; use dir, A128KW"),
    "alg and enc exchanged": (lambda: jwe.encrypt(b"x", SIGNING.public(), enc="A256GCM", alg="A256GCM"), "A256GCM encrypts the content, and goes where enc"),  # type: ignore[arg-type]  # the mistake
    "a claim that there is not": (lambda: Claims(foo=1), r"Claims has no claim 'foo': others go into extra=\{\.\.\.\} or a class of yours"),  # type: ignore[call-arg]  # the mistake
}  # fmt: skip


@pytest.mark.parametrize(("call", "words"), INSTEAD.values(), ids=INSTEAD)
def test_what_to_do_instead(call: Callable[[], object], words: str) -> None:
    with pytest.raises(JwtkitError, match=words) as mistake:
        call()
    assert "PRIVATE KEY" not in str(mistake.value)


@pytest.mark.parametrize("alg", ["HS265", "none"])
def test_an_unknown_algorithm_offers_the_known_ones(alg: Any) -> None:
    with pytest.raises(JwtkitError, match=r"use one of HS256, HS384|unsigned token proves nothing") as mistake:
        JWK.generate(alg)
    assert mistake.value.code == "unknown_algorithm"


def test_every_mismatch_is_data() -> None:
    with pytest.raises(ClaimsError) as refusal:
        verify(with_claims(aud=["x", "y"], exp=1))
    audience, expiry = refusal.value.mismatches
    assert (audience.claim, audience.reason, audience.expected, audience.actual) == (
        "aud",
        "not_accepted",
        ("api",),
        ("x", "y"),
    )
    assert (expiry.claim, expiry.reason, expiry.expected, expiry.actual) == ("exp", "expired", NOW, 1)


def test_codes_are_a_closed_vocabulary() -> None:
    known = set(get_args(ErrorCode))
    assert {code for _, code, _ in MESSAGES.values()} <= known
    assert len(known) == len(get_args(ErrorCode))
    assert all(code == code.lower() and code.isidentifier() for code in known)
