"""A `send` over httpx, sync and async. Copy what stands above the story.

Run it without arguments. It starts a provider on a free port of 127.0.0.1, asks it for a token both ways, and stops.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from jwtkit.oauth import HttpRequest, HttpResponse

SECONDS = 10


def settings(tls: ssl.SSLContext | None = None) -> dict[str, Any]:
    """Give what the duties of a `send` ask of a client; `tls.load_cert_chain(...)` makes it one with a certificate."""
    return {
        "verify": tls or ssl.create_default_context(),
        "follow_redirects": False,
        "timeout": SECONDS,
        "trust_env": False,  # no proxy from the environment: name the one you need with proxy="http://..."
        "headers": {"Accept-Encoding": "identity"},  # the body is read as it comes, so nothing can unfold in memory
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # one user's cookies never go with another's
    }


def sender(http: httpx.Client, with_certificate: httpx.Client | None = None) -> Callable[[HttpRequest], HttpResponse]:
    def send(request: HttpRequest) -> HttpResponse:
        client = with_certificate if request.mtls else http
        if client is None:
            raise ValueError("this request shows a certificate: pass with_certificate=")
        ends, body = time.monotonic() + SECONDS, bytearray()
        with client.stream(request.method, request.url, headers=request.headers, content=request.body) as answer:
            for chunk in answer.iter_raw():
                body += chunk
                if len(body) > request.max_bytes:
                    break
                if time.monotonic() > ends:  # the timeout of httpx is for each read, this one for all
                    raise httpx.ReadTimeout(f"no whole answer within {SECONDS} seconds", request=answer.request)
        return response(answer, body[: request.max_bytes + 1])

    return send


def async_sender(
    http: httpx.AsyncClient, with_certificate: httpx.AsyncClient | None = None
) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    async def send(request: HttpRequest) -> HttpResponse:
        client = with_certificate if request.mtls else http
        if client is None:
            raise ValueError("this request shows a certificate: pass with_certificate=")
        body = bytearray()
        async with (
            asyncio.timeout(SECONDS),
            client.stream(request.method, request.url, headers=request.headers, content=request.body) as answer,
        ):
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > request.max_bytes:
                    break
        return response(answer, body[: request.max_bytes + 1])

    return send


def response(answer: httpx.Response, body: bytearray) -> HttpResponse:
    return HttpResponse(status=answer.status_code, headers=tuple(answer.headers.multi_items()), body=bytes(body))


# --- the story ----------------------------------------------------------------------------------------------------


async def main() -> int:
    from secrets import token_urlsafe

    from provider import SCOPE, Provider, Registration, serving

    from jwtkit.oauth import Client, ClientCredentialsFlow, ClientSecretBasic, Secret, arun, discover, run

    secret = Secret(token_urlsafe())
    worker = Registration(client_id="worker", client_secret=secret)
    with serving(lambda url: Provider(url, worker)) as provider:
        with httpx.Client(**settings()) as http:
            send = sender(http)
            server = run(discover(provider.issuer, allow_http_loopback=True), send=send)
            client = Client(server=server, client_id="worker", auth=ClientSecretBasic(secret))
            tokens = run(ClientCredentialsFlow(client).token(scope=[SCOPE]), send=send)
        print(f"sync      found {server.token_endpoint}, and got {tokens.access_token} for {' '.join(tokens.scope)}")

        async with httpx.AsyncClient(**settings()) as async_http:
            tokens = await arun(ClientCredentialsFlow(client).token(scope=[SCOPE]), send=async_sender(async_http))
        print(f"async     got {tokens.access_token} for {' '.join(tokens.scope)}")
        print(f"provider  was asked for {', '.join(provider.log)}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
