"""Drafts and signers against real parts: a PKCS#11 token, a key service over HTTP, and another crypto library."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest

from jwtkit import (
    JWK,
    JWKS,
    Claims,
    JwtkitError,
    MalformedError,
    SignatureAlgorithm,
    SignatureError,
    Signer,
    Token,
    TokenDraft,
    TokenVerifier,
    UsageError,
    jws,
)

NOW = 1_800_000_000
PIN, LABEL = "5678", "jwtkit"


class Elsewhere(NamedTuple):
    """A key that is not here: how its owner knows it, its public half, and how a draft is signed with it."""

    handle: Any
    public: JWK
    ask: Callable[[TokenDraft], bytes]
    encoding: Literal["raw", "der"]

    @property
    def alg(self) -> SignatureAlgorithm:
        return self.public.algorithm

    def draft(self, sub: str = "s") -> TokenDraft:
        claims = Claims(iss="i", sub=sub, aud="a")
        return Token.draft(claims, alg=self.alg, kid=self.public.kid, typ="at+jwt", lifetime=60, now=NOW)

    def seal(self, draft: TokenDraft, signature: bytes) -> Token:
        return draft.seal(signature, encoding=self.encoding, verify_with=self.public)

    def verify(self, token: Token) -> Token:
        # The verifier has what an issuer publishes, read back from its text.
        keys = JWKS.parse(JWKS([self.public]).to_json())
        verifier = TokenVerifier(keys=keys, algorithms=[self.alg], issuer="i", audience="a", typ="at+jwt")
        return verifier.verify(token.compact, now=NOW)


NewKey = Callable[[SignatureAlgorithm], Elsewhere]
Pair = tuple[Elsewhere, Elsewhere]


# --- a PKCS#11 token: SoftHSM, which keeps its keys in files and is otherwise a hardware module


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is part of the interop extra")
    utility = shutil.which("softhsm2-util")
    # Distributions put the library beside the others, in a folder that the linker does not search.
    prefix = Path(utility).resolve().parents[1] if utility else Path()
    libraries = [path for folder in ("softhsm", "pkcs11") for path in prefix.glob(f"lib*/{folder}/libsofthsm2.so")]
    if not utility or not libraries:
        pytest.skip("SoftHSM is absent: install the package softhsm2")
    folder = tmp_path_factory.mktemp("softhsm")
    folder.joinpath("tokens").mkdir()
    folder.joinpath("softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        pins = ["--so-pin", "1234", "--pin", PIN]
        subprocess.run([utility, "--init-token", "--free", "--label", LABEL, *pins], check=True, capture_output=True)
        library = pkcs11.lib(str(libraries[0]))  # a process loads it once, hence one token for the module
        with library.get_token(token_label=LABEL).open(user_pin=PIN) as opened:
            yield opened
        library.finalize()


# What PKCS#11 calls the curve, and the hash that comes before its ECDSA.
CURVES: dict[str, tuple[str, str]] = {"ES256": ("secp256r1", "sha256"), "ES512": ("secp521r1", "sha512")}


class HsmSigner:
    """A `Signer` over a key that stays in a PKCS#11 token."""

    def __init__(self, key: Any, algorithm: SignatureAlgorithm, key_id: str | None) -> None:
        self.key = key
        self.algorithm = algorithm
        self.key_id = key_id

    def sign(self, message: bytes, /) -> bytes:
        if self.algorithm in CURVES:
            return self.sign_digest(hashlib.new(CURVES[self.algorithm][1], message).digest())
        from pkcs11 import MGF, Mechanism

        pss = {"mechanism_param": (Mechanism.SHA256, MGF.SHA256, 32)} if self.algorithm == "PS256" else {}
        mechanism = Mechanism.SHA256_RSA_PKCS_PSS if pss else Mechanism.SHA256_RSA_PKCS
        return bytes(self.key.sign(message, mechanism=mechanism, **pss))

    def sign_digest(self, digest: bytes) -> bytes:
        from pkcs11 import Mechanism

        return bytes(self.key.sign(digest, mechanism=Mechanism.ECDSA))


@pytest.fixture(scope="module")
def hsm(session: Any) -> NewKey:
    """Draw keys in the token, for the length of the session: only their public halves come out."""
    from pkcs11 import Attribute, KeyType
    from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
    from pkcs11.util.rsa import encode_rsa_public_key

    def new_key(alg: SignatureAlgorithm) -> Elsewhere:
        if alg in CURVES:
            curve = {Attribute.EC_PARAMS: encode_named_curve_parameters(CURVES[alg][0])}
            public, private = session.create_domain_parameters(KeyType.EC, curve, local=True).generate_keypair()
            der = encode_ec_public_key(public)
        else:
            public, private = session.generate_keypair(KeyType.RSA, 2048)
            der = encode_rsa_public_key(public)  # PKCS #1, which is no SPKI
        known = JWK.from_der(der, alg=alg, kid=JWK.from_der(der).thumbprint())
        signer = HsmSigner(private, alg, known.kid)
        by_digest = alg in CURVES
        return Elsewhere(
            private,
            known,
            lambda draft: signer.sign_digest(draft.digest) if by_digest else signer.sign(draft.signing_input),
            "raw",
        )

    return new_key


# --- a key service over HTTP: AWS KMS, as moto serves it on loopback


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    boto3 = pytest.importorskip("boto3", reason="boto3 is part of the interop extra")
    server = pytest.importorskip("moto.server", reason="moto is part of the interop extra")
    from botocore.config import Config  # type: ignore[import-untyped]  # it ships no types

    service = server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    service.start()
    host, port = service.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        # Nothing comes from the environment: no profile, which moto would look up too, no credentials, and no proxy.
        patch.delenv("AWS_PROFILE", raising=False)
        made = boto3.client(
            "kms",
            endpoint_url=f"http://{host}:{port}",
            region_name="eu-central-1",
            aws_access_key_id="nobody",
            aws_secret_access_key="nothing",
            config=Config(proxies={}, retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30),
        )
        yield made
        made.close()
    service.stop()


# Only these two, and only MessageType RAW. KMS itself does more, but moto hashes what it is given even where DIGEST is
# asked for, and makes the PSS salt as long as fits, where JWS wants it as long as the hash (RFC 7518 section 3.5).
KMS_NAMES: dict[str, tuple[str, str]] = {
    "ES256": ("ECC_NIST_P256", "ECDSA_SHA_256"),
    "RS256": ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256"),
}


@pytest.fixture(scope="module")
def kms(client: Any) -> NewKey:
    def new_key(alg: SignatureAlgorithm) -> Elsewhere:
        spec, signing_algorithm = KMS_NAMES[alg]
        name = client.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        known = JWK.from_der(client.get_public_key(KeyId=name)["PublicKey"], alg=alg, kid=name)

        def ask(draft: TokenDraft) -> bytes:
            answer = client.sign(
                KeyId=name, Message=draft.signing_input, MessageType="RAW", SigningAlgorithm=signing_algorithm
            )
            signature: bytes = answer["Signature"]
            return signature

        return Elsewhere(name, known, ask, "der" if alg == "ES256" else "raw")

    return new_key


# --- another crypto library: libsodium through PyNaCl


class SodiumSigner:
    """A `Signer` over PyNaCl's Ed25519."""

    algorithm: SignatureAlgorithm = "Ed25519"

    def __init__(self, key: Any, algorithm: SignatureAlgorithm, key_id: str | None) -> None:
        assert algorithm == self.algorithm
        self.key = key
        self.key_id = key_id

    def sign(self, message: bytes, /) -> bytes:
        return bytes(self.key.sign(message).signature)


@pytest.fixture(scope="module")
def sodium() -> NewKey:
    signing = pytest.importorskip("nacl.signing", reason="pynacl is part of the interop extra")

    def new_key(alg: SignatureAlgorithm) -> Elsewhere:
        key = signing.SigningKey.generate()
        x = base64.urlsafe_b64encode(bytes(key.verify_key)).decode().rstrip("=")
        members = {"kty": "OKP", "crv": "Ed25519", "x": x, "alg": alg}
        known = JWK.parse({**members, "kid": JWK.parse(members).thumbprint()})
        return Elsewhere(key, known, lambda draft: SodiumSigner(key, alg, known.kid).sign(draft.signing_input), "raw")

    return new_key


# --- what a key elsewhere signs is a token here

KEYS: dict[str, tuple[str, SignatureAlgorithm]] = {
    "PKCS#11, ES256": ("hsm", "ES256"),
    "PKCS#11, ES512": ("hsm", "ES512"),
    "PKCS#11, RS256": ("hsm", "RS256"),
    "PKCS#11, PS256": ("hsm", "PS256"),
    "KMS, ES256": ("kms", "ES256"),
    "KMS, RS256": ("kms", "RS256"),
    "PyNaCl, Ed25519": ("sodium", "Ed25519"),
}


@pytest.fixture(scope="module", params=KEYS.values(), ids=list(KEYS))
def pair(request: pytest.FixtureRequest) -> Pair:
    """Two keys of one kind in one place, so that one can answer for the other."""
    place, alg = request.param
    new_key: NewKey = request.getfixturevalue(place)
    return new_key(alg), new_key(alg)


def test_a_draft_is_signed_elsewhere_and_verified_here(pair: Pair) -> None:
    key, _ = pair
    draft = key.draft()
    token = key.seal(draft, key.ask(draft))
    assert key.verify(token) == token
    assert dict(token.header) == {"alg": key.alg, "kid": key.public.kid, "typ": "at+jwt"}


def test_awaited_without_an_async_twin(pair: Pair) -> None:
    key, _ = pair

    async def issue(draft: TokenDraft) -> Token:
        return key.seal(draft, await asyncio.to_thread(key.ask, draft))

    async def issue_all() -> list[Token]:
        return await asyncio.gather(*(issue(key.draft(sub)) for sub in "abcd"))

    assert [key.verify(token).sub for token in asyncio.run(issue_all())] == list("abcd")


def test_an_answer_for_another_message(pair: Pair) -> None:
    key, _ = pair
    with pytest.raises(SignatureError, match="does not verify"):
        key.seal(key.draft("alice"), key.ask(key.draft("mallory")))


def test_an_answer_of_another_key(pair: Pair) -> None:
    key, other = pair
    draft = key.draft()
    with pytest.raises(SignatureError, match="does not verify"):
        key.seal(draft, other.ask(draft))


ENCODINGS: dict[str, tuple[str, SignatureAlgorithm, Literal["raw", "der"], type[JwtkitError], str]] = {
    "PKCS#11, raw said to be DER": ("hsm", "ES256", "der", MalformedError, "is it raw already"),
    "PKCS#11, RSA said to be DER": ("hsm", "RS256", "der", UsageError, "for ECDSA 'der'"),
    "KMS, DER said to be raw": ("kms", "ES256", "raw", MalformedError, "is it DER"),
    "KMS, RSA said to be DER": ("kms", "RS256", "der", UsageError, "for ECDSA 'der'"),
    "PyNaCl, Ed25519 said to be DER": ("sodium", "Ed25519", "der", UsageError, "for ECDSA 'der'"),
}


@pytest.mark.parametrize(("place", "alg", "said", "error", "words"), ENCODINGS.values(), ids=ENCODINGS)
def test_an_answer_in_the_other_encoding(
    place: str,
    alg: SignatureAlgorithm,
    said: Literal["raw", "der"],
    error: type[JwtkitError],
    words: str,
    request: pytest.FixtureRequest,
) -> None:
    key: Elsewhere = request.getfixturevalue(place)(alg)
    draft = key.draft()
    with pytest.raises(error, match=words) as refusal:
        draft.seal(key.ask(draft), encoding=said, verify_with=key.public)
    assert type(refusal.value) is error


def test_one_signature_in_both_encodings(hsm: NewKey) -> None:
    from pkcs11.util.ec import encode_ecdsa_signature

    key = hsm("ES512")
    draft = key.draft()
    raw = key.ask(draft)
    der = encode_ecdsa_signature(raw)
    assert draft.seal(der, encoding="der", verify_with=key.public) == key.seal(draft, raw)


# --- the same keys behind a `Signer`, for code that signs at once

SIGNERS: dict[str, tuple[str, SignatureAlgorithm, Callable[..., Signer]]] = {
    "PKCS#11, ES256": ("hsm", "ES256", HsmSigner),
    "PKCS#11, ES512": ("hsm", "ES512", HsmSigner),
    "PKCS#11, RS256": ("hsm", "RS256", HsmSigner),
    "PKCS#11, PS256": ("hsm", "PS256", HsmSigner),
    "PyNaCl, Ed25519": ("sodium", "Ed25519", SodiumSigner),
}


@pytest.mark.parametrize(("place", "alg", "signer"), SIGNERS.values(), ids=SIGNERS)
def test_a_signer_of_your_own(
    place: str, alg: SignatureAlgorithm, signer: Callable[..., Signer], request: pytest.FixtureRequest
) -> None:
    key: Elsewhere = request.getfixturevalue(place)(alg)
    own = signer(key.handle, alg, key.public.kid)
    token = Token.sign(Claims(iss="i", sub="s", aud="a"), own, typ="at+jwt", lifetime=60, now=NOW)
    assert key.verify(token) == token
    assert (token.header.alg, token.header.kid) == (alg, key.public.kid)
    assert jws.verify(jws.sign(b"bytes", own), key.public, algorithms=[alg]).payload == b"bytes"


def test_a_signer_without_a_name(sodium: NewKey) -> None:
    key = sodium("Ed25519")
    token = Token.sign(Claims(iss="i", sub="s", aud="a"), SodiumSigner(key.handle, "Ed25519", None), lifetime=60)
    assert token.header.kid is None


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_the_private_key_never_leaves_the_token(alg: SignatureAlgorithm, hsm: NewKey) -> None:
    from pkcs11 import Attribute
    from pkcs11.exceptions import AttributeSensitive

    private = hsm(alg).handle
    assert private[Attribute.NEVER_EXTRACTABLE] is True
    secret = Attribute.VALUE if alg == "ES256" else Attribute.PRIVATE_EXPONENT
    with pytest.raises(AttributeSensitive):
        private[secret]
