// The document: highlights, words that can be clicked, and the original of a PDF beneath them.
import { findRuns } from "./matching.js";
import { startPdf } from "./pdf-view.js";

const SVG = "http://www.w3.org/2000/svg";
// How the server places letters in the rectangle of a word.
const LETTER_SIZE = 0.9;
const DESCENT = 0.22;

/** Starts the document of a page; `onWord(text, adds)` hears of clicked words once it is set. */
export function startDocument(bench) {
  const root = bench.querySelector("#document");
  const pages = bench.querySelector("#document-pages");
  const stopper = new AbortController();
  const pdf = root.hasAttribute("data-pdf") && root.dataset.form === "sheets" ? startPdf(root, pages) : undefined;
  const view = {
    onWord: undefined,
    highlight: (field) => highlight(pages, field),
    highlightText: (field, text) => highlightText(pages, field, text),
    switchView: () => pdf?.toggle(),
    stop() {
      stopper.abort();
      pdf?.stop();
    },
  };
  pages.addEventListener(
    "click",
    (event) => {
      const word = event.target.closest?.(".word");
      if (word && view.onWord && !String(getSelection())) {
        view.onWord(word.textContent, event.shiftKey);
      }
    },
    { signal: stopper.signal },
  );
  return view;
}

/** Lights up the places of one field and brings the first of them into sight. */
function highlight(pages, field) {
  let first;
  for (const mark of pages.querySelectorAll(".mark")) {
    const is = mark.dataset.field === field;
    mark.classList.toggle("focus", is);
    first ??= is ? mark : undefined;
  }
  if (first) {
    bringIntoSight(pages, first);
  }
}

/** Marks where a text stands that a person typed, in place of earlier marks of the field. */
function highlightText(pages, field, text) {
  pages.querySelectorAll(`.mark[data-typed]`).forEach((mark) => mark.remove());
  const words = [...pages.querySelectorAll(".word")];
  if (words.length > 0 && text.trim().length > 1) {
    const runs = findRuns(words.map((word) => word.textContent), text).slice(0, 40);
    for (const [first, last] of runs) {
      words.slice(first, last + 1).forEach((word) => markWord(word, field));
    }
  }
  highlight(pages, field);
}

function markWord(word, field) {
  const height = Number(word.getAttribute("font-size")) / LETTER_SIZE;
  const mark = document.createElementNS(SVG, "rect");
  const bottom = Number(word.getAttribute("y")) + height * DESCENT;
  mark.setAttribute("class", "mark");
  mark.setAttribute("data-field", field);
  mark.setAttribute("data-typed", "");
  mark.setAttribute("x", Number(word.getAttribute("x")) - 1);
  mark.setAttribute("y", bottom - height);
  mark.setAttribute("width", Number(word.getAttribute("textLength")) + 2);
  mark.setAttribute("height", height);
  word.closest("svg").querySelector(".marks").append(mark);
}

function bringIntoSight(pages, mark) {
  const place = mark.getBoundingClientRect();
  const sight = pages.getBoundingClientRect();
  if (place.top < sight.top || place.bottom > sight.bottom) {
    pages.scrollTop += place.top - sight.top - sight.height / 3;
  }
}
