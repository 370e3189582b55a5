"""keygen, jwks and thumbprint: keys made, published and named."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from jwtkit import _wire
from jwtkit.crypto.any_algorithm import find_key_algorithm
from jwtkit.errors import JwtkitError
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jwks import JWKS
from jwtkit.shell.arguments import Parser, add_input
from jwtkit.shell.failures import Exit, Failure, in_options
from jwtkit.shell.files import refuse_existing, shown, write_new
from jwtkit.shell.key_files import read_keys, read_password
from jwtkit.shell.terminal import Terminal, visible

__all__ = ["add_jwks", "add_keygen", "add_thumbprint"]


def add_keygen(parser: Parser) -> None:
    """Describe the command."""
    parser.add_argument("alg", metavar="ALG", help="the one algorithm it is for, such as ES256 or ECDH-ES+A256KW")
    parser.add_argument("--crv", help="the curve, where the algorithm has several")
    parser.add_argument("--bits", type=int, default=2048, help="length of an RSA key; left out: 2048")
    parser.add_argument("--kid", help="left out: the thumbprint, or random text for a secret")
    parser.add_argument("--pem", action="store_true", help="write PEM instead of a JWK")
    parser.add_argument("--password-file", metavar="FILE", help="encrypt the PEM with the password in it")
    parser.add_argument("--out", metavar="FILE", help="a new file for the private key, readable by its owner only")
    parser.add_argument("--public", metavar="FILE", help="a new file for the public half")
    parser.set_defaults(run=_keygen)


def add_jwks(parser: Parser) -> None:
    """Describe the command."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a public key, in any form, or a key set")
    parser.add_argument("--public", action="store_true", help="take the public half of private keys")
    words = "call keys without kid by their thumbprints, which jwtkit sign then gets with --kid"
    parser.add_argument("--thumbprints", action="store_true", help=words)
    parser.set_defaults(run=_jwks)


def add_thumbprint(parser: Parser) -> None:
    """Describe the command."""
    add_input(parser, "key")
    names = ("sha-256", "sha-384", "sha-512")
    parser.add_argument("--hash", choices=names, default="sha-256", help="left out: sha-256")
    parser.add_argument("--uri", action="store_true", help="as a URI (RFC 9278)")
    parser.add_argument("--password-file", metavar="FILE", help="password of an encrypted PEM or DER key")
    parser.set_defaults(run=_thumbprint)


def _keygen(parsed: Namespace) -> Exit:
    row = find_key_algorithm(parsed.alg)
    if parsed.password_file is not None and not parsed.pem:
        raise Failure(Exit.USAGE, "--password-file encrypts a PEM: say --pem too")
    if parsed.kid is not None and parsed.pem:
        raise Failure(Exit.USAGE, "a PEM holds no kid: leave out --kid, and give it to jwtkit sign")
    if row.kty == "oct" and (parsed.public is not None or parsed.pem):
        raise Failure(Exit.USAGE, f"{row.name} uses a shared secret, which has no public half and no PEM form")
    for name in (parsed.out, parsed.public):
        # Found out before anything is written, so that no half of a pair is left behind.
        if name is not None:
            refuse_existing(name)
    key = JWK.generate(parsed.alg, kid=parsed.kid, crv=parsed.crv, rsa_bits=parsed.bits)
    text = _private_text(key, parsed)
    if parsed.public is not None:
        public = key.public()
        half = public.to_pem() if parsed.pem else _wire.indented(public.to_dict(), "JWK") + "\n"
        write_new(parsed.public, half.encode("ascii"), mode=0o644)
    notes, kind = Terminal.err(), "shared secret" if row.kty == "oct" else "private key"
    if parsed.out is None:
        Terminal.out().line(text.rstrip("\n"))
        notes.line(f"this is a {kind}, for everybody who sees this screen: --out FILE keeps it for yourself")
    else:
        write_new(parsed.out, text.encode("ascii"))
        kid = "" if parsed.pem else f" (kid {visible(repr(key.kid))})"
        notes.line(f"the {kind} is in {shown(parsed.out)}, for its owner only{kid}")
    return Exit.OK


def _private_text(key: JWK, parsed: Namespace) -> str:
    if parsed.pem:
        return key.to_pem(private=True, password=read_password(parsed))
    return _wire.indented(key.to_dict(private=True), "JWK") + "\n"


def _jwks(parsed: Namespace) -> Exit:
    keys = [key for name in parsed.files for key in _publishable(name, take_half=parsed.public)]
    if parsed.thumbprints:
        keys = [key if key.kid else JWK.parse({**key.to_dict(), "kid": key.thumbprint()}) for key in keys]
    for kid in {key.kid for key in keys}:
        if len([key for key in keys if key.kid == kid]) > 1:
            which = f"have the kid {visible(repr(kid))}: give each its own"
            if kid is None:
                which = "have no kid, so nobody could tell which one a token means: --thumbprints names them"
            raise Failure(Exit.KEY, f"several of these keys {which}")
    Terminal.out().line(_wire.indented(JWKS(keys).to_dict(), "JWKS"))
    return Exit.OK


def _publishable(name: str, *, take_half: bool) -> Sequence[JWK]:
    found = read_keys(name)
    if isinstance(found, JWKS):
        if found.unusable:
            message = f"holds a key that cannot be published: it {found.unusable[0].reason}"
            raise Failure(Exit.KEY, f"{shown(name)} {message}")
        return found.keys
    if found.kty == "oct":
        raise Failure(Exit.KEY, f"{shown(name)} holds a shared secret, which is never published")
    if found.is_private and not take_half:
        message = "holds a private key, which is never published: --public takes its public half"
        raise Failure(Exit.KEY, f"{shown(name)} {message}")
    return (found.public(),)


def _thumbprint(parsed: Namespace) -> Exit:
    key = read_keys(parsed.file, password=read_password(parsed))
    if isinstance(key, JWKS):
        raise Failure(Exit.NOT_A_TOKEN, f"{shown(parsed.file)} holds a key set, not one key: hand in one of its keys")
    try:
        text = key.thumbprint_uri(parsed.hash) if parsed.uri else key.thumbprint(parsed.hash)
    except JwtkitError as error:
        raise Failure(Exit.KEY, in_options(str(error))) from None
    Terminal.out().line(text)
    if key.kty == "oct":
        Terminal.err().line("this is a fingerprint of a secret: whoever has it can try secrets against it")
    return Exit.OK
