"""Floor 5, identity: OpenID Connect, built from the tokens of `jwtkit.jwt` and the protocol of `jwtkit.oauth`.

An ID token says who logged in at a client. It is never an access token: an API that takes one for the other can be
entered with a token meant for somebody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jwtkit.oidc.id_token import IdToken, IdTokenClaims, IdTokenVerifier

__all__ = ["IdToken", "IdTokenClaims", "IdTokenVerifier"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from jwtkit.oidc import id_token

    value = globals()[name] = getattr(id_token, name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
