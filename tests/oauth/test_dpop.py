"""DPoP for clients (RFC 9449): proofs as others read them, nonces, bound tokens in every flow, and calls to an API."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt as pyjwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey

from jwtkit import (
    JWK,
    Claims,
    MalformedError,
    OAuthError,
    ProtocolError,
    ProtocolReason,
    RejectedError,
    SignatureError,
    Token,
    UsageError,
    jws,
)
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    Client,
    ClientAssertion,
    ClientAuthentication,
    ClientCredentialsFlow,
    ClientSecretBasic,
    DeviceFlow,
    DeviceSession,
    DPoP,
    HttpRequest,
    HttpResponse,
    JWTBearerFlow,
    PrivateKeyJWT,
    PublicClient,
    RefreshFlow,
    Secret,
    ServerMetadata,
    Steps,
    TokenExchangeFlow,
    TokenSet,
    authorize_request,
    client_assertion_draft,
    dpop_proof_draft,
    introspect,
    parse_token_response,
    revoke,
    run,
    token_request,
    with_access_token,
)
from jwtkit.oauth.http_uri import http_origin, http_uri
from jwtkit.oidc import LoginFlow, LoginRecord, userinfo, userinfo_request

ISSUER = "https://auth.example.com"
API = "https://api.example.com/things"
NOW = 1_800_000_000.0
KEY = JWK.generate("ES256")
JSON = ("Content-Type", "application/json")
SERVER = ServerMetadata(
    issuer=ISSUER,
    token_endpoint=f"{ISSUER}/token",
    authorization_endpoint=f"{ISSUER}/authorize",
    device_authorization_endpoint=f"{ISSUER}/device",
    introspection_endpoint=f"{ISSUER}/introspect",
    jwks_uri=f"{ISSUER}/jwks",
)
BOUND: dict[str, Any] = {"access_token": "at-1", "token_type": "DPoP", "expires_in": 60, "refresh_token": "rt-1"}
TOKENS = TokenSet(access_token=Secret("at-1"), token_type="DPoP", refresh_token=Secret("rt-1"))
GET = HttpRequest(method="GET", url=API)


def client(dpop: DPoP | None = None, auth: ClientAuthentication | None = None, **members: Any) -> Client:
    server = replace(SERVER, **members)
    return Client(server=server, client_id="app", auth=auth or PublicClient(), dpop=dpop or DPoP(KEY))


def answer(members: object, status: int = 200, *headers: tuple[str, str]) -> HttpResponse:
    return HttpResponse(status=status, headers=(JSON, *headers), body=json.dumps(members).encode())


def at_as(nonce: str | None) -> HttpResponse:
    """An authorization server that wants a nonce, section 8."""
    return answer({"error": "use_dpop_nonce"}, 400, *([("DPoP-Nonce", nonce)] if nonce else []))


def at_rs(nonce: str | None, challenge: str = 'DPoP error="use_dpop_nonce"') -> HttpResponse:
    """An API that wants a nonce, section 9."""
    headers = [("WWW-Authenticate", challenge), *([("DPoP-Nonce", nonce)] if nonce else [])]
    return HttpResponse(status=401, headers=tuple(headers))


def proof_of(request: HttpRequest) -> str:
    (proof,) = (value for name, value in request.headers if name == "DPoP")
    return proof


def claims_of(request: HttpRequest, key: JWK = KEY) -> dict[str, Any]:
    """Check a proof as a server would, section 4.3."""
    verified = jws.verify(proof_of(request), key.public(), algorithms=[key.algorithm])
    assert verified.header.typ == "dpop+jwt"
    claims: dict[str, Any] = json.loads(verified.payload)
    return claims


class Peer:
    """Gives the answers that it has, one after another, and remembers what it was asked."""

    def __init__(self, *answers: HttpResponse) -> None:
        self.answers = list(answers)
        self.asked: list[HttpRequest] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        return self.answers.pop(0)

    @property
    def nonces(self) -> list[str | None]:
        return [claims_of(request).get("nonce") for request in self.asked]


# --- htu, sections 4.2 and 4.3: two URLs are the same target, or they are not

SAME = [
    ("https://a.example/x", "https://a.example/x"),
    ("HTTPS://a.example/x", "https://a.example/x"),
    ("https://A.Example/x", "https://a.example/x"),
    ("https://a.example:443/x", "https://a.example/x"),
    ("https://a.example:/x", "https://a.example/x"),
    ("https://a.example:0443/x", "https://a.example/x"),
    ("http://127.0.0.1:80/", "http://127.0.0.1/"),
    ("http://[::1]:80/x", "http://[::1]/x"),
    ("https://[2001:DB8::1]/x", "https://[2001:db8::1]/x"),
    ("https://a.example:08443/x", "https://a.example:8443/x"),
    ("https://a.example", "https://a.example/"),
    ("https://a.example?q=1", "https://a.example/"),
    ("https://a.example#f", "https://a.example/"),
    ("https://a.example/x?q=1", "https://a.example/x"),
    ("https://a.example/x?", "https://a.example/x"),
    ("https://a.example/x#f", "https://a.example/x"),
    ("https://a.example/x#f?q", "https://a.example/x"),
    ("https://a.example/x?q=https://b.example/#f", "https://a.example/x"),
    ("https://a.example/a/./b", "https://a.example/a/b"),
    ("https://a.example/a/../b", "https://a.example/b"),
    ("https://a.example/../../b", "https://a.example/b"),
    ("https://a.example/a/b/..", "https://a.example/a/"),
    ("https://a.example/a/.", "https://a.example/a/"),
    ("https://a.example/.", "https://a.example/"),
    ("https://a.example/a/%2e%2E/b", "https://a.example/b"),
    ("https://a.example/%2f", "https://a.example/%2F"),
    ("https://a.example/%7euser", "https://a.example/~user"),
    ("https://a.example/%41%2d%5f", "https://a.example/A-_"),
    ("https://a.example/caf%c3%a9", "https://a.example/caf%C3%A9"),
    ("https://a.example/%zz", "https://a.example/%zz"),
    ("https://a.example//x", "https://a.example//x"),
    ("https://a.example/a;p=1", "https://a.example/a;p=1"),
]
OTHERS = [
    ("https://a.example/x", "http://a.example/x"),
    ("https://a.example/x", "https://b.example/x"),
    ("https://a.example/x", "https://a.example:8443/x"),
    ("https://a.example:80/x", "https://a.example/x"),
    ("http://a.example:443/x", "http://a.example/x"),
    ("https://a.example/x", "https://a.example/X"),
    ("https://a.example/x", "https://a.example/x/"),
    ("https://a.example/x", "https://a.example//x"),
    ("https://a.example/a%2Fb", "https://a.example/a/b"),
    ("https://a.example/a%2E%2Fb", "https://a.example/a/b"),
    ("https://a.example/%3F", "https://a.example/"),
    ("https://a.example/%25%32%65", "https://a.example/%2e"),
    ("https://a.example/a;p=1", "https://a.example/a"),
    ("https://a.example.", "https://a.example"),
    ("https://a.example.evil.example/x", "https://a.example/x"),
    ("https://127.0.0.1/", "https://[::1]/"),
    ("https://a.example/%00", "https://a.example/"),
]
NO_TARGETS: list[object] = [
    None, 5, b"https://a.example/", "", "/x", "a.example/x", "ftp://a.example/", "https:///x", "https://", "https:a.example",
    "https://user@a.example/", "https://a.example@b.example/", "https://a.example:0/", "https://a.example:99999/", "https://a.example:x/",
    "https://a.example/\n", "https://a.example/ x", " https://a.example/", "https://a.example\\x", "https://ä.example/",
    "https://[::1/", "http://[::1].evil.example/", "http://evil.example[::1]/", "https://[v1.a]/", "javascript:alert(1)", "https://a.example/\u00e9", "?https://a.example/", "#",
]  # fmt: skip


@pytest.mark.parametrize(("url", "normal"), SAME, ids=[url for url, _ in SAME])
def test_the_same_target(url: str, normal: str) -> None:
    assert http_uri(url) == normal
    assert http_uri(normal) == normal
    origin = http_origin(url)
    assert origin is not None
    assert normal.startswith(f"{origin}/")


@pytest.mark.parametrize(("one", "other"), OTHERS, ids=[f"{one} {other}" for one, other in OTHERS])
def test_another_target(one: str, other: str) -> None:
    assert None not in (http_uri(one), http_uri(other))
    assert http_uri(one) != http_uri(other)


@pytest.mark.parametrize("url", NO_TARGETS, ids=repr)
def test_no_target(url: Any) -> None:
    assert http_uri(url) is None
    assert not isinstance(url, str) or http_origin(url) is None
    with pytest.raises(UsageError):
        DPoP(KEY).proof("GET", url)


@given(st.text() | st.text(alphabet="/.%2eE7aA#?:@[]").map("https://a.example/".__add__))
def test_any_text_has_a_stable_normal_form_or_none(text: str) -> None:
    normal = http_uri(text)
    assert normal is None or http_uri(normal) == normal


# --- proofs, section 4.2

PROVEN = {
    "path": ("GET", "https://api.example.com/a", "https://api.example.com/a"),
    "query": ("GET", "https://api.example.com/a?b=c", "https://api.example.com/a"),
    "case and port": ("POST", "https://API.example.com:443", "https://api.example.com/"),
    "method as it is": ("pAtCh", "http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
}


@pytest.mark.parametrize(("method", "url", "htu"), PROVEN.values(), ids=PROVEN)
def test_what_a_proof_says(method: str, url: str, htu: str) -> None:
    request = DPoP(KEY).prove(HttpRequest(method=method, url=url), now=NOW + 0.9)
    claims = claims_of(request)
    assert {**claims, "jti": ""} == {"jti": "", "htm": method, "htu": htu, "iat": int(NOW)}
    assert type(claims["iat"]) is int
    assert len(claims["jti"]) >= 22
    assert request.url == url
    assert "Authorization" not in dict(request.headers)


def test_a_proof_with_a_token() -> None:
    request = DPoP(KEY).prove(GET, access_token=Secret("at-1"))
    assert dict(request.headers)["Authorization"] == "DPoP at-1"
    ath = urlsafe_b64encode(hashlib.sha256(b"at-1").digest()).decode().rstrip("=")
    assert claims_of(request)["ath"] == ath
    assert "at-1" not in proof_of(request)


def test_every_proof_is_another() -> None:
    dpop = DPoP(KEY)
    assert len({json.dumps(claims_of(dpop.prove(GET, now=NOW))["jti"]) for _ in range(50)}) == 50


def test_an_old_proof_is_replaced() -> None:
    dpop = DPoP(KEY)
    old = dpop.prove(GET, now=NOW)
    fresh = dpop.prove(replace(old, headers=(("dpop", proof_of(old)),)), now=NOW)
    assert [name for name, _ in fresh.headers] == ["DPoP"]
    assert proof_of(fresh) != proof_of(old)


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "ES384", "ES512", "Ed25519"])
def test_a_peer_verifies_it(alg: Any) -> None:
    key = JWK.generate(alg)
    proof = DPoP(key).proof("GET", API, access_token=Secret("at-1"))
    header = pyjwt.get_unverified_header(proof)
    public = key.public().to_dict()
    shown = {name: public[name] for name in public if name in ("kty", "crv", "x", "y", "n", "e")}
    assert header == {"alg": alg, "typ": "dpop+jwt", "jwk": shown}
    name = "EdDSA" if alg == "Ed25519" else alg
    if alg != "Ed25519":  # PyJWT knows it by its older name only
        claims = pyjwt.decode(proof, pyjwt.PyJWK(header["jwk"], algorithm=name).key, algorithms=[name])
        assert (claims["htm"], claims["htu"]) == ("GET", API)
    if name.startswith("ES"):
        read = joserfc_jws.deserialize_compact(proof, ECKey.import_key(header["jwk"]), algorithms=[name])
        assert json.loads(read.payload)["htu"] == API


def test_nothing_private_and_no_name_is_shown() -> None:
    key = JWK.parse(
        {
            **JWK.generate("ES256", kid="named").to_dict(private=True),
            "use": "sig",
            "x": KEY.to_dict()["x"],
            **{k: KEY.to_dict(private=True)[k] for k in ("y", "d")},
        }
    )
    header = pyjwt.get_unverified_header(DPoP(key).proof("GET", API))
    assert set(header) == {"alg", "typ", "jwk"}
    assert set(header["jwk"]) == {"kty", "crv", "x", "y"}


def test_a_key_shows_itself_nowhere() -> None:
    dpop = DPoP(KEY)
    private = KEY.to_dict(private=True)["d"]
    app = client(dpop)
    for shown in (repr(dpop), str(dpop), repr(app), repr(DPoP(KEY).prove(GET, access_token=Secret("at-1")))):
        assert private not in shown
        assert "at-1" not in shown
    assert dpop.jkt == KEY.thumbprint()


class Elsewhere:
    """A signer that is no JWK."""

    def __init__(self, key: JWK = KEY, algorithm: Any = "ES256") -> None:
        self._key = key
        self.algorithm = algorithm
        self.key_id = "named"

    def sign(self, message: bytes, /) -> bytes:
        return self._key.sign(message)


def test_another_signer() -> None:
    dpop = DPoP(Elsewhere(), public_key=KEY.public())
    assert claims_of(dpop.prove(GET))["htm"] == "GET"
    assert dpop.jkt == KEY.thumbprint()


KEYS: dict[str, Callable[[], object]] = {
    "no key": lambda: DPoP(None),  # type: ignore[arg-type]  # the mistake under test
    "a public key": lambda: DPoP(KEY.public()),
    "a shared secret": lambda: DPoP(JWK.generate("HS256")),
    "a key for encryption": lambda: DPoP(JWK.generate("ECDH-ES", crv="P-256")),
    "a key that may not sign": lambda: DPoP(JWK.parse({**KEY.to_dict(private=True), "key_ops": ["verify"]})),
    "a JWK and a public key": lambda: DPoP(KEY, public_key=KEY.public()),
    "a signer without public key": lambda: DPoP(Elsewhere()),
    "a private key as public key": lambda: DPoP(Elsewhere(), public_key=KEY),
    "a public key as text": lambda: DPoP(Elsewhere(), public_key="{}"),  # type: ignore[arg-type]  # the mistake under test
    "a public key for another algorithm": lambda: DPoP(Elsewhere(), public_key=JWK.generate("ES384").public()),
    "a signer with a shared secret": lambda: DPoP(Elsewhere(algorithm="HS256"), public_key=KEY.public()),
    "a signer that names none": lambda: DPoP(Elsewhere(algorithm="none"), public_key=KEY.public()),
    "a quirk that is no bool": lambda: DPoP(KEY, quirk_no_dpop_jkt=1),  # type: ignore[arg-type]  # the mistake under test
}
CALLS: dict[str, Callable[[], object]] = {
    "no request": lambda: DPoP(KEY).prove(API),  # type: ignore[arg-type]  # the mistake under test
    "a token that is text": lambda: DPoP(KEY).prove(GET, access_token="at-1"),  # type: ignore[arg-type]  # the mistake under test
    "a token that no header carries": lambda: DPoP(KEY).prove(GET, access_token=Secret("ä")),
    "a token with a space": lambda: DPoP(KEY).prove(GET, access_token=Secret("a b")),
    "two authorizations": lambda: DPoP(KEY).prove(replace(GET, headers=(("authorization", "x"),)), access_token=Secret("a")),
    "no method": lambda: DPoP(KEY).proof("", API),
    "no response": lambda: DPoP(KEY).learn(GET, None),  # type: ignore[arg-type]  # the mistake under test
    "learning without a request": lambda: DPoP(KEY).learn(API, answer({})),  # type: ignore[arg-type]  # the mistake under test
    "asking with a token that is text": lambda: DPoP(KEY).ask(GET, access_token="at-1"),  # type: ignore[arg-type]  # the mistake under test
    "NaN as time": lambda: DPoP(KEY).proof("GET", API, now=float("nan")),
    "a client with a key": lambda: Client(server=SERVER, client_id="app", auth=PublicClient(), dpop=KEY),  # type: ignore[arg-type]  # the mistake under test
    "an algorithm that the server does not list": lambda: client(dpop_signing_alg_values_supported=("ES384", "RS256")),
    "a server that lists none": lambda: client(dpop_signing_alg_values_supported=()),
    "renewing what is no request": lambda: client().renew("x"),  # type: ignore[arg-type]  # the mistake under test
    "renewing what is no form": lambda: client().renew(replace(GET, method="POST", body=b"\xff")),
}  # fmt: skip


@pytest.mark.parametrize("mistake", [*KEYS.values(), *CALLS.values()], ids=[*KEYS, *CALLS])
def test_mistakes(mistake: Callable[[], object]) -> None:
    with pytest.raises(UsageError) as finding:
        mistake()
    assert "at-1" not in str(finding.value)


def test_an_algorithm_that_the_server_lists() -> None:
    assert client(dpop_signing_alg_values_supported=("RS256", "ES256")).dpop is not None


# --- a key that is awaited elsewhere


def test_a_proof_by_hand() -> None:
    public = KEY.public()
    draft = dpop_proof_draft(
        "GET", API, alg="ES256", public_key=public, access_token=Secret("at-1"), nonce="n-1", now=NOW
    )
    proof = draft.seal(KEY.sign(draft.signing_input))
    claims = claims_of(HttpRequest(method="GET", url=API, headers=(("DPoP", proof),)))
    assert (claims["htu"], claims["nonce"], claims["iat"]) == (API, "n-1", int(NOW))
    assert draft.digest == hashlib.sha256(draft.signing_input).digest()
    assert repr(draft) == "DPoPProofDraft(alg='ES256')"
    with pytest.raises(SignatureError):
        draft.seal(JWK.generate("ES256").sign(draft.signing_input))
    with pytest.raises(MalformedError):
        draft.seal(b"x" * 70)
    with pytest.raises(UsageError, match="nonce"):
        dpop_proof_draft("GET", API, alg="ES256", public_key=public, nonce='"')
    with pytest.raises(UsageError, match="public half"):
        dpop_proof_draft("GET", API, alg="ES256", public_key=KEY)


# --- nonces, sections 8 and 9

OK = HttpResponse(status=200)
ODD = 'dPoP  algs="ES256" , ErRoR = "use_dpop_nonce"'
# what comes, what was sent as nonces, the last status
CONVERSATIONS: dict[str, tuple[list[HttpResponse], list[str | None], int]] = {
    "none wanted": ([OK], [None], 200),
    "400 at the AS, 8": ([at_as("n-1"), OK], [None, "n-1"], 200),
    "401 at the RS, 9": ([at_rs("n-1"), OK], [None, "n-1"], 200),
    "scheme in odd case": ([at_rs("n-1", ODD), OK], [None, "n-1"], 200),
    "after another challenge": ([at_rs("n-1", f'Bearer realm="x", {ODD}'), OK], [None, "n-1"], 200),
    "two in a row": ([at_as("n-1"), at_as("n-2")], [None, "n-1"], 400),
    "the same one again": ([at_as("n-1"), at_as("n-1")], [None, "n-1"], 400),
    "no nonce comes": ([at_as(None)], [None], 400),
    "no nonce comes from an RS": ([at_rs(None)], [None], 401),
    "a nonce of garbage": ([at_as("a b")], [None], 400),
    "a nonce with a quote": ([at_as('a"b')], [None], 400),
    "a nonce with a backslash": ([at_as("a\\b")], [None], 400),
    "a nonce beyond ASCII": ([at_as("ä")], [None], 400),
    "an empty nonce": ([at_as(" ")], [None], 400),
    "a nonce without end": ([at_as("n" * 1025)], [None], 400),
    "a long nonce": ([at_as("n" * 1024), OK], [None, "n" * 1024], 200),
    "the first that is one": ([answer({"error": "use_dpop_nonce"}, 400, ("dpop-nonce", "a b"), ("DPOP-NONCE", " n-1 ")), OK], [None, "n-1"], 200),
    "a Bearer challenge": ([at_rs("n-1", 'Bearer error="use_dpop_nonce"')], [None], 401),
    "another error": ([at_rs("n-1", 'DPoP error="invalid_token"')], [None], 401),
    "an error that only holds it": ([at_rs("n-1", 'DPoP error="invalid", x="error=use_dpop_nonce"')], [None], 401),
    "a challenge that is none": ([at_rs("n-1", 'DPoP error="use_dpop_nonce')], [None], 401),
    "no challenge": ([HttpResponse(status=401, headers=(("DPoP-Nonce", "n-1"),))], [None], 401),
    "another error of an AS": ([answer({"error": "invalid_dpop_proof"}, 400, ("DPoP-Nonce", "n-1"))], [None], 400),
    "an AS that says it with 200": ([answer({"error": "use_dpop_nonce"}, 200, ("DPoP-Nonce", "n-1"))], [None], 200),
    "not as JSON": ([HttpResponse(status=400, headers=(("DPoP-Nonce", "n-1"),), body=b'{"error":"use_dpop_nonce"}')], [None], 400),
    "JSON that is none": ([HttpResponse(status=400, headers=(JSON, ("DPoP-Nonce", "n-1")), body=b'{"error":')], [None], 400),
    "JSON without end": ([HttpResponse(status=400, headers=(JSON, ("DPoP-Nonce", "n-1")), body=b" " * 1024 * 1024 + b'{"error":"use_dpop_nonce"}')], [None], 400),
}  # fmt: skip


@pytest.mark.parametrize(("answers", "nonces", "status"), CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_conversations(answers: list[HttpResponse], nonces: list[str | None], status: int) -> None:
    peer = Peer(*answers)
    response = run(DPoP(KEY).ask(GET, access_token=Secret("at-1"), now=NOW), send=peer)
    assert (peer.nonces, response.status) == (nonces, status)
    assert len({claims_of(request)["jti"] for request in peer.asked}) == len(nonces)
    assert all(dict(request.headers)["Authorization"] == "DPoP at-1" for request in peer.asked)
    assert {request.url for request in peer.asked} == {API}


LEARNED = {
    "of a 200, 8.2": [HttpResponse(status=200, headers=(("DPoP-Nonce", "n-9"),))],
    "of a 404": [HttpResponse(status=404, headers=(("DPoP-Nonce", "n-9"),))],
    "of a 503": [HttpResponse(status=503, headers=(("DPoP-Nonce", "n-9"),))],
    "of a retry that failed": [at_as("n-8"), at_as("n-9")],
    "of a retry that succeeded": [at_rs("n-8"), HttpResponse(status=200, headers=(("DPoP-Nonce", "n-9"),))],
    "and kept without a new one": [at_as("n-9"), OK],
    "and kept after garbage": [at_as("n-9"), HttpResponse(status=200, headers=(("DPoP-Nonce", "a b"),))],
}


@pytest.mark.parametrize("answers", LEARNED.values(), ids=LEARNED)
def test_what_was_learned_is_used(answers: list[HttpResponse]) -> None:
    dpop = DPoP(KEY)
    run(dpop.ask(GET), send=Peer(*answers))
    peer = Peer(OK)
    run(dpop.ask(replace(GET, url="https://API.example.com:443/else")), send=peer)
    assert peer.nonces == ["n-9"]


@pytest.mark.parametrize(
    "url",
    ["https://auth.example.com/x", "https://api.example.com:8443/things", "https://api.example.com.evil.example/", "https://example.com/", "http://127.0.0.1/"],
)  # fmt: skip
def test_another_origin_gets_no_nonce(url: str) -> None:
    dpop = DPoP(KEY)
    run(dpop.ask(GET), send=Peer(HttpResponse(status=200, headers=(("DPoP-Nonce", "n-1"),))))
    peer = Peer(OK)
    run(dpop.ask(replace(GET, url=url)), send=peer)
    assert peer.nonces == [None]


def test_another_key_has_nonces_of_its_own() -> None:
    one, other = DPoP(KEY), DPoP(KEY)
    one.learn(GET, HttpResponse(status=200, headers=(("DPoP-Nonce", "n-1"),)))
    assert claims_of(other.prove(GET)).get("nonce") is None


def test_nonces_do_not_pile_up() -> None:
    dpop = DPoP(KEY)
    for number in range(1000):
        request = HttpRequest(method="GET", url=f"https://h{number}.example/")
        dpop.learn(request, HttpResponse(status=200, headers=(("DPoP-Nonce", f"n-{number}"),)))
        assert claims_of(dpop.prove(request))["nonce"] == f"n-{number}"
    known = [
        claims_of(dpop.prove(HttpRequest(method="GET", url=f"https://h{n}.example/"))).get("nonce") for n in range(1000)
    ]
    assert 1 <= sum(nonce is not None for nonce in known) <= 256


@given(value=st.text(), status=st.sampled_from([200, 400, 401]), challenge=st.text())
def test_any_answer_is_a_value(value: str, status: int, challenge: str) -> None:
    try:
        headers = (JSON, ("DPoP-Nonce", value), ("WWW-Authenticate", challenge))
        response = HttpResponse(status=status, headers=headers, body=challenge.encode("utf-8", "replace"))
    except (UsageError, RejectedError):
        return
    dpop = DPoP(KEY)
    assert dpop.learn(GET, response) in (True, False)
    assert claims_of(dpop.prove(GET))["htm"] == "GET"


@pytest.mark.parametrize("proof", ["", "x", "a.b.c", "....", "e30.e30.", "e30.W10.x"])
def test_an_own_proof_that_is_none_is_no_excuse(proof: str) -> None:
    request = replace(GET, headers=(("DPoP", proof),))
    assert DPoP(KEY).learn(request, at_rs("n-1"))


def test_threads_share_it() -> None:
    dpop = DPoP(KEY)

    def work(number: int) -> list[int]:
        def send(request: HttpRequest) -> HttpResponse:
            return OK if "nonce" in claims_of(request) else at_rs(f"n-{number}")

        calls = [replace(GET, url=f"https://h{(number * 97 + turn * 31) % 600}.example/") for turn in range(60)]
        return [run(dpop.ask(call), send=send).status for call in calls]

    with ThreadPoolExecutor(8) as pool:
        assert {status for statuses in pool.map(work, range(8)) for status in statuses} <= {200, 401}


# --- every grant, sections 4.2, 5 and 10

REDIRECT = "https://app.example.com/cb"
DEVICE = DeviceSession(
    issuer=ISSUER,
    client_id="app",
    device_code=Secret("dc"),
    user_code="AB",
    verification_uri=f"{ISSUER}/go",
    expires_at=NOW + 600,
)
ASSERTION = Token.sign(Claims(iss="https://idp.example", sub="alice", aud=ISSUER), KEY, lifetime=60, now=NOW)


def by_code(app: Client) -> Steps[Any, TokenSet]:
    flow = AuthorizationCodeFlow(app, redirect_uri=REDIRECT)
    session = flow.start(now=NOW).session
    callback = flow.callback(session, f"{REDIRECT}?code=c0de&state={session.state}", now=NOW)
    return flow.finish(callback, now=NOW)


def by_exchange(app: Client) -> Steps[Any, TokenSet]:
    return TokenExchangeFlow(app).exchange(
        subject_token=Secret("x"), subject_token_type="urn:a:b", resource=iter(["urn:r"]), now=NOW
    )


GRANTS: dict[str, Callable[[Client], Steps[Any, TokenSet]]] = {
    "authorization code": by_code,
    "client credentials": lambda app: ClientCredentialsFlow(app).token(resource=iter(["urn:r"]), now=NOW),
    "device": lambda app: DeviceFlow(app).poll(DEVICE, now=NOW),
    "refresh": lambda app: RefreshFlow(app).refresh(TOKENS, now=NOW),
    "token exchange": by_exchange,
    "jwt bearer": lambda app: JWTBearerFlow(app).token(ASSERTION, now=NOW),
}
METHODS: dict[str, ClientAuthentication] = {
    "basic": ClientSecretBasic(Secret("s3cret")),
    "private_key_jwt": PrivateKeyJWT(KEY),
}
ISSUED = {**BOUND, "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}


def carried(steps: Steps[Any, TokenSet], peer: Callable[[HttpRequest], HttpResponse]) -> TokenSet:
    driven: Any = run
    tokens: TokenSet = driven(steps, send=peer, sleep=lambda seconds: None)
    return tokens


@pytest.mark.parametrize("auth", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("grant", GRANTS.values(), ids=GRANTS)
def test_every_grant_proves_its_key(grant: Callable[[Client], Any], auth: ClientAuthentication) -> None:
    peer = Peer(at_as("n-1"), answer({**ISSUED, "token_type": "dPoP"}, 200, ("DPoP-Nonce", "n-2")))
    app = client(auth=auth)
    tokens = carried(grant(app), peer)
    assert (tokens.token_type, tokens.access_token.reveal()) == ("dPoP", "at-1")  # token-type-case-insensitivity
    assert peer.nonces == [None, "n-1"]
    first, second = peer.asked
    assert {claims_of(request)["htu"] for request in peer.asked} == {f"{ISSUER}/token"}
    assert {claims_of(request)["htm"] for request in peer.asked} == {"POST"}
    assert all("ath" not in claims_of(request) for request in peer.asked)
    # The second is the first again, but what is good once: a client assertion, and the proof.
    once = ("client_assertion",)
    one, two = (
        [pair for pair in parse_qsl(request.body.decode()) if pair[0] not in once] for request in (first, second)
    )
    assert one == two
    assert [name for name, _ in first.headers] == [name for name, _ in second.headers]
    if auth.method == "private_key_jwt":
        sent = [dict(parse_qsl(request.body.decode()))["client_assertion"] for request in peer.asked]
        assert sent[0] != sent[1]
    again = Peer(answer(ISSUED))
    carried(grant(app), again)
    assert again.nonces == ["n-2"]


@pytest.mark.parametrize("grant", GRANTS.values(), ids=GRANTS)
@pytest.mark.parametrize("token_type", ["Bearer", "bearer", "mac"])
def test_asked_for_a_bound_token_and_got_another(grant: Callable[[Client], Any], token_type: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        carried(grant(client(auth=METHODS["basic"])), Peer(answer({**ISSUED, "token_type": token_type})))
    assert refusal.value.reason is ProtocolReason.TOKEN_TYPE


@pytest.mark.parametrize("grant", [name for name in GRANTS if name != "refresh"])
def test_a_bound_token_that_nobody_asked_for(grant: str) -> None:
    app = Client(server=SERVER, client_id="app", auth=METHODS["basic"])
    peer = Peer(answer(ISSUED))
    with pytest.raises(ProtocolError) as refusal:
        carried(GRANTS[grant](app), peer)
    assert refusal.value.reason is ProtocolReason.TOKEN_TYPE
    assert "DPoP" not in dict(peer.asked[0].headers)


@pytest.mark.parametrize("grant", GRANTS.values(), ids=GRANTS)
def test_a_server_that_is_never_content(grant: Callable[[Client], Any]) -> None:
    peer = Peer(at_as("n-1"), at_as("n-2"))
    with pytest.raises(OAuthError) as refusal:
        carried(grant(client(auth=METHODS["basic"])), peer)
    assert (refusal.value.error, len(peer.asked)) == ("use_dpop_nonce", 2)


ELSEWHERE: dict[str, tuple[Callable[[Client], Any], object]] = {
    "introspection": (lambda app: introspect(app, Secret("at-1"), now=NOW), {"active": False}),
    "revocation": (lambda app: revoke(app, Secret("at-1"), now=NOW), {}),
    "device authorization": (
        lambda app: DeviceFlow(app).start(now=NOW),
        {"device_code": "d", "user_code": "U", "verification_uri": ISSUER, "expires_in": 60},
    ),
}


@pytest.mark.parametrize(("ask_it", "members"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_nonce_comes_with_any_answer_of_the_server(ask_it: Callable[[Client], Any], members: object) -> None:
    """RFC 9449 section 8.2: also where the request had no proof, and needed none."""
    app = client(revocation_endpoint=f"{ISSUER}/revoke", auth=ClientSecretBasic(Secret("s")))
    sent: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        sent.append(request)
        return answer(members, 200, ("DPoP-Nonce", "n-7"))

    run(ask_it(app), send=send)
    assert len(sent) == 1
    assert not [name for name, _ in sent[0].headers if name == "DPoP"]
    assert claims_of(token_request(app, [("grant_type", "client_credentials")], now=NOW))["nonce"] == "n-7"


def test_each_poll_has_a_proof_of_its_own() -> None:
    pending = answer({"error": "authorization_pending"}, 400, ("DPoP-Nonce", "n-1"))
    peer = Peer(pending, pending, at_as("n-2"), answer(BOUND))
    carried(DeviceFlow(client()).poll(DEVICE, now=NOW), peer)
    assert peer.nonces == [None, "n-1", "n-1", "n-2"]
    assert len({claims_of(request)["jti"] for request in peer.asked}) == 4
    assert [claims_of(request)["iat"] - NOW for request in peer.asked] == [5, 10, 15, 15]


def test_happy_path_no_dpop_nonce() -> None:
    peer = Peer(answer(BOUND))
    tokens = carried(by_code(client()), peer)
    assert peer.nonces == [None]
    assert TokenSet.from_json(tokens.to_json()) == tokens
    assert tokens.token_type == "DPoP"


def test_other_endpoints_get_no_proof() -> None:
    for endpoint in ("introspection_endpoint", "device_authorization_endpoint"):
        assert "DPoP" not in dict(client().request(endpoint, [("token", "x")]).headers)


def test_by_hand() -> None:
    app = client()
    assert app.dpop is not None
    request = token_request(app, [("grant_type", "x")], now=NOW)
    assert app.dpop.learn(request, at_as("n-1"))
    again = app.renew(request, now=NOW)
    assert (claims_of(request).get("nonce"), claims_of(again)["nonce"]) == (None, "n-1")
    assert not app.dpop.learn(again, at_as("n-1"))
    assert parse_token_response(answer(BOUND), token_types=["dpop"]).token_type == "DPoP"
    bearer = Client(server=SERVER, client_id="app", auth=PublicClient())
    assert bearer.renew(token_request(bearer, [("grant_type", "x")])) == token_request(bearer, [("grant_type", "x")])


@pytest.mark.parametrize("counts", [True, False], ids=["counts what it refused", "counts what it took"])
def test_an_assertion_that_is_ready_goes_with_both_requests(counts: bool) -> None:
    """A nonce that is known spares the second; `ClientAssertion` says so."""
    dpop, seen, asked = DPoP(KEY), set[str](), list[HttpRequest]()

    def authenticated() -> Client:
        draft = client_assertion_draft("app", SERVER, alg="ES256", now=NOW)
        token = draft.seal(KEY.sign(draft.signing_input), verify_with=KEY.public())
        return client(dpop, ClientAssertion(token))

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        assertion = dict(parse_qsl(request.body.decode()))["client_assertion"]
        if assertion in seen:
            return answer({"error": "invalid_client"}, 401)
        if claims_of(request).get("nonce") != "n-1":
            seen.update([assertion] if counts else [])
            return at_as("n-1")
        return answer(BOUND)

    if counts:
        with pytest.raises(OAuthError) as refusal:
            run(ClientCredentialsFlow(authenticated()).token(now=NOW), send=send)
        assert refusal.value.error == "invalid_client"
    else:
        assert run(ClientCredentialsFlow(authenticated()).token(now=NOW), send=send).token_type == "DPoP"
    assert len(asked) == 2
    assert asked[0].body == asked[1].body
    assert run(ClientCredentialsFlow(authenticated()).token(now=NOW), send=send).token_type == "DPoP"
    assert len(asked) == 3


# --- refresh keeps the key, sections 5 and 4.3 of the rules


def test_bound_tokens_are_refreshed_with_their_key_only() -> None:
    bearer = Client(server=SERVER, client_id="app", auth=PublicClient())
    with pytest.raises(UsageError, match="bound to a key"):
        RefreshFlow(bearer).refresh(TOKENS)
    peer = Peer(answer({"access_token": "at-2", "token_type": "DPoP"}))
    fresh = carried(RefreshFlow(client()).refresh(TokenSet.from_json(TOKENS.to_json())), peer)
    assert (fresh.token_type, fresh.refresh_token) == ("DPoP", Secret("rt-1"))
    assert claims_of(peer.asked[0])["htm"] == "POST"


# --- dpop_jkt, section 10


@pytest.mark.parametrize("login", [False, True])
def test_the_code_is_bound_to_the_key(login: bool) -> None:
    flow: type[LoginFlow | AuthorizationCodeFlow] = LoginFlow if login else AuthorizationCodeFlow

    def asked(app: Client) -> dict[str, list[str]]:
        return parse_qs(urlsplit(flow(app, redirect_uri=REDIRECT).start().url).query)

    assert asked(client())["dpop_jkt"] == [KEY.thumbprint()]
    assert "dpop_jkt" not in asked(client(DPoP(KEY, quirk_no_dpop_jkt=True)))
    assert "dpop_jkt" not in asked(Client(server=SERVER, client_id="app", auth=PublicClient()))
    with pytest.raises(UsageError):
        flow(client(), redirect_uri=REDIRECT).start(extra={"dpop_jkt": "x"})


def test_a_pushed_request_agrees_with_its_proof() -> None:
    """Section 10.1."""
    url = f"{ISSUER}/par"
    app = client(auth=METHODS["private_key_jwt"], pushed_authorization_request_endpoint=url)
    peer = Peer(at_as("n-1"), answer({"request_uri": "urn:x", "expires_in": 60}, 201))
    redirect = run(AuthorizationCodeFlow(app, redirect_uri=REDIRECT).start_pushed(now=NOW), send=peer)
    assert "urn%3Ax" in redirect.url
    assert peer.nonces == [None, "n-1"]
    assert {claims_of(request)["htu"] for request in peer.asked} == {url}
    forms = [dict(parse_qsl(request.body.decode())) for request in peer.asked]
    assert [form["dpop_jkt"] for form in forms] == [KEY.thumbprint()] * 2
    assert forms[0]["client_assertion"] != forms[1]["client_assertion"]
    assert forms[0]["state"] == forms[1]["state"]


# --- calls to an API, section 7


def authorization(headers: Iterable[tuple[str, str]]) -> list[str]:
    return [value for name, value in headers if name == "Authorization"]


@pytest.mark.parametrize("token_type", ["DPoP", "dpop", "dPoP"])
def test_a_bound_token(token_type: str) -> None:
    tokens, dpop = replace(TOKENS, token_type=token_type), DPoP(KEY)
    peer = Peer(at_rs("n-1", ODD), OK)  # rs-dpop-auth-scheme-case-insensitivity
    assert run(authorize_request(GET, tokens, dpop=dpop, now=NOW), send=peer) is OK
    assert peer.nonces == [None, "n-1"]
    assert [authorization(request.headers) for request in peer.asked] == [["DPoP at-1"]] * 2
    assert all("ath" in claims_of(request) for request in peer.asked)


@pytest.mark.parametrize("dpop", [None, DPoP(KEY)], ids=["no key", "a key that is not needed"])
@pytest.mark.parametrize("token_type", ["Bearer", "bEaReR"])
def test_a_bearer_token(token_type: str, dpop: DPoP | None) -> None:
    peer = Peer(OK)
    run(authorize_request(GET, replace(TOKENS, token_type=token_type), dpop=dpop), send=peer)
    assert peer.asked[0].headers == (("Authorization", "Bearer at-1"),)


def test_a_bearer_token_is_not_sent_again_for_a_nonce() -> None:
    call, peer = replace(GET, method="POST", body=b"1"), Peer(at_rs("n-1"), OK)
    tokens = replace(TOKENS, token_type="Bearer")
    assert run(authorize_request(call, tokens, dpop=DPoP(KEY)), send=peer).status == 401
    assert len(peer.asked) == 1


def test_an_api_that_is_never_content() -> None:
    peer = Peer(at_rs("n-1"), at_rs("n-2"))
    assert run(authorize_request(GET, TOKENS, dpop=DPoP(KEY)), send=peer).status == 401
    assert len(peer.asked) == 2


def test_a_call_keeps_what_it_was() -> None:
    call = HttpRequest(method="PUT", url=f"{API}?a=b", headers=(("X-A", "1"),), body=b"\xff", max_bytes=7)
    sent = with_access_token(call, TOKENS, dpop=DPoP(KEY))
    assert replace(sent, headers=call.headers) == call
    assert sent.headers[0] == ("X-A", "1")


API_MISTAKES: dict[str, Callable[[], object]] = {
    "a bound token without its key": lambda: authorize_request(GET, TOKENS),
    "a type that no API takes": lambda: authorize_request(GET, replace(TOKENS, token_type="N_A"), dpop=DPoP(KEY)),
    "an authorization already": lambda: authorize_request(replace(GET, headers=(("aUthorization", "x"),)), TOKENS, dpop=DPoP(KEY)),
    "a proof already": lambda: authorize_request(replace(GET, headers=(("dpop", "x"),)), TOKENS, dpop=DPoP(KEY)),
    "a bearer token and an authorization": lambda: with_access_token(replace(GET, headers=(("authorization", "x"),)), replace(TOKENS, token_type="Bearer")),
    "no request": lambda: authorize_request(API, TOKENS, dpop=DPoP(KEY)),  # type: ignore[arg-type]  # the mistake under test
    "no tokens": lambda: authorize_request(GET, "at-1"),  # type: ignore[arg-type]  # the mistake under test
    "a key that is no DPoP": lambda: authorize_request(GET, TOKENS, dpop=KEY),  # type: ignore[arg-type]  # the mistake under test
    "a token that no header carries": lambda: with_access_token(GET, replace(TOKENS, token_type="Bearer", access_token=Secret("at-1\n"))),
    "plain http": lambda: with_access_token(replace(GET, url="http://api.example.com/"), TOKENS, dpop=DPoP(KEY)),
    "plain http to a name for loopback": lambda: with_access_token(replace(GET, url="http://localhost/"), TOKENS, dpop=DPoP(KEY)),
}  # fmt: skip


@pytest.mark.parametrize("mistake", API_MISTAKES.values(), ids=API_MISTAKES)
def test_calls_that_are_wrong(mistake: Callable[[], object]) -> None:
    with pytest.raises(UsageError) as finding:
        mistake()
    assert "at-1" not in str(finding.value)


RECORD = LoginRecord(iss=ISSUER, sub="alice", aud=("app",))


def test_userinfo() -> None:
    app = client(userinfo_endpoint=f"{ISSUER}/me")
    peer = Peer(at_rs("n-1"), answer({"sub": "alice"}))
    assert run(userinfo(app, TOKENS, id_token=RECORD, now=NOW), send=peer).sub == "alice"
    assert peer.nonces == [None, "n-1"]
    assert [authorization(request.headers) for request in peer.asked] == [["DPoP at-1"]] * 2
    with pytest.raises(OAuthError) as refusal:
        run(userinfo(app, TOKENS, id_token=RECORD), send=Peer(at_rs(None, 'DPoP error="invalid_token"')))
    assert refusal.value.error == "invalid_token"
    with pytest.raises(UsageError, match="bound to a key"):
        userinfo(replace(app, dpop=None), TOKENS, id_token=RECORD)
    with pytest.raises(UsageError, match="bound to a key"):
        userinfo_request(replace(app, dpop=None), TOKENS)


def test_loopback() -> None:
    local = replace(GET, url="http://127.0.0.1:5000/x")
    assert claims_of(with_access_token(local, TOKENS, dpop=DPoP(KEY)))["htu"] == "http://127.0.0.1:5000/x"
