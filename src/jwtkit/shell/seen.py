"""Seen: one token as the rows look at it, where any claim may be of any type.

Rules of this room:

- Every question has an answer, whatever the token holds: nothing here raises.
- An issuer is taken apart only where it is a URL as it stands, and its host is compared as it is written: what merely
  resembles a provider is not taken for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from jwtkit._clock import is_finite
from jwtkit.jwt.report import Report

__all__ = ["Seen"]

# No user, no backslash: what two parsers read differently is no host.
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One token, as the rows look at it. Nothing in it was verified.

    Attributes:
        name: what it was called where it was found.
        kind: "JWS" or "JWE".
        header: the JOSE header; empty where there is none.
        claims: the claims; empty where they cannot be read.
        scheme: of the issuer where that is a URL, otherwise empty.
        host: its host, with the port where there is one, as written, so that only an exact comparison finds it.
        path: its path.
    """

    name: str
    kind: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    scheme: str
    host: str
    path: str

    @classmethod
    def of(cls, report: Report, name: str) -> Seen:
        """Look at a token that was parsed."""
        header, claims = report.header or {}, report.claims or {}
        # An encrypted token may repeat its issuer in the header (RFC 7519 section 5.3).
        scheme, host, path = _parts((header if report.kind == "JWE" else claims).get("iss"))
        return cls(name=name, kind=report.kind, header=header, claims=claims, scheme=scheme, host=host, path=path)

    def text(self, claim: str) -> str:
        """Give a claim that is text; empty where it is anything else."""
        value = self.claims.get(claim)
        return value if isinstance(value, str) else ""

    def member(self, name: str) -> str:
        """Give a member of the header that is text; empty where it is anything else."""
        value = self.header.get(name)
        return value if isinstance(value, str) else ""

    @property
    def typ(self) -> str:
        """The media type in the header, as RFC 7515 section 4.1.9 compares it."""
        return self.member("typ").lower().removeprefix("application/")

    @property
    def audiences(self) -> tuple[str, ...]:
        """The audiences that are text."""
        aud = self.claims.get("aud")
        given = aud if isinstance(aud, (list, tuple)) else (aud,)
        return tuple(one for one in given if isinstance(one, str))

    def lacks(self, names: tuple[str, ...]) -> bool:
        """Tell whether one of these claims is missing."""
        return any(self.claims.get(name) is None for name in names)

    def lives_longer_than(self, seconds: float) -> bool:
        """Tell whether more than so many seconds lie between iat and exp."""
        exp, iat = self.claims.get("exp"), self.claims.get("iat")
        return is_finite(exp) and is_finite(iat) and exp - iat > seconds


def _parts(iss: object) -> tuple[str, str, str]:
    """Take a URL apart. What `urlsplit` would mend, such as a tab in a host, is no URL here."""
    if not isinstance(iss, str) or not iss.isascii() or not iss.isprintable() or " " in iss:
        return "", "", ""
    try:
        parts = urlsplit(iss)
    except ValueError:
        return "", "", ""
    return (parts.scheme, parts.netloc, parts.path) if _HOST.fullmatch(parts.netloc) else ("", "", "")
