// Ticking lines of a list: all on the page, a range with Shift held, and how many are ticked.
import { fill, ngettext } from "../web/texts.js";

const all = document.querySelector("[data-tick-all]");
const said = document.querySelector("[data-ticked]");
const boxes = () => [...document.querySelectorAll("[data-tick]")];
const asked = said?.textContent;
let last = null;

function say() {
  const ticked = boxes().filter((box) => box.checked).length;
  said.textContent = ticked ? fill(ngettext("{n} ticked. Nothing is done before you have seen what.", "{n} ticked. Nothing is done before you have seen what.", ticked), { n: ticked }) : asked;
  all.checked = ticked > 0 && ticked === boxes().length;
  all.indeterminate = ticked > 0 && !all.checked;
}

all?.addEventListener("change", () => {
  for (const box of boxes()) box.checked = all.checked;
  say();
});

// Clicks, not changes: only they know of the Shift key. A click on the label comes again as one on its box.
document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-tick]");
  if (!box) return;
  const lines = boxes();
  if (event.shiftKey && last?.isConnected) {
    const [from, to] = [lines.indexOf(last), lines.indexOf(box)].sort((a, b) => a - b);
    for (const between of lines.slice(from, to + 1)) between.checked = box.checked;
  }
  last = box;
  say();
});

window.addEventListener("pageshow", () => { if (all) say(); });
