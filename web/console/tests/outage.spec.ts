import { Api, expect, retype, signIn, test as shared } from "./console";
import { startServer } from "./server_start";

// A server of its own, because it is stopped while pages are open.
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

test("a server that is restarted while its pages are open", async ({ page, context, api, server }) => {
  test.setTimeout(240_000); // a stop and a start of PostgreSQL
  await api.store("double", "def double(input):\n    return input['n'] * 2\n");
  await api.run("double", { n: 1 });
  const at = (path: string) => `${api.url}/console/?subtenant=${api.subtenant}#${path}`;
  await page.goto(at("/runs"));
  await signIn(page, api);
  await page.getByRole("link", { name: "Schedules" }).click(); // so that its part of the program is here
  await expect(page.getByText("No schedules yet")).toBeVisible();
  await page.goBack();
  await expect(page.getByText("live", { exact: true })).toBeVisible();
  const editor = await context.newPage();
  await editor.goto(at("/functions/double"));
  await retype(editor.getByRole("textbox", { name: "Code of double" }), "def double(input):\n    return input['n'] * 4\n");

  await server.halt();
  await expect(page.getByText("not live")).toBeVisible();
  await expect(page.getByRole("row")).toHaveCount(1);
  await editor.keyboard.press("Control+s");
  await expect(editor.getByRole("alert").filter({ hasText: "The server can't be reached" }).first()).toBeVisible();
  await expect(editor.getByText("unsaved")).toBeVisible();
  await page.getByRole("link", { name: "Schedules" }).click();
  await expect(page.getByRole("alert")).toContainText("The server can't be reached");

  await server.again();
  // The typed text is saved, the session stands, and pages go on by themselves or when asked.
  await editor.keyboard.press("Control+s");
  await expect(editor.getByText("Saved as version 2.")).toBeVisible();
  await expect(page.getByText("No schedules yet")).toBeVisible({ timeout: 30_000 });
  await page.goBack();
  await expect(page.getByText("live", { exact: true })).toBeVisible();
  const id = await api.run("double", { n: 2 });
  await expect(page.getByRole("row").first().getByRole("link")).toHaveAttribute("href", `#/runs/${id}`);
});

shared("a server that is slower than the pace of a page", async ({ page, api, open }) => {
  await api.store("double", "def double(input):\n    return input\n");
  await page.clock.install();
  let asked = 0;
  let release = () => {};
  const held = new Promise<void>((done) => { release = done; });
  await page.route("**/api/v1/queue", async (route) => {
    asked++;
    await held;
    await route.continue();
  });
  await open("/queue");
  await expect.poll(() => asked).toBe(1);
  await page.clock.runFor(60_000);
  expect(asked, "no question is given up for the next one").toBe(1);
  release();
  await expect(page.getByText("The queue is empty")).toBeVisible();
  await expect.poll(() => asked, "and one that fell due meanwhile is asked then").toBeGreaterThan(1);
});

shared("a function deleted in another tab", async ({ page, context, api, open, accessible }) => {
  await api.store("gone", "def gone(input):\n    return 1\n");
  await open("/functions/gone");
  await retype(page.getByRole("textbox", { name: "Code of gone" }), "def gone(input):\n    return 2\n");
  const other = await context.newPage();
  await other.goto(`${api.url}/console/?subtenant=${api.subtenant}#/functions/gone`);
  await other.getByRole("button", { name: "Delete the function" }).click();
  await other.getByRole("dialog").getByRole("button", { name: /^Delete/ }).click();
  await expect(other).toHaveURL(/#\/functions$/);
  await page.keyboard.press("Control+s");
  await expect(page.getByRole("alert").first()).toContainText(/no function/i);
  await expect(page.getByRole("textbox", { name: "Code of gone" }), "the typed text is still there").toContainText("return 2");
  await accessible();
  await other.goBack();
  await expect(other.getByRole("heading", { name: "There is no such function" })).toBeVisible();
});

shared("back, forward and reload keep each view", async ({ page, api, open }) => {
  await api.store("one", "def one(input):\n    return 1\n");
  const id = await api.run("one");
  await open("/functions?q=one");
  await page.getByRole("table", { name: "Functions" }).getByRole("link", { name: "one" }).click();
  await page.getByRole("tab", { name: "Settings" }).click();
  await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/runs/${id}?tab=log`);
  await expect(page.getByRole("tab", { name: "Log" })).toHaveAttribute("aria-selected", "true");
  await page.reload();
  await expect(page.getByRole("tab", { name: "Log" })).toHaveAttribute("aria-selected", "true");
  await page.goBack();
  await expect(page.getByRole("tab", { name: "Settings" })).toHaveAttribute("aria-selected", "true");
  await page.goBack();
  if (!page.url().includes("q=one")) await page.goBack(); // the tab is a step of its own, or none
  await expect(page.getByRole("searchbox").first()).toHaveValue("one");
  await page.goForward();
  await expect(page.getByRole("heading", { level: 1, name: "one" })).toBeVisible();
});

shared("a subtenant of 2,000 functions", async ({ page, api, open, accessible }) => {
  shared.setTimeout(120_000); // 2,000 functions are compiled first
  for (const start of [0, 1000]) {
    await api.call("POST", "/apply", { functions: Array.from({ length: 1000 }, (_, n) => ({ name: `step_${start + n}`, code: `def step_${start + n}(input):\n    return ${n}\n` })) });
  }
  await open("/functions");
  await expect(page.getByText("2,000 functions")).toBeVisible({ timeout: 30_000 });
  expect(await page.locator("main tr").count(), "rows in the document").toBeLessThan(600);
  await page.getByRole("searchbox").or(page.getByPlaceholder("Search name and description")).first().fill("step_1999");
  await expect(page.getByRole("link", { name: "step_1999" })).toBeVisible();
  await expect(page.getByText("1 function", { exact: true }).or(page.getByText("1 of 2,000"))).toBeVisible();
  await accessible();
  await page.keyboard.press("ControlOrMeta+k");
  await page.keyboard.type("step_777");
  await expect(page.getByRole("option", { name: /step_777/ }).first()).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "step_777" })).toBeVisible();
});
