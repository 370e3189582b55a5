"""What comes in from stdin and files, and the files that are made.

Rules of this room:

- Tokens, keys and secrets come from here and never from the arguments, which every process on the machine can read and
  the shell's history keeps.
- Nothing is read without a bound. Nothing is ever overwritten. A new file belongs to its owner alone (mode 0600),
  unless it is meant to be published.
"""

from __future__ import annotations

import os  # noqa: TID251 - the shell is where files are
import re
import sys
from typing import Final

from jwtkit.shell.failures import Exit, Failure
from jwtkit.shell.terminal import visible

__all__ = ["STDIN", "read_bytes", "read_text", "refuse_existing", "shown", "write_new"]

STDIN: Final = "-"
# More than any token, key or key set here may have; what the library refuses, it refuses with its own words.
_MOST: Final = 2 * 1024 * 1024
_TOKEN: Final = re.compile(r"eyJ|[^.]{12,}\.[^.]{12,}\.")
_NAME_CHARS: Final = 100


def shown(name: str) -> str:
    """Show a file's name in a message; but not what seems to be a token or a secret in its place."""
    if name == STDIN:
        return "stdin"
    if _TOKEN.search(name) or len(name) > _NAME_CHARS:
        return "(a text that is no file name)"
    return visible(repr(name))


def read_bytes(name: str, what: str) -> bytes:
    """Read a file, or stdin where its name is "-".

    Args:
        name: the file.
        what: names the content, for the invitation that a terminal gets.

    Raises:
        Failure: it cannot be read, or is larger than anything that could be meant.
    """
    try:
        if name == STDIN:
            if sys.stdin is None:
                raise Failure(Exit.USAGE, f"there is no stdin to read the {what} from: name a file")
            if sys.stdin.isatty():
                sys.stderr.write(f"paste the {what}, then press Enter and Ctrl-D\n")
                sys.stderr.flush()
            data = sys.stdin.buffer.read(_MOST + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(_MOST + 1)
    except (OSError, ValueError) as error:
        # ValueError: a NUL in the name.
        raise Failure(Exit.USAGE, f"cannot read {shown(name)}: {_reason(error)}{_advice(name, what)}") from None
    if len(data) > _MOST:
        raise Failure(Exit.NOT_A_TOKEN, f"the {what} has more than {_MOST} bytes: is it the right file?")
    return data


def read_text(name: str, what: str) -> str:
    """Read text: UTF-8, or UTF-16 where a byte order mark says so, as some shells write it."""
    data = read_bytes(name, what)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def write_new(name: str, data: bytes, *, mode: int = 0o600) -> None:
    """Make a file that was not there.

    Raises:
        Failure: it is there already, or cannot be made.
    """
    try:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except FileExistsError:
        raise _exists(name) from None
    except (OSError, ValueError) as error:
        raise Failure(Exit.USAGE, f"cannot write {shown(name)}: {_reason(error)}") from None


def refuse_existing(name: str) -> None:
    """Find out before anything is made that a file is there already.

    Raises:
        Failure: it is.
    """
    if os.path.lexists(name):
        raise _exists(name)


def _exists(name: str) -> Failure:
    message = f"{shown(name)} exists, and nothing is overwritten here: remove it first, or choose another name"
    return Failure(Exit.USAGE, message)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or "input/output error").lower() if isinstance(error, OSError) else "it has a NUL in it"


def _advice(name: str, what: str) -> str:
    if _TOKEN.search(name):
        return (
            "; others can read your arguments: hand tokens and secrets in on stdin or in a file, and replace this one"
        )
    return f"; give a file that holds the {what}, or '-' for stdin"
