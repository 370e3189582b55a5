"""One library in one process of its own, which does what the coordinator asks, line by line.

Rules of this room:

- A command is a JSON object on a line of standard input, and gets one answer in the same form on standard output.
- The process ends when its standard input does, so it never outlives the coordinator.
- A batch is preceded by some calls that are not timed, because other processes had the caches in between.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from benchmarks import operations
from benchmarks.libraries import LIBRARIES
from benchmarks.libraries.interface import Library, UnsupportedError
from benchmarks.tasks import Work, make_work
from benchmarks.workload import Workload, key_set_text

Answer = dict[str, Any]
# Calls before a batch, as a part of it.
_WARMING = 8


class Worker:
    """What one worker can do; each method without an underscore is a command."""

    def __init__(self, library: Library, channel: Channel) -> None:
        self._library = library
        self._channel = channel
        self._works: dict[str, Work] = {}

    def prepare(self, operation: str) -> Answer:
        """Make an operation ready; say why not, or give what it makes."""
        if operation not in self._works:
            try:
                self._works[operation] = make_work(self._library, operation)
            except UnsupportedError as reason:
                return {"unsupported": str(reason)}
        return {"sample": self._works[operation].sample}

    def settle(self) -> Answer:
        """Put what exists out of the garbage collector's sight; what the timed calls make stays in it."""
        gc.collect()
        gc.freeze()
        return {}

    def forget(self) -> Answer:
        """Drop what was prepared."""
        self._works.clear()
        gc.unfreeze()
        gc.collect()
        return {}

    def calibrate(self, operation: str, seconds: float) -> Answer:
        """Find out how many calls take that long by the processor's clock, which nobody else's work disturbs."""
        work, count = self._works[operation], 1
        _run(work, work.inputs(3))
        while True:
            took = _run(work, work.inputs(count), time.thread_time_ns)
            if took >= seconds / 2:
                return {"count": max(1, round(count * seconds / took)), "each": took / count}
            count *= 2

    def time(self, operation: str, count: int, *, threads: int, hold: bool, processor: bool) -> Answer:
        """Time a batch in each of some threads, and give the seconds until the last was done.

        With `hold` the batch begins only when another line arrives. With `processor` a single thread's own time counts.
        """
        work = self._works[operation]
        batches = [work.inputs(count) for _ in range(threads)]
        _run(work, work.inputs(max(1, count // _WARMING)))
        if hold:
            self._channel.send({"ready": True})
            self._channel.receive()
        if threads > 1:
            return {"seconds": _run_together(work, batches)}
        return {"seconds": _run(work, batches[0], time.thread_time_ns if processor else time.perf_counter_ns)}

    def weigh(self, what: str, count: int, *, warm: int, traced: bool) -> Answer:
        """Give the bytes that each of many tokens or keys takes: as Python traces them, or as the process grows.

        So many as `warm` are made before, and are not counted.
        """
        try:
            make = {"token": self._tokens, "key": self._keys}[what](count, warm)
        except UnsupportedError as reason:
            return {"unsupported": str(reason)}
        gc.collect()
        if traced:
            tracemalloc.start()
        began = _traced() if traced else _resident()
        kept = make()
        gc.collect()
        ended = _traced() if traced else _resident()
        if traced:
            tracemalloc.stop()
        del kept
        return {"bytes": None if began is None or ended is None else (ended - began) / count}

    def _tokens(self, count: int, warm: int) -> Callable[[], object]:
        work = make_work(self._library, operations.verify("HS256"))
        for text in work.inputs(warm):
            work.call(text)
        # Only a str that the result keeps counts, so each is made where it can be dropped.
        return lambda: [work.call(text) for text in (work.inputs(1)[0] for _ in range(count))]

    def _keys(self, count: int, warm: int) -> Callable[[], object]:
        text = key_set_text(count, self._library.workload.keys["RS256"])
        few = key_set_text(warm, self._library.workload.keys["RS256"])
        self._use_keys(few, warm)  # what is loaded for a first key is no part of its weight
        return lambda: self._use_keys(text, count)

    def _use_keys(self, text: str, count: int) -> object:
        """Parse a set and use each key once, because a library may put work off until then."""
        keys = self._library.key_set(text, count)
        try:
            call = self._library.set_verifier(keys)
        except UnsupportedError:
            return keys
        for token in self._library.workload.tokens[operations.in_set(count)]:
            call(token)
        return keys, call


class Channel:
    """Lines of JSON to and from the coordinator."""

    def __init__(self, reader: IO[str], writer: IO[str]) -> None:
        self._reader = reader
        self._writer = writer

    def receive(self) -> Answer | None:
        """Give what came, or None at the end."""
        line = self._reader.readline()
        return json.loads(line) if line else None

    def send(self, answer: Answer) -> None:
        """Send an answer."""
        self._writer.write(json.dumps(answer) + "\n")
        self._writer.flush()


def _run(work: Work, inputs: list[Any], clock: Callable[[], int] = time.perf_counter_ns) -> float:
    call = work.call
    began = clock()
    for one in inputs:
        call(one)
    return (clock() - began) / 1e9


def _run_together(work: Work, batches: list[list[Any]]) -> float:
    barrier = threading.Barrier(len(batches))
    began, ended = [], []

    def run(inputs: list[Any]) -> None:
        barrier.wait()
        began.append(time.perf_counter_ns())
        _run(work, inputs)
        ended.append(time.perf_counter_ns())

    threads = [threading.Thread(target=run, args=(inputs,)) for inputs in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (max(ended) - min(began)) / 1e9


def _traced() -> float | None:
    return float(tracemalloc.get_traced_memory()[0])


def _resident() -> float | None:
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return None
    return float(int(pages) * os.sysconf("SC_PAGE_SIZE"))


def main() -> int:
    # The coordinator alone is told to stop, and then ends this process by closing its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    writer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints does not get between the answers
    channel = Channel(sys.stdin, writer)
    workload = Workload.from_json(sys.stdin.readline())
    module = importlib.import_module(f"benchmarks.libraries.{LIBRARIES[sys.argv[1]].module}")
    worker = Worker(module.Used(workload), channel)
    while (command := channel.receive()) is not None:
        try:
            answer: Answer = getattr(worker, command.pop("do"))(**command)
        except Exception:  # noqa: BLE001  # the coordinator says what failed, and where
            answer = {"failed": traceback.format_exc()}
        channel.send(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
