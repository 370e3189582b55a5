"""Tokens for the requests of a requests session, to the origins that may see them.

Copy what stands above the story, and `token_keeper.py` with it.

Run it without arguments. It starts a provider and an API on free ports of 127.0.0.1, and calls the API from eight
threads.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from token_keeper import TokenKeeper

from jwtkit.oauth import HttpRequest, HttpResponse, TokenSet, run


class TokenAuth(AuthBase):
    """For `requests.Session` or a single request; many threads may share it."""

    def __init__(
        self, keeper: TokenKeeper, send: Callable[[HttpRequest], HttpResponse], *, origins: Iterable[str]
    ) -> None:
        self._keeper, self._send = keeper, send
        self._origins = frozenset(map(origin, origins))
        for scheme, host, _ in self._origins:
            if scheme != "https" and host not in ("127.0.0.1", "::1"):
                raise ValueError("a token goes over https only")
        self._lock = threading.Lock()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if origin(request.url) in self._origins:
            tokens = self._current()
            request.headers["Authorization"] = bearer(tokens)
            request.register_hook("response", partial(self._answered, tokens))  # type: ignore[no-untyped-call]
        return request

    def _answered(self, tokens: TokenSet, answer: requests.Response, **options: Any) -> requests.Response:
        """Repeat a request once whose token was refused. A redirect brings its answer here too, from anywhere."""
        request = answer.request
        if answer.status_code != 401 or request.headers.get("Authorization") != bearer(tokens):
            return answer  # on its way to another origin, requests has taken the token off
        fresh = self._current(refused=tokens)
        if fresh is tokens or not isinstance(request.body, bytes | str | None):
            return answer  # an upload that is read from somewhere is gone
        answer.close()
        repeated = request.copy()
        repeated.headers["Authorization"] = bearer(fresh)
        second: requests.Response = answer.connection.send(repeated, **options)  # the adapter it came through
        second.history.append(answer)
        second.request = repeated
        return second

    def _current(self, refused: TokenSet | None = None) -> TokenSet:
        with self._lock:  # the first one asks, and the others find what it was given
            return run(self._keeper.current(refused), send=self._send)


def bearer(tokens: TokenSet) -> str:
    return f"Bearer {tokens.access_token.reveal()}"


def origin(url: str | None) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url or "")
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


# --- the story ----------------------------------------------------------------------------------------------------


def main() -> int:
    from concurrent.futures import ThreadPoolExecutor
    from secrets import token_urlsafe

    from provider import SCOPE, Api, Provider, Registration, serving
    from send_requests import new_session, sender

    from jwtkit.oauth import Client, ClientCredentialsFlow, ClientSecretBasic, Secret, discover

    secret = Secret(token_urlsafe())
    worker = Registration(client_id="worker", client_secret=secret)
    with (
        serving(lambda url: Provider(url, worker)) as provider,
        serving(lambda url: Api(url, provider)) as api,
        new_session() as session,
        new_session() as to_api,
    ):
        send = sender(session)
        server = run(discover(provider.issuer, allow_http_loopback=True), send=send)
        client = Client(server=server, client_id="worker", auth=ClientSecretBasic(secret))
        keeper = TokenKeeper(lambda _: ClientCredentialsFlow(client).token(scope=[SCOPE]), pause=0)
        to_api.auth = TokenAuth(keeper, send, origins=[api.url])
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(to_api.get, [f"{api.url}/me"] * 8))
        statuses = ", ".join(sorted({str(answer.status_code) for answer in answers}))
        print(f"threads   8 calls: {statuses}; the provider was asked {len(provider.log)} time")

        api.revoked.add(answers[0].request.headers["Authorization"].removeprefix("Bearer "))
        answer = to_api.get(f"{api.url}/me")
        print(f"revoked   {answer.history[0].status_code}, and with a new token {answer.status_code}")

        answer = to_api.get(provider.issuer)
        print(f"others    see no token: {'Authorization' not in answer.request.headers}")
    return 0 if provider.log == ["client_credentials"] * 2 else 1


if __name__ == "__main__":
    sys.exit(main())
