"""What stands in WWW-Authenticate and in Authorization: schemes, their parameters, and token68 (RFC 9110 section 11).

Rules of this room:

- This is grammar: what a scheme means is told elsewhere. Text gives a value or a `MalformedError`; nothing is guessed.
- Credentials are secret, and a peer may repeat them in a challenge, so a message gives a position and no text.
- Every pattern reads each character a fixed number of times, and every count has a bound.
- What is built here is canonical: parameters are quoted, one comma and one space stand between them. Canonical text
  that is parsed and built again gives the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from jwtkit.errors import MalformedError, UsageError, quote
from jwtkit.oauth.secret import Secret

__all__ = [
    "AuthorizationCredentials",
    "Challenge",
    "build_authorization",
    "build_challenge",
    "find_challenge",
    "parse_authorization",
    "parse_challenges",
]

_MAX_CHARS: Final = 16 * 1024
_MAX_LINES: Final = 32
_MAX_CHALLENGES: Final = 32
_MAX_PARAMETERS: Final = 32
# Longer than the name of any scheme that is registered.
_SHOWN_CHARS: Final = 20
_CHALLENGES: Final = "WWW-Authenticate"
_CREDENTIALS: Final = "Authorization"

_TCHARS: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_SPACE: Final = " \t"
_TOKEN: Final = re.compile(_TCHARS)
_TOKEN68: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
# One that ends an element; otherwise what looks like a token68 is the name of a parameter.
_WHOLE_TOKEN68: Final = re.compile(rf"{_TOKEN68.pattern}(?=[ \t]*(?:,|\Z))")
# Either spaces, after which something may belong to the scheme, or the end of the element.
_SCHEME: Final = re.compile(rf"({_TCHARS})(?:( +)|(?=[ \t]*(?:,|\Z)))")
# Text beyond ASCII is opaque (obs-text, section 5.5); control characters but the tab are in no string.
_PARAMETER: Final = re.compile(
    rf'({_TCHARS})[ \t]*=[ \t]*(?:({_TCHARS})|"((?:[^\x00-\x08\x0a-\x1f\x7f"\\]|\\[^\x00-\x08\x0a-\x1f\x7f])*)")'
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
# Elements of a list may be empty (section 5.6.1.2), so several commas are as good as one.
_COMMAS: Final = re.compile(r"[ \t]*,[ \t,]*")
_QUOTABLE: Final = re.compile(r"[\x20-\x7e]*")
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One way to authenticate that a server offers.

    Attributes:
        scheme: as the server wrote it; compare with `has_scheme`.
        parameters: by name in lower case, in the order they came, read-only. Text of the peer's: escape it before
            display.
        token68: what stands in the place of parameters, for example in Negotiate; shown by no repr. Or None.

    Raises:
        UsageError: scheme, a name or token68 is not of that form, or parameters and token68 are both there.

    Spec: RFC 9110 sections 11.1 to 11.3.
    """

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=lambda: _NOTHING, hash=False)
    token68: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _check_parts(self.scheme, self.parameters, self.token68)

    def has_scheme(self, scheme: str) -> bool:
        """Tell whether this is a challenge of that scheme; case does not count (RFC 9110 section 11.1)."""
        return self.scheme.lower() == scheme.lower()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AuthorizationCredentials:
    """What a client sends to authenticate. No repr shows more than the scheme and the names of parameters.

    Attributes:
        scheme: as the client wrote it; compare with `has_scheme`.
        token68: the token of Bearer and DPoP, the base64 of Basic; or None.
        parameters: by name in lower case, in the order they came, read-only, as in Digest. Keep them out of logs.

    Raises:
        UsageError: scheme, a name or token68 is not of that form, or parameters and token68 are both there.

    Spec: RFC 9110 section 11.4.
    """

    scheme: str
    token68: Secret | None = None
    parameters: Mapping[str, str] = field(default_factory=lambda: _NOTHING, hash=False)

    def __post_init__(self) -> None:
        _check_parts(self.scheme, self.parameters, _revealed(self.token68))

    def has_scheme(self, scheme: str) -> bool:
        """Tell whether these are credentials of that scheme; case does not count (RFC 9110 section 11.1)."""
        return self.scheme.lower() == scheme.lower()

    def __repr__(self) -> str:
        held = "Secret(...)" if self.token68 else ", ".join(self.parameters)
        # A token that came without a scheme stands in its place.
        scheme = self.scheme if len(self.scheme) <= _SHOWN_CHARS and "." not in self.scheme else "..."
        return f"AuthorizationCredentials({scheme}{': ' if held else ''}{held})"


def parse_challenges(values: str | Iterable[str]) -> tuple[Challenge, ...]:
    r"""Read WWW-Authenticate, one value or all of them. Also Proxy-Authenticate, which is written the same.

    Each value is read whole or not at all. Of several, those that cannot be read are left out: the lines often come
    from different programs, and a broken one must not hide the challenge that the client can answer. To be strict
    about each of them, give them one by one.

    Args:
        values: the value of a header line, or the values of all lines, for example
            `response.header_values("WWW-Authenticate")`. Untrusted.

    Returns:
        The challenges in their order; empty where there is none.

    Raises:
        MalformedError: a single value is no list of challenges; of several, one is none and no other holds any. More
            than 16384 characters or 32 challenges in a line, 32 parameters in a challenge, or 32 lines count as this.
        UsageError: a value is no str.

    Example:
        >>> bearer, dpop = parse_challenges(r'Bearer realm="a, \"b\"", DPoP algs="ES256 EdDSA"')
        >>> bearer.parameters["realm"], dpop.scheme, dpop.parameters["algs"]
        ('a, "b"', 'DPoP', 'ES256 EdDSA')

    Spec: RFC 9110 sections 5.3, 5.6.1, 11.2, 11.3 and 11.6.1.
    """
    if isinstance(values, str):
        return _parse_line(values)
    if not isinstance(values, Iterable) or isinstance(values, (bytes, bytearray)):
        raise UsageError(f"values must be a str or several of them, got {type(values).__name__}")
    lines = tuple(islice(values, _MAX_LINES + 1))
    if len(lines) > _MAX_LINES:
        raise MalformedError(f"{_CHALLENGES} has more than {_MAX_LINES} lines, which are too many")
    found: list[Challenge] = []
    broken: MalformedError | None = None
    for line in lines:
        try:
            found += _parse_line(line)
        except MalformedError as finding:
            broken = broken or finding
    if broken is not None and not found:
        raise broken
    return tuple(found)


def find_challenge(challenges: Iterable[Challenge], scheme: str) -> Challenge | None:
    """Give the first challenge of a scheme, in any case, or None.

    Raises:
        UsageError: `challenges` are none, or `scheme` is no str.
    """
    if not isinstance(scheme, str) or not isinstance(challenges, Iterable):
        raise UsageError("find_challenge takes what parse_challenges gave, and the name of a scheme")
    for challenge in challenges:
        if not isinstance(challenge, Challenge):
            raise UsageError(f"challenges must be Challenges, got {type(challenge).__name__}: see parse_challenges")
        if challenge.has_scheme(scheme):
            return challenge
    return None


def build_challenge(
    scheme: str,
    parameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    *,
    token68: str | None = None,
) -> str:
    r"""Write a challenge for a line of WWW-Authenticate; every parameter is quoted.

    Args:
        scheme: its name.
        parameters: in the order they are to stand.
        token68: to stand in the place of parameters.

    Raises:
        UsageError: a part cannot be written so that it is read as it was: a name is no token or comes twice, a value
            is not printable ASCII, or something is too long.

    Example:
        >>> build_challenge("Bearer", {"realm": 'the "api"', "error": "invalid_token"})
        'Bearer realm="the \\"api\\"", error="invalid_token"'

    Spec: RFC 9110 sections 5.6.4, 11.2 and 11.3.
    """
    return _build(scheme, token68, parameters)


def parse_authorization(value: str) -> AuthorizationCredentials:
    """Read Authorization, which holds one set of credentials. Also Proxy-Authorization, which is written the same.

    Args:
        value: the value of the one header line. Untrusted.

    Raises:
        MalformedError: it is no credentials, or two of them, or has more than 16384 characters or 32 parameters.
        UsageError: it is no str.

    Example:
        >>> credentials = parse_authorization("DPoP eyJ.eyJ.c2ln")
        >>> credentials, credentials.has_scheme("dpop"), credentials.token68.reveal()
        (AuthorizationCredentials(DPoP: Secret(...)), True, 'eyJ.eyJ.c2ln')

    Spec: RFC 9110 sections 11.4 and 11.6.2, RFC 6750 section 2.1, RFC 9449 section 7.1, RFC 7617 section 2.
    """
    text = _stripped(value, _CREDENTIALS)
    scheme, token68, parameters, end = _parse_element(text, 0, _CREDENTIALS)
    rest = text[end:]
    # Only a list of parameters may end with empty elements; the whole is no list.
    is_list = token68 is None and text[len(scheme) :].startswith(" ")
    if rest and not (is_list and not rest.strip(" \t,")):
        raise _malformed(_CREDENTIALS, end, "the end, as it holds one set of credentials")
    return AuthorizationCredentials(
        scheme=scheme,
        token68=None if token68 is None else Secret(token68),
        parameters=MappingProxyType(parameters),
    )


def build_authorization(
    scheme: str,
    token68: Secret | None = None,
    *,
    parameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
) -> str:
    """Write credentials for Authorization. What comes back holds them: it is for a header and nothing else.

    Args:
        scheme: its name.
        token68: the token of Bearer and DPoP, the base64 of Basic.
        parameters: what stands there instead, in the order they are to stand; every value is quoted.

    Raises:
        UsageError: as for `build_challenge`; the message holds no value.

    Example:
        >>> build_authorization("DPoP", Secret("eyJ.eyJ.c2ln"))
        'DPoP eyJ.eyJ.c2ln'

    Spec: RFC 9110 section 11.4.
    """
    return _build(scheme, _revealed(token68), parameters)


def _parse_line(line: object) -> tuple[Challenge, ...]:
    text = _stripped(line, _CHALLENGES)
    found: list[Challenge] = []
    leading = _COMMAS.match(text)
    at = leading.end() if leading else 0
    while at < len(text):
        if len(found) == _MAX_CHALLENGES:
            raise MalformedError(f"{_CHALLENGES} has more than {_MAX_CHALLENGES} challenges in a line, too many")
        scheme, token68, parameters, at = _parse_element(text, at, _CHALLENGES)
        found.append(Challenge(scheme=scheme, parameters=MappingProxyType(parameters), token68=token68))
        commas = _COMMAS.match(text, at)
        if commas is None and at < len(text):
            raise _malformed(_CHALLENGES, at, "a comma or the end")
        at = commas.end() if commas else at
    return tuple(found)


def _parse_element(text: str, at: int, what: str) -> tuple[str, str | None, dict[str, str], int]:
    """Read a scheme and what belongs to it; give the position behind that too, where a comma or the end must be."""
    found = _SCHEME.match(text, at)
    if found is None:
        raise _malformed(what, at, "a scheme")
    scheme, at = found[1], found.end()
    parameters: dict[str, str] = {}
    if not found[2]:
        # Parameters belong to a scheme only after a space, so that 'Basic, realm="x"' is no challenge.
        return scheme, None, parameters, at
    token68 = _WHOLE_TOKEN68.match(text, at)
    if token68 is not None:
        return scheme, token68[0], parameters, token68.end()
    while True:
        commas = _COMMAS.match(text, at)
        if commas is None and parameters:
            return scheme, None, parameters, at
        # After a comma, a name and an equals sign go on with this challenge; everything else begins the next one.
        pair = _PARAMETER.match(text, commas.end() if commas else at)
        if pair is None:
            return scheme, None, parameters, at
        name = pair[1].lower()
        if name in parameters:
            raise _malformed(what, pair.start(), "a name that this scheme does not have already")
        if len(parameters) == _MAX_PARAMETERS:
            raise _malformed(what, pair.start(), f"at most {_MAX_PARAMETERS} parameters")
        parameters[name] = pair[2] or _ESCAPE.sub(r"\1", pair[3])
        at = pair.end()


def _stripped(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"a value of {what} must be a str, got {type(value).__name__}")
    if len(value) > _MAX_CHARS:
        raise MalformedError(f"{what} has {len(value)} characters: at most {_MAX_CHARS} are accepted")
    return value.strip(_SPACE)


def _malformed(what: str, at: int, expected: str) -> MalformedError:
    return MalformedError(f"{what} cannot be read: expected {expected} at character {at}")


def _build(scheme: str, token68: str | None, parameters: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    pairs = _pairs(parameters)
    by_name = {name.lower(): text for name, text in pairs}
    if len(by_name) < len(pairs):
        raise UsageError("a name comes twice among the parameters, whatever its case")
    _check_parts(scheme, by_name, token68)
    written = ", ".join(f'{name}="{_escaped(text)}"' for name, text in pairs) or token68
    whole = f"{scheme} {written}" if written else scheme
    if len(whole) > _MAX_CHARS or len(pairs) > _MAX_PARAMETERS:
        raise UsageError(f"at most {_MAX_PARAMETERS} parameters and {_MAX_CHARS} characters are read")
    return whole


def _pairs(parameters: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(parameters, Iterable):
        raise UsageError(f"parameters are a mapping of str to str, or pairs of str, not {type(parameters).__name__}")
    pairs: tuple[Any, ...] = tuple(parameters.items() if isinstance(parameters, Mapping) else parameters)
    for pair in pairs:
        if not (isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(part, str) for part in pair)):
            raise UsageError("parameters are a mapping of str to str, or pairs of str")
        if not _QUOTABLE.fullmatch(pair[1]):
            raise UsageError(f"parameter {quote(pair[0])} must be printable ASCII")
    return pairs


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _check_parts(scheme: object, parameters: object, token68: object) -> None:
    if not isinstance(scheme, str) or not _TOKEN.fullmatch(scheme):
        raise UsageError("scheme must be a token, such as 'Bearer'")
    if token68 is not None and not (isinstance(token68, str) and _TOKEN68.fullmatch(token68)):
        raise UsageError("token68 must be letters, digits and -._~+/ with equals signs at the end only")
    if not isinstance(parameters, Mapping):
        raise UsageError(f"parameters must be a mapping, got {type(parameters).__name__}")
    if parameters and token68 is not None:
        raise UsageError("a scheme has parameters or a token68, not both")
    for name, text in parameters.items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name) or name != name.lower():
            raise UsageError("the name of a parameter must be a token in lower case")
        if not isinstance(text, str):
            raise UsageError(f"parameter {name!r} must be a str, got {type(text).__name__}")


def _revealed(token68: Secret | None) -> str | None:
    if token68 is None:
        return None
    if not isinstance(token68, Secret):
        raise UsageError(f"token68 must be a Secret, got {type(token68).__name__}: write Secret(text)")
    return token68.reveal()
