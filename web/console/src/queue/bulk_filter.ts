// The filter of a bulk cancel or retry, and what its counts mean in words.

import type { BulkAnswer, ExecutionFilter, Status } from "../api/executions";
import { plural } from "../ui/text";

export type BulkAct = "cancel" | "retry";

export interface BulkForm {
  act: BulkAct;
  functionName: string;
  status: "" | Status;
  trigger: string;
  since: string; // an age such as -1h, or a time
  errorType: string;
}

export function emptyBulk(): BulkForm {
  return { act: "cancel", functionName: "", status: "", trigger: "", since: "", errorType: "" };
}

/** The statuses that each act is for. */
export const actStatuses: Record<BulkAct, Status[]> = {
  cancel: ["pending", "running"],
  retry: ["failed", "timed_out", "crashed"],
};

export function filterOf(form: BulkForm): ExecutionFilter {
  const set = (text: string) => text.trim() || undefined;
  return {
    function_name: set(form.functionName), status: form.status && actStatuses[form.act].includes(form.status) ? [form.status] : undefined,
    trigger_type: set(form.trigger), since: set(form.since), error_type: form.act === "retry" ? set(form.errorType) : undefined,
  };
}

/** The count of a dry run in words. */
export function countWords(act: BulkAct, { count, more }: BulkAnswer): string {
  const runs = `${more ? "at least " : ""}${plural(count, "run")}`;
  return act === "cancel" ? `${runs} would be cancelled` : `${runs} would be run again`;
}

/** The result of a bulk act in words. */
export function doneWords(act: BulkAct, count: number): string {
  return act === "cancel" ? `${plural(count, "run")} asked to stop.` : `${plural(count, "run")} enqueued again.`;
}
