"""Turn the name of an operation into a function to time and its inputs, after it has shown that it does the work.

Rules of this room:

- Nothing is timed before its result was right: claims come back; an altered token, an expired one, one of another
  issuer and one for another audience are refused; what was encrypted is what is decrypted.
- What is made, rather than read, goes back to the coordinator as a sample, and is checked there.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from types import MappingProxyType
from typing import Any

from benchmarks import operations
from benchmarks.libraries.interface import Call, Library
from benchmarks.workload import key_set_text, plaintext

__all__ = ["Work", "make_work"]

# So long all tokens of a large key set are verified once before they are timed; those that were not are left out.
_TRIAL_SECONDS = 2.0


class Work:
    """A function that is ready to be timed.

    Attributes:
        call: the function.
        sample: what it makes, for the coordinator to check, or None.
    """

    def __init__(self, call: Call, inputs: list[Any], *, fresh: bool, sample: str | None = None) -> None:
        """Prepare.

        Args:
            call: the function.
            inputs: what it is called with, in turn; bytes of ASCII where `fresh` is true.
            fresh: make a new str for every call, as a request brings it: a str remembers its hash.
            sample: what it makes.
        """
        self.call = call
        self.sample = sample
        self._inputs: Iterator[Any] = cycle(inputs)
        self._fresh = fresh

    def inputs(self, count: int) -> list[Any]:
        """Give the inputs of so many calls."""
        if self._fresh:
            return [next(self._inputs).decode("ascii") for _ in range(count)]
        return [next(self._inputs) for _ in range(count)]


def make_work(library: Library, operation: str) -> Work:
    """Prepare an operation.

    Raises:
        UnsupportedError: the library cannot do it.
        AssertionError: it does it wrong.
    """
    kind, argument, *more = operation.split("/")
    return _KINDS[kind](library, argument, *more)


def _sign(library: Library, alg: str) -> Work:
    call = library.signer(alg)
    if library.bare:
        return _bare_signature(library, call, alg)
    claims = library.claims(library.workload.members)
    return Work(call, [claims], fresh=False, sample=_text(call(claims)))


def _sign_built(library: Library, alg: str) -> Work:
    call, values = library.builder(alg), tuple(library.workload.members.values())
    return Work(call, [values], fresh=False, sample=_text(call(values)))


def _signature_random(library: Library, alg: str) -> Work:
    return _bare_signature(library, library.signature(alg, deterministic=False), alg)


def _signature_deterministic(library: Library, alg: str) -> Work:
    call = library.signature(alg, deterministic=True)
    assert call(b"message") == call(b"message"), f"{alg} is not deterministic"
    return _bare_signature(library, call, alg)


def _bare_signature(library: Library, call: Call, alg: str) -> Work:
    message = library.workload.tokens[operations.verify(alg)][0].rpartition(".")[0]
    signature = base64.urlsafe_b64encode(call(message.encode())).rstrip(b"=").decode()
    return Work(call, [message.encode()], fresh=False, sample=f"{message}.{signature}")


def _verify(library: Library, alg: str) -> Work:
    name = library.name_of(alg)
    return _verification(library, library.verifier(alg), operations.verify(name), name)


def _verify_remembered(library: Library, alg: str) -> Work:
    name = library.name_of(alg)
    return _verification(library, library.remembering_verifier(alg), operations.verify(name), name)


def _verify_nested(library: Library, alg: str) -> Work:
    return _verification(library, library.verifier(alg), operations.NESTED, alg)


def _verify_sized(library: Library, size: str) -> Work:
    return _verification(library, library.verifier("HS256"), operations.sized(int(size)), "HS256")


def _verification(library: Library, call: Call, operation: str, alg: str) -> Work:
    (token,), refused = library.workload.tokens[operation], library.workload.refused[alg]
    if library.bare:
        pairs = [library.split(alg, one) for one in (token, refused[0])]
        call(pairs[0])
        assert _refuses(call, pairs[1]), f"{operation}: an altered message is not refused"
        return Work(call, pairs[:1], fresh=False)
    _check_claims(library, operation, call(token))
    for what, one in zip(("altered", "expired", "of another issuer", "for another audience"), refused, strict=True):
        assert _refuses(call, one), f"{operation}: a token is not refused that is {what}"
    return Work(call, [token.encode()], fresh=True)


def _verify_in_set(library: Library, count: str) -> Work:
    operation = operations.in_set(int(count))
    tokens = library.workload.tokens[operation]
    text = key_set_text(int(count), library.workload.keys["RS256"])
    call = library.set_verifier(library.key_set(text, int(count)))
    assert _refuses(call, library.workload.refused["RS256"][0]), f"{operation}: an altered token is not refused"
    until, tried = time.monotonic() + _TRIAL_SECONDS, 0
    for token in tokens:
        _check_claims(library, operation, call(token))
        tried += 1
        if time.monotonic() > until:
            break
    return Work(call, [token.encode() for token in tokens[:tried]], fresh=True)


def _encrypt(library: Library, alg: str, size: str) -> Work:
    call, content = library.encrypter(alg), plaintext(int(size))
    sealed = call(content)
    return Work(call, [content], fresh=False, sample=None if library.bare else _text(sealed))


def _decrypt(library: Library, alg: str, size: str) -> Work:
    call, content = library.decrypter(alg, int(size)), plaintext(int(size))
    operation = operations.decrypt(alg, int(size))
    if library.bare:
        sealed = library.encrypter(alg)(content)
        assert call(sealed) == content, f"{operation}: something else came out"
        return Work(call, [sealed], fresh=False)
    text = library.workload.encrypted[operation]
    assert call(text) == content, f"{operation}: something else came out"
    cut = len(text) - 40
    assert _refuses(call, text[:cut] + ("A" if text[cut] != "A" else "B") + text[cut + 1 :]), (
        f"{operation}: not refused"
    )
    return Work(call, [text.encode()], fresh=True)


def _check_claims(library: Library, operation: str, result: Any) -> None:
    claims, expected = library.read(result), _EXPECTED.get(operation.split("/", maxsplit=1)[0])
    members = getattr(library.workload, expected) if expected else {"iss": library.workload.members["iss"]}
    for name, value in members.items():
        assert claims.get(name) in (value, [value]), f"{operation}: claim {name!r} came back as {claims.get(name)!r}"


def _refuses(call: Call, given: Any) -> bool:
    try:
        call(given)
    except Exception:  # noqa: BLE001  # each library refuses in its own way
        return True
    return False


def _text(made: Any) -> str:
    return made.decode("ascii") if isinstance(made, bytes) else str(made)


_EXPECTED: Mapping[str, str] = MappingProxyType(
    {"verify": "members", "verify-remembered": "members", "verify-nested": "nested", "verify-in-set": "members"}
)
_KINDS: Mapping[str, Callable[..., Work]] = MappingProxyType(
    {
        "sign": _sign,
        "sign-built": _sign_built,
        "signature-random": _signature_random,
        "signature-deterministic": _signature_deterministic,
        "verify": _verify,
        "verify-remembered": _verify_remembered,
        "verify-nested": _verify_nested,
        "verify-sized": _verify_sized,
        "verify-in-set": _verify_in_set,
        "encrypt": _encrypt,
        "decrypt": _decrypt,
    }
)
