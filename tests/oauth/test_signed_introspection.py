"""Signed introspection (oauth.md 4.5, RFC 9701): a signature that is asked for is there, and says whom it is for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    ClaimsError,
    Decryption,
    DecryptionError,
    ExpiredError,
    JwtkitError,
    KeyNotFoundError,
    MalformedError,
    NotAllowedError,
    OAuthError,
    ProtocolError,
    RejectedError,
    SignatureError,
    UsageError,
    jwe,
    jws,
)
from jwtkit.oauth import (
    Client,
    ClientSecretBasic,
    HttpRequest,
    HttpResponse,
    Introspection,
    IntrospectionVerifier,
    JWKSCache,
    Secret,
    ServerMetadata,
    introspect,
    introspection_request,
    parse_introspection_response,
    run,
)

ISSUER = "https://auth.example.com"
NOW = 1_800_000_000
TYPE = "token-introspection+jwt"
SERVER = ServerMetadata(
    issuer=ISSUER, token_endpoint=f"{ISSUER}/t", introspection_endpoint=f"{ISSUER}/i", jwks_uri=f"{ISSUER}/jwks"
)
API = Client(server=SERVER, client_id="api", auth=ClientSecretBasic(Secret("s3cret")))
KEY, OTHER = JWK.generate("ES256", kid="k"), JWK.generate("ES256", kid="k")
DESK = JWK.generate("ECDH-ES+A256KW", crv="X25519")
DECRYPTION = Decryption(keys=DESK, algorithms=["ECDH-ES+A256KW"], encryptions=["A256GCM"])
VERIFIER = IntrospectionVerifier(issuer=ISSUER, audience="api", keys=KEY.public(), algorithms=["ES256"])
SEALED = IntrospectionVerifier(
    issuer=ISSUER, audience="api", keys=KEY.public(), algorithms=["ES256"], decryption=DECRYPTION
)
ABOUT: dict[str, Any] = {"active": True, "sub": "alice", "aud": ["x", "y"], "scope": "a b", "exp": NOW - 5, "cnf": {"a": [1]}}  # fmt: skip
CLAIMS: dict[str, Any] = {"iss": ISSUER, "aud": "api", "iat": NOW, "token_introspection": ABOUT}
MISTAKE: Any = "x"


def signed(claims: Any = CLAIMS, key: JWK = KEY, typ: str | None = TYPE) -> str:
    return jws.sign(json.dumps(claims).encode(), key, typ=typ)


def encrypted(text: str, key: JWK = DESK, **header: str) -> str:
    return jwe.encrypt(text.encode(), key.public(), enc="A256GCM", header={"cty": "JWT", **header})


def response(body: str | bytes, content: str = f"application/{TYPE}", status: int = 200) -> HttpResponse:
    octets = body.encode() if isinstance(body, str) else body
    return HttpResponse(status=status, headers=(("Content-Type", content),), body=octets)


def but(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}


# --- the request, section 4


@pytest.mark.parametrize(
    ("asked", "accept"), [(True, f"application/{TYPE}"), (False, "application/json")], ids=["signed", "plain"]
)
def test_the_request(asked: bool, accept: str) -> None:
    request = introspection_request(API, Secret("t-1"), signed=asked)
    assert [value for name, value in request.headers if name == "Accept"] == [accept]
    assert dict(request.headers)["Authorization"].startswith("Basic ")
    assert (request.method, request.body) == ("POST", b"token=t-1")


# --- the answer, section 5

SAYS = Introspection(
    active=True, sub="alice", aud=("x", "y"), scope=("a", "b"), exp=NOW - 5, extra={"cnf": {"a": (1,)}}
)
ANSWERS: dict[str, tuple[IntrospectionVerifier, HttpResponse, Introspection]] = {
    # Its exp is the token's, whose end an API looks at as ever.
    "signed": (VERIFIER, response(signed()), SAYS),
    "a type in another case": (VERIFIER, response(signed(typ="application/Token-Introspection+JWT")), SAYS),
    "a content type with a parameter": (VERIFIER, response(signed(), f"Application/{TYPE.upper()}; charset=utf-8"), SAYS),
    "for several": (VERIFIER, response(signed(but(aud=["b", "api"]))), SAYS),
    "not active": (VERIFIER, response(signed(but(token_introspection={"active": False, "sub": "x"}))), Introspection(active=False)),
    "an end that has not come": (VERIFIER, response(signed(but(exp=NOW + 5))), SAYS),
    "signed and encrypted": (SEALED, response(encrypted(signed())), SAYS),
    "by its identifier as a resource": (
        IntrospectionVerifier(issuer=ISSUER, audience="https://api.example", keys=KEY.public(), algorithms=["ES256"]),
        response(signed(but(aud="https://api.example"))),
        SAYS,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("verifier", "answer", "says"), ANSWERS.values(), ids=ANSWERS)
def test_answers(verifier: IntrospectionVerifier, answer: HttpResponse, says: Introspection) -> None:
    sent: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        sent.append(request)
        return answer

    assert parse_introspection_response(answer, verifier=verifier, now=NOW) == says
    assert run(introspect(API, Secret("t-1"), verifier=verifier, now=NOW), send=send) == says
    assert sent == [introspection_request(API, Secret("t-1"), signed=True)]


PLAIN = json.dumps(ABOUT)
REFUSED: dict[str, tuple[IntrospectionVerifier, HttpResponse, type[JwtkitError], str | None]] = {
    "plain": (VERIFIER, response(PLAIN, "application/json"), ProtocolError, "unsupported"),
    "plain, with the type of a signed one": (VERIFIER, response(PLAIN), MalformedError, None),
    "signed, as another type": (VERIFIER, response(signed(), "application/jwt"), ProtocolError, "unsupported"),
    "without a content type": (VERIFIER, HttpResponse(status=200, body=signed().encode()), ProtocolError, "unsupported"),
    "an access token": (VERIFIER, response(signed(typ="at+jwt")), NotAllowedError, None),
    "typ JWT": (VERIFIER, response(signed(typ="JWT")), NotAllowedError, None),
    "no typ": (VERIFIER, response(signed(typ=None)), NotAllowedError, None),
    "another key": (VERIFIER, response(signed(key=OTHER)), SignatureError, None),
    "another algorithm": (VERIFIER, response(signed(key=JWK.generate("Ed25519", kid="k"))), NotAllowedError, None),
    "the secret as a key": (VERIFIER, response(signed(key=JWK.generate("HS256", kid="k"))), NotAllowedError, None),
    "an unknown key": (VERIFIER, response(signed(key=JWK.generate("ES256", kid="new"))), KeyNotFoundError, None),
    "no signature": (VERIFIER, response("eyJhbGciOiJub25lIn0.e30."), NotAllowedError, None),
    "another issuer": (VERIFIER, response(signed(but(iss=f"{ISSUER}/"))), ClaimsError, None),
    "no issuer": (VERIFIER, response(signed(but(iss=None))), ClaimsError, None),
    "for another API": (VERIFIER, response(signed(but(aud="other"))), ClaimsError, None),
    "for nobody": (VERIFIER, response(signed(but(aud=None))), ClaimsError, None),
    "for the token's audience": (VERIFIER, response(signed(but(aud=["x", "y"]))), ClaimsError, None),
    "without iat": (VERIFIER, response(signed(but(iat=None))), ClaimsError, None),
    "from the future": (VERIFIER, response(signed(but(iat=NOW + 60))), ClaimsError, None),
    "past its end": (VERIFIER, response(signed(but(exp=NOW - 5))), ExpiredError, None),
    "about nothing": (VERIFIER, response(signed(but(token_introspection=None))), ProtocolError, "bad_member"),
    "about a text": (VERIFIER, response(signed(but(token_introspection=PLAIN))), ProtocolError, "bad_member"),
    "about a list": (VERIFIER, response(signed(but(token_introspection=[ABOUT]))), ProtocolError, "bad_member"),
    "the members at the top": (VERIFIER, response(signed({**CLAIMS, **ABOUT, "aud": "api", "exp": NOW + 5, "token_introspection": {}})), ProtocolError, "bad_member"),
    "active in words": (VERIFIER, response(signed(but(token_introspection={**ABOUT, "active": "true"}))), ProtocolError, "bad_member"),
    "an exp in words": (VERIFIER, response(signed(but(token_introspection={**ABOUT, "exp": "5"}))), ProtocolError, "bad_member"),
    "an aud of numbers": (VERIFIER, response(signed(but(token_introspection={**ABOUT, "aud": [5]}))), ProtocolError, "bad_member"),
    "encrypted, unasked": (VERIFIER, response(encrypted(signed())), NotAllowedError, None),
    "not encrypted": (SEALED, response(signed()), NotAllowedError, None),
    "encrypted, not signed": (SEALED, response(encrypted(PLAIN)), MalformedError, None),
    "encrypted for somebody else": (SEALED, response(encrypted(signed(), JWK.generate("ECDH-ES+A256KW", crv="X25519", kid=DESK.kid))), DecryptionError, None),
    "encrypted, plain content type": (SEALED, response(PLAIN, "application/json"), ProtocolError, "unsupported"),
    "octets": (VERIFIER, response(b"\xff.a.b"), MalformedError, None),
    "nothing": (VERIFIER, response(""), MalformedError, None),
    "a redirect": (VERIFIER, response(signed(), status=302), ProtocolError, "redirect"),
    "created": (VERIFIER, response(signed(), status=201), ProtocolError, "not_json"),
    "a page": (VERIFIER, response("<html>", "text/html"), ProtocolError, "unsupported"),
    "a failure": (VERIFIER, response("{}", "application/json", 500), ProtocolError, "unexpected_status"),
    "who are you": (VERIFIER, response('{"error":"invalid_client"}', "application/json", 401), OAuthError, None),
}  # fmt: skip


@pytest.mark.parametrize(("verifier", "answer", "error", "reason"), REFUSED.values(), ids=REFUSED)
def test_answers_that_are_refused(
    verifier: IntrospectionVerifier, answer: HttpResponse, error: type[JwtkitError], reason: str | None
) -> None:
    with pytest.raises(RejectedError) as refusal:
        run(introspect(API, Secret("t-1"), verifier=verifier, now=NOW), send=lambda _: answer)
    assert type(refusal.value) is error
    assert getattr(refusal.value, "reason", None) == reason


def test_without_a_verifier_a_signed_answer_is_none() -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_introspection_response(response(signed()))
    assert refusal.value.reason == "not_json"


# --- the keys behind a URL


class Server:
    """Answers at both endpoints, with keys that can be exchanged."""

    def __init__(self, key: JWK) -> None:
        self.key = key
        self.asked: list[str] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request.url.removeprefix(ISSUER))
        if request.url == f"{ISSUER}/jwks":
            return response(JWKS([self.key.public()]).to_json(), "application/json")
        return response(signed(key=self.key))


def test_keys_are_fetched_when_they_are_needed() -> None:
    server, cache = Server(KEY), JWKSCache.of(SERVER)
    verifier = IntrospectionVerifier(issuer=ISSUER, audience="api", keys=cache, algorithms=["ES256"])

    def asked(now: float) -> list[str]:
        server.asked.clear()
        assert run(introspect(API, Secret("t-1"), verifier=verifier, now=now), send=server) == SAYS
        return list(server.asked)

    assert asked(NOW) == ["/i", "/jwks"]
    assert asked(NOW + 1) == ["/i"]
    server.key = JWK.generate("ES256", kid="new")
    assert asked(NOW + 40) == ["/i", "/jwks"]


MISTAKES: dict[str, Callable[[], object]] = {
    "no verifier": lambda: introspect(API, Secret("t"), verifier=MISTAKE),
    "no verifier to parse with": lambda: parse_introspection_response(response(signed()), verifier=MISTAKE),
    "no response": lambda: parse_introspection_response(MISTAKE, verifier=VERIFIER),
    "no issuer": lambda: IntrospectionVerifier(issuer="", audience="api", keys=KEY.public()),
    "no audience": lambda: IntrospectionVerifier(issuer=ISSUER, audience=None, keys=KEY.public()),  # type: ignore[arg-type]  # the mistake under test
    "keys that cannot verify": lambda: IntrospectionVerifier(issuer=ISSUER, audience="api", keys=KEY.public(), algorithms=["RS256"]),
    "no algorithms": lambda: IntrospectionVerifier(issuer=ISSUER, audience="api", keys=KEY.public(), algorithms=[]),
    "no decryption": lambda: IntrospectionVerifier(issuer=ISSUER, audience="api", keys=KEY.public(), algorithms=["ES256"], decryption=MISTAKE),
    "no text": lambda: VERIFIER.verify(5),  # type: ignore[arg-type]  # the mistake under test
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes(mistake: Callable[[], object]) -> None:
    with pytest.raises(UsageError):
        mistake()


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text(), max_size=2)
CHANGES = st.dictionaries(st.sampled_from([*CLAIMS, "exp", "nbf", "sub"]), VALUES | st.dictionaries(st.sampled_from([*ABOUT]), VALUES))  # fmt: skip


@given(
    st.integers(100, 599) | st.just(200),
    st.sampled_from([f"application/{TYPE}", "application/json", ""]),
    CHANGES.map(lambda changes: signed({**CLAIMS, **changes}).encode()) | st.binary(max_size=50),
)
def test_any_answer_gives_a_value_or_a_refusal(status: int, content: str, body: bytes) -> None:
    try:
        found = parse_introspection_response(response(body, content, status), verifier=VERIFIER, now=NOW)
    except RejectedError:
        return
    assert (status, content) == (200, f"application/{TYPE}")
    assert isinstance(found.extra, Mapping)
