"""A scripted provider: plain functions that answer requests and browsers with real tokens, and that a test may bend."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from jwtkit import JWK, JWKS, Claims, ClaimsError, JwtkitError, OAuthError, ProtocolError, Token, UsageError, jws
from jwtkit.oauth import Client, HttpRequest, HttpResponse, InboundRequest, PublicClient, ServerMetadata, run
from jwtkit.oidc import Login, LoginFlow

ISSUER, REDIRECT = "https://op.example.com", "https://app.example.com/callback"
NOW = 1_800_000_000
CODE, ACCESS_TOKEN = "c0de-of-one-login", "at-of-one-login"
Members = dict[str, Any]
JSON = (("Content-Type", "application/json;charset=UTF-8"),)


def half_hash(text: str) -> str:
    return urlsafe_b64encode(sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


def changed(members: Members, changes: Members) -> Members:
    """Give members with changes; `...` takes one away."""
    return {name: value for name, value in {**members, **changes}.items() if value is not ...}


def compact(claims: Members, key: Any, typ: str | None = "JWT") -> str:
    """Sign; what `Claims` would not hold, or what never expires, is signed as bytes."""
    own = {name: value for name, value in claims.items() if name in Claims._fields}
    extra = {name: value for name, value in claims.items() if name not in own}
    try:
        return Token.sign(Claims(**own, extra=extra), key, typ=typ).compact
    except UsageError:
        return jws.sign(json.dumps(claims).encode(), key, typ=typ)


class Provider:
    """What it answers is what it should; `bend[where]` changes members of it, with `...` for one that is missing.

    The places are "metadata", "callback", "id_token" (both of them), "front" and "back" (one of them), "tokens" and
    "userinfo".
    """

    def __init__(self, key: JWK) -> None:
        self.key = key
        self.typ: str | None = "JWT"
        self.published = [key.public()]
        self.bend: dict[str, Members] = defaultdict(dict)
        self.seal: Callable[[str], str] = lambda text: text  # what becomes of an ID token before it is sent
        self.before_signing: Callable[[], None] = lambda: None
        self.answers: dict[str, HttpResponse] = {}  # by path, instead of what it would answer
        self.asked: list[HttpRequest] = []
        self.request: dict[str, str] = {}

    # --- who asks

    @property
    def metadata(self) -> Members:
        paths = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "end_session_endpoint", "jwks_uri")
        whole = {"issuer": ISSUER, **{name: f"{ISSUER}/{name}" for name in paths}}
        return changed({**whole, "authorization_response_iss_parameter_supported": True}, self.bend["metadata"])

    def client(self, auth: Any = None) -> Client:
        server = ServerMetadata.parse(self.metadata, issuer=ISSUER)
        return Client(server=server, client_id="app", auth=auth or PublicClient())

    def flow(self, *, auth: Any = None, scope: Any = ("openid", "email"), **named: Any) -> LoginFlow:
        return LoginFlow(self.client(auth), redirect_uri=REDIRECT, scope=scope, **named)

    def login(self, flow: LoginFlow, now: float = NOW, **wishes: Any) -> Login:
        redirect = flow.start(now=now, **wishes)
        callback = flow.callback(redirect.session, self.browser(redirect.url), now=now)
        return run(flow.finish(callback, now=now), send=self.send)

    @staticmethod
    def why(error: JwtkitError) -> str:
        """Say what an error is about, as the tables name it."""
        if isinstance(error, ClaimsError):
            return ", ".join(f"{found.claim}:{found.reason}" for found in error.mismatches)
        if isinstance(error, ProtocolError):
            return error.reason
        return error.error if isinstance(error, OAuthError) else type(error).__name__

    def paths(self) -> list[str]:
        return [urlsplit(request.url).path[1:] for request in self.asked]

    # --- what it answers

    def browser(self, url: str) -> str | InboundRequest:
        """Log the user in, and send the browser back as it was asked to."""
        self.request = dict(parse_qsl(urlsplit(url).query))
        mode = self.request.get("response_mode", "query" if self.request["response_type"] == "code" else "fragment")
        fields: Members = {"code": CODE, "state": self.request["state"], "iss": ISSUER}
        if "id_token" in self.request["response_type"]:
            own = {"c_hash": half_hash(CODE), "s_hash": half_hash(self.request["state"])}
            fields["id_token"] = self.id_token(own, "front")
        form = urlencode(changed(fields, self.bend["callback"]))
        if mode == "form_post":
            content = (("Content-Type", "application/x-www-form-urlencoded"),)
            return InboundRequest(method="POST", url=REDIRECT, headers=content, body=form.encode())
        return f"{REDIRECT}{'?' if mode == 'query' else '#'}{form}"

    def send(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        path = urlsplit(request.url).path[1:]
        if path in self.answers:
            return self.answers[path]
        if path == "jwks_uri":
            return HttpResponse(status=200, headers=JSON, body=JWKS(self.published).to_json().encode())
        if path == ".well-known/openid-configuration":
            return HttpResponse(status=200, headers=JSON, body=json.dumps(self.metadata).encode())
        if path == "userinfo_endpoint":
            return HttpResponse(status=200, headers=JSON, body=json.dumps(self.userinfo()).encode())
        if path == "token_endpoint":
            return HttpResponse(status=200, headers=JSON, body=json.dumps(self.tokens()).encode())
        return HttpResponse(status=404)

    def tokens(self) -> Members:
        members: Members = {
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "openid email",
            "refresh_token": "rt-of-one-login",
            "id_token": self.id_token({"at_hash": half_hash(ACCESS_TOKEN)}, "back"),
        }
        return changed(members, self.bend["tokens"])

    def id_token(self, own: Members, where: str) -> str:
        self.before_signing()
        claims: Members = {
            "iss": ISSUER,
            "aud": "app",
            "sub": "alice",
            "nonce": self.request.get("nonce"),
            "iat": NOW,
            "exp": NOW + 300,
            **own,
        }
        bent = changed(changed(claims, self.bend["id_token"]), self.bend[where])
        return self.seal(compact(bent, self.key, self.typ))

    def userinfo(self) -> Members:
        return changed({"sub": "alice", "email": "alice@example.com", "email_verified": "true"}, self.bend["userinfo"])


@pytest.fixture
def provider(keys: dict[str, JWK]) -> Provider:
    """A provider that signs with RS256, as providers do where nothing else was registered."""
    return Provider(keys["RS256"])
