// Places the nodes of a call graph: callers on the left, callees on the right.
import type { Edge, Graph, Node } from "./graph_model";

export interface PlacedNode extends Node {
  x: number; // of its left edge
  y: number; // of its upper edge
  width: number;
  height: number;
  label: string;
}

export interface PlacedEdge extends Edge {
  path: string; // of an SVG path
  labelX: number;
  labelY: number;
}

export interface Placed {
  nodes: PlacedNode[];
  edges: PlacedEdge[];
  width: number;
  height: number;
}

const characterWidth = 7.3; // of the monospaced 12 px type
const longest = 28; // characters of a label
const nodeHeight = 34;
const labelSize = { width: 92, height: 30 };

/** shorten cuts a name in the middle, because names often differ at their ends. */
export function shorten(name: string, most = longest): string {
  const characters = [...name];
  if (characters.length <= most) return name;
  const head = Math.ceil((most - 1) / 2);
  return `${characters.slice(0, head).join("")}…${characters.slice(characters.length - (most - 1 - head)).join("")}`;
}

/** placeGraph computes the layout. The library is loaded with the first graph. */
export async function placeGraph(graph: Graph): Promise<Placed> {
  const { Graph: Digraph, layout } = await import("@dagrejs/dagre").then((module) => ({ Graph: module.graphlib?.Graph ?? module.default.graphlib.Graph, layout: module.layout ?? module.default.layout }));
  const dagre = new Digraph({ multigraph: true });
  dagre.setGraph({ rankdir: "LR", nodesep: 18, edgesep: 10, ranksep: 48, marginx: 16, marginy: 16 });
  for (const node of graph.nodes) {
    const label = shorten(node.name);
    const wide = [...label].length + (node.kind === "function" ? 0 : 2);
    dagre.setNode(node.id, { width: Math.max(72, Math.ceil(wide * characterWidth) + 28), height: nodeHeight });
  }
  for (const edge of graph.edges) {
    dagre.setEdge(edge.from, edge.to, { ...labelSize, labelpos: "c" }, edge.id);
  }
  layout(dagre);
  const nodes = graph.nodes.map((node) => {
    const { x, y, width, height } = dagre.node(node.id);
    return { ...node, label: shorten(node.name), x: x - width / 2, y: y - height / 2, width, height };
  });
  const edges = graph.edges.map((edge) => {
    const { points, x, y } = dagre.edge({ v: edge.from, w: edge.to, name: edge.id });
    return { ...edge, path: curve(points), labelX: x ?? points[0]!.x, labelY: y ?? points[0]!.y };
  });
  const { width, height } = dagre.graph();
  return { nodes, edges, width: Math.max(width ?? 0, 1), height: Math.max(height ?? 0, 1) };
}

interface Point {
  x: number;
  y: number;
}

/** curve is a smooth SVG path through points. */
export function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  const text = (point: Point): string => `${round(point.x)},${round(point.y)}`;
  let path = `M${text(first)}`;
  let before = first;
  rest.forEach((point, at) => {
    const next = rest[at + 1];
    const end = next === undefined ? point : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    path += before === first && next === undefined ? `L${text(point)}` : `Q${text(point)} ${text(end)}`;
    before = point;
  });
  return path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
