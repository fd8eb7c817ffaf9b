/** A place in the source of a function's version. */
export interface Frame {
  function: string;
  version: number;
  line: number;
}

const frame = /^\s*File "<([^">]+) v(\d+)>", line (\d+)/gm;

/** framesOf are the places in stored functions that a traceback names, from the outermost to the innermost. */
export function framesOf(traceback: string | null): Frame[] {
  if (!traceback) return [];
  return [...traceback.matchAll(frame)].map((found) => ({ function: found[1] as string, version: Number(found[2]), line: Number(found[3]) }));
}

/** failingLine is the line of a function where an exception came through it. */
export function failingLine(traceback: string | null, name: string, version: number): number | null {
  return framesOf(traceback).findLast((one) => one.function === name && one.version === version)?.line ?? null;
}

/** callLines are the lines of a source that call a sibling by its name, comments and texts aside as far as a line shows it. */
export function callLines(code: string, name: string): number[] {
  const call = new RegExp(`(?<![\\w.])${name.replace(/[^\w]/g, "")}(?!\\w)`);
  const found: number[] = [];
  for (const [i, line] of code.split("\n").entries()) {
    const bare = line.replace(/#.*$/, "").replace(/("|')(?:\\.|(?!\1).)*\1/g, '""');
    if (call.test(bare) && !/^\s*(async\s+)?def\s/.test(bare)) found.push(i + 1);
    else if (line.includes(`call("${name}"`) || line.includes(`call('${name}'`)) found.push(i + 1);
  }
  return found;
}

/** definitionLine is where a function begins in its source. */
export function definitionLine(code: string, name: string): number {
  const at = code.split("\n").findIndex((line) => new RegExp(`^(async\\s+)?def\\s+${name.replace(/[^\w]/g, "")}\\b`).test(line));
  return at < 0 ? 1 : at + 1;
}
