// The muted base of every map: land, counties, states and town names, all from our own origin.
// No tiles, glyphs or sprites. Promise: `createMap` resolves to a MapLibre map, or to null after saying in the
// box that this machine cannot draw it (the table beside it holds the same).
import { Map, ScaleControl } from "../vendor/maplibre/maplibre-gl.mjs";
import { addStreets } from "./street_layer.js";
import { gettext } from "../web/texts.js";

const here = new URL(".", import.meta.url);
const atlasUrl = new URL("../vendor/atlas/counties-10m.json", here);
const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;

// ---- colours: the roles of the theme's sheet (vigil.css, dark.css, night.css), read again when the theme changes
export const colours = {};
const repaints = new Set();

function readColours() {
  const roles = getComputedStyle(document.documentElement);
  const role = (name) => roles.getPropertyValue(`--${name}`).trim();
  Object.assign(colours, {
    water: role("map-water"), land: role("map-land"), county: role("map-county"), state: role("map-state"),
    town: role("map-town"), halo: role("map-halo"),
    own: role("own"), near: role("near-mark"), direct: role("direct-mark"), ink: role("ink"),
  });
}

function repaint() {
  readColours();
  for (const again of repaints) again();
}

readColours();
document.addEventListener("vigil:theme", repaint);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

export const onRepaint = (again) => repaints.add(again);

// Layers as a function of the colours: added once, painted anew with every theme.
export function addLayers(map, layersOf, before) {
  for (const layer of layersOf(colours)) map.addLayer(layer, before);
  repaintWith(map, layersOf);
}

function repaintWith(map, layersOf) {
  onRepaint(() => {
    for (const { id, paint } of layersOf(colours)) {
      for (const [property, value] of Object.entries(paint)) map.setPaintProperty(id, property, value);
    }
  });
}

// ---- the base, from the ground up; what a page draws lies under "towns"
const nothing = { type: "FeatureCollection", features: [] };
const baseSources = {
  land: { type: "geojson", data: nothing },
  counties: { type: "geojson", data: nothing },
  states: { type: "geojson", data: nothing },
  towns: { type: "geojson", data: nothing },
};
const baseLayers = (c) => [
  { id: "water", type: "background", paint: { "background-color": c.water } },
  { id: "land", type: "fill", source: "land", paint: { "fill-color": c.land } },
  { id: "counties", type: "line", source: "counties", paint: { "line-color": c.county, "line-width": 1 } },
  { id: "states", type: "line", source: "states", paint: { "line-color": c.state, "line-width": 1.5 } },
  { id: "towns", type: "symbol", source: "towns",
    layout: { "text-field": ["get", "name"], "text-size": 13, "symbol-sort-key": ["get", "order"], "text-padding": 6 },
    paint: { "text-color": c.town, "text-halo-color": c.halo, "text-halo-width": 1.5 } },
];

export async function createMap(box, { bounds, townsUrl, csrf }) {
  const canvas = box.querySelector("[data-map-canvas]");
  let map;
  try {
    map = new Map({
      container: canvas, style: { version: 8, sources: baseSources, layers: baseLayers(colours) }, bounds, fitBoundsOptions: { padding: 50, maxZoom: 13 },
      attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false, maxPitch: 0,
      keyboard: false, fadeDuration: reduced ? 0 : 200, canvasContextAttributes: { preserveDrawingBuffer: true },
      locale: { "Map.Title": gettext("Map") },
    });
  } catch {
    return failed(box);
  }
  map.touchZoomRotate.disableRotation();
  map.addControl(new ScaleControl({ maxWidth: 120, unit: "metric" }), "bottom-right");
  const ready = await new Promise((resolve) => {
    map.once("load", () => resolve(true));
    map.once("error", () => resolve(false));
  });
  if (!ready) { map.remove(); return failed(box); }
  repaintWith(map, baseLayers);
  box.querySelector("[data-zoom-in]")?.addEventListener("click", () => map.zoomIn());
  box.querySelector("[data-zoom-out]")?.addEventListener("click", () => map.zoomOut());
  drawAtlas(map);
  addStreets(map, box.dataset.streetsUrl, addLayers, "counties");
  const draw = () => drawTowns(map, townsUrl, csrf);
  map.on("moveend", draw);
  draw();
  arrows(map, canvas);
  return map;
}

function failed(box) {
  const say = box.querySelector("[data-map-failed]");
  if (say) say.hidden = false;
  box.classList.add("has-failed");
  return null;
}

// Land, counties and states as GeoJSON, read once a page.
let reading = null;
export function atlas() {
  reading ||= fetch(atlasUrl).then((answer) => answer.json()).then((read) => {
    const { feature, mesh } = window.topojson;
    const lines = (name) => mesh(read, read.objects[name], (a, b) => a !== b);
    return { land: feature(read, read.objects.nation), counties: lines("counties"), states: lines("states") };
  });
  return reading;
}

async function drawAtlas(map) {
  try {
    for (const [name, data] of Object.entries(await atlas())) map.getSource(name).setData(data);
  } catch { /* Without a connection the zones stand on plain ground. */ }
}

// The towns of a view as [name, longitude, latitude]. The view goes in the body: no place stands in an address or log.
export async function askTowns(url, csrf, view) {
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(view), headers: { "Content-Type": "application/json", "X-CSRFToken": csrf } });
  return answer.ok ? (await answer.json()).towns : [];
}

async function drawTowns(map, url, csrf) {
  if (!url || map.getZoom() < 5) return;
  const b = map.getBounds();
  try {
    const towns = await askTowns(url, csrf, { west: b.getWest(), south: b.getSouth(), east: b.getEast(), north: b.getNorth() });
    map.getSource("towns")?.setData({
      type: "FeatureCollection",
      features: towns.map(([name, longitude, latitude], order) => ({
        type: "Feature", properties: { name, order }, geometry: { type: "Point", coordinates: [longitude, latitude] },
      })),
    });
  } catch { /* Labels are a help, never needed. */ }
}

// Arrows move the map under the cross, Shift for small steps, + and - zoom.
function arrows(map, canvas) {
  const steps = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  canvas.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (step) {
      const size = event.shiftKey ? 4 : 60;
      map.panBy([step[0] * size, step[1] * size], { duration: reduced ? 0 : 80 });
    } else if (event.key === "+" || event.key === "=") map.zoomIn({ duration: reduced ? 0 : 150 });
    else if (event.key === "-") map.zoomOut({ duration: reduced ? 0 : 150 });
    else return;
    event.preventDefault();
  });
}

// Patterns that tell near from direct without colour: one diagonal, or crossed.
export function addPatterns(map) {
  const draw = (put) => {
    put("pattern-near", pattern(colours.near, false));
    put("pattern-direct", pattern(colours.direct, true));
  };
  draw((name, image) => map.addImage(name, image, { pixelRatio: 2 }));
  onRepaint(() => draw((name, image) => map.updateImage(name, image)));
}

function pattern(colour, crossed) {
  const size = 16;
  const sheet = document.createElement("canvas");
  sheet.width = sheet.height = size;
  const pen = sheet.getContext("2d");
  pen.globalAlpha = 0.22;
  pen.fillStyle = colour;
  pen.fillRect(0, 0, size, size);
  pen.globalAlpha = 1;
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
    if (crossed) { pen.moveTo(shift, 0); pen.lineTo(shift + size, size); }
  }
  pen.stroke();
  return pen.getImageData(0, 0, size, size);
}
