"""Tokens that are there when they are needed: asked for once, renewed a little before they end, and never in a hurry.

`TokenKeeper` is written as steps, so that the same lines serve threads and tasks; `httpx_auth.py` and
`requests_auth.py` put it under a lock and into their clients. Copy what stands above the story.

Run it without arguments. It logs in at a provider on a free port of 127.0.0.1 and lets five minutes pass on a clock of
its own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from jwtkit.oauth import HttpRequest, Steps, TokenSet

Renew = Callable[[TokenSet | None], Steps[HttpRequest, TokenSet]]


class TokenKeeper:
    """Keeps one set of tokens. Whoever runs its steps lets one caller in at a time.

    Args:
        renew: gives the steps to a new set, for example `lambda _: ClientCredentialsFlow(client).token(scope=[...])`,
            or `RefreshFlow(client).refresh`, which takes the old set.
        tokens: the set to begin with, where there is one.
        leeway: seconds before the end in which a token is renewed already.
        pause: seconds in which nobody asks again, whatever happens: after a failure everybody gets that failure, and a
            token that is new and still refused stays as it is.
    """

    def __init__(
        self,
        renew: Renew,
        tokens: TokenSet | None = None,
        *,
        leeway: float = 30,
        pause: float = 5,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._renew, self._tokens = renew, tokens
        self._leeway, self._pause, self._clock = leeway, pause, clock
        self._failure: Exception | None = None
        self._quiet_until = 0.0

    def current(self, refused: TokenSet | None = None) -> Steps[HttpRequest, TokenSet]:
        """Give tokens that can be used now; `refused` are those that an API did not take."""
        now, kept = self._clock(), self._tokens
        if kept is not None and kept is not refused and not kept.is_expired(leeway=self._leeway, now=now):
            return kept
        if now < self._quiet_until:
            if self._failure is not None:
                raise self._failure
            if kept is not None and not kept.is_expired(now=now):
                return kept
        try:
            self._tokens, self._failure = (yield from self._renew(kept)), None
        except Exception as failure:
            self._failure = failure
            raise
        finally:
            self._quiet_until = self._clock() + self._pause
        return self._tokens


# --- the story ----------------------------------------------------------------------------------------------------


def main() -> int:
    from provider import SCOPE, Provider, Registration, serving
    from send_urllib import new_opener, sender

    from jwtkit.oauth import AuthorizationCodeFlow, Client, PublicClient, RefreshFlow, discover, run

    send, redirect_uri = sender(new_opener()), "http://127.0.0.1/callback"
    app = Registration(client_id="app", redirect_uris=(redirect_uri,))
    with serving(lambda url: Provider(url, app)) as provider:
        server = run(discover(provider.issuer, allow_http_loopback=True), send=send)
        client = Client(server=server, client_id="app", auth=PublicClient())
        flow = AuthorizationCodeFlow(client, redirect_uri=redirect_uri, scope=[SCOPE])
        redirect = flow.start()
        came_back = send(HttpRequest(method="GET", url=redirect.url)).header("location") or ""
        tokens = run(flow.finish(flow.callback(redirect.session, came_back)), send=send)
        print(f"logged in, with tokens for {' '.join(tokens.scope)} and {provider.lifetime:.0f} seconds")

        saved: list[str] = []

        def renew(old: TokenSet | None) -> Steps[HttpRequest, TokenSet]:
            if old is None:
                raise ValueError("there is nothing to refresh: log in first")
            fresh = yield from RefreshFlow(client).refresh(old)
            saved.append(fresh.to_json())  # the old refresh token is worth nothing now: keep the new one first
            return fresh

        clock = [time.time()]
        keeper = TokenKeeper(renew, tokens, clock=lambda: clock[0])
        for seconds in (0, 200, 80, 1):
            clock[0] += seconds
            before, used = len(provider.log), run(keeper.current(), send=send)
            did = "the provider was asked" if len(provider.log) > before else "nobody was asked"
            print(f"{seconds:3} seconds later: {did}, {'the first' if used is tokens else 'new'} tokens")
    return 0 if provider.log == ["authorization_code", "refresh_token"] and len(saved) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
