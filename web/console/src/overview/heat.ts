// A heat map of latencies: columns of time, rows of durations, and in each cell
// how many runs took so long.

export interface HeatColumn {
  at: number; // seconds since 1970
  counts: number[]; // by bucket; the last holds those above the highest bound
}

export interface Heat {
  times: number[];
  rows: { low: number; high: number }[]; // milliseconds, from the shortest; the last may end at Infinity
  cells: number[][]; // [column][row]
  most: number;
}

/** mostRows is how many rows are legible; more buckets are joined. */
export const mostRows = 24;

/**
 * Makes a heat map of histograms. bounds are the upper bounds of the buckets but
 * the last, in milliseconds. Empty rows at both ends are left out.
 */
export function heatMap(columns: HeatColumn[], bounds: number[]): Heat {
  const buckets = bounds.length + 1;
  const used = Array.from({ length: buckets }, (_, b) => columns.some((column) => (column.counts[b] ?? 0) > 0));
  const first = used.indexOf(true);
  const last = used.lastIndexOf(true);
  const times = columns.map((column) => column.at);
  if (first < 0) return { times, rows: [], cells: columns.map(() => []), most: 0 };
  const join = Math.ceil((last - first + 1) / mostRows);
  const rows: Heat["rows"] = [];
  for (let b = first; b <= last; b += join) {
    rows.push({ low: bounds[b - 1] ?? 0, high: bounds[Math.min(b + join - 1, last)] ?? Infinity });
  }
  const cells = columns.map((column) =>
    rows.map((_, row) => {
      let sum = 0;
      for (let b = first + row * join; b < first + (row + 1) * join && b <= last; b++) sum += column.counts[b] ?? 0;
      return sum;
    }),
  );
  return { times, rows, cells, most: Math.max(...cells.flat()) };
}

/** The strength of a cell's colour, 0 to 1: by the logarithm, so that a single slow run is seen. */
export function strength(count: number, most: number): number {
  if (count <= 0) return 0;
  if (most <= 1) return 1;
  return 0.15 + (0.85 * Math.log(count)) / Math.log(most);
}

/** A duration as a label of an axis. */
export function durationLabel(ms: number): string {
  if (ms === Infinity) return "∞";
  if (ms < 1) return `${trimmed(ms * 1000)} µs`;
  if (ms < 1000) return `${trimmed(ms)} ms`;
  if (ms < 60_000) return `${trimmed(ms / 1000)} s`;
  return `${trimmed(ms / 60_000)} min`;
}

function trimmed(n: number): string {
  return n >= 100 ? String(Math.round(n)) : String(Number(n.toPrecision(2)));
}
