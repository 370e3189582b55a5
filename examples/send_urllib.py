"""A `send` over urllib, which is always there. Copy what stands above the story.

Run it without arguments. It starts a provider on a free port of 127.0.0.1, asks it for a token, and stops.
"""

from __future__ import annotations

import ssl
import sys
import time
from collections.abc import Callable
from http.client import HTTPResponse, IncompleteRead
from urllib.request import HTTPErrorProcessor, HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from jwtkit.oauth import HttpRequest, HttpResponse

SECONDS = 10


class Untouched(HTTPErrorProcessor):
    """Gives every answer as it is: no redirect is followed, and no status is an exception."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:  # noqa: ARG002 - the names of urllib
        return response

    https_response = http_response


def new_opener(tls: ssl.SSLContext | None = None) -> OpenerDirector:
    """Make an opener that keeps the duties of a `send`; `tls.load_cert_chain(...)` makes it one with a certificate."""
    # No proxy from the environment: name the one you need with ProxyHandler({"https": "http://..."}).
    return build_opener(Untouched, ProxyHandler({}), HTTPSHandler(context=tls or ssl.create_default_context()))


def sender(
    opener: OpenerDirector, with_certificate: OpenerDirector | None = None
) -> Callable[[HttpRequest], HttpResponse]:
    def send(request: HttpRequest) -> HttpResponse:
        chosen = with_certificate if request.mtls else opener
        if chosen is None:
            raise ValueError("this request shows a certificate: pass with_certificate=")
        outgoing = Request(request.url, request.body or None, dict(request.headers), method=request.method)  # noqa: S310 - HttpRequest admits https and loopback only
        ends, body, answer = time.monotonic() + SECONDS, bytearray(), chosen.open(outgoing, timeout=SECONDS)
        with answer:
            while chunk := answer.read1(64 * 1024):
                body += chunk
                if len(body) > request.max_bytes:
                    break
                if time.monotonic() > ends:  # the timeout of urllib is for each read, this one for all
                    raise TimeoutError(f"no whole answer within {SECONDS} seconds")
            else:
                if answer.length:  # what was announced and did not come
                    raise IncompleteRead(bytes(body), answer.length)
            # A value may go on in a second line; here it becomes one again.
            headers = tuple((name, value.replace("\r\n", "")) for name, value in answer.headers.items())
            return HttpResponse(status=answer.status, headers=headers, body=bytes(body[: request.max_bytes + 1]))

    return send


# --- the story ----------------------------------------------------------------------------------------------------


def main() -> int:
    from secrets import token_urlsafe

    from provider import SCOPE, Provider, Registration, serving

    from jwtkit.oauth import Client, ClientCredentialsFlow, ClientSecretBasic, Secret, discover, run

    secret = Secret(token_urlsafe())
    worker = Registration(client_id="worker", client_secret=secret)
    with serving(lambda url: Provider(url, worker)) as provider:
        send = sender(new_opener())
        server = run(discover(provider.issuer, allow_http_loopback=True), send=send)
        print(f"found     {server.token_endpoint}")
        client = Client(server=server, client_id="worker", auth=ClientSecretBasic(secret))
        tokens = run(ClientCredentialsFlow(client).token(scope=[SCOPE]), send=send)
        print(f"got       {tokens.access_token} for {' '.join(tokens.scope)}")
        print(f"provider  was asked for {', '.join(provider.log)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
