"""Floor 5, identity: OpenID Connect, built from the tokens of `jwtkit.jwt` and the protocol of `jwtkit.oauth`.

An ID token says who logged in at a client. It is never an access token: an API that takes one for the other can be
entered with a token meant for somebody else.

This module is a table of names; what a name needs is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jwtkit.oidc.id_token import IdToken, IdTokenVerifier
    from jwtkit.oidc.id_token_claims import IdTokenClaims
    from jwtkit.oidc.login import Login, LoginFlow
    from jwtkit.oidc.login_record import LoginRecord
    from jwtkit.oidc.logout import LogoutRedirect, LogoutSession, check_logout_callback, logout_redirect
    from jwtkit.oidc.refresh import RefreshedLogin
    from jwtkit.oidc.user_info import UserInfo, UserInfoVerifier, parse_userinfo_response, userinfo, userinfo_request

__all__ = [
    "IdToken",
    "IdTokenClaims",
    "IdTokenVerifier",
    "Login",
    "LoginFlow",
    "LoginRecord",
    "LogoutRedirect",
    "LogoutSession",
    "RefreshedLogin",
    "UserInfo",
    "UserInfoVerifier",
    "check_logout_callback",
    "logout_redirect",
    "parse_userinfo_response",
    "userinfo",
    "userinfo_request",
]

_HOMES: Final = MappingProxyType(
    {
        "IdToken": "id_token",
        "IdTokenClaims": "id_token_claims",
        "IdTokenVerifier": "id_token",
        "Login": "login",
        "LoginFlow": "login",
        "LoginRecord": "login_record",
        "LogoutRedirect": "logout",
        "LogoutSession": "logout",
        "RefreshedLogin": "refresh",
        "UserInfo": "user_info",
        "UserInfoVerifier": "user_info",
        "check_logout_callback": "logout",
        "logout_redirect": "logout",
        "parse_userinfo_response": "user_info",
        "userinfo": "user_info",
        "userinfo_request": "user_info",
    }
)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
