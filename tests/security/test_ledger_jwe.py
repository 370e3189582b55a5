"""Known attacks on encryption, mounted against `jwe`, named after the public identifier of the weakness.

Some weaknesses no call can express here, and stand as a line:

- CVE-2016-6298, CVE-2026-28490, GHSA-5739-39v2-5754, CVE-2020-25658, CVE-2020-25659 (oracles of RSA1_5): there is no
  RSA1_5, which the rows below show for every door.
- GHSA-6vvh-pxr4-25r7 (a key wrap that drops its tag): ChaCha20-Poly1305 is not offered; the tag of GCM key wrap is a row.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from jwtkit import (
    JWK,
    DecryptionError,
    JwtkitError,
    KeyNotFoundError,
    MalformedError,
    NotAllowedError,
    TokenVerifier,
    UsageError,
    jwe,
    jws,
)
from jwtkit._wire import b64url_decode, b64url_encode
from jwtkit.crypto.encryption import CONTENT_ENCRYPTION, KEY_MANAGEMENT

Attack = Callable[[], object]
EVERY_ALG: Any = list(KEY_MANAGEMENT)
EVERY_ENC: Any = list(CONTENT_ENCRYPTION)
KW = JWK.generate("A128KW", kid="k")
GCMKW = JWK.generate("A128GCMKW", kid="k")
GCM = JWK.generate("A128GCM", kid="k")
CBC = JWK.generate("A128CBC-HS256", kid="k")
EC = JWK.generate("ECDH-ES+A128KW", crv="P-256", kid="k")
X448 = JWK.generate("ECDH-ES+A128KW", crv="X448", kid="k")
RSA = JWK.generate("RSA-OAEP-256", kid="k")
SIGNER = JWK.generate("RS256", kid="k")
PASSWORD = JWK.from_secret(b"password", alg="PBES2-HS256+A128KW", kid="k")
PLAINTEXT = b'{"sub":"mallory"}'


def decrypt(text: Any, keys: Any = KW, **named: Any) -> Any:
    return jwe.decrypt(text, keys, **{"algorithms": EVERY_ALG, "encryptions": EVERY_ENC, **named})


def decrypt_json(source: Any, keys: Any = KW, **named: Any) -> Any:
    return jwe.decrypt_json(source, keys, **{"algorithms": EVERY_ALG, "encryptions": EVERY_ENC, **named})


def encrypt(key: JWK = KW, plaintext: bytes = PLAINTEXT, **named: Any) -> str:
    return jwe.encrypt(plaintext, key if key.kty == "oct" else key.public(), **({"enc": "A128GCM"} | named))


def changed(text: str, **segments: Callable[[bytes], bytes]) -> str:
    names = ("header", "encrypted_key", "iv", "ciphertext", "tag")
    parts = dict(zip(names, text.split("."), strict=True))
    for name, change in segments.items():
        parts[name] = b64url_encode(change(b64url_decode(parts[name], name)))
    return ".".join(parts.values())


def headed(**header: Any) -> str:
    members = json.dumps({"enc": "A128GCM", "kid": "k", **header}).encode()
    return ".".join(map(b64url_encode, (members, bytes(24), bytes(12), b"x", bytes(16))))


def reheaded(text: str, **header: Any) -> str:
    head, _, rest = text.partition(".")
    members = json.loads(b64url_decode(head, "header")) | header
    return f"{b64url_encode(json.dumps(members).encode())}.{rest}"


def sealed_zip(content: bytes) -> str:
    header = b64url_encode(json.dumps({"alg": "dir", "enc": "A128GCM", "zip": "DEF"}).encode())
    cek = b64url_decode(GCM.to_dict(private=True)["k"], "k")
    parts = CONTENT_ENCRYPTION["A128GCM"].encrypt(cek, bytes(12), header.encode(), content)
    return f"{header}..{'.'.join(map(b64url_encode, (bytes(12), *parts)))}"


def deflated(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


def verify(text: str) -> Any:
    return TokenVerifier(keys=SIGNER.public(), algorithms=["RS256"], issuer="i", audience="a").verify(text)


UNSIGNED = "eyJhbGciOiJub25lIn0.e30."
PBES2 = {"alg": "PBES2-HS256+A128KW", "p2s": "AAAAAAAAAAA"}
LEDGER: dict[str, tuple[Attack, type[JwtkitError]]] = {
    # A. A JWE where a JWS is expected, and the other way round
    "CVE-2026-29000": (lambda: verify(encrypt(RSA, UNSIGNED.encode(), header={"cty": "JWT"})), NotAllowedError),
    "CVE-2026-9793": (lambda: verify(encrypt(RSA, PLAINTEXT)), NotAllowedError),
    "CVE-2023-51774": (lambda: jws.verify(encrypt(RSA), RSA, algorithms=["RS256"]), NotAllowedError),
    "Tervoort 2023, sign and encrypt confused": (lambda: verify(encrypt(JWK.from_key(SIGNER.to_key(), alg="RSA-OAEP", kid="k"))), NotAllowedError),
    "a JWS where a JWE is expected": (lambda: decrypt(jws.sign(PLAINTEXT, JWK.generate("HS256"))), NotAllowedError),
    "a signature algorithm in the header": (lambda: decrypt(headed(alg="HS256")), NotAllowedError),
    # D. Cryptography
    "CVE-2016-6298": (lambda: decrypt(headed(alg="RSA1_5"), RSA), NotAllowedError),
    "CVE-2026-28490": (lambda: decrypt(headed(alg="RSA1_5"), RSA, algorithms=["RSA1_5"]), UsageError),
    "GHSA-5739-39v2-5754": (lambda: encrypt(RSA, alg="RSA1_5"), UsageError),
    "CVE-2016-9121": (lambda: decrypt(headed(alg="ECDH-ES+A128KW", epk={**EC.to_dict(), "y": EC.to_dict()["x"]}), EC), MalformedError),
    "Sanso 2017, a point at infinity": (lambda: decrypt(headed(alg="ECDH-ES+A128KW", epk={**EC.to_dict(), "x": "A" * 43, "y": "A" * 43}), EC), MalformedError),
    "Sanso 2017, another curve": (lambda: decrypt(headed(alg="ECDH-ES+A128KW", epk=JWK.generate("ES384").to_dict()), EC), MalformedError),
    "an agreement of zero, X448": (lambda: decrypt(headed(alg="ECDH-ES+A128KW", epk={"kty": "OKP", "crv": "X448", "x": b64url_encode(bytes(56))}), X448), DecryptionError),
    "CVE-2016-9123": (lambda: decrypt(changed(encrypt(CBC, enc="A128CBC-HS256"), iv=lambda iv: iv[:8]), CBC), DecryptionError),
    "GHSA-rm8v-mxj3-5rmq": (lambda: decrypt(changed(encrypt(CBC, enc="A128CBC-HS256"), ciphertext=lambda text: text[:-1] + bytes([text[-1] ^ 1])), CBC), DecryptionError),
    "CVE-2021-29443": (lambda: decrypt(changed(encrypt(CBC, enc="A128CBC-HS256"), tag=lambda tag: bytes(len(tag))), CBC), DecryptionError),
    "CVE-2017-12973": (lambda: decrypt(changed(encrypt(CBC, enc="A128CBC-HS256"), ciphertext=lambda text: text[:-16]), CBC), DecryptionError),
    "CVE-2018-1000539": (lambda: decrypt(changed(encrypt(GCM), tag=lambda tag: tag[:1]), GCM), DecryptionError),
    "CVE-2025-47275": (lambda: decrypt(changed(encrypt(GCM), tag=lambda tag: tag[:4]), GCM), DecryptionError),
    "CVE-2019-18848, three segments": (lambda: decrypt("e30.AA.AA"), NotAllowedError),
    "CVE-2019-18848, six segments": (lambda: decrypt(encrypt() + ".AA"), MalformedError),
    "GHSA-6vvh-pxr4-25r7": (lambda: decrypt(changed(encrypt(GCMKW), encrypted_key=lambda key: bytes([key[0] ^ 1]) + key[1:]), GCMKW), DecryptionError),
    "GHSA-6vvh-pxr4-25r7, a short tag": (lambda: decrypt(reheaded(encrypt(GCMKW), tag="AAAA"), GCMKW), DecryptionError),
    "CVE-2026-34986": (lambda: decrypt(changed(encrypt(), encrypted_key=lambda _: b"")), MalformedError),
    "CVE-2026-34986, seven octets": (lambda: decrypt(changed(encrypt(), encrypted_key=lambda _: bytes(7))), DecryptionError),
    "joserfc 1.7.4, encrypted_key null": (lambda: decrypt_json({"protected": "e30", "encrypted_key": None, "iv": "AA", "ciphertext": "AA", "tag": "AA"}), MalformedError),
    "joserfc 1.7.1, AAD encoded anew": (lambda: decrypt(reheaded(encrypt())), DecryptionError),
    "IV of 16 octets, content": (lambda: decrypt(changed(encrypt(GCM), iv=lambda iv: iv + bytes(4)), GCM), DecryptionError),
    "IV of 16 octets, key wrap": (lambda: decrypt(reheaded(encrypt(GCMKW), iv=b64url_encode(bytes(16))), GCMKW), DecryptionError),
    "dir with an encrypted key": (lambda: decrypt(changed(encrypt(GCM), encrypted_key=lambda _: bytes(16)), GCM), MalformedError),
    "epk with a private d": (lambda: decrypt(headed(alg="ECDH-ES+A128KW", epk=EC.to_dict(private=True)), EC), MalformedError),
    "apu no base64url": (lambda: decrypt(headed(alg="ECDH-ES+A128KW", epk={n: v for n, v in EC.to_dict().items() if n not in ("kid", "alg")}, apu="!!!"), EC), MalformedError),
    # E. Headers
    "CVE-2025-59420": (lambda: decrypt(headed(alg="A128KW", crit=["cnf"], cnf={})), NotAllowedError),
    "unprotected zip": (lambda: decrypt_json({**json.loads(encrypt(GCM, serialization="flattened")), "unprotected": {"zip": "DEF"}}, GCM, allow_zip=True), MalformedError),
    "names in two headers": (lambda: decrypt_json({**json.loads(encrypt(GCM, serialization="flattened")), "header": {"alg": "dir"}}, GCM), MalformedError),
    "recipients beside header": (lambda: decrypt_json({**json.loads(encrypt(serialization="general")), "header": {"x": 1}}), MalformedError),
    "CVE-2026-102265": (lambda: decrypt_json('{"unprotected":' + "[" * 100_000), MalformedError),
    "RFC 7516 4 duplicate enc": (lambda: decrypt("eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIiwiZW5jIjoiQTI1NkdDTSJ9...."), MalformedError),
    # G. Denial of service
    "CVE-2022-36083": (lambda: decrypt(headed(**PBES2, p2c=2**31 - 1), PASSWORD), NotAllowedError),
    "CVE-2023-49290": (lambda: decrypt(headed(**PBES2, p2c=10**12), PASSWORD), NotAllowedError),
    "CVE-2023-50658, not listed": (lambda: decrypt(headed(**PBES2, p2c=1000), PASSWORD, algorithms=["A128KW"]), NotAllowedError),
    "CVE-2023-6681, beyond 64 bits": (lambda: decrypt(headed(**PBES2, p2c=10**30), PASSWORD), MalformedError),
    "H-6, the total over recipients": (lambda: decrypt_json(sixteen(100_000), PASSWORD), NotAllowedError),
    "CVE-2024-28180": (lambda: decrypt(sealed_zip(deflated(bytes(10_000_000))), GCM, allow_zip=True), NotAllowedError),
    "CVE-2024-28176, not asked for": (lambda: decrypt(sealed_zip(deflated(b"x")), GCM), NotAllowedError),
    "a truncated DEFLATE stream": (lambda: decrypt(sealed_zip(deflated(b"x" * 1000)[:-1]), GCM, allow_zip=True), MalformedError),
    "a DEFLATE stream with trailing octets": (lambda: decrypt(sealed_zip(deflated(b"x" * 1000) + b"x"), GCM, allow_zip=True), MalformedError),
    "CVE-2025-27144": (lambda: decrypt("." * 1_000_000), NotAllowedError),
    "CVE-2025-27144, within the limit": (lambda: decrypt("." * 250_000), MalformedError),
    "CVE-2025-61920": (lambda: decrypt("A" * 200_000 + ".AA.AA.AA.AA"), NotAllowedError),
    # H. Keys
    "a key for another algorithm": (lambda: decrypt(headed(alg="A128KW"), GCMKW), NotAllowedError),
    "a key for signatures": (lambda: decrypt(headed(alg="RSA-OAEP-256"), SIGNER), NotAllowedError),
    "nobody's key": (lambda: decrypt(headed(alg="A128KW", kid="../../dev/null")), KeyNotFoundError),
}  # fmt: skip


def sixteen(p2c: int) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(
        jwe.encrypt(PLAINTEXT, [jwe.Recipient(PASSWORD, p2c=1000)] * 16, enc="A128GCM", serialization="general")
    )
    for entry in members["recipients"]:
        entry["header"]["p2c"] = p2c
    return members


@pytest.mark.parametrize(("attack", "error"), LEDGER.values(), ids=LEDGER)
def test_known_attacks(attack: Attack, error: type[JwtkitError]) -> None:
    with pytest.raises(error) as refusal:
        attack()
    assert type(refusal.value) is error
    assert len(str(refusal.value)) < 700


def test_the_forgeries_are_good_ones() -> None:
    for key in (KW, GCMKW, GCM, EC, X448, RSA, PASSWORD):
        assert decrypt(encrypt(key, p2c=1000), key).plaintext == PLAINTEXT
    assert decrypt(encrypt(CBC, enc="A128CBC-HS256"), CBC).plaintext == PLAINTEXT
    assert decrypt(sealed_zip(deflated(b"x")), GCM, allow_zip=True).plaintext == b"x"
    assert decrypt_json(sixteen(1000), PASSWORD).plaintext == PLAINTEXT


def test_cve_2025_65015_an_error_never_carries_the_token() -> None:
    secret = "A1b2C3d4" * 30_000
    for text in (secret, f"e30.{secret}.AA.AA.AA", f"{secret}.AA.AA.AA.AA"):
        with pytest.raises(JwtkitError) as refusal:
            decrypt(text)
        assert "A1b2C3d4" not in str(refusal.value)


@pytest.mark.parametrize("key", [KW, GCM, EC, RSA, PASSWORD], ids=lambda key: str(key.alg))
def test_no_secret_in_any_error(key: JWK) -> None:
    members = key.to_dict(private=True)
    shown = [repr(key)]
    for text in (changed(encrypt(key, p2c=1000), tag=lambda _: bytes(16)), encrypt(key, p2c=1000) + "\n"):
        with pytest.raises(JwtkitError) as refusal:
            decrypt(text, key)
        shown.append(str(refusal.value))
    for name in ("k", "d", "p", "q", "dp", "dq", "qi"):
        for text in shown if name in members else ():
            assert members[name] not in text
