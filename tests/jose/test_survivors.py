"""What mutation testing found nobody asked: exact bounds, sequences of both kinds, and refusals one condition apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from jwtkit import (
    JWK,
    JWKS,
    DecryptedJWE,
    DecryptionError,
    Header,
    JwtkitError,
    KeyNotFoundError,
    Limits,
    MalformedError,
    NotAllowedError,
    SignatureError,
    UsageError,
    jwe,
    jws,
)
from jwtkit._wire import b64url_decode, b64url_encode
from jwtkit.jose.key_members import disguise

HS = JWK.generate("HS256", kid="hs")
ES = JWK.generate("ES256", kid="es")
KW = JWK.generate("A128KW", kid="kw")
GCM = JWK.generate("A256GCM", kid="gcm")
ECDH = JWK.generate("ECDH-ES+A128KW", crv="P-256", kid="ec")
LISTED: Any = ["HS256", "ES256"]


def secret_of(octets: bytes, **members: Any) -> JWK:
    return JWK.parse({"kty": "oct", "k": b64url_encode(octets), **members})


def nested(levels: int) -> object:
    return [] if levels == 1 else [nested(levels - 1)]


# --- headers

CRIT: dict[str, object] = {
    "of numbers": [5],
    "of arrays": [["x"]],
    "of strings and arrays": ["x", ["x"]],
    "a string": "x",
    "an object": {"x": 1},
}


@pytest.mark.parametrize("crit", CRIT.values(), ids=CRIT)
def test_crit_is_an_array_of_strings(crit: object) -> None:
    with pytest.raises(MalformedError, match="crit"):
        Header({"alg": "HS256", "crit": crit, "x": 1})


# RFC 7515 section 4.1, RFC 7516 section 4.1, RFC 7518 section 4
DEFINED = [
    *("alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit"),
    *("enc", "zip", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"),
]


@pytest.mark.parametrize("name", DEFINED)
def test_what_the_specifications_define_is_no_extension(name: str) -> None:
    text = {"alg": "HS256", "kid": "k", "typ": "x", "cty": "x", "crit": ["x"]}.get(name, "x")
    with pytest.raises(MalformedError, match="crit must name extensions"):
        Header({"alg": "HS256", "x": 1, name: text, "crit": ["x", name]})
    with pytest.raises(UsageError, match=f"{name!r} is defined by the JOSE specifications"):
        jws.verify(jws.sign(b"x", HS), HS, algorithms=LISTED, crit={name: lambda _value, _header: True})


@pytest.mark.parametrize("kind", [list, tuple])
def test_members_of_a_header_may_hold_lists_and_tuples(kind: Callable[[list[str]], object]) -> None:
    assert Header({"alg": "HS256", "crit": kind(["x"]), "x": 1}).crit == ("x",)


def test_no_extension_is_named_by_a_number() -> None:
    handlers: Any = {5: lambda _value, _header: True}
    with pytest.raises(UsageError, match="crit must be a mapping from names"):
        jws.verify(jws.sign(b"x", HS), HS, algorithms=LISTED, crit=handlers)


# --- how long a text may be: a kid of so many bytes passes, one more does not

KIDS: dict[str, tuple[str, int]] = {
    "ASCII": ("k" * 8, 8),
    "two bytes each": ("é" * 4, 8),
    "four bytes each": ("\U0001f511" * 2, 8),
    "ASCII and more": ("kkkk" + "é" * 2, 8),
}
READERS: dict[str, Callable[[str, Limits], object]] = {
    "a header": lambda kid, limits: Header({"alg": "HS256", "kid": kid}, limits=limits),
    "a compact JWS": lambda kid, limits: jws.verify(
        jws.sign(b"x", secret_of(bytes(range(32)), kid=kid)),
        secret_of(bytes(range(32))),
        algorithms=["HS256"],
        limits=limits,
    ),
    "a JSON JWS": lambda kid, limits: jws.verify_json(
        jws.sign(b"x", secret_of(bytes(range(32)), kid=kid), serialization="flattened"),
        secret_of(bytes(range(32))),
        algorithms=["HS256"],
        require="all",
        limits=limits,
    ),
    "a JWK": lambda kid, limits: JWK.parse({**HS.to_dict(private=True), "kid": kid}, limits=limits),
}


@pytest.mark.parametrize(("kid", "size"), KIDS.values(), ids=KIDS)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_the_longest_kid(read: Callable[[str, Limits], object], kid: str, size: int) -> None:
    assert read(kid, Limits(kid_bytes=size))
    with pytest.raises(NotAllowedError, match="kid"):
        read(kid, Limits(kid_bytes=size - 1))


def test_a_lone_surrogate_is_as_long_as_three_bytes() -> None:
    """JSON text cannot hold one, a mapping can."""
    assert Header({"alg": "HS256", "kid": "\ud800"}, limits=Limits(kid_bytes=3)).kid == "\ud800"
    with pytest.raises(NotAllowedError, match="kid"):
        Header({"alg": "HS256", "kid": "\ud800"}, limits=Limits(kid_bytes=2))


def test_a_kid_too_long_costs_one_key_of_the_set_and_is_not_repeated() -> None:
    entries = [{**ES.public().to_dict(), "kid": "k" * 9}, {**ES.public().to_dict(), "kid": "k" * 8}]
    found = JWKS.parse({"keys": entries}, limits=Limits(kid_bytes=8))
    assert [key.kid for key in found] == ["k" * 8]
    assert [(one.index, one.kid) for one in found.unusable] == [(0, None)]
    unknown = [{**ES.public().to_dict(), "kid": kid, "crv": "P-192"} for kid in ("k" * 9, "k" * 8)]
    refused = JWKS.parse({"keys": unknown}, limits=Limits(kid_bytes=8)).unusable
    assert [one.kid for one in refused] == [None, "k" * 8]


@pytest.mark.parametrize("name", ["use", "alg"])
def test_the_longest_other_member_of_a_key(name: str) -> None:
    assert getattr(JWK.parse({**KW.to_dict(private=True), "alg": "A128KW", name: "x" * 64}), name) == "x" * 64
    with pytest.raises(NotAllowedError, match=f"'{name}' has more than the 64 bytes"):
        JWK.parse({**KW.to_dict(private=True), name: "x" * 65})


def test_the_longest_member_of_a_key_in_characters() -> None:
    assert secret_of(b"\xff" * 6144).kty == "oct"
    with pytest.raises(NotAllowedError, match="8194 characters: at most 8192"):
        secret_of(b"\xff" * 6145)


# --- keys


def test_a_parameter_set_is_no_curve() -> None:
    key = JWK.generate("ML-DSA-44")
    assert (key.crv, key.alg) == (None, "ML-DSA-44")
    assert JWK.generate("Ed25519").crv == "Ed25519"


def test_key_ops_may_be_a_tuple() -> None:
    assert JWK({**ES.to_dict(private=True), "key_ops": ("sign",)}).key_ops == ("sign",)


def test_what_a_key_is_made_of_is_nothing_extra() -> None:
    members = {**HS.to_dict(private=True), "use": "sig", "key_ops": ["sign"], "more": 1}
    assert dict(JWK.parse(members).extra) == {"more": 1}
    assert dict(JWK.parse({**ES.to_dict(private=True), "more": 1}).extra) == {"more": 1}


@pytest.mark.parametrize("read", [JWK, JWK.parse])
def test_a_short_secret_is_refused_unless_asked_for(read: Callable[..., JWK]) -> None:
    short = {"kty": "oct", "k": b64url_encode(bytes(range(31))), "alg": "HS256"}
    with pytest.raises(NotAllowedError, match="at least 32 bytes"):
        read(short)
    assert read(short, allow_short_secret=True).algorithm == "HS256"


USES = {
    "sig": ("sign", "verify"),
    "enc": ("encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"),
}


@pytest.mark.parametrize("use", [*USES, "other"])
@pytest.mark.parametrize("operation", [*USES["sig"], *USES["enc"]])
def test_what_a_use_permits(use: str, operation: str) -> None:
    """RFC 7517 section 4.2, and in section 4.3: use and key_ops must not contradict each other."""
    belongs = operation in USES.get(use, ())
    secret = b64url_encode(bytes(range(32)))
    assert JWK.parse({"kty": "oct", "k": secret, "use": use}).permits(operation) is belongs
    both = {"kty": "oct", "k": secret, "use": use, "key_ops": [operation]}
    if belongs or use not in USES:
        assert JWK.parse(both).permits(operation) is belongs
    else:
        with pytest.raises(MalformedError, match="contradicts itself"):
            JWK.parse(both)


# (a shared secret's key_ops, what else is permitted besides)
RIGHTS: dict[str, tuple[list[str], dict[str, bool]]] = {
    "sign": (["sign"], {"sign": True, "verify": True, "encrypt": False, "decrypt": False}),
    "verify": (["verify"], {"sign": False, "verify": True}),
    "decrypt": (["decrypt"], {"decrypt": True, "encrypt": False, "wrapKey": False}),
    "unwrapKey": (["unwrapKey"], {"unwrapKey": True, "wrapKey": False, "encrypt": False}),
    "none": ([], {"sign": False, "verify": False, "encrypt": False, "decrypt": False, "wrapKey": False}),
}


@pytest.mark.parametrize(("operations", "permitted"), RIGHTS.values(), ids=RIGHTS)
def test_rights_to_a_shared_secret(operations: list[str], permitted: dict[str, bool]) -> None:
    key = secret_of(bytes(range(32)), key_ops=operations)
    assert {operation: key.permits(operation) for operation in permitted} == permitted


@pytest.mark.parametrize(
    ("operations", "operation", "permitted"),
    [
        (["sign"], "verify", True),
        (["decrypt"], "encrypt", True),
        (["unwrapKey"], "wrapKey", True),
        (["verify"], "sign", False),
        (["encrypt"], "decrypt", False),
        (["wrapKey"], "unwrapKey", False),
    ],
)
def test_rights_of_a_private_key(operations: list[str], operation: str, permitted: bool) -> None:
    members = {**ES.to_dict(private=True), "key_ops": operations}
    assert JWK.parse(members).permits(operation) is permitted
    public = {name: value for name, value in members.items() if name != "d"}
    assert JWK.parse(public).permits(operation) is False


def test_what_makes_keys_differ() -> None:
    assert (ES == 5) is False
    assert ES.public() != ES
    for changes in ({"kid": "other"}, {"use": "sig"}, {"key_ops": ["sign"]}, {"more": 1}):
        assert JWK.parse({**ES.to_dict(private=True), **changes}) != ES
    assert JWK.parse({**JWK.generate("ES256").to_dict(private=True), "kid": "es"}) != ES
    assert JWK.parse(ES.to_dict(private=True)) == ES


def test_a_key_that_is_not_found_is_told_with_those_that_are_there() -> None:
    with pytest.raises(KeyNotFoundError, match=r"no key 'es' for alg ES256 in the set \(has 'other'\)$"):
        jws.verify(jws.sign(b"x", ES), JWK.parse({**ES.public().to_dict(), "kid": "other"}), algorithms=["ES256"])


def test_two_keys_of_one_kid_are_told_with_it() -> None:
    two = JWKS([ES.public(), JWK.parse({**JWK.generate("ES256").public().to_dict(), "kid": "es"})])
    with pytest.raises(
        NotAllowedError, match=r"^token names kid 'es' and the set holds 2 usable ES256 keys"
    ) as refusal:
        jws.verify(jws.sign(b"x", ES), two, algorithms=["ES256"])
    assert refusal.value.code == "ambiguous_key"


# --- secrets that are keys of another kind in disguise (RFC 8725 section 3.2), and secrets that only look like one


def der(*head: int, size: int) -> bytes:
    return bytes(head) + b"\x55" * (size - len(head))


SECRETS: dict[str, tuple[bytes, bool]] = {
    "a sequence that holds a sequence": (der(0x30, 42, 0x30, size=44), True),
    "a sequence that holds an integer": (der(0x30, 42, 0x02, size=44), True),
    "a sequence that holds a boolean": (der(0x30, 42, 0x01, size=44), False),
    "a sequence that holds a bit string": (der(0x30, 42, 0x03, size=44), False),
    "a set": (der(0x31, 42, 0x30, size=44), False),
    "shorter than any key": (der(0x30, 41, 0x30, size=43), False),
    "longer than the shortest key": (der(0x30, 43, 0x30, size=45), True),
    "a sequence and one more octet": (der(0x30, 42, 0x30, size=45), False),
    "a sequence that lacks an octet": (der(0x30, 43, 0x30, size=44), False),
    "a length of its own octet": (der(0x30, 0x81, 141, 0x30, size=144), True),
    "a length of its own octet, one more": (der(0x30, 0x81, 141, 0x30, size=145), False),
    "a length of its own octet, no sequence inside": (der(0x30, 0x81, 141, 0x04, size=144), False),
    "a length of two octets": (der(0x30, 0x82, 0x01, 0x22, 0x30, size=294), True),
    "a length of two octets, an integer": (der(0x30, 0x82, 0x01, 0x22, 0x02, size=294), True),
    "the longest length of one octet": (der(0x30, 0x7F, 0x30, size=129), True),
    "PEM": (b"  -----BEGIN PUBLIC KEY-----", True),
    "OpenSSH": (b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", True),
    "OpenSSH of a curve": (b"\xef\xbb\xbf\r\n\tecdsa-sha2-nistp256 AAAAE2", True),
    "OpenSSH of a security key": (b"sk-ssh-ed25519@openssh.com AAAAGnNr", True),
    "a letter before OpenSSH": (b"Xssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", False),
    "a JWK": (b' {"kty":"EC","crv":"P-256"}', True),
    "a JWK Set": (b'{"keys":[]}', True),
    "JWKs in an array": (b'[{"kty":"RSA"}]', True),
    "JSON of another kind": (b'{"password":"correct horse"}', False),
    "a phrase about a JWK": (b'the member "kty" and the member "keys"', False),
}


@pytest.mark.parametrize(("secret", "disguised"), SECRETS.values(), ids=SECRETS)
def test_disguises(secret: bytes, disguised: bool) -> None:
    assert (disguise(secret) is not None) is disguised
    if disguised:
        with pytest.raises(NotAllowedError, match="this looks like"):
            secret_of(secret)
    else:
        assert secret_of(secret).to_dict(private=True)["k"] == b64url_encode(secret)


# --- certificates


def certified() -> dict[str, Any]:
    """Give the members of a key with a certificate of its own."""
    key: Any = ES.to_key(private=True)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "k")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(5).not_valid_before(begin).not_valid_after(begin + timedelta(1))
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return JWK.from_certificate(pem).to_dict()


CERTIFIED = certified()
CHAINS: dict[str, tuple[object, bool]] = {
    "a list": (CERTIFIED["x5c"], True),
    "a tuple": (tuple(CERTIFIED["x5c"]), True),
    "a chain": (CERTIFIED["x5c"] * 2, True),
    "an object": ({CERTIFIED["x5c"][0]: 1}, False),
    "a string": (CERTIFIED["x5c"][0], False),
    "empty": ([], False),
    "with a number": ([*CERTIFIED["x5c"], 5], False),
}


@pytest.mark.parametrize(("chain", "accepted"), CHAINS.values(), ids=CHAINS)
def test_chains(chain: object, accepted: bool) -> None:
    if accepted:
        assert JWK({**CERTIFIED, "x5c": chain}).certificates
    else:
        with pytest.raises(MalformedError, match="x5c"):
            JWK({**CERTIFIED, "x5c": chain})


@pytest.mark.parametrize(("name", "size"), [("x5t", 20), ("x5t#S256", 32)])
def test_a_thumbprint_is_checked_without_its_certificate_too(name: str, size: int) -> None:
    members = ES.public().to_dict()
    assert JWK.parse({**members, name: b64url_encode(bytes(size))}).extra[name] == b64url_encode(bytes(size))
    for wrong in (b64url_encode(bytes(size - 1)), b64url_encode(bytes(size + 1)), "", "?", 5):
        with pytest.raises(MalformedError, match=name):
            JWK.parse({**members, name: wrong})


def test_a_certificate_is_for_its_key() -> None:
    with pytest.raises(MalformedError, match="for another key"):
        JWK.parse({**JWK.generate("ES256").public().to_dict(), "x5c": CERTIFIED["x5c"]})


def test_a_map_of_certificates_keeps_aside_what_is_none() -> None:
    found = JWKS.from_certificates(json.dumps({"a": {"x": 1}, "b": 5, "c": "no certificate"}))
    assert [one.kid for one in found.unusable] == ["a", "b", "c"]


# --- encryption


def decrypt(text: Any, keys: Any, **named: Any) -> DecryptedJWE:
    allowed: dict[str, Any] = {
        "algorithms": ["dir", "A128KW", "ECDH-ES+A128KW", "PBES2-HS256+A128KW"],
        "encryptions": ["A128GCM", "A256GCM"],
    }
    return jwe.decrypt(text, keys, **{**allowed, **named})


def reheaded(text: str, **changes: object) -> str:
    """Change the protected header, as anybody can who does not mind that the tag no longer fits."""
    first, *rest = text.split(".")
    header = {**json.loads(b64url_decode(first, "header")), **changes}
    return ".".join([b64url_encode(json.dumps(header).encode()), *rest])


SEALED = jwe.encrypt(b"x", KW, enc="A128GCM")
DIRECT = jwe.encrypt(b"x", GCM, enc="A256GCM")
REFUSED: dict[str, tuple[Callable[[], object], type[JwtkitError], str]] = {
    "an algorithm that is not listed": (
        lambda: decrypt(SEALED, KW, algorithms=["dir"]),
        NotAllowedError,
        "alg_not_allowed",
    ),
    "an encryption that is not listed": (
        lambda: decrypt(SEALED, KW, encryptions=["A256GCM"]),
        NotAllowedError,
        "alg_not_allowed",
    ),
    "another compression": (
        lambda: decrypt(reheaded(SEALED, zip="GZIP"), KW, allow_zip=True),
        NotAllowedError,
        "not_allowed",
    ),
    "compression that nobody allowed": (lambda: decrypt(reheaded(SEALED, zip="DEF"), KW), NotAllowedError, "not_allowed"),
    "compression that is allowed": (
        lambda: decrypt(reheaded(SEALED, zip="DEF"), KW, allow_zip=True),
        DecryptionError,
        "decryption",
    ),
    "dir with a secret too short": (
        lambda: decrypt(reheaded(DIRECT, kid="short"), secret_of(bytes(16), kid="short")),
        NotAllowedError,
        "key_unfit",
    ),
    "dir with a secret too long": (
        lambda: decrypt(reheaded(DIRECT, kid="long"), secret_of(bytes(33), kid="long")),
        NotAllowedError,
        "key_unfit",
    ),
    "dir with a secret for something else": (
        lambda: decrypt(reheaded(DIRECT, kid="other"), secret_of(bytes(range(32)), alg="HS256", kid="other")),
        NotAllowedError,
        "key_unfit",
    ),
    "dir with no such key": (
        lambda: decrypt(reheaded(DIRECT, kid="z"), secret_of(bytes(16), kid="short")),
        KeyNotFoundError,
        "key_not_found",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "error", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_decrypted(call: Callable[[], object], error: type[JwtkitError], code: str) -> None:
    with pytest.raises(error) as refusal:
        call()
    assert (type(refusal.value), refusal.value.code) == (error, code)


@pytest.mark.parametrize("alg", [None, "dir", "A256GCM"])
def test_a_secret_for_dir_names_either_algorithm_or_none(alg: str | None) -> None:
    key = secret_of(bytes(range(32)), kid="k", **({} if alg is None else {"alg": alg}))
    text = jwe.encrypt(b"x", key, alg="dir", enc="A256GCM")
    assert decrypt(text, (key,), algorithms=["dir"]).plaintext == b"x"


def test_iterations_are_counted_for_passwords_only() -> None:
    """The sum may reach the limit, and no other recipient adds to it."""
    password = JWK.from_secret(b"correct horse", alg="PBES2-HS256+A128KW", kid="p")
    recipients = [jwe.Recipient(password, p2c=1000), jwe.Recipient(KW), jwe.Recipient(ECDH.public())]
    text = jwe.encrypt(b"x", recipients, enc="A128GCM", serialization="general")
    allowed: dict[str, Any] = {
        "algorithms": ["PBES2-HS256+A128KW", "A128KW", "ECDH-ES+A128KW"],
        "encryptions": ["A128GCM"],
        "limits": Limits(pbes2_count=1000),
    }
    assert jwe.decrypt_json(text, [password, KW, ECDH], **allowed).plaintext == b"x"
    two = [jwe.Recipient(password, p2c=1000), jwe.Recipient(KW), jwe.Recipient(password, p2c=1000)]
    text = jwe.encrypt(b"x", two, enc="A128GCM", serialization="general")
    assert jwe.decrypt_json(text, [password, KW], **{**allowed, "limits": Limits(pbes2_count=2000)})
    with pytest.raises(NotAllowedError, match="ask for 2000 iterations"):
        jwe.decrypt_json(text, [password, KW], **{**allowed, "limits": Limits(pbes2_count=1999)})


PASSWORD = JWK.from_secret(b"correct horse", alg="PBES2-HS256+A128KW", kid="p")


@pytest.mark.parametrize(("size", "error"), [(7, MalformedError), (8, DecryptionError)])
def test_the_shortest_salt(size: int, error: type[JwtkitError]) -> None:
    text = jwe.encrypt(b"x", PASSWORD, enc="A128GCM", p2c=1000)
    with pytest.raises(error):
        decrypt(reheaded(text, p2s=b64url_encode(bytes(size))), PASSWORD)


def test_a_password_is_any_shared_secret() -> None:
    text = reheaded(jwe.encrypt(b"x", PASSWORD, enc="A128GCM", p2c=1000), kid="ec")
    with pytest.raises(NotAllowedError, match="needs a shared secret, got EC P-256"):
        decrypt(text, ECDH)


@pytest.mark.parametrize("name", ["apu", "apv"])
def test_the_longest_information_about_the_parties(name: str) -> None:
    largest: dict[str, Any] = {name: bytes(768)}
    assert decrypt(jwe.encrypt(b"x", ECDH.public(), enc="A128GCM", **largest), ECDH).plaintext == b"x"
    for size in (0, 769):
        wrong: dict[str, Any] = {name: bytes(size)}
        with pytest.raises(UsageError, match=f"{name} must be bytes, at most 768"):
            jwe.encrypt(b"x", ECDH.public(), enc="A128GCM", **wrong)
    silent = decrypt(jwe.encrypt(b"x", ECDH.public(), enc="A128GCM"), ECDH).header
    assert name not in silent
    one: dict[str, Any] = {name: b"1"}
    assert decrypt(jwe.encrypt(b"x", ECDH.public(), enc="A128GCM", **one), ECDH).header[name] == "MQ"


# (key, its algorithm, its encryption, operations that let it decrypt, operations that let it encrypt)
RSA = JWK.generate("RSA-OAEP")
GCMKW = JWK.generate("A128GCMKW")
WRAPS = ("unwrapKey", "decrypt"), ("wrapKey", "encrypt")
OPERATIONS: dict[str, tuple[JWK, Any, Any, tuple[str, ...], tuple[str, ...]]] = {
    "dir": (GCM, "dir", "A256GCM", ("decrypt",), ("encrypt",)),
    "AES Key Wrap": (KW, "A128KW", "A128GCM", *WRAPS),
    "AES-GCM Key Wrap": (GCMKW, "A128GCMKW", "A128GCM", *WRAPS),
    "RSA-OAEP": (RSA, "RSA-OAEP", "A128GCM", *WRAPS),
    "ECDH-ES": (ECDH, "ECDH-ES+A128KW", "A128GCM", ("deriveKey", "deriveBits"), ("deriveKey", "deriveBits")),
    "PBES2": (
        PASSWORD,
        "PBES2-HS256+A128KW",
        "A128GCM",
        ("deriveKey", "deriveBits", "unwrapKey"),
        ("deriveKey", "deriveBits", "wrapKey"),
    ),
}


@pytest.mark.parametrize("operation", [*USES["sig"], *USES["enc"]])
@pytest.mark.parametrize(("key", "alg", "enc", "opens", "seals"), OPERATIONS.values(), ids=OPERATIONS)
def test_which_operation_lets_a_key_do_what(
    key: JWK, alg: Any, enc: Any, opens: tuple[str, ...], seals: tuple[str, ...], operation: str
) -> None:
    sender = key if key.kty == "oct" else key.public()
    text = jwe.encrypt(b"x", sender, alg=alg, enc=enc, p2c=1000)
    opener = JWK.parse({**key.to_dict(private=True), "key_ops": [operation]})
    sealer = JWK.parse({**sender.to_dict(private=sender.is_private), "key_ops": [operation]})
    if operation in opens:
        assert jwe.decrypt(text, opener, algorithms=[alg], encryptions=[enc]).plaintext == b"x"
    else:
        with pytest.raises(NotAllowedError, match="see its use and key_ops"):
            jwe.decrypt(text, opener, algorithms=[alg], encryptions=[enc])
    if operation in seals:
        assert jwe.encrypt(b"x", sealer, alg=alg, enc=enc, p2c=1000)
    else:
        with pytest.raises(UsageError, match="see its use and key_ops"):
            jwe.encrypt(b"x", sealer, alg=alg, enc=enc, p2c=1000)


def test_the_fewest_and_most_iterations() -> None:
    text = jwe.encrypt(b"x", PASSWORD, enc="A128GCM", p2c=1000)
    assert len(b64url_decode(decrypt(text, PASSWORD).header["p2s"], "p2s")) == 16
    with pytest.raises(NotAllowedError, match="p2c must be from 1000"):
        decrypt(reheaded(text, p2c=999), PASSWORD)
    for wrong in (999, 10_000_001, True):
        with pytest.raises(UsageError, match="p2c must be an int from 1000 to 10000000"):
            jwe.encrypt(b"x", PASSWORD, enc="A128GCM", p2c=wrong)


@pytest.mark.parametrize("name", ["apu", "apv"])
def test_longer_information_about_the_parties_is_refused(name: str) -> None:
    text = jwe.encrypt(b"x", ECDH.public(), enc="A128GCM")
    with pytest.raises(MalformedError, match=f"'{name}' must be base64url text of at most 1024 characters"):
        decrypt(reheaded(text, **{name: "A" * 1028}), ECDH)
    with pytest.raises(DecryptionError):
        decrypt(reheaded(text, **{name: "A" * 1024}), ECDH)


# --- key sets

PRIVATE = [
    *(("EC", "d"), ("OKP", "d"), ("AKP", "priv")),
    *(("RSA", n) for n in ("d", "p", "q", "dp", "dq", "qi", "oth")),
]


@pytest.mark.parametrize(("kty", "name"), PRIVATE)
def test_a_published_private_member_is_told_as_such(kty: str, name: str) -> None:
    (refused,) = JWKS.parse({"keys": [{"kty": kty, "kid": "k", name: "x"}]}).unusable
    assert refused.reason == f"holds the private member {name!r}: treat this key as compromised"


def test_the_deepest_and_largest_members_of_a_key_set() -> None:
    def published(extra: object) -> str:
        return json.dumps({"keys": [{**ES.public().to_dict(), "more": extra}]})

    assert len(JWKS.parse(published(nested(7)))) == 1
    with pytest.raises(MalformedError, match="deep"):
        JWKS.parse(published(nested(8)))
    assert len(JWKS.parse(published(10**40 - 1))) == 1
    for number in (10**40, -(10**40)):
        with pytest.raises(MalformedError):
            JWKS.parse(published(number))
    # 32 values for each key that may be: here the array of keys, one key, its seven members, and the rest.
    assert len(JWKS.parse(published([1] * 23), limits=Limits(jwks_keys=1))) == 1
    with pytest.raises(NotAllowedError, match="more than 32 values"):
        JWKS.parse(published([1] * 24), limits=Limits(jwks_keys=1))


# --- JSON forms


def flat(**changes: Any) -> dict[str, Any]:
    members = {**json.loads(jws.sign(b"x", HS, serialization="flattened")), **changes}
    return {name: value for name, value in members.items() if value is not ...}


def signature(protected: Mapping[str, object], header: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Sign whatever stands in the protected header, as a peer with the right key might."""
    segment = b64url_encode(json.dumps(protected).encode())
    text = f"{segment}.{b64url_encode(b'x')}".encode()
    members: dict[str, Any] = {"protected": segment, "signature": b64url_encode(HS.sign(text))}
    return members if header is None else members | {"header": header}


def verify(source: Any, **named: Any) -> jws.VerifiedJSON:
    given: dict[str, Any] = {"algorithms": LISTED, "require": "any", **named}
    return jws.verify_json(source, [HS, ES.public()], **given)


GOOD = signature({"alg": "HS256", "kid": "hs"})
FORMS: dict[str, tuple[dict[str, Any], dict[str, Any], type[JwtkitError], str]] = {
    "payload null": (flat(payload=None), {"payload": b"x"}, MalformedError, "'payload' must be a string, or absent"),
    "signatures a number": ({"payload": "eA", "signatures": 5}, {}, MalformedError, "non-empty array"),
    "signatures an object": ({"payload": "eA", "signatures": {"a": GOOD}}, {}, MalformedError, "non-empty array"),
    "protected a number": (flat(protected=5), {}, MalformedError, "'protected' must be a non-empty string"),
    "protected an array": (flat(protected=["x"]), {}, MalformedError, "'protected' must be a non-empty string"),
    "no header at all, beside a good one": (
        {"payload": "eA", "signatures": [GOOD, {"signature": GOOD["signature"]}]},
        {},
        MalformedError,
        "without 'protected' and without 'header'",
    ),
    "crit unsigned, its extension signed": (
        {"payload": "eA", **signature({"alg": "HS256", "x": 1}, {"crit": ["x"]})},
        {"crit": {"x": lambda _value, _header: True}},
        MalformedError,
        "must stand in the protected header",
    ),
    "an extension unsigned, crit signed": (
        {"payload": "eA", **signature({"alg": "HS256", "crit": ["x"]}, {"x": 1})},
        {"crit": {"x": lambda _value, _header: True}},
        MalformedError,
        "must stand in the protected header",
    ),
    "b64 unsigned, crit signed": (
        {"payload": "x", **signature({"alg": "HS256", "crit": ["b64"]}, {"b64": False})},
        {},
        MalformedError,
        "must stand in the protected header",
    ),
    "b64 and crit unsigned": (
        {"payload": "x", **signature({"alg": "HS256"}, {"b64": False, "crit": ["b64"]})},
        {},
        MalformedError,
        "must stand in the protected header",
    ),
    "a header that is refused, and no payload": (
        flat(payload=..., protected=b64url_encode(json.dumps({"alg": "HS256", "kid": "k" * 2000}).encode())),
        {},
        NotAllowedError,
        "kid",
    ),
    "a wrong signature is told before an algorithm that is not listed": (
        {"payload": "eQ", "signatures": [signature({"alg": "RS256"}), GOOD]},
        {},
        SignatureError,
        "does not verify",
    ),
    "a missing key is told before a wrong signature": (
        {"payload": "eQ", "signatures": [GOOD, signature({"alg": "ES256", "kid": "z"})]},
        {},
        KeyNotFoundError,
        "'z'",
    ),
}


@pytest.mark.parametrize(("source", "named", "error", "words"), FORMS.values(), ids=FORMS)
def test_forms(source: dict[str, Any], named: dict[str, Any], error: type[JwtkitError], words: str) -> None:
    with pytest.raises(error, match=words) as refusal:
        verify(source, **named)
    assert type(refusal.value) is error


def sealed(*headers: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Encrypt to KW in the general form, and give its recipients these headers besides."""
    members = json.loads(jwe.encrypt(b"x", [KW] * len(headers), enc="A128GCM", serialization="general"))
    for recipient, header in zip(members["recipients"], headers, strict=True):
        recipient["header"] = {**recipient.get("header", {}), **header}
    return {name: value for name, value in {**members, **changes}.items() if value is not ...}


def open_json(source: Any, **named: Any) -> DecryptedJWE:
    given: dict[str, Any] = {"algorithms": ["A128KW"], "encryptions": ["A128GCM", "A256GCM"], **named}
    return jwe.decrypt_json(source, KW, **given)


def protected(**members: object) -> str:
    return b64url_encode(json.dumps(members).encode())


SEALED_FORMS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "recipients a number": (sealed({"x": 1}, recipients=5), {}, "non-empty array of objects"),
    "recipients of numbers": (sealed({"x": 1}, recipients=[5]), {}, "non-empty array of objects"),
    "two encryptions": (
        sealed({"enc": "A128GCM"}, {"enc": "A256GCM"}, protected=protected(typ="x")),
        {},
        "enc must be the same for all recipients",
    ),
    "one names no encryption": (
        sealed({"enc": "A128GCM"}, {"x": 1}, protected=protected(typ="x")),
        {},
        "enc must be the same for all recipients",
    ),
    "crit unsigned, its extension signed": (
        sealed({"crit": ["y"]}, protected=protected(alg="A128KW", enc="A128GCM", y=1)),
        {"crit": {"y": lambda _value, _header: True}},
        "must stand in the protected header",
    ),
    "a JWS without its payload": ({"signatures": []}, {}, "this is a signed JWS"),
    "a JWS": ({"payload": "eA"}, {}, "this is a signed JWS"),
    "an empty tag": (sealed({"x": 1}, tag=""), {}, "'tag' must be a string"),
    "an empty protected header": (sealed({"x": 1}, protected=""), {}, "'protected' must be a non-empty string, or absent"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "named", "words"), SEALED_FORMS.values(), ids=SEALED_FORMS)
def test_sealed_forms(source: dict[str, Any], named: dict[str, Any], words: str) -> None:
    with pytest.raises(MalformedError, match=words):
        open_json(source, **named)


@pytest.mark.parametrize("deepest", [2, 5])
def test_the_deepest_unprotected_member(deepest: int) -> None:
    """An object is one level, so a member of a header may hold one level less."""
    limits = Limits(header_depth=deepest)

    def signed(levels: int) -> str:
        return json.dumps({"payload": "eA", "signatures": [signature({"alg": "HS256"}, {"x": nested(levels)})]})

    def encrypted(levels: int) -> str:
        return json.dumps(sealed({"x": nested(levels)}))

    assert verify(signed(deepest - 1), limits=limits)
    assert open_json(encrypted(deepest - 1), limits=limits)
    with pytest.raises(MalformedError, match="deep"):
        verify(signed(deepest), limits=limits)
    with pytest.raises(MalformedError, match="deep"):
        open_json(encrypted(deepest), limits=limits)


@pytest.mark.parametrize("size", range(40, 46))
def test_the_longest_protected_header(size: int) -> None:
    header = {"alg": "HS256", "x": "y" * size}
    length = len(json.dumps(header))
    source = {"payload": "eA", **signature(header)}
    assert verify(source, limits=Limits(header_bytes=length))
    with pytest.raises(NotAllowedError, match="header_bytes"):
        verify(source, limits=Limits(header_bytes=length - 1))
    text = jwe.encrypt(b"x", KW, enc="A128GCM", header={"x": "y" * size}, serialization="flattened")
    length = len(b64url_decode(json.loads(text)["protected"], "header"))
    assert open_json(text, limits=Limits(header_bytes=length))
    with pytest.raises(NotAllowedError, match="header_bytes"):
        open_json(text, limits=Limits(header_bytes=length - 1))


def test_the_longest_kid_of_a_recipient() -> None:
    key = JWK.parse({**KW.to_dict(private=True), "kid": "k" * 8})
    text = jwe.encrypt(b"x", key, enc="A128GCM", serialization="flattened")
    given: dict[str, Any] = {"algorithms": ["A128KW"], "encryptions": ["A128GCM"]}
    assert jwe.decrypt_json(text, key, **given, limits=Limits(kid_bytes=8))
    with pytest.raises(NotAllowedError, match="kid"):
        jwe.decrypt_json(text, key, **given, limits=Limits(kid_bytes=7))
