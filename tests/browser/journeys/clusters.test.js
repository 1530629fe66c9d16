// Models say of a letter what it is about: a reviewer sees which texts count as one and where they differ.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { checkPage, launch, logIn, openPage } from "../support/browser.js";
import { PASSWORD, openHouse } from "../support/house.js";
import { startScriptedModel } from "../support/scripted-model.js";
import { MODELS, letter } from "../support/wordings.js";

let house, model, browser, item;

before(async () => {
  model = await startScriptedModel([letter]);
  house = await openHouse({ ACCORD__PROVIDERS__SCRIPTED__BASE_URL: model.address });
  await house.addUser("rita", "reviewer");
  const annotators = MODELS.map(
    (name) => `[[annotators]]\nname = "${name}"\nkind = "language_model"\nprovider = "scripted"\nmodel = "${name}"\n`,
  );
  const definition = `name = "letters"\n\n[[fields]]\nname = "summary"\ntitle = "Summary"\ntype = "text"\n\n${annotators.join("\n")}`;
  await writeFile(join(house.folder, "letters.toml"), definition);
  await house.run(["project", "create", "letters.toml"]);
  await writeFile(join(house.folder, "letters.jsonl"), JSON.stringify({ external_id: "letter-17", text: letter.text }));
  await house.run(["import", "--project", "letters", "letters.jsonl"]);
  await house.api.waitUntilIdle("letters");
  [item] = (await house.api.get("/projects/letters/items")).rows;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await house?.close();
  await model?.close();
});

test("the page of an item shows each cluster with its members and what differs", async () => {
  const { page, context, troubles } = await openPage(browser);
  await logIn(page, house.address, "rita", PASSWORD);
  await page.goto(`${house.address}/projects/letters/items/${item.id}`);
  const clusters = page.locator("#field-summary .cluster");
  assert.equal(await clusters.count(), 3);
  const first = clusters.first();
  assert.match(await first.textContent(), /60 %\s+3 votes/u);
  const members = first.locator(".members > li");
  assert.equal(await members.count(), 2);
  assert.match(await members.first().textContent(), /stands for the cluster · 2 votes/u);
  assert.deepEqual(
    (await members.nth(1).locator("del").allTextContents()).map((text) => text.toLowerCase()),
    ["one week", "four"],
  );
  assert.deepEqual(await members.nth(1).locator("ins").allTextContents(), ["ten days", "4"]);
  assert.ok((await page.locator("#field-summary").textContent()).includes("<b>Somebody</b> wants money back."));
  await checkPage(page, "item with clusters");

  // What is the same is folded away until it is asked for, by keyboard too.
  const folded = members.nth(1).locator("details.folded");
  const middle = folded.locator("span");
  assert.equal(await middle.isVisible(), false);
  await folded.locator("summary").focus();
  await page.keyboard.press("Enter");
  assert.equal(await middle.isVisible(), true);
  await checkPage(page, "item with an unfolded text");
  assert.deepEqual(troubles, []);
  await context.close();
});

test("a reviewer looks into a cluster and picks it by keyboard", async () => {
  const { page, context, troubles } = await openPage(browser);
  await logIn(page, house.address, "rita", PASSWORD);
  await page.goto(`${house.address}/projects/letters/review/next`);
  const summary = page.locator(".pick-members > summary");
  assert.equal(await summary.textContent(), "2 different values count as this one");
  await summary.focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(".pick-members[open] ins");
  await page.focus(".take input");
  await page.keyboard.press("Space");
  assert.ok(await page.isChecked(".take input"), "another value of the cluster can be taken");
  await checkPage(page, "review with a cluster");
  await page.locator('input[name="state.summary"]').first().focus();
  await page.keyboard.press("1");
  assert.ok(await page.locator('input[name="state.summary"]').first().isChecked());
  await page.keyboard.press("Shift+Enter");
  await page.waitForURL((url) => url.pathname.endsWith("/review"));
  assert.deepEqual(troubles, []);
  await context.close();
  const gold = await house.api.get(`/projects/letters/items/${item.id}/gold`);
  assert.match(gold[0].answer.canonical, /within one week .* remaining four chairs/u);
});
