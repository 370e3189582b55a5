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
    assert repr(verified).startswith("VerifiedJWS(9 bytes, Header(")


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


@pytest.mark.parametrize("alg", ["RS256", "RS512", "PS256", "PS512"])
def test_an_rsa_signature_is_as_long_as_the_modulus(alg: Any, keys: Keys) -> None:
    """One in 256 begins with a zero, and without it would be another spelling of the same signature (RFC 8017 8.1.2)."""
    key = keys[alg]
    for number in range(10_000):
        message, _, last = jws.sign(str(number).encode(), key).rpartition(".")
        signature = b64url_decode(last, "signature")
        if signature[0] == 0:
            break
    assert jws.verify(f"{message}.{last}", key, algorithms=[alg]).payload == str(number).encode()
    for changed in (signature[1:], b"\0" + signature, signature + b"\0", b""):
        with pytest.raises(SignatureError):
            jws.verify(f"{message}.{b64url_encode(changed)}", key, algorithms=[alg])


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
    "kid too long in UTF-8": (json.dumps({"alg": "HS256", "kid": "ä" * 513}, ensure_ascii=False), NotAllowedError),
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
    "crit of null": ({"alg": "HS256", "crit": [None]}, MalformedError),
    "crit an object": ({"alg": "HS256", "x": 1, "crit": {"x": 1}}, MalformedError),
    "crit of a name in another case": ({"alg": "HS256", "X": 1, "crit": ["x"]}, MalformedError),
    "crit of enc": ({"alg": "HS256", "enc": "A256GCM", "crit": ["enc"]}, MalformedError),
    "b64 true": ({"alg": "HS256", "b64": True, "crit": ["b64"]}, None),
    "b64 false without crit": ({"alg": "HS256", "b64": False}, MalformedError),
    "b64 true without crit": ({"alg": "HS256", "b64": True}, MalformedError),
    "b64 a str": ({"alg": "HS256", "b64": "false", "crit": ["b64"]}, MalformedError),
    "b64 null": ({"alg": "HS256", "b64": None, "crit": ["b64"]}, MalformedError),
    "b64 zero": ({"alg": "HS256", "b64": 0, "crit": ["b64"]}, MalformedError),
    "b64 named and absent": ({"alg": "HS256", "crit": ["b64"]}, MalformedError),
    "not JSON": ("nonsense", MalformedError),
    "array": ("[]", MalformedError),
    "empty": ("", MalformedError),
    "byte order mark": ("\ufeff" + '{"alg":"HS256"}', MalformedError),
    "UTF-16": ('{"alg":"HS256"}'.encode("utf-16"), MalformedError),
    "lone surrogate": ('{"alg":"HS256","x":"\\ud800"}', MalformedError),
    "NaN": ('{"alg":"HS256","x":NaN}', MalformedError),
    "deep": ('{"alg":"HS256","x":' + "[" * 16 + "]" * 16 + "}", MalformedError),
    "very deep": ('{"alg":"HS256","x":' + "[" * 6000, MalformedError),
    "an integer of 64 bits": ('{"alg":"HS256","x":18446744073709551615}', None),
    "an integer beyond 64 bits": ('{"alg":"HS256","x":18446744073709551616}', MalformedError),
    "a negative integer beyond 64 bits": ('{"alg":"HS256","x":-18446744073709551616}', MalformedError),
    "an integer of 21 digits": ('{"alg":"HS256","x":' + "9" * 21 + "}", MalformedError),
    "digits in a string": ('{"alg":"HS256","x":"' + "9" * 21 + '"}', None),
    "an integer of 5,000 digits": ('{"alg":"HS256","x":' + "9" * 5000 + "}", MalformedError),
    "a number beyond a double": ('{"alg":"HS256","x":1e400}', MalformedError),
    "invalid UTF-8": (b'{"alg":"HS256","x":"\xff"}', MalformedError),
    "overlong UTF-8": (b'{"alg":"HS256","x":"\xc0\xaf"}', MalformedError),
    "duplicate inside": ('{"alg":"HS256","jwk":{"kty":"oct","kty":"RSA"}}', MalformedError),
    "duplicate by escape": ('{"alg":"HS256","\\u0061lg":"none"}', MalformedError),
    "alg by escape": ('{"\\u0061lg":"HS256"}', None),
    "16 levels": ('{"alg":"HS256","x":' + "[" * 15 + "]" * 15 + "}", None),
    "trailing comma": ('{"alg":"HS256",}', MalformedError),
    "a comment": ('{"alg":"HS256"/**/}', MalformedError),
    "two objects": ('{"alg":"HS256"}{}', MalformedError),
    "white space around": (' {"alg":"HS256"}\n', None),
    "a null byte at the end": ('{"alg":"HS256"}\0', MalformedError),
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
        pytest.param(lambda: jws.sign(b"", KEY, header={"b64": False}), "'b64' cannot be set", id="b64"),
        pytest.param(lambda: jws.sign(b"", KEY, header={"x": 1}, crit="x"), "is a list", id="crit a str"),
        pytest.param(lambda: jws.sign(b"", KEY, crit=["x"]), "present in the header", id="crit of an absent name"),
        pytest.param(
            lambda: jws.sign(b"", KEY, header={"cty": "x"}, crit=["cty"]),
            "name extensions",
            id="crit of a registered name",
        ),
        pytest.param(lambda: jws.sign(b"", KEY, header={"x": 1}, crit=["x", "x"]), "each once", id="crit twice"),
        pytest.param(lambda: jws.sign(b"", KEY, crit=5), "list of names", id="crit a number"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: jws.sign(b"", KEY, b64=None), "b64 must be True or False", id="b64 None"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: jws.sign(b"a.b", KEY, b64=False), "detached=True", id="a dot in an unencoded payload"),
        pytest.param(
            lambda: jws.sign("ä".encode(), KEY, b64=False), "printable ASCII", id="no ASCII in an unencoded payload"
        ),
        pytest.param(lambda: jws.sign(b"\xff", KEY, b64=False), "UTF-8", id="no UTF-8 in an unencoded payload"),
        pytest.param(
            lambda: jws.sign(b"", KEY, unprotected={"x": 1}),
            "no unprotected header",
            id="unprotected in the compact form",
        ),
        pytest.param(lambda: jws.sign(b"", [KEY]), "serialization='general'", id="several signers of a compact JWS"),
        pytest.param(lambda: jws.sign(b"", KEY, serialization="xml"), "serialization must be", id="no serialization"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: verify(GOOD, payload="text"), "payload must be bytes", id="detached payload a str"),
        pytest.param(lambda: verify(GOOD, crit=["x"]), "mapping from names", id="handlers a list"),
        pytest.param(lambda: verify(GOOD, crit={"x": True}), "callables", id="a handler that is none"),
        pytest.param(lambda: verify(GOOD, crit={"b64": bool}), "needs no handler", id="a handler for b64"),
        pytest.param(lambda: verify(GOOD, crit={"alg": bool}), "needs no handler", id="a handler for alg"),
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


# --- extensions that must be understood


def test_an_extension_that_its_handler_accepts() -> None:
    asked: list[tuple[Any, str]] = []

    def handler(value: Any, header: Header) -> bool:
        asked.append((value, header.alg))
        return bool(value == {"until": 5})

    text = jws.sign(b"payload", KEY, header={"x": {"until": 5}}, crit=["x"])
    verified = verify(text, crit={"x": handler})
    assert verified.payload == b"payload"
    assert verified.header.crit == ("x",)
    assert asked == [({"until": 5}, "HS256")]
    with pytest.raises(NotAllowedError, match="refused by its handler"):
        verify(jws.sign(b"", KEY, header={"x": {"until": 6}}, crit=["x"]), crit={"x": handler})
    asked.clear()
    with pytest.raises(SignatureError):
        verify(text[:-4] + "AAAA", crit={"x": handler})
    with pytest.raises(NotAllowedError, match="'y', which is not understood"):
        verify(jws.sign(b"", KEY, header={"x": 1, "y": 2}, crit=["x", "y"]), crit={"x": handler})
    assert asked == []  # a handler sees only what was signed, and nothing when another extension is unknown
    assert verify(jws.sign(b"payload", KEY, header={"x": 1}), crit={"x": handler}).payload == b"payload"
    assert asked == []  # nor what is not critical


@pytest.mark.parametrize("answer", [None, 1, "yes", {}])
def test_a_handler_must_decide(answer: Any) -> None:
    text = jws.sign(b"", KEY, header={"x": 1}, crit=["x"])
    with pytest.raises(UsageError, match="must give True or False"):
        verify(text, crit={"x": lambda _value, _header: answer})


# --- payloads that travel apart, and payloads signed as they are


@pytest.mark.parametrize("b64", [True, False])
@pytest.mark.parametrize("payload", [b"", b"plain", b"with.dots", b"\x00\xff", "grüße".encode()])
def test_detached(b64: bool, payload: bytes) -> None:
    text = jws.sign(payload, KEY, detached=True, b64=b64)
    assert text.split(".")[1] == ""
    assert verify(text, payload=payload).payload == payload
    assert verify(text, payload=payload).header.b64 is b64
    with pytest.raises(SignatureError):
        verify(text, payload=payload + b"x")
    if payload:
        with pytest.raises(SignatureError):
            verify(text)


@pytest.mark.parametrize("payload", [b"", b"plain text!", bytes(range(0x20, 0x2E)) + bytes(range(0x2F, 0x7F))])
def test_unencoded_inside(payload: bytes) -> None:
    text = jws.sign(payload, KEY, b64=False)
    assert text.split(".")[1].encode() == payload
    assert verify(text).payload == payload
    if payload:
        with pytest.raises(MalformedError, match="payload of its own"):
            verify(text, payload=payload)


UNENCODED_HEADER = b64url_encode(b'{"alg":"HS256","b64":false,"crit":["b64"]}')


@pytest.mark.parametrize("payload", ["new\nline", "tab\t", "del\x7f", "\x00", "gr\u00fc\u00dfe"])
def test_unencoded_inside_refuses(payload: str) -> None:
    signature = b64url_encode(KEY.sign(f"{UNENCODED_HEADER}.{payload}".encode()))
    with pytest.raises(MalformedError, match="printable ASCII"):
        verify(f"{UNENCODED_HEADER}.{payload}.{signature}")


def test_an_unencoded_dot_makes_another_number_of_segments() -> None:
    signature = b64url_encode(KEY.sign(f"{UNENCODED_HEADER}.a.b".encode()))
    with pytest.raises(MalformedError, match="4 segments"):
        verify(f"{UNENCODED_HEADER}.a.b.{signature}")
    assert verify(f"{UNENCODED_HEADER}..{signature}", payload=b"a.b").payload == b"a.b"


def test_a_payload_comes_from_one_place() -> None:
    with pytest.raises(MalformedError, match="payload of its own"):
        verify(GOOD, payload=b"payload")


def test_one_signature_never_covers_both_readings_of_a_payload() -> None:
    encoded = jws.sign(b"payload", KEY, detached=True)
    with pytest.raises(SignatureError):
        verify(encoded, payload=b64url_encode(b"payload").encode())
    raw = jws.sign(b64url_encode(b"payload").encode(), KEY, detached=True, b64=False)
    with pytest.raises(SignatureError):
        verify(raw, payload=b"payload")


# --- values


@pytest.mark.parametrize("made", [VerifiedJWS, jws.VerifiedJSON, jws.VerifiedSignature])
def test_proof_has_no_constructor(made: Any) -> None:
    with pytest.raises(UsageError, match=r"comes from jws\.verify"):
        made(b"payload", {}, KEY)


def test_header_is_a_frozen_mapping() -> None:
    header: Any = verify(jws.sign(b"", KEY, typ="x", header={"cty": "y", "z": {"a": []}})).header
    assert (header.alg, header.kid, header.typ, header.cty, header.crit) == ("HS256", "k", "x", "y", ())
    assert header.b64 is True
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
    for index in range(2100):
        text = signed({"alg": "HS256", "x": index})
        with pytest.raises(SignatureError):
            authenticator.authenticate(text[:-4] + "AAAA")
        assert len(authenticator._memo) in (index % 2048, 2048)  # nothing forged is remembered
        assert authenticator.authenticate(text)[1] == b"payload"
        assert authenticator.authenticate(text)[1] == b"payload"
        assert len(authenticator._memo) == index % 2048 + 1


@pytest.mark.parametrize("hash_name", ["sha256", "sha384", "sha512"])
def test_the_mac_is_hmac(hash_name: Any) -> None:
    import hmac

    from jwtkit.crypto import mac

    message = bytes(range(256)) * 3
    for size in (1, 20, 31, 32, 63, 64, 65, 127, 128, 129, 200, 1000):
        key = bytes((7 * size + index) % 256 for index in range(size))
        expected = hmac.digest(key, message, hash_name)
        sign, check = mac.signer(key, hash_name), mac.verifier(key, hash_name)
        # Twice: what is kept for the next message is not changed by this one.
        assert [sign(message), sign(message)] == [expected, expected]
        assert sign(b"") == hmac.digest(key, b"", hash_name)
        assert check(message, expected)
        assert not check(message, expected[:-1])
        assert not check(message + b"x", expected)
