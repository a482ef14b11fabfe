// Shows what the node sent: its constant text. A repeat has the same id and takes the place of the first.
self.addEventListener("push", (event) => {
  const { id, text } = event.data.json();
  event.waitUntil(self.registration.showNotification("Vigil", { body: text, tag: id }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow("/"));
});
