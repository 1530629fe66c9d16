// Keys. Single letters work while nothing is typed; those with Alt always do.
import { isTyping } from "./questions.js";

/** Starts the keys of a form and the sheet that lists them. */
export function startShortcuts(form, { questions, view, sending }) {
  const stopper = new AbortController();
  const sheet = document.getElementById("shortcuts");
  const opener = document.getElementById("show-shortcuts");

  const withAlt = {
    KeyA: () => questions.setStanding("absent"),
    KeyU: () => questions.setStanding("unknown"),
    KeyS: () => sending.send("skip"),
  };
  const letters = {
    a: () => questions.setStanding("absent"),
    u: () => questions.setStanding("unknown"),
    s: () => sending.send("skip"),
    o: () => view.switchView(),
    e: () => questions.edit(),
    c: () => document.getElementById("comment")?.focus(),
    "?": () => sheet.showModal(),
  };

  function enter(event) {
    if (event.shiftKey || event.ctrlKey || event.metaKey) {
      sending.send("submit");
      return true;
    }
    const target = event.target;
    if (event.altKey && target.matches("textarea")) {
      target.setRangeText("\n", target.selectionStart, target.selectionEnd, "end");
      target.dispatchEvent(new Event("input", { bubbles: true }));
      return true;
    }
    if (target.matches("button, a, summary") || !form.contains(target) || target.id === "comment") {
      return false;
    }
    if (questions.isSingle() && form.id === "annotate-form") {
      sending.send("submit");
    } else {
      questions.next();
    }
    return true;
  }

  /** Whether the key meant something here. */
  function press(event) {
    if (event.key === "Enter") {
      return enter(event);
    }
    if (event.altKey && !event.ctrlKey && !event.metaKey && withAlt[event.code]) {
      withAlt[event.code]();
      return true;
    }
    if (event.key === "Escape" && isTyping(event.target)) {
      event.target.blur();
      return true;
    }
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) {
      return false;
    }
    if (/^\d$/u.test(event.key)) {
      return questions.pickByDigit(event.key);
    }
    const act = letters[event.key];
    act?.();
    return Boolean(act);
  }

  document.addEventListener(
    "keydown",
    (event) => {
      if (!sheet.open && !event.isComposing && press(event)) {
        event.preventDefault();
      }
    },
    { signal: stopper.signal },
  );
  opener.hidden = false;
  opener.addEventListener("click", () => sheet.showModal(), { signal: stopper.signal });
  return { stop: () => stopper.abort() };
}
