import { changeOf, editable, rebased, type Stored } from "../src/functions/function_members";
import { expect, retype, test } from "./console";

const integer = { type: "integer" };

test("an own schema in place of the type hints, and the type hints again", async ({ page, open, api, accessible }) => {
  await api.store("twice", "def twice(input: int) -> int:\n    return 2 * input\n", { input_schema: { type: "string" } });
  await open("/functions/twice");
  await page.getByRole("tab", { name: "Schemas" }).click();
  const input = page.getByRole("region", { name: "Input schema" });
  const output = page.getByRole("region", { name: "Output schema" });
  await expect(output.getByText("derived from type hints")).toBeVisible();
  await expect(output.getByRole("button", { name: "Use the type hints" })).toBeHidden();
  await expect(input.getByText("derived from type hints")).toBeHidden();

  // A schema that was the author's before: the check says what the hints give, before the save.
  await input.getByRole("button", { name: "Use the type hints" }).click();
  await expect(input.getByText("derived from type hints")).toBeVisible();
  await expect(input.getByRole("textbox", { name: "Input schema" })).toContainText('"integer"');
  await accessible();
  await page.reload();
  await page.getByRole("tab", { name: "Schemas" }).click();
  await expect(input.getByRole("textbox", { name: "Input schema" })).toContainText('"integer"');

  // A schema that is derived and replaced, and derived once more, before a save.
  await retype(output.getByRole("textbox", { name: "Output schema" }), '{"type": "number"}');
  await expect(output.getByText("derived from type hints")).toBeHidden();
  await output.getByRole("button", { name: "Use the type hints" }).click();
  await expect(output.getByRole("textbox", { name: "Output schema" })).toContainText('"integer"');
  await expect(output.getByText("derived from type hints")).toBeVisible();
  await page.keyboard.press("Control+s");
  await expect(page.getByText("Saved as version 2.")).toBeVisible();
  await expect(page.getByText("unsaved")).toBeHidden();
  expect(await api.call("GET", "/functions/twice")).toMatchObject({ input_schema: integer, output_schema: integer, derived_schemas: ["input_schema", "output_schema"] });

  // Nothing at all is accepted anything, and the hints again.
  await input.getByRole("button", { name: "Accept anything" }).click();
  await page.keyboard.press("Control+s");
  await expect(page.getByText("Saved as version 3.")).toBeVisible();
  await input.getByRole("button", { name: "Use the type hints" }).click();
  await input.getByRole("button", { name: "Accept anything" }).click();
  await expect(page.getByText("unsaved")).toBeHidden();
  await input.getByRole("button", { name: "Use the type hints" }).click();
  await page.keyboard.press("Control+s");
  await expect(page.getByText("Saved as version 4.")).toBeVisible();
  expect(await api.call("GET", "/functions/twice")).toMatchObject({ input_schema: integer, derived_schemas: ["input_schema", "output_schema"] });
});

test("a change that derives a schema again, beside one of another author", () => {
  const stored: Stored = {
    kind: "function", description: null, code: "", input_schema: { type: "object" }, output_schema: { type: "string" }, derived_schemas: ["output_schema"],
    requirements: [], tags: [], timeout_seconds: null, retry: null, max_concurrency: null, notify: null, is_active: true,
  };
  const base = editable(stored);
  const mine = { ...base, derived_schemas: ["output_schema", "input_schema"] };
  expect(changeOf(base, mine)).toEqual({ derived_schemas: ["output_schema", "input_schema"] });
  expect(changeOf(base, { ...mine, input_schema: "{" })).toEqual({ derived_schemas: ["output_schema", "input_schema"] });
  expect(changeOf(base, { ...base, output_schema: "true" })).toEqual({ output_schema: true });
  // They have written an output schema: it stays theirs.
  const theirs = editable({ ...stored, output_schema: true, derived_schemas: [] });
  expect(changeOf(theirs, rebased(base, mine, theirs))).toEqual({ derived_schemas: ["input_schema"] });
  expect(rebased(base, base, theirs)).toEqual(theirs);
});
