"""A whole login on your own machine: an authorization server, a client and an API, over HTTP on 127.0.0.1.

Run it without arguments. It starts two small servers on free ports, logs a user in with the authorization code flow
and PKCE, calls the API with the token, and then shows the API three tokens that must not pass. It exits with 0 only if
every step went as it should.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from jwtkit import (
    JWK,
    JWKS,
    Claims,
    ClaimsError,
    ExpiredError,
    RejectedError,
    SignatureError,
    Token,
    TokenVerifier,
)
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    AuthorizationRequest,
    AuthorizationSession,
    Client,
    Granted,
    HttpRequest,
    HttpResponse,
    InboundRequest,
    ProtectedResource,
    PublicClient,
    TokenRequest,
    discover,
    jwks_request,
    parse_jwks_response,
    run,
)

CLIENT_ID, REDIRECT_URI, RESOURCE, SCOPE = "app", "http://127.0.0.1/callback", "https://api.example.com", "read:profile"


# --- what every program brings: a way to send a request -----------------------------------------------------------


class NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        return None


OPENER = build_opener(NoRedirects, ProxyHandler({}))


def send(request: HttpRequest) -> HttpResponse:
    outgoing = Request(request.url, request.body or None, dict(request.headers), method=request.method)  # noqa: S310 - HttpRequest admits https and loopback only
    try:
        answer = OPENER.open(outgoing, timeout=5)
    except HTTPError as error:  # how urllib reports every status from 300 on
        answer = error
    with answer:
        body = answer.read(request.max_bytes + 1)
        return HttpResponse(status=answer.status, headers=tuple(answer.headers.items()), body=body)


# --- the authorization server -------------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    def answer(self, status: int, members: object = None, headers: tuple[tuple[str, str], ...] = ()) -> None:
        body = b"" if members is None else json.dumps(members).encode()
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def inbound(self) -> InboundRequest:
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 65536))
        return InboundRequest(method=self.command, url=self.path, headers=tuple(self.headers.items()), body=body)

    def log_message(self, *_arguments: object) -> None:
        """Keep the output for the story below."""


class AuthorizationServer(Handler):
    key = JWK.generate("ES256")
    codes: dict[str, AuthorizationRequest] = {}  # noqa: RUF012 - one server, one store

    server: ThreadingHTTPServer

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/.well-known/oauth-authorization-server":
            endpoints = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks"}
            members = {name: self.issuer + where for name, where in endpoints.items()}
            flags = {
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
            self.answer(200, {"issuer": self.issuer, **members, **flags})
        elif path == "/jwks":
            self.answer(200, JWKS([self.key.public()]).to_dict())
        elif path == "/authorize":
            self.authorize(query)
        else:
            self.answer(404)

    def authorize(self, query: str) -> None:
        try:
            request = AuthorizationRequest.parse(query)
        except RejectedError:
            return self.answer(400, {"error": "invalid_request"})
        if (request.client_id, request.redirect_uri) != (CLIENT_ID, REDIRECT_URI):
            return self.answer(400, {"error": "invalid_request"})
        code = os.urandom(32).hex()  # here a real server shows a login page and asks for consent
        self.codes[code] = request
        back = urlencode({"code": code, "state": request.state or "", "iss": self.issuer})
        return self.answer(303, headers=(("Location", f"{REDIRECT_URI}?{back}"),))

    def do_POST(self) -> None:
        try:
            request = TokenRequest.parse(self.inbound())
        except RejectedError:
            return self.answer(400, {"error": "invalid_request"})
        asked = self.codes.pop(request.code.reveal() if request.code else "", None)  # a code works once
        proven = asked and request.code_verifier and request.code_verifier.matches(asked.code_challenge)
        if not (
            asked and proven and (request.client_id, request.redirect_uri) == (asked.client_id, asked.redirect_uri)
        ):
            return self.answer(400, {"error": "invalid_grant"})
        claims = Claims(
            iss=self.issuer, sub="jane", aud=RESOURCE, client_id=request.client_id, scope=" ".join(asked.scope)
        )
        token = Token.sign(claims, self.key, typ="at+jwt", lifetime=300)
        members = {"access_token": token.compact, "token_type": "Bearer", "expires_in": 300}
        return self.answer(200, members, headers=(("Cache-Control", "no-store"),))


# --- the API ------------------------------------------------------------------------------------------------------


class Api(Handler):
    guard: ProtectedResource
    log: list[RejectedError | None] = []  # noqa: RUF012 - what an operator would read

    def do_GET(self) -> None:
        outcome = run(self.guard.check(self.inbound(), scope=[SCOPE]), send=send)
        if not isinstance(outcome, Granted):
            self.log.append(outcome.error)
            return self.answer(outcome.response.status, headers=outcome.response.headers)
        return self.answer(200, {"hello": outcome.sub, "scopes": sorted(outcome.scopes)})


@contextmanager
def serving(handler: type[Handler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


# --- the story ----------------------------------------------------------------------------------------------------


class Story:
    def __init__(self) -> None:
        self.failed: list[str] = []
        colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.good, self.bad, self.dim, self.plain = (
            ("\033[32m", "\033[31m", "\033[2m", "\033[0m") if colours else ("",) * 4
        )

    def title(self, text: str) -> None:
        print(f"\n{text}")

    def step(self, name: str, text: str, *, ok: bool) -> None:
        mark = f"{self.good}ok{self.plain}" if ok else f"{self.bad}NO{self.plain}"
        print(f"  {mark}  {name:<16}{text}")
        if not ok:
            self.failed.append(name)

    def detail(self, name: str, text: object) -> None:
        print(f"      {self.dim}{name:<16}{text}{self.plain}")


def browse(url: str) -> str:
    """Play the browser: open the page, and give the address it was sent on to."""
    return send(HttpRequest(method="GET", url=url)).header("location") or ""


def call_api(url: str, compact: str) -> HttpResponse:
    return send(HttpRequest(method="GET", url=f"{url}/me", headers=(("Authorization", f"Bearer {compact}"),)))


def main() -> int:
    story = Story()
    with serving(AuthorizationServer) as issuer, serving(Api) as api:
        story.title("Logging in: authorization code flow with PKCE")
        server = run(discover(issuer, allow_http_loopback=True), send=send)
        story.step("discover", f"{server.issuer}, endpoints and keys found", ok=server.jwks_uri is not None)

        keys = parse_jwks_response(send(jwks_request(server)))
        verifier = TokenVerifier(keys=keys, algorithms=["ES256"], issuer=issuer, audience=RESOURCE, typ="at+jwt")
        Api.guard = ProtectedResource(resource=RESOURCE, verifier=verifier)

        client = Client(server=server, client_id=CLIENT_ID, auth=PublicClient())
        flow = AuthorizationCodeFlow(client, redirect_uri=REDIRECT_URI, scope=[SCOPE])
        redirect = flow.start()
        kept = redirect.session.to_json()
        address = browse(redirect.url)
        story.step("browser", "sent to /authorize, came back with a code", ok=address.startswith(REDIRECT_URI))

        callback = flow.callback(AuthorizationSession.from_json(kept), address)
        story.step("callback", "issuer and state are those of this login", ok=callback.session == redirect.session)
        tokens = run(flow.finish(callback), send=send)
        token = verifier.verify(tokens.access_token.reveal())
        story.step("token", f"verified: {token.header.alg}, {token.header.typ}, 5 minutes", ok=token.sub == "jane")
        for name in ("iss", "sub", "aud", "client_id", "scope", "exp"):
            story.detail(name, token.claims[name])

        story.title("Calling the API")
        answer = call_api(api, token.compact)
        story.step("with the token", f"{answer.status} {answer.body.decode()}", ok=answer.status == 200)

        story.title("Three tokens that must not pass")
        ours, theirs = AuthorizationServer.key, JWK.generate("ES256", kid=AuthorizationServer.key.kid)
        here = Claims(iss=issuer, sub="mallory", aud=RESOURCE, client_id=CLIENT_ID, scope=SCOPE)
        elsewhere = Claims(iss=issuer, sub="mallory", aud="https://other.example.com", client_id=CLIENT_ID, scope=SCOPE)
        hour_ago = time.time() - 3600
        must_not_pass = {
            "forged": (Token.sign(here, theirs, typ="at+jwt", lifetime=300), SignatureError),
            "expired": (Token.sign(here, ours, typ="at+jwt", lifetime=300, now=hour_ago), ExpiredError),
            "wrong audience": (Token.sign(elsewhere, ours, typ="at+jwt", lifetime=300), ClaimsError),
        }
        for name, (bad, expected) in must_not_pass.items():
            answer = call_api(api, bad.compact)
            error = Api.log.pop() if Api.log else None
            story.step(name, f"refused with {answer.status}", ok=answer.status == 401 and type(error) is expected)
            story.detail(type(error).__name__, error)

    if story.failed:
        print(f"\nNot as expected: {', '.join(story.failed)}")
        return 1
    print("\nEvery step went as it should.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
