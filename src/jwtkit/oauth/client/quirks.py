"""Quirks: what some servers write in their own way, put right before it is read or sent.

Rules of this room:

- A quirk is the choice of a program for one client; nothing here knows the name of a provider, and nothing is guessed.
- An answer that cannot be put right stays as it came, so that the parser after it refuses it and says why.
- State, nonce and what a code is bound with are nobody's quirk, with one exception that has a guard of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from jwtkit import _wire
from jwtkit.errors import RejectedError, UsageError
from jwtkit.oauth.http import HttpResponse
from jwtkit.oauth.json_response import is_json, json_object, media_type
from jwtkit.oauth.urls import parse_form

__all__ = [
    "Correction",
    "assume_bearer",
    "check_parameters",
    "fix_members",
    "renamed",
    "text_expires_in",
    "verification_url",
]

Correction = Callable[[HttpResponse], HttpResponse]
_WHAT: Final = "answer"
_FORMS: Final = ("application/x-www-form-urlencoded", "text/plain", "text/html")
_PKCE: Final = frozenset(["code_challenge", "code_challenge_method", "code_verifier"])
# What binds an answer to its request is read again by its name.
_BINDING: Final = _PKCE | {"state", "nonce"}
_LONGEST_DIGITS: Final = 12


def fix_members(change: Callable[[dict[str, Any]], Mapping[str, Any]], *, form: bool = False) -> Correction:
    """Make a correction of answers, for `Client(quirk_response=...)`, from a function of their members.

    Args:
        change: takes the members of the JSON object, and gives those that there should be. It is asked about refusals
            too. Where it stumbles over what came, with a KeyError for example, or gives what is no JSON, the answer
            stays as it is.
        form: whether an answer that is not JSON is to be read as a form; all its members are text then.

    Returns:
        A function from answer to answer. What is no such object, or beyond what the parsers read, stays as it is.

    Example:
        >>> slack = fix_members(lambda members: {**members["authed_user"], "token_type": "Bearer"})
        >>> nested = b'{"ok":true,"authed_user":{"access_token":"xoxp-1","token_type":"user"}}'
        >>> slack(HttpResponse(status=200, headers=(("Content-Type", "application/json"),), body=nested)).body
        b'{"access_token":"xoxp-1","token_type":"Bearer"}'
    """
    if not callable(change):
        raise UsageError(f"change must be a function of members, got {type(change).__name__}")

    def fix(response: HttpResponse) -> HttpResponse:
        members = _members(response, form=form)
        if members is None:
            return response
        # Written before and after, because `change` may alter what it was given, and True equals 1 in Python only.
        before = _wire.serialize(members, _WHAT)
        try:
            changed: object = change(members)
        except Exception:  # noqa: BLE001 - whatever a server sends, the parser refuses it, and never an accident
            return response
        if not isinstance(changed, Mapping):
            raise UsageError(f"change must give a mapping of members, got {type(changed).__name__}")
        try:
            after = _wire.serialize(changed, _WHAT)
        except UsageError:
            return response  # such as a NaN, which a text of the server can have become
        if after == before and is_json(response):
            return response
        kept = tuple(pair for pair in response.headers if pair[0].lower() not in ("content-type", "content-length"))
        headers = (*kept, ("Content-Type", "application/json"))
        return HttpResponse(status=response.status, headers=headers, body=after)

    return fix


def renamed(fields: Iterable[tuple[str, str]], parameters: Mapping[str, str | None]) -> tuple[tuple[str, str], ...]:
    """Give the parameters of a request by the names that a server knows them by."""
    named = ((parameters.get(name, name), value) for name, value in fields)
    # A request that travels within another one comes here twice, and no parameter is sent twice.
    return tuple(dict.fromkeys((name, value) for name, value in named if name is not None))


def check_parameters(parameters: object, *, public: bool) -> None:
    """Check the names that a program wants parameters to have.

    Raises:
        UsageError: it is no mapping of names, or touches what binds an answer to its request; or a public client would
            go without PKCE, which is all that protects its codes (RFC 9700 section 2.1.1).
    """
    if not isinstance(parameters, Mapping):
        raise UsageError("quirk_parameters must be a mapping from a name to another, or to None")
    for name, other in parameters.items():
        if not (isinstance(name, str) and name and (other is None or (isinstance(other, str) and other))):
            raise UsageError("quirk_parameters must be a mapping from a name to another, or to None")
        if other is None and name not in _PKCE:
            raise UsageError(f"quirk_parameters can leave out {', '.join(sorted(_PKCE))}, and not {name!r}")
        if other is not None and {name, other} & _BINDING:
            raise UsageError(f"quirk_parameters cannot rename {name!r} to {other!r}: it binds an answer to its request")
    if public and None in parameters.values():
        raise UsageError("a public client cannot leave PKCE out: who steals its code could redeem it")


def _members(response: HttpResponse, *, form: bool) -> dict[str, Any] | None:
    try:
        if form and media_type(response) in _FORMS:
            return dict(parse_form(response.body, _WHAT))
        return json_object(response, _WHAT)
    except RejectedError:
        return None


def _seconds(members: dict[str, Any]) -> dict[str, Any]:
    text = members["expires_in"]
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= _LONGEST_DIGITS:
        members["expires_in"] = int(text)
    return members


def _bearer(members: dict[str, Any]) -> dict[str, Any]:
    if "access_token" in members and members.get("token_type") is None:
        return {**members, "token_type": "Bearer"}
    return members


def _uri(members: dict[str, Any]) -> dict[str, Any]:
    if "verification_uri" not in members:
        members["verification_uri"] = members["verification_url"]
    return members


text_expires_in: Final = fix_members(_seconds)
assume_bearer: Final = fix_members(_bearer)
verification_url: Final = fix_members(_uri)
