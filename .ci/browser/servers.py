"""The explorer of one server that asks another: which it may ask, who lets it, and where the token goes."""

import datetime

import pages
import service
from explorer_page import check, downloaded, judge, means, opened, problems, result, same, sign_in

ZONE = "America/New_York"


def records():
    begin = datetime.datetime.fromisoformat("2008-01-02T05:00:00+00:00")
    for number in range(101):
        start = (begin + datetime.timedelta(minutes=number * 10)).isoformat()
        yield {"startDate": start, "agentID": "anna", "transactionID": str(number), "filename": f"R{number:07}.wav"}


def other_servers(chromium, server):
    """The page of one server asks another that is named there and lets it; and nobody else."""
    here, there, bare, closed = (service.free_origin() for _ in range(4))
    named = [option for origin in (there, bare, closed) for option in ("--explorer-origin", origin)]
    store = (server.store, server.token)
    with (
        service.running(*store, "--explorer", *named, origin=here) as own,
        service.running(*store, "--explorer", "--allow-origin", here, origin=there) as other,
        service.running(*store, "--allow-origin", f"https://x.example,{here}", origin=bare),
        service.running(*store, "--explorer", "--allow-origin", there, origin=closed),
        opened(chromium, own, "d=2008-01-02", others=(there, bare, closed), refused="CORS policy|net::ERR_FAILED|status of 404") as page,
    ):
        offered = page.locator("#sign-in [name=server] option").all_inner_texts()
        same(offered, ["this one", there, bare, closed], "the servers that are offered")
        judge(page, "a choice of servers")
        sign_in(page, own, "wrong", at=there)
        page.wait_for_function("() => document.querySelector('#sign-in-problem').textContent")
        same(page.inner_text("#sign-in-problem"), "The tenant name or the token is wrong.", "a wrong token elsewhere")
        sign_in(page, own, own.token + " ", at=closed)
        page.wait_for_function("() => document.querySelector('#sign-in-problem').textContent.includes('let pages of')")
        same(page.inner_text("#sign-in-problem"), f"{closed} cannot be reached, or does not let pages of {here} ask.", "a server that does not name this one")
        claims = []
        page.on("request", lambda request: claims.append(request.url) if "authorization" in request.headers else None)
        page.asked.clear()
        sign_in(page, own, at=there)
        same(page.inner_text("#who"), f"Signed in as acme at {there}, whose zone is {ZONE}.", "signed in elsewhere")
        result(page, "Records 1 to 50, of more")
        same(page.inner_text("#line-curl"), f"curl -u acme '{there}/api/recordings/files?d=2008-01-02'", "the line for curl of another server")
        same(page.inner_text("#line-vcc"), f"vcc list d=2008-01-02 --url {there} --tenant acme --plain-http", "the line for vcc of another server")
        page.click("#next")
        result(page, "Records 51 to 100, of more")
        page.click("#first")
        result(page, "Records 1 to 50, of more")
        bodies = other.all("d=2008-01-02")
        head = bodies[0].index(b"\n") + 1
        whole, _ = downloaded(page, "#save-all")
        check(whole == bodies[0] + b"".join(body[head:] for body in bodies[1:]), "what is saved is not what the other server gives")
        page.fill("#text", "d=2007-02-30")
        page.wait_for_selector("#problem:not([hidden])")
        judge(page, "another server")
        check(claims and all(url.startswith(there) for url in claims), f"the token goes elsewhere: {claims}")
        check(all(url.startswith((there, "blob:", f"{here}/explorer/icon.svg")) for url in page.asked), f"its own server is asked: {page.asked}")
        page.click("#sign-out")
        page.wait_for_selector("#sign-in:not([hidden])")
        claims.clear()
        # A server without the page does not tell the zone of a tenant, nor what a query means.
        page.fill("#text", "d=2008-01-02")
        sign_in(page, own, at=bare)
        same(page.inner_text("#who"), f"Signed in as acme at {bare}, whose zone that server does not tell.", "signed in at a server without the page")
        result(page, "Records 1 to 50, of more")
        means(page, "it is taken to be UTC")
        check(claims and all(url.startswith(bare) for url in claims), f"the token goes elsewhere: {claims}")
        page.click("#sign-out")
        page.wait_for_selector("#sign-in:not([hidden])")
        # What is not named is not asked, whatever runs here.
        refused = page.evaluate("url => fetch(url).then(() => 'asked', () => 'refused')", f"{server.url}/openapi.yaml")
        same(refused, "refused", "a server that is not named")
        broken = page.evaluate("window.broken.splice(0)")
        check(len(broken) == 1 and broken[0].startswith("connect-src "), f"the policy: {broken}")
        page.asked[:] = [url for url in page.asked if not url.startswith(server.url)]
        page.heard[:] = [line for line in page.heard if "Content Security Policy" not in line]
        sign_in(page, own, at="")
        same(page.inner_text("#who"), f"Signed in as acme, whose zone is {ZONE}.", "signed in at its own server")


with service.serving(records(), ZONE) as server, pages.browser() as chromium:
    other_servers(chromium, server)
pages.finish(problems)
