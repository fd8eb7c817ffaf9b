import type { Execution, Step } from "../api/executions";
import { ExactNumber, type Json } from "../api/json";

/** A call of one of the two runs, as the comparison needs it. */
export interface Side {
  id: string;
  function_name: string;
  function_version: number;
  status: string;
  duration_ms: number | null;
  input: Json;
  output: Json;
  error: string;
  calls: Side[];
}

export type Difference = "added" | "missing" | "version" | "status" | "input" | "output" | "error";

/** A call in both runs, or in one of them. */
export interface Pair {
  function_name: string;
  a: Side | null;
  b: Side | null;
  differences: Difference[];
  calls: Pair[];
}

/** sideOf makes the tree of the last attempt of a run. */
export function sideOf(execution: Execution, steps: Step[]): Side {
  const root = side(execution);
  const known = new Map<string, Side>();
  for (const step of steps) if (step.attempt === execution.attempt) known.set(step.id, side(step));
  for (const step of steps) {
    const call = known.get(step.id);
    if (call) (known.get(step.parent_step_id ?? "") ?? root).calls.push(call);
  }
  return root;
}

function side(record: Execution | Step): Side {
  return {
    id: record.id, function_name: record.function_name, function_version: record.function_version, status: record.status,
    duration_ms: record.duration_ms, input: record.input_data, output: record.output_data,
    error: [record.error_type, record.error].filter(Boolean).join(": "), calls: [],
  };
}

/** compare pairs the calls of two runs: those of the same function in their order, as a diff pairs equal lines. */
export function compare(a: Side | null, b: Side | null): Pair {
  const pair: Pair = { function_name: (a ?? b)?.function_name ?? "", a, b, differences: [], calls: [] };
  if (!a) pair.differences.push("added");
  else if (!b) pair.differences.push("missing");
  else {
    if (a.function_version !== b.function_version) pair.differences.push("version");
    if (a.status !== b.status) pair.differences.push("status");
    if (!same(a.input, b.input)) pair.differences.push("input");
    if (!same(a.output, b.output)) pair.differences.push("output");
    if (a.error !== b.error) pair.differences.push("error");
  }
  pair.calls = align(a?.calls ?? [], b?.calls ?? []).map(([left, right]) => compare(left, right));
  return pair;
}

export function same(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (a instanceof ExactNumber || b instanceof ExactNumber) return a instanceof ExactNumber && b instanceof ExactNumber && a.text === b.text;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && same((a as Record<string, Json>)[name] as Json, (b as Record<string, Json>)[name] as Json));
}

/** Beyond so many cells of the table calls are paired by their position. */
const mostCells = 4_000_000;

/** align pairs calls by the longest common subsequence of their functions. */
export function align(a: Side[], b: Side[]): [Side | null, Side | null][] {
  if (a.length * b.length > mostCells) {
    return Array.from({ length: Math.max(a.length, b.length) }, (_, i): [Side | null, Side | null][] => {
      const left = a[i] ?? null;
      const right = b[i] ?? null;
      return left && right && left.function_name !== right.function_name ? [[left, null], [null, right]] : [[left, right]];
    }).flat();
  }
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] as number;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] = a[i]?.function_name === b[j]?.function_name ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: [Side | null, Side | null][] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i] ?? null;
    const right = b[j] ?? null;
    if (left && right && left.function_name === right.function_name) {
      pairs.push([left, right]);
      i++;
      j++;
    } else if (!right || (left && at(i + 1, j) >= at(i, j + 1))) {
      pairs.push([left, null]);
      i++;
    } else {
      pairs.push([null, right]);
      j++;
    }
  }
  return pairs;
}

export interface PairLine {
  pair: Pair;
  depth: number;
}

/** pairLines are the pairs in the order in which they are shown; with only, those that differ and the ones above them. */
export function pairLines(root: Pair, only: boolean): PairLine[] {
  const found: PairLine[] = [];
  const walk = (pair: Pair, depth: number): boolean => {
    const at = found.length;
    found.push({ pair, depth });
    let differs = pair.differences.length > 0;
    for (const call of pair.calls) differs = walk(call, depth + 1) || differs;
    if (only && !differs && depth > 0) found.splice(at);
    return differs;
  };
  walk(root, 0);
  return found;
}
