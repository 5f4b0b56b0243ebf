// The end of a session: warned of two minutes before, then the screen is emptied and left. The server ends it anyway.
// Work counts, also without requests: whoever writes a long note is not signed out in the middle of it.
import "./session.css";

const SOON = 120; // seconds of warning
const TOLD = 60; // the server keeps the last use to the minute, so it may end that much sooner
const place = document.querySelector('meta[name="idle"]');
const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

if (place && csrf) watch(Number(place.content));

function watch(idle) {
  const lasts = Math.max(idle - TOLD, Math.min(idle / 2, TOLD)) * 1000; // for idle times of a few seconds, in tests
  const warned = Math.max(lasts - SOON * 1000, lasts / 2);
  const tabs = new BroadcastChannel("suwen-session");
  let seen = Date.now(); // last use by the person, in any tab
  let told = Date.now(); // last request, in any tab
  let box = null;

  tabs.addEventListener("message", (event) => {
    if (event.data.over) leave();
    seen = Math.max(seen, event.data.seen ?? 0);
    told = Math.max(told, event.data.told ?? 0);
  });
  // Signing out in one tab empties the others.
  document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", () => tabs.postMessage({ over: true }));
  // A warned person answers by the button: a hand that brushes the mouse is no work.
  const used = () => {
    if (box) return;
    seen = Date.now();
    if (seen - told > Math.min(TOLD * 1000, lasts / 4)) tell();
  };
  for (const kind of ["keydown", "pointerdown", "wheel", "input"]) {
    document.addEventListener(kind, used, { passive: true, capture: true });
  }
  addEventListener("pageshow", (event) => event.persisted && location.reload()); // nothing is shown from before
  document.addEventListener("visibilitychange", () => document.hidden || look());
  setInterval(look, Math.min(1000, lasts / 10));

  async function tell() {
    told = seen = Date.now();
    tabs.postMessage({ seen, told });
    const answer = await fetch("/session", { redirect: "manual", cache: "no-store" }).catch(() => null);
    if (answer && answer.status !== 204) leave(); // over meanwhile; without a network it is not known
  }

  function look() {
    const quiet = Date.now() - seen;
    if (quiet >= lasts) leave();
    else if (quiet >= warned) warn();
    else if (box) close();
  }

  function warn() {
    if (box) return;
    box = document.createElement("dialog");
    box.className = "session-end";
    const words = document.createElement("p");
    words.textContent = place.dataset.soon;
    words.id = "session-end-words";
    const stay = document.createElement("button");
    stay.type = "button";
    stay.textContent = place.dataset.goOn;
    stay.addEventListener("click", () => close() || tell());
    box.setAttribute("role", "alertdialog");
    box.setAttribute("aria-labelledby", words.id);
    box.append(words, stay);
    box.addEventListener("cancel", () => close() || tell());
    document.body.append(box);
    box.showModal();
  }

  function close() {
    box?.remove();
    box = null;
  }

  let left = false;
  function leave() {
    if (left) return;
    left = true;
    document.body.replaceChildren(); // nothing of a patient stays on the screen, even without a network
    document.title = "";
    tabs.postMessage({ over: true });
    const form = new URLSearchParams({ csrf, ended: "over" });
    fetch("/sign-out", { method: "POST", body: form, redirect: "manual", keepalive: true })
      .catch(() => null)
      .finally(() => location.replace("/sign-in?ended=over"));
  }
}
