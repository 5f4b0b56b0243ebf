// Pages of a patient: the mark that is being put right, what was refused told without losing the page, work shown.
import { lay } from "./app.js";
import "./patient.css";

const body = document.body;

// A refusal of a part that keeps itself is told above it: the text somebody reads must not be replaced by an error.
body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target } = event.detail;
  const place = target?.closest("[data-keep]")?.querySelector("[data-errors]");
  if (!place) return;
  place.replaceChildren();
  if (xhr.status < 400) return;
  event.detail.shouldSwap = false;
  const parsed = new DOMParser().parseFromString(xhr.responseText, "text/html");
  place.append(...parsed.body.childNodes);
  place.scrollIntoView({ block: "nearest" });
});

// The mark whose form is open.
document.addEventListener("click", (event) => {
  const mark = event.target.closest("a[data-mark]");
  if (!mark) return;
  for (const one of document.querySelectorAll(".term.chosen")) one.classList.remove("chosen");
  for (const one of document.querySelectorAll(`a[data-mark="${CSS.escape(mark.dataset.mark)}"]`)) one.classList.add("chosen");
});
body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "mark") return;
  event.detail.target.classList.remove("quiet-card");
  const heading = event.detail.target.querySelector("h2");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  if (innerWidth < 960) event.detail.target.scrollIntoView({ block: "start" });
});

// After a mark was put right, whoever did it stands at that mark of the new text.
let righted = "";
body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id !== "note") return;
  righted = document.querySelector(".term.chosen")?.dataset.mark ?? "";
});
body.addEventListener("htmx:afterSettle", () => {
  if (!righted) return;
  const mark = document.querySelector(`#note a[data-mark="${CSS.escape(righted)}"]`);
  righted = "";
  mark?.focus({ preventScroll: true });
});

// Enter in a field that offers suggestions chooses nothing by itself.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches('input[name="q"][type="text"]')) event.preventDefault();
});

lay();
