// The map of a fishing case: what its probes covered, as far as the reader may have it drawn. The table lists the same.
import { addLayers, addPatterns, createMap } from "./base_map.js";
import { besideOneAnother, drawPlain, placesOf } from "./plain_map.js";

const box = document.querySelector("[data-map]");
const csrf = box.querySelector("[data-csrf]").dataset.csrf;
const bounds = JSON.parse(box.dataset.bounds);
const townsUrl = box.dataset.townsUrl;

async function askZones() {
  try {
    const answer = await fetch(box.dataset.zonesUrl, { method: "POST", headers: { "X-CSRFToken": csrf } });
    if (!answer.ok) throw new Error(answer.status);
    return besideOneAnother((await answer.json()).features);
  } catch {
    box.querySelector("[data-zones-failed]").hidden = false;
    return [];
  }
}

function fit(map, features) {
  const places = features.flatMap((one) => placesOf(one.geometry.coordinates));
  if (!places.length) return;
  const [xs, ys] = [places.map((place) => place[0]), places.map((place) => place[1])];
  map.fitBounds([[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]], { padding: 40, maxZoom: 13, duration: 0 });
}

function draw(map, features) {
  addPatterns(map);
  map.addSource("zones", { type: "geojson", data: { type: "FeatureCollection", features } });
  const colour = (c) => ["match", ["get", "shape"], "near", c.near, c.own];
  addLayers(map, (c) => [
    { id: "own", type: "fill", source: "zones", filter: ["==", ["get", "shape"], "own"], paint: { "fill-color": c.own, "fill-opacity": 0.16 } },
    { id: "near", type: "fill", source: "zones", filter: ["==", ["get", "shape"], "near"], paint: { "fill-pattern": "pattern-near" } },
  ], "towns");
  addLayers(map, (c) => [
    { id: "edge", type: "line", source: "zones", filter: ["!", ["get", "widened"]], paint: { "line-color": colour(c), "line-width": 2 } },
    { id: "edge-wide", type: "line", source: "zones", filter: ["get", "widened"], paint: { "line-color": colour(c), "line-width": 2, "line-dasharray": [3, 2] } },
  ]);
}

const features = await askZones();
const [west, south, east, north] = bounds;
const map = await createMap(box, { bounds: [[west, south], [east, north]], townsUrl, csrf });
if (map) {
  draw(map, features);
  box.querySelector("[data-fit]").addEventListener("click", () => fit(map, features));
  fit(map, features);
  box.dataset.ready = "yes";
}
drawPlain(box.querySelector("[data-plain]"), features, { bounds, townsUrl, csrf });
