"""SignatureMemo: what it leaves out, and that it leaves out nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from jwtkit import (
    JWK,
    JWKS,
    Claims,
    Decryption,
    ExpiredError,
    Header,
    KeyNotFoundError,
    KeyRing,
    MalformedError,
    NotAllowedError,
    RejectedError,
    RingKey,
    SignatureError,
    SignatureMemo,
    Token,
    TokenVerifier,
    UsageError,
)
from jwtkit._wire import b64url_encode
from jwtkit.jose.compact import RememberingAuthenticator
from jwtkit.jose.signature_memo import Remembered

NOW = 1_900_000_000
ISS, AUD = "https://auth.example.com", "https://api.example.com"
KEY = JWK.generate("ES256", kid="k1")
OTHER = JWK.generate("ES256", kid="k2")


def token(key: JWK = KEY, *, lifetime: float = 600, **claims: Any) -> str:
    return Token.sign(
        Claims(**{"iss": ISS, "aud": AUD, "sub": "alice", **claims}), key, lifetime=lifetime, now=NOW
    ).compact


class Changing:
    """A key source whose keys come and go."""

    def __init__(self, *keys: JWK) -> None:
        self.keys: tuple[JWK, ...] = keys

    def keys_for(self, header: Header, issuer: str | None, /) -> Sequence[JWK]:
        return [key for key in self.keys if key.kid == header.kid]


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note every signature that is checked, where the maths is asked."""
    from jwtkit.crypto import ecdsa

    noted: list[str] = []
    make = ecdsa.verifier

    def verifier(*arguments: Any) -> Any:
        verify = make(*arguments)

        def counting(message: bytes, signature: bytes) -> bool:
            noted.append("checked")
            return verify(message, signature)

        return counting

    monkeypatch.setattr(ecdsa, "verifier", verifier)
    return noted


def verifier(keys: Any, memo: SignatureMemo | None = None, **more: Any) -> TokenVerifier:
    policy: dict[str, Any] = {"algorithms": ["ES256"], "issuer": ISS, "audience": AUD, **more}
    return TokenVerifier(keys=keys, signature_memo=memo or SignatureMemo(), **policy)


def remembered_by(made: TokenVerifier) -> Remembered:
    only = made._only
    assert isinstance(only, RememberingAuthenticator)
    return only._remembered


def fresh(key: JWK) -> JWK:
    """Give a key whose maths is made anew, so that it is the one that counts."""
    return JWK.parse(key.to_dict())


def test_the_signature_is_checked_once(checks: list[str]) -> None:
    made, text = verifier(fresh(KEY)), token()
    first = made.verify(text, now=NOW)
    assert len(checks) == 1
    # Another str object of the same text.
    again = made.verify("".join(text), now=NOW + 1)
    assert len(checks) == 1
    assert again == first
    assert again.claims == first.claims
    assert again is not first


def test_without_it_each_time(checks: list[str]) -> None:
    made = TokenVerifier(keys=fresh(KEY), algorithms=["ES256"], issuer=ISS, audience=AUD)
    for _ in range(3):
        made.verify(TEXT, now=NOW)
    assert len(checks) == 3


TEXT = token()


def test_time_is_checked_each_time() -> None:
    made, text = verifier(KEY.public()), token(lifetime=60)
    made.verify(text, now=NOW)
    with pytest.raises(ExpiredError):
        made.verify(text, now=NOW + 60)
    assert made.verify(text, now=NOW + 59).sub == "alice"


def test_predicates_are_asked_each_time() -> None:
    answers = iter([True, False, True])
    made = verifier(KEY.public(), expected={"sub": lambda _: next(answers)})
    made.verify(TEXT, now=NOW)
    with pytest.raises(RejectedError, match="claim 'sub'"):
        made.verify(TEXT, now=NOW)
    made.verify(TEXT, now=NOW)


@pytest.mark.parametrize("place", [0, 10, 40, 120, -2])
def test_one_character_makes_another_token(place: int) -> None:
    made = verifier(KEY.public())
    made.verify(TEXT, now=NOW)
    altered = TEXT[:place] + ("A" if TEXT[place] != "A" else "B") + (TEXT[place + 1 :] if place != -2 else TEXT[-1])
    for _ in range(2):
        with pytest.raises(RejectedError):
            made.verify(altered, now=NOW)
    assert made.verify(TEXT, now=NOW).sub == "alice"


@pytest.mark.parametrize("text", ["", TEXT + "\n", TEXT[:-1], "x.y.z", TEXT[:-8] + "AAAAAAAA", " " + TEXT])
def test_what_is_refused_is_not_remembered(text: str, checks: list[str]) -> None:
    made = verifier(fresh(KEY))
    for _ in range(3):
        with pytest.raises((MalformedError, SignatureError)):
            made.verify(text, now=NOW)
    assert len(remembered_by(made)) == 0


def test_a_token_whose_claims_are_refused_stays_refused(checks: list[str]) -> None:
    made, text = verifier(fresh(KEY)), token(aud="https://other.example.com")
    for _ in range(2):
        with pytest.raises(RejectedError, match="audience mismatch"):
            made.verify(text, now=NOW)
    assert len(checks) == 1


def test_a_key_that_leaves_takes_its_tokens_with_it(checks: list[str]) -> None:
    source = Changing(fresh(KEY))
    made = verifier(source)
    made.verify(TEXT, now=NOW)
    made.verify(TEXT, now=NOW)
    assert len(checks) == 1
    source.keys = (OTHER.public(),)
    with pytest.raises(KeyNotFoundError):
        made.verify(TEXT, now=NOW)
    # Another key of the same name: the signature is checked with it, and is not its.
    source.keys = (JWK.parse({**OTHER.to_dict(), "kid": "k1"}),)
    with pytest.raises(SignatureError):
        made.verify(TEXT, now=NOW)
    # The key comes back as another object: checked once more, then remembered.
    source.keys = (fresh(KEY),)
    before = len(checks)
    made.verify(TEXT, now=NOW)
    made.verify(TEXT, now=NOW)
    assert len(checks) == before + 1


def test_a_ring_lets_go_of_a_key_at_its_time() -> None:
    ring = KeyRing(
        [RingKey(KEY, not_before=NOW - 9, retire_at=NOW + 9, remove_at=NOW + 99), RingKey(OTHER, not_before=NOW)]
    )
    made, text = verifier(ring), token(lifetime=6000)
    made.verify(text, now=NOW)
    made.verify(text, now=NOW + 98)
    with pytest.raises(KeyNotFoundError):
        made.verify(text, now=NOW + 99)


def test_it_is_bounded_in_number(checks: list[str]) -> None:
    made = verifier(fresh(KEY), SignatureMemo(entries=4))
    remembered = remembered_by(made)
    texts = [token(jti=str(number)) for number in range(12)]
    for text in texts:
        made.verify(text, now=NOW)
        assert len(remembered) <= 4
    assert len(checks) == 12
    made.verify(texts[-1], now=NOW)
    assert len(checks) == 12
    made.verify(texts[0], now=NOW)
    assert len(checks) == 13


def test_what_is_asked_for_often_stays(checks: list[str]) -> None:
    made = verifier(fresh(KEY), SignatureMemo(entries=4))
    for number in range(20):
        made.verify(TEXT, now=NOW)
        made.verify(token(jti=str(number)), now=NOW)
    assert len(checks) == 21


def test_it_is_bounded_in_length(checks: list[str]) -> None:
    made, text = verifier(fresh(KEY), SignatureMemo(token_chars=len(TEXT))), token(jti="x" * 100)
    for _ in range(2):
        made.verify(text, now=NOW)
        made.verify(TEXT, now=NOW)
    assert len(checks) == 3


def test_verifiers_remember_for_themselves() -> None:
    memo = SignatureMemo()
    first, second = verifier(KEY.public(), memo), verifier(JWKS([OTHER.public()]), memo)
    first.verify(TEXT, now=NOW)
    with pytest.raises(KeyNotFoundError):
        second.verify(TEXT, now=NOW)


def test_issuers_remember_for_themselves() -> None:
    made = TokenVerifier(
        keys={ISS: KEY.public(), "https://other.example.com": OTHER.public()},
        algorithms=["ES256"],
        audience=AUD,
        signature_memo=SignatureMemo(),
    )
    for _ in range(2):
        assert made.verify(TEXT, now=NOW).iss == ISS
    with pytest.raises(KeyNotFoundError):
        made.verify(token(iss="https://other.example.com"), now=NOW)


def test_nested_tokens(checks: list[str]) -> None:
    reader = JWK.generate("ECDH-ES+A256KW", crv="X25519")
    decryption = Decryption(keys=reader, algorithms=["ECDH-ES+A256KW"], encryptions=["A256GCM"])
    made = verifier(fresh(KEY), decryption=decryption)
    signed = Token.sign(Claims(iss=ISS, aud=AUD, sub="alice"), KEY, lifetime=60, now=NOW)
    for _ in range(3):  # encrypted anew each time, with the same token inside
        assert made.verify(signed.encrypt(reader.public(), enc="A256GCM"), now=NOW) == signed
    assert len(checks) == 1
    with pytest.raises(NotAllowedError):
        made.verify(signed.compact, now=NOW)


class Text(str):
    """A text of somebody's own class, which might compare as it likes."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash(TEXT)


def test_only_plain_text_is_remembered(checks: list[str]) -> None:
    made = verifier(fresh(KEY))
    made.verify(TEXT, now=NOW)
    with pytest.raises(RejectedError):
        made.verify(Text(TEXT[:-8] + "AAAAAAAA"), now=NOW)
    made.verify(Text(TEXT), now=NOW)
    made.verify(Text(TEXT), now=NOW)
    assert len(checks) == 4
    with pytest.raises(UsageError, match="token is bytes"):
        made.verify(TEXT.encode(), now=NOW)  # type: ignore[arg-type]  # which is what is tried
    with pytest.raises(UsageError, match="token must be a str"):
        made.verify([], now=NOW)  # type: ignore[arg-type]  # which is what is tried


def test_what_is_critical_is_asked_each_time(checks: list[str]) -> None:
    header, claims = (
        {"alg": "ES256", "kid": "k1", "b64": True, "crit": ["b64"]},
        {"iss": ISS, "aud": AUD, "exp": NOW + 9},
    )
    signed = ".".join(b64url_encode(json.dumps(part).encode()) for part in (header, claims))
    text = f"{signed}.{b64url_encode(KEY.sign(signed.encode()))}"
    made = verifier(fresh(KEY))
    assert made.verify(text, now=NOW) == made.verify(text, now=NOW)
    assert len(checks) == 1


def test_threads_share_it() -> None:
    made = verifier(KEY.public(), SignatureMemo(entries=8))
    texts = [token(jti=str(number)) for number in range(16)]
    bad = texts[0][:-8] + "AAAAAAAA"
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for number in range(300):
                assert made.verify(texts[number % 16], now=NOW).claims.jti == str(number % 16)
                if number % 10 == 0:
                    with pytest.raises(SignatureError):
                        made.verify(bad, now=NOW)
        except BaseException as failure:  # noqa: BLE001 - whatever it is, the test says so
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(remembered_by(made)) <= 8


@pytest.mark.parametrize(
    "arguments",
    [{"entries": 1}, {"entries": 0}, {"entries": True}, {"entries": 2.0}, {"token_chars": 0}, {"token_chars": "9"}],
)
def test_bounds_are_positive(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="must be an int of at least"):
        SignatureMemo(**arguments)


def test_it_is_a_value() -> None:
    assert repr(SignatureMemo(entries=10, token_chars=20)) == "SignatureMemo(entries=10, token_chars=20)"
    with pytest.raises(AttributeError):
        SignatureMemo().entries = 5  # type: ignore[misc]  # which is what is tried
    with pytest.raises(UsageError, match="signature_memo must be SignatureMemo"):
        verifier(KEY.public(), memo=5)  # type: ignore[arg-type]  # which is what is tried
    assert len(Remembered(SignatureMemo())) == 0
