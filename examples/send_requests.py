"""A `send` over requests. Copy what stands above the story.

Run it without arguments. It starts a provider on a free port of 127.0.0.1, asks it for a token, and stops.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy

import requests
from urllib3.exceptions import HTTPError

from jwtkit.oauth import HttpRequest, HttpResponse

SECONDS = 10


def new_session(certificate: tuple[str, str] | None = None) -> requests.Session:
    """Make a session that keeps the duties of a `send`; with the files of a certificate and its key it shows them."""
    session = requests.Session()
    # No proxy from the environment: set session.proxies. And no .netrc, which would replace the client's credentials.
    session.trust_env = False
    session.cert = certificate
    session.headers["Accept-Encoding"] = "identity"  # the body is read as it comes, so nothing can unfold in memory
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # one user's never go with another's
    return session


def sender(
    session: requests.Session, with_certificate: requests.Session | None = None
) -> Callable[[HttpRequest], HttpResponse]:
    def send(request: HttpRequest) -> HttpResponse:
        chosen = with_certificate if request.mtls else session
        if chosen is None:
            raise ValueError("this request shows a certificate: pass with_certificate=")
        ends = time.monotonic() + SECONDS
        with chosen.request(
            request.method,
            request.url,
            headers=dict(request.headers),
            data=request.body,
            timeout=SECONDS,
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = read(answer, request.max_bytes, ends)
            # The headers of requests join those that came twice; these do not.
            return HttpResponse(status=answer.status_code, headers=tuple(answer.raw.headers.items()), body=body)

    return send


def read(answer: requests.Response, max_bytes: int, ends: float) -> bytes:
    body = bytearray()
    try:
        while chunk := answer.raw.read1(64 * 1024, decode_content=False):
            body += chunk
            if len(body) > max_bytes:
                break
            if time.monotonic() > ends:  # the timeout of requests is for each read, this one for all
                raise requests.ReadTimeout(f"no whole answer within {SECONDS} seconds", request=answer.request)
    except HTTPError as error:  # as requests does where it reads a body itself
        raise requests.ConnectionError(error, request=answer.request) from error
    return bytes(body[: max_bytes + 1])


# --- the story ----------------------------------------------------------------------------------------------------


def main() -> int:
    from secrets import token_urlsafe

    from provider import SCOPE, Provider, Registration, serving

    from jwtkit.oauth import Client, ClientCredentialsFlow, ClientSecretBasic, Secret, discover, run

    secret = Secret(token_urlsafe())
    worker = Registration(client_id="worker", client_secret=secret)
    with serving(lambda url: Provider(url, worker)) as provider, new_session() as session:
        send = sender(session)
        server = run(discover(provider.issuer, allow_http_loopback=True), send=send)
        print(f"found     {server.token_endpoint}")
        client = Client(server=server, client_id="worker", auth=ClientSecretBasic(secret))
        tokens = run(ClientCredentialsFlow(client).token(scope=[SCOPE]), send=send)
        print(f"got       {tokens.access_token} for {' '.join(tokens.scope)}")
        print(f"provider  was asked for {', '.join(provider.log)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
