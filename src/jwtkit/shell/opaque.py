"""What is this text, which is no JWT? Most access tokens and nearly all refresh tokens are none.

Rules of this room:

- A prefix is named only where its provider documents it.
- The text is never quoted: it may be good for something.
- A text that was meant to be a JWT is explained by `jwtkit.report`; only what that cannot know is added here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from jwtkit.errors import RejectedError
from jwtkit.jose.header import Header
from jwtkit.jwt.unverified import UnverifiedToken
from jwtkit.limits import DEFAULT_LIMITS
from jwtkit.shell.hint import Hint
from jwtkit.shell.rows import Row, first_fired

__all__ = ["FORMATS", "MEANINGS", "opaque_hints"]

_XML: Final = ("<?xml", "<saml", "<Assertion", "<Response", "<EncryptedAssertion")
# The same in base64; the last character of each depends on what follows, so it is left out.
_XML_BASE64: Final = ("PD94bW", "PHNhbW", "PEFzc2VydGlvb", "PFJlc3BvbnNl", "PEVuY3J5cHRlZEFzc2VydGlvb")
_PADDED: Final = re.compile(r"[A-Za-z0-9_-]+=*(?:\.[A-Za-z0-9_-]+=*){2}")
_UUID: Final = re.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,128}")
_SIGNER: Final = "arn:aws"


def _starts(*prefixes: str) -> Callable[[str], bool]:
    return lambda text: text.startswith(prefixes)


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.match(text) is not None


def _is_jwt(text: str) -> bool:
    try:
        return UnverifiedToken.parse(text).kind == "JWS"
    except RejectedError:
        return False


def _is_wrapped(text: str) -> bool:
    return any(character.isspace() for character in text) and _is_jwt("".join(text.split()))


def _is_padded(text: str) -> bool:
    return "=" in text and _PADDED.fullmatch(text) is not None


def _is_alb(text: str) -> bool:
    if not _is_padded(text):
        return False
    try:
        signer = Header.parse(text.partition(".")[0].rstrip("=")).get("signer")
    except RejectedError:
        return False
    return isinstance(signer, str) and signer.startswith(_SIGNER)


# What has a form of its own: the first row that shows.
FORMATS: Final[tuple[Row[str], ...]] = (
    Row(
        "github_oauth_token",
        "info",
        _starts("gho_", "ghu_"),
        "this is a GitHub token that stands for a user: GitHub's API alone reads it. Ask GET /user there whose it is, "
        "or POST /applications/CLIENT_ID/token whether your app was given it",
    ),
    Row(
        "github_installation_token",
        "info",
        _starts("ghs_"),
        "this is the token of a GitHub App's installation, or of a workflow (GITHUB_TOKEN): GitHub's API alone reads "
        "it, even where it holds a JWT, and it lives for hours, not days",
    ),
    Row(
        "github_refresh_token",
        "info",
        _starts("ghr_"),
        "this is a GitHub refresh token: only GitHub's token endpoint takes it, once, and answers with the next one",
    ),
    Row(
        "github_personal_token",
        "warning",
        _starts("ghp_", "github_pat_"),
        "this is a personal access token of GitHub, a person's own key and no token of an OAuth flow: if it was shown "
        "to anybody, delete it in that person's settings",
    ),
    Row(
        "gitlab_token",
        "warning",
        _starts("glpat-"),
        "this is an access token that somebody made in GitLab's settings, and no token of an OAuth flow: if it was "
        "shown to anybody, revoke it there",
    ),
    Row(
        "slack_token",
        "info",
        _matches(r"xox[a-z][-.]|xapp-"),
        "this is a Slack token: Slack's API alone reads it. Ask auth.test there whose it is, and whether it holds",
    ),
    Row(
        "google_access_token",
        "info",
        _starts("ya29."),
        "this is a Google access token, for Google's APIs alone: ask https://oauth2.googleapis.com/tokeninfo what it "
        "is for. To know who logged in, take the id_token",
    ),
    Row(
        "google_refresh_token",
        "info",
        _starts("1//"),
        "this looks like a Google refresh token: only Google's token endpoint takes it",
    ),
    Row(
        "salesforce_token",
        "info",
        _matches(r"00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?!"),
        "this is a Salesforce session: send it to the instance_url that came with it, and ask that server's "
        "/services/oauth2/introspect what it is for",
    ),
    Row(
        "paseto",
        "error",
        _matches(r"v[1-4]\.(?:local|public)\."),
        "this is a PASETO, another format than JWT: no option here reads it, so take a library for PASETO",
    ),
    Row(
        "sd_jwt",
        "error",
        lambda text: "~" in text and _is_jwt(text.partition("~")[0]),
        "this is an SD-JWT (RFC 9901): what stands before the first '~' is the JWT, so inspect and verify that. The "
        "rest discloses claims, and counts only where a hash in _sd names it",
    ),
    Row(
        "saml",
        "error",
        lambda text: text.startswith((*_XML, *_XML_BASE64)),
        "this is XML, or XML in base64, probably a SAML assertion and no JWT: a SAML library verifies it, or the token "
        "endpoint takes it as a grant (RFC 7522)",
    ),
    Row(
        "pem",
        "error",
        _starts("-----BEGIN "),
        "this is a key or a certificate in PEM, and no token: jwtkit verify takes it with --key",
    ),
    Row(
        "basic_credentials",
        "error",
        _matches(r"(?i)(?:authorization:\s*)?basic "),
        "these are a name and a password in base64 (HTTP Basic), and no token: a client authenticates with them at "
        "the token endpoint",
    ),
    Row(
        "alb_padded",
        "warning",
        _is_alb,
        "an AWS load balancer wrote this (x-amzn-oidc-data): base64url with '=' padding, signed as it stands, which no "
        "verifier here takes. Verify it with AWS's own library, and check that signer in the header is your balancer",
    ),
    Row(
        "padded_segments",
        "error",
        _is_padded,
        "its segments end in '=', and a JWT has no padding (RFC 7515 section 2): have the issuer leave it out. Taken "
        "off here, the signature would no longer be right where it was made over the padded text",
    ),
    Row(
        "wrapped",
        "error",
        _is_wrapped,
        "there is white space within the token, as a terminal or a mail adds it: copy it again as one line",
    ),
    Row(
        "shortened",
        "error",
        lambda text: text.startswith("eyJ") and ("..." in text or "\u2026" in text),
        "this is a token that was shortened for display: copy the whole of it",
    ),
)

# What a text without any form is, by where it was found: the first row that shows.
MEANINGS: Final[tuple[Row[str], ...]] = (
    Row(
        "id_token_opaque",
        "error",
        lambda name: name == "id_token",
        "an ID token is always a JWT, so this is none: look whether the client took another member of the response",
    ),
    Row(
        "opaque_refresh_token",
        "info",
        lambda name: name == "refresh_token",
        "a refresh token that nobody but its issuer can read is as it should be: send it to the token endpoint only",
    ),
    Row(
        "opaque_reference",
        "info",
        lambda name: name == "reference",
        "it looks like a random number that a server looks up, such as a session or a reference token: ask its "
        "issuer's introspection endpoint (RFC 7662) what it stands for",
    ),
    Row(
        "opaque_token",
        "info",
        lambda _: True,
        "a client sends it on as it is, and an API asks its issuer's introspection endpoint (RFC 7662). Some issuers, "
        "Auth0 among them, give a JWT once the authorization request names an audience",
    ),
)


def opaque_hints(text: str, *, name: str) -> list[Hint]:
    """Say what is known of a text that is no JWT.

    Args:
        text: as it was found. Untrusted, and never quoted.
        name: "token", "access_token", "id_token" or "refresh_token".
    """
    if len(text) > DEFAULT_LIMITS.token_bytes:
        return []
    text = text.strip().strip("\"'")
    hints = first_fired(FORMATS, text)
    if hints or not text or not _is_one_word(text):
        return hints
    is_reference = name in ("token", "access_token") and _UUID.fullmatch(text) is not None
    return first_fired(MEANINGS, "reference" if is_reference else name)


def _is_one_word(text: str) -> bool:
    """Tell whether it could be a token at all, and was not meant to be a JWT."""
    meant = text.startswith(("ey", "{")) or text.count(".") in (2, 4)
    return not meant and text.isascii() and text.isprintable() and " " not in text
