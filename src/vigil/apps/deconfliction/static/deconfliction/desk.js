// The desk's screen: a heartbeat while it is seen and connected, a sound that cannot be missed until it is silenced for
// this one, and keys through the queue. What is silenced is kept for this window and this incident; a row that turns
// loud again later sounds again.
import { gettext } from "../web/texts.js";

const BEAT_MS = 10_000;
const SOUND_MS = 4_000;
const url = () => document.querySelector("[data-beat]")?.dataset.beat;
const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
const screen = (sessionStorage.vigilScreen ??= crypto.randomUUID());
const silenced = new Set(JSON.parse(sessionStorage.vigilSilenced ?? "[]"));
let sound = sessionStorage.vigilSound !== "off";
let speaker = null;

async function beat() {
  if (!url() || document.visibilityState !== "visible") return;
  const body = new URLSearchParams({ screen, csrfmiddlewaretoken: token() });
  try {
    const answer = await fetch(url(), { method: "POST", body, headers: { "X-Requested-With": "live" } });
    say(answer.ok);
  } catch {
    say(false);
  }
}

function say(heard) {
  const state = document.querySelector("[data-desk-state]");
  if (!state) return;
  state.textContent = heard ? gettext("Desk connected") : gettext("This screen is not connected: nobody hears it");
  state.closest(".desk-bar").classList.toggle("is-alone", !heard);
}

function tone() {
  speaker ??= new AudioContext();
  if (speaker.state === "suspended") return;
  for (const [delay, pitch] of [[0, 880], [0.25, 660], [0.5, 880]]) {
    const voice = speaker.createOscillator();
    const volume = speaker.createGain();
    voice.frequency.value = pitch;
    volume.gain.value = 0.2;
    voice.connect(volume).connect(speaker.destination);
    voice.start(speaker.currentTime + delay);
    voice.stop(speaker.currentTime + delay + 0.2);
  }
}

const loud = () => [...document.querySelectorAll("[data-loud]")];

function look() {
  const rows = loud();
  const still = new Set(rows.map((row) => row.dataset.incident));
  for (const one of [...silenced]) if (!still.has(one)) silenced.delete(one);
  sessionStorage.vigilSilenced = JSON.stringify([...silenced]);
  for (const row of rows) {
    row.classList.toggle("is-loud", !silenced.has(row.dataset.incident));
    const button = row.querySelector("[data-silence]");
    if (button) button.hidden = silenced.has(row.dataset.incident);
  }
  const switchOf = document.querySelector("[data-sound]");
  if (switchOf) {
    switchOf.hidden = false;
    switchOf.setAttribute("aria-pressed", String(sound));
    switchOf.textContent = sound ? gettext("Sound on") : gettext("Sound off");
  }
  if (sound && rows.some((row) => !silenced.has(row.dataset.incident))) tone();
}

function silence(row) {
  silenced.add(row.dataset.incident);
  look();
}

function toggleSound() {
  sound = !sound;
  sessionStorage.vigilSound = sound ? "on" : "off";
  look();
}

document.addEventListener("click", (event) => {
  // Browsers let a page sound only after somebody has touched it once.
  speaker?.resume();
  if (event.target.closest("[data-sound]")) toggleSound();
  const button = event.target.closest("[data-silence]");
  if (button) silence(button.closest("[data-loud]"));
});

document.addEventListener("keydown", (event) => {
  speaker?.resume();
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select")) return;
  const links = [...document.querySelectorAll("[data-queue] a")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const next = links[event.key === "ArrowDown" ? Math.min(at + 1, links.length - 1) : Math.max(at - 1, 0)];
    if (next) { event.preventDefault(); next.focus(); }
  } else if (event.key === "s") toggleSound();
  else if (event.key === "n") document.querySelector("[data-enter]")?.click();
  else if (event.key === "m") {
    const row = document.querySelector("[data-queue] .current[data-loud]");
    if (row) silence(row);
  }
});

document.addEventListener("visibilitychange", beat);
document.addEventListener("vigil:refreshed", look);
setInterval(beat, BEAT_MS);
setInterval(look, SOUND_MS);
beat();
look();
