"""What npm jose signs we verify, and what we sign it verifies, in every form of a JWS; what is tampered with neither."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import pytest

from jwtkit import (
    JWK,
    JWKS,
    Header,
    MalformedError,
    NotAllowedError,
    RejectedError,
    SignatureAlgorithm,
    SignatureError,
    jws,
)

if TYPE_CHECKING:  # its instance comes as a fixture
    from tests.jose.conftest import Peer

Keys = dict[str, JWK]
Members = dict[str, Any]


def segment(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def octets_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# What jose 6 signs and verifies on Node 20, ordered so that three places further stands another type of key.
COMMON: tuple[SignatureAlgorithm, ...] = (
    "HS256", "HS384", "HS512",
    "RS256", "RS384", "RS512",
    "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512",
    "Ed25519", "EdDSA",
)  # fmt: skip
# What it does not, and why.
DROPPED: tuple[SignatureAlgorithm, ...] = ("ES256K", "Ed448")  # jose 6 took these two out
# jose 6 asks Web Crypto for these, which Node 20 does not have there.
NEWER_NODE: tuple[SignatureAlgorithm, ...] = ("ML-DSA-44", "ML-DSA-65", "ML-DSA-87")
PAIRS = list(zip(COMMON, COMMON[3:] + COMMON[:3], strict=True))


def own_key(alg: str, keys: Keys) -> JWK:
    """Give the key for an algorithm: the shared one for EdDSA is on Ed448, which jose lacks."""
    return JWK.parse({**keys["Ed25519"].to_dict(private=True), "alg": "EdDSA"}) if alg == "EdDSA" else keys[alg]


def public(key: JWK) -> JWK:
    return key if key.kty == "oct" else key.public()


def signer(
    key: JWK, *, unprotected: Members | None = None, understood: Members | None = None, **more: object
) -> Members:
    """One of the signers that jose is asked for; `more` goes into its protected header."""
    alg = key.algorithm
    made: Members = {
        "jwk": key.to_dict(private=True),
        "alg": alg,
        "protected": {"alg": alg, "kid": key.kid, **more},
        "unprotected": unprotected,
        "crit": understood,
    }
    return {name: value for name, value in made.items() if value is not None}


def test_every_algorithm_has_its_place() -> None:
    named = [*COMMON, *DROPPED, *NEWER_NODE]
    assert sorted(named) == sorted(get_args(SignatureAlgorithm))


@pytest.mark.parametrize("alg", DROPPED)
def test_what_jose_dropped(alg: str, peer: Peer, keys: Keys) -> None:
    # A release of jose that has them again belongs into COMMON.
    with peer.refuses("ERR_JOSE_NOT_SUPPORTED"):
        peer.sign(b"payload", signer(keys[alg]))


class Shape(NamedTuple):
    form: Literal["compact", "flattened", "general"]
    payload: bytes
    detached: bool = False
    b64: bool = True

    @property
    def beside(self) -> bytes | None:
        """The payload, where it does not travel inside."""
        return self.payload if self.detached else None

    @property
    def header(self) -> Members:
        """What the option adds to a protected header."""
        return {} if self.b64 else {"b64": False, "crit": ["b64"]}


BINARY = b"\0caf\xc3\xa9.\xff"
TEXT = "$.02, café, \N{SNOWMAN}, \U0001f511".encode()
PRINTABLE = b"$3{02} ~ -"  # what compact text may hold unencoded
SHAPES = {
    "compact": Shape("compact", BINARY),
    "compact, empty": Shape("compact", b""),
    "compact, detached": Shape("compact", BINARY, detached=True),
    "compact, unencoded": Shape("compact", PRINTABLE, b64=False),
    "compact, unencoded, detached": Shape("compact", BINARY, detached=True, b64=False),
    "flattened": Shape("flattened", BINARY),
    "flattened, detached": Shape("flattened", BINARY, detached=True),
    "flattened, unencoded": Shape("flattened", TEXT, b64=False),
    "flattened, unencoded, detached": Shape("flattened", BINARY, detached=True, b64=False),
}
GENERAL = {
    "inside": Shape("general", BINARY),
    "detached": Shape("general", BINARY, detached=True),
    "unencoded": Shape("general", TEXT, b64=False),
    "unencoded, detached": Shape("general", BINARY, detached=True, b64=False),
}


def written(header: Header) -> Members:
    """Give a header as JSON has it, with lists in place of tuples."""
    members: Members = json.loads(json.dumps(dict(header)))
    return members


@pytest.mark.parametrize("alg", COMMON)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_jose_signs_and_we_verify(shape: Shape, alg: SignatureAlgorithm, peer: Peer, keys: Keys) -> None:
    key = own_key(alg, keys)
    unprotected = None if shape.form == "compact" else {"hint": "unsigned"}
    who = signer(key, unprotected=unprotected, typ="JOSE", **shape.header)
    signed = peer.sign(shape.payload, who, form=shape.form, detached=shape.detached)
    if unprotected is None:
        verified = jws.verify(signed, public(key), algorithms=[alg], payload=shape.beside)
        assert verified.payload == shape.payload
        assert written(verified.header) == who["protected"]
        return
    whole = jws.verify_json(signed, public(key), algorithms=[alg], require="all", payload=shape.beside)
    assert whole.payload == shape.payload
    (one,) = whole.verified
    assert written(one.header) == who["protected"] | unprotected
    assert dict(one.unprotected) == unprotected


@pytest.mark.parametrize("alg", COMMON)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_we_sign_and_jose_verifies(shape: Shape, alg: SignatureAlgorithm, peer: Peer, keys: Keys) -> None:
    key = own_key(alg, keys)
    unprotected = None if shape.form == "compact" else {"hint": "unsigned"}
    text = jws.sign(
        shape.payload,
        key,
        typ="JOSE",
        unprotected=unprotected,
        serialization=shape.form,
        detached=shape.detached,
        b64=shape.b64,
    )
    signed = text if unprotected is None else json.loads(text)
    # The peer puts a detached payload into its place, and would not notice one that stands there already.
    assert not shape.detached or (".." in text if unprotected is None else "payload" not in signed)
    answer = peer.verify(signed, key, alg, form=shape.form, payload=shape.beside, b64=shape.b64)
    assert answer["payload"] == shape.payload
    assert answer["protected"] == {"alg": alg, "kid": key.kid, "typ": "JOSE", **shape.header}
    assert answer.get("unprotected") == unprotected


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("shape", GENERAL.values(), ids=GENERAL)
def test_jose_signs_twice_and_we_verify_both(
    shape: Shape, first: SignatureAlgorithm, second: SignatureAlgorithm, peer: Peer, keys: Keys
) -> None:
    one, two = own_key(first, keys), own_key(second, keys)
    signers = [
        signer(one, n=1, unprotected={"hint": "unsigned"}, **shape.header),
        signer(two, n=2, **shape.header),
    ]
    signed = peer.sign(shape.payload, *signers, form="general", detached=shape.detached)
    whole = jws.verify_json(
        signed, [public(one), public(two)], algorithms=[first, second], require="all", payload=shape.beside
    )
    assert whole.payload == shape.payload
    assert [written(each.header) for each in whole.verified] == [
        signers[0]["protected"] | {"hint": "unsigned"},
        signers[1]["protected"],
    ]
    assert [dict(each.unprotected) for each in whole.verified] == [{"hint": "unsigned"}, {}]


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("shape", GENERAL.values(), ids=GENERAL)
def test_we_sign_twice_and_jose_verifies_both(
    shape: Shape, first: SignatureAlgorithm, second: SignatureAlgorithm, peer: Peer, keys: Keys
) -> None:
    one, two = own_key(first, keys), own_key(second, keys)
    cosigners = [
        jws.Cosigner(one, header={"n": 1}, unprotected={"hint": "unsigned"}),
        jws.Cosigner(two, header={"n": 2}),
    ]
    text = jws.sign(shape.payload, cosigners, serialization="general", detached=shape.detached, b64=shape.b64)
    signed = json.loads(text)
    assert ("payload" in signed) is not shape.detached
    # jose looks for one signature that the key verifies, so each key is asked for its own.
    for n, key, unprotected in ((1, one, {"hint": "unsigned"}), (2, two, None)):
        alg = key.algorithm
        answer = peer.verify(signed, key, alg, form="general", payload=shape.beside, b64=shape.b64)
        assert answer["payload"] == shape.payload
        assert answer["protected"] == {"alg": alg, "kid": key.kid, "n": n, **shape.header}
        assert answer.get("unprotected") == unprotected


@pytest.mark.parametrize("alg", ["HS256", "ES256", "Ed25519"])
def test_jose_signs_with_an_unprotected_header_alone(alg: SignatureAlgorithm, peer: Peer, keys: Keys) -> None:
    # One way only: what we sign names its algorithm in the protected header.
    key = keys[alg]
    header = {"alg": alg, "kid": key.kid}
    who = {"jwk": key.to_dict(private=True), "alg": alg, "unprotected": header}
    signed = peer.sign(BINARY, who, form="flattened")
    assert "protected" not in signed
    whole = jws.verify_json(signed, public(key), algorithms=[alg], require="all")
    assert whole.payload == BINARY
    assert dict(whole.verified[0].unprotected) == header


@pytest.mark.parametrize(("named", "used"), [("Ed25519", "EdDSA"), ("EdDSA", "Ed25519")])
def test_both_names_of_ed25519(named: SignatureAlgorithm, used: SignatureAlgorithm, peer: Peer, keys: Keys) -> None:
    # On a key both names mean the same (RFC 9864 section 4.1), so a peer may write the one that the key does not.
    key = own_key(named, keys)
    who = {"jwk": key.to_dict(private=True), "alg": used, "protected": {"alg": used, "kid": key.kid}}
    assert jws.verify(peer.sign(BINARY, who), key.public(), algorithms=[used]).payload == BINARY


@pytest.mark.parametrize("alg", [alg for alg in COMMON if not alg.startswith("HS") and alg != "EdDSA"])
def test_one_key_of_a_set(alg: SignatureAlgorithm, peer: Peer, keys: Keys) -> None:
    published = JWKS([key.public() for name, key in keys.items() if key.kty != "oct" and name != "EdDSA"]).to_json()
    verified = jws.verify(peer.sign(BINARY, signer(keys[alg])), JWKS.parse(published), algorithms=[alg])
    assert verified.payload == BINARY
    assert verified.key == keys[alg].public()


@pytest.mark.parametrize("alg", ["HS256", "HS512", "RS256", "ES256", "ES384", "ES512", "Ed25519"])
def test_keys_that_jose_draws(alg: SignatureAlgorithm, peer: Peer) -> None:
    drawn = peer.ask("generate", alg=alg)["jwk"]
    key = JWK.parse({**drawn, "alg": alg, "kid": "drawn"})
    assert key.to_dict(private=True) == {**drawn, "alg": alg, "kid": "drawn"}
    assert key.thumbprint() == peer.ask("thumbprint", jwk=drawn)["thumbprint"]
    assert peer.verify(jws.sign(BINARY, key), key, alg)["payload"] == BINARY
    assert jws.verify(peer.sign(BINARY, signer(key)), public(key), algorithms=[alg]).payload == BINARY


@pytest.mark.parametrize("alg", get_args(SignatureAlgorithm))
@pytest.mark.parametrize("hash_name", ["sha-256", "sha-384", "sha-512"])
def test_thumbprints(
    hash_name: Literal["sha-256", "sha-384", "sha-512"], alg: SignatureAlgorithm, peer: Peer, keys: Keys
) -> None:
    # They are made from the members alone, so jose gives them for keys that it cannot use, too.
    key = keys[alg]
    private = peer.ask("thumbprint", jwk=key.to_dict(private=True), hash=hash_name.replace("-", ""))
    assert private["thumbprint"] == key.thumbprint(hash_name)
    if key.kty != "oct":  # that of a secret must not be published, so here it is no URI
        assert private["uri"] == key.thumbprint_uri(hash_name)
        assert private == peer.ask("thumbprint", jwk=key.to_dict(), hash=hash_name.replace("-", ""))


@pytest.mark.parametrize("maker", ["jose", "jwtkit"])
def test_extensions(maker: str, peer: Peer, keys: Keys) -> None:
    key = keys["ES256"]
    if maker == "jose":
        text = peer.sign(BINARY, signer(key, x=1, crit=["x"], understood={"x": True}))
    else:
        text = jws.sign(BINARY, key, header={"x": 1}, crit=["x"])
    assert peer.verify(text, key, "ES256", crit={"x": True})["payload"] == BINARY
    assert jws.verify(text, key, algorithms=["ES256"], crit={"x": lambda value, _: value == 1}).payload == BINARY
    with peer.refuses("ERR_JOSE_NOT_SUPPORTED"):
        peer.verify(text, key, "ES256")
    with pytest.raises(NotAllowedError):
        jws.verify(text, key, algorithms=["ES256"])


def refused_by_jose(code: str, peer: Peer, signed: Any, key: JWK, **named: Any) -> None:
    with peer.refuses(code):
        peer.verify(signed, key, key.algorithm, **named)


def refused_by_us(error: type[RejectedError], signed: Any, key: JWK, payload: bytes | None = None) -> None:
    named: Any = {"algorithms": [key.algorithm], "payload": payload}
    read: Any = jws.verify if isinstance(signed, str) else partial(jws.verify_json, require="any")
    with pytest.raises(error):
        read(signed, public(key), **named)


WRONG = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
INVALID = "ERR_JWS_INVALID"


def flipped(text: str, at: int) -> str:
    octets = bytearray(octets_of(text))
    octets[at] ^= 1
    return segment(bytes(octets))


Parts = tuple[str, str, str]
# Protected header, payload and signature, as somebody on the way might change them.
TAMPERED: dict[str, Callable[[str, str, str], Parts]] = {
    "another payload": lambda header, _, signature: (header, segment(b"other"), signature),
    "a bit of the payload": lambda header, payload, signature: (header, flipped(payload, 0), signature),
    "no payload": lambda header, _, signature: (header, "", signature),
    "one more header member": lambda header, *rest: (segment(octets_of(header)[:-1] + b',"x":1}'), *rest),
    "the same header, written otherwise": lambda header, *rest: (segment(b" " + octets_of(header)), *rest),
    "first bits of the signature": lambda header, payload, signature: (header, payload, flipped(signature, 0)),
    "last bits of the signature": lambda header, payload, signature: (header, payload, flipped(signature, -1)),
    "signature cut": lambda header, payload, signature: (header, payload, segment(octets_of(signature)[:-1])),
    "signature longer": lambda header, payload, signature: (header, payload, segment(octets_of(signature) + b"\0")),
    "no signature": lambda header, payload, _: (header, payload, ""),
}


@pytest.mark.parametrize("alg", COMMON)
@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
def test_tampered_compact(
    tamper: Callable[[str, str, str], Parts], alg: SignatureAlgorithm, peer: Peer, keys: Keys
) -> None:
    key = own_key(alg, keys)
    header, payload, signature = peer.sign(BINARY, signer(key)).split(".")
    refused_by_us(SignatureError, ".".join(tamper(header, payload, signature)), key)
    header, payload, signature = jws.sign(BINARY, key).split(".")
    refused_by_jose(WRONG, peer, ".".join(tamper(header, payload, signature)), key)


@pytest.mark.parametrize("form", ["flattened", "general"])
@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
def test_tampered_json(
    tamper: Callable[[str, str, str], Parts],
    form: Literal["flattened", "general"],
    peer: Peer,
    keys: Keys,
) -> None:
    key = keys["ES256"]

    def tampered(signed: Members) -> Members:
        one = signed["signatures"][0] if form == "general" else signed
        header, payload, signature = tamper(one["protected"], signed["payload"], one["signature"])
        one = {"protected": header, "signature": signature}
        return {"payload": payload} | ({"signatures": [one]} if form == "general" else one)

    refused_by_us(SignatureError, tampered(peer.sign(BINARY, signer(key), form=form)), key)
    refused_by_jose(WRONG, peer, tampered(json.loads(jws.sign(BINARY, key, serialization=form))), key, form=form)


DETACHED = {name: shape for name, shape in {**SHAPES, **GENERAL}.items() if shape.detached}


@pytest.mark.parametrize("shape", DETACHED.values(), ids=DETACHED)
@pytest.mark.parametrize("payload", [BINARY + b"\0", b""], ids=["longer", "empty"])
def test_another_detached_payload(payload: bytes, shape: Shape, peer: Peer, keys: Keys) -> None:
    key = keys["ES256"]
    theirs = peer.sign(shape.payload, signer(key, **shape.header), form=shape.form, detached=True)
    refused_by_us(SignatureError, theirs, key, payload)
    text = jws.sign(shape.payload, key, serialization=shape.form, detached=True, b64=shape.b64)
    ours = text if shape.form == "compact" else json.loads(text)
    refused_by_jose(WRONG, peer, ours, key, form=shape.form, payload=payload, b64=shape.b64)


@pytest.mark.parametrize("alg", ["HS256", "ES256", "Ed25519"])
def test_another_key_of_the_same_name(alg: SignatureAlgorithm, peer: Peer, keys: Keys) -> None:
    other = JWK.generate(alg, kid=keys[alg].kid)
    refused_by_us(SignatureError, peer.sign(BINARY, signer(keys[alg])), other)
    refused_by_jose(WRONG, peer, jws.sign(BINARY, keys[alg]), other)


@pytest.mark.parametrize("alg", ["none", "HS256", "ES384", "EdDSA"])
def test_another_algorithm_in_the_header(alg: str, peer: Peer, keys: Keys) -> None:
    key = keys["ES256"]
    header = segment(json.dumps({"alg": alg, "kid": key.kid}).encode())
    theirs, ours = peer.sign(BINARY, signer(key)), jws.sign(BINARY, key)
    refused_by_us(NotAllowedError, f"{header}.{theirs.partition('.')[2]}", key)
    refused_by_jose("ERR_JOSE_ALG_NOT_ALLOWED", peer, f"{header}.{ours.partition('.')[2]}", key)


# A change of a flattened JWS, and as what we refuse it, and jose.
MISSHAPEN: dict[str, tuple[Callable[[Members], Members], type[RejectedError], str]] = {
    "alg in both headers": (lambda one: one | {"header": {"alg": "ES256"}}, MalformedError, INVALID),
    "kid in both headers": (lambda one: one | {"header": {"kid": "other"}}, MalformedError, INVALID),
    "crit that nobody signed": (lambda one: one | {"header": {"crit": ["x"], "x": 1}}, MalformedError, INVALID),
    "protected header moved out": (
        lambda one: without(one, "protected") | {"header": json.loads(octets_of(one["protected"]))},
        SignatureError,
        WRONG,
    ),
    "no header": (lambda one: without(one, "protected"), MalformedError, INVALID),
    "header is text": (lambda one: one | {"header": "x"}, MalformedError, INVALID),
    "no payload": (lambda one: without(one, "payload"), MalformedError, INVALID),
    "payload a number": (lambda one: one | {"payload": 1}, MalformedError, INVALID),
    "payload outside the alphabet": (lambda one: one | {"payload": "+/=="}, MalformedError, WRONG),
    "no signature": (lambda one: without(one, "signature"), MalformedError, INVALID),
    "signature a list": (lambda one: one | {"signature": [one["signature"]]}, MalformedError, INVALID),
}


def without(signed: Members, name: str) -> Members:
    return {other: value for other, value in signed.items() if other != name}


@pytest.mark.parametrize(("change", "error", "code"), MISSHAPEN.values(), ids=MISSHAPEN)
def test_misshapen_json(
    change: Callable[[Members], Members], error: type[RejectedError], code: str, peer: Peer, keys: Keys
) -> None:
    key = keys["ES256"]
    refused_by_us(error, change(peer.sign(BINARY, signer(key), form="flattened")), key)
    refused_by_jose(
        code, peer, change(json.loads(jws.sign(BINARY, key, serialization="flattened"))), key, form="flattened"
    )


@pytest.mark.parametrize("maker", ["jose", "jwtkit"])
def test_one_of_two_signatures_tampered_with(maker: str, peer: Peer, keys: Keys) -> None:
    good, bad = keys["ES256"], keys["Ed25519"]
    if maker == "jose":
        signed = peer.sign(BINARY, signer(good), signer(bad), form="general")
    else:
        signed = json.loads(jws.sign(BINARY, [good, bad], serialization="general"))
    signed["signatures"][1]["signature"] = flipped(signed["signatures"][1]["signature"], 0)
    assert peer.verify(signed, good, "ES256", form="general")["payload"] == BINARY
    refused_by_jose(WRONG, peer, signed, bad, form="general")
    both: tuple[SignatureAlgorithm, ...] = ("ES256", "Ed25519")
    whole = jws.verify_json(signed, [good, bad], algorithms=both, require="any")
    assert [one.key for one in whole.verified] == [good]
    with pytest.raises(SignatureError):
        jws.verify_json(signed, [good, bad], algorithms=both, require="all")


@pytest.mark.parametrize("maker", ["jose", "jwtkit"])
def test_encoded_and_unencoded_signatures_do_not_mix(maker: str, peer: Peer, keys: Keys) -> None:
    key = keys["ES256"]
    if maker == "jose":
        halves = [
            peer.sign(PRINTABLE, signer(key, **more), form="flattened")
            for more in ({}, SHAPES["flattened, unencoded"].header)
        ]
    else:
        halves = [json.loads(jws.sign(PRINTABLE, key, serialization="flattened", b64=b64)) for b64 in (True, False)]
    signed = {"payload": halves[0]["payload"], "signatures": [without(half, "payload") for half in halves]}
    refused_by_us(MalformedError, signed, key)
    refused_by_jose(INVALID, peer, signed, key, form="general")
