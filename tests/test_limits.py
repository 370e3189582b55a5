"""Limits: positive integers in a frozen value."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from jwtkit import JWK, UNCHECKED, ClaimsError, Limits, TokenVerifier, UsageError
from jwtkit._wire import b64url_encode


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "1", None])
def test_refuses(value: Any) -> None:
    with pytest.raises(UsageError, match="token_bytes"):
        Limits(token_bytes=value)


@pytest.mark.parametrize("named", [{"claims_int_digits": 301}, {"header_int_bits": 901}])
def test_refuses_integers_that_are_no_floats(named: Any) -> None:
    with pytest.raises(UsageError, match="more than 300 digits"):
        Limits(**named)


@pytest.mark.parametrize("named", [{"claims_depth": 201}, {"header_depth": 201}])
def test_refuses_depths_that_recursion_cannot_reach(named: Any) -> None:
    with pytest.raises(UsageError, match="more than 200 deep"):
        Limits(**named)


def test_the_largest_limits_hold() -> None:
    limits = Limits(claims_int_digits=300, header_int_bits=900, claims_depth=200, header_depth=200)
    key = JWK.generate("HS256")
    verifier = TokenVerifier(
        keys=key, algorithms=["HS256"], issuer=UNCHECKED, audience=UNCHECKED, limits=limits, max_lifetime=1, max_age=1
    )
    nines, brackets = "9" * 300, "[" * 198 + "]" * 198
    head = b64url_encode(f'{{"alg":"HS256","kid":"{key.kid}","x":{brackets},"y":{2**900 - 1}}}'.encode())
    for exp, iat, reasons in ((nines, "-" + nines, {"too_old", "lifetime_too_long"}), ("-" + nines, nines, None)):
        claims = f'{{"exp":{exp},"nbf":{iat},"iat":{iat},"x":{brackets}}}'
        signed = f"{head}.{b64url_encode(claims.encode())}"
        with pytest.raises(ClaimsError) as refusal:
            verifier.verify(f"{signed}.{b64url_encode(key.sign(signed.encode()))}", now=5)
        found = {mismatch.reason for mismatch in refusal.value.mismatches}
        assert found == (reasons or {"expired", "not_yet_valid", "issued_in_the_future"})


def test_is_a_value() -> None:
    assert Limits(token_bytes=10) == Limits(token_bytes=10) != Limits()
    assert hash(Limits()) == hash(Limits())
    assert Limits() != 5
    assert "token_bytes=262144" in repr(Limits())


def test_is_frozen() -> None:
    limits: Any = Limits()
    with pytest.raises(AttributeError):
        limits.token_bytes = 1
    with pytest.raises(AttributeError):
        del limits.token_bytes
    with pytest.raises(AttributeError):
        limits.other = 1
    assert copy.deepcopy(limits) == limits
    assert pickle.loads(pickle.dumps(limits)) == limits
