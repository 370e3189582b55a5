"""JWKS: one bad key never costs the others, and a token means exactly one key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    Header,
    JwtkitError,
    KeyNotFoundError,
    Limits,
    MalformedError,
    NotAllowedError,
    RejectedError,
    UsageError,
    jws,
)
from jwtkit._wire import b64url_encode

Keys = dict[str, JWK]


def public(key: JWK, **changes: Any) -> dict[str, Any]:
    members = {**key.to_dict(), **changes}
    return {name: value for name, value in members.items() if value is not None}


def test_round_trip(keys: Keys) -> None:
    published = JWKS([keys["ES256"].public(), keys["RS256"].public()])
    for source in (published.to_json(), published.to_json().encode(), published.to_dict()):
        again = JWKS.parse(source)
        assert list(again) == list(published)
        assert len(again) == 2
        assert again.unusable == ()
    assert repr(published) == "JWKS(2 usable, 0 unusable)"


BAD: dict[str, Any] = {
    "no object": 5,
    "null": None,
    "empty": {},
    "kty unknown": {"kty": "LWE", "kid": "pq"},
    "kty of tomorrow": {"kty": "AKP", "alg": "ML-DSA-65", "pub": "AAAA"},
    "algorithm of tomorrow": {"kty": "AKP", "alg": "SLH-DSA-SHA2-128s", "pub": "AAAA"},
    "curve unknown": {"kty": "OKP", "crv": "Ed521", "x": "AAAA"},
    "x of another length": {"kty": "OKP", "crv": "X25519", "x": "AAAA"},
    "no point": {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
    "a member as a number": {"kty": "RSA", "n": 5, "e": "AQAB"},
    "kid a number": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": 7},
}


@pytest.mark.parametrize("entry", BAD.values(), ids=BAD)
def test_a_bad_key_is_kept_aside(entry: Any, keys: Keys) -> None:
    good = keys["ES256"].public()
    read = JWKS.parse({"keys": [entry, good.to_dict()]})
    assert list(read) == [good]
    (aside,) = read.unusable
    assert aside.index == 0
    assert aside.reason
    assert aside.kid == ("pq" if isinstance(entry, dict) and entry.get("kid") == "pq" else None)
    assert repr(aside.reason) in repr(aside)
    token = jws.sign(b"x", keys["ES256"])
    assert jws.verify(token, read, algorithms=["ES256"]).key == good


@pytest.mark.parametrize("alg", ["RS256", "ES256", "Ed25519"])
def test_a_private_key_in_a_set_is_kept_aside(alg: str, keys: Keys) -> None:
    read = JWKS.parse({"keys": [keys[alg].to_dict(private=True)]})
    assert len(read) == 0
    assert "compromised" in read.unusable[0].reason


def test_a_secret_alone_is_kept_aside(keys: Keys) -> None:
    read = JWKS.parse({"keys": [keys["HS256"].to_dict(private=True)]})
    assert len(read) == 0
    assert len(read.unusable) == 1


@pytest.mark.parametrize(
    ("source", "error"),
    [
        pytest.param("", MalformedError, id="empty"),
        pytest.param("[]", MalformedError, id="array"),
        pytest.param("{}", MalformedError, id="no keys"),
        pytest.param('{"keys":{}}', MalformedError, id="keys an object"),
        pytest.param('{"keys":null}', MalformedError, id="keys null"),
        pytest.param('{"keys":[],"keys":[]}', MalformedError, id="duplicate member"),
        pytest.param('{"keys":[{"kty":"oct","kty":"RSA"}]}', MalformedError, id="duplicate member inside"),
        pytest.param('{"kty":"EC"}', MalformedError, id="a single key"),
        pytest.param(json.dumps({"keys": [{"kty": "oct", "k": "AAAA"}, {"kty": "RSA"}]}), NotAllowedError, id="mixed"),
        pytest.param(json.dumps({"keys": [{}] * 1001}), NotAllowedError, id="too many"),
        pytest.param(" " * (1024 * 1024 + 1), NotAllowedError, id="too large"),
        pytest.param('{"keys":[' + "[]," * 20_000 + "[]]}", NotAllowedError, id="too many values"),
        pytest.param('{"keys":[' + "[" * 20 + "]" * 20 + "]}", MalformedError, id="too deep"),
        pytest.param('{"keys":[],"x":' + "9" * 41 + "}", MalformedError, id="an integer of 41 digits"),
        pytest.param(None, UsageError, id="None"),
        pytest.param([], UsageError, id="list"),
        pytest.param(bytearray(b"{}"), UsageError, id="bytearray"),
    ],
)
def test_parse_refuses(source: Any, error: type[JwtkitError]) -> None:
    with pytest.raises(error):
        JWKS.parse(source)


def test_limits_can_be_raised() -> None:
    assert len(JWKS.parse({"keys": [{}] * 1001}, limits=Limits(jwks_keys=2000)).unusable) == 1001


def test_holds_public_keys_only(keys: Keys) -> None:
    mistakes: list[Any] = [keys["ES256"], keys["HS256"], keys["ES256"].to_dict()]
    for wrong in mistakes:
        with pytest.raises(UsageError):
            JWKS([wrong])


# --- selection: (keys of the set, kid of the token, algorithms) -> the index of the key, or the error


def other(alg: Any) -> JWK:
    return JWK.generate(alg)


SELECTION: dict[str, tuple[list[dict[str, Any]], Any, list[Any], Any]] = {
    "by kid": ([{"kid": "a"}, {"kid": "b", "other": True}], "a", ["ES256"], 0),
    "one key, no kid anywhere": ([{"kid": None}], None, ["ES256"], 0),
    "one key, token without kid": ([{"kid": "a"}], None, ["ES256"], 0),
    "key without kid serves a token with one": ([{"kid": None}], "z", ["ES256"], 0),
    "key without alg": ([{"kid": "a", "alg": None}], "a", ["ES256"], 0),
    "key without alg, other algorithms listed": ([{"kid": "a", "alg": None}], "a", ["ES256", "RS256"], 0),
    "same kid, another type": ([{"kid": "a"}, {"kid": "a", "type": "RS256"}], "a", ["ES256", "RS256"], 0),
    "unknown kid": ([{"kid": "a"}], "z", ["ES256"], KeyNotFoundError),
    "unknown kid, before the known one": ([{"kid": "b"}], "a", ["ES256"], KeyNotFoundError),
    "kid in another case": ([{"kid": "a"}], "A", ["ES256"], KeyNotFoundError),
    "empty set": ([], "a", ["ES256"], KeyNotFoundError),
    "empty set, no kid": ([], None, ["ES256"], KeyNotFoundError),
    "only keys of another type, no kid": ([{"kid": "a", "type": "RS256"}], None, ["ES256"], KeyNotFoundError),
    "no kid, two keys": ([{"kid": "a"}, {"kid": "b", "other": True}], None, ["ES256"], NotAllowedError),
    "kid twice": ([{"kid": "a"}, {"kid": "a", "other": True}], "a", ["ES256"], NotAllowedError),
    "kid of another type": ([{"kid": "a", "type": "RS256"}], "a", ["ES256"], NotAllowedError),
    "kid of another algorithm": ([{"kid": "a", "type": "ES384"}], "a", ["ES256"], NotAllowedError),
    "alg not listed": ([{"kid": "a"}], "a", ["RS256"], NotAllowedError),
    "key for encryption": ([{"kid": "a", "use": "enc"}], "a", ["ES256"], NotAllowedError),
    "key for another operation": ([{"kid": "a", "key_ops": ["encrypt"]}], "a", ["ES256"], NotAllowedError),
    "no kid, one key for encryption": ([{"kid": "a"}, {"kid": "b", "other": True, "use": "enc"}], None, ["ES256"], 0),
    "no kid, one key for another operation": (
        [{"kid": "b", "other": True, "key_ops": ["deriveKey"]}, {"kid": "a"}],
        None,
        ["ES256"],
        1,
    ),
    "no kid, one key of another algorithm": (
        [{"kid": "b", "other": True, "alg": "ECDH-ES"}, {"kid": "a"}],
        None,
        ["ES256"],
        1,
    ),
    "kid twice, one for encryption": ([{"kid": "a", "use": "enc"}, {"kid": "a", "use": "sig"}], "a", ["ES256"], 1),
    "no kid, only keys for encryption": ([{"kid": "a", "use": "enc"}], None, ["ES256"], NotAllowedError),
    "key of an encryption algorithm": ([{"kid": "a", "alg": "ECDH-ES"}], "a", ["ES256"], NotAllowedError),
}


@pytest.mark.parametrize(("rows", "kid", "algorithms", "expected"), SELECTION.values(), ids=SELECTION)
def test_selection(rows: list[dict[str, Any]], kid: Any, algorithms: list[Any], expected: Any, keys: Keys) -> None:
    entries = []
    for row in rows:
        changes = dict(row)
        key = other("ES256") if changes.pop("other", False) else keys[changes.pop("type", "ES256")]
        entries.append(public(key, **changes))
    signer = JWK.parse({name: part for name, part in keys["ES256"].to_dict(private=True).items() if name != "kid"})
    if kid is not None:
        signer = JWK.parse({**signer.to_dict(private=True), "kid": kid})
    token = jws.sign(b"x", signer)
    for source in (JWKS.parse({"keys": entries}), [JWK.parse(entry) for entry in entries]):
        if source == []:
            continue
        if isinstance(expected, int):
            assert jws.verify(token, source, algorithms=algorithms).key == JWK.parse(entries[expected])
        else:
            with pytest.raises(expected) as refusal:
                jws.verify(token, source, algorithms=algorithms)
            if isinstance(refusal.value, KeyNotFoundError):
                assert (refusal.value.kid, refusal.value.alg) == (kid, "ES256")


@pytest.mark.parametrize("curve", ["Ed25519", "Ed448"])
@pytest.mark.parametrize("of_the_key", [None, "specific", "EdDSA"])
@pytest.mark.parametrize("of_the_header", ["specific", "EdDSA"])
def test_eddsa_is_accepted_where_it_is_listed(curve: Any, of_the_key: Any, of_the_header: str, keys: Keys) -> None:
    """On a key, EdDSA stands for the algorithm of its curve, so a move from one name to the other loses no token."""
    named = {"specific": curve, "EdDSA": "EdDSA", None: None}
    members = keys[curve].to_dict(private=True)
    signer = JWK.parse({**members, "alg": named[of_the_header]})
    known = JWK.parse(public(keys[curve], alg=named[of_the_key]))
    text = jws.sign(b"x", signer)
    assert jws.verify(text, known, algorithms=["EdDSA", curve]).header.alg == named[of_the_header]
    unlisted: Any = [curve] if of_the_header == "EdDSA" else ["EdDSA"]
    with pytest.raises(NotAllowedError, match="not in the allowed set"):
        jws.verify(text, known, algorithms=unlisted)


def test_eddsa_is_written_only_by_a_key_that_says_so(keys: Keys) -> None:
    for curve in ("Ed25519", "Ed448"):
        silent = JWK.parse({n: v for n, v in keys[curve].to_dict(private=True).items() if n != "alg"})
        assert silent.algorithm == curve
        assert JWK.parse({**silent.to_dict(private=True), "alg": "EdDSA"}).algorithm == "EdDSA"


@pytest.mark.parametrize(
    "alg", ["ES256", "ES384", "ES512", "ES256K", "Ed25519", "Ed448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"]
)
def test_no_algorithm_takes_a_key_of_another(alg: Any, keys: Keys) -> None:
    text = jws.sign(b"x", JWK.parse({**keys[alg].to_dict(private=True), "kid": "k"}))
    every: Any = list(keys)
    for name, key in keys.items():
        if name not in (alg, "EdDSA"):
            with pytest.raises(RejectedError):
                jws.verify(text, JWK.parse({**key.to_dict(private=True), "kid": "k"}), algorithms=every)


def test_a_key_is_found_by_name_in_one_step(keys: Keys) -> None:
    good = keys["Ed25519"].public()
    many = [*(JWK.parse({**good.to_dict(), "kid": str(index)}) for index in range(300)), good]
    compared = 0

    class Name(str):
        """A kid that counts how often it is compared."""

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    assert list(JWKS(many).keys_for(Header({"alg": "Ed25519", "kid": Name(good.kid)}), None)) == [good]
    assert compared <= 2


def test_a_key_that_fits_two_listed_algorithms_is_no_guess(keys: Keys) -> None:
    nameless = JWKS.parse({"keys": [public(keys["RS256"], alg=None)]})
    token = jws.sign(b"x", keys["RS256"])
    with pytest.raises(NotAllowedError, match="RS256, PS256"):
        jws.verify(token, nameless, algorithms=["RS256", "PS256"])
    assert jws.verify(token, nameless, algorithms=["RS256"]).payload == b"x"


def test_a_long_kid_never_makes_a_long_message() -> None:
    """Found by fuzzing: a kid of a kilobyte that is escaped in a message stands there four times as long."""
    members = {**JWK.generate("RS256").to_dict(), "kid": "\u200b" * 341, "alg": "RS256"}
    del members["alg"]
    key = JWK.parse(members)
    assert len(repr(key)) < 200
    header = f"{b64url_encode(json.dumps({'alg': 'RS256', 'kid': key.kid}).encode())}.AA.AA"
    with pytest.raises(NotAllowedError, match="fits RS256, PS256") as refusal:
        jws.verify(header, JWKS([key]), algorithms=["RS256", "PS256"])
    assert len(str(refusal.value)) < 300
    assert len(repr(Header({"alg": "RS256", "kid": key.kid}))) < 200


def test_messages_name_few_keys() -> None:
    many = [JWK.generate("ES256", kid=f"k{index}") for index in range(8)]
    signer = JWK.parse({name: part for name, part in many[0].to_dict(private=True).items() if name != "kid"})
    with pytest.raises(NotAllowedError, match=r"8 usable ES256 keys \('k0', 'k1', 'k2', 'k3', 'k4', \.\.\.\)"):
        jws.verify(jws.sign(b"x", signer), many, algorithms=["ES256"])


def nameless(key: JWK) -> JWK:
    return JWK.parse({name: part for name, part in key.to_dict(private=True).items() if name != "kid"})


MESSAGES = {
    "unknown kid": (["ES256"], "z", "no key 'z' for alg ES256 in the set (has 'k0'); refetch the JWKS"),
    "unknown kid, empty set": ([], "z", "no key 'z' for alg ES256 in the set (holds none); refetch the JWKS"),
    "no kid, no key": ([], None, "no key for alg ES256: it needs a key on P-256, the set holds none"),
    "no kid, another type": (["RS256"], None, "no key for alg ES256: it needs a key on P-256, the set has 'k0'"),
    "kid of another type": (["RS256"], "k0", "alg ES256 needs a key on P-256, got RSA for RS256 (kid 'k0')"),
    "kid of another curve": (["ES384"], "k0", "alg ES256 needs a key on P-256, got EC P-384 for ES384 (kid 'k0')"),
    "no kid, five keys": (
        ["ES256"] * 5,
        None,
        (
            "token has no kid and the set holds 5 usable ES256 keys ('k0', 'k1', 'k2', 'k3', 'k4'); "
            "pass the one you mean as keys="
        ),
    ),
}


@pytest.mark.parametrize(("types", "kid", "text"), MESSAGES.values(), ids=MESSAGES)
def test_messages_say_what_to_do(types: list[str], kid: str | None, text: str, keys: Keys) -> None:
    entries = [public(keys[alg], kid=f"k{index}") for index, alg in enumerate(types)]
    signer = nameless(keys["ES256"])
    if kid is not None:
        signer = JWK.parse({**signer.to_dict(private=True), "kid": kid})
    with pytest.raises(RejectedError) as refusal:
        jws.verify(jws.sign(b"x", signer), JWKS.parse({"keys": entries}), algorithms=["ES256", "RS256"])
    assert str(refusal.value) == text


@pytest.mark.parametrize(("alg", "words"), [("RS256", "an RSA key"), ("HS256", "a shared secret of at least 32 bytes")])
def test_messages_say_what_an_algorithm_needs(alg: Any, words: str, keys: Keys) -> None:
    signer = nameless(keys[alg])
    token = jws.sign(b"x", JWK.parse({**signer.to_dict(private=True), "alg": alg}))
    with pytest.raises(KeyNotFoundError, match=words):
        jws.verify(token, JWKS([keys["ES256"].public()]), algorithms=["ES256", alg])


def test_a_key_source_that_gives_keys_of_another_name(keys: Keys) -> None:
    class Careless:
        def keys_for(self, header: Any, issuer: str | None, /) -> list[JWK]:
            return [keys["RS256"].public()]

    with pytest.raises(KeyNotFoundError):
        jws.verify(jws.sign(b"x", keys["ES256"]), Careless(), algorithms=["ES256", "RS256"])


class Source:
    """A key source of the application's own."""

    def __init__(self, key: JWK) -> None:
        self.key, self.asked = key, 0

    def keys_for(self, header: Any, issuer: str | None, /) -> list[JWK]:
        self.asked += 1
        return [self.key] if header.kid == self.key.kid else []


def test_a_key_source_is_asked_every_time(keys: Keys) -> None:
    source = Source(keys["ES256"].public())
    token = jws.sign(b"x", keys["ES256"])
    for _ in range(2):
        assert jws.verify(token, source, algorithms=["ES256"]).payload == b"x"
    assert source.asked == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("{}", "JWKS.parse"),
        (b"{}", "JWKS.parse"),
        ({}, "JWKS.parse"),
        ([], "empty"),
        ([{}], "holds a dict"),
        (None, "NoneType"),
        (5, "int"),
    ],
)
def test_keys_must_be_keys(wrong: Any, words: str, keys: Keys) -> None:
    with pytest.raises(UsageError, match=words):
        jws.verify(jws.sign(b"x", keys["ES256"]), wrong, algorithms=["ES256"])


@given(
    st.text(max_size=60)
    | st.binary(max_size=60)
    | st.dictionaries(
        st.sampled_from(["keys", "kty"]),
        st.lists(st.none() | st.integers() | st.dictionaries(st.sampled_from(["kty", "kid"]), st.text(max_size=4))),
        max_size=2,
    )
)
def test_parse_gives_a_set_or_a_refusal(source: Any) -> None:
    try:
        assert isinstance(JWKS.parse(source), JWKS)
    except RejectedError:
        pass
