"""Login: proof that a user has logged in; made by `LoginFlow.finish` alone."""

from __future__ import annotations

from typing import final

from jwtkit._frozen import Frozen
from jwtkit._proof import Proof
from jwtkit.oauth.client.token_set import TokenSet
from jwtkit.oidc.id_token import IdToken
from jwtkit.oidc.login_record import LoginRecord

__all__ = ["Login"]


@final
class Login(Proof, Frozen):
    """A user who has logged in, and the tokens that came with it. Get one from `LoginFlow.finish`.

    Attributes:
        id_token: who it is; the pair of `iss` and `sub` is the user.
        tokens: what the token endpoint gave.
        session_state: the login status at the provider, for `session_check`; None where it says none.
    """

    __slots__ = ("id_token", "session_state", "tokens")

    _origin = "LoginFlow.finish(...)"
    id_token: IdToken
    session_state: str | None
    tokens: TokenSet

    @property
    def record(self) -> LoginRecord:
        """What to keep beside the tokens; see `LoginRecord`."""
        return self.id_token.record

    def __repr__(self) -> str:
        return f"Login(iss={self.id_token.iss!r}, scope={self.tokens.scope!r})"
