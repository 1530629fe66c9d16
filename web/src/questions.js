// The form made from the fields: moving between questions, options by digit, rows of tables, how values are read.

const READING_PAUSE_MILLISECONDS = 250;
const TEXTS = 'input[type="text"], textarea';

/** Whether keys pressed in this element write text. */
export function isTyping(element) {
  return Boolean(element?.matches?.('input:not([type="radio"], [type="checkbox"], [type="hidden"]), textarea, select'));
}

/** Starts the questions of a form. */
export function startQuestions(form, view) {
  const stopper = new AbortController();
  const listen = (type, heard) => form.addEventListener(type, heard, { signal: stopper.signal });
  const all = () => [...form.querySelectorAll(".question[data-field]")];
  let current = all()[0];
  let lastText;
  let timer;

  function questionOf(element) {
    return element?.closest?.(".question[data-field]");
  }

  /** The question in focus, else the one that was, else the first. */
  function inFocus() {
    return questionOf(document.activeElement) ?? (current?.isConnected ? current : all()[0]);
  }

  function enter(question) {
    const details = question.querySelector("details.not-checked");
    const isReview = form.id === "review-form";
    const target =
      question.querySelector(".options input:checked, .picks .pick input:checked") ??
      (isReview ? details?.querySelector("summary") : undefined) ??
      question.querySelector(isReview ? ".pick input" : `.options input, ${TEXTS}`);
    target?.focus();
    target?.select?.();
    question.scrollIntoView({ block: "nearest" });
  }

  /** On to the next question; in a review, to the next in doubt. */
  function next() {
    const questions = all();
    const later = questions.slice(questions.indexOf(inFocus()) + 1);
    const following = later.find((question) => form.id !== "review-form" || question.hasAttribute("data-in-doubt"));
    if (following) {
      enter(following);
    } else {
      form.querySelector("#submit").focus();
    }
  }

  function setStanding(question, word) {
    const radio = question.querySelector(`input[name="state.${question.dataset.field}"][value="${word}"]`);
    if (radio && !radio.checked) {
      radio.checked = true;
      radio.dispatchEvent(new Event("change", { bubbles: true }));
    }
    return radio;
  }

  function pickByDigit(digit) {
    let question = inFocus();
    if (!question?.querySelector("[data-key]")) {
      question = all().find((candidate) => candidate.querySelector("[data-key]")) ?? question;
    }
    question?.querySelector("details.not-checked")?.setAttribute("open", "");
    const option = question?.querySelector(`[data-key="${digit}"]`);
    if (!option) {
      return false;
    }
    option.checked = option.type === "checkbox" ? !option.checked : true;
    option.focus();
    option.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }

  function edit() {
    const question = inFocus();
    question.querySelector("details.not-checked")?.setAttribute("open", "");
    if (setStanding(question, "value")) {
      const input = question.querySelector(".edit-value :is(input, textarea)");
      input?.focus();
      input?.select?.();
    }
  }

  function lightUp(question, element) {
    if (form.id === "review-form") {
      view.highlight(question.dataset.field);
    } else if (element?.matches?.(TEXTS)) {
      view.highlightText(question.dataset.field, element.value);
    }
  }

  function echo(input) {
    const question = questionOf(input);
    const output = question?.querySelector(".reading");
    if (!output || !question.hasAttribute("data-echoes")) {
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(() => read(form.dataset.reading, input, output), READING_PAUSE_MILLISECONDS);
  }

  listen("focusin", (event) => {
    const question = questionOf(event.target);
    if (question) {
      current = question;
      lightUp(question, event.target);
    }
    if (event.target.matches(TEXTS)) {
      lastText = event.target;
    }
  });

  listen("input", (event) => {
    const question = questionOf(event.target);
    if (!question) {
      return;
    }
    const isAnswer = /^(value|cell)\./u.test(event.target.name ?? "");
    if (isAnswer) {
      setStanding(question, "value");
    }
    if (event.target.matches(TEXTS) && isAnswer) {
      lightUp(question, event.target);
      echo(event.target);
    }
  });

  listen("change", (event) => {
    const question = questionOf(event.target);
    if (question && /^value\./u.test(event.target.name ?? "")) {
      setStanding(question, "value");
    }
    if (question?.classList.contains("wrong")) {
      question.classList.remove("wrong");
      question.querySelector(".error")?.remove();
    }
  });

  listen("click", (event) => {
    const remover = event.target.closest(".remove-row");
    const adder = event.target.closest(".add-row");
    if (remover) {
      removeRow(remover);
    } else if (adder) {
      event.preventDefault();
      addRow(adder.closest("[data-rows]"))?.querySelector("input").focus();
    }
  });

  view.onWord = (word, adds) => {
    const input = lastText?.isConnected ? lastText : inFocus()?.querySelector(TEXTS);
    if (!input) {
      return;
    }
    input.value = adds && input.value ? `${input.value} ${word}` : word;
    input.focus();
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  form.querySelectorAll(".remove-row").forEach((button) => {
    button.hidden = false;
  });

  return {
    all,
    inFocus,
    next,
    edit,
    pickByDigit,
    ensureRows: (name, count) => ensureRows(form, name, count),
    setStanding: (word) => setStanding(inFocus(), word),
    isSingle: () => all().length === 1,
    focusFirst() {
      const wrong = form.querySelector(".question.wrong");
      const doubtful = form.querySelector(".question[data-in-doubt]");
      const first = wrong ?? doubtful ?? all()[0];
      if (first) {
        enter(first);
      }
    },
    stop() {
      stopper.abort();
      clearTimeout(timer);
    },
  };
}

async function read(address, input, output) {
  const [, field, , column] = /^(?:value|cell)\.([^.]+)(?:\.(\d+)\.(.+))?$/u.exec(input.name) ?? [];
  if (!field) {
    return;
  }
  const value = input.value.trim();
  if (!value) {
    output.textContent = "";
    return;
  }
  const query = new URLSearchParams({ field, column: column ?? "", value });
  try {
    const response = await fetch(`${address}?${query}`, { headers: { Accept: "application/json" } });
    if (!response.ok || input.value.trim() !== value) {
      return;
    }
    const reading = await response.json();
    const read = reading.canonical && reading.canonical !== value ? `= ${reading.canonical}` : "";
    output.textContent = reading.problem ?? [read, reading.warning].filter(Boolean).join(" · ");
    output.classList.toggle("error", Boolean(reading.problem));
  } catch {
    output.textContent = "";
  }
}

function addRow(grid) {
  const rows = grid.querySelectorAll("tbody tr");
  const row = rows[rows.length - 1].cloneNode(true);
  const number = rows.length;
  for (const input of row.querySelectorAll("input")) {
    input.value = "";
    input.name = input.name.replace(/^(cell\.[^.]+)\.\d+\./u, `$1.${number}.`);
    input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/u, String(number + 1)));
  }
  row.querySelector(".remove-row")?.setAttribute("aria-label", `Remove row ${number + 1}`);
  grid.querySelector("tbody").append(row);
  return row;
}

/** Takes a row away and numbers those that are left, so that names and labels stay in order. */
function removeRow(button) {
  const row = button.closest("tr");
  const body = row.parentElement;
  if (body.rows.length === 1) {
    row.querySelectorAll("input").forEach((input) => {
      input.value = "";
    });
    row.querySelector("input").focus();
    return;
  }
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  [...body.rows].forEach((left, index) => {
    for (const input of left.querySelectorAll("input")) {
      input.name = input.name.replace(/^(cell\.[^.]+)\.\d+\./u, `$1.${index}.`);
      input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/u, String(index + 1)));
    }
    left.querySelector(".remove-row")?.setAttribute("aria-label", `Remove row ${index + 1}`);
  });
  neighbour.querySelector("input").focus();
  neighbour.querySelector("input").dispatchEvent(new Event("input", { bubbles: true }));
}

function ensureRows(form, name, count) {
  const grid = form.querySelector(`[data-rows="${name}"]`);
  while (grid && grid.querySelectorAll("tbody tr").length < count) {
    addRow(grid);
  }
}
