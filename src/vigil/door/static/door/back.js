// The browser's own Back does what the page's Back does: a step is the answer to a form, and a browser that goes back to
// one asks to send it again. Nothing is stored for it. Without scripts the page says which Back to use.

const back = document.querySelector(".bar .back");
const form = back.closest("form");
const stays = document.getElementById("stays");

document.getElementById("which-back").hidden = true;

const isTyped = () => Array.from(form.querySelectorAll("textarea")).some((one) => one.value.trim());

history.pushState(null, "");
addEventListener("popstate", () => {
  if (back.tagName === "BUTTON") {
    form.requestSubmit(back);
  } else if (isTyped() && stays.hidden) {
    stays.hidden = false;
    history.pushState(null, "");
  } else {
    location.replace(back.href);
  }
});
