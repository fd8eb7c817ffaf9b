import { expect, test } from "@playwright/test";
import { curve, placeGraph, shorten } from "../src/graph/graph_layout";
import { around, edgeWidth, errorRate, neighbours, shortCount, type Edge, type Graph, type Node } from "../src/graph/graph_model";
import { nameOf, neededBy, readRequest } from "../src/packages/requirement_name";

const sums = { count: 10, errors: 1, p50: 1, p99: 2 };
const node = (name: string): Node => ({ id: name, kind: "function", name, key: name, gone: false, ...sums });
const edge = (from: string, to: string): Edge => ({ id: `${from}>${to}`, from, to, spawned: false, ...sums });

const graph: Graph = {
  nodes: ["a", "b", "c", "d", "e"].map(node),
  edges: [edge("a", "b"), edge("b", "c"), edge("c", "b"), edge("b", "b"), edge("d", "c")],
};

test.describe("a call graph", () => {
  test("placed without overlaps, with cycles and calls of itself", async () => {
    const placed = await placeGraph(graph);
    expect(placed.nodes).toHaveLength(5);
    expect(placed.edges.map((one) => one.path.startsWith("M"))).toEqual([true, true, true, true, true]);
    for (const one of placed.nodes) {
      expect(one.x).toBeGreaterThanOrEqual(0);
      expect(one.x + one.width).toBeLessThanOrEqual(placed.width);
      for (const other of placed.nodes) {
        const apart = one.id === other.id || one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y || other.y + other.height <= one.y;
        expect(apart).toBe(true);
      }
    }
  });
  test("of 200 functions", async () => {
    const nodes = Array.from({ length: 200 }, (_, at) => node(`function_${at}`));
    const edges = Array.from({ length: 400 }, (_, at) => edge(`function_${at % 200}`, `function_${(at * 7 + 13) % 200}`));
    const placed = await placeGraph({ nodes, edges: [...new Map(edges.map((one) => [one.id, one])).values()] });
    expect(placed.nodes).toHaveLength(200);
  });
  test("without nodes", async () => {
    expect(await placeGraph({ nodes: [], edges: [] })).toMatchObject({ nodes: [], edges: [], width: 1, height: 1 });
  });
  test("around one function", () => {
    expect(around(graph, "c").nodes.map((one) => one.id)).toEqual(["a", "b", "c", "d"]);
    expect(around(graph, "a").nodes.map((one) => one.id)).toEqual(["a", "b", "c"]);
    expect(around(graph, "e")).toEqual({ nodes: [node("e")], edges: [] });
    expect(neighbours(graph, "b")).toEqual({ callers: ["a", "c"], callees: ["c"] });
  });
  test("with short texts", () => {
    expect(shorten("short")).toBe("short");
    expect([...shorten("🌍".repeat(40))]).toHaveLength(28);
    expect(shorten("process_customer_orders_of_the_north")).toBe("process_custom…s_of_the_north".slice(0, 14) + "…" + "ders_of_the_north".slice(-13));
    expect([0, 950, 1234, 9999, 34_567, 5_000_000, 2.5e9].map(shortCount)).toEqual(["0", "950", "1.2k", "9.9k", "34k", "5M", "2.5G"]);
    expect(errorRate({ ...sums, count: 0 })).toBe(0);
    expect(edgeWidth(0)).toBe(1);
    expect(edgeWidth(1e9)).toBe(5);
    expect(curve([{ x: 0, y: 0 }, { x: 10, y: 0 }])).toBe("M0,0L10,0");
    expect(curve([])).toBe("");
  });
});

test("packages in requirements", () => {
  expect(["httpx[http2]>=0.27,<1", "Python_Dateutil", 'a.b; python_version > "3"', "x (>=1)", "y==1"].map(nameOf)).toEqual(["httpx", "python-dateutil", "a-b", "x", "y"]);
  expect(nameOf("-r x")).toBeNull();
  const needed = neededBy([{ name: "f", requirements: ["A_b", "a.B>=1"] }, { name: "g", requirements: ["a-b"] }]);
  expect(needed.get("a-b")).toEqual(["f", "g"]);
  expect(readRequest(" httpx[http2] == 0.28.1 ")).toEqual({ package_name: "httpx[http2]", version: "0.28.1" });
  expect(readRequest("httpx")).toEqual({ package_name: "httpx" });
});
