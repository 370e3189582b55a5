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
    from jwtkit.oidc.back_channel import LogoutAccepted, LogoutRefused, back_channel_logout
    from jwtkit.oidc.front_channel_logout import FrontChannelLogout, check_front_channel_logout
    from jwtkit.oidc.id_token import IdToken, IdTokenVerifier
    from jwtkit.oidc.id_token_claims import IdTokenClaims
    from jwtkit.oidc.id_token_only import finish_with_id_token_only
    from jwtkit.oidc.login import Login, LoginFlow
    from jwtkit.oidc.login_record import LoginRecord
    from jwtkit.oidc.logout import LogoutRedirect, LogoutSession, check_logout_callback, logout_redirect
    from jwtkit.oidc.logout_token import LogoutToken, LogoutTokenClaims, LogoutTokenVerifier
    from jwtkit.oidc.refresh import RefreshedLogin
    from jwtkit.oidc.session_management import SessionCheck, session_check
    from jwtkit.oidc.third_party_login import ThirdPartyLogin, parse_third_party_login
    from jwtkit.oidc.user_info import UserInfo, UserInfoVerifier, parse_userinfo_response, userinfo, userinfo_request

__all__ = [
    "FrontChannelLogout",
    "IdToken",
    "IdTokenClaims",
    "IdTokenVerifier",
    "Login",
    "LoginFlow",
    "LoginRecord",
    "LogoutAccepted",
    "LogoutRedirect",
    "LogoutRefused",
    "LogoutSession",
    "LogoutToken",
    "LogoutTokenClaims",
    "LogoutTokenVerifier",
    "RefreshedLogin",
    "SessionCheck",
    "ThirdPartyLogin",
    "UserInfo",
    "UserInfoVerifier",
    "back_channel_logout",
    "check_front_channel_logout",
    "check_logout_callback",
    "finish_with_id_token_only",
    "logout_redirect",
    "parse_third_party_login",
    "parse_userinfo_response",
    "session_check",
    "userinfo",
    "userinfo_request",
]

_HOMES: Final = MappingProxyType(
    {
        "FrontChannelLogout": "front_channel_logout",
        "IdToken": "id_token",
        "IdTokenClaims": "id_token_claims",
        "IdTokenVerifier": "id_token",
        "Login": "login",
        "LoginFlow": "login",
        "LoginRecord": "login_record",
        "LogoutAccepted": "back_channel",
        "LogoutRedirect": "logout",
        "LogoutRefused": "back_channel",
        "LogoutSession": "logout",
        "LogoutToken": "logout_token",
        "LogoutTokenClaims": "logout_token",
        "LogoutTokenVerifier": "logout_token",
        "RefreshedLogin": "refresh",
        "SessionCheck": "session_management",
        "ThirdPartyLogin": "third_party_login",
        "UserInfo": "user_info",
        "UserInfoVerifier": "user_info",
        "back_channel_logout": "back_channel",
        "check_front_channel_logout": "front_channel_logout",
        "check_logout_callback": "logout",
        "finish_with_id_token_only": "id_token_only",
        "logout_redirect": "logout",
        "parse_third_party_login": "third_party_login",
        "parse_userinfo_response": "user_info",
        "session_check": "session_management",
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
