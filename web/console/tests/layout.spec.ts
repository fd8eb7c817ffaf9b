import { expect, test } from "./console";

const long = "reconcile_" + "payments_of_the_previous_accounting_period_".repeat(4) + "now";
const text = "تسوية المدفوعات 🧾 " + "without_a_place_to_break_".repeat(8);

test("long names and texts widen no page", async ({ page, api, open }) => {
  await page.setViewportSize({ width: 390, height: 860 });
  await api.store("leaf", "def leaf(input):\n    return input\n", { description: text });
  await api.store(long, `def ${long}(input):\n    return leaf(input)\n`, { description: text });
  const a = await api.run(long, { text });
  const b = await api.run(long, { text: text + text, rows: Array.from({ length: 40 }, (_, n) => n) });
  const webhook = await api.call("POST", "/webhooks", { path: `${api.subtenant}/${"long-part-".repeat(12)}`, function_name: long, description: text, default_values: { text } });
  for (const path of ["/webhooks/" + webhook.id, `/functions/${long}?tab=calls`, "/", `/runs/${a}/compare/${b}`]) {
    await open(path);
    await expect(page.locator("main h2").first()).toBeVisible();
    // Only what scrolls by itself may be wider than the window.
    await expect.poll(() => page.evaluate(() => {
      // main and the panel of a tab scroll up and down only.
      const within = (one: Element): boolean => !one.matches("main, [role=tabpanel]") && (getComputedStyle(one).overflowX !== "visible" || (one.parentElement !== null && within(one.parentElement)));
      return [...document.querySelectorAll("main *")]
        .filter((one) => one.getBoundingClientRect().width > 0 && one.getBoundingClientRect().right > innerWidth + 1 && !within(one)).map((one) => one.outerHTML.slice(0, 100));
    }), path).toEqual([]);
  }
  // The name of the selected call keeps its line beside values that are longer than the window.
  await page.setViewportSize({ width: 1024, height: 600 });
  await expect.poll(async () => (await page.locator("#pair-panel h2").boundingBox())?.height ?? 0).toBeGreaterThan(12);
  // The chosen one of many tabs is in sight.
  await page.setViewportSize({ width: 390, height: 860 });
  await open(`/functions/${long}?tab=calls`);
  await expect(page.getByRole("tab", { name: "Calls" })).toBeInViewport({ ratio: 1 });
});

test("a telephone shows all filters and a run's buttons in one line, and a cut text keeps its beginning", async ({ page, api, open }) => {
  await page.setViewportSize({ width: 390, height: 860 });
  const first = "تسوية";
  await api.store("leaf", "def leaf(input):\n    return input\n", { description: `${first} ${"المدفوعات لكل عميل ".repeat(20)}` });
  const id = await api.run("leaf");
  await open("/runs");
  for (const status of ["pending", "running", "completed", "failed", "timed out", "cancelled", "crashed"]) {
    await expect(page.getByRole("button", { name: status, exact: true })).toBeInViewport({ ratio: 1 });
  }
  await open("/runs/" + id);
  const buttons = page.locator("main header .actions > *");
  await expect(buttons).toHaveCount(4);
  const tops = await buttons.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
  expect(new Set(tops).size).toBe(1);
  // The first word of a right-to-left text is at its right.
  await page.setViewportSize({ width: 1024, height: 860 });
  await open("/functions");
  const description = page.getByText(first);
  await expect(description).toBeVisible();
  const { word, cell } = await description.evaluate((element, length) => {
    const range = document.createRange();
    range.setStart(element.firstChild!, 0);
    range.setEnd(element.firstChild!, length);
    return { word: range.getBoundingClientRect(), cell: element.closest("td")!.getBoundingClientRect() };
  }, first.length);
  expect(word.right).toBeLessThanOrEqual(cell.right + 1);
  expect(word.left).toBeGreaterThanOrEqual(cell.left - 1);
});
