"""Logging in with the code flow: what is sent, what is compared with it, and what is refused."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from jwtkit import (
    JWK,
    JWKS,
    ClaimsError,
    JwtkitError,
    KeyNotFoundError,
    NotAllowedError,
    ProtocolError,
    SignatureError,
    TenantIssuer,
    Token,
    UnverifiedToken,
    UsageError,
)
from jwtkit.jwt.decryption import Decryption
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    AuthorizationSession,
    ClientSecretBasic,
    HttpRequest,
    HttpResponse,
    InboundRequest,
    JWKSCache,
    PrivateKeyJWT,
    Secret,
    arun,
    run,
)
from jwtkit.oidc import IdTokenVerifier, Login, LoginFlow

ISSUER, REDIRECT = "https://op.example.com", "https://app.example.com/callback"
NOW = 1_800_000_000
Provider = Any  # of conftest.py, which a test cannot import


def flow(provider: Provider, **named: Any) -> LoginFlow:
    made: LoginFlow = provider.flow(**named)
    return made


def login(provider: Provider, own: LoginFlow, now: float = NOW, **wishes: Any) -> Login:
    done: Login = provider.login(own, now, **wishes)
    return done


# --- the start


def test_start_asks_for_an_id_token_bound_to_this_browser(provider: Provider) -> None:
    redirect = flow(provider, resource=["https://api.example.com"]).start(
        prompt="login", max_age=60, acr_values=["a", "b"], login_hint="alice", ui_locales=["de"], extra={"x": "y"}
    )
    sent = dict(parse_qsl(urlsplit(redirect.url).query))
    assert sent["response_type"] == "code"
    assert sent["scope"] == "openid email"
    assert sent["nonce"] == redirect.session.nonce
    assert len(sent["nonce"]) == 43
    assert (sent["prompt"], sent["max_age"], sent["acr_values"]) == ("login", "60", "a b")
    assert (sent["login_hint"], sent["ui_locales"], sent["x"]) == ("alice", "de", "y")
    assert sent["resource"] == "https://api.example.com"
    assert redirect.session.nonce not in repr(redirect)
    # acr_values are a wish (Core section 3.1.2.1); only the claims parameter makes one essential.
    assert redirect.session.acr_values == ()


def test_openid_is_the_scope_unless_there_is_more(provider: Provider) -> None:
    assert LoginFlow(provider.client(), redirect_uri=REDIRECT).start().session.scope == ("openid",)


def test_every_start_has_a_nonce_of_its_own(provider: Provider) -> None:
    own = flow(provider)
    assert own.start().session.nonce != own.start().session.nonce


def test_an_id_token_is_a_hint(provider: Provider) -> None:
    own = flow(provider)
    done = login(provider, own)
    assert done.tokens.id_token is not None
    for hint in (done.id_token, done.tokens.id_token):
        sent = dict(parse_qsl(urlsplit(own.start(id_token_hint=hint).url).query))
        assert sent["id_token_hint"] == done.id_token.compact
    with pytest.raises(UsageError, match="id_token_hint"):
        own.start(id_token_hint=done.id_token.compact)  # type: ignore[arg-type]  # the mistake under test


SECRET = "s" * 32


def listing(op: Provider, algorithms: list[str]) -> LoginFlow:
    """Build a flow for RS256 at a provider that lists these."""
    op.bend["metadata"] = {"id_token_signing_alg_values_supported": algorithms}
    return flow(op)


MISTAKES: dict[str, tuple[Callable[[Provider], object], str]] = {
    "scope without openid": (lambda op: flow(op, scope=["email"]), "openid"),
    "no scope": (lambda op: flow(op, scope=[]), "openid"),
    "scope a str": (lambda op: flow(op, scope="openid"), "scope is a list"),
    "no client": (lambda op: LoginFlow("x", redirect_uri=REDIRECT), "Client"),  # type: ignore[arg-type]  # the mistake
    "a token response type": (lambda op: flow(op, response_type="code token"), "response_type"),
    "implicit": (lambda op: flow(op, response_type="id_token"), "response_type"),
    "an ID token in a query": (lambda op: flow(op, response_type="code id_token", response_mode="query"), "query"),
    "no algorithm": (lambda op: flow(op, algorithms=[]), "algorithms is empty"),
    "algorithms a str": (lambda op: flow(op, algorithms="RS256"), "algorithms is a list"),
    "none": (lambda op: flow(op, algorithms=["none"]), "none"),
    "keys as text": (lambda op: flow(op, keys="{}"), "parsed"),
    "trusted audience a str": (lambda op: flow(op, trusted_audiences="x"), "is a list"),
    "trusted audience a number": (lambda op: flow(op, trusted_audiences=[5]), "list of str"),
    "decryption a key": (lambda op: flow(op, decryption=JWK.generate("A256GCM")), "Decryption"),
    "no algorithm that the provider has": (lambda op: listing(op, ["ES256"]), "signs with 'ES256'.*algorithms="),
    "a provider without algorithms": (lambda op: listing(op, []), "signs with nothing"),
    "s_hash without an ID token there": (lambda op: flow(op, require_s_hash=True), "require_s_hash"),
    "s_hash a str": (lambda op: flow(op, response_type="code id_token", require_s_hash="no"), "require_s_hash"),
    "issuer unchecked": (lambda op: flow(op, quirk_issuer=[]), "issuer"),
    # Core section 10.1: a secret, and only for who has one.
    "HS256, a public client": (lambda op: flow(op, algorithms=["HS256"]), "public client"),
    "HS256 with keys, a public client": (lambda op: flow(op, algorithms=["HS256"], keys=JWK.generate("HS256")), "public client"),
    "HS256 beside RS256": (lambda op: flow(op, auth=ClientSecretBasic(Secret(SECRET)), algorithms=["HS256", "RS256"]), "mixes"),
    "HS256, a client with a key": (lambda op: flow(op, auth=PrivateKeyJWT(JWK.generate("ES256")), algorithms=["HS256"]), "pass keys="),
    "HS256, a short secret": (lambda op: flow(op, auth=ClientSecretBasic(Secret("short")), algorithms=["HS256"]), "32"),
    "HS512, too short for it": (lambda op: flow(op, auth=ClientSecretBasic(Secret(SECRET)), algorithms=["HS512"]), "64"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "match"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_in_building(make: Callable[[Provider], object], match: str, provider: Provider) -> None:
    with pytest.raises(UsageError, match=match) as refusal:
        make(provider)
    assert SECRET not in str(refusal.value)


def test_a_provider_without_keys_needs_configured_ones(provider: Provider) -> None:
    provider.bend["metadata"] = {"jwks_uri": ...}
    with pytest.raises(UsageError, match="jwks_uri"):
        flow(provider)
    assert login(provider, flow(provider, keys=JWKS(provider.published))).id_token.sub == "alice"
    assert provider.paths() == ["token_endpoint"]


# --- the callback and the code


def test_a_login(provider: Provider) -> None:
    own = flow(provider)
    done = login(provider, own)
    assert (done.id_token.iss, done.id_token.sub) == (ISSUER, "alice")
    assert done.tokens.access_token.reveal() == "at-of-one-login"
    assert done.tokens.expires_at == NOW + 300
    assert done.record == done.id_token.record
    assert provider.paths() == ["token_endpoint", "jwks_uri"]
    assert own.client.client_id == "app"
    sent = dict(parse_qsl(provider.asked[0].body.decode()))
    assert (sent["grant_type"], sent["redirect_uri"]) == ("authorization_code", REDIRECT)


def test_an_assertion_is_dated_by_the_same_clock(provider: Provider) -> None:
    key = JWK.generate("ES256")
    own = flow(provider, auth=PrivateKeyJWT(key))
    done = login(provider, own)
    run(own.refresh(done.tokens, done.record, now=NOW + 9), send=provider.send)
    sent = [dict(parse_qsl(request.body.decode())) for request in provider.asked if request.body]
    dates = [UnverifiedToken.parse(fields["client_assertion"]).unverified_claims["iat"] for fields in sent]
    assert dates == [NOW, NOW + 9]


def test_no_id_token_says_what_is_missing(provider: Provider) -> None:
    provider.bend["tokens"] = {"id_token": ...}
    with pytest.raises(ProtocolError, match="token endpoint: 'id_token' must be there") as refusal:
        login(provider, flow(provider))
    assert refusal.value.status == 200


def test_keys_are_asked_for_once(provider: Provider) -> None:
    own = flow(provider)
    login(provider, own)
    login(provider, own, NOW + 60)
    assert provider.paths().count("jwks_uri") == 1
    assert isinstance(own.keys, JWKSCache)


def test_flows_can_share_a_cache(provider: Provider) -> None:
    cache = JWKSCache(f"{ISSUER}/jwks_uri")
    login(provider, flow(provider, keys=cache))
    login(provider, flow(provider, keys=cache))
    assert provider.paths().count("jwks_uri") == 1


def test_configured_keys_are_never_asked_for(provider: Provider) -> None:
    own = flow(provider, keys=JWKS([JWK.generate("RS256", rsa_bits=2048).public()]), algorithms=["RS256"])
    with pytest.raises(KeyNotFoundError):
        login(provider, own)
    assert provider.paths() == ["token_endpoint"]


def test_the_session_survives_a_store_and_a_cookie(provider: Provider) -> None:
    own, key = flow(provider), JWK.generate("A256GCM")
    redirect = own.start(max_age=60, now=NOW)
    provider.bend["id_token"] = {"auth_time": NOW}
    url = provider.browser(redirect.url)
    for session in (
        AuthorizationSession.from_json(redirect.session.to_json()),
        AuthorizationSession.from_cookie(redirect.session.to_cookie(key), key),
    ):
        callback = own.callback(session, url, now=NOW)
        assert run(own.finish(callback, now=NOW), send=provider.send).id_token.sub == "alice"


def test_a_form_that_is_posted(provider: Provider) -> None:
    own = flow(provider, response_mode="form_post")
    redirect = own.start(now=NOW)
    posted = provider.browser(redirect.url)
    assert isinstance(posted, InboundRequest)
    assert own.callback(redirect.session, posted, now=NOW)
    with pytest.raises(ProtocolError, match="form_post"):
        own.callback(redirect.session, f"{REDIRECT}?{posted.body.decode()}", now=NOW)


def test_a_login_counts_once(provider: Provider) -> None:
    own, seen = flow(provider), set[str]()
    redirect = own.start(now=NOW)
    callback = own.callback(redirect.session, provider.browser(redirect.url), now=NOW)

    def consume(what: Any) -> bool:
        first = what.key not in seen
        seen.add(what.key)
        return first

    assert run(own.finish(callback, once=True, now=NOW), send=provider.send, consume=consume)
    provider.asked.clear()
    with pytest.raises(ProtocolError) as refusal:
        run(own.finish(callback, once=True, now=NOW), send=provider.send, consume=consume)
    assert refusal.value.reason == "session_used"
    assert provider.asked == []


async def drive(own: LoginFlow, callback: Any, provider: Provider) -> Login:
    async def send(request: HttpRequest) -> HttpResponse:
        answer: HttpResponse = provider.send(request)
        return answer

    return await arun(own.finish(callback, now=NOW), send=send)


def test_async_is_the_same(provider: Provider) -> None:
    own = flow(provider)
    redirect = own.start(now=NOW)
    steps = drive(own, own.callback(redirect.session, provider.browser(redirect.url), now=NOW), provider)
    with pytest.raises(StopIteration) as end:
        steps.send(None)
    assert end.value.value.id_token.sub == "alice"


def test_a_session_of_another_flow_has_no_nonce(provider: Provider) -> None:
    """A login without a nonce would accept a code that was injected together with its ID token."""
    own = flow(provider)
    plain = AuthorizationCodeFlow(provider.client(), redirect_uri=REDIRECT, scope=["openid", "email"])
    redirect = plain.start(now=NOW)
    url = provider.browser(redirect.url)
    with pytest.raises(ProtocolError) as refusal:
        own.callback(redirect.session, url, now=NOW)
    assert refusal.value.reason == "session_mismatch"
    with pytest.raises(UsageError, match="AuthorizationCodeFlow"):
        own.finish(plain.callback(redirect.session, url, now=NOW))
    with pytest.raises(UsageError, match="must come from"):
        own.finish("c0de")  # type: ignore[call-overload]  # the mistake under test


def test_a_callback_of_a_login_is_finished_by_a_login(provider: Provider) -> None:
    """Elsewhere its code would be sent without a look at the ID token that came with it."""
    own = flow(provider, response_type="code id_token")
    redirect = own.start(now=NOW)
    provider.bend["front"] = {"c_hash": "forged"}
    callback = own.callback(redirect.session, provider.browser(redirect.url), now=NOW)
    plain = AuthorizationCodeFlow(provider.client(), redirect_uri=REDIRECT)
    with pytest.raises(UsageError, match="LoginFlow"):
        plain.finish(callback)
    with pytest.raises(UsageError, match="LoginFlow"):
        plain.token_request(callback)


def test_another_logins_callback_is_refused(provider: Provider) -> None:
    own = flow(provider)
    mine, theirs = own.start(now=NOW), own.start(now=NOW)
    with pytest.raises(ProtocolError) as refusal:
        own.callback(mine.session, provider.browser(theirs.url), now=NOW)
    assert refusal.value.reason == "state_mismatch"


def test_a_code_of_another_login_is_refused_by_its_nonce(provider: Provider) -> None:
    """RFC 9700 section 4.5: a code that was injected brings an ID token of another login."""
    own = flow(provider)
    mine, theirs = own.start(now=NOW), own.start(now=NOW)
    callback = own.callback(mine.session, provider.browser(mine.url), now=NOW)
    provider.browser(theirs.url)
    with pytest.raises(ClaimsError) as refusal:
        run(own.finish(callback, now=NOW), send=provider.send)
    assert provider.why(refusal.value) == "nonce:not_accepted"


# --- what the token endpoint gives: (what is bent, arguments of start, arguments of the flow, what comes of it)

Row = tuple[dict[str, dict[str, Any]], dict[str, Any], dict[str, Any], str]
ESSENTIAL = {"id_token": {"acr": {"essential": True, "values": ["gold", "silver"]}}}
VOLUNTARY = {"id_token": {"acr": {"values": ["gold"]}}}
ANSWERS: dict[str, Row] = {
    "as it should be": ({}, {}, {}, ""),
    "no at_hash (3.1.3.6)": ({"back": {"at_hash": ...}}, {}, {}, ""),
    "unknown claims": ({"back": {"x": [1, {"y": None}]}}, {}, {}, ""),
    "max_age kept": ({"back": {"auth_time": NOW - 60}}, {"max_age": 60}, {}, ""),
    "max_age 0, just now": ({"back": {"auth_time": NOW}}, {"max_age": 0}, {}, ""),
    "auth_time in the future": ({"back": {"auth_time": NOW + 5}}, {"max_age": 0}, {}, ""),
    "acr essential and there (5.5.1.1)": ({"back": {"acr": "silver"}}, {"claims": ESSENTIAL}, {}, ""),
    "acr voluntary": ({}, {"claims": VOLUNTARY}, {}, ""),
    "acr_values are a wish": ({"back": {"acr": "lead"}}, {"acr_values": ["gold"]}, {}, ""),
    "a trusted second audience": ({"back": {"aud": ["app", "x"], "azp": "app"}}, {}, {"trusted_audiences": ["x"]}, ""),
    "expired within the leeway": ({"back": {"exp": NOW - 9}}, {}, {"leeway": 10}, ""),
    "another issuer, as its quirk": ({"back": {"iss": "op.example.com"}}, {}, {"quirk_issuer": [ISSUER, "op.example.com"]}, ""),
    "a tenant": ({"back": {"iss": "https://op/t1", "tid": "t1"}}, {}, {"quirk_issuer": TenantIssuer("https://op/{tenantid}", tenants=["t1"])}, ""),
    # refusals
    "no ID token (3.1.3.3)": ({"tokens": {"id_token": ...}}, {}, {}, "bad_member"),
    "an empty ID token": ({"tokens": {"id_token": ""}}, {}, {}, "bad_member"),
    "an ID token that is a number": ({"tokens": {"id_token": 5}}, {}, {}, "bad_member"),
    "an ID token that is none": ({"tokens": {"id_token": "x"}}, {}, {}, "MalformedError"),
    "no access token": ({"tokens": {"access_token": ...}}, {}, {}, "bad_member"),
    "an error": ({"tokens": {"error": "invalid_grant"}}, {}, {}, "invalid_grant"),
    "another access token (3.1.3.8)": ({"tokens": {"access_token": "other"}}, {}, {}, "at_hash:not_accepted"),
    "at_hash of the whole hash": ({"back": {"at_hash": "x" * 43}}, {}, {}, "at_hash:not_accepted"),
    "no nonce": ({"back": {"nonce": ...}}, {}, {}, "nonce:missing"),
    "no auth_time": ({}, {"max_age": 60}, {}, "auth_time:missing"),
    "too long ago": ({"back": {"auth_time": NOW - 91}}, {"max_age": 60}, {}, "auth_time:too_old"),
    "too long ago, leeway 0": ({"back": {"auth_time": NOW - 61}}, {"max_age": 60}, {"leeway": 0}, "auth_time:too_old"),
    "auth_time as text": ({"back": {"auth_time": str(NOW)}}, {"max_age": 60}, {}, "auth_time:wrong_type"),
    "acr essential and absent": ({}, {"claims": ESSENTIAL}, {}, "acr:missing"),
    "acr another one": ({"back": {"acr": "lead"}}, {"claims": ESSENTIAL}, {}, "acr:not_accepted"),
    "acr in another case": ({"back": {"acr": "Gold"}}, {"claims": ESSENTIAL}, {}, "acr:not_accepted"),
    "a stranger beside (17)": ({"back": {"aud": ["app", "x"], "azp": "app"}}, {}, {}, "aud:not_accepted"),
    "a trusted second audience, no azp": ({"back": {"aud": ["app", "x"]}}, {}, {"trusted_audiences": ["x"]}, "azp:missing"),
    "azp of another": ({"back": {"azp": "other"}}, {}, {}, "azp:not_accepted"),
    "sub empty": ({"back": {"sub": ""}}, {}, {}, "sub:not_accepted"),
    "another issuer": ({"back": {"iss": "op.example.com"}}, {}, {}, "iss:not_accepted"),
    "not one of the quirk's": ({}, {}, {"quirk_issuer": "op.example.com"}, "iss:not_accepted"),
    "a tenant of others": ({"back": {"iss": "https://op/t2", "tid": "t2"}}, {}, {"quirk_issuer": TenantIssuer("https://op/{tenantid}", tenants=["t1"])}, "tid:not_accepted"),
    "everything at once": ({"back": {"nonce": "x", "acr": "lead", "at_hash": "y"}}, {"claims": ESSENTIAL}, {}, "nonce:not_accepted, acr:not_accepted, at_hash:not_accepted"),
}  # fmt: skip


@pytest.mark.parametrize(("bend", "wishes", "named", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_answers_of_the_token_endpoint(
    bend: dict[str, Any], wishes: dict[str, Any], named: dict[str, Any], expected: str, provider: Provider
) -> None:
    provider.bend.update(bend)
    own = flow(provider, **named)
    if not expected:
        assert login(provider, own, **wishes).id_token.sub == "alice"
        return
    with pytest.raises(JwtkitError) as refusal:
        login(provider, own, **wishes)
    assert provider.why(refusal.value) == expected
    assert "at-of-one-login" not in str(refusal.value)


@pytest.mark.parametrize(
    ("typ", "expected"), [(None, ""), ("JWT", ""), ("at+jwt", "NotAllowedError"), ("logout+jwt", "NotAllowedError")]
)
def test_the_typ_of_an_id_token(typ: str | None, expected: str, provider: Provider) -> None:
    provider.typ = typ
    if not expected:
        assert login(provider, flow(provider))
        return
    with pytest.raises(NotAllowedError):
        login(provider, flow(provider))


# --- keys


def test_hs256_is_the_secret_of_a_confidential_client(provider: Provider) -> None:
    auth = ClientSecretBasic(Secret("sécret-of-thirty-two-bytes-or-more"))
    provider.key = JWK.from_secret("sécret-of-thirty-two-bytes-or-more".encode(), alg="HS256")
    assert login(provider, flow(provider, auth=auth, algorithms=["HS256"])).id_token.header.alg == "HS256"
    assert provider.paths() == ["token_endpoint"]
    with pytest.raises(NotAllowedError):  # not listed, not accepted
        login(provider, flow(provider, auth=auth))
    provider.key = JWK.from_secret(b"x" * 32, alg="HS256")
    with pytest.raises(SignatureError):
        login(provider, flow(provider, auth=auth, algorithms=["HS256"]))


def test_a_public_key_is_no_secret(provider: Provider) -> None:
    """CVE-2015-9235: a token that is signed with the text of a public key."""
    text = provider.published[0].to_pem().encode()
    provider.key = JWK.parse({"kty": "oct", "k": JWK.generate("HS256").to_dict(private=True)["k"], "kid": "rsa-RS256"})
    with pytest.raises(NotAllowedError):
        login(provider, flow(provider))
    with pytest.raises(UsageError):
        flow(provider, auth=ClientSecretBasic(Secret(text.decode())), algorithms=["HS256"])


def test_encryption_that_was_negotiated_is_demanded(provider: Provider) -> None:
    """Core section 3.1.3.7, first rule."""
    key = JWK.generate("ECDH-ES+A256KW", crv="X25519")
    decryption = Decryption(keys=key, algorithms=["ECDH-ES+A256KW"], encryptions=["A256GCM"])
    with pytest.raises(NotAllowedError) as refusal:
        login(provider, flow(provider, decryption=decryption))
    assert refusal.value.code == "signed_only"
    provider.seal = lambda text: encrypted(text, key)
    done = login(provider, flow(provider, decryption=decryption))
    assert done.id_token.sub == "alice"
    assert done.id_token.compact.count(".") == 2  # a hint is what was inside
    with pytest.raises(NotAllowedError) as refusal:
        login(provider, flow(provider))
    assert refusal.value.code == "encrypted"


def encrypted(text: str, key: JWK) -> str:
    from jwtkit import jwe

    return jwe.encrypt(text.encode(), key.public(), enc="A256GCM", header={"cty": "JWT"})


def test_an_unknown_key_is_asked_for_once(provider: Provider) -> None:
    own = flow(provider)
    login(provider, own)
    provider.key = JWK.generate("RS256", kid="new", rsa_bits=2048)
    with pytest.raises(KeyNotFoundError):
        login(provider, own, NOW + 60)
    assert provider.paths().count("jwks_uri") == 2
    provider.published = [provider.key.public()]
    assert login(provider, own, NOW + 120).id_token.header.kid == "new"
    assert provider.paths().count("jwks_uri") == 3


def test_what_send_raises_passes(provider: Provider) -> None:
    own = flow(provider)
    redirect = own.start(now=NOW)
    callback = own.callback(redirect.session, provider.browser(redirect.url), now=NOW)

    def send(request: HttpRequest) -> HttpResponse:
        if request.url.endswith("jwks_uri"):
            raise TimeoutError
        answer: HttpResponse = provider.send(request)
        return answer

    with pytest.raises(TimeoutError):
        run(own.finish(callback, now=NOW), send=send)


# --- the value


def test_a_login_is_proof(provider: Provider) -> None:
    made: Any = login(provider, flow(provider))
    assert copy.deepcopy(copy.copy(made)) is made
    assert repr(made) == "Login(iss='https://op.example.com', scope=('openid', 'email'))"
    with pytest.raises(AttributeError):
        made.tokens = None
    with pytest.raises(UsageError, match="cannot be pickled"):
        pickle.dumps(made)
    with pytest.raises(UsageError, match=r"LoginFlow\.finish"):
        Login("x")  # type: ignore[arg-type]  # the mistake under test


def test_no_repr_shows_a_token(provider: Provider) -> None:
    done = login(provider, flow(provider))
    for shown in (repr(done), str(done), repr(done.tokens), repr(done.id_token), repr(done.record)):
        assert "eyJ" not in shown
        assert "at-of-one-login" not in shown
        assert "alice" not in shown


def test_a_token_of_ones_own_is_no_id_token(provider: Provider) -> None:
    """Possession of a Token is proof of a signature, not of a login."""
    token = Token.sign(done_claims(), provider.key)
    verifier = IdTokenVerifier(issuer=ISSUER, client_id="app", keys=JWKS(provider.published))
    with pytest.raises(UsageError):
        verifier.verify(token, nonce=None)  # type: ignore[arg-type]  # the mistake under test


def done_claims() -> Any:
    from jwtkit import Claims

    return Claims(iss=ISSUER, aud="app", sub="alice", iat=NOW, exp=NOW + 60)
