"""The error tree: closed, picklable, and with data on it."""

from __future__ import annotations

import copy
import pickle
from types import MappingProxyType
from typing import Any

import pytest

from jwtkit import JWK, UNCHECKED, Claims, Token, TokenVerifier, errors
from jwtkit.errors import quote

MISMATCH = errors.Mismatch("exp", "expired", "token expired 5s ago", expected=5, actual=0)
SAMPLES = [
    errors.UsageError("m"),
    errors.MalformedError("m"),
    errors.NotAllowedError("m"),
    errors.KeyNotFoundError("m", kid="k", alg="ES256"),
    errors.SignatureError("m"),
    errors.DecryptionError("m"),
    errors.ClaimsError("m", mismatches=(MISMATCH,)),
    errors.ExpiredError("m", mismatches=(MISMATCH,)),
    errors.ProtocolError("m", reason=errors.ProtocolReason.REDIRECT, status=302),
    errors.OAuthError(
        "m", error="invalid_grant", description="d", uri="u", status=400, retry_after=7.0, extra={"x": 1}
    ),
]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_copies_keep_their_data(error: errors.JwtkitError, again: object) -> None:
    made = again(error)  # type: ignore[operator]  # three kinds of callable
    assert type(made) is type(error)
    assert str(made) == "m"
    for name in error._data:
        assert repr(getattr(made, name)) == repr(getattr(error, name))


FROZEN = MappingProxyType({"a": (MappingProxyType({"b": 1}), 2)})


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_copies_keep_frozen_data(again: Any) -> None:
    found = errors.Mismatch("c", "not_accepted", "words", expected=FROZEN, actual=(FROZEN,))
    (made,) = again(errors.ClaimsError("m", mismatches=(found,))).mismatches
    assert (made.claim, made.reason, made.message) == ("c", "not_accepted", "words")
    assert (made.expected, made.actual) == (FROZEN, (FROZEN,))
    assert again(errors.OAuthError("m", error="e", extra={"x": FROZEN})).extra == {"x": FROZEN}
    key = JWK.generate("HS256")
    verifier = TokenVerifier(
        keys=key, algorithms=["HS256"], issuer=UNCHECKED, audience=UNCHECKED, expected={"x": lambda value: value == 1}
    )
    for extra in ({}, {"x": {"a": [1]}}):
        with pytest.raises(errors.ClaimsError) as refusal:
            verifier.verify(Token.sign(Claims(extra=extra), key, lifetime=60).compact)
        assert again(refusal.value).mismatches[0].expected is None


def test_the_tree_is_whose_fault_it_is() -> None:
    for error in SAMPLES[1:]:
        assert isinstance(error, errors.RejectedError)
        assert not isinstance(error, ValueError)
    assert isinstance(SAMPLES[0], ValueError)
    assert not isinstance(SAMPLES[0], errors.RejectedError)
    assert issubclass(errors.ExpiredError, errors.ClaimsError)


def test_a_peers_value_is_escaped_and_cut() -> None:
    assert quote("a\nb") == r"'a\nb'"
    assert len(quote("x" * 10_000)) < 70
    assert quote(None) == "None"
