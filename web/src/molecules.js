// The drug desk: a drawing board that is loaded when it is opened, and examples to try.
import "./molecules.css";

const entered = document.getElementById("entered");
const board = document.querySelector("[data-board]");
let editor = null;
let chemistry = null;

// Building blocks: put where the cursor stands, with a ring number that the text does not use yet.
for (const one of document.querySelectorAll("[data-block]")) {
  one.addEventListener("click", () => {
    const ring = [..."123456789"].find((digit) => !entered.value.includes(digit)) ?? "9";
    const block = one.dataset.block === "C#N" ? "C#N" : one.dataset.block.replaceAll("#", ring);
    const at = entered.selectionStart ?? entered.value.length;
    entered.setRangeText(block, at, entered.selectionEnd ?? at, "end");
    if (block === "()") entered.selectionStart = entered.selectionEnd = at + 1;
    window.htmx.trigger(entered, "blocks"); // the focus stays on the button: the next block follows
  });
}

function show(smiles) {
  board.querySelector("[data-drawn]").textContent = smiles;
}

function drawn() {
  const molecule = editor.getMolecule();
  return molecule.getAllAtoms() ? molecule.toIsomericSmiles() : "";
}

async function open() {
  board.showModal();
  if (!editor) {
    chemistry = await import("openchemlib");
    editor = new chemistry.CanvasEditor(board.querySelector("[data-canvas]"), { initialMode: "molecule" });
    editor.setOnChangeListener(() => show(drawn()));
  }
  const first = entered.value.trim().split(/\s/)[0] ?? "";
  if (first && !first.startsWith("InChI")) {
    try {
      editor.setMolecule(chemistry.Molecule.fromSmiles(first));
      show(drawn());
    } catch {
      // What is entered is no SMILES that the board can read: it stays empty, and the server says what is wrong.
    }
  }
  board.dispatchEvent(new Event("opened"));
}

document.querySelector("[data-draw]")?.addEventListener("click", open);
board?.querySelector("[data-close]").addEventListener("click", () => board.close());
board?.querySelector("[data-use]").addEventListener("click", () => {
  const smiles = editor ? drawn() : "";
  board.close();
  if (smiles) send(smiles);
});
for (const one of document.querySelectorAll("[data-example]")) one.addEventListener("click", () => send(one.dataset.example));

function send(text) {
  entered.value = text;
  window.htmx.trigger(entered, "blocks"); // the preview follows
  entered.form.requestSubmit();
}

// A screening that is over shows its result: what streams then holds a link to it.
for (const one of document.querySelectorAll("[data-goes-to]")) {
  new MutationObserver(() => {
    if (one.querySelector("a.button")) location.assign(one.dataset.goesTo);
  }).observe(one, { childList: true });
}
