import { expect, hostile, test } from "./console";
import { writeRuns } from "./database";

const double = "def double(input):\n    return input['n'] * 2\n";
const fails = "def fails(input):\n    raise ValueError('no ' + str(input.get('n')))\n";

test("the list, its filters in the address, and a run by keyboard", async ({ page, api, open, accessible }) => {
  await api.store("double", double);
  await api.store("fails", fails);
  for (let n = 0; n < 3; n++) await api.run("double", { n });
  await api.run("fails", { n: 7 });
  await open("/runs");
  const rows = page.getByRole("row");
  await expect(rows).toHaveCount(4);
  await expect(rows.first()).toContainText("ValueError: no 7");
  await accessible();
  await page.getByRole("button", { name: "failed", exact: true }).click();
  await expect(page).toHaveURL(/status=failed/);
  await expect(rows).toHaveCount(1);
  await page.reload();
  await expect(page.getByRole("button", { name: "failed", exact: true }), "the address holds the filter").toHaveAttribute("aria-pressed", "true");
  await expect(rows).toHaveCount(1);
  await page.getByRole("button", { name: "Clear" }).click();
  await expect(rows).toHaveCount(4);
  await page.keyboard.press("/");
  await page.keyboard.type("double");
  await expect(rows).toHaveCount(3);
  await expect(page).toHaveURL(/function_name=double/);
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(rows.nth(1)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "double" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/function_name=double/);
  await page.goto(page.url().replace(/function_name=double/, "function_name=missing"));
  await expect(page.getByText("No run matches")).toBeVisible();
  await accessible();
});

test("an empty subtenant", async ({ page, open, accessible }) => {
  await open("/runs");
  await expect(page.getByText("No runs yet")).toBeVisible();
  await accessible();
});

test("new runs appear by themselves, and wait while the list is scrolled", async ({ page, api, open }) => {
  await api.store("double", double);
  writeRuns(api.subtenant, "double", 300);
  await open("/runs");
  await expect(page.getByText("live", { exact: true })).toBeVisible();
  const first = page.getByRole("row").first();
  const id = await api.run("double", { n: 1 });
  await expect(first.getByRole("link")).toHaveAttribute("href", `#/runs/${id}`);
  const list = page.getByRole("table", { name: "Runs, the newest first" });
  await list.evaluate((element) => { element.scrollTop = 2000; });
  await expect(page.getByRole("row").nth(10)).toBeVisible();
  const seen = await list.evaluate((element) => element.scrollTop);
  await api.run("double", { n: 2 });
  const last = await api.run("double", { n: 3 });
  await page.getByRole("button", { name: "2 new runs" }).waitFor();
  expect(await list.evaluate((element) => element.scrollTop), "nothing moves").toBe(seen);
  await page.keyboard.press(".");
  await expect(first.getByRole("link")).toHaveAttribute("href", `#/runs/${last}`);
  await expect(page.getByRole("button", { name: /new run/ })).toHaveCount(0);
});

test("a list that is left open keeps a bounded number of the rows that come", async ({ page, api, open }) => {
  test.setTimeout(120_000);
  await api.store("double", double);
  writeRuns(api.subtenant, "double", 500);
  await open("/runs");
  const table = page.getByRole("table", { name: /Runs/ });
  const count = async () => Number(await table.getAttribute("aria-rowcount"));
  await expect(page.getByText("live", { exact: true })).toBeVisible();
  let most = 0;
  for (let batch = 0; batch < 7; batch++) {
    const before = await count();
    writeRuns(api.subtenant, "double", 400);
    await expect.poll(count).not.toBe(before);
    most = Math.max(most, await count());
  }
  expect(most, "rows that come are added").toBeGreaterThan(1500);
  // Of 3,300; when the list begins anew depends on how many of the first 500 came while it was read.
  await expect.poll(count, "and those below the newest dropped").toBeLessThan(2200);
  const newest = async () => (await api.call("GET", "/executions?limit=1&brief=true"))[0].id;
  await expect(page.getByRole("row").first().getByRole("link")).toHaveAttribute("href", `#/runs/${await newest()}`);
  // Older rows are read again as they come into sight.
  const kept = await count();
  await table.evaluate((element) => { element.scrollTop = element.scrollHeight; });
  await expect.poll(count).toBeGreaterThan(kept);
  await expect(page.getByRole("row").last().getByRole("link")).toBeVisible();
});

test("many thousands of rows scroll without a blank, there and back", async ({ page, api, open }) => {
  test.setTimeout(240_000); // each frame of a busy machine takes long
  const count = 20_000;
  await api.store("double", double);
  writeRuns(api.subtenant, "double", count);
  await open("/runs");
  await page.getByRole("row").first().waitFor();
  const list = page.getByRole("table", { name: "Runs, the newest first" });
  // Scrolls to the end as fast as the list draws; each frame is full of rows with their content.
  const { frames, blank } = await list.evaluate(async (element, last) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const box = element.getBoundingClientRect();
    let frames = 0;
    let blank = 0;
    const done = () => [...element.querySelectorAll("[role=row]")].some((row) => Number(row.getAttribute("aria-rowindex")) >= last);
    while (!done()) {
      element.scrollTop += 4000;
      await frame();
      await frame();
      const filled = [...element.querySelectorAll("[role=row]")].filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return bottom > box.top && top < box.bottom && row.querySelector("a");
      });
      frames++;
      if (filled.length < Math.floor(box.height / 36) - 1) blank++;
    }
    return { frames, blank };
  }, count);
  expect(frames).toBeGreaterThan(50);
  expect(blank, "frames with a row missing").toBe(0);
  await expect(page.getByText("20,000 runs")).toBeVisible();
  await expect(page.getByRole("row").last()).toContainText("number: 20000");
  await list.evaluate((element) => { element.scrollTop = 0; });
  await expect(page.getByRole("row").first()).toContainText("number: 1}");
  const rows = await page.getByRole("row").count();
  expect(rows, "only rows in sight are in the document").toBeLessThan(80);
});

test("retry and cancel of all that match, with their number first", async ({ page, api, open, accessible }) => {
  await api.store("fails", fails);
  await api.store("double", double);
  for (let n = 0; n < 3; n++) await api.run("fails", { n });
  await open("/runs?function_name=fails");
  await expect(page.getByRole("row")).toHaveCount(3);
  await page.getByRole("button", { name: "Retry …" }).click();
  const dialog = page.getByRole("dialog", { name: "Retry runs" });
  await expect(dialog.getByRole("button", { name: "Retry 3 runs" })).toBeEnabled();
  await accessible();
  await dialog.getByRole("button", { name: "Retry 3 runs" }).click();
  await expect(page.getByText("3 runs retried.")).toBeVisible();
  await expect(page.getByRole("row")).toHaveCount(6);
  await expect.poll(async () => (await api.call("GET", "/executions?trigger_type=retry&status=failed")).length).toBe(3);

  await api.store("waits", "import threading\n\ndef waits(input):\n    threading.Event().wait()\n");
  await api.start("waits");
  await api.start("waits");
  await page.goto(page.url().replace("function_name=fails", "function_name=waits"));
  await expect(page.getByRole("row")).toHaveCount(2);
  await page.getByRole("button", { name: "Cancel …" }).click();
  await page.getByRole("button", { name: "Cancel 2 runs" }).click();
  await expect(page.getByText("2 runs asked to stop.")).toBeVisible();
  await expect.poll(async () => (await api.call("GET", "/executions?function_name=waits&status=cancelled")).length).toBe(2);
  await expect(page.getByRole("row").filter({ hasText: "cancelled" }), "the list shows it by itself").toHaveCount(2);
});

test("hostile names, inputs, errors and outputs are text in the list", async ({ page, api, open }) => {
  await api.store("hostile", `def hostile(input):\n    raise ValueError(input["text"])\n`);
  await api.store("echo", "def echo(input):\n    return input\n");
  await api.run("hostile", { text: hostile });
  await api.run("echo", { [hostile]: hostile });
  await open("/runs");
  const rows = page.getByRole("row");
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(1)).toContainText("ValueError: <img src=x onerror=");
  await expect(rows.nth(0)).toContainText("<img src=x onerror=");
  await expect(page.locator("main img, main script")).toHaveCount(0);
  await expect(page).toHaveTitle("Runs · Maestro");
  await expect(rows.nth(0), "an override of the direction is a symbol").not.toContainText("\u202e");
});

test("the list reads no large input, and says so", async ({ page, api, open }) => {
  await api.store("double", double);
  await api.store("fails", fails);
  await api.run("double", { n: 1 });
  await api.run("fails", { n: 2 });
  await api.run("double", { n: 3, text: "words ".repeat(100) });
  await api.run("double", { n: 4, noise: Array.from({ length: 8_000 }, () => Math.random()) });
  let bytes = 0;
  page.on("response", async (response) => {
    if (/\/executions\?/.test(response.url())) bytes += (await response.body().catch(() => Buffer.alloc(0))).length;
  });
  await open("/runs");
  const rows = page.getByRole("row");
  await expect(rows).toHaveCount(4);
  await expect(rows.nth(0)).toContainText("a large input");
  await expect(rows.nth(1)).toContainText("words words");
  await expect(rows.nth(2)).toContainText("ValueError");
  await expect(rows.nth(3)).toContainText("{n: 1}");
  expect(bytes).toBeGreaterThan(500);
  expect(bytes).toBeLessThan(20_000);
});

test("a run that begins between the list and the stream is not missed", async ({ page, api, open }) => {
  await api.store("double", double);
  await api.run("double", { n: 1 });
  // The stream opens only when another run has come after the list was read.
  let release = () => {};
  const held = new Promise<void>((done) => { release = done; });
  await page.route("**/executions/stream*", async (route) => { await held; await route.continue(); });
  await open("/runs");
  await expect(page.getByRole("row")).toHaveCount(1);
  await api.run("double", { n: 2 });
  release();
  await expect(page.getByRole("row")).toHaveCount(2);
});
