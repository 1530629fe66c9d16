// An administrator starts runs by a form, watches them, pauses, resumes and cancels them, and sees what a stopping rule saves.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { checkPage, launch, logIn, openPage } from "../support/browser.js";
import { PASSWORD, openHouse, until } from "../support/house.js";
import { startScriptedModel } from "../support/scripted-model.js";

const LETTERS = 12;
const OPTIONS = ["question", "complaint"];
const MODELS = ["one", "two", "three"];

let house, model, browser;

before(async () => {
  const letters = Array.from({ length: LETTERS }, (_, number) => ({
    mark: `Letter number ${number}.`,
    gold: {},
    own: Object.fromEntries(MODELS.map((name) => [name, { label: OPTIONS[number % 2] }])),
  }));
  model = await startScriptedModel(letters);
  house = await openHouse({
    ACCORD__PROVIDERS__SCRIPTED__BASE_URL: model.address,
    ACCORD__PROVIDERS__SCRIPTED__CONCURRENCY: "1",
  });
  await house.addUser("ada", "administrator");
  await makeLetters("letters", letters, ["--hold"]);
  await makeLetters("answers", letters, []);
  await makeLetters("night", letters, ["--hold"]);
  await makeBills();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await house?.close();
  await model?.close();
});

/** Letters about each of which three models are asked until the rest cannot change the winner: at once, or by a run. */
async function makeLetters(project, letters, options) {
  const annotators = MODELS.map(
    (name) => `[[annotators]]\nname = "${name}"\nkind = "language_model"\nprovider = "scripted"\nmodel = "${name}"\nprompt = "classify"\n`,
  );
  const definition = `name = "${project}"

[policy.stopping]
rule = "cannot_change"

[[fields]]
name = "label"
title = "Label"
type = "choice"
options = ${JSON.stringify(OPTIONS)}

${annotators.join("\n")}`;
  await writeFile(join(house.folder, `${project}.toml`), definition);
  await house.run(["project", "create", `${project}.toml`]);
  const lines = letters.map(({ mark }, number) => JSON.stringify({ external_id: `letter-${number}`, text: mark }));
  await writeFile(join(house.folder, "letters.jsonl"), lines.join("\n"));
  await house.run(["import", "--project", project, ...options, "letters.jsonl"]);
}

/** Bills that wait for a run of the offline readers. */
async function makeBills() {
  await house.run(["samples", "bills", "--count", "6", "--seed", "7"]);
  await house.run(["project", "create", "--template", "invoice", "--name", "bills"]);
  await house.run(["import", "--project", "bills", "--hold", "bills"]);
}

async function open(path) {
  const opened = await openPage(browser);
  await logIn(opened.page, house.address, "ada", PASSWORD);
  await opened.page.goto(`${house.address}${path}`);
  return opened;
}

test("a run of offline readers is started by keyboard and watched until it is finished", async () => {
  const { page, context, troubles } = await open("/projects/bills/runs");
  await page.focus("#start-run > summary");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#start-run-form");
  await checkPage(page, "form of a run");

  // What is wrong stands beside what was typed, which is kept.
  await page.fill('#start-run-form input[name="tokens"]', "many");
  await page.fill('#start-run-form input[name="money"]', "5");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#error-currency");
  assert.match(await page.textContent("#error-currency"), /currency/u);
  assert.match(await page.textContent("#error-tokens"), /whole number/u);
  assert.equal(await page.inputValue('#start-run-form input[name="money"]'), "5");
  await checkPage(page, "refused form of a run");

  await page.fill('#start-run-form input[name="money"]', "");
  await page.fill('#start-run-form input[name="tokens"]', "");
  await page.fill('#start-run-form input[name="count"]', "4");
  assert.ok(await page.isChecked('#start-run-form input[value="newest"]'), "typing into a choice makes it");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/runs\/1(\?|$)/u);
  await page.getByText("finished").first().waitFor();
  await page.waitForFunction(() => !document.querySelector("[data-refresh]"));
  await checkPage(page, "finished run");
  assert.deepEqual(troubles, []);
  await context.close();

  await house.api.waitUntilIdle("bills");
  const [run] = (await house.api.get("/projects/bills/runs")).rows;
  assert.equal(run.state, "finished");
  assert.deepEqual(run.items, { select: "newest", count: 4 });
  const annotations = (await house.api.get("/projects/bills/annotations?limit=1000")).rows;
  assert.equal(annotations.length, 4 * run.annotators.length);
});

test("a run is paused, resumed and cancelled from its page", async () => {
  await house.api.waitUntilIdle("answers");
  MODELS.forEach((name) => model.slow.add(name));
  const before = model.calls.length;
  const { page, context, troubles } = await open("/projects/letters/runs");
  await page.click("#start-run > summary");
  await page.click("#start");
  await page.waitForURL(/\/runs\/1(\?|$)/u);
  await until("a call was made", () => model.calls.length > before);
  await checkPage(page, "running run");
  await page.click("#pause");
  await page.waitForSelector("#resume");
  await checkPage(page, "paused run");
  await page.click("#resume");
  await page.waitForSelector("#pause");
  await page.click("#cancel");
  await page.getByText("cancelled").first().waitFor();
  await checkPage(page, "cancelled run");
  assert.deepEqual(troubles, []);
  await context.close();
  const [run] = (await house.api.get("/projects/letters/runs")).rows;
  assert.equal(run.state, "cancelled");
  const made = model.calls.length - before;
  assert.ok(made < LETTERS * MODELS.length, `${made} calls were made`);
  model.slow.clear();
});

test("the overview tells what the stopping rule saves", async () => {
  await house.api.waitUntilIdle("answers");
  const { page, context, troubles } = await open("/projects/answers");
  const told = await page.textContent("#stopping");
  const [, made, panel] = /where the rest cannot change the winner\. (\d+) of (\d+) calls made for 12 items: \d+ % saved/u.exec(told);
  assert.equal(Number(panel), LETTERS * MODELS.length);
  const annotations = (await house.api.get("/projects/answers/annotations?limit=1000")).rows;
  assert.equal(Number(made), annotations.length);
  assert.ok(Number(made) < Number(panel), told);
  await checkPage(page, "overview with a stopping rule");
  assert.deepEqual(troubles, []);
  await context.close();
});

test("a run follows the stopping rule, and one of all votes asks the rest", async () => {
  const { page, context, troubles } = await open("/projects/night/runs");
  const start = async () => {
    await page.click("#start");
    await page.waitForURL(/\/runs\/\d+(\?|$)/u);
    await page.getByText("finished").first().waitFor();
    await page.waitForFunction(() => !document.querySelector("[data-refresh]"));
  };
  await page.click("#start-run > summary");
  await checkPage(page, "form of a run under a rule");
  await start();
  // Two that agree are enough of three.
  assert.match(await page.textContent("#votes"), /12 of 12 items at their end, 1\d saved/u);
  await checkPage(page, "finished run under a rule");

  await page.goto(`${house.address}/projects/night/runs`);
  await page.click("#start-run > summary");
  await page.check('#start-run-form input[name="all_votes"]');
  await start();
  assert.match(await page.textContent("#votes"), /all, whatever the stopping rule says/u);
  assert.deepEqual(troubles, []);
  await context.close();
  const annotations = (await house.api.get("/projects/night/annotations?limit=1000")).rows;
  assert.equal(annotations.length, LETTERS * MODELS.length);
});
