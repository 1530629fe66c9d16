// Shows how the server reads a value while it is typed.

const PAUSE_MILLISECONDS = 250;
let timer;

/** Asks how an input is read once the person pauses, and writes the answer into the output. */
export function echo(address, input, output) {
  clearTimeout(timer);
  timer = setTimeout(() => ask(address, input, output), PAUSE_MILLISECONDS);
}

async function ask(address, input, output) {
  const [, field, column] = /^(?:value|cell)\.([^.]+)(?:\.\d+\.(.+))?$/u.exec(input.name) ?? [];
  const value = input.value.trim();
  if (!field || !value) {
    output.textContent = "";
    return;
  }
  const query = new URLSearchParams({ field, column: column ?? "", value });
  try {
    const response = await fetch(`${address}?${query}`, { headers: { Accept: "application/json" } });
    if (response.ok && input.value.trim() === value) {
      write(await response.json(), value, output);
    }
  } catch {
    output.textContent = "";
  }
}

function write(reading, value, output) {
  const read = reading.canonical && reading.canonical !== value ? `= ${reading.canonical}` : "";
  output.textContent = reading.problem ?? [read, reading.warning].filter(Boolean).join(" · ");
  output.classList.toggle("error", Boolean(reading.problem));
}
