import type { StatsPoint } from "../api/stats";
import type { HeatColumn } from "./heat";

/** ratio is that of the bounds of neighbouring buckets. */
const ratio = Math.SQRT2;

/**
 * The histograms of points over one row of buckets, without gaps between the shortest
 * and the longest duration. Bucket 0 lies below the first bound.
 */
export function latencyColumns(points: StatsPoint[]): { columns: HeatColumn[]; bounds: number[] } {
  const ranks = points.flatMap((point) => point.latency.map(({ least_ms }) => rankOf(least_ms)).filter((rank) => rank !== -Infinity));
  const [first, last] = [Math.min(...ranks), Math.max(...ranks)];
  const bounds = ranks.length === 0 ? [] : Array.from({ length: last - first + 2 }, (_, i) => ratio ** (first + i));
  const columns = points.map((point) => {
    const counts = new Array<number>(bounds.length + 1).fill(0);
    for (const { least_ms, runs } of point.latency) {
      const rank = rankOf(least_ms);
      const bucket = rank === -Infinity || ranks.length === 0 ? 0 : rank - first + 1;
      counts[bucket] = (counts[bucket] ?? 0) + runs;
    }
    return { at: Date.parse(point.at) / 1000, counts };
  });
  return { columns, bounds };
}

function rankOf(least: number): number {
  return least <= 0 ? -Infinity : Math.round(Math.log(least) / Math.log(ratio));
}
