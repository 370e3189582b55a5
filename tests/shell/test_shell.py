"""The command line, as a person runs it."""

from __future__ import annotations

import io
import json
import runpy
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtkit import JWK, Claims, Token
from jwtkit._wire import b64url_encode
from jwtkit.oauth import PKCE
from jwtkit.shell.main import main

TOKEN = Token.sign(Claims(sub="alice", extra={"name": "\x1b[31mred\u202e"}), JWK.generate("HS256"), lifetime=60).compact


JWE = b64url_encode(b'{"alg":"dir","enc":"A256GCM"}') + "..AAAA.AAAA.AAAA"


def shell(*arguments: str, text: str | bytes = b"") -> subprocess.CompletedProcess[str]:
    data = text.encode() if isinstance(text, str) else text
    done = subprocess.run([sys.executable, "-m", "jwtkit", *arguments], input=data, capture_output=True, check=False)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize("text", [TOKEN, TOKEN + "\n", f"  {TOKEN}\r\n"])
def test_decode(text: str) -> None:
    done = shell("decode", text=text)
    assert (done.returncode, done.stderr) == (0, "not verified: anybody may have written this\n")
    shown = json.loads(done.stdout)
    assert shown["header"]["alg"] == "HS256"
    assert shown["unverified_claims"]["sub"] == "alice"
    assert done.stdout.isascii()
    assert "\x1b" not in done.stdout


def test_decode_shows_the_header_of_an_encrypted_token() -> None:
    done = shell("decode", text=JWE)
    assert json.loads(done.stdout) == {"header": {"alg": "dir", "enc": "A256GCM"}}


@pytest.mark.parametrize("text", ["", "opaque", "a.b.c", "\x1b[31m.x.y", "a" * 400_000, b"\xff\xfe"])
def test_decode_refuses(text: str | bytes) -> None:
    done = shell("decode", text=text)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("jwtkit: ")
    assert done.stderr.count("\n") == 1
    assert done.stderr.isascii()
    assert "\x1b" not in done.stderr


def test_pkce() -> None:
    done = shell("pkce")
    assert (done.returncode, done.stderr) == (0, "")
    pair = json.loads(done.stdout)
    assert PKCE.parse(pair["code_verifier"]).challenge == pair["code_challenge"]
    assert pair["code_challenge_method"] == "S256"
    assert shell("pkce").stdout != done.stdout


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["decode", TOKEN], ["pkce", "--plain"]])
def test_usage(arguments: list[str]) -> None:
    done = shell(*arguments)
    assert done.returncode == 2
    assert "usage: python -m jwtkit" in done.stderr
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stderr


def test_help() -> None:
    assert "decode" in shell("--help").stdout


@settings(max_examples=8)
@given(st.binary(max_size=200))
def test_anything_on_stdin_ends_well(data: bytes) -> None:
    done = shell("decode", text=data)
    assert done.returncode in (0, 3)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("text", "code"), [(TOKEN, 0), (JWE, 0), ("opaque", 3)])
def test_main_gives_its_code(
    text: str, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["pkce"]) == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["decode"]) == code
    assert "code_verifier" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main(["decode", text])


def test_the_module_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["jwtkit", "pkce"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("jwtkit", run_name="__main__")
    assert end.value.code == 0
    assert "code_challenge" in capsys.readouterr().out
