// What the list of functions shows of each: its state, and how its runs went.
import type { FunctionView } from "../api/functions";
import type { FunctionStats } from "../api/stats";

export type State = "active" | "paused" | "quarantined" | "inactive" | "module";

/** stateOf is the state that matters most of a function. */
export function stateOf(one: Pick<FunctionView, "kind" | "paused_at" | "quarantine" | "is_active">): State {
  if (one.kind === "module") return "module";
  if (!one.is_active) return "inactive";
  if (one.quarantine) return "quarantined";
  return one.paused_at ? "paused" : "active";
}

/** laneOf is the lane that a function's packages need, with the reason; null where they need none. */
export function laneOf(one: Pick<FunctionView, "package_notes">): { lane: "process"; reason: string } | null {
  const reasons = one.package_notes.filter((note) => note.includes("needs the process lane"));
  return reasons.length === 0 ? null : { lane: "process", reason: reasons.join("\n") };
}

export interface Row {
  view: FunctionView;
  state: State;
  stats: FunctionStats | null;
}

export interface Filter {
  text: string;
  tag: string;
  state: string;
  sort: Sort;
}

export type Sort = "name" | "runs" | "failures" | "p99" | "last";

/** rowsOf joins functions with their statistics, filtered and sorted. */
export function rowsOf(functions: readonly FunctionView[], stats: readonly FunctionStats[], filter: Filter): Row[] {
  const byName = new Map(stats.map((one) => [one.function_name, one]));
  const wanted = filter.text.trim().toLowerCase();
  const rows = functions
    .map((view) => ({ view, state: stateOf(view), stats: byName.get(view.name) ?? null }))
    .filter((row) => filter.tag === "" || row.view.tags.includes(filter.tag))
    .filter((row) => filter.state === "" || row.state === filter.state)
    .filter((row) => wanted === "" || row.view.name.toLowerCase().includes(wanted) || (row.view.description ?? "").toLowerCase().includes(wanted));
  const number = (value: number | null | undefined): number => value ?? -1;
  const orders: Record<Sort, (a: Row, b: Row) => number> = {
    name: () => 0,
    runs: (a, b) => runsOf(b.stats) - runsOf(a.stats),
    failures: (a, b) => failureRate(b.stats) - failureRate(a.stats),
    p99: (a, b) => number(b.stats?.p99_ms) - number(a.stats?.p99_ms),
    last: (a, b) => (b.stats?.last_run_at ?? "").localeCompare(a.stats?.last_run_at ?? ""),
  };
  return rows.sort((a, b) => orders[filter.sort](a, b) || (a.view.name < b.view.name ? -1 : 1));
}

/** failureRate is the share of runs that failed, from 0 to 1; -1 without runs. */
export function failureRate(stats: FunctionStats | null): number {
  return runsOf(stats) === 0 ? -1 : (stats?.failure_rate ?? 0);
}

/** runsOf counts the runs that have ended, however they did. */
export function runsOf(stats: FunctionStats | null): number {
  return stats === null ? 0 : Object.values(stats.runs).reduce((sum, count) => sum + count, 0);
}

/** percent writes a share: 0%, 0.3%, 12%; never 0 or 100 for a share that is not. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value === 100) return `${value}%`;
  if (value < 0.1) return "< 0.1%";
  if (value > 99.9) return "> 99.9%";
  return value < 10 ? `${value.toFixed(1)}%` : `${Math.round(value)}%`;
}
