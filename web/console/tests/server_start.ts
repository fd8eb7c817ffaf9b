import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startIndex } from "./package_index";

const binary = resolve(import.meta.dirname, "../../../bin/maestro");

/** Starts a server on embedded services, in a folder of its own; returns what stops it. */
export default async function start(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "maestro-console-"));
  const port = String(await freePort());
  const index = await startIndex();
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: folder, DATA_DIR: folder, PORT: port, LOG_LEVEL: "warn", PIP_INDEX_URL: index.url, MAESTRO_PG_BIN: process.env.MAESTRO_PG_BIN };
  const server = spawn(binary, ["serve"], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (text: Buffer) => { said = (said + text.toString()).slice(-20_000); });
  const stop = async () => {
    await end(server);
    index.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const url = `http://127.0.0.1:${port}`;
    await ready(url, server, () => said);
    process.env.MAESTRO_TEST_URL = url;
    process.env.MAESTRO_TEST_TOKEN = execFileSync(binary, ["token", "--admin", "--ttl", "2h"], { env, encoding: "utf8" }).trim();
    process.env.MAESTRO_TEST_FOLDER = folder;
    process.env.MAESTRO_TEST_BINARY = binary;
    return stop;
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
