"""JWK: every form of a key in, every form out, and what is refused on the way."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from math import gcd, prod
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, mlkem, rsa, x448, x25519
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JWK, JwtkitError, Limits, MalformedError, NotAllowedError, RejectedError, UsageError, jws
from jwtkit._wire import b64url_decode, b64url_encode
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS

Keys = dict[str, JWK]
Change = Callable[[dict[str, Any]], object]
ASYMMETRIC = [name for name, row in SIGNATURE_ALGORITHMS.items() if row.kty != "oct"]


def number(value: int) -> str:
    return b64url_encode(value.to_bytes((value.bit_length() + 7) // 8))


def value(members: dict[str, Any], name: str) -> int:
    return int.from_bytes(b64url_decode(members[name], name))


def with_change(members: dict[str, Any], change: Change) -> dict[str, Any]:
    changed = dict(members)
    change(changed)
    return changed


PUBLIC = JWK.generate("ES256").public()
DER = serialization.load_pem_public_key(PUBLIC.to_pem().encode()).public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)
SSH = serialization.load_pem_public_key(PUBLIC.to_pem().encode()).public_bytes(
    serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
)


# --- both directions


@pytest.mark.parametrize("alg", SIGNATURE_ALGORITHMS)
def test_parse_is_the_inverse_of_to_dict(alg: str, keys: Keys) -> None:
    key = keys[alg]
    members = key.to_dict(private=True)
    for source in (members, json.dumps(members), json.dumps(members).encode()):
        again = JWK.parse(source)
        assert again == key
        assert again.to_dict(private=True) == members
    assert key.is_private
    assert (key.alg, key.algorithm, key.key_id) == (alg, alg, key.kid)


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_public_half(alg: str, keys: Keys) -> None:
    key = keys[alg]
    public = key.public()
    assert not public.is_private
    assert public.public() is public
    assert public.to_dict() == key.to_dict() == JWK.parse(public.to_dict()).to_dict()
    assert set(public.to_dict()).isdisjoint({"d", "p", "q", "dp", "dq", "qi", "k"})
    assert public.thumbprint() == key.thumbprint()
    assert public != key
    with pytest.raises(UsageError):
        public.sign(b"")
    with pytest.raises(UsageError):
        public.to_dict(private=True)
    with pytest.raises(UsageError):
        public.to_pem(private=True)


@pytest.mark.parametrize("alg", ASYMMETRIC)
@pytest.mark.parametrize("password", [None, b"secret"])
def test_pem_round_trip(alg: Any, password: bytes | None, keys: Keys) -> None:
    key = keys[alg]
    private = key.to_pem(private=True, password=password)
    assert ("ENCRYPTED" in private) is (password is not None)
    for pem in (private, private.encode()):
        assert JWK.from_pem(pem, password=password, alg=alg, kid=key.kid) == key
    assert JWK.from_pem(key.to_pem(), alg=alg, kid=key.kid) == key.public()
    assert "PRIVATE" not in key.to_pem()


@pytest.mark.parametrize(
    ("made", "alg"),
    [
        pytest.param(lambda: ec.generate_private_key(ec.SECP256R1()), "ES256", id="EC"),
        pytest.param(lambda: ec.generate_private_key(ec.SECP521R1()).public_key(), "ES512", id="EC public"),
        pytest.param(lambda: rsa.generate_private_key(65537, 2048), "PS256", id="RSA"),
        pytest.param(lambda: ec.generate_private_key(ec.SECP256K1()), "ES256K", id="secp256k1"),
        pytest.param(ed448.Ed448PrivateKey.generate, "Ed448", id="Ed448"),
        pytest.param(x25519.X25519PrivateKey.generate, None, id="X25519"),
        pytest.param(lambda: x448.X448PrivateKey.generate().public_key(), None, id="X448 public"),
    ],
)
def test_from_key(made: Callable[[], Any], alg: Any) -> None:
    backend = made()
    key = JWK.from_key(backend, alg=alg)
    assert key.is_private is hasattr(backend, "private_bytes")
    assert key.alg == alg
    assert key.kid is None
    public = backend.public_key() if key.is_private else backend
    assert key.to_key() == public
    assert JWK.from_key(key.to_key(), alg=alg) == (key.public() if key.is_private else key)
    if key.is_private:
        assert JWK.from_key(key.to_key(private=True), alg=alg) == key


@pytest.mark.parametrize(
    "form",
    [serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8],
    ids=["traditional", "PKCS8"],
)
@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_older_pem_forms(form: Any, alg: Any, keys: Keys) -> None:
    backend: Any = serialization.load_pem_private_key(keys[alg].to_pem(private=True).encode(), None)
    pem = backend.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    assert JWK.from_pem(pem, alg=alg, kid=keys[alg].kid) == keys[alg]


# --- vectors


def test_thumbprint_of_rfc_7638() -> None:
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
        "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
        "nqDKgw"
    )
    key = JWK.parse({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"})
    assert key.thumbprint() == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_thumbprint_of_rfc_8037() -> None:
    key = JWK.parse({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    assert key.thumbprint() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert key.algorithm == "Ed25519"


def test_thumbprint_uri() -> None:
    key = JWK.parse({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    # The example of RFC 9278 section 4 is made the same way.
    uri = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert key.thumbprint_uri() == uri
    assert [len(key.thumbprint(name)) for name in ("sha-256", "sha-384", "sha-512")] == [43, 64, 86]
    assert key.thumbprint_uri("sha-512") == f"urn:ietf:params:oauth:jwk-thumbprint:sha-512:{key.thumbprint('sha-512')}"
    wrong: Any = "md5"
    with pytest.raises(UsageError, match="sha-256"):
        key.thumbprint(wrong)


# --- deterministic ECDSA


def test_deterministic_signing_of_rfc_6979() -> None:
    # RFC 6979 appendix A.2.5, P-256 with SHA-256, message "sample".
    key = JWK.from_key(
        ec.derive_private_key(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1()),
        alg="ES256",
        kid="k",
    )
    signer = key.deterministic()
    expected = (
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    )
    assert signer.sign(b"sample").hex().upper() == expected
    assert key.sign(b"sample") != key.sign(b"sample")
    assert (signer.algorithm, signer.key_id) == ("ES256", "k")
    assert jws.verify(jws.sign(b"x", signer), key, algorithms=["ES256"]).payload == b"x"
    assert repr(signer) == "DeterministicSigner(algorithm='ES256', key_id='k')"


@pytest.mark.parametrize(
    ("alg", "changes", "words"),
    [
        ("RS256", {}, "no EC key"),
        ("Ed25519", {}, "no EC key"),
        ("ES256", {"use": "enc"}, "not for signing"),
        ("ES256", {"alg": "ECDH-ES"}, "not a signing key"),
    ],
)
def test_deterministic_signing_refuses(alg: str, changes: dict[str, Any], words: str, keys: Keys) -> None:
    with pytest.raises(UsageError, match=words):
        JWK.parse({**keys[alg].to_dict(private=True), **changes}).deterministic()
    if not changes:
        with pytest.raises(UsageError):
            keys[alg].public().deterministic()


def test_a_public_key_signs_nothing_deterministically(keys: Keys) -> None:
    with pytest.raises(UsageError, match="public key"):
        keys["ES256"].public().deterministic()


# --- the kid


def test_generated_kid_is_the_thumbprint_but_never_of_a_secret(keys: Keys) -> None:
    assert keys["ES256"].kid == keys["ES256"].thumbprint()
    assert keys["HS256"].kid != keys["HS256"].thumbprint()
    assert JWK.generate("ES256", kid="mine").kid == "mine"


# --- refused at the door


def absent(name: str) -> Change:
    return lambda members: members.pop(name)


def given_as(name: str, replacement: object) -> Change:
    return lambda members: members.update({name: replacement})


def longer(name: str, prefix: bytes = b"\0") -> Change:
    return lambda members: members.update({name: b64url_encode(prefix + b64url_decode(members[name], name))})


def shorter(name: str) -> Change:
    return lambda members: members.update({name: b64url_encode(b64url_decode(members[name], name)[1:])})


def shifted(name: str, by: int) -> Change:
    return lambda members: members.update({name: number(value(members, name) + by)})


def roca(members: dict[str, Any]) -> None:
    """Make a modulus that is a power of 65537 modulo the primorial, as the weak generator made its own."""
    primorial = prod(p for p in range(2, 702) if all(p % q for q in range(2, p)))
    modulus = pow(65537, 12345, primorial) + (primorial << 2048 - primorial.bit_length())
    members.update(n=number(modulus))
    for name in ("d", "p", "q", "dp", "dq", "qi"):
        del members[name]


def alone(change: Change) -> Change:
    """Leave d alone, without the primes, and change the key besides."""

    def changed(members: dict[str, Any]) -> None:
        for name in ("p", "q", "dp", "dq", "qi"):
            del members[name]
        change(members)

    return changed


COMMON: list[tuple[str, Change, type[JwtkitError]]] = [
    ("kty absent", absent("kty"), NotAllowedError),
    ("kty unknown", given_as("kty", "XYZ"), NotAllowedError),
    ("kty in another case", lambda m: m.update(kty=m["kty"].swapcase()), NotAllowedError),
    ("kty a number", given_as("kty", 7), MalformedError),
    ("kid a number", given_as("kid", 7), MalformedError),
    ("kid null", given_as("kid", None), MalformedError),
    ("kid of 10 MB", given_as("kid", "k" * 10_000_000), NotAllowedError),
    ("alg a list", given_as("alg", ["ES256"]), MalformedError),
    ("use a number", given_as("use", 1), MalformedError),
    ("key_ops a str", given_as("key_ops", "sign"), MalformedError),
    ("key_ops of numbers", given_as("key_ops", [1]), MalformedError),
    ("key_ops twice the same", given_as("key_ops", ["sign", "sign"]), MalformedError),
    ("key_ops against use", lambda m: m.update(use="sig", key_ops=["encrypt"]), MalformedError),
]
RSA: list[tuple[str, Change, type[JwtkitError]]] = [
    ("alg of another type", given_as("alg", "ES256"), MalformedError),
    ("n absent", absent("n"), MalformedError),
    ("n a number", given_as("n", 5), MalformedError),
    ("n a list", given_as("n", ["AQAB"]), MalformedError),
    ("n with a leading zero", longer("n"), MalformedError),
    ("n padded", lambda m: m.update(n=m["n"] + "=="), MalformedError),
    ("n even", shifted("n", 1), MalformedError),
    ("n tiny", given_as("n", number(15)), NotAllowedError),
    ("n of 1024 bits", given_as("n", number(2**1023 + 1)), NotAllowedError),
    ("n of a megabit", given_as("n", "f" * 175_000), NotAllowedError),
    ("n of 20000 bits", given_as("n", number(2**19_999 + 1)), NotAllowedError),
    ("n empty", given_as("n", ""), MalformedError),
    ("e 1", given_as("e", "AQ"), MalformedError),
    ("e 0", given_as("e", "AA"), MalformedError),
    ("e even", given_as("e", "AQAA"), MalformedError),
    ("e beyond 2^32", given_as("e", number(2**32 + 1)), MalformedError),
    ("e of 16 kbit", given_as("e", number(2**16_000 + 1)), MalformedError),
    ("oth", given_as("oth", []), NotAllowedError),
    *[(f"{name} absent", absent(name), MalformedError) for name in ("d", "p", "q", "dp", "dq", "qi")],
    ("ROCA", roca, NotAllowedError),
    ("d alone, of another key", alone(shifted("d", 2)), MalformedError),
    ("d alone, 1", alone(lambda m: m.update(d="AQ")), MalformedError),
    ("d alone, n of 16 kbit", alone(lambda m: m.update(n=number(2**16_000 + 1))), NotAllowedError),
    ("d alone, n beyond 16 kbit", alone(lambda m: m.update(n=number(2**16_384 + 1))), NotAllowedError),
    ("d alone, n prime", alone(lambda m: m.update(n=number(2**2203 - 1))), MalformedError),
    *[(f"{name} off by two", shifted(name, 2), MalformedError) for name in ("d", "p", "q", "dp", "dq", "qi", "e")],
    ("p 1", given_as("p", "AQ"), MalformedError),
    ("d beyond n", lambda m: m.update(d=number(value(m, "d") + value(m, "n") * 8)), MalformedError),
    ("private key beyond 8192 bits", given_as("n", number(2**8192 + 1)), NotAllowedError),
]
EC: list[tuple[str, Change, type[JwtkitError]]] = [
    ("alg of another curve", given_as("alg", "ES384"), MalformedError),
    ("crv absent", absent("crv"), MalformedError),
    ("crv unknown", given_as("crv", "P-192"), NotAllowedError),
    ("crv of another size", given_as("crv", "P-384"), MalformedError),
    ("x absent", absent("x"), MalformedError),
    ("x of 31 octets", shorter("x"), MalformedError),
    ("x of 34 octets", longer("x", b"\0\0"), MalformedError),
    ("y of 33 octets", longer("y"), MalformedError),
    ("x of 10 MB", given_as("x", "A" * 10_000_000), NotAllowedError),
    ("off the curve", lambda m: m.update(y=m["x"]), MalformedError),
    ("d of 31 octets", shorter("d"), MalformedError),
    ("d zero", given_as("d", b64url_encode(bytes(32))), MalformedError),
    ("d beyond the order", given_as("d", b64url_encode(b"\xff" * 32)), MalformedError),
    ("d of another key", lambda m: m.update(d=JWK.generate("ES256").to_dict(private=True)["d"]), MalformedError),
]
OKP: list[tuple[str, Change, type[JwtkitError]]] = [
    ("alg of another type", given_as("alg", "RS256"), MalformedError),
    ("crv unknown", given_as("crv", "Ed521"), NotAllowedError),
    ("crv of another size", given_as("crv", "Ed448"), MalformedError),
    ("crv for key agreement", given_as("crv", "X25519"), MalformedError),
    ("crv a number", given_as("crv", 25519), MalformedError),
    ("x absent", absent("x"), MalformedError),
    ("x a number", given_as("x", 5), MalformedError),
    ("x of 31 octets", shorter("x"), MalformedError),
    ("d of 33 octets", longer("d"), MalformedError),
    ("d of another key", lambda m: m.update(d=JWK.generate("Ed25519").to_dict(private=True)["d"]), MalformedError),
]
OCT: list[tuple[str, Change, type[JwtkitError]]] = [
    ("alg of another type", given_as("alg", "RS256"), MalformedError),
    ("k absent", absent("k"), MalformedError),
    ("k empty", given_as("k", ""), MalformedError),
    ("k too short", given_as("k", "c2VjcmV0"), NotAllowedError),
    ("k a number", given_as("k", 1), MalformedError),
    ("k a PEM key", lambda m: m.update(k=b64url_encode(PUBLIC.to_pem().encode())), NotAllowedError),
    ("k a JWK", lambda m: m.update(k=b64url_encode(json.dumps(PUBLIC.to_dict()).encode())), NotAllowedError),
    ("x5c beside a secret", lambda m: m.update(x5c=[]), MalformedError),
]
AKP: list[tuple[str, Change, type[JwtkitError]]] = [
    ("alg absent", absent("alg"), MalformedError),
    ("alg null", given_as("alg", None), MalformedError),
    ("alg of another type", given_as("alg", "ES256"), NotAllowedError),
    ("alg of another parameter set", given_as("alg", "ML-DSA-65"), MalformedError),
    ("pub absent", absent("pub"), MalformedError),
    ("pub a number", given_as("pub", 7), MalformedError),
    ("pub one octet short", shorter("pub"), MalformedError),
    ("pub one octet long", longer("pub"), MalformedError),
    ("priv of 31 octets", shorter("priv"), MalformedError),
    ("priv expanded", given_as("priv", b64url_encode(bytes(2560))), MalformedError),
    ("priv of another key", given_as("priv", b64url_encode(bytes(32))), MalformedError),
]
TABLE = [
    pytest.param(alg, change, error, id=f"{alg}: {name}")
    for alg, rows in (("RS256", RSA), ("ES256", EC), ("Ed25519", OKP), ("ML-DSA-44", AKP), ("HS256", OCT))
    for name, change, error in COMMON + rows
]


@pytest.mark.parametrize(("alg", "change", "error"), TABLE)
def test_refuses(alg: str, change: Change, error: type[JwtkitError], keys: Keys) -> None:
    members = keys[alg].to_dict(private=True)
    JWK.parse(members)
    with pytest.raises(error) as refusal:
        JWK.parse(with_change(members, change))
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("source", "error"),
    [
        pytest.param("", MalformedError, id="empty"),
        pytest.param("[]", MalformedError, id="array"),
        pytest.param("{}", NotAllowedError, id="empty object"),
        pytest.param('{"kty":"oct","kty":"RSA"}', MalformedError, id="duplicate member"),
        pytest.param('{"keys":[]}', MalformedError, id="a key set"),
        pytest.param("x" * 100_000, NotAllowedError, id="too large"),
        pytest.param(bytearray(b"{}"), UsageError, id="bytearray"),
        pytest.param(None, UsageError, id="None"),
        pytest.param(5, UsageError, id="int"),
        pytest.param({"kty": "oct", "k": b"x"}, UsageError, id="bytes inside"),
        pytest.param(
            {**PUBLIC.to_dict(), "kid": "\ud800"}, MalformedError, id="a lone surrogate that another parser let in"
        ),
        pytest.param(
            {**PUBLIC.to_dict(), "x": json.loads("[" * 250 + "]" * 250)},
            MalformedError,
            id="depth that another parser let in",
        ),
        pytest.param({**PUBLIC.to_dict(), "x": float("nan")}, MalformedError, id="a NaN that another parser let in"),
    ],
)
def test_parse_refuses(source: Any, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        JWK.parse(source)


@pytest.mark.parametrize(
    ("pem", "named", "error"),
    [
        pytest.param("", {}, MalformedError, id="empty"),
        pytest.param("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", {}, MalformedError, id="broken"),
        pytest.param("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", {}, MalformedError, id="broken private"),
        pytest.param("ä\ud800", {}, MalformedError, id="no ASCII"),
        pytest.param("x" * 100_000, {}, NotAllowedError, id="too large"),
        pytest.param(None, {}, UsageError, id="None"),
        pytest.param(JWK.generate("ES256").to_pem(private=True), {"password": b"x"}, UsageError, id="superfluous password"),
        pytest.param(JWK.generate("ES256").to_pem(private=True, password=b"x"), {}, UsageError, id="no password"),
        pytest.param(JWK.generate("ES256").to_pem(private=True, password=b"x"), {"password": b"y"}, MalformedError, id="wrong password"),
        pytest.param(JWK.generate("ES256").to_pem(private=True), {"password": "x"}, UsageError, id="password as str"),
        pytest.param(JWK.generate("ES256").to_pem(), {"alg": "RS256"}, UsageError, id="alg of another type"),
        pytest.param(JWK.generate("ES256").to_pem(), {"alg": "ES384"}, UsageError, id="alg of another curve"),
        pytest.param(JWK.generate("ES256").to_pem(), {"alg": "HS265"}, UsageError, id="unknown alg"),
        pytest.param(JWK.generate("ES256").to_pem(), {"kid": 7}, UsageError, id="kid a number"),
    ],
)  # fmt: skip
def test_from_pem_refuses(pem: Any, named: Any, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        JWK.from_pem(pem, **named)


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: rsa.generate_private_key(65537, 1024), id="RSA 1024"),
        pytest.param(lambda: ec.generate_private_key(ec.SECP192R1()), id="P-192"),
        pytest.param(lambda: ec.generate_private_key(ec.SECP224R1()).public_key(), id="P-224"),
        pytest.param(lambda: ec.generate_private_key(ec.BrainpoolP256R1()), id="brainpool"),
        pytest.param(lambda: dsa.generate_private_key(1024), id="DSA"),
        pytest.param(mlkem.MLKEM768PrivateKey.generate, id="ML-KEM"),
        pytest.param(lambda: "key", id="str"),
    ],
)
def test_from_key_refuses(made: Callable[[], object]) -> None:
    with pytest.raises(NotAllowedError):
        JWK.from_key(made())


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        pytest.param(b"", "has 0 bytes", id="empty"),
        pytest.param(b"secret", "has 6 bytes", id="short"),
        pytest.param(b"x" * 31, "has 31 bytes", id="one byte short"),
        pytest.param("x" * 32, "must be bytes", id="str"),
        pytest.param(None, "must be bytes", id="None"),
        pytest.param(PUBLIC.to_pem().encode(), "looks like a PEM key", id="PEM"),
        pytest.param(b" \r\n\t" + PUBLIC.to_pem().encode(), "looks like a PEM key", id="PEM after white space"),
        pytest.param(b"x\n" + PUBLIC.to_pem().encode(), "looks like a PEM key", id="PEM after a prefix"),
        pytest.param(PUBLIC.to_pem().replace("\n", "\r\n").encode(), "looks like a PEM key", id="PEM with CRLF"),
        pytest.param(SSH, "looks like an OpenSSH", id="OpenSSH"),
        pytest.param(json.dumps(PUBLIC.to_dict()).encode(), "looks like a JWK", id="JWK"),
        pytest.param(
            b"\xef\xbb\xbf" + json.dumps(PUBLIC.to_dict()).encode(), "looks like a JWK", id="JWK after a mark"
        ),
        pytest.param(json.dumps({"keys": [PUBLIC.to_dict()]}).encode(), "looks like a JWK", id="JWKS"),
        pytest.param(json.dumps([PUBLIC.to_dict()]).encode(), "looks like a JWK", id="array of JWK"),
        pytest.param(DER, "looks like a DER key", id="DER"),
    ],
)
def test_from_secret_refuses(secret: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        JWK.from_secret(secret, alg="HS256")


@pytest.mark.parametrize("secret", [b"x", b"secret", b"x" * 31])
def test_a_short_secret_needs_to_be_allowed_by_name(secret: bytes) -> None:
    key = JWK.from_secret(secret, alg="HS256", allow_short_secret=True)
    again = JWK.parse(key.to_dict(private=True), allow_short_secret=True)
    assert again == key
    text = jws.sign(b"payload", key)
    assert jws.verify(text, again, algorithms=["HS256"]).payload == b"payload"
    with pytest.raises(NotAllowedError, match="at least 32 bytes"):
        JWK.parse(key.to_dict(private=True))
    nameless = {"kty": "oct", "k": b64url_encode(secret)}
    assert jws.verify(text, JWK.parse(nameless, allow_short_secret=True), algorithms=["HS256"]).payload == b"payload"
    with pytest.raises(RejectedError):
        jws.verify(text, JWK.parse(nameless), algorithms=["HS256"])


@pytest.mark.parametrize("secret", [b"", PUBLIC.to_pem().encode(), DER, SSH])
def test_an_empty_or_disguised_secret_is_never_allowed(secret: bytes) -> None:
    with pytest.raises(UsageError):
        JWK.from_secret(secret, alg="HS256", allow_short_secret=True)


def test_limits_are_for_what_comes_in() -> None:
    long = {**JWK.generate("ES256").to_dict(private=True), "kid": "k" * 2000}
    with pytest.raises(NotAllowedError, match="kid"):
        JWK.parse(long)
    assert JWK.parse(long, limits=Limits(kid_bytes=2000)).public().kid == "k" * 2000


def test_from_secret() -> None:
    key = JWK.from_secret(bytes(range(32)), alg="HS256", kid="s")
    assert key.to_dict(private=True) == {"kty": "oct", "k": b64url_encode(bytes(range(32))), "alg": "HS256", "kid": "s"}
    for secret in (b"0" + bytes(60), b"\x30\x2a" + bytes(42), b"\x30\xaa" + bytes(42), b"\x30\x81\x01" + bytes(42)):
        assert JWK.from_secret(secret, alg="HS256").alg == "HS256"
        assert JWK.parse({"kty": "oct", "k": b64url_encode(secret)}).kty == "oct"
    with pytest.raises(UsageError, match="does not use a shared secret"):
        JWK.from_secret(bytes(32), alg="ES256")


# --- what a key is for


@pytest.mark.parametrize(
    ("metadata", "signs", "verifies"),
    [
        ({}, True, True),
        ({"use": "sig"}, True, True),
        ({"use": "enc"}, False, False),
        ({"use": "other"}, False, False),
        ({"key_ops": ["sign"]}, True, True),
        ({"key_ops": ["verify"]}, False, True),
        ({"key_ops": ["deriveKey"]}, False, False),
        ({"key_ops": ["encrypt"]}, False, False),
        ({"key_ops": []}, False, False),
        ({"use": "sig", "key_ops": ["sign", "verify"]}, True, True),
    ],
)
def test_use_and_key_ops(metadata: dict[str, Any], signs: bool, verifies: bool, keys: Keys) -> None:
    key = JWK.parse({**keys["ES256"].to_dict(private=True), **metadata})
    assert (key.permits("sign"), key.permits("verify")) == (signs, verifies)
    assert JWK.parse(key.to_dict(private=True)) == key
    if signs:
        assert len(key.sign(b"x")) == 64
    else:
        with pytest.raises(UsageError, match="not for signing"):
            key.sign(b"x")


def test_a_public_key_that_is_for_signing_is_for_nothing(keys: Keys) -> None:
    key = JWK.parse({**keys["ES256"].to_dict(), "key_ops": ["sign"]})
    assert not key.permits("verify")
    assert JWK.parse(key.to_dict()) == key  # found by fuzzing: only what a private key may do is turned round


def test_public_operations_are_the_counterparts(keys: Keys) -> None:
    key = JWK.parse({**keys["ES256"].to_dict(private=True), "key_ops": ["sign"]})
    assert key.public().key_ops == ("verify",)
    assert key.public().permits("verify")


@pytest.mark.parametrize("alg", ["RS256", "HS512"])
def test_a_key_that_fits_several_algorithms_names_one(alg: str, keys: Keys) -> None:
    key = JWK.parse({name: part for name, part in keys[alg].to_dict(private=True).items() if name != "alg"})
    with pytest.raises(UsageError, match="give it alg="):
        key.sign(b"x")


def test_an_encryption_key_signs_nothing(keys: Keys) -> None:
    key = JWK.parse({**keys["RS256"].to_dict(private=True), "alg": "RSA-OAEP"})
    with pytest.raises(UsageError, match="not a signing key"):
        key.sign(b"x")


def test_a_short_secret_without_alg_fits_nothing() -> None:
    with pytest.raises(UsageError, match="no algorithm"):
        _ = JWK.parse({"kty": "oct", "k": "c2VjcmV0"}).algorithm


@pytest.mark.parametrize("alg", ["none", "None", "HS265", "", None, 5, "EdDSA"])
def test_generate_refuses(alg: Any) -> None:
    with pytest.raises(UsageError):
        JWK.generate(alg)


@pytest.mark.parametrize("bits", [1024, 2047, 2052, 8200, 3072.0, True, None, "3072"])
def test_rsa_keys_have_a_sensible_length(bits: Any) -> None:
    with pytest.raises(UsageError, match="rsa_bits"):
        JWK.generate("RS256", rsa_bits=bits)


def test_longer_rsa_keys() -> None:
    assert JWK.generate("PS256", rsa_bits=3072).to_key().key_size == 3072


@pytest.mark.parametrize("exponent", [3, 65537])
@pytest.mark.parametrize("modulo", ["product", "least common multiple"])
def test_an_rsa_key_may_be_stored_without_its_primes(exponent: Any, modulo: str) -> None:
    numbers = rsa.generate_private_key(exponent, 2048).private_numbers()
    p, q, n = numbers.p, numbers.q, numbers.public_numbers.n
    totient = (p - 1) * (q - 1) // (1 if modulo == "product" else gcd(p - 1, q - 1))
    members = {"kty": "RSA", "n": number(n), "e": number(exponent), "alg": "RS256"}
    key = JWK.parse({**members, "d": number(pow(exponent, -1, totient))})
    whole = key.to_dict(private=True)
    assert {value(whole, "p"), value(whole, "q")} == {p, q}
    assert jws.verify(jws.sign(b"x", key), JWK.parse(members), algorithms=["RS256"]).payload == b"x"


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda key: key.public(), id="public"),
        pytest.param(lambda key: key.to_dict(), id="to_dict"),
        pytest.param(lambda key: key.to_pem(), id="to_pem"),
        pytest.param(lambda key: key.to_pem(private=True), id="to_pem private"),
        pytest.param(lambda key: key.to_der(private=True), id="to_der"),
        pytest.param(lambda key: key.to_openssh(), id="to_openssh"),
        pytest.param(lambda key: key.to_key(private=True), id="to_key"),
        pytest.param(lambda key: key.thumbprint_uri(), id="thumbprint_uri"),
    ],
)
def test_a_secret_is_exported_only_by_name(call: Callable[[JWK], object], keys: Keys) -> None:
    with pytest.raises(UsageError, match="secret"):
        call(keys["HS256"])


def test_pem_password_needs_private(keys: Keys) -> None:
    with pytest.raises(UsageError, match="private=True"):
        keys["ES256"].to_pem(password=b"x")


# --- a value


def test_is_a_frozen_value(keys: Keys) -> None:
    key: Any = keys["ES256"]
    assert copy.copy(key) is key
    assert copy.deepcopy(key) is key
    assert len({key, JWK.parse(key.to_dict(private=True))}) == 1
    assert key != 5
    for name in ("kid", "alg", "other"):
        with pytest.raises(AttributeError):
            setattr(key, name, "x")
    with pytest.raises(UsageError, match="not pickled"):
        pickle.dumps(key)


def test_unknown_members_are_kept_and_frozen(keys: Keys) -> None:
    members = {**keys["ES256"].to_dict(), "issuer": "https://i", "nested": {"a": [1]}}
    key = JWK.parse(members)
    assert key.extra["nested"]["a"] == (1,)
    with pytest.raises(TypeError):
        key.extra["issuer"] = "x"  # type: ignore[index]  # that is the point
    assert key.to_dict() == members
    assert members["nested"] == {"a": [1]}


def test_repr_shows_no_key(keys: Keys) -> None:
    for key in keys.values():
        shown = repr(key)
        for name, text in key.to_dict(private=True).items():
            if name in ("d", "p", "q", "dp", "dq", "qi", "k", "n", "x", "y"):
                assert text not in shown


PEMS = [JWK.generate("ES256").to_pem(private=True), JWK.generate("Ed25519").to_pem(), JWK.generate("RS256").to_pem()]


@given(st.sampled_from(PEMS), st.integers(0, 2000), st.binary(min_size=1, max_size=3))
def test_mutated_pem_gives_a_key_or_a_refusal(pem: str, position: int, piece: bytes) -> None:
    data = pem.encode()
    position %= len(data)
    mutated = data[:position] + piece + data[position + len(piece) :]
    try:
        assert isinstance(JWK.from_pem(mutated), JWK)
    except JwtkitError:
        pass


@given(
    st.text(max_size=60)
    | st.binary(max_size=60)
    | st.dictionaries(
        st.sampled_from(["kty", "crv", "x", "y", "n", "e", "k", "d", "kid", "alg", "use", "key_ops", "keys"]),
        st.sampled_from(["RSA", "EC", "oct", "OKP", "P-256", "Ed25519", "AQAB", "", "AA"])
        | st.integers()
        | st.lists(st.text(max_size=3), max_size=2)
        | st.none(),
    )
)
def test_parse_gives_a_key_or_a_refusal(source: Any) -> None:
    for door in (JWK.parse, JWK.from_pem) if not isinstance(source, dict) else (JWK.parse,):
        try:
            assert isinstance(door(source), JWK)
        except RejectedError:
            pass
