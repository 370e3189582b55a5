"""The commands and their exit codes.

Rules of this room:

- Tokens and secrets come from stdin or files, never from the arguments, which every process on the machine can read.
- Exit codes: 0 done, 1 refused, 2 called wrong, 3 not a token or not a key, 4 the key is the problem.
- Errors are one line on stderr that says what to do; results go to stdout.
- Nothing here opens a connection: keys come from files, tokens stay on this machine.
"""

from __future__ import annotations

import os  # noqa: TID251 - the name it was started by, and a place for output that nobody reads
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from jwtkit.errors import JwtkitError
from jwtkit.shell.arguments import Parser
from jwtkit.shell.decoding import add_decode
from jwtkit.shell.encryption import add_decrypt, add_encrypt
from jwtkit.shell.failures import Exit, Failure, failure_of
from jwtkit.shell.inspection import add_inspect
from jwtkit.shell.keys import add_jwks, add_keygen, add_thumbprint
from jwtkit.shell.pkce import add_pkce
from jwtkit.shell.signing import add_sign
from jwtkit.shell.terminal import Terminal, visible
from jwtkit.shell.verification import add_verify

__all__ = ["main"]

_BASE64URL: Final = frozenset(["--check", "--kid"])
_INTERRUPTED: Final = 130  # what shells give a command that Ctrl-C ended
_COMMANDS: Final[tuple[tuple[str, str, Callable[[Parser], None]], ...]] = (
    ("inspect", "explain a token or a token response: what is in it, what is wrong, what to do next", add_inspect),
    ("decode", "show header and claims of a token as JSON, without verifying it", add_decode),
    ("verify", "check a token: signature, time, issuer and audience", add_verify),
    ("sign", "make a signed token", add_sign),
    ("encrypt", "encrypt content or a signed token", add_encrypt),
    ("decrypt", "decrypt an encrypted token", add_decrypt),
    ("pkce", "draw or check a PKCE pair (RFC 7636)", add_pkce),
    ("keygen", "make a key", add_keygen),
    ("jwks", "make a key set of public keys, to be published", add_jwks),
    ("thumbprint", "name a key by its content (RFC 7638)", add_thumbprint),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code.

    Args:
        arguments: without the program's name; None takes them from the command line.
    """
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except Failure as failure:
        return _fail(failure)
    except JwtkitError as error:
        return _fail(failure_of(error))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:
        # Whoever read the output has closed it, or there is no room for it.
        _discard_output()
        if isinstance(error, BrokenPipeError):
            return Exit.USAGE
        return _fail(Failure(Exit.USAGE, f"cannot write the output: {(error.strerror or 'error').lower()}"))
    return code


def _run(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        from importlib.metadata import version  # slow to load, and only this needs it

        sys.stdout.write(f"jwtkit {version('jwtkit')}\n")
        return Exit.OK
    try:
        parsed, unexpected = parser.parse_known_args(_joined(given))
    except SystemExit as end:
        # --help printed what it has to say.
        return int(end.code or 0)
    if unexpected:
        # They are not repeated: somebody may have put a token there.
        what = "unexpected arguments: tokens and secrets are read from stdin or files"
        if all(argument.startswith("-") for argument in unexpected):
            what = "unknown option"
        raise Failure(Exit.USAGE, f"{what}; see {parser.prog} {parsed.command} --help")
    code: int = parsed.run(parsed)
    return code


def _joined(arguments: Sequence[str]) -> list[str]:
    """Join options with values of base64url, which may begin with a dash as options do."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in _BASE64URL and argument.startswith("-") and not argument.startswith("--"):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _parser() -> Parser:
    started_as_module = os.path.basename(sys.argv[0] if sys.argv else "") == "__main__.py"
    prog = "python -m jwtkit" if started_as_module else "jwtkit"
    description = "Offline tools for JSON Web Tokens and OAuth. Nothing is sent anywhere."
    parser = Parser(prog=prog, description=description)
    parser.add_argument("--version", action="store_true", help="say which version this is, and nothing else")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, words, describe in _COMMANDS:
        describe(commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}."))
    return parser


def _discard_output() -> None:
    """Let what is still in the buffer go nowhere, so that the interpreter does not fail on it when it ends."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _fail(failure: Failure) -> int:
    Terminal.err().line(f"jwtkit: {visible(failure.message)}")
    return failure.code
