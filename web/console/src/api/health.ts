import { serverURL } from "./request";

export interface Check {
  status: "up" | "down";
  latency_ms: number;
  version?: string;
  counts?: Record<string, number>;
  details?: Record<string, string>;
  remedy?: string;
}

export interface Health {
  status: "healthy" | "degraded" | "unhealthy" | "draining";
  checks: Record<string, Check>;
}

/** How the server and its parts are. An unhealthy server answers 503 with the same members. */
export async function getHealth(signal?: AbortSignal): Promise<Health> {
  const response = await fetch(new URL("health", serverURL), { signal, cache: "no-store" });
  return (await response.json()) as Health;
}

/** Whether the server answers: what a proxy answers in its place does not count. */
export async function isThere(signal?: AbortSignal): Promise<boolean> {
  try {
    return typeof (await getHealth(signal)).status === "string";
  } catch {
    return false;
  }
}
