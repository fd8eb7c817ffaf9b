import { expect, test } from "./console";

// The parts of the program that pages are made of.
const parts = /\/console\/.*\.js$/;

test("a page whose part can't be loaded while the server is away comes by itself", async ({ page, open }) => {
  await open("/runs");
  await expect(page.getByText("No runs yet")).toBeVisible();
  await page.route(/./, (route) => route.abort("connectionrefused"));
  await page.getByRole("link", { name: "Packages" }).click();
  await expect(page.getByText("The server can't be reached", { exact: true })).toBeVisible();
  await expect(page.getByText("another version")).toHaveCount(0);
  await page.unroute(/./);
  await expect(page.getByRole("heading", { level: 1, name: "Packages" })).toBeVisible();
});

test("a page whose part is gone says that the version may be another", async ({ page, open, accessible }) => {
  await open("/runs");
  await expect(page.getByText("No runs yet")).toBeVisible();
  await page.route(parts, (route) => route.fulfill({ status: 404, body: "gone" }));
  await page.getByRole("link", { name: "Packages" }).click();
  await expect(page.getByText("another version")).toBeVisible();
  await accessible();
  await page.unroute(parts);
  await page.getByRole("button", { name: "Load the console again" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Packages" })).toBeVisible();
});
