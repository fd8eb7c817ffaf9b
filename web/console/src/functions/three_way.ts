// Merges two changes of one text by lines.
import { diffLines, linesOf, type Hunk } from "./line_diff";

export interface Merged {
  text: string;
  /** How many places both sides changed differently; they are marked in the text. */
  conflicts: number;
}

/** The words after the marks of a conflict. */
export interface Sides {
  mine: string;
  theirs: string;
}

/**
 * mergeTexts applies the changes from base to mine and from base to theirs.
 * Places that both changed, or that touch, are kept side by side between marks
 * as git has them.
 */
export function mergeTexts(base: string, mine: string, theirs: string, sides: Sides): Merged {
  if (mine === theirs || theirs === base) return { text: mine, conflicts: 0 };
  if (mine === base) return { text: theirs, conflicts: 0 };
  const lines = { base: linesOf(base), mine: linesOf(mine), theirs: linesOf(theirs) };
  const ours = diffLines(lines.base, lines.mine);
  const others = diffLines(lines.base, lines.theirs);
  let text = "";
  let conflicts = 0;
  let at = 0; // the next line of base
  let i = 0;
  let j = 0;
  while (i < ours.length || j < others.length) {
    const firstOfOurs = i;
    const firstOfOthers = j;
    const start = Math.min(ours[i]?.fromA ?? Infinity, others[j]?.fromA ?? Infinity);
    let end = start;
    for (let grown = true; grown; ) {
      grown = false;
      while (i < ours.length && ours[i]!.fromA <= end) {
        end = Math.max(end, ours[i++]!.toA);
        grown = true;
      }
      while (j < others.length && others[j]!.fromA <= end) {
        end = Math.max(end, others[j++]!.toA);
        grown = true;
      }
    }
    text += lines.base.slice(at, start).join("");
    const left = side(lines.mine, ours.slice(firstOfOurs, i), lines.base, start, end);
    const right = side(lines.theirs, others.slice(firstOfOthers, j), lines.base, start, end);
    if (i === firstOfOurs || left === right) text += right;
    else if (j === firstOfOthers) text += left;
    else {
      conflicts++;
      text += `<<<<<<< ${sides.mine}\n${ended(left)}=======\n${ended(right)}>>>>>>> ${sides.theirs}\n`;
    }
    at = end;
  }
  text += lines.base.slice(at).join("");
  return { text, conflicts };
}

// side is what the lines start to end of base are on one side.
function side(lines: string[], hunks: Hunk[], base: string[], start: number, end: number): string {
  let text = "";
  let at = start;
  for (const hunk of hunks) {
    text += base.slice(at, hunk.fromA).join("") + lines.slice(hunk.fromB, hunk.toB).join("");
    at = hunk.toA;
  }
  return text + base.slice(at, end).join("");
}

// ended ends the last line, so that a mark begins a line.
function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

/** hasMarks reports whether a text has marks of a conflict. */
export function hasMarks(text: string): boolean {
  return /^(?:<{7}|>{7}) /m.test(text);
}
