"""What every library is asked to do.

Rules of this room:

- A method prepares everything that can be prepared, and gives the function that is timed: one plain Python function
  for every library, so that none has an advantage by how it is called.
- What a library cannot do it leaves as it is here, or says so with `UnsupportedError`; it is then shown as "-".
- A verification checks the signature, `exp`, `iss` and `aud`, and raises what it refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.workload import Workload

__all__ = ["Call", "Library", "UnsupportedError"]

Call = Callable[[Any], Any]


class UnsupportedError(Exception):
    """The library cannot do it, and the text says what."""


class Library:
    """One library, used at its best.

    Attributes:
        bare: takes messages and signatures apart from tokens: the primitives themselves.
        names: the algorithms that it knows by another name.
    """

    bare = False
    names: dict[str, str] = {}  # noqa: RUF012  # a constant of each subclass

    def __init__(self, workload: Workload) -> None:
        self.workload = workload

    def name_of(self, alg: str) -> str:
        """Give the library's name of an algorithm."""
        return self.names.get(alg, alg)

    def claims(self, members: dict[str, Any]) -> Any:
        """Give claims as `signer` takes them."""
        return members

    def read(self, result: Any) -> dict[str, Any]:
        """Give the claims in what a verification gave."""
        return dict(result)

    def split(self, alg: str, token: str) -> Any:
        """Give what a bare primitive takes for a token."""
        raise UnsupportedError(f"no {alg} apart from tokens, such as one of {len(token)} characters")

    def signer(self, alg: str) -> Call:
        """Sign claims; the function gives the token's text."""
        raise UnsupportedError(f"no {alg}")

    def builder(self, alg: str) -> Call:
        """Sign claims that are put together inside the call, from seven values; the function gives the token's text."""
        sign, build = self.signer(alg), self.build

        def build_and_sign(values: Any) -> Any:
            return sign(build(*values))

        return build_and_sign

    @staticmethod
    def build(iss: str, sub: str, aud: str, exp: int, iat: int, jti: str, scope: str) -> Any:  # noqa: PLR0917  # as they come
        """Put claims together."""
        return {"iss": iss, "sub": sub, "aud": aud, "exp": exp, "iat": iat, "jti": jti, "scope": scope}

    def signature(self, alg: str, *, deterministic: bool) -> Call:
        """Sign bytes and give the raw signature, with an ECDSA nonce that is random, or from key and message."""
        raise UnsupportedError(f"no {'deterministic' if deterministic else 'random'} {alg} apart from tokens")

    def verifier(self, alg: str) -> Call:
        """Verify the text of a token; the function gives what `read` reads."""
        raise UnsupportedError(f"no {alg}")

    def remembering_verifier(self, alg: str) -> Call:
        """Verify, and remember what has been verified."""
        raise UnsupportedError(f"does not remember what it has verified with {alg}")

    def key_set(self, text: str, count: int) -> Any:
        """Parse a key set of so many RS256 keys from JSON text."""
        raise UnsupportedError(f"no set of {count} keys, {len(text)} bytes long")

    def set_verifier(self, keys: Any) -> Call:
        """Verify RS256 tokens with the key of the set that their `kid` names."""
        raise UnsupportedError(f"no look-up by kid in its {type(keys).__name__}")

    def encrypter(self, alg: str) -> Call:
        """Encrypt bytes with A256GCM; the function gives the text."""
        raise UnsupportedError(f"no {alg}")

    def decrypter(self, alg: str, size: int) -> Call:  # noqa: ARG002  # for those who have to allow a size
        """Decrypt a text that holds so many bytes; the function gives them."""
        raise UnsupportedError(f"no {alg}")
