"""Claims: typed, closed, frozen, and true to the wire."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum, IntEnum, StrEnum
from typing import Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JWK, UNCHECKED, Claims, ClaimsError, Token, TokenVerifier, UsageError, claim, numeric_date


class Session(Claims):
    VERSION: ClassVar[int] = 1
    sub: str = claim()
    role: Literal["admin", "user"]
    tenant: int | None = None
    groups: tuple[str, ...] = claim("https://example.com/groups", default=())
    settings: Mapping[str, bool] = claim(default={})
    levels: Sequence[float] | None = None
    anything: Any = None


class Narrower(Session):
    extra_claim: str = claim("x")


REQUIRED: dict[str, Any] = {"sub": "alice", "role": "admin"}


def test_registered_claims() -> None:
    claims = Claims(
        iss="i", sub="s", aud=["a", "b"], exp=2.5, nbf=1, iat=0, jti="j", scope="x y", client_id="c", azp="z", nonce="n",
        auth_time=3, acr="1", amr=["pwd"], sid="d", cnf={"jkt": "t"}, act={"sub": "b"}, extra={"e": [1, {"f": None}]},
    )  # fmt: skip
    assert (claims.iss, claims.sub, claims.aud, claims.exp, claims.jti) == ("i", "s", ("a", "b"), 2.5, "j")
    assert claims.cnf == {"jkt": "t"}
    assert claims.amr == ("pwd",)
    assert claims["e"] == (1, {"f": None})
    assert "e" in claims
    assert claims.get("nothing") is None
    assert len(claims) == 18
    assert list(claims)[:3] == ["iss", "sub", "aud"]


def test_absent_claims() -> None:
    claims = Claims(iss=None)
    assert len(claims) == 0
    assert (claims.iss, claims.exp, claims.aud, claims.amr, claims.cnf) == (None, None, (), (), None)
    with pytest.raises(KeyError):
        _ = claims["iss"]


def test_a_single_audience_is_a_str_on_the_wire_and_a_tuple_to_read() -> None:
    claims = Claims(aud="api")
    assert claims["aud"] == "api"
    assert claims.aud == ("api",)


class Named(StrEnum):
    ISSUER = "i"


class Older(str, Enum):  # noqa: UP042 - the difference is what is tested
    """An enum as they were before `StrEnum`, whose str() is its name."""

    SUBJECT = "s"


class Numbered(IntEnum):
    EXPIRY = 5


class Moment(float):
    pass


def test_values_of_classes_of_their_own_become_plain() -> None:
    claims = Claims(
        iss=Named.ISSUER, sub=Older.SUBJECT, exp=Numbered.EXPIRY, nbf=Moment(0.5), extra={"x": [Named.ISSUER]}
    )
    assert claims == Claims(iss="i", sub="s", exp=5, nbf=0.5, extra={"x": ["i"]})
    assert [type(claims[name]) for name in ("iss", "sub", "exp", "nbf")] == [str, str, int, float]
    assert type(claims["x"][0]) is str
    assert dict(Claims(extra={Older.SUBJECT.value + "x": {Older.SUBJECT: 1}})["sx"]) == {"s": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param({"iss": 7}, "'iss' must be a string, got a number", id="iss"),
        pytest.param({"sub": 7}, "'sub' must be a string", id="sub"),
        pytest.param({"aud": [1]}, "array of strings", id="aud of numbers"),
        pytest.param({"aud": {"a": 1}}, "got an object", id="aud an object"),
        pytest.param({"exp": "tomorrow"}, "must be a number, got a string", id="exp a str"),
        pytest.param({"exp": True}, "must be a number, got true", id="exp a bool"),
        pytest.param({"exp": float("nan")}, "must be a number", id="exp NaN"),
        pytest.param({"exp": datetime(2030, 1, 1)}, "numeric_date", id="exp a datetime"),  # noqa: DTZ001 - the mistake
        pytest.param({"amr": "pwd"}, "an array of strings, got a string", id="amr a str"),
        pytest.param({"cnf": []}, "must be an object, got an array", id="cnf a list"),
        pytest.param({"issuer": "i"}, "did you mean iss=", id="issuer"),
        pytest.param({"expires": 1}, "extra", id="expires"),
        pytest.param({"self": 1}, "no claim 'self'", id="self"),
        pytest.param({"zzz": 1}, "no claim 'zzz'", id="unknown"),
        pytest.param({"extra": {"iss": "i"}}, "write iss= instead", id="iss in extra"),
        pytest.param({"extra": {"when": datetime(2030, 1, 1, tzinfo=UTC)}}, "numeric_date", id="datetime in extra"),
        pytest.param({"extra": {"x": {1}}}, "set", id="set in extra"),
        pytest.param({"extra": {"x": b""}}, "bytes", id="bytes in extra"),
        pytest.param({"extra": {1: 2}}, "int", id="number as a name"),
        pytest.param({"extra": 5}, "extra must be a mapping", id="extra a number"),
        pytest.param({"iss": 1, "sub": 2}, "'iss'.*'sub'", id="two at once"),
    ],
)
def test_refuses(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Claims(**arguments)


def test_takes_no_positional_arguments() -> None:
    with pytest.raises(UsageError, match="named arguments"):
        Claims({"iss": "i"})  # type: ignore[call-arg, arg-type]  # the mistake under test


# --- classes of one's own


def test_own_claims() -> None:
    claims = Session(**REQUIRED, groups=("a",), settings={"dark": True}, levels=[1, 2.5], extra={"more": 1})
    assert (claims.role, claims.tenant, claims.groups, claims.levels) == ("admin", None, ("a",), (1, 2.5))
    assert claims["https://example.com/groups"] == ("a",)
    assert claims.settings == {"dark": True}
    assert Session(**REQUIRED).groups == ()
    for anything in ("x", 1, [None], {"a": True}):
        assert Session(**REQUIRED, anything=anything)["anything"] is not None
    assert Session(**REQUIRED).settings == {}
    assert Narrower(**REQUIRED, extra_claim="y")["x"] == "y"
    assert Session.VERSION == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"role": None}, "'role' is missing", id="missing"),
        pytest.param({"sub": None}, "'sub' is missing", id="registered, missing"),
        pytest.param({"role": "root"}, "'role' must be 'admin' or 'user'", id="not of the literal"),
        pytest.param({"tenant": "1"}, "'tenant' must be an integer, got a string", id="str for int"),
        pytest.param({"tenant": True}, "'tenant' must be an integer, got true", id="bool for int"),
        pytest.param({"tenant": 1.5}, "'tenant' must be an integer", id="float for int"),
        pytest.param({"groups": "a"}, "groups' must be an array", id="str for tuple"),
        pytest.param({"groups": ["a", 1]}, "groups' must be an array", id="mixed tuple"),
        pytest.param({"settings": {"dark": 1}}, "'settings' must be an object", id="mixed mapping"),
        pytest.param({"levels": [True]}, "'levels' must be an array", id="bool among numbers"),
        pytest.param({"rolle": "admin"}, "did you mean role=", id="misspelt"),
        pytest.param({"extra": {"role": "admin"}}, "write role= instead", id="own claim in extra"),
    ],
)
def test_own_claims_refuse(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Session(**{**REQUIRED, **changes})


def test_registered_claims_can_be_narrowed() -> None:
    class Strict(Claims):
        acr: Literal["gold"] = claim()
        aud: Sequence[str] = claim()

    assert Strict(acr="gold", aud="a").aud == ("a",)
    with pytest.raises(UsageError, match="'acr' must be 'gold'"):
        Strict(acr="silver", aud="a")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(UsageError, match="'aud' is missing"):
        Strict(acr="gold")  # type: ignore[call-arg]  # the mistake under test


def test_a_class_of_two_has_the_claims_of_both() -> None:
    class First(Claims):
        a: str

    class Second(Claims):
        b: tuple[int, ...]
        jti: str = claim()

    class Both(First, Second):
        c: bool = False

    both = Both(a="x", b=(1,), jti="j")
    assert (both.a, both.b, both.c, both.jti) == ("x", (1,), False, "j")
    with pytest.raises(UsageError, match="'b' must be"):
        Both(a="x", b="y", jti="j")  # type: ignore[arg-type]  # the mistake under test
    incomplete: list[dict[str, Any]] = [{"a": "x", "jti": "j"}, {"b": (1,), "jti": "j"}, {"a": "x", "b": (1,)}]
    for members in incomplete:
        with pytest.raises(UsageError, match="is missing"):
            Both(**members)
    key = JWK.generate("HS256")
    verifier = TokenVerifier(keys=key, algorithms=["HS256"], issuer=UNCHECKED, audience=UNCHECKED, claims=Both)
    signed: list[dict[str, Any]] = [{"a": "x"}, {"b": [1]}, {"a": "x", "b": ["y"]}]
    for extra in signed:
        with pytest.raises(ClaimsError):
            verifier.verify(Token.sign(Claims(jti="j", extra=extra), key, lifetime=60).compact)
    whole = Token.sign(Claims(jti="j", extra={"a": "x", "b": [1]}), key, lifetime=60).compact
    assert verifier.verify(whole).claims.b == (1,)


def test_a_plain_copy_is_the_callers_own() -> None:
    claims = Claims(sub="alice", aud="api", extra={"address": {"lines": ["a", "b"]}})
    members = claims.to_dict()
    assert members == {"sub": "alice", "aud": "api", "address": {"lines": ["a", "b"]}}
    members["address"]["lines"].append("c")
    assert claims["address"]["lines"] == ("a", "b")
    assert json.loads(json.dumps(claims.to_dict()))["sub"] == "alice"


def test_a_claim_without_a_field_is_an_item() -> None:
    claims: Any = Claims(extra={"email": "a@example.com"})
    with pytest.raises(AttributeError, match=r"read as claims\['email'\]"):
        claims.email
    with pytest.raises(AttributeError, match=r"has no attribute 'phone'$"):
        claims.phone
    assert not hasattr(claims, "__len_hint__")


def test_literals_compare_types() -> None:
    class One(Claims):
        level: Literal[1, False]

    assert One(level=1).level == 1
    for wrong in (True, 1.0, 0):
        with pytest.raises(UsageError):
            One(level=wrong)  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        pytest.param(list[str], "tuple", id="list"),
        pytest.param(list, "tuple", id="bare list"),
        pytest.param(dict[str, str], "Mapping", id="dict"),
        pytest.param(dict, "Mapping", id="bare dict"),
        pytest.param(set[str], "cannot be checked", id="set"),
        pytest.param(datetime, "cannot be checked", id="datetime"),
        pytest.param(tuple[str, int], "cannot be checked", id="fixed tuple"),
        pytest.param(tuple[str], "cannot be checked", id="tuple of one"),
        pytest.param(Mapping[int, str], "cannot be checked", id="mapping with numbers as names"),
        pytest.param("tuple[[int], ...]", "cannot be checked", id="a list in a tuple"),
        pytest.param("Mapping[str, [int]]", "cannot be checked", id="a list in a mapping"),
        pytest.param("Literal[[1]]", "cannot be checked", id="a list in a literal"),
        pytest.param("[int]", "cannot be checked", id="a list"),
        pytest.param("Nowhere", "cannot be resolved", id="unknown name"),
    ],
)
def test_annotations_that_no_claim_can_have(annotation: Any, words: str) -> None:
    made = type("Made", (Claims,), {"__annotations__": {"value": annotation}, "__module__": __name__})
    with pytest.raises(UsageError, match=words):
        made(value=1)


@pytest.mark.parametrize("name", ["keys", "items", "values", "get", "extra", "to_dict", "_raw", "_private"])
def test_names_that_are_taken(name: str) -> None:
    with pytest.raises(UsageError, match="another name"):
        type("Made", (Claims,), {"__annotations__": {name: str}})


# --- a frozen value


def test_is_frozen_all_the_way_down() -> None:
    given_extra: dict[str, Any] = {"a": {"b": [1]}}
    claims: Any = Session(**REQUIRED, extra=given_extra)
    for name in ("role", "iss", "_raw", "other"):
        with pytest.raises(AttributeError):
            setattr(claims, name, "x")
        with pytest.raises(AttributeError):
            delattr(claims, name)
    with pytest.raises(AttributeError):
        type(claims).role.__set__(claims, "user")
    vars(claims)["role"] = "user"  # a field is a data descriptor, so this shadows nothing
    assert claims.role == "admin"
    with pytest.raises(TypeError):
        claims["a"] = 1
    with pytest.raises(TypeError):
        claims["a"]["b"] = 1
    assert claims["a"]["b"] == (1,)
    assert claims["a"] is claims["a"]
    given_extra["a"]["b"].append(2)
    assert claims["a"]["b"] == (1,)
    assert given_extra == {"a": {"b": [1, 2]}}


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda claims: pickle.loads(pickle.dumps(claims))])
def test_copies_are_equal(again: Any) -> None:
    claims = Session(**REQUIRED, extra={"a": {"b": [1]}})
    assert again(claims) == claims
    assert type(again(claims)) is Session


def test_repr_holds_names_only() -> None:
    assert repr(Session(**REQUIRED)) == "Session(sub, role)"


def test_fields_can_be_inspected_on_the_class() -> None:
    assert Session.__dict__["groups"].name == "https://example.com/groups"
    assert Session.groups.attribute == "groups"  # type: ignore[attr-defined]  # at run time it is a field


# --- numeric_date


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(2030, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 1893456000),
        (datetime(1970, 1, 1, microsecond=500_000, tzinfo=UTC), 0.5),
    ],
)
def test_numeric_date(moment: datetime, expected: float) -> None:
    assert numeric_date(moment) == expected
    assert type(numeric_date(moment)) is type(expected)


@pytest.mark.parametrize("wrong", [datetime(2030, 1, 1), 5, None, "2030"])  # noqa: DTZ001 - naive is the mistake
def test_numeric_date_refuses(wrong: Any) -> None:
    with pytest.raises(UsageError, match=r"naive|takes a datetime"):
        numeric_date(wrong)


@given(
    st.dictionaries(
        st.text(max_size=8), st.none() | st.integers() | st.text(max_size=5) | st.binary(max_size=3), max_size=4
    )
)
def test_any_arguments_give_claims_or_a_usage_error(arguments: dict[str, Any]) -> None:
    try:
        assert isinstance(Claims(**arguments), Claims)
    except UsageError:
        pass
