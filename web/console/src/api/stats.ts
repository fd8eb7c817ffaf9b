import { request } from "./request";

/** Executions by their final states. */
export interface RunCounts {
  completed: number;
  failed: number;
  timed_out: number;
  cancelled: number;
  crashed: number;
}

export interface StatsPoint {
  at: string;
  runs: RunCounts;
  p50_ms: number | null;
  p99_ms: number | null;
  latency: { least_ms: number; runs: number }[];
}

export interface Stats {
  from: string;
  to: string;
  step_seconds: number;
  complete_until: string;
  runs: RunCounts;
  p50_ms: number | null;
  p99_ms: number | null;
  points: StatsPoint[];
}

/** Counts executions over time; from is an age such as -1h, step in seconds. */
export async function getStats(from: string, step: number, signal?: AbortSignal): Promise<Stats> {
  return (await request<Stats>("GET", "/stats", { query: { from, step }, signal })).data;
}

/** Sums of a function's runs over a span. */
export interface FunctionStats {
  function_name: string;
  runs: RunCounts;
  failure_rate: number;
  mean_ms: number | null;
  p50_ms: number | null;
  p99_ms: number | null;
  last_run_at: string | null;
  last_failure_at: string | null;
}

export async function listFunctionStats(from: string, signal?: AbortSignal): Promise<FunctionStats[]> {
  return (await request<{ functions: FunctionStats[] }>("GET", "/stats/functions", { query: { from }, signal })).data.functions;
}
