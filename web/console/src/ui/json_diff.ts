import { isObject, type Json } from "../api/json";
import { jsonText } from "./json_lines";

export interface DiffLine {
  kind: "a" | "b" | "both";
  text: string;
}

/** Lines of each value that are compared. */
const mostLines = 2000;

/** diffLines compares two values as indented JSON, line by line; a comma at the end of a line does not count. */
export function diffLines(a: Json, b: Json): { lines: DiffLine[]; cut: boolean } {
  const left = linesOf(a);
  const right = linesOf(b);
  const cut = left.length > mostLines || right.length > mostLines;
  return { lines: diff(left.slice(0, mostLines), right.slice(0, mostLines)), cut };
}

function linesOf(value: Json): string[] {
  return jsonText(sorted(value, 0)).split("\n");
}

/** sorted has the members of objects by name: their order means nothing. */
function sorted(value: Json, depth: number): Json {
  if (depth > 500) return value;
  if (Array.isArray(value)) return value.map((one) => sorted(one, depth + 1));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name] as Json, depth + 1)]));
}

const bare = (line: string | undefined) => line?.replace(/,$/, "");

function diff(a: string[], b: string[]): DiffLine[] {
  let start = 0;
  while (start < a.length && start < b.length && bare(a[start]) === bare(b[start])) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && bare(a[a.length - 1 - end]) === bare(b[b.length - 1 - end])) end++;
  const left = a.slice(start, a.length - end);
  const right = b.slice(start, b.length - end);
  return [...a.slice(0, start).map(both), ...middle(left, right), ...a.slice(a.length - end).map(both)];
}

const both = (text: string): DiffLine => ({ kind: "both", text });

/** middle pairs the lines by their longest common subsequence. */
function middle(a: string[], b: string[]): DiffLine[] {
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] as number;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] = bare(a[i]) === bare(b[j]) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && bare(a[i]) === bare(b[j])) {
      lines.push(both(a[i] as string));
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ kind: "a", text: a[i++] as string });
    } else {
      lines.push({ kind: "b", text: b[j++] as string });
    }
  }
  return lines;
}
