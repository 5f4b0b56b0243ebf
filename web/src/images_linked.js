// Two viewers that go together: window, zoom and place of one follow the other; slices by millimetres.

export function linked(views, box) {
  const [first, second] = views;
  const known = new Map(views.map((view) => [view, state(view)]));
  let busy = false;
  for (const [view, other] of [[first, second], [second, first]]) {
    const before = view.told;
    view.told = (one) => {
      before(one);
      const now = state(view), last = known.get(view);
      known.set(view, now);
      if (busy || !box.checked || same(now, last)) return;
      busy = true;
      follow(other, now, last);
      known.set(other, state(other));
      busy = false;
    };
  }
}

function state(view) {
  return {
    centre: view.centre, width: view.width, slice: view.slice, zoom: view.scale / view.least,
    x: view.centred.x / view.facts.columns, y: view.centred.y / view.facts.rows, step: view.facts.spacing?.length === 3 ? view.facts.spacing[0] : 1,
  };
}

function same(now, last) {
  return Object.keys(now).every((key) => now[key] === last[key]);
}

function follow(other, now, last) {
  if (now.centre !== last.centre || now.width !== last.width) {
    other.window(now);
    other.paint();
  }
  if (now.slice !== last.slice) {
    const step = other.facts.spacing?.length === 3 ? other.facts.spacing[0] : 1;
    other.show(other.slice + Math.round(((now.slice - last.slice) * now.step) / step));
  }
  other.scale = other.least * now.zoom;
  other.centred = { x: now.x * other.facts.columns, y: now.y * other.facts.rows };
  other.draw();
}
