"""What every test has: the shared vectors, and two guards: jwtkit performs no I/O, and no error of it holds a secret."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

import jwtkit
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS

PACKAGE = str(Path(jwtkit.__file__).parent) + os.sep
SHELL = PACKAGE + "shell" + os.sep
LIBRARIES = tuple(
    {str(Path(os.__file__).parent) + os.sep, *(p + os.sep for p in sys.path if p.endswith("site-packages"))}
)
EVENTS = ("open", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.listdir", "os.scandir")

hypothesis.settings.register_profile("gate", deadline=None, max_examples=100, derandomize=True)
hypothesis.settings.register_profile(
    "slow", deadline=None, max_examples=int(os.environ.get("JWTKIT_EXAMPLES", "20000"))
)
hypothesis.settings.load_profile(os.environ.get("JWTKIT_PROFILE", "gate"))


class Guard:
    """Notes every socket, file or process that jwtkit opens: the innermost frame outside the libraries is its own."""

    def __init__(self) -> None:
        self.caught: list[str] = []

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in EVENTS and not event.startswith("socket."):
            return
        frame = sys._getframe(1)
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith("<frozen importlib"):
                return  # loading a module when it is first needed is no I/O of ours
            if name.startswith(PACKAGE):
                if not name.startswith(SHELL):
                    self.caught.append(f"{event} from {name}:{frame.f_lineno}")
                return
            if not name.startswith(LIBRARIES) and not name.startswith("<frozen"):
                return
            frame = frame.f_back  # type: ignore[assignment]  # None ends the loop


GUARD = Guard()
sys.addaudithook(GUARD)


@pytest.fixture
def guard() -> Guard:
    return GUARD


@pytest.fixture(autouse=True)
def no_io() -> Iterator[None]:
    GUARD.caught.clear()
    yield
    caught = list(GUARD.caught)
    GUARD.caught.clear()
    assert not caught, f"jwtkit performed I/O: {caught}"


class Leaks:
    """Notes every error that is made with a token in its words, or with a piece of a secret that any test has used.

    The error that is being handled counts too: a traceback shows both.
    """

    RUN = re.compile(r"[A-Za-z0-9_-]{12,}")
    TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{9,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{8,}")
    PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "k", "priv")

    def __init__(self) -> None:
        self.caught: list[str] = []
        self.secrets: set[str] = set()
        make_key, make_error = jwtkit.JWK.__init__, jwtkit.JwtkitError.__init__

        def key(made: jwtkit.JWK, members: Any, **named: Any) -> None:
            if isinstance(members, dict):
                for name in self.PRIVATE:
                    value = members.get(name)
                    # What repeats a few characters is a placeholder.
                    if isinstance(value, str) and len(set(value[:12])) > 6:
                        self.secrets.add(value[:12])
            make_key(made, members, **named)

        def error(made: jwtkit.JwtkitError, message: str, **named: Any) -> None:
            make_error(made, message, **named)
            for text in (message, *map(str, named.values()), str(sys.exception() or "")):
                if self.TOKEN.search(text) or any(run[:12] in self.secrets for run in self.RUN.findall(text)):
                    self.caught.append(text)

        setattr(jwtkit.JWK, "__init__", key)  # noqa: B010 - an assignment, to a type checker, is one of another type
        setattr(jwtkit.JwtkitError, "__init__", error)  # noqa: B010 - as above


LEAKS = Leaks()


@pytest.fixture
def leaks() -> Leaks:
    return LEAKS


@pytest.fixture(autouse=True)
def no_leak() -> Iterator[None]:
    yield
    caught, LEAKS.caught = LEAKS.caught, []
    assert not caught, f"an error holds a token or a secret: {caught[:3]}"


def vectors_folder() -> Path | None:
    """Give the folder of the shared vectors, or None where it is absent."""
    beside = Path(__file__).parents[2] / "shared" / "vectors"
    folder = Path(os.environ.get("JWTKIT_VECTORS", beside))
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def vectors() -> Path:
    folder = vectors_folder()
    if folder is None:
        pytest.skip("the shared vectors are absent: set JWTKIT_VECTORS to their folder")
    return folder


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a skip into a failure where CI is set: there, everything must be present."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("CI") and terminalreporter.stats.get("skipped"):
        terminalreporter.write_line("a test was skipped, which CI does not allow", red=True)


@pytest.fixture(scope="session")
def keys() -> dict[str, jwtkit.JWK]:
    """One private key for each algorithm, drawn once: RSA keys cost."""
    rsa = jwtkit.JWK.generate("RS256").to_dict(private=True)
    made = {}
    for name in SIGNATURE_ALGORITHMS:
        algorithm = jwtkit.parse_algorithms([name])[0]
        if SIGNATURE_ALGORITHMS[name].kty == "RSA":
            made[name] = jwtkit.JWK.parse({**rsa, "alg": name, "kid": f"rsa-{name}"})
        elif name == "EdDSA":
            # The open name, on a key that says so itself.
            made[name] = jwtkit.JWK.parse({**made["Ed448"].to_dict(private=True), "alg": name})
        else:
            made[name] = jwtkit.JWK.generate(algorithm)
    return made
