// Sends the form without leaving the page, so that the next item is there at once and a failure costs nothing.
import { say } from "./status.js";

/** Starts sending a form; `onNewPage` is called once the answer is in the place of the page. */
export function startSending(form, { draft, reservation, onNewPage }) {
  const stopper = new AbortController();
  let isBusy = false;

  async function send(action) {
    if (isBusy) {
      return;
    }
    isBusy = true;
    setBusy(true);
    draft.keep();
    const body = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    body.set("action", action);
    say("Saving…", { stays: true });
    try {
      await take(await fetch(form.getAttribute("action"), { method: "POST", body, headers: { Accept: "text/html" } }));
    } catch {
      say("Not sent: no connection. Your answers are kept; try again.", { stays: true });
    } finally {
      isBusy = false;
      setBusy(false);
    }
  }

  async function take(response) {
    const address = new URL(response.url);
    if (address.pathname === "/login") {
      say("Not sent: you are logged out. Log in again; your answers are kept.", { stays: true });
      location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
      return;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const isOfForm = page.querySelector("#annotate-form, #review-form");
    if (!response.ok && !isOfForm) {
      const detail = page.querySelector("#problem h1")?.textContent ?? `status ${response.status}`;
      say(`Not stored: ${detail}. Your answers are kept; try again.`, { stays: true });
      return;
    }
    if (response.ok) {
      draft.forget();
    }
    reservation.finished();
    show(page, address);
  }

  function show(page, address) {
    const said = page.querySelector("#form-problem, #status:not(:empty)")?.textContent ?? "";
    document.title = page.title;
    for (const id of ["page-state", "content"]) {
      document.getElementById(id).replaceWith(document.adoptNode(page.getElementById(id)));
    }
    document.querySelector(".crumbs").replaceWith(document.adoptNode(page.querySelector(".crumbs")));
    history.replaceState(null, "", address.pathname);
    window.scrollTo(0, 0);
    onNewPage();
    say(said);
  }

  function setBusy(busy) {
    form.querySelectorAll(".panel-foot button").forEach((button) => {
      button.toggleAttribute("aria-disabled", busy);
    });
  }

  form.addEventListener(
    "submit",
    (event) => {
      const action = event.submitter?.value ?? "submit";
      if (!action.startsWith("more:")) {
        event.preventDefault();
        send(action);
      }
    },
    { signal: stopper.signal },
  );
  return { send, stop: () => stopper.abort() };
}
