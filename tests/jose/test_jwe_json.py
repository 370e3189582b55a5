"""JWE in the JSON forms: several recipients, additional data, and which header says what."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    DecryptedJWE,
    DecryptionError,
    JwtkitError,
    KeyNotFoundError,
    Limits,
    MalformedError,
    NotAllowedError,
    RejectedError,
    UsageError,
    jwe,
    jws,
)
from jwtkit._wire import b64url_decode, b64url_encode
from jwtkit.crypto.encryption import CONTENT_ENCRYPTION, KEY_MANAGEMENT
from jwtkit.crypto.key_wrapping import wrap

EVERY_ALG: Any = list(KEY_MANAGEMENT)
EVERY_ENC: Any = list(CONTENT_ENCRYPTION)
KW = JWK.generate("A128KW", kid="kw")
EC = JWK.generate("ECDH-ES+A256KW", crv="P-256", kid="ec")
RSA = JWK.generate("RSA-OAEP-256", kid="rsa")
GCM = JWK.generate("A128GCM", kid="gcm")
ALICE = JWK.from_secret(b"alice's password", alg="PBES2-HS256+A128KW", kid="alice")
BOB = JWK.from_secret(b"bob's password", alg="PBES2-HS256+A128KW", kid="bob")
STRANGER = JWK.generate("A128KW", kid="stranger")
PLAINTEXT = b"plaintext"
AAD = b"additional data"


def decrypt(source: Any, keys: Any = KW, **named: Any) -> DecryptedJWE:
    allowed = {"algorithms": EVERY_ALG, "encryptions": EVERY_ENC}
    return jwe.decrypt_json(source, keys, **{**allowed, **named})


def encrypt(key: Any = KW, **named: Any) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(jwe.encrypt(PLAINTEXT, key, **{"enc": "A128GCM"} | named))
    return members


FLAT = encrypt(serialization="flattened")
GENERAL = encrypt([KW, EC.public(), RSA.public()], serialization="general")


def header_of(members: dict[str, Any]) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(b64url_decode(members["protected"], "x"))
    return header


def sealed(protected: Any, aad: bytes | None = None, **members: Any) -> dict[str, Any]:
    """Encrypt under whatever the headers say, as a peer with the key might: dir, A128GCM."""
    data = json.dumps(protected) if isinstance(protected, dict) else protected or ""
    segment = b64url_encode(data.encode())
    row = CONTENT_ENCRYPTION["A128GCM"]
    covered = segment if aad is None else f"{segment}.{b64url_encode(aad)}"
    cek = b64url_decode(GCM.to_dict(private=True)["k"], "k")
    ciphertext, tag = row.encrypt(cek, bytes(12), covered.encode(), PLAINTEXT)
    made = {"iv": b64url_encode(bytes(12)), "ciphertext": b64url_encode(ciphertext), "tag": b64url_encode(tag)}
    made |= {} if protected is None else {"protected": segment}
    return made | ({} if aad is None else {"aad": b64url_encode(aad)}) | members


# --- both directions


def test_every_recipient_may_repeat_the_same_enc() -> None:
    secrets = [b64url_decode(key.to_dict(private=True)["k"], "k") for key in (KW, GCM)]
    mine = {
        "header": {"alg": "A128KW", "kid": KW.kid, "enc": "A128GCM"},
        "encrypted_key": b64url_encode(wrap(*secrets)),
    }
    other = {"header": {"alg": "A256KW", "kid": "other", "enc": "A128GCM"}, "encrypted_key": "AAAA"}
    for recipients in ([mine, other], [other, mine]):
        # As text, so that the two are equal and not the same object.
        assert decrypt(json.dumps(sealed(None, recipients=recipients))).plaintext == PLAINTEXT


@pytest.mark.parametrize("serialization", ["flattened", "general"])
@pytest.mark.parametrize("aad", [None, AAD])
@pytest.mark.parametrize("key", [KW, EC, RSA, GCM], ids=lambda key: key.kid)
def test_round_trip(serialization: Any, aad: bytes | None, key: JWK) -> None:
    recipient = key if key.kty == "oct" else key.public()
    text = jwe.encrypt(
        PLAINTEXT,
        recipient,
        enc="A128GCM",
        typ="JOSE",
        header={"x": [1]},
        crit=["x"],
        unprotected={"y": 2},
        aad=aad,
        serialization=serialization,
    )
    members = json.loads(text)
    assert ("recipients" in members) is (serialization == "general")
    assert {"alg", "enc", "kid", "typ", "x", "crit"} <= set(header_of(members))
    for source in (text, text.encode(), members):
        opened = decrypt(source, key, crit={"x": lambda value, _header: value == (1,)})
        assert (opened.plaintext, opened.aad, opened.key) == (PLAINTEXT, aad, key)
        assert dict(opened.unprotected) == {"y": 2}
        assert (opened.header.typ, opened.header["y"]) == ("JOSE", 2)


def test_each_recipient_can_read() -> None:
    text = jwe.encrypt(
        PLAINTEXT,
        [
            KW,
            jwe.Recipient(EC.public(), header={"note": "second"}, apu=b"Alice", apv=b"Bob"),
            jwe.Recipient(RSA.public(), alg="RSA-OAEP-256"),
            jwe.Recipient(ALICE, p2c=1000),
        ],
        enc="A256CBC-HS512",
        typ="JOSE",
        aad=AAD,
        serialization="general",
    )
    members = json.loads(text)
    assert header_of(members) == {"enc": "A256CBC-HS512", "typ": "JOSE"}
    assert [entry["header"]["kid"] for entry in members["recipients"]] == ["kw", "ec", "rsa", "alice"]
    for key in (KW, EC, RSA, ALICE):
        opened = decrypt(text, [STRANGER, key])
        assert (opened.plaintext, opened.key, opened.aad) == (PLAINTEXT, key, AAD)
    assert decrypt(text, EC).header["note"] == "second"
    assert b64url_decode(decrypt(text, EC).header["apu"], "apu") == b"Alice"
    assert decrypt(text, [KW, EC, RSA]).key == KW


@pytest.mark.parametrize(
    ("protected", "unprotected", "header"),
    [
        pytest.param({"alg": "dir", "enc": "A128GCM", "kid": "gcm"}, None, None, id="all protected"),
        pytest.param(None, {"alg": "dir", "enc": "A128GCM", "kid": "gcm"}, None, id="all shared"),
        pytest.param(None, None, {"alg": "dir", "enc": "A128GCM", "kid": "gcm"}, id="all of the recipient"),
        pytest.param({"enc": "A128GCM"}, {"alg": "dir"}, {"kid": "gcm"}, id="one in each"),
    ],
)
@pytest.mark.parametrize("aad", [None, AAD])
def test_where_the_members_stand(protected: Any, unprotected: Any, header: Any, aad: bytes | None) -> None:
    more = {name: value for name, value in (("unprotected", unprotected), ("header", header)) if value is not None}
    opened = decrypt(sealed(protected, aad, **more), GCM)
    assert (opened.plaintext, opened.aad) == (PLAINTEXT, aad)
    assert dict(opened.unprotected) == {**(unprotected or {}), **(header or {})}


def test_the_received_octets_are_what_is_authenticated() -> None:
    assert decrypt(sealed('{ "enc":"A128GCM" , "alg" : "dir" }'), GCM).plaintext == PLAINTEXT
    odd = sealed('{ "enc":"A128GCM" , "alg" : "dir" }')
    with pytest.raises(DecryptionError):
        decrypt(odd | {"protected": b64url_encode(b'{"enc":"A128GCM","alg":"dir"}')}, GCM)


# --- the content is wrong: one failure, whoever tries

FAILURES: dict[str, Any] = {
    "tag": lambda m: m.update(tag=b64url_encode(bytes(16))),
    "tag short": lambda m: m.update(tag="AAAA"),
    "iv": lambda m: m.update(iv=b64url_encode(bytes(12))),
    "iv long": lambda m: m.update(iv=b64url_encode(bytes(16))),
    "ciphertext": lambda m: m.update(ciphertext="AAAA"),
    "ciphertext empty": lambda m: m.update(ciphertext=""),
    "aad added": lambda m: m.update(aad="AAAA"),
    "encrypted key": lambda m: [
        entry.update(encrypted_key=b64url_encode(bytes(24))) for entry in m.get("recipients", [m])
    ],
}


def outcome(source: Any, keys: Any) -> tuple[object, ...]:
    with pytest.raises(JwtkitError) as refusal:
        decrypt(source, keys)
    return type(refusal.value), str(refusal.value), vars(refusal.value) == {}


def test_all_failures_look_alike() -> None:
    outcomes = set()
    for change in FAILURES.values():
        for source in (FLAT, GENERAL):
            changed = json.loads(json.dumps(source))
            change(changed)
            outcomes.add(outcome(changed, KW))
            if source is GENERAL:
                outcomes |= {outcome(changed, key) for key in (EC, RSA, [KW, EC, RSA])}
    wrong = JWK.parse({**STRANGER.to_dict(private=True), "kid": "kw"})
    outcomes |= {outcome(FLAT, wrong), outcome(GENERAL, wrong)}
    assert len(outcomes) == 1
    assert next(iter(outcomes))[0] is DecryptionError


def test_aad_is_covered() -> None:
    members = encrypt(serialization="flattened", aad=AAD)
    for changed in ({"aad": b64url_encode(b"other data")}, {"aad": None}):
        broken = {name: value for name, value in {**members, **changed}.items() if value is not None}
        with pytest.raises(DecryptionError):
            decrypt(broken)


# --- the form is wrong

DIR = {"alg": "dir", "enc": "A128GCM"}
RECIPIENT = GENERAL["recipients"][0]
FORM: dict[str, tuple[Any, type[JwtkitError]]] = {
    "empty": ("", MalformedError),
    "array": ("[]", MalformedError),
    "empty object": ("{}", MalformedError),
    "compact": (jwe.encrypt(PLAINTEXT, KW, enc="A128GCM"), MalformedError),
    "a JWS": (jws.sign(b"", JWK.generate("HS256"), serialization="flattened"), MalformedError),
    "JWS and JWE at once": (FLAT | {"payload": "", "signature": ""}, MalformedError),
    "duplicate member": ('{"iv":"","iv":""}', MalformedError),
    "protected empty": (sealed(None, header=DIR) | {"protected": ""}, MalformedError),
    "protected null": (sealed(None, header=DIR) | {"protected": None}, MalformedError),
    "protected an object": (FLAT | {"protected": DIR}, MalformedError),
    "protected no JSON": (sealed("nonsense"), MalformedError),
    "protected too large": (sealed({**DIR, "x": "y" * 17_000}), NotAllowedError),
    "unprotected empty": (sealed(DIR, unprotected={}), MalformedError),
    "unprotected a str": (sealed(DIR, unprotected="x"), MalformedError),
    "unprotected null": (sealed(DIR, unprotected=None), MalformedError),
    "header empty": (sealed(DIR, header={}), MalformedError),
    "header a list": (sealed(DIR, header=[]), MalformedError),
    "no header at all": (sealed(None), MalformedError),
    "names in two headers": (sealed(DIR, header={"alg": "dir"}), MalformedError),
    "names in shared and own": (sealed(DIR, unprotected={"x": 1}, header={"x": 1}), MalformedError),
    "crit unprotected": (sealed(DIR, header={"crit": ["x"], "x": 1}), MalformedError),
    "crit names what is unprotected": (sealed({**DIR, "crit": ["x"]}, header={"x": 1}), MalformedError),
    "crit unknown": (sealed({**DIR, "crit": ["x"], "x": 1}), NotAllowedError),
    "zip unprotected": (sealed(DIR, header={"zip": "DEF"}), MalformedError),
    "zip": (sealed({**DIR, "zip": "DEF"}), NotAllowedError),
    "aad empty": (sealed(DIR, aad=b"") | {"aad": ""}, MalformedError),
    "aad null": (sealed(DIR, aad=AAD) | {"aad": None}, MalformedError),
    "aad padded": (sealed(DIR, aad=b"x") | {"aad": "eA=="}, MalformedError),
    "iv absent": ({name: value for name, value in FLAT.items() if name != "iv"}, MalformedError),
    "iv a list": (FLAT | {"iv": []}, MalformedError),
    "iv empty": (FLAT | {"iv": ""}, MalformedError),
    "tag absent": ({name: value for name, value in FLAT.items() if name != "tag"}, MalformedError),
    "tag a number": (FLAT | {"tag": 5}, MalformedError),
    "ciphertext absent": ({name: value for name, value in FLAT.items() if name != "ciphertext"}, MalformedError),
    "ciphertext null": (FLAT | {"ciphertext": None}, MalformedError),
    "encrypted_key empty": (FLAT | {"encrypted_key": ""}, MalformedError),
    "encrypted_key null": (FLAT | {"encrypted_key": None}, MalformedError),
    "encrypted_key absent": ({n: v for n, v in FLAT.items() if n != "encrypted_key"}, MalformedError),
    "dir with an encrypted key": (sealed(DIR, encrypted_key="AAAA"), MalformedError),
    "recipients and header": (GENERAL | {"header": {"x": 1}}, MalformedError),
    "recipients and encrypted_key": (GENERAL | {"encrypted_key": "AAAA"}, MalformedError),
    "recipients empty": (GENERAL | {"recipients": []}, MalformedError),
    "recipients an object": (GENERAL | {"recipients": RECIPIENT}, MalformedError),
    "a recipient that is none": (GENERAL | {"recipients": [RECIPIENT, 5]}, MalformedError),
    "17 recipients": (GENERAL | {"recipients": [RECIPIENT] * 17}, NotAllowedError),
    "enc not the same for all": (
        sealed(None, recipients=[{"header": DIR}, {"header": {"alg": "dir", "enc": "A256GCM"}}]),
        MalformedError,
    ),
    "enc an array of objects": (sealed({**DIR, "enc": [{"a": 1}]}), MalformedError),
    "enc an object for one": (
        sealed(None, recipients=[{"header": DIR}, {"header": DIR | {"enc": {}}}]),
        MalformedError,
    ),
    "dir with two recipients": (sealed(DIR, recipients=[{}, {}]), MalformedError),
    "alg none": (sealed({"alg": "none", "enc": "A128GCM"}), NotAllowedError),
    "no key": (sealed({**DIR, "kid": "zz"}), KeyNotFoundError),
    "too large": (" " * 300_000, NotAllowedError),
    "too deep": ('{"recipients":' + "[" * 30 + "]" * 30 + "}", MalformedError),
    "lone surrogate": (json.dumps(FLAT | {"x": "\ud800"}), MalformedError),
    "bytearray": (bytearray(b"{}"), UsageError),
    "None": (None, UsageError),
}


@pytest.mark.parametrize(("source", "error"), FORM.values(), ids=FORM)
def test_form(source: Any, error: type[JwtkitError]) -> None:
    with pytest.raises(error) as refusal:
        decrypt(source, [KW, GCM])
    assert type(refusal.value) is error
    assert len(str(refusal.value)) < 700


def test_a_jwe_is_never_taken_for_a_jws() -> None:
    for source in (FLAT, FLAT | {"payload": "", "signature": ""}):
        with pytest.raises(MalformedError, match="encrypted JWE"):
            jws.verify_json(source, JWK.generate("HS256"), algorithms=["HS256"], require="any")


def test_unknown_members_are_ignored() -> None:
    assert decrypt(FLAT | {"extra": [1]}).plaintext == PLAINTEXT
    assert decrypt(GENERAL | {"recipients": [RECIPIENT | {"extra": 1}]}).plaintext == PLAINTEXT


def test_limits_can_be_raised() -> None:
    many = GENERAL | {"recipients": [RECIPIENT] * 17}
    assert decrypt(many, limits=Limits(recipients=17)).plaintext == PLAINTEXT


# --- which recipient


def test_a_recipient_without_a_key_of_ours_is_passed_over() -> None:
    text = encrypt([STRANGER, KW], serialization="general")
    assert decrypt(text).key == KW
    with pytest.raises(KeyNotFoundError):
        decrypt(text, EC)


def test_a_missing_key_is_told_before_another_reason() -> None:
    text = encrypt([EC.public(), STRANGER], serialization="general")
    with pytest.raises(KeyNotFoundError):
        decrypt(text, KW, algorithms=["A128KW"])
    with pytest.raises(NotAllowedError):
        decrypt(encrypt([EC.public()], serialization="general"), KW, algorithms=["A128KW"])


def test_iterations_are_counted_over_all_recipients() -> None:
    text = encrypt([jwe.Recipient(ALICE, p2c=1500), jwe.Recipient(BOB, p2c=1500)], serialization="general")
    assert decrypt(text, [ALICE, BOB], limits=Limits(pbes2_count=3000)).plaintext == PLAINTEXT
    assert decrypt(text, ALICE, limits=Limits(pbes2_count=1500)).plaintext == PLAINTEXT
    with pytest.raises(NotAllowedError, match="3000 iterations"):
        decrypt(text, [ALICE, BOB], limits=Limits(pbes2_count=2999))


def test_sixteen_passwords_cost_no_more_than_one() -> None:
    recipients = [jwe.Recipient(ALICE, p2c=1000)] * 16
    hostile = encrypt(recipients, serialization="general")
    for entry in hostile["recipients"]:
        entry["header"]["p2c"] = 1_000_000
    with pytest.raises(NotAllowedError, match="16000000 iterations"):
        decrypt(hostile, ALICE)


# --- mistakes of the caller


@pytest.mark.parametrize(
    ("call", "words"),
    [
        pytest.param(lambda: encrypt([5], serialization="general"), "cannot encrypt to a int", id="no key"),
        pytest.param(
            lambda: encrypt([jwe.Recipient(KW, header={"alg": "x"})], serialization="general"), "'alg'", id="alg"
        ),
        pytest.param(
            lambda: encrypt([jwe.Recipient(KW, header={"x": 1})], header={"x": 1}, serialization="general"),
            "given twice",
            id="twice",
        ),
        pytest.param(lambda: encrypt(unprotected={"kid": "x"}, serialization="general"), "'kid'", id="kid"),
        pytest.param(lambda: decrypt(FLAT, EC.public()), "needs the private one", id="a public key"),
    ],
)
def test_mistakes_of_the_caller(call: Callable[[], object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        call()


# --- anything


@given(
    st.dictionaries(
        st.sampled_from([*FLAT, "recipients", "header", "unprotected", "aad", "x"]),
        st.sampled_from(["", "e30", "AAAA", *FLAT.values()])
        | st.none()
        | st.integers()
        | st.dictionaries(
            st.sampled_from(["alg", "enc", "kid"]), st.sampled_from(["A128KW", "A128GCM", "kw", "dir", 5])
        )
        | st.lists(st.sampled_from([RECIPIENT, {}, 5]), max_size=3),
    )
    | st.text(max_size=40)
    | st.binary(max_size=40)
)
def test_anything_gives_a_value_or_a_refusal(source: Any) -> None:
    try:
        assert decrypt(source).plaintext == PLAINTEXT
    except RejectedError:
        pass


@given(st.integers(0, 10_000), st.integers(0, 6))
def test_a_flipped_bit_is_refused(position: int, bit: int) -> None:
    text = json.dumps(FLAT)
    position %= len(text)
    flipped = text[:position] + chr(ord(text[position]) ^ (1 << bit)) + text[position + 1 :]
    try:
        same = json.loads(flipped) == FLAT
    except ValueError:
        same = False
    if not same:
        with pytest.raises(RejectedError):
            decrypt(flipped)
