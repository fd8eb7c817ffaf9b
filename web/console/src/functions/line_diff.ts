// The difference of two texts by lines.
import { diff } from "@codemirror/merge";

/** Lines fromA to toA of the first text became lines fromB to toB of the second. */
export interface Hunk {
  fromA: number;
  toA: number;
  fromB: number;
  toB: number;
}

// Each different line stands for one UTF-16 unit below the surrogates.
const mostLines = 0xd7ff;

/** linesOf splits a text into lines, each with its end. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** diffLines compares lists of lines. Texts with too many different lines are one hunk. */
export function diffLines(a: readonly string[], b: readonly string[]): Hunk[] {
  // Equal lines at both ends need no comparison.
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < most - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const left = a.slice(head, a.length - tail);
  const right = b.slice(head, b.length - tail);
  if (left.length === 0 && right.length === 0) return [];
  if (new Set([...left, ...right]).size >= mostLines) return [{ fromA: head, toA: a.length - tail, fromB: head, toB: b.length - tail }];
  const units = new Map<string, string>();
  const encode = (lines: readonly string[]): string => {
    let text = "";
    for (const line of lines) {
      let unit = units.get(line);
      if (unit === undefined) units.set(line, (unit = String.fromCharCode(units.size + 1)));
      text += unit;
    }
    return text;
  };
  return diff(encode(left), encode(right)).map(({ fromA, toA, fromB, toB }) => ({ fromA: fromA + head, toA: toA + head, fromB: fromB + head, toB: toB + head }));
}
