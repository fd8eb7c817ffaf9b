import { execFileSync } from "node:child_process";
import { expect, hostile, test } from "./console";

test("the figures of a subtenant", async ({ page, open, api, accessible }) => {
  await api.store("quick", "def quick(input):\n    return 1\n");
  await api.store("broken", `def broken(input):\n    raise ValueError(${JSON.stringify(hostile)})\n`);
  for (let i = 0; i < 6; i++) await api.run("quick");
  for (let i = 0; i < 3; i++) await api.run("broken");
  await open("/");
  const sums = page.getByLabel("Sums");
  await expect(sums).toContainText("9", { timeout: 40_000 }); // an execution counts within seconds of its end
  await expect(sums).toContainText("3 (33%)");
  await expect(page.getByRole("img", { name: "Runs per minute: 9 runs, 3 failed" })).toBeVisible();
  const failing = page.getByRole("table", { name: "Most failing functions" });
  await expect(failing.getByRole("row")).toHaveCount(2);
  await expect(failing.getByRole("link", { name: "broken" })).toHaveAttribute("href", /function_name=broken.*status=failed/);
  await expect(page.getByRole("table", { name: "Slowest functions" }).getByRole("link", { name: "quick" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Memory by subtenant" }).getByRole("listitem").first()).toContainText("MB");
  await accessible();
  for (const span of ["6 h", "24 h", "7 d"]) {
    await page.getByRole("group", { name: "Span" }).getByRole("button", { name: span }).click();
    await expect(page.getByRole("img", { name: /9 runs, 3 failed/ })).toBeVisible();
  }
  await expect(page).toHaveURL(/span=7d/);
});

test("the problems of a subtenant", async ({ page, open, api, accessible }) => {
  await api.store("echo", "def echo(input):\n    return input\n");
  await open("/");
  const problems = page.getByRole("region", { name: "Problems now" });
  await expect(problems.getByText("Nothing is wrong.")).toBeVisible();
  await api.call("POST", "/functions/echo/pause");
  await api.store("broken", "def broken(input):\n    raise ValueError(1)\n");
  const made = await api.call("POST", "/schedules", { name: hostile.slice(0, 120), function_name: "broken", cron_expression: "@yearly" });
  for (let i = 0; i < 3; i++) await api.call("POST", `/schedules/${made.id}/run`);
  await page.reload();
  await expect(problems.getByText("echo is paused: its runs are held.")).toBeVisible();
  await expect(problems.getByText("It failed 3 times in a row.")).toBeVisible({ timeout: 30_000 });
  await expect(problems.getByRole("link", { name: "<img src=x" })).toBeVisible();
  await accessible();
  await problems.getByRole("link", { name: "echo is paused" }).click();
  await expect(page).toHaveURL(/#\/functions\/echo$/);
});

test("the pages of a caller without an administrator's rights", async ({ page, open, api, accessible }) => {
  const folder = process.env.MAESTRO_TEST_FOLDER ?? "";
  const env = { PATH: process.env.PATH, HOME: folder, DATA_DIR: folder };
  const token = execFileSync(process.env.MAESTRO_TEST_BINARY ?? "", ["token", "--email", "ada@example.com", "--subtenant", api.subtenant], { encoding: "utf8", env }).trim();
  await api.store("one", "def one(input):\n    return 1\n");
  await api.call("POST", "/functions/one/pause");
  await open("/runs");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByRole("region", { name: "Problems now" }).getByText("one is paused")).toBeVisible();
  await expect(page.getByRole("region", { name: "Memory by subtenant" })).toHaveCount(0);
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.getByRole("link", { name: "Queue" }).click();
  await expect(page.getByRole("table", { name: "By function" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Pause the subtenant" })).toHaveCount(0);
  await expect(page.getByRole("alert")).toHaveCount(0);
  await accessible();
});
