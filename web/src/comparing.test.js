import assert from "node:assert/strict";
import { test } from "node:test";
import { compareCells } from "./comparing.js";

test("numbers are compared as numbers, whatever follows them", () => {
  const cells = ["1,000", "0.81 [0.77, 0.85]", "−0.20", "71 %", "–", "no gold", "100 % of 30"];
  assert.deepEqual([...cells].sort(compareCells), [
    "−0.20", "0.81 [0.77, 0.85]", "71 %", "100 % of 30", "1,000", "–", "no gold",
  ]);
});

test("texts are compared as people do", () => {
  assert.deepEqual(["item-10", "item-2", "Äpfel", "Zebra"].sort(compareCells), ["Äpfel", "item-2", "item-10", "Zebra"]);
});
