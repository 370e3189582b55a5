"""Each adapter of the examples keeps the duties of a `send`, against servers on loopback that do their worst."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from jwtkit import JwtkitError, ProtocolError, ProtocolReason
from jwtkit.oauth import (
    Client,
    ClientCredentialsFlow,
    ClientSecretBasic,
    HttpRequest,
    HttpResponse,
    Secret,
    ServerMetadata,
    discover,
    run,
)

Send = Callable[[HttpRequest], HttpResponse]
Wired = Callable[..., AbstractContextManager[Any]]
SECONDS = 0.5
MANY = 200_000
TOKEN = json.dumps({"access_token": "t", "token_type": "Bearer"}).encode()


# --- the adapters, each with a client that lives as long as the block


@dataclass(frozen=True)
class Trust:
    """What a client trusts and shows: contexts, and for requests the files they are made of."""

    own: ssl.SSLContext | None
    showing: ssl.SSLContext | None = None
    authority: str | None = None
    certificate: tuple[str, str] | None = None


DEFAULT = Trust(None)
QUICK = Trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))  # the default one reads the machine's certificates, each time


@dataclass(frozen=True)
class Adapter:
    """One row: how to make a `send`, what its client raises, and whether it knows a time for all of an exchange."""

    example: str
    opened: Callable[[ModuleType, Trust], AbstractContextManager[Send]]
    raises: Callable[[], tuple[type[BaseException], ...]]
    needs: tuple[str, ...] = ()
    total: bool = False


@contextmanager
def httpx_sync(module: ModuleType, trust: Trust) -> Iterator[Send]:
    import httpx

    with httpx.Client(**module.settings(trust.own)) as http:
        if trust.showing is None:
            yield module.sender(http)
            return
        with httpx.Client(**module.settings(trust.showing)) as with_certificate:
            yield module.sender(http, with_certificate)


@contextmanager
def httpx_async(module: ModuleType, trust: Trust) -> Iterator[Send]:
    import httpx

    with asyncio.Runner() as runner:
        clients = [httpx.AsyncClient(**module.settings(trust.own))]
        if trust.showing is not None:
            clients.append(httpx.AsyncClient(**module.settings(trust.showing)))
        send = module.async_sender(*clients)
        yield lambda request: runner.run(send(request))
        for client in clients:
            runner.run(client.aclose())


@contextmanager
def aiohttp_async(module: ModuleType, trust: Trust) -> Iterator[Send]:
    async def made(context: ssl.SSLContext | None) -> Any:
        return module.new_session(context)

    with asyncio.Runner() as runner:
        sessions = [runner.run(made(trust.own))]
        if trust.showing is not None:
            sessions.append(runner.run(made(trust.showing)))
        send = module.sender(*sessions)
        yield lambda request: runner.run(send(request))
        for session in sessions:
            runner.run(session.close())


@contextmanager
def requests_sync(module: ModuleType, trust: Trust) -> Iterator[Send]:
    with module.new_session() as session, module.new_session(trust.certificate) as with_certificate:
        if trust.authority is not None:
            session.verify = with_certificate.verify = trust.authority
        yield module.sender(session, with_certificate if trust.certificate else None)


@contextmanager
def urllib_sync(module: ModuleType, trust: Trust) -> Iterator[Send]:
    with_certificate = module.new_opener(trust.showing) if trust.showing else None
    yield module.sender(module.new_opener(trust.own), with_certificate)


def of_httpx() -> tuple[type[BaseException], ...]:
    import httpx

    return (httpx.TransportError, TimeoutError)


def of_aiohttp() -> tuple[type[BaseException], ...]:
    import aiohttp

    return (aiohttp.ClientError, TimeoutError)


def of_requests() -> tuple[type[BaseException], ...]:
    import requests

    return (requests.RequestException,)


def of_urllib() -> tuple[type[BaseException], ...]:
    from http.client import HTTPException

    return (OSError, HTTPException)


ADAPTERS = {
    "httpx": Adapter("send_httpx", httpx_sync, of_httpx, ("httpx",)),
    "httpx-async": Adapter("send_httpx", httpx_async, of_httpx, ("httpx",), total=True),
    "aiohttp": Adapter("send_aiohttp", aiohttp_async, of_aiohttp, ("aiohttp",), total=True),
    "requests": Adapter("send_requests", requests_sync, of_requests, ("requests",)),
    "urllib": Adapter("send_urllib", urllib_sync, of_urllib),
}


class Subject:
    """An adapter whose example is loaded."""

    def __init__(self, name: str, adapter: Adapter, module: ModuleType) -> None:
        self._adapter, self._module = adapter, module
        self.name, self.raises = name, adapter.raises()

    def opened(self, trust: Trust = QUICK) -> AbstractContextManager[Send]:
        return self._adapter.opened(self._module, trust)


SYNC = [name for name, row in ADAPTERS.items() if not row.total]
ASYNC = [name for name, row in ADAPTERS.items() if row.total]


@pytest.fixture(params=ADAPTERS)
def adapter(
    request: pytest.FixtureRequest, example: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> Subject:
    row = ADAPTERS[request.param]
    for name in row.needs:
        pytest.importorskip(name, reason=f"{name} is part of the interop extra")
    module = example(row.example)
    monkeypatch.setattr(module, "SECONDS", SECONDS)  # the user's own constant: nobody waits ten seconds here
    return Subject(request.param, row, module)


@pytest.fixture
def send(adapter: Subject) -> Iterator[Send]:
    with adapter.opened() as send:
        yield send


# --- servers


def plain(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = (b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), b"Connection: close", *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def answering(data: bytes) -> Callable[[Any], None]:
    return lambda wire: wire.write(data)


JSON = b"Content-Type: application/json"


def token(url: str, send: Send) -> Any:
    server = ServerMetadata(issuer=url, token_endpoint=f"{url}/token", allow_http_loopback=True)
    client = Client(server=server, client_id="worker", auth=ClientSecretBasic(Secret("s3cret")))
    return run(ClientCredentialsFlow(client).token(), send=send)


def get(url: str, **named: Any) -> HttpRequest:
    return HttpRequest(method="GET", url=url, **named)


# --- what goes out, and what comes back


def test_a_request_arrives_as_it_is(adapter: Subject, send: Send, wired: Wired) -> None:
    headers = (("Authorization", "Basic d2Vi"), ("X-Mixed-Case", "a  b"), ("Content-Type", "text/plain"))
    with wired(answering(plain(b"{}"))) as server:
        url = f"{server.url}/a%2Fb/%7Ec?x=%C3%A9&y=1+2"
        send(HttpRequest(method="POST", url=url, headers=headers, body=b"\xff\0body"))
    (wire,) = server.wires
    assert wire.body == b"\xff\0body"
    for name, value in headers:
        assert [given for got, given in wire.headers if got == name.lower()] == [value]
    assert wire.header("accept-encoding") == "identity"
    expected = "/a%2Fb/%7Ec?x=%C3%A9&y=1+2"
    # requests writes ~ as itself, whatever it was, which no server may mind (RFC 3986 section 6.2.2.2)
    assert wire.path == (expected.replace("%7E", "~") if adapter.name == "requests" else expected)


def test_an_answer_arrives_as_it_is(send: Send, wired: Wired) -> None:
    body = b'\xff\xfe{"caf\xe9": \0}'
    with wired(answering(plain(body, b"X-Twice: 1", b"x-twice: 2", b"X-Name: caf\xe9", status=b"418 Tea"))) as server:
        answer = send(get(server.url))
    assert (answer.status, answer.body) == (418, body)
    assert [value for name, value in answer.headers if name.lower() == "x-twice"] == ["1", "2"]
    assert (answer.header("x-name") or "").startswith("caf")


def test_a_header_in_two_lines_is_one(send: Send, wired: Wired) -> None:
    with wired(answering(plain(b"{}", b"X-Folded: one\r\n two"))) as server:
        assert send(get(server.url)).header("x-folded") == "one two"


def test_every_status_is_an_answer(send: Send, wired: Wired) -> None:
    for status in (b"204 No", b"400 Bad", b"401 Who", b"404 Where", b"500 Oh", b"503 Later"):
        with wired(answering(plain(b"" if status.startswith(b"204") else b"{}", status=status))) as server:
            assert send(get(server.url)).status == int(status[:3])


def test_a_token_comes_in_chunks(send: Send, wired: Wired) -> None:
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in TOKEN) + b"0\r\n\r\n"
    with wired(answering(b"HTTP/1.1 200 OK\r\n" + JSON + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)) as server:
        assert token(server.url, send).access_token.reveal() == "t"


# --- duty 1: no redirect is followed


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int, send: Send, wired: Wired) -> None:
    def behave(wire: Any) -> None:
        if wire.path == "/elsewhere":
            wire.write(plain(TOKEN, JSON))
        wire.write(plain(TOKEN, JSON, b"Location: /elsewhere", status=b"%d Over there" % status))

    with wired(behave) as server:
        with pytest.raises(ProtocolError) as refusal:
            token(server.url, send)
        assert (refusal.value.reason, refusal.value.status) == (ProtocolReason.REDIRECT, status)
        with pytest.raises(ProtocolError) as refusal:
            run(discover(server.url, allow_http_loopback=True), send=send)
        assert refusal.value.reason is ProtocolReason.REDIRECT
    assert "/elsewhere" not in [wire.path for wire in server.wires]


# --- duty 2: TLS is verified, and a certificate is shown where it is asked for


def made_certificate(name: str, signer: tuple[Any, Any] | None, extensions: list[tuple[Any, bool]]) -> tuple[Any, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signing_key = (signer[0].subject, signer[1]) if signer else (subject, key)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signing_key, SHA256()), key


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Trust]:
    """Give what a server has, and what a client has that trusts it."""
    folder = tmp_path_factory.mktemp("certificates")
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    authority = made_certificate(
        "authority", None, [(x509.BasicConstraints(ca=True, path_length=0), True), (usage, True)]
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    written = {}
    for name, extensions in (("authority", None), ("server", [(names, False)]), ("client", [])):
        certificate, key = authority if extensions is None else made_certificate(name, authority, extensions)
        written[name] = folder / f"{name}.pem", folder / f"{name}-key.pem"
        written[name][0].write_bytes(certificate.public_bytes(Encoding.PEM))
        written[name][1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*written["server"])
    context.load_verify_locations(written["authority"][0])
    context.verify_mode = ssl.CERT_OPTIONAL
    authority_file, shown = str(written["authority"][0]), (str(written["client"][0]), str(written["client"][1]))
    own, showing = (ssl.create_default_context(cafile=authority_file) for _ in range(2))
    showing.load_cert_chain(*shown)
    return context, Trust(own, showing, authority_file, shown)


def test_a_certificate_is_shown_where_it_is_asked_for(
    adapter: Subject, wired: Wired, certified: tuple[ssl.SSLContext, Trust]
) -> None:
    shown: list[bool] = []

    def behave(wire: Any) -> None:
        shown.append(bool(wire.certificate()))
        wire.write(plain(b"{}"))

    with wired(behave, certified[0]) as server, adapter.opened(certified[1]) as send:
        for mtls in (False, True):
            assert send(get(server.url, mtls=mtls)).status == 200
    assert shown == [False, True]


def test_a_server_that_nobody_vouches_for_is_not_asked(
    adapter: Subject, wired: Wired, certified: tuple[ssl.SSLContext, Trust]
) -> None:
    with wired(answering(plain(TOKEN, JSON)), certified[0]) as server, adapter.opened(DEFAULT) as send:
        with pytest.raises(adapter.raises):
            token(server.url, send)
        assert not server.wires


def test_without_a_certificate_none_is_shown(send: Send, wired: Wired) -> None:
    with wired(answering(plain(b"{}"))) as server:
        with pytest.raises(ValueError, match="with_certificate="):
            send(get(server.url, mtls=True))
        assert not server.wires


# --- duty 3: it gives up


def silent(wire: Any) -> None:
    wire.gone.wait(20 * SECONDS)


def trickle(head: bytes) -> Callable[[Any], None]:
    def behave(wire: Any) -> None:
        wire.write(head)
        ends = time.monotonic() + 20 * SECONDS
        while time.monotonic() < ends and wire.write(b" "):
            wire.gone.wait(SECONDS / 10)

    return behave


LONG = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"


@pytest.mark.parametrize("behave", [silent, trickle(LONG)], ids=["nothing comes", "a body comes byte by byte"])
def test_it_gives_up(behave: Callable[[Any], None], adapter: Subject, send: Send, wired: Wired) -> None:
    with wired(behave) as server:
        began = time.monotonic()
        with pytest.raises(adapter.raises):
            token(server.url, send)
        assert time.monotonic() - began < 8 * SECONDS


@pytest.mark.parametrize("adapter", ASYNC, indirect=True)
def test_it_gives_up_on_headers_too(adapter: Subject, send: Send, wired: Wired) -> None:
    """The sync clients time each read of a header and not all of them, as the documents say."""
    with wired(trickle(b"HTTP/1.1 200 OK\r\nX-Slow: ")) as server:
        began = time.monotonic()
        with pytest.raises(adapter.raises):
            token(server.url, send)
        assert time.monotonic() - began < 8 * SECONDS


# --- duty 4: it reads so much and no more


def endless(head: bytes, block: bytes) -> Callable[[Any], None]:
    def behave(wire: Any) -> None:
        wire.write(head)
        while wire.sent < 1 << 30 and wire.write(block):
            pass

    return behave


CHUNK = b"10000\r\n" + b" " * 65536 + b"\r\n"


@pytest.mark.parametrize(
    ("head", "block"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNK, id="chunks"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536, id="until it closes"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b" " * 65536, id="an announced length"),
        pytest.param(b"HTTP/1.1 404 No\r\nContent-Length: 99999999999\r\n\r\n", b" " * 65536, id="of an error"),
    ],
)
def test_an_endless_body_is_cut(head: bytes, block: bytes, send: Send, wired: Wired) -> None:
    with wired(endless(head, block)) as server:
        answer = send(get(server.url, max_bytes=MANY))
        assert answer.body == b" " * (MANY + 1)
        (wire,) = server.wires
        assert wire.gone.wait(10), "the connection is still open"
    assert wire.sent < 64 << 20  # what a kernel holds for a reader who has stopped, and not a gigabyte


def test_a_body_of_the_limit_is_whole(send: Send, wired: Wired) -> None:
    for size in (MANY, MANY + 1, MANY + 2):
        with wired(answering(plain(b" " * size))) as server:
            assert len(send(get(server.url, max_bytes=MANY)).body) == min(size, MANY + 1)


def test_too_much_is_refused(send: Send, wired: Wired) -> None:
    with wired(endless(b"HTTP/1.1 200 OK\r\n" + JSON + b"\r\n\r\n", b" " * 65536)) as server:
        with pytest.raises(ProtocolError) as refusal:
            token(server.url, send)
        assert refusal.value.reason is ProtocolReason.TOO_LARGE


BOMB = gzip.compress(b" " * (8 << 20), 1)


def test_what_is_compressed_stays_so(send: Send, wired: Wired) -> None:
    with wired(answering(plain(BOMB, JSON, b"Content-Encoding: gzip"))) as server:
        assert send(get(server.url)).body == BOMB
        with pytest.raises(ProtocolError) as refusal:
            token(server.url, send)
    assert refusal.value.reason is ProtocolReason.NOT_JSON


# --- what fails is the client's own exception, and comes through the steps as it was


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"


@pytest.mark.parametrize(
    ("head", "resets"),
    [
        pytest.param(b"", True, id="reset before the answer"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-", True, id="reset in the headers"),
        pytest.param(LONG, True, id="reset in a body of announced length"),
        pytest.param(CHUNKED, True, id="reset between two chunks"),
        pytest.param(b"", False, id="closed before the answer"),
        pytest.param(LONG, False, id="closed in a body of announced length"),
        pytest.param(CHUNKED, False, id="closed between two chunks"),
    ],
)
def test_a_connection_that_breaks(head: bytes, resets: bool, adapter: Subject, send: Send, wired: Wired) -> None:
    def behave(wire: Any) -> None:
        wire.write(head)
        if resets:
            time.sleep(0.05)  # so that what was written arrives
            wire.reset()

    with wired(behave) as server, pytest.raises(adapter.raises):
        token(server.url, send)


def test_nobody_is_there(adapter: Subject, send: Send, wired: Wired) -> None:
    with wired(silent) as server:
        pass
    with pytest.raises(adapter.raises):
        token(server.url, send)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"hello\r\n\r\n", id="a greeting"),
        pytest.param(b"HTTP/1.1 abc OK\r\n\r\n", id="a status that is no number"),
        pytest.param(plain(TOKEN, JSON, b"X-A: o\0ne"), id="NUL in a header"),
        pytest.param(plain(TOKEN, JSON, b"X(A): one"), id="a header name that is none"),
        pytest.param(plain(TOKEN, JSON, status=b"999 Go away"), id="a status that does not exist"),
        pytest.param(plain(TOKEN, JSON, *(b"X-%d: 1" % number for number in range(100_000))), id="endless headers"),
        pytest.param(plain(TOKEN, JSON, b"X-A: " + b"a" * 1_000_000), id="an endless header"),
    ],
)
def test_what_is_no_http_is_no_answer(data: bytes, adapter: Subject, send: Send, wired: Wired) -> None:
    """Some clients let through what HTTP does not have; then it is the response that cannot be made of it."""
    with wired(answering(data)) as server, pytest.raises((*adapter.raises, JwtkitError)):
        token(server.url, send)


# --- what the machine is set up with has no say


def test_neither_a_proxy_nor_a_netrc_of_the_environment_counts(
    adapter: Subject, wired: Wired, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password secret\ndefault login mallory password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    def proxy(wire: Any) -> None:
        wire.write(plain(TOKEN, JSON))

    with wired(proxy) as wrong, wired(answering(plain(TOKEN, JSON))) as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, wrong.url)
        with adapter.opened() as send:
            token(server.url, send)
        assert not wrong.wires
    (wire,) = server.wires
    assert wire.header("authorization") == "Basic d29ya2VyOnMzY3JldA=="  # worker:s3cret


def test_no_cookie_goes_from_one_request_to_the_next(send: Send, wired: Wired) -> None:
    with wired(answering(plain(b"{}", b"Set-Cookie: session=jane; Path=/", b"Set-Cookie: other=1"))) as server:
        for _ in range(2):
            assert send(get(server.url)).status == 200
    assert [wire.header("cookie") for wire in server.wires] == [None, None]


@pytest.mark.parametrize("adapter", SYNC, indirect=True)
def test_threads_share_a_sender(adapter: Subject, send: Send, wired: Wired) -> None:
    statuses: list[int] = []
    with wired(
        lambda wire: wire.write(plain(wire.path.encode(), status=b"%d X" % (400 + int(wire.path[1:]))))
    ) as server:

        def ask(number: int) -> None:
            answer = send(get(f"{server.url}/{number}"))
            assert answer.body == b"/%d" % number
            statuses.append(answer.status)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [400 + number for number in range(8)]
