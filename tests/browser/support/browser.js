// A real browser whose pages are watched: nothing may go wrong unseen.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";

import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** The width of a small phone. */
const PHONE_WIDTH = 360;

const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

function findBrowser() {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const folders = process.env.PATH.split(delimiter);
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(existsSync);
  assert.ok(found, "no Chromium found: install it (Debian: apt-get install chromium)");
  return found;
}

/** Starts the browser. */
export function launch() {
  return chromium.launch({ executablePath: findBrowser(), headless: true, args: FLAGS });
}

/** A page of a browser of its own, with everything that went wrong in `troubles`. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(`error in a script: ${error.message}`));
  page.on("console", (message) => {
    // Answers that the journey brings about on purpose: a wrong password, an answer that is missing.
    const isExpected = /status of (401|404|422)/u.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isExpected) {
      troubles.push(`${message.type()} on ${page.url()}: ${message.text()}`);
    }
  });
  page.on("requestfailed", (request) => {
    // A page that is left cancels what it was loading.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") {
      troubles.push(`${request.url()} failed: ${request.failure()?.errorText}`);
    }
  });
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (["http:", "https:"].includes(protocol) && hostname !== "127.0.0.1") {
      troubles.push(`something is loaded from elsewhere: ${request.url()}`);
    }
  });
  return { page, context, troubles };
}

/** Logs in by the form. */
export async function logIn(page, address, name, password) {
  await page.goto(`${address}/login`);
  await page.fill("#name", name);
  await page.fill("#password", password);
  await page.click("#log-in");
  await page.waitForURL((url) => url.pathname !== "/login");
}

/** Checks the page at hand: accessible in both colour schemes, and no wider than a phone. */
export async function checkPage(page, name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await checkAccessibility(page, `${name}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await checkWidth(page, name);
}

async function checkAccessibility(page, name) {
  await page.evaluate(`${axeSource}; undefined`);
  const results = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const serious = results.violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, help, nodes }) => `${id} (${help}): ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`);
  assert.deepEqual(serious, [], `accessibility of ${name}`);
}

async function checkWidth(page, name) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: PHONE_WIDTH, height: 740 });
  const wide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) {
      return [];
    }
    const sticksOut = (element) => element.getBoundingClientRect().right > clientWidth + 1;
    const scrolls = (element) => getComputedStyle(element).overflowX !== "visible";
    const isHeld = (element) => {
      const parent = element.parentElement;
      return parent !== null && parent !== document.body && (scrolls(parent) || isHeld(parent));
    };
    const guilty = [...document.querySelectorAll("body *")].filter((element) => sticksOut(element) && !isHeld(element));
    return [`${scrollWidth} pixels`, ...guilty.slice(0, 6).map((element) => element.outerHTML.slice(0, 160))];
  });
  assert.deepEqual(wide, [], `${name} is wider than a phone`);
  await page.setViewportSize(before);
}
