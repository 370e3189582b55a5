"""Tokens for the requests of an httpx client, sync and async, to the origins that may see them.

Copy what stands above the story, and `token_keeper.py` with it.

Run it without arguments. It starts a provider and an API on free ports of 127.0.0.1, and calls the API from eight
threads and from eight tasks.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable

import httpx
from token_keeper import TokenKeeper

from jwtkit.oauth import HttpRequest, HttpResponse, TokenSet, arun, run


class Origins:
    """Where a token may go: scheme, host and port are those of one of these URLs."""

    def __init__(self, urls: Iterable[str]) -> None:
        self._allowed = frozenset(self._origin(httpx.URL(url)) for url in urls)
        for scheme, host, _ in self._allowed:
            if scheme != "https" and host not in ("127.0.0.1", "::1"):
                raise ValueError("a token goes over https only")

    def allow(self, request: httpx.Request) -> bool:
        return self._origin(request.url) in self._allowed

    @staticmethod
    def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
        return url.scheme, url.host, url.port


def bearer(tokens: TokenSet) -> str:
    return f"Bearer {tokens.access_token.reveal()}"


def carrying(tokens: TokenSet, request: httpx.Request) -> httpx.Request:
    request.headers["Authorization"] = bearer(tokens)
    return request


def is_refusal(tokens: TokenSet, answer: httpx.Response) -> bool:
    """Tell whether these tokens were refused; on the way to another origin, httpx has taken them off."""
    return answer.status_code == 401 and answer.request.headers.get("Authorization") == bearer(tokens)


def can_go_twice(request: httpx.Request) -> bool:
    return isinstance(request.stream, httpx.ByteStream)  # an upload that is read from somewhere is gone


class TokenAuth(httpx.Auth):
    """For `httpx.Client`; many threads may share it."""

    def __init__(
        self, keeper: TokenKeeper, send: Callable[[HttpRequest], HttpResponse], *, origins: Iterable[str]
    ) -> None:
        self._keeper, self._send, self._origins = keeper, send, Origins(origins)
        self._lock = threading.Lock()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if not self._origins.allow(request):
            yield request
            return
        tokens = self._current()
        answer = yield carrying(tokens, request)
        if is_refusal(tokens, answer):
            fresh = self._current(refused=tokens)
            if fresh is not tokens and can_go_twice(request):
                yield carrying(fresh, request)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        raise TypeError("httpx.AsyncClient takes an AsyncTokenAuth")
        yield request  # what makes this a generator

    def _current(self, refused: TokenSet | None = None) -> TokenSet:
        with self._lock:  # the first one asks, and the others find what it was given
            return run(self._keeper.current(refused), send=self._send)


class AsyncTokenAuth(httpx.Auth):
    """For `httpx.AsyncClient`; the tasks of one loop may share it."""

    def __init__(
        self, keeper: TokenKeeper, send: Callable[[HttpRequest], Awaitable[HttpResponse]], *, origins: Iterable[str]
    ) -> None:
        self._keeper, self._send, self._origins = keeper, send, Origins(origins)
        self._lock = asyncio.Lock()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        raise TypeError("httpx.Client takes a TokenAuth")
        yield request  # what makes this a generator

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if not self._origins.allow(request):
            yield request
            return
        tokens = await self._current()
        answer = yield carrying(tokens, request)
        if is_refusal(tokens, answer):
            fresh = await self._current(refused=tokens)
            if fresh is not tokens and can_go_twice(request):
                yield carrying(fresh, request)

    async def _current(self, refused: TokenSet | None = None) -> TokenSet:
        async with self._lock:
            return await arun(self._keeper.current(refused), send=self._send)


# --- the story ----------------------------------------------------------------------------------------------------


def main() -> int:
    from concurrent.futures import ThreadPoolExecutor
    from secrets import token_urlsafe

    from provider import SCOPE, Api, Provider, Registration, serving
    from send_httpx import async_sender, sender, settings

    from jwtkit.oauth import Client, ClientCredentialsFlow, ClientSecretBasic, Secret, discover

    secret = Secret(token_urlsafe())
    worker = Registration(client_id="worker", client_secret=secret)
    with (
        serving(lambda url: Provider(url, worker)) as provider,
        serving(lambda url: Api(url, provider)) as api,
        httpx.Client(**settings()) as http,
    ):
        send = sender(http)
        server = run(discover(provider.issuer, allow_http_loopback=True), send=send)
        client = Client(server=server, client_id="worker", auth=ClientSecretBasic(secret))

        def keeper() -> TokenKeeper:
            return TokenKeeper(lambda _: ClientCredentialsFlow(client).token(scope=[SCOPE]), pause=0)

        auth = TokenAuth(keeper(), send, origins=[api.url])
        with httpx.Client(auth=auth, trust_env=False) as http_api, ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(http_api.get, [f"{api.url}/me"] * 8))
            statuses = ", ".join(sorted({str(answer.status_code) for answer in answers}))
            print(f"threads   8 calls: {statuses}; the provider was asked {len(provider.log)} time")

            api.revoked.add(answers[0].request.headers["Authorization"].removeprefix("Bearer "))
            answer = http_api.get(f"{api.url}/me")
            print(f"revoked   {answer.history[0].status_code}, and with a new token {answer.status_code}")

            answer = http_api.get(provider.issuer)
            print(f"others    see no token: {'Authorization' not in answer.request.headers}")

        async def tasks() -> list[httpx.Response]:
            async with httpx.AsyncClient(**settings()) as async_http:
                auth = AsyncTokenAuth(keeper(), async_sender(async_http), origins=[api.url])
                async with httpx.AsyncClient(auth=auth, trust_env=False) as http_api:
                    return await asyncio.gather(*(http_api.get(f"{api.url}/me") for _ in range(8)))

        before = len(provider.log)
        statuses = ", ".join(sorted({str(answer.status_code) for answer in asyncio.run(tasks())}))
        print(f"tasks     8 calls: {statuses}; the provider was asked {len(provider.log) - before} time")
    return 0 if len(provider.log) == 3 else 1


if __name__ == "__main__":
    sys.exit(main())
