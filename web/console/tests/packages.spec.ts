import { expect, test } from "./console";

test("a package: installed with its live log, needed and removed", async ({ page, open, api, accessible }) => {
  await open("/packages");
  await expect(page.getByText("No packages")).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("Demo_Package == 1.0");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/install=/);
  const install = page.getByRole("region", { name: "Install" });
  await expect(install.getByText("completed")).toBeVisible();
  await expect(install.getByRole("log")).toContainText(/demo.package/i);
  const table = page.getByRole("table", { name: "Packages" });
  await expect(table.getByRole("row").filter({ hasText: "demo-package" })).toContainText("1.0");
  await accessible();
  await page.reload();
  await expect(install.getByText("completed")).toBeVisible();

  await api.store("importer", "import demo_package\n\ndef importer(input):\n    return demo_package.value\n", { requirements: ["demo-package"] });
  await page.getByRole("button", { name: "Close the log" }).click();
  await expect(install).toBeHidden();
  await page.reload();
  await expect(table.getByRole("link", { name: "importer" })).toBeVisible();
  await page.getByRole("button", { name: "Remove demo-package" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove demo-package?" });
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(dialog.getByRole("alert")).toContainText("importer");
  await accessible();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await api.call("DELETE", "/functions/importer");
  await page.getByRole("button", { name: "Remove demo-package" }).click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("No packages")).toBeVisible();
});

test("an install that fails", async ({ page, open, accessible }) => {
  await open("/packages");
  await page.getByLabel("Package to install").fill("no-such-package-here");
  await page.getByRole("button", { name: "Install" }).click();
  const install = page.getByRole("region", { name: "Install" });
  await expect(install.getByText("failed", { exact: true })).toBeVisible();
  await expect(install.getByRole("alert")).toContainText("no-such-package-here");
  await accessible();
  await page.getByLabel("Package to install").fill("a b @ file:///etc/passwd");
  await page.getByRole("button", { name: "Install" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "/package_name" })).toBeVisible();
  await page.goto(page.url().replace(/install=[^&]*/, "install=0190a8f0-0000-7000-8000-000000000000"));
  await expect(page.getByRole("alert").filter({ hasText: /install/i }).first()).toBeVisible();
});
