"""Hint: what the shell has to say about a token beyond `jwtkit.report`, because it knows the field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from jwtkit.jwt.report import Report, Severity
from jwtkit.shell.failures import in_options

__all__ = ["Hint", "Inspected", "Inspection"]


# How the base64url of a JSON object begins, by what follows the brace.
_JSON_STARTS: Final = ("eyJ", "ewo", "ew0", "eyA", "ewk", "{", '"', "'", "b'", "Bearer ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One thing that is worth knowing; shaped like `Finding`, with codes of the shell's own.

    Attributes:
        code: short, stable, lower case with underscores.
        severity: "error" where it will be refused, "warning" where one should look twice, "info" otherwise.
        message: one sentence that says what it is and what to do next.
    """

    code: str
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """One token that was looked at.

    Attributes:
        name: what it was called where it was found: "token", or "access_token", "id_token", "refresh_token".
        text: the text, which may be a secret.
        report: what the format says about it.
        hints: what the shell adds.
    """

    name: str
    text: str
    report: Report
    hints: tuple[Hint, ...] = ()

    @property
    def kind(self) -> Literal["JWS", "JWE", "opaque", "broken"]:
        """What it is: as the report says, but a text whose first part is no JSON is rather opaque than broken."""
        kind = self.report.kind
        return "opaque" if kind == "broken" and self.text and not self.text.startswith(_JSON_STARTS) else kind

    def findings(self) -> list[Hint]:
        """Give everything that is worth knowing, the worst first."""
        # What is no JWT has no faults as one.
        faults = () if self.kind == "opaque" and self.hints else self.report.findings
        own = (Hint(code=one.code, severity=one.severity, message=in_options(one.message)) for one in faults)
        order = ("error", "warning", "info")
        return sorted((*own, *self.hints), key=lambda hint: order.index(hint.severity))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Everything that was found in one text.

    Attributes:
        tokens: the tokens in it, in order; empty where it holds none.
        response: the other members of a token response, without secrets; None where the text was a token.
        hints: about the text as a whole.
        now: the moment it was looked at, in seconds since the epoch.
    """

    tokens: tuple[Inspected, ...]
    hints: tuple[Hint, ...] = ()
    response: dict[str, object] | None = None
    now: float
