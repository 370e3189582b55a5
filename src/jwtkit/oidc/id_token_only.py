"""A login at a provider that gives an ID token and no access token, against RFC 6749 section 5.1.

Azure AD B2C does so where no API is asked for. What comes is an `IdToken` and no `Login`, because there are no tokens
to call anything with; it is verified as in every other login.
"""

from __future__ import annotations

from typing import Any, Literal, overload

from jwtkit.errors import UsageError
from jwtkit.oauth.client.callback import Callback, consume_session
from jwtkit.oauth.client.token_endpoint import ask_endpoint, read_answer
from jwtkit.oauth.http import HttpRequest
from jwtkit.oauth.json_response import bad_member, optional_text
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Consume, Steps
from jwtkit.oidc.id_token import IdToken
from jwtkit.oidc.login import LoginFlow

__all__ = ["finish_with_id_token_only"]

_WHAT = "token endpoint"


@overload
def finish_with_id_token_only(
    flow: LoginFlow, callback: Callback, *, now: float | None = None
) -> Steps[HttpRequest, IdToken]: ...
@overload
def finish_with_id_token_only(
    flow: LoginFlow, callback: Callback, *, once: Literal[True], now: float | None = None
) -> Steps[HttpRequest | Consume, IdToken]: ...
def finish_with_id_token_only(
    flow: LoginFlow, callback: Callback, *, once: bool = False, now: float | None = None
) -> Steps[Any, IdToken]:
    """Redeem the code where only an ID token comes of it; in the place of `LoginFlow.finish`.

    Args:
        flow: the flow that checked the callback.
        callback: what `flow.callback` gave.
        once: ask a store of yours, through the `consume` of `run`, whether the session was used before.
        now: seconds since the epoch; None reads the clock.

    Raises:
        OAuthError: from the steps; the server said no, for example `invalid_grant`.
        ProtocolError: from the steps; the session was used before, or the answer cannot be used, or has an access
            token, which `finish` reads.
        RejectedError: from the steps; the ID token is refused, see `IdTokenVerifier.verify`.
        UsageError: `callback` is no callback of a login.

    Spec: OpenID Connect Core sections 3.1.3.3 and 3.1.3.7.
    """
    if not isinstance(flow, LoginFlow):
        raise UsageError(f"flow must be LoginFlow(...), got {type(flow).__name__}")
    request = flow.token_request(callback, now=now)
    if callback.session.nonce is None:
        raise UsageError("the callback is one of AuthorizationCodeFlow, whose session has no nonce: use its finish")

    def steps() -> Steps[Any, IdToken]:
        if once:
            yield from consume_session(callback.session)
        brought = yield from flow._brought(callback, now)
        members = read_answer((yield from ask_endpoint(flow.client, request, now)), _WHAT)
        if members.get("access_token") is not None:
            raise bad_member(_WHAT, "access_token", "absent, for finish_with_id_token_only: use finish", 200)
        text = optional_text(members, "id_token", _WHAT, 200)
        given = Secret(text) if text else None
        return (yield from flow._verified(callback.session, given, None, brought, now))

    return steps()
