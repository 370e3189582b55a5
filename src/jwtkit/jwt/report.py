"""report: what is in a token, and what is wrong with it, for people who have one in their hand.

Rules of this room:

- A report proves nothing and is accepted nowhere: it explains. What it says about a token that was not verified is what
  somebody wrote.
- Findings carry a stable code and a severity; their text says what to do next.
- Nothing is refused here: a text that is no token gives a report that says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

from jwtkit import _wire
from jwtkit._clock import is_finite, resolve_now
from jwtkit._frozen import Frozen
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS
from jwtkit.crypto.encryption import KEY_MANAGEMENT
from jwtkit.errors import RejectedError, UsageError, quote
from jwtkit.jose.diagnose import mistake_of
from jwtkit.jose.header import Header
from jwtkit.jwt.claim_fields import check_claims
from jwtkit.jwt.claims import Claims, compile_claims
from jwtkit.jwt.dates import duration_text
from jwtkit.jwt.token import Token
from jwtkit.jwt.unverified import UnverifiedToken
from jwtkit.limits import DEFAULT_LIMITS, Limits

__all__ = ["Finding", "FindingCode", "Report", "Severity", "report"]

Severity = Literal["error", "warning", "info"]
FindingCode = Literal[
    # the text
    "bearer_prefix",
    "bytes_repr",
    "empty",
    "json_form",
    "malformed",
    "newline",
    "opaque",
    "oversized",
    "quoted",
    "segments",
    "white_space",
    # the header
    "alg_none",
    "alg_older_name",
    "alg_shared_secret",
    "alg_unknown",
    "compressed",
    "critical_extension",
    "encrypted",
    "key_in_header",
    "no_kid",
    "no_typ",
    "unsigned",
    # the claims
    "aud_empty",
    "claim_type",
    "expired",
    "issued_in_the_future",
    "lives_long",
    "milliseconds",
    "no_aud",
    "no_exp",
    "no_iss",
    "not_yet_valid",
]
_TIMES: Final = ("exp", "nbf", "iat", "auth_time")
_KEY_MEMBERS: Final = ("jwk", "jku", "x5u", "x5c")
_OVERSIZED: Final = 4096  # a cookie holds no more, and many servers stop reading headers at twice as much
_LONG: Final = 30 * 24 * 3600
# As seconds this is the year 5138; as milliseconds it was 1973.
_MILLISECONDS: Final = 100_000_000_000
_TRIMMED: Final = frozenset(("bearer_prefix", "bytes_repr", "newline", "quoted", "white_space"))


class Finding(Frozen):
    """One thing that is worth knowing about a token.

    Attributes:
        code: closed vocabulary, see `FindingCode`.
        severity: "error" where a verifier refuses it, "warning" where one should look twice, "info" otherwise.
        message: one sentence that says what it is and what to do next.
    """

    __slots__ = ("code", "message", "severity")

    def __init__(self, code: FindingCode, severity: Severity, message: str) -> None:
        self.code: Final[FindingCode] = code
        self.severity: Final[Severity] = severity
        self.message: Final = message

    def __repr__(self) -> str:
        return f"Finding({self.code!r}, {self.severity!r})"


class Report(Frozen):
    """What a token says about itself, and what is wrong with it.

    Attributes:
        kind: "JWS" for a signed token, "JWE" for an encrypted one, "opaque" for a text that is no JWT, "broken" for one
            that should be.
        verified: whether it came as a `Token`, which was verified.
        header: the JOSE header; None where there is none to read.
        claims: the claims; None where they cannot be read.
        times: the claims that are moments, as people read them: absolute, and from now.
        findings: what is worth knowing, the worst first.
    """

    __slots__ = ("claims", "findings", "header", "kind", "times", "verified")

    def __init__(
        self,
        kind: Literal["JWS", "JWE", "opaque", "broken"],
        *,
        verified: bool = False,
        header: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
        times: Mapping[str, str] | None = None,
        findings: list[Finding],
    ) -> None:
        order = get_args(Severity)
        self.kind: Final[Literal["JWS", "JWE", "opaque", "broken"]] = kind
        self.verified: Final = verified
        self.header: Final = header
        self.claims: Final = claims
        self.times: Final[Mapping[str, str]] = _wire.freeze(dict(times or {}))
        self.findings: Final = tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        findings = [{"code": one.code, "severity": one.severity, "message": one.message} for one in self.findings]
        members: dict[str, Any] = {"kind": self.kind, "verified": self.verified, "findings": findings}
        for name in ("header", "claims", "times"):
            value = getattr(self, name)
            if value is not None:
                members[name] = _wire.thaw(value, name)
        return members

    def __repr__(self) -> str:
        return f"Report({self.kind!r}, {', '.join(finding.code for finding in self.findings)})"


def report(
    token: str | Token[Claims] | UnverifiedToken, *, now: float | None = None, limits: Limits = DEFAULT_LIMITS
) -> Report:
    """Explain a token, whatever state it is in.

    Args:
        token: a text as it was found, with white space or "Bearer" around it perhaps, or a token that was parsed or
            verified. Untrusted.
        now: seconds since the epoch; None reads the clock.
        limits: bounds for a text.

    Raises:
        UsageError: it is something else.

    Example:
        >>> found = report("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.", now=0)
        >>> [finding.code for finding in found.findings if finding.severity == "error"]
        ['bearer_prefix', 'unsigned', 'alg_none']
        >>> found.claims["sub"]
        'alice'
    """
    moment = resolve_now(now)
    if isinstance(token, Token):
        return _explain("JWS", token.header, token.claims, moment, [], verified=True)
    if isinstance(token, UnverifiedToken):
        return _explain(token.kind, token.header, _claims_of(token), moment, [])
    if not isinstance(token, str):
        raise UsageError(f"report takes a str, a Token or an UnverifiedToken, got {type(token).__name__}")
    if len(token) > limits.token_bytes:
        message = f"the text has {len(token)} characters, more than any token here may have: is it one?"
        return Report("broken", findings=[Finding("oversized", "error", message)])
    text, findings = _trimmed(token)
    if len(text) > _OVERSIZED:
        message = f"token has {len(text)} characters, more than a cookie and many servers take: put less into it"
        findings.append(Finding("oversized", "warning", message))
    try:
        parsed = UnverifiedToken.parse(text, limits=limits)
    except RejectedError as refusal:
        code = refusal.code if refusal.code in get_args(FindingCode) else "malformed"
        kind: Literal["opaque", "broken"] = "opaque" if code == "opaque" else "broken"
        severity: Severity = "info" if code == "opaque" else "error"
        findings.append(Finding(code, severity, str(refusal)))  # type: ignore[arg-type]  # one of them, see above
        return Report(kind, header=_header_of(text, limits), findings=findings)
    if parsed.kind == "JWS" and text.endswith("."):
        findings.append(Finding("unsigned", "error", "token has no signature: anybody can have written it"))
    return _explain(parsed.kind, parsed.header, _claims_of(parsed), moment, findings)


def _trimmed(text: str) -> tuple[str, list[Finding]]:
    """Take off what does not belong to the token, and say so: a verifier takes off nothing."""
    findings: list[Finding] = []
    for _ in _TRIMMED:
        mistake = mistake_of(text)
        if mistake is None or mistake[0] not in _TRIMMED:
            break
        code, message = mistake
        findings.append(Finding(code, "error", message))  # type: ignore[arg-type]  # those that are trimmed are findings
        text = _without(text, code)
    return text, findings


def _without(text: str, code: str) -> str:
    if code == "bearer_prefix":
        return text[7:]
    if code == "bytes_repr":
        return text[2:].rstrip("'\"")
    return text[1:-1] if code == "quoted" else text.strip()


def _claims_of(token: UnverifiedToken) -> Mapping[str, Any] | None:
    return token.unverified_claims if token.kind == "JWS" else None


def _header_of(text: str, limits: Limits) -> Header | None:
    """Read as much as can be read of a broken token."""
    try:
        return Header.parse(text.partition(".")[0], limits=limits)
    except RejectedError:
        return None


def _explain(
    kind: Literal["JWS", "JWE"],
    header: Header,
    claims: Mapping[str, Any] | None,
    now: float,
    findings: list[Finding],
    *,
    verified: bool = False,
) -> Report:
    findings += _header_findings(kind, header)
    if claims is None:
        return Report(kind, header=header, findings=findings)
    findings += _claim_findings(claims, now)
    moments = {name: claims[name] for name in _TIMES if is_finite(claims.get(name))}
    times = {name: _time_text(value, now) for name, value in moments.items()}
    return Report(kind, verified=verified, header=header, claims=claims, times=times, findings=findings)


def _header_findings(kind: str, header: Header) -> list[Finding]:
    found = _algorithm_findings(kind, header.alg)
    for name in header.crit:
        message = f"crit demands the extension {quote(name)}, which a verifier must know"
        found.append(Finding("critical_extension", "warning", message))
    for name in _KEY_MEMBERS:
        if name in header:
            message = f"header brings {name}: a key never comes from the token (RFC 8725 section 3.10)"
            found.append(Finding("key_in_header", "warning", message))
    rows: tuple[tuple[bool, FindingCode, Severity, str], ...] = (
        (kind == "JWE", "encrypted", "info", "token is encrypted: only the recipient's key shows its claims"),
        ("zip" in header, "compressed", "warning", "content is compressed: it is read only with allow_zip=True"),
        (
            header.kid is None,
            "no_kid",
            "info",
            "token names no kid: a set with several keys that fit cannot tell which one it means",
        ),
        (
            header.typ is None,
            "no_typ",
            "info",
            "token has no typ: one made for another purpose looks the same (RFC 8725 section 3.11)",
        ),
    )
    return found + [Finding(code, severity, message) for is_so, code, severity, message in rows if is_so]


def _algorithm_findings(kind: str, alg: str) -> list[Finding]:
    row = SIGNATURE_ALGORITHMS.get(alg)
    if alg.lower() == "none":
        message = "alg is none: the token is not signed, and no verifier here accepts it"
        return [Finding("alg_none", "error", message)]
    if row is None if kind == "JWS" else alg not in KEY_MANAGEMENT:
        message = f"alg {quote(alg)} is not known here, so the token cannot be read with this library"
        return [Finding("alg_unknown", "error", message)]
    if row is not None and row.kty == "oct":
        message = f"{alg} uses a shared secret: whoever can verify such a token can also make one"
        return [Finding("alg_shared_secret", "info", message)]
    if alg == "EdDSA":
        message = "EdDSA is the older name of Ed25519 and Ed448 (RFC 9864): list it to accept it"
        return [Finding("alg_older_name", "info", message)]
    return []


def _claim_findings(claims: Mapping[str, Any], now: float) -> list[Finding]:
    mistyped = check_claims(compile_claims(Claims), claims)
    found = [Finding("claim_type", "error", mismatch.message) for mismatch in mistyped]
    wrong = {mismatch.claim for mismatch in mistyped}
    sound = {name: value for name, value in claims.items() if name not in wrong}
    missing: tuple[tuple[str, FindingCode, str], ...] = (
        ("exp", "no_exp", "token has no exp, so it never expires: a verifier here refuses that"),
        ("iss", "no_iss", "token has no iss: a verifier cannot tell who issued it"),
        ("aud", "no_aud", "token has no aud: whoever accepts its issuer would accept it (audience=ABSENT allows that)"),
    )
    found += [Finding(code, "warning", message) for name, code, message in missing if claims.get(name) is None]
    if sound.get("aud") in ("", (), []):
        found.append(Finding("aud_empty", "error", "aud is empty: the token is for nobody"))
    return found + _time_findings(sound, now)


def _time_findings(claims: Mapping[str, Any], now: float) -> list[Finding]:
    found: list[Finding] = []
    exp, nbf, iat = (claims.get(name) for name in ("exp", "nbf", "iat"))
    for name in _TIMES:
        if name in claims and claims[name] >= _MILLISECONDS:
            message = f"{name}={claims[name]} looks like milliseconds: NumericDate counts seconds (RFC 7519 section 2)"
            found.append(Finding("milliseconds", "warning", message))
    if exp is not None and now >= exp:
        found.append(Finding("expired", "error", f"token expired {duration_text(now - exp)} ago: get a fresh one"))
    if nbf is not None and nbf > now:
        message = f"token is not valid for another {duration_text(nbf - now)}: check the clocks"
        found.append(Finding("not_yet_valid", "error", message))
    if iat is not None and iat > now:
        message = f"token was issued {duration_text(iat - now)} from now: check the clocks"
        found.append(Finding("issued_in_the_future", "warning", message))
    if exp is not None and iat is not None and exp - iat > _LONG:
        message = f"token lives {duration_text(exp - iat)}: nobody is asked meanwhile whether it still should"
        found.append(Finding("lives_long", "warning", message))
    return found


def _time_text(value: float, now: float) -> str:
    """Say a moment: 2030-01-01T00:00:00Z, in 3d 4h."""
    try:
        absolute = datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return "beyond the years that a calendar here knows"
    distance = duration_text(value - now)
    return f"{absolute}, {'in ' + distance if value > now else distance + ' ago'}"
