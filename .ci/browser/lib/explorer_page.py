"""What the tests of the explorer share: the page, opened and watched, and what a person does with it."""

import contextlib
import os
import pathlib
import re

import pages
import service

PICTURES = os.environ.get("VCC_TEST_PICTURES")

# Violations of the page's policy, as the browser reports them.
VIOLATIONS = """
  window.broken = [];
  document.addEventListener("securitypolicyviolation", one => window.broken.push(`${one.violatedDirective} ${one.blockedURI}`));
"""

problems = []


def check(holds, what):
    if not holds:
        problems.append(what)


def same(have, wanted, what):
    check(have == wanted, f"{what}: {have!r}, not {wanted!r}")


@contextlib.contextmanager
def opened(chromium, server, query="", others=(), refused=None, **options):
    """The page; what it says and asks for is a problem, refused sign-ins aside, and what `refused` has
    the words of. It may ask `others` too."""
    with pages.opened(chromium, "about:blank", **options) as page:
        page.set_default_timeout(20_000)
        page.add_init_script(VIOLATIONS)
        page.heard.clear()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.asked = asked
        page.goto(f"{server.url}/{query and '?' + query}")
        yield page
        for line in page.heard:
            is_expected = line.startswith("asks for ") or re.search("status of (403|414|429|431|500|503)", line)
            is_expected = is_expected or (refused and re.search(refused, line))
            check(is_expected, f"{query}: {line}")
        for url in asked:
            check(url.startswith((server.url, "blob:", *others)), f"{query}: asks for {url}")
            check(server.token not in url, f"{query}: the token is in an address")
        same(page.evaluate("window.broken"), [], f"{query}: the policy is broken")
        same(page.evaluate("window.hacked ?? null"), None, f"{query}: a value has run")
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.state])")
        check(server.token not in kept, f"the token is kept: {kept}")


def sign_in(page, server, token=None, at=None):
    if at is not None:
        page.select_option("#sign-in [name=server]", at)
    page.fill("#sign-in [name=tenant]", service.TENANT)
    page.fill("#sign-in [name=token]", token or server.token)
    page.click("#sign-in button")
    if token is None:
        page.wait_for_selector("#signed-in:not([hidden])")


def result(page, pattern):
    """Waits until the result is told in these words."""
    page.wait_for_function("pattern => new RegExp(pattern).test(document.querySelector('#status').textContent)", arg=pattern)


def show(page, pattern):
    page.click("#run")
    result(page, pattern)


def means(page, text):
    page.wait_for_function("text => document.querySelector('#meaning').textContent.includes(text)", arg=text)


def judge(page, what):
    """What holds for every state of the page."""
    found = pages.axe(page) + pages.sideways(page) + pages.contrast(page)
    problems.extend(f"{what}: {one}" for one in found)


def picture(page, name, selector=None):
    """A picture of a part of the page, or of its beginning."""
    if not PICTURES:
        return
    path = f"{PICTURES}/{name}.png"
    if selector:
        page.locator(selector).screenshot(path=path)
    else:
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=path)


def downloaded(page, button):
    with page.expect_download(timeout=60_000) as waiting:
        page.click(button)
    return pathlib.Path(waiting.value.path()).read_bytes(), waiting.value.suggested_filename
