import { send, type Options } from "./request";
import { asProblem, isAbort, Problem } from "./problem";

/** One server-sent event. */
export interface StreamEvent {
  id: string;
  event: string;
  data: string;
}

/** parseEvents reads server-sent events from the bytes of an answer. */
export async function* parseEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  let event = { id: "", event: "message", data: [] as string[] };
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r\n|\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") {
          if (event.data.length > 0) yield { ...event, data: event.data.join("\n") };
          event = { id: "", event: "message", data: [] };
          continue;
        }
        const colon = line.indexOf(":");
        if (colon === 0) continue; // a comment that keeps the connection open
        const name = colon < 0 ? line : line.slice(0, colon);
        const text = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (name === "data") event.data.push(text);
        else if (name === "event") event.event = text;
        else if (name === "id") event.id = text;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

export interface Following {
  /** Called for each event, in order. */
  event: (event: StreamEvent) => void;
  /** The connection stands, or is lost and tried again. */
  connected?: (connected: boolean) => void;
  /** It is over: no connection will be tried again. */
  closed?: (problem: Problem | null) => void;
  /** Whether the event is the last one: the server closes the stream after it. */
  last?: (event: StreamEvent) => boolean;
}

const firstPause = 500;
const longestPause = 10_000;

/**
 * follow reads a stream of server-sent events until the signal aborts, and connects
 * again after each loss, with Last-Event-ID. EventSource can't send the headers that
 * the session needs. A refusal (4xx) and a 204 end it.
 */
export async function follow(path: string, options: Options & { signal: AbortSignal }, to: Following): Promise<void> {
  let lastID = "";
  let pause = firstPause;
  for (;;) {
    try {
      const headers: Record<string, string> = { ...options.headers, Accept: "text/event-stream" };
      if (lastID) headers["Last-Event-ID"] = lastID;
      const response = await send("GET", path, { ...options, headers });
      if (response.status === 204 || !response.body) return to.closed?.(null);
      to.connected?.(true);
      for await (const event of parseEvents(response.body)) {
        pause = firstPause;
        if (event.id) lastID = event.id;
        to.event(event);
        if (to.last?.(event)) return to.closed?.(null);
      }
    } catch (error) {
      if (options.signal.aborted || isAbort(error)) return;
      const problem = asProblem(error);
      if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) return to.closed?.(problem);
    }
    if (options.signal.aborted) return;
    to.connected?.(false);
    await rest(pause, options.signal);
    if (options.signal.aborted) return;
    pause = Math.min(pause * 2, longestPause);
  }
}

function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
