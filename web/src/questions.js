// The form made from the fields: moving between questions, picking by digit, lighting up places in the document.
import { echo } from "./reading.js";
import { addRow, ensureRows, removeRow } from "./table-rows.js";

const TEXTS = 'input[type="text"], textarea';

/** Whether keys pressed in this element write text. */
export function isTyping(element) {
  return Boolean(element?.matches?.('input:not([type="radio"], [type="checkbox"], [type="hidden"]), textarea, select'));
}

function questionOf(element) {
  return element?.closest?.(".question[data-field]");
}

function unfold(question) {
  question?.querySelector("details.not-checked")?.setAttribute("open", "");
}

function changed(input) {
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** The questions of a form. */
export class Questions {
  #form;
  #view;
  #stopper = new AbortController();
  #isReview;
  #current;
  #lastText;

  constructor(form, view) {
    this.#form = form;
    this.#view = view;
    this.#isReview = form.id === "review-form";
    const signal = { signal: this.#stopper.signal };
    form.addEventListener("focusin", (event) => this.#onFocus(event), signal);
    form.addEventListener("input", (event) => this.#onInput(event), signal);
    form.addEventListener("change", (event) => this.#onChange(event), signal);
    form.addEventListener("click", (event) => this.#onClick(event), signal);
    view.onWord = (word, adds) => this.#fill(word, adds);
    form.querySelectorAll(".remove-row").forEach((button) => {
      button.hidden = false;
    });
  }

  /** All questions in order. */
  all() {
    return [...this.#form.querySelectorAll(".question[data-field]")];
  }

  /** Whether there is just one. */
  isSingle() {
    return this.all().length === 1;
  }

  /** The question in focus, else the one that was, else the first. */
  inFocus() {
    return questionOf(document.activeElement) ?? (this.#current?.isConnected ? this.#current : this.all()[0]);
  }

  /** To what is wrong, else to what is in doubt, else to the first. */
  focusFirst() {
    const form = this.#form;
    const first = form.querySelector(".question.wrong") ?? form.querySelector("[data-in-doubt]") ?? this.all()[0];
    if (first) {
      this.#enter(first);
    }
  }

  /** On to the next question; in a review, to the next in doubt; after the last, to the button. */
  next() {
    const questions = this.all();
    const later = questions.slice(questions.indexOf(this.inFocus()) + 1);
    const following = later.find((question) => !this.#isReview || question.hasAttribute("data-in-doubt"));
    if (following) {
      this.#enter(following);
    } else {
      this.#form.querySelector("#submit").focus();
    }
  }

  /** Says of the question in focus that it has a value, is absent, or cannot be told. */
  setStanding(word, question = this.inFocus()) {
    const radio = question.querySelector(`input[name="state.${question.dataset.field}"][value="${word}"]`);
    if (radio && !radio.checked) {
      radio.checked = true;
      changed(radio);
    }
    return radio;
  }

  /** Picks the option with this digit, of the question in focus or the first that has digits. */
  pickByDigit(digit) {
    const focused = this.inFocus();
    const question = focused?.querySelector("[data-key]")
      ? focused
      : this.all().find((candidate) => candidate.querySelector("[data-key]"));
    const option = question?.querySelector(`[data-key="${digit}"]`);
    if (!option) {
      return false;
    }
    unfold(question);
    option.checked = option.type === "checkbox" ? !option.checked : true;
    option.focus();
    changed(option);
    return true;
  }

  /** In a review: write another value. */
  edit() {
    const question = this.inFocus();
    unfold(question);
    if (this.setStanding("value", question)) {
      const input = question.querySelector(".edit-value :is(input, textarea)");
      input?.focus();
      input?.select?.();
    }
  }

  ensureRows(field, count) {
    ensureRows(this.#form, field, count);
  }

  stop() {
    this.#stopper.abort();
  }

  #enter(question) {
    const summary = this.#isReview ? question.querySelector("details.not-checked:not([open]) > summary") : undefined;
    const target =
      summary ??
      question.querySelector(".options input:checked, .pick input:checked, .take input:checked") ??
      question.querySelector(this.#isReview ? ".pick input" : `.options input, ${TEXTS}`);
    target?.focus();
    target?.select?.();
    question.scrollIntoView({ block: "nearest" });
  }

  #fill(word, adds) {
    const input = this.#lastText?.isConnected ? this.#lastText : this.inFocus()?.querySelector(TEXTS);
    if (input) {
      input.value = adds && input.value ? `${input.value} ${word}` : word;
      input.focus();
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  #lightUp(question, element) {
    if (this.#isReview) {
      this.#view.highlight(question.dataset.field);
    } else if (element.matches(TEXTS)) {
      this.#view.highlightText(question.dataset.field, element.value);
    }
  }

  #onFocus({ target }) {
    const question = questionOf(target);
    if (question) {
      this.#current = question;
      this.#lightUp(question, target);
      this.#lastText = target.matches(TEXTS) ? target : this.#lastText;
    }
  }

  #onInput({ target }) {
    const question = questionOf(target);
    if (!question || !/^(value|cell)\./u.test(target.name ?? "")) {
      return;
    }
    this.setStanding("value", question);
    if (target.matches(TEXTS)) {
      this.#lightUp(question, target);
      const output = question.querySelector(".reading");
      if (output && question.hasAttribute("data-echoes")) {
        echo(this.#form.dataset.reading, target, output);
      }
    }
  }

  #onChange({ target }) {
    const question = questionOf(target);
    if (question && /^value\./u.test(target.name ?? "")) {
      this.setStanding("value", question);
    }
    if (question?.classList.contains("wrong")) {
      question.classList.remove("wrong");
      question.querySelector("p.error")?.remove();
    }
  }

  #onClick(event) {
    const remover = event.target.closest(".remove-row");
    const adder = event.target.closest(".add-row");
    if (remover) {
      removeRow(remover);
    } else if (adder) {
      event.preventDefault();
      addRow(adder.closest("[data-rows]")).querySelector("input").focus();
    }
  }
}
