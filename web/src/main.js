// Starts what the page at hand needs. Every page works without it, only slower.
import { startChoices } from "./choices.js";
import { startDocument } from "./document-view.js";
import { Questions } from "./questions.js";
import { startReservation } from "./reservation.js";
import { startDraft } from "./drafts.js";
import { startLive } from "./live.js";
import { startSending } from "./sending.js";
import { startShortcuts } from "./shortcuts.js";
import { makeSortable } from "./sorting.js";
import { showLocalTimes } from "./times.js";

let running = [];

/** Stops what ran for the page before and starts what this one needs. */
function startPage() {
  running.forEach((part) => part?.stop?.());
  running = [];
  showLocalTimes(document);
  document.querySelectorAll("table[data-sortable]").forEach(makeSortable);
  letWideTablesScroll();
  document.querySelectorAll("#start-run-form").forEach(startChoices);
  if (document.querySelector("[data-refresh]")) {
    running = [startLive()];
  }
  const bench = document.querySelector(".bench");
  if (!bench) {
    return;
  }
  const view = startDocument(bench);
  const form = bench.querySelector("#annotate-form, #review-form");
  const questions = form ? new Questions(form, view) : startResults(bench, view);
  running = [view, questions];
  if (form) {
    const draft = startDraft(form, questions);
    const reservation = startReservation(form);
    const sending = startSending(form, { draft, reservation, questions, onNewPage: startPage });
    running.push(draft, reservation, sending, startShortcuts(form, { questions, view, sending }));
    questions.focusFirst();
  }
}

/** A table that is wider than its place can be moved with the arrow keys. */
function letWideTablesScroll() {
  for (const place of document.querySelectorAll(".table-wrap, .grid-input")) {
    if (place.scrollWidth > place.clientWidth) {
      place.tabIndex = 0;
    }
  }
}

/** On the page of an item, the field in focus lights up in the document. */
function startResults(bench, view) {
  const stopper = new AbortController();
  const panel = bench.querySelector("#panel");
  const light = (event) => {
    const result = event.target.closest(".result[data-field]");
    if (result) {
      view.highlight(result.dataset.field);
    }
  };
  panel.addEventListener("focusin", light, { signal: stopper.signal });
  panel.addEventListener("click", light, { signal: stopper.signal });
  return { stop: () => stopper.abort() };
}

// A page that comes back out of the browser's memory has a reservation that was given back.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && document.querySelector("[data-held]")) {
    location.reload();
  }
});

startPage();
