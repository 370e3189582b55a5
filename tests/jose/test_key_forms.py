"""PEM, DER, OpenSSH and certificates: what goes out comes in again, and the backend's own writing is read."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    JwtkitError,
    Limits,
    MalformedError,
    NotAllowedError,
    RejectedError,
    UsageError,
    jws,
)
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS

Keys = dict[str, JWK]
ASYMMETRIC = [name for name, row in SIGNATURE_ALGORITHMS.items() if row.kty != "oct"]
EC = JWK.generate("ES256", kid="e")
RSA = JWK.generate("RS256", kid="r")
OKP = JWK.generate("Ed25519", kid="o")
PASSWORD = b"correct horse"


# --- PEM and DER


@pytest.mark.parametrize("alg", ASYMMETRIC)
@pytest.mark.parametrize("password", [None, PASSWORD], ids=["plain", "encrypted"])
def test_der_round_trip(alg: Any, password: bytes | None, keys: Keys) -> None:
    key = keys[alg]
    der = key.to_der(private=True, password=password)
    assert JWK.from_der(der, password=password, alg=alg, kid=key.kid) == key
    assert JWK.from_der(key.to_der(), alg=alg, kid=key.kid) == key.public()


FORMS: dict[str, tuple[JWK, Any, bool, str]] = {
    "PKCS1 private": (RSA, "PKCS1", True, "BEGIN RSA PRIVATE KEY"),
    "PKCS1 public": (RSA, "PKCS1", False, "BEGIN RSA PUBLIC KEY"),
    "SEC1 private": (EC, "SEC1", True, "BEGIN EC PRIVATE KEY"),
    "PKCS8": (EC, "PKCS8", True, "BEGIN PRIVATE KEY"),
    "SPKI": (EC, "SPKI", False, "BEGIN PUBLIC KEY"),
}


@pytest.mark.parametrize(("key", "form", "private", "label"), FORMS.values(), ids=FORMS)
def test_forms(key: JWK, form: Any, private: bool, label: str) -> None:
    expected = key if private else key.public()
    pem = key.to_pem(private=private, form=form)
    assert label in pem
    assert JWK.from_pem(pem, alg=key.algorithm, kid=key.kid) == expected
    assert JWK.from_der(key.to_der(private=private, form=form), alg=key.algorithm, kid=key.kid) == expected


@pytest.mark.parametrize(
    ("key", "named"),
    [
        pytest.param(EC, {"form": "PKCS1", "private": True}, id="PKCS1 of an EC key"),
        pytest.param(RSA, {"form": "SEC1", "private": True}, id="SEC1 of an RSA key"),
        pytest.param(EC, {"form": "SEC1"}, id="SEC1 of a public key"),
        pytest.param(OKP, {"form": "SEC1", "private": True}, id="SEC1 of an OKP key"),
        pytest.param(EC, {"form": "SPKI", "private": True}, id="SPKI of a private key"),
        pytest.param(EC, {"form": "PKCS8"}, id="PKCS8 of a public key"),
        pytest.param(EC, {"form": "X509"}, id="no form"),
        pytest.param(EC, {"form": ["PKCS8"], "private": True}, id="form a list"),
        pytest.param(RSA, {"form": "PKCS1", "private": True, "password": PASSWORD}, id="encrypted PKCS1"),
        pytest.param(EC.public(), {"private": True}, id="private of a public key"),
    ],
)
def test_forms_that_do_not_exist(key: JWK, named: Any) -> None:
    for call in (key.to_pem, key.to_der):
        with pytest.raises(UsageError):
            call(**named)


SPKI = EC.to_der()
# Found by fuzzing: the backend answers these two with errors that it has for nothing else.
ED448_OF_32_OCTETS = bytes.fromhex("302e020100300506032b657104220420") + bytes(range(32))
COMPRESSED_POINT = "ecdsa-sha2-nistp256 " + base64.b64encode(
    b"\0\0\0\x13ecdsa-sha2-nistp256\0\0\0\x08nistp256\0\0\0\x21\x02" + bytes(32)
).decode("ascii")
SK = b"sk-ssh-ed25519@openssh.com"
HARDWARE_KEY = (
    SK.decode()
    + " "
    + base64.b64encode(
        b"\0\0\0\x1a" + SK + b"\0\0\0\x20" + base64.b64decode(OKP.to_openssh().split()[1])[-32:] + b"\0\0\0\x04ssh:"
    ).decode("ascii")
)
OPENSSH_CERTIFICATE = (
    serialization.SSHCertificateBuilder()
    .public_key(OKP.public().to_key())
    .type(serialization.SSHCertificateType.USER)
    .valid_principals([b"somebody"])
    .valid_after(0)
    .valid_before(2**64 - 1)
    .sign(ed25519.Ed25519PrivateKey.generate())
    .public_bytes()
    .decode("ascii")
)


@pytest.mark.parametrize(
    ("der", "named", "error", "words"),
    [
        pytest.param(b"", {}, MalformedError, "not a DER key", id="empty"),
        pytest.param(b"0" * 50, {}, MalformedError, "not a DER key", id="garbage"),
        pytest.param(SPKI + b"\0", {}, MalformedError, "not a DER key", id="trailing octet"),
        pytest.param(SPKI[:-1], {}, MalformedError, "not a DER key", id="cut short"),
        pytest.param(b"\x30" * 100_000, {}, NotAllowedError, "at most", id="too large"),
        pytest.param(ED448_OF_32_OCTETS, {}, MalformedError, "not a DER key", id="Ed448 of 32 octets"),
        pytest.param("text", {}, UsageError, "takes bytes", id="str"),
        pytest.param(None, {}, UsageError, "takes bytes", id="None"),
        pytest.param(SPKI, {"password": PASSWORD}, UsageError, "not encrypted", id="superfluous password, public"),
        pytest.param(EC.to_der(private=True), {"password": PASSWORD}, UsageError, "not encrypted", id="superfluous password"),
        pytest.param(EC.to_der(private=True, password=b"x"), {}, UsageError, "is encrypted", id="no password"),
        pytest.param(EC.to_der(private=True, password=b"x"), {"password": b"y"}, MalformedError, "wrong", id="wrong password"),
        pytest.param(SPKI, {"alg": "ES384"}, UsageError, "does not fit", id="alg of another curve"),
        pytest.param(JWK.generate("ML-DSA-44").to_der(), {"alg": "ML-DSA-65"}, UsageError, "does not fit", id="alg of another parameter set"),
    ],
)  # fmt: skip
def test_from_der_refuses(der: Any, named: Any, error: type[JwtkitError], words: str) -> None:
    with pytest.raises(error, match=words):
        JWK.from_der(der, **named)


def test_a_pem_text_that_is_something_else_says_what_to_call() -> None:
    with pytest.raises(NotAllowedError, match=r"JWK\.from_certificate"):
        JWK.from_pem(certificate_of(EC))
    private = serialization.load_pem_private_key(OKP.to_pem(private=True).encode(), None)
    openssh = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    with pytest.raises(NotAllowedError, match="ssh-keygen"):
        JWK.from_pem(openssh)
    with pytest.raises(UsageError, match="not encrypted"):
        JWK.from_pem(EC.to_pem(), password=PASSWORD)


# --- OpenSSH


@pytest.mark.parametrize("alg", ["RS256", "ES256", "ES384", "ES512", "Ed25519"])
def test_openssh_round_trip(alg: Any, keys: Keys) -> None:
    line = keys[alg].to_openssh()
    assert line.split()[0] in ("ssh-rsa", "ssh-ed25519") or line.startswith("ecdsa-sha2-nistp")
    for text in (line, line.encode(), line + " alice@example.com\n"):
        assert JWK.from_openssh(text, alg=alg, kid=keys[alg].kid) == keys[alg].public()


@pytest.mark.parametrize("alg", ["ES256K", "Ed448", "ML-DSA-65"])
def test_openssh_knows_few_keys(alg: str, keys: Keys) -> None:
    with pytest.raises(UsageError, match="OpenSSH knows"):
        keys[alg].to_openssh()


@pytest.mark.parametrize(
    ("line", "named", "error"),
    [
        pytest.param("", {}, MalformedError, id="empty"),
        pytest.param("ssh-ed25519", {}, MalformedError, id="no key"),
        pytest.param("ssh-ed25519 AAAA", {}, MalformedError, id="broken"),
        pytest.param("ssh-rsa " + OKP.to_openssh().split()[1], {}, MalformedError, id="another type"),
        pytest.param(EC.to_pem(), {}, MalformedError, id="PEM"),
        pytest.param(COMPRESSED_POINT, {}, MalformedError, id="a compressed point"),
        pytest.param(HARDWARE_KEY, {}, NotAllowedError, id="a key of a hardware token"),
        pytest.param(OPENSSH_CERTIFICATE, {}, NotAllowedError, id="a certificate"),
        pytest.param("x" * 100_000, {}, NotAllowedError, id="too large"),
        pytest.param(5, {}, UsageError, id="int"),
        pytest.param(OKP.to_openssh(), {"alg": "ES256"}, UsageError, id="alg of another type"),
    ],
)
def test_from_openssh_refuses(line: Any, named: Any, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        JWK.from_openssh(line, **named)


@pytest.mark.parametrize("line", [HARDWARE_KEY, OPENSSH_CERTIFICATE])
def test_lines_that_the_backend_would_read(line: str) -> None:
    """They hold a key, so that the refusal is for what they are."""
    read = serialization.load_ssh_public_identity(line.encode())
    key = read.public_key() if isinstance(read, serialization.SSHCertificate) else read
    assert JWK.from_key(key).thumbprint() == OKP.thumbprint()


def test_short_rsa_keys_are_refused_in_every_form() -> None:
    short = rsa.generate_private_key(65537, 1024)
    pem = short.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    line = short.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    doors: list[tuple[Any, Any]] = [
        (JWK.from_pem, pem),
        (JWK.from_openssh, line),
        (JWK.from_certificate, certificate_of(short)),
    ]
    for door, source in doors:
        with pytest.raises(NotAllowedError, match="1024 bits"):
            door(source)


# --- certificates


def certificate_of(key: Any, issuer: Any = None, name: str = "leaf") -> str:
    """Make a certificate for the public half of a key, signed by the issuer's key or by itself."""
    private = key.to_key(private=True) if isinstance(key, JWK) else key
    signer = private if issuer is None else issuer.to_key(private=True)
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=1))
        .sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def der_of(pem: str) -> bytes:
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize("key", [EC, RSA, OKP], ids=lambda key: key.kty)
def test_certificate(key: JWK) -> None:
    pem = certificate_of(key)
    der = der_of(pem)
    for source in (pem, pem.encode(), der):
        made = JWK.from_certificate(source, alg=key.algorithm, kid="c")
        assert not made.is_private
        assert made.to_key() == key.to_key()
        assert made.certificates == (der,)
        assert made.extra["x5c"] == (base64.b64encode(der).decode(),)
        sha256 = x509.load_der_x509_certificate(der).fingerprint(hashes.SHA256())
        sha1 = x509.load_der_x509_certificate(der).fingerprint(hashes.SHA1())
        assert made.extra["x5t#S256"] == base64.urlsafe_b64encode(sha256).decode().rstrip("=")
        assert made.extra["x5t"] == base64.urlsafe_b64encode(sha1).decode().rstrip("=")
        assert JWK.parse(made.to_dict()) == made
        assert jws.verify(
            jws.sign(b"x", key), JWK.parse({**made.to_dict(), "kid": key.kid}), algorithms=[key.algorithm]
        )


def test_a_chain_keeps_its_order() -> None:
    leaf, above = certificate_of(EC, RSA), certificate_of(RSA, name="above")
    key = JWK.from_certificate(leaf + above)
    assert key.certificates == (der_of(leaf), der_of(above))
    assert key.kty == "EC"
    assert EC.certificates == ()


def test_a_private_key_may_carry_its_certificate() -> None:
    members = {**EC.to_dict(private=True), "x5c": JWK.from_certificate(certificate_of(EC)).to_dict()["x5c"]}
    key = JWK.parse(members)
    assert key.is_private
    assert key.to_dict(private=True) == members
    assert key.public().certificates == key.certificates


def of_version_13(der: bytes) -> bytes:
    """Say that a certificate is of version 13, which the backend has an error of its own for; found by fuzzing."""
    return der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x0c", 1)


CERTIFIED = JWK.from_certificate(certificate_of(EC)).to_dict()
OTHER = JWK.from_certificate(certificate_of(JWK.generate("ES256"))).to_dict()
RSA_CERTIFIED = JWK.from_certificate(certificate_of(RSA)).to_dict()


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def hexadecimal(members: dict[str, Any]) -> bytes:
    """Give the thumbprint of a certificate as WSO2 writes it, before it is encoded."""
    return hashlib.sha256(base64.b64decode(members["x5c"][0])).hexdigest().encode()


X5C: dict[str, dict[str, Any]] = {
    "of another key": {"x5c": OTHER["x5c"]},
    "of another type": {"x5c": RSA_CERTIFIED["x5c"]},
    "own certificate second": {"x5c": OTHER["x5c"] + CERTIFIED["x5c"]},
    "empty": {"x5c": []},
    "a str": {"x5c": CERTIFIED["x5c"][0]},
    "null": {"x5c": None},
    "of numbers": {"x5c": [5]},
    "no certificate": {"x5c": ["AAAA"]},
    "base64url": {"x5c": [base64.urlsafe_b64encode(b"\xff" * 30).decode()]},
    "with a line break": {"x5c": [CERTIFIED["x5c"][0][:64] + "\n" + CERTIFIED["x5c"][0][64:]]},
    "without padding": {"x5c": [base64.b64encode(der_of(certificate_of(EC)) + b"\0").decode()]},
    "of a version nobody knows": {"x5c": [base64.b64encode(of_version_13(der_of(certificate_of(EC)))).decode()]},
    "garbage second": {"x5c": [*CERTIFIED["x5c"], "?"]},
    "x5t of another certificate": {"x5t": OTHER["x5t"]},
    "x5t of another length": {"x5t": "AAAA"},
    "x5t a number": {"x5t": 5},
    "x5t padded": {"x5t": CERTIFIED["x5t"] + "="},
    "x5t#S256 of another certificate": {"x5t#S256": OTHER["x5t#S256"]},
    "x5t#S256 in the place of x5t": {"x5t": CERTIFIED["x5t#S256"]},
    "x5t#S256 null": {"x5t#S256": None},
    "hexadecimal of another certificate": {"x5t#S256": encoded(hexadecimal(OTHER))},
    "hexadecimal three times": {"x5t#S256": encoded(encoded(encoded(hexadecimal(CERTIFIED)).encode()).encode())},
    "nearly hexadecimal": {"x5t#S256": encoded(b" " * 64)},
    "hexadecimal too short": {"x5t#S256": encoded(hexadecimal(CERTIFIED)[:62])},
    "hexadecimal of SHA-256 as x5t": {"x5t": encoded(hexadecimal(CERTIFIED))},
}


@pytest.mark.parametrize("change", X5C.values(), ids=X5C)
def test_certificate_members_must_fit(change: dict[str, Any]) -> None:
    JWK.parse(CERTIFIED)
    with pytest.raises(MalformedError) as refusal:
        JWK.parse({**CERTIFIED, **change})
    assert len(str(refusal.value)) < 200
    read = JWKS.parse({"keys": [{**CERTIFIED, **change}, EC.to_dict()]})
    assert (len(read), len(read.unusable)) == (1, 1)


@pytest.mark.parametrize("times", [1, 2])
def test_a_thumbprint_in_hexadecimal_is_read(times: int) -> None:
    """WSO2's releases up to 7.0 (product-is issues 14899 and 16216)."""
    text = encoded(hexadecimal(CERTIFIED))
    text = encoded(text.encode()) if times == 2 else text
    members = {**CERTIFIED, "x5t#S256": text}
    assert JWK.parse(members).to_dict() == members
    del members["x5c"]
    assert len(JWKS.parse({"keys": [members]})) == 1


def test_thumbprints_alone_are_checked_for_their_length_only() -> None:
    assert JWK.parse({**EC.to_dict(), "x5t": OTHER["x5t"]}).extra["x5t"] == OTHER["x5t"]
    with pytest.raises(MalformedError):
        JWK.parse({**EC.to_dict(), "x5t#S256": "AAAA"})


@pytest.mark.parametrize(
    ("source", "error"),
    [
        pytest.param("", MalformedError, id="empty"),
        pytest.param(b"\x30\x03\x02\x01\x01", MalformedError, id="other DER"),
        pytest.param(der_of(certificate_of(EC)) + b"\0", MalformedError, id="trailing octet"),
        pytest.param("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", MalformedError, id="broken"),
        pytest.param(of_version_13(der_of(certificate_of(EC))), MalformedError, id="version 13"),
        pytest.param(EC.to_pem(), MalformedError, id="a key"),
        pytest.param(b"\x30" * 100_000, NotAllowedError, id="too large"),
        pytest.param(None, UsageError, id="None"),
        pytest.param(certificate_of(dsa.generate_private_key(2048)), NotAllowedError, id="DSA"),
        pytest.param(certificate_of(ec.generate_private_key(ec.SECP224R1())), NotAllowedError, id="P-224"),
    ],
)
def test_from_certificate_refuses(source: Any, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        JWK.from_certificate(source)


def test_an_algorithm_that_does_not_fit_a_certificate() -> None:
    with pytest.raises(UsageError, match="does not fit"):
        JWK.from_certificate(certificate_of(EC), alg="RS256")


# --- a map of certificates


def test_certificate_map() -> None:
    published = {"one": certificate_of(RSA), "two": certificate_of(EC), "bad": "nonsense", "worse": 5}
    for source in (published, json.dumps(published), json.dumps(published).encode()):
        read = JWKS.from_certificates(source)
        assert [key.kid for key in read] == ["one", "two"]
        assert [(aside.index, aside.kid) for aside in read.unusable] == [(2, "bad"), (3, "worse")]
    signer = JWK.parse({**RSA.to_dict(private=True), "kid": "one"})
    assert jws.verify(jws.sign(b"x", signer), read, algorithms=["RS256"]).payload == b"x"


@pytest.mark.parametrize(
    ("source", "named", "error"),
    [
        pytest.param("[]", {}, MalformedError, id="array"),
        pytest.param("", {}, MalformedError, id="empty"),
        pytest.param('{"a":"b","a":"c"}', {}, MalformedError, id="kid twice"),
        pytest.param('{"a":{"b":{}}}', {}, MalformedError, id="nested"),
        pytest.param(json.dumps({str(i): "" for i in range(251)}), {}, NotAllowedError, id="too many"),
        pytest.param(" " * 1_048_577, {}, NotAllowedError, id="too large"),
        pytest.param('{"a":"' + "," * 40_000 + '"}', {}, NotAllowedError, id="too many values"),
        pytest.param(None, {}, UsageError, id="None"),
        pytest.param([], {}, UsageError, id="list"),
    ],
)
def test_certificate_map_refuses(source: Any, named: Any, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        JWKS.from_certificates(source, **named)


def test_a_long_kid_in_a_certificate_map() -> None:
    published = {"k" * 1025: certificate_of(EC)}
    assert len(JWKS.from_certificates(published)) == 0
    assert len(JWKS.from_certificates(published, limits=Limits(kid_bytes=2000))) == 1


def test_more_certificates_when_asked() -> None:
    assert len(JWKS.from_certificates({str(i): "" for i in range(250)}).unusable) == 250
    assert len(JWKS.from_certificates({str(i): "" for i in range(251)}, limits=Limits(jwks_keys=1004)).unusable) == 251


# --- anything

DERS = [EC.to_der(private=True), RSA.to_der(), OKP.to_der(private=True), der_of(certificate_of(EC))]
DOORS: list[Callable[[Any], Any]] = [JWK.from_der, JWK.from_certificate, JWK.from_openssh, JWK.from_pem]


@given(st.sampled_from(DERS), st.integers(0, 2000), st.binary(min_size=1, max_size=3))
def test_mutated_der_gives_a_key_or_a_refusal(der: bytes, position: int, piece: bytes) -> None:
    position %= len(der)
    mutated = der[:position] + piece + der[position + len(piece) :]
    for door in DOORS:
        try:
            assert isinstance(door(mutated), JWK)
        except RejectedError:
            pass


@given(st.binary(max_size=80) | st.text(max_size=80))
def test_anything_gives_a_key_or_a_refusal(data: Any) -> None:
    for door in DOORS:
        try:
            assert isinstance(door(data), JWK)
        except (RejectedError, UsageError):
            pass
