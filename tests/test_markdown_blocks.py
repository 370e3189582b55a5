"""The runner of the documents' blocks: what it runs, and above all what it does not let pass."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

CI = Path(__file__).resolve().parent.parent / ".ci"
sybil = pytest.importorskip("sybil", reason="sybil runs the documents, which belongs to the gate")
if not (CI / "markdown_blocks.py").is_file():
    pytest.skip("needs a checkout", allow_module_level=True)


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(CI))
    return importlib.import_module("markdown_blocks")


def failures(blocks: ModuleType, folder: Path, text: str) -> list[str]:
    """Run a document; give for each example that fails its line and why."""
    path = folder / "page.md"
    path.write_text(text)
    document = sybil.Sybil(parsers=blocks.PARSERS, path=str(folder)).parse(path)
    found = []
    try:
        for example in document.examples():
            try:
                example.evaluate()
            except sybil.example.SybilFailure as failure:
                found.append(f"{failure.example.line}: {failure.result}")
    finally:
        blocks.close(document.namespace)
    return found


def fenced(language: str, *lines: str) -> str:
    return "\n".join((f"```{language}", *lines, "```", ""))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(fenced("console", "$ echo a", "a"), id="output"),
        pytest.param("Words, and `code` among them.\n", id="no block"),
        pytest.param(fenced("console", "$ printf 'a\\n\\nb\\n\\n'", "a", "", "b"), id="empty lines"),
        pytest.param(fenced("console", "$ printf a", "a"), id="no newline at the end"),
        pytest.param(fenced("console", "$ echo one two three", "one ... three"), id="ellipsis"),
        pytest.param(fenced("console", "$ echo a \\", "> b", "a b"), id="continued"),
        pytest.param(fenced("console", "$ cat <<END", "> a", ">", "> b", "> END", "a", "", "b"), id="here document"),
        pytest.param(fenced("console", "$ echo a; echo b >&2; echo c", "a", "b", "c"), id="stderr in its place"),
        pytest.param(fenced("console", "$ echo a > f") + fenced("console", "$ cat f", "a"), id="one folder for all"),
        pytest.param(fenced("console", "$ (exit 3)", "$ echo $?", "3"), id="a code that is shown"),
        pytest.param(fenced("console", "$ cat", "$ echo $?", "0"), id="nothing on stdin"),
        pytest.param(fenced("console", "$ echo $LC_ALL $COLUMNS $NO_COLOR", "C.UTF-8 80"), id="environment"),
        pytest.param(fenced("console", "$ jwtkit pkce --help", "usage: jwtkit pkce ..."), id="jwtkit"),
        pytest.param(fenced("console", "$ python -c 'import jwtkit'"), id="python"),
        pytest.param(fenced("python", "a = 1") + fenced("python", "assert a == 1"), id="Python blocks share names"),
        pytest.param(fenced("text", "GET / HTTP/1.1") + fenced("", "a map"), id="no program"),
    ],
)
def test_what_passes(text: str, blocks: ModuleType, tmp_path: Path) -> None:
    assert failures(blocks, tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param(fenced("console", "$ true", "$ echo a", "b"), 3, ("Expected:", "b", "Got:", "a"), id="other"),
        pytest.param(fenced("console", "$ echo a"), 2, ("Expected nothing", "a"), id="output that is not shown"),
        pytest.param(fenced("console", "$ true", "a"), 2, ("Got nothing",), id="no output"),
        pytest.param(fenced("console", "$ echo a; echo b", "a"), 2, ("b",), id="more output"),
        pytest.param(fenced("console", "$ (exit 3)"), 2, ("failed with 3", "echo $?"), id="a code that is not shown"),
        pytest.param(fenced("console", "$ (exit 3)", "$ echo $?", "0"), 3, ("Got:", "3"), id="another code"),
        pytest.param(
            fenced("console", "$ (exit 3)", "$ true", "$ echo $?", "0"), 2, ("failed with 3",), id="a code shown later"
        ),
        pytest.param(fenced("console", "$ echo ${"), 2, ("failed with",), id="not bash"),
        pytest.param(fenced("console", "$ no-such-command"), 2, ("failed with 127",), id="no command"),
        pytest.param(fenced("console", "a", "$ true"), 1, ("begins with a command",), id="output without a command"),
        pytest.param(fenced("console", "jwtkit pkce"), 1, ("begins with a command",), id="no dollar"),
        pytest.param(fenced("console"), 1, ("begins with a command",), id="empty"),
        pytest.param(fenced("sh", "true"), 1, ("a block of sh is run by nobody",), id="sh"),
        pytest.param(fenced("bash", "true"), 1, ("a block of bash is run by nobody",), id="bash"),
        pytest.param(fenced("shell", "true"), 1, ("a block of shell is run by nobody",), id="shell"),
        pytest.param(fenced("Console", "$ true"), 1, ("run by nobody",), id="another name of it"),
        pytest.param(fenced("python3", "a = 1"), 1, ("run by nobody",), id="another name of Python"),
        pytest.param(fenced("{code-block} sh", "true"), 1, ("run by nobody",), id="a directive"),
        pytest.param(fenced("text", "$ true"), 1, ("run by nobody",), id="a command as text"),
        pytest.param(fenced("", "$ true"), 1, ("no language is run by nobody",), id="a command without a language"),
        pytest.param("~~~sh\ntrue\n~~~\n", 1, ("sh",), id="tildes"),
    ],
)
def test_what_does_not(text: str, line: int, words: tuple[str, ...], blocks: ModuleType, tmp_path: Path) -> None:
    found = failures(blocks, tmp_path, text)
    assert len(found) == 1
    assert found[0].startswith(f"{line}: ")
    for word in words:
        assert word in found[0]


def test_a_command_that_does_not_end(blocks: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "SECONDS", 0.2)
    (only,) = failures(blocks, tmp_path, fenced("console", "$ echo begun; sleep 60 | cat", "begun"))
    assert "did not end within 0.2 seconds" in only


def test_nothing_stays(blocks: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    assert failures(blocks, tmp_path, fenced("console", "$ touch file")) == []
    assert list(temporary.iterdir()) == []
