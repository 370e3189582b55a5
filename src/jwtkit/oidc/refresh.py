"""Refreshing the tokens of a login without becoming somebody else (OpenID Connect Core section 12).

What may be refreshed, and what replaces what, is decided in `jwtkit.oauth`; here an ID token that comes along is
verified, and compared with the login that was refreshed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import final

from jwtkit._frozen import Frozen
from jwtkit._proof import Proof
from jwtkit.errors import UsageError, quote
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.refresh import parse_refresh_response, refresh_request
from jwtkit.oauth.client.token_endpoint import ask_endpoint, token_types_of
from jwtkit.oauth.client.token_set import TokenSet
from jwtkit.oauth.http import HttpRequest
from jwtkit.oauth.scope import check_scope
from jwtkit.oauth.steps import Steps
from jwtkit.oidc.id_token import IdToken, IdTokenVerifier
from jwtkit.oidc.login_record import LoginRecord, check_client
from jwtkit.oidc.provider_keys import ProviderKeys

__all__ = ["RefreshedLogin", "refresh_steps"]


@final
class RefreshedLogin(Proof, Frozen):
    """Fresh tokens of a login. Get one from `LoginFlow.refresh`.

    The record of the login stays as it is, for the next refresh.

    Attributes:
        id_token: the ID token that came with them, about the same user; None where none came.
        tokens: the tokens to keep in the place of the old ones.
    """

    __slots__ = ("id_token", "tokens")

    _origin = "LoginFlow.refresh(...)"
    id_token: IdToken | None
    tokens: TokenSet

    def __repr__(self) -> str:
        return f"RefreshedLogin(scope={self.tokens.scope!r})"


def refresh_steps(
    client: Client,
    verifier: IdTokenVerifier,
    keys: ProviderKeys,
    tokens: TokenSet,
    record: LoginRecord,
    *,
    scope: Iterable[str],
    resource: Iterable[str],
    extra: Mapping[str, str],
    now: float | None,
) -> Steps[HttpRequest, RefreshedLogin]:
    """Refresh; see `LoginFlow.refresh`."""
    if not isinstance(record, LoginRecord):
        raise UsageError(f"record must be a LoginRecord, got {type(record).__name__}: see Login.record")
    # Before a refresh token goes to a server that never gave it.
    check_client(record, client.client_id)
    if not verifier.accepts_issuer(record.iss):
        raise UsageError(f"the record is of a login at {quote(record.iss)}: refresh it with the flow of that provider")
    wanted = check_scope(scope)
    request = refresh_request(client, tokens, scope=wanted, resource=resource, extra=extra, now=now)

    def steps() -> Steps[HttpRequest, RefreshedLogin]:
        yield from keys.ready(now)
        response = yield from ask_endpoint(client, request, now)
        refreshed = object.__new__(RefreshedLogin)
        types = token_types_of(client)
        fresh = parse_refresh_response(response, tokens=tokens, scope=wanted, token_types=types, now=now)
        refreshed.tokens = fresh
        # Where no new one came, the set keeps the very one it had.
        if fresh.id_token is None or fresh.id_token is tokens.id_token:
            refreshed.id_token = None
            return refreshed
        verify = partial(
            verifier.verify_refreshed,
            fresh.id_token.reveal(),
            record=record,
            access_token=fresh.access_token.reveal(),
            now=now,
        )
        refreshed.id_token = yield from keys.supply(verify, now)
        return refreshed

    return steps()
