"""What the other examples talk to: a small OpenID provider, and an API that takes its tokens, over HTTP on 127.0.0.1.

Run it without arguments. It starts both on free ports, shows what the provider says about itself, and stops.

It is correct in what it checks, and no more than a stage: it lets everybody in as jane, asks for no consent, and keeps
everything in memory. An application is a function from `InboundRequest` to `HttpResponse`; `serving` puts it on a port.
"""

from __future__ import annotations

import json
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import choice, token_urlsafe
from threading import Lock, Thread
from typing import Protocol, TypeVar
from urllib.parse import parse_qsl, urlencode

from jwtkit import JWK, JWKS, Claims, RejectedError, Token, TokenVerifier
from jwtkit.oauth import (
    AuthorizationRequest,
    Granted,
    HttpResponse,
    InboundRequest,
    ProtectedResource,
    Secret,
    TokenRequest,
    run,
)

RESOURCE, SCOPE = "https://api.example.com", "read:profile"
NO_STORE = ("Cache-Control", "no-store")
LARGEST_BODY = 64 * 1024


# --- an application on a port -------------------------------------------------------------------------------------


class Application(Protocol):
    def __call__(self, request: InboundRequest, /) -> HttpResponse: ...


A = TypeVar("A", bound=Application)


class Server(ThreadingHTTPServer):
    application: Application
    daemon_threads = True
    request_queue_size = 64


class Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 10

    def do_GET(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit() and int(length) <= LARGEST_BODY):
            return self.send_error(413)
        body = self.rfile.read(int(length))
        headers = tuple(self.headers.items())
        answer = self.server.application(InboundRequest(method=self.command, url=self.path, headers=headers, body=body))
        self.send_response(answer.status)
        for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # who has read enough goes away
            self.wfile.write(answer.body)
        return None

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_arguments: object) -> None:
        """Keep the output for the story."""


@contextmanager
def serving(build: Callable[[str], A]) -> Iterator[A]:
    """Build an application for the URL it will have, and answer with it until the block ends."""
    server = Server(("127.0.0.1", 0), Handler)
    application = server.application = build(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield application
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def page(status: int, text: str, form: str = "") -> HttpResponse:
    body = f"<!doctype html><title>Provider</title><p>{escape(text)}</p>{form}".encode()
    return HttpResponse(status=status, headers=(("Content-Type", "text/html; charset=utf-8"), NO_STORE), body=body)


def as_json(status: int, members: Mapping[str, object], *headers: tuple[str, str]) -> HttpResponse:
    own = (("Content-Type", "application/json"), NO_STORE)
    return HttpResponse(status=status, headers=(*own, *headers), body=json.dumps(members).encode())


# --- the provider -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A client that the provider knows; without a secret it is a public one."""

    client_id: str
    client_secret: Secret | None = None
    redirect_uris: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Grant:
    """What a code, a refresh token or a device code stands for."""

    client_id: str
    scope: tuple[str, ...]
    expires_at: float
    sub: str | None = None
    redirect_uri: str | None = None
    code_challenge: str | None = None
    nonce: str | None = None
    auth_time: float | None = None
    polled_at: float = 0.0


class Provider:
    """An OpenID provider.

    What it hands out is kept as a hash and taken out of its table when it is used: it counts once.
    """

    def __init__(self, issuer: str, *clients: Registration, lifetime: float = 300, interval: float = 1) -> None:
        self.issuer = issuer
        self.clients = {client.client_id: client for client in clients}
        self.lifetime, self.interval = lifetime, interval
        self.key = JWK.generate("ES256")
        self.user: str | None = "jane"  # whoever sits in front of the browser; None says no
        self.log: list[str] = []  # the grants that were asked for
        self._codes: dict[str, Grant] = {}
        self._refresh_tokens: dict[str, Grant] = {}
        self._devices: dict[str, Grant] = {}
        self._user_codes: dict[str, Grant] = {}
        self._lock = Lock()
        self._routes: dict[tuple[str, str], Callable[[InboundRequest], HttpResponse]] = {
            ("GET", "/.well-known/openid-configuration"): self._configuration,
            ("GET", "/jwks"): self._jwks,
            ("GET", "/authorize"): self._authorize,
            ("POST", "/token"): self._token,
            ("POST", "/device_authorization"): self._device_authorization,
            ("GET", "/device"): self._device_page,
            ("POST", "/device"): self._device_decision,
        }
        self._grants: dict[str, Callable[[TokenRequest, Mapping[str, str]], HttpResponse]] = {
            "authorization_code": self._redeem_code,
            "client_credentials": self._client_credentials,
            "refresh_token": self._refresh,
            "urn:ietf:params:oauth:grant-type:device_code": self._redeem_device_code,
        }

    def __call__(self, request: InboundRequest, /) -> HttpResponse:
        route = self._routes.get((request.method, request.url.partition("?")[0]))
        if route is None:
            return page(404, "There is nothing here.")
        with self._lock:  # one request at a time: its tables stay consistent
            return route(request)

    # What it says about itself.

    def _configuration(self, _request: InboundRequest) -> HttpResponse:
        members = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "device_authorization_endpoint": f"{self.issuer}/device_authorization",
            "jwks_uri": f"{self.issuer}/jwks",
            "scopes_supported": ["openid", SCOPE],
            "response_types_supported": ["code"],
            "grant_types_supported": list(self._grants),
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
            "authorization_response_iss_parameter_supported": True,
        }
        return as_json(200, members)

    def _jwks(self, _request: InboundRequest) -> HttpResponse:
        return as_json(200, JWKS([self.key.public()]).to_dict())

    # The browser comes.

    def _authorize(self, request: InboundRequest) -> HttpResponse:
        query = request.url.partition("?")[2]
        try:
            asked = AuthorizationRequest.parse(query)
        except RejectedError:
            return page(400, "This is no request for a code with PKCE.")
        client = self.clients.get(asked.client_id)
        if client is None or asked.redirect_uri not in client.redirect_uris:
            # The browser is sent nowhere that was not registered.
            return page(400, "The client or its redirect_uri is not known here.")
        answer = {"state": asked.state or "", "iss": self.issuer}
        if self.user is None:
            answer |= {"error": "access_denied", "error_description": "<b>jane</b> said no"}
        else:
            answer["code"] = self._keep(
                self._codes,
                Grant(
                    client_id=asked.client_id,
                    scope=asked.scope,
                    sub=self.user,
                    redirect_uri=asked.redirect_uri,
                    code_challenge=asked.code_challenge,
                    nonce=dict(parse_qsl(query)).get("nonce"),
                    auth_time=time.time(),
                    expires_at=time.time() + 60,
                ),
            )
        separator = "&" if "?" in asked.redirect_uri else "?"
        location = ("Location", f"{asked.redirect_uri}{separator}{urlencode(answer)}")
        return HttpResponse(status=303, headers=(location, NO_STORE))

    # The client comes.

    def _token(self, request: InboundRequest) -> HttpResponse:
        try:
            asked = TokenRequest.parse(request)
        except RejectedError:
            return refusal("invalid_request")
        if not self._is_authentic(asked):
            challenge = ("WWW-Authenticate", 'Basic realm="provider"')
            return as_json(401, {"error": "invalid_client"}, challenge)
        self.log.append(asked.grant_type)
        grant = self._grants.get(asked.grant_type)
        if grant is None:
            return refusal("unsupported_grant_type")
        return grant(asked, dict(parse_qsl(request.body.decode("ascii"))))

    def _is_authentic(self, asked: TokenRequest) -> bool:
        client = self.clients.get(asked.client_id)
        return client is not None and client.client_secret == asked.client_secret

    def _redeem_code(self, asked: TokenRequest, _fields: Mapping[str, str]) -> HttpResponse:
        granted = self._take(self._codes, asked.code.reveal() if asked.code else "")
        if granted is None or (granted.client_id, granted.redirect_uri) != (asked.client_id, asked.redirect_uri):
            return refusal("invalid_grant")
        if asked.code_verifier is None or not asked.code_verifier.matches(granted.code_challenge or ""):
            return refusal("invalid_grant")
        return self._tokens(granted)

    def _client_credentials(self, asked: TokenRequest, _fields: Mapping[str, str]) -> HttpResponse:
        if asked.client_secret is None:
            return refusal("unauthorized_client", "a public client has no credentials")
        return self._tokens(Grant(client_id=asked.client_id, scope=asked.scope, expires_at=0))

    def _refresh(self, asked: TokenRequest, fields: Mapping[str, str]) -> HttpResponse:
        granted = self._take(self._refresh_tokens, fields.get("refresh_token", ""))
        if granted is None or granted.client_id != asked.client_id:
            return refusal("invalid_grant")
        if not set(asked.scope) <= set(granted.scope):
            return refusal("invalid_scope")
        return self._tokens(granted)

    def _tokens(self, granted: Grant) -> HttpResponse:
        """Issue what was granted: an access token, an ID token where it was asked for, a refresh token for a user."""
        sub = granted.sub or granted.client_id
        scope = " ".join(granted.scope)
        access = Token.sign(
            Claims(iss=self.issuer, sub=sub, aud=RESOURCE, client_id=granted.client_id, scope=scope),
            self.key,
            typ="at+jwt",
            lifetime=self.lifetime,
        )
        members = {
            "access_token": access.compact,
            "token_type": "Bearer",
            "expires_in": int(self.lifetime),
            "scope": scope,
        }
        if granted.sub is not None:
            again = Grant(
                client_id=granted.client_id, scope=granted.scope, sub=granted.sub, expires_at=time.time() + 3600
            )
            members["refresh_token"] = self._keep(self._refresh_tokens, again)
        if granted.auth_time is not None and "openid" in granted.scope:
            half = sha256(access.compact.encode("ascii")).digest()[:16]
            claims = Claims(
                iss=self.issuer,
                sub=sub,
                aud=granted.client_id,
                nonce=granted.nonce,
                auth_time=granted.auth_time,
                extra={"at_hash": urlsafe_b64encode(half).rstrip(b"=").decode("ascii")},
            )
            members["id_token"] = Token.sign(claims, self.key, lifetime=300).compact
        return as_json(200, members)

    # A device comes, and its user with a browser.

    def _device_authorization(self, request: InboundRequest) -> HttpResponse:
        fields = dict(parse_qsl(request.body.decode("ascii", "replace")))
        client = self.clients.get(fields.get("client_id", ""))
        if client is None or client.client_secret is not None:
            return refusal("invalid_client", "only public clients begin here")
        scope = tuple(fields.get("scope", "").split())
        granted = Grant(client_id=client.client_id, scope=scope, expires_at=time.time() + 300)
        user_code = "".join(choice("BCDFGHJKLMNPQRSTVWXZ") for _ in range(8))
        user_code = f"{user_code[:4]}-{user_code[4:]}"
        self._user_codes[user_code] = granted
        where = f"{self.issuer}/device"
        members = {
            "device_code": self._keep(self._devices, granted),
            "user_code": user_code,
            "verification_uri": where,
            "verification_uri_complete": f"{where}?{urlencode({'user_code': user_code})}",
            "expires_in": 300,
            "interval": self.interval,
        }
        return as_json(200, members)

    def _device_page(self, request: InboundRequest) -> HttpResponse:
        user_code = dict(parse_qsl(request.url.partition("?")[2])).get("user_code", "")
        field = f'<input name="user_code" value="{escape(user_code)}">'
        return page(200, "Does your device show this code?", f'<form method="post">{field}<button>Yes</button></form>')

    def _device_decision(self, request: InboundRequest) -> HttpResponse:
        user_code = dict(parse_qsl(request.body.decode("ascii", "replace"))).get("user_code", "")
        granted = self._user_codes.pop(user_code, None)
        if granted is None or granted.expires_at < time.time():
            return page(400, "This code is not known here, or too old.")
        if self.user is None:
            granted.expires_at = 0
            return page(200, "Your device stays outside.")
        granted.sub, granted.auth_time = self.user, time.time()
        return page(200, "Your device may go on.")

    def _redeem_device_code(self, asked: TokenRequest, fields: Mapping[str, str]) -> HttpResponse:
        granted = self._devices.get(hashed(fields.get("device_code", "")))
        if granted is None or granted.client_id != asked.client_id:
            return refusal("invalid_grant")
        if granted.expires_at < time.time():
            return refusal("expired_token" if granted.expires_at else "access_denied")
        if granted.sub is None:
            soon, granted.polled_at = time.time() - granted.polled_at < self.interval, time.time()
            return refusal("slow_down" if soon else "authorization_pending")
        del self._devices[hashed(fields["device_code"])]
        return self._tokens(granted)

    # What it hands out.

    def _keep(self, table: dict[str, Grant], granted: Grant) -> str:
        handle = token_urlsafe(32)
        table[hashed(handle)] = granted
        return handle

    def _take(self, table: dict[str, Grant], handle: str) -> Grant | None:
        granted = table.pop(hashed(handle), None)
        return None if granted is None or granted.expires_at < time.time() else granted


def hashed(handle: str) -> str:
    return sha256(handle.encode("utf-8", "replace")).hexdigest()


def refusal(error: str, description: str | None = None) -> HttpResponse:
    return as_json(400, {"error": error, **({} if description is None else {"error_description": description})})


# --- the API ------------------------------------------------------------------------------------------------------


class Api:
    """An API that takes the provider's tokens; `revoked` holds the texts of those it does not take any more."""

    def __init__(self, url: str, provider: Provider) -> None:
        self.url, self.calls = url, 0
        self.revoked: set[str] = set()
        keys = JWKS([provider.key.public()])
        verifier = TokenVerifier(
            keys=keys, algorithms=["ES256"], issuer=provider.issuer, audience=RESOURCE, typ="at+jwt"
        )
        self._guard = ProtectedResource(resource=RESOURCE, verifier=verifier)

    def __call__(self, request: InboundRequest, /) -> HttpResponse:
        self.calls += 1
        outcome = run(self._guard.check(request, scope=[SCOPE]), send=nobody)
        if not isinstance(outcome, Granted):
            return outcome.response
        if outcome.token.compact in self.revoked:
            return HttpResponse(status=401, headers=(("WWW-Authenticate", 'Bearer error="invalid_token"'),))
        return as_json(200, {"hello": outcome.sub})


def nobody(_request: object) -> HttpResponse:
    raise AssertionError("the keys are here: there is nothing to ask")


# --- the story ----------------------------------------------------------------------------------------------------


def main() -> int:
    with serving(Provider) as provider, serving(lambda url: Api(url, provider)) as api:
        configuration = provider(InboundRequest(method="GET", url="/.well-known/openid-configuration"))
        print(f"provider  {provider.issuer}")
        for name, value in json.loads(configuration.body).items():
            print(f"          {name}: {value}")
        refused = api(InboundRequest(method="GET", url="/me"))
        print(f"api       {api.url} answers {refused.status} without a token")
        print("stopped   both")
    return 0 if (configuration.status, refused.status) == (200, 401) else 1


if __name__ == "__main__":
    sys.exit(main())
