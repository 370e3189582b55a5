"""The workers as the coordinator sees them: one process for each library, asked one after the other.

Rules of this room: whoever asks waits for the answer, so that only one worker is busy at a time, unless a measurement
holds two of them and lets them go together. Whatever happens, no worker is left behind.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from benchmarks.workload import Workload

__all__ = ["Crew", "WorkerError"]

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 5.0


class WorkerError(Exception):
    """A worker failed; the text is what it said."""


class Crew:
    """Workers by name, started when first asked. "jwtkit#2" is a second one of the same library."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._errors: dict[str, IO[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.dismiss()

    def ask(self, name: str, do: str, **arguments: Any) -> dict[str, Any]:
        """Send a command and give its answer.

        Raises:
            WorkerError: the worker failed.
        """
        self.send(name, do=do, **arguments)
        return self.receive(name)

    def send(self, name: str, **command: Any) -> None:
        """Send a command without waiting."""
        self._write(name, json.dumps(command))

    def receive(self, name: str) -> dict[str, Any]:
        """Give the next answer of a worker.

        Raises:
            WorkerError: the worker failed, or has ended.
        """
        stream = self._processes[name].stdout
        line = stream.readline() if stream else ""
        if not line:
            raise self._ended(name)
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise WorkerError(f"{name}: {answer['failed']}")
        return answer

    def dismiss(self, name: str | None = None) -> None:
        """End one worker, or all of them."""
        for one in [name] if name is not None else list(self._processes):
            process = self._processes.pop(one, None)
            if process is None:
                continue
            try:
                if process.stdin is not None:
                    process.stdin.close()
                process.wait(_PATIENCE if name is not None else 0.2)
            except (OSError, subprocess.TimeoutExpired):
                process.kill()
                process.wait()
            self._errors.pop(one).close()

    def _write(self, name: str, line: str) -> None:
        process = self._processes.get(name) or self._start(name)
        try:
            assert process.stdin is not None
            process.stdin.write(line + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise self._ended(name) from None

    def _start(self, name: str) -> subprocess.Popen[str]:
        errors = self._errors[name] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # closed in dismiss
        process = self._processes[name] = subprocess.Popen(  # noqa: S603  # this interpreter, and a name of the table
            [sys.executable, "-W", "ignore", "-m", "benchmarks.worker", name.partition("#")[0]],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # an interrupt from the keyboard reaches only the coordinator
        )
        self._write(name, self._workload.to_json())
        return process

    def _ended(self, name: str) -> WorkerError:
        errors = self._errors[name]
        errors.seek(0)
        return WorkerError(f"{name}: its process has ended\n{errors.read()}")
