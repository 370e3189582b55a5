"""Test vectors that others made: Wycheproof, the JOSE cookbook (RFC 7520), and examples of the specifications."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jwtkit import JWK, MalformedError, RejectedError, SignatureError, jws
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


# File: the algorithms it uses.
COOKBOOK: dict[str, list[Any]] = {
    "jws/4_1.rsa_v15_signature": ["RS256"],
    "jws/4_2.rsa-pss_signature": ["PS384"],
    "jws/4_3.ecdsa_signature": ["ES512"],
    "jws/4_4.hmac-sha2_integrity_protection": ["HS256"],
    "jws/4_5.signature_with_detached_content": ["HS256"],
    "jws/4_6.protecting_specific_header_fields": ["HS256"],
    "jws/4_7.protecting_content_only": ["HS256"],
    "jws/4_8.multiple_signatures": ["RS256", "ES512", "HS256"],
    "curve25519/jws": ["EdDSA"],
    "rfc7797/hmac-sha2_b64_false": ["HS256"],
}


def cookbook(vectors: Path, name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((vectors / "rfc7520" / f"{name}.json").read_text(encoding="utf-8"))
    return data


@pytest.mark.parametrize(("name", "algorithms"), COOKBOOK.items(), ids=COOKBOOK)
def test_cookbook(name: str, algorithms: list[Any], vectors: Path) -> None:
    data = cookbook(vectors, name)
    given_keys = data["input"]["key"]
    own = [JWK.parse(key) for key in (given_keys if isinstance(given_keys, list) else [given_keys])]
    payload = data["input"]["payload"].encode()
    output = data["output"]
    detached = {} if "payload" in output.get("json", output) or "detached" not in name else {"payload": payload}
    checked = 0
    if "compact" in output:
        assert jws.verify(output["compact"], own, algorithms=algorithms, **detached).payload == payload
        checked += 1
    for form in ("json", "json_flat"):
        if form in output:
            verified = jws.verify_json(output[form], own, algorithms=algorithms, require="all", **detached)
            assert verified.payload == payload
            checked += len(verified.verified)
    assert checked == {"jws/4_8.multiple_signatures": 3}.get(name, len(output))


DETERMINISTIC = {"RS256", "HS256", "EdDSA", "Ed25519"}


# The cookbook's text for RFC 7797 states the signing input of another example.
@pytest.mark.parametrize("name", [name for name in COOKBOOK if not name.startswith("rfc7797")])
def test_cookbook_signatures_are_reproduced_where_they_are_deterministic(name: str, vectors: Path) -> None:
    data = cookbook(vectors, name)
    members, algs, signing = data["input"]["key"], data["input"]["alg"], data["signing"]
    rows = zip(members, algs, signing, strict=True) if isinstance(members, list) else [(members, algs, signing)]
    for key, alg, row in rows:
        signature = JWK.parse({**key, "alg": alg}).sign(row["sig-input"].encode())
        assert (b64url_encode(signature) == row["sig"]) is (alg in DETERMINISTIC)


def test_cookbook_unencoded_payload_is_written_the_same(vectors: Path) -> None:
    data = cookbook(vectors, "rfc7797/hmac-sha2_b64_false")
    key, payload = JWK.parse(data["input"]["key"]), data["input"]["payload"].encode()
    assert jws.sign(payload, key, b64=False) == data["output"]["compact"]
    assert json.loads(jws.sign(payload, key, b64=False, serialization="flattened")) == data["output"]["json_flat"]


def test_cookbook_signs_the_same_text(vectors: Path) -> None:
    data = cookbook(vectors, "jws/4_6.protecting_specific_header_fields")
    members = dict(data["input"]["key"])
    # Only alg is protected there; the key here names no kid, and the header says it unprotected.
    kid = members.pop("kid")
    text = jws.sign(data["input"]["payload"].encode(), JWK.parse(members), unprotected=None, serialization="flattened")
    expected = {name: member for name, member in data["output"]["json_flat"].items() if name != "header"}
    assert json.loads(text) == expected
    assert data["output"]["json_flat"]["header"] == {"kid": kid}


COOKBOOK_KEYS = [
    "3_1.ec_public_key",
    "3_2.ec_private_key",
    "3_3.rsa_public_key",
    "3_4.rsa_private_key",
    "3_5.symmetric_key_mac_computation",
    "3_6.symmetric_key_encryption",
]


@pytest.mark.parametrize("name", COOKBOOK_KEYS)
def test_cookbook_keys_round_trip(name: str, vectors: Path) -> None:
    members = json.loads((vectors / "rfc7520" / "jwk" / f"{name}.json").read_text(encoding="utf-8"))
    key = JWK.parse(members)
    assert key.to_dict(private=key.is_private) == members


def test_a_b64_without_crit_is_refused(vectors: Path) -> None:
    data = cookbook(vectors, "rfc7797/4.2.hmac-sha2_b64_false")
    key = JWK.parse(data["input"]["key"])
    for form in ("json", "json_flat"):
        with pytest.raises(MalformedError, match="b64"):
            jws.verify_json(data["output"][form], key, algorithms=["HS256"], require="any")


@pytest.mark.parametrize("name", ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"])
def test_rfc_9964(name: str, vectors: Path) -> None:
    data = json.loads((vectors / "rfc9964" / f"{name}.json").read_text(encoding="utf-8"))
    public = JWK.parse(data["jwk"])
    alg: Any = public.alg
    # The seed of the example is hexadecimal; the key that comes out of it is the one of the JWK.
    private = JWK.parse({**data["jwk"], "priv": b64url_encode(bytes.fromhex(data["priv"]))})
    assert private.public().to_dict() == public.to_dict()
    assert public.thumbprint() == public.kid
    verified = jws.verify(data["jws"], public, algorithms=[alg])
    assert verified.key is public
    message = bytes.fromhex(data["raw_to_be_signed"])
    assert data["jws"].encode().startswith(message + b".")
    assert data["jws"].endswith(b64url_encode(bytes.fromhex(data["raw_signature"])))
    assert jws.verify(jws.sign(verified.payload, private), public, algorithms=[alg]).payload == verified.payload


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


# Appendix A.4: ES512 over the word "Payload".
RFC_7515_A4 = {
    "kty": "EC",
    "crv": "P-521",
    "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
    "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
}
A4 = (
    "eyJhbGciOiJFUzUxMiJ9"
    ".UGF5bG9hZA"
    ".AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xK"
    "pRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"
)


def test_rfc_7515_a4() -> None:
    assert jws.verify(A4, JWK.parse(RFC_7515_A4), algorithms=["ES512"]).payload == b"Payload"
    with pytest.raises(SignatureError):
        jws.verify(A4.replace("UGF5bG9hZA", "UGF5bG9hZQ"), JWK.parse(RFC_7515_A4), algorithms=["ES512"])


def test_rfc_7515_a5_an_unsecured_jws_is_refused() -> None:
    text = f"eyJhbGciOiJub25lIn0.{A1.split('.')[1]}."
    with pytest.raises(RejectedError):
        jws.verify(text, JWK.parse(RFC_7515_A1), algorithms=["HS256"])


def test_rfc_7515_a6_general() -> None:
    general = {
        "payload": A3.split(".")[1],
        "signatures": [
            {
                "protected": "eyJhbGciOiJFUzI1NiJ9",
                "header": {"kid": "e9bc097a-ce51-4036-9562-d2ade882db0d"},
                "signature": A3.split(".")[2],
            }
        ],
    }
    key = JWK.parse({**RFC_7515_A3, "kid": "e9bc097a-ce51-4036-9562-d2ade882db0d"})
    verified = jws.verify_json(general, key, algorithms=["ES256"], require="all")
    assert verified.verified[0].header.kid == key.kid


def test_rfc_7515_e_an_unknown_critical_extension_is_refused() -> None:
    # Appendix E: a header whose crit names a URI and an undefined member.
    text = (
        "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRkl"
        "ORUQiOnRydWUNCn0.RkFJTA."
    )
    with pytest.raises(RejectedError, match="UNDEFINED"):
        jws.verify(text, JWK.parse(RFC_7515_A1), algorithms=["HS256"])


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
