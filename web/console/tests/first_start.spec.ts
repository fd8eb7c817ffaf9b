import { expect, test } from "./console";

test("the three steps to a first webhook", async ({ page, open, api, accessible }) => {
  await open("/");
  const steps = page.getByRole("region", { name: "Three steps to a first webhook" });
  await expect(steps.getByRole("listitem")).toHaveCount(3);
  await expect(steps.getByRole("group", { name: "curl: Store a function" })).toContainText("/api/v1/functions");
  await accessible();
  await api.store("greet", 'def greet(input):\n    return "Hello, " + input["name"]\n');
  await expect(steps.getByText("Store a function (done)")).toBeVisible();
  await steps.getByRole("link", { name: "New webhook" }).click();
  const dialog = page.getByRole("dialog", { name: "New webhook" });
  await expect(dialog.getByLabel("Function")).toHaveValue("greet");
  await dialog.getByLabel("Path").fill(`g-${api.subtenant}`);
  await dialog.getByLabel("Input").selectOption("body");
  await dialog.getByRole("button", { name: "Create webhook" }).click();
  await expect(page.getByRole("heading", { name: "Try it" })).toBeVisible();
  await page.goto(page.url().replace(/#.*/, "#/"));
  await expect(steps.getByText("Give it an address (done)")).toBeVisible();
  await expect(steps.getByRole("group", { name: "curl: Call it" })).toContainText(`${api.url}/api/v1/h/g-${api.subtenant}`);
  await accessible();
  await fetch(`${api.url}/api/v1/h/g-${api.subtenant}`, { method: "POST", body: '{"name": "Claude"}', headers: { "Content-Type": "application/json" } });
  await expect(steps).toBeHidden();
});

test("the examples of an empty subtenant", async ({ page, open, api }) => {
  await open("/");
  await page.getByRole("button", { name: "Load the examples" }).click();
  await expect(page.getByText(/Loaded: \d+ functions, \d+ webhooks, 1 schedule/)).toBeVisible();
  await expect(page.getByText("Store a function (done)")).toBeVisible();
  const names = (await api.call<{ name: string }[]>("GET", "/functions")).map((f) => f.name);
  expect(names).toContain("hello_world");
  const answer = await fetch(`${api.url}/api/v1/h/@${api.subtenant}/hello`, {
    method: "POST", body: '{"name": "Claude"}', headers: { "Content-Type": "application/json", Authorization: `Bearer ${api.token}`, "X-Subtenant-ID": api.subtenant },
  });
  expect(await answer.text()).toContain("Claude");
});

test("the steps hidden", async ({ page, open }) => {
  await open("/");
  await page.getByRole("button", { name: "Hide the steps" }).click();
  await expect(page.getByRole("region", { name: "Three steps to a first webhook" })).toBeHidden();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Problems now" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Three steps to a first webhook" })).toBeHidden();
});
