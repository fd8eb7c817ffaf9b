import { AxeBuilder } from "@axe-core/playwright";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test as base, type Locator, type Page } from "@playwright/test";

export { expect, type Page };

/** The API with the token of an administrator, about the subtenant of the test. */
export class Api {
  constructor(readonly url: string, readonly token: string, readonly subtenant: string) {}

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${this.token}`, "X-Subtenant-ID": this.subtenant,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  /** The answer of a request that must succeed. */
  async call<T = any>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.send(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? null : JSON.parse(text)) as T;
  }

  /** Stores a function and returns it. */
  store(name: string, code: string, more: Record<string, unknown> = {}): Promise<any> {
    return this.call("POST", "/functions", { name, code, ...more });
  }

  /** Runs a function and returns the id of the execution, also of one that fails. */
  async run(name: string, input: unknown = {}): Promise<string> {
    const response = await this.send("POST", "/executions", { function_name: name, input_data: input });
    const answer = (await response.json()) as { execution_id?: string };
    if (!answer.execution_id) throw new Error(`run ${name}: ${response.status} ${JSON.stringify(answer)}`);
    return answer.execution_id;
  }

  /** Starts a function that is run later, and returns the id of the execution. */
  async start(name: string, input: unknown = {}): Promise<string> {
    return (await this.call<{ execution_id: string }>("POST", "/executions", { function_name: name, input_data: input, mode: "async" })).execution_id;
  }
}

interface Fixtures {
  api: Api;
  /** Opens a view of the console, signed in, and waits until it is there: open("/runs"). */
  open: (path: string) => Promise<void>;
  /** Fails when axe finds something serious in the page as it is now. */
  accessible: () => Promise<void>;
}

export const test = base.extend<Fixtures>({
  api: async ({}, use) => {
    const url = process.env.MAESTRO_TEST_URL ?? "";
    const token = process.env.MAESTRO_TEST_TOKEN ?? "";
    const subtenant = "t-" + crypto.randomUUID().slice(0, 13);
    const api = new Api(url, token, subtenant);
    await api.call("POST", "/subtenants", { subtenant_id: subtenant });
    await use(api);
  },

  page: async ({ page, api }, use) => {
    const complaints: string[] = [];
    const strangers: string[] = [];
    page.on("console", (message) => {
      // A refusal of the API is shown by the page itself; Chromium reports it too.
      if (["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith(api.url) && !/^(data|blob):/.test(request.url())) strangers.push(request.url());
    });
    if (process.env.CONSOLE_DIST) await serveFrom(process.env.CONSOLE_DIST, page, api.url);
    await use(page);
    expect(strangers, "requests to other hosts").toEqual([]);
    expect(complaints, "complaints of the page").toEqual([]);
  },

  open: async ({ page, api }, use) => {
    await use(async (path) => {
      await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#${path}`);
      await signIn(page, api);
    });
  },

  accessible: async ({ page }, use) => {
    await use(async () => {
      // The console has no frames, so axe judges in the page itself. By default it loads again in an empty
      // page for that, and describes also all that passed: three times the work for the same violations.
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] }).analyze();
      const serious = violations.filter((one) => one.impact === "serious" || one.impact === "critical");
      expect(serious.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
    });
  },
});

/** Takes the console's files from a folder, with the headers of the server: tries a build without linking the program. */
export async function serveFrom(folder: string, page: Page, url: string): Promise<void> {
  await page.context().route(url + "/console/**", async (route) => {
    const name = new URL(route.request().url()).pathname.slice("/console/".length);
    if (name !== "") return route.fulfill({ path: join(folder, name) });
    const response = await route.fetch();
    const nonce = /'nonce-([^']+)'/.exec(response.headers()["content-security-policy"] ?? "")?.[1] ?? "";
    await route.fulfill({ response, body: readFileSync(join(folder, "index.html"), "utf8").replaceAll("NONCE-OF-THE-RESPONSE", nonce) });
  });
}

/** Signs in with the administrator's token, if the page asks for one. */
export async function signIn(page: Page, api: Api): Promise<void> {
  const main = page.locator("#main");
  const button = page.getByRole("button", { name: "Sign in" });
  await main.or(button).first().waitFor();
  if (await button.isVisible()) {
    await page.getByLabel("Token").fill(api.token);
    await button.click();
    await main.waitFor();
  }
}

/**
 * Replaces the text of an editor, as a person types. fill() changes the text below the editor,
 * whose marks Chromium then copies as styles, and without the event by which the editor would prevent that.
 */
export async function retype(editor: Locator, text: string): Promise<void> {
  await editor.click();
  await editor.press("ControlOrMeta+a");
  await editor.page().keyboard.insertText(text);
}

/** The text with which the tests try whether a page makes markup of it. */
export const hostile = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>\u202e\u0007`;
