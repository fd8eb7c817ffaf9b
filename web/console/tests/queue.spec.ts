import { expect, test } from "./console";

const one = "def one(input):\n    return 1\n";

test("the queue of a paused function, counted and cancelled", async ({ page, open, api, accessible }) => {
  await api.store("one", one);
  await api.store("other", one.replace("one", "other"));
  await api.call("POST", "/functions/one/pause");
  for (let i = 0; i < 4; i++) await api.start("one");
  await open("/queue");
  const table = page.getByRole("table", { name: "By function" });
  const row = table.getByRole("row", { name: /one/ });
  await expect(row).toContainText("paused");
  await expect(row).toContainText("4");
  await accessible();

  const bulk = page.getByRole("region", { name: "Cancel or retry many" });
  await bulk.getByLabel("Function").fill("other");
  await bulk.getByRole("button", { name: "Count first" }).click();
  const dialog = page.getByRole("dialog", { name: "Cancel runs?" });
  await expect(dialog.getByText("0 runs would be cancelled.")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Cancel them" })).toBeDisabled();
  await page.keyboard.press("Escape");
  await bulk.getByLabel("Function").fill("one");
  await bulk.getByLabel("Status").selectOption("pending");
  await bulk.getByRole("button", { name: "Count first" }).click();
  await expect(dialog.getByText("4 runs would be cancelled.")).toBeVisible();
  await accessible();
  await dialog.getByRole("button", { name: "Cancel them" }).click();
  await expect(page.getByText("4 runs asked to stop.")).toBeVisible();

  await row.getByRole("button", { name: "Resume one" }).click();
  await expect(page.getByText("The queue is empty")).toBeVisible();
  await api.store("broken", "def broken(input):\n    raise ValueError(1)\n");
  for (let i = 0; i < 3; i++) await api.run("broken");
  await bulk.getByLabel("Act").selectOption("retry");
  await bulk.getByLabel("Function").fill("broken");
  await bulk.getByLabel("Error type").fill("ValueError");
  await bulk.getByRole("button", { name: "Count first" }).click();
  const retry = page.getByRole("dialog", { name: "Retry runs?" });
  await expect(retry.getByText("3 runs would be run again.")).toBeVisible();
  await retry.getByRole("button", { name: "Retry them" }).click();
  await expect(page.getByText("3 runs enqueued again.")).toBeVisible();
});

test("a subtenant paused from its queue", async ({ page, open, api, accessible }) => {
  await api.store("one", one);
  await open("/queue");
  await expect(page.getByText("The queue is empty")).toBeVisible();
  await page.getByRole("button", { name: "Pause the subtenant" }).click();
  await expect(page.getByText(`The runs of ${api.subtenant} are held`)).toBeVisible();
  await api.start("one");
  await expect(page.getByRole("table", { name: "By function" }).getByRole("row", { name: /one/ })).toContainText("1");
  const own = page.getByRole("table", { name: "By subtenant" }).getByRole("row", { name: new RegExp(api.subtenant) });
  await expect(own).toContainText("paused");
  await accessible();
  await own.getByRole("button", { name: `Resume ${api.subtenant}` }).click();
  await expect(page.getByText(`The runs of ${api.subtenant} are held`)).toBeHidden();
});
