// Measurements that are kept in the record: drawn on the image, shown by their row, filed by the form beside the list.

export function kept(view, root) {
  const form = root.querySelector("form[data-part='keep']");
  form?.addEventListener("submit", () => fill(form, view), true);
  form?.addEventListener("htmx:configRequest", (event) => { event.detail.parameters.drawn = text(view); });
  root.addEventListener("htmx:afterSwap", () => taken(view, root));
  root.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && event.target === form) view.filed();
  });
  root.addEventListener("click", (event) => {
    const number = event.target.closest?.("[data-kept-show]")?.dataset.keptShow;
    if (number !== undefined) show(view, view.kept[Number(number)]);
  });
  taken(view, root);
}

function fill(form, view) {
  form.elements.drawn.value = text(view);
}

function text(view) {
  return JSON.stringify(view.measures.map(({ kind, slice, points }) => ({ kind, slice, points })));
}

function taken(view, root) {
  const part = root.querySelector("[data-part='kept']");
  if (!part) return;
  view.kept = JSON.parse(part.dataset.kept);
  view.draw();
}

async function show(view, one) {
  if (!one) return;
  if (one.slice !== view.slice) await view.show(one.slice);
  view.marked = one;
  view.draw();
  view.canvas.scrollIntoView({ block: "nearest" });
}
