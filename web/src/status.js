// The one line in the bar that says what just happened.

const SHOWN_MILLISECONDS = 5000;
let timer;

/** Says something, to screen readers too; it goes away unless it must stay. */
export function say(text, { stays = false } = {}) {
  const status = document.getElementById("status");
  if (!status) {
    return;
  }
  clearTimeout(timer);
  status.textContent = text;
  if (!stays && text) {
    timer = setTimeout(() => {
      status.textContent = "";
    }, SHOWN_MILLISECONDS);
  }
}
