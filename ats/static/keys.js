// Shortcuts: one key each, never while somebody types and never with Ctrl, Alt or Meta. An element
// says its key by data-key; j and k step through rows and cards where a page has no such element.

const ROWS = ".card .who, .todo > a";
const overlay = document.querySelector("#keys");
const choice = document.querySelector("#keys-on");
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

// A person can turn them off: speech input types letters too (WCAG 2.1.4).
function isOn() {
  return localStorage.getItem("keys") !== "off";
}

function step(by) {
  const rows = [...document.querySelectorAll(ROWS)].filter((row) => row.offsetParent);
  const row = document.activeElement.closest(".card, .todo");
  const here = rows.findIndex((each) => row?.contains(each));
  const next = here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by;
  rows[next]?.focus();
}

// In the row that one stands in, else on the page, but never in some other row.
function find(key) {
  const wanted = `[data-key="${key}"]`;
  const row = document.activeElement.closest(".card, .todo");
  const inside = row?.querySelector(wanted);
  if (inside) return inside;
  const all = [...document.querySelectorAll(wanted)];
  return all.find((each) => each.offsetParent && !each.closest(".card, .todo"));
}

function act(key) {
  if (key === "/") return focus(document.querySelector(".search input"));
  if (key === "n") return focus(document.querySelector(".note-form textarea"));
  if (key === "?") return overlay.showModal();
  if (key === "o") return document.activeElement.closest("a")?.click();
  const target = find(key);
  if (target) return target.matches(TYPING) ? focus(target) : target.click();
  if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
}

function focus(field) {
  field?.focus();
  field?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.isComposing || event.repeat) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.target.matches(TYPING)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (!isOn() || !"jkmrno/?".includes(event.key)) return;
  event.preventDefault();
  act(event.key);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys]")) overlay.showModal();
});
choice.checked = isOn();
choice.addEventListener("change", () => localStorage.setItem("keys", choice.checked ? "on" : "off"));
for (const button of document.querySelectorAll("[data-keys]")) button.hidden = false;
