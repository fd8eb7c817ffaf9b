// Opens the pages of a running server in Chromium, with the network cut apart
// from the server itself, and uses them as a person would.
//
//   node pages.mjs URL TOKEN FOLDER   (screenshots go into the folder)
import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium } from "playwright-core";

const [url, token, folder] = process.argv.slice(2);
const host = new URL(url).host;
const patience = { timeout: 30_000 };

// visit opens a page and hands it on; afterwards it must have asked no other
// host for anything, and must not have complained.
function visit(name, path, use, options = {}) {
  test(name, async () => {
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${new URL(url).hostname}`],
    });
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, ...options });
      const complaints = [];
      const strangers = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("requestfailed", (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
      page.on("request", (request) => {
        const to = new URL(request.url());
        if (!["data:", "blob:"].includes(to.protocol) && to.host !== host) strangers.push(request.url());
      });
      const response = await page.goto(url + path, patience);
      assert.equal(response.status(), 200);
      assert.match(response.headers()["content-security-policy"], /default-src 'none'/);
      await use(page);
      await page.screenshot({ path: `${folder}/${name.replaceAll(/\W+/g, "-")}.png` });
      assert.deepEqual(strangers, [], "requests to other hosts");
      assert.deepEqual(complaints, [], "complaints in the console");
    } finally {
      await browser.close();
    }
  });
}

visit("home", "/", async (page) => {
  await page.getByRole("heading", { name: "Maestro" }).waitFor(patience);
  for (const link of await page.getByRole("navigation").getByRole("link").all()) {
    const answer = await page.request.get(new URL(await link.getAttribute("href"), url + "/").href);
    assert.equal(answer.status(), 200, await link.getAttribute("href"));
  }
});

visit("redoc", "/redoc", async (page) => {
  await page.getByRole("heading", { name: "Create a function" }).first().waitFor(patience);
  await page.getByPlaceholder("Search...").fill("rollback"); // in its worker
  await page.getByRole("search").getByText("Make a new version").first().waitFor(patience);
});

visit("docs", "/docs", async (page) => {
  await page.locator("#operations-Functions-create-function").waitFor(patience);
  await page.locator(".auth-wrapper button.authorize").first().click();
  await page.locator(".modal-ux input[type=text]").fill(token);
  await page.locator(".modal-ux button.authorize").click();
  await page.locator(".modal-ux .btn-done").click();

  const send = async (id, body) => {
    const operation = page.locator(`#operations-${id}`);
    await operation.locator(".opblock-summary-control").click();
    await operation.locator("textarea.body-param__text").fill(body);
    await operation.locator("button.execute").click();
    await operation.locator(".live-responses-table tbody .response-col_status").waitFor(patience);
    return {
      status: (await operation.locator(".live-responses-table tbody .response-col_status").first().innerText()).trim(),
      text: await operation.locator(".live-responses-table tbody .response-col_description").first().innerText(),
    };
  };
  const code = "def browsed(input):\n    return 'Hello, ' + input['name'] + '!'\n";
  const made = await send("Functions-create-function", JSON.stringify({ name: "browsed", code }));
  assert.match(made.status, /^201/, made.text);
  const ran = await send("Executions-run-function", JSON.stringify({ function_name: "browsed", input_data: { name: "Claude" } }));
  assert.match(ran.status, /^200/, ran.text);
  assert.match(ran.text, /Hello, Claude!/);
});

// fits: the page itself does not scroll sideways, wide as its content may be.
async function fits(page, path) {
  await page.goto(url + path, patience);
  const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(content <= screen, `${path} is ${content} wide on a screen of ${screen}`);
}

for (const width of [390, 1024, 1680]) {
  for (const colorScheme of ["light", "dark"]) {
    visit(
      `guide ${width} ${colorScheme}`,
      "/guide",
      async (page) => {
        await page.getByRole("heading", { level: 1, name: "Guide" }).waitFor(patience);
        await page.screenshot({ path: `${folder}/guide-home-${width}-${colorScheme}.png` });
        const links = await page.locator(".cards a").evaluateAll((all) => all.map((a) => new URL(a.href).pathname));
        assert.ok(links.length > 25);
        for (const path of ["/guide", ...links]) {
          await fits(page, path);
          if (["first-function", "webhooks-github", "cli", "api", "daily-tasks"].some((name) => path.endsWith("/" + name))) {
            await page.screenshot({ path: `${folder}/guide${path.slice(6).replaceAll("/", "-")}-${width}-${colorScheme}.png` });
          }
        }
        await fits(page, "/guide/first-function");
        const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        assert.equal(paper, colorScheme === "dark" ? "rgb(20, 23, 28)" : "rgb(251, 250, 247)");
        assert.equal(await page.locator(".menu").isVisible(), width === 390);
        assert.equal(await page.locator("nav.contents").isVisible(), width !== 390);
        assert.equal(await page.locator("nav.sections").isVisible(), width === 1680);
        if (width === 390) {
          await page.locator(".menu summary").click();
          await page.locator(".menu").getByRole("link", { name: "Schedules" }).click();
        } else {
          await page.locator("nav.contents").getByRole("link", { name: "Schedules" }).click();
        }
        await page.getByRole("heading", { level: 1, name: "Schedules" }).waitFor(patience);
        await page.locator("a[rel=next]").click();
        await page.getByRole("heading", { level: 1, name: "Errors and retries" }).waitFor(patience);
        await page.goto(url + "/guide/architecture#glossary", patience);
        assert.ok(await page.getByRole("heading", { level: 2, name: "Glossary" }).isVisible());
      },
      { viewport: { width, height: 900 }, colorScheme },
    );
  }
}

visit("guide search", "/guide/first-function", async (page) => {
  await page.keyboard.press("/");
  await page.keyboard.type("shopify hmac");
  await page.locator("#found a").first().waitFor(patience);
  assert.match(await page.locator("#found a").first().innerText(), /Shopify/);
  assert.ok((await page.locator("#found mark").count()) > 0);
  await page.screenshot({ path: `${folder}/guide-search.png` });
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Webhooks of Shopify" }).waitFor(patience);
  await page.getByRole("searchbox").fill("<img src=x onerror=alert(1)> zzz");
  await page.getByText("No page has all these words.").waitFor(patience);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#found").isVisible(), false);
});

visit(
  "guide without scripts",
  "/guide/webhooks",
  async (page) => {
    await page.getByRole("heading", { level: 1, name: "Webhooks" }).waitFor(patience);
    assert.equal(await page.locator("search").isVisible(), false);
    await page.locator("nav.contents").getByRole("link", { name: "Schedules" }).click();
    await page.getByRole("heading", { level: 1, name: "Schedules" }).waitFor(patience);
  },
  { javaScriptEnabled: false },
);
