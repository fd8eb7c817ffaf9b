import { ExactNumber, memberNames, writeJSON, type Json } from "../api/json";
import { visible } from "./text";

export interface Token {
  kind: "name" | "string" | "number" | "word" | "mark" | "gap";
  text: string;
}

/** Of a text within a JSON value, until one asks for more. */
const longestText = 2000;

/**
 * jsonLines makes the tokens of a value, indented, as many lines as most; more says
 * that there are others. It stops there: a value of megabytes costs no more than a
 * small one. Long texts in it are cut in the same way.
 */
export function jsonLines(value: Json, most: number): { tokens: Token[]; more: boolean } {
  const tokens: Token[] = [];
  let lines = 1;
  let more = false;
  const longest = Math.max(longestText, most * 50);
  const put = (kind: Token["kind"], text: string) => tokens.push({ kind, text });
  const text = (kind: "name" | "string", all: string) => {
    const cut = all.length > longest;
    put(kind, visible(JSON.stringify(cut ? all.slice(0, longest) : all)));
    if (cut) {
      more = true;
      put("gap", ` … ${all.length - longest} more characters`);
    }
  };
  /** Returns false when the lines are used up. */
  const breakLine = (depth: number): boolean => {
    if (lines >= most) {
      more = true;
      put("gap", "\n…");
      return false;
    }
    lines++;
    put("mark", "\n" + "  ".repeat(Math.min(depth, 40)));
    return true;
  };
  const write = (one: Json, depth: number): boolean => {
    if (one === null || typeof one === "boolean") put("word", String(one));
    else if (typeof one === "number" || one instanceof ExactNumber) put("number", String(one));
    else if (typeof one === "string") text("string", one);
    else return container(one, depth);
    return true;
  };
  const container = (one: Json[] | { [name: string]: Json }, depth: number): boolean => {
    const list = Array.isArray(one);
    const names = list ? null : memberNames(one);
    const length = names ? names.length : (one as Json[]).length;
    if (length === 0) {
      put("mark", list ? "[]" : "{}");
      return true;
    }
    put("mark", list ? "[" : "{");
    for (let i = 0; i < length; i++) {
      if (i > 0) put("mark", ",");
      if (!breakLine(depth + 1)) return false;
      if (names) {
        text("name", names[i] as string);
        put("mark", ": ");
      }
      const member = names ? (one as { [name: string]: Json })[names[i] as string] : (one as Json[])[i];
      if (!write(member as Json, depth + 1)) return false;
    }
    if (!breakLine(depth)) return false;
    put("mark", list ? "]" : "}");
    return true;
  };
  write(value, 0);
  return { tokens, more };
}

/** jsonText is a value as it is copied and saved. */
export function jsonText(value: Json): string {
  return writeJSON(value, true);
}
