import { expect, test, type Api } from "./console";

/** Waits until the server's sums have the calls: it adds them every half minute. */
async function summed(api: Api, calls: number): Promise<void> {
  await expect.poll(async () => (await api.call("GET", "/graph")).edges.reduce((sum: number, edge: { calls: number }) => sum + edge.calls, 0), { timeout: 60_000 }).toBe(calls);
}

test("the call graph of recorded runs", async ({ page, open, api, accessible }) => {
  test.setTimeout(120_000);
  await api.store("leaf", "def leaf(input):\n    if input == 'bad':\n        raise ValueError('bad')\n    return 1\n");
  await api.store("middle", "def middle(input):\n    try:\n        return leaf(input)\n    except ValueError:\n        return 0\n");
  await api.store("root", "def root(input):\n    return [middle(input), leaf('good')]\n");
  await api.call("POST", "/webhooks", { path: `hook-${api.subtenant}`, function_name: "root", input_mode: "body" });
  await api.run("root", "good");
  await api.run("root", "bad");
  await fetch(`${api.url}/api/v1/h/hook-${api.subtenant}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: '"good"' });
  await summed(api, 12);
  await open("/graph");
  const drawing = page.getByRole("group", { name: /^Call graph/ });
  const table = page.getByRole("table", { name: "Connections of the call graph" });
  await expect(table.getByRole("row").filter({ hasText: "middle" }).filter({ hasText: "leaf" })).toContainText("3");
  await expect(drawing.getByRole("link", { name: /^function root/ })).toBeVisible();
  await expect(drawing.getByRole("link", { name: /middle calls leaf: 3 calls, 1 failed/ })).toHaveAttribute("href", /#\/runs\?function_name=middle/);
  await expect(table.getByRole("row").filter({ hasText: "webhook" })).toHaveCount(1);
  await accessible();

  await drawing.getByRole("link", { name: /^function root/ }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(drawing.locator("a.node:focus")).toHaveCount(1);
  await page.keyboard.press("ArrowLeft");
  await expect(drawing.locator("a.node:focus")).toHaveAttribute("aria-label", /root|middle/);

  await page.getByLabel("Only around a function").selectOption("middle");
  await expect(page).toHaveURL(/function=middle/);
  await page.getByLabel("Span").selectOption("7d");
  await expect(page).toHaveURL(/span=7d/);
  await drawing.getByRole("link", { name: /^function middle/ }).click();
  await expect(page).toHaveURL(/#\/functions\/middle$/);
});

test("a graph without calls", async ({ page, open, accessible }) => {
  await open("/graph?span=1h");
  await expect(page.getByText("No calls in 1 hour")).toBeVisible();
  await accessible();
});

test("200 functions", async ({ page, open, api }) => {
  test.setTimeout(120_000);
  const names = Array.from({ length: 200 }, (_, at) => `node_${at}`);
  // Each calls two others, further on, so that the graph is deep and wide.
  const functions = names.map((name, at) => ({
    name, code: `import maestro\n\ndef ${name}(input):\n    return [maestro.call(f"node_{n}", 0) for n in ${JSON.stringify(at < 160 ? [at + 20, at + 40].filter((n) => n < 200) : [])}] if input else 0\n`,
  }));
  await api.call("POST", "/apply", { functions });
  for (const name of names.slice(0, 160)) await api.run(name, 1);
  await summed(api, 160 + 320);
  await open("/graph");
  await expect(page.getByText("200 functions")).toBeVisible();
  const drawing = page.getByRole("group", { name: /^Call graph/ });
  await expect(drawing.locator("a.node")).toHaveCount(200);
  await page.getByRole("button", { name: "Larger" }).click();
  await drawing.focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("0");
  await drawing.getByRole("link", { name: /^function node_199:/ }).focus();
  await expect(drawing.getByRole("link", { name: /^function node_199:/ })).toBeInViewport();
});
