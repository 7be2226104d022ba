// Choosing several applications on the board or in the list: how many they are, ranges with shift,
// all of a column at once. Without this script each has its checkbox, and the bar stands below.

const bar = document.querySelector(".selection");
const form = bar.closest("form");
const dialog = document.querySelector("#dialog");
// From here on the server wants the number typed: SURE in candidates/forms/bulk.py.
const SURE = 20;
let last = null;

const boxes = (within) => [...within.querySelectorAll("[name=chosen]")];
const scope = (box) => box.closest(".stage") ?? form;

function refresh() {
  const number = boxes(form).filter((box) => box.checked).length;
  bar.querySelector(".how-many .number").textContent = number;
  bar.classList.toggle("many", number > SURE);
  if (number === 0) bar.querySelector(".error")?.remove();
  for (const all of form.querySelectorAll("input.all")) {
    const its = boxes(scope(all));
    const chosen = its.filter((box) => box.checked).length;
    all.checked = chosen > 0 && chosen === its.length;
    all.indeterminate = chosen > 0 && chosen < its.length;
    all.disabled = its.length === 0;
  }
}

function chooseRange(box) {
  const its = boxes(scope(box));
  const ends = [its.indexOf(last), its.indexOf(box)].sort((a, b) => a - b);
  if (ends[0] < 0) return;
  for (const between of its.slice(ends[0], ends[1] + 1)) between.checked = box.checked;
}

form.addEventListener("click", (event) => {
  const box = event.target;
  if (box.matches("[name=chosen]")) {
    if (event.shiftKey && last) chooseRange(box);
    last = box;
  } else if (box.matches("input.all")) {
    for (const each of boxes(scope(box))) each.checked = box.checked;
  }
});
form.addEventListener("change", refresh);
form.addEventListener("reset", () => setTimeout(refresh));
window.addEventListener("pageshow", refresh);

// Its page opens as a dialog, over what is chosen.
bar.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=ask]");
  if (!button) return;
  event.preventDefault();
  const sent = new FormData(form, button);
  const values = Object.fromEntries([...new Set(sent.keys())].map((key) => [key, sent.getAll(key)]));
  dialog.dispatchEvent(new CustomEvent("ask", { detail: { button, values } }));
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("select, textarea, input:not([type=checkbox])");
  const open = document.querySelector("dialog[open], :popover-open");
  if (event.key !== "Escape" || open || typing) return;
  form.reset();
});

bar.querySelector(".how-many").hidden = false;
for (const all of form.querySelectorAll("input.all")) all.hidden = false;
refresh();
