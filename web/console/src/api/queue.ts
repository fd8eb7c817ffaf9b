import { request } from "./request";

/** The runs in the queue of one function or subtenant. */
export interface QueueCounts {
  /** May begin now. */
  waiting: number;
  /** Wait for their time. */
  delayed: number;
  running: number;
  /** Of the waiting run that has waited longest; null without one. */
  oldest_seconds: number | null;
  paused_at: string | null;
}

export interface Queue extends QueueCounts {
  functions: (QueueCounts & { function_name: string; max_concurrency: number | null })[];
}

export async function getQueue(signal?: AbortSignal): Promise<Queue> {
  return (await request<Queue>("GET", "/queue", { signal })).data;
}

/** For administrators: of each subtenant with runs in the queue. */
export async function getQueueOfSubtenants(signal?: AbortSignal): Promise<(QueueCounts & { subtenant_id: string })[]> {
  return (await request<(QueueCounts & { subtenant_id: string })[]>("GET", "/queue/subtenants", { subtenant: null, signal })).data;
}

/** Holds the runs of a function, or lets them go on. */
export async function pauseFunction(name: string, paused: boolean): Promise<{ paused_at: string | null; running: number; waiting: number }> {
  const to = `/functions/${encodeURIComponent(name)}/${paused ? "pause" : "resume"}`;
  return (await request<{ paused_at: string | null; running: number; waiting: number }>("POST", to)).data;
}
