import { Api, test as base } from "../tests/console";
import { startServer } from "../tests/server_start";

export { expect, signIn } from "../tests/console";

interface Tools {
  /** Waits for a moment in the page, and returns its time since the page began to load, in milliseconds. */
  momentOf: (path: string, selector: string, least?: number) => Promise<{ shown: number; answered: number; painted: number }>;
  /** Writes a figure into the report. */
  report: (what: string, figure: string) => void;
}

/** Each measurement has a server of its own: the history is long, and nothing else is to take its time. */
export const test = base.extend<Tools, { server: Awaited<ReturnType<typeof startServer>> }>({
  server: [async ({}, use) => {
    const server = await startServer();
    process.env.MAESTRO_TEST_FOLDER = server.folder;
    await use(server);
    await server.stop();
  }, { scope: "worker", timeout: 300_000 }],

  api: async ({ server }, use) => {
    const api = new Api(server.url, server.token, "m-" + crypto.randomUUID().slice(0, 8));
    await api.call("POST", "/subtenants", { subtenant_id: api.subtenant });
    await use(api);
  },

  momentOf: async ({ page, api }, use) => {
    await use(async (path, selector, least = 1) => {
      await page.goto("about:blank");
      await page.addInitScript(([wanted, count]) => {
        const look = () => {
          if (document.querySelectorAll(wanted as string).length >= (count as number)) requestAnimationFrame(() => performance.mark("shown"));
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      }, [selector, least] as const);
      await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#${path}`);
      await page.waitForFunction(() => performance.getEntriesByName("shown").length > 0);
      return page.evaluate(() => ({
        shown: performance.getEntriesByName("shown")[0]!.startTime,
        answered: Math.max(...(performance.getEntriesByType("resource") as PerformanceResourceTiming[])
          .filter((one) => /\/api\/v1\/executions(\?|\/[0-9a-f-]+(\/steps)?(\?|$))/.test(one.name)).map((one) => one.responseEnd)),
        painted: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
      }));
    });
  },

  report: async ({}, use, info) => {
    await use((what, figure) => {
      info.annotations.push({ type: what, description: figure });
      console.log(`    ${what}: ${figure}`);
    });
  },
});
