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
