"""What npm jose encrypts we decrypt, and what we encrypt it decrypts, in every form; what is tampered with neither."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pytest

from jwtkit import (
    JWK,
    DecryptedJWE,
    DecryptionError,
    Header,
    Limits,
    MalformedError,
    NotAllowedError,
    RejectedError,
    UsageError,
    jwe,
)
from jwtkit.crypto.encryption import CONTENT_ENCRYPTION, KEY_MANAGEMENT

if TYPE_CHECKING:  # its instance comes as a fixture
    from tests.jose.conftest import Peer

Keys = dict[tuple[str, str], JWK]
Members = dict[str, Any]
Form = Literal["compact", "flattened", "general"]
BINARY = b"\0caf\xc3\xa9.\xff"
LONG = b"again and again, " * 1000
AAD = b"said in the open: caf\xc3\xa9"
P2C = 1000  # the fewest that are accepted

LANES = [(alg, crv) for alg, row in KEY_MANAGEMENT.items() for crv in row.variants or ("",)]
# What jose 6 does not know: of the two curves for agreement of RFC 8037, it has X25519.
DROPPED = [(alg, crv) for alg, crv in LANES if crv == "X448"]
COMMON = [lane for lane in LANES if lane not in DROPPED]
PAIRS = [(alg, crv, enc) for alg, crv in COMMON for enc in CONTENT_ENCRYPTION]
# One content encryption for each, all of them in turn.
ONCE = [(alg, crv, enc) for (alg, crv), enc in zip(COMMON, [*CONTENT_ENCRYPTION] * len(COMMON), strict=False)]
# One or two of each family of algorithms.
FAMILIES = [
    ("dir", "", "A256GCM"),
    ("dir", "", "A128CBC-HS256"),
    ("A192KW", "", "A128GCM"),
    ("A256GCMKW", "", "A256CBC-HS512"),
    ("ECDH-ES", "P-384", "A192GCM"),
    ("ECDH-ES", "X25519", "A192CBC-HS384"),
    ("ECDH-ES+A128KW", "P-521", "A256GCM"),
    ("RSA-OAEP-256", "", "A128CBC-HS256"),
    ("PBES2-HS384+A192KW", "", "A256GCM"),
]
UNSUPPORTED = "ERR_JOSE_NOT_SUPPORTED"
NOT_ALLOWED = "ERR_JOSE_ALG_NOT_ALLOWED"
INVALID = "ERR_JWE_INVALID"
WRONG = "ERR_JWE_DECRYPTION_FAILED"


def named(rows: Iterable[Any]) -> list[str]:
    return [" ".join(filter(None, row)) for row in rows]


def segment(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def octets_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def written(header: Header) -> Members:
    """Give a header as JSON has it, with lists in place of tuples."""
    members: Members = json.loads(json.dumps(dict(header), default=dict))
    return members


def protected_of(sealed: Members) -> Members:
    members: Members = json.loads(octets_of(sealed["protected"]))
    return members


def key_of(alg: str, crv: str, enc: str, own_keys: Keys) -> JWK:
    return own_keys[alg, enc if alg == "dir" else crv]


def public(key: JWK) -> JWK:
    return key if key.kty == "oct" else key.public()


def iterations(alg: str) -> Members:
    return {"p2c": P2C} if alg.startswith("PBES2") else {}


def recipient(key: JWK, alg: str, *, header: Members | None = None, **more: object) -> Members:
    """One of the recipients that jose is asked to encrypt to."""
    jwk = key.to_dict(private=key.kty == "oct")
    return {"jwk": jwk, "alg": alg, "header": header, **iterations(alg), **more}


def theirs(peer: Peer, key: JWK, alg: str, enc: str, *, form: Form = "compact", **more: Any) -> Any:
    """Let jose encrypt to one recipient; `more` goes into the protected header."""
    protected = {"alg": alg, "enc": enc, "kid": key.kid, **more}
    return peer.encrypt(BINARY, recipient(key, alg), form=form, protected=protected)


def ours(key: JWK, alg: Any, enc: Any, *, form: Form = "compact", **more: Any) -> Any:
    """Encrypt to one recipient, and give JSON as members."""
    text = jwe.encrypt(BINARY, public(key), enc=enc, alg=alg, serialization=form, **iterations(alg), **more)
    return text if form == "compact" else json.loads(text)


def opened(sealed: Any, keys: JWK | list[JWK], algorithms: str | list[str], enc: str, **rules: Any) -> DecryptedJWE:
    listed = [algorithms] if isinstance(algorithms, str) else algorithms
    read: Any = jwe.decrypt if isinstance(sealed, str) else jwe.decrypt_json
    made: DecryptedJWE = read(sealed, keys, algorithms=listed, encryptions=[enc], **rules)
    return made


@pytest.mark.parametrize(("alg", "crv"), DROPPED, ids=named(DROPPED))
def test_what_jose_lacks(alg: str, crv: str, peer: Peer, own_keys: Keys) -> None:
    # A release of jose that has it belongs into COMMON.
    key = own_keys[alg, crv]
    with peer.refuses(UNSUPPORTED):
        theirs(peer, key, alg, "A128GCM")
    with peer.refuses(UNSUPPORTED):
        peer.decrypt(ours(key, alg, "A128GCM"), key, alg)


@pytest.mark.parametrize(("alg", "crv", "enc"), PAIRS, ids=named(PAIRS))
def test_jose_encrypts_and_we_decrypt(alg: str, crv: str, enc: str, peer: Peer, own_keys: Keys) -> None:
    key = key_of(alg, crv, enc, own_keys)
    read = opened(theirs(peer, key, alg, enc, typ="JOSE"), key, alg, enc)
    assert (read.plaintext, read.key, read.aad, dict(read.unprotected)) == (BINARY, key, None, {})
    assert {"alg": alg, "enc": enc, "kid": key.kid, "typ": "JOSE"}.items() <= dict(read.header).items()


@pytest.mark.parametrize(("alg", "crv", "enc"), PAIRS, ids=named(PAIRS))
def test_we_encrypt_and_jose_decrypts(alg: str, crv: str, enc: str, peer: Peer, own_keys: Keys) -> None:
    key = key_of(alg, crv, enc, own_keys)
    answer = peer.decrypt(ours(key, alg, enc, typ="JOSE"), key, alg)
    assert answer["plaintext"] == BINARY
    assert {"alg": alg, "enc": enc, "kid": key.kid, "typ": "JOSE"}.items() <= answer["protected"].items()
    assert answer.keys() == {"plaintext", "protected"}


class Shape(NamedTuple):
    form: Form
    aad: bytes | None = None
    unprotected: Members | None = None
    header: Members | None = None


SHAPES = {
    "flattened": Shape("flattened"),
    "flattened, with everything": Shape("flattened", AAD, {"hint": "unsigned"}, {"note": "own"}),
    "general": Shape("general"),
    "general, with everything": Shape("general", AAD, {"hint": "unsigned"}, {"note": "own"}),
}


@pytest.mark.parametrize(("alg", "crv", "enc"), ONCE, ids=named(ONCE))
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_jose_encrypts_json(shape: Shape, alg: str, crv: str, enc: str, peer: Peer, own_keys: Keys) -> None:
    key = key_of(alg, crv, enc, own_keys)
    sealed = peer.encrypt(
        BINARY,
        recipient(key, alg, header=shape.header),
        form=shape.form,
        protected={"alg": alg, "enc": enc, "kid": key.kid},
        unprotected=shape.unprotected,
        aad=shape.aad,
    )
    read = opened(sealed, key, alg, enc)
    assert (read.plaintext, read.aad) == (BINARY, shape.aad)
    assert dict(read.unprotected) == (shape.unprotected or {}) | (shape.header or {})
    assert written(read.header) == protected_of(sealed) | dict(read.unprotected)


@pytest.mark.parametrize(("alg", "crv", "enc"), ONCE, ids=named(ONCE))
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_we_encrypt_json(shape: Shape, alg: str, crv: str, enc: str, peer: Peer, own_keys: Keys) -> None:
    key = key_of(alg, crv, enc, own_keys)
    sealed = ours(key, alg, enc, form=shape.form, aad=shape.aad, unprotected=shape.unprotected)
    answer = peer.decrypt(sealed, key, alg, form=shape.form)
    assert (answer["plaintext"], answer.get("aad")) == (BINARY, shape.aad)
    assert answer.get("unprotected") == shape.unprotected
    assert answer["protected"] == protected_of(sealed)
    assert {"alg": alg, "enc": enc, "kid": key.kid}.items() <= answer["protected"].items()


def test_we_encrypt_with_a_header_of_the_only_recipient(peer: Peer, own_keys: Keys) -> None:
    key = own_keys["A128KW", ""]
    text = jwe.encrypt(BINARY, [jwe.Recipient(key, header={"n": 1})], enc="A128GCM", serialization="general")
    answer = peer.decrypt(json.loads(text), key, "A128KW", form="general")
    assert (answer["plaintext"], answer["header"]) == (BINARY, {"n": 1})
    assert answer["protected"] == {"alg": "A128KW", "enc": "A128GCM", "kid": key.kid}


WRAPPED = [lane for lane in COMMON if not KEY_MANAGEMENT[lane[0]].is_direct]
# Three of different kinds each time.
THREE = list(zip(WRAPPED, WRAPPED[9:] + WRAPPED[:9], WRAPPED[18:] + WRAPPED[:18], strict=True))
THREE_IDS = [", ".join(named(lanes)) for lanes in THREE]


@pytest.mark.parametrize("lanes", THREE, ids=THREE_IDS)
def test_jose_encrypts_to_three(lanes: Any, peer: Peer, own_keys: Keys) -> None:
    keys = [own_keys[lane] for lane in lanes]
    headers = [{"alg": alg, "kid": key.kid, "n": n} for n, ((alg, _), key) in enumerate(zip(lanes, keys, strict=True))]
    sealed = peer.encrypt(
        BINARY,
        *(recipient(key, header["alg"], header=header) for key, header in zip(keys, headers, strict=True)),
        form="general",
        protected={"enc": "A256GCM", "typ": "JOSE"},
        unprotected={"hint": "unsigned"},
        aad=AAD,
    )
    listed = [alg for alg, _ in lanes]
    for key, header in zip(keys, headers, strict=True):
        read = opened(sealed, key, listed, "A256GCM")
        assert (read.plaintext, read.aad, read.key) == (BINARY, AAD, key)
        assert (header | {"hint": "unsigned"}).items() <= dict(read.unprotected).items()
        assert written(read.header) == {"enc": "A256GCM", "typ": "JOSE"} | dict(read.unprotected)
    assert opened(sealed, keys[::-1], listed, "A256GCM").key == keys[0]


@pytest.mark.parametrize("lanes", THREE, ids=THREE_IDS)
def test_we_encrypt_to_three(lanes: Any, peer: Peer, own_keys: Keys) -> None:
    keys = [own_keys[lane] for lane in lanes]
    text = jwe.encrypt(
        BINARY,
        [
            jwe.Recipient(public(key), header={"n": n}, **iterations(alg))
            for n, ((alg, _), key) in enumerate(zip(lanes, keys, strict=True))
        ],
        enc="A256GCM",
        typ="JOSE",
        aad=AAD,
        unprotected={"hint": "unsigned"},
        serialization="general",
    )
    for n, ((alg, _), key) in enumerate(zip(lanes, keys, strict=True)):
        answer = peer.decrypt(json.loads(text), key, alg, form="general")
        assert (answer["plaintext"], answer["aad"]) == (BINARY, AAD)
        assert answer["protected"] == {"enc": "A256GCM", "typ": "JOSE"}
        assert answer["unprotected"] == {"hint": "unsigned"}
        assert {"alg": alg, "kid": key.kid, "n": n}.items() <= answer["header"].items()


@pytest.mark.parametrize("alg", ["dir", "A128KW", "ECDH-ES"])
@pytest.mark.parametrize("place", ["unprotected", "header"])
def test_jose_encrypts_with_nothing_protected(place: str, alg: str, peer: Peer, own_keys: Keys) -> None:
    # One way only: what we encrypt names enc in the protected header.
    key = key_of(alg, "P-256" if alg == "ECDH-ES" else "", "A128GCM", own_keys)
    header = {"alg": alg, "enc": "A128GCM", "kid": key.kid}
    who = recipient(key, alg, header=header if place == "header" else None)
    sealed = peer.encrypt(
        BINARY, who, form="flattened", unprotected=header if place == "unprotected" else None, aad=AAD
    )
    assert ("protected" in sealed) is (alg == "ECDH-ES")  # that has its epk there
    read = opened(sealed, key, alg, "A128GCM")
    assert (read.plaintext, read.aad, dict(read.unprotected)) == (BINARY, AAD, header)


PARTIES = {"both": (b"Alice", b"Bob\0\xff"), "producer": (b"Alice", None), "recipient": (None, b"Bob\0\xff")}
AGREED = [(alg, crv) for alg, crv in COMMON if alg.startswith("ECDH-ES")]


@pytest.mark.parametrize(("alg", "crv"), AGREED, ids=named(AGREED))
@pytest.mark.parametrize(("apu", "apv"), PARTIES.values(), ids=PARTIES)
def test_parties(apu: bytes | None, apv: bytes | None, alg: Any, crv: str, peer: Peer, own_keys: Keys) -> None:
    key, enc = own_keys[alg, crv], "A256CBC-HS512"
    info: Members = {name: segment(octets) for name, octets in (("apu", apu), ("apv", apv)) if octets is not None}
    sealed = peer.encrypt(BINARY, recipient(key, alg, apu=apu, apv=apv), protected={"alg": alg, "enc": enc})
    read = opened(sealed, key, alg, enc)
    assert read.plaintext == BINARY
    assert info.items() <= dict(read.header).items()
    answer = peer.decrypt(ours(key, alg, enc, apu=apu, apv=apv), key, alg)
    assert answer["plaintext"] == BINARY
    assert info.items() <= answer["protected"].items()


def test_parties_of_one_name(peer: Peer, own_keys: Keys) -> None:
    # jose wants them to differ, which RFC 7518 section 4.6.2 does not.
    key, alg, enc = own_keys["ECDH-ES", "P-256"], "ECDH-ES", "A256GCM"
    text = ours(key, alg, enc, apu=b"Alice", apv=b"Alice")
    assert opened(text, key, alg, enc).plaintext == BINARY
    with peer.refuses(INVALID):
        peer.decrypt(text, key, alg)


@pytest.mark.parametrize("form", ["compact", "flattened", "general"])
def test_header_beyond_ascii(form: Form, peer: Peer, own_keys: Keys) -> None:
    key, alg, enc = own_keys["A128KW", ""], "A128KW", "A128GCM"
    members: Members = {"note": "caf\xe9, \N{SNOWMAN}, \U0001f511", "list": [1, {"deep": None}]}
    read = opened(theirs(peer, key, alg, enc, form=form, **members), key, alg, enc)
    assert members.items() <= written(read.header).items()
    answer = peer.decrypt(ours(key, alg, enc, form=form, header=members), key, alg, form=form)
    assert answer["plaintext"] == BINARY
    assert members.items() <= answer["protected"].items()


@pytest.mark.parametrize("form", ["compact", "flattened", "general"])
@pytest.mark.parametrize("enc", ["A256GCM", "A128CBC-HS256"])
def test_compressed(enc: Any, form: Form, peer: Peer, own_keys: Keys) -> None:
    key, alg = own_keys["ECDH-ES+A256KW", "X25519"], "ECDH-ES+A256KW"
    sealed = peer.encrypt(LONG, recipient(key, alg), form=form, protected={"alg": alg, "enc": enc, "zip": "DEF"})
    assert opened(sealed, key, alg, enc, allow_zip=True).plaintext == LONG
    with pytest.raises(NotAllowedError):
        opened(sealed, key, alg, enc)
    with pytest.raises(NotAllowedError):
        opened(sealed, key, alg, enc, allow_zip=True, limits=Limits(inflated_bytes=len(LONG) - 1))
    text = jwe.encrypt(LONG, key.public(), enc=enc, compress=True, serialization=form)
    assert len(text) < len(LONG) // 10
    given = text if form == "compact" else json.loads(text)
    assert peer.decrypt(given, key, alg, form=form)["plaintext"] == LONG
    # In the general form jose says of a recipient only that it did not decrypt.
    with peer.refuses(WRONG if form == "general" else UNSUPPORTED):
        peer.decrypt(given, key, alg, form=form, maxDecompressedLength=0)
    with peer.refuses(WRONG if form == "general" else INVALID):
        peer.decrypt(given, key, alg, form=form, maxDecompressedLength=len(LONG) - 1)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 1000])
@pytest.mark.parametrize("enc", CONTENT_ENCRYPTION)
def test_lengths(enc: Any, size: int, peer: Peer, own_keys: Keys) -> None:
    key, content = own_keys["A128KW", ""], (bytes(range(256)) * 4)[:size]
    sealed = peer.encrypt(content, recipient(key, "A128KW"), protected={"alg": "A128KW", "enc": enc})
    assert opened(sealed, key, "A128KW", enc).plaintext == content
    for form in ("compact", "flattened"):
        text = jwe.encrypt(content, key, enc=enc, serialization=form)
        given = text if form == "compact" else json.loads(text)
        assert peer.decrypt(given, key, "A128KW", form=form)["plaintext"] == content


def test_iterations(peer: Peer, own_keys: Keys) -> None:
    alg, enc = "PBES2-HS512+A256KW", "A256GCM"
    key = own_keys[alg, ""]
    sealed = peer.encrypt(BINARY, recipient(key, alg, p2c=None), protected={"alg": alg, "enc": enc})
    assert opened(sealed, key, alg, enc).plaintext == BINARY
    for few in (1, 999):
        with pytest.raises(NotAllowedError):
            opened(
                peer.encrypt(BINARY, recipient(key, alg, p2c=few), protected={"alg": alg, "enc": enc}), key, alg, enc
            )
    with pytest.raises(NotAllowedError):
        opened(sealed, key, alg, enc, limits=Limits(pbes2_count=2047))
    text = jwe.encrypt(BINARY, key, enc="A256GCM")
    # It wants the algorithm listed, as we do, and to be told to derive for as long as we do.
    with peer.refuses(NOT_ALLOWED):
        peer.decrypt(text, key, alg, keyManagementAlgorithms=None)
    with peer.refuses(INVALID):
        peer.decrypt(text, key, alg)
    assert peer.decrypt(text, key, alg, maxPBES2Count=600_000)["plaintext"] == BINARY


DRAWN = {
    "A128KW": (None, "A128GCM"),
    "A256GCMKW": (None, "A256GCM"),
    "RSA-OAEP-512": (None, "A128GCM"),
    "ECDH-ES": ({"crv": "P-384"}, "A128GCM"),
    "ECDH-ES+A256KW": ({"crv": "X25519"}, "A128GCM"),
}


@pytest.mark.parametrize(("alg", "options", "enc"), [(alg, *row) for alg, row in DRAWN.items()], ids=DRAWN)
def test_keys_that_jose_draws(alg: Any, options: Members | None, enc: str, peer: Peer) -> None:
    drawn = peer.ask("generate", alg=alg, options=options)["jwk"]
    key = JWK.parse({**drawn, "alg": alg, "kid": "drawn"})
    assert opened(theirs(peer, key, alg, enc), key, alg, enc).plaintext == BINARY
    assert peer.decrypt(ours(key, alg, enc), key, alg)["plaintext"] == BINARY


@pytest.mark.parametrize("enc", ["A256GCM", "A256CBC-HS512"])
def test_secrets_that_jose_draws(enc: Any, peer: Peer) -> None:
    key = JWK.parse({**peer.ask("generate", alg=enc)["jwk"], "alg": enc, "kid": "drawn"})
    assert opened(theirs(peer, key, "dir", enc), key, "dir", enc).plaintext == BINARY
    assert peer.decrypt(ours(key, "dir", enc), key, "dir")["plaintext"] == BINARY


@pytest.mark.parametrize("maker", ["jose", "jwtkit"])
def test_extensions(maker: str, peer: Peer, own_keys: Keys) -> None:
    key, alg, enc = own_keys["A256KW", ""], "A256KW", "A256GCM"
    if maker == "jose":
        protected = {"alg": alg, "enc": enc, "x": 1, "crit": ["x"]}
        text = peer.encrypt(BINARY, recipient(key, alg, crit={"x": True}), protected=protected)
    else:
        text = ours(key, alg, enc, header={"x": 1}, crit=["x"])
    assert peer.decrypt(text, key, alg, crit={"x": True})["plaintext"] == BINARY
    assert opened(text, key, alg, enc, crit={"x": lambda value, _: value == 1}).plaintext == BINARY
    with peer.refuses(UNSUPPORTED):
        peer.decrypt(text, key, alg)
    with pytest.raises(NotAllowedError):
        opened(text, key, alg, enc)


def without(sealed: Members, *names: str) -> Members:
    return {name: value for name, value in sealed.items() if name not in names}


def refused_by_us(error: type[RejectedError], sealed: Any, key: JWK, alg: str, enc: str) -> None:
    with pytest.raises(RejectedError) as refusal:
        opened(sealed, key, alg, enc)
    assert type(refusal.value) is error


def flipped(text: str, at: int) -> str:
    octets = bytearray(octets_of(text))
    octets[at] ^= 1
    return segment(bytes(octets))


def cut(text: str, end: int) -> str:
    return segment(octets_of(text)[:end])


def longer(text: str) -> str:
    return segment(octets_of(text) + b"\0")


HEADER, KEY, IV, CIPHERTEXT, TAG = range(5)


class Change(NamedTuple):
    """What somebody on the way does to one segment, and how we refuse it, and jose, with GCM where that differs."""

    at: int
    made: Callable[[str], str]
    error: type[RejectedError] = DecryptionError
    code: str = WRONG
    with_gcm: str = ""


TAMPERED = {
    "one more header member": Change(HEADER, lambda text: segment(octets_of(text)[:-1] + b',"x":1}')),
    "the same header, written otherwise": Change(HEADER, lambda text: segment(b" " + octets_of(text))),
    "first bits of the iv": Change(IV, lambda text: flipped(text, 0)),
    "iv cut": Change(IV, lambda text: cut(text, -1), code=INVALID),
    "iv longer": Change(IV, longer, code=INVALID),
    "no iv": Change(IV, lambda _: "", code=INVALID),
    "first bits of the content": Change(CIPHERTEXT, lambda text: flipped(text, 0)),
    "last bits of the content": Change(CIPHERTEXT, lambda text: flipped(text, -1)),
    "content cut": Change(CIPHERTEXT, lambda text: cut(text, -1)),
    "content longer": Change(CIPHERTEXT, longer),
    "no content": Change(CIPHERTEXT, lambda _: ""),
    "first bits of the tag": Change(TAG, lambda text: flipped(text, 0)),
    "last bits of the tag": Change(TAG, lambda text: flipped(text, -1)),
    "tag cut": Change(TAG, lambda text: cut(text, -1), with_gcm=INVALID),
    "four octets of the tag": Change(TAG, lambda text: cut(text, 4), with_gcm=INVALID),
    "tag longer": Change(TAG, longer, with_gcm=INVALID),
    "no tag": Change(TAG, lambda _: "", code=INVALID),
}
KEY_TAMPERED = {
    "first bits": Change(KEY, lambda text: flipped(text, 0)),
    "last bits": Change(KEY, lambda text: flipped(text, -1)),
    "cut": Change(KEY, lambda text: cut(text, -1)),
    "one octet": Change(KEY, lambda text: cut(text, 1)),
    "longer": Change(KEY, longer),
    "no key": Change(KEY, lambda _: "", error=MalformedError),
    "outside the alphabet": Change(KEY, lambda _: "+/==", error=MalformedError),
}


def both_refuse(change: Change, key: JWK, alg: str, enc: str, peer: Peer) -> None:
    def tampered(text: str) -> str:
        parts = text.split(".")
        parts[change.at] = change.made(parts[change.at])
        return ".".join(parts)

    refused_by_us(change.error, tampered(theirs(peer, key, alg, enc)), key, alg, enc)
    with peer.refuses((change.with_gcm if enc.endswith("GCM") else "") or change.code):
        peer.decrypt(tampered(ours(key, alg, enc)), key, alg)


@pytest.mark.parametrize(("alg", "crv", "enc"), FAMILIES, ids=named(FAMILIES))
@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_tampered(change: Change, alg: str, crv: str, enc: str, peer: Peer, own_keys: Keys) -> None:
    both_refuse(change, key_of(alg, crv, enc, own_keys), alg, enc, peer)


ONE_CURVE = [(alg, crv) for alg, crv in WRAPPED if crv in ("", "X25519")]


@pytest.mark.parametrize(("alg", "crv"), ONE_CURVE, ids=named(ONE_CURVE))
@pytest.mark.parametrize("change", KEY_TAMPERED.values(), ids=KEY_TAMPERED)
def test_tampered_key(change: Change, alg: str, crv: str, peer: Peer, own_keys: Keys) -> None:
    both_refuse(change, own_keys[alg, crv], alg, "A128CBC-HS256", peer)


DIRECT = [lane for lane in COMMON if lane not in WRAPPED]


@pytest.mark.parametrize(("alg", "crv"), DIRECT, ids=named(DIRECT))
def test_key_where_none_belongs(alg: str, crv: str, peer: Peer, own_keys: Keys) -> None:
    change = Change(KEY, lambda text: text + segment(b"key"), error=MalformedError, code=INVALID)
    both_refuse(change, key_of(alg, crv, "A256GCM", own_keys), alg, "A256GCM", peer)


@pytest.mark.parametrize(("alg", "crv", "enc"), FAMILIES, ids=named(FAMILIES))
def test_key_of_another_content(alg: str, crv: str, enc: str, peer: Peer, own_keys: Keys) -> None:
    # It unwraps, or is agreed on, and is the wrong one.
    key = key_of(alg, crv, enc, own_keys)

    def mixed(one: str, other: str) -> str:
        head, content = one.split(".")[:2], other.split(".")[2:]
        return ".".join([*head, *content])

    refused_by_us(DecryptionError, mixed(theirs(peer, key, alg, enc), ours(key, alg, enc)), key, alg, enc)
    with peer.refuses(WRONG):
        peer.decrypt(mixed(ours(key, alg, enc), theirs(peer, key, alg, enc)), key, alg)


@pytest.mark.parametrize(("alg", "crv", "enc"), FAMILIES, ids=named(FAMILIES))
def test_another_key_of_the_same_name(alg: Any, crv: str, enc: Any, peer: Peer, own_keys: Keys) -> None:
    key = key_of(alg, crv, enc, own_keys)
    if alg.startswith("PBES2"):
        other = JWK.from_secret(b"incorrect horse", alg=alg, kid=key.kid)
    else:
        other = JWK.generate(enc if alg == "dir" else alg, kid=key.kid, crv=crv or None)
    refused_by_us(DecryptionError, theirs(peer, key, alg, enc), other, alg, enc)
    with peer.refuses(WRONG):
        peer.decrypt(ours(key, alg, enc), other, alg)


@pytest.mark.parametrize(
    ("member", "value"), [("alg", "RSA1_5"), ("alg", "A256KW"), ("enc", "A128GCM"), ("enc", "none")]
)
def test_another_algorithm_in_the_header(member: str, value: str, peer: Peer, own_keys: Keys) -> None:
    alg, enc = "RSA-OAEP-256", "A128CBC-HS256"
    key = own_keys[alg, ""]

    def changed(text: str) -> str:
        header, _, rest = text.partition(".")
        return f"{segment(json.dumps(json.loads(octets_of(header)) | {member: value}).encode())}.{rest}"

    refused_by_us(NotAllowedError, changed(theirs(peer, key, alg, enc)), key, alg, enc)
    with peer.refuses(NOT_ALLOWED):
        peer.decrypt(changed(ours(key, alg, enc)), key, alg, contentEncryptionAlgorithms=[enc])


# A change of a flattened JWE, and as what we refuse it, and jose.
MISSHAPEN: dict[str, tuple[Callable[[Members], Members], type[RejectedError], str]] = {
    "other aad": (lambda one: one | {"aad": segment(b"other")}, DecryptionError, WRONG),
    "bits of the aad": (lambda one: one | {"aad": flipped(one["aad"], 0)}, DecryptionError, WRONG),
    "no aad": (lambda one: without(one, "aad"), DecryptionError, WRONG),
    "empty aad": (lambda one: one | {"aad": ""}, MalformedError, INVALID),
    "aad outside the alphabet": (lambda one: one | {"aad": "+/=="}, MalformedError, WRONG),
    "aad a number": (lambda one: one | {"aad": 1}, MalformedError, INVALID),
    "bits of the tag": (lambda one: one | {"tag": flipped(one["tag"], 0)}, DecryptionError, WRONG),
    "bits of the iv": (lambda one: one | {"iv": flipped(one["iv"], 0)}, DecryptionError, WRONG),
    "bits of the content": (
        lambda one: one | {"ciphertext": flipped(one["ciphertext"], 0)},
        DecryptionError,
        WRONG,
    ),
    "bits of the key": (
        lambda one: one | {"encrypted_key": flipped(one["encrypted_key"], 0)},
        DecryptionError,
        WRONG,
    ),
    "protected header moved out": (
        lambda one: without(one, "protected") | {"header": protected_of(one)},
        DecryptionError,
        WRONG,
    ),
    "no header": (lambda one: without(one, "protected"), MalformedError, INVALID),
    "header is text": (lambda one: one | {"header": "x"}, MalformedError, INVALID),
    "shared header is text": (lambda one: one | {"unprotected": "x"}, MalformedError, INVALID),
    "alg twice": (lambda one: one | {"header": {"alg": protected_of(one)["alg"]}}, MalformedError, INVALID),
    "enc twice": (lambda one: one | {"unprotected": {"enc": "A256GCM"}}, MalformedError, INVALID),
    "hint in both unprotected headers": (
        lambda one: one | {"unprotected": {"hint": 1}, "header": {"hint": 1}},
        MalformedError,
        INVALID,
    ),
    "crit that nobody protected": (lambda one: one | {"header": {"crit": ["x"], "x": 1}}, MalformedError, INVALID),
    "zip that nobody protected": (lambda one: one | {"unprotected": {"zip": "DEF"}}, MalformedError, INVALID),
    "no iv": (lambda one: without(one, "iv"), MalformedError, INVALID),
    "empty iv": (lambda one: one | {"iv": ""}, MalformedError, INVALID),
    "no content": (lambda one: without(one, "ciphertext"), MalformedError, INVALID),
    "content a list": (lambda one: one | {"ciphertext": [one["ciphertext"]]}, MalformedError, INVALID),
    "content outside the alphabet": (lambda one: one | {"ciphertext": "+/=="}, MalformedError, INVALID),
    "no tag": (lambda one: without(one, "tag"), MalformedError, INVALID),
    "no key": (lambda one: without(one, "encrypted_key"), MalformedError, WRONG),
    "empty key": (lambda one: one | {"encrypted_key": ""}, MalformedError, WRONG),
    "key a number": (lambda one: one | {"encrypted_key": 1}, MalformedError, INVALID),
    "key outside the alphabet": (lambda one: one | {"encrypted_key": "+/=="}, MalformedError, WRONG),
}


@pytest.mark.parametrize(("change", "error", "code"), MISSHAPEN.values(), ids=MISSHAPEN)
def test_misshapen_json(
    change: Callable[[Members], Members], error: type[RejectedError], code: str, peer: Peer, own_keys: Keys
) -> None:
    alg, enc = "A256GCMKW", "A256GCM"
    key = own_keys[alg, ""]
    header = {"alg": alg, "enc": enc, "kid": key.kid}
    sealed = peer.encrypt(BINARY, recipient(key, alg), form="flattened", protected=header, aad=AAD)
    refused_by_us(error, change(sealed), key, alg, enc)
    with peer.refuses(code):
        peer.decrypt(change(ours(key, alg, enc, form="flattened", aad=AAD)), key, alg, form="flattened")


def general_by(maker: str, peer: Peer, keys: list[JWK]) -> Members:
    if maker == "jose":
        who = [recipient(key, str(key.alg), header={"alg": key.alg, "kid": key.kid}) for key in keys]
        made: Members = peer.encrypt(BINARY, *who, form="general", protected={"enc": "A256GCM"}, aad=AAD)
    else:
        made = json.loads(jwe.encrypt(BINARY, keys, enc="A256GCM", aad=AAD, serialization="general"))
    return made


MAKERS = ["jose", "jwtkit"]


@pytest.mark.parametrize("maker", MAKERS)
def test_key_of_one_of_two_tampered_with(maker: str, peer: Peer, own_keys: Keys) -> None:
    good, bad = own_keys["A128KW", ""], own_keys["ECDH-ES+A256KW", "X25519"]
    sealed = general_by(maker, peer, [good, bad])
    second = sealed["recipients"][1]
    second["encrypted_key"] = flipped(second["encrypted_key"], 0)
    assert opened(sealed, good, "A128KW", "A256GCM").plaintext == BINARY
    assert peer.decrypt(sealed, good, "A128KW", form="general")["plaintext"] == BINARY
    refused_by_us(DecryptionError, sealed, bad, "ECDH-ES+A256KW", "A256GCM")
    with peer.refuses(WRONG):
        peer.decrypt(sealed, bad, "ECDH-ES+A256KW", form="general")
    # Whoever holds both keys reads as the first.
    assert opened(sealed, [bad, good], ["A128KW", "ECDH-ES+A256KW"], "A256GCM").key == good


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("member", ["aad", "iv", "ciphertext", "tag"])
def test_tampered_general(member: str, maker: str, peer: Peer, own_keys: Keys) -> None:
    keys = [own_keys["A128KW", ""], own_keys["ECDH-ES+A256KW", "X25519"]]
    sealed = general_by(maker, peer, keys)
    sealed[member] = flipped(sealed[member], 0)
    for key in keys:
        refused_by_us(DecryptionError, sealed, key, str(key.alg), "A256GCM")
        with peer.refuses(WRONG):
            peer.decrypt(sealed, key, str(key.alg), form="general")


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("recipients", [[], {}, ["x"]], ids=["none", "an object", "text"])
def test_no_recipients(recipients: Any, maker: str, peer: Peer, own_keys: Keys) -> None:
    key = own_keys["A128KW", ""]
    sealed = general_by(maker, peer, [key, own_keys["A256KW", ""]]) | {"recipients": recipients}
    refused_by_us(MalformedError, sealed, key, "A128KW", "A256GCM")
    with peer.refuses(INVALID):
        peer.decrypt(sealed, key, "A128KW", form="general")


@pytest.mark.parametrize("alg", ["dir", "ECDH-ES"])
def test_direct_has_one_recipient(alg: Any, peer: Peer, own_keys: Keys) -> None:
    direct, other = key_of(alg, "P-256" if alg == "ECDH-ES" else "", "A256GCM", own_keys), own_keys["A128KW", ""]
    who = [recipient(key, name, header={"alg": name}) for key, name in ((direct, alg), (other, "A128KW"))]
    with peer.refuses(INVALID):
        peer.encrypt(BINARY, *who, form="general", protected={"enc": "A256GCM"})
    with pytest.raises(UsageError):
        jwe.encrypt(BINARY, [jwe.Recipient(direct, alg=alg), other], enc="A256GCM", serialization="general")
    # So one is put together here, and neither of us reads it.
    sealed = general_by("jwtkit", peer, [other, own_keys["A256KW", ""]])
    sealed["recipients"][1] = {"header": {"alg": alg, "kid": direct.kid}}
    refused_by_us(MalformedError, sealed, direct, alg, "A256GCM")
    with peer.refuses(INVALID):
        peer.decrypt(sealed, direct, alg, form="general")
