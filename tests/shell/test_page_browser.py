"""The page in a real browser: it asks for nothing, runs nothing, fits every screen and can be read by everybody."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from jwtkit import report
from jwtkit._wire import b64url_encode, serialize
from jwtkit.shell.hint import Hint, Inspected, Inspection
from jwtkit.shell.page import page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

NOW = 1_783_000_000
SIGNATURE = b64url_encode(bytes(range(256)))
# The browser asks nobody but the test's own server either.
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
WIDTHS = (320, 390, 1280)
MUST = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def inspected(name: str, header: dict[str, Any], claims: dict[str, Any], *hints: Hint) -> Inspected:
    text = ".".join([b64url_encode(serialize(header, "header")), b64url_encode(serialize(claims, "claims")), SIGNATURE])
    return Inspected(name=name, text=text, report=report(text, now=NOW), hints=hints)


def opaque(name: str, text: str) -> Inspected:
    return Inspected(name=name, text=text, report=report(text, now=NOW))


PROVIDER = inspected(
    "access_token",
    {"alg": "RS256", "typ": "JWT", "kid": "nOo3ZDrODXEK1jKWhXslHR_KXEg"},
    {
        "iss": "https://login.example.com/1b3a6c6e-6d3f-4b59-8a40-0c3f5b7a9f10/",
        "aud": ["https://api.example.com", "https://login.example.com/userinfo"],
        "sub": "auth0|64f1c7d2",
        "iat": NOW - 7200,
        "exp": NOW - 3600,
        "name": "Zoë Østergård",
        "roles": ["reader", "writer"],
        "tenant": {"region": "eu", "flags": [True, None, 3.5]},
    },
    Hint(code="scope", severity="warning", message="token carries no scope: ask for one of your own API"),
)
BROKEN_OUT = '"></bdi></td></tr></table></main></style></title><script>globalThis.pwned=1</script>'
HANDLERS = "<img src=x onerror=globalThis.pwned=1><svg onload=globalThis.pwned=1><iframe srcdoc='<script>parent.pwned=1</script>'>"
ADDRESSES = (
    "<base href=/base><link rel=icon href=/icon><link rel=prefetch href=/prefetch><meta http-equiv=refresh content=0;url=/>"
    "<style>@import '/style';*{background:url(/picture)}</style><video src=/video autoplay></video>"
)
STACKED = "Z" + "\u0335\u0301" * 150
HOSTILE = inspected(
    BROKEN_OUT + STACKED,
    {"alg": BROKEN_OUT, "typ": HANDLERS, "kid": BROKEN_OUT * 3, "jku": "javascript:globalThis.pwned=1"},
    {
        "iss": BROKEN_OUT,
        "sub": HANDLERS,
        "aud": ADDRESSES,
        BROKEN_OUT + HANDLERS: [BROKEN_OUT, {HANDLERS: ADDRESSES}],
        "exp": 10**14,
        "iat": "yesterday",
        "terminal": "\x1b[31mred\x00\u202egpj.exe\u2066\u200b\ufeff",
        "שלום עולם": "עברית, (abc) 1!",
        "L" * 400: "W" * 3000,
        STACKED: STACKED,
        "deep": json.loads('{"a":[' * 14 + '"end"' + "]}" * 14),
        "digits": [10**17] * 9,
    },
    Hint(code=BROKEN_OUT, severity="error", message=HANDLERS + "W" * 500 + STACKED),
)
INSPECTIONS = {
    "provider": Inspection(tokens=(PROVIDER,), now=NOW),
    "response": Inspection(
        tokens=(PROVIDER, inspected("id_token", {"alg": "ES256"}, {"sub": "1"}), opaque("refresh_token", "8xLOxBtZp8")),
        hints=(Hint(code="no_state", severity="info", message="the response names no state"),),
        response={"token_type": "Bearer", "expires_in": 3600, "scope": "openid profile"},
        now=NOW,
    ),
    "hostile": Inspection(tokens=(HOSTILE, opaque("a.b", "a.b.c")), response={BROKEN_OUT: ADDRESSES}, now=NOW),
}
PAGES = {name: page(inspection) for name, inspection in INSPECTIONS.items()}


class Server(ThreadingHTTPServer):
    """Serves texts by their path, and counts what it is asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.texts = {f"/{name}": text for name, text in PAGES.items()}
        self.asked: list[str] = []
        self.address = f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        data = self.server.texts.get(self.path, "").encode()
        self.send_response(200 if data else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is part of the interop extra")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is absent: install the package of that name")
    with api.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


class Visit:
    """One tab, and all that happens in it."""

    def __init__(self, tab: Page) -> None:
        self.tab = tab
        self.requests: list[str] = []
        self.noise: list[str] = []
        tab.on("request", lambda request: self.requests.append(request.url))
        tab.on("console", lambda message: self.noise.append(message.text))
        tab.on("pageerror", lambda error: self.noise.append(str(error)))
        tab.on("dialog", self._dialog)

    def _dialog(self, dialog: Dialog) -> None:
        self.noise.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    context = browser.new_context()
    yield Visit(context.new_page())
    context.close()


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Page:
    """One tab for all tests that only look."""
    return browser.new_page()


def show(tab: Page, name: str, *, width: int = 1280, scheme: Literal["light", "dark"] = "light") -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme, media="screen")
    tab.set_content(PAGES[name])


@pytest.mark.parametrize("name", INSPECTIONS)
def test_it_asks_for_nothing_and_runs_nothing(name: str, visit: Visit, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGES[name], encoding="ascii")
    addresses = [file.as_uri(), f"{server.address}/{name}"]
    for address in addresses:
        visit.tab.goto(address)
        assert visit.tab.evaluate("globalThis.pwned") is None
        assert visit.tab.url == address
        assert visit.tab.title() == "Token inspection"
    visit.tab.wait_for_load_state("networkidle")
    assert visit.requests == addresses
    assert server.asked == [f"/{name}"]
    assert visit.noise == []
    assert visit.tab.evaluate("document.querySelectorAll('script, img, svg, iframe, link, base, video, a').length") == 0


def test_the_policy_bites(visit: Visit, server: Server) -> None:
    attack = """<body onload="globalThis.pwned=1"><script>globalThis.pwned=2</script><style>h1 { display: none }</style>
        <p style="position: fixed">moved</p><img src="/picture" onerror="globalThis.pwned=3"><base href="/elsewhere/">"""
    attacked = PAGES["provider"].replace("<body>", attack)
    server.texts["/attacked"] = attacked
    server.texts["/defenceless"] = attacked.replace('http-equiv="Content-Security-Policy"', 'name="nothing"')
    visit.tab.goto(f"{server.address}/attacked", wait_until="networkidle")
    assert visit.tab.evaluate("globalThis.pwned") is None
    assert visit.tab.locator("h1").is_visible()
    assert visit.tab.evaluate("getComputedStyle(document.querySelector('p')).position") == "static"
    assert visit.tab.evaluate("document.baseURI") == f"{server.address}/attacked"
    assert server.asked == ["/attacked"]
    for directive in ("script-src", "style-src", "img-src", "base-uri"):
        assert any("Content Security Policy" in noise and directive in noise for noise in visit.noise), visit.noise
    # Without the policy the same attack works, so what was seen is the policy's work.
    visit.tab.goto(f"{server.address}/defenceless", wait_until="networkidle")
    assert visit.tab.evaluate("globalThis.pwned") in (1, 2, 3)
    assert not visit.tab.locator("h1").is_visible()
    assert "/picture" in server.asked


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", INSPECTIONS)
def test_it_fits_every_screen(name: str, scheme: Literal["light", "dark"], tab: Page) -> None:
    show(tab, name, scheme=scheme)
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.scrollingElement.clientWidth") == width
        assert tab.evaluate("document.scrollingElement.scrollWidth") == width
        # What stacks characters on one another cannot break, and is clipped where it stands.
        outside = "[...document.querySelectorAll('body :not(:is(h2, li, th, td) *)')]"
        spilt = f"{outside}.filter(one => one.getBoundingClientRect().right > innerWidth)"
        assert tab.evaluate(f"{spilt}.map(one => one.outerHTML.slice(0, 200))") == []
    for element in ("body", ".card"):
        colours = tab.evaluate(f"getComputedStyle(document.querySelector('{element}')).backgroundColor")
        brightness = [int(number) for number in re.findall(r"\d+", colours)[:3]]
        assert max(brightness) < 50 if scheme == "dark" else min(brightness) > 230


@pytest.fixture(scope="module")
def axe() -> str:
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is part of the interop extra")
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
@pytest.mark.parametrize("name", INSPECTIONS)
def test_everybody_can_read_it(name: str, scheme: Literal["light", "dark"], width: int, tab: Page, axe: str) -> None:
    show(tab, name, width=width, scheme=scheme)
    tab.evaluate(axe)
    options = {"runOnly": {"type": "tag", "values": MUST}, "resultTypes": ["violations"]}
    found = tab.evaluate("options => axe.run(document, options)", options)
    assert found["violations"] == []
    assert "color-contrast" in [rule["id"] for rule in found["passes"]]


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_copied_is_the_value(width: int, tab: Page) -> None:
    show(tab, "provider", width=width)
    claims = PROVIDER.report.claims
    assert claims is not None
    for name in ("iss", "sub", "name"):
        tab.locator("tr", has=tab.locator(f"th bdi:text-is('{name}')")).last.locator("bdi.text").click(click_count=3)
        assert tab.evaluate("getSelection().toString().replace(/\\n$/, '')") == claims[name]
    tab.locator(".compact").click(click_count=3)
    header, payload, _ = PROVIDER.text.split(".")
    assert tab.evaluate("getSelection().toString().trim()") == f"{header}.{payload}.signature left out, 342 characters"


def test_a_right_to_left_script_stays_in_its_place(tab: Page) -> None:
    show(tab, "hostile")
    row = tab.locator("tr", has=tab.get_by_text("שלום עולם", exact=True))
    name, value = row.locator("th").bounding_box(), row.locator("td").bounding_box()
    assert name is not None
    assert value is not None
    assert name["x"] + name["width"] <= value["x"]
    assert tab.evaluate("getComputedStyle(document.body).direction") == "ltr"


def test_a_table_is_one_on_a_narrow_screen_too(tab: Page) -> None:
    show(tab, "provider", width=320)
    assert tab.get_by_role("table", name="Claims").get_by_role("rowheader").count() == 8
    assert tab.get_by_role("region", name="access_token").get_by_role("heading").count() == 4
    row = tab.get_by_role("row").filter(has=tab.get_by_role("rowheader", name="iss issuer"))
    assert row.get_by_role("cell").inner_text().startswith("https://login.example.com/")


def test_on_paper_it_is_dark_on_white(tab: Page) -> None:
    show(tab, "provider", scheme="dark")
    tab.emulate_media(media="print")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.pdf().startswith(b"%PDF-")
