"""The command line as a whole: how it starts, how it ends, and what it writes to a terminal."""

from __future__ import annotations

import errno
import io
import json
import os
import pty
import runpy
import signal
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from jwtkit import JWK, Claims, Token
from jwtkit.shell.main import main
from jwtkit.shell.terminal import visible

TOKEN = Token.sign(Claims(sub="alice", extra={"name": "\x1b[31mred\u202e"}), JWK.generate("HS256"), lifetime=60).compact


def started(*arguments: str, text: str = "", **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jwtkit", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60, **more)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: COMMAND; see jwtkit --help"),
        (["nothing"], "invalid choice: 'nothing'"),
        (["decode", "file", TOKEN], "unexpected arguments: tokens and secrets are read from stdin or files"),
        (["decode", TOKEN], "others can read your arguments"),
        (["verify", TOKEN, "--key", "k"], "one of the arguments --issuer --no-issuer is required"),
        (["inspect", "--now", TOKEN], "a time is seconds since the epoch"),
        (["keygen", "ES256", "--bits", TOKEN], "(left out)"),
        (["keygen", "RS256", "--bits", "9" * 40], "--bits must be a multiple of 8"),
        ([TOKEN], "(left out)"),
        (["pkce", "--plain"], "see jwtkit pkce --help"),
        (["pkce", "--chec", "x"], "unexpected arguments"),
        (["decode", "no\x00file"], "it has a NUL in it"),
        (["decode", "a\x1b[31m\nfile"], r"'a\x1b[31m\nfile'"),
        (["decode", "x" * 200], "(a text that is no file name)"),
        (["decode", "."], "is a directory"),
        (["decode", "absent"], "give a file that holds the token, or '-' for stdin"),
    ],
)
def test_usage(shell: Any, arguments: list[str], words: str) -> None:
    shell.fails(2, words, *arguments)
    assert TOKEN not in shell(*arguments).err


def test_the_version(shell: Any) -> None:
    said = shell("--version")
    assert (said.code, said.out, said.err) == (0, f"jwtkit {version('jwtkit')}\n", "")


def test_help(shell: Any) -> None:
    shown = shell("--help")
    assert shown.code == 0
    for command in (
        "inspect",
        "decode",
        "verify",
        "sign",
        "encrypt",
        "decrypt",
        "pkce",
        "keygen",
        "jwks",
        "thumbprint",
    ):
        assert command in shown.out
        assert f"usage: jwtkit {command}" in shell(command, "--help").out


def test_the_module_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["somewhere/__main__.py", "pkce"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("jwtkit", run_name="__main__", alter_sys=False)
    assert end.value.code == 0
    assert "code_challenge" in capsys.readouterr().out


def test_it_is_called_as_it_was_started() -> None:
    assert "see python -m jwtkit --help" in started("nothing").stderr
    script = Path(sys.executable).with_name("jwtkit")
    done = subprocess.run([script, "nothing"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "see jwtkit --help" in done.stderr


def test_without_stdin(shell: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["decode"]) == 2
    assert "there is no stdin to read the token from: name a file" in capsys.readouterr().err


def test_an_invitation_at_a_terminal(
    shell: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(TOKEN.encode()))
    monkeypatch.setattr(stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["decode"]) == 0
    assert capsys.readouterr().err.startswith("paste the token, then press Enter and Ctrl-D\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_in_the_encodings_that_shells_write(shell: Any, encoding: str) -> None:
    shell.write("token", TOKEN.encode(encoding))
    assert json.loads(shell("decode", "token").out)["unverified_claims"]["sub"] == "alice"


def test_a_pipe_is_a_file(shell: Any) -> None:
    os.mkfifo(shell.folder / "pipe")
    writer = subprocess.Popen(["sh", "-c", f"printf %s {TOKEN} > pipe"], cwd=shell.folder)
    assert shell("decode", "pipe").code == 0
    assert writer.wait() == 0


def test_endless_input_ends(shell: Any) -> None:
    shell.fails(3, "more than 2097152 bytes", "decode", "/dev/zero")


def test_whoever_stops_reading_sees_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "jwtkit", "decode"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        running.stdout.close()
        _, err = running.communicate(TOKEN.encode())
    assert running.returncode == 2
    assert err.decode() in ("", "not verified: anybody may have written this\n")


def test_a_full_disk_is_said() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "jwtkit", "pkce"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (2, b"jwtkit: cannot write the output: no space left on device\n")


def test_a_new_file_that_cannot_be_written(shell: Any) -> None:
    shell.fails(2, "cannot write 'nowhere/key': no such file or directory", "keygen", "ES256", "--out", "nowhere/key")


def test_ctrl_c_is_no_traceback() -> None:
    own, its = pty.openpty()
    # What a script starts in its background ignores the signal, and so would all that the tests start there.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        running = subprocess.Popen([sys.executable, "-m", "jwtkit", "decode"], stdin=its, stdout=its, stderr=its)
    finally:
        signal.signal(signal.SIGINT, before)
    os.close(its)
    shown = b""
    while b"Ctrl-D" not in shown:  # it says that it waits
        shown += os.read(own, 1024)
    # One that comes just before it begins to read is noticed with the next: people press it again.
    for _ in range(60):
        running.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            running.wait(timeout=1)
            break
    else:
        running.kill()
        running.wait()
    assert running.returncode == 130
    os.close(own)
    assert b"Traceback" not in shown


class Slow(io.RawIOBase):
    """A stdin at which somebody presses Ctrl-C."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise KeyboardInterrupt


def test_ctrl_c_has_a_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Slow())))
    assert main(["decode"]) == 130


class Full(io.StringIO):
    """A stdout that cannot be written."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def flush(self) -> None:
        raise OSError(self._number, os.strerror(self._number))


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.EPIPE, ""), (errno.ENOSPC, "jwtkit: cannot write the output: no space left on device\n")],
)
def test_output_that_cannot_be_written(
    number: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Full(number))
    assert main(["pkce"]) == 2
    assert capsys.readouterr().err == said


def on_a_terminal(*arguments: str, text: str, **environment: str) -> str:
    """Run a command with a real pseudo-terminal as stdin and stdout, type a text, and give what it shows."""
    own, its = pty.openpty()
    variables = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm"} | environment
    command = [sys.executable, "-m", "jwtkit", *arguments]
    running = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=variables)
    os.close(its)
    os.write(own, text.encode() + b"\n\x04")
    shown = b""
    while True:
        try:
            piece = os.read(own, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not piece:
            break
        shown += piece
    running.wait()
    os.close(own)
    return shown.decode()


def test_a_terminal_gets_colours_and_an_invitation() -> None:
    # Short lines, because a terminal takes no more than 4,096 characters at once.
    shown = on_a_terminal("inspect", text="eyJhbGciOiJub25lIn0.eyJuYW1lIjoiXHUwMDFiWzMxbXJlZFx1MjAyZSJ9.")
    assert "paste the token, then press Enter and Ctrl-D" in shown
    assert "\x1b[1;31merror  \x1b[0m" in shown
    assert r"\u001b[31mred\u202e" in shown
    assert "\x1b[31mred" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_without_colours(environment: dict[str, str]) -> None:
    shown = on_a_terminal("inspect", text="eyJhbGciOiJub25lIn0.e30.", **environment)
    assert "error" in shown
    assert "\x1b" not in shown


def test_no_colours_without_a_terminal() -> None:
    assert "\x1b" not in started("inspect", text=TOKEN).stdout


def test_what_the_encoding_lacks_is_escaped() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    text = Token.sign(Claims(sub="Zoë"), JWK.generate("HS256"), lifetime=60).compact
    assert r"Zo\xeb" in started("inspect", text=text, env=environment).stdout
    assert "Zoë" in started("inspect", text=text, env={**environment, "PYTHONIOENCODING": "utf-8"}).stdout


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë 名前 العربية 🔑", "Zoë 名前 العربية 🔑"),
        ("a\nb\tc\r", r"a\u000ab\u0009c\u000d"),
        ("\x00\x07\x08\x1b]0;title\x07", r"\u0000\u0007\u0008\u001b]0;title\u0007"),
        ("\x7f\x9b\x85", r"\u007f\u009b\u0085"),
        ("\u202a\u202e\u2066\u2069\u200f", r"\u202a\u202e\u2066\u2069\u200f"),
        ("\u200b\u200d\ufeff\u00ad\u2028", r"\u200b\u200d\ufeff\u00ad\u2028"),
        ("a\u034f\u115f\u3164\u2800\ufe0f\U000e0100b", r"a\u034f\u115f\u3164\u2800\ufe0f\U000e0100b"),
        ("\U000e0041\U0001f3f4\udc80", "\\U000e0041\U0001f3f4\\udc80"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown
