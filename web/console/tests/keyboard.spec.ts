import { expect, retype, test, type Page } from "./console";

// Each flow without a mouse. A focus must be seen: its element is in the window, and has an outline or another border.

async function seen(page: Page): Promise<void> {
  const fault = await page.evaluate(() => {
    const one = document.activeElement as HTMLElement | null;
    if (!one || one === document.body) return "the focus is lost";
    const box = one.getBoundingClientRect();
    if (box.width === 0 || box.bottom < 0 || box.top > innerHeight || box.right < 0 || box.left > innerWidth) return `out of sight: ${one.outerHTML.slice(0, 100)}`;
    const style = getComputedStyle(one);
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    const own = one.closest(".cm-editor, dialog, svg") !== null || one.id === "main"; // a caret, a frame, or the page itself
    return ring || own ? null : `without a ring: ${one.outerHTML.slice(0, 100)}`;
  });
  expect(fault).toBeNull();
}

test("the skip link, and the first keys of a page", async ({ page, api, open }) => {
  await api.store("one", "def one(input):\n    return 1\n");
  await open("/functions");
  await expect(page.locator("#main"), "keys scroll the page at once").toBeFocused();
  await page.keyboard.press("Shift+Tab"); // into the navigation, and on to its beginning
  await seen(page);
  await page.getByRole("link", { name: "Maestro" }).focus();
  await page.keyboard.press("Shift+Tab");
  await expect(page.getByText("Skip to the content")).toBeFocused();
  await seen(page);
  await page.keyboard.press("Enter");
  await expect(page.locator("#main")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "New function" }).first()).toBeFocused();
  await seen(page);
});

test("every stop of the Tab key is seen, there and back, and none holds the focus", async ({ page, api, open }) => {
  await api.store("one", "def one(input: int) -> int:\n    return 1\n");
  const run = await api.run("one", 1);
  const webhook = await api.call("POST", "/webhooks", { path: api.subtenant, function_name: "one" });
  const schedule = await api.call("POST", "/schedules", { name: "nightly", function_name: "one", cron_expression: "0 4 * * *" });
  for (const path of ["/", "/runs", "/runs/" + run, "/functions", "/graph", "/webhooks", "/webhooks/" + webhook.id, "/schedules", "/schedules/" + schedule.id, "/packages", "/secrets", "/queue", "/subtenants", "/subtenants/" + api.subtenant]) {
    await test.step(path, async () => {
      await open(path);
      await expect(page.locator("main h1")).toBeVisible();
      const stops = new Set<string>();
      for (let n = 0; n < 60; n++) {
        await page.keyboard.press("Tab");
        const name = await page.evaluate(() => {
          const one = document.activeElement;
          return !one || one === document.body ? "" : `${one.tagName} ${one.getAttribute("aria-label") ?? one.textContent?.slice(0, 40)} ${[...document.querySelectorAll("*")].indexOf(one)}`;
        });
        if (name === "" || stops.has(name)) break; // around
        stops.add(name);
        await seen(page);
      }
      expect(stops.size, "more than the navigation").toBeGreaterThan(1);
      await page.keyboard.press("Shift+Tab");
      await page.keyboard.press("Shift+Tab");
      await seen(page);
    });
  }
});

test("a list is walked, a row opened, and left again", async ({ page, api, open }) => {
  await api.store("one", "def one(input):\n    return 1\n");
  await api.store("two", "def two(input):\n    return one(input)\n");
  await api.run("one");
  await api.run("two");
  for (const [path, back] of [["/runs", /#\/runs$/], ["/functions", /#\/functions$/]] as const) {
    await open(path);
    await expect(page.getByRole("link", { name: "two", exact: true })).toBeVisible();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(new RegExp(path + "/.+"));
    await expect(page.locator("main h1")).toHaveText(path === "/runs" ? "two" : "one");
    await page.goBack();
    await expect(page).toHaveURL(back);
  }
});

test("a run: its tree, its tabs, its log", async ({ page, api, open }) => {
  await api.store("leaf", "def leaf(input):\n    print('a leaf')\n    return 1\n");
  await api.store("tree", "def tree(input):\n    return [leaf({}) for _ in range(3)]\n");
  const id = await api.run("tree");
  await open("/runs/" + id);
  await expect(page.getByRole("treeitem")).toHaveCount(4);
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("region", { name: "The selected call" }).getByRole("heading", { name: "leaf" })).toBeVisible();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByRole("treeitem"), "closed").toHaveCount(1);
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("treeitem")).toHaveCount(4);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "The selected call" })).toBeFocused();
  await page.getByRole("tab", { name: /Steps/ }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("tab", { name: "Log" })).toBeFocused();
  await seen(page);
  await expect(page.getByText("a leaf").first()).toBeVisible();
  for (let n = 0; n < 5; n++) await page.keyboard.press("Tab"); // text, two boxes, the list, its first line
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "The selected line" })).toContainText("a leaf");
});

test("a dialog takes the focus, keeps it, and gives it back", async ({ page, api, open }) => {
  await api.store("one", "def one(input):\n    return 1\n");
  const run = await api.run("one");
  const webhook = await api.call("POST", "/webhooks", { path: api.subtenant, function_name: "one" });
  for (const [path, button] of [["/functions", "New function"], ["/webhooks", "New webhook"], ["/schedules", "New schedule"], ["/secrets", "New secret"], ["/subtenants", "New subtenant"], ["/runs/" + run, "Run again …"], ["/runs/" + run, "Compare …"], ["/runs", "Retry …"], ["/webhooks/" + webhook.id, "Change"], ["/webhooks/" + webhook.id, "Delete"]] as const) {
    await test.step(button, async () => {
      await open(path);
      const opener = page.locator("main header").getByRole("button", { name: button });
      await opener.focus();
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog");
      await expect(dialog).toBeVisible();
      const within = () => page.evaluate(() => document.querySelector("dialog[open]")?.contains(document.activeElement) || document.activeElement === document.body);
      await expect.poll(within).toBe(true);
      for (let n = 0; n < 25; n++) {
        await page.keyboard.press("Tab");
        expect(await within(), "the page behind is out of reach").toBe(true);
      }
      await page.keyboard.press("Escape");
      await expect(dialog).toBeHidden();
      await expect(opener).toBeFocused();
    });
  }
  // The palette and the list of keys give it back too.
  const search = page.getByRole("link", { name: "Functions" });
  await search.focus();
  for (const key of ["Control+k", "?"]) {
    await page.keyboard.press(key);
    await expect(page.getByRole("dialog")).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(search).toBeFocused();
  }
});

test("a function: written, saved and run, and the editor is left by Escape and Tab", async ({ page, api, open }) => {
  await open("/functions");
  await page.keyboard.press("c");
  await page.keyboard.type("greet");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/#\/functions\/greet$/);
  const code = page.getByRole("textbox", { name: "Code of greet" });
  await retype(code, "def greet(input: dict) -> str:\n    return 'hello'\n");
  await page.keyboard.press("Control+s");
  await expect(page.getByText("Saved as version 2.")).toBeVisible();
  await expect(code, "one goes on writing").toBeFocused();
  await page.keyboard.press("Tab");
  await expect(code, "Tab indents").toBeFocused();
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await expect(code, "after Escape it goes on").not.toBeFocused();
  await seen(page);
  await page.keyboard.press("Control+Enter");
  await expect(page.getByRole("region", { name: "Result" }).first()).toContainText("hello");
  expect((await api.call("GET", "/functions/greet")).version).toBe(2);
});

test("the navigation of a narrow screen opens, is walked and closes", async ({ page, open }) => {
  await page.setViewportSize({ width: 390, height: 800 });
  await open("/runs");
  const opener = page.getByRole("button", { name: "Navigation" });
  await opener.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "Functions" })).toBeVisible();
  await expect.poll(() => page.evaluate(() => document.activeElement?.closest(".side") !== null), "the focus goes into it").toBe(true);
  await seen(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("link", { name: "Functions" })).toBeHidden();
  await expect(opener).toBeFocused();
});
