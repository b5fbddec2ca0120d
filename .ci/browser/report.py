"""The HTML report of the conformance suite, as people see it."""

import os
import pathlib
import subprocess

import pages

folder = pathlib.Path(os.environ["VCC_TEST_DIR"])
file = folder / "report.html"
command = ["cargo", "run", "-q", "--locked", "-p", "vcc-conformance", "--", "--html", str(file)]
subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
problems = []
with pages.browser() as chromium:
    for width in (390, 1280):
        for dark in (False, True):
            with pages.opened(chromium, file.as_uri(), width=width, dark=dark) as page:
                page.evaluate("() => document.querySelectorAll('details').forEach(each => each.open = true)")
                found = pages.basics(page)
                problems += [f"{width} px{', dark' if dark else ''}: {problem}" for problem in found]
pages.finish(problems)
