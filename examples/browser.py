"""A scripted browser, which plays the user in the examples with a login, and the story that it tells of them.

Run it without arguments. It looks at the pages of a provider on a free port of 127.0.0.1.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from html import unescape

import httpx
from provider import Provider, serving


class Browser(httpx.Client):
    """One browser, with cookies of its own, or those of another."""

    def __init__(self, cookies: httpx.Cookies | None = None) -> None:
        super().__init__(cookies=cookies, trust_env=False, timeout=10)

    def visit(self, url: str, form: Mapping[str, str] | None = None) -> str:
        """Open a page, or send a form, go wherever that leads, and tell what is shown then."""
        method = "GET" if form is None else "POST"
        answer = self.request(method, url, data=form, follow_redirects=True)
        found = re.search("<p>(.*?)</p>", answer.text, re.DOTALL)
        return f"{answer.status_code} {unescape(found[1]) if found else ''}"

    def way_back(self, url: str) -> str:
        """Begin a login, and give the address to which the provider sends the browser back, without going there."""
        to_provider = self.get(f"{url}/login").headers["Location"]
        back: str = self.get(to_provider).headers["Location"]
        return back


def login_story(url: str, provider: Provider) -> bool:
    """Log in at an application, log out, and try what must not work; tell whether all went as it should."""
    wrong: list[str] = []

    def tell(what: str, shown: str, expected: str) -> None:
        print(f"{what}: {shown}")
        if not shown.startswith(expected):
            wrong.append(what)

    with Browser() as jane, Browser() as mallory:
        tell("before the login", jane.visit(url), "200 Nobody")
        back = jane.way_back(url)
        with Browser(jane.cookies) as copy:
            tell("after the login", jane.visit(back), "200 Hello, jane.")
            tell("the same login again", copy.visit(back), "400 ")
        tell("after the logout", jane.visit(f"{url}/logout", form={}), "200 Nobody")
        mallory.way_back(url)
        tell("the login of another browser", mallory.visit(jane.way_back(url)), "400 ")
        provider.user = None
        tell("a user who says no", jane.visit(f"{url}/login"), "400 ")
        tell("after all that", jane.visit(url), "200 Nobody")
    return not wrong


def main() -> int:
    with serving(Provider) as provider, Browser() as browser:
        print(f"a device:  {browser.visit(f'{provider.issuer}/device?user_code=ABCD-EFGH')}")
        print(f"its code:  {browser.visit(f'{provider.issuer}/device', form={'user_code': 'ABCD-EFGH'})}")
        print(f"a request: {browser.visit(f'{provider.issuer}/authorize?client_id=nobody')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
