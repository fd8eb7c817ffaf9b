import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeRuns } from "../tests/database";
import { expect, signIn, test } from "./console";

// Pictures of every page, to be looked at: in three widths and both themes, with what makes pages break.
const folder = process.env.SCREENS ?? "test-results/screens";
const widths = [390, 1024, 1680];

const long = "reconcile_" + "payments_of_the_previous_accounting_period_".repeat(4) + "now";
const arabic = "تسوية المدفوعات 🧾 لكل عميل في الفترة المحاسبية السابقة";
const words = `${arabic} – 顧客ごとの支払いを照合する 👩‍💻 ${"without a place to break".replaceAll(" ", "_").repeat(4)}`;

test("every page", async ({ page, api, report }) => {
  mkdirSync(folder, { recursive: true });
  await api.store("leaf", "def leaf(input):\n    return input\n", { description: words, tags: ["payments", "عملاء", "🚚 delivery"] });
  await api.store("branch", "def branch(input):\n    return [leaf({'n': n}) for n in range(49)]\n");
  await api.store("tree", `def tree(input: int) -> int:\n    """${words}"""\n    print("${words}")\n    return sum(len(branch({})) for _ in range(100))\n`);
  await api.store(long, `def ${long}(input: dict) -> dict:\n    leaf(input)\n    raise ValueError(${JSON.stringify(words)} * 3)\n`, { description: words.repeat(3) });
  await api.store("large", "def large(input):\n    leaf(input)\n    return input\n");
  await api.store("waits", "import threading\n\ndef waits(input):\n    threading.Event().wait()\n", { max_concurrency: 1 });
  writeRuns(api.subtenant, "leaf", 500);
  const tree = await api.run("tree", 12);
  const failed = await api.run(long, { customer: words, amount: 1e6, lines: Array.from({ length: 30 }, (_, n) => ({ n, text: words })) });
  const again = await api.run(long, { customer: "another" });
  const large = await api.run("large", { text: "🧾 x".repeat(250_000) });
  const waiting = await api.start("waits");
  await api.call("POST", "/functions/waits/pause");
  for (let n = 0; n < 3; n++) await api.start("waits");
  const webhook = await api.call("POST", "/webhooks", { path: `orders/{customer}/${"very-long-part-of-a-path-".repeat(5)}end`, function_name: long, description: words, signature: { scheme: "github", secret_name: "GITHUB_SECRET_OF_THE_ORGANISATION" }, default_values: { text: words } });
  const schedule = await api.call("POST", "/schedules", { name: words.slice(0, 150), function_name: long, cron_expression: "*/5 * * * 1-5", timezone: "America/Argentina/ComodRivadavia", description: words, input_data: { text: words } });
  for (let n = 0; n < 8; n++) await api.call("POST", "/schedules", { name: `nightly ${n} ${arabic}`, function_name: "leaf", cron_expression: `${n} 4 * * *` });
  await api.call("PUT", "/secrets/" + "PAYMENT_GATEWAY_".repeat(6) + "KEY", { value: "x" });
  await api.call("POST", "/subtenants", { subtenant_id: "m-" + "subsidiary-".repeat(5) + api.subtenant.slice(-4), description: words });

  const pages: [name: string, path: string, ready: string][] = [
    ["overview", "/", "main h2"], ["runs", "/runs", "[role=row] a"], ["runs-filtered", "/runs?status=failed&function_name=" + long, "[role=row] a"],
    ["run-5000-steps", "/runs/" + tree, "[role=treeitem]"], ["run-failed", "/runs/" + failed, "[role=treeitem]"], ["run-log", `/runs/${tree}?tab=log`, ".line"],
    ["run-1-mb", "/runs/" + large, "[role=treeitem]"], ["run-waiting", "/runs/" + waiting, "[role=treeitem]"], ["compare", `/runs/${failed}/compare/${again}`, "[role=treeitem]"],
    ["functions", "/functions", "main table, main [role=table]"], ["function", "/functions/" + long, ".cm-content"], ["function-schemas", "/functions/tree?tab=schemas", "main h2"],
    ["function-settings", `/functions/${long}?tab=settings`, "main form, main h2, main label"], ["function-versions", `/functions/${long}?tab=versions`, "main h1"], ["function-calls", `/functions/${long}?tab=calls`, "main h1"],
    ["graph", "/graph", "main h1"], ["webhooks", "/webhooks", "main table, main [role=table]"], ["webhook", "/webhooks/" + webhook.id, "main h2"],
    ["schedules", "/schedules", "main table, main [role=table]"], ["schedules-week", "/schedules?view=week", "main table, main [role=table]"], ["schedule", "/schedules/" + schedule.id, "main h2"],
    ["packages", "/packages", "main h1"], ["secrets", "/secrets", "main h1"], ["queue", "/queue", "main h2"], ["subtenants", "/subtenants", "main h1"], ["subtenant", "/subtenants/" + api.subtenant, "main h2"],
    ["missing", "/runs/01a22ab7-4254-731f-ad26-53a208b162a6", "[role=alert]"],
  ];
  await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/`);
  await signIn(page, api);
  const only = process.env.PAGES?.split(",");
  const wide: string[] = [];
  for (const [name, path, ready] of pages) {
    if (only && !only.includes(name)) continue;
    await page.setViewportSize({ width: 1024, height: 860 });
    await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#${path}`);
    await page.locator(ready).first().waitFor();
    await page.waitForTimeout(600); // figures and lists that come after the frame, for a picture only
    for (const width of widths) {
      await page.setViewportSize({ width, height: 860 });
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
      }
      // Content beyond the right edge can't be reached: only elements that scroll may be wider than the window.
      wide.push(...(await page.evaluate((label) => {
        const main = document.querySelector("#main")!;
        const found: string[] = [];
        if (document.documentElement.scrollWidth > innerWidth) found.push(`${label}: the document`);
        for (const one of main.querySelectorAll("*")) {
          const { left, right, width } = one.getBoundingClientRect();
          const scrolls = one.closest(".cm-scroller, [class*=graph], svg, [role=tablist], .week, table, pre, [class*=scroll]");
          if (width > 0 && (right > innerWidth + 1 || left < -1) && !scrolls) { found.push(`${label}: ${one.tagName} ${one.className}`.slice(0, 120)); break; }
        }
        if (main.scrollWidth > main.clientWidth) found.push(`${label}: the page, by ${main.scrollWidth - main.clientWidth} px`);
        return found;
      }, `${name} at ${width} px`)));
    }
  }
  report("pictures in", folder);
  expect(wide, "pages wider than their window").toEqual([]);
});
