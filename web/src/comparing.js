// The order of two cells of a table.

const TEXT = new Intl.Collator(undefined, { numeric: true });

/** Numbers before texts, each in their own order; a number may be followed by its interval or unit. */
export function compareCells(left, right) {
  const [first, second] = [numberOf(left), numberOf(right)];
  if (first !== undefined && second !== undefined) {
    return first - second;
  }
  if (first !== undefined || second !== undefined) {
    return first !== undefined ? -1 : 1;
  }
  return TEXT.compare(left.trim(), right.trim());
}

function numberOf(text) {
  const found = /^[<>]?\s*([−-]?\d[\d,]*(?:\.\d+)?)/u.exec(text.trim());
  return found ? Number(found[1].replace("−", "-").replaceAll(",", "")) : undefined;
}
