"""The whole walk over real HTTP on loopback: the quickstart's servers, driven by several HTTP clients."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from jwtkit import OAuthError, ProtocolError, TokenVerifier
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    AuthorizationSession,
    Client,
    ClientCredentialsFlow,
    ClientSecretBasic,
    HttpRequest,
    HttpResponse,
    InboundRequest,
    PublicClient,
    Secret,
    TokenRequest,
    TokenSet,
    arun,
    discover,
    jwks_request,
    parse_jwks_response,
    run,
)

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart.py"


@pytest.fixture(scope="module")
def quickstart() -> ModuleType:
    spec = importlib.util.spec_from_file_location("quickstart", QUICKSTART)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def issuer(quickstart: ModuleType) -> Iterator[str]:
    with quickstart.serving(quickstart.AuthorizationServer) as url:
        yield url


def urllib_send(quickstart: ModuleType) -> Callable[[HttpRequest], HttpResponse]:
    send: Callable[[HttpRequest], HttpResponse] = quickstart.send
    return send


def httpx_send(_quickstart: ModuleType) -> Callable[[HttpRequest], HttpResponse]:
    httpx = pytest.importorskip("httpx", reason="httpx is part of the interop extra")

    def send(request: HttpRequest) -> HttpResponse:
        with httpx.Client(trust_env=False, timeout=5) as client:
            answer = client.request(request.method, request.url, headers=request.headers, content=request.body)
            headers = tuple(answer.headers.multi_items())
            return HttpResponse(status=answer.status_code, headers=headers, body=answer.content)

    return send


def requests_send(_quickstart: ModuleType) -> Callable[[HttpRequest], HttpResponse]:
    requests = pytest.importorskip("requests", reason="requests is part of the interop extra")

    def send(request: HttpRequest) -> HttpResponse:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.body,
                timeout=5,
                allow_redirects=False,
            )
            return HttpResponse(status=answer.status_code, headers=tuple(answer.headers.items()), body=answer.content)

    return send


senders = pytest.mark.parametrize(
    "sender", [urllib_send, httpx_send, requests_send], ids=["urllib", "httpx", "requests"]
)


@senders
def test_a_login(sender: Callable[[ModuleType], Any], quickstart: ModuleType, issuer: str) -> None:
    send = sender(quickstart)
    server = run(discover(issuer, allow_http_loopback=True), send=send)
    flow = AuthorizationCodeFlow(
        Client(server=server, client_id="app", auth=PublicClient()), redirect_uri=quickstart.REDIRECT_URI, scope=["a"]
    )
    redirect = flow.start()
    session = AuthorizationSession.from_json(redirect.session.to_json())
    callback = flow.callback(session, quickstart.browse(redirect.url))
    tokens = run(flow.finish(callback), send=send)
    check_token(quickstart, send, issuer, tokens)
    with pytest.raises(OAuthError) as refusal:
        run(flow.finish(callback), send=send)
    assert refusal.value.error == "invalid_grant"


def check_token(quickstart: ModuleType, send: Any, issuer: str, tokens: TokenSet) -> None:
    keys = parse_jwks_response(send(jwks_request(run(discover(issuer, allow_http_loopback=True), send=send))))
    verifier = TokenVerifier(keys=keys, algorithms=["ES256"], issuer=issuer, audience=quickstart.RESOURCE, typ="at+jwt")
    assert verifier.verify(tokens.access_token.reveal()).sub == "jane"


def test_a_login_with_asyncio(quickstart: ModuleType, issuer: str) -> None:
    httpx = pytest.importorskip("httpx", reason="httpx is part of the interop extra")

    async def main() -> TokenSet:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:

            async def send(request: HttpRequest) -> HttpResponse:
                answer = await client.request(
                    request.method, request.url, headers=request.headers, content=request.body
                )
                headers = tuple(answer.headers.multi_items())
                return HttpResponse(status=answer.status_code, headers=headers, body=answer.content)

            server = await arun(discover(issuer, allow_http_loopback=True), send=send)
            flow = AuthorizationCodeFlow(
                Client(server=server, client_id="app", auth=PublicClient()), redirect_uri=quickstart.REDIRECT_URI
            )
            redirect = flow.start()
            callback = flow.callback(redirect.session, await asyncio.to_thread(quickstart.browse, redirect.url))
            return await arun(flow.finish(callback), send=send)

    check_token(quickstart, quickstart.send, issuer, asyncio.run(main()))


def test_a_stolen_code_is_worth_nothing(quickstart: ModuleType, issuer: str) -> None:
    """Whoever steals a code lacks the verifier of the login it belongs to (RFC 7636)."""
    server = run(discover(issuer, allow_http_loopback=True), send=quickstart.send)
    flow = AuthorizationCodeFlow(
        Client(server=server, client_id="app", auth=PublicClient()), redirect_uri=quickstart.REDIRECT_URI
    )
    victim, thief = flow.start(), flow.start()
    address = quickstart.browse(victim.url).replace(victim.session.state, thief.session.state)
    with pytest.raises(OAuthError) as refusal:
        run(flow.finish(flow.callback(thief.session, address)), send=quickstart.send)
    assert refusal.value.error == "invalid_grant"


# --- servers that misbehave


class Worker(BaseHTTPRequestHandler):
    """Answers the token endpoint for one confidential client, and misbehaves elsewhere."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/redirect":
            self.send_response(307)
            self.send_header("Location", "/token")
            self.end_headers()
        elif self.path == "/page":
            self.answer(502, b"<html>secret</html>", "text/html")
        elif self.path == "/endless":
            self.answer(200, b"{" + b" " * 3_000_000, "application/json")
        else:
            read = TokenRequest.parse(
                InboundRequest(method="POST", url=self.path, headers=tuple(self.headers.items()), body=body)
            )
            good = (read.client_id, read.client_secret) == ("worker", Secret("p:w d"))
            members = {"access_token": "t", "token_type": "Bearer"} if good else {"error": "invalid_client"}
            self.answer(200 if good else 401, json.dumps(members).encode(), "application/json")

    def answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass  # the client has read enough

    def log_message(self, *_arguments: object) -> None:
        """Keep the tests quiet."""


@contextmanager
def worker() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Worker)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def credentials(url: str, path: str, secret: str = "p:w d") -> ClientCredentialsFlow:
    from jwtkit.oauth import ServerMetadata

    server = ServerMetadata(issuer=url, token_endpoint=f"{url}{path}", allow_http_loopback=True)
    return ClientCredentialsFlow(Client(server=server, client_id="worker", auth=ClientSecretBasic(Secret(secret))))


@senders
def test_client_credentials(sender: Callable[[ModuleType], Any], quickstart: ModuleType) -> None:
    send = sender(quickstart)
    with worker() as url:
        assert run(credentials(url, "/token").token(), send=send).access_token.reveal() == "t"
        with pytest.raises(OAuthError) as refusal:
            run(credentials(url, "/token", "wrong").token(), send=send)
    assert (refusal.value.error, refusal.value.status) == ("invalid_client", 401)


@pytest.mark.parametrize(
    ("path", "reason"), [("/redirect", "redirect"), ("/page", "not_json"), ("/endless", "too_large")]
)
def test_servers_that_misbehave(path: str, reason: str, quickstart: ModuleType) -> None:
    with worker() as url, pytest.raises(ProtocolError) as refusal:
        run(credentials(url, path).token(), send=quickstart.send)
    assert refusal.value.reason == reason
    assert "secret" not in str(refusal.value)


def test_nobody_is_there(quickstart: ModuleType) -> None:
    with worker() as url:
        pass
    with pytest.raises(OSError):  # noqa: PT011 - the client's own exception, whatever it is
        run(credentials(url, "/token").token(), send=quickstart.send)


def test_the_quickstart_runs_and_is_plain_in_a_pipe() -> None:
    done = subprocess.run([sys.executable, "-W", "error", str(QUICKSTART)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "\033" not in done.stdout
    assert done.stdout.endswith("Every step went as it should.\n")
    assert done.stdout.count("  ok  ") == 8
