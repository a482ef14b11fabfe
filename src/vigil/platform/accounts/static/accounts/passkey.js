// Forms that use or add a passkey: ask the server for the question, the device for the answer, and send it.
// Where the browser has no passkeys, or the page comes without HTTPS or from a bare address, the forms stay hidden.
const isNumeric = /^[\d.]+$|:/.test(location.hostname);
const able = window.isSecureContext && !isNumeric && window.webauthnJSON?.supported();
const forms = able ? document.querySelectorAll("form[data-passkey]") : [];
for (const note of able ? document.querySelectorAll("[data-passkey-missing]") : []) note.hidden = true;

for (const form of forms) {
  form.hidden = false;
  const said = form.querySelector("[data-passkey-said]");
  const say = (text) => { said.textContent = text; said.hidden = !text; };
  form.querySelector("[data-passkey-go]").addEventListener("click", async () => {
    say("");
    try {
      const reply = await fetch(form.dataset.options, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (reply.status === 403) { location.assign((await reply.json()).first); return; }
      if (!reply.ok || reply.redirected) throw new Error("no question");
      const ask = form.dataset.passkey === "add" ? window.webauthnJSON.create : window.webauthnJSON.get;
      form.elements.passkey.value = JSON.stringify(await ask(await reply.json()));
    } catch (fault) {
      say(fault.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed);
      return;
    }
    form.submit();
  });
}
