import type { RunCounts } from "../api/stats";

export function runsOf(counts: RunCounts): number {
  return counts.completed + counts.failed + counts.timed_out + counts.cancelled + counts.crashed;
}

export function failuresOf(counts: RunCounts): number {
  return counts.failed + counts.timed_out + counts.crashed;
}
