// Keeps the figures of a page fresh while the work they tell of goes on.

import { showLocalTimes } from "./times.js";

const PAUSE_MILLISECONDS = 2000;

/** Fetches the page again and again and puts its live parts in the place of the old ones, until they are final. */
export function startLive() {
  let timer;
  const stopper = new AbortController();
  const again = () => {
    timer = setTimeout(refresh, PAUSE_MILLISECONDS);
  };
  async function refresh() {
    if (document.hidden) {
      again();
      return;
    }
    try {
      const address = location.pathname;
      const response = await fetch(address, { headers: { Accept: "text/html" }, signal: stopper.signal });
      if (response.ok) {
        put(new DOMParser().parseFromString(await response.text(), "text/html"));
      }
    } catch {
      // The next round may find the server again.
    }
    if (!stopper.signal.aborted && document.querySelector("[data-refresh]")) {
      again();
    }
  }
  again();
  return {
    stop: () => {
      clearTimeout(timer);
      stopper.abort();
    },
  };
}

/** A part in which the keyboard is stays as it is, and so does one that has not changed. */
function put(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (next && !part.contains(document.activeElement)) {
      showLocalTimes(next);
      if (next.innerHTML !== part.innerHTML || next.dataset.refresh !== part.dataset.refresh) {
        part.replaceWith(next);
      }
    }
  }
}
