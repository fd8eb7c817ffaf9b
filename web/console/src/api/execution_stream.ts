import type { Execution, ExecutionFilter } from "./executions";
import { follow } from "./stream";

/** An execution as the stream of the list tells it: without its values. */
export type WatchedExecution = Omit<Execution, "execution_id" | "input_data" | "output_data" | "error" | "traceback">;

export interface ExecutionWatcher {
  /** An execution is new, or has another state. */
  execution: (execution: WatchedExecution) => void;
  /** Some may be missing: the list must be read again. Also at the begin, when the list may have been read before. */
  gap: () => void;
  connection: (connected: boolean) => void;
}

/** watchExecutions follows the list of executions, on all servers. The stream knows the filters by function and status alone. */
export function watchExecutions(filter: Pick<ExecutionFilter, "function_name" | "status">, signal: AbortSignal, to: ExecutionWatcher): Promise<void> {
  return follow("/executions/stream", { signal, query: { function_name: filter.function_name, status: filter.status } }, {
    event: ({ event, data }) => {
      if (event === "execution") to.execution(JSON.parse(data) as WatchedExecution);
      else if (event === "open" || event === "gap") to.gap();
    },
    connected: (connected) => to.connection(connected),
    closed: () => to.connection(false),
  });
}
