/* Puts the form's files up as soon as they are chosen or dropped, each with its progress and its
   verdict; the form then sends their tokens alone. Without this script the form does the same in
   one post. No words here: they stand in the page, in careers/_upload.html. */

const box = document.getElementById("files");
const form = box.form;
const input = document.getElementById("attachments");
const list = box.querySelector("ul");
const drop = box.querySelector(".drop");
const news = document.getElementById("file-news");
const hint = document.getElementById("send-hint");
const words = document.getElementById("file-words").dataset;

/* How many go up at once; and for how long a connection may say nothing, in milliseconds. */
const LANES = 2;
const SILENCE = 30_000;
const JUDGING = 120_000;
/* Progress is told at each quarter, but not more often than this. */
const PAUSE = 4_000;

/* A row has: item (its element), file, state, name, size, said, percent, token, request. */
const rows = new Map();
const queue = [];
let sending = 0;
let held = false; // the form was sent and waits for its files
let replaced = null; // the row whose place the next file takes
let count = 0;
/* The first file begins the browser session that all belong to, so it goes up alone. */
let lanes = list.querySelector("[name=staged]") ? LANES : 1;

// Words ------------------------------------------------------------------------------------

const fit = (text, values) => text.replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);

const plural = (key, n) => fit(n === 1 ? words[`${key}One`] : words[key], { count: n });

function size(bytes) {
  if (bytes < 999_500) return `${Math.max(1, Math.round(bytes / 1000))} KB`;
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return `${(bytes / 1e6).toLocaleString(document.documentElement.lang, digits)} MB`;
}

/* What comes within a moment is told together: a screen reader drops what it is interrupted in. */
let unsaid = [];
function say(text) {
  unsaid.push(text);
  if (unsaid.length > 1) return;
  setTimeout(() => {
    news.textContent = unsaid.join(" ");
    unsaid = [];
  }, 300);
}

const sayRow = (row) => say(`${row.name}: ${row.item.querySelector(".said").textContent.trim()}`);

// Rows -------------------------------------------------------------------------------------

function fill(item, values) {
  for (const element of [item, ...item.querySelectorAll("*")]) {
    for (const attribute of element.attributes) attribute.value = fit(attribute.value, values);
    for (const child of element.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) child.data = fit(child.data, values);
    }
  }
}

const blank = (state) => document.getElementById(`file-${state}`).content.firstElementChild;

/* Draws a row anew in another state; the keyboard stays where it was. */
function show(row, state, news = {}) {
  Object.assign(row, news, { state });
  const item = blank(state).cloneNode(true);
  fill(item, row);
  item.id = row.item?.id || `upload-${++count}`;
  if (!row.file) item.querySelector("progress")?.remove();
  const focused = row.item?.contains(document.activeElement);
  if (row.item) row.item.replaceWith(item);
  else list.append(item);
  rows.delete(row.item);
  rows.set(item, row);
  row.item = item;
  if (focused) item.querySelector("button").focus();
  update();
}

function update() {
  const left = sending + queue.length;
  list.hidden = !list.children.length;
  hint.hidden = !left;
  hint.textContent = left ? plural(held ? "held" : "busy", left) : "";
  if (notice?.isConnected) write(notice);
}

function remove(row) {
  drain(row);
  if (row.token) post(`${words.url}${row.token}/remove/`);
  const near = row.item.nextElementSibling ?? row.item.previousElementSibling;
  const focused = row.item.contains(document.activeElement);
  row.item.remove();
  rows.delete(row.item);
  if (focused) (near?.querySelector("button") ?? input).focus();
  say(fit(words.removed, row));
  update();
  settle();
}

/* Takes a row out of the traffic. */
function drain(row) {
  const place = queue.indexOf(row);
  if (place >= 0) queue.splice(place, 1);
  row.gone = true;
  row.request?.abort();
}

// Traffic ----------------------------------------------------------------------------------

const headers = () => ({
  "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
  Accept: "application/json",
});

/* The answer does not matter: what is not removed goes by itself. */
const post = (url) =>
  fetch(url, { method: "POST", headers: headers(), keepalive: true }).catch(() => {});

function take(files) {
  const before = sending + queue.length;
  for (const { file, folder } of files) {
    const row = replaced && rows.has(replaced.item) ? replaced : {};
    replaced = null;
    const bytes = size(file.size);
    Object.assign(row, { file, name: file.name, size: bytes, state: null, old: false });
    const kept = [...rows.values()].filter(({ state }) => state && state !== "refused");
    if (folder) refuse(row, words.folder);
    else if (kept.length >= words.most) refuse(row, words.tooMany);
    else if (file.size > words.bytes) refuse(row, words.tooLarge);
    else start(row);
  }
  const left = sending + queue.length;
  if (left > before) say(plural("busy", left));
}

function refuse(row, said) {
  show(row, "refused", { said });
  sayRow(row);
}

function start(row) {
  queue.push(row);
  show(row, "sending", { percent: 0, gone: false });
  speak(row, words.queued);
  next();
}

function next() {
  while (queue.length && sending < lanes) send(queue.shift());
  update();
}

function send(row) {
  const request = new XMLHttpRequest();
  const body = new FormData();
  body.append("attachments", row.file, row.file.name);
  request.open("POST", words.url);
  request.responseType = "json";
  for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
  request.upload.onprogress = (event) => progress(row, event);
  request.onloadend = () => {
    clearTimeout(row.watch);
    sending -= 1;
    if (!row.gone) answer(row, request.status, request.response);
    next();
    settle();
  };
  Object.assign(row, { request, told: Date.now() });
  sending += 1;
  watch(row, SILENCE);
  speak(row, fit(pattern, row));
  request.send(body);
}

const pattern = blank("sending").querySelector(".said").textContent;

function speak(row, text) {
  row.item.querySelector(".said").textContent = text;
}

function watch(row, patience) {
  clearTimeout(row.watch);
  row.watch = setTimeout(() => row.request.abort(), patience);
}

let lastTold = 0;
function progress(row, { loaded, total }) {
  const percent = Math.floor((100 * loaded) / total);
  const quarter = Math.floor(percent / 25) > Math.floor(row.percent / 25) && percent < 100;
  row.percent = percent;
  row.item.querySelector("progress").value = percent;
  speak(row, percent < 100 ? fit(pattern, row) : words.checking);
  watch(row, percent < 100 ? SILENCE : JUDGING);
  const now = Date.now();
  if (quarter && now - row.told > 1000 && now - lastTold > PAUSE) {
    lastTold = now;
    say(fit(words.milestone, row));
  }
}

function answer(row, status, reply) {
  if (status === 201 && reply?.token) {
    lanes = LANES;
    const { token, name } = reply;
    show(row, reply.verdict === "pending" ? "waits" : "good", { token, name, size: size(reply.size) });
  } else if (status === 413) {
    show(row, "refused", { said: words.tooLarge });
  } else if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    lanes = reply?.code ? LANES : lanes;
    show(row, "refused", { said: reply?.message || words.failed, name: reply?.name || row.name });
  } else {
    const said = reply?.message || (status ? words.failed : fit(words.cut, row));
    show(row, "lost", { said });
  }
  sayRow(row);
}

// Sending the form -------------------------------------------------------------------------

/* What the server has named is told already. */
const unmended = () =>
  [...rows.values()].filter((row) => ["refused", "lost"].includes(row.state) && !row.old);

let notice = null;
const title = document.title;

/* Says at the top and in the title what is to be mended, until it is. */
function mend() {
  notice = document.getElementById("file-notice").content.firstElementChild.cloneNode(true);
  write(notice);
  form.querySelector(".notice")?.remove();
  (form.querySelector(".pair") ?? box).before(notice);
  notice.focus();
}

function write(notice) {
  const bad = unmended();
  if (!bad.length) notice.remove();
  document.title = (bad.length ? words.error : "") + title;
  notice.querySelector("h2").textContent = plural("mend", bad.length);
  notice.querySelector("ul").replaceChildren(...bad.map(line));
}

function line(row) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = `#${row.item.id}`;
  link.textContent = `${row.name}: ${row.said}`;
  item.append(link);
  return item;
}

function settle() {
  if (!held || sending || queue.length) return;
  held = false;
  form.requestSubmit();
}

form.addEventListener("submit", (event) => {
  const bad = unmended();
  const left = sending + queue.length;
  if (!bad.length && !left) return;
  event.preventDefault();
  held = !bad.length;
  update();
  if (held) say(hint.textContent);
  else mend();
});

/* A connection that is known to be gone need not be waited for. */
addEventListener("offline", () => {
  for (const row of rows.values()) if (row.state === "sending") row.request?.abort();
});

addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});

// Hands ------------------------------------------------------------------------------------

function choose(row) {
  input.multiple = false;
  input.click();
  input.multiple = true;
  replaced = row;
}

const acts = {
  cancel: remove,
  remove,
  replace: choose,
  retry: (row) => (row.file ? start(row) : choose(row)),
};

list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  event.preventDefault();
  acts[button.dataset.act ?? button.name](rows.get(button.closest("li")));
});

input.onclick = input.oncancel = () => (replaced = null);

function chosen() {
  const files = [...input.files].map((file) => ({ file }));
  input.value = "";
  take(files);
}
input.addEventListener("change", chosen);

const brings = (event) => event.dataTransfer?.types.includes("Files");

addEventListener("dragover", (event) => {
  if (!brings(event)) return;
  event.preventDefault();
  drop.classList.add("over");
});

addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.classList.remove("over");
});

addEventListener("drop", (event) => {
  if (!brings(event)) return;
  event.preventDefault();
  drop.classList.remove("over");
  replaced = null;
  const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
  take(
    items.map((item) => ({
      file: item.getAsFile(),
      folder: item.webkitGetAsEntry()?.isDirectory,
    })),
  );
});

// Beginning --------------------------------------------------------------------------------

/* What the server has drawn becomes ours, and gets the buttons that only a script can serve. */
for (const item of list.querySelectorAll("li")) {
  const text = (part) => item.querySelector(part)?.textContent.trim() ?? "";
  const state = ["good", "waits", "refused", "lost"].find((name) => item.classList.contains(name));
  const row = { item, name: text(".name b"), size: text(".name span"), said: text(".said") };
  rows.set(item, Object.assign(row, { state, old: true, token: item.querySelector("input")?.value }));
  if (!row.token) show(row, state);
}
input.classList.add("unseen");
input.removeAttribute("aria-label");
drop.hidden = false;
for (const part of drop.querySelectorAll("label, .hint")) part.hidden = false;
drop.querySelector("[name=add]").hidden = true;
if (input.files.length) chosen();
update();
