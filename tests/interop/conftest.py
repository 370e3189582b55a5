"""A certified OpenID Provider on loopback, a user with a browser, and five HTTP clients that carry the same steps."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import importlib.util
import json
import os
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPErrorProcessor, ProxyHandler, Request, build_opener

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from jwtkit import JWK, JWKS
from jwtkit.oauth import (
    Client,
    ClientAuthentication,
    ClientSecretBasic,
    ClientSecretJWT,
    ClientSecretPost,
    HttpRequest,
    HttpResponse,
    InboundRequest,
    PrivateKeyJWT,
    PublicClient,
    Secret,
    SelfSignedTlsClientAuth,
    ServerMetadata,
    Steps,
    TlsClientAuth,
    arun,
    discover,
    run,
)

T = TypeVar("T")
SECONDS = 20  # far more than any answer takes, so that only what hangs fails here


# --- the provider


@dataclass(frozen=True)
class Certificate:
    """What a client shows in a TLS handshake."""

    pem: str = field(repr=False)
    der: bytes = field(repr=False)

    @classmethod
    def drawn(cls) -> Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client.example")])
        today = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - dt.timedelta(days=1))
            .not_valid_after(today + dt.timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        return cls(made.public_bytes(Encoding.PEM).decode(), made.public_bytes(Encoding.DER))


@dataclass(frozen=True)
class Provider:
    """Where it is, and what those who are registered there hold."""

    issuer: str
    client_key: JWK
    client_decryption_key: JWK
    certificate: Certificate

    def rotate(self) -> None:
        """Let it draw new keys for ES256 and Ed25519, and forget the old ones."""
        assert Browser(self).read(f"{self.issuer}/test/rotate") == "rotated"


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is absent: install Node 20 or later and run `npm ci` in tests/interop/provider")
    folder = Path(os.environ.get("JWTKIT_PROVIDER") or Path(__file__).parent / "provider")
    if not (folder / "node_modules" / "oidc-provider").is_dir():
        pytest.skip(
            "npm oidc-provider is absent: run `npm ci` in tests/interop/provider, "
            "or in the copy of it that JWTKIT_PROVIDER names"
        )
    key, decryption_key, certificate = JWK.generate("ES256"), JWK.generate("ECDH-ES", crv="P-256"), Certificate.drawn()
    environment = {
        "CLIENT_JWKS": JWKS([key.public(), decryption_key.public()]).to_json(),
        "CLIENT_CERT": certificate.pem,
    }
    log = tmp_path_factory.mktemp("provider") / "stderr"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [node, "server.mjs"],
            cwd=folder,
            env={name: value for name, value in os.environ.items() if name != "PORT"} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
        )
    try:
        yield Provider(first_line(process, log)["issuer"], key, decryption_key, certificate)
    finally:
        # It ends by itself when its stdin closes, also where this process is killed.
        try:
            process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert process.returncode == 0, log.read_text()


def first_line(process: subprocess.Popen[str], log: Path) -> dict[str, Any]:
    """Read what the provider prints when it listens; a pipe has no timeout of its own, so a timer ends what hangs."""
    assert process.stdout is not None
    timer = threading.Timer(SECONDS, process.kill)
    timer.start()
    line = process.stdout.readline()
    timer.cancel()
    timer.join()
    if not line:
        pytest.fail(f"the provider did not start within {SECONDS} seconds: {log.read_text()}")
    started: dict[str, Any] = json.loads(line)
    return started


@pytest.fixture(scope="session")
def other_certificate() -> Certificate:
    """One with the same name in it."""
    return Certificate.drawn()


# --- the user


class Page(HTMLParser):
    """The one form of a page, filled in as it comes, and its buttons."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.buttons: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert self.action is None, "a page with two forms"
            assert given["method"].lower() == "post"
            self.action = given["action"]
        elif tag == "input" and "name" in given:
            self.fields[given["name"]] = given.get("value", "")
        elif tag == "button":
            self.buttons.append((given.get("name", ""), given.get("value", "")))

    def press(self, name: str | None) -> bytes:
        """Press the first button, or the one with a name, and give what is sent."""
        name, value = next((button for button in self.buttons if name in (None, button[0])), ("", ""))
        return urlencode({**self.fields, **({name: value} if name else {})}).encode()


class AsItIs(HTTPErrorProcessor):
    """Neither follows a redirect nor raises: the browser below decides."""

    def http_response(self, request: Request, response: Any) -> Any:
        return response


class Browser:
    """A user with cookies, who follows the provider wherever it leads, and stops where it leads away from it."""

    def __init__(self, provider: Provider) -> None:
        self._home = f"{provider.issuer}/"
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()), AsItIs())

    def leave(self, url: str) -> str | InboundRequest:
        """Go on until somebody else is to be asked, and give that request: a URL, or a form that is posted."""
        left = self._walk(url)
        assert not isinstance(left, bytes), left.decode()
        return left

    def read(self, url: str, *, typed: Mapping[str, str] = MappingProxyType({}), press: str | None = None) -> str:
        """Go on to the page that asks nothing more, or to the one after the button that is named, and give it.

        Args:
            url: where to begin.
            typed: what the user types into the fields of these names.
            press: the button to press; the first of each page unless given.
        """
        page = self._walk(url, typed, press)
        assert isinstance(page, bytes), page
        return page.decode()

    def _walk(
        self, url: str, typed: Mapping[str, str] = MappingProxyType({}), press: str | None = None
    ) -> str | InboundRequest | bytes:
        body, pressed = None, False
        for _ in range(20):
            if not url.startswith(self._home):
                return url if body is None else form_request(url, body)
            with self._opener.open(Request(url, body), timeout=SECONDS) as answer:
                text, status, location = answer.read(), answer.status, answer.headers.get("Location")
            if location is not None:
                assert 300 <= status < 400
                url, body = urljoin(url, location), None
                continue
            assert status == 200, f"{url} answered {status}: {text.decode()}"
            page = Page(text.decode())
            if page.action is None or pressed:
                return bytes(text)
            page.fields |= {name: value for name, value in typed.items() if name in page.fields}
            pressed = any(name == press for name, _ in page.buttons)
            url, body = urljoin(url, page.action), page.press(press)
        pytest.fail("the provider leads the browser in a circle")


def form_request(url: str, body: bytes) -> InboundRequest:
    headers = (("Host", "rp.example"), ("Content-Type", "application/x-www-form-urlencoded"))
    return InboundRequest(method="POST", url=url, headers=headers, body=body)


@pytest.fixture
def browser(provider: Provider) -> Browser:
    return Browser(provider)


# --- the HTTP clients

Send = Callable[[HttpRequest], Any]
EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str) -> Any:
    """Load the `send` that the documentation has its readers copy, and show the client with the certificate to it."""
    library = name.removeprefix("send_")
    if library != "urllib":
        pytest.importorskip(library, reason=f"{library} is part of the interop extra")
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Each client is the one with the certificate as well: what a handshake would show is a header here, see below.
@contextmanager
def urllib_send() -> Iterator[Send]:
    opener = (module := example("send_urllib")).new_opener()
    yield module.sender(opener, opener)


@contextmanager
def httpx_send() -> Iterator[Send]:
    module = example("send_httpx")
    with module.httpx.Client(**module.settings()) as client:
        yield module.sender(client, client)


@contextmanager
def requests_send() -> Iterator[Send]:
    with (module := example("send_requests")).new_session() as session:
        yield module.sender(session, session)


@asynccontextmanager
async def httpx_async_send() -> AsyncIterator[Send]:
    module = example("send_httpx")
    async with module.httpx.AsyncClient(**module.settings()) as client:
        yield module.async_sender(client, client)


@asynccontextmanager
async def aiohttp_send() -> AsyncIterator[Send]:
    async with (module := example("send_aiohttp")).new_session() as session:
        yield module.sender(session, session)


PLAIN = {"urllib": urllib_send, "httpx": httpx_send, "requests": requests_send}
ASYNC = {"httpx-async": httpx_async_send, "aiohttp": aiohttp_send}


class Http:
    """One HTTP client: it carries steps to their end, and remembers what it sent.

    Attributes:
        certificate: what it shows to a server that asks for one, as requests with `mtls` do.
        sent: the requests, oldest first.
    """

    def __init__(self, send: Send, runner: asyncio.Runner | None) -> None:
        self._send = send
        self._runner = runner
        self.certificate: Certificate | None = None
        self.sent: list[HttpRequest] = []

    def __call__(self, steps: Steps[Any, T], **effects: Callable[..., Any]) -> T:
        """Carry them; `effects` are `sleep` and `consume`, plain functions here, also for `arun`."""
        if self._runner is None:
            carried: T = run(steps, **{"send": self._carry, **effects})
            return carried
        waiting: Any = {name: awaitable(effect) for name, effect in effects.items()}
        return self._runner.run(arun(steps, **{"send": self._carry, **waiting}))

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request, by hand."""
        return self(ask(request))

    def _carry(self, request: HttpRequest) -> Any:
        self.sent.append(request)
        if request.mtls and self.certificate is not None:
            shown = ("x-test-client-cert", base64.b64encode(self.certificate.der).decode())
            request = replace(request, headers=(*request.headers, shown))
        return self._send(request)


def ask(request: HttpRequest) -> Steps[HttpRequest, HttpResponse]:
    response: HttpResponse = yield request
    return response


def awaitable(effect: Callable[..., T]) -> Callable[..., Awaitable[T]]:
    async def wrapped(*arguments: object) -> T:
        return effect(*arguments)

    return wrapped


@pytest.fixture(scope="session", params=[*PLAIN, *ASYNC])
def carrier(request: pytest.FixtureRequest) -> Iterator[tuple[Send, asyncio.Runner | None]]:
    if request.param in PLAIN:
        with PLAIN[request.param]() as send:
            yield send, None
        return
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield runner.run(stack.enter_async_context(ASYNC[request.param]())), runner
        finally:
            runner.run(stack.aclose())


@pytest.fixture
def http(carrier: tuple[Send, asyncio.Runner | None]) -> Http:
    return Http(*carrier)


@pytest.fixture(scope="session")
def server(provider: Provider, carrier: tuple[Send, asyncio.Runner | None]) -> ServerMetadata:
    """What the provider says about itself, asked by this HTTP client, once."""
    return Http(*carrier)(discover(provider.issuer, allow_http_loopback=True))


class Registered:
    """Those who are registered at the provider, each with what it proves itself with."""

    def __init__(self, provider: Provider, server: ServerMetadata) -> None:
        self._server = server
        self._auth: dict[str, ClientAuthentication] = {
            "public-native": PublicClient(),
            "dpop-bound": PublicClient(),
            "web-basic": ClientSecretBasic(Secret("a:b/c+d %~e")),
            "web-post": ClientSecretPost(Secret("secret-post-secret-post-secret-post!")),
            "csjwt": ClientSecretJWT(Secret("a-shared-secret-of-at-least-32-bytes!!")),
            "pkjwt": PrivateKeyJWT(provider.client_key),
            "mtls-self": SelfSignedTlsClientAuth(),
            "mtls-ca": TlsClientAuth(),
            **dict.fromkeys(
                [f"signed-{alg}" for alg in ("RS256", "PS256", "ES256", "Ed25519", "HS256")],
                ClientSecretBasic(Secret("a-shared-secret-of-at-least-32-bytes!!")),
            ),
            "sealed": ClientSecretBasic(Secret("se")),
            "par-required": ClientSecretBasic(Secret("par")),
            "jar-jarm": PrivateKeyJWT(provider.client_key),
            "jar-jarm-sealed": PrivateKeyJWT(provider.client_key),
            "rs": ClientSecretBasic(Secret("rs")),
            "rs-sealed": ClientSecretBasic(Secret("rs")),
        }

    def __call__(self, client_id: str, auth: ClientAuthentication | None = None) -> Client:
        return Client(server=self._server, client_id=client_id, auth=auth or self._auth[client_id])


@pytest.fixture
def registered(provider: Provider, server: ServerMetadata) -> Registered:
    return Registered(provider, server)


@pytest.fixture(scope="session")
def known(provider: Provider) -> Registered:
    """The same, where nothing but the browser asks the provider, so that one HTTP client is as good as another."""
    with urllib_send() as send:
        return Registered(provider, run(discover(provider.issuer, allow_http_loopback=True), send=send))
