"""A `send` over aiohttp. Copy what stands above the story.

Run it without arguments. It starts a provider on a free port of 127.0.0.1, asks it for a token, and stops.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Awaitable, Callable

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from jwtkit.oauth import HttpRequest, HttpResponse

SECONDS = 10


def new_session(tls: ssl.SSLContext | None = None) -> aiohttp.ClientSession:
    """Make a session that keeps the duties of a `send`; `tls.load_cert_chain(...)` makes it one with a certificate."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=tls or ssl.create_default_context()),
        timeout=aiohttp.ClientTimeout(total=SECONDS),
        trust_env=False,  # no proxy from the environment: name the one you need with proxy="http://..."
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,  # the body is read as it comes, so nothing can unfold in memory
        cookie_jar=aiohttp.DummyCookieJar(),  # one user's cookies never go with another's
    )


def sender(
    session: aiohttp.ClientSession, with_certificate: aiohttp.ClientSession | None = None
) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    async def send(request: HttpRequest) -> HttpResponse:
        chosen = with_certificate if request.mtls else session
        if chosen is None:
            raise ValueError("this request shows a certificate: pass with_certificate=")
        body = bytearray()
        async with chosen.request(
            request.method,
            URL(request.url, encoded=True),  # as it is, not written anew
            headers=CIMultiDict(request.headers),
            data=request.body or None,
            allow_redirects=False,
        ) as answer:
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > request.max_bytes:
                    break
            body_read = bytes(body[: request.max_bytes + 1])
            return HttpResponse(status=answer.status, headers=tuple(answer.headers.items()), body=body_read)

    return send


# --- the story ----------------------------------------------------------------------------------------------------


async def main() -> int:
    from secrets import token_urlsafe

    from provider import SCOPE, Provider, Registration, serving

    from jwtkit.oauth import Client, ClientCredentialsFlow, ClientSecretBasic, Secret, arun, discover

    secret = Secret(token_urlsafe())
    worker = Registration(client_id="worker", client_secret=secret)
    with serving(lambda url: Provider(url, worker)) as provider:
        async with new_session() as session:
            send = sender(session)
            server = await arun(discover(provider.issuer, allow_http_loopback=True), send=send)
            print(f"found     {server.token_endpoint}")
            client = Client(server=server, client_id="worker", auth=ClientSecretBasic(secret))
            tokens = await arun(ClientCredentialsFlow(client).token(scope=[SCOPE]), send=send)
        print(f"got       {tokens.access_token} for {' '.join(tokens.scope)}")
        print(f"provider  was asked for {', '.join(provider.log)}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
