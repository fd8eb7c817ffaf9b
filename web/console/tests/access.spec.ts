import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { Api, expect, serveFrom, test as shared, type Page } from "./console";
import { startServer } from "./server_start";

interface Census {
  admin: string;
  user: string;
}

// A server that asks a Census: the one of the program, with its administrator and its user of company-a.
const test = shared.extend<object, { census: Census & { url: string } }>({
  census: [async ({}, use) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    let census: ChildProcess | undefined;
    const server = await startServer({ CENSUS_API_URL: url });
    try {
      census = spawn(process.env.MAESTRO_TEST_BINARY ?? "", ["census-dev", "--listen", `127.0.0.1:${port}`], { stdio: ["ignore", "pipe", "inherit"] });
      const tokens = await printed(census, /^ey\S+$/gm, 2);
      await use({ url: server.url, admin: tokens[0] ?? "", user: tokens[1] ?? "" });
    } finally {
      census?.kill("SIGTERM");
      await server.stop();
    }
  }, { scope: "worker", timeout: 240_000 }],
  api: async ({ census }, use) => {
    const api = new Api(census.url, census.admin, "company-a");
    for (const id of ["company-a", "company-b", "company-c"]) await api.send("POST", "/subtenants", { subtenant_id: id });
    await use(api);
  },
});

async function enter(page: Page, api: Api, token: string, path: string): Promise<void> {
  await page.goto(`${api.url}/console/#${path}`);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("an administrator grants and revokes access, and a user sees the grants", async ({ page, browser, api, census, accessible }) => {
  await enter(page, api, census.admin, "/subtenants/company-b");
  const field = page.getByLabel("Subtenant");
  await expect(field, "of an administrator, whose token names none").toBeFocused();
  await expect(page.locator("datalist option")).toHaveCount(3);
  await field.fill("company-a");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "company-b" }), "the address that was asked for").toBeVisible();
  await expect(page.getByText("No user has a grant")).toBeVisible();
  await page.getByLabel("E-mail of a user").fill("stranger@example.com");
  await page.getByRole("button", { name: "Grant access" }).click();
  await expect(page.getByRole("alert")).toContainText("stranger@example.com");
  await page.getByLabel("E-mail of a user").fill("user@example.com");
  await page.keyboard.press("Enter");
  const access = page.getByRole("region", { name: "Access" });
  await expect(access.getByRole("listitem")).toHaveCount(1);
  await expect(access.getByText("user@example.com", { exact: true }).first()).toBeVisible();
  await expect(page.getByLabel("E-mail of a user")).toHaveValue("");
  await accessible();

  // The user has two subtenants now, chooses one of them, and sees no page of an administrator.
  const context = await browser.newContext();
  const other = await context.newPage();
  if (process.env.CONSOLE_DIST) await serveFrom(process.env.CONSOLE_DIST, other, api.url);
  await enter(other, api, census.user, "/functions");
  const choice = other.getByLabel("Subtenant");
  await expect(choice).toBeFocused();
  await expect(choice).toHaveValue("company-a");
  await expect(choice.getByRole("option")).toHaveText(["company-a", "company-b"]);
  await other.keyboard.press("Tab");
  await other.keyboard.press("Enter");
  await expect(other).toHaveTitle("Functions · Maestro");
  await expect(other.getByRole("link", { name: "Subtenants" })).toHaveCount(0);
  await other.getByLabel("Subtenant").selectOption("company-b");
  await expect(other.getByLabel("Subtenant")).toHaveValue("company-b");
  await other.goto(`${api.url}/console/?subtenant=company-c#/runs`);
  await expect(other.getByLabel("Subtenant"), "one without access is not entered").toHaveCount(1);
  await expect(other.getByText("company-c")).toHaveCount(0);
  await context.close();

  await access.getByRole("button", { name: "Revoke the access of user@example.com" }).click();
  await accessible();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByText("No user has a grant")).toBeVisible();
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** The first matches in what a process prints. */
function printed(process: ChildProcess, pattern: RegExp, count: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let text = "";
    process.once("exit", () => reject(new Error(`it has ended: ${text}`)));
    process.stdout?.on("data", (part: Buffer) => {
      text += part.toString();
      const found = [...text.matchAll(pattern)].map((match) => match[0]);
      if (found.length >= count) resolve(found);
    });
  });
}
