"use strict";
// The filter. Without scripts it is not there, and nothing else is missing.
const [tools, text, verdict, count] = ["tools", "text", "verdict", "count"].map(id => document.getElementById(id));
const items = [...document.querySelectorAll("[data-verdict]")].map(item => [item, null]);
const groups = [...document.querySelectorAll("[data-group]")].reverse();
tools.hidden = false;
function filter() {
  const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const filtered = words.length > 0 || verdict.value !== "";
  let shown = 0;
  for (const pair of items) {
    const [item] = pair;
    if (words.length > 0) pair[1] ??= (item.matches("details") ? item.querySelector("summary") : item).textContent.toLowerCase();
    const fits = (!verdict.value || item.dataset.verdict === verdict.value) && words.every(word => pair[1].includes(word));
    item.hidden = !fits;
    if (fits && item.matches(".row")) shown += 1;
  }
  for (const group of groups) {
    const some = group.querySelector("[data-verdict]:not([hidden])") !== null;
    group.hidden = !some;
    if (filtered && some && group.matches("details")) group.open = true;
  }
  count.textContent = filtered ? shown + (shown === 1 ? " case" : " cases") : "";
}
text.addEventListener("input", filter);
verdict.addEventListener("change", filter);
