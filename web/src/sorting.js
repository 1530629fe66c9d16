// Tables whose columns can be sorted by a click or key on their heads.
import { compareCells } from "./comparing.js";

/** Puts a button into each head of a table's columns. */
export function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (!head.textContent.trim() || head.querySelector("button")) {
      return;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => sort(table, heads, column));
  });
}

function sort(table, heads, column) {
  const direction = heads[column].getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
  heads.forEach((head, index) => {
    if (head.hasAttribute("aria-sort")) {
      head.setAttribute("aria-sort", index === column ? direction : "none");
    }
  });
  const sign = direction === "ascending" ? 1 : -1;
  const body = table.tBodies[0];
  const rows = [...body.rows].sort(
    (left, right) => sign * compareCells(left.cells[column].textContent, right.cells[column].textContent),
  );
  body.append(...rows);
}
