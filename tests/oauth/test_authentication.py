"""How a client proves who it is: what each method sends, what it refuses, and how one is chosen."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote_plus

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JWK, UNCHECKED, Claims, SignatureAlgorithm, Token, TokenDraft, TokenVerifier, UsageError
from jwtkit.oauth import (
    Client,
    ClientAssertion,
    ClientAuthentication,
    ClientCredentialsFlow,
    ClientSecretBasic,
    ClientSecretJWT,
    ClientSecretPost,
    Credentials,
    HttpRequest,
    HttpResponse,
    PrivateKeyJWT,
    PublicClient,
    Secret,
    SelfSignedTlsClientAuth,
    ServerMetadata,
    TlsClientAuth,
    choose_authentication,
    client_assertion_draft,
    run,
)

ISSUER, ALIASES = "https://auth.example.com", "https://mtls.auth.example.com"
TOKEN_ENDPOINT = f"{ISSUER}/token"
NOW = 1_800_000_000
ENDPOINTS = {
    "token_endpoint": "/token",
    "revocation_endpoint": "/revoke",
    "introspection_endpoint": "/introspect",
    "device_authorization_endpoint": "/device",
    "pushed_authorization_request_endpoint": "/par",
    "registration_endpoint": "/register",
    "userinfo_endpoint": "/userinfo",
}
SERVER = ServerMetadata(issuer=ISSUER, **{name: ISSUER + path for name, path in ENDPOINTS.items()})  # type: ignore[arg-type]  # names of fields
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECRET = "a:b/c+d %~e-with-enough-bytes-for-all-of-the-HMACs-up-to-HS512-äöü"
KEY = JWK.generate("ES256", kid="client-1")
SERVICE_KEY = JWK.generate("ES256", kid="kms-7")


def request_of(
    auth: ClientAuthentication,
    *,
    client_id: str = "app",
    server: ServerMetadata = SERVER,
    endpoint: str = "token_endpoint",
    fields: tuple[tuple[str, str], ...] = (("grant_type", "client_credentials"),),
    now: float | None = NOW,
) -> HttpRequest:
    return Client(server=server, client_id=client_id, auth=auth).request(endpoint, fields, now=now)


def form(request: HttpRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)


def authorization(request: HttpRequest) -> list[str]:
    return [value for name, value in request.headers if name == "Authorization"]


def assertion(request: HttpRequest) -> str:
    return dict(form(request))["client_assertion"]


def drafted(**named: Any) -> TokenDraft:
    arguments: dict[str, Any] = {
        "client_id": "app",
        "server": SERVER,
        "alg": "ES256",
        "kid": SERVICE_KEY.kid,
        "now": NOW,
        **named,
    }
    return client_assertion_draft(arguments.pop("client_id"), arguments.pop("server"), **arguments)


def sealed(**named: Any) -> Token:
    draft = drafted(**named)
    return draft.seal(SERVICE_KEY.sign(draft.signing_input), verify_with=SERVICE_KEY.public())


# --- what each method adds: (authentication, registered name, Authorization, form fields, certificate)

ASSERTED = [("client_id", "app"), ("client_assertion_type", TYPE), ("client_assertion", ...)]
METHODS: dict[str, tuple[ClientAuthentication, str, list[str], list[Any], bool]] = {
    "none": (PublicClient(), "none", [], [("client_id", "app")], False),
    "basic": (
        ClientSecretBasic(Secret("s3cret")),
        "client_secret_basic",
        ["Basic YXBwOnMzY3JldA=="],
        [],
        False,
    ),
    "basic, raw": (
        ClientSecretBasic(Secret("s3cret%"), quirk_raw=True),
        "client_secret_basic",
        ["Basic YXBwOnMzY3JldCU="],
        [],
        False,
    ),
    "post": (
        ClientSecretPost(Secret("s3cret")),
        "client_secret_post",
        [],
        [("client_id", "app"), ("client_secret", "s3cret")],
        False,
    ),
    "secret as key": (ClientSecretJWT(Secret(SECRET)), "client_secret_jwt", [], ASSERTED, False),
    "private key": (PrivateKeyJWT(KEY), "private_key_jwt", [], ASSERTED, False),
    "ready assertion": (ClientAssertion(sealed()), "private_key_jwt", [], ASSERTED, False),
    "certificate": (TlsClientAuth(), "tls_client_auth", [], [("client_id", "app")], True),
    "own certificate": (SelfSignedTlsClientAuth(), "self_signed_tls_client_auth", [], [("client_id", "app")], True),
}


@pytest.mark.parametrize(("auth", "method", "header", "fields", "mtls"), METHODS.values(), ids=METHODS)
def test_the_request(auth: Any, method: str, header: list[str], fields: list[Any], mtls: bool) -> None:
    request = request_of(auth)
    assert auth.method == method
    assert (request.method, request.url, request.mtls) == ("POST", TOKEN_ENDPOINT, mtls)
    assert dict(request.headers)["Content-Type"] == "application/x-www-form-urlencoded"
    assert authorization(request) == header
    sent = [(name, ... if name == "client_assertion" else value) for name, value in form(request)]
    assert sent == [("grant_type", "client_credentials"), *fields]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("name", METHODS)
def test_exactly_one_method_in_every_request(name: str, endpoint: str) -> None:
    """RFC 6749 section 2.3; a client_id beside Basic counts as two at strict servers."""
    auth = METHODS[name][0]
    request = request_of(auth, endpoint=endpoint)
    names = [name for name, _ in form(request)]
    proofs = [*authorization(request), *(name for name in names if name in ("client_secret", "client_assertion"))]
    assert len(proofs) + request.mtls == (0 if auth.method == "none" else 1)
    assert names.count("client_id") == (0 if auth.method == "client_secret_basic" else 1)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", METHODS)
def test_no_secret_where_it_does_not_belong(name: str) -> None:
    auth = METHODS[name][0]
    request = request_of(auth)
    client = Client(server=SERVER, client_id="app", auth=auth)
    secrets = [
        *authorization(request),
        *(value for name, value in form(request) if name in ("client_secret", "client_assertion")),
        SECRET,
        "s3cret",
    ]
    credentials = auth.credentials("app", SERVER, now=NOW)
    for shown in (request.url, repr(request), repr(auth), str(auth), repr(client), repr(credentials)):
        assert not [secret for secret in secrets if secret in shown]


def test_a_signer_of_ones_own_is_not_shown() -> None:
    @dataclass(frozen=True)
    class Careless:
        private: str = "hunter2"
        algorithm: SignatureAlgorithm = "ES256"
        key_id: str | None = None

        def sign(self, message: bytes, /) -> bytes:
            return bytes(64)

    assert "hunter2" not in repr(PrivateKeyJWT(Careless()))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_a_frozen_value(name: str) -> None:
    auth: Any = METHODS[name][0]
    assert replace(auth) == auth
    assert hash(replace(auth)) == hash(auth)
    assert not hasattr(auth, "__dict__")
    with pytest.raises((AttributeError, TypeError)):
        auth.method = "other"


# --- a secret in a header or in the form (RFC 6749 section 2.3.1 and appendix B): (client_id, secret, user and password)

BASIC: dict[str, tuple[str, str, str]] = {
    "plain": ("app", "s3cret", "app:s3cret"),
    "of authlib#628": ("web basic", "a:b/c+d %~e", "web+basic:a%3Ab%2Fc%2Bd+%25%7Ee"),
    "what stays": ("*-._", "Az09*-._", "*-._:Az09*-._"),
    "encoded already": ("a%20b", "%2B", "a%2520b:%252B"),
    "a colon in the identifier": ("a:b", "c", "a%3Ab:c"),
    "a URL": ("https://app.example.com/id", "x", "https%3A%2F%2Fapp.example.com%2Fid:x"),
    "not ASCII": ("käse", "€", "k%C3%A4se:%E2%82%AC"),
    "a newline": ("app", "a\r\nb", "app:a%0D%0Ab"),
    "the example of RFC 6749 appendix B": ("app", " %&+£€", "app:+%25%26%2B%C2%A3%E2%82%AC"),
}


def user_and_password(request: HttpRequest) -> str:
    (header,) = authorization(request)
    scheme, _, value = header.partition(" ")
    assert scheme == "Basic"
    return base64.b64decode(value, validate=True).decode("ascii")


@pytest.mark.parametrize(("client_id", "secret", "pair"), BASIC.values(), ids=BASIC)
def test_basic(client_id: str, secret: str, pair: str) -> None:
    request = request_of(ClientSecretBasic(Secret(secret)), client_id=client_id)
    assert user_and_password(request) == pair


@pytest.mark.parametrize(("client_id", "secret", "_pair"), BASIC.values(), ids=BASIC)
def test_post(client_id: str, secret: str, _pair: str) -> None:
    request = request_of(ClientSecretPost(Secret(secret)), client_id=client_id, fields=())
    assert form(request) == [("client_id", client_id), ("client_secret", secret)]
    assert authorization(request) == []


def test_post_on_the_wire() -> None:
    body = request_of(ClientSecretPost(Secret("a:b/c+d %~e")), client_id="web basic", fields=()).body
    assert body == b"client_id=web+basic&client_secret=a%3Ab%2Fc%2Bd+%25~e"


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp", "Zs"]), min_size=1), st.text(min_size=1))
def test_a_server_reads_what_was_meant(client_id: str, secret: str) -> None:
    """Section 4.12: it splits at the first colon, then decodes both parts."""
    try:
        basic = ClientSecretBasic(Secret(secret))
    except UsageError:
        assert any("\ud800" <= letter <= "\udfff" for letter in secret)
        return
    user, _, password = user_and_password(request_of(basic, client_id=client_id)).partition(":")
    assert (unquote_plus(user), unquote_plus(password)) == (client_id, secret)


RAW: dict[str, tuple[str, str]] = {
    "plain": ("app", "s3cret"),
    "of authlib#628": ("web basic", "a:b/c+d %~e"),
    "a URL without a port": ("app.example.com/id", "x"),
    "all that is printable": ("app", "".join(map(chr, range(0x20, 0x7F)))),
}


@pytest.mark.parametrize(("client_id", "secret"), RAW.values(), ids=RAW)
def test_raw_basic(client_id: str, secret: str) -> None:
    request = request_of(ClientSecretBasic(Secret(secret), quirk_raw=True), client_id=client_id)
    assert user_and_password(request) == f"{client_id}:{secret}"


@pytest.mark.parametrize(
    ("client_id", "secret"),
    [
        pytest.param("a:b", "s3cret", id="a colon in the identifier"),
        pytest.param("käse", "s3cret", id="an identifier that is not ASCII"),
        pytest.param("app", "s3cret€", id="a secret that is not ASCII"),
        pytest.param("app", "s3cret\r\nX: y", id="a newline in the secret"),
        pytest.param("app", "s3cret\0", id="NUL in the secret"),
        pytest.param("app", "s3cret\x7f", id="DEL in the secret"),
        pytest.param("app", "s3cret\t", id="a tab in the secret"),
    ],
)
def test_raw_basic_refuses(client_id: str, secret: str) -> None:
    with pytest.raises(UsageError, match="quirk_raw") as refusal:
        request_of(ClientSecretBasic(Secret(secret), quirk_raw=True), client_id=client_id)
    assert "s3cret" not in str(refusal.value)
    request_of(ClientSecretBasic(Secret(secret)), client_id=client_id)  # which the specification's own way can carry


# --- assertions (RFC 7523 section 3, draft-ietf-oauth-rfc7523bis)

SIGNING: dict[str, tuple[ClientAuthentication, JWK]] = {
    **{
        alg: (PrivateKeyJWT(key), key.public())
        for alg, key in {
            "ES256": KEY,
            "ES384": JWK.generate("ES384"),
            "RS256": JWK.generate("RS256"),
            "PS256": JWK.generate("PS256"),
            "EdDSA": JWK.generate("EdDSA", crv="Ed25519"),
            "Ed25519": JWK.generate("Ed25519"),
            "ML-DSA-44": JWK.generate("ML-DSA-44"),
        }.items()
    },
    "HS256": (ClientSecretJWT(Secret(SECRET)), JWK.from_secret(SECRET.encode(), alg="HS256")),
    "HS384": (ClientSecretJWT(Secret(SECRET), alg="HS384"), JWK.from_secret(SECRET.encode(), alg="HS384")),
    "HS512": (ClientSecretJWT(Secret(SECRET), alg="HS512"), JWK.from_secret(SECRET.encode(), alg="HS512")),
    "remote": (ClientAssertion(sealed()), SERVICE_KEY.public()),
}


def server_side(key: JWK, **changes: Any) -> TokenVerifier:
    """What a server checks."""
    policy: dict[str, Any] = {
        "issuer": "app",
        "audience": ISSUER,
        "typ": "client-authentication+jwt",
        "required": ("iat", "jti"),
        "expected": {"sub": "app", "aud": ISSUER},
        "max_lifetime": 60,
        **changes,
    }
    return TokenVerifier(keys=key, algorithms=[key.algorithm], **policy)


@pytest.mark.parametrize("name", SIGNING)
def test_the_assertion(name: str) -> None:
    auth, key = SIGNING[name]
    token = server_side(key).verify(assertion(request_of(auth)), now=NOW)
    claims = dict(token.claims)
    assert len(claims.pop("jti")) >= 16
    assert claims == {"iss": "app", "sub": "app", "aud": ISSUER, "iat": NOW, "exp": NOW + 60}
    expected = {"alg": key.algorithm, "typ": "client-authentication+jwt"}
    assert dict(token.header) == expected | ({"kid": key.kid} if key.kid is not None else {})


@pytest.mark.parametrize("name", [name for name in SIGNING if name not in ("remote", "Ed25519", "ML-DSA-44")])
def test_a_peer_reads_the_assertion(name: str) -> None:
    auth, key = SIGNING[name]
    text = assertion(request_of(auth, now=None))
    public: Any = SECRET.encode() if name.startswith("HS") else pyjwt.PyJWK(key.to_dict()).key
    options: Any = {"require": ["iss", "sub", "aud", "iat", "exp", "jti"]}
    claims = pyjwt.decode(text, public, algorithms=[name], audience=ISSUER, issuer="app", options=options)
    assert (claims["sub"], claims["aud"]) == ("app", ISSUER)
    assert claims["exp"] - claims["iat"] == 60


@pytest.mark.parametrize("name", ["ES256", "HS256"])
def test_every_request_has_an_assertion_of_its_own(name: str) -> None:
    auth, key = SIGNING[name]
    tokens = [server_side(key).verify(assertion(request_of(auth)), now=NOW) for _ in range(2)]
    assert tokens[0].claims.jti != tokens[1].claims.jti


@pytest.mark.parametrize("lifetime", [1, 30, 0.5, timedelta(seconds=45), timedelta(minutes=1)])
def test_the_lifetime(lifetime: Any) -> None:
    seconds = lifetime.total_seconds() if isinstance(lifetime, timedelta) else lifetime
    for auth, key in (
        (PrivateKeyJWT(KEY, lifetime=lifetime), KEY),
        (ClientSecretJWT(Secret(SECRET), lifetime=lifetime), SIGNING["HS256"][1]),
        (ClientAssertion(sealed(lifetime=lifetime)), SERVICE_KEY),
    ):
        token = server_side(key).verify(assertion(request_of(auth)), now=NOW)
        assert token.claims.exp == NOW + seconds


@pytest.mark.parametrize("lifetime", [0, -1, 60.5, 61, timedelta(minutes=2), float("nan"), float("inf"), True, "60"])
def test_no_other_lifetime(lifetime: Any) -> None:
    for make in (
        lambda: PrivateKeyJWT(KEY, lifetime=lifetime),
        lambda: ClientSecretJWT(Secret(SECRET), lifetime=lifetime),
        lambda: drafted(lifetime=lifetime),
    ):
        with pytest.raises(UsageError, match="lifetime"):
            make()


# The special typ promises that aud is the issuer, so it goes with no other audience.
QUIRKS: dict[str, tuple[Any, Any, str, str]] = {
    "none": (None, None, ISSUER, "client-authentication+jwt"),
    "audience": ("token_endpoint", None, TOKEN_ENDPOINT, "JWT"),
    "typ": (None, "JWT", ISSUER, "JWT"),
    "both": ("token_endpoint", "JWT", TOKEN_ENDPOINT, "JWT"),
}


@pytest.mark.parametrize("endpoint", ["token_endpoint", "introspection_endpoint"])
@pytest.mark.parametrize(("quirk_audience", "quirk_typ", "aud", "typ"), QUIRKS.values(), ids=QUIRKS)
def test_quirks(quirk_audience: Any, quirk_typ: Any, aud: str, typ: str, endpoint: str) -> None:
    quirks: Any = {"quirk_audience": quirk_audience, "quirk_typ": quirk_typ}
    for auth, key in (
        (PrivateKeyJWT(KEY, **quirks), KEY),
        (ClientSecretJWT(Secret(SECRET), **quirks), SIGNING["HS256"][1]),
        (ClientAssertion(sealed(**quirks), **quirks), SERVICE_KEY),
    ):
        verifier = server_side(key, audience=aud, expected={"aud": aud}, typ=None if typ == "JWT" else typ)
        token = verifier.verify(assertion(request_of(auth, endpoint=endpoint)), now=NOW)
        assert token.header.typ == typ


def test_more_header_members() -> None:
    """Some servers find the key by the certificate it was registered with."""
    for auth in (
        PrivateKeyJWT(KEY, header={"x5t#S256": "dGh1bWI"}),
        ClientAssertion(sealed(header={"x5t#S256": "dGh1bWI"})),
    ):
        assert pyjwt.get_unverified_header(assertion(request_of(auth)))["x5t#S256"] == "dGh1bWI"


# --- keys that are no JWK

PRIVATE = ec.generate_private_key(ec.SECP256R1())
PUBLIC = JWK.from_key(PRIVATE.public_key(), alg="ES256", kid="own-1")


class OwnSigner:
    """A key of another library, as a user writes it."""

    def __init__(self, algorithm: Any = "ES256", give: Callable[[bytes], Any] | None = None) -> None:
        self.algorithm: SignatureAlgorithm = algorithm
        self.key_id: str | None = "own-1"
        self._give = give or JWK.from_key(PRIVATE, alg="ES256").sign

    def sign(self, message: bytes, /) -> bytes:
        signature: bytes = self._give(message)
        return signature


def test_a_signer_of_ones_own() -> None:
    token = server_side(PUBLIC).verify(assertion(request_of(PrivateKeyJWT(OwnSigner()))), now=NOW)
    assert token.header.kid == "own-1"


def in_der(message: bytes) -> bytes:
    return PRIVATE.sign(message, ec.ECDSA(hashes.SHA256()))


def as_text(message: bytes) -> str:
    return "text"


def nothing(message: bytes) -> None:
    return None


async def awaited(message: bytes) -> bytes:
    return in_der(message)


@pytest.mark.parametrize(
    ("give", "match"),
    [
        pytest.param(in_der, "DER", id="DER"),
        pytest.param(nothing, "must give bytes", id="nothing"),
        pytest.param(as_text, "must give bytes", id="text"),
        pytest.param(awaited, "awaited", id="a coroutine"),
    ],
)
def test_a_signer_that_gives_no_signature(give: Any, match: str) -> None:
    with pytest.raises(UsageError, match=match):
        request_of(PrivateKeyJWT(OwnSigner(give=give)))


# --- a key that is awaited, or elsewhere


def test_a_remote_key() -> None:
    client = Client(server=SERVER, client_id="app", auth=PublicClient())

    async def authenticated() -> Client:
        draft = client_assertion_draft(client.client_id, client.server, alg="ES256", kid=PUBLIC.kid)
        token = draft.seal(await awaited(draft.signing_input), encoding="der", verify_with=PUBLIC)
        return replace(client, auth=ClientAssertion(token))

    def send(request: HttpRequest) -> HttpResponse:
        server_side(PUBLIC).verify(assertion(request))
        body = b'{"access_token": "at-1", "token_type": "Bearer"}'
        return HttpResponse(status=200, headers=(("Content-Type", "application/json"),), body=body)

    tokens = run(ClientCredentialsFlow(asyncio.run(authenticated())).token(), send=send)
    assert tokens.access_token == Secret("at-1")


def test_the_text_is_the_sealed_one() -> None:
    token = sealed()
    assert assertion(request_of(ClientAssertion(token))) == token.compact


def claims_of(**changes: Any) -> Token:
    """A token that is no good assertion, signed by hand."""
    typ = changes.pop("typ", "client-authentication+jwt")
    good: dict[str, Any] = {"iss": "app", "sub": "app", "aud": ISSUER, "iat": NOW, "exp": NOW + 60, "jti": "j"}
    members = {name: value for name, value in {**good, **changes}.items() if value is not ...}
    return Token.sign(Claims(**members), SERVICE_KEY, typ=typ)


def test_an_assertion_made_by_hand() -> None:
    request_of(ClientAssertion(claims_of()))


READY: dict[str, tuple[Callable[[], object], str]] = {
    # RFC 7523 section 3 items 1 to 4, and what our own rules add
    "another client's": (lambda: request_of(ClientAssertion(sealed()), client_id="other"), "iss, sub"),
    "iss of another": (lambda: request_of(ClientAssertion(claims_of(iss="other"))), "its iss:"),
    "iss absent": (lambda: request_of(ClientAssertion(claims_of(iss=...))), "its iss:"),
    "sub of another": (lambda: request_of(ClientAssertion(claims_of(sub="other"))), "its sub:"),
    "sub absent": (lambda: request_of(ClientAssertion(claims_of(sub=...))), "its sub:"),
    "another server's": (
        lambda: request_of(ClientAssertion(sealed(server=ServerMetadata(issuer="https://other.example")))),
        "its aud:",
    ),
    "aud with a slash": (lambda: request_of(ClientAssertion(claims_of(aud=ISSUER + "/"))), "its aud:"),
    "aud absent": (lambda: request_of(ClientAssertion(claims_of(aud=...))), "its aud:"),
    "aud the token endpoint": (lambda: request_of(ClientAssertion(claims_of(aud=TOKEN_ENDPOINT))), "its aud:"),
    "aud both": (lambda: request_of(ClientAssertion(claims_of(aud=[ISSUER, TOKEN_ENDPOINT]))), "its aud:"),
    "aud an array of one": (lambda: request_of(ClientAssertion(claims_of(aud=[ISSUER]))), "its aud:"),
    "jti absent": (lambda: request_of(ClientAssertion(claims_of(jti=...))), "its jti:"),
    "jti empty": (lambda: request_of(ClientAssertion(claims_of(jti=""))), "its jti:"),
    "iat absent": (lambda: request_of(ClientAssertion(claims_of(iat=...))), "its exp:"),
    "too long": (lambda: request_of(ClientAssertion(claims_of(exp=NOW + 61))), "its exp:"),
    "another typ": (lambda: request_of(ClientAssertion(claims_of(typ="JWT"))), "its typ:"),
    "an access token": (lambda: request_of(ClientAssertion(claims_of(typ="at+jwt"))), "its typ:"),
    "without typ": (lambda: request_of(ClientAssertion(claims_of(typ=None))), "its typ:"),
    "expired": (lambda: request_of(ClientAssertion(sealed()), now=NOW + 60), "expired"),
    "expired by the clock": (lambda: request_of(ClientAssertion(sealed(now=1_000_000_000)), now=None), "expired"),
    "a quirk that it was not drafted with": (
        lambda: request_of(ClientAssertion(sealed(), quirk_audience="token_endpoint")),
        "aud, typ",
    ),
    "a quirk that only the draft had": (
        lambda: request_of(ClientAssertion(sealed(quirk_typ="JWT"))),
        "its typ:",
    ),
    "a str": (lambda: ClientAssertion(sealed().compact), "sealed Token"),  # type: ignore[arg-type]  # the mistake
    "a draft": (lambda: ClientAssertion(drafted()), "sealed Token"),  # type: ignore[arg-type]  # the mistake
    "signed with a secret": (
        lambda: ClientAssertion(Token.sign(Claims(sub="app"), JWK.generate("HS256"), lifetime=60)),
        "shared secret",
    ),
    "an unknown quirk": (lambda: ClientAssertion(sealed(), quirk_typ="jwt"), "quirk_typ"),  # type: ignore[arg-type]  # the mistake
    # the draft
    "draft for HMAC": (lambda: drafted(alg="HS256"), "shared secret"),
    "draft for no algorithm": (lambda: drafted(alg="ES257"), "unknown signature algorithm"),
    "draft for none": (lambda: drafted(alg="none"), "does not exist"),
    "draft for no client": (lambda: drafted(client_id=""), "client_id"),
    "draft for a number": (lambda: drafted(client_id=5), "client_id"),
    "draft for a URL": (lambda: drafted(server=ISSUER), "ServerMetadata"),
    "draft with an unknown quirk": (lambda: drafted(quirk_audience="issuer"), "quirk_audience"),
    "draft without a token endpoint": (
        lambda: drafted(server=ServerMetadata(issuer=ISSUER), quirk_audience="token_endpoint"),
        "no token_endpoint",
    ),
}


@pytest.mark.parametrize(("make", "match"), READY.values(), ids=READY)
def test_ready_assertions_refused(make: Callable[[], object], match: str) -> None:
    with pytest.raises(UsageError, match=match) as refusal:
        make()
    assert "eyJ" not in str(refusal.value)


def test_an_assertion_that_nobody_verified_is_still_checked() -> None:
    draft = drafted()
    assert request_of(ClientAssertion(draft.seal(bytes(64), verify_with=UNCHECKED)))


# --- mistakes in building


class Nameless:
    """No method of authentication: it does not say which one."""

    def credentials(self, client_id: str, server: ServerMetadata, /, *, now: float | None = None) -> Credentials:
        return Credentials()


class Misnamed(Nameless):
    """None either."""

    method = None


SHORT = "only-31-bytes-long-secret-xxxxx"
BUILDING: dict[str, tuple[Callable[[], object], str]] = {
    "basic with a str": (lambda: ClientSecretBasic("s3cret"), "Secret"),  # type: ignore[arg-type]  # the mistake
    "post with a str": (lambda: ClientSecretPost("s3cret"), "Secret"),  # type: ignore[arg-type]  # the mistake
    "post with None": (lambda: ClientSecretPost(None), "Secret"),  # type: ignore[arg-type]  # the mistake
    "secret as key, a str": (lambda: ClientSecretJWT(SECRET), "Secret"),  # type: ignore[arg-type]  # the mistake
    "basic with a surrogate": (lambda: ClientSecretBasic(Secret("s3cret\ud800")), "surrogate"),
    "post with a surrogate": (lambda: ClientSecretPost(Secret("s3cret\udfff")), "surrogate"),
    "secret as key, a surrogate": (lambda: ClientSecretJWT(Secret(SECRET + "\ud800")), "surrogate"),
    # RFC 7518 section 3.2, OpenID Connect Core section 10.1
    "31 bytes for HS256": (
        lambda: ClientSecretJWT(Secret(SHORT)),
        "has 31 bytes in UTF-8, but HS256 needs at least 32",
    ),
    "47 bytes for HS384": (lambda: ClientSecretJWT(Secret("x" * 47), alg="HS384"), "needs at least 48"),
    "63 bytes for HS512": (lambda: ClientSecretJWT(Secret("x" * 63), alg="HS512"), "needs at least 64"),
    "a PEM key as secret": (
        lambda: ClientSecretJWT(Secret(KEY.to_pem())),
        "looks like a PEM key",
    ),
    "secret as key, asymmetric": (lambda: ClientSecretJWT(Secret(SECRET), alg="RS256"), "alg must be one of"),  # type: ignore[arg-type]  # the mistake
    "secret as key, none": (lambda: ClientSecretJWT(Secret(SECRET), alg="none"), "alg must be one of"),  # type: ignore[arg-type]  # the mistake
    "secret as key, unknown quirk": (
        lambda: ClientSecretJWT(Secret(SECRET), quirk_audience="issuer"),  # type: ignore[arg-type]  # the mistake
        "quirk_audience",
    ),
    "a shared secret as private key": (lambda: PrivateKeyJWT(JWK.generate("HS256")), "shared secret"),
    "a signer with HMAC": (lambda: PrivateKeyJWT(OwnSigner("HS256")), "shared secret"),
    "a signer with none": (lambda: PrivateKeyJWT(OwnSigner("none")), "does not exist"),
    "a signer with an unknown algorithm": (lambda: PrivateKeyJWT(OwnSigner("ES257")), "unknown signature algorithm"),
    "a public key": (lambda: PrivateKeyJWT(KEY.public()), "public key"),
    "a key for encryption": (lambda: PrivateKeyJWT(JWK.generate("ECDH-ES", crv="P-256")), "not a signing key"),
    "an RSA key that names no alg": (
        lambda: PrivateKeyJWT(JWK.from_key(JWK.generate("RS256").to_key(private=True))),
        "give it alg=",
    ),
    "a PEM text": (lambda: PrivateKeyJWT(KEY.to_pem()), "cannot sign with a str"),  # type: ignore[arg-type]  # the mistake
    "a Secret": (lambda: PrivateKeyJWT(Secret(SECRET)), "cannot sign with a Secret"),  # type: ignore[arg-type]  # the mistake
    "an unknown audience": (lambda: PrivateKeyJWT(KEY, quirk_audience=ISSUER), "quirk_audience"),  # type: ignore[arg-type]  # the mistake
    "an unknown typ": (lambda: PrivateKeyJWT(KEY, quirk_typ="jwt"), "quirk_typ"),  # type: ignore[arg-type]  # the mistake
    "a quirk that the server cannot serve": (
        lambda: PrivateKeyJWT(KEY, quirk_audience="token_endpoint").credentials("app", ServerMetadata(issuer=ISSUER)),
        "no token_endpoint",
    ),
    "alg in the header": (lambda: request_of(PrivateKeyJWT(KEY, header={"alg": "none"})), "cannot be set here"),
    "typ in the header": (lambda: request_of(PrivateKeyJWT(KEY, header={"typ": "JWT"})), "cannot be set here"),
    # the client
    "a class for a method": (
        lambda: Client(server=SERVER, client_id="app", auth=TlsClientAuth),  # type: ignore[arg-type]  # the mistake
        "auth must be",
    ),
    "a method without a name": (
        lambda: Client(server=SERVER, client_id="app", auth=Nameless()),  # type: ignore[arg-type]  # the mistake
        "a method, its registered name",
    ),
    "a method whose name is none": (
        lambda: Client(server=SERVER, client_id="app", auth=Misnamed()),  # type: ignore[arg-type]  # the mistake
        "a method, its registered name",
    ),
    "a secret in the form as well": (
        lambda: request_of(ClientSecretBasic(Secret("s3cret")), fields=(("client_secret", "s3cret"),)),
        "has one",
    ),
    "an assertion in the form as well": (
        lambda: request_of(TlsClientAuth(), fields=(("client_assertion", "x"),)),
        "has one",
    ),
    "the name of another client": (lambda: request_of(TlsClientAuth(), fields=(("client_id", "other"),)), "has one"),
}


@pytest.mark.parametrize(("make", "match"), BUILDING.values(), ids=BUILDING)
def test_mistakes(make: Callable[[], object], match: str) -> None:
    with pytest.raises(UsageError, match=match) as refusal:
        make()
    assert "s3cret" not in str(refusal.value)
    assert SHORT not in str(refusal.value)


@pytest.mark.parametrize(("alg", "size"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_that_is_just_long_enough(alg: Literal["HS256", "HS384", "HS512"], size: int) -> None:
    request_of(ClientSecretJWT(Secret("ä" * (size // 2)), alg=alg))
    with pytest.raises(UsageError) as refusal:
        ClientSecretJWT(Secret("ä" * (size // 2 - 1) + "x"), alg=alg)
    assert refusal.value.code == "short_secret"


@pytest.mark.parametrize("name", METHODS)
def test_a_request_that_names_the_client_itself(name: str) -> None:
    """A pushed authorization request does (RFC 9126 section 2.1), and no parameter may come twice."""
    fields = (("client_id", "app"), ("resource", "https://a"), ("resource", "https://b"))
    names = [name for name, _ in form(request_of(METHODS[name][0], fields=fields))]
    assert names[:3] == ["client_id", "resource", "resource"]
    assert names.count("client_id") == 1


# --- certificates (RFC 8705 section 5)

ALIASED = replace(SERVER, mtls_endpoint_aliases={name: ALIASES + path for name, path in ENDPOINTS.items()})
PARTLY = replace(SERVER, mtls_endpoint_aliases={"token_endpoint": f"{ALIASES}/token"})


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("auth", [TlsClientAuth(), SelfSignedTlsClientAuth()], ids=lambda auth: str(auth.method))
def test_aliases(auth: ClientAuthentication, endpoint: str) -> None:
    path = ENDPOINTS[endpoint]
    assert request_of(auth, server=ALIASED, endpoint=endpoint).url == ALIASES + path
    partly = request_of(auth, server=PARTLY, endpoint=endpoint)
    assert partly.url == (ALIASES if endpoint == "token_endpoint" else ISSUER) + path
    assert partly.mtls
    assert request_of(auth, endpoint=endpoint).url == ISSUER + path


def test_an_endpoint_that_is_there_for_certificates_only() -> None:
    only = replace(SERVER, token_endpoint=None, mtls_endpoint_aliases={"token_endpoint": f"{ALIASES}/token"})
    assert request_of(TlsClientAuth(), server=only, endpoint="token_endpoint").url == f"{ALIASES}/token"
    with pytest.raises(UsageError, match="no token_endpoint"):
        request_of(PublicClient(), server=only, endpoint="token_endpoint")


@pytest.mark.parametrize("name", [name for name, row in METHODS.items() if not row[-1]])
def test_no_alias_without_a_certificate(name: str) -> None:
    request = request_of(METHODS[name][0], server=ALIASED)
    assert (request.url, request.mtls) == (TOKEN_ENDPOINT, False)


def test_the_quirky_audience_is_no_alias() -> None:
    text = assertion(request_of(PrivateKeyJWT(KEY, quirk_audience="token_endpoint"), server=ALIASED))
    server_side(KEY, audience=TOKEN_ENDPOINT, expected={}, typ=None).verify(text, now=NOW)


# --- a method of ones own


class Attested:
    """What a user writes for a method that is not here."""

    @property
    def method(self) -> str:
        return "attest_jwt_client_auth"

    def credentials(self, client_id: str, server: ServerMetadata, /, *, now: float | None = None) -> Credentials:
        headers = (("OAuth-Client-Attestation", f"{client_id}@{server.issuer}"),)
        return Credentials(headers=headers, fields=(("client_id", client_id),))


class Bound:
    """Another: a private key, on a connection with a certificate that the tokens will be bound to (RFC 8705 section 3)."""

    method = "private_key_jwt"

    def credentials(self, client_id: str, server: ServerMetadata, /, *, now: float | None = None) -> Credentials:
        return replace(PrivateKeyJWT(KEY).credentials(client_id, server, now=now), mtls=True)


class Awaited:
    """A mistake: nothing here awaits."""

    method = "private_key_jwt"

    async def credentials(self, client_id: str, server: ServerMetadata, /, *, now: float | None = None) -> Credentials:
        return Credentials()


class Forgetful:
    """Another mistake."""

    method = "none"

    def credentials(self, client_id: str, server: ServerMetadata, /, *, now: float | None = None) -> None:
        return None


def test_a_method_of_ones_own() -> None:
    request = request_of(Attested())
    assert dict(request.headers)["OAuth-Client-Attestation"] == f"app@{ISSUER}"
    bound = request_of(Bound(), server=ALIASED)
    assert (bound.url, bound.mtls) == (f"{ALIASES}/token", True)
    server_side(KEY).verify(assertion(bound), now=NOW)


class Counted:
    """A proof that is good once, in a header or in the form."""

    method = "counted"

    def __init__(self, *, in_form: bool) -> None:
        self.in_form, self.made = in_form, 0

    def credentials(self, client_id: str, server: ServerMetadata, /, *, now: float | None = None) -> Credentials:
        self.made += 1
        proof = f"proof-{self.made}"
        if self.in_form:
            return Credentials(fields=(("client_id", client_id), ("Client_Proof", proof)))
        return Credentials(headers=(("Client-Proof", proof),), fields=(("client_id", client_id),))


@pytest.mark.parametrize("fields", [(), (("client_id", "app"),)], ids=["unnamed", "names the client itself"])
@pytest.mark.parametrize("in_form", [True, False], ids=["in the form", "in a header"])
def test_a_renewed_request_has_each_proof_once(in_form: bool, fields: tuple[tuple[str, str], ...]) -> None:
    client = Client(server=SERVER, client_id="app", auth=Counted(in_form=in_form))
    request = client.request("token_endpoint", (*fields, ("a", "1"), ("a", "2")))
    lower = replace(request, headers=tuple((name.lower(), value) for name, value in request.headers))
    for number, again in ((2, client.renew(request)), (3, client.renew(lower))):
        proofs = [value for name, value in (*again.headers, *form(again)) if "proof" in name.lower()]
        assert proofs == [f"proof-{number}"]
        rest = [pair for pair in form(again) if pair[0] != "Client_Proof"]
        assert sorted(rest) == [("a", "1"), ("a", "2"), ("client_id", "app")]
        assert len(again.headers) == len(request.headers)


PAIRS: dict[str, Any] = {
    "None": None,
    "a number": 5,
    "a text": "ab",
    "a mapping": {"a": "b"},
    "one part": [("a",)],
    "three parts": [("a", "b", "c")],
    "a list for a pair": [["a", "b"]],
    "a number in it": [("a", 1)],
    "nothing in it": [("a", None)],
    "empty": [("a", "")],
    "no name": [("", "b")],
    "a secret that is not revealed": [("a", Secret("s3cret"))],
    "a lone surrogate": [("a", "\ud800")],
}


@pytest.mark.parametrize("fields", PAIRS.values(), ids=PAIRS)
def test_parameters_that_are_none(fields: Any) -> None:
    with pytest.raises(UsageError) as refusal:
        request_of(ClientSecretBasic(Secret("s3cret")), fields=fields)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(("auth", "match"), [(Awaited(), "client_assertion_draft"), (Forgetful(), "NoneType")])
def test_a_method_that_gives_no_credentials(auth: Any, match: str) -> None:
    with pytest.raises(UsageError, match=match):
        request_of(auth)


# --- the choice: (what the server lists, its signing algorithms, what the client has, what comes of it)

S, K, TLS = {"secret": Secret(SECRET)}, {"key": KEY}, {"certificate": "tls_client_auth"}
OWN_TLS = {"certificate": "self_signed_tls_client_auth"}
WEAK = {"secret": Secret("s3cret")}
EVERYTHING = (
    "none",
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "self_signed_tls_client_auth",
    "tls_client_auth",
)
ALGS = ("RS256", "ES256", "HS256", "HS512")
CHOICES: dict[str, tuple[tuple[str, ...] | None, tuple[str, ...] | None, dict[str, Any], str]] = {
    # strongest first
    "all and everything": (EVERYTHING, ALGS, S | K | TLS, "tls_client_auth"),
    "own certificate": (EVERYTHING, ALGS, S | K | OWN_TLS, "self_signed_tls_client_auth"),
    "no certificate": (EVERYTHING, ALGS, S | K, "private_key_jwt"),
    "only the secret": (EVERYTHING, ALGS, S, "client_secret_jwt HS256"),
    "only the secret, HS512 listed": (EVERYTHING, ("HS512",), S, "client_secret_jwt HS512"),
    "the secret is no key": (EVERYTHING, ALGS, WEAK, "client_secret_post"),
    "the order of the list does not count": (EVERYTHING[::-1], ALGS, S | K | TLS, "tls_client_auth"),
    # the body before the header (OAuth 2.1 section 2.4.1)
    "both forms of a secret": (("client_secret_basic", "client_secret_post"), None, S, "client_secret_post"),
    "post only": (("client_secret_post",), None, S, "client_secret_post"),
    "basic only": (("client_secret_basic",), None, S, "client_secret_basic"),
    # RFC 8414 section 2: no list means client_secret_basic, no algorithms mean none
    "no list": (None, None, S, "client_secret_basic"),
    "no list, a key as well": (None, ALGS, S | K | TLS, "client_secret_basic"),
    "no algorithms, a key": (EVERYTHING, None, K, "private_key_jwt"),
    "no algorithms, a secret": (EVERYTHING, None, S, "client_secret_post"),
    # the signing algorithm counts
    "the key's algorithm is not listed": (EVERYTHING, ("RS256",), S | K, "client_secret_post"),
    "HMAC is not listed": (EVERYTHING, ("ES256",), S, "client_secret_post"),
    # the kind of certificate counts
    "the other certificate": (("tls_client_auth", "client_secret_basic"), None, S | OWN_TLS, "client_secret_basic"),
    "unknown methods beside": (("attest_jwt_client_auth", "client_secret_basic"), None, S, "client_secret_basic"),
    # what the registration says
    "registered for post": (EVERYTHING, ALGS, S | {"method": "client_secret_post"}, "client_secret_post"),
    "registered for basic": (EVERYTHING, ALGS, S | K | {"method": "client_secret_basic"}, "client_secret_basic"),
    "registered, no list": (None, None, S | {"method": "client_secret_post"}, "client_secret_post"),
    "registered as public": (EVERYTHING, ALGS, {"method": "none"}, "none"),
    "registered with a key": (None, None, K | {"method": "private_key_jwt"}, "private_key_jwt"),
    "registered with a certificate": (None, None, TLS | {"method": "tls_client_auth"}, "tls_client_auth"),
}


def choice_of(methods: tuple[str, ...] | None, algs: tuple[str, ...] | None, has: dict[str, Any]) -> Any:
    server = replace(
        SERVER,
        token_endpoint_auth_methods_supported=methods,
        token_endpoint_auth_signing_alg_values_supported=algs,
    )
    return choose_authentication(server, **has)


@pytest.mark.parametrize(("methods", "algs", "has", "expected"), CHOICES.values(), ids=CHOICES)
def test_choice(methods: Any, algs: Any, has: dict[str, Any], expected: str) -> None:
    auth = choice_of(methods, algs, has)
    assert " ".join([auth.method, *([auth.alg] if isinstance(auth, ClientSecretJWT) else [])]) == expected
    request_of(auth)


UNFIT: dict[str, tuple[tuple[str, ...] | None, tuple[str, ...] | None, dict[str, Any], str]] = {
    # a public client is never a choice: a secret that is missing in the configuration would pass in silence
    "nothing at hand": (EVERYTHING, ALGS, {}, "'client_secret_basic' .it takes secret=."),
    "nothing at hand, a public server": (("none",), None, {}, "lists 'none'"),
    "a secret, a public server": (("none",), None, S, "lists 'none'"),
    "no list, nothing at hand": (None, None, {}, "lists no methods, which means 'client_secret_basic'"),
    "no list, only a key": (None, ALGS, K, "lists no methods, which means 'client_secret_basic'"),
    "an empty list": ((), None, S, "lists nothing"),
    "a secret, the server wants keys": (("private_key_jwt",), ALGS, S, "'private_key_jwt' .it takes key=."),
    "a key, the server wants secrets": (("client_secret_post",), ALGS, K, "'client_secret_post'"),
    "the key's algorithm is not listed": (
        ("private_key_jwt",),
        ("RS256", "PS256"),
        K,
        "the key signs with ES256, the server lists 'RS256', 'PS256'",
    ),
    "no algorithm is listed": (("private_key_jwt",), (), K, "the server lists nothing"),
    "HMAC is not listed": (("client_secret_jwt",), ("ES256",), S, "it takes an HS algorithm"),
    "no algorithms": (("client_secret_jwt",), None, S, "ClientSecretJWT.secret, alg="),
    "the secret is too short": (("client_secret_jwt",), ALGS, WEAK, "has 6 bytes"),
    "the secret is too short for what is listed": (("client_secret_jwt",), ("HS512",), {"secret": Secret("x" * 63)}, "HS512"),
    "the other certificate": (("tls_client_auth",), None, OWN_TLS, "certificate='tls_client_auth'"),
    "only an unknown method": (("attest_jwt_client_auth",), ALGS, S | K | TLS, "'attest_jwt_client_auth'"),
    "a name in another case": (("CLIENT_SECRET_BASIC",), None, S, "'CLIENT_SECRET_BASIC'"),
    # what the registration says
    "registered for post, no secret": (EVERYTHING, ALGS, K | {"method": "client_secret_post"}, "it takes secret="),
    "registered with a key of another kind": (EVERYTHING, ("RS256",), K | {"method": "private_key_jwt"}, "ES256"),
    "registered with a certificate, none named": (EVERYTHING, ALGS, {"method": "tls_client_auth"}, "certificate="),
    "registered for something unknown": (EVERYTHING, ALGS, S | {"method": "attest_jwt_client_auth"}, "not known here"),
    "registered for nothing": (EVERYTHING, ALGS, S | {"method": ""}, "not known here"),
    # mistakes of the caller's, whatever the server lists
    "a secret as str": (EVERYTHING, ALGS, {"secret": "s3cret"}, "Secret"),
    "a shared secret as key": (("client_secret_basic",), None, S | {"key": JWK.generate("HS256")}, "shared secret"),
    "a public key": (("client_secret_basic",), None, S | {"key": KEY.public()}, "public key"),
    "certificate=True": (EVERYTHING, ALGS, {"certificate": True}, "as it is registered"),
}  # fmt: skip


@pytest.mark.parametrize(("methods", "algs", "has", "match"), UNFIT.values(), ids=UNFIT)
def test_no_choice(methods: Any, algs: Any, has: dict[str, Any], match: str) -> None:
    with pytest.raises(UsageError, match=match) as refusal:
        choice_of(methods, algs, has)
    assert "s3cret" not in str(refusal.value)
    assert SECRET not in str(refusal.value)


def test_the_choice_takes_server_metadata() -> None:
    with pytest.raises(UsageError, match="ServerMetadata"):
        choose_authentication(ISSUER, secret=Secret("s3cret"))  # type: ignore[arg-type]  # the mistake under test


@given(
    st.none() | st.lists(st.sampled_from(EVERYTHING) | st.text()).map(tuple),
    st.none() | st.lists(st.sampled_from(ALGS) | st.text()).map(tuple),
)
def test_any_metadata_gives_a_listed_method_or_a_usage_error(methods: Any, algs: Any) -> None:
    try:
        auth = choice_of(methods, algs, S | K | TLS)
    except UsageError as refusal:
        assert len(str(refusal)) < 10_000
    else:
        assert auth.method in (("client_secret_basic",) if methods is None else methods)


def test_every_registered_name_is_here() -> None:
    """The registered names (RFC 7591 section 2, RFC 8705 section 2, OpenID Connect Core section 9)."""
    assert {row[1] for row in METHODS.values()} == set(EVERYTHING)
