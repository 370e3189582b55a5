"""Tokens for keys that are elsewhere: what is sent away, and what comes back is checked."""

from __future__ import annotations

import asyncio
import copy
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    UNCHECKED,
    Claims,
    JwtkitError,
    MalformedError,
    SignatureError,
    Token,
    TokenDraft,
    TokenVerifier,
    UsageError,
)
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS

Keys = dict[str, JWK]
NOW = 1_800_000_000
CLAIMS = Claims(iss="i", sub="s", aud="a")
EC = JWK.generate("ES256", kid="remote")
# A draft whose time stands still, so that the same signature fits again.
DRAFT = Token.draft(CLAIMS, alg="ES256", kid="remote", typ="at+jwt", lifetime=60, now=NOW)


def der(message: bytes, key: JWK = EC, digest: Any = None) -> bytes:
    """Sign as a key service does: ECDSA in DER."""
    signature: bytes = key.to_key(private=True).sign(message, ec.ECDSA(digest or hashes.SHA256()))
    return signature


@pytest.mark.parametrize("alg", SIGNATURE_ALGORITHMS)
def test_a_draft_becomes_the_token_that_a_key_here_would_have_signed(alg: Any, keys: Keys) -> None:
    key = keys[alg]
    draft = Token.draft(CLAIMS, alg=alg, kid=key.kid, lifetime=60, header={"x": 1}, now=NOW)
    token = draft.seal(key.sign(draft.signing_input), verify_with=key if key.kty == "oct" else key.public())
    verifier = TokenVerifier(keys=key, algorithms=[alg], issuer="i", audience="a")
    assert verifier.verify(token.compact, now=NOW) == token
    assert dict(token.header) == {"alg": alg, "kid": key.kid, "typ": "JWT", "x": 1}
    assert token.claims == draft.claims
    assert (token.claims.iat, token.claims.exp) == (NOW, NOW + 60)


@pytest.mark.parametrize(
    ("alg", "digest"),
    [("ES256", hashes.SHA256()), ("ES384", hashes.SHA384()), ("ES512", hashes.SHA512()), ("ES256K", hashes.SHA256())],
)
def test_der_and_digests(alg: Any, digest: Any, keys: Keys) -> None:
    key = keys[alg]
    draft = Token.draft(CLAIMS, alg=alg, lifetime=60)
    assert draft.digest == hashlib.new(digest.name, draft.signing_input).digest()
    prehashed = ec.ECDSA(utils.Prehashed(digest))
    signature = key.to_key(private=True).sign(draft.digest, prehashed)
    assert draft.seal(signature, encoding="der", verify_with=key.public()).header.alg == alg
    assert draft.seal(der(draft.signing_input, key, digest), encoding="der", verify_with=key.public())


@pytest.mark.parametrize("alg", ["RS256", "RS512", "PS384"])
def test_digests_of_rsa(alg: Any, keys: Keys) -> None:
    draft = Token.draft(CLAIMS, alg=alg, lifetime=60)
    kinds: Any = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
    digest = kinds[alg[2:]]()
    scheme: Any = padding.PSS(padding.MGF1(digest), digest.digest_size) if alg[0] == "P" else padding.PKCS1v15()
    signature = keys[alg].to_key(private=True).sign(draft.digest, scheme, utils.Prehashed(digest))
    assert draft.seal(signature, verify_with=keys[alg].public()).header.alg == alg


@pytest.mark.parametrize("alg", ["HS256", "Ed25519", "Ed448", "EdDSA", "ML-DSA-65"])
def test_what_has_no_digest(alg: Any) -> None:
    with pytest.raises(UsageError, match="sign signing_input"):
        _ = Token.draft(CLAIMS, alg=alg, lifetime=60).digest


def test_awaited_or_not() -> None:
    async def service(message: bytes) -> bytes:
        await asyncio.sleep(0)
        return der(message)

    async def issue() -> Token:
        return DRAFT.seal(await service(DRAFT.signing_input), encoding="der", verify_with=EC.public())

    assert asyncio.run(issue()).sub == "s"


def test_unchecked_can_be_found_by_searching_for_it() -> None:
    token = DRAFT.seal(bytes(64), verify_with=UNCHECKED)
    verifier = TokenVerifier(keys=EC, algorithms=["ES256"], issuer="i", audience="a", typ="at+jwt")
    with pytest.raises(SignatureError):
        verifier.verify(token.compact, now=NOW)


# --- what comes back is not what was asked for

ANSWERS: dict[str, tuple[Any, dict[str, Any], type[JwtkitError], str]] = {
    "of another message": (der(b"other"), {"encoding": "der"}, SignatureError, "does not verify"),
    "of another key": (der(DRAFT.signing_input, JWK.generate("ES256")), {"encoding": "der"}, SignatureError, "verify"),
    "of another hash": (der(DRAFT.signing_input, EC, hashes.SHA384()), {"encoding": "der"}, SignatureError, "verify"),
    "DER said to be raw": (der(DRAFT.signing_input), {}, MalformedError, "is it DER? then pass encoding='der'"),
    "raw said to be DER": (EC.sign(DRAFT.signing_input), {"encoding": "der"}, MalformedError, "is it raw already?"),
    "DER, cut short": (der(DRAFT.signing_input)[:-1], {"encoding": "der"}, MalformedError, "not an ECDSA signature"),
    "DER, trailing octet": (der(DRAFT.signing_input) + b"\0", {"encoding": "der"}, MalformedError, "not an ECDSA"),
    "DER of numbers too long": (
        utils.encode_dss_signature(2**300, 1),
        {"encoding": "der"},
        MalformedError,
        "not an ECDSA signature on P-256",
    ),
    "DER of negative numbers": (b"\x30\x06\x02\x01\xff\x02\x01\x01", {"encoding": "der"}, MalformedError, "not an"),
    "zeros": (bytes(64), {}, SignatureError, "does not verify"),
    "empty": (b"", {}, MalformedError, "a raw ES256 signature has 64 bytes, got 0"),
    "too long": (EC.sign(DRAFT.signing_input) + b"\0", {}, MalformedError, "has 64 bytes, got 65"),
    "a str": ("signature", {}, UsageError, "signature must be bytes, got str"),
    "None": (None, {}, UsageError, "NoneType"),
    "a bytearray": (bytearray(64), {}, UsageError, "must be bytes, got bytearray"),
    "a whole answer": ({"Signature": b""}, {}, UsageError, "got dict"),
    "no encoding": (bytes(64), {"encoding": "pem"}, UsageError, "'raw', or for ECDSA 'der'"),
    "a key of another curve": (bytes(64), {"verify_with": JWK.generate("ES384")}, UsageError, "needs a key on P-256"),
    "a key for another algorithm": (bytes(64), {"verify_with": JWK.generate("RS256")}, UsageError, "needs a key on"),
    "a key for encryption": (
        bytes(64),
        {"verify_with": JWK.parse({**EC.to_dict(), "use": "enc"})},
        UsageError,
        "not for verifying",
    ),
    "a key of another name": (
        EC.sign(DRAFT.signing_input),
        {"verify_with": JWK.parse({**EC.to_dict(), "kid": "b"})},
        UsageError,
        "the draft says kid 'remote', the key in verify_with 'b': pass kid=public.kid to draft",
    ),
    "no key": (bytes(64), {"verify_with": None}, UsageError, "a JWK or UNCHECKED"),
    "a PEM text as key": (bytes(64), {"verify_with": EC.to_pem()}, UsageError, "got str"),
}


@pytest.mark.parametrize(("signature", "named", "error", "words"), ANSWERS.values(), ids=ANSWERS)
def test_answers_that_are_refused(signature: Any, named: Any, error: type[JwtkitError], words: str) -> None:
    with pytest.raises(error) as refusal:
        DRAFT.seal(signature, **{"verify_with": EC.public(), **named})
    assert type(refusal.value) is error
    assert words in str(refusal.value)
    assert "awaited" not in str(refusal.value)


@pytest.mark.parametrize(("own", "other"), [("remote", None), (None, "remote"), (None, None)])
def test_a_name_that_is_known_on_one_side_only(own: str | None, other: str | None) -> None:
    draft = Token.draft(CLAIMS, alg="ES256", kid=own, lifetime=60, now=NOW)
    key = JWK.parse(
        {**{name: value for name, value in EC.to_dict().items() if name != "kid"}, **({"kid": other} if other else {})}
    )
    assert draft.seal(EC.sign(draft.signing_input), verify_with=key).header.kid == own


def test_a_coroutine_that_was_not_awaited() -> None:
    async def service() -> bytes:
        return b""

    answer: Any = service()
    with pytest.raises(UsageError, match="was the call to the service awaited"):
        DRAFT.seal(answer, verify_with=EC)
    answer.close()


def test_only_ecdsa_comes_in_der(keys: Keys) -> None:
    draft = Token.draft(CLAIMS, alg="RS256", lifetime=60)
    with pytest.raises(UsageError, match="for ECDSA"):
        draft.seal(keys["RS256"].sign(draft.signing_input), encoding="der", verify_with=keys["RS256"])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        pytest.param(lambda: Token.draft({}, alg="ES256", lifetime=1), "claims must be Claims", id="claims"),  # type: ignore[type-var]  # the mistake
        pytest.param(lambda: Token.draft(CLAIMS, alg="ES256"), "must expire", id="no lifetime"),
        pytest.param(lambda: Token.draft(CLAIMS, alg="none", lifetime=1), "does not exist", id="none"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: Token.draft(CLAIMS, alg="ES265", lifetime=1), "unknown signature algorithm", id="typo"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: Token.draft(CLAIMS, alg="ES256", kid=7, lifetime=1), "kid", id="kid"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda: Token.draft(CLAIMS, alg="ES256", lifetime=1, header={"alg": "x"}), "'alg'", id="alg"),
        pytest.param(TokenDraft, r"Token\.draft", id="constructor"),
    ],
)
def test_drafting_refuses(call: Callable[[], object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        call()


def test_a_draft_is_a_frozen_value() -> None:
    draft: Any = DRAFT
    assert (
        repr(draft)
        == "TokenDraft(Header(alg='ES256', kid='remote', typ='at+jwt'), claims=(iss, sub, aud, iat, exp, jti))"
    )
    for name in ("header", "claims", "signing_input"):
        with pytest.raises(AttributeError):
            setattr(draft, name, None)
    assert copy.copy(draft).signing_input == draft.signing_input


@given(st.binary(max_size=100), st.sampled_from(["raw", "der"]))
def test_any_answer_is_refused(signature: bytes, encoding: Any) -> None:
    with pytest.raises((SignatureError, MalformedError)):
        DRAFT.seal(signature, encoding=encoding, verify_with=EC)
