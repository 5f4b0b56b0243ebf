// What if: a slider shows its value with its unit while it moves, and counts from then on; reset goes back to the record.
import "./heart.css";

function shown(range) {
  const place = document.getElementById(range.id.replace("w-", "o-"));
  if (!place) return;
  const { unit, other, factor, record } = place.dataset;
  if (record && Number(range.value) === Number(range.defaultValue)) { // where the record has it, its own digits
    place.textContent = record;
    range.setAttribute("aria-valuetext", record);
    return;
  }
  const also = other ? ` (${Math.round(Number(range.value) * Number(factor))} ${other})` : "";
  const decimals = range.step.includes(".") ? 1 : 0;
  place.textContent = `${Number(range.value).toFixed(decimals)} ${unit}${also}`;
  range.setAttribute("aria-valuetext", place.textContent);
}

for (const form of document.querySelectorAll("[data-what-if]")) {
  const ranges = form.querySelectorAll('input[type="range"]');
  ranges.forEach(shown);
  form.addEventListener("input", (event) => {
    if (event.target.type !== "range") return;
    shown(event.target);
    const assume = document.getElementById(event.target.id.replace("w-", "a-"));
    if (assume) assume.checked = true;
  });
  form.addEventListener("reset", () => setTimeout(() => ranges.forEach(shown)));
}

// A sign whose place was asked for: its marks on the paper are framed, and the paper comes into view.
function mark(root) {
  for (const sheets of root.querySelectorAll(".sheets[data-marked]")) {
    const number = sheets.dataset.marked;
    if (!number) continue;
    const found = sheets.querySelectorAll(`[data-mark="${CSS.escape(number)}"]`);
    found.forEach((one) => one.classList.add("chosen"));
    sheets.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    const paper = found[0]?.closest(".paper");
    if (paper) {
      paper.scrollLeft = Math.max(0, found[0].getBoundingClientRect().left - paper.getBoundingClientRect().left - 120);
      paper.focus({ preventScroll: true });
    }
  }
}
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id === "paper") mark(event.detail.target);
});
if (!document.getElementById("reading")) mark(document);
