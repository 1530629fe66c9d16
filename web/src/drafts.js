// Keeps a copy of what was typed in this tab, so that nothing is lost when a session ends or a page is left by mistake.
import { say } from "./status.js";

const PAUSE_MILLISECONDS = 300;
const OWN_INPUTS = new Set(["form_token", "task", "token", "opened", "action"]);

/** Starts the copy of a form; what was kept earlier for the same task is put back. */
export function startDraft(form, questions) {
  const key = `accord-draft-${form.dataset.task}`;
  const stopper = new AbortController();
  let timer;

  function keep() {
    const inputs = [...new FormData(form)].filter(([name]) => !OWN_INPUTS.has(name));
    write(key, JSON.stringify(inputs));
  }

  if (restore(form, questions, key)) {
    say("What you had typed is back.");
  }
  for (const type of ["input", "change", "click"]) {
    form.addEventListener(
      type,
      () => {
        clearTimeout(timer);
        timer = setTimeout(keep, PAUSE_MILLISECONDS);
      },
      { signal: stopper.signal },
    );
  }
  return {
    keep,
    forget() {
      clearTimeout(timer);
      write(key, null);
    },
    stop() {
      clearTimeout(timer);
      stopper.abort();
    },
  };
}

function restore(form, questions, key) {
  let inputs;
  try {
    inputs = JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return false;
  }
  if (!Array.isArray(inputs) || inputs.length === 0) {
    return false;
  }
  const before = JSON.stringify([...new FormData(form)].filter(([name]) => !OWN_INPUTS.has(name)));
  if (before === JSON.stringify(inputs)) {
    return false;
  }
  const chosen = new Map();
  for (const [name, value] of inputs) {
    chosen.set(name, [...(chosen.get(name) ?? []), value]);
    const cell = /^cell\.([^.]+)\.(\d+)\./u.exec(name);
    if (cell) {
      questions.ensureRows(cell[1], Math.min(Number(cell[2]) + 1, 500));
    }
  }
  for (const element of form.elements) {
    const values = chosen.get(element.name);
    if (!element.name || OWN_INPUTS.has(element.name)) {
      continue;
    }
    if (element.type === "radio" || element.type === "checkbox") {
      element.checked = Boolean(values?.includes(element.value));
    } else if (values && "value" in element && element.type !== "submit") {
      element.value = values[0];
    }
  }
  return true;
}

function write(key, text) {
  try {
    if (text === null) {
      sessionStorage.removeItem(key);
    } else {
      sessionStorage.setItem(key, text);
    }
  } catch {
    // Without storage the form itself is the only copy.
  }
}
