"""The choice of a method from what a server lists and what the client has, made once, when the client is built.

Nothing is tried out at request time: a server that refuses one method is not asked again with a weaker one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from jwtkit.errors import UsageError, quote, quote_some
from jwtkit.jose.jws_sign import named_by
from jwtkit.jose.signers import Signer
from jwtkit.oauth.client.authentication import ClientAuthentication, check_secret
from jwtkit.oauth.client.client_secret_basic import ClientSecretBasic
from jwtkit.oauth.client.client_secret_jwt import SECRET_ALGORITHMS, ClientSecretJWT
from jwtkit.oauth.client.client_secret_post import ClientSecretPost
from jwtkit.oauth.client.private_key_jwt import PrivateKeyJWT
from jwtkit.oauth.client.public_client import PublicClient
from jwtkit.oauth.client.tls_client_auth import SelfSignedTlsClientAuth, TlsClientAuth
from jwtkit.oauth.metadata import ServerMetadata
from jwtkit.oauth.secret import Secret

__all__ = ["CertificateMethod", "choose_authentication"]

CertificateMethod = Literal["tls_client_auth", "self_signed_tls_client_auth"]

_LONGEST_LISTING: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _AtHand:
    """What the client has."""

    secret: Secret | None
    key: PrivateKeyJWT | None
    certificate: CertificateMethod | None


def choose_authentication(
    server: ServerMetadata,
    *,
    secret: Secret | None = None,
    key: Signer | None = None,
    certificate: CertificateMethod | None = None,
    method: str | None = None,
) -> ClientAuthentication:
    """Choose how a client authenticates.

    Without `method` it is the strongest that the server lists and that the client has what it takes for: a
    certificate, a private key, the secret as a key, the secret in the form, the secret in a header. A server that
    lists none means client_secret_basic. A public client is never chosen: write `PublicClient()`.

    What counts in the end is the client's registration. Many servers list every method they know, and take from one
    client the registered one only: then pass it as `method`.

    Args:
        server: who is asked.
        secret: the client's secret.
        key: the client's private key, or another `Signer`.
        certificate: how the client's TLS certificate is registered.
        method: the `token_endpoint_auth_method` of the registration, where it is known; then it is this one, whether
            the server lists it or not.

    Raises:
        UsageError: nothing fits; the message names what the server lists, and what stands in the way of each.

    Example:
        >>> server = ServerMetadata(
        ...     issuer="https://auth.example.com",
        ...     token_endpoint_auth_methods_supported=("client_secret_basic", "client_secret_post"),
        ... )
        >>> choose_authentication(server, secret=Secret("s3cret"))
        ClientSecretPost(secret=Secret(...))

    Spec: RFC 8414 section 2, RFC 7591 section 2, RFC 8705 section 2.
    """
    at_hand = _at_hand(server, secret, key, certificate)
    if method is not None:
        return _registered(method, at_hand, server)
    listed = server.token_endpoint_auth_methods_supported
    offered = ("client_secret_basic",) if listed is None else listed
    obstacles: dict[str, str] = {}
    for name, build in _STRONGEST_FIRST.items():
        if name in offered:
            found = build(at_hand, server)
            if not isinstance(found, str):
                return found
            obstacles[name] = found
    source = "the server lists no methods, which means" if listed is None else "the server lists"
    reasons = [f"{quote(name)} ({obstacles.get(name, 'not chosen here')})" for name in offered[:_LONGEST_LISTING]] or [
        "nothing"
    ]
    raise UsageError(
        f"no authentication method fits: {source} {', '.join(reasons)}. "
        "Where the registration says otherwise, pass method=, or build the method yourself"
    )


def _at_hand(
    server: ServerMetadata, secret: Secret | None, key: Signer | None, certificate: CertificateMethod | None
) -> _AtHand:
    """Check what the client has, whatever the server lists."""
    if not isinstance(server, ServerMetadata):
        raise UsageError(f"server must be ServerMetadata, got {type(server).__name__}: see discover(...)")
    if secret is not None:
        check_secret(secret)
    if certificate not in (None, "tls_client_auth", "self_signed_tls_client_auth"):
        raise UsageError("certificate must be 'tls_client_auth' or 'self_signed_tls_client_auth', as it is registered")
    return _AtHand(secret=secret, key=None if key is None else PrivateKeyJWT(key), certificate=certificate)


def _registered(method: str, at_hand: _AtHand, server: ServerMetadata) -> ClientAuthentication:
    """Give the method of the registration."""
    if method == "none":
        return PublicClient()
    build = _STRONGEST_FIRST.get(method)
    if build is None:
        raise UsageError(f"method {quote(method)} is not known here: write a ClientAuthentication for it")
    found = build(at_hand, server)
    if isinstance(found, str):
        raise UsageError(f"method {method!r} cannot be used: {found}")
    return found


_Found = ClientAuthentication | str  # a method, or what stands in its way


def _certificate(at_hand: _AtHand, name: CertificateMethod) -> str | None:
    return None if at_hand.certificate == name else f"it takes certificate={name!r}"


def _tls(at_hand: _AtHand, _server: ServerMetadata) -> _Found:
    return _certificate(at_hand, "tls_client_auth") or TlsClientAuth()


def _self_signed_tls(at_hand: _AtHand, _server: ServerMetadata) -> _Found:
    return _certificate(at_hand, "self_signed_tls_client_auth") or SelfSignedTlsClientAuth()


def _private_key(at_hand: _AtHand, server: ServerMetadata) -> _Found:
    if at_hand.key is None:
        return "it takes key="
    alg, _ = named_by(at_hand.key.key)
    listed = server.token_endpoint_auth_signing_alg_values_supported
    if listed is not None and alg not in listed:
        return f"the key signs with {alg}, the server lists {_names(listed)}"
    return at_hand.key


def _secret_as_key(at_hand: _AtHand, server: ServerMetadata) -> _Found:
    """Take the first algorithm that the server lists and the secret is long enough for."""
    if at_hand.secret is None:
        return "it takes secret="
    listed = server.token_endpoint_auth_signing_alg_values_supported
    if listed is None:
        # RFC 8414 section 2: no default is implied.
        return "the server lists no signing algorithm: write ClientSecretJWT(secret, alg=...)"
    obstacle = f"it takes an HS algorithm, the server lists {_names(listed)}"
    for alg in SECRET_ALGORITHMS:
        if alg in listed:
            try:
                return ClientSecretJWT(at_hand.secret, alg=alg)
            except UsageError as unfit:
                # The next one needs an even longer secret.
                return str(unfit)
    return obstacle


def _secret_in_form(at_hand: _AtHand, _server: ServerMetadata) -> _Found:
    return "it takes secret=" if at_hand.secret is None else ClientSecretPost(at_hand.secret)


def _secret_in_header(at_hand: _AtHand, _server: ServerMetadata) -> _Found:
    return "it takes secret=" if at_hand.secret is None else ClientSecretBasic(at_hand.secret)


def _names(listed: tuple[str, ...]) -> str:
    return quote_some(listed) or "nothing"


_STRONGEST_FIRST: Final[Mapping[str, Callable[[_AtHand, ServerMetadata], _Found]]] = MappingProxyType(
    {
        "tls_client_auth": _tls,
        "self_signed_tls_client_auth": _self_signed_tls,
        "private_key_jwt": _private_key,
        "client_secret_jwt": _secret_as_key,
        "client_secret_post": _secret_in_form,
        "client_secret_basic": _secret_in_header,
    }
)
