import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startIndex } from "./package_index";

const binary = resolve(import.meta.dirname, "../../../bin/maestro");

/** A server of the tests: its address, the token of an administrator, and its data folder. */
export interface TestServer {
  url: string;
  token: string;
  folder: string;
  /** Ends the process and keeps the folder. */
  halt: () => Promise<void>;
  /** Starts it again at the same address. */
  again: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Starts the server of all tests; returns what stops it. */
export default async function start(): Promise<() => Promise<void>> {
  const index = await startIndex();
  try {
    const server = await startServer({ PIP_INDEX_URL: index.url });
    process.env.MAESTRO_TEST_URL = server.url;
    process.env.MAESTRO_TEST_TOKEN = server.token;
    process.env.MAESTRO_TEST_FOLDER = server.folder;
    process.env.MAESTRO_TEST_BINARY = binary;
    // Each further server would unpack the carried Python again, three quarters of the work of a start.
    const unpacked = join(server.folder, "python");
    process.env.MAESTRO_TEST_PYTHON = join(unpacked, readdirSync(unpacked).find((name) => name.startsWith("3.")) ?? "");
    return async () => {
      await server.stop();
      index.stop();
    };
  } catch (error) {
    index.stop();
    throw error;
  }
}

/** Starts a server on embedded services, in a folder of its own: for tests that would disturb the others on the shared one. */
export async function startServer(settings: NodeJS.ProcessEnv = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "maestro-console-"));
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: folder, DATA_DIR: folder, PORT: port, LOG_LEVEL: "warn", MAESTRO_PG_BIN: process.env.MAESTRO_PG_BIN, MAESTRO_PYTHON_HOME: process.env.MAESTRO_TEST_PYTHON, ...settings };
  let server: ChildProcess;
  const again = async () => {
    let said = "";
    server = spawn(binary, ["serve"], { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [server.stdout, server.stderr]) stream?.on("data", (text: Buffer) => { said = (said + text.toString()).slice(-20_000); });
    await ready(url, server, () => said);
  };
  const halt = () => end(server);
  const stop = async () => {
    await halt();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await again();
    // Of a Census only the Census makes tokens.
    const token = settings.CENSUS_API_URL ? "" : execFileSync(binary, ["token", "--admin", "--ttl", "2h"], { env, encoding: "utf8" }).trim();
    return { url, token, folder, halt, again, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** Waits until the server says that it is ready, or ends. */
async function ready(url: string, server: ChildProcess, said: () => string): Promise<void> {
  const patience = Date.now() + 90_000;
  while (Date.now() < patience) {
    if (server.exitCode !== null) throw new Error(`the server has ended: ${said()}`);
    try {
      if ((await fetch(`${url}/readyz`)).ok) return;
    } catch {
      // It does not listen yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the server is not ready: ${said()}`);
}

function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    server.once("exit", () => resolve());
    server.kill("SIGTERM");
  });
}
