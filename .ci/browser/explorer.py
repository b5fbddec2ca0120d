"""The explorer of vcc-server in Chromium: what a person does with it, and what hostile records do to it.

The pictures of the documentation come out of it, with VCC_TEST_PICTURES set to a folder.
"""

import csv
import datetime
import io
import json
import os
import pathlib
import re
import time

import pages
import service
from explorer_page import PICTURES, check, downloaded, judge, means, opened, picture, problems, result, same, show, sign_in

ZONE = "America/New_York"
LONG = "x" * (1 << 20)
HOSTILE = [
    "<script>window.hacked = 1</script>",
    "\"><img src=/hacked onerror='window.hacked = 1'>",
    "</td></table><h1>owned</h1>",
    "javascript:alert(1)",
    "\u202egnirts desrever\u202d",
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
    "=cmd|'/c calc'!A1",
    "a,\"b\"\r\nc\td",
    "100% + 50 & d=today#x",
    "__proto__",
    "\U0001f600" * 70,
    " ",
    LONG,
]
csv.field_size_limit(1 << 21)


def record(number, start, **fields):
    usual = {
        "agentID": ["anna", "bill", "carl", "dora"][number % 4],
        "phoneNumber": f"41555502{number % 100:02}",
        "channel": ["8005551234", "#virtual_outbound#", "#virtual_daa#", "#busy#"][number % 4],
        "duration": str(20 + number * 37 % 400),
        "queueName": ["sales", "QUEUE_OUTBOUND", "QUEUE_DIRECT_AGENT_ACCESS", "support"][number % 4],
        "transactionID": str(number),
        "filename": f"R{number:07}.wav",
        "wrapUpCode": "solved" if number % 3 else "",
    }
    return {"startDate": start, **usual, **fields}


def records():
    number = 0

    def following(start, **fields):
        nonlocal number
        number += 1
        return record(number, start, **fields)

    # A day of 25 hours with a record in each hour, and records at and just outside of its edges.
    begin = datetime.datetime.fromisoformat("2007-11-04T04:00:00+00:00")
    for hour in range(25):
        yield following((begin + datetime.timedelta(hours=hour, minutes=20)).isoformat())
    for second in (-1, 0, 90_000 - 1, 90_000):
        yield following((begin + datetime.timedelta(seconds=second)).isoformat())
    begin = datetime.datetime.fromisoformat("2008-01-02T05:00:00+00:00")
    for minute in range(101):
        yield following((begin + datetime.timedelta(minutes=minute * 10)).isoformat())
    begin = datetime.datetime.fromisoformat("2009-06-01T05:00:00+00:00")
    for minute in range(1000):
        yield following((begin + datetime.timedelta(minutes=minute)).isoformat())
    for text in HOSTILE:
        # Fields with an index take shorter values.
        yield following("2010-03-01T12:00:00-05:00", agentID=text[:1000], wrapUpCode=text)
    begin = datetime.datetime.fromisoformat("2011-02-01T05:00:00+00:00")
    for agent in range(10_000):
        start = (begin + datetime.timedelta(seconds=agent)).isoformat()
        yield following(start, agentID=f"agent-{agent:05}")


def signing_in(chromium, server):
    with opened(chromium, server, "d=2008-01-02") as page:
        means(page, "UTC")
        show(page, "Sign in to see")
        same(page.evaluate("document.activeElement.name"), "tenant", "without credentials, the focus")
        sign_in(page, server, "wrong")
        page.wait_for_function("() => document.querySelector('#sign-in-problem').textContent")
        same(page.inner_text("#sign-in-problem"), "The tenant name or the token is wrong.", "a wrong token")
        judge(page, "a wrong token")
        sign_in(page, server)
        same(page.inner_text("#who"), f"Signed in as acme, whose zone is {ZONE}.", "signed in")
        same(page.input_value("#sign-in [name=token]"), "", "the field of the token")
        result(page, "Records 1 to 50, of more")
        page.click("#sign-out")
        page.wait_for_selector("#sign-in:not([hidden])")
        same(page.inner_text("#answer"), "", "what is left after signing out")
        show(page, "Sign in to see")
        # A token that is revoked meanwhile signs out.
        sign_in(page, server, service.new_token(server.store))
        result(page, "Records 1 to 50")
        service.command("token", "revoke", service.TENANT, "2", "--store", server.store)
        show(page, "The server said: The tenant name or the token is wrong.")
        check(page.is_visible("#sign-in") and page.inner_text("#answer") == "", "a revoked token stays signed in")
    # After a wrong token the browser asks again, instead of showing the 403.
    context = chromium.new_context(http_credentials={"username": service.TENANT, "password": "wrong"})
    answer = context.new_page().goto(f"{server.url}/api/recordings/files?d=2008-01-02")
    same(answer.status, 401, "a wrong token in the browser's own prompt")
    context.close()


def composing(chromium, server):
    with opened(chromium, server) as page:
        text = lambda: page.input_value("#text")
        for kind, wanted in [("today", "d=today"), ("yesterday", "d=today-1d"), ("back", "d=today-7d,today")]:
            page.select_option("#when", kind)
            same(text(), wanted, kind)
        page.fill("#back", "30")
        same(text(), "d=today-30d,today", "days back")
        page.select_option("#when", "one")
        page.fill("#one", "2007-11-04 13:15")
        same(text(), "d=2007-11-04%2013:15", "a minute")
        page.select_option("#when", "range")
        page.fill("#from", "2007-11-04")
        page.fill("#until", "2007-11-05T10:00:00+01:00")
        page.fill("#tz", "Europe/Berlin")
        check(page.locator("#zones option").count() > 300, "the names of zones are not offered")
        same(text(), "d=2007-11-04,2007-11-05T10:00:00%2B01:00&tz=Europe/Berlin", "a range")
        page.select_option("#kind", label="outbound")
        page.fill("#f-queueName", "a & b + c")
        page.check("#e-outDialCode")
        page.fill("#n", "51")
        page.fill("#finish-date", "2007-11-04 19:17:03")
        wanted = (
            "d=2007-11-04,2007-11-05T10:00:00%2B01:00&tz=Europe/Berlin&channel=%23virtual_outbound%23"
            "&queueName=a%20%26%20b%20%2B%20c&outDialCode=&finish-date=2007-11-04%2019:17:03"
        )
        # Another list begins with its first record.
        same(text(), wanted, "all at once")
        page.fill("#n", "51")
        same(text(), wanted + "&n=51", "a page of it")
        means(page, "Records 51 to 100")
        root = f"{server.url}/api/recordings/files"
        same(page.inner_text("#line-url"), f"{root}?{wanted}&n=51", "the URL")
        page.select_option("#format", ".csv")
        same(page.inner_text("#line-curl"), f"curl -u TENANT '{root}.csv?{wanted}&n=51'", "the line for curl")
        vcc = f"vcc list '{wanted}&n=51' --url {server.url} --tenant TENANT --plain-http"
        same(page.inner_text("#line-vcc"), vcc, "the line for vcc")
        # Every field by typing, and back.
        names = page.evaluate("[...document.querySelectorAll('#fields input[id^=f-]')].map(one => one.id.slice(2))")
        same(len(names), 14, "the number of fields")
        page.fill("#text", "d=today-3d,today&start-date=today&" + "&".join(f"{name}=v%20{name}+1" for name in names))
        for name in names:
            same(page.input_value(f"#f-{name}"), f"v {name} 1", f"the field {name} by the text")
        same(page.input_value("#when"), "back", "the days by the text")
        same(page.input_value("#start-date"), "today", "start-date by the text")
        page.fill("#f-caseID", "")
        check("caseID" not in text() and "agentID=v%20agentID+1" in text(), f"a field that is emptied: {text()}")
        page.fill("#text", f"{root}.csv?d=2007-08-05&agentID=bill\n")
        same((text(), page.input_value("#f-agentID")), ("d=2007-08-05&agentID=bill", "bill"), "a URL that is pasted")
        page.click("#clear")
        same(text(), "", "cleared")
        same(page.evaluate("location.search"), "", "the address of nothing")
        page.fill("#text", "d=2007-08-05&note=1")
        page.wait_for_selector("#problem:not([hidden])")
        page.fill("#one", "2007-08-06")
        same(text(), "d=2007-08-06&note=1", "what the fields do not know stays")


def errors(chromium, server):
    with opened(chromium, server) as page:
        for query, mark, said in [
            ("d=2007-02-30", "30", "d: expected a day"),
            ("agentID=\u20ac\U0001f600&tz=Denver", "Denver", "tz: expected a zone of the tz database"),
            ("agent=bill", "agent", "agentID"),
            ("agentID=%zz", "%zz", "agentID"),
            ("d=2007-08-05,", None, "d:"),
            ("d=today&d=today", None, "d:"),
            ("n=-1", None, "n:"),
        ]:
            page.fill("#text", query)
            page.wait_for_selector("#problem:not([hidden])")
            marked = page.text_content("#mirror mark")
            check(mark in (None, marked), f"{query}: {marked!r} is marked")
            words = page.inner_text("#problem")
            check(said in words, f"{query}: {words}")
            check("^" in words, f"{query}: no place is shown: {words}")
            page.click("#run")
            page.wait_for_function("() => document.activeElement.id === 'text'")
        # In the API's own words, and below the character.
        page.fill("#text", "d=2007-02-30&tz=America/New_York")
        page.wait_for_function("() => document.querySelector('#mirror mark')?.textContent === '30'")
        place = page.evaluate("""() => {
          const mark = document.querySelector('#mirror mark').getBoundingClientRect();
          const text = document.querySelector('#text').getBoundingClientRect();
          return [mark.left - text.left, mark.bottom - text.bottom];
        }""")
        check(60 < place[0] < 180 and place[1] < 0, f"the mark is not under its character: {place}")
        judge(page, "an error")
        # On a phone the words wrap, and only what has a place in the text keeps its columns.
        page.set_viewport_size({"width": 320, "height": 800})
        wide = page.evaluate("[...document.querySelectorAll('#problem .wraps')].filter(line => line.scrollWidth > line.closest('pre').clientWidth).length")
        check(wide == 0 and page.locator("#problem .wraps").count() >= 2, f"{wide} lines of an error are cut at 320 px")
        page.set_viewport_size({"width": 1280, "height": 900})
        picture(page, "explorer-error", "section[aria-labelledby=text-title]")
        page.fill("#text", "d=2007-02-28")
        means(page, "Recordings that started")
        check(page.is_hidden("#problem"), "a problem that is mended stays")


def day_of_25_hours(chromium, server):
    with opened(chromium, server, "d=2007-11-04", height=1000) as page:
        sign_in(page, server)
        result(page, "Records 1 to 27; the list ends here")
        means(page, "This day has 25 hours.")
        means(page, "the clock goes back by 1 hour")
        table = page.inner_text("#meaning table")
        for line in ["Sat 2007-11-03 23:59:59 -04:00\t2007-11-04T03:59:59Z\tno", "Sun 2007-11-04 23:59:59 -05:00\t2007-11-05T04:59:59Z\tyes",
                     "Mon 2007-11-05 00:00:00 -05:00\t2007-11-05T05:00:00Z\tno"]:
            check(line in table, f"the table of the window: {table}")
        page.wait_for_selector("#edges table")
        edges = page.inner_text("#edges")
        for line in ["Sat 2007-11-03 23:59:59 -04:00\t26\tno", "Sun 2007-11-04 00:00:00 -04:00\t27\tyes",
                     "Sun 2007-11-04 23:59:59 -05:00\t28\tyes", "Mon 2007-11-05 00:00:00 -05:00\t29\tno"]:
            check(line in edges, f"the edges: {edges}")
        # One o'clock comes twice on the clocks of the zone.
        same(page.evaluate("document.querySelectorAll('#meaning svg [fill^=url]').length"), 1, "the hour that comes twice")
        check(page.evaluate("document.querySelectorAll('#edges svg circle.record.out').length") >= 2, "no record outside")
        judge(page, "a day of 25 hours")
        picture(page, "explorer")
        picture(page, "explorer-meaning", "section[aria-labelledby=meaning-title]")
        page.fill("#text", "d=2007-03-11")
        means(page, "This day has 23 hours.")
        page.fill("#text", "d=2011-12-30&tz=Pacific/Apia")
        means(page, "It is empty")
        page.fill("#text", "d=0001,9999")
        means(page, "The clock changes more often")
        page.fill("#text", "start-date=2007-11-04T04:20:00Z")
        means(page, "5 s after")
        show(page, "Records 1 to 1;")
        picture(page, "explorer-near", "section[aria-labelledby=meaning-title]")
        judge(page, "a look-up")


def paging(chromium, server):
    with opened(chromium, server, "d=2008-01-02") as page:
        sign_in(page, server)
        first = "Records 1 to 50, of more"
        result(page, first)
        check(page.is_disabled("#first"), "the first page has one before it")
        page.click("#next")
        result(page, "Records 51 to 100, of more")
        same(page.evaluate("document.activeElement.id"), "result-title", "the focus on a new page")
        same(page.input_value("#n"), "51", "the field n")
        page.click("#next")
        result(page, "Records 101 to 101; the list ends here")
        check(page.is_disabled("#next"), "the last page has one after it")
        same(page.evaluate("location.search"), "?d=2008-01-02&n=101", "the address")
        page.go_back()
        result(page, "Records 51 to 100, of more")
        page.go_back()
        result(page, first)
        page.go_forward()
        result(page, "Records 51 to 100, of more")
        page.click("#first")
        result(page, first)
        # A click on a value filters by it.
        page.click(".recordings tbody tr:nth-child(2) button.value:has-text('dora')")
        result(page, "Records 1 to 25; the list ends here")
        same(page.input_value("#text"), "d=2008-01-02&agentID=dora", "a filter by a value")
        page.click(".recordings tbody tr:nth-child(1) button.value:has-text('2008-01-0')")
        result(page, "Records 1 to 1;")
        check("&start-date=2008-01-02T" in page.input_value("#text"), "a filter by a start")
        # An edited query that was not sent is a step of its own, and does not replace the one that was.
        page.fill("#text", "d=2008-01-03&n=5")
        page.fill("#text", "d=2008-01-04")
        same(page.evaluate("location.search"), "?d=2008-01-04", "the address of a draft")
        page.go_back()
        result(page, "Records 1 to 1;")
        page.go_back()
        result(page, "Records 1 to 25;")
        kinds = set(page.locator(".recordings tbody td:nth-child(2)").all_inner_texts())
        check(kinds <= {"busy", "inbound", "outbound", "direct agent access"}, f"kinds of calls: {kinds}")
        page.click("#columns summary")
        page.get_by_label("filename", exact=True).and_(page.locator("#columns input")).check()
        check("filename" in page.inner_text(".recordings thead"), "a column that was chosen")
        same(page.title(), "d=2008-01-02&agentID=dora – Recordings explorer", "the title")
        judge(page, "a result")


def downloads(chromium, server):
    with opened(chromium, server, "d=2009&n=51") as page:
        sign_in(page, server)
        result(page, "Records 51 to 100, of more")
        bodies = server.all("d=2009")
        head = bodies[0].index(b"\n") + 1
        whole, name = downloaded(page, "#save-all")
        check(whole == bodies[0] + b"".join(body[head:] for body in bodies[1:]), "all as CSV is not what the API gives")
        same((name, whole.count(b"\r\n")), ("recordings-acme.csv", 1001), "all as CSV")
        same(page.inner_text("#download-status"), "1,000 recordings saved.", "what is said of it")
        check(downloaded(page, "#save-page")[0] == bodies[1], "a page as CSV is not what the API gives")
        page.select_option("#file-format", "jsonl")
        lines, name = downloaded(page, "#save-all")
        rows = csv.DictReader(io.StringIO(whole.decode(), newline=""))
        check([json.loads(line) for line in lines.splitlines()] == list(rows), "JSON lines are not the same records")
        same(name, "recordings-acme.jsonl", "the name of the file")
        # A busy server is asked again, a refusal is shown, and nothing is saved in part.
        statuses = [503, 429, 200]
        page.route("**/files.csv?*", lambda route: route.fulfill(status=status, body="busy\n", headers={"Retry-After": "0"})
                   if (status := statuses.pop(0) if statuses else 200) != 200 else route.continue_())
        check(downloaded(page, "#save-all")[0] == lines, "after a busy server, the file is another one")
        statuses = [200, 200, 500]
        page.click("#save-all")
        page.wait_for_function("() => document.querySelector('#download-status').textContent.startsWith('Nothing was saved: after 100 ')")
        page.unroute("**/files.csv?*")
        # Ten thousand agents: it shows its progress, and can be stopped.
        page.fill("#text", "d=2011")
        show(page, "Records 1 to 50, of more")
        page.click("#save-all")
        page.wait_for_function("() => parseInt(document.querySelector('#download-status').textContent) >= 100")
        same(page.evaluate("document.activeElement.id"), "stop", "the focus of a download")
        page.click("#stop")
        page.wait_for_function("() => document.querySelector('#download-status').textContent.startsWith('Stopped after')")
        check(page.is_enabled("#save-all") and page.is_hidden("#stop"), "a download that was stopped goes on")
        page.select_option("#file-format", "jsonl")
        lines, _ = downloaded(page, "#save-all")
        agents = {json.loads(line)["agentID"] for line in lines.splitlines()}
        same(len(agents), 10_000, "the number of agents")


def hostile(chromium, server):
    for width in (320, 1280):
        with opened(chromium, server, "d=2010", width=width) as page:
            sign_in(page, server)
            result(page, f"Records 1 to {len(HOSTILE)};")
            page.click("#columns summary")
            page.get_by_label("wrapUpCode", exact=True).and_(page.locator("#columns input")).check()
            cells = page.locator(".recordings tbody td:nth-child(3) bdi").all_text_contents()
            for text in HOSTILE[:-4]:
                # In the page, a line end is one character.
                check(text.replace("\r\n", "\n") in [cell.replace("\r\n", "\n") for cell in cells], f"{text!r} is not shown as it is")
            check(all(len(cell) <= 121 for cell in cells), "a value is shown at length")
            check("1,048,576 characters" in page.inner_text(".recordings"), "the length of a long value")
            judge(page, f"hostile values at {width} px")
            check(page.locator("h1").count() == 1, "a value is an element")
            whole, _ = downloaded(page, "#save-all")
            values = [row["wrapUpCode"] for row in csv.DictReader(io.StringIO(whole.decode(), newline=""))]
            same(sorted(values) == sorted(HOSTILE), True, "the values in a file")
            # Each can be selected by a click, except values that are too long for a query.
            for text in HOSTILE[:-1]:
                page.fill("#text", "d=2010")
                show(page, f"Records 1 to {len(HOSTILE)};")
                place = values.index(text)
                page.locator(".recordings tbody tr").nth(place).locator("td:nth-child(3) button").click(timeout=5_000)
                result(page, "Records 1 to 1;")
            page.fill("#f-agentID", LONG[:100_000])
            page.wait_for_selector("#problem:not([hidden])")


def too_much(chromium, server):
    """What is too much for a browser's memory is not saved, and it is said what does."""
    with opened(chromium, server) as page:
        less = pathlib.Path("crates/vcc-server/explorer/download.js").read_text()
        check(less.count("2 ** 29") == 1, "the most that is saved is written in another way")
        page.route("**/explorer/download.js", lambda route: route.fulfill(body=less.replace("2 ** 29", "20_000"), content_type="text/javascript"))
        page.goto(f"{server.url}/?d=2009")
        sign_in(page, server)
        result(page, "Records 1 to 50, of more")
        page.click("#save-all")
        page.wait_for_function("() => document.querySelector('#download-status').textContent.startsWith('Nothing was saved: ')")
        words = page.inner_text("#download-status")
        check("vcc export" in words and "recordings" in words, f"too much: {words}")
        check(page.is_enabled("#save-all") and page.is_hidden("#stop"), "a download that was too much goes on")


def looks(chromium, server):
    for width in (320, 390, 768, 1280, 2560):
        for dark in (False, True):
            with opened(chromium, server, f"d=2007-11-04&tz={ZONE}", width=width, dark=dark) as page:
                means(page, "25 hours")
                what = f"{width} px{', dark' if dark else ''}"
                problems.extend(f"{what}, signed out: {one}" for one in pages.sideways(page) + pages.contrast(page))
                sign_in(page, server)
                result(page, "Records 1 to 27")
                page.wait_for_selector("#edges svg")
                judge(page, what)
                if (width, dark) == (390, True):
                    picture(page, "explorer-phone", "section[aria-labelledby=meaning-title]")
                if (width, dark) == (1280, False):
                    # The keyboard continues from the last click.
                    page.click("h1")
                    problems.extend(pages.unreachable(page, "button:enabled, input:enabled, select, textarea, summary, .scrolls, a"))


def painted(page):
    """Milliseconds from the beginning of the navigation to the first paint with content."""
    page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
    return page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")


def first_paint(chromium, server):
    """Told, not judged: how long depends on the machine. A line of text from the same server is what the
    browser needs for any page."""
    times, of_a_line = [], []
    for _ in range(5):
        with opened(chromium, server, "d=2007-11-04") as page:
            times.append(painted(page))
        with pages.opened(chromium, "about:blank") as page:
            page.goto(f"{server.url}/explorer/explain?q=d")
            of_a_line.append(painted(page))
    listed = lambda all: ", ".join(f"{each:.0f}" for each in sorted(all))
    print(f"first contentful paint: {listed(times)} ms; of a line of text: {listed(of_a_line)} ms")


with service.serving(records(), ZONE) as server, pages.browser() as chromium:
    if PICTURES:
        pathlib.Path(PICTURES).mkdir(parents=True, exist_ok=True)
    only = os.environ.get("VCC_TEST_ONLY")
    for test in (signing_in, composing, errors, day_of_25_hours, paging, downloads, too_much, hostile, looks, first_paint):
        if only and test.__name__ not in only.split(","):
            continue
        began = time.monotonic()
        try:
            test(chromium, server)
        except Exception as error:
            problems.append(f"{test.__name__}: {re.sub(chr(10), ' ', str(error))[:600]}")
        print(f"{test.__name__}: {time.monotonic() - began:.1f} s")
pages.finish(problems)
