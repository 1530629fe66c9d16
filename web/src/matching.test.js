import assert from "node:assert/strict";
import { test } from "node:test";
import { compact, findRuns } from "./matching.js";

test("texts are found across words, whatever clings to them", () => {
  const words = ["From:", "ACME", "Ltd.,", "London", "total", "118.40", "(118.40)"];
  assert.deepEqual(findRuns(words, "Acme Ltd"), [[1, 2]]);
  assert.deepEqual(findRuns(words, "118.40"), [[5, 5], [6, 6]]);
  assert.deepEqual(findRuns(words, "acmeltd.,london"), [[1, 3]]);
});

test("nothing and what is not there have no place", () => {
  assert.deepEqual(findRuns(["a", "b"], "  "), []);
  assert.deepEqual(findRuns(["a", "b"], "."), []);
  assert.deepEqual(findRuns(["a", "b"], "c"), []);
  assert.deepEqual(findRuns([], "a"), []);
});

test("ways of writing one character are alike", () => {
  assert.equal(compact("Ｍ Ü"), compact("m ü"));
});
