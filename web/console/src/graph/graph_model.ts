// A call graph as the page draws it.

export interface Sums {
  count: number;
  errors: number;
  p50: number | null; // milliseconds
  p99: number | null;
}

export interface Node extends Sums {
  id: string;
  kind: "function" | "webhook" | "schedule" | "manual" | "retry" | "alert";
  name: string;
  /** The id of a webhook or schedule; the name of others. */
  key: string;
  /** It was deleted. */
  gone: boolean;
}

export interface Edge extends Sums {
  id: string;
  from: string;
  to: string;
  /** By maestro.spawn, as an execution of its own. */
  spawned: boolean;
}

export interface Graph {
  nodes: Node[];
  edges: Edge[];
}

/** around is the part of a graph that a node calls or is called by, at any distance. */
export function around(graph: Graph, id: string): Graph {
  const reach = (from: "from" | "to", to: "from" | "to"): Set<string> => {
    const seen = new Set([id]);
    const queue = [id];
    for (let now = queue.pop(); now !== undefined; now = queue.pop()) {
      for (const edge of graph.edges) {
        if (edge[from] === now && !seen.has(edge[to])) {
          seen.add(edge[to]);
          queue.push(edge[to]);
        }
      }
    }
    return seen;
  };
  const down = reach("from", "to");
  const up = reach("to", "from");
  return {
    nodes: graph.nodes.filter((node) => down.has(node.id) || up.has(node.id)),
    edges: graph.edges.filter((edge) => (down.has(edge.from) && down.has(edge.to)) || (up.has(edge.from) && up.has(edge.to))),
  };
}

/** neighbours lists the nodes beside one, for the keyboard: callers, then callees. */
export function neighbours(graph: Graph, id: string): { callers: string[]; callees: string[] } {
  return {
    callers: [...new Set(graph.edges.filter((edge) => edge.to === id && edge.from !== id).map((edge) => edge.from))],
    callees: [...new Set(graph.edges.filter((edge) => edge.from === id && edge.to !== id).map((edge) => edge.to))],
  };
}

/** errorRate is the share of calls that failed, from 0 to 1. */
export function errorRate(sums: Sums): number {
  return sums.count === 0 ? 0 : sums.errors / sums.count;
}

/** shortCount writes a count in at most four characters: 950, 1.2k, 34k, 5M. */
export function shortCount(count: number): string {
  for (const [unit, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const) {
    if (count >= unit) {
      const value = count / unit;
      return `${value < 10 ? Math.floor(value * 10) / 10 : Math.floor(value)}${letter}`;
    }
  }
  return String(count);
}

/** edgeWidth is the width of an edge's line, by the logarithm of its calls. */
export function edgeWidth(count: number): number {
  return Math.min(1 + Math.log10(Math.max(count, 1)) * 0.6, 5);
}
