"""What a verifier demands of authentic claims: compiled once, then walked for each token (RFC 7519 section 4.1).

Rules of this room:

- Every check adds its mismatch to the list, so that one refusal names everything that is wrong.
- Values are compared exactly, as code points, never normalised (RFC 7519 section 7.3).
- A check is left out only where the caller wrote UNCHECKED.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any, Final

from jwtkit._frozen import Frozen
from jwtkit._wire import freeze, thaw
from jwtkit.errors import ClaimsError, ExpiredError, Mismatch, MismatchReason, UsageError, quote
from jwtkit.jwt.dates import duration_text, seconds

__all__ = ["ABSENT", "UNCHECKED", "Absent", "Audience", "Issuer", "Policy", "TenantIssuer", "Unchecked", "refuse"]

_DEFAULT_SKEW: Final = 30.0


class Unchecked(Enum):
    """The type of `UNCHECKED`, which leaves a check out and can be found by searching for it."""

    UNCHECKED = "unchecked"


class Absent(Enum):
    """The type of `ABSENT`, which demands that a claim is not there."""

    ABSENT = "absent"


UNCHECKED: Final = Unchecked.UNCHECKED
ABSENT: Final = Absent.ABSENT

_PLACEHOLDER: Final = "{tenantid}"


class TenantIssuer(Frozen):
    """An issuer that is many, one for each tenant: a template, filled in from the signed tenant claim.

    Some providers publish one key set for all tenants and put the tenant into `iss`. The tenant is then read from the
    claims whose signature has verified, must be one of yours, and the whole `iss` must be the template with it.

    Args:
        template: the issuer with "{tenantid}" in the place of the tenant.
        tenants: the tenants you accept; UNCHECKED accepts whoever is a customer of the provider.
        claim: the claim that names the tenant.
        key_issuer_member: a member by which a key of the set says which issuer it is for. Where a key has it, it must
            be the template or the issuer itself.

    Example:
        >>> TenantIssuer("https://login.microsoftonline.com/{tenantid}/v2.0", tenants=["contoso"]).of("contoso")
        'https://login.microsoftonline.com/contoso/v2.0'
    """

    __slots__ = ("claim", "key_issuer_member", "template", "tenants")

    def __init__(
        self,
        template: str,
        *,
        tenants: Collection[str] | Unchecked,
        claim: str = "tid",
        key_issuer_member: str = "issuer",
    ) -> None:
        if not isinstance(template, str) or template.count(_PLACEHOLDER) != 1:
            raise UsageError(f"template must be a str that holds {_PLACEHOLDER} once")
        for name, value in (("claim", claim), ("key_issuer_member", key_issuer_member)):
            if not isinstance(value, str) or not value:
                raise UsageError(f"{name} must be a str")
        self.template: Final = template
        self.tenants: Final = None if tenants is UNCHECKED else _names(tenants, "tenants")
        self.claim: Final = claim
        self.key_issuer_member: Final = key_issuer_member

    def of(self, tenant: str) -> str:
        """Give the issuer of one tenant."""
        return self.template.replace(_PLACEHOLDER, tenant)

    def key_mismatches(self, key: Mapping[str, Any], claims: Mapping[str, Any]) -> list[Mismatch]:
        """Compare the issuer that a key of the set is for, where it names one, with that of the token."""
        issuer, iss = key.get(self.key_issuer_member), claims.get("iss")
        if issuer is None or issuer in (self.template, iss):
            return []
        message = f"issuer mismatch: token is from {quote(iss)}, its key is for {quote(issuer)}"
        return [Mismatch("iss", "not_accepted", message, expected=issuer, actual=iss)]

    def __repr__(self) -> str:
        return f"TenantIssuer({self.template!r})"


Issuer = str | Collection[str] | TenantIssuer | Unchecked
Audience = str | Collection[str] | Absent | Unchecked
Check = Callable[[Mapping[str, Any], float], Mismatch | None]


class Policy(Frozen):
    """The compiled demands of one `TokenVerifier`.

    Attributes:
        issuers: accepted values of `iss`; None when unchecked, or when a template decides.
        audiences: accepted values of `aud`; None when unchecked, empty when `aud` must be absent.
    """

    __slots__ = ("_checks", "_exp_leeway", "_exp_required", "_skew", "audiences", "issuers")

    def __init__(
        self,
        *,
        issuer: Issuer,
        audience: Audience,
        required: Iterable[str],
        expected: Mapping[str, object],
        subject: str | Collection[str] | None,
        leeway: float | timedelta | None,
        max_age: float | timedelta | None,
        max_lifetime: float | timedelta | None,
        allow_missing_exp: bool,
    ) -> None:
        """Compile; see `TokenVerifier` for the arguments.

        Raises:
            UsageError: an argument is of the wrong type, or could accept nothing.
        """
        tenants = issuer if isinstance(issuer, TenantIssuer) else None
        self.issuers: Final = None if issuer is UNCHECKED or tenants is not None else _names(issuer, "issuer")
        self.audiences: Final = frozenset[str]() if audience is ABSENT else _audiences(audience)
        exp_leeway = 0.0 if leeway is None else seconds(leeway, "leeway", zero=True)
        skew = _DEFAULT_SKEW if leeway is None else exp_leeway
        if isinstance(required, str) or not isinstance(required, Iterable):
            raise UsageError(f"required is a collection of claim names: write required=({required!r},)")
        if not isinstance(allow_missing_exp, bool):
            raise UsageError("allow_missing_exp must be True or False")
        wanted: dict[str, None] = dict.fromkeys(() if allow_missing_exp else ("exp",))
        wanted |= dict.fromkeys(("iat",) if max_age is not None or max_lifetime is not None else ())
        wanted |= dict.fromkeys(required)
        self._exp_required: Final = "exp" in wanted
        self._exp_leeway: Final = exp_leeway
        self._skew: Final = skew
        # What most verifiers do not ask for; what nearly all do stands in `mismatches` itself.
        checks: list[Check | None] = [
            None if tenants is None else _tenant_check(tenants),
            None if subject is None else _subject_check(_names(subject, "subject")),
            *(_presence_check(name) for name in wanted if name != "exp"),
            None if max_age is None else _age_check(seconds(max_age, "max_age"), skew),
            None if max_lifetime is None else _lifetime_check(seconds(max_lifetime, "max_lifetime")),
            *(_expected_check(name, value) for name, value in _pairs(expected)),
        ]
        self._checks: Final = tuple(check for check in checks if check is not None)

    def mismatches(self, claims: Mapping[str, Any], now: float) -> list[Mismatch]:  # noqa: C901 - one straight line
        """Give everything about well-typed claims that is not as demanded, in a fixed order."""
        found: list[Mismatch] = []
        get = claims.get
        issuers, audiences = self.issuers, self.audiences
        if issuers is not None and (iss := get("iss")) not in issuers:
            found.append(_wrong_name("iss", "issuer", "from", issuers, iss))
        if audiences is not None:
            aud = get("aud")
            if not (aud in audiences if type(aud) is str else _names_one_of(aud, audiences)):
                found.append(_wrong_audience(audiences, aud))
        exp, nbf, iat = get("exp"), get("nbf"), get("iat")
        # The current time must be before exp (RFC 7519 section 4.1.4).
        if exp is None:
            if self._exp_required:
                found.append(_absent("exp"))
        elif now - self._exp_leeway >= exp:
            found.append(_expired(exp, now, self._exp_leeway))
        # Neither nbf nor iat may lie ahead, beyond what clocks differ (sections 4.1.5 and 4.1.6).
        latest = now + self._skew
        if nbf is not None and nbf > latest:
            found.append(_ahead("nbf", "not_yet_valid", "not valid", nbf, now, self._skew))
        if iat is not None and iat > latest:
            found.append(_ahead("iat", "issued_in_the_future", "not issued", iat, now, self._skew))
        for check in self._checks:
            mismatch = check(claims, now)
            if mismatch is not None:
                found.append(mismatch)
        return found


def refuse(mismatches: Collection[Mismatch]) -> ClaimsError:
    """Make the one error for all mismatches of a token."""
    found = tuple(mismatches)
    message = "; ".join(mismatch.message for mismatch in found)
    if all(mismatch.reason == "expired" for mismatch in found):
        return ExpiredError(message, mismatches=found)
    return ClaimsError(message, mismatches=found)


def _audiences(audience: object) -> frozenset[str] | None:
    return None if audience is UNCHECKED else _names(audience, "audience")


def _names(given: object, argument: str) -> frozenset[str]:
    options = "a str, a collection of str" + {
        "issuer": ", a TenantIssuer or UNCHECKED",
        "audience": ", ABSENT or UNCHECKED",
        "tenants": " or UNCHECKED",
    }.get(argument, "")
    if isinstance(given, str):
        given = (given,)
    if not isinstance(given, Collection) or isinstance(given, (bytes, bytearray, Mapping)):
        raise UsageError(f"{argument} must be {options}, got {type(given).__name__}")
    if not given or not all(isinstance(name, str) and name for name in given):
        raise UsageError(f"{argument} must be {options}; an empty one could never match")
    return frozenset(given)


def _pairs(expected: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    if not isinstance(expected, Mapping):
        raise UsageError(
            f"expected must be a mapping from claim name to value or predicate, got {type(expected).__name__}"
        )
    return expected.items()


def _shown(values: Iterable[str]) -> str:
    return " or ".join(quote(value) for value in sorted(values))


def _wrong_name(claim: str, noun: str, word: str, names: frozenset[str], value: Any) -> Mismatch:
    accepted = tuple(sorted(names))
    if value is None:
        message = f"token has no {claim}, this verifier accepts {_shown(names)}"
        return Mismatch(claim, "missing", message, expected=accepted)
    message = f"{noun} mismatch: token is {word} {quote(value)}, this verifier accepts {_shown(names)}"
    if any(value.rstrip("/") == name.rstrip("/") for name in names):
        message += f" (they differ only in the final slash, and {noun}s are compared exactly)"
    return Mismatch(claim, "not_accepted", message, expected=accepted, actual=value)


def _subject_check(subjects: frozenset[str]) -> Check:
    def check(claims: Mapping[str, Any], _now: float) -> Mismatch | None:
        sub = claims.get("sub")
        return None if sub in subjects else _wrong_name("sub", "subject", "about", subjects, sub)

    return check


def _tenant_check(tenants: TenantIssuer) -> Check:
    def check(claims: Mapping[str, Any], _now: float) -> Mismatch | None:
        tenant, iss = claims.get(tenants.claim), claims.get("iss")
        if type(tenant) is not str or not tenant:
            message = f"token has no {tenants.claim}, which names the tenant that issued it"
            return Mismatch(tenants.claim, "missing", message)
        if tenants.tenants is not None and tenant not in tenants.tenants:
            message = f"tenant {quote(tenant)} is not one that this verifier accepts"
            return Mismatch(
                tenants.claim, "not_accepted", message, expected=tuple(sorted(tenants.tenants)), actual=tenant
            )
        expected = tenants.of(tenant)
        if iss == expected:
            return None
        message = f"issuer mismatch: token is from {quote(iss)}, the issuer of its tenant is {quote(expected)}"
        return Mismatch("iss", "missing" if iss is None else "not_accepted", message, expected=expected, actual=iss)

    return check


def _names_one_of(aud: Any, audiences: frozenset[str]) -> bool:
    """Tell whether a list names one of the audiences; where there are none, whether it is absent."""
    return not audiences.isdisjoint(aud or ()) or (aud is None and not audiences)


def _wrong_audience(audiences: frozenset[str], aud: Any) -> Mismatch:
    if not audiences:
        message = "token has an aud, this verifier accepts only tokens without"
        return Mismatch("aud", "unexpected", message, actual=freeze(aud))
    accepted = tuple(sorted(audiences))
    if aud is None:
        message = f"token has no aud, this verifier accepts {_shown(audiences)}"
        return Mismatch("aud", "missing", message, expected=accepted)
    present = [aud] if type(aud) is str else list(aud[:5])
    shown = ", ".join(quote(value) for value in present) or "nobody"
    message = f"audience mismatch: token is for {shown}, this verifier accepts {_shown(audiences)}"
    return Mismatch("aud", "not_accepted", message, expected=accepted, actual=freeze(aud))


def _presence_check(name: object) -> Check:
    if not isinstance(name, str):
        raise UsageError(f"required holds a {type(name).__name__}: claim names are str")

    def check(claims: Mapping[str, Any], _now: float) -> Mismatch | None:
        return None if claims.get(name) is not None else _absent(name)

    return check


def _absent(name: str) -> Mismatch:
    return Mismatch(name, "missing", f"token has no {name}, which this verifier requires")


def _expired(exp: float, now: float, leeway: float) -> Mismatch:
    message = f"token expired {duration_text(now - exp)} ago (exp={exp}, now={now:.0f}, leeway={leeway:g})"
    return Mismatch("exp", "expired", message, expected=now, actual=exp)


def _ahead(claim: str, reason: MismatchReason, words: str, moment: float, now: float, leeway: float) -> Mismatch:
    message = (
        f"{words} for another {duration_text(moment - now)} ({claim}={moment}, now={now:.0f}, leeway={leeway:g}): "
        "check the clock or pass leeway="
    )
    return Mismatch(claim, reason, message, expected=now, actual=moment)


def _age_check(max_age: float, leeway: float) -> Check:
    def check(claims: Mapping[str, Any], now: float) -> Mismatch | None:
        iat = claims.get("iat")
        if iat is None or now - leeway - iat <= max_age:
            return None
        message = f"token was issued {duration_text(now - iat)} ago, this verifier accepts {duration_text(max_age)}"
        return Mismatch("iat", "too_old", message, expected=max_age, actual=iat)

    return check


def _lifetime_check(max_lifetime: float) -> Check:
    def check(claims: Mapping[str, Any], _now: float) -> Mismatch | None:
        exp, iat = claims.get("exp"), claims.get("iat")
        if exp is None or iat is None or exp - iat <= max_lifetime:
            return None
        lived = duration_text(exp - iat)
        message = f"token lives {lived} (exp - iat), this verifier accepts {duration_text(max_lifetime)}"
        return Mismatch("exp", "lifetime_too_long", message, expected=max_lifetime, actual=exp - iat)

    return check


def _expected_check(name: str, wanted: object) -> Check:
    if not isinstance(name, str):
        raise UsageError(f"expected holds a {type(name).__name__}: claim names are str")
    if not callable(wanted):
        wanted = freeze(thaw(wanted, f"expected claim {name!r}"))

    # A predicate is no data, and cannot always be copied with an error.
    as_data = None if callable(wanted) else wanted

    def check(claims: Mapping[str, Any], _now: float) -> Mismatch | None:
        if name not in claims:
            return Mismatch(name, "missing", f"token has no {name}, which this verifier requires", expected=as_data)
        value = freeze(claims[name])
        if wanted(value) if callable(wanted) else _is_same(value, wanted):
            return None
        message = f"claim {name!r} is {quote(value)}, which this verifier does not accept"
        return Mismatch(name, "not_accepted", message, expected=as_data, actual=value)

    return check


def _is_same(value: object, wanted: object) -> bool:
    """Compare frozen JSON. The type counts, however deep it stands: in Python True equals 1."""
    if type(value) is not type(wanted):
        return False
    if isinstance(value, Mapping) and isinstance(wanted, Mapping):
        return value.keys() == wanted.keys() and all(_is_same(value[name], wanted[name]) for name in value)
    if isinstance(value, tuple) and isinstance(wanted, tuple):
        return len(value) == len(wanted) and all(map(_is_same, value, wanted))
    return value == wanted
