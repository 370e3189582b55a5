"""DPoP: tokens that are worth nothing without a key (RFC 9449).

Rules of this room:

- The key stays with the caller, and so does its life: tokens are as good as the key that they are bound to.
- A nonce goes back to the origin that gave it, and nowhere else. The newest one counts, whatever answer it came with.
- A server that wants a nonce is asked once more, and not a third time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, final

from jwtkit import _wire
from jwtkit._frozen import Frozen
from jwtkit.crypto.algorithms import SignatureAlgorithm
from jwtkit.errors import MalformedError, RejectedError, UsageError
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jws_sign import named_by, with_signature
from jwtkit.jose.signers import Signer
from jwtkit.oauth.dpop_proof import claimed_nonce, is_nonce, proof_claims, proof_header, sendable
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.http_uri import http_origin
from jwtkit.oauth.json_response import MAX_BYTES, is_json
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Steps, ask

__all__ = ["DPoP"]

_MAX_ORIGINS: Final = 256
_ERROR: Final = "use_dpop_nonce"
_DEPTH: Final = 32
_INT_LIMIT: Final = 10**40


@final
class DPoP(Frozen):
    """A key that tokens are bound to, and the nonces that servers gave for its proofs.

    Put it into the `Client`: every token request then carries a proof, and the tokens are bound to the key. Build it
    once and share it, also between threads. For as long as the tokens are to be used, keep the key where you keep
    them; another one cannot use them, nor refresh those of a public client.

    Args:
        key: a private `JWK`, or any other `Signer`. Its algorithm is asymmetric.
        public_key: the public half, for a `Signer` that is no `JWK`.
        quirk_no_dpop_jkt: leaves `dpop_jkt` out of authorization requests, for a server that refuses it. The code is
            then bound to no key.

    Raises:
        UsageError: the key cannot sign, or is a shared secret; or its public half is missing, or not one.

    Example:
        >>> dpop = DPoP(JWK.generate("ES256"))
        >>> dpop.algorithm, len(dpop.jkt)
        ('ES256', 43)

    Spec: RFC 9449 sections 4, 8 and 10.
    """

    __slots__ = ("_header", "_key", "_nonces", "algorithm", "jkt", "quirk_no_dpop_jkt")

    algorithm: SignatureAlgorithm
    jkt: str

    def __init__(self, key: Signer, *, public_key: JWK | None = None, quirk_no_dpop_jkt: bool = False) -> None:
        self.algorithm, _ = named_by(key)
        if isinstance(key, JWK):
            if public_key is not None:
                raise UsageError("public_key is for a Signer that is no JWK: a JWK knows its own public half")
            if not key.is_private:
                raise UsageError(f"{key!r} is a public key: DPoP needs the private one", code="key_unfit")
            if not key.permits("sign"):
                raise UsageError(f"{key!r} is not for signing: see its use and key_ops", code="key_unfit")
            public_key = key.public() if key.kty != "oct" else key
        elif public_key is None:
            raise UsageError(f"the public half of the {type(key).__name__} is not known: pass public_key=, a JWK")
        if not isinstance(quirk_no_dpop_jkt, bool):
            raise UsageError("quirk_no_dpop_jkt must be True or False")
        self._header: Final = proof_header(self.algorithm, public_key)
        self._key: Final = key
        self._nonces: Final[dict[str, str]] = {}
        self.jkt = public_key.thumbprint()
        self.quirk_no_dpop_jkt: Final = quirk_no_dpop_jkt

    def proof(self, method: str, url: str, *, access_token: Secret | None = None, now: float | None = None) -> str:
        """Make a proof, the value of a DPoP header; it is good once.

        Args:
            method: of the request, exactly as it is sent.
            url: of the request; query and fragment do not count.
            access_token: the token that the request carries; None at a token endpoint.
            now: seconds since the epoch; None reads the clock.

        Raises:
            UsageError: an argument is of the wrong form, or the signer gives something that is no signature.

        Spec: RFC 9449 section 4.2.
        """
        nonce = self._nonces.get(http_origin(url) or "") if isinstance(url, str) else None
        claims = proof_claims(method, url, access_token=access_token, nonce=nonce, now=now)
        return with_signature(f"{self._header}.{claims}", self._key)

    def prove(
        self, request: HttpRequest, *, access_token: Secret | None = None, now: float | None = None
    ) -> HttpRequest:
        """Give a request with its proof, and with the access token if there is one; `learn` reads the answer.

        Args:
            request: what is to be sent; a proof that it has is replaced.
            access_token: for the Authorization header; left out at a token endpoint.
            now: seconds since the epoch; None reads the clock.

        Raises:
            UsageError: the request has an Authorization header already, or an argument is of the wrong type.

        Spec: RFC 9449 sections 4.1 and 7.1.
        """
        _check(request)
        kept = tuple(pair for pair in request.headers if pair[0].lower() != "dpop")
        if access_token is not None:
            if any(name.lower() == "authorization" for name, _ in kept):
                raise UsageError("the request has an Authorization header already: a request has one")
            kept = (*kept, ("Authorization", f"DPoP {sendable(access_token)}"))
        proof = self.proof(request.method, request.url, access_token=access_token, now=now)
        return replace(request, headers=(*kept, ("DPoP", proof)))

    def learn(self, request: HttpRequest, response: HttpResponse) -> bool:
        """Remember the nonce of an answer, and tell whether the server wants the request again with it.

        Args:
            request: what was sent.
            response: what came. Untrusted.

        Returns:
            Whether it refused for want of this nonce. Ask again once, with a new proof; after a second refusal stop.

        Raises:
            UsageError: an argument is of the wrong type.

        Spec: RFC 9449 sections 8, 8.2 and 9.
        """
        _check(request)
        if not isinstance(response, HttpResponse):
            raise UsageError(f"response must be an HttpResponse, got {type(response).__name__}")
        nonce = next(filter(is_nonce, map(str.strip, response.header_values("dpop-nonce"))), None)
        if nonce is None:
            return False
        self._remember(str(http_origin(request.url)), nonce)
        sent = next((value for name, value in request.headers if name.lower() == "dpop"), None)
        return _wants_nonce(response) and nonce != claimed_nonce(sent)

    def ask(
        self, request: HttpRequest, *, access_token: Secret | None = None, now: float | None = None
    ) -> Steps[HttpRequest, HttpResponse]:
        """Send a request with a proof, once more where the server wants a new nonce in it, and give the answer.

        The answer is whatever came last, also a refusal. The request is sent twice only where the server refused the
        first for its proof, before it did anything else.

        Args:
            request: what is to be sent.
            access_token: for the Authorization header.
            now: seconds since the epoch; None reads the clock.

        Raises:
            UsageError: at the call; as `prove`.

        Spec: RFC 9449 sections 8 and 9.
        """

        def proved() -> HttpRequest:
            return self.prove(request, access_token=access_token, now=now)

        return self.ask_anew(proved(), proved)

    def ask_anew(self, first: HttpRequest, again: Callable[[], HttpRequest]) -> Steps[HttpRequest, HttpResponse]:
        """Send a request that carries a proof, and where a new nonce is wanted what `again` makes then."""
        response = yield from ask(first)
        if not self.learn(first, response):
            return response
        second = again()
        response = yield from ask(second)
        self.learn(second, response)
        return response

    def _remember(self, origin: str, nonce: str) -> None:
        # Origins are those that the program asks; a new round with each of them is cheaper than a book about them.
        if len(self._nonces) >= _MAX_ORIGINS and origin not in self._nonces:
            self._nonces.clear()
        self._nonces[origin] = nonce

    def __repr__(self) -> str:
        return f"DPoP(algorithm={self.algorithm!r}, jkt={self.jkt!r})"


def _check(request: object) -> None:
    if not isinstance(request, HttpRequest):
        raise UsageError(f"request must be an HttpRequest, got {type(request).__name__}")


def _wants_nonce(response: HttpResponse) -> bool:
    """Tell whether a server refuses for want of a nonce: an authorization server (8) or a resource server (9)."""
    if response.status == 401:
        from jwtkit.oauth.authentication_scheme import parse_challenges

        try:
            challenges = parse_challenges(response.header_values("www-authenticate"))
        except MalformedError:
            return False
        return any(given.has_scheme("DPoP") and given.parameters.get("error") == _ERROR for given in challenges)
    if response.status != 400 or not is_json(response) or len(response.body) > MAX_BYTES:
        return False
    try:
        members = _wire.parse_object(response.body, "answer", depth=_DEPTH, int_limit=_INT_LIMIT)
    except RejectedError:
        return False
    return members.get("error") == _ERROR
