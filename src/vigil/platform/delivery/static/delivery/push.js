// Opts this browser in to notes: asks it for a subscription to the node's key and sends that as the form.
const form = document.querySelector("[data-push]");
const said = form?.querySelector("[data-push-said]");

if (form && "serviceWorker" in navigator && "PushManager" in window) {
  form.hidden = false;
  form.querySelector("[data-push-go]").addEventListener("click", async () => {
    said.hidden = true;
    try {
      const registration = await navigator.serviceWorker.register(form.dataset.worker);
      const options = { userVisibleOnly: true, applicationServerKey: bytes(form.dataset.push) };
      const subscription = await registration.pushManager.subscribe(options);
      form.elements.subscription.value = JSON.stringify(subscription);
      form.submit();
    } catch {
      said.hidden = false;
    }
  });
}

function bytes(text) {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
}
