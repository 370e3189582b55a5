"""Every public door, with whatever anybody might hand in: a value, a `RejectedError` or a `UsageError`, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    UNCHECKED,
    Claims,
    Decryption,
    Header,
    JwtkitError,
    KeyRing,
    Limits,
    RejectedError,
    RingKey,
    TenantIssuer,
    Token,
    TokenVerifier,
    UnverifiedToken,
    UsageError,
    claim,
    jwe,
    jws,
    numeric_date,
    parse_algorithms,
    report,
)
from jwtkit.oauth import (
    PKCE,
    AuthorizationCodeFlow,
    AuthorizationRequest,
    AuthorizationSession,
    Client,
    ClientAssertion,
    ClientCredentialsFlow,
    ClientSecretBasic,
    ClientSecretJWT,
    ClientSecretPost,
    Consume,
    DeviceFlow,
    DeviceSession,
    HttpRequest,
    HttpResponse,
    InboundRequest,
    JWKSCache,
    JWTBearerFlow,
    PrivateKeyJWT,
    ProtectedResource,
    PublicClient,
    RefreshFlow,
    Secret,
    ServerMetadata,
    TokenExchangeFlow,
    TokenRequest,
    TokenSet,
    TokenType,
    Wait,
    choose_authentication,
    client_assertion_draft,
    discover,
    discover_resource,
    discovery_request,
    introspection_request,
    jwks_request,
    parse_device_authorization_response,
    parse_discovery_response,
    parse_introspection_response,
    parse_jwks_response,
    parse_refresh_response,
    parse_resource_metadata_response,
    parse_revocation_response,
    parse_token_exchange_response,
    parse_token_response,
    refresh_request,
    resource_metadata_request,
    revocation_request,
    run,
    token_request,
)
from jwtkit.oidc import (
    IdTokenVerifier,
    LoginFlow,
    LoginRecord,
    UserInfoVerifier,
    check_logout_callback,
    logout_redirect,
    userinfo_request,
)

KEY = JWK.generate("HS256", kid="k")
EC = JWK.generate("ES256", kid="e")
WRAP, AGREE = JWK.generate("A128KW"), JWK.generate("ECDH-ES", crv="X25519")
PASSWORD = JWK.from_secret(b"password", alg="PBES2-HS256+A128KW")
ISSUER = "https://auth.example.com"
SERVER = ServerMetadata(
    issuer=ISSUER,
    authorization_endpoint=f"{ISSUER}/a",
    token_endpoint=f"{ISSUER}/t",
    device_authorization_endpoint=f"{ISSUER}/d",
    introspection_endpoint=f"{ISSUER}/i",
    revocation_endpoint=f"{ISSUER}/r",
    userinfo_endpoint=f"{ISSUER}/u",
    end_session_endpoint=f"{ISSUER}/e",
)
SEALING = JWK.generate("A256GCM")
CLIENT = Client(server=SERVER, client_id="c", auth=ClientSecretBasic(Secret("s")))
FLOW = AuthorizationCodeFlow(CLIENT, redirect_uri="https://app.example.com/cb")
DRAFT = Token.draft(Claims(), alg="ES256", lifetime=5)
TOKEN = Token.sign(Claims(), KEY, lifetime=5)
VERIFIER = TokenVerifier(keys=KEY, algorithms=["HS256"], issuer=UNCHECKED, audience="a")
API = ProtectedResource(resource="a", verifier=VERIFIER)
SESSION = FLOW.start().session
ID = IdTokenVerifier(issuer="i", client_id="c", keys=KEY, algorithms=["HS256"])
Door = Callable[[Any], object]
OTHER: Any = "x"
NOTHING: Any = 0

DOORS: dict[str, Door] = {
    "Header": Header,
    "Header.parse": Header.parse,
    "JWK": JWK,
    "JWK.parse": JWK.parse,
    "JWK.from_pem": JWK.from_pem,
    "JWK.from_pem password": lambda it: JWK.from_pem(EC.to_pem(private=True, password=b"x"), password=it),
    "JWK.from_key": JWK.from_key,
    "JWK.from_secret": lambda it: JWK.from_secret(it, alg="HS256"),
    "JWK.from_secret alg": lambda it: JWK.from_secret(bytes(64), alg=it),
    "JWK.generate": JWK.generate,
    "JWK.generate kid": lambda it: JWK.generate("HS256", kid=it),
    "JWK.to_pem password": lambda it: EC.to_pem(private=True, password=it),
    "JWK.sign": KEY.sign,
    "JWK.from_der": JWK.from_der,
    "JWK.from_der password": lambda it: JWK.from_der(EC.to_der(private=True, password=b"x"), password=it),
    "JWK.from_openssh": JWK.from_openssh,
    "JWK.from_certificate": JWK.from_certificate,
    "JWK.from_key alg": lambda it: JWK.from_key(EC.to_key(), alg=it),
    "JWK.generate rsa_bits": lambda it: JWK.generate("HS256", rsa_bits=it),
    "JWK.to_pem form": lambda it: EC.to_pem(form=it),
    "JWK.to_der form": lambda it: EC.to_der(private=True, form=it),
    "JWK.thumbprint": EC.thumbprint,
    "JWK.thumbprint_uri": EC.thumbprint_uri,
    "JWKS.from_certificates": JWKS.from_certificates,
    "JWKS": lambda it: JWKS([it]),
    "JWKS.parse": JWKS.parse,
    "jws.sign": lambda it: jws.sign(it, KEY),
    "jws.sign key": lambda it: jws.sign(b"", it),
    "jws.sign typ": lambda it: jws.sign(b"", KEY, typ=it),
    "jws.sign header": lambda it: jws.sign(b"", KEY, header=it),
    "jws.sign cty": lambda it: jws.sign(b"", KEY, header={"cty": it}),
    "jws.sign crit": lambda it: jws.sign(b"", KEY, crit=it),
    "jws.sign b64": lambda it: jws.sign(b"", KEY, b64=it),
    "jws.sign detached": lambda it: jws.sign(b"", KEY, detached=it),
    "JWK.parse allow_short_secret": lambda it: JWK.parse(EC.to_dict(), allow_short_secret=it),
    "jws.sign serialization": lambda it: jws.sign(b"", KEY, serialization=it),
    "jws.sign unprotected": lambda it: jws.sign(b"", KEY, unprotected=it, serialization="general"),
    "jws.sign several": lambda it: jws.sign(b"", [it], serialization="general"),
    "jws.Cosigner": lambda it: jws.sign(b"", [jws.Cosigner(KEY, header=it)], serialization="general"),
    "jws.verify": lambda it: jws.verify(it, KEY, algorithms=["HS256"]),
    "jws.verify payload": lambda it: jws.verify("e30..", KEY, algorithms=["HS256"], payload=it),
    "jws.verify crit": lambda it: jws.verify("a.b.c", KEY, algorithms=["HS256"], crit=it),
    "jws.verify_json": lambda it: jws.verify_json(it, KEY, algorithms=["HS256"], require="any"),
    "jws.verify_json require": lambda it: jws.verify_json("{}", KEY, algorithms=["HS256"], require=it),
    "jws.verify_json payload": lambda it: jws.verify_json("{}", KEY, algorithms=["HS256"], require="any", payload=it),
    "jws.verify keys": lambda it: jws.verify("a.b.c", it, algorithms=["HS256"]),
    "jws.verify algorithms": lambda it: jws.verify("a.b.c", KEY, algorithms=it),
    "jwe.encrypt": lambda it: jwe.encrypt(it, WRAP, enc="A128GCM"),
    "jwe.encrypt key": lambda it: jwe.encrypt(b"", it, enc="A128GCM"),
    "jwe.encrypt enc": lambda it: jwe.encrypt(b"", WRAP, enc=it),
    "jwe.encrypt alg": lambda it: jwe.encrypt(b"", WRAP, enc="A128GCM", alg=OTHER if it is None else it),
    "jwe.encrypt header": lambda it: jwe.encrypt(b"", WRAP, enc="A128GCM", header=it),
    "jwe.encrypt crit": lambda it: jwe.encrypt(b"", WRAP, enc="A128GCM", crit=it),
    "jwe.encrypt typ": lambda it: jwe.encrypt(b"", WRAP, enc="A128GCM", typ=it),
    "jwe.encrypt aad": lambda it: jwe.encrypt(b"", WRAP, enc="A128GCM", aad=it, serialization="general"),
    "jwe.encrypt apu": lambda it: jwe.encrypt(b"", AGREE.public(), enc="A128GCM", apu=it),
    "jwe.encrypt p2c": lambda it: jwe.encrypt(b"", PASSWORD, enc="A128GCM", p2c=-it if isinstance(it, int) else it),
    "Token.draft": lambda it: Token.draft(it, alg="ES256", lifetime=5),
    "Token.draft alg": lambda it: Token.draft(Claims(), alg=it, lifetime=5),
    "Token.draft kid": lambda it: Token.draft(Claims(), alg="ES256", kid=OTHER if it is None else it, lifetime=5),
    "TokenDraft.seal": lambda it: DRAFT.seal(it, verify_with=EC),
    "TokenDraft.seal DER": lambda it: DRAFT.seal(it, encoding="der", verify_with=EC),
    "TokenDraft.seal encoding": lambda it: DRAFT.seal(bytes(64), encoding=it, verify_with=EC),
    "TokenDraft.seal verify_with": lambda it: DRAFT.seal(bytes(64), verify_with=it),
    "jwe.encrypt compress": lambda it: jwe.encrypt(b"", WRAP, enc="A128GCM", compress=it),
    "jwe.encrypt serialization": lambda it: jwe.encrypt(b"", WRAP, enc="A128GCM", serialization=it),
    "jwe.encrypt several": lambda it: jwe.encrypt(b"", [it], enc="A128GCM", serialization="general"),
    "jwe.decrypt": lambda it: jwe.decrypt(it, WRAP, algorithms=["A128KW"], encryptions=["A128GCM"]),
    "jwe.decrypt keys": lambda it: jwe.decrypt("a.b.c.d.e", it, algorithms=["A128KW"], encryptions=["A128GCM"]),
    "jwe.decrypt algorithms": lambda it: jwe.decrypt("a.b.c.d.e", WRAP, algorithms=it, encryptions=["A128GCM"]),
    "jwe.decrypt encryptions": lambda it: jwe.decrypt("a.b.c.d.e", WRAP, algorithms=["A128KW"], encryptions=it),
    "jwe.decrypt_json": lambda it: jwe.decrypt_json(it, WRAP, algorithms=["A128KW"], encryptions=["A128GCM"]),
    "JWK.generate crv": lambda it: JWK.generate("ECDH-ES", crv=it),
    "parse_algorithms": parse_algorithms,
    "Claims": lambda it: Claims(iss=it),
    "Claims aud": lambda it: Claims(aud=it),
    "Claims extra": lambda it: Claims(extra=it),
    "claim": lambda it: type("Own", (Claims,), {"__annotations__": {"own": str}, "own": claim(it)})(own="x"),
    "numeric_date": numeric_date,
    "Token.sign": lambda it: Token.sign(it, KEY, lifetime=5),
    "Token.sign lifetime": lambda it: Token.sign(Claims(), KEY, lifetime=it),
    "Token.sign now": lambda it: Token.sign(Claims(), KEY, lifetime=5, now=it),
    "UnverifiedToken.parse": UnverifiedToken.parse,
    "TokenVerifier keys": lambda it: TokenVerifier(keys=it, algorithms=["HS256"], issuer="i", audience="a"),
    "TokenVerifier issuer": lambda it: TokenVerifier(keys=KEY, algorithms=["HS256"], issuer=it, audience="a"),
    "TokenVerifier audience": lambda it: TokenVerifier(keys=KEY, algorithms=["HS256"], issuer="i", audience=it),
    "TokenVerifier.verify": VERIFIER.verify,
    "report": report,
    "report now": lambda it: report("a.b.c", now=it),
    "RingKey": lambda it: RingKey(it, not_before=0),
    "RingKey not_before": lambda it: RingKey(KEY, not_before=it),
    "KeyRing": lambda it: KeyRing([it]),
    "KeyRing.parse": KeyRing.parse,
    "TenantIssuer": lambda it: TenantIssuer(it, tenants=["a"]),
    "TenantIssuer tenants": lambda it: TenantIssuer("{tenantid}", tenants=it),
    "Decryption": lambda it: Decryption(keys=it, algorithms=["dir"], encryptions=["A128GCM"]),
    "TokenVerifier subject": lambda it: TokenVerifier(
        keys=KEY, algorithms=["HS256"], issuer="i", audience="a", subject=NOTHING if it is None else it
    ),
    "TokenVerifier decryption": lambda it: TokenVerifier(
        keys=KEY, algorithms=["HS256"], issuer="i", audience="a", decryption=NOTHING if it is None else it
    ),
    "Token.encrypt": lambda it: TOKEN.encrypt(it, enc="A128GCM"),
    "Limits": lambda it: Limits(kid_bytes=it),
    "Secret": Secret,
    "PKCE.parse": PKCE.parse,
    "Wait": lambda it: Wait(seconds=it),
    "HttpRequest url": lambda it: HttpRequest(method="GET", url=it),
    "HttpRequest headers": lambda it: HttpRequest(method="GET", url=ISSUER, headers=it),
    "HttpRequest max_bytes": lambda it: HttpRequest(method="GET", url=ISSUER, max_bytes=it),
    "HttpResponse status": lambda it: HttpResponse(status=it),
    "InboundRequest url": lambda it: InboundRequest(method="GET", url=it),
    "run": lambda it: run(it, send=lambda _request: HttpResponse(status=200)),
    "run send": lambda it: run(discover(ISSUER), send=it),
    "discover": discover,
    "discovery_request": discovery_request,
    "jwks_request": jwks_request,
    "ServerMetadata.parse": lambda it: ServerMetadata.parse(it, issuer=ISSUER),
    "ServerMetadata.parse issuer": lambda it: ServerMetadata.parse("{}", issuer=it),
    "parse_discovery_response": lambda it: parse_discovery_response(it, issuer=ISSUER),
    "parse_jwks_response": parse_jwks_response,
    "parse_token_response": parse_token_response,
    "Client": lambda it: Client(server=it, client_id="c", auth=PublicClient()),
    "Client client_id": lambda it: Client(server=SERVER, client_id=it, auth=PublicClient()),
    "Client auth": lambda it: Client(server=SERVER, client_id="c", auth=it),
    "ClientSecretBasic": ClientSecretBasic,
    "ClientCredentialsFlow": ClientCredentialsFlow,
    "ClientCredentialsFlow.token": lambda it: ClientCredentialsFlow(CLIENT).token(scope=[it]),
    "token_request": lambda it: token_request(it, ()),
    "AuthorizationCodeFlow": lambda it: AuthorizationCodeFlow(it, redirect_uri="https://app.example.com"),
    "AuthorizationCodeFlow redirect_uri": lambda it: AuthorizationCodeFlow(CLIENT, redirect_uri=it),
    "AuthorizationCodeFlow.start": lambda it: FLOW.start(now=it),
    "AuthorizationCodeFlow.callback": lambda it: FLOW.callback(SESSION, it),
    "AuthorizationCodeFlow.callback session": lambda it: FLOW.callback(it, "https://app.example.com/cb"),
    "AuthorizationCodeFlow.finish": FLOW.finish,
    "AuthorizationSession.from_json": AuthorizationSession.from_json,
    "ProtectedResource": lambda it: ProtectedResource(resource=it, verifier=VERIFIER),
    "ProtectedResource realm": lambda it: ProtectedResource(resource="a", verifier=VERIFIER, realm=it),
    "ProtectedResource.check": API.check,
    "AuthorizationRequest.parse": AuthorizationRequest.parse,
    "TokenRequest.parse": TokenRequest.parse,
    "IdTokenVerifier issuer": lambda it: IdTokenVerifier(issuer=it, client_id="c", keys=KEY, algorithms=["HS256"]),
    "IdTokenVerifier.verify": lambda it: ID.verify(it, nonce="n"),
    "IdTokenVerifier.verify nonce": lambda it: ID.verify("a.b.c", nonce=it),
    "IdTokenVerifier.verify access_token": lambda it: ID.verify("a.b.c", nonce="n", access_token=it),
}
WORKER = Client(server=SERVER, client_id="c", auth=ClientSecretBasic(Secret("s")))
TOKENS = TokenSet(access_token=Secret("a"), token_type="Bearer", refresh_token=Secret("r"))
LOGIN = LoginFlow(CLIENT, redirect_uri="https://app.example.com/cb", keys=EC.public(), algorithms=["ES256"])
DOORS |= {
    "AuthorizationCodeFlow resource": lambda it: AuthorizationCodeFlow(CLIENT, redirect_uri=ISSUER, resource=[it]),
    "AuthorizationCodeFlow scope": lambda it: AuthorizationCodeFlow(CLIENT, redirect_uri=ISSUER, scope=[it]),
    "AuthorizationCodeFlow session_lifetime": lambda it: AuthorizationCodeFlow(
        CLIENT, redirect_uri=ISSUER, session_lifetime=NOTHING if it is None else it
    ),
    "AuthorizationCodeFlow.start prompt": lambda it: FLOW.start(prompt=NOTHING if it is None else it),
    "AuthorizationCodeFlow.start max_age": lambda it: FLOW.start(max_age=NOTHING if it is None else it),
    "AuthorizationCodeFlow.start acr_values": lambda it: FLOW.start(acr_values=[it]),
    "AuthorizationCodeFlow.start claims": lambda it: FLOW.start(claims={"id_token": {"acr": it, "x": it}}),
    "AuthorizationCodeFlow.start login_hint": lambda it: FLOW.start(login_hint=NOTHING if it is None else it),
    "AuthorizationCodeFlow.start extra": lambda it: FLOW.start(extra={"a": it}),
    "AuthorizationSession.from_cookie": lambda it: AuthorizationSession.from_cookie(it, SEALING),
    "AuthorizationSession.to_cookie": SESSION.to_cookie,
    "ClientSecretPost": ClientSecretPost,
    "ClientSecretJWT": ClientSecretJWT,
    "ClientSecretJWT alg": lambda it: ClientSecretJWT(Secret("s" * 64), alg=it),
    "PrivateKeyJWT": PrivateKeyJWT,
    "PrivateKeyJWT lifetime": lambda it: PrivateKeyJWT(EC, lifetime=it),
    "ClientAssertion": ClientAssertion,
    "client_assertion_draft": lambda it: client_assertion_draft(it, SERVER, alg="ES256"),
    "choose_authentication": choose_authentication,
    "choose_authentication secret": lambda it: choose_authentication(SERVER, secret=it),
    "Consume": lambda it: Consume(kind="k", key=it, expires_at=1),
    "DeviceFlow": DeviceFlow,
    "DeviceFlow.start scope": lambda it: DeviceFlow(WORKER).start(scope=[it]),
    "DeviceFlow.poll": DeviceFlow(WORKER).poll,
    "DeviceSession.from_json": DeviceSession.from_json,
    "parse_device_authorization_response": lambda it: parse_device_authorization_response(it, client=WORKER),
    "JWKSCache": JWKSCache,
    "JWKSCache lifetime": lambda it: JWKSCache(ISSUER, lifetime=it),
    "JWKSCache.restore": JWKSCache(ISSUER).restore,
    "JWKSCache.of": JWKSCache.of,
    "JWKSCache.verify": lambda it: JWKSCache(ISSUER).verify(it, "a.b.c"),
    "JWKSCache.supply": lambda it: JWKSCache(ISSUER).supply(NOTHING if callable(it) else it),
    "JWTBearerFlow": JWTBearerFlow,
    "JWTBearerFlow.token": JWTBearerFlow(WORKER).token,
    "RefreshFlow": RefreshFlow,
    "RefreshFlow.refresh": RefreshFlow(WORKER).refresh,
    "refresh_request": lambda it: refresh_request(WORKER, it),
    "parse_refresh_response": lambda it: parse_refresh_response(it, tokens=TOKENS),
    "TokenExchangeFlow": TokenExchangeFlow,
    "TokenExchangeFlow.exchange": lambda it: TokenExchangeFlow(WORKER).exchange(
        subject_token=it, subject_token_type=TokenType.JWT
    ),
    "TokenExchangeFlow.exchange type": lambda it: TokenExchangeFlow(WORKER).exchange(
        subject_token=Secret("a"), subject_token_type=it
    ),
    "parse_token_exchange_response": parse_token_exchange_response,
    "TokenSet.from_json": TokenSet.from_json,
    "discover_resource": discover_resource,
    "resource_metadata_request": resource_metadata_request,
    "parse_resource_metadata_response": lambda it: parse_resource_metadata_response(it, resource=ISSUER),
    "introspection_request": lambda it: introspection_request(WORKER, it),
    "parse_introspection_response": parse_introspection_response,
    "revocation_request": lambda it: revocation_request(WORKER, it),
    "parse_revocation_response": parse_revocation_response,
    "LoginFlow": lambda it: LoginFlow(it, redirect_uri=ISSUER),
    "LoginFlow keys": lambda it: LoginFlow(CLIENT, redirect_uri=ISSUER, keys=NOTHING if it is None else it),
    "LoginFlow algorithms": lambda it: LoginFlow(CLIENT, redirect_uri=ISSUER, keys=EC.public(), algorithms=it),
    "LoginFlow.start id_token_hint": lambda it: LOGIN.start(id_token_hint=NOTHING if it is None else it),
    "LoginFlow.callback": lambda it: LOGIN.callback(LOGIN.start().session, it),
    "LoginFlow.callback session": lambda it: LOGIN.callback(it, "/cb"),
    "LoginFlow.finish": LOGIN.finish,
    "LoginFlow.refresh": lambda it: LOGIN.refresh(TOKENS, it),
    "LoginRecord.from_json": LoginRecord.from_json,
    "UserInfoVerifier": lambda it: UserInfoVerifier(issuer=it, client_id="c", keys=KEY, algorithms=["HS256"]),
    "userinfo_request": lambda it: userinfo_request(CLIENT, it),
    "logout_redirect": logout_redirect,
    "check_logout_callback": lambda it: check_logout_callback(it, "/cb"),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=6,
)
ANYTHING = JSON | st.binary(max_size=40) | JSON.map(json.dumps) | st.just(object())


# There are many doors, and what is handed in is the same for all of them.
@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@settings(max_examples=settings().max_examples * 2 // 5)
@given(ANYTHING)
def test_a_value_or_one_of_two_errors(door: Door, it: Any) -> None:
    try:
        made = door(it)
    except (RejectedError, UsageError) as error:
        assert str(error)
        assert len(str(error)) < 2000
    else:
        if hasattr(made, "close"):
            made.close()


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("it", [object(), 5j, lambda: None, Exception(), bytearray(b"x"), {1: {2}}], ids=str)
def test_values_of_strange_types_are_refused(name: str, it: Any) -> None:
    # Whatever is callable is a send, and the program's own exception comes through; a mapping may be metadata.
    if name == "run send" and callable(it):
        return
    with pytest.raises(JwtkitError):
        DOORS[name](it)


@pytest.mark.parametrize("password", [b"", "x", b"x" * 1024, None, 5])
def test_an_empty_password_never_means_none(password: Any) -> None:
    if password is None:
        assert "ENCRYPTED" not in EC.to_pem(private=True, password=password)
        return
    with pytest.raises(UsageError, match="password"):
        EC.to_pem(private=True, password=password)
    with pytest.raises(UsageError, match="password"):
        JWK.from_pem(EC.to_pem(private=True, password=b"x"), password=password)
