// The last runs of a schedule as a row of bars, the newest at the right.

export interface Run {
  id: string;
  status: string;
  created_at: string;
  duration_ms: number | null;
}

export interface Bar {
  id: string;
  status: string;
  height: number; // 0 to 1
  label: string;
}

/** Bars of the runs, which are given newest first. The height grows with the logarithm of the duration. */
export function stripBars(runs: Run[], most: number): Bar[] {
  const shown = runs.slice(0, most).reverse();
  const longest = Math.max(1, ...shown.map((run) => run.duration_ms ?? 0));
  return shown.map((run) => ({
    id: run.id,
    status: run.status,
    height: heightOf(run.duration_ms, longest),
    label: `${run.status}, ${new Date(run.created_at).toLocaleString()}`,
  }));
}

const lowest = 0.3;

function heightOf(duration: number | null, longest: number): number {
  if (duration === null || duration <= 0) return lowest;
  return lowest + (1 - lowest) * (Math.log1p(duration) / Math.log1p(longest));
}

/** Text of the strip for a screen reader. */
export function stripSummary(runs: Run[]): string {
  if (runs.length === 0) return "No runs yet";
  const failed = runs.filter((run) => ["failed", "timed_out", "crashed"].includes(run.status)).length;
  return `Last ${runs.length} ${runs.length === 1 ? "run" : "runs"}: ${failed === 0 ? "none failed" : `${failed} failed`}`;
}
