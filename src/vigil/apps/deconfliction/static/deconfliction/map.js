// The map of one's own operations: zones true to scale; the time slider and the filters work on map and table together.
// The table is the truth of the page; the map draws what the table shows. The other side is never drawn.
import { addLayers, addPatterns, createMap } from "./base_map.js";
import { besideOneAnother, drawPlain, placesOf } from "./plain_map.js";
import { fill, gettext, ngettext } from "../web/texts.js";

const page = document.querySelector("[data-map-page]");
const one = (selector, root = page) => root.querySelector(selector);
const all = (selector, root = page) => [...root.querySelectorAll(selector)];
const csrf = one("[data-csrf]").dataset.csrf;
const card = one("[data-card]");
const from = one("[data-from]");
const to = one("[data-to]");
const [dayStart, dayEnd] = [Date.parse(page.dataset.dayStart), Date.parse(page.dataset.dayEnd)];
const slots = Math.round((dayEnd - dayStart) / 900000);
let map = null;
let zones = { type: "FeatureCollection", features: [] };
let picked = null;

const at = (slot) => dayStart + Number(slot) * 900000;
const hm = (instant) => new Date(instant).toLocaleTimeString("en-US", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: page.dataset.zone });
const label = (slot) => (Number(slot) === slots ? "24:00" : hm(at(slot)));

// ---- filters: the same for table, map, heading and slider
function shown() {
  const [start, end] = [at(from.value), at(to.value)];
  const type = one("[data-type-filter]").value;
  const agency = one("[data-agency-filter]")?.value || "";
  return all("[data-row]").filter((row) => {
    const inTime = Date.parse(row.dataset.start) < end && Date.parse(row.dataset.end) > start;
    return inTime && (!type || row.dataset.type === type) && (!agency || row.dataset.agency === agency);
  });
}

function filter() {
  const rows = new Set(shown());
  for (const row of all("[data-row]")) row.hidden = !rows.has(row);
  const conflicts = [...rows].filter((row) => "conflict" in row.dataset).length;
  const count = rows.size;
  const span = { start: label(from.value), end: label(to.value) };
  const found = fill(ngettext("{n} operation, {start} to {end}.", "{n} operations, {start} to {end}.", count), { n: count, ...span });
  const met = conflicts ? fill(ngettext("{n} has a conflict.", "{n} have a conflict.", conflicts), { n: conflicts }) : gettext("None has a known conflict.");
  one("[data-map-heading]").textContent = `${found} ${met}`;
  one("[data-none]").hidden = count > 0;
  one("[data-time-text]").textContent = fill(gettext("{day}, {start} to {end}. Filters map and table."), { day: page.dataset.dayText, ...span });
  from.setAttribute("aria-valuetext", label(from.value));
  to.setAttribute("aria-valuetext", label(to.value));
  if (picked && !rows.has(rowOf(picked))) closeCard();
  drawLanes(rows);
  drawZones(rows);
}

const rowOf = (id) => one(`[data-row][data-id="${id}"]`);

function drawLanes(rows) {
  const svg = one("[data-lanes]");
  const x = (instant) => Math.max(0, Math.min(1000, ((instant - dayStart) / (dayEnd - dayStart)) * 1000));
  const shape = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const ends = [];
  const bars = all("[data-row]").map((row) => {
    const [start, end] = [Date.parse(row.dataset.start), Date.parse(row.dataset.end)];
    let lane = ends.findIndex((busy) => busy <= start);
    if (lane < 0) lane = ends.length;
    ends[lane] = end;
    return { row, start, end, lane };
  });
  const height = Math.min(12, 60 / Math.max(ends.length, 1));
  svg.replaceChildren(...bars.map(({ row, start, end, lane }) => shape("rect", {
    class: `lane ${row.dataset.shape}${rows.has(row) ? "" : " out"}`, x: x(start), y: 2 + lane * height,
    width: Math.max(2, x(end) - x(start)), height: Math.max(1.5, height - 2) })));
  svg.append(shape("rect", { class: "pick", x: x(at(from.value)), y: 0, width: Math.max(0, x(at(to.value)) - x(at(from.value))), height: 64 }));
  const now = Date.now();
  if (now > dayStart && now < dayEnd) svg.append(shape("line", { class: "now", x1: x(now), x2: x(now), y1: 0, y2: 64 }));
}

// ---- the map
function drawZones(rows) {
  const ids = new Set([...rows].map((row) => row.dataset.id));
  for (const part of all("[data-of]")) part.classList.toggle("out", !ids.has(part.dataset.of));
  if (!map) return;
  map.getSource("zones").setData({ ...zones, features: zones.features.filter((zone) => ids.has(zone.properties.id)) });
}

// A map without its zones must not look like a day without operations; what was asked for later counts.
let asked = 0;
async function loadZones() {
  const mine = ++asked;
  const loaded = await fetchZones().catch(() => null);
  if (mine !== asked) return;
  zones = loaded ?? { ...zones, features: [] };
  one("[data-zones-failed]").hidden = loaded !== null;
}

async function fetchZones() {
  const body = JSON.stringify({ day: page.dataset.day, type: page.dataset.type });
  const answer = await fetch(page.dataset.zonesUrl, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": csrf }, body });
  if (!answer.ok) throw new Error(answer.status);
  const loaded = await answer.json();
  return { ...loaded, features: besideOneAnother(loaded.features) };
}

async function showZones() {
  await loadZones();
  await drawPaper();
}

// What is printed, and what stands here without WebGL.
async function drawPaper() {
  await drawPlain(one("[data-plain]"), zones.features, { bounds, townsUrl: box.dataset.townsUrl, csrf, open: openCard });
  filter();
}

function fit() {
  const points = zones.features.flatMap((zone) => placesOf(zone.geometry.coordinates));
  if (!points.length) return;
  const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
  map.fitBounds([[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]], { padding: 60, maxZoom: 13, duration: 0 });
}

function layers() {
  addPatterns(map);
  map.addSource("zones", { type: "geojson", data: zones });
  const zone = (extra) => ["all", ["!=", ["get", "kind"], "label"], ...extra];
  const isShape = (name) => zone([["==", ["get", "shape"], name]]);
  addLayers(map, (c) => [
    { id: "own", type: "fill", source: "zones", filter: isShape("own"), paint: { "fill-color": c.own, "fill-opacity": 0.16 } },
    { id: "near", type: "fill", source: "zones", filter: isShape("near"), paint: { "fill-pattern": "pattern-near" } },
    { id: "direct", type: "fill", source: "zones", filter: isShape("direct"), paint: { "fill-pattern": "pattern-direct" } },
  ], "towns");
  const colour = (c) => ["match", ["get", "shape"], "direct", c.direct, "near", c.near, c.own];
  addLayers(map, (c) => [
    { id: "edge", type: "line", source: "zones", filter: zone([["!", ["get", "widened"]]]), paint: { "line-color": colour(c), "line-width": 2 } },
    { id: "edge-wide", type: "line", source: "zones", filter: zone([["get", "widened"]]), paint: { "line-color": colour(c), "line-width": 2, "line-dasharray": [3, 2] } },
    { id: "picked", type: "line", source: "zones", filter: zone([["==", ["get", "id"], ""]]), paint: { "line-color": c.ink, "line-width": 4 } },
    { id: "dots", type: "circle", source: "zones", filter: ["==", ["get", "kind"], "label"], paint: { "circle-radius": 4, "circle-color": colour(c), "circle-stroke-color": c.halo, "circle-stroke-width": 2 } },
    { id: "names", type: "symbol", source: "zones", filter: ["==", ["get", "kind"], "label"],
      layout: { "text-field": ["get", "name"], "text-size": 13, "text-anchor": "top", "text-offset": [0, 0.7], "text-optional": true },
      paint: { "text-color": c.ink, "text-halo-color": c.halo, "text-halo-width": 2 } },
  ]);
  for (const layer of ["own", "near", "direct", "dots"]) {
    map.on("click", layer, (event) => { event.preventDefault(); openCard(event.features[0].properties.id); });
    map.on("mouseenter", layer, () => { map.getCanvas().style.cursor = "pointer"; });
    map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; });
  }
}

// ---- the card: the same from a click on the zone and from Enter in the table
function openCard(id, fromTable = null) {
  const row = rowOf(id);
  if (!row) return;
  picked = id;
  for (const other of all("[data-row]")) other.setAttribute("aria-selected", String(other === row));
  card.replaceChildren(...one("template", row).content.cloneNode(true).children);
  const close = one("[data-close]", card);
  close.addEventListener("click", () => { closeCard(); (fromTable || row).focus(); });
  card.hidden = false;
  if (fromTable) card.focus();
  if (!map) return;
  map.setFilter("picked", ["all", ["!=", ["get", "kind"], "label"], ["==", ["get", "id"], id]]);
  const spot = zones.features.find((zone) => zone.properties.id === id && zone.properties.kind === "label");
  if (spot && !map.getBounds().contains(spot.geometry.coordinates)) map.panTo(spot.geometry.coordinates, { duration: 0 });
}

function closeCard() {
  picked = null;
  card.hidden = true;
  for (const row of all("[data-row]")) row.setAttribute("aria-selected", "false");
  map?.setFilter("picked", ["==", ["get", "id"], ""]);
}

function wireRows() {
  for (const row of all("[data-row]")) {
    row.tabIndex = 0;
    row.addEventListener("click", (event) => { if (!event.target.closest("a")) openCard(row.dataset.id); });
    row.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.target.closest("a")) { event.preventDefault(); openCard(row.dataset.id, row); }
    });
  }
}
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && picked) closeCard(); });

// ---- begin
from.max = to.max = to.value = slots;
one("[data-time]").hidden = false;
one("[data-no-script]").hidden = true;
for (const slider of [from, to]) {
  slider.addEventListener("input", () => {
    if (Number(from.value) >= Number(to.value)) {
      if (slider === from) from.value = Number(to.value) - 1; else to.value = Number(from.value) + 1;
    }
    filter();
  });
}
// Where the page holds only a part of the day, another type is asked of the server.
one("[data-type-filter]").addEventListener("change", (event) => "whole" in page.dataset ? filter() : event.target.form.submit());
one("[data-day-filter]").addEventListener("change", (event) => event.target.form.submit());
wireRows();
filter();

// A change elsewhere: the table was swapped by the live module, the zones follow.
document.addEventListener("vigil:refreshed", () => { wireRows(); showZones(); });
one("[data-zones-again]").addEventListener("click", showZones);

const box = one("[data-map]");
const bounds = JSON.parse(box.dataset.bounds);
const [west, south, east, north] = bounds;
await loadZones();
map = await createMap(box, { bounds: [[west, south], [east, north]], townsUrl: box.dataset.townsUrl, csrf });
if (map) {
  layers();
  one("[data-fit]").addEventListener("click", fit);
  fit();
  filter();
  box.dataset.ready = "yes";
}
drawPaper();
