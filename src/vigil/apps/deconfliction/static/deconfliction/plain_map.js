// The zones with county and state lines as a drawing without WebGL: for paper, and for a device that has none. It holds
// every zone handed to it, and is true to scale in the middle of what it shows: there a degree of longitude is as much
// shorter as it is on the ground.
import { atlas, askTowns } from "./base_map.js";

const METRES_A_DEGREE = 111_195; // of latitude, on the sphere of the mean radius
const MOST_TOWNS = 14;

export const placesOf = (coordinates) => (typeof coordinates[0] === "number" ? [coordinates] : coordinates.flatMap(placesOf));
const least = (numbers) => numbers.reduce((a, b) => Math.min(a, b));
const most = (numbers) => numbers.reduce((a, b) => Math.max(a, b));

function node(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// What is seen: the zones with room around them, or `bounds` where there are none.
function viewOf(zones, [west, south, east, north]) {
  const all = zones.flatMap((one) => placesOf(one.geometry.coordinates));
  const [xs, ys] = all.length ? [all.map((place) => place[0]), all.map((place) => place[1])] : [[west, east], [south, north]];
  const [x, y] = [(least(xs) + most(xs)) / 2, (least(ys) + most(ys)) / 2];
  const shrink = Math.cos((y * Math.PI) / 180);
  const height = Math.max(((most(xs) - least(xs)) * shrink) / 1.5, most(ys) - least(ys), 0.02) * 1.3;
  const width = height * 1.5;
  const at = (place) => [(place[0] - x) * shrink, y - place[1]];
  const near = (places) => places.some((place) => Math.abs(at(place)[0]) < width * 2 && Math.abs(at(place)[1]) < height * 2);
  const box = { west: x - width / shrink / 2, east: x + width / shrink / 2, south: y - height / 2, north: y + height / 2 };
  return { at, near, width, height, box };
}

export async function drawPlain(svg, features, { bounds, townsUrl, csrf, open }) {
  const zones = features.filter((one) => one.properties.kind !== "label");
  const view = viewOf(zones, bounds);
  const { at, near, width, height } = view;
  const line = (places) => `M${places.map((place) => at(place).map((part) => part.toFixed(5)).join(" ")).join("L")}`;
  const outline = ({ type, coordinates }) => (type === "Polygon" ? coordinates.map(line).join("") : line(placesOf(coordinates)));
  const parts = [node("rect", { class: "water", x: -width / 2, y: -height / 2, width, height })];
  const [ground, towns] = await Promise.all([atlas().catch(() => null), askTowns(townsUrl, csrf, view.box).catch(() => [])]);
  if (ground) {
    parts.push(node("path", { class: "land", d: ground.land.features.flatMap((one) => one.geometry.coordinates).filter(([ring]) => near(ring)).flat().map(line).join("") }));
    for (const name of ["counties", "states"]) parts.push(node("path", { class: name, d: ground[name].coordinates.filter(near).map(line).join("") }));
  }
  const size = (13 * width) / (svg.clientWidth || 720); // 13 px on the screen; on paper the drawing is as wide as the page
  for (const [name, x, y] of towns.slice(0, MOST_TOWNS)) {
    const [left, top] = at([x, y]);
    parts.push(node("text", { class: "town", x: left, y: top, "font-size": size * 0.9 }, name));
  }
  for (const { geometry, properties } of zones) {
    const corners = placesOf(geometry.coordinates).map(at);
    const [xs, ys] = [corners.map((corner) => corner[0]), corners.map((corner) => corner[1])];
    const zone = node("path", { class: `zone ${properties.shape}${properties.widened ? " wide" : ""}`, d: outline(geometry) });
    const name = node("text", { x: (least(xs) + most(xs)) / 2, y: most(ys) + size * 1.2, "font-size": size }, properties.name);
    const both = node("g", { "data-of": properties.id }, zone, name);
    both.addEventListener("click", () => open(properties.id));
    parts.push(both);
  }
  svg.setAttribute("viewBox", `${-width / 2} ${-height / 2} ${width} ${height}`);
  svg.replaceChildren(patterns(size), ...parts, scale(view, size));
}

// As on the map: diagonals for near, crossed for direct, so that paper without colour tells them apart.
function patterns(size) {
  const step = size / 2;
  const square = { width: step, height: step, patternUnits: "userSpaceOnUse" };
  const [up, down] = [`M0 ${step}L${step} 0`, `M0 0L${step} ${step}`];
  return node("defs", {},
    node("pattern", { id: "plain-near", ...square }, node("path", { class: "near", d: up })),
    node("pattern", { id: "plain-direct", ...square }, node("path", { class: "direct", d: up + down })));
}

// The longest round length that is no more than a fifth of the drawing.
function scale({ width, height }, size) {
  const fifth = (width * METRES_A_DEGREE) / 5;
  const power = 10 ** Math.floor(Math.log10(fifth));
  const metres = [5, 2, 1].find((factor) => factor * power <= fifth) * power;
  const length = metres / METRES_A_DEGREE;
  const [right, bottom] = [width / 2 - size, height / 2 - size];
  return node("g", { class: "scale" },
    node("path", { d: `M${right - length} ${bottom - size / 2}V${bottom}H${right}V${bottom - size / 2}` }),
    node("text", { x: right - length / 2, y: bottom - size * 0.7, "font-size": size }, metres < 1000 ? `${metres} m` : `${metres / 1000} km`));
}
