import { expect, test } from "./console";
import { sql } from "./database";

test("a secret stored, read, rotated and deleted", async ({ page, open, api, accessible }) => {
  await api.store("pay", 'import maestro\ndef pay(input):\n    return len(maestro.secret("STRIPE_KEY"))\n');
  await open("/secrets");
  await expect(page.getByText("No secrets yet")).toBeVisible();
  await page.keyboard.press("n");
  const dialog = page.getByRole("dialog", { name: "New secret" });
  await dialog.getByLabel("Name").fill("STRIPE_KEY");
  await dialog.getByLabel("Value").fill("first value, long");
  await accessible();
  await dialog.getByRole("button", { name: "Store" }).click();
  const table = page.getByRole("table", { name: "Secrets" });
  await expect(table.getByText("STRIPE_KEY", { exact: true })).toBeVisible();
  await expect(table.getByRole("link", { name: "pay" })).toBeVisible();
  await expect(page.getByText("first value")).toHaveCount(0);
  await accessible();

  await table.getByRole("button", { name: "Rotate" }).click();
  const rotate = page.getByRole("dialog", { name: "Rotate STRIPE_KEY" });
  await expect(rotate.getByLabel("Value")).toHaveValue("");
  await rotate.getByLabel(/Show what I type/).check();
  await rotate.getByLabel("Value").fill("two\nlines");
  await rotate.getByRole("button", { name: "Store the new value" }).click();
  await expect(page.getByText("STRIPE_KEY has another value.")).toBeVisible();
  expect((await api.call("POST", "/executions", { function_name: "pay" })).result).toBe(9);

  // A function that computes names may read it, and is told apart.
  await api.store("of_a_bank", 'import maestro\ndef of_a_bank(bank):\n    return maestro.secret(bank + "_KEY")\n');
  await page.reload();
  await expect(table.getByRole("row", { name: "STRIPE_KEY" })).toContainText("pay; perhaps by of_a_bank, by computed names");
  await accessible();

  sql(`UPDATE secrets SET last_read_at = now() - interval '3 hours', last_read_by = 'of_a_bank' WHERE tenant = '${api.subtenant}'`); // as the server notes it within a minute
  await page.reload();
  await expect(table.getByText("3 h ago")).toBeVisible();
  await expect(table.getByRole("row", { name: "STRIPE_KEY" })).toContainText("3 h ago by of_a_bank");
  await table.getByRole("button", { name: "Delete STRIPE_KEY" }).click();
  const confirm = page.getByRole("dialog", { name: "Delete STRIPE_KEY?" });
  await expect(confirm.getByRole("link", { name: "pay" })).toBeVisible();
  await confirm.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("No secrets yet")).toBeVisible();
});
