import { expect, retype, test } from "./console";

// Reports against comparable consoles (Temporal, Windmill, Trigger.dev, Inngest, PocketBase,
// Supabase Studio, pgAdmin, Payload), tried on this one.

const raises = "def raises(input):\n    raise type(input['type'], (Exception,), {})('no')\n";

// temporalio/ui#2602: after Back, Forward and a reload "terminate all" forgot the filters.
test("what all matching runs are stays that of the filters in sight, after Back, Forward and a reload", async ({ page, api, open }) => {
  await api.store("raises", raises);
  await api.store("other", "def other(input):\n    raise KeyError('x')\n");
  await api.run("raises", { type: "Late" });
  await api.run("other");
  await open("/runs?function_name=raises");
  await expect(page.getByRole("row")).toHaveCount(1);
  await page.getByRole("row").getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1, name: "raises" })).toBeVisible();
  await page.goBack();
  await page.goForward();
  await page.goBack();
  await page.reload();
  await expect(page.getByRole("row")).toHaveCount(1);
  await page.getByRole("button", { name: "Retry …" }).click();
  const dialog = page.getByRole("dialog", { name: "Retry runs" });
  await expect(dialog).toContainText("of raises");
  await expect(dialog.getByRole("button", { name: "Retry 1 run", exact: true })).toBeEnabled();
});

// supabase/supabase#45845, #46061: links with & = + # % in a name led elsewhere.
test("a filter with all that means something in an address is kept whole", async ({ page, api, open }) => {
  const type = "A&B=C+D#E%F?G/H";
  await api.store("raises", raises);
  const id = await api.run("raises", { type });
  await open("/runs");
  await page.getByRole("button", { name: "More" }).click();
  await page.getByLabel("Type of the error").fill(type);
  await expect(page).toHaveURL(/error_type=A%26B/);
  await expect(page.getByRole("row")).toHaveCount(1);
  await page.getByRole("row").getByRole("link").click();
  await expect(page).toHaveURL(new RegExp(id));
  await page.locator("#main").getByRole("link", { name: "Runs", exact: true }).click();
  await expect(page.getByLabel("Type of the error")).toHaveValue(type);
  await page.reload();
  await expect(page.getByLabel("Type of the error")).toHaveValue(type);
  await expect(page.getByRole("row")).toHaveCount(1);
});

// nocodb/nocodb#8313: a search with characters that an address escapes found nothing after a reload.
test("a search in any script is kept by the address", async ({ page, api, open }) => {
  await api.store("size", "def size(input):\n    return 1\n", { description: "größe 計算: 50% & mehr #1 + 2" });
  await api.store("other", "def other(input):\n    return 1\n");
  await open("/functions");
  const search = page.getByRole("searchbox").or(page.getByPlaceholder("Search name and description")).first();
  for (const text of ["計算", "50% & mehr #1 + 2"]) {
    await search.fill(text);
    await expect(page.getByRole("link", { name: "size", exact: true })).toBeVisible();
    await expect(page.getByRole("link", { name: "other", exact: true })).toHaveCount(0);
    await page.reload();
    await expect(search).toHaveValue(text);
    await expect(page.getByRole("link", { name: "size", exact: true })).toBeVisible();
    await expect(page.getByRole("link", { name: "other", exact: true })).toHaveCount(0);
  }
});

// An answer that comes late showed the rows of the filter before, in many lists.
test("a slow answer to the filter before does not replace the rows of the present one", async ({ page, api, open }) => {
  await api.store("slow", "def slow(input):\n    return 1\n");
  await api.store("quick", "def quick(input):\n    return 1\n");
  await api.run("slow");
  await api.run("quick");
  await open("/runs");
  await expect(page.getByRole("row")).toHaveCount(2);
  let go = () => {};
  const held = new Promise<void>((done) => { go = done; });
  let answered = 0;
  await page.route(/executions\?.*function_name=slow/, async (route) => {
    await held;
    await route.continue().catch(() => {}); // it was given up
    answered++;
  });
  await page.getByLabel("Function", { exact: true }).fill("slow");
  await expect(page).toHaveURL(/function_name=slow/);
  await page.getByLabel("Function", { exact: true }).fill("quick");
  await expect(page.getByRole("row")).toHaveText(/quick/);
  go();
  await expect.poll(() => answered).toBeGreaterThan(0);
  await expect(page.getByRole("row")).toHaveText(/quick/);
});

// A workspace chosen in one tab was that of all tabs after a reload.
test("each tab has its own subtenant, also after a reload without its name in the address", async ({ page, api, open, context }) => {
  const second = `${api.subtenant}-b`;
  await api.call("POST", "/subtenants", { subtenant_id: second });
  await open("/runs");
  const other = await context.newPage();
  await other.goto(`${api.url}/console/?subtenant=${second}#/runs`);
  await expect(other.getByLabel("Subtenant")).toHaveValue(second);
  for (const [tab, subtenant] of [[page, api.subtenant], [other, second]] as const) {
    await tab.getByLabel("Subtenant").selectOption("default");
    await tab.getByLabel("Subtenant").selectOption(subtenant);
    await expect(tab.getByLabel("Subtenant")).toHaveValue(subtenant);
    await tab.goto(`${api.url}/console/#/runs`);
  }
  await expect(page.getByLabel("Subtenant", { exact: true })).toHaveValue(api.subtenant);
  await expect(other.getByLabel("Subtenant")).toHaveValue(second);
});

// A browser that blocks storage got a white page.
test("pages work where the browser keeps nothing", async ({ page, api, open }) => {
  await api.store("same", "def same(input):\n    return input\n");
  const id = await api.run("same");
  await page.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });
  });
  await open("/runs");
  await page.locator(`a[href="#/runs/${id}"]`).click();
  await expect(page.getByRole("region", { name: "Output" })).toBeVisible();
  await page.goBack();
  await expect(page.locator(`a[href="#/runs/${id}"]`)).toBeVisible();
  await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/functions/same`);
  await expect(page.locator(".cm-content").first()).toBeVisible();
  await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/`);
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await expect(page.locator("main h2").first()).toBeVisible();
  await page.getByLabel("Subtenant", { exact: true }).selectOption("default");
  await expect(page.getByLabel("Subtenant", { exact: true })).toHaveValue("default");
});

// inngest/inngest#932, #686: an output that counts as false was shown as none.
test("null, false, zero and empty values are outputs too", async ({ page, api, open }) => {
  await api.store("same", "def same(input):\n    return input['value']\n");
  await open("/functions");
  for (const [value, text] of [[null, "null"], [false, "false"], [0, "0"], ["", '""'], [[], "[]"], [{}, "{}"]] as const) {
    const id = await api.run("same", { value });
    await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/runs/${id}`);
    await expect(page.getByRole("region", { name: "Output" }), text).toContainText(text);
    await expect(page.locator("main .status-badge").first(), "inngest/inngest#3844").toHaveText("completed");
  }
});

// supabase/supabase#17013: members named as JavaScript's own, or with a dollar, broke the view.
test("members of any name are shown, and compared", async ({ page, api, open }) => {
  await api.store("same", "def same(input):\n    return input\n");
  const names = ["$age", "__proto__", "constructor", "toString", "length", "hasOwnProperty", "", " ", "a.b", "10", "9"];
  const input = (n: number) => `{"function_name":"same","input_data":{${names.map((name) => `${JSON.stringify(name)}:${n}`).join(",")}}}`;
  const ids: string[] = [];
  for (const n of [1, 2]) {
    const response = await fetch(`${api.url}/api/v1/executions`, { method: "POST", headers: { Authorization: `Bearer ${api.token}`, "X-Subtenant-ID": api.subtenant, "Content-Type": "application/json" }, body: input(n) });
    ids.push(((await response.json()) as { execution_id: string }).execution_id);
  }
  await open(`/runs/${ids[0]}`);
  for (const name of names) await expect(page.getByRole("region", { name: "Output" }), name).toContainText(`${JSON.stringify(name)}: 1`);
  await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/runs/${ids[0]}/compare/${ids[1]}`);
  await page.getByRole("treeitem").first().click();
  for (const name of names) await expect(page.locator("main"), name).toContainText(JSON.stringify(name));
});

// pocketbase/pocketbase#4462: JSON was escaped once more by each Back and Forward.
// payloadcms/payload#4403: the cursor went to the end while typing in the middle.
// pgadmin-org/pgadmin4#8907, #5822: an emptied or wrong JSON ended the page.
test("an input as JSON is as it was typed, through Back, Forward, a reload, a fault and nothing at all", async ({ page, api, open }) => {
  await api.store("same", "def same(input):\n    return input\n");
  await api.store("other", "def other(input):\n    return 1\n");
  await page.setViewportSize({ width: 1680, height: 1000 });
  await open("/functions/same");
  const pane = page.getByRole("complementary", { name: "Run" });
  const editor = pane.getByRole("textbox", { name: "Input as JSON" });
  const text = '{"path": "C:\\\\new\\\\", "quote": "\\"", "line": "a\\nb", "big": 9007199254740993}';
  const typed = () => editor.evaluate((element) => [...element.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\n"));
  await retype(editor, text);
  expect(await typed()).toBe(text);
  for (let turn = 0; turn < 2; turn++) {
    await page.getByRole("link", { name: "Functions", exact: true }).first().click();
    await page.getByRole("link", { name: "other", exact: true }).first().click();
    await expect(page.getByRole("heading", { level: 1, name: "other" })).toBeVisible();
    await page.goBack();
    await page.goBack();
    await expect.poll(typed).toBe(text);
  }
  await page.reload();
  await expect.poll(typed).toBe(text);

  await editor.click();
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.press("ArrowRight");
  for (const key of '"n": 1, ') await page.keyboard.insertText(key);
  expect(await typed()).toBe(text.replace("{", '{"n": 1, '));

  await retype(editor, '{"a": 1,}');
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  await expect(pane.getByRole("alert").first()).toBeVisible();
  await editor.click();
  await editor.press("ControlOrMeta+a");
  await editor.press("Delete");
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  await expect(pane.getByText("completed").or(pane.getByRole("alert")).first()).toBeVisible();
  await retype(editor, '{"a": 1}');
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  await expect(pane.getByRole("region", { name: "Result" }).getByText("completed").first()).toBeVisible();
});
