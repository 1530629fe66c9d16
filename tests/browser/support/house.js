// A house to test: a database and a server of its own, accounts, a client of the API.
import { execFile, spawn } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const PASSWORD = "correct horse battery";

/** How long something may take to come about on a busy machine. */
export const PATIENCE_MILLISECONDS = 180_000;

/** Where the program is: named by ACCORD_BINARY, or built beside the tests. */
function program() {
  const folder = process.env.CARGO_TARGET_DIR ?? resolve(import.meta.dirname, "../../../target");
  const path = process.env.ACCORD_BINARY ?? join(folder, "debug", "accord");
  if (!existsSync(path)) {
    throw new Error(`${path} is missing: run cargo build -p accord, or name the program in ACCORD_BINARY`);
  }
  return path;
}

/** Opens a house whose programs have these variables besides. */
export async function openHouse(variables) {
  const folder = await mkdtemp(join(tmpdir(), "accord-browser-"));
  const port = await freePort();
  const environment = {
    ...process.env,
    ACCORD__DATABASE__URL: `sqlite:${join(folder, "accord.db")}`,
    ACCORD__BLOBS__FOLDER: join(folder, "blobs"),
    ACCORD__SERVER__LISTEN: `127.0.0.1:${port}`,
    ...variables,
  };
  delete environment.ACCORD_CONFIG;
  const options = { cwd: folder, env: environment };
  const address = `http://127.0.0.1:${port}`;
  const log = createWriteStream(join(folder, "serve.log"));
  const server = spawn(program(), ["serve"], { ...options, stdio: ["ignore", "pipe", "pipe"] });
  server.stdout.pipe(log);
  server.stderr.pipe(log);
  await until("the server is ready", async () => {
    if (server.exitCode !== null) {
      throw new Error(`the server ended with ${server.exitCode}: ${await readFile(log.path, "utf8")}`);
    }
    const reply = await fetch(`${address}/readyz`).catch(() => undefined);
    return reply?.ok;
  });
  const run = (commandArguments, input = "") => runProgram(commandArguments, input, options);
  const token = (await run(["token", "create", "tests", "--scope", "admin"])).trim();
  return {
    address,
    folder,
    run,
    api: apiOf(address, token),
    addUser: (name, role) => run(["user", "create", name, "--role", role], PASSWORD),
    readLog: () => readFile(log.path, "utf8"),
    async close() {
      const ended = new Promise((done) => server.once("exit", done));
      server.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function runProgram(commandArguments, input, options) {
  return new Promise((done, fail) => {
    const child = execFile(program(), commandArguments, options, (error, stdout, stderr) => {
      if (error) {
        fail(new Error(`accord ${commandArguments.join(" ")}: ${stderr}`));
      } else {
        done(stdout);
      }
    });
    child.stdin.end(input);
  });
}

/** Asks the API; the answer is parsed JSON. */
function apiOf(address, token) {
  async function ask(method, path, body) {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const reply = await fetch(`${address}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await reply.text();
    if (!reply.ok) {
      throw new Error(`${method} ${path}: ${reply.status} ${text}`);
    }
    return text ? JSON.parse(text) : undefined;
  }
  const get = (path) => ask("GET", path);
  return {
    get,
    post: (path, body) => ask("POST", path, body),
    put: (path, body) => ask("PUT", path, body),
    waitUntilIdle: (project) =>
      until(`the automatic tasks of ${project} are done`, async () => {
        const progress = await get(`/projects/${project}/progress`);
        const isOpen = ({ kind, state }) =>
          ["annotate", "score", "refit"].includes(kind) && ["ready", "leased"].includes(state);
        return progress.items.total > 0 && !progress.tasks.some(isOpen) && progress;
      }),
  };
}

/** Asks until the answer is something. */
export async function until(what, ask) {
  const end = Date.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    const answer = await ask();
    if (answer) {
      return answer;
    }
    if (Date.now() > end) {
      throw new Error(`not in time: ${what}`);
    }
    await sleep(150);
  }
}

/** A port that nobody listens at, below those that the system gives to outgoing connections. */
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const isFree = await new Promise((done) => {
      server.once("error", () => done(false));
      server.listen(port, "127.0.0.1", () => done(true));
    });
    if (isFree) {
      await new Promise((done) => server.close(done));
      return port;
    }
  }
}
