import { serverNow } from "../api/clock";
import type { BriefStep, Status } from "../api/executions";

/** A call in the waterfall: a step, or the execution's own function at its root. */
export interface Call {
  id: string;
  parent: Call | null;
  /** The id of the step that made it; null: the execution's own function did. */
  caller: string | null;
  function_name: string;
  function_version: number;
  status: Status;
  attempt: number;
  /** Milliseconds since 1970, with fractions. */
  start: number;
  /** Null until it ends. */
  end: number | null;
  depth: number;
  children: Call[];
  error_type: string | null;
  /** The record without its values; null while only its start is known. */
  step: BriefStep | null;
}

/** microseconds keeps the fraction of a time of the API, which Date drops. */
export function millisecondsOf(time: string): number {
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? "";
  return Date.parse(time.replace(/\.\d+/, "")) + Number(`0.${fraction || "0"}`) * 1000;
}

export function callOf(step: BriefStep): Call {
  const start = millisecondsOf(step.started_at ?? new Date(serverNow()).toISOString());
  return {
    id: step.id, parent: null, caller: step.parent_step_id, function_name: step.function_name, function_version: step.function_version,
    status: step.status, attempt: step.attempt, start, depth: step.depth,
    end: step.duration_ms === null ? null : start + step.duration_ms, children: [], error_type: step.error_type, step,
  };
}

export interface Line {
  call: Call;
  depth: number;
  /** Calls below it that are not shown because it is closed. */
  hidden: number;
}

/** lines are the calls in the order in which they are shown; those below closed ones are left out. */
export function lines(root: Call, closed: ReadonlySet<string>): Line[] {
  const found: Line[] = [];
  // By hand, not by recursion: a chain of calls can be deep.
  const stack: { call: Call; depth: number }[] = [{ call: root, depth: 0 }];
  while (stack.length > 0) {
    const { call, depth } = stack.pop() as { call: Call; depth: number };
    const shut = closed.has(call.id) && call.children.length > 0;
    found.push({ call, depth, hidden: shut ? size(call) : 0 });
    if (shut) continue;
    for (let i = call.children.length - 1; i >= 0; i--) stack.push({ call: call.children[i] as Call, depth: depth + 1 });
  }
  return found;
}

/** size is the number of calls below a call. */
export function size(call: Call): number {
  let count = 0;
  const stack = [...call.children];
  for (let one = stack.pop(); one; one = stack.pop()) {
    count++;
    stack.push(...one.children);
  }
  return count;
}

/** pathTo are the calls from the root to a call. */
export function pathTo(call: Call): Call[] {
  const path: Call[] = [];
  for (let one: Call | null = call; one; one = one.parent) path.unshift(one);
  return path;
}
