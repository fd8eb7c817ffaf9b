import { sql } from "../tests/database";
import { expect, signIn, test } from "./console";

const rows = Number(process.env.ROWS ?? 1_000_000);

/** Every how many runs have failed, and are of the rare function. */
const failed = 1000;
const rare = 50_000;

/** Writes the records of runs, the newest numbered 1, as fifty a millisecond. */
function fill(subtenant: string): void {
  sql(`INSERT INTO executions (id, tenant, function_name, function_version, trigger_type, status, error_type, error, input_data, output_data, created_at, started_at, completed_at, duration_us, lane)
    SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - i / 50), 12, '0') || '7' || lpad(to_hex(4095 - i % 50), 3, '0') || '8' || lpad(to_hex(i), 15, '0'))::uuid,
      '${subtenant}', CASE WHEN i % ${rare} = 0 THEN 'rare' ELSE 'often' END, 1, CASE WHEN i % 3 = 0 THEN 'schedule' ELSE 'webhook' END,
      CASE WHEN i % ${failed} = 0 THEN 'failed' ELSE 'completed' END, CASE WHEN i % ${failed} = 0 THEN 'ValueError' END, CASE WHEN i % ${failed} = 0 THEN 'not valid' END,
      json_build_object('number', i, 'customer', 'customer ' || i, 'id', 9007199254740993 + i), to_json(i), at, at, at, 100 + i % 5000, 'embedded'
    FROM generate_series(1, ${rows}) i, LATERAL (SELECT now() - i / 50 * interval '1 ms' AS at) moment`);
  sql("ANALYZE executions");
}

test(`${rows} runs in the list`, async ({ page, api, momentOf, report }) => {
  for (const name of ["often", "rare"]) await api.store(name, `def ${name}(input):\n    return 1\n`);
  fill(api.subtenant);
  await page.goto(`${api.url}/console/?subtenant=${api.subtenant}#/runs`);
  await signIn(page, api);

  for (let turn = 0; turn < 5; turn++) {
    const { shown, answered, painted } = await momentOf("/runs", "[role=row] a", 10);
    report("first page: first paint, list answered, rows shown, ms", [painted, answered, shown].map((one) => one.toFixed(0)).join(", "));
  }

  // Each filter: how many rows are read, and how long it takes from the address to the rows.
  const minutes = rows / 50 / 1000 / 60;
  for (const [filter, count] of [
    ["function_name=rare", rows / rare], ["status=failed", rows / failed], ["status=failed&function_name=often", rows / failed - rows / rare],
    ["error_type=ValueError", rows / failed], ["trigger_type=schedule", Math.floor(rows / 3)], ["function_name=missing", 0], ["min_duration_ms=5.09", null],
    [`since=-${Math.max(1, Math.ceil(minutes / 2))}m&status=failed`, null],
  ] as const) {
    const { shown, answered } = await momentOf("/runs?" + filter, count === 0 ? "main h2" : "[role=row] a", 1);
    report(`filter ${filter}: answered, shown, ms`, `${answered.toFixed(0)}, ${shown.toFixed(0)}`);
    if (count !== null && count > 0 && count < 3000) {
      await page.getByRole("table").evaluate(async (element, all) => {
        while (!document.querySelector(`[aria-rowindex="${all}"] a`)) {
          element.scrollTop = element.scrollHeight;
          await new Promise((done) => requestAnimationFrame(done));
        }
      }, count);
      await expect(page.getByText(`${count.toLocaleString("en-GB")} runs`)).toBeVisible();
    }
  }

  await momentOf("/runs", "[role=row] a", 10);
  const list = page.getByRole("table", { name: "Runs, the newest first" });
  const began = Date.now();
  const { frames, blank, waits, heap } = await list.evaluate(async (element, last) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const box = element.getBoundingClientRect();
    const full = Math.floor(box.height / 36) - 1;
    let [frames, blank, waits, heap] = [0, 0, 0, 0];
    const memory = () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize;
    for (;;) {
      const before = element.scrollTop;
      element.scrollTop += 7000;
      await frame();
      await frame();
      const inSight = [...element.querySelectorAll("[role=row]")].filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return bottom > box.top && top < box.bottom;
      });
      frames++;
      if (inSight.filter((row) => row.querySelector("a")).length < full) blank++;
      if (element.scrollTop === before) waits++; // the end of the pages read so far
      if (frames % 50 === 0) heap = Math.max(heap, memory());
      if (inSight.some((row) => Number(row.getAttribute("aria-rowindex")) >= last)) return { frames, blank, waits, heap };
    }
  }, rows);
  report("scrolled through: s, frames looked at, at the end of the read pages", `${((Date.now() - began) / 1000).toFixed(0)}, ${frames}, ${waits}`);
  report("heap at most, MB", (heap / 1e6).toFixed(0));
  expect(blank, "frames with a row missing").toBe(0);
  await expect(page.getByText(`${rows.toLocaleString("en-GB")} runs`)).toBeVisible();
  const last = page.getByRole("row").last();
  await expect(last).toHaveAttribute("aria-rowindex", String(rows));
  await expect(last).toContainText("ValueError: not valid"); // a failed run, as every thousandth

  // Back at the top, and in the middle, whose pages were dropped and are read again.
  for (const [share, number] of [[0, 1], [0.5, null]] as const) {
    await list.evaluate((element, to) => { element.scrollTop = (element.scrollHeight - element.clientHeight) * to; }, share);
    if (number !== null) await expect(page.getByRole("row").first()).toContainText(`number: ${number},`);
    await expect(page.locator("[role=row] .gap")).toHaveCount(0);
    await expect(page.locator("[role=row] a").first()).toBeVisible();
  }
});
