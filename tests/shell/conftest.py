"""The command line in this process, with stdin and a folder of its own, and what holds for every command."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from jwtkit.shell.main import main

# What only a caller of the library could do something with.
API_WORDS = re.compile(
    r"\b(pass|with|use|in|as) \w+=|\(\.\.\.\)|Limits\.|\bJWKS?\.|UNCHECKED|ABSENT|\bstrip\(\)|timedelta"
)


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


class Shell:
    """Runs a command as `main` does, and looks at what holds for all of them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["jwtkit"])

    def write(self, name: str, content: str | bytes) -> str:
        (self.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def __call__(self, *arguments: str, text: str | bytes = b"") -> Done:
        data = text.encode() if isinstance(text, str) else text
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        self._capsys.readouterr()
        code = main(list(arguments))
        out, err = self._capsys.readouterr()
        assert code in (0, 1, 2, 3, 4), code
        assert "Traceback" not in err
        assert all(character == "\n" or character.isprintable() for character in err), err
        if err.startswith("jwtkit: "):
            assert code != 0
            assert err.count("\n") == 1
            assert not API_WORDS.search(err), err
        else:
            # inspect explains on stdout what is no token.
            assert code == 0 or arguments[:1] == ("inspect",)
        return Done(int(code), out, err)

    def octets(self, *arguments: str, text: str) -> bytes:
        """Run a command that succeeds, and give what it writes as bytes."""
        out = io.TextIOWrapper(io.BytesIO())
        with self._monkeypatch.context() as patched:
            patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
            patched.setattr(sys, "stdout", out)
            assert main(list(arguments)) == 0
        assert isinstance(out.buffer, io.BytesIO)
        return out.buffer.getvalue()

    def fails(self, code: int, words: str, *arguments: str, text: str | bytes = b"") -> None:
        """Run a command that must end with this code and say this, and print nothing else."""
        done = self(*arguments, text=text)
        assert (done.code, done.out) == (code, ""), done
        assert words in done.err


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, capsys, monkeypatch)
