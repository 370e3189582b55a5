"""Test vectors that others made: Wycheproof, the JOSE cookbook (RFC 7520), and examples of the specifications."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jwtkit import JWK, RejectedError, jws
from jwtkit._wire import b64url_encode
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS, SignatureAlgorithm

# These contradict others in the same file, or what this library deliberately is; each is refused here.
CONTRADICTIONS = (
    "the key's alg ES521 is no algorithm, or differs from the header; cases 332 to 340 demand refusal of that"
)
WAIVED = {
    346: CONTRADICTIONS,
    347: CONTRADICTIONS,
    350: CONTRADICTIONS,
    351: CONTRADICTIONS,
    372: "there is a '?' inside the base64url",
    373: "there is a '?' inside the base64url",
}
# Byte-identical to the valid case 357, so they are accepted although they are marked invalid.
IDENTICAL_TO_357 = {367, 370}


def wycheproof(vectors: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    data = json.loads((vectors / "wycheproof" / "json_web_signature_test.json").read_text(encoding="utf-8"))
    for group in data["testGroups"]:
        for case in group["tests"]:
            yield group.get("public", group["private"]), case


def accepts(key: dict[str, Any], text: str) -> bool:
    algorithms: list[SignatureAlgorithm] = [row.name for row in SIGNATURE_ALGORITHMS.values() if row.kty == key["kty"]]
    try:
        own = JWK.parse(key)
        if own.alg is None:
            algorithms = [name for name in algorithms if name in ("RS256", "ES256")]
        jws.verify(text, own, algorithms=algorithms)
    except RejectedError:
        return False
    return True


def test_wycheproof(vectors: Path) -> None:
    false_accepts, false_rejects, total = [], [], 0
    for key, case in wycheproof(vectors):
        total += 1
        accepted = accepts(key, case["jws"])
        if case["result"] == "invalid" and accepted and case["tcId"] not in IDENTICAL_TO_357:
            false_accepts.append((case["tcId"], case["comment"]))
        if case["result"] == "valid" and not accepted and case["tcId"] not in WAIVED:
            false_rejects.append((case["tcId"], case["comment"]))
    assert total == 401
    assert false_accepts == []
    assert false_rejects == []


def test_every_waiver_is_needed(vectors: Path) -> None:
    cases = {case["tcId"]: (key, case) for key, case in wycheproof(vectors)}
    for number in WAIVED:
        key, case = cases[number]
        assert case["result"] == "valid"
        assert not accepts(key, case["jws"])
    for number in IDENTICAL_TO_357:
        assert cases[number][1]["jws"] == cases[357][1]["jws"]


COOKBOOK = {
    "jws/4_1.rsa_v15_signature": "RS256",
    "jws/4_2.rsa-pss_signature": "PS384",
    "jws/4_3.ecdsa_signature": "ES512",
    "jws/4_4.hmac-sha2_integrity_protection": "HS256",
}


@pytest.mark.parametrize(("name", "alg"), COOKBOOK.items(), ids=COOKBOOK)
def test_cookbook(name: str, alg: Any, vectors: Path) -> None:
    data = json.loads((vectors / "rfc7520" / f"{name}.json").read_text(encoding="utf-8"))
    key = JWK.parse(data["input"]["key"])
    text = data["output"]["compact"]
    verified = jws.verify(text, key, algorithms=[alg])
    assert verified.payload == data["input"]["payload"].encode()
    if data.get("reproducible"):
        protected = data["signing"]["sig-input"].encode()
        bound = JWK.parse({**data["input"]["key"], "alg": alg})
        assert text.endswith(b64url_encode(bound.sign(protected)))


COOKBOOK_KEYS = ["3_1.ec_public_key", "3_2.ec_private_key", "3_3.rsa_public_key", "3_4.rsa_private_key"]


@pytest.mark.parametrize("name", [*COOKBOOK_KEYS, "3_5.symmetric_key_mac_computation"])
def test_cookbook_keys_round_trip(name: str, vectors: Path) -> None:
    members = json.loads((vectors / "rfc7520" / "jwk" / f"{name}.json").read_text(encoding="utf-8"))
    key = JWK.parse(members)
    assert key.to_dict(private=key.is_private) == members


def test_unencoded_payload_is_refused(vectors: Path) -> None:
    data = json.loads((vectors / "rfc7520" / "rfc7797" / "hmac-sha2_b64_false.json").read_text(encoding="utf-8"))
    key = JWK.parse(data["input"]["key"])
    protected = data["signing"]["protected_b64u"]
    signature = data["signing"]["sig"]
    with pytest.raises(RejectedError):
        jws.verify(f"{protected}..{signature}", key, algorithms=["HS256"])


RFC_7515_A1 = {
    "kty": "oct",
    "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
}
A1 = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)
RFC_7515_A3 = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
A3 = (
    "eyJhbGciOiJFUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)


@pytest.mark.parametrize(
    ("key", "alg", "text"),
    [pytest.param(RFC_7515_A1, "HS256", A1, id="A.1"), pytest.param(RFC_7515_A3, "ES256", A3, id="A.3")],
)
def test_rfc_7515(key: dict[str, Any], alg: Any, text: str) -> None:
    payload = b'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
    assert jws.verify(text, JWK.parse(key), algorithms=[alg]).payload == payload


def test_rfc_8037() -> None:
    key = JWK.parse(
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        }
    )
    signature = key.sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")
    expected = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    assert b64url_encode(signature) == expected
