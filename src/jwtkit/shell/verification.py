"""verify: one strict call, as the library makes it. What is not checked is said on stderr, with the reason."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any, Final

from jwtkit import _wire
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS, SignatureAlgorithm, parse_algorithms
from jwtkit.errors import RejectedError
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jwks import JWKS
from jwtkit.jwt.policy import ABSENT, UNCHECKED, Audience, Issuer
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.shell.arguments import Parser, add_input, add_key, add_now, duration, member, members, not_empty, reason
from jwtkit.shell.failures import Exit, Failure, failure_of
from jwtkit.shell.files import read_text
from jwtkit.shell.key_files import key_of, named_algorithms, read_jwks
from jwtkit.shell.terminal import Terminal, visible

__all__ = ["add_verify"]

_NAMED: Final = 5
_REFETCH: Final = "; fetch the key set again"


def add_verify(parser: Parser) -> None:
    """Describe the command."""
    add_input(parser, "token")
    add_key(parser, "the key", key_set=True)
    words = "an algorithm that is accepted; may be repeated; needed unless the key says it"
    parser.add_argument("--alg", action="append", metavar="ALG", help=words)
    issuer = parser.add_mutually_exclusive_group(required=True)
    issuer.add_argument(
        "--issuer", action="append", type=not_empty, metavar="ISS", help="an issuer that is accepted, compared exactly"
    )
    issuer.add_argument("--no-issuer", type=reason, metavar="REASON", help="leave the issuer unchecked")
    audience = parser.add_mutually_exclusive_group(required=True)
    audience.add_argument(
        "--audience", action="append", type=not_empty, metavar="AUD", help="an audience of which one must be named"
    )
    audience.add_argument("--no-audience", type=reason, metavar="REASON", help="leave the audience unchecked")
    audience.add_argument("--absent-audience", action="store_true", help="accept only tokens without aud")
    parser.add_argument("--typ", help="media type that is accepted; left out: none, or JWT")
    parser.add_argument("--required", action="append", default=[], metavar="CLAIM", help="a claim that must be there")
    words = "a claim and the value it must have; CLAIM:=JSON for other than text"
    parser.add_argument("--expected", action="append", default=[], type=member, metavar="CLAIM=VALUE", help=words)
    words = "how far clocks may differ; left out: 0 for exp, 30s for nbf and iat"
    parser.add_argument("--leeway", type=duration, metavar="DURATION", help=words)
    parser.add_argument("--max-age", type=duration, metavar="DURATION", help="oldest iat that is accepted")
    parser.add_argument("--allow-missing-exp", action="store_true", help="accept tokens that never expire")
    add_now(parser)
    parser.set_defaults(run=_verify)


def _verify(parsed: Namespace) -> Exit:
    keys = _keys(parsed)
    verifier = TokenVerifier(
        keys=keys,
        algorithms=_algorithms(parsed, keys),
        issuer=_issuer(parsed),
        audience=_audience(parsed),
        typ=parsed.typ,
        required=parsed.required,
        expected=members(parsed.expected, "--expected"),
        leeway=parsed.leeway,
        max_age=parsed.max_age,
        allow_missing_exp=parsed.allow_missing_exp,
    )
    # White space around it comes with every echo and paste; a program that verifies should not take it off.
    text = read_text(parsed.file, "token").strip()
    try:
        token = verifier.verify(text, now=parsed.now)
    except RejectedError as refusal:
        failure = failure_of(refusal)
        message = failure.message if parsed.jwks is not None else failure.message.replace(_REFETCH, "")
        raise Failure(failure.code, message + _unusable(failure, keys)) from None
    notes = Terminal.err()
    for name, why in (("issuer", parsed.no_issuer), ("audience", parsed.no_audience)):
        if why is not None:
            notes.line(f"{name} not checked: {visible(why)}")
    verified: Mapping[str, Any] = {"header": token.header, "claims": token.claims}
    Terminal.out().line(_wire.indented(verified, "token"))
    return Exit.OK


def _keys(parsed: Namespace) -> JWK | JWKS:
    if parsed.jwks is not None:
        return read_jwks(parsed.jwks)
    algorithms = parsed.alg or ()
    # The bytes of a secret serve one algorithm; a key that names none serves whatever it fits.
    only = parse_algorithms(algorithms)[0] if parsed.secret_file is not None and algorithms else None
    return key_of(parsed, algorithm=only)


def _algorithms(parsed: Namespace, keys: JWK | JWKS) -> list[SignatureAlgorithm]:
    if parsed.alg is not None:
        return parse_algorithms(parsed.alg)
    named = named_algorithms(keys, SIGNATURE_ALGORITHMS)
    if not named:
        message = "--alg is required, because the key does not say it: ask the issuer's documentation, not the token"
        raise Failure(Exit.USAGE, message)
    return parse_algorithms(named)


def _issuer(parsed: Namespace) -> Issuer:
    return UNCHECKED if parsed.no_issuer is not None else parsed.issuer


def _audience(parsed: Namespace) -> Audience:
    if parsed.absent_audience:
        return ABSENT
    return UNCHECKED if parsed.no_audience is not None else parsed.audience


def _unusable(failure: Failure, keys: JWK | JWKS) -> str:
    """Say which keys were kept aside, where the right one may be among them."""
    if failure.code is not Exit.KEY or not isinstance(keys, JWKS) or not keys.unusable:
        return ""
    reasons = ", ".join(f"{visible(repr(one.kid))}: {one.reason}" for one in keys.unusable[:_NAMED])
    return f"; {len(keys.unusable)} of the set cannot be used ({reasons})"
