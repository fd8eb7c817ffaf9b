import { listRuns, runsPage, type ExecutionFilter } from "../api/executions";
import { asProblem, isAbort, type Problem } from "../api/problem";
import { rowOf, type RunRow } from "./run_row";
import { above, mostFresh } from "./run_window";

/** Pages whose rows are kept; those far from the rows in sight are read again by their cursors. */
const mostKept = 250;
/** A next page is read when so many rows are left below those in sight. */
const ahead = 400;

interface Page {
  cursor: string | null;
  /** The index of its first row among all pages' rows. */
  start: number;
  count: number;
  /** The id of its last row, where the next page begins. */
  last: string;
  rows: RunRow[] | null;
  reading: boolean;
}

/** What brings a list of executions back: the cursors of its pages and how many rows each had, but no row. */
export interface KeptPages {
  cursors: (string | null)[];
  counts: number[];
  lasts: string[];
  next: string | null;
  newest: string;
  newestAt: string;
}

/**
 * RunPages is a list of executions, page after page by cursors: rows that were read stay
 * in their places when others are added at the top. Rows that have come since are in `fresh`;
 * when these are many, the list begins anew while nothing but its top is in sight.
 */
export class RunPages {
  count = $state(0);
  /** Changes with the content of rows. */
  version = $state(0);
  problem = $state.raw<Problem | null>(null);
  /** The first page has been read. */
  ready = $state(false);
  /** No page follows. */
  complete = $state(false);

  /** Ends when the first page was read, or could not be. */
  readonly first: Promise<void>;

  private pages: Page[] = [];
  private fresh: RunRow[] = [];
  private newest = "";
  /** When the newest run of the first page was created. */
  private newestAt = "";
  private next: string | null = null;
  private reading = false;
  private renewing = false;
  private known = new Map<string, RunRow>();
  private sight = { from: 0, to: 0 };

  /** With kept pages the list is as long as it was, and the pages in sight are read again. */
  constructor(private readonly filter: ExecutionFilter, private readonly signal: AbortSignal, kept: KeptPages | null = null) {
    if (kept) {
      let start = 0;
      for (const [i, count] of kept.counts.entries()) {
        this.pages.push({ cursor: kept.cursors[i] ?? null, start, count, last: kept.lasts[i] ?? "", rows: null, reading: false });
        start += count;
      }
      this.count = start;
      this.next = kept.next;
      this.complete = kept.next === null;
      this.newest = kept.newest;
      this.newestAt = kept.newestAt;
      this.ready = true;
      this.first = Promise.resolve();
    } else {
      this.first = this.more();
    }
  }

  /** keep is what brings the list back later, without the rows that have come at its top; null before its first page. */
  keep(): KeptPages | null {
    if (!this.ready || this.pages.length === 0) return null;
    return { cursors: this.pages.map((page) => page.cursor), counts: this.pages.map((page) => page.count), lasts: this.pages.map((page) => page.last), next: this.next, newest: this.newest, newestAt: this.newestAt };
  }

  /** How many rows have come at the top since the list was read. */
  get added(): number {
    return this.fresh.length;
  }

  /** Whether the place of a run is within a page that is there. */
  covers(id: string): boolean {
    return this.pages.some(({ rows }) => rows && rows.length > 0 && rows[0]!.id >= id && rows.at(-1)!.id <= id);
  }

  /** The row at an index; undefined while its page is read again. */
  row(index: number): RunRow | undefined {
    void this.version;
    if (index < this.fresh.length) return this.fresh[index];
    const at = index - this.fresh.length;
    const page = this.pageOf(at);
    return page?.rows?.[at - page.start];
  }

  /** Whether a run is later than all that were there when the list was first read: ids are in the order of time. */
  isLater(id: string): boolean {
    return id > this.newest;
  }

  find(id: string): RunRow | undefined {
    return this.known.get(id);
  }

  /** range says which rows are in sight: pages around them are read, far ones dropped. */
  range(from: number, to: number): void {
    this.sight = { from: from - this.fresh.length, to: to - this.fresh.length };
    for (const page of this.pages) {
      const near = page.start < this.sight.to + ahead && page.start + page.count > this.sight.from - ahead;
      if (near && !page.rows && !page.reading) void this.again(page);
    }
    if (to + ahead > this.count) void this.more();
  }

  /** add puts runs at the top, the newest first. */
  add(rows: RunRow[]): void {
    const unknown = rows.filter((row) => !this.known.has(row.id));
    if (unknown.length === 0) return;
    for (const row of unknown) this.known.set(row.id, row);
    this.fresh = [...unknown, ...this.fresh];
    this.count += unknown.length;
    this.version++;
  }

  /** change replaces members of a row, if it is among those that are kept. */
  change(id: string, members: Partial<RunRow>): void {
    const row = this.known.get(id);
    if (!row) return;
    Object.assign(row, members);
    this.version++;
  }

  /**
   * renew reads the first page again and forgets the rows below it, once many have come by
   * themselves. unseen says whether rows below the first page are out of sight, also when it
   * has been read: then the rows in sight stay where they are.
   */
  async renew(unseen: () => boolean): Promise<void> {
    if (this.fresh.length < mostFresh || this.renewing || this.reading || !unseen()) return;
    this.renewing = true;
    try {
      const found = await listRuns(this.filter, { limit: runsPage }, this.signal);
      if (!unseen() || this.reading) return;
      const rows = found.items.map(rowOf).map((row) => Object.assign(this.known.get(row.id) ?? row, row));
      this.fresh = above(this.fresh, rows);
      this.known = new Map([...this.fresh, ...rows].map((row) => [row.id, row]));
      this.pages = [{ cursor: null, start: 0, count: rows.length, last: rows.at(-1)?.id ?? "", rows, reading: false }];
      this.newest = rows[0]?.id ?? this.newest;
      this.newestAt = rows[0]?.created_at ?? this.newestAt;
      this.next = found.next;
      this.complete = found.next === null;
      this.count = this.fresh.length + rows.length;
      this.version++;
    } catch {
      // The next runs that come bring the next chance.
    } finally {
      this.renewing = false;
    }
  }

  retry(): void {
    this.problem = null;
    void this.more();
  }

  private pageOf(at: number): Page | undefined {
    let low = 0;
    let high = this.pages.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.pages[middle]?.start ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return this.pages[low];
  }

  private async more(): Promise<void> {
    if (this.reading || this.complete || this.problem || this.signal.aborted) return;
    this.reading = true;
    const cursor = this.next;
    try {
      const found = await listRuns(this.filter, { limit: runsPage, cursor }, this.signal);
      const rows = this.take(found.items.map(rowOf).filter((row) => !this.fresh.some((one) => one.id === row.id)));
      const last = this.pages.at(-1);
      this.pages.push({ cursor, start: last ? last.start + last.count : 0, count: rows.length, last: found.items.at(-1)?.id ?? "", rows, reading: false });
      this.count += rows.length;
      this.next = found.next;
      this.complete = found.next === null;
      if (!this.ready) {
        this.newest = rows[0]?.id ?? "";
        this.newestAt = rows[0]?.created_at ?? "";
      }
      this.ready = true;
      this.version++;
      this.drop();
    } catch (error) {
      if (!this.signal.aborted && !isAbort(error)) this.problem = asProblem(error);
    } finally {
      this.reading = false;
    }
    if (this.sight.to + ahead > this.count - this.fresh.length) void this.more();
  }

  private async again(page: Page): Promise<void> {
    page.reading = true;
    try {
      // The first page has no cursor: it begins with what was the newest run.
      const filter = page.cursor === null && this.newestAt ? { ...this.filter, until: this.newestAt } : this.filter;
      const found = await listRuns(filter, { limit: runsPage, cursor: page.cursor }, this.signal);
      // Runs that retention has dropped, or that no longer match, are left out; none is added.
      const rows = found.items.filter((run) => run.id >= page.last && (page.cursor !== null || !this.isLater(run.id))).map(rowOf).slice(0, page.count);
      page.rows = this.take(rows);
      this.shorten(page, page.count - rows.length);
      this.version++;
    } catch (error) {
      if (!this.signal.aborted && !isAbort(error)) this.problem = asProblem(error);
    } finally {
      page.reading = false;
    }
  }

  /** shorten takes rows off a page, so that none stays blank: those below it move up. */
  private shorten(page: Page, by: number): void {
    if (by === 0) return;
    page.count -= by;
    this.count -= by;
    for (const later of this.pages.slice(this.pages.indexOf(page) + 1)) later.start -= by;
  }

  private take(rows: RunRow[]): RunRow[] {
    for (const row of rows) this.known.set(row.id, row);
    return rows;
  }

  /** drop forgets the rows of the pages that are farthest from those in sight. */
  private drop(): void {
    const kept = this.pages.filter((page) => page.rows);
    if (kept.length <= mostKept) return;
    const distance = (page: Page) => Math.max(page.start - this.sight.to, this.sight.from - (page.start + page.count));
    const far = kept.reduce((a, b) => (distance(b) > distance(a) ? b : a));
    for (const row of far.rows ?? []) this.known.delete(row.id);
    far.rows = null;
  }
}
