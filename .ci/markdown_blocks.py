"""Runs what the Markdown files show: every Python block, and every command of every console block.

The Python blocks of one file share a namespace, top to bottom. The commands of one file share a folder, new and empty,
and `$?`; each of them has a bash of its own, so a variable does not outlive its command. A console block is

    $ jwtkit pkce --check CHALLENGE \
    > --verifier verifier.txt
    what it prints, stdout and stderr together, where ... stands for anything
    $ echo $?
    1

A command that fails must be followed by `$ echo $?`: the reader sees the code too. Empty lines at the end of an output
do not count. A fenced block of another language is refused, because nobody would notice that it has become wrong.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from doctest import ELLIPSIS
from doctest import Example as Comparison
from pathlib import Path
from typing import Any

from sybil import Document, Example, Region, Sybil
from sybil.evaluators.doctest import OutputChecker
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

ROOT = str(Path(__file__).resolve().parent.parent)
SECONDS = 30  # a command takes a fraction of one, but the machine may be busy
# What is no program; a block without a language is one too.
NOT_RUN = ("", "text", "{eval-rst}", "{toctree}")
SHOW_CODE = "echo $?"
_COMMAND = re.compile(r"^\$ (.*\n(?:>(?: .*)?\n)*)((?:(?!\$ ).*\n)*)", re.MULTILINE)
_CONTINUED = re.compile(r"^> ?", re.MULTILINE)
_SHELL = "(the shell of this file)"


@dataclass(frozen=True)
class Command:
    """What is typed, what it must print, and whether its exit code is shown next."""

    text: str
    output: str
    code_is_shown: bool


class Shell:
    """A folder for the commands of one file, and the exit code of the last one."""

    def __init__(self) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="console-")
        self._folder, commands = Path(self._place.name, "work"), Path(self._place.name, "bin")
        self._folder.mkdir()
        commands.mkdir()
        # As the installed ones, whatever environment this is: -P, so that no file of a page is taken for a module.
        python = f"#!/bin/sh\nexec {shlex.quote(sys.executable)}"
        start = "import sys; sys.argv[0] = 'jwtkit'; from jwtkit.shell.main import main; sys.exit(main())"
        for name, words in (("python", python), ("jwtkit", f"{python} -P -c {shlex.quote(start)}")):
            Path(commands, name).write_text(f'{words} "$@"\n', encoding="utf-8")
            Path(commands, name).chmod(0o755)
        # Nothing of the machine's own settings. Unbuffered, as at a terminal, keeps stdout and stderr in order.
        self._environment = {
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
            "HOME": self._place.name,
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "80",
            "PYTHONUNBUFFERED": "1",
        }
        self.code = 0

    def run(self, command: str) -> str:
        """Give what a command prints; its exit code is in `code` then."""
        process = subprocess.Popen(
            ["bash", "-c", f"(exit {self.code})\n{command}"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            printed, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            printed = process.communicate()[0] + f"\n(it did not end within {SECONDS} seconds)\n".encode()
        self.code = process.returncode
        return printed.decode("utf-8", "backslashreplace")

    def close(self) -> None:
        """Remove the folder."""
        self._place.cleanup()


def console(document: Document) -> Iterable[Region]:
    """Find the commands; what stands before the first one of a block is a mistake."""
    for block in FencedCodeBlockLexer("console")(document):
        source = block.lexemes["source"]
        if not source.startswith("$ "):
            yield Region(block.start, block.end, "a console block begins with a command: $ jwtkit ...", _mistake)
            continue
        found = list(_COMMAND.finditer(source))
        texts = [_CONTINUED.sub("", one[1]).rstrip("\n") for one in found]
        for one, text, following in zip(found, texts, [*texts[1:], None], strict=True):
            start = block.start + source.offset
            command = Command(text, _trimmed(one[2]), following == SHOW_CODE)
            yield Region(start + one.start(), start + one.end(), command, _evaluate)


def not_run(document: Document) -> Iterable[Region]:
    """Find the blocks that nobody runs."""
    for block in FencedCodeBlockLexer(".*")(document):
        language, source = block.lexemes["language"], block.lexemes["source"]
        known = language in ("python", "console", *NOT_RUN)
        if not known or (language in NOT_RUN and source.startswith("$ ")):
            what = language or "no language"
            words = f"a block of {what} is run by nobody: write console or python, or text for what is no program"
            yield Region(block.start, block.end, words, _mistake)


def close(namespace: dict[str, Any]) -> None:
    """Remove what the commands of a file have made."""
    if _SHELL in namespace:
        namespace.pop(_SHELL).close()


def _trimmed(output: str) -> str:
    """Take off the empty lines at the end, and end the last line, as an editor does."""
    return output.rstrip("\n") + "\n" if output.strip("\n") else ""


def _evaluate(example: Example) -> str | None:
    command: Command = example.parsed
    if _SHELL not in example.namespace:
        example.namespace[_SHELL] = Shell()
    shell: Shell = example.namespace[_SHELL]
    got, checker = _trimmed(shell.run(command.text)), OutputChecker()
    problems = []
    if not checker.check_output(command.output, got, ELLIPSIS):
        problems.append(checker.output_difference(Comparison(command.text, command.output), got, ELLIPSIS))
    if shell.code and not command.code_is_shown:
        problems.append(f"It failed with {shell.code}: show that, with `$ {SHOW_CODE}` as the next command.\n")
    return f"$ {command.text}\n" + "".join(problems) if problems else None


def _mistake(example: Example) -> str:
    return str(example.parsed)


PARSERS = (PythonCodeBlockParser(), console, not_run)
pytest_collect_file = Sybil(parsers=PARSERS, patterns=["*.md"], path=ROOT, teardown=close).pytest()
