// Turns the API's call graph into the one that is drawn.
import type { CallGraph } from "../api/graph";
import type { Graph, Node } from "./graph_model";

const kinds: readonly string[] = ["function", "webhook", "schedule"] satisfies Node["kind"][];

/** graphOf leaves out edges whose ends are missing, which a drawing can't have. */
export function graphOf(found: CallGraph): Graph {
  const nodes = found.nodes.map((node): Node => ({
    id: node.id, kind: (kinds.includes(node.kind) ? node.kind : "manual") as Node["kind"], name: node.name, key: node.id,
    count: node.count, errors: node.errors, p50: node.p50_ms, p99: node.p99_ms,
  }));
  const known = new Set(nodes.map((node) => node.id));
  const edges = found.edges.filter((edge) => known.has(edge.from) && known.has(edge.to)).map((edge) => ({
    id: `${edge.from}\n${edge.to}`, from: edge.from, to: edge.to, count: edge.count, errors: edge.errors, p50: edge.p50_ms, p99: edge.p99_ms,
  }));
  return { nodes, edges };
}
