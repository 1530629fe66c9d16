// Puts together what browsers load: one style sheet, the modules as they are, and the parts of pdf.js that are used.
// The server embeds `dist/` and gives it an address that changes with its content.
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUTPUT = join(HERE, "dist");
const CHART_STYLES = join(HERE, "..", "services", "charts", "src", "charts.css");
const PDFJS = join(HERE, "node_modules", "pdfjs-dist");

// The order matters: later sheets may rely on the tokens and overrule the base.
const STYLE_SHEETS = ["tokens.css", "base.css", "parts.css", "forms.css", "document.css", "clusters.css", "pages.css"];

// JBIG2 and JPEG 2000 are what scanners put into PDF files; their decoders are WebAssembly.
const PDFJS_FILES = [
  ["build/pdf.min.mjs", "pdf.min.mjs"],
  ["build/pdf.worker.min.mjs", "pdf.worker.min.mjs"],
  ["wasm/jbig2.wasm", "wasm/jbig2.wasm"],
  ["wasm/openjpeg.wasm", "wasm/openjpeg.wasm"],
  ["wasm/LICENSE_JBIG2", "wasm/LICENSE_JBIG2"],
  ["wasm/LICENSE_OPENJPEG", "wasm/LICENSE_OPENJPEG"],
  ["wasm/LICENSE_PDFJS_JBIG2", "wasm/LICENSE_PDFJS_JBIG2"],
  ["wasm/LICENSE_PDFJS_OPENJPEG", "wasm/LICENSE_PDFJS_OPENJPEG"],
  ["LICENSE", "LICENSE"],
];

async function joinStyles() {
  const paths = [...STYLE_SHEETS.map((name) => join(HERE, "styles", name)), CHART_STYLES];
  const sheets = await Promise.all(paths.map((path) => readFile(path, "utf8")));
  await writeFile(join(OUTPUT, "accord.css"), sheets.join("\n"));
  await cp(join(HERE, "styles", "icon.svg"), join(OUTPUT, "icon.svg"));
}

async function copyModules() {
  const names = await readdir(join(HERE, "src"));
  const modules = names.filter((name) => name.endsWith(".js") && !name.endsWith(".test.js"));
  await Promise.all(modules.map((name) => cp(join(HERE, "src", name), join(OUTPUT, "modules", name))));
  return modules.length;
}

async function copyPdfViewer() {
  await mkdir(join(OUTPUT, "pdfjs", "wasm"), { recursive: true });
  await Promise.all(PDFJS_FILES.map(([from, to]) => cp(join(PDFJS, from), join(OUTPUT, "pdfjs", to))));
}

await rm(OUTPUT, { recursive: true, force: true });
await mkdir(join(OUTPUT, "modules"), { recursive: true });
const [count] = await Promise.all([copyModules(), joinStyles(), copyPdfViewer()]);
console.log(`dist: ${STYLE_SHEETS.length + 1} style sheets in one, ${count} modules, pdf.js`);
