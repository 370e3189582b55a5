"""What users write, and the types they get: checked by mypy --strict and by pyright in strict mode, never run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, assert_type

from jwtkit import (
    ABSENT,
    JWK,
    JWKS,
    UNCHECKED,
    Claims,
    ClaimsError,
    DecryptedJWE,
    Decryption,
    Finding,
    Header,
    KeyNotFoundError,
    KeyRing,
    RejectedError,
    RingKey,
    SignatureAlgorithm,
    Signer,
    TenantIssuer,
    Token,
    TokenDraft,
    TokenVerifier,
    UnverifiedToken,
    claim,
    jwe,
    jws,
    parse_algorithms,
    report,
)
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    AuthorizationRedirect,
    Client,
    ClientAssertion,
    ClientCredentialsFlow,
    ClientSecretBasic,
    Consume,
    DeviceFlow,
    DeviceSession,
    Granted,
    HttpRequest,
    HttpResponse,
    InboundRequest,
    Introspection,
    JWKSCache,
    PrivateKeyJWT,
    ProtectedResource,
    PublicClient,
    RefreshFlow,
    Refused,
    Secret,
    ServerMetadata,
    Steps,
    TokenSet,
    Wait,
    arun,
    client_assertion_draft,
    discover,
    introspect,
    revoke,
    run,
)
from jwtkit.oauth.steps import ask, wait
from jwtkit.oidc import IdToken, IdTokenVerifier, Login, LoginFlow, UserInfo, userinfo


class Session(Claims):
    sub: str = claim()
    role: Literal["admin", "user"]
    tenant: int | None = None
    groups: tuple[str, ...] = claim("https://example.com/groups", default=())


def verify(key: JWK, keys: JWKS, text: str) -> None:
    plain = TokenVerifier(keys=keys, algorithms=["RS256"], issuer="i", audience="a", typ="at+jwt")
    assert_type(plain, TokenVerifier[Claims])
    assert_type(plain.verify(text), Token[Claims])
    assert_type(plain.verify(text).sub, str)
    assert_type(plain.verify(text).claims.exp, float | None)
    assert_type(plain.verify(text).claims.aud, Sequence[str])
    assert_type(plain.verify(text).header.kid, str | None)

    own = TokenVerifier(keys=[key], algorithms=("ES256", "Ed25519"), issuer=["i"], audience=ABSENT, claims=Session)
    assert_type(own, TokenVerifier[Session])
    assert_type(own.verify(text).claims.role, Literal["admin", "user"])
    assert_type(own.verify(text).claims.tenant, int | None)
    assert_type(own.verify(text).claims.sub, str)
    assert_type(own.verify(text).claims.groups, tuple[str, ...])

    TokenVerifier(keys=key, algorithms={"HS256"}, issuer=UNCHECKED, audience=UNCHECKED, leeway=timedelta(seconds=5))
    TokenVerifier(keys=key, algorithms=parse_algorithms(["HS256"]), issuer={"i"}, audience={"a"}, max_age=5)
    either: Token[Claims] = own.verify(text)
    assert_type(either.claims.iss, str | None)

    several = TokenVerifier(keys={"i": keys, "j": [key]}, algorithms=["ES256"], audience="a", claims=Session)
    assert_type(several, TokenVerifier[Session])
    tenants = TenantIssuer("https://login.example.com/{tenantid}/v2.0", tenants={"a", "b"})
    TokenVerifier(keys=keys, algorithms=["RS256"], issuer=tenants, audience="a", subject=["s"])
    nested = Decryption(keys=[key], algorithms=["ECDH-ES"], encryptions=["A256GCM"])
    hidden = TokenVerifier(keys=keys, algorithms=["ES256"], issuer="i", audience="a", decryption=nested)
    assert_type(hidden.verify(text).encrypt(key, enc="A256GCM"), str)


def explain(token: Token[Session], text: str) -> None:
    found = report(text)
    assert_type(found.kind, Literal["JWS", "JWE", "opaque", "broken"])
    assert_type(report(token, now=5).findings, tuple[Finding, ...])


def rotate(key: JWK, verifier: TokenVerifier) -> None:
    ring = KeyRing([RingKey(key, not_before=0, retire_at=5.5)])
    assert_type(ring.signing_key(now=1), JWK)
    assert_type(ring.jwks().to_json(), str)
    TokenVerifier(keys=ring, algorithms=["ES256"], issuer="i", audience="a")


def sign_elsewhere(key: JWK, signature: bytes) -> None:
    draft = Token.draft(Session(sub="s", role="user"), alg="ES256", kid="k", typ="at+jwt", lifetime=60)
    assert_type(draft, TokenDraft[Session])
    assert_type(draft.digest, bytes)
    assert_type((draft.claims.sub, draft.header.kid, draft.signing_input), tuple[str, str | None, bytes])
    assert_type((key.kty, key.crv, key.kid, key.is_private), tuple[str, str | None, str | None, bool])
    assert_type((key.alg, key.use, key.key_ops), tuple[str | None, str | None, tuple[str, ...] | None])
    assert_type(draft.seal(signature, encoding="der", verify_with=key), Token[Session])
    assert_type(draft.seal(signature, verify_with=UNCHECKED).claims.role, Literal["admin", "user"])


def sign(key: JWK) -> None:
    claims = Claims(iss="i", sub="s", aud="a", exp=5, extra={"email": "e"})
    assert_type(Token.sign(claims, key, lifetime=5), Token[Claims])
    session = Session(sub="s", role="admin", aud=["a", "b"], groups=("g",))
    assert_type(Token.sign(session, key, lifetime=timedelta(hours=1)), Token[Session])
    assert_type(jws.sign(b"x", key), str)
    assert_type(jws.verify("x", key, algorithms=["ES256"]).payload, bytes)


def bytes_of_any_kind(key: JWK, keys: list[JWK], text: str) -> None:
    general = jws.sign(b"x", [key, jws.Cosigner(key, typ="JOSE", header={"cty": "x"})], serialization="general")
    assert_type(general, str)
    verified = jws.verify_json(
        general,
        keys,
        algorithms=["ES256", "ML-DSA-65"],
        require=lambda good: {one.key.kid for one in good} >= {"a"},
        crit={"until": lambda value, header: bool(value) and header.alg == "ES256"},
    )
    assert_type(verified.payload, bytes)
    assert_type(verified.verified, tuple[jws.VerifiedSignature, ...])
    for one in verified.signatures:
        if isinstance(one, jws.FailedSignature):
            assert_type(one.error, RejectedError)
        else:
            assert_type(one.header.kid, str | None)
    assert_type(jws.verify(text, key, algorithms=["EdDSA"], payload=b"x").header.b64, bool)

    hidden = jwe.encrypt(b"x", key.public(), alg="ECDH-ES+A256KW", enc="A256GCM")
    opened = jwe.decrypt(hidden, keys, algorithms=["ECDH-ES+A256KW"], encryptions=["A256GCM"])
    assert_type(opened, DecryptedJWE)
    assert_type(opened.plaintext, bytes)
    for_many = jwe.encrypt(b"x", [key, jwe.Recipient(key, alg="A128KW")], enc="A128GCM", serialization="general")
    assert_type(jwe.decrypt_json(for_many, key, algorithms={"A128KW"}, encryptions=("A128GCM",)).aad, bytes | None)


def keys(pem: str, der: bytes) -> None:
    assert_type(JWK.from_pem(pem, alg="RS256"), JWK)
    assert_type(JWK.from_der(der, password=b"x"), JWK)
    assert_type(JWK.from_certificate(der).certificates, tuple[bytes, ...])
    assert_type(JWK.from_openssh(pem).to_openssh(), str)
    assert_type(JWK.generate("ECDH-ES", crv="X25519").to_der(private=True, form="PKCS8"), bytes)
    assert_type(JWK.generate("RS256", rsa_bits=3072).thumbprint_uri("sha-512"), str)
    assert_type(JWKS.from_certificates({"kid": pem}), JWKS)
    signer: Signer = JWK.generate("ES256").deterministic()
    assert_type(Token.sign(Claims(exp=5), signer), Token[Claims])


class Remote:
    """A signer of one's own."""

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return "ES256"

    @property
    def key_id(self) -> str | None:
        return None

    def sign(self, message: bytes, /) -> bytes:
        return message


class Source:
    """A key source of one's own."""

    def keys_for(self, header: Header, issuer: str | None, /) -> Sequence[JWK]:
        return ()


def seams(text: str) -> None:
    assert_type(Token.sign(Claims(exp=5), Remote()), Token[Claims])
    TokenVerifier(keys=Source(), algorithms=["ES256"], issuer="i", audience="a")
    assert_type(UnverifiedToken.parse(text).kind, Literal["JWS", "JWE"])


def errors(verifier: TokenVerifier, text: str) -> None:
    try:
        verifier.verify(text)
    except KeyNotFoundError as error:
        assert_type(error.kid, str | None)
    except ClaimsError as error:
        assert_type(error.mismatches[0].claim, str)


def send(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=200, headers=(("A", "b"),), body=request.body)


async def async_send(request: HttpRequest) -> HttpResponse:
    return send(request)


async def async_sleep(seconds: float) -> None:
    del seconds


def poll() -> Steps[HttpRequest | Wait, int]:
    yield from wait(1)
    response = yield from ask(HttpRequest(method="GET", url="https://a.example"))
    return response.status


async def protocol(text: str) -> None:
    server = run(discover("https://a.example"), send=send)
    assert_type(server, ServerMetadata)
    assert_type(await arun(discover("https://a.example"), send=async_send), ServerMetadata)
    assert_type(run(poll(), send=send, sleep=time.sleep), int)
    assert_type(await arun(poll(), send=async_send, sleep=async_sleep), int)

    client = Client(server=server, client_id="c", auth=PublicClient())
    flow = AuthorizationCodeFlow(client, redirect_uri="https://b.example", scope=["a"])
    redirect = flow.start()
    assert_type(redirect, AuthorizationRedirect)
    tokens = run(flow.finish(flow.callback(redirect.session, text)), send=send)
    assert_type(tokens, TokenSet)
    assert_type(tokens.access_token.reveal(), str)
    worker = Client(server=server, client_id="c", auth=ClientSecretBasic(Secret("s")))
    assert_type(run(ClientCredentialsFlow(worker).token(scope=("a",)), send=send), TokenSet)


def protect(verifier: TokenVerifier[Session], request: InboundRequest) -> str:
    api = ProtectedResource(resource="a", verifier=verifier)
    outcome = run(api.check(request, scope=["a"]), send=send)
    assert_type(outcome, Granted[Session] | Refused)
    if isinstance(outcome, Refused):
        return str(outcome.response.status)
    assert_type(outcome.token.claims.role, Literal["admin", "user"])
    return outcome.token.claims.role


def login(keys: JWKS, text: str) -> None:
    verified = IdTokenVerifier(issuer="i", client_id="c", keys=keys).verify(text, nonce="n")
    assert_type(verified, IdToken)
    assert_type(verified.sub, str)
    assert_type(verified.claims.exp, float)


def consume(what: Consume) -> bool:
    return what.key != ""


async def async_consume(what: Consume) -> bool:
    return consume(what)


async def client(server: ServerMetadata, key: JWK, text: str, request: InboundRequest) -> None:
    worker = Client(server=server, client_id="c", auth=PrivateKeyJWT(key))
    device = run(DeviceFlow(worker).start(scope=["a"]), send=send)
    assert_type(device, DeviceSession)
    tokens = run(DeviceFlow(worker).poll(device), send=send, sleep=time.sleep)
    assert_type(tokens, TokenSet)
    assert_type(run(RefreshFlow(worker).refresh(tokens), send=send), TokenSet)
    assert_type(run(introspect(worker, tokens.access_token), send=send), Introspection)
    run(revoke(worker, tokens.access_token), send=send)

    draft = client_assertion_draft("c", server, alg="ES256")
    Client(server=server, client_id="c", auth=ClientAssertion(draft.seal(b"", verify_with=key)))

    flow = LoginFlow(worker, redirect_uri="https://b.example", response_type="code id_token")
    session = flow.start(prompt="login", max_age=60).session
    login = run(flow.finish(flow.callback(session, text)), send=send)
    assert_type(login, Login)
    assert_type(login.id_token.sub, str)
    assert_type(run(flow.finish(flow.callback(session, request), once=True), send=send, consume=consume), Login)
    assert_type(
        await arun(flow.finish(flow.callback(session, text), once=True), send=async_send, consume=async_consume), Login
    )
    assert_type(run(userinfo(worker, login.tokens, id_token=login.id_token), send=send), UserInfo)


def cached(cache: JWKSCache, verifier: TokenVerifier[Session], text: str) -> None:
    assert_type(run(cache.verify(verifier, text), send=send), Token[Session])
    assert_type(run(cache.verify(verifier, text, wait=True), send=send, sleep=time.sleep), Token[Session])
    assert_type(run(cache.refresh(), send=send), JWKS)
