"""The HTML report of the conformance suite as people see it: on a phone and on a desk, in the light and in
the dark, on paper, with the keyboard, without scripts, and of a target that sends what it should not.

The picture of the documentation comes out of it, with VCC_TEST_PICTURES set to a folder."""

import json
import os
import pathlib
import subprocess

import pages

# Servers with many failures over long periods, with windows over a clock change, with instants, and without
# windows.
DEFECTS = ["d-ignored", "day-of-24-hours", "finish-is-start", "page-of-49"]
# The smallest size of letters, in pixels.
SMALLEST = 11

folder = pathlib.Path(os.environ["VCC_TEST_DIR"])
problems = []


def suite(*arguments, ends=(0,)):
    command = ["target/debug/vcc-conformance", *arguments]
    code = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    if code not in ends:
        raise SystemExit(f"{' '.join(command)} ends with {code}")


def hostile():
    """A report of a target whose evidence is scripts, text that turns round, and values of a megabyte."""
    saved, changed, file = folder / "saved.ndjson", folder / "hostile.ndjson", folder / "hostile.html"
    suite("--filter", "near", "--transcript", str(saved))
    evil = "</pre></script><script>document.title='taken'</script><img src=http://example.org/x onerror=alert(1)>"
    evil += "\u202e\u2066 שלום عربي " + "W" * 300
    text = evil.replace("&", "&amp;").replace("<", "&lt;")
    lines = saved.read_text().rstrip("\n").split("\n")
    for index, line in enumerate(lines[1:], 1):
        exchange = json.loads(line)
        if exchange["case"] == "handshake":
            continue
        body = exchange.get("body") or ""
        exchange["headers"] = [*exchange.get("headers", []), ["x-evil", evil * 50]]
        exchange["body"] = body.replace("<extVar1>x1<", f"<extVar1>{text}{'A' * (1 << 20 if index % 40 == 0 else 9)}<")
        if index % 3 == 0:
            exchange["body"] = body.replace("<transactionID>", f"<transactionID>{text}")
        if index % 7 == 0:
            exchange["body"], exchange["status"] = evil, 500
        lines[index] = json.dumps(exchange, ensure_ascii=False)
    changed.write_text("\n".join(lines) + "\n")
    suite("judge", str(changed), "--html", str(file), ends=(1,))
    return file


# Boxes of labels, in each drawing.
DRAWINGS = """smallest => {
  const found = [];
  for (const figure of document.querySelectorAll("figure.timeline")) {
    const at = figure.closest(".inside").id;
    for (const drawing of figure.querySelectorAll(":scope > svg")) {
      const around = drawing.getBoundingClientRect();
      const labels = [...drawing.querySelectorAll("text")].map(label => [label, label.getBoundingClientRect()]);
      for (const [index, [label, box]] of labels.entries()) {
        if (box.left < around.left - 0.5 || box.right > around.right + 0.5 || box.top < around.top - 0.5 || box.bottom > around.bottom + 0.5)
          found.push(`${at}: ${label.textContent} is outside`);
        const size = parseFloat(getComputedStyle(label).fontSize) * label.getScreenCTM().a;
        if (size < smallest) found.push(`${at}: ${label.textContent} has ${size} px`);
        for (const [other, there] of labels.slice(0, index))
          if (box.left < there.right && there.left < box.right && box.top < there.bottom - 1 && there.top < box.bottom - 1)
            found.push(`${at}: ${label.textContent} over ${other.textContent}`);
      }
      for (const shape of drawing.querySelectorAll("circle,path")) {
        const box = shape.getBoundingClientRect();
        if (box.left < around.left || box.right > around.right || box.top < around.top || box.bottom > around.bottom)
          found.push(`${at}: a mark is outside`);
      }
    }
    const said = figure.parentElement.querySelector(".received dd")?.textContent.match(/(\\d+) missing/);
    const labels = [...figure.querySelector("svg").querySelectorAll("text.missing")].map(label => label.textContent.match(/^(\\d+) missing:/));
    const labelled = labels.reduce((sum, some) => sum + (some ? Number(some[1]) : 1), 0);
    if (said && Number(said[1]) !== labelled) found.push(`${at}: ${said[0]}, and ${labelled} have a label`);
    const clocks = [...figure.querySelectorAll("dt")].map(clock => clock.textContent);
    if (!clocks.includes("UTC") || !clocks.some(clock => clock.endsWith("(the tenant’s)"))) found.push(`${at}: clocks ${clocks}`);
    const [told, drawn] = [figure.querySelectorAll("p.change").length, figure.querySelector("svg").querySelectorAll("rect.change").length];
    if (told > drawn) found.push(`${at}: ${told} changes of the clock, ${drawn} drawn`);
  }
  return found;
}"""

SMALL = """smallest => {
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (walker.currentNode.data.trim() && !element.closest("script") && size < smallest)
      found.add(`${size} px: ${walker.currentNode.data.trim().slice(0, 30)}`);
  }
  return [...found];
}"""

# Elements wider than the page, unless they are inside something that scrolls.
STICKING = """() => [...document.querySelectorAll("body *")]
  .filter(each => !each.closest(".scroll,.skip,svg") && each.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
  .map(each => `${each.tagName}.${each.className} sticks out: ${each.textContent.slice(0, 40)}`)"""

OPEN = "() => document.querySelectorAll('details').forEach(each => each.open = true)"


def looks(chromium, file):
    for width in (320, 390, 1280, 1920) if file.stat().st_size < 1_000_000 else (390, 1280):
        for dark in (False, True):
            with pages.opened(chromium, file.as_uri(), width=width, dark=dark) as page:
                found = pages.basics(page)
                if (width, dark) == (390, False):
                    found += pages.axe(page)
                page.evaluate(OPEN)
                found += page.evaluate(DRAWINGS, SMALLEST) + page.evaluate(SMALL, SMALLEST)
                found += page.evaluate(STICKING) + pages.basics(page)
                if page.title() == "taken":
                    found.append("a script of the target ran")
                tell(f"{file.name} at {width} px{', dark' if dark else ''}", found)


def tell(where, found):
    problems.extend(f"{where}: {problem}" for problem in found)


def keyboard(chromium, file):
    with pages.opened(chromium, file.as_uri()) as page:
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.className") != "skip":
            tell("keyboard", ["the first stop is not the link to the results"])
        if not page.locator(".skip").bounding_box()["x"] >= 0:
            tell("keyboard", ["the link to the results is not seen"])
        # Once more from the beginning.
        page.reload()
        tell("keyboard", pages.unreachable(page, "summary, a, input, select, .scroll"))
        closed = page.locator("section.block > details.case:not([open]) > summary").first
        closed.focus()
        page.keyboard.press("Enter")
        if page.evaluate("() => !document.activeElement.parentElement.open"):
            tell("keyboard", ["Enter does not open a failure"])
        parts = page.evaluate("() => ['header', 'nav', 'main', 'footer', 'h1'].filter(part => document.querySelectorAll(part).length !== 1)")
        tell("landmarks", parts)
        headings = page.evaluate("() => [...document.querySelectorAll('h1,h2,h3')].map(each => Number(each.tagName[1]))")
        if any(next_one > one + 1 for one, next_one in zip(headings, headings[1:])):
            tell("headings", [f"a level is left out: {headings}"])
        # Every id that is referenced exists, once.
        tell("links", page.evaluate(
            """() => { const ids = [...document.querySelectorAll("[id]")].map(each => each.id);
              return [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index)),
                ...[...document.querySelectorAll("a")].map(link => decodeURIComponent(link.hash.slice(1))).filter(id => !ids.includes(id))]; }"""
        ))


def filter_and_links(chromium, file):
    with pages.opened(chromium, file.as_uri(), width=390) as page:
        all_rows = page.locator(".row").count()
        page.locator("#text").fill("zones date-1")
        shown = page.locator(".row:not([hidden])").count()
        if not 0 < shown < all_rows or page.locator("#count").text_content() != f"{shown} cases":
            tell("filter", [f"{shown} of {all_rows} rows, {page.locator('#count').text_content()!r}"])
        page.locator("#text").fill("no such case")
        if page.locator(".row:visible, .case:visible").count():
            tell("filter", ["cases are shown that do not fit"])
        page.locator("#text").fill("")
        page.locator("#verdict").select_option("fail")
        failures = page.locator(".row:visible").count()
        if failures != page.locator("details.case.fail").count():
            tell("filter", [f"{failures} rows of failures"])
        page.locator("#verdict").select_option("")
        if page.locator(".row:not([hidden])").count() != all_rows:
            tell("filter", ["not all rows are back"])
        tell("filter", page.heard)


def without_scripts(chromium, file):
    with pages.opened(chromium, file.as_uri(), scripts=False) as page:
        if page.locator("#tools").is_visible():
            tell("without scripts", ["there is a filter that does nothing"])
        for part in (".top .cause", "section.block", "details[open] .clause", "details[open] .pair", "figure.timeline > svg >> nth=0"):
            if not page.locator(part).first.is_visible():
                tell("without scripts", [f"{part} is not seen"])
        page.locator("section.block > details.case:not([open]) > summary").first.click()
        if not page.locator("section.block > details.case >> nth=1").locator(".clause").first.is_visible():
            tell("without scripts", ["a failure does not open"])


def paper(chromium, file):
    with pages.opened(chromium, file.as_uri(), width=800, dark=True) as page:
        page.emulate_media(media="print", color_scheme="light")
        for part in ("nav", "#tools"):
            if page.locator(part).is_visible():
                tell("print", [f"{part} is on paper"])
        hidden = page.evaluate(
            "() => [...document.querySelectorAll('.block .clause')].filter(each => !each.checkVisibility() || each.getBoundingClientRect().height === 0).length"
        )
        if hidden:
            tell("print", [f"{hidden} failures are folded"])
        if page.evaluate("() => getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)":
            tell("print", ["the page is not white"])
        tell("print", pages.contrast(page))
        if len(page.pdf()) < 10_000:
            tell("print", ["nothing is printed"])


subprocess.run(["cargo", "build", "-q", "--locked", "-p", "vcc-conformance"], check=True)
suite("selftest", "--reports", str(folder), *(part for name in DEFECTS for part in ("--defect", name)))
suite("--html", str(folder / "clean.html"))
with pages.browser() as chromium:
    for file in (*(folder / f"{name}.html" for name in DEFECTS), folder / "clean.html", hostile()):
        looks(chromium, file)
    many = folder / "day-of-24-hours.html"
    keyboard(chromium, many)
    filter_and_links(chromium, many)
    without_scripts(chromium, many)
    paper(chromium, many)
    if pictures := os.environ.get("VCC_TEST_PICTURES"):
        with pages.opened(chromium, (folder / "day-of-24-hours.html").as_uri(), height=1000) as page:
            page.screenshot(path=f"{pictures}/report.png")
pages.finish(problems)
