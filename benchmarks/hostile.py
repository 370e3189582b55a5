"""What the worst inputs cost, door by door, at the default limits: milliseconds and mebibytes.

A door is called with an input made to be expensive and still within the limits, or just beyond them. Time is the median
of several calls, memory the peak that one call allocates beside its input. Nothing is asserted: it is a table to read.
"""

from __future__ import annotations

import base64
import json
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from jwtkit import JWK, JWKS, JwtkitError, Limits, TokenVerifier, UnverifiedToken, jwe, jws

ROUNDS = 7
LIMITS = Limits()
HMAC, EC, P521 = JWK.generate("HS256", kid="k"), JWK.generate("ES256"), JWK.generate("ES512")
SETTINGS: Any = {"algorithms": ["HS256"]}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def with_header(header: str, payload: str = "") -> str:
    message = f"{b64(header.encode())}.{payload}"
    return f"{message}.{b64(HMAC.sign(message.encode()))}"


def longest(open_: str, body: str, close: str, size: int) -> str:
    return open_ + body * ((size - len(open_) - len(close)) // len(body)) + close


def certificate(key: JWK) -> str:
    builder = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(x509.Name([])).serial_number(1)
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2021, 1, 1, tzinfo=UTC)
    )
    made = builder.public_key(key.to_key()).sign(key.to_key(private=True), hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def many(key: dict[str, Any], size: int = LIMITS.jwks_bytes) -> str:
    entry = json.dumps(key, separators=(",", ":"))
    return longest('{"keys":[' + entry, "," + entry, "]}", min(size, 10 + (len(entry) + 1) * LIMITS.jwks_keys))


RSA_LONG = {"kty": "RSA", "n": b64(b"\xff" * 2048), "e": b64(b"\xff\xff\xff\xff")}
RSA_PRIVATE = {"kty": "RSA", "n": b64(b"\xff" * 1024), "e": "AQAB", "d": b64(b"\x7f" * 1024)}
VERIFIER = TokenVerifier(keys=HMAC, issuer="i", audience="a", **SETTINGS)
CERTIFIED = {**EC.to_dict(), "x5c": [certificate(EC)]}
CERTIFICATE = f"-----BEGIN CERTIFICATE-----\n{certificate(EC)}\n-----END CERTIFICATE-----\n"
CERTIFICATES = json.dumps(dict.fromkeys(map(str, range(250)), CERTIFICATE))
PART = '{"protected":"e30","header":{"alg":"HS256"},"signature":"AAAA"}'
CLAIMS = LIMITS.claims_bytes
PEM = "-----BEGIN PUBLIC KEY-----\n" + "A" * 60_000 + "\n-----END PUBLIC KEY-----\n"


def verify(text: str) -> object:
    return jws.verify(text, HMAC, **SETTINGS)


def verify_json(text: str) -> object:
    return jws.verify_json(text, HMAC, require="any", **SETTINGS)


WRAP, PASSWORD = JWK.generate("A128KW", kid="k"), JWK.from_secret(b"password", alg="PBES2-HS256+A128KW", kid="k")
OPEN: Any = {"algorithms": ["A128KW", "PBES2-HS256+A128KW"], "encryptions": ["A128GCM"], "allow_zip": True}


def decrypt(text: str) -> object:
    return jwe.decrypt(text, WRAP, **OPEN)


def decrypt_json(text: str) -> object:
    return jwe.decrypt_json(text, [WRAP, PASSWORD], **OPEN)


def many_recipients(key: JWK, p2c: int) -> str:
    recipients = [jwe.Recipient(key, p2c=1000)] * LIMITS.recipients
    members = json.loads(jwe.encrypt(b"", recipients, enc="A128GCM", serialization="general"))
    for entry in members["recipients"]:
        if "p2c" in entry["header"]:
            entry["header"]["p2c"] = p2c
    return json.dumps(members | {"tag": "AAAA"})


def claims(text: str) -> str:
    return with_header('{"alg":"HS256","kid":"k"}', b64(text.encode()))


CALLS: dict[str, tuple[Callable[[str], object], str]] = {
    "jws: payload of the longest token": (verify, with_header('{"alg":"HS256"}', "A" * 260_000)),
    "jws: dots": (verify, "." * LIMITS.token_bytes),
    "jws: header of objects": (verify, with_header(longest('{"alg":"HS256","x":[{}', ",{}", "]}", 16_000))),
    "jws: header of brackets in strings": (verify, with_header(longest('{"alg":"HS256","x":"', "[", '"}', 16_000))),
    "jws json: objects": (verify_json, longest('{"payload":"","signatures":[{}', ",{}", "]}", LIMITS.token_bytes)),
    "jws json: members of objects": (verify_json, longest('{"x":[{}', ',{"a":1}', "]}", LIMITS.token_bytes)),
    "jws json: arrays": (verify_json, longest('{"x":[[]', ",[]", "]}", LIMITS.token_bytes)),
    "jws json: quotes": (verify_json, longest('{"x":["', '","', '"]}', LIMITS.token_bytes)),
    "jws json: 16 signatures": (verify_json, '{"payload":"","signatures":[' + ",".join([PART] * 16) + "]}"),
    "jwe: the longest token": (decrypt, jwe.encrypt(bytes(190_000), WRAP, enc="A128GCM")),
    "jwe: a bomb of 50 MB": (decrypt, jwe.encrypt(bytes(50_000_000), WRAP, enc="A128GCM", compress=True)),
    "jwe: dots": (decrypt, "." * LIMITS.token_bytes),
    "jwe json: 16 recipients": (decrypt_json, many_recipients(WRAP, 0)),
    "jwe json: 16 recipients of PBES2, too costly": (decrypt_json, many_recipients(PASSWORD, 75_001)),
    "jwe json: objects": (decrypt_json, longest('{"x":[{}', ',{"a":1}', "]}", LIMITS.token_bytes)),
    "claims: objects": (VERIFIER.verify, claims(longest('{"x":[{}', ',{"a":1}', "]}", CLAIMS))),
    "claims: integers": (VERIFIER.verify, claims(longest('{"x":[1', "," + "9" * 4300, "]}", CLAIMS))),
    "claims: brackets": (VERIFIER.verify, claims(longest('{"x":[', "[],", "[]]}", CLAIMS))),
    "claims: audiences": (VERIFIER.verify, claims(longest('{"aud":["b"', ',"c"', "]}", CLAIMS))),
    "unverified: objects": (UnverifiedToken.parse, claims(longest('{"x":[{}', ',{"a":1}', "]}", CLAIMS))),
    "jwk: RSA of 16384 bits": (JWK.parse, json.dumps(RSA_LONG)),
    "jwk: RSA private without primes": (JWK.parse, json.dumps(RSA_PRIVATE)),
    "jwk: P-521": (JWK.parse, json.dumps(P521.to_dict(private=True))),
    "jwk: members": (JWK.parse, longest('{"kty":"x","x":[{}', ',{"a":1}', "]}", LIMITS.jwk_bytes)),
    "pem: garbage": (JWK.from_pem, PEM),
    "jwks: 1,000 keys on P-521": (JWKS.parse, many(P521.to_dict())),
    "jwks: RSA keys of 16384 bits": (JWKS.parse, many(RSA_LONG)),
    "jwks: 1,000 keys with certificates": (JWKS.parse, many(CERTIFIED)),
    "jwks: objects": (JWKS.parse, longest('{"keys":[{}', ",{}", "]}", LIMITS.jwks_bytes)),
    "jwks: as many objects as pass": (JWKS.parse, longest('{"x":[{}', ',{"a":1}', "]}", 15_900 * 8)),
    "jwks: brackets in strings": (JWKS.parse, longest('{"x":"', "]", '"}', LIMITS.jwks_bytes)),
    "jwks: quotes": (JWKS.parse, longest('{"x":["', '""', '"]}', LIMITS.jwks_bytes)),
    "jwks: white space": (JWKS.parse, longest('{"keys":[', " ", "]}", LIMITS.jwks_bytes)),
    "certificate map: 250 certificates": (JWKS.from_certificates, CERTIFICATES),
}  # fmt: skip


def outcome(call: Callable[[str], object], text: str) -> str:
    try:
        call(text)
    except JwtkitError as error:
        return type(error).__name__
    return "accepted"


def milliseconds(call: Callable[[str], object], text: str) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        outcome(call, text)
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


def mebibytes(call: Callable[[str], object], text: str) -> float:
    tracemalloc.start()
    outcome(call, text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1024 / 1024


def main() -> int:
    print(f"{'':42}{'bytes':>10}{'ms':>8}{'MiB':>7}  outcome")
    for name, (call, text) in CALLS.items():
        kind = outcome(call, text)
        print(f"{name:42}{len(text):>10}{milliseconds(call, text):8.1f}{mebibytes(call, text):7.1f}  {kind}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
