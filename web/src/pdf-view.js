// Draws the original of a PDF beneath the words that the server found in it.

const REMEMBERED = "accord-document-view";
// Pages are drawn a little before they come into sight.
const AHEAD = "600px";
const MAXIMUM_PIXELS = 16_000_000;

/** Starts drawing; without a drawable PDF the words alone stay in sight. */
export function startPdf(root, pages) {
  const button = root.querySelector("#view-switch");
  let loading;
  let stopped = false;
  let observer;

  const wantsOriginal = () => remembered() !== "text";

  function show() {
    const original = wantsOriginal();
    root.classList.toggle("text-view", !original);
    button?.setAttribute("aria-pressed", String(original));
    if (original && !loading) {
      loading = load(root.dataset.address);
      loading.promise.then(watch, (problem) => fail(problem));
    }
  }

  function watch(pdf) {
    if (stopped) {
      return;
    }
    observer = new IntersectionObserver(
      (entries) => {
        for (const entry of entries.filter((candidate) => candidate.isIntersecting)) {
          observer.unobserve(entry.target);
          draw(pdf, entry.target).catch(fail);
        }
      },
      { root: pages, rootMargin: AHEAD },
    );
    pages.querySelectorAll(".sheet").forEach((sheet) => observer.observe(sheet));
  }

  function fail(problem) {
    if (!stopped) {
      console.warn("the original cannot be drawn, its text is shown instead:", problem);
    }
  }

  function toggle() {
    remember(wantsOriginal() ? "text" : "original");
    show();
  }

  if (button) {
    button.hidden = false;
    button.addEventListener("click", toggle);
  }
  show();
  return {
    toggle,
    stop() {
      stopped = true;
      observer?.disconnect();
      loading?.stop();
    },
  };
}

function load(address) {
  let task;
  const promise = import("../pdfjs/pdf.min.mjs").then((pdfjs) => {
    pdfjs.GlobalWorkerOptions.workerSrc = new URL("../pdfjs/pdf.worker.min.mjs", import.meta.url).href;
    task = pdfjs.getDocument({
      url: address,
      wasmUrl: new URL("../pdfjs/wasm/", import.meta.url).href,
      disableRange: true,
      enableXfa: false,
      useSystemFonts: true,
    });
    return task.promise;
  });
  return { promise, stop: () => task?.destroy() };
}

async function draw(pdf, sheet) {
  const page = await pdf.getPage(Number(sheet.dataset.page));
  const unscaled = page.getViewport({ scale: 1 });
  const density = Math.max(1, window.devicePixelRatio || 1);
  const wanted = (Math.max(sheet.clientWidth, 600) * density) / unscaled.width;
  const allowed = Math.sqrt(MAXIMUM_PIXELS / (unscaled.width * unscaled.height));
  const viewport = page.getViewport({ scale: Math.min(wanted, allowed) });
  const canvas = document.createElement("canvas");
  canvas.width = Math.floor(viewport.width);
  canvas.height = Math.floor(viewport.height);
  canvas.setAttribute("aria-hidden", "true");
  await page.render({ canvas, viewport }).promise;
  sheet.prepend(canvas);
  sheet.classList.add("drawn");
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

function remember(view) {
  try {
    localStorage.setItem(REMEMBERED, view);
  } catch {
    // Without storage the choice holds for this page only as long as it is open.
  }
}
