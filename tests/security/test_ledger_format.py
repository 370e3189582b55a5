"""Known attacks on libraries of this kind, mounted against this one: keys, headers, signatures, claims, key sets.

Each row is named after the public identifier of the weakness; the class of the refusal is part of the row.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from jwtkit import (
    JWK,
    JWKS,
    UNCHECKED,
    Claims,
    ClaimsError,
    JwtkitError,
    KeyNotFoundError,
    MalformedError,
    NotAllowedError,
    SignatureError,
    Token,
    TokenVerifier,
    UnverifiedToken,
    UsageError,
    jws,
)
from jwtkit._wire import b64url_decode, b64url_encode

RSA = JWK.generate("RS256", kid="k")
EC = JWK.generate("ES256", kid="k")
OKP = JWK.generate("Ed25519", kid="k")
HMAC = JWK.generate("HS256", kid="k")
NOW = 1_800_000_000
CLAIMS = {"iss": "i", "aud": "a", "sub": "s", "exp": NOW + 60}
FORGED = b64url_encode(json.dumps({**CLAIMS, "sub": "mallory"}).encode())
Attack = Callable[[], object]


def verify(text: Any, keys: Any = RSA, *, algorithms: Any = ("RS256",), now: Any = NOW, **named: Any) -> Token:
    policy: dict[str, Any] = {"issuer": "i", "audience": "a", **named}
    return TokenVerifier(keys=keys, algorithms=algorithms, **policy).verify(text, now=now)


def good(key: JWK, **changes: Any) -> str:
    return jws.sign(json.dumps({**CLAIMS, **changes}).encode(), key)


def macced(secret: bytes, **header: Any) -> str:
    """Make an HS256 token keyed by whatever an attacker can read."""
    message = f"{b64url_encode(json.dumps({'alg': 'HS256', 'kid': 'k', **header}).encode())}.{FORGED}"
    return f"{message}.{b64url_encode(hmac.digest(secret, message.encode(), 'sha256'))}"


def unsigned(alg: Any, signature: str = "") -> str:
    return f"{b64url_encode(json.dumps({'alg': alg}).encode())}.{FORGED}.{signature}"


def pem(key: JWK) -> bytes:
    return key.to_pem().encode()


def other_form(key: JWK, encoding: Any, form: Any) -> bytes:
    backend: Any = serialization.load_pem_public_key(pem(key))
    return bytes(backend.public_bytes(encoding, form))


DER = other_form(RSA, serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
PKCS1 = other_form(RSA, serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
SSH = other_form(EC, serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
JSON = json.dumps(RSA.to_dict()).encode()


def from_secret(secret: Any) -> Attack:
    return lambda: JWK.from_secret(secret, alg="HS256")


def without(key: JWK, *names: str) -> dict[str, Any]:
    return {name: value for name, value in key.to_dict(private=key.is_private).items() if name not in names}


def tampered(text: str, change: Callable[[bytes], bytes]) -> str:
    message, _, signature = text.rpartition(".")
    return f"{message}.{b64url_encode(change(b64url_decode(signature, 'signature')))}"


def other_spelling(text: str) -> str:
    """Change bits of the last character that carry no data."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1]


A: dict[str, tuple[Attack, type[JwtkitError]]] = {
    "CVE-2015-9235": (lambda: verify(macced(pem(RSA))), NotAllowedError),
    "CVE-2015-9235, HS256 listed beside RS256": (
        lambda: verify(macced(pem(RSA)), RSA.public(), algorithms=["RS256", "HS256"]),
        NotAllowedError,
    ),
    "2015 none with a key": (lambda: verify(unsigned("none")), NotAllowedError),
    "2015 none in the allow-list": (lambda: verify(unsigned("none"), algorithms=["RS256", "none"]), UsageError),
    "CVE-2016-10555": (lambda: verify(macced(pem(RSA)), algorithms=None), UsageError),
    "CVE-2017-11424": (from_secret(PKCS1), UsageError),
    "CVE-2022-29217": (from_secret(SSH), UsageError),
    "CVE-2022-29217, Ed25519": (
        from_secret(other_form(OKP, serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)),
        UsageError,
    ),
    "CVE-2024-33663": (lambda: verify(macced(SSH), EC, algorithms=["ES256", "HS256"]), NotAllowedError),
    "CVE-2024-37568": (lambda: verify(macced(pem(EC)), EC.public(), algorithms=["ES256"]), NotAllowedError),
    "CVE-2026-48526": (from_secret(JSON), UsageError),
    "CVE-2026-102268": (from_secret(pem(RSA).replace(b"\n", b"\r\n\t")), UsageError),
    "CVE-2026-102271": (from_secret(DER), UsageError),
    "CVE-2026-102272": (from_secret(b"\xef\xbb\xbf" + JSON), UsageError),
    "CVE-2026-102272, PEM": (from_secret(b"\xef\xbb\xbf" + pem(RSA)), UsageError),
    "CVE-2026-102273": (from_secret(json.dumps({"keys": [RSA.to_dict()]}).encode()), UsageError),
    "CVE-2026-102273, array": (from_secret(json.dumps([RSA.to_dict()]).encode()), UsageError),
    "CVE-2026-48523": (
        lambda: verify(
            good(RSA).replace(good(RSA).split(".")[0], b64url_encode(b'{"alg":"PS256","kid":"k"}')),
            RSA,
            algorithms=["PS256", "RS256"],
        ),
        NotAllowedError,
    ),
    "CVE-2023-48223": (from_secret(b"-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----"), UsageError),
    "CVE-2026-34950": (from_secret(b" \n" + pem(RSA)), UsageError),
    "GHSA-ww5h-9m49-7xx4": (from_secret(b"x\n" + pem(RSA)), UsageError),
    "GHSA-8wpc-h4q6-8fxv": (lambda: verify(unsigned("none"), None, algorithms=["none", "RS256"]), UsageError),
    "CVE-2026-44351": (lambda: verify(macced(b""), ""), UsageError),
    "CVE-2026-45363": (from_secret(b""), UsageError),
    "CVE-2026-45363, None": (from_secret(None), UsageError),
    "CVE-2026-49852": (lambda: JWK.parse({"kty": "oct"}), MalformedError),
    "CVE-2026-102266": (lambda: JWK.parse({"kty": "oct", "k": ""}), MalformedError),
    "CVE-2026-44699": (
        lambda: verify(macced(b""), JWK.parse(without(RSA.public(), "alg")), algorithms=["HS256"]),
        UsageError,
    ),
    "CVE-2026-22817": (
        lambda: verify(macced(pem(RSA)), JWKS([JWK.parse(without(RSA.public(), "alg"))]), algorithms=["RS256", "HS256"]),
        NotAllowedError,
    ),
    "CVE-2021-46743": (lambda: verify(macced(pem(RSA)), [RSA.public(), EC.public()], algorithms=["RS256", "HS256"]), NotAllowedError),
    "CVE-2022-23540": (lambda: verify(unsigned("none"), None, algorithms=[]), UsageError),
    "CVE-2022-23541": (lambda: verify(macced(pem(RSA)), JWKS([RSA.public()]), algorithms=["HS256", "RS256"]), NotAllowedError),
    "CVE-2022-23539": (lambda: verify(good(RSA), EC, algorithms=["RS256"]), UsageError),
    "CVE-2023-51774": (lambda: verify("a.b.c.d.e"), NotAllowedError),
    "CVE-2022-39227": (lambda: verify(f'{{"protected":"{good(RSA)}","payload":"x"}}'), MalformedError),
    "2020 nOnE": (lambda: verify(unsigned("nOnE")), NotAllowedError),
    "2021 key set and header alg": (lambda: verify(macced(pem(RSA)), JWKS([RSA.public()]), algorithms=["RS256"]), NotAllowedError),
    "CVE-2020-15240": (lambda: verify(good(RSA)[:-20] + "A" * 20), SignatureError),
    "CVE-2021-22573": (lambda: verify(good(JWK.generate("RS256", kid="k"))), SignatureError),
    "CVE-2018-1000531": (lambda: verify(unsigned("none"), None), UsageError),
    "CVE-2023-48238": (lambda: verify(macced(pem(RSA)), RSA.public(), algorithms=["HS256", "RS256"]), NotAllowedError),
    "a key set that mixes oct and public keys": (
        lambda: JWKS.parse({"keys": [RSA.to_dict(), HMAC.to_dict(private=True)]}),
        NotAllowedError,
    ),
}  # fmt: skip

B: dict[str, tuple[Attack, type[JwtkitError]]] = {
    "CVE-2018-0114": (
        lambda: verify(jws.sign(json.dumps(CLAIMS).encode(), EC, header={"jwk": EC.to_dict()}), RSA, algorithms=["RS256", "ES256"]),
        NotAllowedError,
    ),
    "CVE-2026-27962": (lambda: verify(jws.sign(b"{}", EC, header={"jwk": EC.to_dict()}), None, algorithms=["ES256"]), UsageError),
    "CVE-2024-21643": (
        lambda: verify(jws.sign(b"{}", JWK.generate("RS256", kid="k"), header={"jku": "https://evil.example"})),
        SignatureError,
    ),
    "RFC 8725 3.10 kid as a path": (
        lambda: verify(good(JWK.generate("RS256", kid="../../dev/null")), JWKS([RSA.public()])),
        KeyNotFoundError,
    ),
    "RFC 8725 3.10 kid as SQL": (
        lambda: verify(good(JWK.generate("RS256", kid="' OR 1=1")), JWKS([RSA.public()])),
        KeyNotFoundError,
    ),
    "RFC 8725 3.10 x5c": (
        lambda: verify(jws.sign(b"{}", JWK.generate("RS256", kid="k"), header={"x5c": ["MIIB"]})),
        SignatureError,
    ),
}  # fmt: skip

ES = {"keys": EC, "algorithms": ["ES256"]}
C: dict[str, tuple[Attack, type[JwtkitError]]] = {
    "CVE-2022-21449": (lambda: verify(tampered(good(EC), lambda _: bytes(64)), **ES), SignatureError),
    "CVE-2021-43569": (lambda: verify(tampered(good(EC), lambda raw: bytes(32) + raw[32:]), **ES), SignatureError),
    "CVE-2021-43569, s = 0": (lambda: verify(tampered(good(EC), lambda raw: raw[:32] + bytes(32)), **ES), SignatureError),
    "CVE-2021-43569, r = n": (
        lambda: verify(
            tampered(good(EC), lambda raw: bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551") + raw[32:]),
            **ES,
        ),
        SignatureError,
    ),
    "CVE-2019-14853": (lambda: verify(tampered(good(EC), lambda raw: b"\x30\x44\x02\x20" + raw[:32] + b"\x02\x20" + raw[32:]), **ES), SignatureError),
    "CVE-2025-65945": (lambda: verify(good(JWK.generate("HS256", kid="k")), HMAC, algorithms=["HS256"]), SignatureError),
    "CVE-2026-102269": (lambda: verify(other_spelling(good(HMAC)), HMAC, algorithms=["HS256"]), MalformedError),
    "fast-jwt 6.2.3": (lambda: verify(good(HMAC) + "!", HMAC, algorithms=["HS256"]), MalformedError),
    "CVE-2026-102275": (lambda: JWK.parse({**OKP.to_dict(private=True), "x": JWK.generate("Ed25519").to_dict()["x"]}), MalformedError),
    "CVE-2025-45765": (lambda: JWK.parse({"kty": "oct", "k": "AA", "alg": "HS256"}), NotAllowedError),
    "CVE-2025-45768": (lambda: JWK.parse({"kty": "RSA", "e": "AQAB", "n": b64url_encode(b"\xff" * 64)}), NotAllowedError),
    "CVE-2020-28042": (lambda: verify(tampered(good(HMAC), lambda raw: raw[:1]), HMAC, algorithms=["HS256"]), SignatureError),
    "CVE-2020-28042, cut short": (lambda: verify(tampered(good(HMAC), lambda raw: raw[:-1]), HMAC, algorithms=["HS256"]), SignatureError),
    "ECDSA, zero-padded halves": (lambda: verify(tampered(good(EC), lambda raw: b"\0" + raw[:32] + b"\0" + raw[32:]), **ES), SignatureError),
    "ECDSA, odd length": (lambda: verify(tampered(good(EC), lambda raw: raw[:63]), **ES), SignatureError),
    "ES256 with a P-384 key": (lambda: verify(good(EC), JWK.generate("ES384", kid="k"), algorithms=["ES256"]), UsageError),
}  # fmt: skip


def header(text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    message = f"{b64url_encode(data)}.{b64url_encode(json.dumps(CLAIMS).encode())}"
    return f"{message}.{b64url_encode(HMAC.sign(message.encode()))}"


def payload(text: str | bytes) -> str:
    return jws.sign(text.encode() if isinstance(text, str) else text, HMAC)


HS: dict[str, Any] = {"keys": HMAC, "algorithms": ["HS256"]}
E: dict[str, tuple[Attack, type[JwtkitError]]] = {
    "CVE-2025-59420": (lambda: verify(header('{"alg":"HS256","crit":["cnf"],"cnf":{}}'), **HS), NotAllowedError),
    "CVE-2026-32597": (lambda: verify(header('{"alg":"HS256","crit":["x"],"x":1}'), **HS), NotAllowedError),
    "CVE-2026-35042": (lambda: verify(header('{"alg":"HS256","crit":["absent"]}'), **HS), MalformedError),
    "CVE-2026-48525": (lambda: verify(header('{"alg":"HS256","b64":false,"crit":["b64"]}'), **HS), NotAllowedError),
    "CVE-2024-21664": (lambda: verify('{"payload":"","signature":""}', **HS), MalformedError),
    "CVE-2020-26521": (lambda: verify("..", **HS), MalformedError),
    "CVE-2026-102265": (lambda: verify(header('{"alg":"HS256","x":' + "[" * 15_000), **HS), MalformedError),
    "CVE-2026-102265, objects": (lambda: verify(header('{"a":' * 3000), **HS), MalformedError),
    "CVE-2026-101918": (lambda: UnverifiedToken.parse(payload('{"a":' + "[" * 40_000)), MalformedError),
    "CVE-2025-53864": (lambda: verify(payload('{"a":' + "[" * 30_000 + "]" * 30_000 + "}"), **HS), MalformedError),
    "jwcrypto strict_serialization": (lambda: verify(json.dumps({"payload": "", "protected": "", "signature": ""}), **HS), MalformedError),
    "RFC 7515 4 duplicate alg": (lambda: verify(header('{"alg":"none","alg":"HS256"}'), **HS), MalformedError),
    "RFC 7515 4 ALG": (lambda: verify(header('{"ALG":"HS256"}'), **HS), MalformedError),
    "lone surrogate in the claims": (lambda: verify(payload('{"a":"\\ud800"}'), **HS), MalformedError),
    "byte order mark in the claims": (lambda: verify(payload(b"\xef\xbb\xbf{}"), **HS), MalformedError),
    "UTF-16 claims": (lambda: verify(payload("{}".encode("utf-16")), **HS), MalformedError),
    "overlong UTF-8 in the claims": (lambda: verify(payload(b'{"a":"\xc0\xaf"}'), **HS), MalformedError),
}  # fmt: skip

F: dict[str, tuple[Attack, type[JwtkitError]]] = {
    "CVE-2020-26160": (lambda: verify(good(HMAC, aud=["x"]), **HS), ClaimsError),
    "CVE-2026-25537": (lambda: verify(good(HMAC, nbf="9999999999"), **HS), ClaimsError),
    "CVE-2026-25537, exp": (lambda: verify(good(HMAC, exp=str(NOW + 60)), **HS), ClaimsError),
    "CVE-2024-51744": (lambda: verify(good(JWK.generate("HS256", kid="k"), exp=1), **HS), SignatureError),
    "CVE-2025-30144": (lambda: verify(good(HMAC, iss=["evil", "i"]), **HS), ClaimsError),
    "CVE-2024-53861": (lambda: verify(good(HMAC, iss="https"), **HS, issuer="https://op"), ClaimsError),
    "CVE-2018-15801": (lambda: verify(good(HMAC, iss="other"), **HS), ClaimsError),
    "CVE-2018-15801, no policy": (lambda: verify(good(HMAC), **HS, issuer=None), UsageError),
    "GHSA-wxg7-w2v3-w38g": (lambda: verify(good(HMAC, aud="other", exp=1), **HS), ClaimsError),
    "CVE-2024-5798": (lambda: verify(good(HMAC, aud=["other"]), **HS), ClaimsError),
    "CVE-2024-5798, no policy": (lambda: verify(good(HMAC), **HS, audience=None), UsageError),
    "an empty audience never matches": (lambda: verify(good(HMAC, aud=[]), **HS), ClaimsError),
    "NumericDate NaN": (lambda: verify(payload('{"exp":NaN}'), **HS), MalformedError),
    "NumericDate Infinity": (lambda: verify(payload('{"exp":Infinity}'), **HS), MalformedError),
    "NumericDate 1e400": (lambda: verify(payload('{"exp":1e400}'), **HS), MalformedError),
    "NumericDate of 5,000 digits": (lambda: verify(payload('{"exp":' + "9" * 5000 + "}"), **HS), MalformedError),
}  # fmt: skip

G: dict[str, tuple[Attack, type[JwtkitError]]] = {
    "CVE-2025-27144": (lambda: verify("." * 1_000_000, **HS), NotAllowedError),
    "CVE-2025-27144, within the limit": (lambda: verify("." * 250_000, **HS), MalformedError),
    "CVE-2025-30204": (lambda: UnverifiedToken.parse("." * 250_000), MalformedError),
    "CVE-2025-61920": (lambda: verify("A" * 10_000_000 + ".AA.AA", **HS), NotAllowedError),
    "CVE-2025-61920, signature": (lambda: verify(good(HMAC) + "A" * 200_000, **HS), SignatureError),
    "CVE-2023-25653": (lambda: JWK.parse({**EC.to_dict(), "y": EC.to_dict()["x"]}), MalformedError),
    "CVE-2026-102270": (from_secret(b"-" * 100_000 + b"-----BEGIN"), UsageError),
    "EC coordinate of 10 MB": (lambda: JWK.parse({**EC.to_dict(), "x": "A" * 10_000_000}), NotAllowedError),
    "RSA modulus of 1 Mbit": (lambda: JWK.parse({"kty": "RSA", "e": "AQAB", "n": "f" * 175_000}), NotAllowedError),
    "RSA exponent of 16 kbit": (lambda: JWK.parse({**RSA.to_dict(), "e": b64url_encode(b"\xff" * 2000)}), MalformedError),
    "a key set of 100,000 keys": (lambda: JWKS.parse({"keys": [{}] * 100_000}), NotAllowedError),
    "a million digits": (lambda: verify(payload('{"a":' + "1" * 60_000 + "}"), **HS), MalformedError),
}  # fmt: skip

H: dict[str, tuple[Attack, type[JwtkitError]]] = {
    "CVE-2021-41106": (from_secret(b"/etc/jwt/secret.key"), UsageError),
    "duplicate kid": (
        lambda: verify(good(RSA), JWKS([RSA.public(), JWK.parse({**RSA.to_dict(), "use": "sig"})])),
        NotAllowedError,
    ),
    "a private member in a set": (lambda: verify(good(RSA), JWKS.parse({"keys": [RSA.to_dict(private=True)]})), KeyNotFoundError),
    "an unknown operation": (lambda: verify(good(RSA), JWK.parse({**RSA.to_dict(), "key_ops": ["encrypt"]})), NotAllowedError),
}  # fmt: skip

ROWS = [
    pytest.param(attack, error, id=name) for part in (A, B, C, E, F, G, H) for name, (attack, error) in part.items()
]


@pytest.mark.parametrize(("attack", "error"), ROWS)
def test_refused_in_few_words(attack: Attack, error: type[JwtkitError]) -> None:
    with pytest.raises(error) as refusal:
        attack()
    assert type(refusal.value) in (error, *error.__subclasses__())
    assert len(str(refusal.value)) < 400


def test_the_forgeries_are_good_ones() -> None:
    """The same tokens pass where the key is what the attacker says: the refusals above are not for another reason."""
    assert verify(good(RSA)).sub == "s"
    assert verify(good(EC), **ES).sub == "s"
    assert verify(good(HMAC), **HS).sub == "s"
    assert verify(header('{"alg":"HS256"}'), **HS).sub == "s"
    secret = hashlib.sha256(b"shared").digest()
    forged = verify(macced(secret), JWK.from_secret(secret, alg="HS256", kid="k"), algorithms=["HS256"])
    assert forged.sub == "mallory"


def test_cve_2026_102274_one_bad_key_does_not_cost_the_set() -> None:
    keys = JWKS.parse({"keys": [5, {"kty": "AKP"}, {"kty": "RSA", "n": "?"}, RSA.to_dict()]})
    assert verify(good(RSA), keys).sub == "s"
    assert [unusable.index for unusable in keys.unusable] == [0, 1, 2]


def test_cve_2026_103001_a_policy_is_frozen() -> None:
    algorithms: list[Any] = ["HS256"]
    issuers, required, expected = ["i"], ["sub"], {"sub": "s"}
    verifier = TokenVerifier(
        keys=HMAC, algorithms=algorithms, issuer=issuers, audience="a", required=required, expected=expected
    )
    algorithms.append("none")
    issuers.append("evil")
    required.clear()
    expected["sub"] = "mallory"
    assert verifier.verify(good(HMAC), now=NOW).sub == "s"
    for text in (good(HMAC, iss="evil"), good(HMAC, sub="mallory")):
        with pytest.raises(ClaimsError):
            verifier.verify(text, now=NOW)


def test_cve_2026_35039_one_token_never_gets_the_claims_of_another() -> None:
    verifier = TokenVerifier(keys=HMAC, algorithms=["HS256"], issuer="i", audience="a")
    texts = {subject: good(HMAC, sub=subject) for subject in ("alice", "bob", "carol")}
    for _ in range(3):
        for subject, text in texts.items():
            assert verifier.verify(text, now=NOW).sub == subject
    with pytest.raises(ClaimsError):
        TokenVerifier(keys=HMAC, algorithms=["HS256"], issuer="i", audience="b").verify(texts["alice"], now=NOW)


def test_cve_2016_7036_macs_are_compared_in_constant_time() -> None:
    """The comparison is the standard library's; a timing test would be noise, so the source is looked at."""
    import inspect

    from jwtkit.crypto import mac

    assert "compare_digest" in inspect.getsource(mac.verifier)
    assert "==" not in inspect.getsource(mac.verifier)


def secrets_of(key: JWK) -> list[str]:
    members = key.to_dict(private=True)
    found = []
    for name in ("d", "p", "q", "dp", "dq", "qi", "k"):
        if name in members:
            raw = b64url_decode(members[name], name)
            found += [members[name], raw.hex(), repr(raw)[2:-1], str(int.from_bytes(raw))]
    return found


@pytest.mark.parametrize("key", [RSA, EC, OKP, HMAC], ids=lambda key: key.kty)
def test_cve_2023_37260_no_secret_in_any_text(key: JWK) -> None:
    token = Token.sign(Claims(sub="s", exp=1), key)
    shown = [repr(key), str(key), f"{key}", repr(token), str(token), repr(token.header), repr(token.claims)]
    attacks: list[Attack] = [
        lambda: JWK.parse({**key.to_dict(private=True), "kid": 5}),
        lambda: JWK.parse({**key.to_dict(private=True), "use": "sig", "key_ops": ["encrypt"]}),
        lambda: JWK.parse(json.dumps(key.to_dict(private=True)) + "x"),
        lambda: JWKS.parse(json.dumps(key.to_dict(private=True))),
        lambda: JWKS([key]),
        lambda: TokenVerifier(keys=key, algorithms=[key.algorithm], issuer="i", audience="a").verify(token.compact),
        lambda: TokenVerifier(keys=key, algorithms=[key.algorithm], issuer=UNCHECKED, audience="a").verify(
            token.compact + "\n"
        ),
        lambda: Token.sign(Claims(), key),
    ]
    for attack in attacks:
        with pytest.raises(JwtkitError) as refusal:
            attack()
        shown += [str(refusal.value), repr(refusal.value), "".join(traceback.format_exception(refusal.value))]
    for text in shown:
        assert token.compact not in text
        assert token.compact.split(".")[2] not in text
        for secret in secrets_of(key):
            assert secret not in text


@pytest.mark.parametrize("text", [None, [], 5, b"x", bytearray(b"x"), memoryview(b"x"), {}, object()])
def test_a_token_of_another_type(text: Any) -> None:
    for door in (lambda: verify(text), lambda: UnverifiedToken.parse(text)):
        with pytest.raises(UsageError):
            door()
