// A choice that has inputs of its own is made by typing into them.

/** Watches a form. */
export function startChoices(form) {
  form.addEventListener("input", ({ target }) => {
    const choice = target.closest(".choice-with")?.querySelector('input[type="radio"]');
    if (choice && choice !== target) {
      choice.checked = true;
    }
  });
}
