"""What is known of token responses: what their members mean, and what the codes of errors ask one to do next.

Rules of this room:

- A response that `parse_token_response` refuses has a row that says "error", and one that it takes has none. What is
  no failure, though it brings no tokens, such as a user who has not finished yet, says "info".
- Error codes are an open vocabulary: an unknown one gets the general answer.
- Only the error code and token_type are quoted, never what could be a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from jwtkit._clock import is_finite
from jwtkit.errors import quote
from jwtkit.jwt.report import Severity
from jwtkit.shell.hint import Hint
from jwtkit.shell.rows import Row, fired, first_fired

__all__ = ["ERRORS", "MEMBERS", "SHAPES", "TOKEN_TYPES", "response_hints"]

Members = Mapping[str, object]
_PENDING: Final = frozenset(["authorization_pending", "slow_down"])
_TOKENS: Final = ("access_token", "refresh_token", "id_token")
_LONGEST: Final = 100 * 366 * 24 * 3600
_ABSOLUTE: Final = 1_000_000_000  # as seconds from now this is in 31 years; as a moment it was in 2001
_MILLISECONDS: Final = 100_000_000_000

# What a code asks one to do next. A hint's code is the error's with "error_" before it.
ERRORS: Final[Mapping[str, str]] = {
    # RFC 6749 section 5.2
    "invalid_request": "a parameter is missing, repeated or malformed: compare what was sent with the grant's section "
    "in RFC 6749, and look whether the body is form-encoded",
    "invalid_client": "the client was not authenticated: check client_id and secret, and whether the server wants them "
    "in the Authorization header or in the body",
    "invalid_grant": "the code or refresh token is expired, used already, revoked or another client's, or redirect_uri "
    "or code_verifier is not that of the authorization request: start a new login, and use each code once",
    "unauthorized_client": "this client may not use this grant: allow the grant type in its registration",
    "unsupported_grant_type": "the server does not know this grant_type: check its spelling, and "
    "grant_types_supported in the server's metadata",
    "invalid_scope": "a scope is unknown, malformed or more than was granted: ask for those that the client is "
    "registered for; a refresh can only narrow",
    # RFC 6749 section 4.1.2.1
    "access_denied": "the user or the server said no: show that, and begin again only if the user wants to",
    "unsupported_response_type": "the server does not give this response_type: ask for code",
    "server_error": "the server failed: try again later, and give its operator the time of this answer",
    "temporarily_unavailable": "the server is overloaded or in maintenance: try again later, with growing pauses",
    # RFC 8628 section 3.5
    "authorization_pending": "the user has not finished yet: ask again after the interval, which is 5 seconds unless "
    "the server named another",
    "slow_down": "polling is too fast: ask again with an interval that is 5 seconds longer, and keep that",
    "expired_token": "the device_code has expired before the user finished: begin again with a new one",
    # RFC 8707, RFC 9449
    "invalid_target": "the resource or audience asked for is unknown: name an API that this server issues tokens for "
    "(RFC 8707)",
    "use_dpop_nonce": "the server wants its nonce in the DPoP proof: repeat the request once, with the nonce of the "
    "DPoP-Nonce header of this answer (RFC 9449 section 8)",
    "invalid_dpop_proof": "the DPoP proof is wrong: check its htm, htu, iat and the clock, and make a new one for "
    "every request (RFC 9449 section 5)",
    # OpenID Connect Core section 3.1.2.6
    "login_required": "the user has no session at the server, and prompt=none forbade asking: send the user there "
    "without prompt=none",
    "interaction_required": "the user must do something at the server, such as a second factor: send the user there "
    "without prompt=none",
    "consent_required": "the user must consent first: send the user there without prompt=none, or have an "
    "administrator consent",
    "account_selection_required": "the user must choose an account: send the user there without prompt=none",
    "invalid_request_uri": "the request_uri is expired, used or unreachable: push the request again",
    "invalid_request_object": "the request object is wrong: check its signature, iss, aud and exp",
    "request_not_supported": "the server takes no request object: send plain parameters",
    "request_uri_not_supported": "the server takes no request_uri: send plain parameters",
    "registration_not_supported": "the server takes no registration parameter: register the client beforehand",
    # RFC 6750 section 3.1
    "invalid_token": "an API, or userinfo, did not take the access token: get a fresh one, for that API",
    "insufficient_scope": "the access token lacks a scope: log in again, and ask for the scope that the API names",
    # GitHub, which answers with status 200
    "bad_verification_code": "GitHub does not know this code: it was used already, or is older than ten minutes; "
    "start a new login",
    "incorrect_client_credentials": "GitHub does not know this pair of client_id and client_secret: copy both again, "
    "from the settings of the same app",
    "redirect_uri_mismatch": "redirect_uri is not one that the app is registered with: register exactly this one, down "
    "to the slash at its end",
    "incorrect_device_code": "the device_code is wrong: send the one that the device endpoint gave, unchanged",
    "device_flow_disabled": "the device flow is not allowed for this app: allow it in the app's settings",
    "unverified_user_email": "the user's e-mail address is not verified at GitHub: ask the user to do that first",
}


def _is_text(members: Members, name: str) -> bool:
    value = members.get(name)
    return isinstance(value, str) and value != ""


def _text(members: Members, name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _scopes(members: Members) -> frozenset[str]:
    return frozenset(_text(members, "scope").replace(",", " ").split())


def _user_of_slack(members: Members) -> bool:
    return _holds_tokens(members.get("authed_user"))


def _holds_tokens(value: object) -> bool:
    return isinstance(value, Mapping) and _is_text(value, "access_token")


def _seconds(members: Members) -> float | None:
    value = members.get("expires_in")
    return value if is_finite(value) else None


def _is_seconds(is_so: Callable[[float], bool]) -> Callable[[Members], bool]:
    return lambda members: (seconds := _seconds(members)) is not None and is_so(seconds)


def _is_digits(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit()


def _issued_in_milliseconds(members: Members) -> bool:
    issued = members.get("issued_at")
    # Thirteen digits until the year 2286.
    return (is_finite(issued) and issued >= _MILLISECONDS) or (_is_digits(issued) and len(str(issued)) == 13)


# What came where there is no access token: the first row that shows, and nothing else counts.
SHAPES: Final[tuple[Row[Members], ...]] = (
    Row(
        "device_authorization",
        "info",
        lambda members: "device_code" in members,
        "this is the answer of the device authorization endpoint, not a token response: show the user user_code and "
        "verification_uri (Google says verification_url, which Client(quirk_verification_url=True) reads), then ask "
        "the token endpoint with device_code (RFC 8628)",
    ),
    Row(
        "errors_list",
        "error",
        lambda members: isinstance(members.get("errors"), (list, tuple)),
        "the answer lists errors in a form of its own, as Fitbit does: the first entry says what was wrong",
    ),
    Row(
        "nested_response",
        "error",
        lambda members: any(_holds_tokens(members.get(name)) for name in ("response", "data")),
        "the token response is nested in another object: hand its inner object to the parser, not the whole",
    ),
    Row(
        "camel_case",
        "error",
        lambda members: "accessToken" in members,
        "the members are written in camel case, which no OAuth client reads: rename accessToken to access_token, and "
        "the others likewise, before parsing",
    ),
    Row(
        "slack_user_token",
        "error",
        _user_of_slack,
        "Slack nests the user's token: hand the object in authed_user to the parser, not the whole answer, "
        "as Client(quirk_response=fix_members(...)) does",
    ),
    Row(
        "only_id_token",
        "error",
        lambda members: _is_text(members, "id_token"),
        "there is an ID token but no access token, as Azure AD B2C answers where no API was asked for: verify the ID "
        "token by itself, as finish_with_id_token_only does, or ask for a scope of an API (at B2C the client_id may be "
        "one) to get both",
    ),
    Row(
        "no_access_token",
        "error",
        lambda _: True,
        "there is no access_token in this answer, and no error either: is this the token endpoint?",
    ),
)

# What token_type says of how the access token is sent: the first row that shows.
TOKEN_TYPES: Final[tuple[Row[Members], ...]] = (
    Row(
        "no_token_type",
        "error",
        lambda members: not _is_text(members, "token_type"),
        "there is no token_type, which RFC 6749 section 5.1 requires; LinkedIn leaves it out and means Bearer. Where "
        "the provider's documentation says so, Client(quirk_assume_bearer=True) takes it for that",
    ),
    Row(
        "token_type_dpop",
        "error",
        lambda members: _text(members, "token_type").lower() == "dpop",
        "the access token is bound to a key: each request needs a DPoP proof made with that key (RFC 9449), and "
        "as Bearer it is refused. Client(dpop=DPoP(key)) asks with that key, and authorize_request makes the proofs",
    ),
    Row(
        "token_type_slack",
        "error",
        lambda members: _text(members, "token_type") in ("bot", "user"),
        "token_type says whose the token is, as Slack writes it, not how it is sent: it is sent as Bearer, so set "
        "token_type to that before parsing",
    ),
    Row(
        "token_type_na",
        "error",
        lambda members: _text(members, "token_type").upper() == "N_A",
        "token_type N_A says that what was exchanged is no access token (RFC 8693 section 2.2.1): issued_token_type "
        "says what it is",
    ),
    Row(
        "token_type_other",
        "error",
        lambda members: _text(members, "token_type").lower() != "bearer",
        "token_type is {}, where clients know Bearer: if the provider's documentation says that it is sent as Bearer, "
        "set it to that before parsing",
        lambda members: _text(members, "token_type"),
    ),
)

# What else is worth knowing of a response with an access token: every row that shows.
MEMBERS: Final[tuple[Row[Members], ...]] = (
    Row(
        "access_token_type",
        "error",
        lambda members: not _is_text(members, "access_token"),
        "access_token is not a text, or empty: it is a string in every token response (RFC 6749 section 5.1)",
    ),
    Row(
        "token_not_text",
        "error",
        lambda members: any(not isinstance(members.get(name), (str, type(None))) for name in _TOKENS[1:]),
        "refresh_token and id_token are strings where they are there, and one of them is something else",
    ),
    Row(
        "slack_two_tokens",
        "info",
        _user_of_slack,
        "Slack answers with two tokens: that of the app at the top, that of the user in authed_user. Keep them apart",
    ),
    Row(
        "expires_in_text",
        "error",
        lambda members: _is_digits(members.get("expires_in")),
        "expires_in is text, not a number, as Entra v1 and Azure AD B2C write it: "
        "Client(quirk_text_expires_in=True) reads it",
    ),
    Row(
        "expires_in_type",
        "error",
        lambda members: (
            (value := members.get("expires_in")) is not None and not is_finite(value) and not _is_digits(value)
        ),
        "expires_in is not a number of seconds: look up how this provider says when the token expires",
    ),
    Row(
        "expires_in_negative",
        "error",
        _is_seconds(lambda seconds: seconds < 0),
        "expires_in is negative: the token has expired before it came, so check the server's clock",
    ),
    Row(
        "expires_in_zero",
        "warning",
        _is_seconds(lambda seconds: seconds == 0),
        "expires_in is 0: the token has expired already, unless this provider means that it never does",
    ),
    Row(
        "expires_in_absolute",
        "warning",
        _is_seconds(lambda seconds: _ABSOLUTE <= seconds <= _LONGEST),
        "expires_in counts seconds from now, and this would be in decades: it looks like a moment, so take the present "
        "from it before parsing",
    ),
    Row(
        "expires_in_too_long",
        "error",
        _is_seconds(lambda seconds: seconds > _LONGEST),
        "expires_in is more than a century: it looks like milliseconds, or a moment, where seconds from now belong",
    ),
    Row(
        "no_expires_in",
        "info",
        lambda members: members.get("expires_in") is None and "expires" not in members,
        "the answer does not say when the token expires: use it until an API answers 401, then refresh, or log in anew",
    ),
    Row(
        "expires_member",
        "warning",
        lambda members: members.get("expires_in") is None and "expires" in members,
        "the lifetime is in expires, which is none of OAuth's members: where the provider's documentation says that it "
        "counts seconds from now, rename it to expires_in before parsing",
    ),
    Row(
        "issued_at_milliseconds",
        "info",
        _issued_in_milliseconds,
        "issued_at is in milliseconds, as Salesforce writes it: divide by 1000 to compare it with other moments. How "
        "long its sessions live is a setting there",
    ),
    Row(
        "scope_null",
        "warning",
        lambda members: "scope" in members and members["scope"] is None,
        "scope is null, which says nothing: the granted scopes may be those that were asked for; look at the token",
    ),
    Row(
        "scope_type",
        "error",
        lambda members: not isinstance(members.get("scope"), (str, type(None))),
        "scope is not a text: it is one string with spaces between the scopes (RFC 6749 section 3.3), so join a list "
        "before parsing",
    ),
    Row(
        "scope_commas",
        "warning",
        lambda members: "," in _text(members, "scope") and " " not in _text(members, "scope"),
        "the scopes have commas between them, as GitHub and Slack write them, where spaces belong: replace them before "
        "parsing, or all of them are taken for one scope",
    ),
    Row(
        "no_refresh_token",
        "warning",
        lambda members: "offline_access" in _scopes(members) and not members.get("refresh_token"),
        "offline_access was granted, but no refresh token came: ask with prompt=consent (OpenID Connect Core section "
        "11), and see whether the client is registered for the refresh_token grant",
    ),
    Row(
        "no_id_token",
        "info",
        lambda members: "openid" in _scopes(members) and not members.get("id_token"),
        "openid was granted, but no ID token came: after a refresh that is allowed, after a login it is not",
    ),
    Row(
        "id_token_without_openid",
        "info",
        lambda members: (
            _is_text(members, "id_token") and _is_text(members, "scope") and "openid" not in _scopes(members)
        ),
        "there is an ID token, though scope does not name openid: verify it all the same before you use it",
    ),
)


def response_hints(members: Mapping[str, object]) -> list[Hint]:
    """Say what is known of a token response, or of the error in its place.

    Args:
        members: of the JSON object. Untrusted.
    """
    has_token = members.get("access_token") is not None
    if members.get("ok") is False and (members.get("error") is not None or not has_token):
        return [_slack_error(members)]
    if members.get("error") is not None:
        return [_error(members["error"])]
    if not has_token:
        return first_fired(SHAPES, members)
    return [*first_fired(TOKEN_TYPES, members), *fired(MEMBERS, members)]


def _slack_error(members: Members) -> Hint:
    message = (
        f"Slack said no, with ok=false and the error {quote(_text(members, 'error'))} under status 200: the page of "
        "the method that was called lists what its codes mean"
    )
    return Hint(code="slack_error", severity="error", message=message)


def _error(error: object) -> Hint:
    if not isinstance(error, str):
        message = "error is not a text, so this is no answer of an OAuth server: is this the token endpoint?"
        return Hint(code="error_type", severity="error", message=message)
    if error in ERRORS:
        severity: Severity = "info" if error in _PENDING else "error"
        return Hint(code=f"error_{error}", severity=severity, message=f"{error}: {ERRORS[error]}")
    message = f"the server said no, with the error {quote(error)}: error_description and its documentation say why"
    return Hint(code="error_other", severity="error", message=message)
