"""Front-channel logout: a page of the provider loads a URL of the application in the user's browser.

Anybody can have a browser load that URL, and nothing in it is signed. What it can bring about is therefore little: that
the session of this browser ends, and, where the provider names its session, only if it is that one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from jwtkit.errors import ProtocolError, ProtocolReason, UsageError, quote
from jwtkit.oauth.http import InboundRequest
from jwtkit.oauth.secret import same_text
from jwtkit.oauth.urls import parse_form
from jwtkit.oidc.login_record import LoginRecord

__all__ = ["FrontChannelLogout", "check_front_channel_logout"]

_WHAT: Final = "front-channel logout"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontChannelLogout:
    """What a request to the `frontchannel_logout_uri` says.

    Attributes:
        iss: the provider, or None where the request names no session.
        sid: the provider's session that ended, or None where the request names none.
    """

    iss: str | None
    sid: str | None = field(repr=False)

    def ends(self, record: LoginRecord) -> bool:
        """Tell whether the login of this browser ends with it.

        Args:
            record: of the login that the cookies of this very request belong to.
        """
        if not isinstance(record, LoginRecord):
            raise UsageError(f"record must be a LoginRecord, got {type(record).__name__}: see IdToken.record")
        if self.iss is None or self.sid is None:
            return True
        return record.iss == self.iss and record.sid is not None and same_text(record.sid, self.sid)


def check_front_channel_logout(
    request: str | InboundRequest, *, issuer: str, session_required: bool = False
) -> FrontChannelLogout:
    """Read a request to the `frontchannel_logout_uri`.

    Args:
        request: the URL that was asked of you, absolute, or from the path on. Untrusted.
        issuer: the provider, exactly as in its metadata.
        session_required: whether it must name its session, as registered with
            `frontchannel_logout_session_required`.

    Raises:
        ProtocolError: `.reason` tells: another issuer, one of `iss` and `sid` without the other, a parameter twice,
            or it is no GET.
        MalformedError: the query is no form.
        UsageError: an argument is of the wrong type.

    Spec: OpenID Connect Front-Channel Logout section 2.
    """
    if not isinstance(request, (str, InboundRequest)):
        raise UsageError(f"request must be a URL or an InboundRequest, got {type(request).__name__}")
    if not isinstance(issuer, str) or not issuer:
        raise UsageError("issuer must be a non-empty str")
    if isinstance(request, InboundRequest) and request.method != "GET":
        raise _refusal(
            f"it came as {quote(request.method)}, but a page loads it with GET", ProtocolReason.WRONG_ENDPOINT
        )
    url = request if isinstance(request, str) else request.url
    fields = parse_form(url.partition("#")[0].partition("?")[2], _WHAT)
    iss, sid = fields.get("iss"), fields.get("sid")
    if (iss is None) is not (sid is None) or (session_required and sid is None):
        missing = "iss" if iss is None else "sid"
        raise _refusal(f"there is no {missing}, and iss and sid come together", ProtocolReason.MISSING_PARAMETER)
    if iss is not None and iss != issuer:
        message = f"it is from {quote(iss)}, but the provider is {quote(issuer)}"
        raise _refusal(message, ProtocolReason.ISSUER_MISMATCH)
    return FrontChannelLogout(iss=iss, sid=sid)


def _refusal(message: str, reason: ProtocolReason) -> ProtocolError:
    return ProtocolError(f"{_WHAT}: {message}", reason=reason)
