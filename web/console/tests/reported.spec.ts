import { expect, retype, test } from "./console";
import { writeRuns } from "./database";

// Faults that users of other consoles have reported: each is tried on this one.

const ticks = "import time\n\ndef ticks(input):\n    for n in range(100000):\n        print('tick', n)\n        time.sleep(0.02)\n";

test("a log that grows leaves who reads above its end there, and follows again at the end", async ({ page, api, open }) => {
  await api.store("ticks", ticks);
  const id = await api.start("ticks");
  await open(`/runs/${id}?tab=log`);
  const list = page.getByRole("list", { name: "Log" });
  const end = () => list.evaluate((element) => element.scrollHeight - element.clientHeight);
  await expect.poll(end, "more lines than fit").toBeGreaterThan(600);
  await list.evaluate((element) => { element.scrollTop = 100; });
  await expect(page.getByLabel("Follow")).not.toBeChecked();
  const before = await end();
  await expect.poll(end, "lines come in meanwhile").toBeGreaterThan(before + 200);
  expect(await list.evaluate((element) => element.scrollTop), "nothing moves").toBe(100);
  await list.evaluate((element) => { element.scrollTop = element.scrollHeight; });
  await expect(page.getByLabel("Follow")).toBeChecked();
  const then = await end();
  await expect.poll(end).toBeGreaterThan(then);
  await expect.poll(() => list.evaluate((element) => element.scrollHeight - element.clientHeight - element.scrollTop)).toBeLessThan(60);
  await api.call("POST", `/executions/${id}/cancel`);
});

test("the log of an ended run begins at its beginning, without colour codes", async ({ page, api, open }) => {
  await api.store("colours", "def colours(input):\n    print('\\x1b[1;31mred\\x1b[0m alarm')\n    for n in range(300):\n        print('line', n)\n");
  const id = await api.run("colours");
  await open(`/runs/${id}?tab=log`);
  await expect(page.getByRole("list", { name: "Log" }).getByText("red alarm", { exact: true })).toBeInViewport();
  await page.getByRole("button").filter({ hasText: "red alarm" }).click();
  await expect(page.getByRole("region", { name: "The selected line" }), "the line itself is whole").toContainText("␛[1;31mred␛[0m alarm");
});

test("ages and durations are by the server's clock", async ({ page, api, open }) => {
  await api.store("waits", "import threading\n\ndef waits(input):\n    threading.Event().wait()\n");
  const id = await api.start("waits");
  await expect.poll(async () => (await api.call("GET", "/executions/" + id)).status).toBe("running");
  // The browser's clock is an hour ahead.
  await page.clock.install({ time: Date.now() + 3_600_000 });
  await page.clock.resume();
  await open("/runs");
  const row = page.getByRole("row").first();
  await expect(row).toContainText(/\d+ s ago/);
  await expect(row.getByRole("cell").nth(4)).toContainText(/^\d+ s$/);
  await open("/runs/" + id);
  await expect(page.getByRole("treeitem")).toHaveCount(1);
  await expect(page.locator(".ruler")).not.toContainText(/min|h/);
  await api.call("POST", `/executions/${id}/cancel`);
});

test("a list keeps its filters, from the browser's Back and from the link above a run", async ({ page, api, open }) => {
  await api.store("one", "def one(input):\n    return 1\n");
  await api.run("one");
  await open("/runs");
  await page.getByRole("button", { name: "completed", exact: true }).click();
  await page.getByRole("row").first().getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1, name: "one" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("button", { name: "completed", exact: true })).toHaveAttribute("aria-pressed", "true");
  await page.getByRole("row").first().getByRole("link").click();
  await page.locator("main header").getByRole("link", { name: "Runs" }).click();
  await expect(page).toHaveURL(/#\/runs\?status=completed$/);
  await page.getByRole("navigation", { name: "Sections" }).getByRole("link", { name: "Runs" }).click();
  await expect(page, "the navigation begins anew").toHaveURL(/#\/runs$/);
});

test("Escape in a run that was opened by its address stays in the console", async ({ page, api, open }) => {
  await api.store("one", "def one(input):\n    return 1\n");
  const id = await api.run("one");
  await page.goto(api.url + "/healthz");
  await open("/runs/" + id);
  await expect(page.getByRole("treeitem")).toHaveCount(1);
  await page.reload();
  await expect(page.getByRole("treeitem")).toHaveCount(1);
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/#\/runs$/);
  await expect(page.getByRole("row")).toHaveCount(1);
});

test("another subtenant is not chosen over unsaved changes, nor a thing of this one shown in it", async ({ page, api, open }) => {
  const other = api.subtenant + "-b";
  await api.call("POST", "/subtenants", { subtenant_id: other });
  await api.store("draft", "def draft(input):\n    return 1\n");
  await open("/functions/draft");
  await retype(page.getByRole("textbox", { name: "Code of draft" }), "def draft(input):\n    return 2\n");
  await page.getByLabel("Subtenant").selectOption(other);
  const dialog = page.getByRole("dialog", { name: "Leave without saving?" });
  await dialog.getByRole("button", { name: "Stay" }).click();
  await expect(page.getByLabel("Subtenant")).toHaveValue(api.subtenant);
  await expect(page.getByText("unsaved")).toBeVisible();
  await page.getByLabel("Subtenant").selectOption(other);
  await dialog.getByRole("button", { name: "Leave" }).click();
  await expect(page.getByLabel("Subtenant")).toHaveValue(other);
  await expect(page).toHaveURL(/#\/functions$/);
  await expect(page.getByText("No functions yet")).toBeVisible();
});

test("a double click is one retry", async ({ page, api, open }) => {
  await api.store("one", "def one(input):\n    return 1\n");
  const id = await api.run("one");
  await open("/runs/" + id);
  await page.route("**/retry", async (route) => { await page.waitForTimeout(300); await route.continue(); }); // as of a slow server
  await page.getByRole("button", { name: "Retry" }).dblclick();
  await page.keyboard.press("t");
  await expect(page.getByText("Retried.")).toHaveCount(1);
  await expect(page).not.toHaveURL(new RegExp(id));
  expect(await api.call("GET", "/executions?trigger_type=retry")).toHaveLength(1);
});

test("two filters typed one after the other both count, and none after the list is left", async ({ page, api, open }) => {
  await api.store("one", "def one(input):\n    return 1\n");
  await api.run("one");
  await open("/runs");
  await page.getByRole("button", { name: "More" }).click();
  await page.getByLabel("Type of the error").pressSequentially("KeyError");
  await page.getByLabel("Until", { exact: true }).pressSequentially("-1h");
  await expect(page).toHaveURL(/error_type=KeyError/);
  await expect(page).toHaveURL(/until=-1h/);
  await page.getByRole("button", { name: "Clear" }).click();
  await expect(page).toHaveURL(/#\/runs$/);
  await page.getByLabel("Function", { exact: true }).evaluate((field: HTMLInputElement) => {
    field.value = "on";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    location.hash = "#/secrets";
  });
  await expect(page.getByText("No secrets yet")).toBeVisible();
  await page.waitForTimeout(400); // longer than the rest after which a text counts
  await expect(page).toHaveURL(/#\/secrets$/);
});

test("copying works without HTTPS, also in a dialog, and keeps the focus", async ({ page, api, open }) => {
  await api.store("one", "def one(input):\n    return 1\n");
  const id = await api.run("one");
  await page.addInitScript(() => {
    Object.defineProperty(navigator, "clipboard", { value: undefined });
    document.addEventListener("copy", () => { (window as unknown as { copied: string }).copied = (document.activeElement as HTMLTextAreaElement).value; });
  });
  await open("/runs/" + id);
  const button = page.getByRole("button", { name: "Copy: Output" });
  await button.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("Copied.")).toBeVisible();
  expect(await page.evaluate(() => (window as unknown as { copied: string }).copied)).toBe("1");
  await expect(button).toBeFocused();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Command" }).fill("copy the link");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Link copied.")).toBeVisible();
  expect(await page.evaluate(() => (window as unknown as { copied: string }).copied)).toContain("#/runs/" + id);
});

test("the palette makes a new function, also from the list of functions", async ({ page, open }) => {
  await open("/functions");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Command" }).fill("new function");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "New function" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.reload();
  await expect(page.getByText("No functions yet")).toBeVisible();
  await expect(page.getByRole("dialog"), "it does not come back").toHaveCount(0);
});

test("a page is where it was left when one comes back to it", async ({ page, api, open }) => {
  await page.setViewportSize({ width: 1280, height: 500 });
  for (let n = 10; n < 50; n++) await api.store(`function_${n}`, `def function_${n}(input):\n    return 1\n`);
  await open("/functions");
  const link = page.getByRole("link", { name: "function_40", exact: true });
  await link.scrollIntoViewIfNeeded();
  const left = await page.locator("#main").evaluate((element) => element.scrollTop);
  expect(left).toBeGreaterThan(300);
  await link.click();
  await expect(page.getByRole("heading", { level: 1, name: "function_40" })).toBeVisible();
  expect(await page.locator("#main").evaluate((element) => element.scrollTop)).toBe(0);
  await page.goBack();
  await expect(link).toBeInViewport();
  expect(await page.locator("#main").evaluate((element) => element.scrollTop)).toBe(left);
});

test.describe("in Berlin", () => {
  test.use({ timezoneId: "Europe/Berlin" });

  test("due times around a change of the clocks stand at the hour of the browser's clocks", async ({ page, open, api }) => {
    const offset = (day: Date) => new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", timeZoneName: "shortOffset" }).format(day).split(", ")[1];
    let days = 1; // until the day after which the clocks differ
    while (offset(new Date(Date.now() + days * 864e5)) === offset(new Date())) days++;
    await api.store("one", "def one(input):\n    return 1\n");
    await api.call("POST", "/schedules", { name: "before", function_name: "one", cron_expression: "30 1 * * *", timezone: "Europe/Berlin" });
    await api.call("POST", "/schedules", { name: "after", function_name: "one", cron_expression: "30 4 * * *", timezone: "Europe/Berlin" });
    await open(`/schedules?view=week&week=${Math.floor((days - 1) / 7)}`);
    await expect(page.getByText("Times of this browser: Europe/Berlin")).toBeVisible();
    await expect(page.getByRole("columnheader", { name: /^Sun/ })).toHaveCount(1);
    await expect(page.getByRole("columnheader")).toHaveCount(8);
    for (const [hour, name, time] of [["01:00", "before", "01:30"], ["04:00", "after", "04:30"]] as const) {
      const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: hour }) });
      await expect(row.getByRole("link", { name })).toHaveCount(7);
      await expect(row.getByText(time)).toHaveCount(7);
    }
  });
});

test("sixty views after each other leave no memory behind", async ({ page, api, open }) => {
  await api.store("one", "def one(input):\n    return 1\n");
  writeRuns(api.subtenant, "one", 2000);
  await open("/runs");
  await expect(page.getByText("live", { exact: true })).toBeVisible();
  const session = await page.context().newCDPSession(page);
  const heap = async () => {
    await session.send("HeapProfiler.collectGarbage");
    return page.evaluate(() => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize);
  };
  const views = async () => {
    for (const name of ["Overview", "Functions", "Call graph", "Queue", "Runs"]) {
      await page.getByRole("navigation", { name: "Sections" }).getByRole("link", { name }).click();
      await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
    }
    await expect(page.getByRole("row").first()).toBeVisible();
  };
  for (let turn = 0; turn < 3; turn++) await views();
  const before = await heap();
  for (let turn = 0; turn < 12; turn++) await views();
  const after = await heap();
  test.info().annotations.push({ type: "heap before and after, MB", description: `${(before / 1e6).toFixed(1)}, ${(after / 1e6).toFixed(1)}` });
  expect(after, "after 60 more views").toBeLessThan(before * 1.5 + 2e6);
});
