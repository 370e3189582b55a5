"""Known attacks on signatures, keys and key sets, mounted on the floor below tokens, and the edge probes beside them.

Rows carry the public identifier of the weakness. Some weaknesses no call can express here, and stand as a line:

- CVE-2024-23342 (Minerva): nothing signs in Python; every signature is made by the backend in constant time.
- CVE-2026-102267, CVE-2026-49478 (redirects to another host): nothing here fetches; a key set is text.
- CVE-2025-22149 (removed keys stay trusted): a `JWKS` is frozen, so a refresh replaces it and never merges.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from jwtkit import (
    JWK,
    JWKS,
    Header,
    JwtkitError,
    KeyNotFoundError,
    MalformedError,
    NotAllowedError,
    SignatureError,
    TokenVerifier,
    UsageError,
    jws,
)
from jwtkit._wire import b64url_decode, b64url_encode

RSA = JWK.generate("RS256", kid="k")
PSS_KEY = JWK.generate("PS256", kid="k")
EC = JWK.generate("ES256", kid="k")
P384 = JWK.generate("ES384", kid="k")
OKP = JWK.generate("Ed25519", kid="k")
HMAC = JWK.generate("HS256", kid="k")
Attack = Callable[[], object]
PAYLOAD = b"payload"


def signed(header: str | bytes, payload: str | None = None, key: JWK = HMAC) -> str:
    """Sign whatever stands in the header, as a peer with the right key might."""
    data = header.encode() if isinstance(header, str) else header
    message = f"{b64url_encode(data)}.{b64url_encode(PAYLOAD) if payload is None else payload}"
    return f"{message}.{b64url_encode(key.sign(message.encode()))}"


def flat(protected: str | None, header: Any = None, key: JWK = HMAC, payload: str = "cGF5bG9hZA") -> dict[str, Any]:
    segment = "" if protected is None else b64url_encode(protected.encode())
    members: dict[str, Any] = {"payload": payload}
    members["signature"] = b64url_encode(key.sign(f"{segment}.{payload}".encode()))
    members |= {} if protected is None else {"protected": segment}
    return members | ({} if header is None else {"header": header})


def verify(text: Any, keys: Any = HMAC, algorithms: Any = ("HS256",), **named: Any) -> Any:
    return jws.verify(text, keys, algorithms=algorithms, **named)


def verify_json(source: Any, keys: Any = HMAC, algorithms: Any = ("HS256",), require: Any = "any", **named: Any) -> Any:
    return jws.verify_json(source, keys, algorithms=algorithms, require=require, **named)


def tampered(text: str, change: Callable[[bytes], bytes]) -> str:
    message, _, signature = text.rpartition(".")
    return f"{message}.{b64url_encode(change(b64url_decode(signature, 'signature')))}"


def pss(salt: Any, mask: Any = None, digest: Any = None) -> str:
    message = jws.sign(PAYLOAD, PSS_KEY).rpartition(".")[0]
    padding = PSS(MGF1(mask or hashes.SHA256()), salt)
    signature = PSS_KEY.to_key(private=True).sign(message.encode(), padding, digest or hashes.SHA256())
    return f"{message}.{b64url_encode(signature)}"


def der(text: str) -> str:
    return tampered(text, lambda raw: encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:])))


def changed(key: JWK, **members: Any) -> dict[str, Any]:
    return {name: value for name, value in {**key.to_dict(), **members}.items() if value is not None}


def number(value: int) -> str:
    return b64url_encode(value.to_bytes((value.bit_length() + 7) // 8))


def short_rsa() -> dict[str, Any]:
    private = rsa.generate_private_key(65537, 1024)
    numbers = private.public_key().public_numbers()
    return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}


def roca() -> dict[str, Any]:
    primorial = 1
    for p in range(2, 702):
        if all(p % q for q in range(2, p)):
            primorial *= p
    modulus = pow(65537, 4321, primorial) + (primorial << 2048 - primorial.bit_length())
    return {"kty": "RSA", "n": number(modulus), "e": "AQAB"}


UNENCODED = '{"alg":"HS256","b64":false,"crit":["b64"]}'
EVIL = JWK.generate("ES256", kid="k")

LEDGER: dict[str, tuple[Attack, type[JwtkitError]]] = {
    # A. Algorithm, key type and none
    "CVE-2015-9235": (lambda: verify(signed('{"alg":"HS256"}'), RSA.public(), ["RS256", "HS256"]), KeyNotFoundError),
    "CVE-2026-11800": (lambda: verify(signed('{"alg":"PS256"}', key=RSA), RSA.public(), ["RS256"]), NotAllowedError),
    "CVE-2026-48523": (lambda: verify(signed('{"alg":"PS256"}', key=RSA), RSA.public(), ["RS256", "PS256"]), KeyNotFoundError),
    "GHSA-jc38-x7x8-2xc8": (lambda: verify_json(flat('{"alg":"ES256"}', {"alg": "HS256"}), [EC, HMAC], ["ES256", "HS256"]), MalformedError),
    "GHSA-jc38-x7x8-2xc8, unprotected none": (lambda: verify_json(flat(None, {"alg": "none"})), NotAllowedError),
    "CVE-2026-28802": (lambda: verify("eyJhbGciOiJub25lIn0.cGF5bG9hZA."), NotAllowedError),
    "CVE-2026-28802, listed": (lambda: verify("eyJhbGciOiJub25lIn0.cGF5bG9hZA.", HMAC, ["none"]), UsageError),
    "GHSA-88q6-jcjg-hvmw": (lambda: verify("eyJhbGciOiJub25lIn0.cGF5bG9hZA.AAAA"), NotAllowedError),
    "CVE-2021-44878": (lambda: verify_json({"payload": "", "protected": "eyJhbGciOiJub25lIn0", "signature": ""}), NotAllowedError),
    "CVE-2020-26244": (lambda: verify("eyJhbGciOiJOT05FIn0.cGF5bG9hZA."), NotAllowedError),
    "Wycheproof jws_mixedSymmetryKeyset": (lambda: JWKS.parse({"keys": [RSA.to_dict(), {"kty": "oct", "k": "AAAA"}]}), NotAllowedError),
    "jwx 2021, a key set and the header's alg": (lambda: verify(signed('{"alg":"HS256","kid":"k"}'), JWKS([RSA.public()]), ["HS256", "RS256"]), NotAllowedError),
    # B. Keys from the message
    "CVE-2018-0114": (lambda: verify(jws.sign(PAYLOAD, EVIL, header={"jwk": EVIL.to_dict()}), EC.public(), ["ES256"]), SignatureError),
    "CVE-2018-0114, unprotected": (lambda: verify_json(jws.sign(PAYLOAD, EVIL, serialization="flattened", unprotected={"jwk": EVIL.to_dict()}), EC.public(), ["ES256"]), SignatureError),
    "CVE-2026-48522": (lambda: JWKS.parse("file:///etc/passwd"), MalformedError),
    "CVE-2026-48522, a URL as keys": (lambda: verify(jws.sign(PAYLOAD, HMAC), "https://evil.example/jwks"), UsageError),
    "RFC 8725 3.10 x5c": (lambda: verify(jws.sign(PAYLOAD, EVIL, header={"x5c": ["AAAA"], "x5u": "https://evil.example"}), EC.public(), ["ES256"]), SignatureError),
    # C. Signature encoding and primitives
    "CVE-2022-21449": (lambda: verify(tampered(jws.sign(PAYLOAD, EC), lambda _: bytes(64)), EC, ["ES256"]), SignatureError),
    "CVE-2022-21449, ES512": (lambda: verify(signed_zero("ES512", 132), JWK.generate("ES512"), ["ES512"]), SignatureError),
    "CVE-2017-15361": (lambda: JWK.parse(roca()), NotAllowedError),
    "CVE-2016-9122": (lambda: verify_json({"payload": "cGF5bG9hZA", "signatures": [member(EC), member(EVIL)]}, EC, ["ES256"], "all"), SignatureError),
    "joserfc 1.7.4, signatures: []": (lambda: verify_json({"payload": "", "signatures": []}, require="all"), MalformedError),
    "CVE-2026-27840": (lambda: verify(jws.sign(PAYLOAD, OKP)[:-10], OKP, ["Ed25519"]), SignatureError),
    # E. Header, crit, b64, JSON
    "CVE-2025-59420": (lambda: verify_json(flat('{"alg":"HS256","crit":["cnf"],"cnf":{}}')), NotAllowedError),
    "joserfc 1.3.1, unprotected crit": (lambda: verify_json(flat('{"alg":"HS256"}', {"crit": ["x"], "x": 1})), MalformedError),
    "joserfc 1.3.3, unprotected overrides": (lambda: verify_json(flat('{"alg":"HS256","kid":"k"}', {"kid": "other"})), MalformedError),
    "CVE-2026-48525": (lambda: verify(signed(UNENCODED, "attached"), payload=b"detached"), MalformedError),
    "CVE-2026-48990": (lambda: verify(signed(UNENCODED, "x" * 10_000_000)), NotAllowedError),
    "panva jose 6.2, mixed b64": (lambda: verify_json({"payload": "AAAA", "signatures": [part('{"alg":"HS256"}'), part(UNENCODED)]}), MalformedError),
    "panva jose 6.2, invalid UTF-8": (lambda: verify(signed(b'{"alg":"HS256","x":"\xff"}')), MalformedError),
    "panva jose 6.2, other characters": (lambda: verify(jws.sign(PAYLOAD, HMAC).replace(".", ".\u00e9", 1)), MalformedError),
    "panva jose 6.2, truncated DER": (lambda: JWK.from_der(EC.to_der()[:-1]), MalformedError),
    "CVE-2024-21664": (lambda: verify_json({"payload": "", "signature": ""}), MalformedError),
    "CVE-2017-12973 garbage": (lambda: verify_json(b"\x00\xff\xfe"), MalformedError),
    "CVE-2026-102265": (lambda: verify_json('{"header":' + "[" * 100_000), MalformedError),
    "CVE-2026-102265, objects": (lambda: verify_json('{"a":' * 50_000), MalformedError),
    "jwcrypto strict_serialization, compact as JSON": (lambda: verify_json(jws.sign(PAYLOAD, HMAC)), MalformedError),
    "jwcrypto strict_serialization, JSON as compact": (lambda: verify(jws.sign(PAYLOAD, HMAC, serialization="flattened")), MalformedError),
    "RFC 7515 4, a duplicate in the JWS": (lambda: verify_json('{"payload":"","payload":"AAAA","protected":"e30","signature":""}'), MalformedError),
    "RFC 7515 4, a duplicate in the unprotected header": (lambda: verify_json('{"payload":"","header":{"alg":"none","alg":"HS256"},"signature":""}'), MalformedError),
    # G. Denial of service
    "CVE-2025-27144": (lambda: verify("." * 1_000_000), NotAllowedError),
    "CVE-2025-61920, JSON": (lambda: verify_json(json.dumps({"payload": "", "protected": "A" * 10_000_000, "signature": ""})), NotAllowedError),
    "CVE-2025-61920, parsed": (lambda: verify_json({"payload": "", "protected": "A" * 10_000_000, "signature": ""}), NotAllowedError),
    "CVE-2023-25653": (lambda: JWK.parse(changed(EC, y=EC.to_dict()["x"])), MalformedError),
    "a kid of 10 MB": (lambda: JWK.parse(changed(EC, kid="k" * 10_000_000)), NotAllowedError),
    "an EC coordinate of 10 MB": (lambda: JWK.parse(changed(EC, x="A" * 10_000_000)), NotAllowedError),
    "RSA modulus of 1 Mbit": (lambda: JWK.parse(changed(RSA, n="f" * 175_000)), NotAllowedError),
    "RSA exponent of 16 kbit": (lambda: JWK.parse(changed(RSA, e=b64url_encode(b"\xff" * 2000))), MalformedError),
    "RSA modulus even": (lambda: JWK.parse(changed(RSA, n=number(2**2047))), MalformedError),
    "RSA modulus tiny": (lambda: JWK.parse(changed(RSA, n=number(15))), NotAllowedError),
    "RSA private key without primes at 16 kbit": (lambda: JWK.parse(changed(RSA, n=number(2**16_000 + 1), d="AQAB")), NotAllowedError),
    # H. Key sets
    "duplicate kid": (lambda: verify(jws.sign(PAYLOAD, EC), JWKS([EC.public(), EVIL.public()]), ["ES256"]), NotAllowedError),
}  # fmt: skip


def member(key: JWK) -> dict[str, Any]:
    members = json.loads(jws.sign(PAYLOAD, key, serialization="general"))["signatures"][0]
    assert isinstance(members, dict)
    return members


def part(protected: str) -> dict[str, Any]:
    return {name: value for name, value in flat(protected, payload="AAAA").items() if name != "payload"}


def signed_zero(alg: str, size: int) -> str:
    return f"{b64url_encode(json.dumps({'alg': alg}).encode())}.cGF5bG9hZA.{b64url_encode(bytes(size))}"


PROBES: dict[str, tuple[Attack, type[JwtkitError]]] = {
    "RSA-1024": (lambda: JWK.parse(short_rsa()), NotAllowedError),
    "n with a leading zero": (lambda: JWK.parse(changed(RSA, n="AA" + RSA.to_dict()["n"])), MalformedError),
    "duplicate alg": (lambda: verify(signed('{"alg":"HS256","alg":"HS256"}')), MalformedError),
    "key for PS256, header RS256": (lambda: verify(jws.sign(PAYLOAD, RSA), JWK.parse(changed(RSA, alg="PS256")), ["RS256"]), NotAllowedError),
    "key for RSA-OAEP, header RS256": (lambda: verify(jws.sign(PAYLOAD, RSA), JWK.parse(changed(RSA, alg="RSA-OAEP")), ["RS256"]), NotAllowedError),
    "use=enc": (lambda: verify(jws.sign(PAYLOAD, RSA), JWK.parse(changed(RSA, use="enc")), ["RS256"]), NotAllowedError),
    "key_ops=[encrypt]": (lambda: verify(jws.sign(PAYLOAD, RSA), JWK.parse(changed(RSA, key_ops=["encrypt"])), ["RS256"]), NotAllowedError),
    "ES256 of 33+33 octets": (lambda: verify(tampered(jws.sign(PAYLOAD, EC), lambda raw: b"\0" + raw[:32] + b"\0" + raw[32:]), EC, ["ES256"]), SignatureError),
    "ES256 of an odd length": (lambda: verify(tampered(jws.sign(PAYLOAD, EC), lambda raw: raw[:63]), EC, ["ES256"]), SignatureError),
    "ES256 made with a P-384 key": (lambda: verify(signed('{"alg":"ES256","kid":"k"}', key=P384), P384, ["ES256", "ES384"]), NotAllowedError),
    "EC x of 31 octets": (lambda: JWK.parse(changed(EC, x=b64url_encode(b64url_decode(EC.to_dict()["x"], "x")[1:]))), MalformedError),
    "EC x of 34 octets": (lambda: JWK.parse(changed(EC, x="AAAA" + EC.to_dict()["x"][:-1] + "A")), MalformedError),
    "OKP d of another key": (lambda: JWK.parse({**OKP.to_dict(private=True), "x": JWK.generate("Ed25519").to_dict()["x"]}), MalformedError),
    "a JWE where a JWS is expected": (lambda: verify("e30.AA.AA.AA.AA"), NotAllowedError),
    "an encryption algorithm in the list": (lambda: verify(jws.sign(PAYLOAD, HMAC), HMAC, ["HS256", "dir"]), UsageError),
    "kid = 7": (lambda: verify(signed('{"alg":"HS256","kid":7}')), MalformedError),
    "kid = null": (lambda: verify(signed('{"alg":"HS256","kid":null}')), MalformedError),
    "crit = []": (lambda: verify(signed('{"alg":"HS256","crit":[]}')), MalformedError),
    "RSA public exponent 1": (lambda: JWK.parse(changed(RSA, e="AQ")), MalformedError),
    "ROCA modulus in a set": (lambda: verify(jws.sign(PAYLOAD, RSA), JWKS.parse({"keys": [roca()]}), ["RS256"]), KeyNotFoundError),
    "overlapping protected and unprotected names": (lambda: verify_json(flat('{"alg":"HS256","x":1}', {"x": 1})), MalformedError),
    "PSS with salt 0": (lambda: verify(pss(0), PSS_KEY, ["PS256"]), SignatureError),
    "PSS with salt 20": (lambda: verify(pss(20), PSS_KEY, ["PS256"]), SignatureError),
    "PSS with the longest salt": (lambda: verify(pss(PSS.MAX_LENGTH), PSS_KEY, ["PS256"]), SignatureError),
    "PSS with another MGF1": (lambda: verify(pss(32, hashes.SHA1()), PSS_KEY, ["PS256"]), SignatureError),
    "PSS with another hash": (lambda: verify(pss(32, hashes.SHA256(), hashes.SHA384()), PSS_KEY, ["PS256"]), SignatureError),
    "ECDSA as DER": (lambda: verify(der(jws.sign(PAYLOAD, EC)), EC, ["ES256"]), SignatureError),
    "an off-curve point": (lambda: JWK.parse(changed(EC, y="A" * 43)), MalformedError),
    **{
        f"JWK member {name} as {type(value).__name__}": (lambda n=name, v=value: JWK.parse({**EC.to_dict(private=True), n: v}), MalformedError)  # type: ignore[misc]  # a loop's values, kept
        for name in ("crv", "x", "y", "d", "kid", "use", "alg")
        for value in (5, ["x"], {"x": 1}, True, None, 1.5)
    },
}  # fmt: skip


@pytest.mark.parametrize(("attack", "error"), LEDGER.values(), ids=LEDGER)
def test_known_attacks(attack: Attack, error: type[JwtkitError]) -> None:
    with pytest.raises(error) as refusal:
        attack()
    assert type(refusal.value) is error
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize(("attack", "error"), PROBES.values(), ids=PROBES)
def test_edge_probes(attack: Attack, error: type[Exception]) -> None:
    with pytest.raises(error):
        attack()


def test_the_forgeries_are_good_ones() -> None:
    """What is refused above passes where nothing is wrong: the refusals are not for another reason."""
    assert verify(signed('{"alg":"HS256"}')).payload == PAYLOAD
    assert verify(signed(UNENCODED, "attached")).payload == b"attached"
    assert verify_json(flat(None, {"alg": "HS256", "kid": "k"})).payload == PAYLOAD
    assert verify(pss(32), PSS_KEY, ["PS256"]).payload == PAYLOAD
    assert verify_json({"payload": "cGF5bG9hZA", "signatures": [member(EC)]}, EC, ["ES256"], "all").payload == PAYLOAD


def test_cve_2025_65015_an_error_never_carries_the_token() -> None:
    secret = "A1b2C3d4" * 40_000
    attacks: list[Attack] = [
        lambda: verify(secret),
        lambda: verify(f"e30.{secret}.AA"),
        lambda: verify_json(json.dumps({"payload": secret, "signature": "", "protected": secret})),
        lambda: JWK.parse(secret),
        lambda: JWKS.parse(secret * 10),
        lambda: JWK.from_pem(secret),
    ]
    for attack in attacks:
        with pytest.raises(JwtkitError) as refusal:
            attack()
        assert "A1b2C3d4" not in str(refusal.value)


def test_cve_2026_35041_no_pattern_backtracks() -> None:
    """Texts made to make patterns backtrack: a quadratic one would not come back for minutes."""
    for text in ("-----BEGIN " * 5000, "-" * 60_000, '"' * 60_000, "\\" * 60_000, '{"a":"' + '\\"' * 30_000):
        for door in (JWK.from_pem, JWK.parse, JWKS.parse):
            with pytest.raises(JwtkitError):
                door(text)


def test_cve_2026_102274_one_malformed_key_does_not_cost_the_set() -> None:
    known = JWKS.parse({"keys": [{"kty": "RSA", "n": [], "e": "AQAB"}, {"kty": "EC", "x5c": [5]}, EC.to_dict()]})
    assert verify(jws.sign(PAYLOAD, EC), known, ["ES256"]).payload == PAYLOAD
    assert len(known.unusable) == 2


def test_cve_2025_22149_a_removed_key_is_no_longer_trusted() -> None:
    before, after = JWKS([EC.public()]), JWKS([RSA.public()])
    text = jws.sign(PAYLOAD, EC)
    assert verify(text, before, ["ES256"]).payload == PAYLOAD
    with pytest.raises(NotAllowedError):
        verify(text, after, ["ES256", "RS256"])


def test_cve_2018_0114_a_header_is_never_a_key_source() -> None:
    header = Header({"alg": "ES256", "jwk": EVIL.to_dict()})
    with pytest.raises(UsageError):
        TokenVerifier(keys=header, algorithms=["ES256"], issuer="i", audience="a")  # type: ignore[call-overload]  # the mistake
