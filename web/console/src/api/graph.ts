import { request } from "./request";

export interface GraphNode {
  /** The kind and what names it: function:hello, webhook:ID. */
  id: string;
  kind: "function" | "webhook" | "schedule" | "manual" | "retry" | "alert";
  name: string;
  gone?: boolean;
  calls: number;
}

export interface GraphEdge {
  from: string;
  to: string;
  spawned?: boolean;
  calls: number;
  failures: number;
  p50_ms: number | null;
  p99_ms: number | null;
}

export interface CallGraph {
  complete_until: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
  cut: boolean;
}

/** The calls since an age such as -24h, as recorded. */
export async function getGraph(from: string, signal?: AbortSignal): Promise<CallGraph> {
  return (await request<CallGraph>("GET", "/graph", { query: { from }, signal })).data;
}
