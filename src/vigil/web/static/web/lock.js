// Hides the page when nobody has used it for as long as the server allows, or when the login has ended.
// What is typed stays in the page, hidden; without anything typed the page is left for the login.
import { touched } from "./frame.js";

const { session: url, idle, whose } = document.body.dataset;
const ASK_MS = 60000;
const LOOK_MS = 5000;
let used = false;
let told = Date.now();
let lockAt = Date.now() + idle * 1000;
let cover = null;

// Seconds left, asked as somebody who is there, or as a page that asks by itself; null: the login has ended.
async function left(byItself) {
  const headers = byItself ? { "X-Requested-With": "live" } : {};
  const answer = await fetch(url, { headers, cache: "no-store", redirect: "manual" });
  if (!answer.ok) return null;
  const read = await answer.json();
  return read.whose === whose ? read.seconds : null;
}

async function look() {
  if (cover) {
    const seconds = await left(true).catch(() => null);
    if (seconds) unlock(seconds);
    return;
  }
  if (Date.now() >= lockAt) {
    lock(); // hidden first, then asked: a network that hangs shows nothing
    const seconds = await left(true).catch(() => null);
    if (seconds) unlock(seconds);
    else leave();
  } else if (used && Date.now() - told >= ASK_MS) {
    used = false;
    told = Date.now();
    const seconds = await left(false).catch(() => undefined); // undefined: not connected, which ends nothing
    if (seconds) lockAt = Date.now() + seconds * 1000;
    else if (seconds === null) { lock(); leave(); }
  }
}

function lock() {
  if (cover) return;
  cover = document.querySelector("template[data-lock]").content.firstElementChild.cloneNode(true);
  for (const part of document.body.children) if (!part.hidden) { part.hidden = true; part.dataset.lockedAway = ""; }
  document.body.append(cover);
  cover.focus();
}

// Where nothing was typed there is nothing to come back to: on to the login.
function leave() {
  if (document.querySelector("form[data-keeps]") || touched(document.querySelector("main"))) return;
  location.replace(`/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
}

function unlock(seconds) {
  if (!cover) return;
  cover.remove();
  cover = null;
  for (const part of document.querySelectorAll("[data-locked-away]")) { part.hidden = false; delete part.dataset.lockedAway; }
  lockAt = Date.now() + seconds * 1000;
}

for (const type of ["pointerdown", "keydown", "input", "wheel", "touchmove"]) {
  addEventListener(type, () => { used = true; }, { capture: true, passive: true });
}
addEventListener("focus", look);
document.addEventListener("vigil:ended", lock);
setInterval(look, LOOK_MS);
