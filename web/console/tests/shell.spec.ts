import { expect, test } from "./console";

test("navigation, titles and a page that is missing", async ({ page, open, accessible }) => {
  await open("/runs");
  await expect(page).toHaveTitle("Runs · Maestro");
  await expect(page.getByRole("link", { name: "Runs" })).toHaveAttribute("aria-current", "page");
  await page.getByRole("link", { name: "Functions" }).click();
  await expect(page).toHaveURL(/#\/functions$/);
  await page.goBack();
  await expect(page).toHaveTitle("Runs · Maestro");
  await page.goto(page.url().replace(/#.*/, "#/nothing/here"));
  await expect(page.getByText("There is no such page")).toBeVisible();
  await accessible();
});

test("keys, their list, and the palette", async ({ page, open, accessible, api }) => {
  await api.store("send_invoice", "def send_invoice(input):\n    return 1\n");
  await open("/runs");
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await expect(page).toHaveURL(/#\/functions$/);
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keys" });
  await expect(help.getByText("Command palette")).toBeVisible();
  await accessible();
  await page.keyboard.press("Escape");
  await expect(help).toBeHidden();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Command" }).fill("invoi");
  await expect(page.getByRole("option", { name: /send_invoice/ })).toBeVisible();
  await accessible();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/#\/functions\/send_invoice$/);
});

test("themes", async ({ page, open, accessible }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await open("/");
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await background()).not.toBe(light);
  await page.getByRole("button", { name: "Theme: system" }).click();
  await expect(page.getByRole("button", { name: "Theme: light" })).toBeVisible();
  expect(await background()).toBe(light);
  await page.reload();
  await page.locator("body").waitFor();
  expect(await background(), "the choice is remembered").toBe(light);
  await accessible();
});

test("a narrow screen", async ({ page, open, accessible }) => {
  await page.setViewportSize({ width: 390, height: 800 });
  await open("/runs");
  await expect(page.getByRole("link", { name: "Functions" })).toBeHidden();
  await page.getByRole("button", { name: "Navigation" }).click();
  await accessible();
  await page.getByRole("link", { name: "Functions" }).click();
  await expect(page).toHaveURL(/#\/functions$/);
  await expect(page.getByRole("link", { name: "Functions" })).toBeHidden();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide, "nothing is wider than the screen").toBeLessThanOrEqual(390);
});

test("another subtenant", async ({ page, open, api }) => {
  const other = api.subtenant + "-b";
  await api.call("POST", "/subtenants", { subtenant_id: other });
  await open("/runs");
  await page.getByLabel("Subtenant").selectOption(other);
  await expect(page.getByLabel("Subtenant")).toHaveValue(other);
});

test("the first page: its size and its headers", async ({ page, open, api }) => {
  let bytes = 0;
  page.on("requestfinished", async (request) => {
    if (request.url().includes("/console/")) bytes += (await request.sizes()).responseBodySize;
  });
  await open("/");
  await page.waitForLoadState("networkidle");
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes, "compressed, of all files of the first page").toBeLessThan(300_000);
  const response = await page.request.get(`${api.url}/console/`);
  const policy = response.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'none'; script-src 'self';");
  expect(policy).not.toContain("unsafe");
  const again = (await page.request.get(`${api.url}/console/`)).headers()["content-security-policy"];
  expect(again, "a nonce for each response").not.toBe(policy);
});
