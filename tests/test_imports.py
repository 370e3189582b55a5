"""What the front door loads, and what it must not."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"cryptography", "typing_extensions", "dataclasses", "ssl", "socket", "http", "urllib.request", "asyncio"}
FORMAT = "from jwtkit import JWK, JWKS, Claims, Token, TokenVerifier"
RS256 = """
key = JWK.generate("RS256")
verifier = TokenVerifier(keys=key.public(), algorithms=["RS256"], issuer="i", audience="a")
verifier.verify(Token.sign(Claims(iss="i", aud="a"), key, lifetime=9).compact)
"""
# What a plain flow never uses: who signs, pushes or wraps its requests loads these.
RARE_IN_A_FLOW = {
    "hashlib",
    "hmac",
    "urllib.parse",
    "jwtkit.oauth.authentication_scheme",
    "jwtkit.oauth.client.pushed_request",
    "jwtkit.oauth.client.signed_response",
    "jwtkit.oauth.jwks_cache",
    "jwtkit.oauth.resource",
    "jwtkit.oauth.server",
    "jwtkit.oidc",
    "jwtkit.shell",
}
HS256 = """
key = JWK.generate("HS256")
verifier = TokenVerifier(keys=key, algorithms=["HS256"], issuer="i", audience="a")
verifier.verify(Token.sign(Claims(iss="i", aud="a"), key, lifetime=9).compact)
"""


def loaded(program: str) -> set[str]:
    text = f"import sys; before = set(sys.modules)\n{program}\nprint(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("program", "banned"),
    [
        pytest.param(
            FORMAT, HEAVY | {"hashlib", "hmac", "inspect", "jwtkit.crypto.encryption", "jwtkit.oauth"}, id="format"
        ),
        pytest.param(FORMAT + HS256, HEAVY - {"dataclasses"}, id="HS256"),
        # What has no certificates needs no part of the backend that reads them.
        pytest.param(FORMAT + RS256, {"cryptography.x509", "jwtkit.jose.jwe", "jwtkit.jwt.report"}, id="RS256"),
        pytest.param(
            "from jwtkit.oauth import Client, AuthorizationCodeFlow, run",
            HEAVY - {"dataclasses"} | RARE_IN_A_FLOW,
            id="client",
        ),
        pytest.param("import jwtkit.oidc", HEAVY, id="identity, unused"),
    ],
)
def test_loads_nothing_heavy(program: str, banned: set[str]) -> None:
    assert loaded(program) & banned == set()


def test_the_measure_sees_what_is_loaded() -> None:
    assert {"socket", "dataclasses"} <= loaded("import socket, dataclasses")
