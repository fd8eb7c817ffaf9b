import type { WatchedExecution } from "../api/execution_stream";
import type { Execution, Status, Trigger } from "../api/executions";
import { ExactNumber, isObject, memberNames } from "../api/json";
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

export function rowOf(run: Execution): RunRow {
  return { ...watchedRow(run), about: aboutOf(run) };
}

/** watchedRow is the row of a run that the stream tells of; its input is not known. */
export function watchedRow(run: WatchedExecution): RunRow {
  return {
    id: run.id, function_name: run.function_name, function_version: run.function_version, trigger_type: run.trigger_type,
    status: run.status, created_at: run.created_at, started_at: run.started_at, duration_ms: run.duration_ms, attempt: run.attempt,
    about: run.error_type ?? "",
  };
}

function aboutOf(run: Execution): string {
  if (run.error_type || run.error) return oneLine([run.error_type, (run.error ?? "").slice(0, longest)].filter(Boolean).join(": "), longest);
  const input = run.input_data;
  if (input === null || (isObject(input) && Object.keys(input).length === 0) || (Array.isArray(input) && input.length === 0)) return "";
  // Of a value that the record has in part, the part says more than its marker.
  if (isObject(input) && input.truncated === true && typeof input.preview === "string") return oneLine(input.preview, longest);
  return oneLine(preview(input), longest);
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
