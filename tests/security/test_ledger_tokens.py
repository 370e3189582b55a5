"""Known attacks on libraries of this kind, mounted against tokens: issuers, tenants, layers, subjects, rotation.

Each row is named after the public identifier of the weakness; the class of the refusal is part of the row. Two rows have
no call here that could express them: CVE-2020-26892 (what a revocation is compared with) and CVE-2026-48524 (when a key
set is fetched) are for whoever keeps a list or fetches.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from jwtkit import (
    JWK,
    JWKS,
    Claims,
    ClaimsError,
    Decryption,
    JwtkitError,
    KeyNotFoundError,
    KeyRing,
    MalformedError,
    NotAllowedError,
    RingKey,
    SignatureError,
    TenantIssuer,
    Token,
    TokenVerifier,
    UnverifiedToken,
    UsageError,
    jwe,
    jws,
)

NOW = 1_800_000_000
ISSUER = "https://good.example"
KEY = JWK.generate("ES256", kid="k")
OTHER = JWK.generate("ES256", kid="k")
READER = JWK.generate("A256KW", kid="r")
Attack = Callable[[], object]


def signed(key: JWK = KEY, **changes: Any) -> str:
    claims = {"iss": ISSUER, "aud": "a", "sub": "s", "exp": NOW + 60, **changes}
    return jws.sign(json.dumps(claims).encode(), key)


def verify(text: Any, **changes: Any) -> Token:
    policy: dict[str, Any] = {"keys": JWKS([KEY.public()]), "algorithms": ["ES256"], "issuer": ISSUER, "audience": "a"}
    return TokenVerifier(**{**policy, **changes}).verify(text, now=NOW)


def sealed(text: str, key: JWK = READER, **header: Any) -> str:
    return jwe.encrypt(text.encode(), key, enc="A256GCM", header={"cty": "JWT", **header})


DECRYPTION = Decryption(keys=READER, algorithms=["A256KW"], encryptions=["A256GCM"])
TENANTS = TenantIssuer("https://login.example/{tenantid}/v2.0", tenants={"good"})


def several(text: str) -> Token:
    keys = {ISSUER: KEY.public(), "https://other.example": OTHER.public()}
    return TokenVerifier(keys=keys, algorithms=["ES256"], audience="a").verify(text, now=NOW)


def of_tenant(iss: str, tid: Any) -> Token:
    return verify(signed(iss=iss, tid=tid), issuer=TENANTS)


def headless(**claims: Any) -> str:
    """Carry claims in the header of the envelope that the signed token inside does not have."""
    return sealed(signed(KEY, **dict.fromkeys(claims, "other")), READER, **claims)


RING = KeyRing([RingKey(KEY, not_before=NOW - 2000, retire_at=NOW - 1000, remove_at=NOW)])

ATTACKS: dict[str, tuple[Attack, type[JwtkitError]]] = {
    # each layer is verified, and they are bound to each other
    "CVE-2026-55040, a forgery in a good envelope": (lambda: verify(sealed(signed(OTHER)), decryption=DECRYPTION), SignatureError),
    "CVE-2026-55040, the inner token alone": (lambda: verify(signed(), decryption=DECRYPTION), NotAllowedError),
    "CVE-2026-55040, a policy that is met by the envelope only": (
        lambda: verify(headless(iss=ISSUER), decryption=DECRYPTION),
        MalformedError,
    ),
    "CVE-2026-55040, an audience that is met by the envelope only": (
        lambda: verify(headless(aud="a"), decryption=DECRYPTION),
        MalformedError,
    ),
    "CVE-2026-29000, alg none in an envelope": (
        lambda: verify(sealed("eyJhbGciOiJub25lIn0." + signed().split(".")[1] + "."), decryption=DECRYPTION),
        NotAllowedError,
    ),
    "Tervoort 2023, encrypted with what everybody knows": (
        lambda: verify(sealed('{"iss":"https://good.example","aud":"a","exp":1800000060}'), decryption=DECRYPTION),
        MalformedError,
    ),
    # an issuer is a text, compared exactly
    "CVE-2026-22772, suffix": (lambda: verify(signed(iss="https://good.example.evil.example")), ClaimsError),
    "CVE-2026-22772, prefix": (lambda: verify(signed(iss="https://evil.example/https://good.example")), ClaimsError),
    "CVE-2026-22772, user part": (lambda: verify(signed(iss="https://good.example@evil.example")), ClaimsError),
    "CVE-2026-22772, a dot is any character": (lambda: verify(signed(iss="https://goodXexample")), ClaimsError),
    "CVE-2026-22772, several issuers": (lambda: several(signed(iss="https://good.example.evil.example")), NotAllowedError),
    "CVE-2026-22772, a tenant's": (lambda: of_tenant("https://evil.example/good/v2.0", "good"), ClaimsError),
    "CVE-2026-22772, a tenant that climbs": (lambda: of_tenant("https://login.example/evil/../good/v2.0", "evil/../good"), ClaimsError),
    "CVE-2026-22772, a tenant as a pattern": (lambda: of_tenant("https://login.example/.*/v2.0", ".*"), ClaimsError),
    "CVE-2025-30144, several issuers": (lambda: several(signed(iss=[ISSUER])), NotAllowedError),
    "CVE-2025-30144, a tenant's": (lambda: verify(signed(iss=["https://login.example/good/v2.0"], tid="good"), issuer=TENANTS), ClaimsError),
    "CVE-2018-15801, the key of another issuer": (lambda: several(signed(OTHER)), SignatureError),
    "CVE-2018-15801, no policy for several": (lambda: TokenVerifier(keys={}, algorithms=["ES256"], audience="a"), UsageError),
    # a subject too
    "GHSA-7rqj-j65f-68wh, case": (lambda: verify(signed(sub="Alice@good.example"), subject="alice@good.example"), ClaimsError),
    "CVE-2026-40574, two at signs": (lambda: verify(signed(sub="a@evil.example@good.example"), subject="a@good.example"), ClaimsError),
    "CVE-2024-32879, fullwidth at sign": (lambda: verify(signed(sub="a\uff20good.example"), subject="a@good.example"), ClaimsError),
    "CVE-2024-32879, composed otherwise": (lambda: verify(signed(sub="e\u0301"), subject="\u00e9"), ClaimsError),
    "CVE-2024-53861, subject": (lambda: verify(signed(sub="alice@good.example"), subject="alice"), ClaimsError),
    # text around a token
    "CVE-2024-31209, Bearer": (lambda: UnverifiedToken.parse("Bearer"), MalformedError),
    "GHSA-xmf8-cvqr-rfgj, Bearer and more": (lambda: verify("Bearer " + signed()), MalformedError),
    "CVE-2024-31209, Bearer of nothing": (lambda: verify("Bearer \r\n\0"), MalformedError),
    # dates
    "CVE-2024-51744, of several issuers": (lambda: several(signed(OTHER, exp=1)), SignatureError),
    "CVE-2024-51744, in an envelope": (lambda: verify(sealed(signed(OTHER, exp=1)), decryption=DECRYPTION), SignatureError),
    "CVE-2020-26892, issued before": (lambda: verify(signed(iat=NOW - 61), max_age=60, leeway=0), ClaimsError),
    "CVE-2026-25537, iat": (lambda: verify(signed(iat=str(NOW)), max_age=60), ClaimsError),
    # a key that is gone is gone
    "CVE-2025-22149, a key ring": (lambda: verify(signed(), keys=RING.jwks(now=NOW)), KeyNotFoundError),
}  # fmt: skip


@pytest.mark.parametrize(("attack", "error"), ATTACKS.values(), ids=ATTACKS)
def test_refused_in_few_words(attack: Attack, error: type[JwtkitError]) -> None:
    with pytest.raises(error) as refusal:
        attack()
    assert type(refusal.value) in (error, *error.__subclasses__())
    assert len(str(refusal.value)) < 400


def test_the_forgeries_are_good_ones() -> None:
    """What differs in one thing only passes."""
    assert verify(signed()).sub == "s"
    assert verify(sealed(signed()), decryption=DECRYPTION).sub == "s"
    assert several(signed()).sub == several(signed(OTHER, iss="https://other.example")).sub == "s"
    assert of_tenant("https://login.example/good/v2.0", "good").sub == "s"
    assert verify(signed(sub="a@good.example"), subject="a@good.example").sub == "a@good.example"
    assert verify(signed(iat=NOW - 60), max_age=60, leeway=0).sub == "s"
    assert verify(signed(), keys=RING.jwks(now=NOW - 1)).sub == "s"


def test_cve_2026_103001_the_policy_of_a_verifier_is_its_own() -> None:
    tenants, keys = {"good"}, {ISSUER: KEY.public()}
    algorithms: list[Any] = ["A256KW"]
    decryption = Decryption(keys=READER, algorithms=algorithms, encryptions=["A256GCM"])
    one = TokenVerifier(keys=keys, algorithms=["ES256"], audience="a", decryption=decryption)
    issuer = TenantIssuer("https://login.example/{tenantid}/v2.0", tenants=tenants)
    tenants.add("evil")
    keys["https://evil.example"] = OTHER.public()
    algorithms.append("dir")
    with pytest.raises(ClaimsError):
        verify(signed(iss="https://login.example/evil/v2.0", tid="evil"), issuer=issuer)
    with pytest.raises(NotAllowedError):
        one.verify(sealed(signed(OTHER, iss="https://evil.example")), now=NOW)
    with pytest.raises(NotAllowedError, match="A256KW"):
        one.verify(sealed(signed(), JWK.generate("A256GCM", kid="r")), now=NOW)


def test_cve_2026_35039_a_remembered_header_is_worth_nothing_to_another_issuer() -> None:
    verifier = TokenVerifier(
        keys={ISSUER: KEY.public(), "https://other.example": OTHER.public()}, algorithms=["ES256"], audience="a"
    )
    for _ in range(3):
        assert verifier.verify(signed(sub="a"), now=NOW).sub == "a"
        assert verifier.verify(signed(OTHER, iss="https://other.example", sub="b"), now=NOW).sub == "b"
        for text in (signed(OTHER), signed(iss="https://other.example")):
            with pytest.raises(SignatureError):
                verifier.verify(text, now=NOW)


def test_cve_2023_37260_what_a_ring_publishes_is_public() -> None:
    ring = KeyRing([RingKey(KEY, not_before=NOW)])
    secret = KEY.to_dict(private=True)["d"]
    assert secret not in ring.jwks(now=NOW).to_json() + repr(ring)
    assert Token.sign(Claims(exp=NOW), KEY).compact.split(".")[2] not in repr(ring)
