import type { ExecutionWatcher, WatchedExecution } from "../api/execution_stream";
import type { ExecutionFilter } from "../api/executions";
import { matches } from "./filter";
import type { RunPages } from "./run_pages.svelte";
import { watchedRow, type RunRow } from "./run_row";

/** Events are applied together this often, so that a thousand runs a second do not draw a thousand times. */
const pace = 120;
/** Rows that wait while the list is scrolled; of more than these only the number is kept. */
const mostWaiting = 1000;

/**
 * LiveRuns brings the starts and ends of runs into the list. New rows appear at the top;
 * while the list is scrolled they wait, so that nothing moves, and are counted.
 */
export class LiveRuns implements ExecutionWatcher {
  connected = $state(false);
  /** How many new runs wait. */
  held = $state(0);

  private lost = false;
  private waiting: RunRow[] = [];
  private queue: WatchedExecution[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly news = new Map<string, number>();

  constructor(
    private readonly filter: ExecutionFilter,
    private readonly pages: RunPages,
    private readonly atTop: () => boolean,
    private readonly reload: () => void,
  ) {}

  execution(execution: WatchedExecution): void {
    this.queue.push(execution);
    this.timer ??= setTimeout(() => this.apply(), pace);
  }

  /** Events are missing: the list is read again, at once or when the rows that wait are asked for. */
  gap(): void {
    this.lost = true;
    if (this.atTop()) this.reload();
    else this.held = Math.max(this.held, 1);
  }

  connection(connected: boolean): void {
    this.connected = connected;
  }

  /** Whether a row came by itself a moment ago. */
  arrived(id: string | undefined): boolean {
    return id !== undefined && this.news.has(id);
  }

  /** release shows the runs that wait. */
  release(): void {
    if (this.held === 0) return;
    if (this.lost || this.held > this.waiting.length) {
      this.reload();
      return;
    }
    this.pages.add(this.waiting);
    this.waiting = [];
    this.held = 0;
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private apply(): void {
    this.timer = undefined;
    if (!this.pages.ready) { // what the first page will have is not news
      this.timer = setTimeout(() => this.apply(), pace);
      return;
    }
    const queue = this.queue;
    this.queue = [];
    const now = Date.now();
    const added: RunRow[] = [];
    for (const run of queue) {
      const row = watchedRow(run);
      const waiting = added.find((one) => one.id === row.id) ?? this.waiting.find((one) => one.id === row.id);
      const shown = this.pages.find(row.id);
      if (waiting) Object.assign(waiting, changed(waiting, row));
      else if (shown) this.pages.change(row.id, changed(shown, row));
      else if (matches(this.filter, run, now) && (this.pages.isLater(run.id) || this.filter.status)) added.push(row); // an older one may just have got the status
    }
    if (added.length === 0) return;
    added.sort((a, b) => (a.id < b.id ? 1 : -1)); // ids are in the order of time
    if (this.atTop() && this.held === 0) {
      for (const row of added) this.news.set(row.id, now);
      for (const [id, at] of this.news) if (now - at > 2000) this.news.delete(id);
      this.pages.add(added);
    } else {
      this.held += added.length;
      this.waiting = [...added, ...this.waiting].slice(0, mostWaiting);
    }
  }
}

/** The members that a change brings; the row may know more of the input or the error. */
function changed(row: RunRow, by: RunRow): Partial<RunRow> {
  const { status, attempt, started_at, duration_ms } = by;
  return { status, attempt, started_at, duration_ms, about: by.about && !row.about.startsWith(by.about) ? by.about : row.about };
}
