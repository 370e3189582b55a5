"""The guard against I/O catches it, and only where it is jwtkit's own."""

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
