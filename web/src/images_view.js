// One image on a canvas: samples through a window, layers above, measurements above these; all in the image's own pixels.
import { Labels } from "./images_labels.js";
import { NEEDED, said } from "./images_measures.js";

const ARRAYS = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, float32: Float32Array };
const MOST_SLICES = 400; // kept opened in the browser's memory
const INK = "#ffe066", MARK = "#ff5c8a", KEPT = "#8ce99a";

export class View {
  constructor(canvas, given, told) {
    this.canvas = canvas;
    this.facts = given.facts;
    this.at = given.at;
    this.words = given.words;
    this.told = told; // called after each change
    this.slice = Math.floor((this.facts.slices - 1) / 2);
    this.slices = new Map();
    this.layers = [];
    this.labels = new Labels(this, []);
    this.measures = [];
    this.kept = [];
    this.marked = null; // of those kept, the one that was asked for
    this.points = [];
    this.tool = "window";
    this.invert = false;
    this.place = null;
    this.failed = false;
    this.picture = document.createElement("canvas");
    this.picture.width = this.facts.columns;
    this.picture.height = this.facts.rows;
    const [high, wide] = this.facts.spacing ? this.facts.spacing.slice(-2) : [1, 1];
    this.stretch = { x: wide / Math.min(high, wide), y: high / Math.min(high, wide) };
    this.cross = { x: this.facts.columns / 2, y: this.facts.rows / 2 };
    this.window(this.facts.windows[0]);
    new ResizeObserver(() => this.fit()).observe(canvas);
    this.fit();
    this.ready = this.show(this.slice);
  }

  // Size of the canvas on the screen, and the image laid into its middle.
  fit() {
    const box = this.canvas.getBoundingClientRect(), fine = window.devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(box.width * fine));
    this.canvas.height = Math.max(1, Math.round(box.height * fine));
    const whole = { x: this.facts.columns * this.stretch.x, y: this.facts.rows * this.stretch.y };
    this.least = Math.min(this.canvas.width / whole.x, this.canvas.height / whole.y);
    this.scale = this.least;
    this.centred = { x: this.facts.columns / 2, y: this.facts.rows / 2 };
    this.draw();
  }

  reset() {
    this.invert = false;
    this.place = null;
    this.window(this.facts.windows[0]);
    this.paint();
    this.fit();
  }

  window({ centre, width }) {
    this.centre = centre;
    this.width = Math.max(width, this.facts.high - this.facts.low < 10 ? 0.001 : 1);
  }

  // From the image to the canvas and back.
  toCanvas({ x, y }) {
    return {
      x: this.canvas.width / 2 + (x - this.centred.x) * this.scale * this.stretch.x,
      y: this.canvas.height / 2 + (y - this.centred.y) * this.scale * this.stretch.y,
    };
  }

  toImage(event) {
    const box = this.canvas.getBoundingClientRect(), fine = this.canvas.width / box.width;
    return {
      x: this.centred.x + ((event.clientX - box.left) * fine - this.canvas.width / 2) / (this.scale * this.stretch.x),
      y: this.centred.y + ((event.clientY - box.top) * fine - this.canvas.height / 2) / (this.scale * this.stretch.y),
    };
  }

  toScreen(point) {
    const box = this.canvas.getBoundingClientRect(), fine = this.canvas.width / box.width, at = this.toCanvas(point);
    return { x: box.left + at.x / fine, y: box.top + at.y / fine };
  }

  zoom(by, about = this.centred) {
    const next = Math.min(Math.max(this.scale * by, this.least * 0.5), this.least * 40);
    const share = this.scale / next;
    this.centred = { x: about.x + (this.centred.x - about.x) * share, y: about.y + (this.centred.y - about.y) * share };
    this.scale = next;
    this.draw();
  }

  pan(x, y) {
    this.centred = { x: this.centred.x - x / (this.scale * this.stretch.x), y: this.centred.y - y / (this.scale * this.stretch.y) };
    this.draw();
  }

  async load(number) {
    if (this.slices.has(number)) return this.slices.get(number);
    const coming = fetch(`${this.at}/slices/${number}`, { credentials: "same-origin" }).then(async (answer) => {
      if (!answer.ok) throw new Error(String(answer.status));
      return new ARRAYS[this.facts.type](await answer.arrayBuffer());
    });
    coming.catch(() => this.slices.delete(number));
    this.slices.set(number, coming);
    if (this.slices.size > MOST_SLICES) this.slices.delete(this.slices.keys().next().value);
    return coming;
  }

  async show(number) {
    this.slice = Math.min(Math.max(number, 0), this.facts.slices - 1);
    const wanted = this.slice;
    try {
      const samples = await this.load(wanted);
      if (wanted !== this.slice) return; // somebody has gone on meanwhile
      this.samples = samples;
      this.failed = false;
      this.paint();
      for (const next of [wanted + 1, wanted - 1, wanted + 2]) if (next >= 0 && next < this.facts.slices) this.load(next).catch(() => {});
    } catch {
      this.failed = true;
      this.told(this);
    }
  }

  // Samples through the window into the picture (DICOM PS3.3 C.11.2.1.2.1, linear).
  paint() {
    if (!this.samples) return;
    const context = this.picture.getContext("2d");
    const image = context.createImageData(this.facts.columns, this.facts.rows);
    const out = new Uint32Array(image.data.buffer), low = this.centre - this.width / 2, by = 255 / this.width;
    for (let at = 0; at < out.length; at += 1) {
      let grey = (this.samples[at] - low) * by;
      grey = grey < 0 ? 0 : grey > 255 ? 255 : grey | 0;
      if (this.invert) grey = 255 - grey;
      out[at] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
    }
    context.putImageData(image, 0, 0);
    this.draw();
  }

  draw() {
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    const origin = this.toCanvas({ x: 0, y: 0 });
    context.setTransform(this.scale * this.stretch.x, 0, 0, this.scale * this.stretch.y, origin.x, origin.y);
    context.imageSmoothingEnabled = this.scale < 4;
    if (this.samples) context.drawImage(this.picture, 0, 0);
    for (const one of this.layers) {
      if (!one.on || !one.picture) continue;
      context.globalAlpha = one.opacity;
      context.drawImage(one.picture, 0, 0);
    }
    context.globalAlpha = 1;
    context.imageSmoothingEnabled = false;
    this.labels.draw(context);
    context.setTransform(1, 0, 0, 1, 0, 0);
    this.drawPlace(context);
    this.drawSides(context);
    for (const one of this.kept) if (one.slice === this.slice) this.drawMeasure(context, one, true, one === this.marked ? MARK : KEPT);
    for (const one of this.measures) if (one.slice === this.slice) this.drawMeasure(context, one, true);
    if (this.points.length) this.drawMeasure(context, { kind: this.tool, points: [...this.points, this.cross] }, false);
    if (NEEDED[this.tool] && document.activeElement === this.canvas) this.drawCross(context);
    this.told(this);
  }

  drawPlace(context) {
    if (!this.place || (this.place.slice !== undefined && this.place.slice !== this.slice)) return;
    const a = this.toCanvas(this.place.low), b = this.toCanvas(this.place.high);
    context.strokeStyle = MARK;
    context.lineWidth = 3;
    context.setLineDash([8, 5]);
    context.strokeRect(a.x, a.y, b.x - a.x, b.y - a.y);
    context.setLineDash([]);
    context.lineWidth = 2;
    context.beginPath();
    for (const [from, to] of this.place.lines ?? []) {
      const first = this.toCanvas({ x: from[0], y: from[1] }), second = this.toCanvas({ x: to[0], y: to[1] });
      context.moveTo(first.x, first.y);
      context.lineTo(second.x, second.y);
    }
    context.stroke();
  }

  drawSides(context) {
    const [left, right, top, bottom] = this.facts.sides;
    if (!left) return;
    context.font = `${Math.round(this.canvas.height / 36)}px system-ui, sans-serif`;
    context.fillStyle = INK;
    context.textBaseline = "middle";
    const { width, height } = this.canvas, off = height / 40;
    for (const [text, x, y] of [[left, off, height / 2], [right, width - off, height / 2], [top, width / 2, off], [bottom, width / 2, height - off]]) {
      context.textAlign = "center";
      context.fillText(text, x, y);
    }
  }

  drawMeasure(context, one, named, ink = INK) {
    const points = one.points.map((point) => this.toCanvas(point));
    context.strokeStyle = context.fillStyle = ink;
    context.lineWidth = 2;
    context.beginPath();
    if (one.kind === "ellipse" && points.length > 1) {
      const [a, b] = points;
      context.ellipse((a.x + b.x) / 2, (a.y + b.y) / 2, Math.abs(b.x - a.x) / 2, Math.abs(b.y - a.y) / 2, 0, 0, 2 * Math.PI);
    } else {
      points.forEach((point, number) => (number ? context.lineTo(point.x, point.y) : context.moveTo(point.x, point.y)));
    }
    context.stroke();
    if (one.kind !== "ellipse") for (const point of points) context.fillRect(point.x - 3, point.y - 3, 6, 6);
    if (!named || !this.samples) return;
    const last = points.at(-1), text = said(one, this.facts, this.samples, this.words);
    const tall = Math.max(14, Math.round(this.canvas.height / 40));
    context.font = `${tall}px system-ui, sans-serif`;
    context.textAlign = "left";
    const wide = context.measureText(text).width;
    const x = Math.min(last.x + 8, this.canvas.width - wide - 8), y = Math.min(last.y + tall, this.canvas.height - tall);
    context.fillStyle = "rgba(0, 0, 0, 0.65)";
    context.fillRect(x - 4, y - tall * 0.7, wide + 8, tall * 1.4);
    context.fillStyle = ink;
    context.fillText(text, x, y);
  }

  drawCross(context) {
    const at = this.toCanvas(this.cross);
    context.strokeStyle = INK;
    context.lineWidth = 1;
    context.beginPath();
    for (const [x, y] of [[14, 0], [-14, 0], [0, 14], [0, -14]]) {
      context.moveTo(at.x + x / 4, at.y + y / 4);
      context.lineTo(at.x + x, at.y + y);
    }
    context.stroke();
  }

  // A point of a measurement; with the last one it is done.
  point(at) {
    this.points.push({ ...at });
    if (this.points.length >= NEEDED[this.tool]) {
      const [first, second] = this.points;
      if (this.tool === "angle" || first.x !== second.x || first.y !== second.y) {
        this.measures.push({ kind: this.tool, points: this.points, slice: this.slice });
      }
      this.points = [];
    }
    this.draw();
  }

  // What was drawn is in the record now: it comes back with those kept.
  filed() {
    this.measures = [];
    this.points = [];
    this.draw();
  }

  choose(tool) {
    this.tool = tool;
    this.points = [];
    this.draw();
  }

  // A place (indices of the array, low inclusive, high exclusive) brought into the middle and framed, with its lines.
  async find({ low, high, slice, lines }) {
    const deep = low.length === 3;
    if (deep) await this.show(slice ?? Math.floor((low[0] + high[0] - 1) / 2));
    const [top, left] = low.slice(-2), [bottom, right] = high.slice(-2);
    this.place = { low: { x: left, y: top }, high: { x: right, y: bottom }, lines, ...(deep ? { slice: this.slice } : {}) };
    const wide = (right - left) * this.stretch.x, tall = (bottom - top) * this.stretch.y;
    this.scale = Math.min(Math.max(this.least, Math.min(this.canvas.width / wide, this.canvas.height / tall) * 0.3), this.least * 4);
    this.centred = { x: (left + right) / 2, y: (top + bottom) / 2 };
    this.draw();
  }

  async layer(one) {
    const layer = { ...one, opacity: 0.45 };
    this.layers.push(layer);
    return layer;
  }

  // Bytes of a layer made a picture once it is first shown.
  async shown(layer, on) {
    layer.on = on;
    if (on && !layer.picture) {
      const answer = await fetch(layer.at, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      layer.picture = this.coloured(new Uint8Array(await answer.arrayBuffer()), layer.colour);
    }
    this.draw();
  }

  coloured(bytes, colour) {
    const made = document.createElement("canvas");
    made.width = this.facts.columns;
    made.height = this.facts.rows;
    const context = made.getContext("2d"), image = context.createImageData(made.width, made.height);
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    for (let at = 0; at < bytes.length; at += 1) image.data.set([red, green, blue, bytes[at]], at * 4);
    context.putImageData(image, 0, 0);
    return made;
  }
}
