import { fill, gettext } from "./texts.js";

// The frame: clock, countdowns, narrow menu, search by "/", arrows in lists.
const clock = document.querySelector("[data-clock]");
if (clock) {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: clock.dataset.zone || undefined, hour: "2-digit", minute: "2-digit", second: "2-digit",
    hourCycle: "h23", timeZoneName: "short",
  });
  const tick = () => { clock.textContent = format.format(new Date()); };
  tick();
  setInterval(tick, 1000);
}

export function remaining(seconds) {
  if (seconds <= 0) return gettext("Now");
  const two = (n) => String(n).padStart(2, "0");
  if (seconds < 3600) return `${two(Math.floor(seconds / 60))}:${two(Math.floor(seconds % 60))}`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))}`;
  return fill(gettext("{n} days"), { n: Math.floor(seconds / 86400) });
}

// Whether somebody typed or chose something in there since the page came.
export function touched(root) {
  return [...root.querySelectorAll("input, textarea, select")].some((field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") {
      // Where no option is marked as chosen, the browser chooses the first.
      return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
    }
    return field.type !== "hidden" && field.value !== field.defaultValue;
  });
}

function countDown() {
  for (const node of document.querySelectorAll("[data-until]")) {
    const left = Math.floor((Date.parse(node.dataset.until) - Date.now()) / 1000);
    const text = remaining(left);
    if (node.textContent !== text) node.textContent = text;
    const after = node.parentElement.querySelector("[data-left]");
    if (after && left <= 0) after.textContent = gettext("call them");
  }
}
setInterval(countDown, 1000);

// Looks are kept for a year, the empty one not at all; over HTTPS in a cookie that no other host can set.
function keep(name, look) {
  const [prefix, secure] = location.protocol === "https:" ? ["__Host-", "; secure"] : ["", ""];
  document.cookie = `${prefix}${name}=${look}; path=/; max-age=${look ? 31536000 : 0}; samesite=lax${secure}`;
}

const toggle = document.querySelector("[data-rail-toggle]");
if (toggle) {
  toggle.hidden = false;
  const say = () => {
    const narrow = document.documentElement.classList.contains("rail-narrow");
    toggle.setAttribute("aria-label", narrow ? gettext("Widen menu") : gettext("Narrow menu"));
  };
  toggle.addEventListener("click", () => {
    const narrow = document.documentElement.classList.toggle("rail-narrow");
    keep("rail", narrow ? "narrow" : "wide");
    window.dispatchEvent(new Event("resize"));
    say();
  });
  say();
}

// Light, dark, night: the sheets stand ready, so nothing typed is lost. The maps listen for `vigil:theme`.
const themes = document.querySelector("[data-themes]");
if (themes) {
  const media = { dark: "screen and (prefers-color-scheme: dark)", night: "not all" };
  themes.addEventListener("submit", (event) => {
    event.preventDefault();
    const theme = event.submitter.value;
    keep("theme", theme);
    for (const sheet of document.querySelectorAll("[data-sheet]")) {
      sheet.media = theme ? (sheet.dataset.sheet === theme ? "screen" : "not all") : media[sheet.dataset.sheet];
    }
    for (const button of themes.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button === event.submitter));
    document.dispatchEvent(new Event("vigil:theme"));
  });
  const close = () => { themes.open = false; };
  document.addEventListener("click", (event) => { if (!themes.contains(event.target)) close(); });
  themes.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && themes.open) { close(); themes.querySelector("summary").focus(); event.stopPropagation(); }
  });
}

document.addEventListener("keydown", (event) => {
  const ticks = event.target.matches?.("input[type=checkbox], input[type=radio]");
  const typing = !ticks && event.target.closest("input, textarea, select, [contenteditable]");
  const search = document.getElementById("search");
  if (search && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    if (event.key === "?") location.assign(`${search.form.action}#keys`);
  }
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !typing) {
    const row = event.target.closest("[data-row]");
    if (!row) return;
    const rows = [...row.parentElement.querySelectorAll("[data-row]:not([hidden])")];
    const next = rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); }
  }
});

// A form that must not be sent twice: the second click of a slow line does nothing. A form that gives a file stays.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post" || "again" in event.target.dataset) return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// Buttons that only make sense with a script.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// After a form was sent one goes on where it matters: at what is to be mended, at what was filled, else at what was said.
const said = document.querySelector("[data-flash]");
(document.querySelector(".error-summary") || document.querySelector("[data-focus]") || said)?.focus();
// A message that stood in the page from the start is read out only when it comes again.
if (said && document.activeElement !== said) {
  setTimeout(() => { document.querySelector("[data-announce]").textContent = said.textContent.trim(); }, 100);
}
