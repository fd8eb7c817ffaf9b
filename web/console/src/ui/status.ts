import type { Status } from "../api/executions";

const looks: Record<Status, { tone: string; label: string }> = {
  pending: { tone: "wait", label: "pending" },
  running: { tone: "busy", label: "running" },
  completed: { tone: "ok", label: "completed" },
  failed: { tone: "fail", label: "failed" },
  timed_out: { tone: "fail", label: "timed out" },
  cancelled: { tone: "warn", label: "cancelled" },
  crashed: { tone: "fail", label: "crashed" },
};

/** toneOf is the class of a status: ok, fail, warn, busy or wait. */
export function toneOf(status: Status): string {
  return looks[status]?.tone ?? "wait";
}

export function labelOf(status: Status): string {
  return looks[status]?.label ?? status;
}
