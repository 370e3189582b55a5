"""Nested tokens: signed, then encrypted, and verified in the other order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    Claims,
    ClaimsError,
    Decryption,
    DecryptionError,
    JwtkitError,
    KeyNotFoundError,
    MalformedError,
    NotAllowedError,
    RejectedError,
    SignatureError,
    Token,
    TokenVerifier,
    UnverifiedToken,
    UsageError,
    jwe,
    jws,
)

NOW = 1_800_000_000
SIGNER = JWK.generate("ES256", kid="signer")
READER = JWK.generate("ECDH-ES+A256KW", crv="X25519", kid="reader")
DECRYPTION = Decryption(keys=READER, algorithms=["ECDH-ES+A256KW"], encryptions=["A256GCM"])
POLICY: Any = {"keys": SIGNER.public(), "algorithms": ["ES256"], "issuer": "i", "audience": "a"}
VERIFIER = TokenVerifier(**POLICY, decryption=DECRYPTION)
TOKEN = Token.sign(Claims(iss="i", sub="s", aud="a"), SIGNER, lifetime=60, now=NOW)
NESTED = TOKEN.encrypt(READER.public(), enc="A256GCM")


def encrypt(content: bytes | str, **header: Any) -> str:
    octets = content.encode() if isinstance(content, str) else content
    return jwe.encrypt(octets, READER.public(), enc="A256GCM", header={"cty": "JWT"} | header)


def test_there_and_back() -> None:
    assert UnverifiedToken.parse(NESTED).kind == "JWE"
    assert UnverifiedToken.parse(NESTED).header.cty == "JWT"
    token = VERIFIER.verify(NESTED, now=NOW)
    assert token == TOKEN
    # What is handed on is the signed token: whoever gets it has no key to decrypt with.
    assert token.compact == TOKEN.compact
    assert token.header.alg == "ES256"


@pytest.mark.parametrize(
    "text", [NESTED + "=", NESTED[:-2] + "*A", "e30" + NESTED[NESTED.index(".") :]], ids=["=", "*", "{}"]
)
def test_a_broken_one_is_said_to_be_broken(text: str) -> None:
    with pytest.raises(MalformedError):
        UnverifiedToken.parse(text)


@pytest.mark.parametrize(
    ("key", "alg", "enc"),
    [
        (JWK.generate("RSA-OAEP-256", kid="r"), "RSA-OAEP-256", "A128CBC-HS256"),
        (JWK.generate("A256GCM", kid="r"), "dir", "A256GCM"),
        (JWK.generate("A128KW", kid="r"), "A128KW", "A192GCM"),
    ],
)
def test_any_way_to_encrypt(key: JWK, alg: Any, enc: Any) -> None:
    nested = TOKEN.encrypt(key if key.kty == "oct" else key.public(), alg=alg, enc=enc, header={"typ2": "x"})
    verifier = TokenVerifier(**POLICY, decryption=Decryption(keys=[READER, key], algorithms=[alg], encryptions=[enc]))
    assert verifier.verify(nested, now=NOW).sub == "s"


def test_compressed_content_needs_to_be_allowed() -> None:
    text = jwe.encrypt(TOKEN.compact.encode(), READER.public(), enc="A256GCM", header={"cty": "JWT"}, compress=True)
    with pytest.raises(NotAllowedError, match="allow_zip=True"):
        VERIFIER.verify(text, now=NOW)
    lenient = Decryption(keys=READER, algorithms=["ECDH-ES+A256KW"], encryptions=["A256GCM"], allow_zip=True)
    assert TokenVerifier(**POLICY, decryption=lenient).verify(text, now=NOW).sub == "s"


# --- each layer is verified

STRANGER = JWK.generate("ES256", kid="signer")
UNSIGNED = f"{TOKEN.compact.split('.')[0]}.{TOKEN.compact.split('.')[1]}."
NONE = f"eyJhbGciOiJub25lIn0.{TOKEN.compact.split('.')[1]}."
LAYERS: dict[str, tuple[str, type[JwtkitError]]] = {
    "only signed": (TOKEN.compact, NotAllowedError),
    "CVE-2026-29000, alg none inside": (encrypt(NONE), NotAllowedError),
    "CVE-2026-9793, raw claims inside": (encrypt('{"iss":"i","sub":"mallory","aud":"a"}'), MalformedError),
    "no signature inside": (encrypt(UNSIGNED), SignatureError),
    "signed by a stranger": (
        Token.sign(TOKEN.claims, STRANGER).encrypt(READER.public(), enc="A256GCM"),
        SignatureError,
    ),
    "expired inside": (
        Token.sign(Claims(iss="i", aud="a", exp=1), SIGNER).encrypt(READER.public(), enc="A256GCM"),
        ClaimsError,
    ),
    "another issuer inside": (
        Token.sign(Claims(iss="j", aud="a", exp=NOW + 1), SIGNER).encrypt(READER.public(), enc="A256GCM"),
        ClaimsError,
    ),
    "another typ inside": (
        Token.sign(TOKEN.claims, SIGNER, typ="at+jwt").encrypt(READER.public(), enc="A256GCM"),
        NotAllowedError,
    ),
    "encrypted twice": (encrypt(NESTED), NotAllowedError),
    "no cty": (jwe.encrypt(TOKEN.compact.encode(), READER.public(), enc="A256GCM"), NotAllowedError),
    "another cty": (encrypt(TOKEN.compact, cty="text/plain"), NotAllowedError),
    "no ASCII inside": (encrypt("ü"), MalformedError),
    "nothing inside": (encrypt(""), MalformedError),
    "another reader": (
        TOKEN.encrypt(JWK.generate("ECDH-ES+A256KW", crv="X25519", kid="reader").public(), enc="A256GCM"),
        DecryptionError,
    ),
    "a reader of another name": (
        TOKEN.encrypt(JWK.generate("ECDH-ES+A256KW", crv="X25519", kid="z").public(), enc="A256GCM"),
        KeyNotFoundError,
    ),
    "an algorithm that is not listed": (
        TOKEN.encrypt(JWK.generate("A128KW", kid="reader"), enc="A256GCM"),
        NotAllowedError,
    ),
    "content encryption that is not listed": (TOKEN.encrypt(READER.public(), enc="A128GCM"), NotAllowedError),
    "a broken tag": (NESTED[:-4] + "AAAA", DecryptionError),
    "trailing newline": (NESTED + "\n", MalformedError),
}


@pytest.mark.parametrize(("text", "error"), LAYERS.values(), ids=LAYERS)
def test_each_layer_is_verified(text: str, error: type[JwtkitError]) -> None:
    with pytest.raises(error) as refusal:
        VERIFIER.verify(text, now=NOW)
    assert type(refusal.value) in (error, *error.__subclasses__())


def test_an_encrypted_token_is_not_accepted_unasked() -> None:
    with pytest.raises(NotAllowedError, match="encrypted token"):
        TokenVerifier(**POLICY).verify(NESTED, now=NOW)


@pytest.mark.parametrize("cty", ["JWT", "jwt", "application/jwt"])
def test_cty_is_a_media_type(cty: str) -> None:
    assert VERIFIER.verify(encrypt(TOKEN.compact, cty=cty), now=NOW).sub == "s"


# --- copies of claims in the header (RFC 7519 section 5.3)


@pytest.mark.parametrize(
    ("header", "same"),
    [
        ({"iss": "i"}, True),
        ({"sub": "s", "aud": "a"}, True),
        ({"iss": "j"}, False),
        ({"sub": None}, False),
        ({"aud": ["a"]}, False),
        ({"aud": "b"}, False),
    ],
)
def test_copies_in_the_header(header: dict[str, Any], same: bool) -> None:
    if same:
        text = TOKEN.encrypt(READER.public(), enc="A256GCM", header=header)
        assert VERIFIER.verify(text, now=NOW).sub == "s"
    else:
        with pytest.raises(UsageError, match=r"must be the claim .*: claims\['(iss|sub|aud)'\]"):
            TOKEN.encrypt(READER.public(), enc="A256GCM", header=header)
        with pytest.raises(MalformedError, match="is not the claim"):
            VERIFIER.verify(encrypt(TOKEN.compact, **header), now=NOW)


def test_a_copy_of_several_audiences() -> None:
    payload = json.dumps({"iss": "i", "aud": ["a", "b"], "exp": NOW + 1}).encode()
    text = encrypt(jws.sign(payload, SIGNER), aud=["a", "b"])
    token = VERIFIER.verify(text, now=NOW)
    assert token.claims.aud == ("a", "b")
    copies: list[Any] = [["a", "b"], token.claims["aud"], token.claims.aud]
    for copy in copies:
        again = token.encrypt(READER.public(), enc="A256GCM", header={"aud": copy})
        assert UnverifiedToken.parse(again).header["aud"] == ("a", "b")
        assert VERIFIER.verify(again, now=NOW) == token


def test_a_copy_of_a_claim_that_is_not_there() -> None:
    payload = json.dumps({"iss": "i", "aud": "a", "exp": NOW + 1}).encode()
    with pytest.raises(MalformedError, match="is not the claim"):
        VERIFIER.verify(encrypt(jws.sign(payload, SIGNER), sub="s"), now=NOW)


# --- with several issuers


def test_several_issuers_inside() -> None:
    other = JWK.generate("ES256", kid="signer")
    verifier = TokenVerifier(
        keys={"i": SIGNER.public(), "j": other.public()}, algorithms=["ES256"], audience="a", decryption=DECRYPTION
    )
    assert verifier.verify(NESTED, now=NOW).iss == "i"
    forged = Token.sign(TOKEN.claims, other).encrypt(READER.public(), enc="A256GCM")
    with pytest.raises(SignatureError):
        verifier.verify(forged, now=NOW)


# --- mistakes of the caller


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"keys": READER.public()}, "needs the private one"),
        ({"keys": []}, "keys is empty"),
        ({"keys": None}, "a JWK or a sequence"),
        ({"algorithms": "dir"}, "is a list"),
        ({"algorithms": ["RSA1_5"]}, "not offered"),
        ({"algorithms": []}, "is empty"),
        ({"encryptions": ["A256GMC"]}, "unknown content encryption"),
        ({"encryptions": None}, "is required"),
        ({"allow_zip": 1}, "allow_zip"),
    ],
)
def test_mistakes_in_decryption(arguments: Any, words: str) -> None:
    good = {"keys": READER, "algorithms": ["ECDH-ES+A256KW"], "encryptions": ["A256GCM"]}
    with pytest.raises(UsageError, match=words):
        Decryption(**{**good, **arguments})


def test_more_mistakes() -> None:
    with pytest.raises(UsageError, match="decryption must be"):
        TokenVerifier(**{**POLICY, "decryption": READER})
    with pytest.raises(UsageError, match="'cty' cannot be set"):
        TOKEN.encrypt(READER.public(), enc="A256GCM", header={"cty": "x"})
    with pytest.raises(UsageError, match="needs"):
        TOKEN.encrypt(SIGNER.public(), enc="A256GCM", alg="RSA-OAEP")
    with pytest.raises(UsageError, match="mapping"):
        TOKEN.encrypt(READER.public(), enc="A256GCM", header=5)  # type: ignore[arg-type]  # the mistake
    assert repr(DECRYPTION) == "Decryption(algorithms=('ECDH-ES+A256KW',), encryptions=('A256GCM',))"


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_content_is_refused(content: Any) -> None:
    with pytest.raises(RejectedError):
        VERIFIER.verify(encrypt(content), now=NOW)
