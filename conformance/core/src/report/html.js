document.documentElement.classList.add("js");
const text = document.getElementById("text"), verdict = document.getElementById("verdict");
const items = [...document.querySelectorAll("[data-verdict]")], groups = [...document.querySelectorAll("[data-group]")];
const count = document.getElementById("count");
function filter() {
  const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const item of items) {
    const fits = (!verdict.value || item.dataset.verdict === verdict.value) && words.every(word => item.dataset.text.includes(word));
    item.classList.toggle("hidden", !fits);
    if (fits && item.classList.contains("row")) shown += 1;
  }
  const filtered = words.length > 0 || verdict.value !== "";
  for (const group of groups) {
    const some = group.querySelector("[data-verdict]:not(.hidden)") !== null;
    group.classList.toggle("hidden", !some);
    if (filtered && some) group.open = true;
  }
  count.textContent = filtered ? shown + (shown === 1 ? " case" : " cases") : "";
}
text.addEventListener("input", filter);
verdict.addEventListener("change", filter);
