import type { Page } from "@playwright/test";
import { expect, retype, test, type Api } from "./console";

const code = (page: Page, name: string) => page.getByRole("textbox", { name: `Code of ${name}` });

async function versionOf(api: Api, name: string): Promise<number> {
  return (await api.call("GET", `/functions/${name}`)).version;
}

test("completion, the compiler's word while typing, and a save", async ({ page, open, api, accessible }) => {
  await api.store("charge_card", "def charge_card(input):\n    return True\n", { input_schema: { type: "object", properties: { amount: { type: "integer" } }, required: ["amount"] } });
  await api.store("place_order", "def place_order(input):\n    return input\n", { input_schema: { type: "object", properties: { customer: { type: "string" } } } });
  await open("/functions/place_order");
  await expect(page.getByText("No problems")).toBeVisible();
  await retype(code(page, "place_order"), "def place_order(input):\n    ");
  await page.keyboard.type("char");
  const options = page.locator(".cm-tooltip-autocomplete");
  await expect(options.getByText("charge_card")).toBeVisible();
  await expect(options).toContainText("{amount: int}");
  await accessible();
  await options.getByText("charge_card").click();
  await page.keyboard.type("(amount=1)\n");
  await page.keyboard.type('return input["cu');
  await options.getByText("customer").click();
  await page.keyboard.press("End");
  await page.keyboard.type("\nmaestro.");
  await expect(options.getByText("spawn")).toBeVisible();
  await page.keyboard.press("Escape");

  // The last line is not finished: the compiler says so, in place.
  const problems = page.getByRole("region", { name: "Problems" });
  await expect(problems.getByRole("button")).toContainText(/invalid syntax/);
  await expect(page.locator(".cm-lintRange-error")).toBeVisible();
  await accessible();
  await page.keyboard.press("Control+s");
  await expect(page.getByRole("alert").filter({ hasText: /invalid syntax/ })).toBeVisible();
  expect(await versionOf(api, "place_order")).toBe(1);

  await retype(code(page, "place_order"), "def place_order(input):\n    chrage_card(amount=1)\n    return input\n");
  await expect(problems.getByRole("button")).toContainText("did you mean 'charge_card'?");
  await expect(page.locator(".cm-lintRange-warning")).toBeVisible();
  await retype(code(page, "place_order"), "def place_order(input):\n    charge_card(amount=1)\n    return input\n");
  await expect(page.getByText("No problems")).toBeVisible();
  await page.keyboard.press("Control+s");
  await expect(page.getByText("Saved as version 2.")).toBeVisible();
  await expect(page.getByText("unsaved")).toBeHidden();
  expect((await api.call("GET", "/functions/place_order")).code).toContain("charge_card(amount=1)");

  await page.getByRole("tab", { name: "Calls" }).click();
  await expect(page.getByRole("link", { name: "charge_card" })).toBeVisible();
  await page.getByRole("link", { name: "charge_card" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("charge_card");
  await page.getByRole("tab", { name: "Calls" }).click();
  await expect(page.getByRole("link", { name: "place_order" })).toBeVisible();
});

test("columns of errors behind characters beyond the basic plane", async ({ page, open, api }) => {
  await api.store("wide", "def wide(input):\n    return 1\n");
  await open("/functions/wide");
  await retype(code(page, "wide"), "def wide(input):\n    x = '🌍🌍🌍'; naem\n");
  await expect(page.locator(".cm-lintRange-warning")).toHaveText("naem");
});

test("code with the line ends of Windows, which keeps them", async ({ page, open, api }) => {
  await api.store("windows", "def windows(input):\r\n    return 1\r\n");
  await open("/functions/windows");
  await code(page, "windows").click();
  await expect(page.getByText("unsaved")).toBeHidden();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("# end");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+s");
  await expect(page.getByText("Saved as version 2.")).toBeVisible();
  expect((await api.call("GET", "/functions/windows")).code).toBe("def windows(input):\r\n    return 1\r\n# end\r\n");
});

test("unsaved changes: a reload keeps them, a way out is asked for", async ({ page, open, api }) => {
  await api.store("draft", "def draft(input):\n    return 1\n");
  await open("/functions/draft");
  await retype(code(page, "draft"), "def draft(input):\n    return 2\n");
  await expect(page.getByText("unsaved")).toBeVisible();
  await page.reload();
  await expect(code(page, "draft")).toContainText("return 2");
  await expect(page.getByText("Your unsaved changes are back.")).toBeVisible();
  await page.getByRole("link", { name: "Runs" }).click();
  const dialog = page.getByRole("dialog", { name: "Leave without saving?" });
  await dialog.getByRole("button", { name: "Stay" }).click();
  await expect(page).toHaveURL(/#\/functions\/draft$/);
  await page.getByRole("button", { name: "Discard", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
  await expect(code(page, "draft")).toContainText("return 1");
  await page.getByRole("link", { name: "Runs" }).click();
  await expect(page).toHaveURL(/#\/runs$/);
});

test("a leave of unsaved changes that is confirmed", async ({ page, open, api }) => {
  await api.store("left", "def left(input):\n    return 1\n");
  await open("/functions/left");
  await retype(code(page, "left"), "def left(input):\n    return 2\n");
  await page.getByRole("link", { name: "Runs" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Leave", exact: true }).click();
  await expect(page).toHaveURL(/#\/runs$/);
  await page.goBack();
  await expect(code(page, "left")).toContainText("return 2");
});

test("a change that meets another author's", async ({ page, open, api, accessible }) => {
  const lines = Array.from({ length: 12 }, (_, at) => `    x${at} = ${at}`);
  const text = (changed: string[]) => `def shared(input):\n${changed.join("\n")}\n    return x0 + x11\n`;
  await api.store("shared", text(lines));
  await open("/functions/shared");
  await expect(code(page, "shared")).toContainText("x11");
  await api.call("PUT", "/functions/shared", { code: text(lines.with(11, "    x11 = 110")), description: "Theirs" });
  await retype(code(page, "shared"), text(lines.with(0, "    x0 = 1000")));
  await page.keyboard.press("Control+s");
  const dialog = page.getByRole("dialog", { name: "Another version was saved" });
  await expect(dialog.getByText("version 2 is stored now")).toBeVisible();
  await accessible();
  await dialog.getByRole("button", { name: "Save the merge" }).click();
  await expect(page.getByText("Saved as version 3.")).toBeVisible();
  const stored = await api.call("GET", "/functions/shared");
  expect(stored.code).toBe(text(lines.with(0, "    x0 = 1000").with(11, "    x11 = 110")));
  expect(stored.description).toBe("Theirs");

  // Both change the same line: the marks are decided by hand.
  await api.call("PUT", "/functions/shared", { code: "def shared(input):\n    return 'theirs'\n" });
  await retype(code(page, "shared"), "def shared(input):\n    return 'mine'\n");
  await page.keyboard.press("Control+s");
  await expect(dialog.getByText("1 place was changed by both")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Save the merge" })).toBeDisabled();
  const merged = dialog.getByRole("textbox", { name: "Merged, to be saved" });
  await merged.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("def shared(input):\n    return 'both'\n");
  await dialog.getByRole("button", { name: "Save the merge" }).click();
  await expect(page.getByText("Saved as version 5.")).toBeVisible();
  expect((await api.call("GET", "/functions/shared")).code).toBe("def shared(input):\n    return 'both'\n");
});

test("versions: compared, run and rolled back", async ({ page, open, api, accessible }) => {
  await api.store("steps", "def steps(input):\n    return 'one'\n");
  await api.call("PUT", "/functions/steps", { code: "def steps(input):\n    return 'two'\n", input_schema: { type: "object" } });
  await api.call("PUT", "/functions/steps", { code: "def steps(input):\n    return 'three'\n" });
  await open("/functions/steps?tab=versions");
  await expect(page.getByText("return 'two'")).toBeVisible();
  await expect(page.getByText("return 'three'")).toBeVisible();
  await page.getByLabel("Compare from version 1").check();
  await expect(page.getByText("return 'one'")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Input schema" })).toBeVisible();
  await accessible();

  await page.getByRole("button", { name: "Run version 1" }).click();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("region", { name: "Result" }).getByText('"one"')).toBeVisible();

  await page.getByRole("tab", { name: "Versions" }).click();
  await page.getByRole("button", { name: "Roll back" }).last().click();
  await page.getByRole("dialog", { name: "Roll back to version 1?" }).getByRole("button", { name: "Roll back" }).click();
  await expect(page.getByText("Version 4 equals version 1.")).toBeVisible();
  await page.getByRole("tab", { name: "Code" }).click();
  await expect(code(page, "steps")).toContainText("return 'one'");
});

test("schemas and settings", async ({ page, open, api, accessible }) => {
  await api.store("limits", "def limits(input: int) -> int:\n    return input\n");
  await open("/functions/limits?tab=schemas");
  await expect(page.getByText("derived from type hints").first()).toBeVisible();
  const schema = page.getByRole("textbox", { name: "Input schema" });
  await schema.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText('{"type": "strin"}');
  await expect(page.getByRole("region", { name: "Input schema" }).getByRole("alert")).toBeVisible();
  await schema.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText('{"type": "object", "properties": {"city": {"type": "string", "title": "City"}}, "required": ["city"]}');
  await expect(page.getByRole("region", { name: "Input schema" }).getByRole("alert")).toBeHidden();
  await expect(page.getByLabel("City")).toBeVisible();
  await accessible();

  await page.getByRole("tab", { name: "Settings" }).click();
  await page.getByLabel("Description").fill("Of a city");
  await page.getByLabel("Tags").fill("geo");
  await page.keyboard.press("Enter");
  await page.getByLabel("Timeout in seconds").fill("100000");
  await page.getByRole("checkbox", { name: /^Retry policy/ }).check();
  await page.getByLabel("Attempts").fill("5");
  await accessible();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText(/must be above 0 and at most/).first()).toBeVisible();
  await page.getByLabel("Timeout in seconds").fill("20");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Saved as version 2.")).toBeVisible();
  const stored = await api.call("GET", "/functions/limits");
  expect(stored).toMatchObject({ description: "Of a city", tags: ["geo"], timeout_seconds: 20, retry: { max_attempts: 5, backoff_seconds: 1 }, input_schema: { required: ["city"] } });
  await page.getByRole("checkbox", { name: /^Retry policy/ }).uncheck();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect.poll(async () => (await api.call("GET", "/functions/limits")).retry).toBeNull();
});

test("paused, resumed and deleted", async ({ page, open, api, accessible }) => {
  await api.store("used", "def used(input):\n    return 1\n");
  await api.store("user", "def user(input):\n    return used(input)\n");
  await open("/functions/used");
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText(/^Paused:/)).toBeVisible();
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  expect((await api.call("GET", "/functions/used")).paused_at).toBeNull();
  await page.getByRole("button", { name: "Delete the function" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete used?" });
  await expect(dialog.getByRole("link", { name: "user" })).toBeVisible();
  await accessible();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(page).toHaveURL(/#\/functions$/);
  expect((await api.send("GET", "/functions/used")).status).toBe(404);
  await page.goto(page.url().replace(/#.*/, "#/functions/used"));
  await expect(page.getByText("There is no such function")).toBeVisible();
});
