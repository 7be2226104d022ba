// The workspace: forms that have a page of their own open as a dialog on the page one is on.
// Without this script, links and forms do the same, a page at a time.

const dialog = document.querySelector("#dialog");
let opener = null;

// Where tabs or the menu do not fit, the one that is open is in sight.
for (const tab of document.querySelectorAll(":is(.tabs, .rail > .nav) > [aria-current]")) {
  const row = tab.parentElement;
  row.scrollLeft += tab.getBoundingClientRect().right - row.getBoundingClientRect().right;
}

// A link with data-dialog leads to a page with one form, which is shown here instead.
function open(link) {
  opener = link;
  htmx.ajax("GET", link.href, { source: dialog, target: dialog, select: ".dialog.alone > form" });
}

// A selection's button has its form shown here too: it sends what was chosen.
function ask(button, values) {
  opener = button;
  const form = ".dialog.alone > form";
  htmx.ajax("POST", button.formAction, { source: dialog, target: dialog, select: form, values });
}

// To the page that could not be shown here; a selection stays where it is, with the page loaded anew.
function leave() {
  location.assign(opener?.href ?? location.href);
}

function show() {
  const form = dialog.querySelector("form");
  if (!form) {
    // Logged out meanwhile, or gone: the page itself says so.
    leave();
    return;
  }
  if (!dialog.open) dialog.showModal();
  const wrong = form.querySelector(".wrong :is(input, select, textarea):not([type=hidden])");
  (wrong ||
    form.querySelector("[autofocus]") ||
    form.querySelector(":is(input, select, textarea):not([type=hidden])"))?.focus();
}

function tellUnreached(form) {
  form.querySelector(".unreached")?.remove();
  const said = document.querySelector("#unreached").content.cloneNode(true).firstElementChild;
  said.classList.add("unreached");
  form.prepend(said);
}

document.addEventListener("click", (event) => {
  const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey);
  const link = event.target.closest("a[data-dialog]");
  if (link && plain) {
    event.preventDefault();
    open(link);
  }
});

// Before htmx, which would fetch where the link leads.
dialog.addEventListener(
  "click",
  (event) => {
    if (!event.target.closest("a.away")) return;
    event.preventDefault();
    event.stopPropagation();
    dialog.close();
  },
  true,
);

dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  opener?.focus();
});
dialog.addEventListener("ask", (event) => ask(event.detail.button, event.detail.values));
// Not after a part of the form, as a preview: whoever writes goes on writing.
dialog.addEventListener("htmx:afterSettle", (event) => event.target === dialog && show());
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  dialog.addEventListener(name, () => {
    const form = dialog.querySelector("form");
    if (form) tellUnreached(form);
    else leave();
  });
}
