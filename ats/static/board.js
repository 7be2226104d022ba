// The board: cards are moved by dragging them, or from a menu by hand or by key (m). A move goes
// to the server with the stage that the card was seen in; the answer redraws what has changed.
// Without this script the checkboxes and the bar below them do the same.

const form = document.querySelector("#board-form");
const board = form.querySelector(".board");
const bar = form.querySelector(".selection");
const where = document.querySelector("#where");
const said = document.querySelector("#said");
let dragged = [];
let menuFor = [];

const box = (card) => card.querySelector("[name=chosen]");
const chosen = () => [...form.querySelectorAll(".card:has([name=chosen]:checked)")];
const column = (stage) => board.querySelector(`.stage[data-stage="${stage}"]`);
const words = (id) => document.getElementById(id).content.cloneNode(true);
const tellChange = () => form.dispatchEvent(new Event("change"));

function prepare(card) {
  if (!box(card)) return;
  card.draggable = true;
  card.querySelector(".who").draggable = false;
  const menu = words("card-menu").firstElementChild;
  const name = card.querySelector(".who").textContent;
  for (const button of menu.children) button.setAttribute("aria-label", `${button.title} ${name}`);
  card.append(menu);
}

// Moving -------------------------------------------------------------------------------------

async function move(cards, to, { focus = false } = {}) {
  const moving = cards.filter((card) => card.dataset.stage !== to);
  if (moving.length === 0) return;
  forget();
  const data = new FormData(form);
  data.set("stage", to);
  data.delete("chosen");
  for (const card of moving) data.append("chosen", box(card).value);
  const places = moving.map((card) => [card, card.parentNode, card.nextElementSibling]);
  const putBack = () => {
    for (const [card, list, next] of places.reverse()) {
      list.insertBefore(card, next?.parentNode === list ? next : list.querySelector(".empty"));
      card.classList.remove("moving");
    }
    count();
  };
  for (const card of moving) {
    card.classList.add("moving");
    append(card, to);
  }
  tellNobody();
  const answer = await send(data);
  if (answer.ok || answer.status === 409) {
    redraw(await parsed(answer), putBack);
    if (focus) document.getElementById(moving[0].id)?.querySelector(".who").focus();
    return;
  }
  putBack();
  if (answer.redirected) location.assign(location.href);
  else if (answer.status === 422) tellWrong(await parsed(answer), moving, to);
  else tell(answer.status ? "changed" : "not-moved");
}

// Returns the answer, or one without a status if there was none.
async function send(body) {
  const headers = { "HX-Request": "true" };
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers });
    return answer.redirected ? { redirected: true } : answer;
  } catch {
    return {};
  }
}

async function parsed(answer) {
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function append(card, stage) {
  const list = column(stage).querySelector("ul");
  list.insertBefore(card, list.querySelector(".empty"));
}

function redraw(answer, putBack) {
  const news = [answer.querySelector(".said").textContent.replace(/\s+/g, " ").trim()];
  if (answer.querySelector(".left")) putBack();
  for (const fresh of [...answer.querySelectorAll("li.card")]) {
    const old = document.getElementById(fresh.id);
    const stage = fresh.dataset.stage;
    const stays = !stage || old?.closest(".stage")?.dataset.stage === stage;
    const happened = fresh.querySelector(".happened");
    if (happened) news.push(`${fresh.querySelector(".who").textContent}: ${happened.textContent}`);
    if (old && stays) old.replaceWith(fresh);
    else if (column(stage)) {
      old?.remove();
      append(fresh, stage);
    } else old?.remove();
    prepare(fresh);
  }
  for (const number of answer.querySelectorAll("data[data-count]")) {
    const name = `[data-count="${number.dataset.count}"]`;
    for (const shown of document.querySelectorAll(name)) shown.textContent = number.textContent;
  }
  count();
  tellChange();
  said.textContent = news.join(" ");
}

// What follows from the cards and the counts: how many more there are, and who has none.
function count() {
  for (const stage of board.querySelectorAll(".stage[data-stage]")) {
    const shown = stage.querySelectorAll(".card:not(.left)").length;
    const rest = Number(stage.querySelector(".count").textContent) - shown;
    stage.querySelector(".rest").hidden = rest <= 0;
    stage.querySelector(".rest .number").textContent = rest;
  }
  tellNobody();
}

function tellNobody() {
  for (const empty of board.querySelectorAll(".empty"))
    empty.hidden = empty.parentNode.querySelector(".card") !== null;
}

// Saying what went wrong ----------------------------------------------------------------------

function forget() {
  document.querySelector(".boardpage > header > .notice.here")?.remove();
  bar.querySelector(".error")?.remove();
}

function tell(id) {
  const notice = words(id).firstElementChild;
  notice.classList.add("here");
  document.querySelector(".boardpage > header").prepend(notice);
  notice.scrollIntoView({ block: "nearest" });
}

// In the bar, over what is chosen: there it can be mended.
function tellWrong(answer, cards, to) {
  for (const card of cards) box(card).checked = true;
  tellChange();
  bar.querySelector("select").value = to;
  bar.querySelector("select").dataset.isSet = "";
  const error = document.createElement("p");
  error.className = "error";
  error.setAttribute("role", "alert");
  error.textContent = answer.querySelector(".dialog .error span, .dialog [role=alert]").textContent;
  bar.prepend(error);
  bar.querySelector(bar.matches(".many") ? "[name=confirm]" : "select").focus();
}

// By dragging --------------------------------------------------------------------------------

function aim(stage) {
  const aimed = board.querySelector(".stage.target");
  if (aimed === stage) return;
  aimed?.classList.remove("target");
  stage?.classList.add("target");
}

// Several are shown by their number.
function ghost(event) {
  const shown = document.createElement("p");
  shown.className = "ghost";
  shown.append(words("many"));
  shown.querySelector(".number").textContent = dragged.length;
  document.body.append(shown);
  event.dataTransfer.setDragImage(shown, 16, 16);
  setTimeout(() => shown.remove());
}

board.addEventListener("dragstart", (event) => {
  const card = event.target.closest?.(".card[draggable=true]");
  if (!card) return;
  dragged = box(card).checked ? chosen() : [card];
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("application/x-halbjahr", "");
  if (dragged.length > 1) ghost(event);
  for (const each of dragged) each.classList.add("dragged");
});
board.addEventListener("dragover", (event) => {
  const stage = dragged.length ? event.target.closest(".stage[data-stage]") : null;
  aim(stage);
  if (!stage) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
});
board.addEventListener("dragleave", (event) => {
  if (!board.contains(event.relatedTarget)) aim(null);
});
board.addEventListener("drop", (event) => {
  const stage = dragged.length ? event.target.closest(".stage[data-stage]") : null;
  if (!stage) return;
  event.preventDefault();
  move(dragged, stage.dataset.stage);
});
board.addEventListener("dragend", () => {
  for (const card of board.querySelectorAll(".dragged")) card.classList.remove("dragged");
  dragged = [];
  aim(null);
});

// From the menu, and by key ------------------------------------------------------------------

function openMenu(cards, anchor) {
  menuFor = cards;
  const whom = where.querySelector(".whom");
  if (cards.length === 1) whom.replaceChildren(cards[0].querySelector(".who").textContent);
  else {
    whom.replaceChildren(words("many"));
    whom.querySelector(".number").textContent = cards.length;
  }
  for (const choice of where.querySelectorAll("[data-stage]"))
    choice.disabled = cards.every((card) => card.dataset.stage === choice.dataset.stage);
  where.showPopover();
  const at = anchor.getBoundingClientRect();
  const most = [innerWidth - where.offsetWidth - 8, innerHeight - where.offsetHeight - 8];
  where.style.left = `${Math.max(8, Math.min(at.left, most[0]))}px`;
  where.style.top = `${Math.max(8, Math.min(at.bottom, most[1]))}px`;
  where.querySelector("[data-stage]:enabled")?.focus();
}

// For the card, or if it is one of the chosen for all of them.
board.addEventListener("click", (event) => {
  const button = event.target.closest(".of-card button");
  if (!button) return;
  const card = button.closest(".card");
  if (button.dataset.key === "m") openMenu(box(card).checked ? chosen() : [card], button);
  else if (!box(card).checked) ask([card]);
  else ask(chosen());
});

// The bar's button sends what is chosen, so a card that is not becomes the only one.
function ask(cards) {
  for (const each of form.querySelectorAll("[name=chosen]"))
    each.checked = cards.includes(each.closest(".card"));
  tellChange();
  bar.querySelector("button[name=ask]").click();
}

where.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-stage]");
  if (!choice) return;
  where.hidePopover();
  move(menuFor, choice.dataset.stage, { focus: true });
});
where.addEventListener("keydown", (event) => {
  event.stopPropagation(); // the page's own keys wait
  const choices = [...where.querySelectorAll("[data-stage]:enabled")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = choices.indexOf(document.activeElement) + step;
  choices.at(next % choices.length).focus();
});

form.addEventListener("submit", (event) => {
  if (event.submitter?.name !== "move") return;
  event.preventDefault();
  move(chosen(), bar.querySelector("select").value, { focus: true });
});

// The bar proposes the stage after that of the first chosen card, until somebody sets it.
form.addEventListener("change", ({ target }) => {
  const select = bar.querySelector("select");
  if (target === select) select.dataset.isSet = "";
  const first = chosen()[0];
  if (!first) delete select.dataset.isSet;
  else if (!("isSet" in select.dataset)) {
    const own = select.querySelector(`[value="${first.dataset.stage}"]`);
    if (own?.nextElementSibling) select.value = own.nextElementSibling.value;
  }
});

// On a phone, the tab of the column that one looks at.
const looks = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const tab = document.querySelector(`.tabs.stages a[href="#${target.id}"]`);
      if (isIntersecting) tab?.setAttribute("aria-current", "true");
      else tab?.removeAttribute("aria-current");
    }
  },
  { root: board, threshold: 0.6 },
);
for (const stage of board.children) looks.observe(stage);

for (const card of board.querySelectorAll(".card")) prepare(card);
