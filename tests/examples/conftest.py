"""The examples as modules, and servers on loopback that do what a table says."""

from __future__ import annotations

import importlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def example() -> Iterator[Callable[[str], ModuleType]]:
    """Import an example as it imports its neighbours: by its plain name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLES))
        yield importlib.import_module


@pytest.fixture(scope="session")
def provider(example: Callable[[str], ModuleType]) -> ModuleType:
    return example("provider")


class Wire:
    """One connection: the request that came, and a way to write whatever comes to mind."""

    def __init__(self, connection: socket.socket, request: bytes) -> None:
        self._connection = connection
        head, _, self.body = request.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.path = lines[0].split(" ")[1]
        self.headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        self.sent = 0
        self.gone = threading.Event()

    def header(self, name: str) -> str | None:
        return next((value for given, value in self.headers if given == name), None)

    def write(self, data: bytes) -> bool:
        """Write, and tell whether somebody still reads."""
        try:
            self._connection.sendall(data)
        except OSError:
            self.gone.set()
            return False
        self.sent += len(data)
        return True

    def reset(self) -> None:
        """Go away without a goodbye."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._connection.close()

    def certificate(self) -> object:
        """What the client showed."""
        assert isinstance(self._connection, ssl.SSLSocket)
        return self._connection.getpeercert()


class WireServer:
    """Hands every connection to `behave`, one thread each, and keeps what came."""

    def __init__(self, behave: Callable[[Wire], None], tls: ssl.SSLContext | None) -> None:
        self._behave, self._tls = behave, tls
        self.wires: list[Wire] = []
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._connections: list[socket.socket] = []
        self._threads[0].start()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._stopped.is_set():
                connection.close()
                return
            connection.settimeout(10)
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):  # a handshake that fails is the client's to tell
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._connections.append(connection)
            with connection:
                request = b""
                while not complete(request):
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    request += piece
                wire = Wire(connection, request)
                self.wires.append(wire)
                self._behave(wire)
        connection.close()

    def close(self) -> None:
        self._stopped.set()
        for wire in self.wires:
            wire.gone.set()
        with socket.create_connection(self._listener.getsockname()):
            self._threads[0].join()
        self._listener.close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for connection in self._connections:
            connection.close()


def complete(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.partition(b":")[2])
    return bool(end)


@contextmanager
def wire_server(behave: Callable[[Wire], None], tls: ssl.SSLContext | None = None) -> Iterator[WireServer]:
    server = WireServer(behave, tls)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def wired() -> Callable[..., object]:
    return wire_server
