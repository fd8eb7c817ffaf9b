import { serverNow } from "../api/clock";
import type { ExecutionWatcher, WatchedExecution } from "../api/execution_stream";
import { listRuns, runsPage, type ExecutionFilter } from "../api/executions";
import { matches } from "./filter";
import type { RunPages } from "./run_pages.svelte";
import { rowOf, watchedRow, type RunRow } from "./run_row";

/** Events are applied together this often, so that a thousand runs a second do not draw a thousand times. */
const pace = 120;
/** Rows that wait while the list is scrolled; of more than these only the number is kept. */
const mostWaiting = 1000;

interface News {
  row: RunRow;
  /** Whether a row that is not in the list yet belongs into it. */
  wanted: boolean;
}

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
  private queue: News[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly recent = new Map<string, number>();

  constructor(
    private readonly filter: ExecutionFilter,
    private readonly pages: RunPages,
    private readonly atTop: () => boolean,
    private readonly reload: () => void,
    private readonly signal: AbortSignal,
  ) {}

  execution(run: WatchedExecution): void {
    this.take([{ row: watchedRow(run), wanted: matches(this.filter, run, serverNow()) }]);
  }

  /** The list was read before the stream was open, or events are missing: its first rows are read again. */
  async gap(): Promise<void> {
    try {
      await this.pages.first;
      const { items, next } = await listRuns(this.filter, { limit: runsPage }, this.signal);
      if (next && items.length > 0 && items.every((run) => this.pages.isLater(run.id) && !this.known(run.id))) this.lose();
      else this.take(items.reverse().map((run) => ({ row: rowOf(run), wanted: this.pages.isLater(run.id) || this.pages.covers(run.id) })));
    } catch {
      // The connection that is made again after a loss brings the next chance.
    }
  }

  connection(connected: boolean): void {
    this.connected = connected;
  }

  /** Whether a row came by itself a moment ago. */
  arrived(id: string | undefined): boolean {
    return id !== undefined && this.recent.has(id);
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

  private known(id: string): boolean {
    return this.pages.find(id) !== undefined || this.waiting.some((row) => row.id === id);
  }

  /** lose: more rows are missing than can be put in. */
  private lose(): void {
    this.lost = true;
    if (this.atTop()) this.reload();
    else this.held = Math.max(this.held, 1);
  }

  private take(news: News[]): void {
    this.queue.push(...news);
    this.timer ??= setTimeout(() => this.apply(), pace);
  }

  private apply(): void {
    this.timer = undefined;
    if (!this.pages.ready) { // the first page is being read
      this.timer = setTimeout(() => this.apply(), pace);
      return;
    }
    const queue = this.queue;
    this.queue = [];
    const added: RunRow[] = [];
    for (const { row, wanted } of queue) {
      const waiting = added.find((one) => one.id === row.id) ?? this.waiting.find((one) => one.id === row.id);
      const shown = this.pages.find(row.id);
      if (waiting) Object.assign(waiting, changed(waiting, row));
      else if (shown) this.pages.change(row.id, changed(shown, row));
      else if (wanted && this.isNew(row.id)) added.push(row);
    }
    if (added.length > 0) this.put(added);
  }

  /** An older run may just have got the status that the filter asks for; others are in a page that is not kept. */
  private isNew(id: string): boolean {
    return this.pages.isLater(id) || this.filter.status !== undefined;
  }

  private put(added: RunRow[]): void {
    const now = Date.now();
    added.sort((a, b) => (a.id < b.id ? 1 : -1)); // ids are in the order of time
    if (this.atTop() && this.held === 0) {
      for (const row of added) this.recent.set(row.id, now);
      for (const [id, at] of this.recent) if (now - at > 2000) this.recent.delete(id);
      this.pages.add(added);
      void this.pages.renew(() => this.atTop() && this.held === 0);
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
