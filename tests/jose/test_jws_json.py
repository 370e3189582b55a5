"""JWS in the JSON forms: several signatures, what is signed and what is not, and whose verdict counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    JwtkitError,
    KeyNotFoundError,
    Limits,
    MalformedError,
    NotAllowedError,
    RejectedError,
    SignatureError,
    UsageError,
    jws,
)
from jwtkit._wire import b64url_encode

HS = JWK.generate("HS256", kid="hs")
ES = JWK.generate("ES256", kid="es")
ED = JWK.generate("Ed25519", kid="ed")
STRANGER = JWK.generate("ES256", kid="stranger")
KEYS = [HS, ES.public(), ED.public()]
LISTED: Any = ["HS256", "ES256", "Ed25519"]
PAYLOAD = b"payload"


def verify(source: Any, keys: Any = KEYS, *, require: Any = "all", **named: Any) -> jws.VerifiedJSON:
    return jws.verify_json(source, keys, algorithms=LISTED, require=require, **named)


def parts(text: str) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(text)
    return members


FLAT = parts(jws.sign(PAYLOAD, HS, serialization="flattened"))
GENERAL = parts(jws.sign(PAYLOAD, [HS, ES], serialization="general"))


def repaired(
    protected: str | bytes | dict[str, Any] | None, header: Any = None, payload: str | None = None
) -> dict[str, Any]:
    """Sign whatever stands in the protected header, as a peer with the right key might."""
    data = json.dumps(protected) if isinstance(protected, dict) else protected or ""
    segment = b64url_encode(data.encode() if isinstance(data, str) else data)
    text = b64url_encode(PAYLOAD) if payload is None else payload
    members = {"payload": text, "signature": b64url_encode(HS.sign(f"{segment}.{text}".encode()))}
    if protected is not None:
        members["protected"] = segment
    return members | ({} if header is None else {"header": header})


# --- both directions


@pytest.mark.parametrize("serialization", ["flattened", "general"])
@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("b64", [True, False])
def test_round_trip(serialization: Any, detached: bool, b64: bool) -> None:
    payload = "grüße, {brackets}".encode()
    text = jws.sign(
        payload,
        ES,
        typ="JOSE",
        header={"x": [1]},
        crit=["x"],
        unprotected={"y": {"z": 2}},
        serialization=serialization,
        detached=detached,
        b64=b64,
    )
    members = parts(text)
    assert ("payload" in members) is not detached
    assert ("signatures" in members) is (serialization == "general")
    given_payload = {"payload": payload} if detached else {}
    for source in (text, text.encode(), members):
        verified = verify(source, crit={"x": lambda value, _header: value == (1,)}, **given_payload)
        assert verified.payload == payload
        (one,) = verified.verified
        assert verified.signatures == (one,)
        assert one.key == ES.public()
        assert (one.header.alg, one.header.typ, one.header["y"]["z"]) == ("ES256", "JOSE", 2)
        assert dict(one.unprotected) == {"y": {"z": 2}}
        assert repr(one) == f"VerifiedSignature({one.header!r})"
        assert "payload" not in repr(verified)


def test_several_signers_each_with_a_header() -> None:
    text = jws.sign(
        PAYLOAD,
        [HS, jws.Cosigner(ES, typ="JOSE", header={"cty": "text/plain"}, unprotected={"note": "second"}), ED],
        serialization="general",
    )
    verified = verify(text)
    assert [one.header.kid for one in verified.verified] == ["hs", "es", "ed"]
    assert verified.verified[1].header.cty == "text/plain"
    assert verified.verified[1].unprotected["note"] == "second"
    assert repr(verified) == "VerifiedJSON(7 bytes, 3 of 3 signatures)"


def test_the_received_octets_are_what_is_verified() -> None:
    odd = repaired('{ "alg" : "HS256" , "x":"\\u0061" }')
    assert verify(odd).payload == PAYLOAD
    assert verify({**odd, "signature": odd["signature"]}).verified[0].header["x"] == "a"


# --- alg and kid that nobody signed


@pytest.mark.parametrize(
    ("protected", "header"),
    [
        pytest.param(None, {"alg": "HS256", "kid": "hs"}, id="all unprotected"),
        pytest.param({"alg": "HS256"}, {"kid": "hs"}, id="kid unprotected"),
        pytest.param({"kid": "hs"}, {"alg": "HS256"}, id="alg unprotected"),
        pytest.param({"alg": "HS256", "kid": "hs"}, None, id="all protected"),
    ],
)
def test_where_alg_and_kid_stand(protected: Any, header: Any) -> None:
    assert verify(repaired(protected, header)).payload == PAYLOAD


def test_the_key_decides_and_not_an_unprotected_alg() -> None:
    for alg, error in (("none", NotAllowedError), ("ES256", KeyNotFoundError), ("HS384", NotAllowedError)):
        with pytest.raises(error):
            verify(repaired(None, {"alg": alg}), HS)


def test_ghsa_jc38_x7x8_2xc8_an_unprotected_alg_never_overrides() -> None:
    with pytest.raises(MalformedError, match="stands in two of the headers"):
        verify(repaired({"alg": "HS256"}, {"alg": "ES256"}))


# --- one signature is wrong: refused, whatever the caller requires

ONE: dict[str, tuple[Any, type[JwtkitError]]] = {
    "no alg": (repaired({"kid": "hs"}), MalformedError),
    "alg in both headers, the same": (repaired({"alg": "HS256"}, {"alg": "HS256"}), MalformedError),
    "kid in both headers": (repaired({"alg": "HS256", "kid": "hs"}, {"kid": "es"}), MalformedError),
    "crit unprotected": (repaired({"alg": "HS256"}, {"crit": ["x"], "x": 1}), MalformedError),
    "crit names what is unprotected": (repaired({"alg": "HS256", "crit": ["x"]}, {"x": 1}), MalformedError),
    "crit unknown": (repaired({"alg": "HS256", "crit": ["y"], "y": 1}), NotAllowedError),
    "crit empty": (repaired({"alg": "HS256", "crit": []}), MalformedError),
    "b64 unprotected": (repaired({"alg": "HS256"}, {"b64": False}), MalformedError),
    "b64 unprotected, named in crit": (repaired({"alg": "HS256", "crit": ["b64"]}, {"b64": False}), MalformedError),
    "b64 without crit": (repaired({"alg": "HS256", "b64": True}), MalformedError),
    "protected no JSON": (repaired("nonsense"), MalformedError),
    "protected an array": (repaired("[]"), MalformedError),
    "protected with a byte order mark": (repaired("\ufeff" + '{"alg":"HS256"}'), MalformedError),
    "protected in UTF-16": (repaired('{"alg":"HS256"}'.encode("utf-16")), MalformedError),
    "protected too deep": (repaired('{"alg":"HS256","x":' + "[" * 16 + "]" * 16 + "}"), MalformedError),
    "protected too large": (repaired({"alg": "HS256", "x": "y" * 17_000}), NotAllowedError),
    "alg twice": (repaired('{"alg":"none","alg":"HS256"}'), MalformedError),
    "none": (repaired({"alg": "none"}), NotAllowedError),
    "kid a number": (repaired({"alg": "HS256"}, {"kid": 7}), MalformedError),
    "kid unknown": (repaired({"alg": "HS256", "kid": "zz"}), KeyNotFoundError),
    "signature wrong": (repaired({"alg": "HS256"}) | {"signature": b64url_encode(bytes(32))}, SignatureError),
    "signature empty": (repaired({"alg": "HS256"}) | {"signature": ""}, SignatureError),
}


@pytest.mark.parametrize(("source", "error"), ONE.values(), ids=ONE)
def test_one_wrong_signature(source: Any, error: type[JwtkitError]) -> None:
    for require in ("all", "any", lambda _verified: True):
        with pytest.raises(error) as refusal:
            verify(source, require=require)
        assert type(refusal.value) is error
    good = GENERAL["signatures"][0]
    wrong = {name: member for name, member in source.items() if name != "payload"}
    both = {"payload": GENERAL["payload"], "signatures": [wrong, good]}
    with pytest.raises(error):
        verify(both)
    verified = verify(both, require="any")
    assert isinstance(verified.signatures[0], jws.FailedSignature)
    assert isinstance(verified.signatures[0].error, RejectedError)
    assert verified.verified == (verified.signatures[1],)
    assert "Error" in repr(verified.signatures[0])


# --- the form is wrong: refused as a whole, whatever the caller requires


def general(*signatures: Any, **more: Any) -> dict[str, Any]:
    return {"payload": GENERAL["payload"], "signatures": list(signatures)} | more


GOOD = GENERAL["signatures"][0]
FORM: dict[str, tuple[Any, type[JwtkitError]]] = {
    "empty": ("", MalformedError),
    "array": ("[]", MalformedError),
    "empty object": ("{}", MalformedError),
    "compact": (jws.sign(PAYLOAD, HS), MalformedError),
    "duplicate member": ('{"payload":"","payload":"","signature":""}', MalformedError),
    "payload a number": (FLAT | {"payload": 5}, MalformedError),
    "payload null": (FLAT | {"payload": None}, MalformedError),
    "payload padded": (repaired({"alg": "HS256"}, payload="AA=="), MalformedError),
    "payload with stray bits": (repaired({"alg": "HS256"}, payload="AB"), MalformedError),
    "payload absent": ({"protected": FLAT["protected"], "signature": FLAT["signature"]}, MalformedError),
    "signature absent": ({"payload": "", "protected": FLAT["protected"]}, MalformedError),
    "signature a list": (FLAT | {"signature": []}, MalformedError),
    "signature null": (FLAT | {"signature": None}, MalformedError),
    "signature padded": (FLAT | {"signature": FLAT["signature"] + "="}, MalformedError),
    "protected empty": (repaired(None, {"alg": "HS256"}) | {"protected": ""}, MalformedError),
    "protected null": (repaired(None, {"alg": "HS256"}) | {"protected": None}, MalformedError),
    "protected an object": (FLAT | {"protected": {"alg": "HS256"}}, MalformedError),
    "header empty": (FLAT | {"header": {}}, MalformedError),
    "header a str": (FLAT | {"header": "x"}, MalformedError),
    "header null": (FLAT | {"header": None}, MalformedError),
    "neither protected nor header": ({"payload": "", "signature": ""}, MalformedError),
    "both forms": (FLAT | {"signatures": [GOOD]}, MalformedError),
    "signatures beside protected": (general(GOOD, protected=FLAT["protected"]), MalformedError),
    "signatures beside header": (general(GOOD, header={"kid": "hs"}), MalformedError),
    "signatures empty": (general(), MalformedError),
    "signatures an object": ({"payload": "", "signatures": GOOD}, MalformedError),
    "signatures null": ({"payload": "", "signatures": None}, MalformedError),
    "a signature that is none": (general(GOOD, 5), MalformedError),
    "a signature without signature": (general(GOOD, {"protected": GOOD["protected"]}), MalformedError),
    "17 signatures": (general(*[GOOD] * 17), NotAllowedError),
    "too large": (" " * 300_000, NotAllowedError),
    "too deep": ('{"signatures":' + "[" * 30 + "]" * 30 + "}", MalformedError),
    "lone surrogate": (json.dumps(FLAT | {"x": "\ud800"}), MalformedError),
    "an integer beyond 64 bits": (json.dumps(FLAT | {"x": 2**64}), MalformedError),
    "bytearray": (bytearray(b"{}"), UsageError),
    "None": (None, UsageError),
}


@pytest.mark.parametrize(("source", "error"), FORM.values(), ids=FORM)
def test_form(source: Any, error: type[JwtkitError]) -> None:
    for require in ("all", "any"):
        with pytest.raises(error) as refusal:
            verify(source, require=require)
        assert len(str(refusal.value)) < 300


def test_unknown_members_are_ignored() -> None:
    assert verify(FLAT | {"extra": [1]}).payload == PAYLOAD
    assert verify(general(GOOD | {"extra": 1}, extra=2)).payload == PAYLOAD


def test_limits_can_be_raised() -> None:
    assert len(verify(general(*[GOOD] * 17), limits=Limits(signatures=17)).verified) == 17


def test_all_signatures_read_the_payload_in_one_way() -> None:
    plain = {"protected": b64url_encode(b'{"alg":"HS256"}')}
    raw = {"protected": b64url_encode(b'{"alg":"HS256","b64":false,"crit":["b64"]}')}
    payload = "AAAA"
    signatures = [
        one | {"signature": b64url_encode(HS.sign(f"{one['protected']}.{payload}".encode()))} for one in (plain, raw)
    ]
    for require in ("all", "any"):
        with pytest.raises(MalformedError, match="same for all"):
            verify({"payload": payload, "signatures": signatures}, require=require)
    assert verify({"payload": payload, "signatures": signatures[:1]}).payload == b"\0\0\0"
    assert verify({"payload": payload, "signatures": signatures[1:]}).payload == b"AAAA"


def test_a_payload_comes_from_one_place() -> None:
    detached = jws.sign(PAYLOAD, HS, serialization="flattened", detached=True)
    with pytest.raises(MalformedError, match="pass payload="):
        verify(detached)
    with pytest.raises(MalformedError, match="leave out payload="):
        verify(FLAT, payload=PAYLOAD)
    with pytest.raises(UsageError, match="bytes"):
        verify(detached, payload="payload")


def test_members_that_were_parsed_elsewhere() -> None:
    raw = parts(jws.sign(b"text", HS, serialization="flattened", b64=False))
    with pytest.raises(MalformedError, match="lone surrogate"):
        verify(raw | {"payload": "\ud800"})


# --- whose verdict counts: (signers of the JWS, require, the outcome)

BY: dict[str, JWK] = {"hs": HS, "es": ES, "ed": ED, "stranger": STRANGER}


def names(verified: Any) -> set[str]:
    return {one.key.kid for one in verified}


VERDICTS: dict[str, tuple[list[str], Any, type[JwtkitError] | None]] = {
    "all, all good": (["hs", "es"], "all", None),
    "all, one of a stranger": (["hs", "stranger"], "all", KeyNotFoundError),
    "any, one of a stranger": (["stranger", "es"], "any", None),
    "any, only strangers": (["stranger"], "any", KeyNotFoundError),
    "predicate, the two it wants": (["ed", "stranger", "es"], lambda ok: names(ok) >= {"es", "ed"}, None),
    "predicate, one is missing": (["ed", "hs"], lambda ok: names(ok) >= {"es", "ed"}, NotAllowedError),
    "predicate, one is of a stranger": (["ed", "stranger"], lambda ok: len(ok) >= 2, KeyNotFoundError),
    "predicate, content with nothing": (["stranger"], lambda _ok: True, KeyNotFoundError),
}


@pytest.mark.parametrize(("signers", "require", "error"), VERDICTS.values(), ids=VERDICTS)
def test_verdicts(signers: list[str], require: Any, error: type[JwtkitError] | None) -> None:
    text = jws.sign(PAYLOAD, [BY[name] for name in signers], serialization="general")
    if error is None:
        verified = verify(text, require=require)
        assert names(verified.verified) == set(signers) - {"stranger"}
        assert len(verified.signatures) == len(signers)
    else:
        with pytest.raises(error):
            verify(text, require=require)


def test_a_missing_key_is_told_before_a_wrong_signature() -> None:
    members = parts(jws.sign(PAYLOAD, [ES, STRANGER], serialization="general"))
    members["signatures"][0]["signature"] = b64url_encode(bytes(64))
    with pytest.raises(KeyNotFoundError):
        verify(members, require="any")
    members["signatures"][1]["protected"] = b64url_encode(b'{"alg":"HS512"}')
    with pytest.raises(SignatureError):
        verify(members, require="any")


@pytest.mark.parametrize("require", [None, "", "ALL", 1, True])
def test_the_caller_must_choose(require: Any) -> None:
    with pytest.raises(UsageError, match="require"):
        verify(FLAT, require=require)


@pytest.mark.parametrize("answer", [None, 1, set()])
def test_a_predicate_must_decide(answer: Any) -> None:
    with pytest.raises(UsageError, match="True or False"):
        verify(FLAT, require=lambda _verified: answer)


def test_cve_2016_9122_a_failed_signature_gives_no_header() -> None:
    text = jws.sign(PAYLOAD, [HS, STRANGER], serialization="general")
    failed = verify(text, require="any").signatures[1]
    assert isinstance(failed, jws.FailedSignature)
    assert not hasattr(failed, "header")
    assert not hasattr(failed, "key")


# --- mistakes of the caller


@pytest.mark.parametrize(
    ("call", "words"),
    [
        pytest.param(lambda: jws.sign(b"", [], serialization="general"), "at least one", id="no signers"),
        pytest.param(lambda: jws.sign(b"", [HS], serialization="flattened"), "general", id="several, flattened"),
        pytest.param(lambda: jws.sign(b"", [HS], serialization="general", typ="x"), "Cosigner", id="a shared typ"),
        pytest.param(lambda: jws.sign(b"", [HS], serialization="general", crit=["x"]), "Cosigner", id="a shared crit"),
        pytest.param(
            lambda: jws.sign(b"", HS, header={"x": 1}, unprotected={"x": 2}, serialization="flattened"),
            "in the protected header already",
            id="a name in both headers",
        ),
        pytest.param(
            lambda: jws.sign(b"", HS, unprotected={"alg": "none"}, serialization="flattened"), "'alg'", id="alg"
        ),
        pytest.param(
            lambda: jws.sign(b"", HS, unprotected={"x": b""}, serialization="flattened"), "bytes", id="no JSON"
        ),
        pytest.param(
            lambda: jws.sign(b"", HS, unprotected=["x"], serialization="flattened"),  # type: ignore[arg-type]  # the mistake
            "mapping",
            id="no mapping",
        ),
        pytest.param(lambda: jws.sign(b"", [5], serialization="general"), "cannot sign with a int", id="no signer"),  # type: ignore[list-item]  # the mistake
        pytest.param(lambda: jws.sign(b"", [ES.public()], serialization="general"), "public key", id="a public key"),
        pytest.param(lambda: jws.sign(b"\xff", HS, serialization="flattened", b64=False), "UTF-8", id="no UTF-8"),
    ],
)
def test_signing_refuses(call: Callable[[], str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        call()


def test_a_key_set_serves_as_well() -> None:
    published = JWKS([ES.public(), ED.public()])
    assert verify(jws.sign(PAYLOAD, [ES, ED], serialization="general"), published).payload == PAYLOAD


# --- anything


@given(
    st.dictionaries(
        st.sampled_from(["payload", "protected", "header", "signature", "signatures", "x"]),
        st.sampled_from(["", "e30", FLAT["protected"], FLAT["signature"], FLAT["payload"]])
        | st.none()
        | st.integers()
        | st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64"]), st.sampled_from(["HS256", "hs", False, []]))
        | st.lists(
            st.dictionaries(
                st.sampled_from(["protected", "header", "signature"]),
                st.sampled_from(["", FLAT["protected"], FLAT["signature"], {"alg": "HS256"}, 5]),
            ),
            max_size=3,
        ),
    )
    | st.text(max_size=40)
    | st.binary(max_size=40)
)
def test_anything_gives_a_value_or_a_refusal(source: Any) -> None:
    try:
        assert verify(source, require="any").payload == PAYLOAD
    except RejectedError:
        pass


@given(st.binary(max_size=60), st.text(max_size=40))
def test_any_protected_header_and_payload_give_a_value_or_a_refusal(protected: bytes, payload: str) -> None:
    try:
        verify(repaired(protected, payload=payload), require="any")
    except RejectedError:
        pass


@given(st.integers(0, 10_000), st.integers(0, 6))
def test_a_flipped_bit_is_refused(position: int, bit: int) -> None:
    text = json.dumps(GENERAL)
    position %= len(text)
    flipped = text[:position] + chr(ord(text[position]) ^ (1 << bit)) + text[position + 1 :]
    if json.loads(text) != _json_or_none(flipped):
        with pytest.raises(RejectedError):
            verify(flipped)


def _json_or_none(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
