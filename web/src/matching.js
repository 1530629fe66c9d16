// Finds what was typed among the words of a document.

const MAXIMUM_WORDS = 60;
const CLINGING = /^[,;:.()"'[\]|!?]+|[,;:.()"'[\]|!?]+$/gu;

/** A text in the form in which texts are compared: no blanks, no capitals, one way to write each character. */
export function compact(text) {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/gu, "");
}

/** Runs `[first, last]` of the words that together are the text, whatever the blanks between them. */
export function findRuns(words, text) {
  const target = compact(text).replace(CLINGING, "");
  if (!target) {
    return [];
  }
  const parts = words.map(compact);
  const runs = [];
  for (let first = 0; first < parts.length; first += 1) {
    const last = runFrom(parts, first, target);
    if (last !== undefined) {
      runs.push([first, last]);
    }
  }
  return runs;
}

function runFrom(parts, first, target) {
  let rest = target;
  for (let index = first; index < Math.min(parts.length, first + MAXIMUM_WORDS); index += 1) {
    const part = index === first ? parts[index].replace(/^[,;:.()"'[\]|!?]+/u, "") : parts[index];
    if (!part) {
      if (index === first) {
        return undefined;
      }
      continue;
    }
    if (part.replace(CLINGING, "") === rest || part === rest) {
      return index;
    }
    if (!rest.startsWith(part)) {
      return undefined;
    }
    rest = rest.slice(part.length);
  }
  return undefined;
}
