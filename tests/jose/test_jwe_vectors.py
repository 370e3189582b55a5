"""JWE vectors that others made: Wycheproof, the JOSE cookbook (RFC 7520, RFC 8037), RFC 7516 and RFC 7518."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jwtkit import JWK, NotAllowedError, RejectedError, UsageError, jwe
from jwtkit._wire import b64url_encode
from jwtkit.crypto import key_agreement
from jwtkit.crypto.encryption import CONTENT_ENCRYPTION, KEY_MANAGEMENT

EVERY_ENC: Any = list(CONTENT_ENCRYPTION)


def wycheproof(vectors: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    data = json.loads((vectors / "wycheproof" / "json_web_encryption_test.json").read_text(encoding="utf-8"))
    for group in data["testGroups"]:
        for case in group["tests"]:
            yield group["private"], case


def algorithms_of(key: JWK) -> Any:
    """List the one algorithm a key names; a key that names a content encryption is for dir."""
    if key.alg in CONTENT_ENCRYPTION:
        return ["dir"]
    return [key.alg] if key.alg in KEY_MANAGEMENT else list(KEY_MANAGEMENT)


def opens(members: dict[str, Any], case: dict[str, Any]) -> bool:
    try:
        key = JWK.parse(members)
        opened = jwe.decrypt(case["jwe"], key, algorithms=algorithms_of(key), encryptions=EVERY_ENC, allow_zip=True)
    except RejectedError:
        return False
    assert opened.plaintext.hex() == case.get("pt", opened.plaintext.hex())
    return True


def test_wycheproof(vectors: Path) -> None:
    false_accepts, false_rejects, total = [], [], 0
    for members, case in wycheproof(vectors):
        total += 1
        accepted = opens(members, case)
        if case["result"] == "invalid" and accepted:
            false_accepts.append((case["tcId"], case["comment"]))
        # RSA1_5 is not implemented, on purpose: its valid cases are refused like the others.
        if case["result"] == "valid" and not accepted and members.get("alg") != "RSA1_5":
            false_rejects.append((case["tcId"], case["comment"]))
    assert total == 139
    assert false_accepts == []
    assert false_rejects == []


def test_every_case_of_rsa1_5_is_refused(vectors: Path) -> None:
    cases = [(members, case) for members, case in wycheproof(vectors) if members.get("alg") == "RSA1_5"]
    assert sum(case["result"] == "valid" for _, case in cases) == 8
    assert not any(opens(members, case) for members, case in cases)


# --- the cookbook

COOKBOOK = {
    "5_2.key_encryption_using_rsa-oaep_with_aes-gcm": ["RSA-OAEP"],
    "5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2": ["PBES2-HS512+A256KW"],
    "5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm": ["ECDH-ES+A128KW"],
    "5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2": ["ECDH-ES"],
    "5_6.direct_encryption_using_aes-gcm": ["dir"],
    "5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-sha2": ["A256GCMKW"],
    "5_8.key_wrap_using_aes-keywrap_with_aes-gcm": ["A128KW"],
    "5_9.compressed_content": ["A128KW"],
    "5_10.including_additional_authentication_data": ["A128KW"],
    "5_11.protecting_specific_header_fields": ["A128KW"],
    "5_12.protecting_content_only": ["A128KW"],
    "../curve25519/ecdh-es": ["ECDH-ES"],
}


def cookbook(vectors: Path, name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((vectors / "rfc7520" / "jwe" / f"{name}.json").read_text(encoding="utf-8"))
    return data


def key_of(given: dict[str, Any], alg: Any) -> JWK:
    if "pwd" in given:
        return JWK.from_secret(given["pwd"].encode(), alg=alg)
    return JWK.parse(given["key"])


@pytest.mark.parametrize(("name", "algorithms"), COOKBOOK.items(), ids=COOKBOOK)
def test_cookbook(name: str, algorithms: list[Any], vectors: Path) -> None:
    data = cookbook(vectors, name)
    given, output = data["input"], data["output"]
    key = key_of(given, algorithms[0])
    allowed: Any = {"algorithms": algorithms, "encryptions": EVERY_ENC, "allow_zip": "zip" in given}
    plaintext = given["plaintext"].encode()
    checked = 0
    if "compact" in output:
        assert jwe.decrypt(output["compact"], key, **allowed).plaintext == plaintext
        checked += 1
    for form in ("json", "json_flat"):
        if form in output:
            opened = jwe.decrypt_json(output[form], key, **allowed)
            assert opened.plaintext == plaintext
            assert opened.aad == (given["aad"].encode() if "aad" in given else None)
            checked += 1
    assert checked == len(output)


def test_cookbook_compressed_content_needs_to_be_allowed(vectors: Path) -> None:
    data = cookbook(vectors, "5_9.compressed_content")
    with pytest.raises(NotAllowedError, match="allow_zip=True"):
        jwe.decrypt(
            data["output"]["compact"],
            JWK.parse(data["input"]["key"]),
            algorithms=["A128KW"],
            encryptions=["A128GCM"],
        )


def test_cookbook_rsa1_5_is_refused(vectors: Path) -> None:
    data = cookbook(vectors, "5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2")
    key = JWK.parse({**data["input"]["key"], "alg": "RSA-OAEP"})
    with pytest.raises(NotAllowedError, match="RSA1_5"):
        jwe.decrypt(data["output"]["compact"], key, algorithms=["RSA-OAEP"], encryptions=EVERY_ENC)
    wrong: Any = ["RSA1_5"]
    with pytest.raises(UsageError, match="not offered"):
        jwe.decrypt(data["output"]["compact"], key, algorithms=wrong, encryptions=EVERY_ENC)


def test_cookbook_several_recipients(vectors: Path) -> None:
    data = cookbook(vectors, "5_13.encrypting_to_multiple_recipients")
    first, *others = [JWK.parse(key) for key in data["input"]["key"]]
    plaintext = data["input"]["plaintext"].encode()
    algorithms: Any = ["ECDH-ES+A256KW", "A256GCMKW"]
    source = data["output"]["json"]
    for keys in (others, others[:1], others[1:], [first, *others]):
        opened = jwe.decrypt_json(source, keys, algorithms=algorithms, encryptions=["A128CBC-HS256"])
        assert opened.plaintext == plaintext
    # The first recipient's algorithm is RSA1_5.
    with pytest.raises(RejectedError):
        jwe.decrypt_json(source, first, algorithms=algorithms, encryptions=["A128CBC-HS256"])


def test_cookbook_nesting(vectors: Path) -> None:
    path = vectors / "rfc7520" / "6.nesting_signatures_and_encryption.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    recipient = JWK.parse(data["encrypt"]["input"]["key"])
    opened = jwe.decrypt(
        data["encrypt"]["output"]["compact"], recipient, algorithms=["RSA-OAEP"], encryptions=["A128GCM"]
    )
    assert opened.plaintext.decode() == data["sign"]["output"]["compact"]
    assert opened.header.cty == "JWT"


# --- RFC 7516

A1_KEY = {
    "kty": "RSA",
    "n": "oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imEVhRU5djINXtqllXI4DFqcI1DgjT9LewND8MW2Krf3S"
    "psk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vEhxN92i2asbOenSZeyaxziK72UwxrrKoExv6kc5twXTq4h-QChLOln0_mtUZwfsRaMS"
    "tPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra36C9knDFGzKsNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw",
    "e": "AQAB",
    "d": "kLdtIj6GbDks_ApCSTYQtelcNttlKiOyPzMrXHeI-yk1F7-kpDxY4-WY5NWV5KntaEeXS1j82E375xxhWMHXyvjYecPT9fpwR_M9gV8n9Hrh2anTpTD9"
    "3Dt62ypW3yDsJzBnTnrYu1iwWRgBKrEYY46qAZIrA2xAwnm2X7uGR1hghkqDp0Vqj3kbSCz1XyfCs6_LehBwtxHIyh8Ripy40p24moOAbgxVw3rxT_vl"
    "t3UVe4WO3JkJOzlpUf-KTVI2Ptgm-dARxTEtE-id-4OJr0h-K-VFs3VSndVTIznSxfyrj8ILL6MG_Uv8YAu7VILSB3lOW085-4qE3DzgrTjgyQ",
}
A1 = (
    "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ."
    "OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGeipsEdY3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb23nfa6c9d-St"
    "nImGyFDbSv04uVuxIp5Zms1gNxKKK2Da14B8S4rzVRltdYwam_lDp5XnZAYpQdb76FdIKLaVmqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLzfiwQyeyPGLB"
    "IO56YJ7eObdv0je81860ppamavo35UgoRdbYaBcoh9QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi6UklfCpIMfIjf7iGdXKHzg."
    "48V1_ALb6US04U3b."
    "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A."
    "XFBoMYUZodetZdvTiFvSkQ"
)
A3_KEY = {"kty": "oct", "k": "GawgguFyGrWKav7AX4VKUg"}
A3_ENCRYPTED_KEY = "6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ"
A3 = (
    f"eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.{A3_ENCRYPTED_KEY}.AxY8DCtDaGlsbGljb3RoZQ."
    "KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ"
)
A5 = {
    "protected": "eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0",
    "unprotected": {"jku": "https://server.example.com/keys.jwks"},
    "header": {"alg": "A128KW", "kid": "7"},
    "encrypted_key": A3_ENCRYPTED_KEY,
    "iv": "AxY8DCtDaGlsbGljb3RoZQ",
    "ciphertext": "KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY",
    "tag": "Mz-VPPyU4RlcuYv1IwIvzw",
}


def test_rfc_7516_a1() -> None:
    opened = jwe.decrypt(A1, JWK.parse(A1_KEY), algorithms=["RSA-OAEP"], encryptions=["A256GCM"])
    assert opened.plaintext == b"The true sign of intelligence is not knowledge but imagination."


def test_rfc_7516_a3() -> None:
    opened = jwe.decrypt(A3, JWK.parse(A3_KEY), algorithms=["A128KW"], encryptions=["A128CBC-HS256"])
    assert opened.plaintext == b"Live long and prosper."


def test_rfc_7516_a4_and_a5() -> None:
    key = JWK.parse({**A3_KEY, "kid": "7"})
    mine = {name: A5[name] for name in ("header", "encrypted_key")}
    other = {"header": {"alg": "RSA1_5", "kid": "2011-04-29"}, "encrypted_key": "AAAA"}
    general = {name: value for name, value in A5.items() if name not in mine} | {"recipients": [other, mine]}
    for source in (A5, general):
        opened = jwe.decrypt_json(source, key, algorithms=["A128KW"], encryptions=["A128CBC-HS256"])
        assert opened.plaintext == b"Live long and prosper."
        assert opened.unprotected["jku"] == "https://server.example.com/keys.jwks"


# --- RFC 7518, which gives keys and vectors that no public door takes: through the maths

KERCKHOFFS = (
    b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy "
    b"without inconvenience"
)
SECOND_PRINCIPLE = b"The second principle of Auguste Kerckhoffs"
APPENDIX_B = {
    "A128CBC-HS256": ("c80edfa32ddf39d5ef00c0b468834279", "652c3fa36b0a7c5b3219fab3a30bc1c4"),
    "A192CBC-HS384": ("ea65da6b59e61edb419be62d19712ae5", "8490ac0e58949bfe51875d733f93ac2075168039ccc733d7"),
    "A256CBC-HS512": (
        "4affaaadb78c31c5da4b1b590d10ffbd",
        "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5",
    ),
}


@pytest.mark.parametrize(("enc", "expected"), APPENDIX_B.items(), ids=APPENDIX_B)
def test_rfc_7518_b(enc: str, expected: tuple[str, str]) -> None:
    row = CONTENT_ENCRYPTION[enc]
    cek, iv = bytes(range(row.cek_bytes)), bytes.fromhex("1af38c2dc2b96ffdd86694092341bc04")
    ciphertext, tag = row.encrypt(cek, iv, SECOND_PRINCIPLE, KERCKHOFFS)
    assert (ciphertext[:16].hex(), tag.hex()) == expected
    assert row.decrypt(cek, iv, SECOND_PRINCIPLE, ciphertext, tag) == KERCKHOFFS
    assert row.decrypt(cek, iv, SECOND_PRINCIPLE + b"x", ciphertext, tag) is None


def test_rfc_7518_c() -> None:
    alice = JWK.parse(
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
            "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
            "d": "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo",
        }
    )
    bob = JWK.parse(
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
            "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
            "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
        }
    )
    for private, public in ((alice, bob), (bob, alice)):
        secret = key_agreement.agree(private.to_key(private=True), public.to_key())
        assert secret is not None
        derived = key_agreement.derive(secret, "A128GCM", b"Alice", b"Bob", 16)
        assert b64url_encode(derived) == "VqqN6vgjbSBcIijNcacQGg"
