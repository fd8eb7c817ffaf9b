import { expect, hostile, test } from "./console";

const echo = "def echo(input):\n    return input\n";

test("a schedule made, run and paused", async ({ page, open, api, accessible }) => {
  await api.store("echo", echo);
  await open("/schedules");
  await expect(page.getByText("No schedules yet")).toBeVisible();
  await page.keyboard.press("n");
  const dialog = page.getByRole("dialog", { name: "New schedule" });
  await dialog.getByLabel("Name").fill("nightly report");
  await dialog.getByLabel("Function").fill("echo");
  await dialog.getByLabel("Cron expression").fill("61 * * * *");
  await expect(dialog.getByText("61 is outside 0 to 59")).toBeVisible();
  await dialog.getByLabel("Cron expression").fill("0 0 30 2 *");
  await expect(dialog.getByText("never comes")).toBeVisible();
  await dialog.getByLabel("Cron expression").fill("30 3 * * 1-5");
  await dialog.getByLabel("Time zone").fill("Europe/Paris");
  await expect(dialog.getByText("At 03:30 on weekdays (Monday to Friday).")).toBeVisible();
  await expect(dialog.getByRole("listitem")).toHaveCount(5);
  await expect(dialog.getByRole("listitem").first()).toContainText("03:30");
  await dialog.getByLabel("Input").fill("{");
  await dialog.getByRole("button", { name: "Create schedule" }).click();
  await expect(dialog.getByText("This is not JSON")).toBeVisible();
  await dialog.getByLabel("Input").fill('{"day": 1}');
  await accessible();
  await dialog.getByRole("button", { name: "Create schedule" }).click();

  await expect(page.getByRole("heading", { name: "nightly report" })).toBeVisible();
  await page.getByRole("button", { name: "Run now" }).click();
  await expect(page.getByRole("table", { name: "Last runs" }).getByText("completed")).toBeVisible();
  await expect(page.getByRole("group", { name: "Last 1 run: none failed" })).toBeVisible();
  await accessible();
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("it starts no runs")).toBeVisible();
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByText("it starts no runs")).toBeHidden();

  await page.getByRole("link", { name: "Schedules" }).last().click();
  const table = page.getByRole("table", { name: "Schedules" });
  await expect(table.getByText("At 03:30 on weekdays")).toBeVisible();
  await expect(table.getByRole("group", { name: "Last 1 run: none failed" })).toBeVisible();
  await table.getByRole("button", { name: "Pause nightly report" }).click();
  await expect(table.getByText("paused")).toBeVisible();
  await accessible();
});

test("the week of many schedules", async ({ page, open, api, accessible }) => {
  await api.store("echo", echo);
  await api.call("POST", "/schedules", { name: "each minute", function_name: "echo", cron_expression: "* * * * *", is_active: true });
  for (let i = 0; i < 6; i++) await api.call("POST", "/schedules", { name: `daily ${i}`, function_name: "echo", cron_expression: `${i} 4 * * *` });
  await open("/schedules?view=week&week=1");
  const week = page.getByRole("table", { name: "Due times of the week" });
  await expect(week.getByText("×1,440")).toHaveCount(7);
  await expect(week.getByText("4 more")).toHaveCount(7);
  await accessible();
  await page.getByRole("button", { name: "Later week" }).click();
  await expect(page).toHaveURL(/week=2/);
  await expect(week.getByText("daily 0").first()).toBeVisible();
  await week.getByText("daily 0").first().click();
  await expect(page.getByRole("heading", { name: "daily 0" })).toBeVisible();
});

test("a failing schedule with a hostile name", async ({ page, open, api, accessible }) => {
  await api.store("broken", `def broken(input):\n    raise ValueError(${JSON.stringify(hostile)})\n`);
  const name = hostile.slice(0, 200);
  const made = await api.call("POST", "/schedules", { name, function_name: "broken", cron_expression: "@yearly", description: hostile, input_data: { text: hostile } });
  for (let i = 0; i < 3; i++) await api.call("POST", `/schedules/${made.id}/run`);
  await open("/schedules/" + made.id);
  await expect(page.getByRole("heading", { name: "<img src=x" })).toBeVisible();
  await expect(page.getByText("It failed 3 times in a row.")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("table", { name: "Last runs" }).getByText("<img src=x").first()).toBeVisible();
  await expect(page.getByText("⟨U+202E⟩").first()).toBeVisible();
  await accessible();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("No schedules yet")).toBeVisible();
});
