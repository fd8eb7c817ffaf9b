import { execFileSync } from "node:child_process";
import { expect, retype, test } from "./console";

/** A token that ends after some seconds, or of a caller without an administrator's rights. */
function mint(...more: string[]): string {
  const folder = process.env.MAESTRO_TEST_FOLDER ?? "";
  return execFileSync(process.env.MAESTRO_TEST_BINARY ?? "", ["token", ...more], { encoding: "utf8", env: { PATH: process.env.PATH, HOME: folder, DATA_DIR: folder } }).trim();
}

test("development mode signs in by itself, and signs out", async ({ page, api, open, accessible }) => {
  await open("/runs");
  await expect(page.getByText("admin@localhost")).toBeVisible();
  const cookies = await page.context().cookies();
  const session = cookies.find((cookie) => cookie.name === "maestro_session");
  expect(session).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/api/v1" });
  expect(await page.evaluate(() => document.cookie), "scripts can't read it").toBe("");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByLabel("Token")).toBeFocused();
  expect((await page.context().cookies()).filter((cookie) => cookie.name === "maestro_session")).toEqual([]);
  await accessible();
  await page.getByLabel("Token").fill(api.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveTitle("Runs · Maestro");
});

test("a token that is not valid, and one without a choice of subtenants", async ({ page, api, open, accessible }) => {
  await open("/functions");
  await page.getByRole("button", { name: "Sign out" }).click();
  const token = page.getByLabel("Token");
  await token.fill("nonsense");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(token, "it is not kept").toHaveValue("");
  await accessible();
  await token.fill(mint("--email", "ada@example.com", "--subtenant", api.subtenant));
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveTitle("Functions · Maestro");
  await expect(page.getByText("ada@example.com")).toBeVisible();
  await expect(page.getByRole("link", { name: "Subtenants" }), "for administrators").toHaveCount(0);
  await expect(page.getByRole("combobox", { name: "Subtenant" })).toHaveCount(0);
});

test("a session that ends leads back to where one was", async ({ page, api, open }) => {
  await api.store("kept", "def kept(input):\n    return 1\n");
  const id = await api.run("kept");
  await open(`/runs/${id}`);
  await expect(page.getByRole("heading", { level: 1, name: "kept" })).toBeVisible();
  await page.context().clearCookies();
  await page.getByRole("link", { name: "Runs" }).first().click();
  await expect(page.getByText("The session has ended")).toBeVisible();
  await page.getByLabel("Token").fill(api.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveTitle("Runs · Maestro");
  await expect(page.getByRole("row").filter({ hasText: "kept" })).toBeVisible();
});

test("a token that ends while a page is open: the typed text stays, and goes on after another", async ({ page, api, open, accessible }) => {
  await api.store("typed", "def typed(input):\n    return 1\n");
  const caller = ["--email", "ada@example.com", "--subtenant", api.subtenant];
  await open("/functions/typed");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").fill(mint(...caller, "--ttl", "15s"));
  await page.getByRole("button", { name: "Sign in" }).click();
  const editor = page.getByRole("textbox", { name: "Code of typed" });
  await retype(editor, "def typed(input):\n    return 'typed by hand'\n");
  await expect(page.getByText("unsaved")).toBeVisible();
  const form = page.getByRole("dialog", { name: "Sign in again" });
  const save = () => editor.press("ControlOrMeta+s");
  // Until the server refuses the token; each text before is saved as another version.
  await expect.poll(async () => (await page.request.get(`${api.url}/api/v1/functions`, { headers: { "X-Maestro-Console": "1" } })).status(), { timeout: 40_000 }).toBe(401);
  await save();
  await expect(form).toBeVisible();
  await expect(form.getByText("The session has ended")).toBeVisible();
  await accessible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await expect(form).toBeVisible();
  await form.getByLabel("Token").fill(mint(...caller));
  await form.getByRole("button", { name: "Sign in" }).click();
  await expect(form).toHaveCount(0);
  await expect(page.getByText("Saved as version 2."), "the request is made again").toBeVisible();
  await expect(editor).toContainText("typed by hand");
  expect((await api.call("GET", "/functions/typed")).code).toContain("typed by hand");

  // A token of another caller: what waited is not made in that name.
  await retype(editor, "def typed(input):\n    return 'of ada'\n");
  await page.context().clearCookies();
  await save();
  await form.getByLabel("Token").fill(mint("--email", "bob@example.com", "--subtenant", api.subtenant));
  await form.getByRole("button", { name: "Sign in" }).click();
  await expect(form).toHaveCount(0);
  await expect(page.getByText("bob@example.com")).toBeVisible();
  await expect(page.getByText("unsaved", { exact: true })).toBeVisible();
  await expect(editor).toContainText("of ada");
  expect((await api.call("GET", "/functions/typed")).version).toBe(2);
});

test("nothing of a token is kept where scripts or addresses show it", async ({ page, api, open }) => {
  await open("/runs");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").fill(api.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveTitle("Runs · Maestro");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]));
  expect(kept).not.toContain(api.token);
});
