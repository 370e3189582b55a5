"""Logout tokens, and the requests that bring them (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JWK, JWKS, UNCHECKED, Claims, Decryption, JwtkitError, RejectedError, Token, UsageError, jwe, jws
from jwtkit.oauth import Consume, HttpRequest, HttpResponse, InboundRequest, JWKSCache, run
from jwtkit.oidc import (
    IdTokenVerifier,
    LoginRecord,
    LogoutAccepted,
    LogoutRefused,
    LogoutToken,
    LogoutTokenVerifier,
    back_channel_logout,
)

Provider = Any  # of conftest.py, which a test cannot import
Members = dict[str, Any]
ISSUER, NOW = "https://op.example.com", 1_800_000_000
EVENT = "http://schemas.openid.net/event/backchannel-logout"
KEY, STRANGER, SECRET = JWK.generate("ES256"), JWK.generate("ES256"), JWK.generate("HS256")
OTHER: Any = 5
CLAIMS: Members = {
    "iss": ISSUER,
    "aud": "app",
    "iat": NOW,
    "exp": NOW + 120,
    "jti": "j-1",
    "events": {EVENT: {}},
    "sub": "alice",
    "sid": "s-1",
}


def signed(changes: Members | None = None, *, typ: str | None = "logout+jwt", key: JWK = KEY) -> str:
    """Sign with changes; `...` takes a claim away. Written as bytes, so that anything can stand there."""
    members = {name: value for name, value in {**CLAIMS, **(changes or {})}.items() if value is not ...}
    return jws.sign(json.dumps(members).encode(), key, typ=typ)


def verifier(**named: Any) -> LogoutTokenVerifier:
    own = {"issuer": ISSUER, "client_id": "app", "keys": JWKS([KEY.public()]), "algorithms": ["ES256"]}
    return LogoutTokenVerifier(**{**own, **named})


VERIFIER = verifier()

# --- the token (sections 2.4 and 2.6): (what is changed, the typ, the policy, what comes of it)

TABLE: dict[str, tuple[Members, str | None, Members, str]] = {
    "as it should be": ({}, "logout+jwt", {}, ""),
    "only sub": ({"sid": ...}, "logout+jwt", {}, ""),
    "only sid": ({"sub": ...}, "logout+jwt", {}, ""),
    "no typ": ({}, None, {}, ""),
    "typ with application/": ({}, "application/logout+jwt", {}, ""),
    "typ in capitals": ({}, "LOGOUT+JWT", {}, ""),
    "audience in a list": ({"aud": ["app"]}, "logout+jwt", {}, ""),
    "a trusted audience beside": ({"aud": ["app", "api"]}, "logout+jwt", {"trusted_audiences": ["api"]}, ""),
    "an event that says more": ({"events": {EVENT: {"why": "x"}}}, "logout+jwt", {}, ""),
    "another event beside": ({"events": {EVENT: {}, "https://x": {}}}, "logout+jwt", {}, ""),
    "claims that nobody knows": ({"typ": "Logout", "x": [1]}, "logout+jwt", {}, ""),
    "sid not ASCII": ({"sid": "ä\ud800"}, "logout+jwt", {}, "MalformedError"),
    "typ JWT where allowed": ({}, "JWT", {"quirk_typ_jwt": True}, ""),
    "as old as may be": ({"iat": NOW - 330}, "logout+jwt", {}, ""),
    "old where allowed": ({"iat": NOW - 3000}, "logout+jwt", {"max_token_age": 3600}, ""),
    "expired within the leeway": ({"exp": NOW - 5}, "logout+jwt", {"leeway": 10}, ""),
    # section 2.4: typ
    "typ JWT": ({}, "JWT", {}, "typ_mismatch"),
    "typ at+jwt": ({}, "at+jwt", {}, "typ_mismatch"),
    "typ secevent+jwt": ({}, "secevent+jwt", {}, "typ_mismatch"),
    "typ empty": ({}, "", {}, "typ_mismatch"),
    "typ at+jwt where JWT is allowed": ({}, "at+jwt", {"quirk_typ_jwt": True}, "typ_mismatch"),
    # section 2.6 steps 3 and 4: iss, aud, iat, exp as in ID tokens
    "no iss": ({"iss": ...}, "logout+jwt", {}, "iss:missing"),
    "another iss": ({"iss": "https://evil.example"}, "logout+jwt", {}, "iss:not_accepted"),
    "iss with a slash": ({"iss": ISSUER + "/"}, "logout+jwt", {}, "iss:not_accepted"),
    "no aud": ({"aud": ...}, "logout+jwt", {}, "aud:missing"),
    "for another client": ({"aud": "other"}, "logout+jwt", {}, "aud:not_accepted"),
    "also for a stranger": ({"aud": ["app", "api"]}, "logout+jwt", {}, "aud:not_accepted"),
    "for nobody": ({"aud": []}, "logout+jwt", {}, "aud:not_accepted"),
    "no iat": ({"iat": ...}, "logout+jwt", {}, "iat:missing"),
    "iat a text": ({"iat": str(NOW)}, "logout+jwt", {}, "iat:wrong_type"),
    "iat ahead": ({"iat": NOW + 31}, "logout+jwt", {}, "iat:issued_in_the_future"),
    "too old": ({"iat": NOW - 331}, "logout+jwt", {}, "iat:too_old"),
    "no exp": ({"exp": ...}, "logout+jwt", {}, "exp:missing"),
    "expired": ({"exp": NOW}, "logout+jwt", {}, "exp:expired"),
    "not valid yet": ({"nbf": NOW + 31}, "logout+jwt", {}, "nbf:not_yet_valid"),
    # section 2.4: jti
    "no jti": ({"jti": ...}, "logout+jwt", {}, "jti:missing"),
    "jti empty": ({"jti": ""}, "logout+jwt", {}, "jti:not_accepted"),
    "jti a number": ({"jti": 1}, "logout+jwt", {}, "jti:wrong_type"),
    # section 2.6 step 5: sub or sid
    "neither sub nor sid": ({"sub": ..., "sid": ...}, "logout+jwt", {}, "sub:missing"),
    "sub null, no sid": ({"sub": None, "sid": ...}, "logout+jwt", {}, "sub:wrong_type"),
    "sub empty": ({"sub": ""}, "logout+jwt", {}, "sub:not_accepted"),
    "sid empty": ({"sid": ""}, "logout+jwt", {}, "sid:not_accepted"),
    "sid a number": ({"sid": 5}, "logout+jwt", {}, "sid:wrong_type"),
    # section 2.6 step 6: events
    "no events": ({"events": ...}, "logout+jwt", {}, "events:missing"),
    "events empty": ({"events": {}}, "logout+jwt", {}, "events:not_accepted"),
    "events a list": ({"events": [EVENT]}, "logout+jwt", {}, "events:wrong_type"),
    "events a text": ({"events": EVENT}, "logout+jwt", {}, "events:wrong_type"),
    "events null": ({"events": None}, "logout+jwt", {}, "events:wrong_type"),
    "another event": ({"events": {"https://x": {}}}, "logout+jwt", {}, "events:not_accepted"),
    "the event as https": ({"events": {EVENT.replace("http:", "https:"): {}}}, "logout+jwt", {}, "events:not_accepted"),
    "the event null": ({"events": {EVENT: None}}, "logout+jwt", {}, "events:not_accepted"),
    "the event a list": ({"events": {EVENT: []}}, "logout+jwt", {}, "events:wrong_type"),
    "the event true": ({"events": {EVENT: True}}, "logout+jwt", {}, "events:wrong_type"),
    # section 2.6 step 7: no nonce
    "a nonce": ({"nonce": "n"}, "logout+jwt", {}, "nonce:unexpected"),
    "an empty nonce": ({"nonce": ""}, "logout+jwt", {}, "nonce:unexpected"),
    "nonce null": ({"nonce": None}, "logout+jwt", {}, "nonce:wrong_type"),
    # everything that is wrong is named
    "an ID token": ({"events": ..., "jti": ..., "nonce": "n"}, None, {}, "events:missing, jti:missing"),
    "much is wrong": ({"sub": "", "nonce": "n", "events": {}}, None, {}, "events:not_accepted, nonce:unexpected, sub:not_accepted"),
}  # fmt: skip


def why(error: JwtkitError) -> str:
    if error.code in ("claims", "expired"):
        found = error.mismatches  # type: ignore[attr-defined]  # both are a ClaimsError
        return ", ".join(sorted(f"{mismatch.claim}:{mismatch.reason}" for mismatch in found))
    return (
        error.code
        if error.code in ("typ_mismatch", "alg_not_allowed", "encrypted", "signed_only")
        else type(error).__name__
    )


@pytest.mark.parametrize(("changes", "typ", "policy", "expected"), TABLE.values(), ids=TABLE)
def test_a_logout_token(changes: Members, typ: str | None, policy: Members, expected: str) -> None:
    if not expected:
        assert verifier(**policy).verify(signed(changes, typ=typ), now=NOW).iss == ISSUER
        return
    with pytest.raises(RejectedError) as refusal:
        verifier(**policy).verify(signed(changes, typ=typ), now=NOW)
    assert why(refusal.value) == expected


def test_what_it_says() -> None:
    token = VERIFIER.verify(signed({"email": "alice@example.com"}), now=NOW)
    assert (token.iss, token.sub, token.sid, token.jti) == (ISSUER, "alice", "s-1", "j-1")
    assert token.claims["email"] == "alice@example.com"
    assert token.claims.events[EVENT] == {}
    assert token.header.typ == "logout+jwt"
    assert "alice" not in repr(token)
    alone = VERIFIER.verify(signed({"sub": ...}), now=NOW)
    assert (alone.sub, alone.sid) == (None, "s-1")


def test_a_proof() -> None:
    token = VERIFIER.verify(signed(), now=NOW)
    make: Any = LogoutToken
    with pytest.raises(UsageError, match="verify"):
        make(token)
    with pytest.raises(UsageError, match="pickled"):
        pickle.dumps(token)
    assert copy.deepcopy(token) is token


def test_the_signature() -> None:
    with pytest.raises(RejectedError) as stranger:
        VERIFIER.verify(signed(key=STRANGER), now=NOW)
    assert type(stranger.value).__name__ == "KeyNotFoundError"
    head, payload, signature = signed().split(".")
    with pytest.raises(RejectedError) as forged:
        VERIFIER.verify(".".join((head, payload, signature[:-4] + "AAAA")), now=NOW)
    assert type(forged.value).__name__ == "SignatureError"
    nothing = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    with pytest.raises(RejectedError) as unsigned:
        VERIFIER.verify(f"{nothing}.{payload}.", now=NOW)
    assert why(unsigned.value) == "alg_not_allowed"
    with pytest.raises(RejectedError) as other:
        verifier(algorithms=["RS256", "ES384"], keys=JWKS([KEY.public(), JWK.generate("ES384").public()])).verify(
            signed(), now=NOW
        )
    assert why(other.value) == "alg_not_allowed"
    assert verifier(keys=SECRET, algorithms=["HS256"]).verify(signed(key=SECRET), now=NOW).jti == "j-1"


def test_neither_passes_for_the_other(provider: Provider) -> None:
    """No ID token of a real login is a logout token, with the same keys and the same client; nor the other way."""
    flow = provider.flow(keys=JWKS([provider.key.public()]))
    done = provider.login(flow)
    policy = verifier(keys=flow.keys, algorithms=["RS256"], quirk_typ_jwt=True)
    with pytest.raises(RejectedError) as refusal:
        policy.verify(done.id_token.compact, now=NOW)
    assert "events:missing" in why(refusal.value)
    identity = IdTokenVerifier(issuer=ISSUER, client_id="app", keys=JWKS([KEY.public()]), algorithms=["ES256"])
    for typ in ("logout+jwt", None):
        with pytest.raises(RejectedError):
            identity.verify(signed(typ=typ), nonce="n", now=NOW)
    # Without a typ it could only pass where a login sent no nonce: LoginFlow always sends one.
    assert policy.verify(signed(key=provider.key), now=NOW).sub == "alice"


def test_encrypted_tokens() -> None:
    key = JWK.generate("ECDH-ES+A256KW", crv="P-256")
    opener = Decryption(keys=key, algorithms=["ECDH-ES+A256KW"], encryptions=["A256GCM"])
    sealed = jwe.encrypt(signed().encode(), key.public(), alg="ECDH-ES+A256KW", enc="A256GCM", header={"cty": "JWT"})
    assert verifier(decryption=opener).verify(sealed, now=NOW).sid == "s-1"
    with pytest.raises(RejectedError) as plain:
        verifier(decryption=opener).verify(signed(), now=NOW)
    assert why(plain.value) == "signed_only"
    with pytest.raises(RejectedError) as unexpected:
        VERIFIER.verify(sealed, now=NOW)
    assert why(unexpected.value) == "encrypted"


# --- which logins end (section 2.7): (what the token says, what the record says, whether)

ENDS: dict[str, tuple[Members, Members, bool]] = {
    "session and user": ({}, {}, True),
    "session alone": ({"sub": ...}, {}, True),
    "user alone": ({"sid": ...}, {}, True),
    "all sessions of the user": ({"sid": ...}, {"sid": "s-2"}, True),
    "a login that knows no session": ({}, {"sid": None}, True),
    "another session": ({}, {"sid": "s-2"}, False),
    "another session, no user": ({"sub": ...}, {"sid": "s-2"}, False),
    "another user": ({}, {"sub": "bob"}, False),
    "another user, all sessions": ({"sid": ...}, {"sub": "bob"}, False),
    "another provider": ({}, {"iss": "https://evil.example"}, False),
    "only a session, and a login that knows none": ({"sub": ...}, {"sid": None}, False),
}


@pytest.mark.parametrize(("changes", "known", "expected"), ENDS.values(), ids=ENDS)
def test_which_logins_end(changes: Members, known: Members, expected: bool) -> None:
    record = LoginRecord(**{"iss": ISSUER, "sub": "alice", "aud": ("app",), "sid": "s-1", **known})
    assert VERIFIER.verify(signed(changes), now=NOW).ends(record) is expected


# --- the request (sections 2.5 to 2.8)


class Store:
    """What was seen, as a set with "only if it is absent"."""

    def __init__(self) -> None:
        self.asked: list[Consume] = []

    def __call__(self, what: Consume) -> bool:
        first = what.key not in [before.key for before in self.asked]
        self.asked.append(what)
        return first


def no_send(request: HttpRequest) -> HttpResponse:
    raise AssertionError(f"nothing is to be sent, least of all {request!r}")


FORM = "application/x-www-form-urlencoded"
URL = "/logout/backchannel"


def posted(body: bytes | None = None, *, content_type: str | None = FORM, method: str = "POST") -> InboundRequest:
    headers = () if content_type is None else (("Content-Type", content_type),)
    content = urlencode({"logout_token": signed()}).encode() if body is None else body
    return InboundRequest(method=method, url=URL, headers=headers, body=content)


def decide(
    request: InboundRequest,
    policy: LogoutTokenVerifier = VERIFIER,
    send: Any = no_send,
    store: Any = None,
    now: float = NOW,
) -> LogoutAccepted | LogoutRefused:
    return run(back_channel_logout(request, policy, now=now), send=send, consume=store or Store())


TOKEN = signed().encode()
REQUESTS: dict[str, tuple[InboundRequest, str]] = {
    "as it should be": (posted(), ""),
    "with a charset": (posted(content_type=f"{FORM};charset=UTF-8"), ""),
    "content type in capitals": (posted(content_type=FORM.upper()), ""),
    "other parameters": (posted(b"state=x&logout_token=" + TOKEN + b"&y="), ""),
    "GET": (posted(method="GET"), "invalid_request"),
    "PUT": (posted(method="PUT"), "invalid_request"),
    "lower case": (posted(method="post"), "invalid_request"),
    "no content type": (posted(content_type=None), "invalid_request"),
    "JSON": (posted(content_type="application/json"), "invalid_request"),
    "plain text": (posted(content_type="text/plain"), "invalid_request"),
    "two content types": (InboundRequest(method="POST", url=URL, headers=(("Content-Type", FORM), ("content-type", FORM)), body=b"logout_token=" + TOKEN), "invalid_request"),
    "no body": (posted(b""), "invalid_request"),
    "another parameter": (posted(b"id_token=" + TOKEN), "invalid_request"),
    "empty": (posted(b"logout_token="), "invalid_request"),
    "twice": (posted(b"logout_token=" + TOKEN + b"&logout_token=" + TOKEN), "invalid_request"),
    "twice, once empty": (posted(b"logout_token=" + TOKEN + b"&logout_token="), "invalid_request"),
    "not UTF-8": (posted(b"logout_token=%ff"), "invalid_request"),
    "too large": (posted(b"logout_token=" + b"a" * 70_000), "invalid_request"),
    "in the query": (InboundRequest(method="POST", url=f"{URL}?logout_token={signed()}", headers=(("Content-Type", FORM),)), "invalid_request"),
    "no token": (posted(b"logout_token=hello"), "invalid_token"),
    "a broken signature": (posted(b"logout_token=" + TOKEN[:-4] + b"AAAA"), "invalid_token"),
    "expired": (posted(b"logout_token=" + signed({"exp": NOW}).encode()), "invalid_token"),
    "a nonce": (posted(b"logout_token=" + signed({"nonce": "n"}).encode()), "invalid_token"),
    "of another key": (posted(b"logout_token=" + signed(key=STRANGER).encode()), "invalid_token"),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_the_request(request_: InboundRequest, expected: str) -> None:
    store = Store()
    outcome = decide(request_, store=store)
    assert outcome.response.header("cache-control") == "no-store"
    if isinstance(outcome, LogoutAccepted):
        assert not expected
        assert outcome.response.status == 200
        assert outcome.response.body == b""
        assert outcome.token.sid == "s-1"
        assert [what.kind for what in store.asked] == ["logout_token"]
        return
    assert outcome.reason == expected
    assert outcome.response.status == 400
    assert json.loads(outcome.response.body)["error"] == "invalid_request"
    # What was wrong is for the log, and only genuine tokens fill the store.
    assert str(outcome.error) not in outcome.response.body.decode()
    assert store.asked == []


def test_a_failure_of_ones_own() -> None:
    outcome = decide(posted())
    assert isinstance(outcome, LogoutAccepted)
    assert outcome.failure.status == 400
    assert outcome.failure.header("cache-control") == "no-store"
    assert json.loads(outcome.failure.body)["error"] == "server_error"


def test_a_token_counts_once() -> None:
    store = Store()
    assert isinstance(decide(posted(), store=store), LogoutAccepted)
    again = decide(posted(), store=store)
    assert isinstance(again, LogoutRefused)
    assert (again.reason, again.response.status) == ("token_used", 400)
    # Another jti, issuer or client is another token.
    fresh = posted(b"logout_token=" + signed({"jti": "j-2"}).encode())
    assert isinstance(decide(fresh, store=store), LogoutAccepted)
    both = posted(b"logout_token=" + signed({"aud": ["app", "shop"]}).encode())
    shop = verifier(client_id="shop", trusted_audiences=["app"])
    assert isinstance(decide(both, shop, store=store), LogoutAccepted)
    assert isinstance(decide(both, verifier(trusted_audiences=["shop"]), store=store), LogoutRefused)


@pytest.mark.parametrize(
    ("changes", "policy"),
    [
        pytest.param({}, {}, id="exp"),
        pytest.param({"exp": NOW + 90_000}, {}, id="age"),
        pytest.param({}, {"leeway": 7}, id="exp with leeway"),
        pytest.param({"exp": NOW + 90_000}, {"leeway": 7}, id="age with leeway"),
    ],
)
def test_how_long_it_is_remembered(changes: Members, policy: Members) -> None:
    """As long as the verifier would take it, to the second: a store may forget it when its time is there."""
    compact, checks = signed(changes), verifier(**policy)
    until = checks.verify(compact, now=NOW).consumption().expires_at
    assert checks.verify(compact, now=until - 1)
    with pytest.raises(RejectedError):
        checks.verify(compact, now=until)


def test_the_key_of_a_store_holds_nothing() -> None:
    key = VERIFIER.verify(signed({"jti": "ä" * 500}), now=NOW).consumption().key
    assert len(key) == 64
    pairs = [({"jti": "ab"}, {}), ({"jti": "b"}, {"client_id": "appa"})]
    keys = {
        verifier(**policy).verify(signed({**changes, "aud": policy.get("client_id", "app")}), now=NOW).consumption().key
        for changes, policy in pairs
    }
    assert len(keys) == 2


# --- the keys behind a URL


class KeyServer:
    def __init__(self, *sets: JWKS | HttpResponse) -> None:
        self.sets = list(sets)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.sets.pop(0)
        if isinstance(answer, HttpResponse):
            return answer
        return HttpResponse(status=200, headers=(("Content-Type", "application/json"),), body=answer.to_json().encode())


def test_keys_are_asked_for() -> None:
    policy = verifier(keys=JWKSCache(f"{ISSUER}/jwks"))
    server = KeyServer(JWKS([STRANGER.public()]), JWKS([KEY.public()]), JWKS([STRANGER.public()]))
    # None there yet, then one request more for a kid that is not known.
    with pytest.raises(UsageError, match="HttpRequest"):
        run(back_channel_logout(posted(), policy, now=NOW), consume=Store())  # type: ignore[arg-type]  # no send
    assert isinstance(decide(posted(), policy, server, now=NOW), LogoutRefused)
    assert len(server.sets) == 2
    assert isinstance(decide(posted(), policy, server, now=NOW + 31), LogoutAccepted)
    assert len(server.sets) == 1
    # An invented kid costs nothing in the cool-down.
    invented = posted(b"logout_token=" + signed(key=STRANGER).encode())
    outcome = decide(invented, policy, server, now=NOW + 32)
    assert isinstance(outcome, LogoutRefused)
    assert outcome.reason == "invalid_token"
    assert len(server.sets) == 1


def test_keys_that_cannot_be_had() -> None:
    policy, store = verifier(keys=JWKSCache(f"{ISSUER}/jwks")), Store()
    outcome = decide(posted(), policy, KeyServer(HttpResponse(status=503)), store)
    assert isinstance(outcome, LogoutRefused)
    assert (outcome.reason, outcome.response.status) == ("keys_unavailable", 400)
    assert json.loads(outcome.response.body)["error"] == "temporarily_unavailable"
    assert store.asked == []


def test_a_key_that_cannot_be_asked_for() -> None:
    """A new kid, and the key server is down: it may be a good token."""
    policy = verifier(keys=JWKSCache(f"{ISSUER}/jwks"))
    server = KeyServer(JWKS([STRANGER.public()]), HttpResponse(status=503), HttpResponse(status=503))
    assert isinstance(decide(posted(), policy, server, now=NOW), LogoutRefused)
    outcome = decide(posted(), policy, server, now=NOW + 31)
    assert isinstance(outcome, LogoutRefused)
    assert outcome.reason == "keys_unavailable"


def test_what_the_network_raises_passes() -> None:
    def broken(request: HttpRequest) -> HttpResponse:
        raise TimeoutError(request.url)

    with pytest.raises(TimeoutError):
        decide(posted(), verifier(keys=JWKSCache(f"{ISSUER}/jwks")), broken)


# --- anything

WRITTEN = st.binary(max_size=80) | st.text(max_size=80).map(lambda text: urlencode({"logout_token": text}).encode())


@given(WRITTEN, st.sampled_from([FORM, "text/plain", ""]))
def test_any_form_is_refused(body: bytes, content_type: str) -> None:
    outcome = decide(posted(body, content_type=content_type))
    assert isinstance(outcome, LogoutRefused)
    assert outcome.reason in ("invalid_request", "invalid_token")


VALUES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False, allow_infinity=False)
)
JSON = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from([EVENT, "x"]), inner, max_size=2), max_leaves=4)  # fmt: skip


@given(st.dictionaries(st.sampled_from([*CLAIMS, "nonce"]), JSON, max_size=3))
def test_any_claims_give_a_token_or_a_refusal(changes: Members) -> None:
    try:
        token = VERIFIER.verify(signed(changes), now=NOW)
    except RejectedError:
        return
    assert token.claims.nonce is None
    assert isinstance(token.claims.events[EVENT], dict) or token.claims.events[EVENT] == {}
    assert token.sub or token.sid


# --- mistakes

MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "no algorithms": (lambda: verifier(algorithms=[]), "algorithms"),
    "none": (lambda: verifier(algorithms=["none"]), "none"),
    "issuer unchecked": (lambda: verifier(issuer=UNCHECKED), "issuer"),
    "issuer empty": (lambda: verifier(issuer=""), "issuer"),
    "client_id empty": (lambda: verifier(client_id=""), "client_id"),
    "client_id a list": (lambda: verifier(client_id=["app"]), "client_id"),
    "client_id a tuple": (lambda: verifier(client_id=("app",)), "client_id"),
    "audiences none": (lambda: verifier(trusted_audiences=None), "trusted_audiences"),
    "an audience a number": (lambda: verifier(trusted_audiences=[5]), "trusted_audiences"),
    "an audience a list": (lambda: verifier(trusted_audiences=[["x"]]), "trusted_audiences"),
    "audiences a str": (lambda: verifier(trusted_audiences="api"), "trusted_audiences"),
    "no age": (lambda: verifier(max_token_age=0), "max_token_age"),
    "endless age": (lambda: verifier(max_token_age=float("inf")), "max_token_age"),
    "a negative leeway": (lambda: verifier(leeway=-1), "leeway"),
    "a quirk that is a text": (lambda: verifier(quirk_typ_jwt="JWT"), "quirk_typ_jwt"),
    "no text": (lambda: VERIFIER.verify(OTHER), "token"),
    "no record": (lambda: VERIFIER.verify(signed(), now=NOW).ends(OTHER), "LoginRecord"),
    "no request": (lambda: back_channel_logout(OTHER, VERIFIER), "InboundRequest"),
    "no verifier": (lambda: back_channel_logout(posted(), OTHER), "LogoutTokenVerifier"),
    "no time": (lambda: back_channel_logout(posted(), VERIFIER, now=float("nan")), "now"),
}


@pytest.mark.parametrize(("make", "match"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(make: Callable[[], object], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        make()


def test_signing_with_the_library_itself() -> None:
    """A provider that is written with jwtkit makes logout tokens like this."""
    claims = Claims(iss=ISSUER, aud="app", sid="s-9", extra={"events": {EVENT: {}}})
    token = Token.sign(claims, KEY, typ="logout+jwt", lifetime=120, now=NOW)
    assert VERIFIER.verify(token.compact, now=NOW).sid == "s-9"
