"""What other libraries encrypt we decrypt, and what we encrypt they decrypt, for every pair both sides know."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any, Literal, NamedTuple

import joserfc.errors
import joserfc.jwe
import joserfc.jwk
import jwcrypto.common  # type: ignore[import-untyped]  # it ships no types
import jwcrypto.jwe  # type: ignore[import-untyped]  # the same
import jwcrypto.jwk  # type: ignore[import-untyped]  # the same
import pytest

from jwtkit import JWK, DecryptedJWE, DecryptionError, Limits, MalformedError, NotAllowedError, jwe
from jwtkit.crypto.encryption import CONTENT_ENCRYPTION, KEY_MANAGEMENT

Keys = dict[tuple[str, str], JWK]
Members = dict[str, Any]
Form = Literal["compact", "flattened", "general"]
BINARY = b"\0caf\xc3\xa9.\xff"
LONG = b"again and again, " * 1000
AAD = b"said in the open: caf\xc3\xa9"
P2C = 1000  # the fewest that are accepted


class Order(NamedTuple):
    """What a peer is asked to encrypt; a recipient is a key and the header of its own."""

    form: Form
    protected: Members
    recipients: list[tuple[JWK, Members]]
    unprotected: Members | None = None
    aad: bytes | None = None
    plaintext: bytes = BINARY

    @property
    def algorithms(self) -> list[str]:
        headers = (self.protected, *(header for _, header in self.recipients))
        return [header[name] for header in headers for name in ("alg", "enc", "zip") if name in header]


class Opened(NamedTuple):
    """What a peer gives; the header is the protected one."""

    plaintext: bytes
    header: Members
    aad: bytes | None


class Joserfc:
    refusal = joserfc.errors.DecodeError
    unsupported = joserfc.errors.UnsupportedAlgorithmError

    @staticmethod
    @cache
    def own(key: JWK) -> Any:
        return joserfc.jwk.import_key(key.to_dict(private=key.is_private))

    def encrypt(self, order: Order) -> Any:
        if order.form == "compact":
            ((key, _),) = order.recipients
            return joserfc.jwe.encrypt_compact(dict(order.protected), order.plaintext, self.own(key), order.algorithms)
        kind: Any = {
            "flattened": joserfc.jwe.FlattenedJSONEncryption,
            "general": joserfc.jwe.GeneralJSONEncryption,
        }[order.form]
        made = kind(dict(order.protected), order.plaintext, order.unprotected, order.aad)
        for key, header in order.recipients:
            made.add_recipient(dict(header), self.own(key))
        return joserfc.jwe.encrypt_json(made, None, order.algorithms)

    def decrypt(self, sealed: str, key: JWK, *algorithms: str) -> Opened:
        # Left to itself it wants to be every recipient at once.
        registry = joserfc.jwe.JWERegistry(algorithms=algorithms, verify_all_recipients=False)
        opened: Any
        if sealed.startswith("{"):
            opened = joserfc.jwe.decrypt_json(json.loads(sealed), self.own(key), registry=registry)
            return Opened(opened.plaintext, opened.protected, opened.aad)
        opened = joserfc.jwe.decrypt_compact(sealed, self.own(key), registry=registry)
        return Opened(opened.plaintext, opened.protected, None)


class Jwcrypto:
    refusal = jwcrypto.jwe.InvalidJWEData
    unsupported = jwcrypto.common.InvalidJWAAlgorithm

    @staticmethod
    @cache
    def own(key: JWK) -> Any:
        return jwcrypto.jwk.JWK(**key.to_dict(private=key.is_private))

    def encrypt(self, order: Order) -> Any:
        made = jwcrypto.jwe.JWE(
            order.plaintext,
            order.protected,
            order.unprotected,
            order.aad,
            order.algorithms,
            flattened=order.form == "flattened",
        )
        for key, header in order.recipients:
            made.add_recipient(self.own(key), header)
        return made.serialize(compact=order.form == "compact")

    def decrypt(self, sealed: str, key: JWK, *algorithms: str) -> Opened:
        opened = jwcrypto.jwe.JWE(algs=list(algorithms))
        opened.deserialize(sealed, self.own(key))
        return Opened(opened.payload, json.loads(opened.objects["protected"]), opened.objects.get("aad"))


Peer = Joserfc | Jwcrypto
PEERS: dict[str, Peer] = {"joserfc": Joserfc(), "jwcrypto": Jwcrypto()}
# What a peer does not know: of RSA-OAEP, both have the two of RFC 7518 section 4.3, and not what came later.
UNKNOWN = {
    "joserfc": frozenset(["RSA-OAEP-384", "RSA-OAEP-512"]),
    "jwcrypto": frozenset(["RSA-OAEP-384", "RSA-OAEP-512"]),
}
LANES = [(alg, crv) for alg, row in KEY_MANAGEMENT.items() for crv in row.variants or ("",)]
KNOWN = [(peer, alg, crv) for peer in PEERS for alg, crv in LANES if alg not in UNKNOWN[peer]]
PAIRS = [(peer, alg, crv, enc) for peer, alg, crv in KNOWN for enc in CONTENT_ENCRYPTION]
# One content encryption for each, all of them in turn.
ONCE = [
    (peer, alg, crv, enc)
    for (peer, alg, crv), enc in zip(KNOWN, [*CONTENT_ENCRYPTION] * len(KNOWN), strict=False)
]  # fmt: skip
WRAPPED = [(peer, alg, crv) for peer, alg, crv in KNOWN if not KEY_MANAGEMENT[alg].is_direct]
JSON_FORMS: list[Form] = ["flattened", "general"]


def named(rows: list[Any]) -> list[str]:
    return [" ".join(filter(None, row)) for row in rows]


def key_of(alg: str, crv: str, enc: str, own_keys: Keys) -> JWK:
    return own_keys[alg, enc if alg == "dir" else crv]


def public(key: JWK) -> JWK:
    return key if key.kty == "oct" else key.public()


def iterations(alg: str) -> Members:
    return {"p2c": P2C} if alg.startswith("PBES2") else {}


def order(key: JWK, alg: str, enc: str, *, form: Form = "compact", **more: Any) -> Order:
    """Ask for what there is of one recipient; `more` goes into the protected header."""
    own = {"alg": alg, "kid": key.kid, **iterations(alg)}
    if form == "compact":
        return Order(form, {"enc": enc, **own, **more}, [(public(key), {})])
    # Both peers put what an algorithm gives into the header of the recipient, and joserfc the kid, too.
    return Order(form, {"enc": enc, **more}, [(public(key), own)], {"cty": "text/plain"}, AAD)


def opened(sealed: Any, keys: JWK | list[JWK], *algorithms: Any, **rules: Any) -> DecryptedJWE:
    """Decrypt with these keys; the last of the algorithms is that of the content."""
    text = sealed if isinstance(sealed, str) else json.dumps(sealed)
    read: Any = jwe.decrypt_json if text.startswith("{") else jwe.decrypt
    made: DecryptedJWE = read(text, keys, algorithms=algorithms[:-1], encryptions=algorithms[-1:], **rules)
    return made


@pytest.mark.parametrize(("peer", "alg", "crv", "enc"), PAIRS, ids=named(PAIRS))
def test_both_ways(peer: str, alg: Any, crv: str, enc: Any, own_keys: Keys) -> None:
    key = key_of(alg, crv, enc, own_keys)
    theirs = opened(PEERS[peer].encrypt(order(key, alg, enc)), key, alg, enc)
    assert theirs.plaintext == BINARY
    assert {"alg": alg, "enc": enc, "kid": key.kid}.items() <= dict(theirs.header).items()
    text = jwe.encrypt(BINARY, public(key), enc=enc, alg=alg, typ="JOSE", **iterations(alg))
    ours = PEERS[peer].decrypt(text, key, alg, enc)
    assert ours.plaintext == BINARY
    assert {"alg": alg, "enc": enc, "kid": key.kid, "typ": "JOSE"}.items() <= ours.header.items()


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("alg", ["RSA-OAEP-384", "RSA-OAEP-512"])
def test_what_they_do_not_know(alg: Any, peer: str, own_keys: Keys) -> None:
    # A release that has them belongs into the pairs.
    key = own_keys[alg, ""]
    with pytest.raises(PEERS[peer].unsupported):
        PEERS[peer].encrypt(order(key, alg, "A128GCM"))


@pytest.mark.parametrize("form", JSON_FORMS)
@pytest.mark.parametrize(("peer", "alg", "crv", "enc"), ONCE, ids=named(ONCE))
def test_both_ways_in_json(peer: str, alg: Any, crv: str, enc: Any, form: Form, own_keys: Keys) -> None:
    key = key_of(alg, crv, enc, own_keys)
    sealed = PEERS[peer].encrypt(order(key, alg, enc, form=form))
    if peer == "joserfc" and KEY_MANAGEMENT[alg].is_direct:
        # It writes the key that is not there, which must be left out (RFC 7516 section 7.2.1).
        with pytest.raises(MalformedError):
            opened(sealed, key, alg, enc)
        (sealed["recipients"][0] if form == "general" else sealed).pop("encrypted_key")
    theirs = opened(sealed, key, alg, enc)
    assert theirs.plaintext == BINARY
    assert theirs.aad == AAD
    assert {"alg": alg, "kid": key.kid, "cty": "text/plain"}.items() <= dict(theirs.unprotected).items()
    text = jwe.encrypt(
        BINARY,
        public(key),
        enc=enc,
        alg=alg,
        aad=AAD,
        unprotected={"cty": "text/plain"},
        serialization=form,
        **iterations(alg),
    )
    ours = PEERS[peer].decrypt(text, key, alg, enc)
    assert (ours.plaintext, ours.aad) == (BINARY, AAD)
    assert {"alg": alg, "enc": enc, "kid": key.kid}.items() <= ours.header.items()


# Each that can have company beside one of another kind: joserfc stumbles over the other recipient's ephemeral key where
# it is on a curve of the other key type.
TWO = [
    (*one, *other[1:])
    for peer in PEERS
    for lanes in [[row for row in WRAPPED if row[0] == peer]]
    for one, other in zip(lanes, lanes[15:] + lanes[:15], strict=True)
]


@pytest.mark.parametrize(("peer", "first", "crv", "second", "other_crv"), TWO, ids=named(TWO))
def test_two_recipients(peer: str, first: Any, crv: str, second: Any, other_crv: str, own_keys: Keys) -> None:
    one, two, enc = own_keys[first, crv], own_keys[second, other_crv], "A256GCM"
    own = [(public(key), {"alg": key.alg, "kid": key.kid, **iterations(str(key.alg))}) for key in (one, two)]
    theirs = PEERS[peer].encrypt(Order("general", {"enc": enc}, own, {"cty": "text/plain"}, AAD))
    held: list[tuple[JWK | list[JWK], JWK]] = [(one, one), (two, two), ([two, one], one)]
    for keys, reader in held:
        read = opened(theirs, keys, first, second, enc)
        assert (read.plaintext, read.aad, read.key) == (BINARY, AAD, reader)
    ours = jwe.encrypt(
        BINARY,
        [jwe.Recipient(public(key), **iterations(str(key.alg))) for key in (one, two)],
        enc="A256GCM",
        aad=AAD,
        unprotected={"cty": "text/plain"},
        serialization="general",
    )
    for key in (one, two):
        assert PEERS[peer].decrypt(ours, key, first, second, enc) == (BINARY, {"enc": enc}, AAD)


PARTIES = {"both": (b"Alice", b"Bob\0\xff"), "producer": (b"Alice", None), "recipient": (None, b"Bob\0\xff")}
AGREED = [(peer, alg, crv) for peer, alg, crv in KNOWN if alg.startswith("ECDH-ES") and crv in ("P-521", "X25519")]


@pytest.mark.parametrize(("peer", "alg", "crv"), AGREED, ids=named(AGREED))
@pytest.mark.parametrize(("apu", "apv"), PARTIES.values(), ids=PARTIES)
def test_parties(apu: bytes | None, apv: bytes | None, peer: str, alg: Any, crv: str, own_keys: Keys) -> None:
    key, enc = own_keys[alg, crv], "A256CBC-HS512"
    info: Members = {name: segment(octets) for name, octets in (("apu", apu), ("apv", apv)) if octets is not None}
    theirs = opened(PEERS[peer].encrypt(order(key, alg, enc, **info)), key, alg, enc)
    assert theirs.plaintext == BINARY
    assert info.items() <= dict(theirs.header).items()
    text = jwe.encrypt(BINARY, key.public(), enc="A256CBC-HS512", alg=alg, apu=apu, apv=apv)
    ours = PEERS[peer].decrypt(text, key, alg, enc)
    assert ours.plaintext == BINARY
    assert info.items() <= ours.header.items()


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("form", ["compact", *JSON_FORMS])
@pytest.mark.parametrize("enc", ["A256GCM", "A128CBC-HS256"])
def test_compressed(enc: Any, form: Form, peer: str, own_keys: Keys) -> None:
    key, alg = own_keys["A256KW", ""], "A256KW"
    theirs = PEERS[peer].encrypt(order(key, alg, enc, form=form, zip="DEF")._replace(plaintext=LONG))
    assert opened(theirs, key, alg, enc, allow_zip=True).plaintext == LONG
    with pytest.raises(NotAllowedError):
        opened(theirs, key, alg, enc)
    with pytest.raises(NotAllowedError):
        opened(theirs, key, alg, enc, allow_zip=True, limits=Limits(inflated_bytes=len(LONG) - 1))
    text = jwe.encrypt(LONG, key, enc=enc, compress=True, serialization=form)
    assert len(text) < len(LONG) // 10
    assert PEERS[peer].decrypt(text, key, alg, enc, "DEF").plaintext == LONG


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 1000])
@pytest.mark.parametrize("enc", CONTENT_ENCRYPTION)
def test_lengths(enc: Any, size: int, own_keys: Keys) -> None:
    # With joserfc alone: jwcrypto takes an empty plaintext for none.
    key, plaintext, peer = own_keys["A128KW", ""], bytes(range(256)) * 4, PEERS["joserfc"]
    content = plaintext[:size]
    theirs = peer.encrypt(order(key, "A128KW", enc)._replace(plaintext=content))
    assert opened(theirs, key, "A128KW", enc).plaintext == content
    assert peer.decrypt(jwe.encrypt(content, key, enc=enc), key, "A128KW", enc).plaintext == content


@pytest.mark.parametrize("peer", PEERS)
def test_iterations_left_to_the_writer(peer: str, own_keys: Keys) -> None:
    alg, enc = "PBES2-HS256+A128KW", "A128GCM"
    key = own_keys[alg, ""]
    theirs = PEERS[peer].encrypt(Order("compact", {"alg": alg, "enc": enc}, [(key, {})]))
    assert opened(theirs, key, alg, enc).plaintext == BINARY
    # Neither derives for as long as we do: joserfc up to 300000 iterations, jwcrypto up to 16384 unless it is told.
    with pytest.raises(PEERS[peer].refusal):
        PEERS[peer].decrypt(jwe.encrypt(BINARY, key, enc="A128GCM"), key, alg, enc)


def segment(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def flipped(text: str, at: int) -> str:
    octets = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    octets[at] ^= 1
    return segment(bytes(octets))


PARTS = {"encrypted key": 1, "iv": 2, "ciphertext": 3, "tag": 4}
TAMPERED = [
    (*row, part)
    for row in ONCE
    for part in PARTS
    if part != "encrypted key" or not KEY_MANAGEMENT[row[1]].is_direct
]  # fmt: skip


@pytest.mark.parametrize(("peer", "alg", "crv", "enc", "part"), TAMPERED, ids=named(TAMPERED))
def test_tampered(peer: str, alg: Any, crv: str, enc: Any, part: str, own_keys: Keys) -> None:
    key, at = key_of(alg, crv, enc, own_keys), PARTS[part]

    def tampered(text: str) -> str:
        parts = text.split(".")
        parts[at] = flipped(parts[at], -1)
        return ".".join(parts)

    with pytest.raises(DecryptionError):
        opened(tampered(PEERS[peer].encrypt(order(key, alg, enc))), key, alg, enc)
    ours = jwe.encrypt(BINARY, public(key), enc=enc, alg=alg, **iterations(alg))
    with pytest.raises(PEERS[peer].refusal):
        PEERS[peer].decrypt(tampered(ours), key, alg, enc)


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("form", JSON_FORMS)
@pytest.mark.parametrize("member", ["aad", "iv", "ciphertext", "tag"])
def test_tampered_json(member: str, form: Form, peer: str, own_keys: Keys) -> None:
    alg, enc = "ECDH-ES+A128KW", "A128CBC-HS256"
    key = own_keys[alg, "P-256"]

    def tampered(sealed: Any) -> str:
        members = json.loads(sealed) if isinstance(sealed, str) else sealed
        return json.dumps(members | {member: flipped(members[member], 0)})

    with pytest.raises(DecryptionError):
        opened(tampered(PEERS[peer].encrypt(order(key, alg, enc, form=form))), key, alg, enc)
    ours = jwe.encrypt(BINARY, key.public(), enc="A128CBC-HS256", aad=AAD, serialization=form)
    with pytest.raises(PEERS[peer].refusal):
        PEERS[peer].decrypt(tampered(ours), key, alg, enc)


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(("alg", "crv"), [("A256KW", None), ("ECDH-ES", "X25519"), ("ECDH-ES+A256KW", "P-384")])
def test_another_key_of_the_same_name(alg: Any, crv: str | None, peer: str, own_keys: Keys) -> None:
    key = own_keys[alg, crv or ""]
    other = JWK.generate(alg, crv=crv, kid=key.kid)
    with pytest.raises(DecryptionError):
        opened(PEERS[peer].encrypt(order(key, alg, "A256GCM")), other, alg, "A256GCM")
    with pytest.raises(PEERS[peer].refusal):
        PEERS[peer].decrypt(jwe.encrypt(BINARY, public(key), enc="A256GCM"), other, alg, "A256GCM")
