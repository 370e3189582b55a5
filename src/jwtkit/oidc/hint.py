"""An ID token as a hint: whom a request to the provider is about. It proves nothing there, and may have expired."""

from __future__ import annotations

from jwtkit.errors import UsageError
from jwtkit.oauth.secret import Secret
from jwtkit.oidc.id_token import IdToken

__all__ = ["hint_text"]


def hint_text(hint: IdToken | Secret | None) -> str | None:
    """Give the text of an ID token that was verified, or that a `TokenSet` has kept.

    Raises:
        UsageError: it is something else, or encrypted for this client, so that the provider could not read it (OpenID
            Connect Core section 3.1.2.1).
    """
    if hint is None:
        return None
    if isinstance(hint, IdToken):
        return hint.compact
    if not isinstance(hint, Secret):
        raise UsageError(f"id_token_hint must be an IdToken, or the Secret of a TokenSet, got {type(hint).__name__}")
    text = hint.reveal()
    if not text.isascii():
        raise UsageError("id_token_hint must be the text of an ID token")
    if text.count(".") == 4:
        raise UsageError("this ID token is encrypted for the client: pass what was verified, its IdToken, as the hint")
    return text
