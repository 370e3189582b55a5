"""Compact JWE: what is opened, everything that is not, and that what does not open always fails in one way."""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    DecryptedJWE,
    DecryptionError,
    JwtkitError,
    KeyNotFoundError,
    Limits,
    MalformedError,
    NotAllowedError,
    RejectedError,
    UsageError,
    jwe,
    jws,
)
from jwtkit._wire import b64url_decode, b64url_encode
from jwtkit.crypto.encryption import CONTENT_ENCRYPTION, KEY_MANAGEMENT

EVERY_ALG: Any = list(KEY_MANAGEMENT)
EVERY_ENC: Any = list(CONTENT_ENCRYPTION)
CURVES = ("P-256", "P-384", "P-521", "X25519", "X448")
RSA_MEMBERS = JWK.generate("RSA-OAEP").to_dict(private=True)
KW = JWK.generate("A128KW", kid="k")
GCM = JWK.generate("A256GCM", kid="k")
EC = JWK.generate("ECDH-ES+A256KW", crv="P-256", kid="k")
X25519 = JWK.generate("ECDH-ES", crv="X25519", kid="k")
RSA = JWK.parse({**RSA_MEMBERS, "alg": "RSA-OAEP-256", "kid": "k"})
PASSWORD = JWK.from_secret(b"correct horse", alg="PBES2-HS256+A128KW", kid="k")
PLAINTEXT = b"plaintext"


def keys_for(alg: Any, enc: Any) -> list[JWK]:
    """Give a key for each kind that the pair works with."""
    row = KEY_MANAGEMENT[alg]
    if row.family == "dir":
        return [JWK.generate(enc)]
    if row.family == "PBES2":
        return [JWK.from_secret(b"password", alg=alg)]
    if row.family == "OAEP":
        return [JWK.parse({**RSA_MEMBERS, "alg": alg})]
    return [JWK.generate(alg, crv=crv) for crv in row.variants] or [JWK.generate(alg)]


def to(key: JWK) -> JWK:
    """Give what a sender has."""
    return key if key.kty == "oct" else key.public()


def decrypt(text: Any, keys: Any, **named: Any) -> DecryptedJWE:
    allowed = {"algorithms": EVERY_ALG, "encryptions": EVERY_ENC}
    return jwe.decrypt(text, keys, **{**allowed, **named})


PAIRS = [(alg, enc) for alg in EVERY_ALG for enc in EVERY_ENC]


@pytest.mark.parametrize(("alg", "enc"), PAIRS, ids=[f"{alg} {enc}" for alg, enc in PAIRS])
@pytest.mark.parametrize("plaintext", [b"", b"\x00plaintext\xff", b"x" * 16])
def test_round_trip(alg: Any, enc: Any, plaintext: bytes) -> None:
    for key in keys_for(alg, enc):
        text = jwe.encrypt(plaintext, to(key), alg=alg, enc=enc, typ="JOSE", header={"cty": "text/plain"}, p2c=1000)
        opened = jwe.decrypt(text, key, algorithms=[alg], encryptions=[enc])
        assert opened.plaintext == plaintext
        assert (opened.header.alg, opened.header["enc"], opened.header.kid) == (alg, enc, key.kid)
        assert (opened.header.typ, opened.header.cty) == ("JOSE", "text/plain")
        assert (opened.key, opened.aad, dict(opened.unprotected)) == (key, None, {})
        assert text.count(".") == 4
        assert (text.split(".")[1] == "") is KEY_MANAGEMENT[alg].is_direct
        if len(plaintext) > 1:
            assert jwe.encrypt(plaintext, to(key), alg=alg, enc=enc, p2c=1000) != text
            assert "plaintext" not in repr(opened)


def test_a_key_may_name_its_algorithm() -> None:
    assert decrypt(jwe.encrypt(PLAINTEXT, EC.public(), enc="A128GCM"), EC).header.alg == "ECDH-ES+A256KW"
    assert decrypt(jwe.encrypt(PLAINTEXT, GCM, enc="A256GCM"), GCM).header.alg == "dir"
    silent = JWK.parse({name: value for name, value in EC.to_dict(private=True).items() if name != "alg"})
    text = jwe.encrypt(PLAINTEXT, silent.public(), alg="ECDH-ES", enc="A128GCM")
    assert decrypt(text, silent, algorithms=["ECDH-ES"]).plaintext == PLAINTEXT
    with pytest.raises(NotAllowedError, match="names no alg and fits"):
        decrypt(text, silent)
    with pytest.raises(UsageError, match="pass alg="):
        jwe.encrypt(PLAINTEXT, silent.public(), enc="A128GCM")


# --- one failure


def parts(text: str) -> list[bytes]:
    return [b64url_decode(segment, "x") for segment in text.split(".")]


def joined(*segments: bytes | memoryview) -> str:
    return ".".join(b64url_encode(segment) for segment in segments)


def with_part(text: str, index: int, change: Callable[[bytes], bytes]) -> str:
    segments = parts(text)
    segments[index] = change(segments[index])
    head = text.partition(".")[0]
    return ".".join([head, *(b64url_encode(segment) for segment in segments[1:])])


def flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:] if data else b"\1"


def flipped_end(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1]) if data else b"\1"


def forged_cek(key: JWK, enc: str, cek: bytes) -> str:
    """Send a content encryption key of another length, correctly wrapped and used."""
    from jwtkit.crypto.key_wrapping import wrap

    header = b64url_encode(json.dumps({"alg": key.alg, "enc": enc, "kid": key.kid}).encode())
    encrypted_key = wrap(b64url_decode(key.to_dict(private=True)["k"], "k"), cek)
    return f"{header}.{joined(encrypted_key, bytes(12), b'x', bytes(16))}"


def unpadded(key: JWK, ciphertext: bytes) -> str:
    """Send authentic CBC ciphertext without padding, as only somebody with the key can."""
    import hmac

    row = CONTENT_ENCRYPTION["A128CBC-HS256"]
    cek = b64url_decode(key.to_dict(private=True)["k"], "k")
    header = b64url_encode(json.dumps({"alg": "dir", "enc": row.name, "kid": key.kid}).encode())
    aad, iv = header.encode(), bytes(16)
    tag = hmac.digest(cek[:16], aad + iv + ciphertext + (len(aad) * 8).to_bytes(8), "sha256")[:16]
    return f"{header}..{joined(iv, ciphertext, tag)}"


CBC = JWK.generate("A128CBC-HS256", kid="k")
SENDERS: dict[str, tuple[JWK, Any, Any]] = {
    "A128KW, GCM": (KW, "A128KW", "A128GCM"),
    "A128KW, CBC": (KW, "A128KW", "A128CBC-HS256"),
    "GCMKW": (JWK.generate("A256GCMKW", kid="k"), "A256GCMKW", "A256GCM"),
    "ECDH-ES": (X25519, "ECDH-ES", "A128CBC-HS256"),
    "ECDH-ES+A256KW": (EC, "ECDH-ES+A256KW", "A256GCM"),
    "RSA-OAEP-256": (RSA, "RSA-OAEP-256", "A256CBC-HS512"),
    "PBES2": (PASSWORD, "PBES2-HS256+A128KW", "A128GCM"),
    "dir": (GCM, "dir", "A256GCM"),
}


def failures() -> dict[str, tuple[str, JWK]]:
    found: dict[str, tuple[str, JWK]] = {}
    for name, (key, alg, enc) in SENDERS.items():
        text = jwe.encrypt(PLAINTEXT, to(key), alg=alg, enc=enc, p2c=1000)
        changes: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
            "tag flipped": (4, flipped),
            "tag flipped at its end": (4, flipped_end),
            "tag cut by one": (4, lambda tag: tag[:-1]),
            "tag cut to one": (4, lambda tag: tag[:1]),
            "tag empty": (4, lambda _: b""),
            "tag longer": (4, lambda tag: tag + b"\0"),
            "ciphertext flipped": (3, flipped),
            "ciphertext cut": (3, lambda text: text[:-1]),
            "ciphertext empty": (3, lambda _: b""),
            "iv flipped": (2, flipped),
            "iv of 16 or 12 octets": (2, lambda iv: bytes(28 - len(iv))),
            "iv empty": (2, lambda _: b""),
        }
        if not KEY_MANAGEMENT[alg].is_direct:
            changes |= {
                "encrypted key flipped": (1, flipped),
                "encrypted key flipped at its end": (1, flipped_end),
                "encrypted key cut": (1, lambda key: key[:-1]),
                "encrypted key of one octet": (1, lambda _: b"\1"),
                "encrypted key longer": (1, lambda key: key + bytes(8)),
                "encrypted key of zeros": (1, lambda key: bytes(len(key))),
            }
        found |= {f"{name}: {change}": (with_part(text, index, how), key) for change, (index, how) in changes.items()}
        other = JWK.generate(alg) if key.kty == "RSA" else keys_for(alg, enc)[0]
        if other.crv == key.crv and alg != "PBES2-HS256+A128KW":
            members = {**other.to_dict(private=True), "kid": "k"}
            found[f"{name}: another key"] = (text, JWK.parse(members))
    secret = {**PASSWORD.to_dict(private=True), "k": b64url_encode(b"battery staple")}
    text = jwe.encrypt(PLAINTEXT, PASSWORD, enc="A128GCM", p2c=1000)
    found["PBES2: another password"] = (text, JWK.parse(secret))
    found["a CEK too short"] = (forged_cek(KW, "A256GCM", bytes(16)), KW)
    found["a CEK too long"] = (forged_cek(KW, "A128GCM", bytes(32)), KW)
    found["authentic, no padding"] = (unpadded(CBC, bytes(16)), CBC)
    found["authentic, no block"] = (unpadded(CBC, bytes(15)), CBC)
    found["authentic, empty"] = (unpadded(CBC, b""), CBC)
    return found


FAILURES = failures()


def outcome(text: str, key: JWK) -> tuple[object, ...]:
    with pytest.raises(JwtkitError) as refusal:
        decrypt(text, key)
    error = refusal.value
    return (
        type(error),
        str(error),
        repr(error),
        tuple(vars(error)),
        error.__cause__,
        error.__suppress_context__,
        error.args,
    )


@pytest.mark.parametrize(("text", "key"), FAILURES.values(), ids=FAILURES)
def test_what_does_not_open_is_a_decryption_error(text: str, key: JWK) -> None:
    with pytest.raises(DecryptionError):
        decrypt(text, key)


def test_all_failures_look_alike() -> None:
    assert len(FAILURES) > 120
    assert len({outcome(text, key)[:-1] for text, key in FAILURES.values()}) == 1


def test_a_key_that_does_not_unwrap_is_replaced_and_the_content_is_tried() -> None:
    """RFC 7516 section 11.5: watched from outside, the content is decrypted each time, under a key of its own."""
    tried: list[bytes] = []

    def watch(frame: Any, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_qualname == "ContentEncryption.decrypt":
            tried.append(frame.f_locals["cek"])

    text = jwe.encrypt(PLAINTEXT, KW, enc="A256GCM")
    attempts = [with_part(text, 1, flipped), with_part(text, 1, flipped), forged_cek(KW, "A256GCM", bytes(16))]
    sys.setprofile(watch)
    try:
        for attempt in attempts:
            outcome(attempt, KW)
    finally:
        sys.setprofile(None)
    assert [len(cek) for cek in tried] == [32, 32, 32]
    assert len(set(tried)) == 3


# --- headers: refused in the open

GOOD_HEADER = {"alg": "A128KW", "enc": "A128GCM", "kid": "k"}


def headed(header: str | bytes | dict[str, Any]) -> str:
    data = json.dumps(header) if isinstance(header, dict) else header
    octets = data.encode() if isinstance(data, str) else data
    return f"{b64url_encode(octets)}.{joined(bytes(24), bytes(12), b'x', bytes(16))}"


def wrapped(alg: str, **members: Any) -> dict[str, Any]:
    return {"alg": alg, "enc": "A128GCM", "kid": "k", **members}


EPK = X25519.public().to_dict()
HEADERS: dict[str, tuple[Any, JWK, type[JwtkitError]]] = {
    "whole": (GOOD_HEADER, KW, DecryptionError),
    "no alg": ({"enc": "A128GCM"}, KW, MalformedError),
    "no enc": ({"alg": "A128KW"}, KW, MalformedError),
    "enc a number": (wrapped("A128KW", enc=5), KW, MalformedError),
    "enc unknown": (wrapped("A128KW", enc="A128CTR"), KW, NotAllowedError),
    "enc in another case": (wrapped("A128KW", enc="a128gcm"), KW, NotAllowedError),
    "alg none": (wrapped("none"), KW, NotAllowedError),
    "RSA1_5": (wrapped("RSA1_5"), RSA, NotAllowedError),
    "alg of a signature": (wrapped("HS256"), KW, NotAllowedError),
    "alg twice": ('{"alg":"A128KW","alg":"dir","enc":"A128GCM"}', KW, MalformedError),
    "kid unknown": (wrapped("A128KW", kid="z"), KW, KeyNotFoundError),
    "kid a number": (wrapped("A128KW", kid=7), KW, MalformedError),
    "a key for another algorithm": (wrapped("A128GCMKW"), KW, NotAllowedError),
    "dir with a wrapping key": (wrapped("dir"), KW, NotAllowedError),
    "dir with a key of another length": (wrapped("dir"), GCM, NotAllowedError),
    "ECDH-ES with a key for wrapping": (wrapped("ECDH-ES", epk=EPK), EC, NotAllowedError),
    "crit unknown": (wrapped("A128KW", crit=["x"], x=1), KW, NotAllowedError),
    "crit b64": (wrapped("A128KW", crit=["b64"], b64=True), KW, NotAllowedError),
    "crit of a registered name": (wrapped("A128KW", crit=["enc"]), KW, MalformedError),
    "crit empty": (wrapped("A128KW", crit=[]), KW, MalformedError),
    "zip": (wrapped("A128KW", zip="DEF"), KW, NotAllowedError),
    "zip unknown": (wrapped("A128KW", zip="LZ4"), KW, NotAllowedError),
    "zip a number": (wrapped("A128KW", zip=1), KW, MalformedError),
    "GCMKW without iv": (wrapped("A256GCMKW", tag="AAAA"), SENDERS["GCMKW"][0], MalformedError),
    "GCMKW without tag": (wrapped("A256GCMKW", iv="AAAA"), SENDERS["GCMKW"][0], MalformedError),
    "GCMKW iv a number": (wrapped("A256GCMKW", iv=1, tag="AAAA"), SENDERS["GCMKW"][0], MalformedError),
    "GCMKW iv padded": (wrapped("A256GCMKW", iv="AA==", tag="AAAA"), SENDERS["GCMKW"][0], MalformedError),
    "GCMKW iv of 16 octets": (
        wrapped("A256GCMKW", iv=b64url_encode(bytes(16)), tag=b64url_encode(bytes(16))),
        SENDERS["GCMKW"][0],
        DecryptionError,
    ),
    "GCMKW tag of one octet": (
        wrapped("A256GCMKW", iv=b64url_encode(bytes(12)), tag="AA"),
        SENDERS["GCMKW"][0],
        DecryptionError,
    ),
    "ECDH without epk": (wrapped("ECDH-ES+A256KW"), EC, MalformedError),
    "epk a str": (wrapped("ECDH-ES+A256KW", epk="x"), EC, MalformedError),
    "epk empty": (wrapped("ECDH-ES+A256KW", epk={}), EC, NotAllowedError),
    "epk on another curve": (wrapped("ECDH-ES+A256KW", epk=EPK), EC, MalformedError),
    "epk of another type": (wrapped("ECDH-ES+A256KW", epk=RSA.public().to_dict()), EC, MalformedError),
    "epk off the curve": (
        wrapped("ECDH-ES+A256KW", epk={**EC.public().to_dict(), "y": EC.to_dict()["x"]}),
        EC,
        MalformedError,
    ),
    "epk private": (wrapped("ECDH-ES+A256KW", epk=EC.to_dict(private=True)), EC, MalformedError),
    "epk with a foreign d": (wrapped("ECDH-ES+A256KW", epk={**EC.to_dict(), "d": "AA"}), EC, MalformedError),
    "apu no base64url": (wrapped("ECDH-ES+A256KW", epk=EC.public().to_dict(), apu="!!!"), EC, MalformedError),
    "apv a number": (wrapped("ECDH-ES+A256KW", epk=EC.public().to_dict(), apv=1), EC, MalformedError),
    "apu too long": (wrapped("ECDH-ES+A256KW", epk=EC.public().to_dict(), apu="A" * 2000), EC, MalformedError),
    "PBES2 without p2c": (wrapped("PBES2-HS256+A128KW", p2s="AAAAAAAAAAA"), PASSWORD, MalformedError),
    "PBES2 without p2s": (wrapped("PBES2-HS256+A128KW", p2c=1000), PASSWORD, MalformedError),
    "p2c a str": (wrapped("PBES2-HS256+A128KW", p2c="1000", p2s="AAAAAAAAAAA"), PASSWORD, MalformedError),
    "p2c true": (wrapped("PBES2-HS256+A128KW", p2c=True, p2s="AAAAAAAAAAA"), PASSWORD, MalformedError),
    "p2c a fraction": (wrapped("PBES2-HS256+A128KW", p2c=1000.0, p2s="AAAAAAAAAAA"), PASSWORD, MalformedError),
    "p2c 999": (wrapped("PBES2-HS256+A128KW", p2c=999, p2s="AAAAAAAAAAA"), PASSWORD, NotAllowedError),
    "p2c negative": (wrapped("PBES2-HS256+A128KW", p2c=-1, p2s="AAAAAAAAAAA"), PASSWORD, NotAllowedError),
    "p2c 2^31-1": (wrapped("PBES2-HS256+A128KW", p2c=2**31 - 1, p2s="AAAAAAAAAAA"), PASSWORD, NotAllowedError),
    "p2s of 7 octets": (wrapped("PBES2-HS256+A128KW", p2c=1000, p2s="AAAAAAAAAA"), PASSWORD, MalformedError),
    "not JSON": ("nonsense", KW, MalformedError),
    "array": ("[]", KW, MalformedError),
    "byte order mark": ("\ufeff" + json.dumps(GOOD_HEADER), KW, MalformedError),
    "deep": ('{"alg":"A128KW","enc":"A128GCM","x":' + "[" * 16 + "]" * 16 + "}", KW, MalformedError),
    "too large": (wrapped("A128KW", x="y" * 17_000), KW, NotAllowedError),
}


@pytest.mark.parametrize(("header", "key", "error"), HEADERS.values(), ids=HEADERS)
def test_headers(header: Any, key: JWK, error: type[JwtkitError]) -> None:
    with pytest.raises(error) as refusal:
        decrypt(headed(header), key)
    assert type(refusal.value) is error
    assert len(str(refusal.value)) < 700


def test_the_result_of_an_agreement_is_never_all_zero() -> None:
    """RFC 7748 section 6: a point of small order gives zero, whatever the private key."""
    key = JWK.generate("ECDH-ES+A128KW", crv="X25519", kid="k")
    epk = {"kty": "OKP", "crv": "X25519", "x": b64url_encode(bytes(32))}
    with pytest.raises(DecryptionError):
        decrypt(headed(wrapped("ECDH-ES+A128KW", epk=epk)), key)
    with pytest.raises(UsageError, match="small order"):
        jwe.encrypt(b"", JWK.parse(epk), alg="ECDH-ES", enc="A128GCM")


# --- texts

GOOD = jwe.encrypt(PLAINTEXT, KW, enc="A128GCM")
HEAD, KEY, IV, TEXT, TAG = GOOD.split(".")
TEXTS: dict[str, tuple[Any, type[JwtkitError], str]] = {
    "empty": ("", MalformedError, "empty"),
    "trailing newline": (GOOD + "\n", MalformedError, "strip()"),
    "Bearer": ("Bearer " + GOOD, MalformedError, "remove the 'Bearer ' prefix"),
    "three segments": (jws.sign(b"", JWK.generate("HS256")), NotAllowedError, "this is a signed token (JWS"),
    "four segments": (f"{HEAD}.{KEY}.{IV}.{TEXT}", MalformedError, "4 segments: an encrypted token has 5"),
    "six segments": (f"{GOOD}.{TAG}", MalformedError, "6 segments"),
    "a million dots": ("." * 250_000, MalformedError, "segments"),
    "JSON": ('{"ciphertext":""}', MalformedError, "compact"),
    "no ASCII": (GOOD[:-1] + "ä", MalformedError, "tag"),
    "tag padded": (GOOD + "==", MalformedError, "tag"),
    "stray bits": (f"{HEAD}.{KEY}.{IV}.{TEXT}.{TAG[:-1]}B", MalformedError, "canonical"),
    "white space inside": (f"{HEAD}.{KEY} .{IV}.{TEXT}.{TAG}", MalformedError, "encrypted key"),
    "empty encrypted key": (f"{HEAD}..{IV}.{TEXT}.{TAG}", MalformedError, "must be present"),
    "dir with an encrypted key": (headed(wrapped("dir", enc="A256GCM")), MalformedError, "must be empty"),
    "too large": ("a" * 300_000, NotAllowedError, "Limits.token_bytes"),
    "bytes": (GOOD.encode(), UsageError, "token is bytes"),
    "None": (None, UsageError, "None"),
}


@pytest.mark.parametrize(("text", "error", "words"), TEXTS.values(), ids=TEXTS)
def test_texts(text: Any, error: type[JwtkitError], words: str) -> None:
    with pytest.raises(error) as refusal:
        decrypt(text, GCM if "dir" in words or words == "must be empty" else KW)
    assert words in str(refusal.value)
    assert GOOD not in str(refusal.value)


def test_a_jwe_is_never_taken_for_a_jws() -> None:
    with pytest.raises(NotAllowedError, match="encrypted token"):
        jws.verify(GOOD, JWK.generate("HS256"), algorithms=["HS256"])


# --- compression


def test_compression() -> None:
    plaintext = b"a" * 10_000
    text = jwe.encrypt(plaintext, KW, enc="A128GCM", compress=True)
    assert len(text) < 300
    assert decrypt(text, KW, allow_zip=True).plaintext == plaintext
    assert decrypt(text, KW, allow_zip=True).header["zip"] == "DEF"
    with pytest.raises(NotAllowedError, match="allow_zip=True"):
        decrypt(text, KW)


def zipped(content: bytes) -> str:
    """Send authentic content that says it is compressed."""
    row = CONTENT_ENCRYPTION["A256GCM"]
    header = b64url_encode(json.dumps({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}).encode())
    cek = b64url_decode(GCM.to_dict(private=True)["k"], "k")
    return f"{header}..{joined(bytes(12), *row.encrypt(cek, bytes(12), header.encode(), content))}"


def raw(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


STREAMS: dict[str, tuple[bytes, type[JwtkitError] | None]] = {
    "whole": (raw(b"x" * 1000), None),
    "whole, of nothing": (raw(b""), None),
    "as long as allowed": (raw(bytes(250 * 1024)), None),
    "one byte longer": (raw(bytes(250 * 1024 + 1)), NotAllowedError),
    "a bomb of 10 MB": (raw(bytes(10_000_000)), NotAllowedError),
    "empty": (b"", MalformedError),
    "cut short": (raw(bytes(range(256)) * 4)[:-1], MalformedError),
    "trailing octet": (raw(b"x" * 1000) + b"\0", MalformedError),
    "two streams": (raw(b"x") + raw(b"y"), MalformedError),
    "zlib": (zlib.compress(b"x" * 1000), MalformedError),
    "garbage": (b"\xff" * 20, MalformedError),
}


@pytest.mark.parametrize(("stream", "error"), STREAMS.values(), ids=STREAMS)
def test_streams(stream: bytes, error: type[JwtkitError] | None) -> None:
    key = JWK.parse({name: value for name, value in GCM.to_dict(private=True).items() if name != "kid"})
    if error is None:
        assert raw(decrypt(zipped(stream), key, allow_zip=True).plaintext) == stream
    else:
        with pytest.raises(error):
            decrypt(zipped(stream), key, allow_zip=True)


def test_the_limit_of_compression_can_be_moved() -> None:
    key = JWK.parse({name: value for name, value in GCM.to_dict(private=True).items() if name != "kid"})
    text = zipped(raw(bytes(2000)))
    assert len(decrypt(text, key, allow_zip=True, limits=Limits(inflated_bytes=2000)).plaintext) == 2000
    with pytest.raises(NotAllowedError, match="inflated_bytes=1999"):
        decrypt(text, key, allow_zip=True, limits=Limits(inflated_bytes=1999))


# --- extensions, passwords, what a key is for


def test_an_extension_that_its_handler_accepts() -> None:
    text = jwe.encrypt(PLAINTEXT, KW, enc="A128GCM", header={"x": 5}, crit=["x"])
    assert decrypt(text, KW, crit={"x": lambda value, header: value == 5 and header.alg == "A128KW"}).plaintext
    with pytest.raises(NotAllowedError, match="refused by its handler"):
        decrypt(text, KW, crit={"x": lambda _value, _header: False})
    with pytest.raises(NotAllowedError, match="not understood"):
        decrypt(text, KW)
    with pytest.raises(DecryptionError):
        decrypt(with_part(text, 4, flipped), KW, crit={"x": lambda _value, _header: False})


def test_iterations_are_bounded_and_the_bound_can_be_moved() -> None:
    text = jwe.encrypt(PLAINTEXT, PASSWORD, enc="A128GCM", p2c=2000)
    assert decrypt(text, PASSWORD, limits=Limits(pbes2_count=2000)).plaintext == PLAINTEXT
    with pytest.raises(NotAllowedError, match="pbes2_count=1999"):
        decrypt(text, PASSWORD, limits=Limits(pbes2_count=1999))
    with pytest.raises(NotAllowedError, match="allowed set"):
        decrypt(text, PASSWORD, algorithms=["A128KW"])


PURPOSES: dict[str, tuple[JWK, dict[str, Any], bool, bool]] = {
    "use enc": (RSA, {"use": "enc"}, True, True),
    "use sig": (RSA, {"use": "sig"}, False, False),
    "key_ops unwrapKey": (RSA, {"key_ops": ["unwrapKey"]}, True, True),
    "key_ops decrypt": (RSA, {"key_ops": ["decrypt"]}, True, True),
    "key_ops sign": (RSA, {"key_ops": ["sign"]}, False, False),
    "key_ops deriveKey": (EC, {"key_ops": ["deriveKey"]}, True, True),
    "key_ops deriveBits": (EC, {"key_ops": ["deriveBits"]}, True, True),
    "key_ops sign of an EC key": (EC, {"key_ops": ["sign"]}, False, False),
    "secret, wrapKey": (KW, {"key_ops": ["wrapKey"]}, True, False),
    "secret, unwrapKey": (KW, {"key_ops": ["unwrapKey"]}, False, True),
    "secret, both": (KW, {"key_ops": ["wrapKey", "unwrapKey"]}, True, True),
    "secret, encrypt": (GCM, {"key_ops": ["encrypt"]}, True, False),
    "secret, decrypt": (GCM, {"key_ops": ["decrypt"]}, False, True),
    "secret, unwrapKey for content": (GCM, {"key_ops": ["unwrapKey"]}, False, False),
}


@pytest.mark.parametrize(("key", "members", "encrypts", "decrypts"), PURPOSES.values(), ids=PURPOSES)
def test_use_and_key_ops(key: JWK, members: dict[str, Any], encrypts: bool, decrypts: bool) -> None:
    meant = JWK.parse({**key.to_dict(private=True), **members})
    text = jwe.encrypt(PLAINTEXT, to(key), enc="A256GCM")
    if encrypts:
        assert decrypt(jwe.encrypt(PLAINTEXT, to(meant), enc="A256GCM"), key).plaintext == PLAINTEXT
    else:
        with pytest.raises(UsageError, match="see its use and key_ops"):
            jwe.encrypt(PLAINTEXT, to(meant), enc="A256GCM")
    if decrypts:
        assert decrypt(text, meant).plaintext == PLAINTEXT
    else:
        with pytest.raises(NotAllowedError, match="see its use and key_ops"):
            decrypt(text, meant)


def test_two_keys_that_fit_are_no_guess() -> None:
    other = JWK.generate("A128KW", kid="k")
    with pytest.raises(NotAllowedError, match="2 usable A128KW keys"):
        decrypt(GOOD, [KW, other])
    assert decrypt(GOOD, [KW, JWK.generate("A128KW", kid="j"), RSA]).plaintext == PLAINTEXT


# --- keys for encryption


@pytest.mark.parametrize("alg", EVERY_ALG + EVERY_ENC)
def test_generate(alg: Any) -> None:
    row: Any = KEY_MANAGEMENT.get(alg) or CONTENT_ENCRYPTION[alg]
    if alg == "dir" or alg.startswith("PBES2"):
        with pytest.raises(UsageError, match="how long"):
            JWK.generate(alg)
        return
    if alg.startswith("ECDH"):
        with pytest.raises(UsageError, match="pass crv="):
            JWK.generate(alg)
        made = [JWK.generate(alg, crv=crv) for crv in CURVES]
        assert [key.crv for key in made] == list(CURVES)
    else:
        made = [JWK.generate(alg)]
    for key in made:
        assert JWK.parse(key.to_dict(private=True)) == key
        assert key.fits(row)
        with pytest.raises(UsageError, match="not a signing key"):
            key.sign(b"")


@pytest.mark.parametrize(
    ("alg", "crv"),
    [
        ("ES256", "P-384"),
        ("ECDH-ES", "Ed25519"),
        ("RS256", "P-256"),
        ("A128KW", "x"),
        ("EdDSA", "X448"),
        ("ECDH-ES", 5),
    ],
)
def test_generate_refuses_a_curve_that_does_not_belong(alg: Any, crv: Any) -> None:
    with pytest.raises(UsageError, match="no curve of"):
        JWK.generate(alg, crv=crv)


def test_generate_takes_a_curve_where_there_is_a_choice() -> None:
    assert JWK.generate("EdDSA", crv="Ed448").crv == "Ed448"
    assert JWK.generate("ES256", crv="P-256").crv == "P-256"


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"kty": "oct", "k": b64url_encode(bytes(32)), "alg": "A128KW"}, NotAllowedError),
        ({"kty": "oct", "k": b64url_encode(bytes(15)), "alg": "A128GCM"}, NotAllowedError),
        ({**EC.to_dict(), "alg": "RSA-OAEP"}, MalformedError),
        ({**RSA.to_dict(), "alg": "ECDH-ES"}, MalformedError),
        ({**JWK.generate("Ed25519").to_dict(), "alg": "ECDH-ES"}, MalformedError),
        ({**JWK.generate("ES256K").to_dict(), "alg": "ECDH-ES"}, MalformedError),
    ],
)
def test_a_key_that_contradicts_its_algorithm(members: Any, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        JWK.parse(members)


@pytest.mark.parametrize("alg", ["A128KW", "A192GCMKW", "A256GCM"])
def test_a_secret_for_aes_has_one_length(alg: Any) -> None:
    size = len(b64url_decode(JWK.generate(alg).to_dict(private=True)["k"], "k"))
    assert JWK.from_secret(bytes(size), alg=alg).alg == alg
    for wrong in (size - 1, size + 1, size * 2):
        for allow in (False, True):
            with pytest.raises(UsageError, match="exactly"):
                JWK.from_secret(bytes(wrong), alg=alg, allow_short_secret=allow)


# --- mistakes of the caller


def encrypt(key: Any = KW, **named: Any) -> str:
    return jwe.encrypt(PLAINTEXT, key, **({"enc": "A128GCM"} | named))


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "plaintext a str": (lambda: jwe.encrypt("text", KW, enc="A128GCM"), "plaintext must be bytes"),  # type: ignore[arg-type]  # the mistake
    "no key": (lambda: encrypt(None), "cannot encrypt to a NoneType"),
    "a key set": (lambda: encrypt(JWKS([EC.public()])), "cannot encrypt to a JWKS"),
    "enc unknown": (lambda: encrypt(enc="A128CTR"), "unknown content encryption"),
    "enc None": (lambda: encrypt(enc=None), "unknown content encryption"),
    "alg unknown": (lambda: encrypt(alg="A129KW"), "unknown key management"),
    "RSA1_5": (lambda: encrypt(RSA.public(), alg="RSA1_5"), "use RSA-OAEP-256"),
    "none": (lambda: encrypt(alg="none"), "unknown key management"),
    "alg of a signature": (lambda: encrypt(JWK.generate("HS256")), "unknown key management algorithm 'HS256'"),
    "alg of another key": (lambda: encrypt(alg="A256KW"), "needs a shared secret of exactly 32 bytes"),
    "alg of another type": (lambda: encrypt(RSA.public(), alg="ECDH-ES"), "needs a key on P-256"),
    "dir, wrong length": (lambda: encrypt(GCM), "to encrypt with A128GCM"),
    "serialization": (lambda: encrypt(serialization="xml"), "serialization must be"),
    "aad, compact": (lambda: encrypt(aad=b"x"), "use a JSON serialization"),
    "unprotected, compact": (lambda: encrypt(unprotected={"x": 1}), "use a JSON serialization"),
    "aad empty": (lambda: encrypt(aad=b"", serialization="flattened"), "at least one"),
    "aad a str": (lambda: encrypt(aad="x", serialization="flattened"), "aad must be bytes"),
    "several, compact": (lambda: encrypt([KW]), "serialization='general'"),
    "several, none": (lambda: encrypt([], serialization="general"), "at least one"),
    "several with alg": (lambda: encrypt([KW], alg="A128KW", serialization="general"), "Recipient"),
    "several with dir": (lambda: encrypt([GCM, KW], enc="A256GCM", serialization="general"), "one recipient only"),
    "header alg": (lambda: encrypt(header={"alg": "none"}), "'alg' cannot be set"),
    "header epk": (lambda: encrypt(header={"epk": {}}), "'epk' cannot be set"),
    "header zip": (lambda: encrypt(header={"zip": "DEF"}), "'zip' cannot be set"),
    "header no mapping": (lambda: encrypt(header=[]), "must be a mapping"),
    "header no JSON": (lambda: encrypt(header={"x": b""}), "bytes"),
    "a name in both headers": (lambda: encrypt(header={"x": 1}, unprotected={"x": 1}, serialization="flattened"), "given twice"),
    "crit a str": (lambda: encrypt(crit="x"), "list of names"),
    "crit absent": (lambda: encrypt(crit=["x"]), "present in the header"),
    "apu a str": (lambda: encrypt(EC.public(), apu="x"), "apu must be bytes"),
    "apv too long": (lambda: encrypt(EC.public(), apv=bytes(5000)), "apv must be bytes"),
    "p2c low": (lambda: encrypt(PASSWORD, p2c=999), "from 1000"),
    "p2c high": (lambda: encrypt(PASSWORD, p2c=10_000_001), "to 10000000"),
    "p2c a str": (lambda: encrypt(PASSWORD, p2c="1000"), "p2c must be an int"),
    "RSA public key decrypts": (lambda: decrypt(GOOD, RSA.public()), "needs the private one"),
    "keys empty": (lambda: decrypt(GOOD, []), "keys is empty"),
    "keys a set": (lambda: decrypt(GOOD, JWKS([EC.public()])), "a JWK or a sequence"),
    "algorithms a str": (lambda: decrypt(GOOD, KW, algorithms="dir"), "is a list"),
    "algorithms None": (lambda: decrypt(GOOD, KW, algorithms=None), "is required"),
    "algorithms empty": (lambda: decrypt(GOOD, KW, algorithms=[]), "is empty"),
    "algorithms with RSA1_5": (lambda: decrypt(GOOD, KW, algorithms=["RSA1_5"]), "not offered"),
    "encryptions a typo": (lambda: decrypt(GOOD, KW, encryptions=["A128GMC"]), "unknown content encryption"),
    "encryptions None": (lambda: decrypt(GOOD, KW, encryptions=None), "is required"),
    "allow_zip a str": (lambda: decrypt(GOOD, KW, allow_zip="yes"), "allow_zip"),
    "crit a list": (lambda: decrypt(GOOD, KW, crit=["x"]), "mapping"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "words"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_of_the_caller(call: Callable[[], object], words: str) -> None:
    with pytest.raises(UsageError) as mistake:
        call()
    assert words in str(mistake.value)


def test_proof_has_no_constructor() -> None:
    with pytest.raises(UsageError, match=r"comes from jwe\.decrypt"):
        DecryptedJWE(b"x")  # type: ignore[arg-type]  # the mistake


def test_short_rsa_keys_do_not_encrypt() -> None:
    with pytest.raises(NotAllowedError, match="1024 bits"):
        JWK.from_key(rsa.generate_private_key(65537, 1024).public_key(), alg="RSA-OAEP")


# --- anything


@given(st.text(max_size=80) | st.text("ey.JhbGciOiJkaXIifQ", max_size=80))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(RejectedError):
        decrypt(text, KW)


@given(st.binary(max_size=60) | st.dictionaries(
    st.sampled_from(["alg", "enc", "kid", "epk", "iv", "tag", "p2s", "p2c", "zip", "apu", "crit"]),
    st.sampled_from(["A128KW", "A128GCM", "ECDH-ES+A256KW", "k", "AAAAAAAAAAA", "DEF", "dir"]) | st.integers(0, 1100)
    | st.dictionaries(st.sampled_from(["kty", "crv", "x", "y"]), st.sampled_from(["EC", "P-256", "AA"])),
))  # fmt: skip
def test_any_header_gives_a_refusal(header: Any) -> None:
    for key in (KW, EC, PASSWORD, SENDERS["GCMKW"][0]):
        with pytest.raises(RejectedError):
            decrypt(headed(header), key)


@given(st.binary(max_size=300))
def test_any_plaintext_round_trips(plaintext: bytes) -> None:
    assert decrypt(jwe.encrypt(plaintext, KW, enc="A128CBC-HS256"), KW).plaintext == plaintext


@given(st.integers(0, 10_000), st.integers(0, 6))
def test_a_flipped_bit_is_refused(position: int, bit: int) -> None:
    position %= len(GOOD)
    with pytest.raises(RejectedError):
        decrypt(GOOD[:position] + chr(ord(GOOD[position]) ^ (1 << bit)) + GOOD[position + 1 :], KW)
