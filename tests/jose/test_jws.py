"""Compact JWS: what is accepted, and everything that is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    Header,
    JwtkitError,
    MalformedError,
    NotAllowedError,
    RejectedError,
    SignatureError,
    UsageError,
    VerifiedJWS,
    jws,
)
from jwtkit._wire import b64url_decode, b64url_encode
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS
from jwtkit.jose.header import is_media_type

Keys = dict[str, JWK]
KEY = JWK.generate("HS256", kid="k")
GOOD = jws.sign(b"payload", KEY)


def verify(text: Any, **named: Any) -> VerifiedJWS:
    return jws.verify(text, KEY, algorithms=["HS256"], **named)


def signed(header: str | bytes | dict[str, Any], payload: bytes = b"payload") -> str:
    """Sign whatever stands in the header, as a peer with the right key might."""
    text = json.dumps(header) if isinstance(header, dict) else header
    data = text.encode() if isinstance(text, str) else text
    message = f"{b64url_encode(data)}.{b64url_encode(payload)}"
    return f"{message}.{b64url_encode(KEY.sign(message.encode()))}"


@pytest.mark.parametrize("alg", SIGNATURE_ALGORITHMS)
def test_round_trip(alg: Any, keys: Keys) -> None:
    key = keys[alg]
    text = jws.sign(b"\x00payload\xff", key, typ="JOSE", header={"x": [1]})
    verified = jws.verify(text, key, algorithms=[alg])
    assert verified.payload == b"\x00payload\xff"
    assert dict(verified.header) == {"alg": alg, "kid": key.kid, "typ": "JOSE", "x": (1,)}
    assert verified.key is key
    assert "payload" not in repr(verified)


@pytest.mark.parametrize("alg", SIGNATURE_ALGORITHMS)
def test_every_flipped_bit_is_refused(alg: Any, keys: Keys) -> None:
    key = keys[alg]
    text = jws.sign(b"payload", key)
    step = 1 if alg == "HS256" else 37
    for index in range(0, len(text) * 7, step):
        character = chr(ord(text[index // 7]) ^ (1 << index % 7))
        with pytest.raises(RejectedError):
            jws.verify(text[: index // 7] + character + text[index // 7 + 1 :], key, algorithms=[alg])


@pytest.mark.parametrize("alg", [name for name, row in SIGNATURE_ALGORITHMS.items() if row.kty != "oct"])
@pytest.mark.parametrize("size", ["empty", "short", "long", "zero", "padded halves"])
def test_signatures_of_another_form_are_refused(alg: Any, size: str, keys: Keys) -> None:
    message, _, signature = jws.sign(b"payload", keys[alg]).rpartition(".")
    raw = b64url_decode(signature, "signature")
    half = len(raw) // 2
    changed = {
        "empty": b"",
        "short": raw[:-1],
        "long": raw + b"\0",
        "zero": bytes(len(raw)),
        "padded halves": b"\0" + raw[:half] + b"\0" + raw[half:],
    }[size]
    with pytest.raises(SignatureError):
        jws.verify(f"{message}.{b64url_encode(changed)}", keys[alg], algorithms=[alg])


def test_der_signatures_are_refused(keys: Keys) -> None:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    message, _, signature = jws.sign(b"payload", keys["ES256"]).rpartition(".")
    raw = b64url_decode(signature, "signature")
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    with pytest.raises(SignatureError):
        jws.verify(f"{message}.{b64url_encode(der)}", keys["ES256"], algorithms=["ES256"])


@pytest.mark.parametrize("salt", [0, 20, "maximal", "other MGF1"])
def test_pss_with_another_salt_or_mask_is_refused(salt: Any, keys: Keys) -> None:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS

    key = keys["PS256"]
    backend: Any = serialization.load_pem_private_key(key.to_pem(private=True).encode(), None)
    message = jws.sign(b"payload", key).rpartition(".")[0]
    mask = MGF1(hashes.SHA1() if salt == "other MGF1" else hashes.SHA256())
    length: Any = {"maximal": PSS.MAX_LENGTH, "other MGF1": 32}.get(salt, salt)
    signature = backend.sign(message.encode(), PSS(mask, length), hashes.SHA256())
    with pytest.raises(SignatureError):
        jws.verify(f"{message}.{b64url_encode(signature)}", key, algorithms=["PS256"])


HEADERS: dict[str, tuple[Any, type[JwtkitError] | None]] = {
    "smallest": ({"alg": "HS256"}, None),
    "kid": ({"alg": "HS256", "kid": "k"}, None),
    "unknown members": (
        {"alg": "HS256", "x": {"y": [1]}, "jku": "https://evil", "jwk": {"kty": "oct", "k": "AA"}},
        None,
    ),
    "no alg": ({"kid": "k"}, MalformedError),
    "alg empty": ({"alg": ""}, MalformedError),
    "alg null": ({"alg": None}, MalformedError),
    "alg a list": ({"alg": ["HS256"]}, MalformedError),
    "alg twice": ('{"alg":"none","alg":"HS256"}', MalformedError),
    "alg in another case": ({"alg": "hs256"}, NotAllowedError),
    "ALG": ({"ALG": "HS256"}, MalformedError),
    "alg not listed": ({"alg": "HS384"}, NotAllowedError),
    "none": ({"alg": "none"}, NotAllowedError),
    "nOnE": ({"alg": "nOnE"}, NotAllowedError),
    "NONE": ({"alg": "NONE"}, NotAllowedError),
    "none with a space": ({"alg": "none "}, NotAllowedError),
    "an algorithm nobody knows": ({"alg": "X" * 10_000}, NotAllowedError),
    "kid a number": ({"alg": "HS256", "kid": 7}, MalformedError),
    "kid null": ({"alg": "HS256", "kid": None}, MalformedError),
    "kid too long": ({"alg": "HS256", "kid": "k" * 1025}, NotAllowedError),
    "typ a number": ({"alg": "HS256", "typ": 1}, MalformedError),
    "cty a list": ({"alg": "HS256", "cty": []}, MalformedError),
    "crit empty": ({"alg": "HS256", "crit": []}, MalformedError),
    "crit a str": ({"alg": "HS256", "crit": "exp"}, MalformedError),
    "crit null": ({"alg": "HS256", "crit": None}, MalformedError),
    "crit of numbers": ({"alg": "HS256", "crit": [1]}, MalformedError),
    "crit twice the same": ({"alg": "HS256", "x": 1, "crit": ["x", "x"]}, MalformedError),
    "crit of a registered name": ({"alg": "HS256", "crit": ["alg"]}, MalformedError),
    "crit of an absent name": ({"alg": "HS256", "crit": ["x"]}, MalformedError),
    "crit unknown": ({"alg": "HS256", "x": 1, "crit": ["x"]}, NotAllowedError),
    "b64 false": ({"alg": "HS256", "b64": False, "crit": ["b64"]}, NotAllowedError),
    "b64 false without crit": ({"alg": "HS256", "b64": False}, NotAllowedError),
    "b64 true without crit": ({"alg": "HS256", "b64": True}, NotAllowedError),
    "not JSON": ("nonsense", MalformedError),
    "array": ("[]", MalformedError),
    "empty": ("", MalformedError),
    "byte order mark": ("\ufeff" + '{"alg":"HS256"}', MalformedError),
    "UTF-16": ('{"alg":"HS256"}'.encode("utf-16"), MalformedError),
    "lone surrogate": ('{"alg":"HS256","x":"\\ud800"}', MalformedError),
    "NaN": ('{"alg":"HS256","x":NaN}', MalformedError),
    "deep": ('{"alg":"HS256","x":' + "[" * 16 + "]" * 16 + "}", MalformedError),
    "very deep": ('{"alg":"HS256","x":' + "[" * 6000, MalformedError),
    "an integer beyond 64 bits": ('{"alg":"HS256","x":' + "9" * 21 + "}", MalformedError),
    "too large": ({"alg": "HS256", "x": "y" * 17_000}, NotAllowedError),
}


@pytest.mark.parametrize(("header", "error"), HEADERS.values(), ids=HEADERS)
def test_headers(header: Any, error: type[JwtkitError] | None) -> None:
    text = signed(header)
    if error is None:
        assert verify(text).payload == b"payload"
    else:
        with pytest.raises(error) as refusal:
            verify(text)
        assert len(str(refusal.value)) < 300


HEAD, BODY, TAIL = GOOD.split(".")
TEXTS: dict[str, tuple[Any, type[JwtkitError], str]] = {
    "empty": ("", MalformedError, "token is empty"),
    "trailing newline": (GOOD + "\n", MalformedError, "token ends with a newline; strip() it"),
    "leading space": (" " + GOOD, MalformedError, "strip() it"),
    "trailing tab": (GOOD + "\t", MalformedError, "strip() it"),
    "Bearer": ("Bearer " + GOOD, MalformedError, "remove the 'Bearer ' prefix before verifying"),
    "bearer": ("bearer " + GOOD, MalformedError, "remove the 'Bearer ' prefix before verifying"),
    "str(bytes)": (str(GOOD.encode()), MalformedError, "token looks like str(bytes): use .decode('ascii')"),
    "quoted": (f'"{GOOD}"', MalformedError, "wrapped in quotes"),
    "opaque": ("2YotnFZFEjr1zCsicMWpAA", MalformedError, "opaque"),
    "one dot": (f"{HEAD}.{BODY}", MalformedError, "2 segments"),
    "three dots": (f"{GOOD}.", MalformedError, "4 segments"),
    "four dots": (f"{GOOD}..", NotAllowedError, "JWE"),
    "a million dots": ("." * 200_000, MalformedError, "segments"),
    "JSON form": ('{"payload":"a.b.c"}', MalformedError, "compact"),
    "no ASCII": (GOOD + "ä", MalformedError, "signature"),
    "no ASCII in the payload": (f"{HEAD}.ä{BODY}.{TAIL}", MalformedError, "payload"),
    "padding": (GOOD + "=", MalformedError, "signature"),
    "padded header": (f"{HEAD}=.{BODY}.{TAIL}", MalformedError, "header"),
    "standard alphabet": (f"{HEAD}.+/{BODY}.{TAIL}", MalformedError, "payload"),
    "newline inside": (f"{HEAD}\n.{BODY}.{TAIL}", MalformedError, "header"),
    "NUL inside": (f"{HEAD}.{BODY}\0.{TAIL}", MalformedError, "payload"),
    "too large": ("a" * 300_000, NotAllowedError, "Limits.token_bytes"),
    "empty signature": (f"{HEAD}.{BODY}.", SignatureError, "does not verify"),
    "empty header": (f".{BODY}.{TAIL}", MalformedError, "header"),
    "bytes": (GOOD.encode(), UsageError, "token is bytes: use .decode('ascii')"),
    "bytearray": (bytearray(GOOD.encode()), UsageError, "bytearray"),
    "memoryview": (memoryview(GOOD.encode()), UsageError, "memoryview"),
    "None": (None, UsageError, "None"),
    "int": (5, UsageError, "int"),
    "list": ([GOOD], UsageError, "list"),
}


@pytest.mark.parametrize(("text", "error", "words"), TEXTS.values(), ids=TEXTS)
def test_texts(text: Any, error: type[JwtkitError], words: str) -> None:
    for _ in range(2):  # the second time the header is remembered
        with pytest.raises(error) as refusal:
            verify(text)
        assert words in str(refusal.value)
        assert GOOD not in str(refusal.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        pytest.param(lambda: jws.sign("text", KEY), "payload must be bytes", id="payload a str"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: jws.sign(b"", "secret"), "cannot sign with a str", id="key a str"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: jws.sign(b"", KEY, header={"alg": "none"}), "'alg' cannot be set", id="alg"),
        pytest.param(lambda: jws.sign(b"", KEY, header={"crit": ["x"]}), "'crit' cannot be set", id="crit"),
        pytest.param(lambda: jws.sign(b"", KEY, header={"x": b""}), "bytes", id="bytes in the header"),
        pytest.param(lambda: verify_with([]), "empty", id="no algorithms"),
        pytest.param(lambda: verify_with("HS256"), "is a list", id="algorithms a str"),
        pytest.param(lambda: verify_with(b"HS256"), "is a list", id="algorithms bytes"),
        pytest.param(lambda: verify_with(["HS265"]), "unknown signature algorithm", id="a typo"),
        pytest.param(lambda: verify_with(["none"]), "proves nothing", id="none"),
        pytest.param(lambda: verify_with(["HS256", "None"]), "proves nothing", id="None"),
        pytest.param(lambda: verify_with(None), "required", id="algorithms None"),
        pytest.param(lambda: verify_with([None]), "unknown signature algorithm", id="algorithms of None"),
    ],
)
def test_mistakes_of_the_caller(call: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        call()


def verify_with(algorithms: Any) -> None:
    jws.verify(GOOD, KEY, algorithms=algorithms)


def test_header_is_a_frozen_mapping() -> None:
    header: Any = verify(jws.sign(b"", KEY, typ="x", header={"cty": "y", "z": {"a": []}})).header
    assert (header.alg, header.kid, header.typ, header.cty, header.crit) == ("HS256", "k", "x", "y", ())
    assert (len(header), set(header)) == (5, {"alg", "kid", "typ", "cty", "z"})
    assert repr(header) == "Header(alg='HS256', kid='k', typ='x')"
    with pytest.raises(TypeError):
        header["z"]["a"] = 1
    with pytest.raises(AttributeError):
        header.alg = "none"
    assert header == Header(dict(header))


@pytest.mark.parametrize(
    ("typ", "expected", "same"),
    [
        ("at+jwt", "at+jwt", True),
        ("AT+JWT", "at+jwt", True),
        ("application/at+jwt", "at+jwt", True),
        ("Application/At+Jwt", "application/at+jwt", True),
        ("at+jwt", "jwt", False),
        ("text/at+jwt", "at+jwt", False),
        ("application/application/at+jwt", "at+jwt", False),
    ],
)
def test_media_types(typ: str, expected: str, same: bool) -> None:
    assert is_media_type(typ, expected) is same


@given(st.text(max_size=80) | st.text("ey.JhbGciOiJIUzI1NiJ9", max_size=80))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(RejectedError):
        verify(text)


@given(st.binary(max_size=60), st.binary(max_size=40))
def test_any_header_and_payload_give_a_value_or_a_refusal(header: bytes, payload: bytes) -> None:
    try:
        assert verify(signed(header, payload)).payload == payload
    except RejectedError:
        pass


@given(st.binary(max_size=300))
def test_any_payload_round_trips(payload: bytes) -> None:
    assert verify(jws.sign(payload, KEY)).payload == payload


def test_the_memo_of_headers_is_bounded() -> None:
    from jwtkit.jose.compact import Authenticator
    from jwtkit.jose.gate import Gate
    from jwtkit.jose.select import OwnKeys
    from jwtkit.limits import DEFAULT_LIMITS

    gate = Gate(OwnKeys((KEY,)), ("HS256",))
    authenticator = Authenticator(gate, limits=DEFAULT_LIMITS, payload_bytes=100)
    for index in range(600):
        text = signed({"alg": "HS256", "x": index})
        with pytest.raises(SignatureError):
            authenticator.authenticate(text[:-4] + "AAAA")
        assert len(authenticator._memo) == index % 256 or index % 256 == 0  # nothing forged is remembered
        assert authenticator.authenticate(text)[1] == b"payload"
        assert authenticator.authenticate(text)[1] == b"payload"
        assert len(authenticator._memo) == index % 256 + 1
