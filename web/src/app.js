// Behaviours of every page: parts exchanged by htmx, theme, keys, the end of a session, failures told in words.
import htmx from "htmx.org";
import "./app.css";
import "./session.js";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.historyCacheSize = 0; // nothing of a patient stays in the browser's storage
htmx.config.selfRequestsOnly = true;
window.htmx = htmx;

const body = document.body;
const csrf = document.querySelector('meta[name="csrf"]')?.content;

body.addEventListener("htmx:configRequest", (event) => {
  if (csrf) event.detail.headers["x-csrf-token"] = csrf;
});
// A refusal is an answer too: its words are shown where the answer would have been.
body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
body.addEventListener("htmx:sendError", () => tell(body.dataset.offline));

export function tell(text) {
  const place = document.getElementById("notices");
  if (!place || !text) return;
  const note = document.createElement("p");
  note.className = "notice";
  note.textContent = text;
  place.append(note);
  setTimeout(() => note.remove(), 8000);
}

// Dark or light: the system's choice unless somebody chose.
const theme = {
  get: () => localStorage.getItem("theme"),
  apply: () => {
    const chosen = theme.get();
    if (chosen) document.documentElement.dataset.theme = chosen;
  },
};
theme.apply();
document.querySelector("[data-theme-switch]")?.addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).colorScheme.startsWith("dark")
    || (!theme.get() && matchMedia("(prefers-color-scheme: dark)").matches);
  localStorage.setItem("theme", dark ? "light" : "dark");
  theme.apply();
});

// Keys: g and the letter of a place goes there, / to the search, ? to the help.
let waiting = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === "g") {
    waiting = Date.now();
    return;
  }
  if (Date.now() - waiting < 1500) {
    waiting = 0;
    document.querySelector(`nav a[data-key="${CSS.escape(event.key)}"]`)?.click();
    return;
  }
  if (event.key === "/") {
    const search = document.querySelector('input[type="search"]');
    if (search) {
      event.preventDefault();
      search.focus();
    }
  }
  if (event.key === "?") document.querySelector('nav a[data-key="h"]')?.click();
});

// Sliders and other controls show their own value beside them.
document.addEventListener("input", (event) => {
  const shown = event.target.closest("[data-shows]");
  if (shown) {
    const place = document.getElementById(shown.dataset.shows);
    if (place) place.textContent = shown.value;
  }
});

// Bars and marks get their sizes from data: a style attribute would be inline, and the policy forbids that.
export function lay(root = document) {
  for (const one of root.querySelectorAll("[data-width]")) one.style.width = `${one.dataset.width}%`;
  for (const one of root.querySelectorAll("[data-left]")) one.style.left = `${one.dataset.left}%`;
}
lay();
body.addEventListener("htmx:afterSwap", (event) => lay(event.detail.target.parentElement ?? document));

// What an exchanged part changed is said once to whoever listens instead of looks: data-say is the sentence.
const spoken = document.createElement("p");
spoken.className = "hidden-label";
spoken.setAttribute("role", "status");
document.body.append(spoken);
export function speak(text) {
  spoken.textContent = "";
  if (text) setTimeout(() => { spoken.textContent = text; }, 60); // the same sentence twice is said twice
}

// Whoever works by keyboard stays where they were: at the same control of the new part, or else at its data-focus.
let stood = null;
body.addEventListener("htmx:beforeSwap", (event) => {
  const { activeElement } = document;
  stood = event.detail.target?.contains(activeElement) && activeElement !== body ? { id: activeElement.id } : null;
});
body.addEventListener("htmx:afterSettle", (event) => {
  const part = event.detail.elt?.isConnected ? event.detail.elt : document.getElementById(event.detail.target.id) ?? event.detail.target;
  const said = part.matches?.("[data-say]") ? part : part.querySelector?.("[data-say]");
  if (said) speak(said.dataset.say);
  const lost = stood && (!document.activeElement || document.activeElement === body);
  const place = lost && ((stood.id && document.getElementById(stood.id)) || part.querySelector?.("[data-focus]"));
  stood = null;
  if (!place) return;
  if (!place.matches("a, button, input, select, textarea, summary")) place.tabIndex = -1;
  place.focus({ preventScroll: true });
});

// Long posts of plain forms say that they are at work, and are sent once.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-busy]");
  if (!form) return;
  form.classList.add("working");
  setTimeout(() => { for (const one of form.querySelectorAll("button")) one.disabled = true; });
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-busy].working")) {
    form.classList.remove("working");
    for (const one of form.querySelectorAll("button")) one.disabled = false;
  }
});

// Anything that streams: an element with data-stream receives server-sent events as parts of the page.
export function stream(root = document) {
  for (const one of root.querySelectorAll("[data-stream]:not([data-streaming])")) {
    one.dataset.streaming = "";
    const source = new EventSource(one.dataset.stream);
    source.addEventListener("part", (event) => {
      const focused = one.contains(document.activeElement) ? document.activeElement.id : "";
      one.innerHTML = event.data; // made and escaped by this server's templates
      htmx.process(one);
      lay(one);
      if (focused) document.getElementById(focused)?.focus();
    });
    source.addEventListener("over", () => source.close());
    addEventListener("pagehide", () => source.close());
  }
}
stream();
body.addEventListener("htmx:afterSettle", () => stream());
