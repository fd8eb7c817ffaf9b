import { expect, hostile, retype, test } from "./console";

test("the list of functions with their health", async ({ page, open, api, accessible }) => {
  test.setTimeout(120_000);
  await api.store("clean_rows", "def clean_rows(input):\n    return [row.strip() for row in input]\n", { description: "Strips each row", tags: ["import"] });
  await api.store("fails", "def fails(input):\n    raise ValueError('no')\n");
  await api.store("shared", "def clean(text):\n    return text\n", { kind: "module" });
  await api.store("held", "def held(input):\n    return 1\n");
  await api.call("POST", "/functions/held/pause");
  for (let i = 0; i < 3; i++) await api.run("clean_rows", [" a "]);
  await api.run("fails");
  const counted = async () => (await api.call("GET", "/stats/functions?from=-24h")).functions.map((one: { runs: { completed: number; failed: number } }) => one.runs.completed + one.runs.failed);
  await expect.poll(counted, { timeout: 45_000 }).toEqual([3, 1]);
  await open("/functions");
  const table = page.getByRole("table", { name: "Functions" });
  const row = (name: string) => table.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
  await expect(row("clean_rows")).toContainText("Strips each row");
  await expect(row("clean_rows").getByRole("cell").nth(3)).toHaveText("3");
  await expect(row("fails").getByRole("link", { name: "100%" })).toHaveAttribute("href", /#\/runs\?function_name=fails&status=failed/);
  await expect(row("held")).toContainText("paused");
  await expect(row("shared")).toContainText("module");
  await accessible();

  await page.keyboard.press("/");
  await page.keyboard.type("strips");
  await expect(table.getByRole("row")).toHaveCount(2);
  await expect(page).toHaveURL(/q=strips/);
  await page.getByLabel("Search functions").fill("");
  await page.getByLabel("State").selectOption("paused");
  await expect(table.getByRole("row")).toHaveCount(2);
  await page.getByLabel("State").selectOption("");
  await page.getByLabel("Tag").selectOption("import");
  await expect(table.getByRole("row")).toHaveCount(2);
  await page.getByLabel("Tag").selectOption("");
  await page.getByLabel("Order").selectOption("failures");
  await expect(table.getByRole("row").nth(1)).toContainText("fails");

  await page.getByLabel("Search functions").press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/#\/functions\/fails$/);
});

test("an empty list, and a new function", async ({ page, open, accessible }) => {
  await open("/functions");
  await expect(page.getByText("No functions yet")).toBeVisible();
  await page.keyboard.press("c");
  const dialog = page.getByRole("dialog", { name: "New function" });
  await accessible();
  await dialog.getByLabel("Name", { exact: true }).fill("class");
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog.getByText("class is a keyword of Python.")).toBeVisible();
  await dialog.getByLabel("Name", { exact: true }).fill("len");
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog.getByRole("alert")).toBeVisible();
  await dialog.getByLabel("Name", { exact: true }).fill("greet_all");
  await dialog.getByLabel(/With type hints/).check();
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(page).toHaveURL(/#\/functions\/greet_all$/);
  await expect(page.getByRole("textbox", { name: "Code of greet_all" })).toContainText("TypedDict");
  await page.getByRole("tab", { name: "Schemas" }).click();
  await expect(page.getByText("derived from type hints").first()).toBeVisible();
  await expect(page.getByText("{name: str, count?: int}")).toBeVisible();
});

test("each template as a function that is stored and runs", async ({ api }) => {
  const { templates } = await import("../src/functions/function_templates");
  const inputs: Record<string, unknown> = {
    plain: {}, typed: { name: "Ada" }, webhook: { method: "POST", path: "a", body: {}, headers: {}, query: {}, path_params: {}, url: "" }, async: { items: [1, 2] }, stream: {},
  };
  for (const template of templates) {
    const stored = await api.store(`made_${template.id}`, template.code(`made_${template.id}`), { kind: template.kind });
    expect(stored.warnings).toEqual([]);
    if (template.kind === "function") await api.call("POST", "/executions", { function_name: stored.name, input_data: inputs[template.id] });
  }
});

test("hostile texts in the list and in the function", async ({ page, open, api }) => {
  const code = `def spoilt(input):\n    print(${JSON.stringify(hostile.replaceAll("\u0007", ""))})\n    raise ValueError(input["text"])\n`;
  await api.store("spoilt", code, { description: hostile.replaceAll("\u0000", ""), tags: [hostile] });
  await api.store("a".repeat(255), `def ${"a".repeat(255)}(input):\n    return 1\n`, { description: "שלום 🌍 مرحبا" });
  await open("/functions");
  await expect(page.getByRole("table").getByText("<img src=x").first()).toBeVisible();
  await page.setViewportSize({ width: 390, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.getByRole("link", { name: "spoilt" }).click();
  await retype(page.getByRole("textbox", { name: "Input as JSON" }), JSON.stringify({ text: hostile }));
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const result = page.getByRole("region", { name: "Result" });
  await expect(result.getByText("ValueError", { exact: true })).toBeVisible();
  await expect(result.getByRole("listitem").filter({ hasText: "<img src=x" })).toBeVisible();
  await page.getByRole("tab", { name: "Settings" }).click();
  await expect(page.getByText("<img src=x").first()).toBeVisible();
  await expect(page).toHaveTitle("spoilt · Maestro");
});
