/** One fault of a request: at a place in its body, or in Python source. */
export interface Fault {
  pointer?: string;
  line?: number;
  column?: number;
  message: string;
}

/** An error as the API sends it (RFC 9457). */
export interface ProblemBody {
  status: number;
  code: string;
  title?: string;
  detail?: string;
  errors?: Fault[];
  error_type?: string;
  traceback?: string;
  request_id?: string;
  execution_id?: string;
}

/** Problem is a request that failed: by the API's own word, or on the way there. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly faults: Fault[];
  readonly body: ProblemBody;
  readonly retryAfter: number | null;

  constructor(body: ProblemBody, retryAfter: number | null = null) {
    super(body.detail || body.title || `The server answered with status ${body.status}.`);
    this.name = "Problem";
    this.status = body.status;
    this.code = body.code;
    this.faults = body.errors ?? [];
    this.body = body;
    this.retryAfter = retryAfter;
  }

  /** The message of the fault at a place in the body, for the field that shows it. */
  at(pointer: string): string | undefined {
    return this.faults.find((fault) => fault.pointer === pointer)?.message;
  }
}

/** Of a request that did not reach the server, or whose answer did not reach the browser. */
export const codeUnreachable = "unreachable";

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new Problem({ status: 0, code: "console_fault", title: "The console failed", detail });
}

/** isAbort tells a request that the console itself gave up. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
