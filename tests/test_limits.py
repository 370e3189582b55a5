"""Limits: positive integers in a frozen value."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from jwtkit import Limits, UsageError


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "1", None])
def test_refuses(value: Any) -> None:
    with pytest.raises(UsageError, match="token_bytes"):
        Limits(token_bytes=value)


@pytest.mark.parametrize("named", [{"claims_int_digits": 4301}, {"header_int_bits": 20_000}])
def test_refuses_integers_that_nobody_can_convert(named: Any) -> None:
    with pytest.raises(UsageError, match="4300 digits"):
        Limits(**named)


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
