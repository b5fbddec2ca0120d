"""What the tests of pages for people share: a browser that tells what it does, and what to measure.

    with pages.browser() as chromium:
        with pages.opened(chromium, url, width=390, dark=True) as page:
            problems += pages.basics(page)
    pages.finish(problems)
"""

import contextlib
import os
import pathlib
import sys

import axe_playwright_python
from playwright.sync_api import sync_playwright

# WCAG 2.2, level AA, for text of usual size.
CONTRAST = 4.5

# Text with less contrast than asked for, as the browser draws it.
_CONTRAST = """least => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const over = (color, under) => {
    pen.fillStyle = `rgb(${under.join(",")})`;
    pen.fillRect(0, 0, 1, 1);
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = color => color.map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const canvasColor = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  const behind = element => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(getComputedStyle(each).backgroundColor);
    return layers.reverse().reduce((under, color) => over(color, under), canvasColor);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
    if (!text || element.closest("script,style,title,option") || !element.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(element), under = behind(element);
    const ink = over(element instanceof SVGElement ? style.fill : style.color, under);
    let alpha = 1;
    for (let each = element; each; each = each.parentElement) alpha *= getComputedStyle(each).opacity;
    const seen = ink.map((part, index) => part * alpha + under[index] * (1 - alpha));
    const [more, less] = [light(seen), light(under)].sort((a, b) => b - a);
    const ratio = (more + 0.05) / (less + 0.05);
    if (ratio < least) found.push(`contrast ${ratio.toFixed(2)} of ${JSON.stringify(text.slice(0, 40))}`);
  }
  return [...new Set(found)];
}"""

# The page itself never scrolls sideways; tables and blocks of code do so in themselves.
_WIDE = """() => {
  const width = document.documentElement.clientWidth, found = [];
  if (document.documentElement.scrollWidth > width)
    found.push(`the page is ${document.documentElement.scrollWidth} px wide in ${width} px`);
  return found;
}"""


@contextlib.contextmanager
def browser():
    """Chromium with a profile that is new, and removed afterwards."""
    with sync_playwright() as play:
        path = os.environ["VCC_TEST_BROWSER"]
        chromium = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield chromium
        finally:
            chromium.close()


@contextlib.contextmanager
def opened(chromium, url, width=1280, height=900, dark=False, scripts=True):
    """A page in a context of its own. `page.heard` has what it says on the console, its errors, and
    every request that is not for its own origin (or file)."""
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
    )
    try:
        page = context.new_page()
        page.heard = []
        own = url.split("#")[0] if url.startswith("file:") else "/".join(url.split("/")[:3])

        def asked(request):
            if not request.url.startswith((own, "data:", "blob:")):
                page.heard.append(f"asks for {request.url}")

        page.on("request", asked)
        page.on("pageerror", lambda error: page.heard.append(f"error: {error}"))
        page.on(
            "console",
            lambda line: page.heard.append(f"console: {line.text}")
            if line.type in ("error", "warning")
            else None,
        )
        page.goto(url)
        yield page
    finally:
        context.close()


def contrast(page, least=CONTRAST):
    """Text that has less contrast than `least`."""
    return page.evaluate(_CONTRAST, least)


def sideways(page):
    """Whether the page scrolls sideways."""
    return page.evaluate(_WIDE)


def unreachable(page, selector, most=2000):
    """How many elements of `selector` the tabulator key does not reach, or reaches without showing
    where it is."""
    page.evaluate("() => { document.activeElement?.blur(); window.scrollTo(0, 0); window.reached = new Set(); }")
    unmarked = 0
    for _ in range(most):
        page.keyboard.press("Tab")
        state = page.evaluate(
            """selector => {
              const here = document.activeElement;
              if (!here || here === document.body || window.reached.has(here)) return "end";
              window.reached.add(here);
              if (!here.matches(selector)) return "other";
              const style = getComputedStyle(here);
              return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 ? "marked" : "unmarked";
            }""",
            selector,
        )
        unmarked += state == "unmarked"
        if state == "end":
            break
    missed = page.evaluate(
        """selector => [...document.querySelectorAll(selector)]
          .filter(each => each.checkVisibility() && !window.reached.has(each)).length""",
        selector,
    )
    found = []
    if missed:
        found.append(f"the keyboard does not reach {missed} of {selector}")
    if unmarked:
        found.append(f"{unmarked} of {selector} do not show that they have the focus")
    return found


def basics(page):
    """What holds for every page: nothing sideways, enough contrast, nothing said, nothing asked for."""
    return sideways(page) + contrast(page) + page.heard


def axe(page):
    """What axe-core finds: names of controls, roles, landmarks, lists, and what else it knows. Contrast
    is measured here, and takes it long."""
    page.evaluate((pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text())
    violations = page.evaluate("axe.run({ rules: { 'color-contrast': { enabled: false } } })")["violations"]
    return [f"axe: {one['id']}: {', '.join(str(node['target']) for node in one['nodes'][:3])}" for one in violations]


def finish(problems):
    """Ends the program: with 1 where there is a problem, which is told."""
    for problem in problems[:40]:
        print(f"  {problem}")
    if len(problems) > 40:
        print(f"  and {len(problems) - 40} more")
    sys.exit(1 if problems else 0)
