"""The relying-party modules of the OpenID Foundation's conformance suite, one row each.

Prefixes (`oidcc-client-test-`, `fapi1-advanced-final-client-test-`) are left out of the names. Where the suite lets a
client skip the signature of an ID token that came over TLS, jwtkit does not, and the row says R. The modules of JARM
are rows of `tests/oauth/test_jarm.py`, those of DPoP (`happy-path-no-dpop-nonce`, `token-type-case-insensitivity`,
`rs-dpop-auth-scheme-case-insensitivity`) of `tests/oauth/test_dpop.py` and `tests/interop/test_dpop.py`. Webfinger is
nothing that jwtkit does.
"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import pytest

from jwtkit import JWK, Decryption, JwtkitError, KeyNotFoundError, UsageError, jwe, jws
from jwtkit.oauth import ClientSecretBasic, HttpRequest, HttpResponse, PrivateKeyJWT, Secret, discover, run
from jwtkit.oidc import LoginFlow, userinfo

ISSUER, REDIRECT = "https://op.example.com", "https://app.example.com/callback"
NOW = 1_800_000_000
WEEK = 7 * 24 * 3600
SECRET = "a-secret-of-the-client-of-32-bytes"
Members = dict[str, Any]
Provider = Any  # of conftest.py, which a test cannot import
Keys = dict[str, JWK]
Plan = Literal["code", "hybrid", "fapi1"]
PLANS: tuple[Plan, ...] = ("code", "hybrid", "fapi1")

OTHER_RSA = JWK.generate("RS256", kid="other", rsa_bits=2048)
DESK = JWK.generate("RSA-OAEP", rsa_bits=2048)
DECRYPTION = Decryption(keys=DESK, algorithms=["RSA-OAEP"], encryptions=["A128CBC-HS256"])


# --- what a module changes at the provider


def nothing(op: Provider, keys: Keys) -> None:
    """The provider does as it should."""


def bends(where: str, **members: Any) -> Callable[[Provider, Keys], None]:
    def change(op: Provider, keys: Keys) -> None:
        op.bend[where].update(members)

    return change


def tampered(op: Provider, keys: Keys) -> None:
    def seal(text: str) -> str:
        head, _, signature = text.rpartition(".")
        return f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"

    op.seal = seal


def unsigned(op: Provider, keys: Keys) -> None:
    none = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    op.bend["metadata"]["id_token_signing_alg_values_supported"] = ["RS256", "PS256", "ES256", "none"]
    op.seal = lambda text: f"{none}.{text.split('.')[1]}."


def signs_with(name: str) -> Callable[[Provider, Keys], None]:
    def change(op: Provider, keys: Keys) -> None:
        op.key = keys[name]
        op.published = [keys[name].public()]

    return change


def signs_with_secret(text: str) -> Callable[[Provider, Keys], None]:
    def change(op: Provider, keys: Keys) -> None:
        op.key = JWK.from_secret(text.encode(), alg="HS256")

    return change


def without_kid(*more: JWK) -> Callable[[Provider, Keys], None]:
    def change(op: Provider, keys: Keys) -> None:
        members = op.key.to_dict(private=True)
        op.key = JWK.parse({name: value for name, value in members.items() if name != "kid"})
        op.published = [*op.published, *(key.public() for key in more)]

    return change


def alternate_algorithm(op: Provider, keys: Keys) -> None:
    """Sign with the algorithm next to the registered one, with a key that is published for it."""
    op.key = keys["RS256"]
    op.published = [*op.published, op.key.public()]


def both(*changes: Callable[[Provider, Keys], None]) -> Callable[[Provider, Keys], None]:
    def change(op: Provider, keys: Keys) -> None:
        for one in changes:
            one(op, keys)

    return change


def encrypted(op: Provider, keys: Keys) -> None:
    op.seal = lambda text: jwe.encrypt(text.encode(), DESK.public(), enc="A128CBC-HS256", header={"cty": "JWT"})


def encrypted_with_rsa15(op: Provider, keys: Keys) -> None:
    def seal(text: str) -> str:
        nested = jwe.encrypt(text.encode(), DESK.public(), enc="A128CBC-HS256", header={"cty": "JWT"})
        # It is refused for the name alone, before anything is decrypted.
        header = json.dumps({"alg": "RSA1_5", "enc": "A128CBC-HS256", "cty": "JWT"}).encode()
        return ".".join([urlsafe_b64encode(header).rstrip(b"=").decode(), *nested.split(".")[1:]])

    op.seal = seal


# --- the table


@dataclass(frozen=True)
class Row:
    """A module: accepted (A), or refused (R) for a reason, when the provider has changed something."""

    expect: Literal["A", "R"]
    change: Callable[[Provider, Keys], None] = nothing
    why: str = ""
    plans: tuple[Plan, ...] = ("code", "hybrid")
    flow: Members = field(default_factory=dict)


BASIC = ClientSecretBasic(Secret(SECRET))
HS256 = {"auth": BASIC, "algorithms": ["HS256"]}
ES256 = {"algorithms": ["ES256"]}
FRONT: tuple[Plan, ...] = ("hybrid", "fapi1")

MODULES: dict[str, Row] = {
    "client-test": Row("A", plans=PLANS),
    "client-secret-basic": Row("A", flow={"auth": BASIC}),
    # signatures
    "idtoken-sig-rs256": Row("A"),
    "idtoken-sig-none": Row("R", unsigned, "NotAllowedError"),
    "invalid-null-alg": Row("R", unsigned, "NotAllowedError", ("fapi1",)),
    "invalid-sig-rs256": Row("R", tampered, "SignatureError"),
    "invalid-sig-es256": Row("R", both(signs_with("ES256"), tampered), "SignatureError", flow=ES256),
    "invalid-sig-hs256": Row("R", both(signs_with_secret(SECRET), tampered), "SignatureError", flow=HS256),
    "invalid-signature": Row("R", tampered, "SignatureError", ("fapi1",)),
    "invalid-alternate-alg": Row("R", alternate_algorithm, "NotAllowedError", ("fapi1",)),
    "rp_id_token_sig_hs256": Row("A", signs_with_secret(SECRET), flow=HS256),
    "rp_id_token_sig_hs256, not registered": Row("R", signs_with_secret(SECRET), "NotAllowedError", flow={"auth": BASIC}),
    "rp_id_token_bad_sig_hs256": Row("R", signs_with_secret("b" * 32), "SignatureError", flow=HS256),
    "kid-absent-single-jwks": Row("A", without_kid()),
    "kid-absent-multiple-jwks": Row("R", without_kid(OTHER_RSA), "NotAllowedError"),
    # claims
    "invalid-iss": Row("R", bends("id_token", iss="https://other.example"), "iss:not_accepted", PLANS),
    "invalid-missing-iss": Row("R", bends("id_token", iss=...), "iss:missing", PLANS),
    "invalid-aud": Row("R", bends("id_token", aud="other"), "aud:not_accepted", PLANS),
    "missing-aud": Row("R", bends("id_token", aud=...), "aud:missing"),
    "invalid-missing-aud": Row("R", bends("id_token", aud=...), "aud:missing", ("fapi1",)),
    "invalid-secondary-aud": Row("R", bends("id_token", aud=["app", "other"], azp="app"), "aud:not_accepted", PLANS),
    "valid-aud-as-array": Row("A", bends("id_token", aud=["app"]), plans=PLANS),
    "invalid-expired-exp": Row("R", bends("id_token", exp=NOW - 300), "exp:expired", PLANS),
    "invalid-missing-exp": Row("R", bends("id_token", exp=...), "exp:missing", PLANS),
    "missing-iat": Row("R", bends("id_token", iat=...), "iat:missing", PLANS),
    "iat-is-week-in-past": Row("R", bends("id_token", iat=NOW - WEEK), "iat:too_old", FRONT),
    "missing-sub": Row("R", bends("id_token", sub=...), "sub:missing", PLANS),
    "nonce-invalid": Row("R", bends("id_token", nonce="x"), "nonce:not_accepted"),
    "invalid-nonce": Row("R", bends("id_token", nonce="x"), "nonce:not_accepted", ("fapi1",)),
    "invalid-missing-nonce": Row("R", bends("id_token", nonce=...), "nonce:missing", PLANS),
    "nonce-unless-code-flow": Row("A"),
    "invalid-chash": Row("R", bends("front", c_hash="x"), "c_hash:not_accepted", FRONT),
    "missing-chash": Row("R", bends("front", c_hash=...), "c_hash:missing", FRONT),
    "invalid-shash": Row("R", bends("front", s_hash="x"), "s_hash:not_accepted", FRONT),
    "invalid-missing-shash": Row("R", bends("front", s_hash=...), "s_hash:missing", ("fapi1",)),
    "missing-athash": Row("A", bends("back", at_hash=...), plans=PLANS),
    "invalid-athash": Row("R", bends("back", at_hash="x"), "at_hash:not_accepted", PLANS),
    # encryption
    "encrypted-idtoken": Row("A", encrypted, flow={"decryption": DECRYPTION}),
    "encrypted-idtoken-usingrsa15": Row("R", encrypted_with_rsa15, "NotAllowedError", flow={"decryption": DECRYPTION}),
    # the authorization response
    "ensure-authorization-response-with-invalid-state-fails": Row("R", bends("callback", state="x"), "state_mismatch", PLANS),
    "ensure-authorization-response-with-invalid-missing-state-fails": Row("R", bends("callback", state=...), "state_mismatch", PLANS),
    "invalid-authorization-response-iss": Row("R", bends("callback", iss="https://other.example"), "issuer_mismatch", PLANS),
    "remove-authorization-response-iss": Row("R", bends("callback", iss=...), "issuer_missing", ("code",)),
    "remove-authorization-response-iss, the ID token names it": Row("A", bends("callback", iss=...), plans=FRONT),
    # the token response
    "token-type-case-insensitivity": Row("A", bends("tokens", token_type="bEaReR"), plans=PLANS),
    "token-endpoint-response-without-expires_in": Row("A", bends("tokens", expires_in=...), plans=PLANS),
    "no-scope-in-token-endpoint-response": Row("A", bends("tokens", scope=...), plans=PLANS),
}  # fmt: skip


def flow_of(plan: Plan, op: Provider, named: Members, keys: Keys) -> LoginFlow:
    whole = dict(named)
    if plan == "fapi1":
        whole = {"auth": PrivateKeyJWT(keys["PS256"]), "algorithms": ["PS256"], "require_s_hash": True, **whole}
    response_type = "code" if plan == "code" else "code id_token"
    made: LoginFlow = op.flow(response_type=response_type, **whole)
    return made


CASES = [pytest.param(plan, row, id=f"{name} [{plan}]") for name, row in MODULES.items() for plan in row.plans]


@pytest.mark.parametrize(("plan", "row"), CASES)
def test_modules(plan: Plan, row: Row, provider: Provider, keys: Keys) -> None:
    if plan == "fapi1":
        signs_with("PS256")(provider, keys)
    row.change(provider, keys)
    own = flow_of(plan, provider, row.flow, keys)
    if row.expect == "A":
        done = provider.login(own)
        assert done.id_token.sub == "alice"
        assert done.tokens.scope == ("openid", "email")
        return
    with pytest.raises(JwtkitError) as refusal:
        provider.login(own)
    assert provider.why(refusal.value) == row.why
    # In the hybrid flow nothing is redeemed on the word of a response that is refused.
    redeemed = "token_endpoint" in provider.paths()
    assert not redeemed or plan == "code" or row.why.startswith("at_hash")


def test_the_table_refuses_more_than_it_accepts() -> None:
    assert sum(row.expect == "R" for row in MODULES.values()) > len(MODULES) / 2


def test_client_secret_basic_is_form_encoded(provider: Provider) -> None:
    provider.login(provider.flow(auth=ClientSecretBasic(Secret("a b:ö"))))
    asked = dict(provider.asked[0].headers)
    assert asked["Authorization"] == f"Basic {b64encode(b'app:a+b%3A%C3%B6').decode()}"
    assert b"client_secret" not in provider.asked[0].body


@pytest.mark.parametrize(
    "response_type", ["code token", "code id_token token", "id_token", "id_token token", "token", ""]
)
def test_access_tokens_never_come_through_the_browser(response_type: Any, provider: Provider) -> None:
    """RFC 9700 section 2.1.2: every variant with `token` is not offered at all, so none of their modules can begin."""
    with pytest.raises(UsageError, match="response_type"):
        provider.flow(response_type=response_type)


# --- keys that change


def new_key(op: Provider) -> None:
    op.key = OTHER_RSA
    op.published = [OTHER_RSA.public()]


@pytest.mark.parametrize("plan", ["code", "hybrid"])
def test_signing_key_rotation(plan: Plan, provider: Provider, keys: Keys) -> None:
    own = flow_of(plan, provider, {}, keys)
    provider.login(own)
    new_key(provider)
    assert provider.login(own, NOW + 60).id_token.header.kid == "other"
    assert provider.paths().count("jwks_uri") == 2


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("plan", ["code", "hybrid"])
def test_signing_key_rotation_just_before_signing(plan: Plan, warm: bool, provider: Provider, keys: Keys) -> None:
    own = flow_of(plan, provider, {}, keys)
    if warm:
        provider.login(own)
    provider.before_signing = lambda: new_key(provider)
    assert provider.login(own, NOW + 60).id_token.header.kid == "other"


def test_a_key_that_nobody_published_is_asked_for_once(provider: Provider) -> None:
    own = provider.flow()
    provider.login(own)
    provider.key = OTHER_RSA
    for _ in range(3):
        with pytest.raises(KeyNotFoundError):
            provider.login(own, NOW + 60)
    assert provider.paths().count("jwks_uri") == 2


# --- discovery


def test_discovery_openid_config_and_jwks_uri_keys(provider: Provider) -> None:
    server = run(discover(ISSUER), send=provider.send)
    assert server.jwks_uri == f"{ISSUER}/jwks_uri"
    assert provider.login(provider.flow()).id_token.sub == "alice"
    assert provider.paths() == [
        ".well-known/oauth-authorization-server",
        ".well-known/openid-configuration",
        "token_endpoint",
        "jwks_uri",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"issuer": "https://other.example"}, "issuer_mismatch", id="discovery-issuer-mismatch"),
        pytest.param({"issuer": f"{ISSUER}/"}, "issuer_mismatch", id="discovery-issuer-mismatch, a slash"),
        pytest.param({"issuer": ...}, "issuer_mismatch", id="discovery-issuer-mismatch, none"),
        pytest.param({"jwks_uri": "http://op.example.com/jwks"}, "not_https", id="discovery-jwks-uri-keys, http"),
    ],
)
def test_discovery_refuses(change: Members, reason: str, provider: Provider) -> None:
    provider.bend["metadata"] = change
    with pytest.raises(JwtkitError) as refusal:
        run(discover(ISSUER), send=provider.send)
    assert provider.why(refusal.value) == reason


# --- UserInfo


def known(op: Provider, **named: Any) -> Members:
    own = op.flow(scope=["openid", "email"])
    done = op.login(own)
    if named.get("signed"):
        named["keys"] = own.keys
    steps = userinfo(op.client(), done.tokens, id_token=done.id_token, now=NOW, **named)
    return dict(run(steps, send=op.send).claims)


def answers_with_jwt(op: Provider, claims: Members, key: JWK | None = None) -> None:
    body = jws.sign(json.dumps(claims).encode(), key or op.key, typ="JWT").encode()
    op.answers["userinfo_endpoint"] = HttpResponse(
        status=200, headers=(("Content-Type", "application/jwt"),), body=body
    )


def test_scope_userinfo_claims(provider: Provider) -> None:
    assert known(provider)["email"] == "alice@example.com"
    assert provider.request["scope"] == "openid email"


def test_userinfo_bearer_header_and_never_body(provider: Provider) -> None:
    known(provider)
    request: HttpRequest = provider.asked[-1]
    assert dict(request.headers)["Authorization"] == "Bearer at-of-one-login"
    assert (request.method, request.body, urlsplit(request.url).query) == ("GET", b"", "")


@pytest.mark.parametrize(
    ("claims", "key", "expected"),
    [
        pytest.param({"sub": "alice", "iss": ISSUER, "aud": "app"}, None, "", id="userinfo-signed"),
        pytest.param({"sub": "mallory"}, None, "subject_mismatch", id="userinfo-signed, userinfo-invalid-sub"),
        pytest.param({"sub": "alice", "aud": "other"}, None, "aud:not_accepted", id="userinfo-signed, another audience"),
        pytest.param({"sub": "alice"}, JWK.generate("RS256", kid="rsa-RS256", rsa_bits=2048), "SignatureError", id="userinfo-signed, forged"),
    ],
)  # fmt: skip
def test_userinfo_signed(claims: Members, key: JWK | None, expected: str, provider: Provider) -> None:
    answers_with_jwt(provider, claims, key)
    if not expected:
        assert known(provider, signed=True) == claims
        return
    with pytest.raises(JwtkitError) as refusal:
        known(provider, signed=True)
    assert provider.why(refusal.value) == expected


def test_userinfo_signed_and_plain_comes(provider: Provider) -> None:
    with pytest.raises(JwtkitError) as refusal:
        known(provider, signed=True)
    assert provider.why(refusal.value) == "unsupported"


def test_userinfo_invalid_sub(provider: Provider) -> None:
    provider.bend["userinfo"] = {"sub": "mallory"}
    with pytest.raises(JwtkitError) as refusal:
        known(provider)
    assert provider.why(refusal.value) == "subject_mismatch"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param({"JWT": "eyJhbGciOiJub25lIn0.eyJhZGRyZXNzIjoieCJ9."}, id="aggregated-claims"),
        pytest.param({"endpoint": f"{ISSUER}/more", "access_token": "x"}, id="distributed-claims"),
    ],
)
def test_claims_of_others_are_ignored(source: Members, provider: Provider) -> None:
    provider.bend["userinfo"] = {"_claim_names": {"address": "src1"}, "_claim_sources": {"src1": source}}
    claims = known(provider)
    assert "address" not in claims
    assert provider.paths() == ["token_endpoint", "jwks_uri", "userinfo_endpoint"]


def test_the_authorization_request_of_each_plan(provider: Provider, keys: Keys) -> None:
    signs_with("PS256")(provider, keys)
    for plan in PLANS:
        redirect = flow_of(plan, provider, {}, keys).start(now=NOW)
        sent = dict(parse_qsl(urlsplit(redirect.url).query))
        assert {"state", "nonce", "code_challenge"} <= set(sent)
        assert sent["redirect_uri"] == REDIRECT
