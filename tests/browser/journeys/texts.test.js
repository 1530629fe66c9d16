// A person votes on texts by keyboard alone; another does so in a browser without scripts.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { checkPage, launch, logIn, openPage } from "../support/browser.js";
import { PASSWORD, openHouse, until } from "../support/house.js";

const OPTIONS = ["question", "complaint", "praise", "other"];
const TEXTS = Array.from({ length: 8 }, (_, number) => ({
  external_id: `text-${number}`,
  text: `Letter number ${number} is about ${OPTIONS[number % OPTIONS.length]}.`,
}));

let house, browser;

before(async () => {
  house = await openHouse({});
  await house.addUser("anna", "annotator");
  await house.addUser("nora", "annotator");
  await house.run(["project", "create", "--template", "text-classification", "--name", "letters"]);
  await writeFile(join(house.folder, "letters.jsonl"), TEXTS.map((line) => JSON.stringify(line)).join("\n"));
  await house.run(["import", "--project", "letters", "letters.jsonl"]);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await house?.close();
});

/** The option that the text at hand is about. */
function optionOf(text) {
  return OPTIONS.findIndex((option) => text.includes(`about ${option}`));
}

/** Presses Tab until the element has the focus. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await page.locator(selector).evaluate((element) => element === document.activeElement)) {
      return;
    }
    await page.keyboard.press("Tab");
  }
  assert.fail(`${selector} cannot be reached by Tab`);
}

test("a person votes by keyboard alone", async () => {
  const { page, context, troubles } = await openPage(browser);
  await page.goto(`${house.address}/login?next=/projects/letters`);
  await tabTo(page, "#name");
  await page.keyboard.type("anna");
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${house.address}/projects/letters`);
  await checkPage(page, "overview of an annotator");
  await tabTo(page, "#start-annotating");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#annotate-form");
  await checkPage(page, "annotate");
  await page.keyboard.press("?");
  await page.waitForSelector("#shortcuts[open]");
  await checkPage(page, "keys");
  await page.keyboard.press("Escape");

  // Nothing chosen: the answer is refused, and nothing is lost.
  await page.keyboard.press("Shift+Enter");
  await page.waitForSelector("#error-label");
  await checkPage(page, "refused answer");
  for (let vote = 0; vote < TEXTS.length; vote += 1) {
    const task = await page.getAttribute("#annotate-form", "data-task");
    const option = optionOf(await page.textContent("#document"));
    await page.keyboard.press(String(option + 1));
    assert.ok(await page.locator(`input[value="${OPTIONS[option]}"]`).isChecked());
    await page.keyboard.press("Enter");
    await page.waitForFunction(
      (before) => document.querySelector("#annotate-form")?.dataset.task !== before,
      task,
    );
  }
  await page.waitForSelector("#nothing-to-do");
  await checkPage(page, "nothing to do");
  assert.deepEqual(troubles, []);
  await context.close();

  const votes = await votesOf("@anna");
  assert.equal(votes.length, TEXTS.length);
  for (const { text, label } of votes) {
    assert.equal(label, OPTIONS[optionOf(text)]);
  }
});

test("pages work without scripts", async () => {
  const { page, context } = await openPage(browser, { javaScriptEnabled: false });
  await logIn(page, house.address, "nora", PASSWORD);
  await page.goto(`${house.address}/projects/letters/annotate`);
  for (let vote = 0; vote < 2; vote += 1) {
    const option = optionOf(await page.textContent("#document"));
    await page.check(`input[value="${OPTIONS[option]}"]`);
    await page.click("#submit");
    await page.waitForLoadState();
  }
  await context.close();
  const votes = await until("both votes are stored", async () => {
    const found = await votesOf("@nora");
    return found.length === 2 && found;
  });
  assert.ok(votes.every(({ text, label }) => label === OPTIONS[optionOf(text)]));
  await house.api.waitUntilIdle("letters");
  const consensus = await house.api.get("/projects/letters/consensus");
  assert.equal(consensus.rows.length, TEXTS.length);
  assert.equal(consensus.rows.filter(({ vote_count: count }) => count === 2).length, 2);
});

/** What a person said, with the texts. */
async function votesOf(name) {
  const annotators = await house.api.get("/projects/letters/annotators");
  const annotator = annotators.find((candidate) => candidate.name === name);
  const items = (await house.api.get("/projects/letters/items")).rows;
  const annotations = (await house.api.get("/projects/letters/annotations?limit=1000")).rows;
  return annotations
    .filter(({ annotator_id: id }) => id === annotator?.id)
    .map(({ item_id: id, answers }) => ({
      text: TEXTS.find(({ external_id: name_ }) => name_ === items.find((item) => item.id === id).external_id).text,
      label: answers.label.canonical,
    }));
}
