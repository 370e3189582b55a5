"""encrypt and decrypt: bytes, or a signed token that is to be read by one recipient only."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Final

from jwtkit.crypto.encryption import (
    CONTENT_ENCRYPTION,
    KEY_MANAGEMENT,
    check_encryptions,
    check_key_management,
    find_content_encryption,
    find_key_management,
)
from jwtkit.crypto.encryption_names import KeyManagementAlgorithm
from jwtkit.errors import RejectedError, UsageError
from jwtkit.jose import jwe
from jwtkit.jose.jwk import JWK
from jwtkit.jwt.unverified import UnverifiedToken
from jwtkit.shell.arguments import Parser, add_input, add_key
from jwtkit.shell.failures import Exit, Failure
from jwtkit.shell.files import read_bytes, read_text
from jwtkit.shell.key_files import key_of, named_algorithms
from jwtkit.shell.terminal import Terminal, visible

__all__ = ["add_decrypt", "add_encrypt"]

_ENC: Final = "A256GCM"


def add_encrypt(parser: Parser) -> None:
    """Describe the command."""
    add_input(parser, "content, or a signed token")
    add_key(parser, "the recipient's public key")
    parser.add_argument(
        "--alg", metavar="ALG", help="how the key travels, such as ECDH-ES+A256KW; needed unless the key says it"
    )
    words = f"how the content is encrypted; left out: what a key for it says, or {_ENC}"
    parser.add_argument("--enc", help=words)
    parser.add_argument("--typ", help="media type of the whole")
    parser.add_argument("--cty", help="media type of the content; JWT for a signed token, unless said otherwise")
    parser.set_defaults(run=_encrypt)


def add_decrypt(parser: Parser) -> None:
    """Describe the command."""
    add_input(parser, "encrypted token")
    add_key(parser, "the recipient's private key")
    words = "an algorithm that is accepted; may be repeated; needed unless the key says it"
    parser.add_argument("--alg", action="append", metavar="ALG", help=words)
    words = "a content encryption that is accepted; may be repeated; left out: all of them"
    parser.add_argument("--enc", action="append", help=words)
    parser.add_argument("--allow-zip", action="store_true", help="accept compressed content")
    parser.set_defaults(run=_decrypt)


def _encrypt(parsed: Namespace) -> Exit:
    algorithm = None if parsed.alg is None else find_key_management(parsed.alg).name
    key = _key(parsed, algorithm, direct=parsed.enc or _ENC)
    own = key.alg if key.alg in CONTENT_ENCRYPTION else None
    if algorithm is None and own is None and key.alg not in KEY_MANAGEMENT:
        raise _which_algorithm(key)
    enc = find_content_encryption(parsed.enc or own or _ENC).name
    content = read_bytes(parsed.file, "content")
    token = _signed_token(content)
    cty = parsed.cty or (None if token is None else "JWT")
    header = None if cty is None else {"cty": cty}
    text = jwe.encrypt(token or content, key, alg=algorithm, enc=enc, typ=parsed.typ, header=header)
    Terminal.out().line(text)
    return Exit.OK


def _decrypt(parsed: Namespace) -> Exit:
    algorithms = None if parsed.alg is None else list(check_key_management(parsed.alg))
    encryptions = [row.name for row in check_encryptions(parsed.enc or list(CONTENT_ENCRYPTION)).values()]
    first = None if not algorithms else find_key_management(algorithms[0]).name
    key = _key(parsed, first if len(algorithms or ()) == 1 else None, direct=parsed.enc[0] if parsed.enc else None)
    if algorithms is None:
        algorithms = ["dir"] if key.alg in CONTENT_ENCRYPTION else named_algorithms(key, KEY_MANAGEMENT)
        if not algorithms:
            raise _which_algorithm(key)
    text = read_text(parsed.file, "encrypted token").strip()
    open_it = jwe.decrypt_json if text.startswith("{") else jwe.decrypt
    opened = open_it(
        text,
        key,
        algorithms=[find_key_management(name).name for name in algorithms],
        encryptions=encryptions,
        allow_zip=parsed.allow_zip,
    )
    token = _signed_token(opened.plaintext)
    if token is None:
        _write(opened.plaintext)
    else:
        Terminal.out().line(token.decode("ascii"))
        Terminal.err().line("a signed token was inside, and is not verified: jwtkit verify does that")
    return Exit.OK


def _key(parsed: Namespace, algorithm: KeyManagementAlgorithm | None, *, direct: str | None) -> JWK:
    """Read the key; one that is used directly is for the content encryption, whatever `--alg dir` says."""
    if algorithm != "dir":
        return key_of(parsed, algorithm=algorithm)
    if direct is None:
        raise Failure(Exit.USAGE, "with --alg dir the key is for one content encryption: say --enc")
    return key_of(parsed, algorithm=find_content_encryption(direct).name)


def _which_algorithm(key: JWK) -> Failure:
    fitting = [name for name, row in KEY_MANAGEMENT.items() if key.serves(row)]
    if not fitting:
        return Failure(Exit.KEY, f"{key!r} is not for encryption: jwtkit keygen ECDH-ES+A256KW --crv X25519 makes one")
    return Failure(Exit.USAGE, f"--alg is required, because the key does not say it: it fits {', '.join(fitting)}")


def _signed_token(content: bytes) -> bytes | None:
    """Give the token, without the white space around it, where the content is one."""
    try:
        text = content.decode("ascii").strip()
        return text.encode("ascii") if UnverifiedToken.parse(text).kind == "JWS" else None
    except (UnicodeDecodeError, RejectedError, UsageError):
        return None


def _write(plaintext: bytes) -> None:
    """Write the content as it is, for a file or a pipe; for a terminal only what it cannot obey."""
    if sys.stdout.isatty():
        lines = plaintext.decode("utf-8", "backslashreplace").split("\n")
        Terminal.out().line("\n".join(map(visible, lines)))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(plaintext)
