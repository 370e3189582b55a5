"""The one command: `python -m benchmarks`. It measures, prints tables, and writes JSON, Markdown and plots if asked."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

from benchmarks import machine
from benchmarks.libraries import LIBRARIES, OWN
from benchmarks.plan import QUICK, SECTIONS, Settings, groups_of

_ADVICE = """\
These packages are missing: {names}.

    .ci/slow benchmarks

makes an environment that has all of them and the wheel of this tree, and runs this command in it. By hand:

    python3.13 -m venv .venv-benchmarks
    .venv-benchmarks/bin/pip install --require-hashes -r requirements/benchmarks.txt
    .venv-benchmarks/bin/pip install --no-deps .
    .venv-benchmarks/bin/python -m benchmarks"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, _stop)
    libraries = tuple(name for name in LIBRARIES if name in options.libraries)
    absent = machine.missing(libraries)
    if options.plots is not None and find_spec("matplotlib") is None:
        absent.append("matplotlib")
    if absent:
        print(_ADVICE.format(names=", ".join(absent)), file=sys.stderr)
        return 2
    settings = QUICK if options.quick else Settings()
    if options.rounds is not None:
        settings = settings._replace(rounds=options.rounds, sittings=min(settings.sittings, options.rounds))
    settings = settings._replace(processor=options.processor)
    names = [*(group.name for group in groups_of(settings, libraries)), "import", "memory"]
    unknown = [word for word in options.only if not any(_means(word, name) for name in names)]
    if unknown:
        print(f"nothing is named {unknown[0]!r}; there are: {' '.join(names)}", file=sys.stderr)
        return 2
    chosen = {name for name in names if not options.only or any(_means(word, name) for word in options.only)}
    try:
        return _run(options, settings, libraries, chosen)
    except KeyboardInterrupt:
        print("\nstopped, and nothing was written", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace, settings: Settings, libraries: tuple[str, ...], chosen: set[str]) -> int:
    # What needs the libraries is imported once it is known that they are there.
    from benchmarks import crew, report, session

    facts = machine.describe(libraries)
    _warn(facts["load"], "import" in chosen)
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", file=sys.stderr, flush=True)

    try:
        outcome = session.measure_all(settings, libraries, chosen, facts, say)
    except crew.WorkerError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    say("done")
    tables = report.as_markdown(outcome)
    print(tables)
    if options.markdown is not None:
        _write(options.markdown, tables)
    if options.json is not None:
        _write(options.json, json.dumps(report.as_json(outcome), indent=1) + "\n")
    if options.plots is not None:
        from benchmarks import plots

        for name, text in plots.draw(outcome).items():
            _write(options.plots / f"{name}.svg", text)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Compare jwtkit with other libraries, in turns, on this machine."
    )
    parser.add_argument(
        "--quick", action="store_true", help="a smoke run of less than a minute; its figures mean little"
    )
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help=f"these sections ({', '.join(SECTIONS)}) or groups"
    )
    parser.add_argument(
        "--libraries", nargs="+", default=list(LIBRARIES), choices=list(LIBRARIES), metavar="NAME", help="only these"
    )
    parser.add_argument(
        "--rounds", type=_positive, metavar="N", help=f"rounds of each group, {Settings().rounds} unless given"
    )
    parser.add_argument(
        "--processor", action="store_true", help="count the processor's time, which a busy machine disturbs less"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="write SVG plots")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _means(word: str, name: str) -> bool:
    return name == word or name.startswith(f"{word}-")


def _warn(load: float | None, imports: bool) -> None:  # noqa: FBT001  # private, and called once
    if load is not None and load > 0.5:
        print(f"{load} processes want to run: on a machine that is busy the figures mean little", file=sys.stderr)
    if imports and machine.is_editable():
        print(f"{OWN} is installed as an editable checkout: its import is not what a user's is", file=sys.stderr)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path}", file=sys.stderr)


def _stop(_number: int, _frame: FrameType | None) -> None:
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)  # it stops already, and ends its workers on the way
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
