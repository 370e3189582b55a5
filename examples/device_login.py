"""A login on the command line: the program shows a code, and its user confirms it in a browser anywhere.

Run it without arguments. It starts a provider and an API on free ports of 127.0.0.1; between two questions of the
program a scripted user confirms the code.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from jwtkit import OAuthError, ProtocolError
from jwtkit.oauth import Client, DeviceFlow, DeviceSession, HttpRequest, HttpResponse, TokenSet, run


def show(device: DeviceSession) -> None:
    print(f"Open {device.verification_uri} and enter {device.user_code}", flush=True)


def log_in(
    client: Client,
    scope: list[str],
    *,
    send: Callable[[HttpRequest], HttpResponse],
    show: Callable[[DeviceSession], object] = show,
    sleep: Callable[[float], object] = time.sleep,
) -> TokenSet:
    flow = DeviceFlow(client)
    device = run(flow.start(scope=scope), send=send)
    show(device)
    try:
        return run(flow.poll(device), send=send, sleep=sleep)
    except OAuthError as error:
        sys.exit(f"You were not let in: {error.error}")
    except ProtocolError as error:
        sys.exit(f"That did not work: {error}")


# --- the story ----------------------------------------------------------------------------------------------------


def main() -> int:
    from urllib.parse import urlencode

    from provider import SCOPE, Api, Provider, Registration, serving
    from send_urllib import new_opener, sender

    from jwtkit.oauth import PublicClient, discover

    send, shown = sender(new_opener()), list[DeviceSession]()
    with (
        serving(lambda url: Provider(url, Registration(client_id="cli"), interval=1)) as provider,
        serving(lambda url: Api(url, provider)) as api,
    ):

        def show_and_keep(device: DeviceSession) -> None:
            show(device)
            shown.append(device)

        def sleep(seconds: float) -> None:
            time.sleep(seconds)
            if provider.log:  # it was asked before, and there was no answer yet
                form = urlencode({"user_code": shown[0].user_code}).encode()
                answer = send(HttpRequest(method="POST", url=shown[0].verification_uri, body=form))
                print(f"  (the user confirms it in a browser: {answer.status})")
            print(f"  (waited {seconds:.0f} second, asking)")

        server = run(discover(provider.issuer, allow_http_loopback=True), send=send)
        client = Client(server=server, client_id="cli", auth=PublicClient())
        tokens = log_in(client, [SCOPE], send=send, show=show_and_keep, sleep=sleep)
        authorization = ("Authorization", f"Bearer {tokens.access_token.reveal()}")
        answer = send(HttpRequest(method="GET", url=f"{api.url}/me", headers=(authorization,)))
        print(f"The API says {answer.body.decode()}")
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
