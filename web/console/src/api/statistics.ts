import { request } from "./request";

/** Sums of a function's runs over a span. */
export interface FunctionStats {
  function_name: string;
  runs: number;
  failures: number;
  p50_ms: number | null;
  p99_ms: number | null;
  last_run: string | null;
  last_failure: string | null;
}

export async function listFunctionStats(from: string, signal?: AbortSignal): Promise<FunctionStats[]> {
  return (await request<FunctionStats[]>("GET", "/functions/stats", { query: { from }, signal })).data;
}
