import type { WatchedExecution } from "../api/execution_stream";
import type { BriefExecution, Status, Trigger } from "../api/executions";
import { ExactNumber, isObject, memberNames, readJSON, type Json } from "../api/json";
import { oneLine } from "../ui/text";

/** A run as its row in the list needs it: without values that can be large. */
export interface RunRow {
  id: string;
  function_name: string;
  function_version: number;
  trigger_type: Trigger;
  status: Status;
  created_at: string;
  started_at: string | null;
  duration_ms: number | null;
  attempt: number;
  /** The error, or the start of the input. */
  about: string;
}

/** Of the text beside a run. */
const longest = 160;

/** rowOf is the row of a run of the list. Its text is made when it is first shown: most rows never are. */
export function rowOf(run: BriefExecution): RunRow {
  return new ListedRun(run);
}

class ListedRun implements RunRow {
  id: string;
  function_name: string;
  function_version: number;
  trigger_type: Trigger;
  status: Status;
  created_at: string;
  started_at: string | null;
  duration_ms: number | null;
  attempt: number;
  private text: string | null = null;
  private source: Heads | null;

  constructor(run: BriefExecution) {
    this.id = run.id;
    this.function_name = run.function_name;
    this.function_version = run.function_version;
    this.trigger_type = run.trigger_type;
    this.status = run.status;
    this.created_at = run.created_at;
    this.started_at = run.started_at;
    this.duration_ms = run.duration_ms;
    this.attempt = run.attempt;
    this.source = { error_type: run.error_type, error_head: run.error_head, input_head: run.input_head };
  }

  get about(): string {
    if (this.source) this.about = aboutOf(this.source);
    return this.text ?? "";
  }

  set about(text: string) {
    this.text = text;
    this.source = null;
  }
}

type Heads = Pick<BriefExecution, "error_type" | "error_head" | "input_head">;

/** watchedRow is the row of a run that the stream tells of; its input is not known. */
export function watchedRow(run: WatchedExecution): RunRow {
  return {
    id: run.id, function_name: run.function_name, function_version: run.function_version, trigger_type: run.trigger_type,
    status: run.status, created_at: run.created_at, started_at: run.started_at, duration_ms: run.duration_ms, attempt: run.attempt,
    about: run.error_type ?? "",
  };
}

function aboutOf(run: Heads): string {
  if (run.error_type || run.error_head) return oneLine([run.error_type, run.error_head].filter(Boolean).join(": "), longest);
  return oneLine(headText(run.input_head), longest);
}

/** headText is the start of an input as the list shows it, made of the start of its JSON. */
export function headText(head: string): string {
  if (head === "") return "a large input";
  // Of a value that the record has in part, the part says more than its marker.
  const cut = /^\s*\{"truncated":\s*true,\s*"bytes":\s*\d+,\s*"preview":\s*"((?:[^"\\]|\\.)*)/s.exec(head);
  if (cut) return unescaped(cut[1] ?? "");
  let input: Json;
  try {
    input = readJSON(head);
  } catch {
    return head.trimStart() + "…"; // it is longer
  }
  if (input === null || (isObject(input) && Object.keys(input).length === 0) || (Array.isArray(input) && input.length === 0)) return "";
  return preview(input);
}

/** unescaped is the text of the start of a JSON string; of one that is cut within an escape, what stands. */
function unescaped(inner: string): string {
  try {
    return JSON.parse(`"${inner}"`) as string;
  } catch {
    return inner;
  }
}

/** preview is the start of a value in one line; it does not write all of a large one. */
export function preview(value: unknown, room = longest): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, room));
  if (value === null || typeof value !== "object" || value instanceof ExactNumber) return String(value);
  const list = Array.isArray(value);
  let text = list ? "[" : "{";
  let first = true;
  for (const name of list ? value.keys() : memberNames(value)) {
    if (text.length > room) return text + "…";
    text += (first ? "" : ", ") + (list ? "" : `${name}: `) + preview((value as Record<string | number, unknown>)[name], Math.max(8, room - text.length));
    first = false;
  }
  return text + (list ? "]" : "}");
}
