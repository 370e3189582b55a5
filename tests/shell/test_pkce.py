"""pkce: a pair, its challenge, and the mistakes people make with it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from jwtkit.oauth import PKCE

# RFC 7636 appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PKCE_OF_A_LINE = base64.urlsafe_b64encode(hashlib.sha256(f"{VERIFIER}\n".encode()).digest()).decode().rstrip("=")
DIGEST = hashlib.sha256(VERIFIER.encode()).digest()


def test_a_pair(shell: Any) -> None:
    done = shell("pkce")
    assert (done.code, done.err) == (0, "")
    pair = json.loads(done.out)
    assert PKCE.parse(pair["code_verifier"]).challenge == pair["code_challenge"]
    assert pair["code_challenge_method"] == "S256"
    assert shell("pkce").out != done.out


def test_the_challenge_of_a_verifier(shell: Any) -> None:
    shell.write("verifier", VERIFIER + "\n")
    for done in (shell("pkce", "--verifier", "verifier"), shell("pkce", "--verifier", "-", text=VERIFIER)):
        assert json.loads(done.out)["code_challenge"] == CHALLENGE


def test_a_pair_that_fits(shell: Any) -> None:
    shell.write("verifier", VERIFIER)
    for done in (
        shell("pkce", "--check", CHALLENGE, text=VERIFIER + "\n"),
        shell("pkce", "--check", CHALLENGE, "--verifier", "verifier"),
    ):
        assert (done.code, done.out, done.err) == (0, "the verifier has this challenge (S256)\n", "")


def test_a_challenge_may_begin_with_a_dash(shell: Any) -> None:
    # 1 in 64 does.
    pair = next(pair for pair in iter(PKCE.generate, None) if pair.challenge.startswith("-"))
    if pair.challenge.startswith("--"):
        shell.fails(2, "expected one argument", "pkce", "--check", pair.challenge, text=pair.verifier)
    else:
        assert shell("pkce", "--check", pair.challenge, text=pair.verifier).code == 0
    assert shell("pkce", f"--check={pair.challenge}", text=pair.verifier).code == 0


@pytest.mark.parametrize(
    ("challenge", "words"),
    [
        pytest.param(VERIFIER, "method plain proves nothing", id="plain"),
        pytest.param(PKCE_OF_A_LINE, "that of the verifier and a newline", id="newline"),
        pytest.param(CHALLENGE + "=", "leave out the =", id="padded"),
        pytest.param(base64.b64encode(DIGEST).decode(), "with - and _ for + and /", id="base64"),
        pytest.param(base64.b64encode(DIGEST).decode().rstrip("="), "with - and _ for + and /", id="base64, unpadded"),
        pytest.param(DIGEST.hex(), "in hexadecimal", id="hexadecimal"),
        pytest.param(
            base64.urlsafe_b64encode(DIGEST.hex().encode()).decode().rstrip("="), "the hexadecimal text", id="text"
        ),
        pytest.param(PKCE.generate().challenge, "does not have this challenge", id="another"),
        pytest.param(CHALLENGE.lower(), "does not have this challenge", id="lower case"),
        pytest.param("", "this is no challenge", id="empty"),
        pytest.param("\udc80\x1b", "this is no challenge", id="garbage"),
    ],
)
def test_a_pair_that_does_not_fit(shell: Any, challenge: str, words: str) -> None:
    shell.fails(1, words, "pkce", "--check", challenge, text=VERIFIER)


@pytest.mark.parametrize("verifier", ["", "short", "x" * 129, "ä" * 43, VERIFIER + "\x00", "a b" * 20])
def test_what_is_no_verifier(shell: Any, verifier: str) -> None:
    shell.fails(1, "code_verifier must have 43 to 128 characters", "pkce", "--check", CHALLENGE, text=verifier)
    shell.fails(1, "jwtkit pkce draws one", "pkce", "--verifier", "-", text=verifier)
