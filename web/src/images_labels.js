// Outlines as labels: one number a sample, fetched by the slice, drawn in the colour of each structure that is switched on.

export class Labels {
  constructor(view, layers) {
    this.view = view;
    this.sources = new Map(); // address of labels -> its layers
    for (const one of layers) {
      if (!this.sources.has(one.at)) this.sources.set(one.at, []);
      this.sources.get(one.at).push(one);
    }
    this.bytes = new Map(); // address and slice -> labels
    this.pictures = new Map(); // address -> what was painted last, and for which slice
  }

  // What changed is painted anew; fetched where it is not there yet.
  changed() {
    this.pictures.clear();
    this.view.draw();
  }

  draw(context) {
    for (const [at, layers] of [...this.sources].reverse()) { // the first lies on top
      if (!layers.some((one) => one.on)) continue;
      const picture = this.picture(at, layers);
      if (picture) context.drawImage(picture, 0, 0);
    }
  }

  picture(at, layers) {
    const slice = this.view.slice, known = this.pictures.get(at);
    if (known?.slice === slice) return known.canvas;
    const bytes = this.bytes.get(`${at}/${slice}`);
    if (!bytes) {
      this.load(at, slice);
      return null;
    }
    if (bytes.then) return null;
    const canvas = painted(bytes, layers, this.view.facts);
    this.pictures.set(at, { slice, canvas });
    return canvas;
  }

  load(at, slice) {
    const coming = fetch(`${at}/${slice}`, { credentials: "same-origin" }).then(async (answer) => {
      if (!answer.ok) throw new Error(String(answer.status));
      this.bytes.set(`${at}/${slice}`, new Uint8Array(await answer.arrayBuffer()));
      this.view.draw();
    }).catch(() => {
      this.bytes.set(`${at}/${slice}`, new Uint8Array(0)); // not asked for again and again
      this.view.failed = true;
      this.view.draw();
    });
    this.bytes.set(`${at}/${slice}`, coming);
    if (this.bytes.size > 400) this.bytes.delete(this.bytes.keys().next().value);
  }
}

// A surface lightly tinted, its border in full colour: the grey beneath stays readable.
function painted(labels, layers, facts) {
  const canvas = document.createElement("canvas"), { rows, columns } = facts;
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
  const colours = new Map(layers.filter((one) => one.on).map((one) => [one.value, colour(one)]));
  for (let at = 0; at < labels.length; at += 1) {
    const found = labels[at] && colours.get(labels[at]);
    if (!found) continue;
    const edge = at % columns === 0 || at % columns === columns - 1
      || labels[at - 1] !== labels[at] || labels[at + 1] !== labels[at] || labels[at - columns] !== labels[at] || labels[at + columns] !== labels[at];
    image.data.set([...found.rgb, Math.round(255 * (edge ? Math.min(1, found.opacity * 2) : found.opacity * 0.6))], at * 4);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function colour(layer) {
  return { rgb: [1, 3, 5].map((at) => parseInt(layer.colour.slice(at, at + 2), 16)), opacity: layer.opacity ?? 0.45 };
}

// The same colours as a table for three planes: index, red, green, blue, alpha.
export function table(layers) {
  const made = { I: [0], R: [0], G: [0], B: [0], A: [0], labels: [""] };
  for (const one of [...layers].sort((a, b) => a.value - b.value)) {
    const { rgb, opacity } = colour(one);
    made.I.push(one.value);
    made.R.push(rgb[0]);
    made.G.push(rgb[1]);
    made.B.push(rgb[2]);
    made.A.push(one.on ? Math.min(255, Math.round(510 * opacity)) : 0);
    made.labels.push(one.label);
  }
  return made;
}
