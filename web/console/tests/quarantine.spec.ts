import { Api, expect, signIn, test as shared } from "./console";
import { startServer } from "./server_start";

const crash = 'import os\n\ndef crashes(input):\n    print("before the end")\n    os._exit(3)\n';

shared("a quarantined function, told, released and mended", async ({ page, open, api, accessible }) => {
  // In the process lane the process of the subtenant ends, and not the server.
  await api.call("PUT", "/subtenants/" + api.subtenant, { lane: "process" });
  await api.store("crashes", crash);
  for (let i = 0; i < 3; i++) await api.run("crashes");
  await expect.poll(async () => (await api.call("GET", "/functions/crashes")).quarantine?.reason ?? "").not.toBe("");

  await open("/");
  const told = page.getByRole("link", { name: "crashes is quarantined." });
  await expect(told).toBeVisible();
  await accessible();
  await open("/functions?state=quarantined");
  await expect(page.getByRole("table", { name: "Functions" }).getByText("quarantined")).toBeVisible();
  await open("/");
  await told.click();
  const notice = page.getByText(/^Quarantined: .*Its calls are refused until it has another version or is released\.$/);
  await expect(notice).toBeVisible();
  await accessible();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("region", { name: "Result" }).getByRole("alert")).toContainText(/quarantine/i);

  await page.getByRole("button", { name: "Release" }).click();
  await expect(notice).toBeHidden();
  await expect(page.getByText("active", { exact: true })).toBeVisible();
  for (let i = 0; i < 3; i++) await api.run("crashes");
  await expect(async () => {
    await page.reload();
    await expect(notice).toBeVisible({ timeout: 2000 });
  }).toPass();

  // Another version ends it too.
  await page.getByRole("textbox", { name: "Code of crashes" }).click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText("def crashes(input):\n    return 'mended'\n");
  await page.getByRole("button", { name: "Save and run" }).click();
  await expect(page.getByRole("region", { name: "Result" }).getByText('"mended"')).toBeVisible();
  await expect(notice).toBeHidden();
});

// Stuck threads make the server's health worse, which the overview tells to all: on a server of its own.
const test = shared.extend<object, { server: Awaited<ReturnType<typeof startServer>> }>({
  server: [async ({}, use) => {
    const server = await startServer();
    await use(server);
    await server.stop();
  }, { scope: "worker", timeout: 240_000 }],
  api: async ({ server }, use) => {
    const api = new Api(server.url, server.token, "t-" + crypto.randomUUID().slice(0, 13));
    await api.call("POST", "/subtenants", { subtenant_id: api.subtenant });
    await use(api);
  },
});

// SQLite waits for a lock and asks nothing meanwhile: no deadline ends the call.
const blocks = `import sqlite3, tempfile

def blocks(input):
    path = tempfile.mkdtemp() + "/db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("begin exclusive")
    sqlite3.connect(path, timeout=600).execute("create table t (n)")
`;

test("stuck threads and refused calls of a subtenant, and its memory", async ({ page, api, accessible }) => {
  test.setTimeout(240_000); // eight threads, each given up after its deadline
  await api.store("holds", 'kept = bytearray(64_000_000)\n\ndef holds(input):\n    return len(kept)\n');
  await api.run("holds");
  await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/`);
  await signIn(page, api);
  const memory = page.getByRole("region", { name: "Memory by subtenant" }).getByRole("listitem").filter({ hasText: api.subtenant });
  await expect(memory).toContainText(/(6|7|8|9)\d(\.\d)? MB|1\d\d MB/, { timeout: 30_000 });

  await api.store("blocks", blocks, { timeout_seconds: 0.2 });
  await api.run("blocks");
  const link = page.getByRole("link", { name: `${api.subtenant} has stuck threads: 1.` });
  await expect(link).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("link", { name: "Some Python threads are stuck." })).toBeVisible();
  await accessible();
  await link.click();
  const interpreter = page.getByRole("region", { name: "Interpreter" });
  await expect(interpreter.getByText("1 thread, 0 leaked interpreters; calls are refused from 8 on")).toBeVisible();
  await expect(interpreter.getByText(/^blocks, given up .* ago$/)).toBeVisible();
  await accessible();

  // A call whose deadline has passed before it began blocks nothing: they are made until calls are refused.
  const state = async () => (await api.call("GET", `/subtenants/${api.subtenant}/interpreter`)) as { refused: boolean };
  await expect(async () => {
    if (!(await state()).refused) await api.send("POST", "/executions", { function_name: "blocks" });
    expect((await state()).refused).toBe(true);
  }).toPass({ timeout: 120_000 });
  await expect(interpreter.getByText("New calls are refused.")).toBeVisible({ timeout: 30_000 });
  await accessible();
  await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/`);
  await expect(page.getByRole("link", { name: `Calls of ${api.subtenant} are refused: too many of its threads are stuck.` })).toBeVisible();
  await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/functions/holds`);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("region", { name: "Result" }).getByRole("alert")).toContainText(/stuck/i);
});
