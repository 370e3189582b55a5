"""Who may have issued a token: one, several with keys of their own, tenants of one provider; and whom it is about."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    UNCHECKED,
    ClaimsError,
    JwtkitError,
    KeyNotFoundError,
    MalformedError,
    NotAllowedError,
    RejectedError,
    SignatureError,
    TenantIssuer,
    TokenVerifier,
    UsageError,
    jws,
)

NOW = 1_800_000_000
ALICE, BOB = "https://alice.example", "https://bob.example"
ALICE_KEY = JWK.generate("ES256", kid="k")
# The same kid, as two issuers who do not know each other may choose it.
BOB_KEY = JWK.generate("ES256", kid="k")
ALGORITHMS: Any = ["ES256"]


def token(key: JWK, iss: Any, **claims: Any) -> str:
    payload = {"iss": iss, "aud": "api", "sub": "s", "exp": NOW + 60, **claims}
    return jws.sign(json.dumps({name: value for name, value in payload.items() if value is not None}).encode(), key)


# --- several issuers, each with its own keys

SEVERAL = TokenVerifier(
    keys={ALICE: JWKS([ALICE_KEY.public()]), BOB: [BOB_KEY.public()]}, algorithms=ALGORITHMS, audience="api"
)


@pytest.mark.parametrize(("key", "iss"), [(ALICE_KEY, ALICE), (BOB_KEY, BOB)])
def test_each_issuer_signs_with_its_own_keys(key: JWK, iss: str) -> None:
    for _ in range(2):  # the second time the header is remembered
        assert SEVERAL.verify(token(key, iss), now=NOW).iss == iss


CONFUSED: dict[str, tuple[JWK, Any, type[JwtkitError]]] = {
    "alice's key in bob's name": (ALICE_KEY, BOB, SignatureError),
    "bob's key in alice's name": (BOB_KEY, ALICE, SignatureError),
    "an unknown issuer": (ALICE_KEY, "https://evil.example", NotAllowedError),
    "an issuer that differs by a slash": (ALICE_KEY, ALICE + "/", NotAllowedError),
    "no issuer": (ALICE_KEY, None, NotAllowedError),
    "an issuer of another type": (ALICE_KEY, [ALICE], NotAllowedError),
    "an issuer null": (ALICE_KEY, {"a": None}, NotAllowedError),
}


@pytest.mark.parametrize(("key", "iss", "error"), CONFUSED.values(), ids=CONFUSED)
def test_issuers_are_never_confused(key: JWK, iss: Any, error: type[JwtkitError]) -> None:
    # Both headers are remembered, and neither helps.
    SEVERAL.verify(token(ALICE_KEY, ALICE), now=NOW)
    SEVERAL.verify(token(BOB_KEY, BOB), now=NOW)
    with pytest.raises(error) as refusal:
        SEVERAL.verify(token(key, iss), now=NOW)
    assert type(refusal.value) is error


def test_the_message_names_the_issuers() -> None:
    with pytest.raises(NotAllowedError, match=f"says it is from 'x', this verifier has the keys of '{ALICE}', '{BOB}'"):
        SEVERAL.verify(token(ALICE_KEY, "x"), now=NOW)


def test_everything_else_is_checked_as_well() -> None:
    with pytest.raises(ClaimsError) as refusal:
        SEVERAL.verify(token(ALICE_KEY, ALICE, aud="other", exp=1), now=NOW)
    assert {mismatch.claim for mismatch in refusal.value.mismatches} == {"aud", "exp"}
    for text in ("", "a.b", "a.b.c", "e30.e30.AA", "." * 200_000, token(ALICE_KEY, ALICE) + "\n"):
        with pytest.raises(MalformedError):
            SEVERAL.verify(text, now=NOW)
    with pytest.raises(UsageError):
        SEVERAL.verify(None, now=NOW)  # type: ignore[arg-type]  # the mistake


class Source:
    """A key source that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str | None] = []

    def keys_for(self, header: Any, issuer: str | None, /) -> list[JWK]:
        self.told.append(issuer)
        return [ALICE_KEY.public()]


def test_a_source_is_told_the_configured_issuer() -> None:
    source = Source()
    several = TokenVerifier(keys={ALICE: source, BOB: BOB_KEY}, algorithms=ALGORITHMS, audience="api")
    assert several.verify(token(ALICE_KEY, ALICE), now=NOW).iss == ALICE
    with pytest.raises(NotAllowedError):
        several.verify(token(ALICE_KEY, "https://evil.example"), now=NOW)
    assert source.told == [ALICE]


@pytest.mark.parametrize(
    ("keys", "named", "words"),
    [
        ({ALICE: ALICE_KEY}, {"issuer": ALICE}, "leave out issuer="),
        ({}, {}, "mapping from issuer to its keys"),
        ({"": ALICE_KEY}, {}, "mapping from issuer to its keys"),
        ({5: ALICE_KEY}, {}, "mapping from issuer to its keys"),
        ({ALICE: "secret"}, {}, "must be parsed"),
        ({ALICE: []}, {}, "empty"),
        ({ALICE: ALICE_KEY, BOB: JWK.generate("ES384")}, {}, "needs a key on P-256"),
        (ALICE_KEY, {}, "issuer is required"),
        (ALICE_KEY.to_dict(), {}, "must be parsed"),
    ],
)
def test_mistakes_in_building(keys: Any, named: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        TokenVerifier(keys=keys, algorithms=ALGORITHMS, audience="api", **named)


def test_the_policy_is_frozen() -> None:
    keys: dict[str, Any] = {ALICE: ALICE_KEY}
    verifier = TokenVerifier(keys=keys, algorithms=ALGORITHMS, audience="api")
    keys["https://evil.example"] = BOB_KEY
    with pytest.raises(NotAllowedError):
        verifier.verify(token(BOB_KEY, "https://evil.example"), now=NOW)


# --- tenants

TEMPLATE = "https://login.example.com/{tenantid}/v2.0"
TENANTS = TenantIssuer(TEMPLATE, tenants={"contoso", "fabrikam"})


def tenant_verifier(issuer: TenantIssuer = TENANTS, key: JWK = ALICE_KEY) -> TokenVerifier:
    return TokenVerifier(keys=JWKS([key.public()]), algorithms=ALGORITHMS, issuer=issuer, audience="api")


def issuer_of(tenant: str) -> str:
    return f"https://login.example.com/{tenant}/v2.0"


@pytest.mark.parametrize("tenant", ["contoso", "fabrikam"])
def test_tenants(tenant: str) -> None:
    assert tenant_verifier().verify(token(ALICE_KEY, issuer_of(tenant), tid=tenant), now=NOW).iss == issuer_of(tenant)


FOREIGN: dict[str, tuple[Any, Any, str, str]] = {
    "a tenant of nobody": (issuer_of("evil"), "evil", "tid", "is not one that this verifier accepts"),
    "the issuer of another tenant": (issuer_of("fabrikam"), "contoso", "iss", "the issuer of its tenant is"),
    "a foreign issuer with a good tenant": ("https://evil.example", "contoso", "iss", "issuer mismatch"),
    "the template itself": (TEMPLATE, "{tenantid}", "tid", "is not one"),
    "the template with a good tenant": (TEMPLATE, "contoso", "iss", "issuer mismatch"),
    "a tenant in another case": (issuer_of("Contoso"), "Contoso", "tid", "is not one"),
    "a tenant that climbs": (issuer_of("evil/contoso"), "evil/contoso", "tid", "is not one"),
    "no tenant": (issuer_of("contoso"), None, "tid", "token has no tid"),
    "tenant empty": (issuer_of(""), "", "tid", "token has no tid"),
    "tenant a list": (issuer_of("contoso"), ["contoso"], "tid", "token has no tid"),
    "no issuer": (None, "contoso", "iss", "issuer mismatch"),
}


@pytest.mark.parametrize(("iss", "tenant", "claim", "words"), FOREIGN.values(), ids=FOREIGN)
def test_foreign_tenants(iss: Any, tenant: Any, claim: str, words: str) -> None:
    with pytest.raises(ClaimsError, match=words) as refusal:
        tenant_verifier().verify(token(ALICE_KEY, iss, tid=tenant), now=NOW)
    assert [mismatch.claim for mismatch in refusal.value.mismatches] == [claim]


def test_the_tenant_is_read_from_what_was_signed() -> None:
    with pytest.raises(SignatureError):
        tenant_verifier().verify(token(BOB_KEY, issuer_of("evil"), tid="evil"), now=NOW)


def test_any_tenant_can_be_found_by_searching_for_it() -> None:
    anybody = tenant_verifier(TenantIssuer(TEMPLATE, tenants=UNCHECKED))
    assert anybody.verify(token(ALICE_KEY, issuer_of("new"), tid="new"), now=NOW).iss == issuer_of("new")
    with pytest.raises(ClaimsError, match="issuer mismatch"):
        anybody.verify(token(ALICE_KEY, issuer_of("new"), tid="other"), now=NOW)


@pytest.mark.parametrize(
    ("member", "accepted"),
    [(TEMPLATE, True), (issuer_of("contoso"), True), (issuer_of("fabrikam"), False), ("https://evil.example", False)],
)
def test_a_key_may_say_whose_it_is(member: str, accepted: bool) -> None:
    key = JWK.parse({**ALICE_KEY.to_dict(private=True), "issuer": member})
    verifier, text = tenant_verifier(key=key), token(key, issuer_of("contoso"), tid="contoso")
    if accepted:
        assert verifier.verify(text, now=NOW).iss == issuer_of("contoso")
    else:
        with pytest.raises(ClaimsError, match="its key is for"):
            verifier.verify(text, now=NOW)


def test_the_tenant_claim_has_any_name() -> None:
    verifier = tenant_verifier(TenantIssuer("https://{tenantid}.example", tenants=["a"], claim="org"))
    assert verifier.verify(token(ALICE_KEY, "https://a.example", org="a"), now=NOW).claims["org"] == "a"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"template": "https://login.example.com/v2.0", "tenants": ["a"]}, "holds {tenantid} once"),
        ({"template": "{tenantid}{tenantid}", "tenants": ["a"]}, "once"),
        ({"template": None, "tenants": ["a"]}, "template must be"),
        ({"template": TEMPLATE, "tenants": []}, "never match"),
        ({"template": TEMPLATE, "tenants": [""]}, "never match"),
        ({"template": TEMPLATE, "tenants": None}, "UNCHECKED"),
        ({"template": TEMPLATE, "tenants": ["a"], "claim": ""}, "claim must be"),
        ({"template": TEMPLATE, "tenants": ["a"], "key_issuer_member": 5}, "key_issuer_member must be"),
    ],
)
def test_mistakes_in_a_template(arguments: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        TenantIssuer(**arguments)


def test_a_template_shows_itself() -> None:
    assert repr(TENANTS) == f"TenantIssuer({TEMPLATE!r})"


# --- whom it is about


@pytest.mark.parametrize("subject", ["s", ["s"], {"s", "t"}])
def test_subject(subject: Any) -> None:
    verifier = TokenVerifier(keys=ALICE_KEY, algorithms=ALGORITHMS, issuer=ALICE, audience="api", subject=subject)
    assert verifier.verify(token(ALICE_KEY, ALICE), now=NOW).sub == "s"
    for sub, words in (("S", "token is about 'S'"), (None, "token has no sub")):
        with pytest.raises(ClaimsError, match=words) as refusal:
            verifier.verify(token(ALICE_KEY, ALICE, sub=sub), now=NOW)
        assert [mismatch.claim for mismatch in refusal.value.mismatches] == ["sub"]


@pytest.mark.parametrize("subject", ["", [], [5], b"s", 5, {"s": 1}])
def test_mistakes_in_a_subject(subject: Any) -> None:
    with pytest.raises(UsageError, match="subject must be"):
        TokenVerifier(keys=ALICE_KEY, algorithms=ALGORITHMS, issuer=ALICE, audience="api", subject=subject)


# --- anything


@given(st.text(max_size=60) | st.text("ey.JhbGciOiJFUzI1NiJ9", max_size=60))
def test_any_text_is_refused(text: str) -> None:
    for verifier in (SEVERAL, tenant_verifier()):
        with pytest.raises(RejectedError):
            verifier.verify(text, now=NOW)


@given(st.dictionaries(st.sampled_from(["iss", "tid", "aud", "sub"]), st.none() | st.integers() | st.text(max_size=5)))
def test_any_claims_are_refused(claims: dict[str, Any]) -> None:
    text = jws.sign(json.dumps(claims).encode(), ALICE_KEY)
    for verifier in (SEVERAL, tenant_verifier()):
        with pytest.raises(RejectedError):
            verifier.verify(text, now=NOW)


def test_a_key_that_is_missing_is_worth_a_new_look() -> None:
    other = JWK.generate("ES256", kid="new")
    with pytest.raises(KeyNotFoundError) as refusal:
        SEVERAL.verify(token(other, ALICE), now=NOW)
    assert (refusal.value.kid, refusal.value.issuer) == ("new", ALICE)
    lists: list[tuple[Any, str | None]] = [(ALICE, ALICE), ([ALICE], ALICE), ([ALICE, BOB], None), (UNCHECKED, None)]
    for issuer, named in lists:
        verifier = TokenVerifier(keys=JWKS([BOB_KEY.public()]), algorithms=ALGORITHMS, issuer=issuer, audience="api")
        with pytest.raises(KeyNotFoundError) as refusal:
            verifier.verify(token(other, ALICE), now=NOW)
        assert refusal.value.issuer == named
