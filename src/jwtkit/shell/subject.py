"""What did somebody hand to inspect? A token, a header line, a token response, or something else entirely.

Rules of this room:

- A person pastes what they have. What surrounds a token is taken off, and said: verifying takes off nothing.
- Whatever it is, the answer is an `Inspection`: nothing that a text holds raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from jwtkit import _wire
from jwtkit.errors import RejectedError
from jwtkit.jwt.claim_fields import check_claims
from jwtkit.jwt.claims import Claims, compile_claims
from jwtkit.jwt.policy import UNCHECKED, Policy
from jwtkit.jwt.report import report
from jwtkit.shell.hint import Hint, Inspected, Inspection
from jwtkit.shell.providers import opaque_hints, pair_hints, response_hints, token_hints

__all__ = ["inspect_text"]

_SCHEME: Final = re.compile(r"(?i)(?:authorization\s*:\s*)?(bearer|dpop)\s+(?=\S)")
_TOKENS: Final = ("access_token", "id_token", "refresh_token")
_SECRETS: Final = frozenset(
    (
        *_TOKENS,
        *(
            "accessToken",
            "idToken",
            "refreshToken",
            "token",
            "subject_token",
            "actor_token",
            "registration_access_token",
        ),
        *("code", "code_verifier", "device_code", "request_uri"),
        *("client_secret", "password", "assertion", "client_assertion"),
    )
)
_OF_RESPONSES: Final = (*_TOKENS, "accessToken", "authed_user", "device_code", "error", "errors", "token_type")
_FORM: Final = re.compile(r"[A-Za-z_]+=[^\s]*")
_NUMBER: Final = re.compile(r"[0-9]{1,12}")
_MOST: Final = 1024 * 1024
_DEPTH: Final = 64
# What is neither a token nor a token response, by a parameter or member that it has; a URL has one without a name.
_OF_URLS: Final = (
    ("code", "this URL carries an authorization code: it is redeemed once, at the token endpoint, with its verifier"),
    ("", "this is a URL without a token in it: paste the token itself, or the whole response"),
)
_OTHER: Final = (
    ("keys", "this is a key set, not a token: hand it to jwtkit verify with --jwks"),
    ("kty", "this is a key, not a token: jwtkit thumbprint names it; a private key belongs nowhere but in its file"),
    (
        "active",
        "this is the answer of an introspection endpoint (RFC 7662): the server has looked at the token already",
    ),
    ("jwks_uri", "this is the metadata of an authorization server: its jwks_uri says where its keys are"),
    ("ciphertext", "this is a JWE in a JSON form: jwtkit decrypt reads it"),
    ("iss", "these are claims without a signature: jwtkit sign --claims makes a token of them"),
)


def inspect_text(
    text: str, *, issuers: Iterable[str] | None, audiences: Iterable[str] | None, now: float
) -> Inspection:
    """Look at a text.

    Args:
        text: what somebody pasted. Untrusted.
        issuers: what a verifier would accept as `iss`; None leaves the question out.
        audiences: the same for `aud`.
        now: seconds since the epoch.
    """
    text = text.strip()
    if not text:
        message = "there is nothing here: paste a token, or name the file that holds it"
        return Inspection(tokens=(), hints=(Hint(code="empty", severity="error", message=message),), now=now)
    hints: list[Hint] = []
    members = _json_object(text)
    if members is None:
        members = _parameters(text, hints)
    if members is not None and not _is_response(members):
        flat = _flattened(members)
        if flat is None:
            return Inspection(tokens=(), hints=(_other(members),), now=now)
        hints.append(
            Hint(code="json_form", severity="info", message="this is a JWS in a JSON form: jws.verify_json reads it")
        )
        text, members = flat, None
    if members is None:
        text = _without_breaks(_without_scheme(text, hints), hints)
        token = _inspected("token", text, issuers, audiences, now)
        return Inspection(tokens=(token,), hints=tuple(hints), now=now)
    nested = members.get("authed_user")  # the user's own tokens, beside those of an app
    sources = {"": members, "authed_user.": nested if isinstance(nested, dict) else {}}
    tokens = [
        _inspected(prefix + name, value, issuers, audiences, now)
        for prefix, source in sources.items()
        for name in _TOKENS
        if isinstance(value := source.get(name), str) and value
    ]
    hints += response_hints(members)
    return Inspection(tokens=_paired(tokens), hints=tuple(hints), response=_public(members), now=now)


def _inspected(
    name: str, text: str, issuers: Iterable[str] | None, audiences: Iterable[str] | None, now: float
) -> Inspected:
    found, purpose = report(text, now=now), name.rpartition(".")[2]
    if found.kind in ("JWS", "JWE"):
        hints = [*token_hints(found, name=purpose), *_what_if(found.claims, issuers, audiences, now)]
    else:
        hints = opaque_hints(text, name=purpose)
        if not hints and len(text.split()) > 1:
            hints = [Hint(code="no_token", severity="error", message="there is white space inside, which no token has")]
    return Inspected(name=name, text=text, report=found, hints=tuple(hints))


def _paired(tokens: list[Inspected]) -> tuple[Inspected, ...]:
    """Compare an ID token with the access token that came with it."""
    access = next((token.text for token in tokens if token.name == "access_token"), None)
    if access is None:
        return tuple(tokens)
    return tuple(
        Inspected(
            name=token.name,
            text=token.text,
            report=token.report,
            hints=(*token.hints, *pair_hints(access, token.report)),
        )
        if token.name == "id_token"
        else token
        for token in tokens
    )


def _what_if(
    claims: Mapping[str, Any] | None, issuers: Iterable[str] | None, audiences: Iterable[str] | None, now: float
) -> list[Hint]:
    """Say what a verifier would make of issuer and audience."""
    asked = {"iss": issuers, "aud": audiences}
    if claims is None or not any(asked.values()):
        return []
    policy = Policy(
        issuer=list(issuers) if issuers else UNCHECKED,
        audience=list(audiences) if audiences else UNCHECKED,
        required=(),
        expected={},
        subject=None,
        leeway=None,
        max_age=None,
        max_lifetime=None,
        allow_missing_exp=True,
    )
    mistyped = {mismatch.claim for mismatch in check_claims(compile_claims(Claims), claims)}
    sound = {name: value for name, value in claims.items() if name not in mistyped}
    wrong = {one.claim: one.message for one in policy.mismatches(sound, now) if one.claim in asked}
    hints = [Hint(code=f"{claim}_mismatch", severity="error", message=message) for claim, message in wrong.items()]
    for claim, wanted in asked.items():
        if wanted and claim not in wrong and claim not in mistyped:
            hints.append(Hint(code=f"{claim}_accepted", severity="info", message=f"{claim} is what you asked for"))
    return hints


def _json_object(text: str) -> dict[str, Any] | None:
    if not text.startswith("{") or len(text) > _MOST:
        return None
    try:
        return _wire.parse_object(text, "text", depth=_DEPTH, int_limit=10**40)
    except RejectedError:
        return None


def _parameters(text: str, hints: list[Hint]) -> dict[str, Any] | None:
    """Read a URL with a response in it, or a response that came as a form."""
    if "\n" in text or len(text) > _MOST:
        return None
    is_url = text.startswith(("https://", "http://"))
    query = text.partition("?")[2].replace("#", "&") if "?" in text else text.partition("#")[2]
    if not is_url and not _FORM.fullmatch(text):
        return None
    found: dict[str, Any] = dict(parse_qsl(query if is_url else text))
    if is_url:
        if found.keys() & {*_TOKENS}:
            message = (
                "these tokens came in a URL, which stays in histories and logs: let the code flow bring them instead"
            )
            hints.append(Hint(code="tokens_in_url", severity="warning", message=message))
        return {"": "URL", **found}
    if not found.keys() & {*_TOKENS, "error"}:
        return None
    message = "this response is form-encoded: send Accept: application/json with the request to get JSON"
    hints.append(Hint(code="form_encoded", severity="info", message=message))
    if _NUMBER.fullmatch(str(found.get("expires_in"))):
        found["expires_in"] = int(found["expires_in"])  # a form has no numbers
    return found


def _is_response(members: Mapping[str, Any]) -> bool:
    """Tell whether it is what a server answered, in the form of the specification or in one of the field's."""
    if not members.keys().isdisjoint(_OF_RESPONSES) or members.get("ok") is False:
        return True
    inner = [members.get(name) for name in ("response", "data")]
    return any(isinstance(one, dict) and not one.keys().isdisjoint(_OF_RESPONSES) for one in inner)


def _flattened(members: Mapping[str, Any]) -> str | None:
    """Write a JWS of one signature in its compact form, for looking at it."""
    signatures = members.get("signatures")
    only: object = signatures[0] if isinstance(signatures, list) and len(signatures) == 1 else members
    if not isinstance(only, dict):
        return None
    parts = (only.get("protected"), members.get("payload"), only.get("signature"))
    return ".".join(parts) if all(isinstance(part, str) for part in parts) else None  # type: ignore[arg-type]


def _other(members: Mapping[str, Any]) -> Hint:
    table = _OF_URLS if "" in members else _OTHER
    message = next((words for name, words in table if name in members), None)
    if message is None:
        message = (
            "this is JSON, but neither a token nor a token response: paste the token itself, or the whole response"
        )
    return Hint(code="no_token", severity="error", message=message)


def _without_scheme(text: str, hints: list[Hint]) -> str:
    found = _SCHEME.match(text)
    if found is None:
        return text
    scheme = "Bearer" if found[1].lower() == "bearer" else "DPoP"
    message = f"the {scheme} prefix was taken off to look: a verifier takes the token without it"
    hints.append(Hint(code="scheme_taken_off", severity="info", message=message))
    return text[found.end() :]


def _without_breaks(text: str, hints: list[Hint]) -> str:
    """Join a token that a mail program or a narrow window broke over several lines."""
    joined = "".join(text.split())
    if joined == text or not text.startswith("eyJ"):
        return text
    hints.append(
        Hint(code="broken_lines", severity="warning", message="it has white space inside, which was taken out to look")
    )
    return joined


def _public(value: Any) -> Any:
    """Leave out the members that are secrets, wherever they stand."""
    if isinstance(value, dict):
        return {name: _public(member) for name, member in value.items() if name and name not in _SECRETS}
    return [_public(member) for member in value] if isinstance(value, list) else value
