// The viewer of images: what mouse, finger and keys do to it, its layers, its table of places, its three planes.
import "./images.css";
import { kept } from "./images_kept.js";
import { Labels } from "./images_labels.js";
import { linked } from "./images_linked.js";
import { NEEDED, said } from "./images_measures.js";
import { View } from "./images_view.js";

const TOOLS = { w: "window", p: "pan", z: "zoom", l: "length", a: "angle", e: "ellipse" };

const views = [...document.querySelectorAll("[data-viewer]")].map(begin);
const together = document.querySelector("[data-linked]");
if (together && views.length === 2 && views.every(Boolean)) Promise.all(views.map((one) => one.ready)).then(() => linked(views, together));

function begin(root) {
  const given = JSON.parse(root.dataset.viewer);
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const canvas = part("canvas");
  if (!canvas.getContext("2d")) return null;
  const view = new View(canvas, given, (one) => tell(one, part, root));
  root.view = view;
  tools(view, part, root);
  pointer(view, canvas, root);
  keys(view, canvas, part, root);
  slices(view, part);
  layers(view, given, root);
  kept(view, root);
  volume(view, given, part);
  document.querySelectorAll("[data-place]").forEach((row) => place(view, row, canvas));
  asked(view);
  return view;
}

// What the viewer says of itself: window, slice, measurements, failures.
function tell(view, part, root) {
  const { words, facts } = view;
  const number = Math.abs(facts.high - facts.low) < 10 ? 3 : 0;
  const lines = [`${words.centre} ${view.centre.toFixed(number)} · ${words.width} ${view.width.toFixed(number)} ${facts.unit}`];
  if (facts.slices > 1) lines.push(`${words.slice} ${view.slice + 1}/${facts.slices}`);
  if (view.failed) lines.push(words.failed);
  else if (!view.samples) lines.push(words.loading);
  const status = part("status");
  if (status.textContent !== lines.join(" · ")) status.textContent = lines.join(" · ");
  const range = part("slice");
  if (range) range.value = view.slice;
  root.dataset.centre = view.centre;
  root.dataset.width = view.width;
  root.dataset.loaded = view.samples ? "true" : "false";
  if (!view.samples) return;
  const keep = part("keep");
  if (keep) keep.hidden = !view.measures.length;
  const texts = view.measures.map((one) => (facts.slices > 1 ? `${words.slice} ${one.slice + 1}: ` : "") + said(one, facts, view.samples, words));
  const list = part("measures");
  if (!list || list.dataset.shown === texts.join("|")) return;
  list.dataset.shown = texts.join("|");
  list.replaceChildren(...(texts.length ? texts : [words.nothing_measured]).map((text) => {
    const line = document.createElement("li");
    line.textContent = text;
    return line;
  }));
}

function tools(view, part, root) {
  root.addEventListener("change", (event) => {
    if (event.target.name === "tool") {
      view.choose(event.target.value);
      root.dataset.tool = event.target.value;
    }
    if (event.target.dataset.part === "preset") {
      view.window(view.facts.windows[Number(event.target.value)]);
      view.paint();
    }
  });
  const acts = { invert: () => invert(view), reset: () => view.reset(), clear: () => clear(view), play: () => play(view, part("play")) };
  for (const [name, act] of Object.entries(acts)) part(name)?.addEventListener("click", act);
}

function choose(view, root, tool) {
  const one = root.querySelector(`input[name="tool"][value="${tool}"]`);
  if (one) one.checked = true;
  view.choose(tool);
  root.dataset.tool = tool;
}

function invert(view) {
  view.invert = !view.invert;
  view.paint();
}

function clear(view) {
  view.measures = [];
  view.points = [];
  view.draw();
}

// All slices after each other, ten a second; whoever asked for less motion steps by hand.
function play(view, button) {
  if (view.playing) {
    clearInterval(view.playing);
    view.playing = 0;
  } else {
    view.playing = setInterval(() => view.show((view.slice + 1) % view.facts.slices), 100);
  }
  button.textContent = view.playing ? view.words.pause : view.words.play;
  button.setAttribute("aria-pressed", String(Boolean(view.playing)));
}

function pointer(view, canvas, root) {
  let from = null, moved = false;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    from = { x: event.clientX, y: event.clientY, start: view.toImage(event), button: event.button };
    moved = false;
    if (NEEDED[view.tool] && event.button === 0) {
      view.cross = view.toImage(event);
      view.point(view.cross);
    }
  });
  canvas.addEventListener("pointermove", (event) => {
    if (NEEDED[view.tool]) {
      view.cross = view.toImage(event);
      if (from && Math.hypot(event.clientX - from.x, event.clientY - from.y) > 6) moved = true;
      view.draw();
      return;
    }
    if (from) drag(view, from, event);
  });
  canvas.addEventListener("pointerup", (event) => {
    // A measurement is drawn by dragging, or by one click a point.
    if (from && moved && view.points.length && NEEDED[view.tool]) view.point(view.toImage(event));
    from = null;
  });
  canvas.addEventListener("pointercancel", () => { from = null; });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.ctrlKey || view.facts.slices === 1) view.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, view.toImage(event));
    else view.show(view.slice + Math.sign(event.deltaY));
  }, { passive: false });
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("focus", () => view.draw());
  canvas.addEventListener("blur", () => view.draw());
  root.dataset.tool = view.tool;
}

function drag(view, from, event) {
  const fine = view.canvas.width / view.canvas.getBoundingClientRect().width;
  const x = event.clientX - from.x, y = event.clientY - from.y;
  from.x = event.clientX;
  from.y = event.clientY;
  const tool = from.button === 0 ? view.tool : from.button === 1 ? "pan" : "zoom";
  if (tool === "pan") return view.pan(x * fine, y * fine);
  if (tool === "zoom") return view.zoom(Math.exp(-y / 150), from.start);
  const by = Math.max(view.facts.high - view.facts.low, 1e-3) / 600;
  view.window({ centre: view.centre + y * by, width: view.width + x * by });
  return view.paint();
}

function keys(view, canvas, part, root) {
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = TOOLS[key] ? () => choose(view, root, TOOLS[key]) : other(view, part, event);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation(); // the keys of the page are others
    act();
  });
}

const WAYS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

function other(view, part, event) {
  const way = WAYS[event.key];
  if (way) return () => arrow(view, way, event.shiftKey);
  const acts = {
    "+": () => view.zoom(1.25), "=": () => view.zoom(1.25), "-": () => view.zoom(0.8),
    i: () => invert(view), r: () => view.reset(), " ": () => view.facts.slices > 1 && play(view, part("play")),
    Escape: () => { view.points = []; view.draw(); },
    Delete: () => { view.measures.pop(); view.draw(); },
    Home: () => view.show(0), End: () => view.show(view.facts.slices - 1),
    Enter: () => NEEDED[view.tool] && view.point(view.cross),
    k: () => view.measures.length && part("keep")?.requestSubmit(),
  };
  return acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
}

function arrow(view, [x, y], shift) {
  if (NEEDED[view.tool]) {
    const by = shift ? 10 : 1;
    view.cross = { x: view.cross.x + x * by, y: view.cross.y + y * by };
    view.draw();
  } else if (shift && view.tool === "window") {
    const by = Math.max(view.facts.high - view.facts.low, 1e-3) / 50;
    view.window({ centre: view.centre - y * by, width: view.width + x * by });
    view.paint();
  } else if (view.facts.slices > 1 && y) {
    view.show(view.slice + y);
  } else {
    view.pan(-x * 40, -y * 40);
  }
}

function slices(view, part) {
  part("slice")?.addEventListener("input", (event) => view.show(Number(event.target.value)));
}

function layers(view, given, root) {
  outlines(view, given.layers.filter((one) => one.kind === "label"), root);
  for (const one of given.layers.filter((each) => each.kind !== "label")) {
    view.layer(one).then((layer) => {
      const switched = root.querySelector(`[data-layer="${one.name}"]`), range = root.querySelector(`[data-opacity="${one.name}"]`);
      switched?.addEventListener("change", () => view.shown(layer, switched.checked).catch(() => { view.failed = true; view.draw(); }));
      range?.addEventListener("input", () => { layer.opacity = Number(range.value) / 100; view.draw(); });
      if (layer.on) view.shown(layer, true).catch(() => {});
    });
  }
}

function outlines(view, layers, root) {
  view.labels = new Labels(view, layers);
  for (const one of layers) {
    const switched = root.querySelector(`[data-layer="${one.name}"]`), range = root.querySelector(`[data-opacity="${one.name}"]`);
    one.opacity = 0.45;
    const changed = () => {
      view.labels.changed();
      view.volume?.recolour();
    };
    switched?.addEventListener("change", () => { one.on = switched.checked; changed(); });
    range?.addEventListener("input", () => { one.opacity = Number(range.value) / 100; changed(); });
  }
  view.draw();
}

// A row of the table shows its place; a finding beside it keeps its link.
function place(view, row, canvas) {
  const where = JSON.parse(row.dataset.place);
  row.addEventListener("click", (event) => {
    if (event.target.closest("a")) return;
    document.querySelectorAll("[data-place][aria-current]").forEach((one) => one.removeAttribute("aria-current"));
    row.setAttribute("aria-current", "true");
    view.find(where);
    view.volume?.go(where);
    canvas.scrollIntoView({ block: "nearest" });
  });
}

// Whoever comes from a finding is shown its place: low and high behind #place=.
function asked(view) {
  const found = /^#place=(\d+(?:,\d+){3}|\d+(?:,\d+){5})$/.exec(location.hash);
  if (!found) return;
  const numbers = found[1].split(",").map(Number), half = numbers.length / 2;
  view.ready.then(() => view.find({ low: numbers.slice(0, half), high: numbers.slice(half) }));
}

// Three planes and the volume: the library and the data come only when asked for.
function volume(view, given, part) {
  part("volume-load")?.addEventListener("click", async (event) => {
    const button = event.target, status = part("volume-status");
    button.disabled = true;
    status.textContent = given.words.loading;
    try {
      const { begin: draw } = await import("./images_volume.js");
      view.volume = await draw(part("volume-canvas"), given, part, view);
      status.textContent = given.words.volume_ready;
      part("volume-canvas").dataset.loaded = "true";
    } catch (failure) {
      status.textContent = String(failure?.message).includes("WebGL") ? given.words.volume_failed : given.words.failed;
      button.disabled = false;
    }
  });
}
