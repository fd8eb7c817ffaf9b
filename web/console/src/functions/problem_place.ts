// Turns lines and columns of the compiler into offsets in the text.

/** A fault or warning of the code, as the API has it. */
export interface Problem {
  line?: number;
  column?: number;
  message: string;
  pointer?: string;
  suggestion?: string;
}

export interface Place {
  from: number;
  to: number;
}

/**
 * placeOf is the range of a problem in the text: from its column to the end of
 * the word there, or the whole line without a column. Columns count characters,
 * offsets count UTF-16 units.
 */
export function placeOf(text: string, problem: Problem): Place {
  const start = startOfLine(text, problem.line ?? 1);
  let end = text.slice(start).search(/\r|\n/);
  end = end < 0 ? text.length : start + end;
  if (!problem.column) {
    const indent = /^\s*/.exec(text.slice(start, end))![0].length;
    return { from: start + indent, to: Math.max(end, start + indent) };
  }
  let from = start;
  for (let i = 1; i < problem.column && from < end; i++) from += text.codePointAt(from)! > 0xffff ? 2 : 1;
  const word = /^(?:[\p{L}\p{N}_]+|.)/u.exec(text.slice(from, end))?.[0] ?? "";
  if (word === "" && from > start) from--; // at the end of the line: its last character
  return { from, to: from + Math.max(word.length, Math.min(1, end - from)) };
}

// startOfLine is the offset of a line, counted from 1; the last one's for a
// number beyond it.
function startOfLine(text: string, line: number): number {
  let start = 0;
  const ends = /\r\n|\r|\n/g;
  for (let i = 1; i < line; i++) {
    const end = ends.exec(text);
    if (end === null) break;
    start = end.index + end[0].length;
  }
  return start;
}

/** sentenceOf is a problem's message with its suggestion. */
export function sentenceOf(problem: Problem): string {
  return problem.suggestion && !problem.message.includes(problem.suggestion) ? `${problem.message}; did you mean ${problem.suggestion}?` : problem.message;
}
