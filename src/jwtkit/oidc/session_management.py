"""Session management: a page asks a hidden frame of the provider whether the user is still logged in there.

Everything happens in the browser; here is what the page needs for it, as values. Where browsers keep cookies from
frames of other sites, the answer is always that something changed, so it is a hint to ask with `prompt="none"`, and
never a proof. Back-channel logout needs no browser.
"""

from __future__ import annotations

from dataclasses import dataclass

from jwtkit.errors import ProtocolError, ProtocolReason, UsageError
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.http_uri import http_origin

__all__ = ["SessionCheck", "session_check"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCheck:
    """What a page needs to ask.

    The page loads `frame_url` in a hidden frame, posts `message` to it with `origin` as the target, and listens to
    messages from `origin` alone: "unchanged", "changed", or "error", after which it must not ask again.

    Attributes:
        frame_url: the provider's page, its `check_session_iframe`.
        origin: where that page is at home: the target of each message, and the only source of answers.
        message: what to post.

    Spec: OpenID Connect Session Management sections 3.1 and 3.2.
    """

    frame_url: str
    origin: str
    message: str


def session_check(client: Client, session_state: str) -> SessionCheck:
    """Give what a page needs to ask whether the user is still logged in at the provider.

    Args:
        client: the client of the login.
        session_state: of the login, from `Login.session_state`. The provider's text, which nobody has verified.

    Raises:
        ProtocolError: `session_state` has a space or is empty, so that the message could be taken for another.
        UsageError: the provider has no such page, the `client_id` has a space, or an argument is of the wrong type.

    Example:
        >>> from jwtkit.oauth import PublicClient, ServerMetadata
        >>> server = ServerMetadata(
        ...     issuer="https://login.example.com", check_session_iframe="https://login.example.com/session"
        ... )
        >>> check = session_check(Client(server=server, client_id="app", auth=PublicClient()), "a1b2.c3")
        >>> check.origin, check.message
        ('https://login.example.com', 'app a1b2.c3')

    Spec: OpenID Connect Session Management sections 2 and 3.1.
    """
    if not isinstance(client, Client):
        raise UsageError(f"client must be Client(...), got {type(client).__name__}")
    if not isinstance(session_state, str):
        raise UsageError(f"session_state must be a str, got {type(session_state).__name__}")
    if " " in client.client_id:
        raise UsageError("client_id must have no spaces here: a space ends it in the message")
    if not session_state or not session_state.isprintable() or " " in session_state:
        message = "session_state must be printable text without spaces: a space ends the client_id in the message"
        raise ProtocolError(message, reason=ProtocolReason.BAD_MEMBER)
    frame_url = client.server.endpoint("check_session_iframe")
    message = f"{client.client_id} {session_state}"
    return SessionCheck(frame_url=frame_url, origin=str(http_origin(frame_url)), message=message)
