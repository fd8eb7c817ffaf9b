import { failuresOf, runsOf } from "./run_counts";
import type { FunctionStats, RunCounts } from "../api/stats";

/** most is how many functions a rank shows. */
const most = 8;

/** The functions with the highest p99. */
export function slowest(stats: FunctionStats[]): FunctionStats[] {
  return stats.filter((f) => f.p99_ms !== null).sort((a, b) => (b.p99_ms ?? 0) - (a.p99_ms ?? 0)).slice(0, most);
}

/** The functions with the most failures; of equal ones, that with the highest share first. */
export function mostFailing(stats: FunctionStats[]): FunctionStats[] {
  return stats
    .filter((f) => failuresOf(f.runs) > 0)
    .sort((a, b) => failuresOf(b.runs) - failuresOf(a.runs) || b.failure_rate - a.failure_rate)
    .slice(0, most);
}

/** A share as a percentage: 100%, 12%, 0.4%. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value !== 0 && value < 10 ? value.toFixed(1) : Math.round(value)}%`;
}

/** The sum of all runs in words. */
export function totalWords(runs: RunCounts): string {
  return `${runsOf(runs)} runs, ${failuresOf(runs)} failed`;
}
