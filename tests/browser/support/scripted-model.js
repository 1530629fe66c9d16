// A server that speaks the OpenAI protocol and knows the answers, apart from the mistakes it is told to make.
import { createHash } from "node:crypto";
import { createServer } from "node:http";

/** How long a slow model thinks. */
const SLOW_MILLISECONDS = 1500;

/**
 * Starts the server. `documents` are { mark, gold, own }: the document that contains the mark is answered with the gold,
 * or as `own[model]` has it.
 */
export async function startScriptedModel(documents) {
  const calls = [];
  const slow = new Set();
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => {
      const question = JSON.parse(body);
      calls.push(question.model);
      response.setHeader("Content-Type", "application/json");
      const answer = () => response.end(JSON.stringify(completion(question, documents)));
      setTimeout(answer, slow.has(question.model) ? SLOW_MILLISECONDS : 0);
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    calls,
    /** Models in it take their time. */
    slow,
    address: `http://127.0.0.1:${server.address().port}/v1`,
    close: () => new Promise((done) => server.close(done)),
  };
}

function completion(question, documents) {
  const prompt = question.messages[1].content;
  const found = documents.find(({ mark }) => prompt.includes(mark));
  const { properties } = question.response_format.json_schema.schema;
  const answers = {};
  const own = found?.own?.[question.model] ?? {};
  for (const [field, property] of Object.entries(properties)) {
    if (field in own) {
      answers[field] = own[field];
      continue;
    }
    const gold = found?.gold[field] ?? null;
    answers[field] = isMistaken(question.model, found?.mark, field) ? mistake(gold, property) : gold;
  }
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    model: question.model,
    choices: [{ index: 0, message: { role: "assistant", content: JSON.stringify(answers) }, finish_reason: "stop" }],
    usage: { prompt_tokens: 900, completion_tokens: 120, total_tokens: 1020 },
  };
}

/** Models err on a part of the answers, each on its own part, the same on every run. */
function isMistaken(model, mark, field) {
  const share = model === "hasty" ? 0.3 : 0.05;
  const [first] = createHash("sha256").update(`${model}/${mark}/${field}`).digest();
  return first / 256 < share;
}

function mistake(gold, property) {
  if (property.enum) {
    return property.enum.find((option) => option !== gold && option !== null);
  }
  return typeof gold === "string" ? `${gold}9` : null;
}
