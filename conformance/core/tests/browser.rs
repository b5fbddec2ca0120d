//! The HTML report in a real browser, where one is found: on a phone, in the dark, without scripts,
//! and its filter.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use vcc_conformance_core::report::html;
use vcc_conformance_core::spec::Spec;

/// Loads the report into frames and writes what a person would see into `#seen`, as JSON.
const HARNESS: &str = r#"<!doctype html><meta charset="utf-8"><title>harness</title>
<iframe id="phone" src="report.html" style="width:360px;height:700px;border:0"></iframe>
<iframe id="bare" src="report.html" sandbox="allow-same-origin" style="width:900px;height:700px;border:0"></iframe>
<pre id="seen"></pre>
<script>
addEventListener("load", () => {
  const phone = document.getElementById("phone").contentDocument;
  const bare = document.getElementById("bare").contentDocument;
  const window = phone.defaultView;
  const visible = element => element !== null && element.getClientRects().length > 0;
  const luminance = color => color.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765;
  const shown = () => [...phone.querySelectorAll(".row")].filter(row => !row.classList.contains("hidden")).length;
  const seen = {
    width: phone.documentElement.scrollWidth,
    background: luminance(window.getComputedStyle(phone.body).backgroundColor),
    ink: luminance(window.getComputedStyle(phone.body).color),
    heading: phone.querySelector("h1").textContent,
    timeline: phone.querySelector("svg.timeline").getBoundingClientRect().width,
    missing: phone.querySelectorAll("svg.timeline circle.missing").length,
    tools: visible(phone.getElementById("tools")),
    rows: shown(),
    bareTools: visible(bare.getElementById("tools")),
    bareFailure: visible(bare.querySelector("details[open] .clause")),
    bareTimeline: visible(bare.querySelector("svg.timeline")),
  };
  const text = phone.getElementById("text");
  const type = words => { text.value = words; text.dispatchEvent(new window.Event("input")); };
  type("near start-minus");
  seen.fitting = shown();
  seen.count = phone.getElementById("count").textContent;
  type("no such case");
  seen.none = shown();
  seen.external = window.performance.getEntriesByType("resource").length;
  document.getElementById("seen").textContent = JSON.stringify(seen);
});
</script>"#;

fn browser() -> Option<PathBuf> {
    let given = std::env::var_os("VCC_TEST_BROWSER").map(PathBuf::from);
    given.or_else(|| {
        let path = std::env::var_os("PATH")?;
        let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        let mut places =
            std::env::split_paths(&path).flat_map(|dir| names.map(|name| dir.join(name)));
        places.find(|place| place.is_file())
    })
}

/// What the harness saw, in a browser with these options.
fn seen(browser: &Path, dir: &Path, options: &[&str]) -> serde_json::Value {
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"])
        .args(["--allow-file-access-from-files", "--virtual-time-budget=10000"])
        .args(options)
        // The one before may not be done with its own.
        .arg(format!("--user-data-dir={}", dir.join(format!("profile{}", options.len())).display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", dir.join("harness.html").display()))
        .output()
        .unwrap();
    let page = String::from_utf8_lossy(&output.stdout);
    let text = page.split_once("<pre id=\"seen\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let Some((json, _)) = text.filter(|(json, _)| !json.is_empty()) else {
        panic!("nothing seen: {page}\n{}", String::from_utf8_lossy(&output.stderr));
    };
    serde_json::from_str(json).unwrap()
}

#[test]
#[allow(clippy::print_stderr)]
fn people_can_read_it() {
    let Some(browser) = browser() else {
        eprintln!("SKIPPED: no chromium on PATH and no VCC_TEST_BROWSER");
        return;
    };
    let dir = std::env::temp_dir().join(format!("vcc-browser-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let spec = Spec::embedded();
    let (report, setup) = common::report(&spec);
    std::fs::write(dir.join("report.html"), html(&report, &setup, &spec)).unwrap();
    std::fs::write(dir.join("harness.html"), HARNESS).unwrap();

    let light = seen(&browser, &dir, &[]);
    let dark = seen(&browser, &dir, &["--blink-settings=preferredColorScheme=0"]);
    // A browser may still write to its profile.
    let _ = std::fs::remove_dir_all(&dir);

    let number = |name: &str| light[name].as_f64().unwrap();
    assert!(number("width") <= 360.0, "a phone scrolls sideways: {light}");
    assert_eq!(light["heading"], "does not conform", "{light}");
    assert!(number("timeline") > 200.0 && number("missing") > 0.0, "no timeline: {light}");
    assert!(number("background") > 0.9 && number("ink") < 0.3, "not light: {light}");
    assert!(
        dark["background"].as_f64() < Some(0.2) && dark["ink"].as_f64() > Some(0.7),
        "not dark: {dark}"
    );
    // The filter works where scripts do, and is not there where they do not.
    assert_eq!(light["tools"], true, "{light}");
    assert_eq!((number("rows"), number("fitting"), number("none")), (1.0, 1.0, 0.0), "{light}");
    assert_eq!(light["count"], "1 case", "{light}");
    assert_eq!(light["bareTools"], false, "{light}");
    assert_eq!((&light["bareFailure"], &light["bareTimeline"]), (&true.into(), &true.into()));
    assert_eq!(number("external"), 0.0, "the page asks for something: {light}");
}
