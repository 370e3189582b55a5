"""LoginRecord: what an application keeps of a login beside the tokens, to tell that later answers are about this user.

It is plain data of the application's own, as trustworthy as the place where it is kept, and proves nothing by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Self

from jwtkit.errors import UsageError, quote
from jwtkit.oauth.client.stored import Stored, write

__all__ = ["LoginRecord", "check_client"]

_VERSION: Final = 1
_WHAT: Final = "login record"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRecord:
    """What the ID token of a login said about who, for whom and when. Get one from `IdToken.record`.

    A refreshed ID token and UserInfo are compared with it. It holds no token, so keep the `TokenSet` beside it.

    Attributes:
        iss: the provider.
        sub: the user, as the provider knows them.
        aud: the audiences.
        azp: the authorized party, or None where the ID token named none.
        auth_time: when the user authenticated, in seconds since the epoch, or None.
        nonce: what bound the ID token to the login, or None.
        sid: the provider's session, which a logout may name, or None.

    Spec: OpenID Connect Core section 12.2.
    """

    iss: str
    sub: str = field(repr=False)
    aud: tuple[str, ...]
    azp: str | None = None
    auth_time: float | None = None
    nonce: str | None = field(default=None, repr=False)
    sid: str | None = field(default=None, repr=False)

    def to_json(self) -> str:
        """Write JSON to keep. It holds personal data, and no token."""
        return write(_WHAT, _VERSION, self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            MalformedError: it is something else.
            NotAllowedError: another version wrote it.
        """
        stored = Stored(text, _WHAT, _VERSION)
        aud = stored.texts("aud")
        if not aud:
            raise stored.wrong()
        return cls(
            iss=stored.text("iss"),
            sub=stored.text("sub"),
            aud=aud,
            azp=stored.optional_text("azp"),
            auth_time=stored.optional_number("auth_time"),
            nonce=stored.optional_text("nonce"),
            sid=stored.optional_text("sid"),
        )


def check_client(record: LoginRecord, client_id: str) -> None:
    """Check that a login was one of this client, before what came of it goes to the client's server.

    Raises:
        UsageError: it was another client's.
    """
    if client_id not in record.aud:
        raise UsageError(f"this login is one of {quote(record.aud)}, and not of the client {quote(client_id)}")
