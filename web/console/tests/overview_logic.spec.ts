import { expect, test } from "@playwright/test";
import { durationLabel, heatMap, mostRows, strength } from "../src/overview/heat";
import { latencyColumns } from "../src/overview/latency_columns";
import { problemsOf } from "../src/overview/problems";
import { mostFailing, percent, slowest } from "../src/overview/ranks";
import { spanOf, stackSeries } from "../src/overview/series";

test("stacked series with gaps", () => {
  const stack = stackSeries(
    [
      { at: 120, counts: { completed: 5, failed: 1 } },
      { at: 125, counts: { completed: 1 } },
      { at: 240, counts: { cancelled: 2, unknown: 9 } },
      { at: 999, counts: { completed: 7 } },
    ],
    60, 300, 60,
  );
  expect(stack.times).toEqual([60, 120, 180, 240]);
  expect(stack.values.completed).toEqual([0, 6, 0, 0]);
  expect(stack.tops.failed).toEqual([0, 7, 0, 0]);
  expect(stack.tops.cancelled).toEqual([0, 7, 0, 2]);
});

test("span of a page", () => {
  expect(spanOf("7d").seconds).toBe(604_800);
  expect(spanOf("none").key).toBe("1h");
  expect(spanOf(null).key).toBe("1h");
});

test("heat map of histograms", () => {
  const bounds = [1, 2, 4, 8];
  const heat = heatMap([{ at: 0, counts: [0, 3, 0, 1, 0] }, { at: 60, counts: [0, 0, 0, 0, 0] }], bounds);
  expect(heat.rows).toEqual([{ low: 1, high: 2 }, { low: 2, high: 4 }, { low: 4, high: 8 }]);
  expect(heat.cells).toEqual([[3, 0, 1], [0, 0, 0]]);
  expect(heat.most).toBe(3);
  expect(heatMap([{ at: 0, counts: [0, 0, 0, 0, 2] }], bounds).rows).toEqual([{ low: 8, high: Infinity }]);
  expect(heatMap([{ at: 0, counts: [1, 0, 0, 0, 0] }], bounds).rows).toEqual([{ low: 0, high: 1 }]);
  expect(heatMap([{ at: 0, counts: [] }], bounds)).toMatchObject({ rows: [], cells: [[]], most: 0 });
});

test("heat map with more buckets than rows", () => {
  const bounds = Array.from({ length: 99 }, (_, i) => i + 1);
  const heat = heatMap([{ at: 0, counts: Array.from({ length: 100 }, () => 1) }], bounds);
  expect(heat.rows.length).toBeLessThanOrEqual(mostRows);
  expect(heat.cells[0]?.reduce((a, b) => a + b)).toBe(100);
  expect(heat.rows.at(-1)?.high).toBe(Infinity);
});

test("strength of a cell", () => {
  expect(strength(0, 10)).toBe(0);
  expect(strength(1, 1)).toBe(1);
  expect(strength(1, 1_000_000)).toBeGreaterThan(0.1);
  expect(strength(1_000_000, 1_000_000)).toBe(1);
});

test("labels of durations", () => {
  expect([0.25, 1, 12.5, 250, 1500, 90_000, Infinity].map(durationLabel)).toEqual(["250 µs", "1 ms", "13 ms", "250 ms", "1.5 s", "1.5 min", "∞"]);
});

test("problems of a healthy server", () => {
  const health = { status: "healthy", checks: { postgres: { status: "up" } } };
  expect(problemsOf({ health, functions: [{ name: "f" }], schedules: [], queue: { waiting: 3, oldestSeconds: 2 }, subtenantPaused: false })).toEqual([]);
});

test("problems, the gravest first", () => {
  const problems = problemsOf({
    health: { status: "degraded", checks: { python: { status: "down", counts: { threads_stuck: 2 } }, recorder: { status: "down" }, new_check: { status: "down" } } },
    functions: [{ name: "slow", paused_at: "2026-11-30T00:00:00Z" }, { name: "bad", quarantined: true, reason: "It ended a server." }],
    schedules: [{ id: "1", name: "nightly", problem: "It failed 3 times in a row.", is_active: true }, { id: "2", name: "off", problem: "x", is_active: false }],
    queue: { waiting: 900, oldestSeconds: 7300 }, subtenantPaused: true,
  });
  const text = problems.map((problem) => problem.text).join("\n");
  expect(text).toContain("bad is quarantined.");
  expect(text).toContain("A run has waited for 2 h; 900 wait.");
  expect(text).toContain("The health check new_check fails.");
  expect(text).not.toContain("off");
  const grave = problems.map((problem) => problem.grave);
  expect(grave).toEqual([...grave].sort((a, b) => Number(b) - Number(a)));
  expect(problems.find((problem) => problem.text.startsWith("Some Python"))?.detail).toBe("2 stuck");
});

test("columns of latencies without gaps", () => {
  const point = (at: string, latency: { least_ms: number; runs: number }[]) => ({ at, latency, p50_ms: null, p99_ms: null, runs: { completed: 0, failed: 0, timed_out: 0, cancelled: 0, crashed: 0 } });
  const { columns, bounds } = latencyColumns([point("2026-11-30T00:00:00Z", [{ least_ms: 1, runs: 3 }, { least_ms: 4, runs: 1 }]), point("2026-11-30T00:01:00Z", [])]);
  const heat = heatMap(columns, bounds);
  expect(heat.rows.map((row) => Number(row.low.toPrecision(3)))).toEqual([1, 1.41, 2, 2.83, 4]);
  expect(heat.cells).toEqual([[3, 0, 0, 0, 1], [0, 0, 0, 0, 0]]);
  expect(heatMap(latencyColumns([point("2026-11-30T00:00:00Z", [])]).columns, []).rows).toEqual([]);
});

test("ranks of functions", () => {
  const f = (function_name: string, completed: number, failed: number, p99_ms: number | null) => ({
    function_name, runs: { completed, failed, timed_out: 0, cancelled: 0, crashed: 0 }, failure_rate: failed / (completed + failed), mean_ms: null, p50_ms: null, p99_ms, last_run_at: null, last_failure_at: null,
  });
  const stats = [f("a", 10, 0, 5), f("b", 0, 2, 50), f("c", 8, 2, null)];
  expect(slowest(stats).map((one) => one.function_name)).toEqual(["b", "a"]);
  expect(mostFailing(stats).map((one) => one.function_name)).toEqual(["b", "c"]);
  expect([0, 0.004, 0.12, 1].map(percent)).toEqual(["0%", "0.4%", "12%", "100%"]);
});
