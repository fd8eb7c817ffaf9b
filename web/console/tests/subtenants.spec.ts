import { expect, hostile, test } from "./console";

test("a subtenant made, set, paused and deleted", async ({ page, open, api, accessible }) => {
  const name = api.subtenant + "-new";
  await open("/subtenants");
  await expect(page.getByRole("table", { name: "Subtenants" })).toBeVisible();
  await accessible();
  await page.keyboard.press("n");
  const dialog = page.getByRole("dialog", { name: "New subtenant" });
  await dialog.getByLabel("Id").fill(name);
  await dialog.getByLabel("Description").fill(hostile);
  await dialog.getByRole("button", { name: "Create subtenant" }).click();
  await expect(page.getByRole("heading", { name })).toBeVisible();

  await page.getByLabel("Lane").selectOption("process");
  await page.getByLabel("Days that executions are kept").fill("7");
  await page.getByLabel("Messages about failures").selectOption("function");
  await page.getByLabel("Function", { exact: true }).fill("tell");
  await page.getByLabel("recoveries").uncheck();
  await accessible();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  expect(await api.call("GET", "/subtenants/" + name)).toMatchObject({
    lane: "process", retention_days: 7, notify: { function: "tell", events: ["failure", "missed"], grace_seconds: 300 }, description: hostile,
  });
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();

  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("Its runs are held")).toBeVisible();
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByText("Its runs are held")).toBeHidden();

  await page.getByLabel("E-mail of a user").fill("ada@example.com");
  await page.getByRole("button", { name: "Grant access" }).click();
  await expect(page.getByText("Access is managed by Census").first()).toBeVisible();

  await page.getByRole("button", { name: "Delete" }).click();
  const confirm = page.getByRole("dialog", { name: `Delete ${name}?` });
  await expect(confirm.getByRole("button", { name: "Delete for ever" })).toBeDisabled();
  await confirm.getByLabel(/to confirm/).fill(name);
  await confirm.getByRole("button", { name: "Delete for ever" }).click();
  await expect(page).toHaveURL(/#\/subtenants$/);
  expect((await api.send("GET", "/subtenants/" + name)).status).toBe(404);
});

test("the interpreter of a subtenant", async ({ page, open, api, accessible }) => {
  await api.store("one", "def one(input):\n    return 1\n");
  await api.run("one");
  await open("/subtenants/" + api.subtenant);
  await expect(page.getByText("serving")).toBeVisible();
  await accessible();
  await page.getByRole("button", { name: "End the interpreter" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End it" }).click();
  await expect(page.getByText("The interpreter was ended.")).toBeVisible();
});

test("a subtenant chosen to work in", async ({ page, open, api }) => {
  const other = api.subtenant + "-b";
  await api.call("POST", "/subtenants", { subtenant_id: other });
  await open("/subtenants/" + other);
  await page.getByRole("button", { name: "Work in it" }).click();
  await expect(page.getByLabel("Subtenant")).toHaveValue(other);
});
