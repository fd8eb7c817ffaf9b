import { followLog, getExecution, isFinal, listCalls, type Execution, type LogEntry } from "../api/executions";
import { asProblem, isAbort, type Problem } from "../api/problem";
import { callOf, millisecondsOf, type Call } from "./tree";

/** Records are read again this long after a step has ended; later if the last reading took long. */
const pace = 400;
/** Entries of the log that are kept. */
export const mostEntries = 10_000;

/**
 * RunState is one execution as it runs: its record and those of its steps, and the
 * starts, ends and lines of its log, which come as they happen.
 */
export class RunState {
  execution = $state.raw<Execution | null>(null);
  root = $state.raw<Call | null>(null);
  entries = $state.raw<LogEntry[]>([]);
  /** What functions print and log: thousands of calls do not push it out. */
  lines = $state.raw<LogEntry[]>([]);
  /** Changes with the tree of calls. */
  version = $state(0);
  problem = $state.raw<Problem | null>(null);
  following = $state(false);
  /** Of steps; there can be more than those that are read. */
  steps = $state(0);
  attempts = $state.raw<number[]>([]);
  attempt = $state(1);

  private calls = new Map<string, Call>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private reading = false;
  private took = 0;
  private again = false;
  private buffer: LogEntry[] = [];
  private drawing = false;

  constructor(readonly id: string, private readonly signal: AbortSignal) {
    signal.addEventListener("abort", () => clearTimeout(this.timer));
    void this.begin();
  }

  get over(): boolean {
    return this.execution !== null && isFinal(this.execution.status);
  }

  /** reload reads the records again, as after a cancel. */
  reload(): Promise<void> {
    return this.read();
  }

  retry(): void {
    this.problem = null;
    void this.begin();
  }

  showAttempt(attempt: number): void {
    this.attempt = attempt;
    void this.read();
  }

  private async begin(): Promise<void> {
    await this.read();
    if (this.problem && this.problem.status !== 404) return;
    this.following = true;
    // Also of an ended execution: its log is read the same way, and ends at once.
    await followLog(this.id, this.signal, {
      entry: (entry) => this.note(entry),
      closed: () => {
        this.following = false;
        if (!this.over && !this.signal.aborted) void this.read();
      },
    });
  }

  private async read(): Promise<void> {
    if (this.reading) {
      this.again = true;
      return;
    }
    this.reading = true;
    const began = performance.now();
    try {
      const [execution, steps] = await Promise.all([getExecution(this.id, this.signal), listCalls(this.id, this.signal)]);
      this.problem = null;
      if (!this.execution || execution.attempt !== this.execution.attempt) this.attempt = execution.attempt;
      this.execution = execution;
      this.attempts = [...new Set([...steps.map((step) => step.attempt), execution.attempt])].sort((a, b) => a - b);
      this.build(execution, steps.filter((step) => step.attempt === this.attempt).map(callOf));
    } catch (error) {
      if (this.signal.aborted || isAbort(error)) return;
      // A run of less than 250 ms has no record yet; its log says when it has one.
      if (!this.execution) this.problem = asProblem(error);
    } finally {
      this.reading = false;
      this.took = performance.now() - began;
    }
    if (this.again) {
      this.again = false;
      await this.read();
    }
  }

  private build(execution: Execution, recorded: Call[]): void {
    const start = millisecondsOf(execution.started_at ?? execution.created_at);
    const root: Call = {
      id: execution.id, parent: null, caller: null, function_name: execution.function_name, function_version: execution.function_version,
      status: execution.status, attempt: execution.attempt, start, depth: 0, children: [], error_type: execution.error_type, step: null,
      end: isFinal(execution.status) ? start + (execution.duration_ms ?? 0) : null,
    };
    const before = this.calls;
    this.calls = new Map([[root.id, root]]);
    for (const call of recorded) this.calls.set(call.id, call);
    if (root.end === null && this.attempt === execution.attempt) {
      // Steps in progress have no record: what the log says of them stays.
      for (const call of before.values()) if (!this.calls.has(call.id) && call.step === null && call.depth > 0) this.calls.set(call.id, { ...call, parent: null, children: [] });
    }
    for (const call of this.calls.values()) if (call !== root) this.attach(call, root);
    for (const call of this.calls.values()) call.children.sort((a, b) => a.start - b.start || (a.step?.position ?? 0) - (b.step?.position ?? 0));
    this.root = root;
    this.steps = this.calls.size - 1;
    this.version++;
  }

  private attach(call: Call, root: Call): void {
    const above = (call.caller && this.calls.get(call.caller)) || root;
    call.parent = above;
    above.children.push(call);
  }

  /** note takes an entry of the log; many are drawn at once. */
  private note(entry: LogEntry): void {
    this.buffer.push(entry);
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      const buffer = this.buffer;
      this.buffer = [];
      this.entries = [...this.entries, ...buffer].slice(-mostEntries);
      const lines = buffer.filter((one) => one.event === "log");
      if (lines.length > 0) this.lines = [...this.lines, ...lines].slice(-mostEntries);
      for (const one of buffer) this.apply(one);
      this.version++;
    });
  }

  private apply(entry: LogEntry): void {
    const at = millisecondsOf(entry.timestamp);
    switch (entry.event) {
      case "function_called":
        this.called(entry, at);
        break;
      case "function_completed": {
        const call = entry.step_id ? this.calls.get(entry.step_id) : undefined;
        if (call && call.end === null) {
          call.status = entry.status ?? call.status;
          call.end = call.start + (entry.duration_ms ?? 0);
          call.error_type = entry.error_type ?? null;
        }
        this.soon();
        break;
      }
      case "execution_completed":
        if (!this.over) this.soon(0);
        break;
      default:
        if (!this.execution) this.soon(0);
    }
  }

  private called(entry: LogEntry, at: number): void {
    if (this.over || !entry.step_id || this.calls.has(entry.step_id) || !this.root) return;
    const call: Call = {
      id: entry.step_id, parent: null, caller: entry.parent_step_id ?? null, function_name: entry.function_name ?? "", function_version: entry.function_version ?? 0,
      status: "running", attempt: this.attempt, start: at, end: null, depth: 1, children: [], error_type: null, step: null,
    };
    this.calls.set(call.id, call);
    this.attach(call, this.root);
    call.depth = (call.parent?.depth ?? 0) + 1;
    this.steps = this.calls.size - 1;
  }

  private soon(after = pace): void {
    if (after === 0) {
      clearTimeout(this.timer);
      this.timer = undefined;
      void this.read();
      return;
    }
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.read();
    }, Math.max(after, this.took * 4));
  }
}
