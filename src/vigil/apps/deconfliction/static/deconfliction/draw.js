// Drawing on the register map, by pointer or by keys: a line or an area is drawn, every shape is moved whole or by its
// corners, undone, deleted. What is drawn is written as text into the place field of its site. That text stays the truth:
// `sync` draws what the fields say.
// With keys the cross in the middle of the map is the pointer: terra-draw is handed the same events as from a mouse.
import { colours, onRepaint } from "./base_map.js";
import { gettext } from "../web/texts.js";

const MOST_CORNERS = 500; // More cannot be moved on a map by hand; such a shape is changed in its text.
const STEP = 2; // Pixels from where it was pressed that make a movement of a pointer.
const MODES = { Point: "point", LineString: "linestring", Polygon: "polygon" };

// Six decimals are a tenth of a metre.
const degrees = (number) => String(Number(number.toFixed(6)));
const chain = (places) => `(${places.map((place) => place.map(degrees).join(" ")).join(",")})`;

export function textOf({ type, coordinates }) {
  if (type === "Point") return `${coordinates[1].toFixed(6)}, ${coordinates[0].toFixed(6)}`;
  if (type === "LineString") return `LINESTRING${chain(coordinates)}`;
  return `POLYGON(${coordinates.map(chain).join(",")})`;
}

// Not by hand: with a hole, with too many corners, or across 180 degrees, where terra-draw knows no way on.
export function movable({ type, coordinates }) {
  if (type === "Point") return true;
  const longitudes = coordinates.flat(type === "Polygon" ? 1 : 0).map(([longitude]) => longitude);
  const [west, east] = [longitudes.reduce((a, b) => Math.min(a, b)), longitudes.reduce((a, b) => Math.max(a, b))];
  if (east - west > 180) return false;
  return type === "LineString" ? coordinates.length <= MOST_CORNERS : coordinates.length === 1 && coordinates[0].length <= MOST_CORNERS;
}

const rounded = (part) => (Array.isArray(part) ? part.map(rounded) : Number(part.toFixed(9)));

function modes() {
  const { TerraDrawLineStringMode, TerraDrawPointMode, TerraDrawPolygonMode, TerraDrawSelectMode } = window.terraDraw;
  const keyEvents = { cancel: "Escape", finish: "f" };
  const corners = { midpoints: { draggable: true }, draggable: true, deletable: true };
  const flags = { point: { feature: { draggable: true } } };
  for (const mode of ["linestring", "polygon"]) flags[mode] = { feature: { draggable: true, coordinates: corners } };
  return [
    new TerraDrawPointMode({ styles: styles() }),
    new TerraDrawLineStringMode({ keyEvents, styles: styles() }),
    new TerraDrawPolygonMode({ keyEvents, styles: styles() }),
    // Every movement counts: with keys the last one is where the shape is put down.
    new TerraDrawSelectMode({ flags, pointerDistance: 24, dragEventThrottle: 1e9, styles: styles(), keyEvents: { deselect: "Escape", delete: null, rotate: null, scale: null } }),
  ];
}

// The same look in every mode; each takes from it the names it knows.
function styles() {
  const own = () => colours.own;
  const halo = () => colours.halo;
  const ink = () => colours.ink;
  return {
    pointColor: own, pointWidth: 7, pointOutlineColor: halo, pointOutlineWidth: 2,
    lineStringColor: own, lineStringWidth: 3, fillColor: own, fillOpacity: 0.1, outlineColor: own, outlineWidth: 3,
    closingPointColor: halo, closingPointWidth: 7, closingPointOutlineColor: ink, closingPointOutlineWidth: 3,
    selectedPointColor: ink, selectedPointWidth: 8, selectedPointOutlineColor: halo, selectedPointOutlineWidth: 2,
    selectedLineStringColor: ink, selectedLineStringWidth: 3,
    selectedPolygonColor: own, selectedPolygonFillOpacity: 0.15, selectedPolygonOutlineColor: ink, selectedPolygonOutlineWidth: 3,
    selectionPointColor: halo, selectionPointWidth: 8, selectionPointOutlineColor: ink, selectionPointOutlineWidth: 3,
    midPointColor: ink, midPointWidth: 4, midPointOutlineColor: halo, midPointOutlineWidth: 2,
  };
}

// `form` is how the register page is read and written: sites() gives [site, shape] pairs, active() the site one is at,
// kept(site) what its fields hold, write(site, kept) puts that there, pin(lngLat) sets its pin, say(text) tells.
export function startDrawing(map, bar, form) {
  if (!window.terraDraw || !window.terraDrawMaplibreGlAdapter) return null;
  const canvas = map.getCanvas();
  const adapter = new window.terraDrawMaplibreGlAdapter.TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 9, minPixelDragDistanceSelecting: STEP });
  const draw = new window.terraDraw.TerraDraw({ adapter, modes: modes(), undoRedo: { modeLevel: new window.terraDraw.TerraDrawModeUndoRedo() } });
  const ids = new Map();
  const past = [];
  let tool = "pin";
  let selected = null;
  let pressed = false;
  let grasp = null; // the press that nothing has moved since
  let gesture = 0;
  let carrying = false;
  let byKeys = false;
  draw.start();

  // ---- tools
  const button = (name) => bar.querySelector(`[data-${name}]`);
  const drawing = () => draw.getModeState() === "drawing";

  function pick(name) {
    if (carrying) putDown();
    tool = name;
    draw.setMode(name === "pin" ? "static" : name);
    for (const one of bar.querySelectorAll("[data-tool]")) one.setAttribute("aria-pressed", String(one.dataset.tool === name));
    for (const help of document.querySelectorAll("[data-help]")) help.hidden = help.dataset.help !== name;
    if (name === "pin") canvas.style.cursor = "crosshair";
    enable();
  }

  function enable() {
    button("finish").hidden = tool !== "linestring" && tool !== "polygon";
    button("undo").disabled = !drawing() && !past.length;
    button("delete").disabled = !form.kept(owner(selected) || form.active()).text;
  }

  // ---- from the map into the form
  const owner = (id) => [...ids].find(([, known]) => known === id)?.[0];

  // One undo a gesture: a corner put between two others is first there and then moved.
  function remember(site) {
    if (past.at(-1)?.gesture !== gesture) past.push({ site, gesture, kept: form.kept(site) });
  }

  draw.on("finish", (id, { action }) => {
    const { geometry } = draw.getSnapshotFeature(id);
    const site = action === "draw" ? form.active() : owner(id);
    if (!site) return;
    if (action === "draw") {
      forget(site);
      ids.set(site, id);
    }
    remember(site);
    form.write(site, { text: textOf(geometry), source: geometry.type === "Point" ? "pin" : "drawn" });
    if (action === "draw") setTimeout(() => { pick("select"); if (draw.hasFeature(id)) draw.selectFeature(id); });
    enable();
  });
  draw.on("select", (id) => { selected = id; form.activate(owner(id)); enable(); });
  draw.on("deselect", () => { selected = null; enable(); });
  draw.on("change", enable);

  function undo() {
    if (drawing()) { draw.undo(); enable(); return; }
    const last = past.pop();
    if (!last) return;
    form.write(last.site, last.kept);
    form.say(gettext("Undone."));
    enable();
  }

  function remove() {
    const site = owner(selected) || form.active();
    if (!form.kept(site).text) return;
    gesture += 1;
    remember(site);
    form.write(site, { text: "", source: "" });
    form.say(gettext("The place is deleted. Undo brings it back."));
    enable();
  }

  // ---- from the form onto the map
  function forget(site) {
    const id = ids.get(site);
    ids.delete(site);
    if (!id || !draw.hasFeature(id)) return;
    if (selected === id) draw.deselectFeature(id);
    draw.removeFeatures([id]);
  }

  function sync() {
    if (pressed || carrying) return; // What is being moved is written when it is put down.
    const shown = new Map(form.sites().filter(([, shape]) => shape && movable(shape)));
    for (const site of [...ids.keys()]) if (!shown.has(site)) forget(site);
    for (const [site, shape] of shown) {
      const geometry = { type: shape.type, coordinates: rounded(shape.coordinates) };
      const known = draw.getSnapshotFeature(ids.get(site));
      if (known?.geometry.type === geometry.type) {
        if (textOf(known.geometry) !== textOf(geometry)) draw.updateFeatureGeometry(known.id, geometry);
        continue;
      }
      forget(site);
      const id = draw.getFeatureId();
      draw.addFeatures([{ type: "Feature", id, geometry, properties: { mode: MODES[geometry.type] } }]);
      ids.set(site, id);
    }
    enable();
  }

  // ---- keys: the cross is the pointer
  const [LEFT, RIGHT] = [0, 2];

  function pointer(kind, aside = 0, side = LEFT) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const at = { clientX: left + width / 2 + aside, clientY: top + height / 2 };
    canvas.dispatchEvent(new PointerEvent(kind, { ...at, button: side, isPrimary: true, pointerType: "mouse", bubbles: true }));
  }

  function click(side = LEFT) {
    for (const kind of ["pointermove", "pointerdown", "pointerup"]) pointer(kind, 0, side);
  }

  function pickUp() {
    if (selected) {
      for (const [kind, aside] of [["pointermove", 0], ["pointerdown", 0], ["pointermove", 3], ["pointermove", 0]]) pointer(kind, aside);
      carrying = !map.dragPan.isEnabled(); // terra-draw holds the map while it holds a shape
      if (carrying) { form.say(gettext("Picked up. Arrows carry it, Enter puts it down.")); return; }
      pointer("pointerup");
    }
    click();
    form.say(selected ? gettext("Picked. Enter again picks up what is under the cross.") : gettext("Nothing under the cross."));
  }

  function putDown() {
    pointer("pointermove");
    carrying = false;
    pointer("pointerup");
    form.say(gettext("Put down."));
  }

  const keys = {
    Enter() {
      if (tool === "pin") form.pin(map.getCenter());
      else if (tool !== "select") { click(); form.say(gettext("Corner set.")); }
      else if (carrying) putDown();
      else pickUp();
    },
    Delete: remove,
    // As a right click does: the corner under the cross goes, where enough are left.
    Backspace() { if (tool === "select" && !carrying) click(RIGHT); },
  };
  canvas.parentElement.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow")) byKeys = true;
    const act = (event.ctrlKey || event.metaKey) && event.key === "z" ? undo : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  map.on("move", () => { if (byKeys && (carrying || drawing())) pointer("pointermove"); });
  canvas.addEventListener("pointerdown", (event) => { pressed = true; grasp = event; gesture += 1; }, true);
  // A quick hand, or a browser that is busy, is one wide movement, of which terra-draw would only take up what lies at its
  // end: first it is shown a step from where the pointer was pressed.
  canvas.addEventListener("pointermove", (event) => {
    if (!pressed || !grasp || Math.hypot(event.clientX - grasp.clientX, event.clientY - grasp.clientY) < STEP) return;
    const step = { clientX: grasp.clientX + STEP, clientY: grasp.clientY, isPrimary: grasp.isPrimary };
    grasp = null;
    canvas.dispatchEvent(new PointerEvent("pointermove", step));
  }, true);
  for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, () => { pressed = false; }, true);
  canvas.addEventListener("pointermove", (event) => { if (event.isTrusted) byKeys = false; }, true);

  map.on("click", (event) => { if (tool === "pin") form.pin(event.lngLat); });
  for (const one of bar.querySelectorAll("[data-tool]")) one.addEventListener("click", () => pick(one.dataset.tool));
  button("undo").addEventListener("click", undo);
  button("delete").addEventListener("click", remove);
  button("finish").addEventListener("click", () => {
    canvas.dispatchEvent(new KeyboardEvent("keyup", { key: "f" }));
    if (drawing()) form.say(tool === "polygon" ? gettext("An area needs three corners.") : gettext("A line needs two corners."));
  });
  onRepaint(() => { for (const mode of [...Object.values(MODES), "select"]) draw.updateModeOptions(mode, { styles: styles() }); });
  bar.hidden = false;
  pick("pin");
  return { sync, atHand: () => pressed || carrying || drawing(), remember: (site) => { gesture += 1; remember(site); enable(); } };
}
