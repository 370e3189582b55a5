"""What the challenges of Bearer and DPoP say, as types: why a request was refused, and what a better one needs.

Rules of this room: a challenge is advice of the peer's. A member that cannot be used counts as absent, because the
others still help; what is followed (`resource_metadata`) is checked here and again where it is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from jwtkit.errors import UsageError
from jwtkit.oauth.authentication_scheme import Challenge
from jwtkit.oauth.scope import is_scope, split_scope
from jwtkit.oauth.urls import is_plain_url, is_secure

__all__ = ["OAuthChallenge", "parse_oauth_challenge"]

_ERROR: Final = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")
_URI: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_WORDS: Final = re.compile(r"[\x20-\x7e]+")
_SECONDS: Final = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthChallenge:
    """The members of a Bearer or DPoP challenge. Text of the peer's: escape it before display.

    Attributes:
        error: the error code, an open vocabulary: `invalid_token`, `insufficient_scope`, `use_dpop_nonce`,
            `insufficient_user_authentication`; None where the request merely had no token.
        error_description: text for a developer, printable, or None.
        error_uri: http or https page about the error, or None.
        scope: what a token needs; empty where nothing is said.
        resource_metadata: where the API describes itself: https, or http on a literal loopback address; or None.
        acr_values: classes of authentication that would do, the best first; empty where nothing is said.
        max_age: seconds that may have passed since the user authenticated, or None.
        algs: signature algorithms for DPoP proofs; empty where nothing is said.

    Spec: RFC 6750 section 3, RFC 9449 section 7.1, RFC 9470 section 3, RFC 9728 section 5.1.
    """

    error: str | None = None
    error_description: str | None = None
    error_uri: str | None = None
    scope: tuple[str, ...] = ()
    resource_metadata: str | None = None
    acr_values: tuple[str, ...] = ()
    max_age: int | None = None
    algs: tuple[str, ...] = ()


def parse_oauth_challenge(challenge: Challenge) -> OAuthChallenge:
    """Read the members of a challenge; one that is not of its form counts as absent.

    Args:
        challenge: from `find_challenge(challenges, "DPoP")`, for example.

    Raises:
        UsageError: it is no `Challenge`.

    Example:
        >>> challenge = Challenge(scheme="Bearer", parameters={"error": "insufficient_scope", "scope": "read write"})
        >>> parse_oauth_challenge(challenge).scope
        ('read', 'write')

    Spec: RFC 6750 section 3, RFC 9449 section 7.1, RFC 9470 section 3, RFC 9728 section 5.1.
    """
    if not isinstance(challenge, Challenge):
        raise UsageError(f"challenge must be a Challenge, got {type(challenge).__name__}")
    said = {name: challenge.parameters.get(name, "") for name in OAuthChallenge.__slots__}
    error_uri, resource_metadata, max_age = said["error_uri"], said["resource_metadata"], said["max_age"]
    return OAuthChallenge(
        error=said["error"] if _ERROR.fullmatch(said["error"]) else None,
        error_description=(said["error_description"] or None) if said["error_description"].isprintable() else None,
        # It is for people, who may be shown a link, so neither javascript: nor mailto:; a fragment is no harm.
        error_uri=error_uri if _URI.fullmatch(error_uri) and is_plain_url(error_uri.partition("#")[0]) else None,
        scope=split_scope(said["scope"]) if is_scope(said["scope"]) else (),
        resource_metadata=resource_metadata if is_secure(resource_metadata, allow_http_loopback=True) else None,
        acr_values=_words(said["acr_values"]),
        max_age=int(max_age) if _SECONDS.fullmatch(max_age) else None,
        algs=_words(said["algs"]),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split()) if _WORDS.fullmatch(text) else ()
