// Invoices come in, models vote, a reviewer resolves, the calibrator is refitted, and the item's page shows all of it.
import assert from "node:assert/strict";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { checkPage, launch, logIn, openPage } from "../support/browser.js";
import { PASSWORD, openHouse, until } from "../support/house.js";
import { startScriptedModel } from "../support/scripted-model.js";

const INVOICES = 48;
const WITH_GOLD = 40;

let house, model, browser;
const gold = new Map();

before(async () => {
  const documents = [];
  model = await startScriptedModel(documents);
  house = await openHouse({ ACCORD__PROVIDERS__SCRIPTED__BASE_URL: model.address, ACCORD__PROVIDERS__SCRIPTED__INPUT_PRICE: "2.50", ACCORD__PROVIDERS__SCRIPTED__CURRENCY: "EUR" });
  await house.addUser("ada", "administrator");
  await house.addUser("rita", "reviewer");
  await importInvoices(documents);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await house?.close();
  await model?.close();
});

/** Sample invoices, most with gold beside them, into a project where readers and two models vote. */
async function importInvoices(documents) {
  await house.run(["samples", "bills", "--count", String(INVOICES), "--seed", "4"]);
  const folder = join(house.folder, "bills");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".gold.json")).sort();
  for (const [position, name] of names.entries()) {
    const file = JSON.parse(await readFile(join(folder, name), "utf8"));
    gold.set(name.replace(".gold.json", ".pdf"), file.gold);
    documents.push({ mark: file.gold.invoice_number, gold: file.gold });
    if (position >= WITH_GOLD) {
      await rm(join(folder, name));
    }
  }
  const template = await house.run(["project", "template", "invoice"]);
  const models = ["careful", "hasty"].map(
    (name) => `\n[[annotators]]\nname = "${name}"\nkind = "language_model"\nprovider = "scripted"\nmodel = "${name}"\n`,
  );
  await writeFile(join(house.folder, "bills.toml"), template + models.join(""));
  await house.run(["project", "create", "bills.toml", "--name", "bills"]);
  await house.run(["import", "--project", "bills", "bills"]);
  await until("calibrators are there", async () => (await house.api.get("/projects/bills/calibrators/current")).length > 0);
  await house.api.waitUntilIdle("bills");
}

test("who is not logged in is asked to, and a wrong password is told", async () => {
  const { page, context, troubles } = await openPage(browser);
  await page.goto(`${house.address}/projects/bills`);
  assert.equal(new URL(page.url()).pathname, "/login");
  await checkPage(page, "login");
  await page.fill("#name", "ada");
  await page.fill("#password", "wrong password");
  await page.click("#log-in");
  await page.waitForSelector("#login-problem");
  await checkPage(page, "refused login");
  await page.fill("#password", PASSWORD);
  await page.click("#log-in");
  await page.waitForURL(`${house.address}/projects/bills`);
  assert.deepEqual(troubles, []);
  await context.close();
});

test("projects, overview and items show what was measured", async () => {
  assert.ok(model.calls.length >= INVOICES, "the models were asked");
  const { page, context, troubles } = await openPage(browser);
  await logIn(page, house.address, "ada", PASSWORD);
  assert.match(await page.textContent("#projects"), /Invoices/iu);
  await checkPage(page, "projects");

  await page.goto(`${house.address}/projects/bills`);
  await page.waitForSelector("#fields");
  const total = page.locator('#fields tr[data-field="gross_total"]');
  assert.match(await total.textContent(), /\d/u);
  assert.equal(await total.locator(".confidence.calibrated").count(), 1);
  assert.ok((await page.locator('figure[id^="reliability-"]').count()) > 0, "reliability diagrams are shown");
  await checkPage(page, "overview");

  await page.click("#all-items");
  await page.waitForSelector("#items");
  assert.equal(await page.locator("#items tbody tr").count(), INVOICES);
  await checkPage(page, "items");
  await page.goto(`${house.address}/projects/bills/items?state=needs_review`);
  await checkPage(page, "items to review");
  await page.goto(`${house.address}/projects/nothing`);
  await page.waitForSelector("#problem");
  await checkPage(page, "missing page");
  await page.goto(`${house.address}/api/docs`);
  await checkPage(page, "documentation");
  assert.deepEqual(troubles, []);
  await context.close();
});

test("agreement, calibration and methods are shown field by field, with a table behind every chart", async () => {
  const { page, context, troubles } = await openPage(browser);
  await logIn(page, house.address, "rita", PASSWORD);
  await page.goto(`${house.address}/projects/bills`);
  await page.click("#agreement");
  await page.waitForSelector("#pairs-matrix svg");
  assert.match(await page.textContent("#answer"), /least agreement: .+ α/u);
  await checkPage(page, "agreement");
  await page.focus('#fields tr[data-field="currency"] a');
  await page.keyboard.press("Enter");
  await page.waitForURL(/field=currency/u);
  await page.waitForSelector('#fields tr[data-field="currency"] a[aria-current]');
  const measured = await house.api.get("/projects/bills/agreement/currency");
  const pairs = (measured.annotators.length * (measured.annotators.length - 1)) / 2;
  assert.equal(await page.locator("#pairs tbody tr").count(), pairs, "every pair is in the table");
  assert.match(await page.textContent("#k-eff"), /k = \d+ annotators of \d+ famil/u);
  for (const summary of await page.locator("#detail summary").all()) {
    await summary.click();
  }
  await checkPage(page, "agreement of a field, tables open");

  await page.goto(`${house.address}/projects/bills/calibration`);
  await page.locator('nav[aria-label="Fields"] a', { hasText: "Gross total" }).click();
  await page.waitForSelector("#risk-coverage svg");
  const calibration = await house.api.get("/projects/bills/calibration/gross_total");
  assert.equal(calibration.acceptance.outcome.outcome, "not_enough_gold");
  const { missing } = calibration.acceptance.outcome;
  assert.match(await page.textContent("#threshold"), new RegExp(`not enough gold yet · ${missing} more labels? needed`, "u"));
  for (const summary of await page.locator("main summary").all()) {
    await summary.click();
  }
  await checkPage(page, "calibration of a field, tables open");
  await page.fill("#promised-error", "60");
  await page.click("#certify");
  await page.waitForURL(/error=60/u);
  assert.match(await page.textContent("#threshold"), /threshold 0\.\d{3} → \d+ % accepted, error ≤ 60\.0 % with 95 %/u);
  await checkPage(page, "certified threshold");

  await page.goto(`${house.address}/projects/bills`);
  await page.click("#methods");
  await page.waitForSelector("#summary");
  const compared = await house.api.get("/projects/bills/methods");
  const fields = compared.comparison.fields.length;
  assert.equal(await page.locator("#summary tbody tr").count(), fields);
  assert.equal(await page.locator("details[data-field]").count(), fields);
  assert.equal(await page.locator("details[data-field][open]").count(), 1, "only the first is open");
  await checkPage(page, "methods");
  await page.focus('#summary a[href="#field-gross_total"]');
  await page.keyboard.press("Enter");
  await page.locator('[data-field="gross_total"] .advice').waitFor();
  assert.match(await page.textContent("#judge"), /names no judge/u);
  const closed = page.locator("main details:not([open]) > summary");
  while ((await closed.count()) > 0) {
    await closed.first().click();
  }
  await checkPage(page, "methods, tables open");
  assert.deepEqual(troubles, []);
  await context.close();
});

test("a reviewer resolves an invoice by keyboard, and the item's page shows all of it", async () => {
  const { page, context, troubles } = await openPage(browser);
  await logIn(page, house.address, "rita", PASSWORD);
  await page.goto(`${house.address}/projects/bills/review`);
  await page.waitForSelector("#queue");
  await checkPage(page, "review queue");
  await page.click("#review-next");
  await page.waitForSelector("#review-form");
  await checkPage(page, "review");
  const item = (await page.getAttribute('#answer a[href*="/items/"]', "href")).split("/").at(-1);
  const resolved = await resolve(page, item);
  const calibrators = () => house.api.get("/projects/bills/calibrators/current");
  const before = await calibrators();
  await until("the item is resolved", async () => {
    const state = (await house.api.get(`/projects/bills/items/${item}`)).state;
    return state === "resolved";
  });
  await refit(before, calibrators);
  await checkItemPage(page, item, resolved);
  assert.deepEqual(troubles, []);
  await context.close();
});

/** Gives the true value to every field in doubt, by keyboard; returns them. */
async function resolve(page, item) {
  const { external_id: name } = await house.api.get(`/projects/bills/items/${item}`);
  const truth = gold.get(name);
  const resolved = {};
  const fields = await page.locator("fieldset[data-in-doubt]").evaluateAll((all) =>
    all.map(({ dataset }) => ({ field: dataset.field, input: dataset.input })),
  );
  assert.ok(fields.length > 0, "something is in doubt");
  for (const { field, input } of fields) {
    const fieldset = page.locator(`#field-${field}`);
    await fieldset.locator("input[type=radio]").first().focus();
    const value = truth[field];
    if (input === "line" && value !== null) {
      await page.keyboard.press("e");
      await page.keyboard.press("Control+A");
      await page.keyboard.type(value);
      resolved[field] = value;
    } else {
      await page.keyboard.press(value === null ? "a" : "u");
    }
  }
  await page.locator("fieldset[data-in-doubt] input[type=radio]").first().focus();
  await page.keyboard.press("c");
  await page.keyboard.type("compared with the paper");
  await page.keyboard.press("Control+Enter");
  return resolved;
}

/** The resolution is gold: the calibrators are fitted anew by themselves, and on request. */
async function refit(before, calibrators) {
  const known = new Set(before.map(({ id }) => id));
  await until("calibrators are refitted", async () => (await calibrators()).some(({ id }) => !known.has(id)));
  await house.api.waitUntilIdle("bills");
  const { page, context, troubles } = await openPage(browser);
  await logIn(page, house.address, "ada", PASSWORD);
  await page.goto(`${house.address}/projects/bills`);
  await page.click("#refit");
  await page.waitForURL(`${house.address}/projects/bills?done=refit`);
  assert.match(await page.textContent("#status"), /refit is planned/u);
  await house.api.waitUntilIdle("bills");
  assert.deepEqual(troubles, []);
  await context.close();
}

async function checkItemPage(page, item, resolved) {
  await page.goto(`${house.address}/projects/bills/items/${item}`);
  await page.waitForSelector("#answer");
  const annotators = await house.api.get("/projects/bills/annotators");
  const automatic = annotators.filter(({ name }) => !name.startsWith("@")).length;
  for (const [field, value] of Object.entries(resolved)) {
    const section = page.locator(`#field-${field}`);
    assert.match(await section.locator(".gold").textContent(), new RegExp(escape(value), "u"));
    assert.equal(await section.locator(".confidence").count(), 1);
    assert.ok((await section.locator("table.votes tbody tr").count()) >= automatic, `${field}: every vote is shown`);
  }
  assert.ok((await page.locator(".confidence.calibrated").count()) > 0);
  const submissions = await page.textContent("#submissions");
  for (const expected of ["rita", "careful", "hasty", "compared with the paper"]) {
    assert.ok(submissions.includes(expected), `${expected} in ${submissions}`);
  }
  assert.ok((await page.locator("#history, #history-head").count()) > 0);
  await page.locator(".sheet.drawn canvas").first().waitFor();
  const marked = page.locator(".result[data-field]").first();
  await marked.focus();
  await checkPage(page, "item");
}

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");
}
