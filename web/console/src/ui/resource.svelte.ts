import { untrack } from "svelte";
import { asProblem, isAbort, type Problem } from "../api/problem";

export interface Resource<T> {
  /** The data read last; it stays while newer data is read, so that nothing flickers. */
  readonly data: T | undefined;
  /** Why the last reading failed; null after one that did not. */
  readonly problem: Problem | null;
  readonly loading: boolean;
  /** Reads again, once the reading in progress has ended: a server slower than the pace of reloads is answered too. */
  reload: () => void;
  /** Puts data in place that another answer has brought. */
  set: (data: T) => void;
}

/**
 * resource reads data for a component, once and again when a reactive value changes
 * that read uses before its first await. Call it while the component is made.
 */
export function resource<T>(read: (signal: AbortSignal) => Promise<T>): Resource<T> {
  let data = $state.raw<T | undefined>(undefined);
  let problem = $state.raw<Problem | null>(null);
  let loading = $state(true);
  let turn = $state(0);
  let again = false;

  const ended = () => {
    loading = false;
    if (again) turn++;
  };

  $effect(() => {
    void turn;
    again = false;
    const abort = new AbortController();
    loading = true;
    read(abort.signal).then(
      (found) => {
        if (abort.signal.aborted) return;
        data = found;
        problem = null;
        ended();
      },
      (error: unknown) => {
        if (abort.signal.aborted || isAbort(error)) return;
        problem = asProblem(error);
        ended();
      },
    );
    return () => abort.abort();
  });

  return {
    get data() { return data; },
    get problem() { return problem; },
    get loading() { return loading; },
    reload: () => {
      if (untrack(() => loading)) again = true;
      else turn++;
    },
    set: (found: T) => { data = found; problem = null; },
  };
}

/** every calls again and again while the page is visible; $effect(() => every(5000, reload)). */
export function every(milliseconds: number, call: () => void): () => void {
  const timer = setInterval(() => { if (!document.hidden) call(); }, milliseconds);
  const seen = () => { if (!document.hidden) call(); };
  document.addEventListener("visibilitychange", seen);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", seen);
  };
}
