"""House rules that no other tool knows: rooms of a size to live in, and no address of a package registry."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

FILE_LINES, FUNCTION_LINES = 400, 60
REGISTRIES = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npm" + "js.org", "deb.debian" + ".org")


def findings() -> list[str]:
    found = []
    for path in sorted(Path("src").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        lines = text.count("\n")
        if lines > FILE_LINES:
            found.append(f"{path}: {lines} lines, at most {FILE_LINES} make a room to live in")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                size = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                if size > FUNCTION_LINES:
                    found.append(f"{path}:{node.lineno}: {node.name} has {size} lines, at most {FUNCTION_LINES}")
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.split()
    for name in tracked:
        text = Path(name).read_text(encoding="utf-8", errors="replace") if Path(name).is_file() else ""
        found += [f"{name}: names the registry {host}" for host in REGISTRIES if host in text]
    return found


if __name__ == "__main__":
    problems = findings()
    print("\n".join(problems) or "the house is in order")
    sys.exit(bool(problems))
