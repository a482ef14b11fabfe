// Live pages: the server says "something changed"; the page fetches itself again and swaps what is marked
// data-live-part, keeping focus and everything typed. When the server falls silent, the page says so.
import { touched } from "./frame.js";
import { fill, gettext } from "./texts.js";

const SILENCE_MS = 30000;
const { live: url, notice: noticeUrl } = document.body.dataset;
let position = document.body.dataset.since || "";
const bar = document.querySelector("[data-lost]");
const title = document.querySelector("[data-lost-title]");
const connection = document.querySelector("[data-connection]");
const connectionWord = document.querySelector("[data-connection-word]");
const announcer = document.querySelector("[data-announce]");
const toasts = document.querySelector("[data-toasts]");
let lastHeard = Date.now();
let lost = false;
let source = null;
let pending = null;
let refreshing = false;
let again = false;

const hm = (at) => new Date(at).toLocaleTimeString("en-US", {
  hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  timeZone: document.querySelector("[data-clock]")?.dataset.zone || undefined,
});

export function announce(text) {
  announcer.textContent = "";
  requestAnimationFrame(() => { announcer.textContent = text; });
}

function setLost(now) {
  if (now === lost) return;
  lost = now;
  bar.hidden = !lost;
  document.body.classList.toggle("is-old", lost);
  connection.classList.toggle("is-lost", lost);
  connectionWord.textContent = lost ? gettext("Not connected") : gettext("Live");
  if (lost) {
    title.textContent = fill(gettext("Not connected since {time}"), { time: hm(lastHeard) });
    announce(fill(gettext("Not connected since {time}. What you see may be out of date. Call the watch desk."), { time: hm(lastHeard) }));
  } else {
    announce(gettext("Connected again."));
    refresh();
  }
}

function heard() {
  lastHeard = Date.now();
  setLost(false);
}

function connect() {
  source?.close();
  source = new EventSource(position ? `${url}?since=${position}` : url);
  source.onopen = heard;
  source.addEventListener("heartbeat", heard);
  source.addEventListener("changed", (event) => { follow(event); refreshSoon(); });
  source.addEventListener("notice", (event) => { follow(event); notice(event); refreshSoon(); });
  source.addEventListener("ended", ended);
  source.onerror = () => {
    setLost(true);
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
  };
}

// A form that somebody fills is not thrown away: it says itself that the login has ended.
function ended() {
  if (!document.querySelector("form[data-keeps]")) { location.reload(); return; }
  source.close();
  setLost(true);
  title.textContent = gettext("Your login has ended");
  document.dispatchEvent(new CustomEvent("vigil:ended"));
}

function follow(event) {
  if (event.lastEventId) position = event.lastEventId;
  heard();
}

function refreshSoon() {
  clearTimeout(pending);
  pending = setTimeout(refresh, 150);
}

// One at a time, and once more for what changed meanwhile: no late answer ever replaces a later one.
async function refresh() {
  again = true;
  if (refreshing) return;
  refreshing = true;
  try {
    while (again) {
      again = false;
      await look();
    }
  } finally {
    refreshing = false;
  }
}

async function look() {
  const parts = document.querySelectorAll("[data-live-part]");
  document.dispatchEvent(new CustomEvent("vigil:changed"));
  if (!parts.length && !document.querySelector(".rail")) return;
  // What a refused button answers with stands at the button's address; the page itself is elsewhere.
  const page = new URL(document.body.dataset.page || location.href, location.href);
  let text;
  try {
    const answer = await fetch(page, {
      headers: { "X-Requested-With": "live" }, cache: "no-store", signal: AbortSignal.timeout(SILENCE_MS),
    });
    if (answer.redirected && new URL(answer.url).pathname !== page.pathname) { location.assign(answer.url); return; }
    // Asked for again with the next sign of life.
    if (answer.status >= 500) { setLost(true); return; }
    if (!answer.ok) return;
    text = await answer.text();
  } catch {
    setLost(true);
    return;
  }
  const fresh = new DOMParser().parseFromString(text, "text/html");
  swap(document.querySelector(".rail ul"), fresh.querySelector(".rail ul"));
  const headingBefore = document.querySelector("h1")?.textContent.trim();
  for (const part of parts) {
    if (busy(part)) continue;
    swap(part, fresh.querySelector(`[data-live-part="${part.dataset.livePart}"]`));
  }
  const heading = document.querySelector("h1");
  if (heading && heading.textContent.trim() !== headingBefore) {
    heading.tabIndex = -1;
    if (heading.closest(".verdict") && !document.activeElement?.closest("input, textarea, select")) heading.focus();
    announce(heading.textContent.trim());
  }
  document.dispatchEvent(new CustomEvent("vigil:refreshed"));
}

// A part in which someone has typed or chosen something is left alone until they send it.
function busy(part) {
  if (part.querySelector("[data-typed]")) return true;
  if (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return true;
  return touched(part);
}

function swap(old, fresh) {
  if (!old || !fresh || old.innerHTML === fresh.innerHTML) return;
  const open = [...old.querySelectorAll("details[open][id]")].map((node) => node.id);
  const focused = old.contains(document.activeElement) ? path(document.activeElement, old) : null;
  old.replaceChildren(...fresh.childNodes);
  if (!fresh.dataset.poll) old.removeAttribute("data-poll");
  for (const attribute of fresh.attributes) old.setAttribute(attribute.name, attribute.value);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused !== null) find(focused, old)?.focus();
  old.classList.add("just-changed");
  setTimeout(() => old.classList.remove("just-changed"), 2000);
}

function path(node, root) {
  if (node.id) return node.id;
  const focusables = [...root.querySelectorAll("a, button, input, select, textarea, [tabindex]")];
  return focusables.indexOf(node);
}

function find(where, root) {
  if (typeof where === "string") return document.getElementById(where);
  return root.querySelectorAll("a, button, input, select, textarea, [tabindex]")[where];
}

async function notice(event) {
  let data;
  try {
    const { notice: id } = JSON.parse(event.data);
    const answer = await fetch(noticeUrl.replace("00000000-0000-0000-0000-000000000000", id), { headers: { "X-Requested-With": "live" }, cache: "no-store" });
    if (!answer.ok) return;
    data = await answer.json();
  } catch { return; }
  const toast = document.createElement("div");
  toast.className = data.urgent ? "toast" : "toast plain";
  toast.setAttribute("role", data.urgent ? "alert" : "status");
  const text = document.createElement("p");
  text.textContent = data.body || gettext("Something changed.");
  toast.append(text);
  if (data.url) {
    const link = document.createElement("a");
    link.href = data.url;
    link.textContent = gettext("Open");
    toast.append(link);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = gettext("Close");
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
  toasts.prepend(toast);
  while (toasts.children.length > 3) toasts.lastChild.remove();
  if (!data.urgent) setTimeout(() => toast.remove(), 12000);
}

// A page whose progress no event tells of (an import) looks again by itself.
let polls = 0;
setInterval(() => {
  const every = Number(document.querySelector("[data-poll]")?.dataset.poll || 0);
  polls += 500;
  if (every && !lost && polls % every === 0) refresh();
}, 500);

window.addEventListener("offline", () => setLost(true));
window.addEventListener("online", connect);
setInterval(() => { if (Date.now() - lastHeard > SILENCE_MS) setLost(true); }, 2000);
window.addEventListener("pagehide", () => source?.close());
window.addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
connect();
