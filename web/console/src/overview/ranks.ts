import type { FunctionStats } from "../api/stats";

/** most is how many functions a rank shows. */
const most = 8;

/** The functions with the highest p99. */
export function slowest(stats: FunctionStats[]): FunctionStats[] {
  return stats.filter((f) => f.runs > 0 && f.p99_ms !== null).sort((a, b) => (b.p99_ms ?? 0) - (a.p99_ms ?? 0)).slice(0, most);
}

/** The functions with the most failures; of equal ones, that with the highest share first. */
export function mostFailing(stats: FunctionStats[]): FunctionStats[] {
  return stats.filter((f) => f.failures > 0).sort((a, b) => b.failures - a.failures || b.failures / b.runs - a.failures / a.runs).slice(0, most);
}
