"""Signed authorization responses (JARM), and the modules of the conformance suite about them."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    ClaimsError,
    Decryption,
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
    JARM,
    AuthorizationCodeFlow,
    AuthorizationRedirect,
    AuthorizationSession,
    Client,
    HttpRequest,
    HttpResponse,
    InboundRequest,
    JWKSCache,
    PublicClient,
    ServerMetadata,
    run,
)
from jwtkit.oidc import LoginFlow

ISSUER, REDIRECT = "https://op.example.com", "https://app.example.com/callback"
NOW = 1_800_000_000
SERVER = ServerMetadata(
    issuer=ISSUER,
    authorization_endpoint=f"{ISSUER}/authorize",
    token_endpoint=f"{ISSUER}/token",
    jwks_uri=f"{ISSUER}/jwks",
    authorization_response_iss_parameter_supported=True,
)
CLIENT = Client(server=SERVER, client_id="app", auth=PublicClient())
KEY, OTHER = JWK.generate("ES256", kid="k1"), JWK.generate("ES256", kid="k1")
DESK = JWK.generate("ECDH-ES", crv="P-256")
DECRYPTION = Decryption(keys=DESK, algorithms=["ECDH-ES"], encryptions=["A256GCM"])
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
JSON = (("Content-Type", "application/json"),)
MODES = ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"]
KINDS = [AuthorizationCodeFlow, LoginFlow]
Members = dict[str, Any]


def flow(kind: Any = AuthorizationCodeFlow, own: Client = CLIENT, **named: Any) -> Any:
    given: Members = {"response_mode": "jwt", "jarm": JARM(algorithms=["ES256"]), **named}
    return kind(own, redirect_uri=REDIRECT, **given)


def claims_of(session: AuthorizationSession, changes: Members) -> Members:
    whole: Members = {
        "iss": ISSUER,
        "aud": "app",
        "exp": NOW + 600,
        "code": "c0de",
        "state": session.state,
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def signed(members: Members, key: JWK = KEY, typ: str | None = None) -> str:
    return jws.sign(json.dumps(members).encode(), key, typ=typ)


def b64(value: Members) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(members: Members) -> str:
    return f"{b64({'alg': 'none'})}.{b64(members)}."


def tampered(members: Members) -> str:
    head, _, signature = signed(members).rpartition(".")
    return f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def altered(members: Members) -> str:
    head, _, signature = signed(members).split(".")
    return f"{head}.{b64({**members, 'code': 'mine'})}.{signature}"


def sealed(members: Members) -> str:
    return jwe.encrypt(signed(members).encode(), DESK.public(), enc="A256GCM", header={"cty": "JWT"})


def arrived(mode: str, fields: Members) -> str | InboundRequest:
    text = urlencode(fields)
    if mode == "form_post.jwt":
        return InboundRequest(method="POST", url=REDIRECT, headers=FORM, body=text.encode())
    return f"{REDIRECT}{'#' if mode == 'fragment.jwt' else '?'}{text}"


class Keys:
    """The provider's key set, and how often it was asked for."""

    def __init__(self, *keys: JWK) -> None:
        self.published = [key.public() for key in keys or (KEY,)]
        self.asked: list[str] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request.url)
        return HttpResponse(status=200, headers=JSON, body=JWKS(self.published).to_json().encode())


def check(own: Any, redirect: AuthorizationRedirect, response: Any, *, mode: str = "jwt", **beside: Any) -> Any:
    fields = {"response": response, **beside}
    request = arrived(mode, {name: value for name, value in fields.items() if value is not None})
    session = AuthorizationSession.from_json(redirect.session.to_json())
    return run(own.callback_jwt(session, request, now=NOW), send=Keys())


# --- what is accepted


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
def test_a_signed_response(mode: Any, kind: Any) -> None:
    """JARM section 2.3: each way in which it comes."""
    own = flow(kind, response_mode=mode)
    redirect = own.start(now=NOW)
    assert f"response_mode={mode}" in redirect.url
    callback = check(own, redirect, signed(claims_of(redirect.session, {})), mode=mode)
    assert callback.code.reveal() == "c0de"
    assert callback.session == redirect.session


ACCEPTED: dict[str, Members] = {
    "aud in a list": {"aud": ["app"]},
    "aud in a list with others": {"aud": ["other", "app"]},
    "dates and an identifier": {"iat": NOW, "nbf": NOW, "jti": "1"},
    "parameters that nobody knows": {"session_state": "x", "scope": "a b", "expires_in": 5, "more": {"a": [1]}},
    "an empty parameter is none, RFC 6749 section 3.1": {"error": "", "access_token": ""},
}


@pytest.mark.parametrize("changes", ACCEPTED.values(), ids=ACCEPTED)
def test_other_signed_responses(changes: Members) -> None:
    redirect = flow().start(now=NOW)
    assert check(flow(), redirect, signed(claims_of(redirect.session, changes)), unknown="x").code.reveal() == "c0de"


def test_typ() -> None:
    redirect = flow().start(now=NOW)
    members = claims_of(redirect.session, {})
    assert check(flow(), redirect, signed(members, typ="JWT"))
    for typ in ("at+jwt", "logout+jwt", "oauth-authz-req+jwt"):
        with pytest.raises(NotAllowedError):
            check(flow(), redirect, signed(members, typ=typ))


# --- the conformance suite's modules; `fapi1-advanced-final-client-test-` and `fapi2-...` are left out of the names

MODULES: dict[str, tuple[Callable[[Members], str], Members, type[JwtkitError] | None, str]] = {
    "happy-path (plain_fapi, jarm)": (signed, {}, None, ""),
    "ensure-jarm-signature-is-not-none": (unsigned, {}, RejectedError, ""),
    "ensure-jarm-with-invalid-sig-fails": (tampered, {}, SignatureError, ""),
    "ensure-jarm-with-invalid-sig-fails, its claims altered": (altered, {}, SignatureError, ""),
    "ensure-jarm-with-invalid-iss-fails": (
        signed,
        {"iss": "https://evil.example.com"},
        ClaimsError,
        "iss:not_accepted",
    ),
    "ensure-jarm-with-invalid-iss-fails, by a slash": (signed, {"iss": f"{ISSUER}/"}, ClaimsError, "iss:not_accepted"),
    "ensure-jarm-without-iss-fails": (signed, {"iss": ...}, ClaimsError, "iss:missing"),
    "ensure-jarm-with-invalid-aud-fails": (signed, {"aud": "other"}, ClaimsError, "aud:not_accepted"),
    "ensure-jarm-with-invalid-aud-fails, a list": (signed, {"aud": ["other"]}, ClaimsError, "aud:not_accepted"),
    "ensure-jarm-without-aud-fails": (signed, {"aud": ...}, ClaimsError, "aud:missing"),
    "ensure-jarm-with-expired-exp-fails": (signed, {"exp": NOW - 1}, ExpiredError, "exp:expired"),
    "ensure-jarm-with-expired-exp-fails, just now": (signed, {"exp": NOW}, ExpiredError, "exp:expired"),
    "ensure-jarm-without-exp-fails": (signed, {"exp": ...}, ClaimsError, "exp:missing"),
    "ensure-authorization-response-with-invalid-state-fails": (signed, {"state": "x"}, ProtocolError, "state_mismatch"),
    "ensure-authorization-response-with-invalid-missing-state-fails": (
        signed,
        {"state": ...},
        ProtocolError,
        "state_mismatch",
    ),
}


def why(error: JwtkitError) -> str:
    if isinstance(error, ClaimsError):
        return ", ".join(f"{found.claim}:{found.reason}" for found in error.mismatches)
    return str(error.reason) if isinstance(error, ProtocolError) else ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("write", "changes", "error", "reason"), MODULES.values(), ids=MODULES)
def test_modules(
    write: Callable[[Members], str],
    changes: Members,
    error: type[JwtkitError] | None,
    reason: str,
    kind: Any,
) -> None:
    own = flow(kind)
    redirect = own.start(now=NOW)
    response = write(claims_of(redirect.session, changes))
    if error is None:
        assert check(own, redirect, response).code.reveal() == "c0de"
        return
    with pytest.raises(error) as refusal:
        check(own, redirect, response)
    assert why(refusal.value) == reason
    assert "c0de" not in str(refusal.value)
    assert redirect.session.state not in str(refusal.value)


# --- what else is refused


def another_key(members: Members) -> str:
    return signed(members, OTHER)


def unknown_key(members: Members) -> str:
    return signed(members, JWK.generate("ES256", kid="new"))


def confused(members: Members) -> str:
    """Signed with what everybody knows of the public key as a secret (RFC 8725 section 2.1)."""
    return signed(members, JWK.from_secret(str(KEY.public().to_dict()["x"]).encode(), alg="HS256"))


REFUSED: dict[str, tuple[Callable[[Members], str], Members, type[JwtkitError], str]] = {
    "another key with the same kid": (another_key, {}, SignatureError, ""),
    "a key that is not published": (unknown_key, {}, KeyNotFoundError, ""),
    "a secret": (confused, {}, NotAllowedError, ""),
    "encrypted, which was not registered": (sealed, {}, NotAllowedError, ""),
    "no JWT": (lambda _: "c0de", {}, MalformedError, ""),
    "claims of a number": (lambda _: jws.sign(b"5", KEY), {}, MalformedError, ""),
    "not yet valid": (signed, {"nbf": NOW + 3600}, ClaimsError, "nbf:not_yet_valid"),
    "exp a text": (signed, {"exp": str(NOW + 60)}, ClaimsError, "exp:wrong_type"),
    "iss a list": (signed, {"iss": [ISSUER]}, ClaimsError, "iss:wrong_type"),
    "no code": (signed, {"code": ...}, ProtocolError, "missing_parameter"),
    "an empty code": (signed, {"code": ""}, ProtocolError, "missing_parameter"),
    "a code that is no text": (signed, {"code": 5}, ProtocolError, "bad_member"),
    "a state that is no text": (signed, {"state": ["x"]}, ProtocolError, "bad_member"),
    "an error that is no text": (signed, {"error": {}}, ProtocolError, "bad_member"),
    "a token that was not asked for": (signed, {"access_token": "t"}, ProtocolError, "unexpected_parameter"),
    "an ID token that was not asked for": (signed, {"id_token": "t"}, ProtocolError, "unexpected_parameter"),
    "a response in a response": (signed, {"response": "x"}, ProtocolError, "unexpected_parameter"),
    "an error of another login": (
        signed,
        {"error": "access_denied", "state": "x"},
        ProtocolError,
        "state_mismatch",
    ),
}


@pytest.mark.parametrize(("write", "changes", "error", "reason"), REFUSED.values(), ids=REFUSED)
def test_signed_responses_that_are_refused(
    write: Callable[[Members], str], changes: Members, error: type[JwtkitError], reason: str
) -> None:
    redirect = flow().start(now=NOW)
    with pytest.raises(error) as refusal:
        check(flow(), redirect, write(claims_of(redirect.session, changes)))
    assert why(refusal.value) == reason


@pytest.mark.parametrize("name", ["code", "state", "iss", "error", "access_token", "id_token"])
def test_what_stands_beside_a_signed_response(name: str) -> None:
    """JARM section 2.3: nobody vouches for it, not even for an error."""
    redirect = flow().start(now=NOW)
    value = {"state": redirect.session.state, "iss": ISSUER}.get(name, "x")
    for response in (signed(claims_of(redirect.session, {})), None):
        with pytest.raises(ProtocolError) as refusal:
            check(flow(), redirect, response, **{name: value})
        assert refusal.value.reason == "unexpected_parameter"


def test_no_response_at_all() -> None:
    redirect = flow().start(now=NOW)
    for response in (None, ""):
        with pytest.raises(ProtocolError) as refusal:
            check(flow(), redirect, response)
        assert refusal.value.reason == "missing_parameter"


def test_a_plain_response_in_its_place() -> None:
    """Who strips the signature gets nothing, also where everything else is right."""
    redirect = flow().start(now=NOW)
    with pytest.raises(ProtocolError) as refusal:
        check(flow(), redirect, None, code="c0de", state=redirect.session.state, iss=ISSUER)
    assert refusal.value.reason == "unexpected_parameter"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("other", MODES)
def test_it_comes_as_it_was_asked_for(mode: Any, other: str) -> None:
    ways = {"jwt": "query.jwt"}
    own = flow(response_mode=mode)
    redirect = own.start(now=NOW)
    response = signed(claims_of(redirect.session, {}))
    if ways.get(mode, mode) == ways.get(other, other):
        assert check(own, redirect, response, mode=other)
        return
    with pytest.raises(ProtocolError) as refusal:
        check(own, redirect, response, mode=other)
    assert refusal.value.reason in ("wrong_endpoint", "missing_parameter")


def test_the_server_says_no() -> None:
    redirect = flow().start(now=NOW)
    members = {"code": ..., "error": "access_denied", "error_description": "no", "more": "x"}
    with pytest.raises(OAuthError) as refusal:
        check(flow(), redirect, signed(claims_of(redirect.session, members)))
    assert (refusal.value.error, refusal.value.description) == ("access_denied", "no")
    assert dict(refusal.value.extra) == {"more": "x"}


def test_a_session_that_has_ended() -> None:
    redirect = flow().start(now=NOW - 600)
    with pytest.raises(ProtocolError) as refusal:
        check(flow(), redirect, signed(claims_of(redirect.session, {})))
    assert refusal.value.reason == "session_expired"


# --- encrypted


def test_encrypted_responses() -> None:
    own = flow(jarm=JARM(algorithms=["ES256"], decryption=DECRYPTION))
    redirect = own.start(now=NOW)
    members = claims_of(redirect.session, {})
    assert check(own, redirect, sealed(members)).code.reveal() == "c0de"
    with pytest.raises(NotAllowedError):
        check(own, redirect, signed(members))  # encryption was registered
    for wrong in (signed(members, OTHER), unsigned(members)):
        nested = jwe.encrypt(wrong.encode(), DESK.public(), enc="A256GCM", header={"cty": "JWT"})
        with pytest.raises(RejectedError):
            check(own, redirect, nested)
    bare = jwe.encrypt(json.dumps(members).encode(), DESK.public(), enc="A256GCM")
    with pytest.raises(NotAllowedError):
        check(own, redirect, bare)  # encrypted, and signed by nobody


# --- the hybrid flow


def test_an_id_token_inside() -> None:
    own = flow(LoginFlow, response_type="code id_token", algorithms=["ES256"])
    redirect = own.start(now=NOW)
    assert "response_mode=jwt" in redirect.url
    response = signed(claims_of(redirect.session, {"id_token": "a.b.c"}))
    callback = check(own, redirect, response, mode="fragment.jwt")
    assert callback.id_token.reveal() == "a.b.c"
    with pytest.raises(ProtocolError) as missing:
        check(own, redirect, signed(claims_of(redirect.session, {})), mode="fragment.jwt")
    assert missing.value.reason == "missing_parameter"
    with pytest.raises(UsageError, match="query"):
        flow(LoginFlow, response_type="code id_token", response_mode="query.jwt")


# --- the shape: no way around the signature


@pytest.mark.parametrize("kind", KINDS)
def test_each_way_has_its_own_callback(kind: Any) -> None:
    strict, plain = flow(kind), kind(CLIENT, redirect_uri=REDIRECT)
    redirect, url = strict.start(now=NOW), f"{REDIRECT}?code=c"
    with pytest.raises(UsageError, match="callback_jwt"):
        strict.callback(redirect.session, url, now=NOW)
    with pytest.raises(UsageError, match="not signed"):
        plain.callback_jwt(redirect.session, url, now=NOW)


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_of_the_other_way(kind: Any) -> None:
    """A session was made before the flow was changed, or somebody changed it."""
    strict, plain = flow(kind), kind(CLIENT, redirect_uri=REDIRECT)
    before, after = plain.start(now=NOW), strict.start(now=NOW)
    answer = urlencode({"code": "c", "state": after.session.state, "iss": ISSUER})
    with pytest.raises(ProtocolError) as one:
        plain.callback(after.session, f"{REDIRECT}?{answer}", now=NOW)
    with pytest.raises(ProtocolError) as other:
        check(strict, before, signed(claims_of(before.session, {})))
    assert one.value.reason == other.value.reason == "session_mismatch"


def test_a_session_of_the_other_flow() -> None:
    for own, other in ((flow(), flow(LoginFlow)), (flow(LoginFlow), flow())):
        redirect = own.start(now=NOW)
        with pytest.raises(ProtocolError) as refusal:
            check(other, redirect, signed(claims_of(redirect.session, {})))
        assert refusal.value.reason == "session_mismatch"


def test_no_session() -> None:
    with pytest.raises(UsageError, match="AuthorizationSession"):
        run(flow().callback_jwt({}, f"{REDIRECT}?response=x", now=NOW), send=Keys())


@pytest.mark.parametrize(
    "named",
    [
        pytest.param({"response_mode": None}, id="keys for what is not signed"),
        pytest.param({"response_mode": "query"}, id="query"),
        pytest.param({"jarm": ["ES256"]}, id="a list"),
        pytest.param({"response_mode": "jwt.query"}, id="an unknown mode"),
    ],
)
def test_flows_that_cannot_be(named: Members) -> None:
    with pytest.raises(UsageError):
        flow(**named)
    assert flow()


@pytest.mark.parametrize(
    "algorithms",
    [["ES256"], ("ES256",), {"ES256"}, {"ES256": 1}.keys(), iter(["ES256"]), (name for name in ["ES256"])],
    ids=lambda given: type(given).__name__,
)
def test_algorithms_come_in_any_kind_of_list(algorithms: Any) -> None:
    jarm = JARM(algorithms=algorithms)
    for _ in range(2):  # an iterator has its items once, and two flows may share this
        own = flow(jarm=jarm)
        redirect = own.start(now=NOW)
        assert check(own, redirect, signed(claims_of(redirect.session, {}))).code.reveal() == "c0de"
    assert jarm.algorithms == ("ES256",)


@pytest.mark.parametrize(
    "named",
    [
        {"algorithms": "ES256"},
        {"algorithms": ["none"]},
        {"algorithms": []},
        {"algorithms": ["HS256"]},
        {"algorithms": b"ES256"},
        {"algorithms": 5},
        {"algorithms": None},
        {"algorithms": iter(["HS256"])},
        {"algorithms": iter([])},
    ],
    ids=str,
)
def test_what_cannot_verify(named: Members) -> None:
    with pytest.raises(UsageError):
        JARM(**named)


def test_no_keys_anywhere() -> None:
    bare = Client(server=replace(SERVER, jwks_uri=None), client_id="app", auth=PublicClient())
    with pytest.raises(UsageError, match="jwks_uri"):
        flow(own=bare)
    assert flow(own=bare, jarm=JARM(algorithms=["ES256"], keys=KEY.public()))


# --- keys


def test_keys_are_asked_for_once() -> None:
    own, keys = flow(), Keys()
    for _ in range(2):
        redirect = own.start(now=NOW)
        url = arrived("jwt", {"response": signed(claims_of(redirect.session, {}))})
        assert run(own.callback_jwt(redirect.session, url, now=NOW), send=keys)
    assert keys.asked == [f"{ISSUER}/jwks"]


def test_a_response_that_is_refused_for_itself_costs_no_request() -> None:
    own, keys = flow(), Keys()
    redirect = own.start(now=NOW)
    for fields in ({"response": "x"}, {"code": "c"}, {"response": unsigned(claims_of(redirect.session, {}))}):
        with pytest.raises(RejectedError):
            run(own.callback_jwt(redirect.session, arrived("jwt", fields), now=NOW), send=keys)
    assert not keys.asked


def test_new_keys() -> None:
    """The suite's signing-key-rotation: an unknown key is worth one request."""
    cache = JWKSCache(f"{ISSUER}/jwks", cool_down=0)
    own = flow(jarm=JARM(algorithms=["ES256"], keys=cache))
    run(cache.refresh(now=NOW), send=Keys())
    fresh = JWK.generate("ES256", kid="k2")
    redirect = own.start(now=NOW)
    url = arrived("jwt", {"response": signed(claims_of(redirect.session, {}), fresh)})
    assert run(own.callback_jwt(redirect.session, url, now=NOW + 1), send=Keys(fresh)).code.reveal() == "c0de"


def test_a_shared_secret() -> None:
    secret = JWK.from_secret(b"a-secret-of-the-client-of-32-bytes", alg="HS256")
    own = flow(jarm=JARM(algorithms=["HS256"], keys=secret))
    redirect = own.start(now=NOW)
    members = claims_of(redirect.session, {})
    assert check(own, redirect, signed(members, secret))
    with pytest.raises(RejectedError):
        check(own, redirect, signed(members))


def test_leeway() -> None:
    own = flow(jarm=JARM(algorithms=["ES256"], leeway=30))
    redirect = own.start(now=NOW)
    assert check(own, redirect, signed(claims_of(redirect.session, {"exp": NOW - 20})))
    with pytest.raises(ExpiredError):
        check(own, redirect, signed(claims_of(redirect.session, {"exp": NOW - 31})))


# --- anything


REDIRECT_OF_ANYTHING = flow().start(now=NOW)


@given(
    st.text(max_size=20)
    | st.dictionaries(
        st.sampled_from(["iss", "aud", "exp", "code", "state", "error", "id_token", "response", "x"]),
        st.none() | st.integers() | st.text(max_size=4) | st.lists(st.text(max_size=2), max_size=2),
        max_size=5,
    )
)
def test_any_response_gives_a_callback_or_a_refusal(response: Any) -> None:
    session = REDIRECT_OF_ANYTHING.session
    text = response if isinstance(response, str) else signed(claims_of(session, response))
    try:
        callback = check(flow(), REDIRECT_OF_ANYTHING, text)
    except RejectedError:
        return
    assert isinstance(response, dict)
    assert callback.code.reveal() == response.get("code", "c0de")


def test_it_shows_nothing() -> None:
    redirect = flow().start(now=NOW)
    callback = check(flow(), redirect, signed(claims_of(redirect.session, {})))
    fingerprint = sha256(callback.code.reveal().encode()).hexdigest()
    for text in (repr(callback), repr(JARM(keys=KEY)), str(callback)):
        assert "c0de" not in text
        assert fingerprint not in text
