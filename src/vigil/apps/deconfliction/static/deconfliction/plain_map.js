// The zones with county and state lines as a drawing without WebGL: for paper, and for a device that has none. It holds
// every zone handed to it, and is true to scale in the middle of what it shows: there a degree of longitude is as much
// shorter as it is on the ground. Each feature's properties: `shape` (a look of vigil.css), `widened`, `name`, `id`; of
// kind "label" none is drawn.
import { atlas, askTowns } from "./base_map.js";

const METRES_A_DEGREE = 111_195; // of latitude, on the sphere of the mean radius
const MOST_TOWNS = 14;

export const placesOf = (coordinates) => (typeof coordinates[0] === "number" ? [coordinates] : coordinates.flatMap(placesOf));

// The same meridian, at most half round the earth from another: 180 is no edge.
export const turned = (longitude, near) => longitude + 360 * Math.round((near - longitude) / 360);

// Features whose longitudes follow on one another, so that none is drawn once round the earth.
export function besideOneAnother(features) {
  const first = features.length ? placesOf(features[0].geometry.coordinates)[0][0] : 0;
  return features.map((one) => {
    let last = first;
    const walk = (part) => (typeof part[0] === "number" ? [(last = turned(part[0], last)), ...part.slice(1)] : part.map(walk));
    return { ...one, geometry: { ...one.geometry, coordinates: walk(one.geometry.coordinates) } };
  });
}

const least = (numbers) => numbers.reduce((a, b) => Math.min(a, b));
const most = (numbers) => numbers.reduce((a, b) => Math.max(a, b));

function node(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// What is seen: the zones with room around them, or `bounds` where there are none; `times` as much of it.
function viewOf(zones, [west, south, east, north], times) {
  const all = zones.flatMap((one) => placesOf(one.geometry.coordinates));
  const [xs, ys] = all.length ? [all.map((place) => place[0]), all.map((place) => place[1])] : [[west, east], [south, north]];
  const [x, y] = [(least(xs) + most(xs)) / 2, (least(ys) + most(ys)) / 2];
  const shrink = Math.cos((y * Math.PI) / 180);
  const height = Math.max(((most(xs) - least(xs)) * shrink) / 1.5, most(ys) - least(ys), 0.02) * 1.5 * times;
  const width = height * 1.5;
  const at = (place) => [(turned(place[0], x) - x) * shrink, y - place[1]];
  const placeAt = ([left, top]) => [turned(x + left / shrink, 0), y - top];
  const near = (places) => places.some((place) => Math.abs(at(place)[0]) < width * 2 && Math.abs(at(place)[1]) < height * 2);
  const box = { west: x - width / shrink / 2, east: x + width / shrink / 2, south: y - height / 2, north: y + height / 2 };
  return { at, placeAt, near, width, height, box };
}

const turns = new WeakMap();

// `open` is called with the id of a zone that is clicked. Resolves to what place [longitude, latitude] lies under an event
// of the pointer; to null where a later drawing has overtaken this one.
export async function drawPlain(svg, features, { bounds, townsUrl, csrf, open = () => {}, times = 1 }) {
  const turn = (turns.get(svg) ?? 0) + 1;
  turns.set(svg, turn);
  const zones = besideOneAnother(features.filter((one) => one.properties.kind !== "label"));
  const view = viewOf(zones, bounds, times);
  const { at, near, width, height } = view;
  const line = lineOf(at);
  const parts = [node("rect", { class: "water", x: -width / 2, y: -height / 2, width, height })];
  const [ground, towns] = await Promise.all([atlas().catch(() => null), askTowns(townsUrl, csrf, view.box).catch(() => [])]);
  if (turns.get(svg) !== turn) return null;
  if (ground) {
    parts.push(node("path", { class: "land", d: ground.land.features.flatMap((one) => one.geometry.coordinates).filter(([ring]) => near(ring)).flat().map(line).join("") }));
    for (const name of ["counties", "states"]) parts.push(node("path", { class: name, d: ground[name].coordinates.filter(near).map(line).join("") }));
  }
  const size = (13 * width) / (svg.clientWidth || 720); // 13 px on the screen; on paper the drawing is as wide as the page
  // The largest first: a small zone inside a large one lies on top and can be clicked.
  const drawn = zones.map((one) => zoneOf(one, at, size, open)).sort((a, b) => b.area - a.area);
  const labels = drawn.map(({ label }) => label);
  parts.push(...townsOf(towns, labels, at, size), ...drawn.map(({ group }) => group));
  svg.setAttribute("viewBox", `${-width / 2} ${-height / 2} ${width} ${height}`);
  svg.replaceChildren(patterns(size), ...parts, scale(view, size, labels));
  return ({ clientX, clientY }) => {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(svg.getScreenCTM().inverse());
    return view.placeAt([x, y]);
  };
}

const outline = ({ type, coordinates }, line) => (type === "Polygon" ? coordinates.map(line).join("") : line(placesOf(coordinates)));
const lineOf = (at) => (places) => `M${places.map((place) => at(place).map((part) => part.toFixed(5)).join(" ")).join("L")}`;

function zoneOf({ geometry, properties }, at, size, open) {
  const corners = placesOf(geometry.coordinates).map(at);
  const [xs, ys] = [corners.map((corner) => corner[0]), corners.map((corner) => corner[1])];
  const look = `zone ${properties.shape}${properties.widened ? " wide" : ""}`;
  const zone = geometry.type === "Point" ? node("circle", { class: look, cx: xs[0], cy: ys[0], r: size / 2 })
    : node("path", { class: look, d: outline(geometry, lineOf(at)) });
  const label = { name: properties.name, x: (least(xs) + most(xs)) / 2, y: most(ys) + size * 1.2 };
  const name = node("text", { x: label.x, y: label.y, "font-size": size }, label.name);
  const group = node("g", { "data-of": properties.id }, zone, name);
  group.addEventListener("click", () => open(properties.id));
  return { group, label, area: (most(xs) - least(xs)) * (most(ys) - least(ys)) };
}

// The largest towns first; none is written over another name.
function townsOf(towns, labels, at, size) {
  const written = [...labels];
  const meets = (a, b) => Math.abs(a.y - b.y) < size * 1.1 && Math.abs(a.x - b.x) < ((a.name.length + b.name.length) / 2) * size * 0.55;
  for (const [name, longitude, latitude] of towns) {
    const [x, y] = at([longitude, latitude]);
    const town = { name, x, y };
    if (!written.some((other) => meets(town, other))) written.push(town);
  }
  return written.slice(labels.length, labels.length + MOST_TOWNS).map(({ name, x, y }) => node("text", { class: "town", x, y, "font-size": size * 0.9 }, name));
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

// The longest round length that is no more than a fifth of the drawing; at the left where a name stands at the right.
function scale({ width, height }, size, labels) {
  const fifth = (width * METRES_A_DEGREE) / 5;
  const power = 10 ** Math.floor(Math.log10(fifth));
  const metres = [5, 2, 1].find((factor) => factor * power <= fifth) * power;
  const length = metres / METRES_A_DEGREE;
  const bottom = height / 2 - size;
  const isTaken = labels.some(({ x, y }) => x > width / 5 && y > bottom - 2 * size);
  const right = isTaken ? length - width / 2 + size : width / 2 - size;
  return node("g", { class: "scale" },
    node("path", { d: `M${right - length} ${bottom - size / 2}V${bottom}H${right}V${bottom - size / 2}` }),
    node("text", { x: right - length / 2, y: bottom - size * 0.7, "font-size": size }, metres < 1000 ? `${metres} m` : `${metres / 1000} km`));
}
