"""A certified provider tells a client on loopback that a user has logged out (OpenID Connect Back-Channel Logout)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from jwtkit import SignatureAlgorithm
from jwtkit.oauth import Client, ClientSecretBasic, Consume, HttpRequest, HttpResponse, InboundRequest, Secret, run
from jwtkit.oidc import (
    Login,
    LoginFlow,
    LogoutAccepted,
    LogoutRefused,
    LogoutTokenVerifier,
    back_channel_logout,
    logout_redirect,
)

if TYPE_CHECKING:  # their instances come as fixtures
    from tests.interop.conftest import Browser, Http, Provider, Registered


def send_nothing(request: HttpRequest) -> HttpResponse:
    """The login has asked for the keys already."""
    raise AssertionError(request)


@dataclass
class Application:
    """The client's own server: what it decided about each request that came, and the requests."""

    verifier: LogoutTokenVerifier | None = None
    outcomes: list[LogoutAccepted | LogoutRefused] = field(default_factory=list)
    requests: list[InboundRequest] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def consume(self, what: Consume) -> bool:
        first = what.key not in self.seen
        self.seen.add(what.key)
        return first

    def decide(self, request: InboundRequest) -> LogoutAccepted | LogoutRefused:
        assert self.verifier is not None
        return run(back_channel_logout(request, self.verifier), send=send_nothing, consume=self.consume)


@pytest.fixture
def application(provider: Provider, browser: Browser) -> Iterator[Application]:
    """It listens, and the provider knows where."""
    known = Application()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = InboundRequest(method="POST", url=self.path, headers=tuple(self.headers.items()), body=body)
            known.requests.append(request)
            known.outcomes.append(known.decide(request))
            response = known.outcomes[-1].response
            self.send_response(response.status)
            for name, value in (*response.headers, ("Content-Length", str(len(response.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.body)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            del code, size

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/logout"
            assert browser.read(f"{provider.issuer}/test/back-channel?{url}") == "noted"
            yield known
        finally:
            server.shutdown()
            thread.join()


def log_in(flow: LoginFlow, http: Http, browser: Browser) -> Login:
    redirect = flow.start()
    return http(flow.finish(flow.callback(redirect.session, browser.leave(redirect.url))))


def client_of(registered: Registered, client_id: str) -> Client:
    return registered(client_id, ClientSecretBasic(Secret("bc")))


@pytest.mark.parametrize(
    ("client_id", "alg"), [("back-channel", "RS256"), ("back-channel-user", "ES256")], ids=["session", "user"]
)
def test_the_provider_tells(  # noqa: PLR0917 - most of them are fixtures
    client_id: str,
    alg: SignatureAlgorithm,
    application: Application,
    provider: Provider,
    http: Http,
    registered: Registered,
    browser: Browser,
) -> None:
    flow = LoginFlow(client_of(registered, client_id), redirect_uri="https://rp.example/cb", algorithms=[alg])
    login = log_in(flow, http, browser)
    application.verifier = LogoutTokenVerifier(
        issuer=provider.issuer, client_id=client_id, keys=flow.keys, algorithms=[alg]
    )
    browser.read(logout_redirect(flow.client, id_token_hint=login.id_token).url)
    (outcome,) = application.outcomes
    assert isinstance(outcome, LogoutAccepted)
    assert (outcome.token.sub, outcome.token.header.typ) == ("alice", "logout+jwt")
    assert (outcome.token.sid is not None) is (client_id == "back-channel")
    assert outcome.token.ends(login.record)
    # The next login has another session.
    again = log_in(flow, http, browser)
    assert outcome.token.ends(again.record) is (client_id != "back-channel")
    # A token counts once, and for one client, of one provider, with its keys.
    (request,) = application.requests
    refused = application.decide(request)
    assert isinstance(refused, LogoutRefused)
    assert refused.reason == "token_used"
    for changes in ({"client_id": "web-basic"}, {"issuer": "https://other.example"}):
        named: Any = {
            "issuer": provider.issuer,
            "client_id": client_id,
            "keys": flow.keys,
            "algorithms": [alg],
            **changes,
        }
        steps = back_channel_logout(request, LogoutTokenVerifier(**named))
        other = http(steps, consume=lambda _: True)
        assert isinstance(other, LogoutRefused)
        assert other.reason == "invalid_token"


def test_keys_are_asked_for_when_a_token_comes(
    application: Application, provider: Provider, http: Http, registered: Registered, browser: Browser
) -> None:
    """A process that has seen no login, and so has no keys."""
    client = client_of(registered, "back-channel")
    flow, fresh = (LoginFlow(client, redirect_uri="https://rp.example/cb") for _ in range(2))
    login = log_in(flow, http, browser)
    application.verifier = LogoutTokenVerifier(issuer=provider.issuer, client_id="back-channel", keys=flow.keys)
    browser.read(logout_redirect(client, id_token_hint=login.id_token).url)
    (request,) = application.requests
    elsewhere = LogoutTokenVerifier(issuer=provider.issuer, client_id="back-channel", keys=fresh.keys)
    asked = len(http.sent)
    outcome = http(back_channel_logout(request, elsewhere), consume=lambda _: True)
    assert isinstance(outcome, LogoutAccepted)
    assert [sent.url for sent in http.sent[asked:]] == [client.server.jwks_uri]
    assert outcome.token.ends(login.record)
