"""UserInfo: about the user who logged in, signed and encrypted where that was registered (Core section 5.3)."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    ClaimsError,
    DecryptionError,
    ExpiredError,
    JwtkitError,
    MalformedError,
    NotAllowedError,
    OAuthError,
    ProtocolError,
    RejectedError,
    UsageError,
    jwe,
    jws,
)
from jwtkit.jwt.decryption import Decryption
from jwtkit.oauth import (
    Client,
    HttpResponse,
    PublicClient,
    Secret,
    SelfSignedTlsClientAuth,
    ServerMetadata,
    TlsClientAuth,
    TokenSet,
    fix_members,
    run,
)
from jwtkit.oidc import (
    LoginRecord,
    UserInfo,
    UserInfoVerifier,
    parse_userinfo_response,
    userinfo,
    userinfo_request,
)

ISSUER = "https://op.example.com"
NOW = 1_800_000_000
RECORD = LoginRecord(iss=ISSUER, sub="alice", aud=("app",))
KEY = JWK.generate("ES256", kid="k")
DESK = JWK.generate("ECDH-ES+A256KW", crv="X25519")
DECRYPTION = Decryption(keys=DESK, algorithms=["ECDH-ES+A256KW"], encryptions=["A256GCM"])
TOKENS = TokenSet(access_token=Secret("at-1"), token_type="bEaReR")
SERVER = ServerMetadata(
    issuer=ISSUER,
    userinfo_endpoint=f"{ISSUER}/userinfo",
    jwks_uri=f"{ISSUER}/jwks",
    mtls_endpoint_aliases={"userinfo_endpoint": "https://mtls.example.com/userinfo"},
)
CLIENT = Client(server=SERVER, client_id="app", auth=PublicClient())
VERIFIER = UserInfoVerifier(issuer=ISSUER, client_id="app", keys=KEY.public(), algorithms=["ES256"])
BOTH = UserInfoVerifier(issuer=ISSUER, client_id="app", keys=KEY.public(), algorithms=["ES256"], decryption=DECRYPTION)
Members = dict[str, Any]
Provider = Any  # of conftest.py, which a test cannot import


def response(
    body: object, status: int = 200, content: str = "application/json", *more: tuple[str, str]
) -> HttpResponse:
    octets = body.encode() if isinstance(body, str) else body
    octets = octets if isinstance(octets, bytes) else json.dumps(octets).encode()
    return HttpResponse(status=status, headers=(("Content-Type", content), *more), body=octets)


def signed(claims: Members, key: JWK = KEY, typ: str | None = "JWT") -> str:
    return jws.sign(json.dumps(claims).encode(), key, typ=typ)


def encrypted(text: str, key: JWK = DESK, **header: str) -> str:
    return jwe.encrypt(text.encode(), key.public(), enc="A256GCM", header=header)


# --- the request


def test_the_access_token_goes_into_the_header_only() -> None:
    request = userinfo_request(CLIENT, TOKENS)
    assert (request.method, request.url, request.body, request.mtls) == ("GET", f"{ISSUER}/userinfo", b"", False)
    assert dict(request.headers) == {"Accept": "application/json, application/jwt", "Authorization": "Bearer at-1"}
    assert request.max_bytes == 1024 * 1024
    assert "at-1" not in repr(request)


@pytest.mark.parametrize("auth", [TlsClientAuth(), SelfSignedTlsClientAuth()])
def test_a_client_with_a_certificate_shows_it(auth: Any) -> None:
    request = userinfo_request(Client(server=SERVER, client_id="app", auth=auth), TOKENS)
    assert (request.url, request.mtls) == ("https://mtls.example.com/userinfo", True)


BOUND = TokenSet(access_token=Secret("at-1"), token_type="DPoP")
NOWHERE = Client(server=ServerMetadata(issuer=ISSUER), client_id="app", auth=PublicClient())
KEYLESS = Client(
    server=ServerMetadata(issuer=ISSUER, userinfo_endpoint=f"{ISSUER}/u"), client_id="app", auth=PublicClient()
)
OTHER: Any = "x"


@pytest.mark.parametrize(
    ("make", "match"),
    [
        pytest.param(lambda: userinfo_request(OTHER, TOKENS), "Client", id="no client"),
        pytest.param(lambda: userinfo_request(CLIENT, OTHER), "TokenSet", id="no tokens"),
        pytest.param(lambda: userinfo_request(CLIENT, BOUND), "bound to a key", id="a DPoP token"),
        pytest.param(lambda: userinfo_request(NOWHERE, TOKENS), "userinfo_endpoint", id="no endpoint"),
        pytest.param(lambda: userinfo(CLIENT, TOKENS, id_token=OTHER), "id_token", id="no ID token"),
        pytest.param(lambda: userinfo(CLIENT, TOKENS, id_token=replace(RECORD, aud=("other",))), "not of the client 'app'", id="a login of another client"),
        pytest.param(lambda: userinfo(CLIENT, TOKENS, id_token=RECORD, algorithms=["ES256"]), "signed=True", id="algorithms, but not signed"),
        pytest.param(lambda: userinfo(CLIENT, TOKENS, id_token=RECORD, keys=JWKS([KEY.public()])), "signed=True", id="keys, but not signed"),
        pytest.param(lambda: userinfo(CLIENT, TOKENS, id_token=RECORD, leeway=0), "signed=True", id="leeway, but not signed"),
        pytest.param(lambda: userinfo(replace(CLIENT, server=replace(CLIENT.server, userinfo_signing_alg_values_supported=("ES384",))), TOKENS, id_token=RECORD, signed=True), "signs with 'ES384'", id="no algorithm that the provider has"),
        pytest.param(lambda: userinfo(CLIENT, TOKENS, id_token=OTHER, signed=True), "id_token", id="no ID token, signed"),
        pytest.param(lambda: userinfo(KEYLESS, TOKENS, id_token=RECORD, signed=True), "jwks_uri", id="no keys"),
        pytest.param(lambda: userinfo(CLIENT, TOKENS, id_token=RECORD, signed=True, algorithms=["HS256"]), "public client", id="HS256"),
        pytest.param(lambda: parse_userinfo_response(response({}), id_token=OTHER), "id_token", id="parse without"),
        pytest.param(lambda: parse_userinfo_response(OTHER, id_token=RECORD), "HttpResponse", id="no response"),
        pytest.param(lambda: parse_userinfo_response(response({}), id_token=RECORD, verifier=OTHER), "verifier", id="no verifier"),
        pytest.param(lambda: parse_userinfo_response(response({}), id_token=RECORD, decryption=OTHER), "decryption", id="no decryption"),
        pytest.param(lambda: parse_userinfo_response(response({}), id_token=RECORD, verifier=VERIFIER, decryption=DECRYPTION), "verifier", id="both"),
        pytest.param(lambda: UserInfoVerifier(issuer="", client_id="c", keys=KEY), "issuer must", id="no issuer"),
        pytest.param(lambda: UserInfoVerifier(issuer=[ISSUER], client_id="c", keys=KEY), "issuer must", id="several issuers"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: UserInfoVerifier(issuer="i", client_id=OTHER * 0, keys=KEY), "client_id must", id="no client_id"),
    ],
)  # fmt: skip
def test_mistakes(make: Callable[[], object], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        make()


# --- JSON: (the response, what comes of it)

PERSON = {"sub": "alice", "email": "alice@example.com", "email_verified": "true"}
CHALLENGE = "WWW-Authenticate"
PLAIN: dict[str, tuple[HttpResponse, str]] = {
    "as it should be": (response(PERSON), ""),
    "charset and case": (response(PERSON, 200, "Application/JSON; charset=utf-8"), ""),
    "sub alone": (response({"sub": "alice"}), ""),
    "a challenge with 200": (response(PERSON, 200, "application/json", (CHALLENGE, "Bearer")), ""),
    "a claim named error": (response({**PERSON, "error": "x"}), ""),
    # 5.3.2: sub
    "another user": (response({**PERSON, "sub": "mallory"}), "subject_mismatch"),
    "another case": (response({**PERSON, "sub": "Alice"}), "subject_mismatch"),
    "a space more": (response({**PERSON, "sub": "alice "}), "subject_mismatch"),
    "no sub": (response({"email": "alice@example.com"}), "bad_member"),
    "sub empty": (response({"sub": ""}), "bad_member"),
    "sub a number": (response({"sub": 5}), "bad_member"),
    "sub null": (response({"sub": None}), "bad_member"),
    "sub a list": (response({"sub": ["alice"]}), "bad_member"),
    # what it is
    "a JWT that nobody registered": (response(signed(PERSON), 200, "application/jwt"), "unsupported"),
    "a page": (response("<html>", 200, "text/html"), "not_json"),
    "no JSON": (response("sub=alice"), "not_json"),
    "an array": (response([PERSON]), "not_json"),
    "sub twice": (response('{"sub":"mallory","sub":"alice"}'), "not_json"),
    "a redirect": (response(PERSON, 302), "redirect"),
    "too large": (response(b" " * (1024 * 1024 + 1)), "too_large"),
    "created": (response(PERSON, 201), "unexpected_status"),
    "no content": (response(b"", 204), "unexpected_status"),
    # 5.3.3, RFC 6750 section 3
    "a challenge": (response(b"", 401, "text/plain", (CHALLENGE, 'Bearer error="invalid_token"')), "invalid_token"),
    "a challenge with more": (response("x", 401, "text/plain", (CHALLENGE, 'bearer realm="a, b",  error="invalid_token", error_description="it ended"')), "invalid_token"),
    "the second challenge": (response("x", 401, "text/plain", (CHALLENGE, 'DPoP algs="ES256"'), (CHALLENGE.lower(), 'Bearer error="invalid_token"')), "invalid_token"),
    "a challenge with an equals sign": (response("x", 401, "text/plain", (CHALLENGE, 'Bearer realm="a=b", Error="invalid_token"')), "invalid_token"),
    "a challenge with spaces around": (response("x", 401, "text/plain", (CHALLENGE, '  Bearer error="invalid_token" ')), "invalid_token"),
    "a challenge in another header": (response("x", 401, "text/plain", ("X-Challenge", 'Bearer error="invalid_token"')), "unexpected_status"),
    "a quote that is escaped": (response("x", 401, "text/plain", (CHALLENGE, 'Bearer error="invalid_token", error_description="a \\"b\\""')), "invalid_token"),
    "403": (response("x", 403, "text/plain", (CHALLENGE, 'Bearer error="insufficient_scope"')), "insufficient_scope"),
    "an error in JSON": (response({"error": "invalid_token"}, 401), "invalid_token"),
    "a challenge without error": (response("x", 401, "text/plain", (CHALLENGE, 'Bearer realm="a"')), "unexpected_status"),
    "a bare challenge": (response("x", 401, "text/plain", (CHALLENGE, "Bearer")), "unexpected_status"),
    "a challenge that does not parse": (response("x", 401, "text/plain", (CHALLENGE, 'Bearer error="invalid_token')), "unexpected_status"),
    "an error that is no code": (response("x", 401, "text/plain", (CHALLENGE, 'Bearer error="ä"')), "bad_member"),
    "no challenge": (response("gone", 401, "text/plain"), "unexpected_status"),
    "an error in JSON that says to be text": (response({"error": "invalid_token"}, 401, "text/plain"), "unexpected_status"),
    "an error with 499": (response({"error": "invalid_token"}, 499), "invalid_token"),
    "an error with 500": (response({"error": "server_error"}, 500), "unexpected_status"),
    "JSON without error": (response({"message": "no"}, 401), "unexpected_status"),
    "broken JSON": (response("{", 401), "unexpected_status"),
    "it is down": (response({"error": "server_error"}, 503, "application/json", ("Retry-After", "30")), "unexpected_status"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "expected"), PLAIN.values(), ids=PLAIN)
def test_plain(answer: HttpResponse, expected: str, provider: Provider) -> None:
    if not expected:
        assert parse_userinfo_response(answer, id_token=RECORD).sub == "alice"
        return
    with pytest.raises((ProtocolError, OAuthError)) as refusal:
        parse_userinfo_response(answer, id_token=RECORD)
    assert provider.why(refusal.value) == expected
    assert isinstance(refusal.value, (ProtocolError, OAuthError))
    assert refusal.value.status == answer.status
    assert "UserInfo" in str(refusal.value)
    assert expected != "bad_member" or "'sub' must be" in str(refusal.value) or "'error' must be" in str(refusal.value)


def test_a_failure_says_when_to_come_again() -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_userinfo_response(PLAIN["it is down"][0], id_token=RECORD)
    assert (refusal.value.status, refusal.value.retry_after) == (503, 30)


def test_a_refusal_keeps_what_the_provider_said() -> None:
    with pytest.raises(OAuthError) as refusal:
        parse_userinfo_response(PLAIN["a challenge with more"][0], id_token=RECORD)
    assert (refusal.value.description, refusal.value.status) == ("it ended", 401)
    assert refusal.value.extra == {"realm": "a, b"}
    with pytest.raises(OAuthError) as in_json:
        parse_userinfo_response(PLAIN["an error in JSON"][0], id_token=RECORD)
    assert in_json.value.status == 401
    with pytest.raises(ProtocolError) as other:
        parse_userinfo_response(PLAIN["no challenge"][0], id_token=RECORD)
    assert (other.value.status, other.value.excerpt) == (401, "gone")


def test_claims_stay_as_they_came() -> None:
    """Some providers write "true" for true; what it means is the application's to say."""
    known = parse_userinfo_response(response(PERSON), id_token=RECORD)
    assert known.claims == PERSON
    assert known.claims["email_verified"] == "true"


def test_claims_of_others_are_neither_fetched_nor_merged() -> None:
    """Core section 5.6.2: aggregated and distributed claims."""
    sources = {
        "far": {"endpoint": "https://evil.example/claims", "access_token": "x"},
        "near": {"JWT": signed({"address": "elsewhere", "sub": "mallory"})},
    }
    members = {**PERSON, "_claim_names": {"phone": "far", "address": "near"}, "_claim_sources": sources}
    asked = []

    def send(request: Any) -> HttpResponse:
        asked.append(request.url)
        return response(members)

    known = run(userinfo(CLIENT, TOKENS, id_token=RECORD), send=send)
    assert asked == [f"{ISSUER}/userinfo"]
    assert set(known.claims) == {*PERSON, "_claim_names", "_claim_sources"}
    assert known.claims["_claim_sources"]["far"] == sources["far"]


# --- JWT: (claims, how they are signed and encrypted, the verifier, what comes of it)

WHOLE = {**PERSON, "iss": ISSUER, "aud": "app"}
JWTS: dict[str, tuple[str, UserInfoVerifier | Decryption, str]] = {
    "iss and aud": (signed(WHOLE), VERIFIER, ""),
    "neither iss nor aud": (signed(PERSON), VERIFIER, ""),
    "aud a list with more": (signed({**WHOLE, "aud": ["x", "app"]}), VERIFIER, ""),
    "typ absent": (signed(WHOLE, typ=None), VERIFIER, ""),
    "exp to come": (signed({**WHOLE, "exp": NOW + 1}), VERIFIER, ""),
    "signed and encrypted": (encrypted(signed(WHOLE), cty="JWT"), BOTH, ""),
    "encrypted only": (encrypted(json.dumps(PERSON)), DECRYPTION, ""),
    # who says it, and to whom
    "another issuer": (signed({**WHOLE, "iss": "https://evil.example"}), VERIFIER, "iss:not_accepted"),
    "the issuer with a slash": (signed({**WHOLE, "iss": f"{ISSUER}/"}), VERIFIER, "iss:not_accepted"),
    "another audience": (signed({**WHOLE, "aud": "other"}), VERIFIER, "aud:not_accepted"),
    "no audience in the list": (signed({**WHOLE, "aud": []}), VERIFIER, "aud:not_accepted"),
    "both": (signed({**WHOLE, "iss": "i", "aud": "other"}), VERIFIER, "iss:not_accepted, aud:not_accepted"),
    "iss a list": (signed({**WHOLE, "iss": [ISSUER]}), VERIFIER, "iss:wrong_type"),
    "expired": (signed({**WHOLE, "exp": NOW}), VERIFIER, "exp:expired"),
    "another user": (signed({**WHOLE, "sub": "mallory"}), VERIFIER, "subject_mismatch"),
    "no sub": (signed({"iss": ISSUER, "aud": "app"}), VERIFIER, "bad_member"),
    "another user, encrypted": (encrypted(json.dumps({"sub": "mallory"})), DECRYPTION, "subject_mismatch"),
    # how
    "forged": (signed(WHOLE, JWK.generate("ES256", kid="k")), VERIFIER, "SignatureError"),
    "another key": (signed(WHOLE, JWK.generate("ES256", kid="other")), VERIFIER, "KeyNotFoundError"),
    "another algorithm": (signed(WHOLE, JWK.generate("HS256", kid="k")), VERIFIER, "NotAllowedError"),
    "an access token": (signed(WHOLE, typ="at+jwt"), VERIFIER, "NotAllowedError"),
    "a logout token": (signed(WHOLE, typ="logout+jwt"), VERIFIER, "NotAllowedError"),
    "no token": ("sub=alice", VERIFIER, "MalformedError"),
    "a line more": (signed(WHOLE) + "\n", VERIFIER, "MalformedError"),
    "not ASCII": ("ä.ä.ä", VERIFIER, "MalformedError"),
    "encrypted, but signed was registered": (encrypted(json.dumps(PERSON)), VERIFIER, "NotAllowedError"),
    "signed and encrypted, but signed was registered": (encrypted(signed(WHOLE), cty="JWT"), VERIFIER, "NotAllowedError"),
    "signed, but both were registered": (signed(WHOLE), BOTH, "NotAllowedError"),
    "encrypted, but both were registered": (encrypted(json.dumps(PERSON)), BOTH, "NotAllowedError"),
    "encrypted and unsigned inside": (encrypted("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.", cty="JWT"), BOTH, "NotAllowedError"),
    "signed, but encrypted was registered": (signed(PERSON), DECRYPTION, "NotAllowedError"),
    "for another": (encrypted(json.dumps(PERSON), JWK.generate("ECDH-ES+A256KW", crv="X25519")), DECRYPTION, "KeyNotFoundError"),
    "encrypted nonsense": (encrypted("sub=alice"), DECRYPTION, "MalformedError"),
    "an encrypted list": (encrypted("[]"), DECRYPTION, "MalformedError"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "by", "expected"), JWTS.values(), ids=JWTS)
def test_jwts(text: str, by: UserInfoVerifier | Decryption, expected: str, provider: Provider) -> None:
    named: Members = {"verifier": by} if isinstance(by, UserInfoVerifier) else {"decryption": by}
    answer = response(text, 200, "application/jwt")
    if not expected:
        assert parse_userinfo_response(answer, id_token=RECORD, now=NOW, **named).sub == "alice"
        return
    with pytest.raises(RejectedError) as refusal:
        parse_userinfo_response(answer, id_token=RECORD, now=NOW, **named)
    assert provider.why(refusal.value) == expected


def test_a_flipped_bit_inside_is_refused() -> None:
    text = encrypted(json.dumps(PERSON))
    broken = text[:-2] + ("A" if text[-2] != "A" else "B") + text[-1]
    with pytest.raises((DecryptionError, MalformedError)):
        parse_userinfo_response(response(broken, 200, "application/jwt"), id_token=RECORD, decryption=DECRYPTION)


@pytest.mark.parametrize("named", [{"verifier": VERIFIER}, {"verifier": BOTH}, {"decryption": DECRYPTION}])
@pytest.mark.parametrize("content", ["application/json", "text/plain", ""])
def test_what_was_registered_is_demanded(named: Members, content: str) -> None:
    """Core section 5.3.2: with a registered signature or encryption, JSON is not an answer."""
    with pytest.raises(ProtocolError) as refusal:
        parse_userinfo_response(response(PERSON, 200, content), id_token=RECORD, **named)
    assert (refusal.value.reason, refusal.value.status) == ("unsupported", 200)
    assert f"is not {'signed' if 'verifier' in named else 'encrypted'}, as registered" in str(refusal.value)


def test_mismatches_are_data() -> None:
    with pytest.raises(ClaimsError) as refusal:
        VERIFIER.verify(signed({**WHOLE, "iss": "i", "aud": "other"}), now=NOW)
    found = {mismatch.claim: (mismatch.expected, mismatch.actual) for mismatch in refusal.value.mismatches}
    assert found == {"iss": (ISSUER, "i"), "aud": ("app", ("other",))}


def test_rs256_is_the_default(keys: dict[str, JWK]) -> None:
    default = UserInfoVerifier(issuer=ISSUER, client_id="app", keys=keys["RS256"].public())
    assert default.verify(signed(WHOLE, keys["RS256"]), now=NOW).sub == "alice"
    with pytest.raises(NotAllowedError):
        default.verify(signed(WHOLE), now=NOW)


def test_leeway() -> None:
    lenient = UserInfoVerifier(issuer=ISSUER, client_id="app", keys=KEY.public(), algorithms=["ES256"], leeway=10)
    text = signed({**WHOLE, "exp": NOW - 9})
    assert lenient.verify(text, now=NOW).sub == "alice"
    answer = response(text, 200, "application/jwt")
    named: Members = {"id_token": RECORD, "signed": True, "algorithms": ["ES256"], "keys": KEY.public(), "now": NOW}
    assert run(userinfo(CLIENT, TOKENS, leeway=10, **named), send=lambda _: answer).sub == "alice"
    with pytest.raises(ExpiredError):
        run(userinfo(CLIENT, TOKENS, **named), send=lambda _: answer)


def test_an_unsigned_jwt_is_none() -> None:
    for by in ({"verifier": VERIFIER}, {"decryption": DECRYPTION}):
        answer = response("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.", 200, "application/jwt")
        with pytest.raises((NotAllowedError, MalformedError)):
            parse_userinfo_response(answer, id_token=RECORD, **by)


# --- the steps


def test_userinfo_after_a_login(provider: Provider) -> None:
    done = provider.login(provider.flow())
    for id_token in (done.id_token, done.record):
        known = run(userinfo(provider.client(), done.tokens, id_token=id_token), send=provider.send)
        assert (known.sub, known.claims["email"]) == ("alice", "alice@example.com")
    assert dict(provider.asked[-1].headers)["Authorization"] == "Bearer at-of-one-login"


def test_signed_userinfo_with_the_keys_of_the_login(provider: Provider) -> None:
    own = provider.flow()
    done = provider.login(own)
    provider.answers["userinfo_endpoint"] = response(signed(WHOLE, provider.key), 200, "application/jwt")
    steps = userinfo(provider.client(), done.tokens, id_token=done.id_token, signed=True, keys=own.keys, now=NOW)
    assert run(steps, send=provider.send).sub == "alice"
    assert provider.paths().count("jwks_uri") == 1
    steps = userinfo(provider.client(), done.tokens, id_token=done.id_token, signed=True, now=NOW)
    assert run(steps, send=provider.send).sub == "alice"
    assert provider.paths().count("jwks_uri") == 2


def test_a_key_that_is_new(provider: Provider) -> None:
    own = provider.flow(algorithms=["ES256"], keys=None)
    provider.key, provider.published = KEY, [KEY.public()]
    done = provider.login(own)
    fresh = JWK.generate("ES256", kid="new")
    provider.published = [fresh.public()]
    provider.answers["userinfo_endpoint"] = response(signed(WHOLE, fresh), 200, "application/jwt")
    named: Members = {"id_token": done.id_token, "signed": True, "keys": own.keys, "algorithms": ["ES256"]}
    steps = userinfo(provider.client(), done.tokens, now=NOW + 60, **named)
    assert run(steps, send=provider.send).sub == "alice"
    # One UserInfo, two requests for keys.
    assert provider.paths() == ["token_endpoint", "jwks_uri", "userinfo_endpoint", "jwks_uri"]


def test_encrypted_userinfo() -> None:
    answers = {False: encrypted(json.dumps(PERSON)), True: encrypted(signed(WHOLE), cty="JWT")}
    how: Members = {"signed": True, "algorithms": ["ES256"], "keys": JWKS([KEY.public()])}
    for is_signed, text in answers.items():
        steps = userinfo(CLIENT, TOKENS, id_token=RECORD, decryption=DECRYPTION, **(how if is_signed else {}))
        assert run(steps, send=lambda _, text=text: response(text, 200, "application/jwt")).sub == "alice"  # type: ignore[misc]  # bound at once


def test_the_issuer_is_that_of_the_id_token() -> None:
    """A provider that writes its issuer in another way than in its metadata does so here too."""
    written = replace(RECORD, iss="https://op.example.com/tenant")
    answer = response(signed({**WHOLE, "iss": written.iss}), 200, "application/jwt")
    named: Members = {"signed": True, "algorithms": ["ES256"], "keys": JWKS([KEY.public()])}
    assert run(userinfo(CLIENT, TOKENS, id_token=written, **named), send=lambda _: answer).sub == "alice"
    with pytest.raises(ClaimsError):
        run(userinfo(CLIENT, TOKENS, id_token=RECORD, **named), send=lambda _: answer)


def test_an_error_that_is_null_says_nothing() -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_userinfo_response(response({"error": None}, 403), id_token=RECORD)
    assert (refusal.value.reason, refusal.value.status) == ("unexpected_status", 403)


def test_a_quirk_puts_it_right_before_it_is_read() -> None:
    client = replace(CLIENT, quirk_response=fix_members(lambda members: {"sub": members["id"]}))
    assert run(userinfo(client, TOKENS, id_token=RECORD), send=lambda _: response({"id": "alice"})).sub == "alice"


def test_userinfo_is_proof() -> None:
    made: Any = parse_userinfo_response(response(PERSON), id_token=RECORD)
    assert copy.deepcopy(copy.copy(made)) is made
    assert repr(made) == "UserInfo(sub, email, email_verified)"
    for change in (lambda: setattr(made, "claims", {}), lambda: made.claims.update(sub="mallory")):
        with pytest.raises(AttributeError):
            change()
    with pytest.raises(UsageError, match="cannot be pickled"):
        pickle.dumps(made)
    with pytest.raises(UsageError, match="comes from"):
        UserInfo({"sub": "alice"})  # type: ignore[arg-type]  # the mistake under test


VALUES = (
    st.text('ab=",\\ :;Bearero', max_size=40) | st.just('Bearer error="invalid_token"') | st.just("application/jwt")
)
HEADERS = st.lists(
    st.tuples(st.sampled_from(["Content-Type", "content-type", "WWW-Authenticate", "Retry-After"]), VALUES), max_size=3
)
BODIES = st.binary(max_size=60) | st.sampled_from(
    [json.dumps(PERSON).encode(), signed(WHOLE).encode(), encrypted(json.dumps(PERSON)).encode(), b'{"error":"x"}']
)


@given(st.integers(100, 599), HEADERS, BODIES)
def test_anything_gives_userinfo_or_a_refusal(status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    answer = HttpResponse(status=status, headers=tuple(headers), body=body)
    named: list[Members] = [{}, {"verifier": VERIFIER}, {"decryption": DECRYPTION}]
    for by in named:
        try:
            assert parse_userinfo_response(answer, id_token=RECORD, now=NOW, **by).sub == "alice"
        except JwtkitError as refusal:
            assert isinstance(refusal, RejectedError)
            assert status != 200 or not isinstance(refusal, OAuthError)
