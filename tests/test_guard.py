"""The guards of the suite catch what they are for, and nothing else."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import jwtkit

PACKAGE = Path(jwtkit.__file__).parent
ATTEMPTS = {
    "file": "open({path!r}).close()",
    "socket": "import socket; socket.socket().close()",
    "process": "import subprocess, sys; subprocess.run([sys.executable, '-c', ''])",
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize(("place", "caught"), [("oauth/steps.py", True), ("shell/main.py", False)])
def test_guard(attempt: str, place: str, caught: bool, guard: Any, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    source = ATTEMPTS[attempt].format(path=str(path))
    code = compile(f"def attempt():\n    {source}\n", str(PACKAGE / place), "exec")
    namespace: dict[str, Callable[[], None]] = {}
    exec(code, namespace)
    namespace["attempt"]()
    assert bool(guard.caught) is caught
    guard.caught.clear()


def test_guard_leaves_tests_and_imports_alone(guard: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with socket.socket():
        pass
    subprocess.run([sys.executable, "-c", ""], check=True)
    program = "import sys; sys.modules.pop('jwtkit.crypto.rsa_keys', None)"
    exec(program)
    jwtkit.JWK.generate("Ed25519")
    assert guard.caught == []


@pytest.mark.parametrize("shown", ["token", "secret", "piece", "context"])
def test_no_error_holds_a_token_or_a_secret(shown: str, leaks: Any) -> None:
    key = jwtkit.JWK.generate("HS256")
    secret = str(key.to_dict(private=True)["k"])
    jwtkit.JWK.parse(key.to_dict(private=True))
    token = jwtkit.Token.sign(jwtkit.Claims(), key, lifetime=1).compact
    try:
        raise ValueError(secret if shown == "context" else "")
    except ValueError:
        jwtkit.MalformedError(f"not {({'token': token, 'secret': secret, 'piece': secret[:20]}).get(shown)}")
    assert len(leaks.caught) == 1
    leaks.caught.clear()
    jwtkit.MalformedError(f"no key {key.thumbprint()}, and not {token[:20]}")
    assert leaks.caught == []
