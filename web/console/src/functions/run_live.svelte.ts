// One run that was started from the editor, followed to its end.
import { serverNow } from "../api/clock";
import { followLog, getExecution, isFinal, listCalls, runFunction, type BriefStep, type Execution, type Json, type LogEntry, type RunRequest } from "../api/executions";
import { isAbort, Problem } from "../api/problem";

/** mostLines bounds the log that is shown here; the page of the run has all of it. */
export const mostLines = 200;

export class LiveRun {
  id = $state<string | null>(null);
  began = $state<string | null>(null);
  execution = $state.raw<Execution | null>(null);
  steps = $state.raw<BriefStep[]>([]);
  log = $state.raw<LogEntry[]>([]);
  /** What the function returned; undefined until then. */
  result = $state.raw<Json | undefined>(undefined);
  problem = $state.raw<Problem | null>(null);
  going = $state(false);

  #abort = new AbortController();

  /** start runs the function, and follows it to its end. */
  async start(request: RunRequest): Promise<void> {
    this.stop();
    const signal = (this.#abort = new AbortController()).signal;
    Object.assign(this, { id: null, execution: null, steps: [], log: [], result: undefined, problem: null, going: true, began: new Date(serverNow()).toISOString() });
    try {
      const answer = await runFunction(request, signal);
      this.id = answer.execution_id;
      if (answer.success) this.result = answer.result ?? null;
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      this.problem = error instanceof Problem ? error : new Problem({ status: 0, code: "console_fault", detail: String(error) });
      this.id = this.problem.body.execution_id ?? null;
    }
    if (this.id === null) {
      this.going = false;
      return;
    }
    await this.#follow(this.id, signal);
  }

  async #follow(id: string, signal: AbortSignal): Promise<void> {
    await followLog(id, signal, {
      entry: (entry) => {
        if (entry.event === "log") this.log = [...this.log, entry].slice(-mostLines);
      },
    });
    if (signal.aborted) return;
    try {
      const [execution, steps] = await Promise.all([getExecution(id, signal), listCalls(id, signal)]);
      this.execution = execution;
      this.steps = steps;
      if (isFinal(execution.status) && execution.status === "completed" && this.result === undefined) this.result = execution.output_data;
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) this.problem ??= error instanceof Problem ? error : null;
    }
    if (!signal.aborted) this.going = false;
  }

  /** stop follows it no longer; the run goes on. */
  stop(): void {
    this.#abort.abort();
  }
}
