// Imported streets under the zones: vector tiles, read as ranges of files on our own origin, so that no address says
// where somebody looks. Without an import, or without the library, the map is as it was.
import { addProtocol } from "../vendor/maplibre/maplibre-gl.mjs";

let known = null;

export async function addStreets(map, url, addLayers, before) {
  if (!url || !window.pmtiles) return;
  if (!known) addProtocol("pmtiles", new window.pmtiles.Protocol().tile);
  try {
    known ??= (await (await fetch(url)).json()).layers;
  } catch { return; } // Streets are a help, never needed.
  known.forEach((address, number) => {
    const source = `streets-${number}`;
    map.addSource(source, { type: "vector", url: `pmtiles://${new URL(address, location.href)}` });
    addLayers(map, (c) => layersOf(c, source), before);
  });
}

// The wider the road, the smaller its rank.
const byZoom = (far, near) => ["interpolate", ["exponential", 1.6], ["zoom"], 10, ["match", ["get", "rank"], 1, far * 2, 2, far * 1.4, far],
  17, ["match", ["get", "rank"], 1, near * 1.8, 2, near * 1.4, near]];

const layersOf = (c, source) => [
  { id: `${source}-lines`, type: "line", source, "source-layer": "streets",
    layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": c.county, "line-width": byZoom(0.6, 7) } },
  { id: `${source}-names`, type: "symbol", source, "source-layer": "streets", minzoom: 14,
    layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-size": 12, "symbol-sort-key": ["get", "rank"], "text-padding": 4 },
    paint: { "text-color": c.town, "text-halo-color": c.halo, "text-halo-width": 1.5 } },
];
