"""keygen, jwks, thumbprint, encrypt and decrypt: keys made, published, named and used."""

from __future__ import annotations

import json
import os
import stat
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from jwtkit import JWK, JWKS, Claims, Token, jwe
from jwtkit.crypto.encryption import CONTENT_ENCRYPTION, KEY_ALGORITHMS, KEY_MANAGEMENT

KEY = JWK.generate("ES256", kid="k1")
X25519 = JWK.generate("ECDH-ES+A256KW", crv="X25519", kid="x1")
TOKEN = Token.sign(Claims(sub="alice"), KEY, lifetime=3600).compact
SEVERAL_CURVES = [name for name, row in KEY_ALGORITHMS.items() if len(row.variants) > 1]


def certificate(key: JWK) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jwtkit")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.to_key(), 1, now, now + timedelta(days=1))
    made = builder.sign(key.to_key(private=True), hashes.SHA256())
    return made.public_bytes(Encoding.PEM).decode()


def mode(shell: Any, name: str) -> int:
    return stat.S_IMODE(os.stat(shell.folder / name).st_mode)


# --- keygen


@pytest.mark.parametrize(
    "alg", [name for name in KEY_ALGORITHMS if name not in SEVERAL_CURVES and name != "dir" and "PBES2" not in name]
)
def test_keygen(shell: Any, alg: str) -> None:
    done = shell("keygen", alg, "--kid", "mine")
    key = JWK.parse(done.out)
    kind = "shared secret" if key.kty == "oct" else "private key"
    assert done.err == f"this is a {kind}, for everybody who sees this screen: --out FILE keeps it for yourself\n"
    assert (key.alg, key.kid, key.is_private) == (alg, "mine", True)
    assert shell("keygen", alg).out != done.out


def test_keygen_writes_files(shell: Any) -> None:
    os.umask(0)
    done = shell("keygen", "ES256", "--out", "key.json", "--public", "public.json")
    assert (done.code, done.out) == (0, "")
    assert "the private key is in 'key.json', for its owner only (kid '" in done.err
    key = JWK.parse(shell.read("key.json"))
    assert json.loads(shell.read("public.json")) == key.to_dict()
    assert (mode(shell, "key.json"), mode(shell, "public.json")) == (0o600, 0o644)
    assert key.kid == key.thumbprint()


def test_keygen_writes_pem(shell: Any) -> None:
    shell.write("password", "open sesame\n")
    assert shell("keygen", "RS256", "--bits", "3072", "--pem", "--out", "key.pem", "--public", "public.pem").code == 0
    assert JWK.from_pem(shell.read("key.pem")).public() == JWK.from_pem(shell.read("public.pem"))
    assert JWK.from_pem(shell.read("key.pem")).to_key().key_size == 3072
    assert shell("keygen", "ES256", "--pem", "--password-file", "password", "--out", "locked.pem").code == 0
    assert "ENCRYPTED" in shell.read("locked.pem")
    assert JWK.from_pem(shell.read("locked.pem"), password=b"open sesame").crv == "P-256"


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("unknown algorithm 'ES265': use one of HS256", ["ES265"]),
        ("alg 'none' does not exist", ["none"]),
        ("does not say which curve: say --crv, one of", ["ECDH-ES"]),
        ("is no curve of ES256", ["ES256", "--crv", "P-384"]),
        ("--bits must be a multiple of 8 from 2048 to 8192", ["RS256", "--bits", "1024"]),
        ("has no public half and no PEM form", ["HS256", "--pem"]),
        ("has no public half and no PEM form", ["HS256", "--public", "new"]),
        ("--password-file encrypts a PEM: say --pem too", ["ES256", "--password-file", "there"]),
        ("name the content encryption, such as 'A256GCM'", ["dir"]),
        ("hand the password in with --secret-file", ["PBES2-HS256+A128KW"]),
        ("'there' exists, and nothing is overwritten here", ["ES256", "--out", "there"]),
        ("'there' exists, and nothing is overwritten here", ["ES256", "--out", "new", "--public", "there"]),
        ("'link' exists, and nothing is overwritten here", ["ES256", "--out", "link"]),
        ("cannot write 'no/where'", ["ES256", "--out", "no/where"]),
        ("a PEM holds no kid: leave out --kid, and give it to jwtkit sign", ["ES256", "--pem", "--kid", "x"]),
        ("kid must be a str of at most 1024 bytes", ["ES256", "--kid", "x" * 1025]),
        ("it has a NUL in it", ["ES256", "--out", "a\x00b"]),
    ],
)
def test_keygen_refuses(shell: Any, words: str, arguments: list[str]) -> None:
    shell.write("there", "precious")
    os.symlink("nowhere", shell.folder / "link")
    shell.fails(2, words, "keygen", *arguments)
    assert shell.read("there") == "precious"
    assert sorted(os.listdir(shell.folder)) == ["link", "there"]


def test_a_file_that_appears_meanwhile_is_not_overwritten(shell: Any) -> None:
    shell.fails(2, "'same' exists", "keygen", "ES256", "--out", "same", "--public", "same")


# --- jwks


def test_jwks(shell: Any) -> None:
    other = JWK.generate("Ed25519", kid="k2")
    shell.write("key.json", json.dumps(KEY.to_dict()))
    shell.write("key.pem", other.to_pem())
    shell.write("set.json", JWKS([JWK.generate("ES384", kid="k3").public()]).to_json())
    done = shell("jwks", "key.json", "key.pem", "set.json")
    assert (done.code, done.err) == (0, "")
    assert [key.kid for key in JWKS.parse(done.out)] == ["k1", None, "k3"]
    shell.write("private.json", json.dumps(KEY.to_dict(private=True)))
    halves = shell("jwks", "--public", "private.json")
    assert JWKS.parse(halves.out).keys == (KEY.public(),)
    assert KEY.to_dict(private=True)["d"] not in halves.out


def test_jwks_names_keys_by_their_thumbprints(shell: Any) -> None:
    others = [JWK.generate("ES256"), JWK.generate("ES256")]
    for number, key in enumerate(others):
        shell.write(f"{number}.pem", key.to_pem())
    shell.write("named.json", json.dumps(KEY.to_dict()))
    done = shell("jwks", "--thumbprints", "0.pem", "1.pem", "named.json")
    assert [key.kid for key in JWKS.parse(done.out)] == [*(key.thumbprint() for key in others), "k1"]


def test_jwks_of_certificates(shell: Any) -> None:
    shell.write("one.pem", certificate(KEY))
    shell.write("map.json", json.dumps({"c1": certificate(JWK.generate("ES256"))}))
    keys = JWKS.parse(shell("jwks", "one.pem", "map.json").out).keys
    assert [key.kid for key in keys] == [None, "c1"]
    assert all(key.certificates for key in keys)
    shell.write("token", TOKEN)
    der = x509.load_pem_x509_certificate(certificate(KEY).encode()).public_bytes(Encoding.DER)
    shell.write("one.der", der)
    assert shell("thumbprint", "one.der").out == KEY.thumbprint() + "\n"
    shell.write("c.json", json.dumps({"k1": certificate(KEY)}))
    who = ("--no-issuer", "-", "--no-audience", "-")
    assert shell("verify", "--jwks", "c.json", *who, "token").code == 0


@pytest.mark.parametrize(
    ("code", "words", "content"),
    [
        (4, "holds a private key, which is never published: --public takes its public half", KEY.to_dict(private=True)),
        (4, "holds a shared secret, which is never published", JWK.generate("HS256").to_dict(private=True)),
        (4, "holds the private member 'd'", {"keys": [KEY.to_dict(private=True)]}),
        (4, "this kty is not supported", {"keys": [KEY.to_dict(), {"kty": "X"}]}),
        (4, "mixes shared secrets with public keys", {"keys": [KEY.to_dict(), {"kty": "oct", "k": "AA"}]}),
        (4, "several of these keys have the kid 'k1'", {"keys": [KEY.to_dict(), KEY.to_dict()]}),
        (
            4,
            "several of these keys have no kid, so nobody could tell which one a token means: --thumbprints",
            {"keys": [{**JWK.generate("ES256").to_dict(), "kid": None}] * 2},
        ),
        (3, "JWK has no kty", {"a": "b"}),
        (4, "this kty is not supported", {"kty": "b"}),
        (3, "contradicts", {**KEY.to_dict(), "alg": "ES384"}),
        (3, "no 'keys' array", {"keys": 5}),
    ],
)
def test_jwks_refuses(shell: Any, code: int, words: str, content: dict[str, Any]) -> None:
    for entry in content.get("keys", ()) if isinstance(content.get("keys"), list) else ():
        if entry.get("kid", "") is None:
            del entry["kid"]
    shell.write("file", json.dumps(content))
    shell.fails(code, words, "jwks", "file")
    shell.fails(2, "required: FILE", "jwks")


# --- thumbprint


def test_thumbprint(shell: Any) -> None:
    shell.write("key.json", json.dumps(KEY.to_dict(private=True)))
    shell.write("locked.pem", KEY.to_pem(private=True, password=b"open sesame"))
    shell.write("password", "open sesame")
    assert shell("thumbprint", "key.json").out == KEY.thumbprint() + "\n"
    assert shell("thumbprint", text=KEY.to_pem()).out == KEY.thumbprint() + "\n"
    assert shell("thumbprint", "--hash", "sha-512", "key.json").out == KEY.thumbprint("sha-512") + "\n"
    assert shell("thumbprint", "--uri", "key.json").out == KEY.thumbprint_uri() + "\n"
    assert shell("thumbprint", "locked.pem", "--password-file", "password").out == KEY.thumbprint() + "\n"


def test_thumbprint_of_a_secret(shell: Any) -> None:
    secret = JWK.generate("HS256")
    shell.write("key.json", json.dumps(secret.to_dict(private=True)))
    done = shell("thumbprint", "key.json")
    assert done.out == secret.thumbprint() + "\n"
    assert "a fingerprint of a secret" in done.err
    shell.write("set.json", JWKS([KEY.public()]).to_json())
    shell.fails(3, "holds a key set, not one key", "thumbprint", "set.json")
    shell.fails(4, "it is no public name", "thumbprint", "--uri", "key.json")


# --- encrypt, decrypt


def pair(shell: Any, alg: str, enc: str) -> tuple[list[str], list[str]]:
    """Give the options that encrypt and those that decrypt."""
    if alg.startswith("PBES2"):
        shell.write("password", "correct horse battery staple\n")
        named = ["--secret-file", "password", "--alg", alg]
        return named, named
    crv = "X25519" if alg.startswith("ECDH") else None
    key = JWK.generate(enc if alg == "dir" else alg, crv=crv)  # type: ignore[arg-type]  # names from the tables
    shell.write("private.json", json.dumps(key.to_dict(private=True)))
    if key.kty == "oct":
        return ["--key", "private.json", "--alg", alg], ["--key", "private.json", "--alg", alg, "--enc", enc]
    shell.write("public.json", json.dumps(key.to_dict()))
    return ["--key", "public.json"], ["--key", "private.json"]


@pytest.mark.parametrize("enc", CONTENT_ENCRYPTION)
@pytest.mark.parametrize("alg", KEY_MANAGEMENT)
def test_encrypt_and_decrypt(shell: Any, alg: str, enc: str) -> None:
    if alg != "dir" and enc not in ("A256GCM", "A128CBC-HS256"):
        return  # which of them it is makes no difference to how the key travels
    encrypting, decrypting = pair(shell, alg, enc)
    content = b"\x00\xff\x1b[31m hello \n"
    made = shell("encrypt", *encrypting, "--enc", enc, "--typ", "JOSE", "--cty", "text", text=content)
    assert (made.code, made.err) == (0, "")
    header = json.loads(shell("decode", text=made.out).out)["header"]
    assert (header["alg"], header["enc"], header["typ"], header["cty"]) == (alg, enc, "JOSE", "text")
    assert shell.octets("decrypt", *decrypting, text=made.out) == content


@pytest.fixture
def files(shell: Any) -> Any:
    shell.write("private.json", json.dumps(X25519.to_dict(private=True)))
    shell.write("public.json", json.dumps(X25519.to_dict()))
    shell.write("signing.json", json.dumps(KEY.to_dict(private=True)))
    shell.write("curve.pem", JWK.generate("ECDH-ES", crv="P-256").to_pem(private=True))
    shell.write("content.json", json.dumps(JWK.generate("A256GCM").to_dict(private=True)))
    shell.write("kw.json", json.dumps({"kty": "oct", "k": JWK.generate("A128KW").to_dict(private=True)["k"]}))
    return shell


def test_a_signed_token_is_nested(files: Any) -> None:
    made = files("encrypt", "--key", "public.json", text=f"  {TOKEN}\n")
    assert json.loads(files("decode", text=made.out).out)["header"]["cty"] == "JWT"
    opened = files("decrypt", "--key", "private.json", text=made.out)
    assert opened.out == TOKEN + "\n"
    assert opened.err == "a signed token was inside, and is not verified: jwtkit verify does that\n"


def test_a_json_form_is_decrypted_too(files: Any) -> None:
    text = jwe.encrypt(b"hello", [X25519.public()], enc="A256GCM", serialization="general")
    assert files("decrypt", "--key", "private.json", text=text).out == "hello"


@pytest.mark.parametrize("arguments", [(), ("--alg", "dir"), ("--enc", "A256GCM")])
def test_a_key_for_one_content_encryption(files: Any, arguments: tuple[str, ...]) -> None:
    made = files("encrypt", "--key", "content.json", *arguments, text="hello")
    assert files("decrypt", "--key", "content.json", text=made.out).out == "hello"
    files.fails(4, "to encrypt with A128GCM", "encrypt", "--key", "content.json", "--enc", "A128GCM", text="hello")


def test_compressed_content_has_an_option_of_its_own(files: Any) -> None:
    text = jwe.encrypt(b"hello" * 99, X25519.public(), enc="A256GCM", compress=True)
    files.fails(1, "say --allow-zip", "decrypt", "--key", "private.json", text=text)
    assert files("decrypt", "--key", "private.json", "--allow-zip", text=text).out == "hello" * 99


def test_a_terminal_is_shown_only_what_it_cannot_obey(files: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = jwe.encrypt("\x1b[31mred\u202e\nZoë\r".encode() + b"\xff", X25519.public(), enc="A256GCM")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    shown = files("decrypt", "--key", "private.json", text=text)
    assert shown.out == "\\u001b[31mred\\u202e\nZoë\\u000d\\xff\n"


OF_ANOTHER = jwe.encrypt(b"x", JWK.generate("ECDH-ES+A256KW", crv="X25519", kid="x1").public(), enc="A256GCM")


@pytest.mark.parametrize(
    ("code", "words", "arguments", "text"),
    [
        (2, "it fits ECDH-ES, ECDH-ES+A128KW, ECDH-ES+A192KW, ECDH-ES+A256KW", ["encrypt", "--key", "curve.pem"], "x"),
        (2, "it fits ECDH-ES, ECDH-ES+A128KW", ["decrypt", "--key", "curve.pem"], OF_ANOTHER),
        (
            2,
            "with --alg dir the key is for one content encryption: say --enc",
            ["decrypt", "--key", "kw.json", "--alg", "dir"],
            "",
        ),
        (2, "RSA1_5 is not offered, use RSA-OAEP-256", ["encrypt", "--key", "public.json", "--alg", "RSA1_5"], "x"),
        (2, "unknown content encryption 'AES'", ["encrypt", "--key", "public.json", "--enc", "AES"], "x"),
        (2, "unknown content encryption 'AES'", ["decrypt", "--key", "private.json", "--enc", "AES"], "x"),
        (2, "unknown key management algorithm", ["decrypt", "--key", "private.json", "--alg", "ECDH"], "x"),
        (4, "alg ECDH-ES needs a key on", ["encrypt", "--key", "signing.json", "--alg", "ECDH-ES"], "x"),
        (4, "is not for encryption", ["encrypt", "--key", "signing.json"], "x"),
        (2, "a secret does not say its algorithm", ["encrypt", "--secret-file", "kw.json"], "x"),
        (1, "it was altered, or encrypted for another key", ["decrypt", "--key", "private.json"], OF_ANOTHER),
        (1, "jwtkit verify checks it", ["decrypt", "--key", "private.json"], TOKEN),
        (
            1,
            "enc 'A256GCM' is not accepted, only 'A128GCM': say --enc too",
            ["decrypt", "--key", "private.json", "--enc", "A128GCM"],
            OF_ANOTHER,
        ),
        (3, "token is empty", ["decrypt", "--key", "private.json"], ""),
        (3, "no dots", ["decrypt", "--key", "private.json"], "opaque"),
        (3, "JWE", ["decrypt", "--key", "private.json"], "{}"),
        (4, "is a public key: decrypting needs the private one", ["decrypt", "--key", "public.json"], OF_ANOTHER),
    ],
)
def test_encryption_refuses(files: Any, code: int, words: str, arguments: list[str], text: str) -> None:
    files.fails(code, words, *arguments, text=text)
