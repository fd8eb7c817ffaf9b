import { execFileSync } from "node:child_process";
import { writeRuns } from "./database";
import { expect, signIn, test, type Api, type Page } from "./console";

/** The elements of the page: names, attributes in order of their names, and texts. Ids are those of the view alone. */
function outline(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const lines: string[] = [];
    const walk = (element: Element, depth: number) => {
      if (element.localName === "dialog" || element.classList.contains("toasts")) return;
      if (Number(element.getAttribute("aria-rowindex")) > 24) return; // below the window, where the view makes some in advance
      const left = ["id", "list", "selected", "style"];
      const attributes = [...element.attributes].filter(({ name }) => !left.includes(name)).map(({ name, value }) => `${name}="${value.trim()}"`).sort();
      const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.textContent!.trim()).join("");
      const value = element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? ` = ${element.value}` : "";
      if (element.localName === "option" && element.closest("[aria-label=Subtenant]")) return; // the others are listed later
      // Ages go on, and rows in advance lengthen what holds them.
      const goesOn = element.localName === "time" || element.classList.contains("going");
      const box = goesOn || element.classList.contains("rows") || element.localName === "datalist" || element.localName === "option" ? "" : JSON.stringify(Object.values(element.getBoundingClientRect().toJSON()).slice(0, 4));
      const text = goesOn ? "" : own;
      lines.push(" ".repeat(depth) + [element.localName, ...attributes.map((one) => one.startsWith("class=") ? one.split(/[ "]/).sort().join(" ") : one)].join(" ") + value + (text ? `: ${text}` : "") + ` ${box}`);
      for (const child of element.children) walk(child, depth + 1);
    };
    for (const child of document.querySelector(".shell")!.parentElement!.children) walk(child, 0);
    return lines;
  });
}

/** Loads the list as a browser that was signed in does, and holds the framework until it is let go. */
async function frameOf(page: Page, api: Api, query = ""): Promise<() => Promise<void>> {
  await page.goto("about:blank");
  let letGo = () => {};
  const held = new Promise<void>((done) => { letGo = done; });
  await page.route("**/console/shared-*.js", async (route) => { await held; await route.fallback(); });
  await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/runs${query}`, { waitUntil: "commit" });
  await page.locator("[role=row] a").first().waitFor();
  await expect(page.locator("#main")).toHaveCount(0);
  return async () => {
    letGo();
    await page.locator("#main").waitFor();
    await page.unroute("**/console/shared-*.js");
  };
}

async function fill(api: Api): Promise<void> {
  await api.store("double", "def double(input):\n    return input['n'] * 2\n");
  await api.store("fails", "def fails(input):\n    raise ValueError(input['text'])\n");
  await api.store("waits", "import threading\n\ndef waits(input):\n    threading.Event().wait()\n");
  writeRuns(api.subtenant, "double", 27);
  await api.run("double", { n: 3, text: "مرحبا 🧾 ".repeat(20) });
  const failed = await api.run("fails", { text: "<b>not valid</b>\n\u202e" });
  await api.call("POST", `/executions/${failed}/retry`);
  await api.start("waits");
  await expect.poll(async () => (await api.call("GET", "/executions?status=running&brief=true")).length).toBe(1);
}

test("the first frame is what the view shows in its place, and nothing moves", async ({ page, api, open }) => {
  await fill(api);
  await open("/runs");
  await page.addInitScript(() => {
    Object.assign(window, { shifts: 0 });
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) (window as unknown as { shifts: number }).shifts += (entry as unknown as { value: number }).value; }).observe({ type: "layout-shift", buffered: true });
  });
  // The stream tells of its connection only once the views were compared.
  await page.route("**/executions/stream*", () => {});
  for (const [query, width, theme] of [["", 1280, "system"], ["?function_name=fails&status=failed&status=crashed&trigger_type=retry&since=-30m", 1280, "dark"], ["", 390, "light"]] as const) {
    await page.evaluate((chosen) => localStorage.setItem("maestro-theme", chosen), theme);
    await page.setViewportSize({ width, height: 860 });
    const letGo = await frameOf(page, api, query);
    const frame = await outline(page);
    expect(frame.filter((line) => line.includes('role="row"')).length).toBe(query === "" ? 24 : 1);
    await letGo();
    expect(await outline(page)).toEqual(frame);
    expect(await page.evaluate(() => (window as unknown as { shifts: number }).shifts)).toBe(0);
    await page.unroute("**/console/shared-*.js");
  }
});

test("a caller with one subtenant has a frame without the parts of others", async ({ page, api, open }) => {
  await api.store("double", "def double(input):\n    return input['n'] * 2\n");
  await api.run("double", { n: 1 });
  const folder = process.env.MAESTRO_TEST_FOLDER ?? "";
  const token = execFileSync(process.env.MAESTRO_TEST_BINARY ?? "", ["token", "--email", "ada@example.com", "--subtenant", api.subtenant], { encoding: "utf8", env: { PATH: process.env.PATH, HOME: folder, DATA_DIR: folder } }).trim();
  await open("/runs");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("row").waitFor();
  await page.route("**/executions/stream*", () => {});
  const letGo = await frameOf(page, api);
  const frame = await outline(page);
  await expect(page.getByText("ada@example.com")).toBeVisible();
  await expect(page.getByRole("link", { name: "Subtenants" })).toHaveCount(0);
  await expect(page.getByTitle(`Subtenant ${api.subtenant}`)).toBeVisible();
  await letGo();
  expect(await outline(page)).toEqual(frame);
});

test("the focus, the place and the text of the first frame stay", async ({ page, api, open, accessible }) => {
  await fill(api);
  await open("/runs");
  let letGo = await frameOf(page, api);
  await accessible();
  const link = page.locator('[aria-rowindex="3"] a');
  await link.focus();
  await page.getByRole("table").evaluate((element) => { element.scrollTop = 72; });
  await letGo();
  await expect(link).toBeFocused();
  expect(await page.getByRole("table").evaluate((element) => element.scrollTop)).toBe(72);

  letGo = await frameOf(page, api);
  await page.getByLabel("Function", { exact: true }).click();
  await page.keyboard.type("fai");
  await letGo();
  await page.keyboard.type("ls");
  await expect(page).toHaveURL(/function_name=fails/);
  await expect(page.getByRole("row")).toHaveCount(2);
});

test("a click into the first frame is done by the view", async ({ page, api, open }) => {
  await fill(api);
  await open("/runs");
  let letGo = await frameOf(page, api);
  await page.getByRole("button", { name: "failed", exact: true }).click();
  await letGo();
  await expect(page).toHaveURL(/status=failed/);
  await expect(page.getByRole("row")).toHaveCount(2);

  letGo = await frameOf(page, api);
  await page.locator('[aria-rowindex="2"] a').click();
  await letGo();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/fails|double/);
  await page.goBack();
  await expect(page).toHaveTitle("Runs · Maestro");
});

test("a session that has ended shows no first frame", async ({ page, api, open }) => {
  await fill(api);
  await open("/runs");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.evaluate(() => localStorage.setItem("maestro-caller", "1"));
  await page.goto("about:blank");
  await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/runs`);
  await signIn(page, api);
  await expect(page.getByRole("row").first()).toBeVisible();
});
