// server.mjs - a throw-away Lanyard, and its command line.

import { execFile, spawn } from "node:child_process";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { TO_OPERATOR } from "./operator.mjs";

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 50;

// The developer's own settings for Azure are no part of a test.
const FOREIGN = /^(AZURE|IDENTITY|IMDS|MSI)_/;
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)));

const run = promisify(execFile);
const onHost = resolve(import.meta.dirname, "../../support/on_host.mjs");

/** Why no sandbox can be made here; undefined where one can. */
export const sandboxless = await run(resolve(process.env.LANYARD ?? "build/lanyard"), ["shell", "--check"]).then(
  () => undefined,
  (error) => (error.stderr || error.message).trim().replace(/^lanyard: /, "").split("\n")[0],
);

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const atMost = (ms) => new Promise((done) => setTimeout(done, ms).unref()); // does not keep us from ending

export class Server {
  lanyard = resolve(process.env.LANYARD ?? "build/lanyard");
  home = mkdtempSync(join(tmpdir(), "lanyard-sdk-"));

  /** Starts it on a free port and waits until it answers. */
  async start(options = []) {
    const log = openSync(join(process.env.LANYARD_TEST_LOGS ?? this.home, "sdk-server.log"), "a");
    const data = join(this.home, "data");
    this.env = { ...environment, LANYARD_DATA: data, HOME: this.home };
    this.process = spawn(this.lanyard, ["up", "--port", "0", ...options], { env: this.env, stdio: ["ignore", log, log] });
    this.ended = new Promise((done) => {
      this.process.on("error", (error) => done(error.message));
      this.process.on("exit", (code, signal) => done(`it ended with ${signal ?? code}`));
    });
    let over;
    this.ended.then((why) => (over = why));
    for (const until = Date.now() + START_TIMEOUT_MS; Date.now() < until; await sleep(POLL_MS)) {
      if (over) throw new Error(`the server did not start: ${over}`);
      try {
        this.status = JSON.parse((await this.call(["status", "--json"])).stdout);
        return;
      } catch {
        // Not there yet.
      }
    }
    throw new Error(`the server did not answer within ${START_TIMEOUT_MS / 1000} s`);
  }

  /** Runs the command line; fails with what it printed. */
  call(args, input) {
    const child = run(this.lanyard, args, { env: this.env, maxBuffer: 64 << 20 });
    child.child.stdin.on("error", () => {}); // it may end before it has read
    child.child.stdin.end(input ?? "");
    return child;
  }

  /** The management API as the operator: the answer's body. */
  async api(method, path, body) {
    const { stdout } = await this.call(["api", method, path, ...(body ? ["-"] : [])], body && JSON.stringify(body));
    return stdout.trim() ? JSON.parse(stdout) : undefined;
  }

  /**
   * Runs a command as a resource's workload: its exit status, or the signal that ended it. What it prints is
   * passed on, but for what it asks of the operator (lib/operator.mjs), whom the sandbox hides from it.
   * `shown` is a file that the sandbox shows besides.
   */
  runAs({ id, account }, command, env, timeout_ms, shown) {
    const args = ["run", "--as", id, ...(account ? ["--service-account", account] : []), ...this.#place(shown), "--", ...command];
    const options = { env: { ...this.env, ...env, ...this.#hostEnvironment() }, stdio: ["pipe", "pipe", "inherit"], timeout: timeout_ms, killSignal: "SIGKILL" };
    return new Promise((done) => {
      const child = spawn(this.lanyard, args, options);
      child.stdin.on("error", () => {}); // it may end before it has read
      createInterface({ input: child.stdout }).on("line", async (line) => {
        if (!line.startsWith(TO_OPERATOR)) return console.log(line);
        child.stdin.write(`${await this.#answer(JSON.parse(line.slice(TO_OPERATOR.length)))}\n`);
      });
      child.on("error", (error) => done(error.message));
      child.on("close", (code, signal) => done(signal ?? code));
    });
  }

  // Where no sandbox can be made, programs run on the host, and a module leads Azure's names to the server.
  #place(shown) {
    return sandboxless ? ["--no-sandbox"] : ["--bind-ro", shown];
  }

  #hostEnvironment() {
    if (!sandboxless) return {};
    return { LANYARD_HTTPS_PORT: String(this.status.https_port), NODE_OPTIONS: `--import ${onHost}` };
  }

  // A line of JSON for a command line: what it printed, or why it failed.
  async #answer([args, input]) {
    try {
      return JSON.stringify({ stdout: (await this.call(args, input)).stdout });
    } catch (error) {
      return JSON.stringify({ error: error.stderr || error.message });
    }
  }

  /** Stops it. True if it went of itself, in time and without complaint. */
  async stop() {
    let clean = true;
    if (this.process?.pid) {
      this.process.kill("SIGTERM");
      const end = await Promise.race([this.ended, atMost(STOP_TIMEOUT_MS)]);
      clean = end === "it ended with 0";
      if (!end) this.process.kill("SIGKILL");
    }
    rmSync(this.home, { recursive: true, force: true });
    return clean;
  }
}
