"""sign: a token from claims that are given as options or as JSON."""

from __future__ import annotations

from argparse import Namespace

from jwtkit import _wire
from jwtkit.crypto.algorithms import find_algorithm
from jwtkit.errors import RejectedError
from jwtkit.jose.jwk import JWK
from jwtkit.jwt.claim_fields import check_claims
from jwtkit.jwt.claims import Claims, compile_claims, read_claims
from jwtkit.jwt.token import Token
from jwtkit.limits import DEFAULT_LIMITS
from jwtkit.shell.arguments import Parser, add_key, add_now, duration, member, members
from jwtkit.shell.failures import Exit, Failure, in_options
from jwtkit.shell.files import read_text, shown
from jwtkit.shell.key_files import key_of
from jwtkit.shell.terminal import Terminal, visible

__all__ = ["add_sign"]


def add_sign(parser: Parser) -> None:
    """Describe the command."""
    add_key(parser, "the private key")
    parser.add_argument("--alg", metavar="ALG", help="needed unless the key says it")
    parser.add_argument("--kid", help="the key's identifier, where the key has none")
    words = 'a claim; CLAIM:=JSON for other than text, such as \'aud:=["a","b"]\''
    parser.add_argument("--claim", action="append", default=[], type=member, metavar="CLAIM=VALUE", help=words)
    parser.add_argument("--claims", metavar="FILE", help="JSON object of claims; '-' is stdin")
    words = "how long it is valid, such as 1h; sets iat, exp and jti; needed unless the claims have an exp"
    parser.add_argument("--lifetime", type=duration, metavar="DURATION", help=words)
    parser.add_argument("--typ", default="JWT", help="media type of the token; left out: JWT")
    words = "a further header member; NAME:=JSON for other than text"
    parser.add_argument("--header", action="append", default=[], type=member, metavar="NAME=VALUE", help=words)
    add_now(parser)
    parser.set_defaults(run=_sign)


def _sign(parsed: Namespace) -> Exit:
    algorithm = None if parsed.alg is None else find_algorithm(parsed.alg).name
    key = key_of(parsed, algorithm=algorithm)
    if parsed.kid is not None and key.kid is None:
        named = {**key.to_dict(private=key.is_private), "kid": parsed.kid}
        key = JWK.parse(named, allow_short_secret=parsed.allow_short_secret)
    elif parsed.kid is not None and key.kid != parsed.kid:
        raise Failure(Exit.KEY, f"the key is called {visible(repr(key.kid))} already: leave out --kid")
    header = members(parsed.header, "--header")
    token = Token.sign(_claims(parsed), key, typ=parsed.typ, lifetime=parsed.lifetime, header=header, now=parsed.now)
    Terminal.out().line(token.compact)
    return Exit.OK


def _claims(parsed: Namespace) -> Claims:
    options = members(parsed.claim, "--claim")
    raw = dict(options)
    if parsed.claims is not None:
        given = _claims_file(parsed.claims)
        repeated = sorted(given.keys() & raw.keys())
        if repeated:
            raise Failure(Exit.USAGE, f"claim {visible(repr(repeated[0]))} is given twice: by --claim and by --claims")
        raw = {**given, **raw}
    for mismatch in check_claims(compile_claims(Claims), raw):
        hint = ": for other than text write CLAIM:=JSON" if mismatch.claim in options else ""
        raise Failure(Exit.USAGE, f"{mismatch.message}{hint}")
    return read_claims(Claims, raw)


def _claims_file(name: str) -> dict[str, object]:
    text = read_text(name, "claims")
    limits = DEFAULT_LIMITS
    try:
        return _wire.read_object(
            text,
            "the text",
            longest=limits.claims_bytes,
            limit="Limits.claims_bytes",
            depth=limits.claims_depth,
            int_limit=limits.claims_int_limit,
        )
    except RejectedError as refusal:
        raise Failure(Exit.USAGE, f"{shown(name)}: {in_options(str(refusal))}") from None
