// How each subject is read while it is typed, and what the other side will read. Without it both are said on submit.
const form = document.querySelector("[data-subject-url]");
const csrf = () => form.querySelector("[name=csrfmiddlewaretoken]").value;
const waits = new WeakMap();

function lineOf(row) {
  let line = row.querySelector("[data-subject-read]");
  if (!line) {
    line = document.createElement("p");
    line.className = "hint";
    line.setAttribute("role", "status");
    line.dataset.subjectRead = "";
    row.append(line);
  }
  return line;
}

async function readSubject(row) {
  const value = row.querySelector("input[type=text]").value.trim();
  if (!value) { lineOf(row).textContent = ""; return; }
  const body = JSON.stringify({ kind: row.querySelector("select").value, value });
  try {
    const reply = await fetch(form.dataset.subjectUrl, { method: "POST", body, headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() } });
    if (!reply.ok) return;
    const read = await reply.json();
    if (row.querySelector("input[type=text]").value.trim() !== value) return;
    lineOf(row).textContent = read.sentence;
  } catch { /* the answer comes with the submission */ }
}

function soon(row) {
  clearTimeout(waits.get(row));
  waits.set(row, setTimeout(() => readSubject(row), 350));
}

for (const kind of ["input", "change"]) {
  form.addEventListener(kind, (event) => {
    const row = event.target.closest("[data-subject]");
    if (row) soon(row);
  });
}

const card = form.querySelector("[data-card]");
if (card) {
  let wait;
  const readCard = async () => {
    try {
      const reply = await fetch(card.dataset.url, { method: "POST", body: new FormData(form) });
      if (!reply.ok) return;
      const { lines } = await reply.json();
      card.replaceChildren(...lines.flatMap(([name, value]) => [["dt", name], ["dd", value]].map(([tag, text]) => Object.assign(document.createElement(tag), { textContent: text }))));
    } catch { /* shown again after the next change */ }
  };
  const cardSoon = () => { clearTimeout(wait); wait = setTimeout(readCard, 350); };
  form.addEventListener("input", cardSoon);
  document.getElementById("fold-disclosure").addEventListener("toggle", readCard);
}
