// Keeps the reservation of a task while its page lives, shows how it stands, and gives it back when the page is left.
import { describe } from "./times.js";

const LONGEST_PAUSE_MILLISECONDS = 60_000;
const RETRY_MILLISECONDS = 5_000;

/** Starts keeping the task of a form. */
export function startReservation(form) {
  const stopper = new AbortController();
  const address = form.dataset.held;
  const pause = Math.min(LONGEST_PAUSE_MILLISECONDS, Number(form.dataset.reservation) / 3);
  let until;
  let timer;
  let isHeld = !form.hasAttribute("data-lost");

  const credentials = () =>
    new URLSearchParams({ token: form.elements.token.value, form_token: form.elements.form_token.value });

  function show(look, text, link) {
    document.querySelector("#reservation .reserved-dot")?.setAttribute("class", `reserved-dot ${look}`);
    const place = document.getElementById("reservation-text");
    if (!place) {
      return;
    }
    place.textContent = text;
    if (link) {
      const anchor = document.createElement("a");
      [anchor.href, anchor.textContent] = link;
      place.append(" ", anchor);
    }
  }

  async function renew() {
    let response;
    try {
      response = await fetch(`${address}/renew`, {
        method: "POST",
        body: credentials(),
        headers: { Accept: "application/json" },
      });
    } catch {
      const expired = until && until < new Date();
      show("waiting", expired ? "no connection; the reservation has ended" : "no connection; trying again");
      return plan(RETRY_MILLISECONDS);
    }
    if (response.ok) {
      until = new Date((await response.json()).until);
      show("held", `reserved until ${describe(until)}`);
      return plan(pause);
    }
    if (response.status === 401) {
      show("waiting", "logged out; your text is kept.", [
        `/login?next=${encodeURIComponent(location.pathname)}`,
        "Log in again",
      ]);
      return undefined;
    }
    if (response.status >= 500) {
      show("waiting", "the server does not answer; trying again");
      return plan(RETRY_MILLISECONDS);
    }
    isHeld = false;
    show("lost", "no longer reserved.", [location.pathname, "Reserve again"]);
    return undefined;
  }

  function plan(milliseconds) {
    clearTimeout(timer);
    if (!stopper.signal.aborted) {
      timer = setTimeout(renew, milliseconds);
    }
  }

  function giveBack() {
    if (isHeld) {
      isHeld = false;
      navigator.sendBeacon(`${address}/release`, credentials());
    }
  }

  window.addEventListener("pagehide", giveBack, { signal: stopper.signal });
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "visible" && isHeld) {
        renew();
      }
    },
    { signal: stopper.signal },
  );
  window.addEventListener("online", () => isHeld && renew(), { signal: stopper.signal });
  if (isHeld) {
    plan(pause);
  }
  return {
    // A task that was answered or skipped must not be given back any more.
    finished() {
      isHeld = false;
      clearTimeout(timer);
    },
    stop() {
      stopper.abort();
      clearTimeout(timer);
    },
  };
}
