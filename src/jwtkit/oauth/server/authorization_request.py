"""AuthorizationRequest: what a browser brings to the authorization endpoint (RFC 6749 section 4.1.1, RFC 7636)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Self

from jwtkit.errors import ProtocolError, ProtocolReason
from jwtkit.oauth.pkce import PKCE
from jwtkit.oauth.scope import is_scope, split_scope
from jwtkit.oauth.urls import is_plain_url, parse_form

__all__ = ["AuthorizationRequest"]

_WHAT: Final = "authorization request"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A request for a code with PKCE. It says who asks; whether that is so, the server must know.

    Compare `client_id` and `redirect_uri` with the registration, character for character, before you send the browser
    anywhere (RFC 6749 section 4.1.2.1).

    Attributes:
        client_id: the client that it claims to be.
        redirect_uri: where it wants the browser to go.
        code_challenge: the S256 challenge.
        scope: what it asks for.
        state: to be given back unchanged, or None.
    """

    client_id: str
    redirect_uri: str
    code_challenge: str
    scope: tuple[str, ...] = ()
    state: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, query: str) -> Self:
        """Read the query of a request.

        Raises:
            MalformedError: it is no form.
            ProtocolError: a parameter is missing, comes twice, or asks for anything else than a code with PKCE S256.

        Spec: RFC 6749 sections 3.1 and 4.1.1, RFC 7636 section 4.3, RFC 9700 section 2.1.1.
        """
        fields = parse_form(query, _WHAT)
        for name in ("client_id", "redirect_uri", "response_type", "code_challenge"):
            if name not in fields:
                raise ProtocolError(f"{_WHAT} lacks {name}", reason=ProtocolReason.MISSING_PARAMETER)
        sound = {
            "response_type": fields["response_type"] == "code",
            # Without a method the challenge would be the verifier itself.
            "code_challenge_method": fields.get("code_challenge_method") == "S256",
            "code_challenge": PKCE.is_challenge(fields["code_challenge"]),
            "redirect_uri": is_plain_url(fields["redirect_uri"]),
            "scope": is_scope(fields.get("scope", "")),
        }
        for name, is_sound in sound.items():
            if not is_sound:
                message = f"{_WHAT}: {name} is not acceptable, only a code with PKCE S256 is"
                raise ProtocolError(message, reason=ProtocolReason.BAD_MEMBER)
        return cls(
            client_id=fields["client_id"],
            redirect_uri=fields["redirect_uri"],
            code_challenge=fields["code_challenge"],
            scope=split_scope(fields.get("scope")),
            state=fields.get("state"),
        )
