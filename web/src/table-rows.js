// Rows of a table that is filled in: adding, removing, and keeping names and labels in order.

/** Adds a blank row to a grid and returns it. */
export function addRow(grid) {
  const rows = grid.querySelectorAll("tbody tr");
  const row = rows[rows.length - 1].cloneNode(true);
  row.querySelectorAll("input").forEach((input) => {
    input.value = "";
  });
  number(row, rows.length);
  grid.querySelector("tbody").append(row);
  return row;
}

/** Takes away the row of a button; the last one is only emptied. */
export function removeRow(button) {
  const row = button.closest("tr");
  const body = row.parentElement;
  let next = row.nextElementSibling ?? row.previousElementSibling;
  if (next) {
    row.remove();
    [...body.rows].forEach(number);
  } else {
    next = row;
    row.querySelectorAll("input").forEach((input) => {
      input.value = "";
    });
  }
  const input = next.querySelector("input");
  input.focus();
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Adds rows to the grid of a field until there are this many. */
export function ensureRows(form, field, count) {
  const grid = form.querySelector(`[data-rows="${field}"]`);
  while (grid && grid.querySelectorAll("tbody tr").length < count) {
    addRow(grid);
  }
}

function number(row, index) {
  for (const input of row.querySelectorAll("input")) {
    input.name = input.name.replace(/^(cell\.[^.]+)\.\d+\./u, `$1.${index}.`);
    input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/u, String(index + 1)));
  }
  row.querySelector(".remove-row")?.setAttribute("aria-label", `Remove row ${index + 1}`);
}
