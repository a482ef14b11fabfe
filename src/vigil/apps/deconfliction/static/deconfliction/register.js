// The register page with a script: fills defaults, reads places back, sets pins, keeps the draft on the server.
// Without it the form works as it is.
import { addLayers, createMap } from "./base_map.js";
import { movable, startDrawing } from "./draw.js";
import { besideOneAnother, drawPlain, placesOf, turned } from "./plain_map.js";
import { announce } from "../web/live.js";
import { fill, gettext, pieces } from "../web/texts.js";

const form = document.getElementById("register");
const csrf = () => form.elements.csrfmiddlewaretoken.value;
const one = (selector, root = form) => root.querySelector(selector);
const all = (selector, root = form) => [...root.querySelectorAll(selector)];
const tick = document.querySelector("[data-icons]").content.firstElementChild;
let activeSite = 0;
let map = null;
let drawing = null;
let drawAgain = null; // the plain drawing, where WebGL is missing
let clearing = false;

// ---- type: fills radius and buffers, stays visible and editable
const type = one("#operation_type");
const lengths = ["radius_m", "buffer_before_min", "buffer_after_min"].map((name) => form.elements[name]);
const touched = new Set(lengths.filter((field) => field.value).map((field) => field.name));

function fillDefaults() {
  const option = type.selectedOptions[0];
  if (!option?.value) return;
  const values = [option.dataset.radius, option.dataset.before, option.dataset.after];
  lengths.forEach((field, index) => { if (!touched.has(field.name)) field.value = values[index]; });
  one("[data-where]").hidden = option.dataset.place === "no";
  sayDefaults();
}

function sayDefaults() {
  const [radius, before, after] = lengths.map((field) => field.value);
  const line = one("[data-defaults]");
  if (radius === "" || !type.value) return;
  const feet = Math.round(Number(radius) * 3.28084).toLocaleString("en-US");
  const buffers = before === after ? gettext("{before} min before and after") : gettext("{before} min before, {after} min after");
  line.replaceChildren(...pieces(gettext("{radius} around each site, {buffers}."), {
    radius: strong(`${radius} m (${feet} ft)`), buffers: strong(fill(buffers, { before, after })) }));
  readPlacesSoon();
  sayWindow();
}

function strong(text) {
  const node = document.createElement("strong");
  node.textContent = text;
  return node;
}

type.addEventListener("change", fillDefaults);
for (const field of lengths) field.addEventListener("input", () => { touched.add(field.name); sayDefaults(); });

// ---- places: read back as typed, with the choices as buttons
const readings = new WeakMap();
// Sites that the map has still to move to. Whichever reading comes first moves it; a later one of the same text does not,
// or the map would jump away under the hand that draws on it.
const toShow = new WeakSet(all("[data-site]"));

function siteParts(site) {
  return { place: one("[data-place]", site), source: one("[data-source]", site),
    uncertainty: one("[data-uncertainty]", site), read: one("[data-read]", site) };
}

// The zones depend on the radius: they come with the reading, true to scale.
let placesWait = null;
function readPlacesSoon() {
  clearTimeout(placesWait);
  placesWait = setTimeout(() => { for (const site of all("[data-site]")) if (one("[data-place]", site).value) readPlace(site); }, 350);
}

async function readPlace(site) {
  const { place, source, uncertainty, read } = siteParts(site);
  const text = place.value.trim();
  if (!text) { readings.delete(site); read.textContent = ""; read.className = "read-back"; drawSites(false); return; }
  let answer;
  try {
    const body = JSON.stringify({ text, source: source.value, uncertainty_m: uncertainty.value, radius_m: lengths[0].value });
    const reply = await fetch(form.dataset.placeUrl, { method: "POST", body, headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() } });
    if (!reply.ok) return;
    answer = await reply.json();
  } catch { return; }
  if (place.value.trim() !== text) return;
  readings.set(site, answer.kind === "place" ? answer : null);
  sayReading(site, answer);
  drawSites(toShow.delete(site));
  readTimes();
}

function sayReading(site, answer) {
  const { place, read } = siteParts(site);
  read.replaceChildren();
  read.className = "read-back";
  if (answer.kind === "place") {
    if (answer.ask_for_pin) read.classList.add("wait");
    else read.append(tick.cloneNode(true));
    const typed = movable(answer.shape) ? "" : ` ${gettext("It cannot be moved on the map: change its text.")}`;
    read.append(Object.assign(document.createElement("span"), { textContent: answer.sentence + typed }));
    site.classList.remove("has-error");
    place.removeAttribute("aria-invalid");
    one(".error", site)?.remove();
    return;
  }
  // What the server has said above the field is not said twice.
  if (!answer.places && one(".error", site)?.textContent === answer.sentence) return;
  read.classList.add("bad");
  const words = document.createElement("span");
  words.append(answer.sentence);
  if (answer.places) {
    const choices = document.createElement("span");
    choices.className = "choices";
    for (const choice of answer.places) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "button grey small", textContent: choice.label });
      button.addEventListener("click", () => { place.value = choice.text; toShow.add(site); readPlace(site); saveSoon(); place.focus(); });
      choices.append(button);
    }
    words.append(choices);
  }
  read.append(words);
}

function wireSite(site) {
  const { place, source, uncertainty } = siteParts(site);
  let wait;
  const index = () => all("[data-site]").indexOf(site);
  place.addEventListener("focus", () => { activeSite = index(); sayPin(); });
  place.addEventListener("input", () => {
    source.value = ""; uncertainty.value = "";
    toShow.add(site);
    clearTimeout(wait);
    wait = setTimeout(() => readPlace(site), 350);
  });
  const locate = one("[data-locate]", site);
  locate.hidden = false;
  locate.addEventListener("click", () => usePosition(site));
  one("[data-remove-site]", site).addEventListener("click", (event) => {
    event.preventDefault();
    site.remove();
    activeSite = 0;
    renumber();
    drawSites();
    saveSoon();
    one("[data-place]").focus();
  });
}

// Why there is no position, by the browser's own numbers; 0 where it was not even asked.
const NO_POSITION = [
  gettext("This page came without HTTPS, so the browser gives no position."),
  gettext("The browser was told not to give your position. Allow it for this page in the browser's settings."),
  gettext("This device does not know where it is just now."),
  gettext("Finding the position took too long. Try again in the open."),
];

function usePosition(site) {
  const { read } = siteParts(site);
  const fail = ({ code }) => {
    read.className = "read-back bad";
    read.textContent = `${NO_POSITION[code]} ${gettext("Type the place or set a pin.")}`;
  };
  if (!navigator.geolocation || !window.isSecureContext) { fail({ code: 0 }); return; }
  read.className = "read-back";
  read.textContent = gettext("Asking this device for its position…");
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    drawing?.remember(site);
    setPlace(site, { text: `${coords.latitude.toFixed(6)}, ${coords.longitude.toFixed(6)}`, source: "device", uncertainty: Math.ceil(coords.accuracy) });
  }, fail, { enableHighAccuracy: true, timeout: 15000 });
}

function setPlace(site, { text, source, uncertainty = "" }, move = true) {
  const parts = siteParts(site);
  parts.place.value = text;
  parts.source.value = source;
  parts.uncertainty.value = uncertainty;
  if (move) toShow.add(site); else toShow.delete(site);
  readPlace(site);
  saveSoon();
}

function renumber() {
  const sites = all("[data-site]");
  sites.forEach((site, index) => {
    for (const node of site.querySelectorAll("[name], [id], [for], [aria-describedby]")) {
      for (const attribute of ["name", "id", "for", "aria-describedby"]) {
        const value = node.getAttribute(attribute);
        if (value) node.setAttribute(attribute, value.replace(/sites-\d+-/g, `sites-${index}-`));
      }
    }
    one("[data-number]", site).textContent = index + 1;
    one("[data-locate]", site).setAttribute("aria-label", fill(gettext("Use my position for site {n}"), { n: index + 1 }));
    const remove = one("[data-remove-site]", site);
    remove.hidden = sites.length === 1;
    remove.querySelector(".usa-sr-only").textContent = ` ${fill(gettext("site {n}"), { n: index + 1 })}`;
  });
  sayPin();
}

one("[data-add-site]").addEventListener("click", (event) => {
  event.preventDefault();
  const sites = all("[data-site]");
  if (sites.length >= 50) { announce(gettext("An operation has at most 50 sites.")); return; }
  const fresh = sites[0].cloneNode(true);
  for (const input of fresh.querySelectorAll("input")) { input.value = ""; input.removeAttribute("aria-invalid"); }
  fresh.classList.remove("has-error");
  for (const node of fresh.querySelectorAll(".error, .has-error, .choices, [data-called]")) node.remove();
  one("[data-read]", fresh).replaceChildren();
  one("[data-read]", fresh).className = "read-back";
  one("[data-sites]").append(fresh);
  renumber();
  wireSite(fresh);
  one("[data-place]", fresh).focus();
});

function sayPin() { for (const node of all("[data-pin-site]")) node.textContent = activeSite + 1; }

// ---- subjects
function wireSubject(row) {
  const kind = one("select", row);
  const value = one("input", row);
  kind.addEventListener("change", () => { value.placeholder = kind.selectedOptions[0].dataset.hint; });
  value.placeholder = kind.selectedOptions[0].dataset.hint;
  const remove = one("[data-remove-subject]", row);
  remove.hidden = false;
  remove.addEventListener("click", () => {
    if (all("[data-subject]").length > 1) row.remove(); else value.value = "";
    saveSoon();
  });
}

one("[data-add-subject]").addEventListener("click", (event) => {
  event.preventDefault();
  const rows = all("[data-subject]");
  if (rows.length >= 200) { announce(gettext("An operation has at most 200 subjects.")); return; }
  const fresh = rows[0].cloneNode(true);
  const index = Math.max(...rows.map((row) => Number(one("input", row).name.split("-")[1]))) + 1;
  for (const node of fresh.querySelectorAll("[name]")) node.name = node.name.replace(/subjects-\d+-/, `subjects-${index}-`);
  for (const node of fresh.querySelectorAll(".error, .choices")) node.remove();
  fresh.classList.remove("has-error");
  const input = one("input", fresh);
  input.id = input.name;
  input.value = "";
  input.setAttribute("aria-label", fill(gettext("Subject {n}"), { n: index + 1 }));
  one("select", fresh).setAttribute("aria-label", fill(gettext("Kind of subject {n}"), { n: index + 1 }));
  one("[data-remove-subject]", fresh).setAttribute("aria-label", fill(gettext("Remove subject {n}"), { n: index + 1 }));
  one("[data-subjects]").append(fresh);
  wireSubject(fresh);
  input.focus();
});

// ---- window: read on the server in the site's local time, shown with its buffers
const starts = form.elements.starts_at;
const ends = form.elements.ends_at;
let endsTouched = Boolean(ends.value);
let times = null;
let timesWait = null;

function siteZone() {
  const first = all("[data-site]").map((site) => readings.get(site)).find(Boolean);
  return first?.zone || form.dataset.zone;
}

// Wall times as if they were UTC: enough for arithmetic on one wall.
const asLocal = (at) => new Date(at).toISOString().slice(0, 16);

function wallNow() {
  const parts = new Intl.DateTimeFormat("sv-SE", { timeZone: siteZone(), dateStyle: "short", timeStyle: "short" }).format(new Date());
  return Date.parse(`${parts.replace(" ", "T")}Z`);
}

function span(minutes) {
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return fill(gettext("{n} days"), { n: Math.round(minutes / 1440) });
}

function readTimesSoon() { clearTimeout(timesWait); timesWait = setTimeout(readTimes, 350); }

async function readTimes() {
  if (!starts.value.trim()) { times = null; sayWindow(); return; }
  try {
    const body = JSON.stringify({ starts_at: starts.value, ends_at: ends.value, zone: siteZone() });
    const reply = await fetch(form.dataset.timesUrl, { method: "POST", body, headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() } });
    if (!reply.ok) return;
    times = await reply.json();
  } catch { return; }
  sayWindow();
}

function sayWindow() {
  const line = one("[data-window]");
  const short = one("[data-short-notice]");
  line.classList.toggle("error", Boolean(times?.sentence));
  if (times?.sentence) {
    const isSaid = all(".when .error[id]").some((said) => said.textContent === times.sentence);
    line.textContent = isSaid ? "" : times.sentence;
    short.hidden = true;
    return;
  }
  if (!times?.starts_at) { line.textContent = ""; short.hidden = true; return; }
  const start = Date.parse(`${times.starts_at}Z`);
  const inMinutes = Math.round((start - wallNow()) / 60000);
  const when = inMinutes > 0 ? fill(gettext("Starts in {time}."), { time: span(inMinutes) }) : gettext("Has begun.");
  short.hidden = inMinutes >= 120;
  const fromTo = (from, to) => strong(fill(gettext("{start} to {end}"), { start: from, end: to }));
  const time = times.ends_text ? fromTo(times.starts_text, times.ends_text) : strong(times.starts_text);
  const parts = [...pieces(gettext("{time}, site time, {zone}."), { time, zone: times.zone_name }), " "];
  if (times.ends_at) {
    const hm = (at) => asLocal(at).slice(11);
    const [before, after] = [Number(lengths[1].value || 0), Number(lengths[2].value || 0)];
    const widened = fromTo(hm(start - before * 60000), hm(Date.parse(`${times.ends_at}Z`) + after * 60000));
    parts.push(...pieces(gettext("With buffers {time}."), { time: widened }), " ");
  }
  line.replaceChildren(...parts, when);
}

function setTime(field, text) {
  field.value = text;
  if (field === starts && !endsTouched) ends.value = "+2h";
  if (field === ends) endsTouched = true;
  readTimes();
  saveSoon();
}
starts.addEventListener("input", () => {
  if (!endsTouched) ends.value = starts.value ? "+2h" : "";
  readTimesSoon();
});
ends.addEventListener("focus", () => { if (!endsTouched) ends.select(); });
ends.addEventListener("input", () => { endsTouched = Boolean(ends.value); readTimesSoon(); });
one("[data-quick]").hidden = false;
for (const button of all("[data-quick] button")) {
  button.addEventListener("click", () => {
    const now = wallNow();
    let at = now + Number(button.dataset.in || 0) * 60000;
    if (button.dataset.at) {
      at = Date.parse(`${asLocal(now).slice(0, 11)}${button.dataset.at}Z`);
      if (at <= now) at += 86400000;
    }
    setTime(starts, asLocal(at).replace("T", " "));
  });
}
for (const button of all("[data-pick]")) {
  const picker = one(`[data-picker="${button.dataset.pick}"]`);
  if (!picker.showPicker) continue;
  button.hidden = false;
  button.addEventListener("click", () => { try { picker.showPicker(); } catch { document.getElementById(button.dataset.pick).focus(); } });
  picker.addEventListener("change", () => { if (picker.value) setTime(document.getElementById(button.dataset.pick), picker.value.replace("T", " ")); });
}

// ---- choices offered by the server mend the field
form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-choose]");
  if (!button) return;
  event.preventDefault();
  const field = document.getElementById(button.dataset.choose);
  field.value = button.dataset.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
  field.closest(".has-error")?.classList.remove("has-error");
  field.removeAttribute("aria-invalid");
});

// ---- the draft: saved on the server a moment after the last change, and never given up while the page is open
let waiting = null;
let saving = null;
let unsaved = false;
let failed = false;
function saveSoon() { unsaved = true; clearTimeout(waiting); waiting = setTimeout(save, 1200); }

function draftData() {
  const data = new FormData(form);
  data.delete("shapes_file"); // read when it is sent, not with every draft
  if (form.dataset.operation) data.set("operation", form.dataset.operation);
  return data;
}

const sendDraft = () => fetch(form.dataset.draftUrl, { method: "POST", body: draftData() });

// One at a time: each says which saving it follows, so that another window's is never written over.
function save() {
  saving ??= saveNow().finally(() => { saving = null; });
  return saving;
}

async function saveNow() {
  unsaved = false;
  failed = true;
  try {
    let reply = await sendDraft();
    if (reply.status === 403 && await renewToken()) reply = await sendDraft();
    if (!reply.ok) throw reply;
    keep(await reply.json());
    failed = false;
  } catch (error) {
    unsaved = true;
    say([401, 403].includes(error.status)
      ? gettext("Draft NOT saved: your login has ended. Log in in another window; what you typed stays here and is saved then.")
      : gettext("Draft NOT saved: no connection. We try again."));
  }
  clearTimeout(waiting);
  if (unsaved && !clearing) waiting = setTimeout(save, failed ? 5000 : 1200);
}

function keep({ draft, saved_at: at, seen, apart }) {
  if (clearing) return;
  one("[data-draft]").value = draft;
  one("[data-draft-seen]").value = seen;
  const address = new URL(location.href);
  address.searchParams.set("draft", draft);
  history.replaceState(null, "", address); // a reload, or a login in between, comes back to it
  say(fill(apart ? gettext("Changed in another window too: this is kept as a draft of its own, {time}") : gettext("Draft saved on the server {time}"), { time: at }));
}

// A login in another window gives the browser another token.
async function renewToken() {
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  const fresh = page.querySelector("#register [name=csrfmiddlewaretoken]")?.value;
  for (const field of fresh ? document.querySelectorAll("[name=csrfmiddlewaretoken]") : []) field.value = fresh;
  return Boolean(fresh);
}

function say(text) { for (const node of all("[data-saved]")) node.textContent = text; }
form.addEventListener("input", saveSoon);
form.addEventListener("submit", async (event) => {
  if (clearing || (!failed && navigator.onLine)) { clearing = true; clearTimeout(waiting); return; }
  // Sent now, it might reach nobody and leave this page: first see whether the node answers.
  event.preventDefault();
  await save();
  if (!failed) { form.requestSubmit(event.submitter); return; }
  say(gettext("NOT REGISTERED: the node does not answer. What you typed stays here. Try again, or call the watch desk."));
  announce(gettext("Not registered: the node does not answer. What you typed stays here."));
});
window.addEventListener("pagehide", () => { if (unsaved && !clearing) navigator.sendBeacon(form.dataset.draftUrl, draftData()); });
window.addEventListener("beforeunload", (event) => { if (failed && unsaved && !clearing) event.preventDefault(); });
window.addEventListener("pageshow", (event) => { if (event.persisted) clearing = false; });
document.addEventListener("vigil:ended", save);

// ---- the map: zones as the server outlines them; pins and shapes by hand (draw.js)
const box = one("[data-pin-map]");

function features() {
  const feature = (properties, geometry) => ({ type: "Feature", properties, geometry });
  return besideOneAnother(all("[data-site]").flatMap((site, index) => {
    const reading = readings.get(site);
    if (!reading) return [];
    const widened = reading.uncertainty_m > 0;
    const name = fill(gettext("Site {n}"), { n: index + 1 });
    return [
      ...reading.outlines.map((outline, part) => feature({ kind: widened ? "wide" : "own", shape: "own", widened, name: part ? "" : name, id: index }, outline)),
      feature({ kind: "shape", shape: "drawn", name: "", id: index }, reading.shape),
      feature({ kind: "label", name }, { type: "Point", coordinates: [reading.longitude, reading.latitude] }),
    ];
  }));
}

function drawSites(move = true) {
  drawAgain?.();
  if (!map) return;
  const shown = features();
  map.getSource("sites").setData({ type: "FeatureCollection", features: shown });
  drawing?.sync();
  if (!move || !shown.length || drawing?.atHand()) return;
  const all = shown.flatMap((one) => placesOf(one.geometry.coordinates));
  const [xs, ys] = [all.map((place) => place[0]), all.map((place) => place[1])];
  // Not Math.min(...xs): a shape may have ten thousand corners, each with its zone.
  const [least, most] = [(of) => of.reduce((a, b) => Math.min(a, b)), (of) => of.reduce((a, b) => Math.max(a, b))];
  map.fitBounds([[least(xs), least(ys)], [most(xs), most(ys)]], { padding: 40, maxZoom: 14.5, duration: 0 });
}

const atSite = () => all("[data-site]")[activeSite] || all("[data-site]")[0];

const drawnForm = {
  sites: () => all("[data-site]").map((site) => [site, readings.get(site)?.shape]),
  active: atSite,
  activate(site) { activeSite = Math.max(0, all("[data-site]").indexOf(site)); sayPin(); },
  kept(site) {
    const { place, source, uncertainty } = siteParts(site);
    return { text: place.value, source: source.value, uncertainty: uncertainty.value };
  },
  write(site, kept) { if (site.isConnected) setPlace(site, kept, false); },
  pin({ lng, lat }) {
    drawing?.remember(atSite());
    setPlace(atSite(), { text: `${lat.toFixed(6)}, ${turned(lng, 0).toFixed(6)}`, source: "pin" }, false);
    announce(fill(gettext("Pin of site {n} set."), { n: activeSite + 1 }));
  },
  say: announce,
};

// True to scale around the sites; a click or tap sets the pin, the second one in the nearer view that follows exactly.
function startPlain(bounds) {
  const svg = one("[data-plain]");
  let [times, placeAt] = [1, null];
  drawAgain = async (nearer = 1) => {
    times *= nearer;
    placeAt = await drawPlain(svg, features(), { bounds, townsUrl: box.dataset.townsUrl, csrf: csrf(), times }) ?? placeAt;
  };
  svg.addEventListener("click", (event) => {
    if (!placeAt) return;
    const [lng, lat] = placeAt(event);
    times = 1;
    drawnForm.pin({ lng, lat });
  });
  one("[data-zoom-in]").addEventListener("click", () => drawAgain(0.5));
  one("[data-zoom-out]").addEventListener("click", () => drawAgain(2));
  for (const help of all("[data-help]")) help.hidden = true;
  drawAgain();
}

async function startMap() {
  const bounds = JSON.parse(box.dataset.bounds);
  const [west, south, east, north] = bounds;
  map = await createMap(box, { bounds: [[west, south], [east, north]], townsUrl: box.dataset.townsUrl, csrf: csrf() });
  if (!map) { startPlain(bounds); return; }
  map.addSource("sites", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  const kind = (name) => ["==", ["get", "kind"], name];
  addLayers(map, (c) => [
    { id: "zones", type: "fill", source: "sites", filter: ["all", ["==", ["geometry-type"], "Polygon"], ["!", kind("shape")]], paint: { "fill-color": c.own, "fill-opacity": 0.14 } },
  ], "towns");
  addLayers(map, (c) => [
    { id: "edges", type: "line", source: "sites", filter: kind("own"), paint: { "line-color": c.own, "line-width": 2 } },
    { id: "wide-edges", type: "line", source: "sites", filter: kind("wide"), paint: { "line-color": c.own, "line-width": 2, "line-dasharray": [3, 2] } },
    { id: "shapes", type: "line", source: "sites", filter: kind("shape"), paint: { "line-color": c.own, "line-width": 3 } },
    { id: "pins", type: "circle", source: "sites", filter: ["all", kind("shape"), ["==", ["geometry-type"], "Point"]], paint: { "circle-radius": 7, "circle-color": c.own, "circle-stroke-color": c.halo, "circle-stroke-width": 2 } },
    { id: "names", type: "symbol", source: "sites", filter: kind("label"),
      layout: { "text-field": ["get", "name"], "text-size": 14, "text-anchor": "top", "text-offset": [0, 0.8], "text-allow-overlap": true },
      paint: { "text-color": c.ink, "text-halo-color": c.halo, "text-halo-width": 2 } },
  ]);
  drawing = startDrawing(map, one("[data-draw]"), drawnForm);
  drawSites();
  box.dataset.ready = "yes";
}

// ---- begin
all("[data-site]").forEach(wireSite);
all("[data-subject]").forEach(wireSubject);
if (type.value) fillDefaults();
readPlacesSoon();
readTimes();
startMap();
