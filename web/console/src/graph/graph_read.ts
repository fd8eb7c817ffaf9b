// Turns the API's call graph into the one that is drawn.
import type { CallGraph } from "../api/graph";
import type { Graph, Node } from "./graph_model";

const unnamed: Partial<Record<Node["kind"], string>> = { manual: "run by request", retry: "retried", alert: "messages" };

/** graphOf leaves out edges whose ends are missing, which a drawing can't have. */
export function graphOf(found: CallGraph): Graph {
  const errors = new Map<string, number>();
  for (const edge of found.edges) errors.set(edge.to, (errors.get(edge.to) ?? 0) + edge.failures);
  const nodes = found.nodes.map((node): Node => ({
    id: node.id, kind: node.kind, name: node.name || unnamed[node.kind] || node.kind, key: node.id.slice(node.id.indexOf(":") + 1), gone: node.gone ?? false,
    count: node.calls, errors: errors.get(node.id) ?? 0, p50: null, p99: null,
  }));
  const known = new Set(nodes.map((node) => node.id));
  const edges = found.edges.filter((edge) => known.has(edge.from) && known.has(edge.to)).map((edge) => ({
    id: `${edge.from}\n${edge.to}\n${edge.spawned ?? false}`, from: edge.from, to: edge.to, spawned: edge.spawned ?? false,
    count: edge.calls, errors: edge.failures, p50: edge.p50_ms, p99: edge.p99_ms,
  }));
  return { nodes, edges };
}
