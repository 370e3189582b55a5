"""What users get wrong: each line is a mistake that mypy and pyright must both find. Never run.

An ignore that is not needed is an error in both, so a mistake that one of them overlooks fails the check.
"""

from __future__ import annotations

from datetime import datetime

from jwtkit import JWK, JWKS, Claims, TenantIssuer, Token, TokenVerifier, UnverifiedToken, claim, jwe, jws
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    Callback,
    Client,
    ClientSecretBasic,
    ClientSecretPost,
    DeviceFlow,
    Granted,
    HttpRequest,
    HttpResponse,
    InboundRequest,
    PrivateKeyJWT,
    ProtectedResource,
    Refused,
    Secret,
    ServerMetadata,
    Steps,
    Wait,
    discover,
    run,
)
from jwtkit.oidc import Login, LoginFlow


class Session(Claims):
    sub: str = claim()
    role: str
    tenant: int | None = None


def building(key: JWK, keys: JWKS) -> None:
    TokenVerifier(keys=keys, algorithms="ES256", issuer="i", audience="a")  # type: ignore[arg-type]
    TokenVerifier(keys=keys, algorithms=["ES265"], issuer="i", audience="a")  # type: ignore[list-item]
    TokenVerifier(keys=keys, algorithms=["none"], issuer="i", audience="a")  # type: ignore[list-item]
    TokenVerifier(keys=keys, algorithms=None, issuer="i", audience="a")  # type: ignore[call-overload]
    TokenVerifier(keys=keys, issuer="i", audience="a")  # type: ignore[call-overload]
    TokenVerifier(keys=keys, algorithms=["ES256"], audience="a")  # type: ignore[call-overload]
    TokenVerifier(keys=keys, algorithms=["ES256"], issuer="i")  # type: ignore[call-overload]
    TokenVerifier(keys=keys, algorithms=["ES256"], issuer=None, audience="a")  # type: ignore[call-overload]
    TokenVerifier(keys=keys, algorithms=["ES256"], issuer="i", audience=None)  # type: ignore[call-overload]
    TokenVerifier(keys="{}", algorithms=["ES256"], issuer="i", audience="a")  # type: ignore[arg-type]
    TokenVerifier(keys=b"secret", algorithms=["HS256"], issuer="i", audience="a")  # type: ignore[arg-type]
    TokenVerifier(keys=keys, algorithms=["ES256"], issuer="i", audience="a", claims=dict)  # type: ignore[type-var]
    TokenVerifier(keys=keys, algorithms=["ES256"], issuer="i", audience="a", verify_exp=False)  # type: ignore[call-overload]
    TokenVerifier(keys={"i": keys}, algorithms=["ES256"], issuer="i", audience="a")  # type: ignore[call-overload]
    TokenVerifier(keys=keys, algorithms=["ES256"], issuer=TenantIssuer("{tenantid}"), audience="a")  # type: ignore[call-arg]
    TokenVerifier(keys=keys, algorithms=["ES256"], issuer="i", audience="a", decryption=key)  # type: ignore[call-overload]
    JWK.generate("HS265")  # type: ignore[arg-type]
    JWK.from_secret("secret", alg="HS256")  # type: ignore[arg-type]
    JWK.from_secret(b"secret")  # type: ignore[call-arg]
    key.kid = "other"  # type: ignore[misc]


def claims(when: datetime) -> None:
    Claims(issuer="i")  # type: ignore[call-arg]
    Claims(iss=5)  # type: ignore[arg-type]
    Claims(exp=when)  # type: ignore[arg-type]
    Claims(exp="tomorrow")  # type: ignore[arg-type]
    Claims({"iss": "i"})  # type: ignore[call-arg, arg-type]
    Session(sub="s")  # type: ignore[call-arg]
    Session(role="r")  # type: ignore[call-arg]
    Session(sub="s", rolle="r")  # type: ignore[call-arg]
    Session(sub="s", role=5)  # type: ignore[arg-type]
    Session(sub="s", role="r", tenant="t")  # type: ignore[arg-type]
    Session(sub="s", role="r").role = "admin"  # type: ignore[misc]


def misspelt(verifier: TokenVerifier[Session], text: str) -> str:
    return verifier.verify(text).claims.rolle  # type: ignore[attr-defined, no-any-return]


def needs_token(token: Token) -> str:
    return token.sub


def trust(key: JWK, verifier: TokenVerifier, text: str) -> None:
    needs_token(UnverifiedToken.parse(text))  # type: ignore[arg-type]
    needs_token(text)  # type: ignore[arg-type]
    UnverifiedToken.parse(text).claims  # type: ignore[attr-defined]
    Token()  # type: ignore[call-arg]
    Token(text)  # type: ignore[arg-type]
    UnverifiedToken(text)  # type: ignore[arg-type]
    verifier.verify(None)  # type: ignore[arg-type]
    verifier.verify(b"token")  # type: ignore[arg-type]
    verifier.verify(text).compact = "x"  # type: ignore[misc]
    Token.sign({"sub": "s"}, key, lifetime=5)  # type: ignore[type-var]
    Token.sign(Claims(), "secret", lifetime=5)  # type: ignore[arg-type]
    Token.draft(Claims(), alg="ES265", lifetime=5)  # type: ignore[arg-type]
    draft = Token.draft(Claims(), alg="ES256", lifetime=5)
    draft.seal(b"x")  # type: ignore[call-arg]
    draft.seal(b"x", verify_with=None)  # type: ignore[arg-type]
    draft.seal(b"x", encoding="pem", verify_with=key)  # type: ignore[arg-type]
    needs_token(draft)  # type: ignore[arg-type]
    verifier.verify(text).encrypt(key)  # type: ignore[call-arg]
    jws.sign("text", key)  # type: ignore[arg-type]
    jws.verify(text, key)  # type: ignore[call-arg]
    jws.verify_json(text, key, algorithms=["ES256"])  # type: ignore[call-arg]
    jws.verify_json(text, key, algorithms=["ES256"], require="both")  # type: ignore[arg-type]
    jws.verify_json(text, key, algorithms=["ES256"], require=len)  # type: ignore[arg-type]
    jws.sign(b"x", key, serialization="xml")  # type: ignore[arg-type]
    jws.VerifiedJWS(b"x")  # type: ignore[arg-type]
    jws.VerifiedJSON()  # type: ignore[call-arg]


def encryption(key: JWK, keys: JWKS, text: str) -> None:
    jwe.encrypt("text", key, enc="A256GCM")  # type: ignore[arg-type]
    jwe.encrypt(b"x", key)  # type: ignore[call-arg]
    jwe.encrypt(b"x", key, enc="A256GMC")  # type: ignore[arg-type]
    jwe.encrypt(b"x", key, alg="RSA1_5", enc="A256GCM")  # type: ignore[arg-type]
    jwe.encrypt(b"x", keys, enc="A256GCM")  # type: ignore[arg-type]
    jwe.decrypt(text, key, encryptions=["A256GCM"])  # type: ignore[call-arg]
    jwe.decrypt(text, key, algorithms="dir", encryptions=["A256GCM"])  # type: ignore[arg-type]
    jwe.decrypt(text, key, algorithms=["RS256"], encryptions=["A256GCM"])  # type: ignore[list-item]
    jwe.decrypt(text, keys, algorithms=["dir"], encryptions=["A256GCM"])  # type: ignore[arg-type]
    jwe.DecryptedJWE(b"x")  # type: ignore[arg-type]
    jws.sign(jwe.decrypt(text, key, algorithms=["dir"], encryptions=["A256GCM"]), key)  # type: ignore[arg-type]
    JWK.generate("ECDH-ES", curve="P-256")  # type: ignore[call-arg]
    key.to_pem(form="X509")  # type: ignore[arg-type]
    key.thumbprint("md5")  # type: ignore[arg-type]


def send(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=200, body=request.body)


async def async_send(request: HttpRequest) -> HttpResponse:
    return send(request)


def protocol(
    server: ServerMetadata, api: ProtectedResource, request: InboundRequest, poll: Steps[HttpRequest | Wait, int]
) -> None:
    run(discover("https://a.example"))  # type: ignore[call-overload]
    run(discover("https://a.example"), send=async_send)  # type: ignore[arg-type]
    run(poll, send=send)  # type: ignore[arg-type]
    Client(server=server, client_id="c", auth="secret")  # type: ignore[arg-type]
    Client(server=server, client_id="c")  # type: ignore[call-arg]
    ClientSecretBasic("secret")  # type: ignore[arg-type]
    print("Bearer " + Secret("s"))  # type: ignore[operator]
    "".join([Secret("s")])  # type: ignore[list-item]
    HttpRequest("GET", "https://a.example")  # type: ignore[call-arg]
    HttpRequest(method="GET", url="https://a.example", headers={"A": "b"})  # type: ignore[arg-type]
    outcome = run(api.check(request), send=send)
    outcome.token  # type: ignore[union-attr]
    Granted(outcome)  # type: ignore[arg-type]
    Refused()  # type: ignore[call-arg]


def client(server: ServerMetadata, worker: Client, flow: AuthorizationCodeFlow, text: str) -> None:
    session = flow.start().session
    run(flow.finish(flow.callback(session, text), once=True), send=send)  # type: ignore[arg-type]
    run(flow.finish(flow.callback(text, text)), send=send)  # type: ignore[arg-type]
    flow.start(state="mine")  # type: ignore[call-arg]
    flow.start(nonce="mine")  # type: ignore[call-arg]
    AuthorizationCodeFlow(worker, redirect_uri="https://b.example", response_mode="jwt5")  # type: ignore[arg-type]
    LoginFlow(worker, redirect_uri="https://b.example", response_type="token")  # type: ignore[arg-type]
    run(DeviceFlow(worker).poll(run(DeviceFlow(worker).start(), send=send)), send=send)  # type: ignore[arg-type]
    ClientSecretPost("secret")  # type: ignore[arg-type]
    PrivateKeyJWT("key")  # type: ignore[arg-type]
    Callback(text)  # type: ignore[arg-type]
    Login(text)  # type: ignore[arg-type]
