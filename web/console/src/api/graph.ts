import { request } from "./request";

/** Calls over a span, as recorded. */
export interface CallSums {
  count: number;
  errors: number;
  p50_ms: number | null;
  p99_ms: number | null;
}

export interface GraphNode extends CallSums {
  id: string;
  kind: string;
  name: string;
}

export interface GraphEdge extends CallSums {
  from: string;
  to: string;
}

export interface CallGraph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export async function getGraph(from: string, signal?: AbortSignal): Promise<CallGraph> {
  return (await request<CallGraph>("GET", "/graph", { query: { from }, signal })).data;
}
