import { expect, retype, test } from "./console";

const schema = {
  type: "object", required: ["name", "count"], additionalProperties: false, properties: {
    name: { type: "string", description: "Of the person" }, count: { type: "integer", minimum: 1 }, loud: { type: "boolean" }, tone: { enum: ["warm", "cold"] },
    rows: { type: "array", items: { type: "object", properties: { sku: { type: "string" } }, required: ["sku"] } }, note: { type: ["string", "null"] },
    pay: { oneOf: [{ title: "Card", type: "object", required: ["card"], properties: { card: { type: "string" } } }, { title: "Invoice", type: "object", required: ["invoice"], properties: { invoice: { type: "integer" } } }] },
  },
};

test("a run by its form, with its calls and log", async ({ page, open, api, accessible }) => {
  await api.store("part", "def part(input):\n    print('in part', input)\n    return input * 2\n");
  await api.store("whole", "def whole(input):\n    print('begin')\n    return {'sum': part(input['count']), 'input': input}\n", { input_schema: schema });
  await page.setViewportSize({ width: 1680, height: 1000 });
  await open("/functions/whole");
  const pane = page.getByRole("complementary", { name: "Run" });
  await pane.getByLabel("name", { exact: true }).fill("Ada");
  await pane.getByLabel("count").fill("12345678901234567890");
  await pane.getByRole("button", { name: "loud", exact: true }).click();
  await pane.getByRole("button", { name: "tone", exact: true }).click();
  await pane.getByLabel("tone").selectOption("cold");
  await pane.getByRole("button", { name: "rows", exact: true }).click();
  await pane.getByRole("button", { name: "Add to rows" }).click();
  await pane.getByLabel("sku").fill("a-1");
  await pane.getByRole("button", { name: "pay", exact: true }).click();
  await pane.getByLabel("Form of pay").selectOption("Invoice");
  await pane.getByLabel("invoice", { exact: true }).fill("7");
  await accessible();
  await pane.getByRole("button", { name: "JSON" }).click();
  await expect(pane.getByRole("textbox", { name: "Input as JSON" })).toContainText('"count": 12345678901234567890');
  await pane.getByRole("button", { name: "Run", exact: true }).click();
  const result = pane.getByRole("region", { name: "Result" });
  await expect(result.getByText("completed").first()).toBeVisible();
  await expect(result.getByRole("link", { name: "part" })).toBeVisible();
  await expect(result.getByText("begin", { exact: true })).toBeVisible();
  await accessible();
  const href = await result.getByRole("link", { name: "Open the run" }).getAttribute("href");
  const id = href!.split("/").at(-1)!;
  const response = await api.send("GET", `/executions/${id}`);
  expect(await response.text()).toContain('"count": 12345678901234567890'.replace(": ", ":"));
  const stored = await api.call("GET", `/executions/${id}`);
  expect(stored.input_data).toMatchObject({ name: "Ada", loud: false, tone: "cold", rows: [{ sku: "a-1" }], pay: { invoice: 7 } });

  await page.reload();
  await expect(pane.getByLabel("name", { exact: true })).toHaveValue("Ada");
});

test("an input that does not fit, and a run that fails", async ({ page, open, api, accessible }) => {
  await api.store("inner", "def inner(input):\n    raise KeyError(input['name'])\n");
  await api.store("outer", "def outer(input):\n    return inner(input)\n", { input_schema: schema });
  await open("/functions/outer?tab=run");
  await page.getByLabel("count").fill("0");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const result = page.getByRole("region", { name: "Result" });
  await expect(result.getByRole("alert")).toContainText(/count|minimum/);
  await page.getByLabel("name", { exact: true }).fill("Ada");
  await page.getByLabel("count").fill("2");
  await page.keyboard.press("Control+Enter");
  await expect(result.getByText("failed").first()).toBeVisible();
  await expect(result.getByText("KeyError", { exact: true }).first()).toBeVisible();
  await expect(result.getByText("outer → inner")).toBeVisible();
  await expect(result.getByText(/Traceback/)).toBeVisible();
  await accessible();
});

test("text that is not JSON, and a run in the queue", async ({ page, open, api }) => {
  await api.store("later", "def later(input):\n    print('working')\n    return {'got': input}\n");
  await open("/functions/later?tab=run");
  const input = page.getByRole("textbox", { name: "Input as JSON" });
  await retype(input, "{");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByText(/The input is not JSON/)).toBeVisible();
  await retype(input, "[1, 2]");
  await page.getByLabel("in the queue").check();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const result = page.getByRole("region", { name: "Result" });
  await expect(result.getByText("completed").first()).toBeVisible();
  await expect(result.getByText("working")).toBeVisible();
  await expect(result.getByText('"got"')).toBeVisible();
});

test("unsaved code that is saved and run", async ({ page, open, api }) => {
  await api.store("quick", "def quick(input):\n    return 'old'\n");
  await page.setViewportSize({ width: 1680, height: 1000 });
  await open("/functions/quick");
  await page.getByRole("textbox", { name: "Code of quick" }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("def quick(input):\n    return 'new'\n");
  const result = page.getByRole("region", { name: "Result" });
  await page.getByRole("button", { name: "Run v1" }).click();
  await expect(result.getByText('"old"')).toBeVisible();
  await page.getByRole("button", { name: "Save and run" }).click();
  await expect(result.getByText('"new"')).toBeVisible();
});

test("a function that streams, and one that returns a megabyte", async ({ page, open, api }) => {
  await api.store("flow", "def flow(input):\n    yield 1\n    yield {'two': 2}\n");
  await api.store("large", "def large(input):\n    return ['x' * 1000] * 1000\n");
  await open("/functions/flow?tab=run");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const result = page.getByRole("region", { name: "Result" });
  await expect(result.getByText('"two"')).toBeVisible();
  await page.goto(page.url().replace(/#.*/, "#/functions/large?tab=run"));
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(result.getByText("completed").first()).toBeVisible();
  await expect(result.getByRole("button", { name: "Show more" })).toBeVisible();
});
