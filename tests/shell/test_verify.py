"""decode, verify and sign, as they go together."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from jwtkit import JWK, JWKS, Claims, Token, UnverifiedToken, jwe

NOW = 1_900_000_000
KEY = JWK.generate("ES256", kid="k1")
RSA = JWK.generate("RS256", kid="r1")
SECRET = b"thirty-two bytes of a secret, or more"
ISS, AUD = "https://auth.example.com", "https://api.example.com"
CLAIMS = Claims(iss=ISS, sub="alice", aud=AUD, extra={"role": "admin", "level": 3, "name": "Zoë"})


def token(key: JWK = KEY, claims: Claims = CLAIMS, **named: Any) -> str:
    return Token.sign(claims, key, **{"lifetime": 600, "now": NOW, **named}).compact


TOKEN = token()
WHO = ("--issuer", ISS, "--audience", AUD)
AT = ("--now", str(NOW))


@pytest.fixture
def files(shell: Any) -> Any:
    """A folder with every key that these tests name."""
    private = KEY.to_dict(private=True)
    without_alg = {name: value for name, value in RSA.to_dict().items() if name != "alg"}
    shell.write("private.json", json.dumps(private))
    shell.write("public.json", json.dumps(KEY.to_dict()))
    shell.write("public.pem", KEY.to_pem())
    shell.write("public.der", KEY.to_der())
    shell.write("public.ssh", KEY.to_openssh() + " somebody@somewhere\n")
    shell.write("rsa.pem", RSA.to_pem())
    shell.write("rsa.json", json.dumps(RSA.to_dict()))
    shell.write("jwks.json", JWKS([KEY.public(), RSA.public()]).to_json())
    shell.write("no-alg.json", json.dumps({"keys": [without_alg]}))
    shell.write("other.json", JWKS([JWK.generate("ES256", kid="k2").public()]).to_json())
    shell.write("k2.json", json.dumps(JWK.generate("ES256", kid="k2").to_dict()))
    shell.write("half.json", json.dumps({"keys": [{**KEY.to_dict(), "y": "AA"}, RSA.to_dict()]}))
    shell.write("useless.json", json.dumps({"keys": [{"kty": "XYZ"}]}))
    shell.write("empty.json", json.dumps({"keys": []}))
    shell.write("secret", SECRET)
    shell.write("secret.txt", SECRET + b"\n")
    shell.write("secret.crlf", SECRET + b"\r\n")
    shell.write("secret.b64", base64.b64encode(SECRET))
    shell.write("secret.b64url", base64.urlsafe_b64encode(SECRET))
    shell.write("secret.hex", SECRET.hex() + "\n")
    shell.write("short", b"secret")
    shell.write("none", b"\n")
    shell.write("token", TOKEN)
    shell.write("garbage", b"\x00\x01garbage")
    return shell


# --- decode


@pytest.mark.parametrize("text", [TOKEN, TOKEN + "\n", f"  {TOKEN}\r\n"])
def test_decode(shell: Any, text: str) -> None:
    done = shell("decode", text=text)
    assert (done.code, done.err) == (0, "not verified: anybody may have written this\n")
    shown = json.loads(done.out)
    assert shown["header"] == {"alg": "ES256", "kid": "k1", "typ": "JWT"}
    assert shown["unverified_claims"]["name"] == "Zoë"
    assert done.out.isascii()


def test_decode_shows_the_header_of_an_encrypted_token(shell: Any) -> None:
    text = jwe.encrypt(b"x", JWK.generate("A256GCM", kid="k"), alg="dir", enc="A256GCM")
    done = shell("decode", text=text)
    assert json.loads(done.out) == {"header": {"alg": "dir", "enc": "A256GCM", "kid": "k"}}
    assert done.err == "encrypted: its claims are read with jwtkit decrypt and the recipient's key\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "token is empty"),
        ("opaque", "no dots"),
        ("a.b.c", "not"),
        (f"Bearer {TOKEN}", "remove the 'Bearer ' prefix"),
        (f'"{TOKEN}"', "wrapped in quotes"),
        (f"b'{TOKEN}'", "looks like str(bytes): write the text only"),
        ("\x1b[31m.x.y", "header"),
        ("a" * 400_000, "more than 262144"),
        (b"\xff\xfe", "empty"),
        ('{"payload":""}', "only the compact form"),
        ("a.b.c.d", "4 segments"),
    ],
)
def test_decode_refuses(shell: Any, text: str | bytes, words: str) -> None:
    shell.fails(3, words, "decode", text=text)


# --- verify


@pytest.mark.parametrize(
    "arguments",
    [
        ["--jwks", "jwks.json"],
        ["--jwks", "jwks.json", "--alg", "ES256"],
        ["--jwks", "half.json", "--alg", "RS256"],
        ["--key", "public.json"],
        ["--key", "private.json"],
        ["--key", "public.pem"],
        ["--key", "public.der", "--alg", "ES256", "--alg", "RS256"],
        ["--key", "public.ssh"],
    ],
)
def test_verify(files: Any, arguments: list[str]) -> None:
    text = token(RSA) if "half.json" in arguments else TOKEN
    done = files("verify", *arguments, *WHO, *AT, text=text + "\n")
    assert (done.code, done.err) == (0, "")
    shown = json.loads(done.out)
    assert shown["header"]["alg"] in ("ES256", "RS256")
    assert shown["claims"]["exp"] == NOW + 600
    assert files("verify", *arguments, *WHO, *AT, "-", text=text) == done


def test_verify_reads_the_token_from_a_file(files: Any) -> None:
    assert files("verify", "--key", "public.json", *WHO, *AT, "token").code == 0


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("secret", "text"),
        ("secret.txt", "text"),
        ("secret.crlf", "text"),
        ("secret.b64", "base64"),
        ("secret.b64url", "base64url"),
        ("secret.hex", "hex"),
    ],
)
def test_verify_with_a_secret(files: Any, name: str, encoding: str) -> None:
    text = token(JWK.from_secret(SECRET, alg="HS256"))
    key = ("--secret-file", name, "--secret-encoding", encoding, "--alg", "HS256")
    assert files("verify", *key, *WHO, *AT, text=text).code == 0
    altered = ("--secret-file", "token", "--alg", "HS256")
    files.fails(1, "these are not the keys of its issuer", "verify", *altered, *WHO, *AT, text=text)


def test_a_secret_of_random_bytes_keeps_its_newline(files: Any) -> None:
    secret = bytes(range(128, 160)) + b"\n"
    files.write("random", secret)
    text = token(JWK.from_secret(secret, alg="HS256"))
    assert files("verify", "--secret-file", "random", "--alg", "HS256", *WHO, *AT, text=text).code == 0


def test_the_newline_after_any_text_is_left_out(files: Any) -> None:
    secret = "größer als zweiunddreißig Zeichen".encode()
    files.write("text", secret + b"\n")
    text = token(JWK.from_secret(secret, alg="HS256"))
    assert files("verify", "--secret-file", "text", "--alg", "HS256", *WHO, *AT, text=text).code == 0


def test_a_short_secret_has_an_option_of_its_own(files: Any) -> None:
    text = token(JWK.from_secret(b"secret", alg="HS256", allow_short_secret=True))
    arguments = ("verify", "--secret-file", "short", "--alg", "HS256", *WHO, *AT)
    files.fails(
        4, "secret has 6 bytes, but HS256 needs at least 32 bytes: use jwtkit keygen HS256", *arguments, text=text
    )
    assert files(*arguments, "--allow-short-secret", text=text).code == 0


def test_what_is_not_checked_is_said_with_its_reason(files: Any) -> None:
    unchecked = ("--no-issuer", "one issuer\x1b[31m only", "--no-audience", "x")
    done = files("verify", "--key", "public.json", *unchecked, *AT, text=TOKEN)
    assert done.code == 0
    assert done.err == "issuer not checked: one issuer\\u001b[31m only\naudience not checked: x\n"
    absent = token(claims=Claims(iss=ISS, sub="alice"))
    arguments = ("verify", "--key", "public.json", "--issuer", ISS, "--absent-audience", *AT)
    assert files(*arguments, text=absent).code == 0
    files.fails(1, "token has an aud", *arguments, text=TOKEN)


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (token(typ="at+jwt"), ["--typ", "at+jwt"]),
        (TOKEN, ["--required", "role", "--required", "sub"]),
        (TOKEN, ["--expected", "role=admin", "--expected", "level:=3"]),
        (TOKEN, ["--max-age", "10m"]),
        (token(now=NOW - 601), ["--leeway", "2s"]),
        (token(now=NOW + 30), []),
        (token(claims=CLAIMS, now=NOW + 90), ["--leeway", "1.5m"]),
        (TOKEN, ["--issuer", "https://other.example.com", "--audience", "other"]),
        (TOKEN, ["--now", datetime.fromtimestamp(NOW, UTC).isoformat()]),
    ],
)
def test_verify_with_more_policy(files: Any, text: str, more: list[str]) -> None:
    assert files("verify", "--key", "public.json", *WHO, *AT, *more, text=text).code == 0


ENDLESS = Token.sign(Claims(iss=ISS, aud=AUD, exp=NOW), KEY)
REFUSED = [
    # the token
    pytest.param(1, "token expired 1s ago", {"text": token(now=NOW - 601)}, id="expired"),
    pytest.param(1, "get a fresh one", {"text": token(now=NOW - 601)}, id="expired, what next"),
    pytest.param(1, "say --leeway SECONDS", {"text": token(claims=CLAIMS, now=NOW + 31)}, id="from the future"),
    pytest.param(1, "issuer mismatch", {"who": ("--issuer", ISS + "/", "--audience", AUD)}, id="issuer"),
    pytest.param(1, "differ only in the final slash", {"who": ("--issuer", ISS + "/", "--audience", AUD)}, id="slash"),
    pytest.param(1, "audience mismatch", {"who": ("--issuer", ISS, "--audience", "x")}, id="audience"),
    pytest.param(1, "say --typ at+jwt if that is what you verify", {"text": token(typ="at+jwt")}, id="typ"),
    pytest.param(1, "typ mismatch", {"more": ["--typ", "at+jwt"]}, id="another typ"),
    pytest.param(1, "token has no nonce", {"more": ["--required", "nonce"]}, id="required"),
    pytest.param(1, "claim 'role' is 'admin'", {"more": ["--expected", "role=guest"]}, id="expected"),
    pytest.param(1, "claim 'level' is 3", {"more": ["--expected", "level=3"]}, id="expected, another type"),
    pytest.param(1, "was issued 40s ago", {"more": ["--max-age", "9s"], "text": token(now=NOW - 40)}, id="old"),
    pytest.param(
        1,
        "alg 'ES256' is not accepted, only 'RS256': say --alg too, if its maker is meant to use it",
        {"key": ["--jwks", "jwks.json", "--alg", "RS256"]},
        id="alg",
    ),
    pytest.param(1, "signature", {"text": TOKEN[:-4] + "AAAA"}, id="signature"),
    pytest.param(1, "decrypt it first, with jwtkit decrypt", {"text": "a.b.c.d.e"}, id="encrypted"),
    pytest.param(1, "role", {"more": ["--expected", "role:=null"]}, id="expected null"),
    pytest.param(3, "remove the 'Bearer ' prefix", {"text": f"Bearer {TOKEN}"}, id="bearer"),
    pytest.param(3, "token is empty", {"text": ""}, id="empty"),
    pytest.param(3, "no dots", {"text": "opaque"}, id="opaque"),
    # the keys
    pytest.param(
        4,
        "no key 'k1' for alg ES256 in the set (has 'k2'); fetch the key set again",
        {"key": ["--jwks", "other.json"]},
        id="kid",
    ),
    pytest.param(
        4, "1 of the set cannot be used ('k1': ", {"key": ["--jwks", "half.json", "--alg", "ES256"]}, id="aside"
    ),
    pytest.param(
        4, "has no key that can be used: this kty is not supported", {"key": ["--jwks", "useless.json"]}, id="useless"
    ),
    pytest.param(4, "has no key that can be used", {"key": ["--jwks", "empty.json"]}, id="empty set"),
    pytest.param(4, "alg HS256 needs a shared secret", {"key": ["--key", "public.json", "--alg", "HS256"]}, id="unfit"),
    pytest.param(4, "alg RS256 needs an RSA key", {"key": ["--key", "public.json", "--alg", "RS256"]}, id="unfit RSA"),
    pytest.param(3, "this is a single JWK, hand it in with --key", {"key": ["--jwks", "public.json"]}, id="JWK as set"),
    pytest.param(
        3, "this is a JWK Set, not a JWK: hand it in with --jwks", {"key": ["--key", "jwks.json"]}, id="set as JWK"
    ),
    pytest.param(3, "this is a token, not a key", {"key": ["--key", "token"]}, id="token as key"),
    pytest.param(3, "a shared secret comes with --secret-file", {"key": ["--key", "secret"]}, id="secret as key"),
    pytest.param(3, "it is empty", {"key": ["--key", "none"]}, id="empty key"),
    pytest.param(3, "this is no key", {"key": ["--key", "garbage"]}, id="garbage"),
    pytest.param(3, "not", {"key": ["--jwks", "garbage"]}, id="garbage as set"),
    pytest.param(
        4, "hand it in with --key", {"key": ["--secret-file", "rsa.pem", "--alg", "HS256"]}, id="PEM as secret"
    ),
    pytest.param(
        4, "hand it in with --key", {"key": ["--secret-file", "public.json", "--alg", "HS256"]}, id="JWK as secret"
    ),
    pytest.param(
        4, "hand it in with --key", {"key": ["--secret-file", "public.ssh", "--alg", "HS256"]}, id="ssh as secret"
    ),
    pytest.param(
        4, "hand it in with --key", {"key": ["--secret-file", "public.der", "--alg", "HS256"]}, id="DER as secret"
    ),
    pytest.param(4, "is empty", {"key": ["--secret-file", "none", "--alg", "HS256"]}, id="empty secret"),
    pytest.param(
        4,
        "not hexadecimal",
        {"key": ["--secret-file", "secret", "--secret-encoding", "hex", "--alg", "HS256"]},
        id="hex",
    ),
    pytest.param(
        4,
        "not base64",
        {"key": ["--secret-file", "secret", "--secret-encoding", "base64", "--alg", "HS256"]},
        id="base64",
    ),
    pytest.param(
        4,
        "not canonical base64url",
        {"key": ["--secret-file", "secret", "--secret-encoding", "base64url", "--alg", "HS256"]},
        id="url",
    ),
    # the call
    pytest.param(
        2, "--alg is required, because the key does not say it", {"key": ["--key", "rsa.pem"]}, id="which alg"
    ),
    pytest.param(2, "--alg is required", {"key": ["--jwks", "no-alg.json"]}, id="which alg, set"),
    pytest.param(
        2, "a secret does not say its algorithm", {"key": ["--secret-file", "secret"]}, id="which alg, secret"
    ),
    pytest.param(
        2, "unknown signature algorithm 'HS265'", {"key": ["--key", "public.json", "--alg", "HS265"]}, id="HS265"
    ),
    pytest.param(2, "alg 'none' does not exist", {"key": ["--key", "public.json", "--alg", "none"]}, id="none"),
    pytest.param(2, "cannot read 'absent'", {"key": ["--key", "absent"]}, id="absent key"),
    pytest.param(
        2, "not allowed with argument", {"key": ["--key", "public.json", "--jwks", "jwks.json"]}, id="two keys"
    ),
    pytest.param(2, "not allowed with argument", {"more": ["--no-issuer", "x"]}, id="issuer twice"),
    pytest.param(2, "say why, in a word or two", {"who": ("--no-issuer", "", "--no-audience", "x")}, id="no reason"),
    pytest.param(2, "unknown option; see jwtkit verify --help", {"more": ["-v"]}, id="unknown option"),
    pytest.param(
        4, "no key 'k1' for alg ES256 in the set (has 'k2')\n", {"key": ["--key", "k2.json"]}, id="another key"
    ),
    pytest.param(2, "it is empty, and could never match", {"who": ("--issuer", "", "--audience", AUD)}, id="no issuer"),
    pytest.param(2, "give NAME=TEXT", {"more": ["--expected", "role"]}, id="expected nothing"),
    pytest.param(2, "must be JSON", {"more": ["--expected", "role:=admin"]}, id="expected no JSON"),
    pytest.param(2, "must be JSON", {"more": ["--expected", 'role:=1,"x":2']}, id="expected two things"),
    pytest.param(2, "gives 'a' twice", {"more": ["--expected", "a=1", "--expected", "a=2"]}, id="expected twice"),
    pytest.param(2, "a duration is", {"more": ["--leeway", "-1"]}, id="leeway"),
    pytest.param(2, "max_age", {"more": ["--max-age", "0"]}, id="max-age"),
    pytest.param(2, "a time is seconds", {"more": ["--now", "2030-01-01T00:00:00"]}, id="naive now"),
    pytest.param(2, "a time is seconds", {"more": ["--now", "nan"]}, id="NaN"),
    pytest.param(2, "a time is seconds", {"more": ["--now", "9" * 30]}, id="beyond all years"),
]


@pytest.mark.parametrize(("code", "words", "case"), REFUSED)
def test_verify_refuses(files: Any, code: int, words: str, case: dict[str, Any]) -> None:
    key, more = case.get("key", ["--jwks", "jwks.json"]), case.get("more", ())
    arguments = ("verify", *key, *case.get("who", WHO), *AT, *more)
    files.fails(code, words, *arguments, text=case.get("text", TOKEN))


def test_a_token_without_end(files: Any) -> None:
    secret = JWK.from_secret(SECRET, alg="HS256")
    parts = token(secret).split(".")
    header, claims = (
        parts[0],
        base64.urlsafe_b64encode(json.dumps({"iss": ISS, "aud": AUD}).encode()).decode().rstrip("="),
    )
    signature = base64.urlsafe_b64encode(secret.sign(f"{header}.{claims}".encode())).decode().rstrip("=")
    arguments = ("verify", "--secret-file", "secret", "--alg", "HS256", *WHO)
    files.fails(1, "token has no exp", *arguments, text=f"{header}.{claims}.{signature}")
    assert files(*arguments, "--allow-missing-exp", text=f"{header}.{claims}.{signature}").code == 0


# --- sign


def test_sign(files: Any) -> None:
    claims = (
        "--claim",
        f"iss={ISS}",
        "--claim",
        f"aud={AUD}",
        "--claim",
        "n:=[1,null]",
        "--claim",
        "https://x.example/y=z",
    )
    done = files("sign", "--key", "private.json", *claims, "--lifetime", "1h", *AT)
    assert (done.code, done.err) == (0, "")
    assert done.out.count("\n") == 1
    made = UnverifiedToken.parse(done.out.strip())
    assert made.header == {"alg": "ES256", "kid": "k1", "typ": "JWT"}
    assert made.unverified_claims["n"] == (1, None)
    assert made.unverified_claims["https://x.example/y"] == "z"
    assert made.unverified_claims["exp"] == NOW + 3600
    assert files("verify", "--key", "public.json", *WHO, *AT, text=done.out).code == 0


def test_sign_claims_of_a_file(files: Any) -> None:
    given = {"iss": ISS, "aud": [AUD], "exp": NOW + 9, "name": "Zoë"}
    files.write("claims.json", json.dumps(given, ensure_ascii=False))
    for done in (
        files("sign", "--key", "private.json", "--claims", "claims.json"),
        files("sign", "--key", "private.json", "--claims", "-", text=json.dumps(given)),
    ):
        assert json.loads(files("decode", text=done.out).out)["unverified_claims"] == given
    more = files("sign", "--key", "private.json", "--claims", "claims.json", "--claim", "sub=bob")
    assert json.loads(files("decode", text=more.out).out)["unverified_claims"] == {**given, "sub": "bob"}


@pytest.mark.parametrize(
    ("arguments", "header"),
    [
        (["--secret-file", "secret", "--alg", "HS256"], {"alg": "HS256", "typ": "JWT"}),
        (["--secret-file", "secret", "--alg", "HS256", "--kid", "s1"], {"alg": "HS256", "kid": "s1", "typ": "JWT"}),
        (["--key", "private.json", "--typ", "at+jwt"], {"alg": "ES256", "kid": "k1", "typ": "at+jwt"}),
        (["--key", "private.json", "--kid", "k1"], {"alg": "ES256", "kid": "k1", "typ": "JWT"}),
        (["--key", "private.pem", "--kid", "p"], {"alg": "ES256", "kid": "p", "typ": "JWT"}),
        (["--key", "rsa-private.pem", "--alg", "PS256"], {"alg": "PS256", "typ": "JWT"}),
        (["--key", "locked.pem", "--password-file", "password"], {"alg": "ES256", "typ": "JWT"}),
        (
            ["--key", "private.json", "--header", "x=y", "--header", "n:=5"],
            {"alg": "ES256", "kid": "k1", "typ": "JWT", "x": "y", "n": 5},
        ),
    ],
)
def test_sign_with(files: Any, arguments: list[str], header: dict[str, object]) -> None:
    files.write("private.pem", KEY.to_pem(private=True))
    files.write("rsa-private.pem", RSA.to_pem(private=True))
    files.write("locked.pem", KEY.to_pem(private=True, password=b"open sesame"))
    files.write("password", "open sesame\n")
    done = files("sign", *arguments, "--claim", "sub=alice", "--lifetime", "60")
    assert (done.code, done.err) == (0, "")
    assert json.loads(files("decode", text=done.out).out)["header"] == header


@pytest.mark.parametrize(
    ("code", "words", "arguments"),
    [
        (2, "a token must expire: say --lifetime 1h or give the claims an exp", ["--key", "private.json"]),
        (
            2,
            "leave out --lifetime, or the claim exp",
            ["--key", "private.json", "--claim", "exp:=5", "--lifetime", "1h"],
        ),
        (
            2,
            "claim 'exp' must be a number, got a string: for other than text",
            ["--key", "private.json", "--claim", "exp=5"],
        ),
        (2, "gives 'sub' twice", ["--key", "private.json", "--claim", "sub=a", "--claim", "sub=b"]),
        (2, "claim 'sub' is given twice", ["--key", "private.json", "--claim", "sub=a", "--claims", "claims.json"]),
        (2, "is not a JSON object", ["--key", "private.json", "--claims", "garbage"]),
        (2, "cannot read 'absent'", ["--key", "private.json", "--claims", "absent"]),
        (2, "header member 'alg'", ["--key", "private.json", "--header", "alg=none", "--lifetime", "1h"]),
        (4, "is a public key: signing needs the private one", ["--key", "public.json", "--lifetime", "1h"]),
        (2, "names no alg and fits", ["--key", "rsa-private.pem", "--lifetime", "1h"]),
        (
            4,
            "alg ES384 needs a key on P-384, got EC P-256 for ES256",
            ["--key", "private.json", "--alg", "ES384", "--lifetime", "1h"],
        ),
        (4, "is called 'k1' already", ["--key", "private.json", "--kid", "k2", "--lifetime", "1h"]),
        (4, "is encrypted: say --password-file FILE", ["--key", "locked.pem", "--lifetime", "1h"]),
        (4, "or the password is wrong", ["--key", "locked.pem", "--password-file", "secret", "--lifetime", "1h"]),
        (4, "leave out --password-file", ["--key", "private.json", "--password-file", "secret", "--lifetime", "1h"]),
        (4, "is not encrypted: leave out --password-file", ["--key", "rsa-private.pem", "--password-file", "secret"]),
        (4, "password must be bytes, 1 to", ["--key", "locked.pem", "--password-file", "none"]),
        (2, "unknown signature algorithm", ["--key", "private.json", "--alg", "ES265", "--lifetime", "1h"]),
        (4, "alg RS256 needs an RSA key, got EC P-256", ["--key", "private.pem", "--alg", "RS256", "--lifetime", "1h"]),
    ],
)
def test_sign_refuses(files: Any, code: int, words: str, arguments: list[str]) -> None:
    files.write("claims.json", '{"sub":"x"}')
    files.write("private.pem", KEY.to_pem(private=True))
    files.write("rsa-private.pem", RSA.to_pem(private=True))
    files.write("locked.pem", KEY.to_pem(private=True, password=b"open sesame"))
    files.fails(code, words, "sign", *arguments)
