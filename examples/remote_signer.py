"""A token whose key is in another process: it drafts here, is signed there, and is sealed here.

Run it without arguments. It starts itself a second time as the signer, which draws a key, keeps it, and talks over a
pipe: first its public key, then for each line of text a signature in DER, as a key service would. The signer stops when
the pipe closes. The program exits with 0 only if every step went as it should.
"""

from __future__ import annotations

import sys
from subprocess import PIPE, Popen
from typing import IO

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from jwtkit import JWK, JWKS, Claims, SignatureError, Token, TokenDraft, TokenVerifier

ISSUER, API = "https://auth.example.com", "https://api.example.com"


# --- the signer: the only process that has the private key ---------------------------------------------------------


def serve(inbox: IO[str], outbox: IO[str]) -> None:
    key = JWK.generate("ES256")
    private = key.to_key(private=True)
    print(key.to_der().hex(), file=outbox, flush=True)
    for line in inbox:
        signature = private.sign(line.rstrip("\n").encode("ascii"), ec.ECDSA(hashes.SHA256()))
        print(signature.hex(), file=outbox, flush=True)


# --- the program: it has the public key, and asks ------------------------------------------------------------------


class Service:
    """The signer, as the program sees it."""

    def __init__(self, process: Popen[str]) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the signer needs both pipes")
        self.asks, self.answers = process.stdin, process.stdout
        der = bytes.fromhex(self.answers.readline())
        # The name of the key is for whoever publishes it to choose: here its thumbprint.
        self.public = JWK.from_der(der, alg="ES256", kid=JWK.from_der(der).thumbprint())

    def sign(self, message: bytes) -> bytes:
        print(message.decode("ascii"), file=self.asks, flush=True)  # base64url and dots: one line
        return bytes.fromhex(self.answers.readline())


def draft_for(sub: str, public: JWK) -> TokenDraft:
    claims = Claims(iss=ISSUER, sub=sub, aud=API)
    return Token.draft(claims, alg="ES256", kid=public.kid, typ="at+jwt", lifetime=300)


def main() -> int:
    with Popen([sys.executable, __file__, "signer"], stdin=PIPE, stdout=PIPE, text=True) as process:  # noqa: S603 - this file
        service = Service(process)
        public = service.public
        print(f"signer    process {process.pid} has the key, this one knows {public!r}")

        draft = draft_for("jane", public)
        print(f"draft     {', '.join(draft.claims)}: {len(draft.signing_input)} bytes to sign")

        signature = service.sign(draft.signing_input)
        token = draft.seal(signature, encoding="der", verify_with=public)
        print(f"sealed    with {len(signature)} bytes of DER: {token!r}")

        keys = JWKS([public])
        verifier = TokenVerifier(keys=keys, algorithms=["ES256"], issuer=ISSUER, audience=API, typ="at+jwt")
        print(f"verified  sub is {verifier.verify(token.compact).sub}")

        other = service.sign(draft_for("mallory", public).signing_input)
        try:
            draft.seal(other, encoding="der", verify_with=public)
        except SignatureError as error:
            print(f"refused   the signature of another token: {error}")
        else:
            print("NOT refused: the signature of another token")
            return 1
    print(f"stopped   the signer, with {process.returncode}")
    return process.returncode


if __name__ == "__main__":
    if sys.argv[1:] == ["signer"]:
        serve(sys.stdin, sys.stdout)
    else:
        sys.exit(main())
