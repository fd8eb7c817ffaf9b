import { sql, writeRuns } from "./database";
import { expect, test, type Page } from "./console";

const list = (page: Page) => page.getByRole("table", { name: "Runs, the newest first" });

/** Scrolls on until a row is there, as the pages before it are read. */
async function scrollTo(page: Page, number: number): Promise<void> {
  await list(page).evaluate(async (element, wanted) => {
    while (!element.querySelector(`[aria-rowindex="${wanted}"] a`)) {
      element.scrollTop = Math.min(element.scrollHeight, (wanted - 8) * 36);
      await new Promise((done) => requestAnimationFrame(done));
    }
  }, number);
}

/** The rows in sight, by their numbers and texts, and how far the list is scrolled. */
function sight(page: Page): Promise<{ top: number; rows: string[] }> {
  return list(page).evaluate((element) => {
    const box = element.getBoundingClientRect();
    const rows = [...element.querySelectorAll("[role=row]")].filter((row) => row.getBoundingClientRect().bottom > box.top && row.getBoundingClientRect().top < box.bottom);
    return { top: element.scrollTop, rows: rows.map((row) => `${row.getAttribute("aria-rowindex")} ${row.querySelector("a")?.getAttribute("href")} ${row.querySelector(".about")?.textContent}`) };
  });
}

test("a list is where it was left: its rows, its place, its filters and the focus, also after a reload and with new runs at its top", async ({ page, api, open }) => {
  await api.store("often", "def often(input):\n    return 1\n");
  writeRuns(api.subtenant, "often", 4500);
  await open("/runs?function_name=often&trigger_type=webhook");
  await scrollTo(page, 4000);
  await expect(page.locator("[role=row] .gap")).toHaveCount(0);
  const before = await sight(page);
  expect(before.top).toBeGreaterThan(140_000);
  const row = page.locator('[aria-rowindex="4000"] a');
  await row.click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("often");

  let pages = 0;
  page.on("request", (request) => { if (/executions\?.*cursor=/.test(request.url())) pages++; });
  await page.goBack();
  await expect(row).toBeFocused();
  await expect(page.locator("[role=row] .gap")).toHaveCount(0);
  expect(await sight(page)).toEqual(before);
  await expect(page.getByLabel("Function", { exact: true })).toHaveValue("often");
  expect(pages, "only the pages around the rows in sight are read").toBeLessThanOrEqual(6);

  // With runs that came meanwhile: they wait above, and nothing moves.
  await row.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("often");
  await api.call("POST", "/webhooks", { path: `often-${api.subtenant}`, function_name: "often" });
  await api.call("POST", `/h/${`often-${api.subtenant}`}`, {});
  await page.goBack();
  await expect(row).toBeFocused();
  await expect(page.getByRole("button", { name: "1 new run" })).toBeVisible();
  expect(await sight(page)).toEqual(before);

  await page.reload();
  await expect(row).toBeFocused();
  await expect(page.locator("[role=row] .gap")).toHaveCount(0);
  expect(await sight(page)).toEqual(before);
  await page.getByRole("button", { name: "1 new run" }).click();
  await expect(page.locator('[aria-rowindex="1"] a')).toBeVisible();
  await expect(page.locator('[aria-rowindex="2"]')).toContainText("number: 1");

  // Opened anew, it begins at its top.
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await expect(page.locator('[aria-rowindex="1"] a')).toBeVisible();
  expect((await sight(page)).top).toBe(0);
});

test("a list that comes back is without the rows that are gone, and without blanks in their places", async ({ page, api, open }) => {
  await api.store("often", "def often(input):\n    return 1\n");
  writeRuns(api.subtenant, "often", 300);
  await open("/runs");
  await scrollTo(page, 290);
  await page.locator('[aria-rowindex="290"] a').click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("often");
  sql(`DELETE FROM executions WHERE tenant = '${api.subtenant}' AND (input_data->>'number')::int BETWEEN 150 AND 249`);
  await page.goBack();
  await expect(page.getByText("200 runs")).toBeVisible();
  await expect(page.locator("[role=row] .gap")).toHaveCount(0);
  await scrollTo(page, 190);
  await expect(page.locator('[aria-rowindex="190"]')).toContainText("number: 290");
});

test("the list is asked for before the framework is there, once, in three scripts", async ({ page, api, open }) => {
  await api.store("often", "def often(input):\n    return 1\n");
  const id = await api.run("often");
  await open("/runs?status=completed");
  await expect(page.getByRole("row")).toHaveCount(1);
  await page.goto("about:blank");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname.replace(/^.*\/(?=\w+-[\w-]+\.js$)/, "").replace(/-[\w-]{8}\.js$/, ".js")));
  await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/runs?status=completed`);
  await expect(page.locator(`a[href="#/runs/${id}"]`)).toBeVisible();
  const shown = [...asked];
  expect(shown.filter((one) => one.endsWith(".js")).sort()).toEqual(["RunsPage.js", "boot.js", "shared.js"]);
  expect(shown.filter((one) => one.endsWith("/session"))).toHaveLength(1);
  expect(shown.indexOf("/api/v1/executions"), shown.join(" ")).toBeGreaterThan(0);
  expect(shown.indexOf("/api/v1/executions"), shown.join(" ")).toBeLessThan(shown.indexOf("RunsPage.js"));
});

test("an early answer that fails is asked for again by the page", async ({ page, api, open }) => {
  await api.store("often", "def often(input):\n    return 1\n");
  const id = await api.run("often");
  await open("/runs");
  await expect(page.getByRole("row")).toHaveCount(1);
  let refused = 0;
  await page.route(/\/api\/v1\/(session|executions\?)/, async (route) => {
    const url = route.request().url();
    if (refused < 2 && !url.includes("cursor")) {
      refused++;
      return refused === 1 ? route.abort() : route.fulfill({ status: 503, body: "" });
    }
    return route.continue();
  });
  await page.reload();
  await expect(page.locator(`a[href="#/runs/${id}"]`)).toBeVisible();
  expect(refused).toBe(2);
});
