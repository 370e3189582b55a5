"""Every example runs by itself: no argument, no warning, no address of another machine, no file left behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

# Runs a script as `python script.py` does, and tells on stderr of every address that is not of the loopback; to ::1,
# urllib3 binds a socket when it is imported, to see whether that works.
GUARDED = """
import os, runpy, sys

def tell(event, arguments):
    if event in ("socket.bind", "socket.connect", "socket.sendto", "socket.getaddrinfo"):
        address = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
        host = address[0] if isinstance(address, tuple) else address
        if host not in ("127.0.0.1", b"127.0.0.1", "::1") and not (isinstance(address, (str, bytes)) and event == "socket.connect"):
            os.write(2, f"{event} {address!r}\\n".encode())

path = sys.argv.pop(1)
sys.argv[0], sys.path[0] = path, os.path.dirname(path)
sys.addaudithook(tell)
runpy.run_path(path, run_name="__main__")
"""

LOGIN = """\
before the login: 200 Nobody is logged in.
after the login: 200 Hello, jane.
the same login again: 400 {again}
after the logout: 200 Nobody is logged in.
the login of another browser: 400 {other}
a user who says no: 400 The provider did not let you in: <b>jane</b> said no
after all that: 200 Nobody is logged in.
"""
UNKNOWN = "No such login is under way in this browser. Start again."
SENT = """\
found     http://127.0.0.1:PORT/token
got       Secret(...) for read:profile
provider  was asked for client_credentials
"""

# What it needs beside jwtkit, and what it prints: all of it, or how it ends.
TABLE: dict[str, tuple[tuple[str, ...], str]] = {
    "browser": (
        ("httpx",),
        """\
a device:  200 Does your device show this code?
its code:  400 This code is not known here, or too old.
a request: 400 This is no request for a code with PKCE.
""",
    ),
    "device_login": (
        (),
        """\
Open http://127.0.0.1:PORT/device and enter CODE
  (waited 1 second, asking)
  (the user confirms it in a browser: 200)
  (waited 1 second, asking)
The API says {"hello": "jane"}
""",
    ),
    "httpx_auth": (
        ("httpx",),
        """\
threads   8 calls: 200; the provider was asked 1 time
revoked   401, and with a new token 200
others    see no token: True
tasks     8 calls: 200; the provider was asked 1 time
""",
    ),
    "login_fastapi": (("fastapi", "httpx", "uvicorn"), LOGIN.format(again=UNKNOWN, other=UNKNOWN)),
    "login_flask": (
        ("flask", "httpx"),
        LOGIN.format(
            again="This login cannot be finished: session_used. Start again.",
            other="This login cannot be finished: state_mismatch. Start again.",
        ),
    ),
    "provider": ((), "...\napi       http://127.0.0.1:PORT answers 401 without a token\nstopped   both\n"),
    "quickstart": ((), "...\nEvery step went as it should.\n"),
    "remote_signer": ((), "...\nstopped   the signer, with 0\n"),
    "requests_auth": (
        ("requests",),
        """\
threads   8 calls: 200; the provider was asked 1 time
revoked   401, and with a new token 200
others    see no token: True
""",
    ),
    "send_aiohttp": (("aiohttp",), SENT),
    "send_httpx": (
        ("httpx",),
        """\
sync      found http://127.0.0.1:PORT/token, and got Secret(...) for read:profile
async     got Secret(...) for read:profile
provider  was asked for client_credentials, client_credentials
""",
    ),
    "send_requests": (("requests",), SENT),
    "send_urllib": ((), SENT),
    "token_keeper": (
        (),
        """\
logged in, with tokens for read:profile and 300 seconds
  0 seconds later: nobody was asked, the first tokens
200 seconds later: nobody was asked, the first tokens
 80 seconds later: the provider was asked, new tokens
  1 seconds later: nobody was asked, new tokens
""",
    ),
}


def test_every_example_is_in_the_table() -> None:
    assert sorted(path.stem for path in EXAMPLES.glob("*.py")) == sorted(TABLE)


def test_every_example_is_on_its_page() -> None:
    page = (EXAMPLES.parent / "docs" / "examples.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)\.py` \| .* \| (.*?) ?\|$", page, re.MULTILINE))
    assert {name: set(filter(None, needs.split(", "))) for name, needs in rows.items()} == {
        name: set(needs) for name, (needs, _) in TABLE.items()
    }


@pytest.mark.parametrize("name", TABLE)
def test_an_example_runs_by_itself(name: str, tmp_path: Path) -> None:
    needs, expected = TABLE[name]
    for module in needs:
        pytest.importorskip(module, reason=f"{module} is part of the interop extra")
    # A proxy that is not there: whoever asked it would fail.
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", GUARDED, str(EXAMPLES / f"{name}.py")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, **proxies},
        stdin=subprocess.DEVNULL,
    )
    printed = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", done.stdout)
    printed = re.sub(r"\b[A-Z]{4}-[A-Z]{4}\b", "CODE", printed)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\033" not in printed
    if expected.startswith("..."):
        assert printed.endswith(expected.removeprefix("..."))
    else:
        assert printed == expected
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('socket.create_server(("127.0.0.1", 0)).close()', ""),
        ('socket.create_server(("0.0.0.0", 0)).close()', "socket.bind ('0.0.0.0', 0)\n"),
        ('socket.create_server(("", 0)).close()', "socket.bind ('', 0)\n"),
        (
            'socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 9))',
            "socket.connect ('192.0.2.1', 9)\n",
        ),
    ],
)
def test_the_guard_tells(line: str, told: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"import socket\n{line}\n")
    done = subprocess.run([sys.executable, "-c", GUARDED, str(script)], capture_output=True, text=True, check=False)
    assert [row for row in done.stderr.splitlines(keepends=True) if row.startswith("socket.")][:1] == [told][
        : bool(told)
    ]
