import type { Schedule } from "../api/schedules";

export interface State {
  tone: "ok" | "warn" | "fail" | "wait";
  label: string;
  /** Why, in a sentence. */
  reason?: string;
}

/** How a schedule is, as a badge shows it. */
export function stateOf(s: Schedule): State {
  if (!s.is_active) return { tone: "wait", label: "paused" };
  if (s.problem !== null) return { tone: "fail", label: "problem", reason: s.problem };
  if (s.last_status === "skipped") return { tone: "warn", label: "skipped", reason: s.last_error ?? undefined };
  return { tone: "ok", label: "active" };
}
