"""Signed authorization requests (RFC 9101, OpenID Connect Core section 6)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from jwtkit import (
    ABSENT,
    JWK,
    Decryption,
    JwtkitError,
    SignatureAlgorithm,
    Token,
    TokenVerifier,
    UsageError,
)
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    AuthorizationRedirect,
    Client,
    ClientSecretPost,
    HttpRequest,
    HttpResponse,
    PrivateKeyJWT,
    RequestObject,
    Secret,
    ServerMetadata,
    run,
)
from jwtkit.oidc import LoginFlow

ISSUER, REDIRECT = "https://auth.example.com", "https://app.example.com/callback"
NOW = 1_800_000_000
SERVER = ServerMetadata(
    issuer=ISSUER,
    authorization_endpoint=f"{ISSUER}/authorize",
    token_endpoint=f"{ISSUER}/token",
    jwks_uri=f"{ISSUER}/jwks",
    pushed_authorization_request_endpoint=f"{ISSUER}/par",
    require_signed_request_object=True,
)
KEY = JWK.generate("ES256", kid="k1")
DESK = JWK.generate("ECDH-ES", crv="P-256", kid="desk")
KINDS = [AuthorizationCodeFlow, LoginFlow]


def client(**server: Any) -> Client:
    return Client(server=replace(SERVER, **server), client_id="app", auth=ClientSecretPost(Secret("s")))


def flow(kind: Any = AuthorizationCodeFlow, request_object: Any = ..., own: Client | None = None, **named: Any) -> Any:
    how = RequestObject(KEY) if request_object is ... else request_object
    return kind(own or client(), redirect_uri=REDIRECT, request_object=how, **named)


def verifier(key: JWK = KEY, alg: SignatureAlgorithm = "ES256", **named: Any) -> TokenVerifier:
    """What a server demands (RFC 9101 section 6, FAPI 1.0 part 2 section 5.2.2)."""
    demands: dict[str, Any] = {
        "issuer": "app",
        "audience": ISSUER,
        "typ": "oauth-authz-req+jwt",
        "required": ("nbf", "iat", "jti"),
        "max_lifetime": 3600,
    }
    return TokenVerifier(keys=key.public(), algorithms=[alg], **{**demands, **named})


def carried(redirect: AuthorizationRedirect) -> dict[str, str]:
    pairs = parse_qsl(urlsplit(redirect.url).query)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def inside(redirect: AuthorizationRedirect) -> dict[str, Any]:
    claims = verifier().verify(carried(redirect)["request"], now=NOW).claims
    return {name: claims[name] for name in claims}


# --- what is signed


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_inside(kind: Any) -> None:
    redirect = flow(kind, scope=["openid", "a"], response_mode="form_post").start(login_hint="alice", now=NOW)
    session, members = redirect.session, inside(redirect)
    assert members.pop("code_challenge")
    assert members.pop("jti")
    if kind is LoginFlow:
        assert members.pop("nonce") == session.nonce
    assert members == {
        "iss": "app",
        "aud": ISSUER,
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 300,
        "client_id": "app",
        "response_type": "code",
        "response_mode": "form_post",
        "redirect_uri": REDIRECT,
        "scope": "openid a",
        "state": session.state,
        "code_challenge_method": "S256",
        "login_hint": "alice",
    }
    assert redirect.expires_at == NOW + 300


def test_what_stands_outside() -> None:
    """RFC 9101 section 5; for a login Core section 6.1 as well, with the values that are inside."""
    assert set(carried(flow().start())) == {"client_id", "request"}
    outside = carried(flow(LoginFlow, scope=["openid", "a"]).start())
    assert {name: value for name, value in outside.items() if name != "request"} == {
        "client_id": "app",
        "response_type": "code",
        "scope": "openid a",
    }


def test_no_two_are_the_same() -> None:
    one, two = (inside(flow().start(now=NOW)) for _ in range(2))
    for name in ("jti", "state", "code_challenge"):
        assert one[name] != two[name]


def test_it_is_no_client_assertion() -> None:
    """RFC 9101 section 10.8: no sub, another typ."""
    text = carried(flow().start(now=NOW))["request"]
    assert "sub" not in verifier().verify(text, now=NOW).claims
    assert verifier().verify(text, now=NOW).header.typ == "oauth-authz-req+jwt"
    for typ in (None, "client-authentication+jwt", "at+jwt"):
        with pytest.raises(JwtkitError):
            verifier(typ=typ).verify(text, now=NOW)
    proof = dict(PrivateKeyJWT(KEY).credentials("app", SERVER, now=NOW).fields)["client_assertion"]
    with pytest.raises(JwtkitError):
        verifier().verify(proof, now=NOW)


def test_json_stays_json() -> None:
    """RFC 9101 section 4: numbers as numbers; Core section 6.1: claims as an object."""
    claims = {"id_token": {"acr": {"essential": True, "values": ["a"]}}, "userinfo": {"email": None}}
    details = [{"type": "payment", "amount": {"value": 5}}]
    resource = ["https://one.example.com", "https://two.example.com"]
    redirect = flow(resource=resource).start(max_age=60, claims=claims, authorization_details=details, now=NOW)
    members = json.loads(json.dumps(inside(redirect), default=dict))
    assert members["max_age"] == 60
    assert members["claims"] == claims
    assert members["authorization_details"] == details
    assert members["resource"] == resource
    (one,) = {inside(flow(resource=resource[:1]).start(now=NOW))["resource"]}
    assert one == resource[0]


def test_a_parameter_that_this_server_knows() -> None:
    assert inside(flow().start(extra={"audience": "x"}, now=NOW))["audience"] == "x"


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "request", "request_uri"])
def test_parameters_that_would_be_taken_for_another_thing(name: str) -> None:
    """RFC 9101 sections 4 and 10.8."""
    for begin in (flow().start, flow().start_pushed):
        with pytest.raises(UsageError, match=name):
            begin(extra={name: "app"})


@pytest.mark.parametrize("lifetime", [1, 3600, timedelta(minutes=2)], ids=str)
def test_lifetimes(lifetime: Any) -> None:
    redirect = flow(request_object=RequestObject(KEY, lifetime=lifetime)).start(now=NOW)
    whole = lifetime.total_seconds() if isinstance(lifetime, timedelta) else lifetime
    assert inside(redirect)["exp"] == NOW + whole == redirect.expires_at
    with pytest.raises(JwtkitError):
        verifier().verify(carried(redirect)["request"], now=NOW + whole)


# --- with which key


@pytest.mark.parametrize("alg", ["ES256", "PS256", "RS256", "Ed25519", "ES384"])
def test_algorithms(alg: SignatureAlgorithm, keys: dict[str, JWK]) -> None:
    key = keys[alg]
    text = carried(flow(request_object=RequestObject(key)).start(now=NOW))["request"]
    assert verifier(key, alg).verify(text, now=NOW).header.alg == alg


class Elsewhere:
    """A signer of somebody's own."""

    algorithm: SignatureAlgorithm = "ES256"
    key_id: str | None = "k1"

    def sign(self, message: bytes, /) -> bytes:
        return KEY.sign(message)


def test_a_signer() -> None:
    assert inside(flow(request_object=RequestObject(Elsewhere())).start(now=NOW))["iss"] == "app"


@pytest.mark.parametrize(
    "named",
    [
        pytest.param({"key": KEY.public()}, id="a public key"),
        pytest.param({"key": b"secret"}, id="bytes"),
        pytest.param({"key": None}, id="none"),
        pytest.param({"key": DESK}, id="a key for decrypting"),
        pytest.param({"lifetime": 0}, id="no time"),
        pytest.param({"lifetime": 3601}, id="more than an hour, FAPI 1.0 part 2 section 5.2.2"),
        pytest.param({"lifetime": "60"}, id="a text"),
        pytest.param({"recipient": "key"}, id="a recipient that is no key"),
    ],
)
def test_request_objects_that_cannot_be(named: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        RequestObject(**{"key": KEY, **named})


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_server_takes(kind: Any) -> None:
    listed = {"request_object_signing_alg_values_supported": ("PS256", "ES256")}
    assert flow(kind, own=client(extra=listed)).start()
    with pytest.raises(UsageError, match="Ed25519"):
        flow(kind, RequestObject(JWK.generate("Ed25519")), own=client(extra=listed))
    with pytest.raises(UsageError, match="RequestObject"):
        flow(kind, KEY)


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_takes_signed_requests_only(kind: Any) -> None:
    """RFC 9101 section 10.5."""
    unsigned = flow(kind, None)
    for begin in (unsigned.start, unsigned.start_pushed):
        with pytest.raises(UsageError, match="request_object="):
            begin()
    assert flow(kind, None, own=client(require_signed_request_object=False)).start()


def test_a_request_that_was_changed() -> None:
    text = carried(flow().start(now=NOW))["request"]
    head, claims, signature = text.split(".")
    other = carried(flow().start(now=NOW))["request"].split(".")[1]
    for changed in (f"{head}.{other}.{signature}", f"{head}.{claims}."):
        with pytest.raises(JwtkitError):
            verifier().verify(changed, now=NOW)


# --- encrypted


def test_an_encrypted_request() -> None:
    how = RequestObject(KEY, recipient=DESK.public(), enc="A128GCM")
    text = carried(flow(request_object=how).start(now=NOW))["request"]
    assert text.count(".") == 4
    opens = Decryption(keys=DESK, algorithms=["ECDH-ES"], encryptions=["A128GCM"])
    assert verifier(decryption=opens).verify(text, now=NOW).claims["redirect_uri"] == REDIRECT
    with pytest.raises(JwtkitError):
        verifier().verify(text, now=NOW)


def test_a_recipient_that_does_not_fit() -> None:
    nameless = JWK.parse({name: value for name, value in DESK.public().to_dict().items() if name != "alg"})
    with pytest.raises(UsageError):
        flow(request_object=RequestObject(KEY, recipient=nameless)).start()
    named = RequestObject(KEY, recipient=nameless, alg="ECDH-ES+A128KW")
    assert carried(flow(request_object=named).start())["request"].count(".") == 4


# --- pushed, RFC 9126 section 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_request_is_pushed(kind: Any) -> None:
    asked: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        body = json.dumps({"request_uri": "urn:example:1", "expires_in": 60}).encode()
        return HttpResponse(status=201, headers=(("Content-Type", "application/json"),), body=body)

    redirect = run(flow(kind, scope=["openid"]).start_pushed(now=NOW), send=send)
    assert carried(redirect) == {"client_id": "app", "request_uri": "urn:example:1"}
    fields = dict(parse_qsl(asked[0].body.decode()))
    assert set(fields) == {"client_id", "client_secret", "request"}
    claims = verifier().verify(fields["request"], now=NOW).claims
    assert claims["state"] == redirect.session.state
    assert redirect.expires_at == NOW + 60


def test_it_shows_nothing() -> None:
    redirect = flow().start(login_hint="alice@example.com")
    assert "d=" not in repr(RequestObject(KEY))
    for text in (repr(redirect), repr(redirect.session)):
        assert carried(redirect)["request"] not in text
        assert redirect.session.state not in text


def test_the_audience_is_the_issuer_alone() -> None:
    text = carried(flow().start(now=NOW))["request"]
    for changes in ({"audience": f"{ISSUER}/token"}, {"issuer": ISSUER}, {"audience": ABSENT}):
        with pytest.raises(JwtkitError):
            verifier(**changes).verify(text, now=NOW)
    assert isinstance(verifier().verify(text, now=NOW), Token)
