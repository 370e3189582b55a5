"""The public names: complete, importable, documented, and resolvable for tools."""

from __future__ import annotations

import importlib
import inspect
import typing
from typing import Any

import pytest

import jwtkit

DOORS = ["jwtkit", "jwtkit.oauth", "jwtkit.oidc"]


@pytest.mark.parametrize("door", DOORS)
def test_all_is_complete_and_importable(door: str) -> None:
    module = importlib.import_module(door)
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module))


@pytest.mark.parametrize("door", DOORS[1:])
def test_lazy_doors_refuse_other_names(door: str) -> None:
    module = importlib.import_module(door)
    with pytest.raises(AttributeError, match="Nothing"):
        _ = module.Nothing


def public() -> list[Any]:
    found = []
    for door in DOORS:
        module = importlib.import_module(door)
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                found.append(pytest.param(value, id=f"{door}.{name}"))
    return found


@pytest.mark.parametrize("value", public())
def test_everything_public_is_documented(value: Any) -> None:
    assert inspect.getdoc(value)
    for name, member in vars(value).items() if inspect.isclass(value) else ():
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, (property, classmethod))):
            assert inspect.getdoc(getattr(value, name)), f"{value.__name__}.{name} has no docstring"


@pytest.mark.parametrize("value", public())
def test_annotations_resolve_at_run_time(value: Any) -> None:
    typing.get_type_hints(value)
    for member in vars(value).values() if inspect.isclass(value) else ():
        if inspect.isfunction(member):
            typing.get_type_hints(member)


def test_the_front_door_holds_the_whole_error_tree() -> None:
    tree = {name for name in vars(jwtkit.errors) if name.endswith("Error")}
    assert tree <= set(jwtkit.__all__)
