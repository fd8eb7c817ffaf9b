import { expect, hostile, test, type Api } from "./console";
import { sql } from "./database";

async function invoices(api: Api): Promise<void> {
  await api.store("fetch_document", "def fetch_document(input):\n    print('fetching', input['url'])\n    return {'content': 'Invoice ' + input['url']}\n");
  await api.store("check_customer", "def check_customer(input):\n    customer = input['customer']\n    if customer == 'BAD':\n        raise ValueError('unknown customer ' + customer)\n    return True\n");
  await api.store("process_invoice", "def process_invoice(input):\n    # reads, then checks\n    document = fetch_document({'url': input['url']})\n    check_customer({'customer': input['customer'], 'document': document})\n    return document\n");
}

test("a failed run: its steps, the line of source, the error, and a link to a step", async ({ page, api, open, accessible }) => {
  await invoices(api);
  const id = await api.run("process_invoice", { url: "a.txt", customer: "BAD" });
  await open(`/runs/${id}`);
  const tree = page.getByRole("tree", { name: "Calls of the run" });
  await expect(tree.getByRole("treeitem")).toHaveCount(3);
  const panel = page.getByRole("region", { name: "The selected call" });
  await expect(panel.getByText("Failed in version 1, line 4")).toBeVisible();
  await accessible();
  await tree.getByRole("treeitem").filter({ hasText: "check_customer" }).click();
  await expect(page).toHaveURL(/step=/);
  await expect(panel.getByText("unknown customer BAD", { exact: true })).toBeVisible();
  await expect(panel.getByText("Failed in version 1, line 4")).toBeVisible();
  await expect(panel.getByRole("region", { name: "Source of the caller" }).locator("[aria-current]")).toContainText("check_customer({'customer'");
  await expect(panel.getByRole("region", { name: "Source of the function" }).locator("[aria-current]")).toContainText("raise ValueError");
  await expect(panel.getByRole("region", { name: "Input" })).toContainText('"customer": "BAD"');
  await accessible();
  await page.reload();
  await expect(panel.getByRole("heading", { name: "check_customer", exact: true }), "the address names the step").toBeVisible();
  await page.keyboard.press("k");
  await expect(panel.getByRole("heading", { name: "fetch_document", exact: true })).toBeVisible();
  await expect(panel.getByRole("region", { name: "Output" })).toContainText('"content": "Invoice a.txt"');
  await page.keyboard.press("e");
  await expect(panel.getByRole("heading", { name: "check_customer", exact: true })).toBeVisible();
  await page.getByRole("tab", { name: "Log" }).click();
  await expect(page.getByText("fetching a.txt")).toBeVisible();
  await page.getByLabel("starts and ends of calls").check();
  await expect(page.getByText("check_customer failed: ValueError")).toBeVisible();
  await accessible();
});

test("a run that goes on: steps, log and end appear by themselves", async ({ page, api, open }) => {
  // The run goes on when the function that it calls is there.
  await api.store("outer", "def outer(input):\n    return inner(input)\n");
  await api.store("inner", "import time\n\ndef inner(input):\n    print('inner waits')\n    while True:\n        try:\n            return gate(input)\n        except NameError:\n            time.sleep(0.05)\n");
  const id = await api.start("outer");
  await open(`/runs/${id}`);
  const tree = page.getByRole("tree", { name: "Calls of the run" });
  const inner = tree.getByRole("treeitem").filter({ hasText: "inner" });
  await expect(inner).toContainText("running");
  await expect(page.getByRole("button", { name: "Cancel" })).toBeVisible();
  await api.store("gate", "def gate(input):\n    return maestro_ready\n\nmaestro_ready = 'open'\n");
  await expect(inner).toContainText("completed");
  await expect(tree.getByRole("treeitem").filter({ hasText: "gate" }), "below its caller").toHaveAttribute("aria-level", "3");
  await expect(page.getByRole("button", { name: "Retry" })).toBeVisible();
  await page.getByRole("tab", { name: "Log" }).click();
  await expect(page.getByText("inner waits")).toBeVisible();
});

test("cancel, retry, and retries side by side", async ({ page, api, open, accessible }) => {
  await api.store("waits", "import threading\n\ndef waits(input):\n    threading.Event().wait()\n");
  const id = await api.start("waits");
  await open(`/runs/${id}`);
  await page.getByRole("button", { name: "Cancel" }).click();
  const badge = page.locator("header").getByText("cancelled", { exact: true }).first();
  await expect(badge).toBeVisible();
  await api.call("PUT", "/functions/waits", { code: "def waits(input):\n    return 'at once'\n" });
  await page.getByRole("button", { name: "Retry" }).click();
  await expect(page).not.toHaveURL(new RegExp(id));
  await expect(page.locator("header").getByText("completed", { exact: true })).toBeVisible();
  await page.getByRole("tab", { name: "Retries" }).click();
  const table = page.getByRole("table", { name: "This run and its retries" });
  await expect(table.getByRole("row")).toHaveCount(3);
  await expect(table).toContainText("cancelled");
  await accessible();
  await table.getByRole("link", { name: "compare" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Compare runs" })).toBeVisible();
  await expect(page.getByText("Version 2 → 1")).toBeVisible();
});

test("run again with a changed input", async ({ page, api, open, accessible }) => {
  await api.store("double", "def double(input):\n    return input['n'] * 2\n", { input_schema: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] } });
  const id = await api.run("double", { n: 2 });
  await open(`/runs/${id}`);
  await page.getByRole("button", { name: "Run again …" }).click();
  const dialog = page.getByRole("dialog", { name: "Run double again" });
  const editor = dialog.locator(".cm-content");
  await expect(editor).toContainText('"n": 2');
  await accessible();
  await editor.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type('{"n": "three"');
  await expect(dialog.getByRole("button", { name: "Run" }), "while it is no JSON").toBeDisabled();
  await page.keyboard.press("Control+a");
  await page.keyboard.type('{"n": "three"');
  await page.keyboard.press("End");
  if (!(await editor.innerText()).trim().endsWith("}")) await page.keyboard.type("}");
  await dialog.getByRole("button", { name: "Run" }).click();
  await expect(dialog.getByRole("alert"), "the API's own words").toContainText("/n");
  await editor.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText('{"n": 21}');
  await dialog.getByRole("button", { name: "Run" }).click();
  await expect(page).not.toHaveURL(new RegExp(id));
  await expect(page.getByRole("region", { name: "Output" })).toContainText("42");
});

test("two runs: added and missing calls, changed inputs, outputs and versions", async ({ page, api, open, accessible }) => {
  await api.store("part", "def part(input):\n    return input\n");
  await api.store("extra", "def extra(input):\n    return input\n");
  await api.store("whole", "def whole(input):\n    return [part({'n': n}) for n in range(input['count'])]\n");
  const first = await api.run("whole", { count: 2 });
  await api.call("PUT", "/functions/whole", { code: "def whole(input):\n    extra({})\n    return [part({'n': n * 2}) for n in range(input['count'])]\n" });
  const second = await api.run("whole", { count: 2 });
  await open(`/runs/${first}/compare/${second}`);
  const tree = page.getByRole("tree", { name: "Calls of both runs" });
  await expect(tree.getByRole("treeitem")).toHaveCount(3);
  await expect(tree.getByRole("treeitem").nth(0)).toContainText("version");
  await expect(tree.getByRole("treeitem").filter({ hasText: "extra" })).toContainText("only in B");
  await page.getByLabel("only what differs").uncheck();
  await expect(tree.getByRole("treeitem"), "and the call that is the same").toHaveCount(4);
  await page.getByLabel("only what differs").check();
  await tree.getByRole("treeitem").filter({ hasText: "part" }).click();
  const panel = page.getByRole("region", { name: "The selected call in both runs" });
  await expect(panel).toContainText('−   "n": 1');
  await expect(panel).toContainText('+   "n": 2');
  await accessible();
  await page.getByRole("button", { name: "Swap" }).click();
  await expect(tree.getByRole("treeitem").filter({ hasText: "extra" })).toContainText("only in A");
});

test("5,000 steps", async ({ page, api, open, accessible }) => {
  test.setTimeout(180_000); // axe looks at each of them
  await api.store("leaf", "def leaf(input):\n    return input\n");
  await api.store("branch", "def branch(input):\n    return [leaf({'n': n}) for n in range(49)]\n");
  await api.store("tree", "def tree(input):\n    total = 0\n    for number in range(100):\n        if number == 50:\n            print('planted')\n        total += len(branch({}))\n    return total\n");
  const id = await api.run("tree");
  await open(`/runs/${id}`);
  const tree = page.getByRole("tree", { name: "Calls of the run" });
  await expect(page.getByRole("tab", { name: "Steps 5,000" })).toBeVisible();
  expect(await tree.getByRole("treeitem").count(), "only rows in sight are in the document").toBeLessThan(80);
  await tree.evaluate((element) => { element.scrollTop = element.scrollHeight; });
  await tree.getByRole("treeitem").last().click();
  await expect(page.getByRole("region", { name: "Input" })).toContainText('"n": 48');
  await page.keyboard.press("ArrowLeft"); // to its caller
  await page.keyboard.press("ArrowLeft"); // which closes
  await expect(tree.getByRole("treeitem").last()).toContainText("+49");
  // Drawing anew, from data to the frame: all levels change with the attempt's tree.
  const drawn = await tree.evaluate(async (element) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    element.scrollTop = 0;
    await frame();
    const begin = performance.now();
    element.scrollTop = element.scrollHeight / 2;
    await frame();
    await frame();
    return performance.now() - begin;
  });
  test.info().annotations.push({ type: "a jump in 5,000 steps, ms", description: drawn.toFixed(0) });
  await accessible();
  // The starts and ends of calls do not push a printed line out. (The server keeps the last 10,000 entries.)
  await page.getByRole("tab", { name: "Log" }).click();
  await expect(page.getByRole("tabpanel", { name: "Log" }).getByText("planted")).toBeVisible();
});

test("the steps of a run are listed without their values, which come when one is opened", async ({ page, api, open }) => {
  await api.store("leaf", "def leaf(input):\n    return input\n");
  await api.store("fails", "def fails(input):\n    return leaf(input)['missing']\n");
  await api.store("tree", "def tree(input):\n    for n in range(2500):\n        try:\n            fails({'n': n})\n        except KeyError:\n            pass\n");
  const id = await api.run("tree");
  test.setTimeout(240_000); // the half of a gigabyte is written first
  // 5,000 steps with inputs of 100 KB.
  sql(`UPDATE step_executions SET input_data = to_json('begins ' || repeat('x', 100000)) WHERE execution_id = '${id}'`);
  let listed = 0;
  const single: string[] = [];
  page.on("response", async (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.endsWith("/steps")) listed += Number((await response.body().catch(() => Buffer.alloc(0))).length);
    else if (pathname.includes("/steps/")) single.push(pathname);
  });
  await open("/runs/" + id);
  await expect(page.getByRole("tab", { name: "Steps 5,000" })).toBeVisible();
  await expect(page.getByRole("treeitem").nth(5)).toBeVisible();
  expect(listed, "bytes of the lists of steps").toBeGreaterThan(100_000);
  expect(listed, "bytes of the lists of steps").toBeLessThan(20_000_000);
  expect(single, "no step was read before one was opened").toEqual([]);

  await page.getByRole("treeitem", { name: /leaf/ }).first().click();
  const panel = page.getByRole("region", { name: "The selected call" });
  await expect(panel.getByText("begins xxx")).toBeVisible();
  expect(single).toHaveLength(1);
  await page.getByRole("treeitem", { name: /fails/ }).first().click();
  await expect(panel.getByText("KeyError").first()).toBeVisible();
  await expect(panel.getByText(/Failed in version 1, line 2/)).toBeVisible();
  await expect(panel.getByText(/Called by tree, version 1, line 4/)).toBeVisible();
});

test("values of a megabyte collapse, and can be copied and saved whole", async ({ page, api, open }) => {
  await api.store("large", "def large(input):\n    return len(str(input))\n");
  // A pending run keeps its input whole; a record keeps the first 256 KiB.
  const rows = Array.from({ length: 6000 }, (_, n) => ({ id: n, name: `customer ${n}` }));
  const id = await api.run("large", { rows });
  await open(`/runs/${id}`);
  const input = page.getByRole("region", { name: "Input" });
  await expect(input.getByRole("button", { name: "Show more" })).toBeVisible();
  expect((await input.innerText()).split("\n").length, "lines until one asks for more").toBeLessThan(60);
  await input.getByRole("button", { name: "Show more" }).click();
  await expect(input).toContainText("customer 50");
  const [saved] = await Promise.all([page.waitForEvent("download"), input.getByRole("button", { name: "Download: Input" }).click()]);
  const chunks: Buffer[] = [];
  for await (const chunk of await saved.createReadStream()) chunks.push(chunk as Buffer);
  expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual({ rows });
  const huge = await api.run("large", { text: "x".repeat(1_000_000) });
  await page.goto(page.url().replace(id, huge));
  await expect(page.getByText("Only the first bytes of this value are in the record")).toBeVisible();
});

test("hostile inputs, outputs, errors and logs are text in a run", async ({ page, api, open, accessible }) => {
  await api.store("echo", `def echo(input):\n    print(input["text"])\n    return {input["text"]: [input["text"], "مرحبا 🎉"]}\n`);
  await api.store("hostile", `def hostile(input):\n    echo(input)\n    raise ValueError(input["text"])\n`);
  const id = await api.run("hostile", { text: hostile });
  await open(`/runs/${id}`);
  const panel = page.getByRole("region", { name: "The selected call" });
  await expect(panel).toContainText("<img src=x onerror=");
  await panel.getByText("Traceback", { exact: true }).click();
  await page.getByRole("treeitem").filter({ hasText: "echo" }).click();
  await expect(panel.getByRole("region", { name: "Output" })).toContainText("<script>");
  await expect(panel.getByRole("region", { name: "Output" }), "an override of the direction is a symbol").toContainText("⟨U+202E⟩");
  await expect(panel.getByRole("region", { name: "Output" })).toContainText("مرحبا 🎉");
  await page.getByRole("tab", { name: "Log" }).click();
  await page.getByRole("button").filter({ hasText: "<img src=x" }).click();
  await expect(page.getByRole("region", { name: "The selected line" })).toContainText("␇");
  await expect(page.locator("main img, main script")).toHaveCount(0);
  await expect(page).toHaveTitle(/hostile · Maestro/);
  await accessible();
});

test("a run that is not there", async ({ page, open, accessible }) => {
  await open("/runs/01a22ab7-4254-731f-ad26-53a208b162a6");
  await expect(page.getByRole("alert")).toBeVisible();
  await accessible();
});
