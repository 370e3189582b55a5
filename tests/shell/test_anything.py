"""Whatever files and arguments it is given, a command ends with one of five codes, and never with a traceback.

Commands, options and what files hold are drawn from what is meant for them, from what is meant for others, and from
anything at all, so that every mixture comes up.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtkit import JWK, JWKS, Claims, Token, jwe, jws
from jwtkit.shell.main import main

KEY = JWK.generate("ES256", kid="k1")
X25519 = JWK.generate("ECDH-ES+A256KW", crv="X25519")
SECRET = JWK.generate("HS256")
TOKEN = Token.sign(Claims(iss="i", sub="s", aud="a", extra={"\x1b[1m": "\u202e"}), KEY, lifetime=2**40).compact
NESTED = jwe.encrypt(TOKEN.encode(), X25519.public(), enc="A256GCM")
CONTENTS: tuple[bytes, ...] = (
    TOKEN.encode(),
    f"Bearer {TOKEN}".encode(),
    NESTED.encode(),
    json.dumps({"access_token": TOKEN, "id_token": TOKEN, "expires_in": "1", "authed_user": {"id_token": 5}}).encode(),
    jws.sign(b"{}", KEY, serialization="general").encode(),
    json.dumps(KEY.to_dict(private=True)).encode(),
    json.dumps(KEY.to_dict()).encode(),
    json.dumps(SECRET.to_dict(private=True)).encode(),
    json.dumps(X25519.to_dict(private=True)).encode(),
    JWKS([KEY.public(), X25519.public()]).to_json().encode(),
    KEY.to_pem(private=True).encode(),
    KEY.to_pem(private=True, password=b"password").encode(),
    KEY.to_der(),
    KEY.to_openssh().encode(),
    b"password",
    b'{"iss":"i","exp":1e300,"n":[{}]}',
    b'{"k":"-----BEGIN CERTIFICATE-----"}',
    b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\n",
    b"",
    b"\xff\xfe",
    b"https://app.example.com/#access_token=x&error=y",
    b"access_token=a&expires_in=b",
)
COMMANDS = ("inspect", "decode", "verify", "sign", "encrypt", "decrypt", "pkce", "keygen", "jwks", "thumbprint")
FLAGS = (
    "--json",
    "--keep-signature",
    "--absent-audience",
    "--allow-missing-exp",
    "--allow-short-secret",
    "--allow-zip",
    "--pem",
    "--public",
    "--uri",
    "--help",
    "-h",
    "--",
)
FILES = ("f0", "f1", "f2", "new", ".", "absent", "-")
OPTIONS = (
    "--key",
    "--jwks",
    "--secret-file",
    "--password-file",
    "--claims",
    "--html",
    "--out",
    "--public",
    "--verifier",
)
VALUES = {
    "--alg": ("HS256", "ES256", "RS256", "dir", "ECDH-ES+A256KW", "A256KW", "none", "EdDSA"),
    "--enc": ("A256GCM", "A128CBC-HS256", "x"),
    "--issuer": ("i", ""),
    "--no-issuer": ("because",),
    "--audience": ("a", "\x1b"),
    "--no-audience": ("because",),
    "--typ": ("JWT", "at+jwt", ""),
    "--cty": ("JWT", "text"),
    "--claim": ("sub=a", "exp:=5", "n:=[1]", "iat:=1e400", "=", "x:=", "nbf:=" + "9" * 50),
    "--header": ("x=y", "alg=none", "crit:=[]", "b64:=false"),
    "--expected": ("sub=s", "n:=null"),
    "--required": ("sub", ""),
    "--lifetime": ("1h", "0", "-1", "999999999w", "1.5m", "h"),
    "--leeway": ("5", "0"),
    "--max-age": ("1d", "0"),
    "--now": ("0", "-5", "1e400", "2030-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    "--kid": ("k1", "k" * 2000, "\udc80"),
    "--crv": ("P-256", "X448", ""),
    "--bits": ("2048", "1", "x", "9" * 5000),
    "--hash": ("sha-512", "md5"),
    "--secret-encoding": ("hex", "base64", "base64url", "text"),
    "--check": ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "x", ""),
}


def _option(name: str) -> st.SearchStrategy[tuple[str, ...]]:
    values = st.sampled_from(VALUES[name]) | st.text(max_size=20)
    return values.map(lambda value: (name, value)) | values.map(lambda value: (f"{name}={value}",))


FILE = st.sampled_from(FILES)
FITTING_FILE = st.sampled_from(("f0", "f0", "f0", "f1", "f2", "-"))
ANYTHING: st.SearchStrategy[tuple[str, ...]] = st.one_of(
    st.tuples(st.sampled_from(OPTIONS), FILE),
    st.sampled_from(sorted(VALUES)).flatmap(_option),
    st.tuples(st.sampled_from(FLAGS)),
    st.tuples(FILE),
    st.tuples(st.sampled_from(("ES256", "HS256", "A256GCM", "ML-DSA-44", "none"))),
    st.tuples(st.text(max_size=30)),
)
KEY_OPTIONS = ("--secret-encoding", "--allow-short-secret", "--password-file")
OWN = {
    "inspect": ("--json", "--html", "--keep-signature", "--issuer", "--audience", "--now", ""),
    "decode": ("",),
    "verify": ("--alg", "--typ", "--required", "--expected", "--leeway", "--max-age", "--allow-missing-exp", "--now", *KEY_OPTIONS, ""),
    "sign": ("--alg", "--kid", "--claim", "--claims", "--typ", "--header", "--now", *KEY_OPTIONS),
    "encrypt": ("--alg", "--enc", "--typ", "--cty", *KEY_OPTIONS, ""),
    "decrypt": ("--alg", "--enc", "--allow-zip", *KEY_OPTIONS, ""),
    "pkce": ("--check", "--verifier"),
    "keygen": ("--crv", "--bits", "--kid", "--pem", "--password-file", "--out", "--public"),
    "jwks": ("--public", ""),
    "thumbprint": ("--hash", "--uri", "--password-file", ""),
}  # fmt: skip


def _own(name: str) -> st.SearchStrategy[tuple[str, ...]]:
    if not name:
        return st.tuples(FITTING_FILE)
    if name in VALUES:
        return st.sampled_from(VALUES[name]).map(lambda value: (name, value))
    return st.tuples(st.just(name)) if name in FLAGS else st.tuples(st.just(name), FITTING_FILE | FILE)


# What each command needs before it looks at anything else.
NEEDED: dict[str, st.SearchStrategy[tuple[str, ...]]] = {
    "verify": st.tuples(st.sampled_from(("--key", "--jwks", "--secret-file")), FITTING_FILE, st.just("--no-issuer"), st.just("x"), st.just("--no-audience"), st.just("x")),
    "sign": st.tuples(st.sampled_from(("--key", "--key", "--secret-file")), FITTING_FILE, st.just("--lifetime"), st.just("5")),
    "encrypt": st.tuples(st.sampled_from(("--key", "--key", "--secret-file")), FITTING_FILE),
    "decrypt": st.tuples(st.sampled_from(("--key", "--key", "--secret-file")), FITTING_FILE),
    "keygen": st.tuples(st.sampled_from(("ES256", "HS256", "Ed25519"))),
    "jwks": st.tuples(FITTING_FILE),
}  # fmt: skip


@st.composite
def calls(draw: st.DrawFn) -> list[str]:
    command = draw(st.sampled_from(COMMANDS))
    own = st.sampled_from(OWN[command]).flatmap(_own)
    more = draw(st.lists(own if draw(st.integers(0, 4)) else ANYTHING, max_size=3))
    needed = draw(NEEDED.get(command, st.just(()))) if draw(st.integers(0, 9)) else ()
    words = [command, *needed, *(word for argument in more for word in argument)]
    return words if draw(st.integers(0, 19)) else words[1:]


@st.composite
def contents(draw: st.DrawFn, usual: tuple[bytes, ...] = CONTENTS) -> bytes:
    if not draw(st.integers(0, 9)):
        return draw(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")))
    content = draw(st.sampled_from(usual if draw(st.integers(0, 4)) else CONTENTS))
    if draw(st.integers(0, 2)) or not content:
        return content
    # One change somewhere: cut, flipped, doubled.
    place = draw(st.integers(0, len(content) - 1))
    flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    return draw(st.sampled_from((content[:place], content[place:], flipped, content * 2)))


TOKENS, KEYS = CONTENTS[:5], CONTENTS[5:15]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        yield Path(name)
        os.chdir(before)


@settings(max_examples=max(1000, settings.default.max_examples if settings.default else 0))
@given(calls(), contents(TOKENS), contents(KEYS), contents(KEYS), contents())
def test_one_of_five_ends(
    folder: Path, arguments: list[str], stdin: bytes, first: bytes, second: bytes, third: bytes
) -> None:
    for name in os.listdir(folder):
        (folder / name).unlink()
    for name, content in zip(("f0", "f1", "f2"), (first, second, third), strict=True):
        (folder / name).write_bytes(content)
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with (
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
        patch.object(sys, "argv", ["jwtkit"]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = main(arguments)
    said = err.getvalue()
    assert code in (0, 1, 2, 3, 4)
    assert all(character == "\n" or character.isprintable() for character in said), said
    if code and arguments[:1] != ["inspect"]:
        assert said.startswith("jwtkit: ")
        assert said.count("\n") == 1
    assert len(said) < 3000
    assert not any(secret in said for secret in SECRETS)
    # What was there is there still.
    assert [(folder / name).read_bytes() for name in ("f0", "f1", "f2")] == [first, second, third]


SECRETS = [key.to_dict(private=True)[name] for key, name in ((KEY, "d"), (X25519, "d"), (SECRET, "k"))] + [
    TOKEN.rpartition(".")[2],
    NESTED.rpartition(".")[2],
]
