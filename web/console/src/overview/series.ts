// Runs per step of time by status, in the form that uPlot draws: columns, each
// stacked on the one before.

export interface Moment {
  at: number; // seconds since 1970: the beginning of the step
  counts: Record<string, number>;
}

/** The statuses of ended runs, from the bottom of the stack to its top. */
export const STATUSES = ["completed", "failed", "timed_out", "crashed", "cancelled"] as const;
export type EndStatus = (typeof STATUSES)[number];

export interface Stack {
  times: number[];
  values: Record<EndStatus, number[]>; // of each status alone
  tops: Record<EndStatus, number[]>; // of each status on those below
}

/** Stacks moments between two times; a step without runs has zeros. */
export function stackSeries(moments: Moment[], from: number, to: number, step: number): Stack {
  const first = Math.floor(from / step) * step;
  const length = Math.max(0, Math.ceil((to - first) / step));
  const times = Array.from({ length }, (_, i) => first + i * step);
  const zeros = () => times.map(() => 0);
  const values = Object.fromEntries(STATUSES.map((status) => [status, zeros()])) as Record<EndStatus, number[]>;
  for (const { at, counts } of moments) {
    const i = Math.floor((at - first) / step);
    if (i < 0 || i >= length) continue;
    for (const status of STATUSES) values[status][i] = (values[status][i] ?? 0) + (counts[status] ?? 0);
  }
  const below = zeros();
  const tops = Object.fromEntries(
    STATUSES.map((status) => [status, values[status].map((value, i) => (below[i] = (below[i] ?? 0) + value))]),
  ) as Record<EndStatus, number[]>;
  return { times, values, tops };
}

/** The spans that a page can show, and the step of each. */
export const SPANS = [
  { key: "1h", label: "1 h", seconds: 3600, step: 60 },
  { key: "6h", label: "6 h", seconds: 6 * 3600, step: 300 },
  { key: "24h", label: "24 h", seconds: 24 * 3600, step: 3600 },
  { key: "7d", label: "7 d", seconds: 7 * 24 * 3600, step: 3600 },
] as const;
export type Span = (typeof SPANS)[number];

export function spanOf(key: string | null | undefined): Span {
  return SPANS.find((span) => span.key === key) ?? SPANS[0];
}
