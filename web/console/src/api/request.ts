import { noteDate } from "./clock";
import { beginEarly, dropEarly, takeEarly, type EarlyAnswer } from "./early";
import { readAnswer, writeJSON } from "./json";
import { codeUnreachable, Problem, type ProblemBody } from "./problem";

/** Where the server is: the folder above the console's page. */
export const serverURL = new URL("../", document.baseURI);

/** The server's address, without the slash at its end, for lines to copy. */
export const serverAddress = serverURL.href.replace(/\/$/, "");

/** What each request needs to know of the session; package app sets it. */
export interface Credentials {
  subtenant: string | null;
  /** Says that the session has ended, and answers whether it goes on: the same caller has signed in again, for the same subtenant. */
  expired: () => Promise<boolean>;
}

let credentials: Credentials = { subtenant: null, expired: () => Promise.resolve(false) };

export function useCredentials(given: Credentials): void {
  credentials = given;
}

/** askEarly begins a GET whose answer a page will ask for; null if it is not there by then. */
export function askEarly(path: string, query: Query, subtenant: string | null): Promise<EarlyAnswer | null> {
  return beginEarly(addressOf(path, query), headersOf(subtenant), subtenant);
}

function headersOf(subtenant: string | null, more?: Record<string, string>): Headers {
  const headers = new Headers(more);
  // The session's cookie counts only with this header, which no other site can send.
  headers.set("X-Maestro-Console", "1");
  if (subtenant) headers.set("X-Subtenant-ID", subtenant);
  return headers;
}

type Scalar = string | number | boolean;
export type Query = Record<string, Scalar | readonly Scalar[] | null | undefined>;

export interface Options {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** For requests about no subtenant, or about another one; null sends no header. */
  subtenant?: string | null;
  /** A 401 of this request does not end the session. */
  anonymous?: boolean;
  /** The answer has no values of functions, whose digits would have to be kept: it is read faster. */
  plain?: boolean;
}

export interface Answer<T> {
  data: T;
  status: number;
  headers: Headers;
}

export function addressOf(path: string, query: Query = {}): URL {
  const url = new URL("api/v1" + path, serverURL);
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
  }
  return url;
}

/**
 * send makes a request and leaves its body to be read; failures are thrown as Problem. When the
 * session has ended it waits until the caller has signed in again, and makes the request
 * once more: the server did nothing for the first one.
 */
export async function send(method: string, path: string, options: Options = {}): Promise<Response> {
  for (;;) {
    const used = credentials;
    try {
      return await attempt(method, path, options);
    } catch (error) {
      if (options.anonymous || !(error instanceof Problem) || error.status !== 401) throw error;
      // A refusal of the session before, which comes after the new one has begun, says nothing of that.
      const goesOn = used === credentials ? await credentials.expired() : used.subtenant === credentials.subtenant;
      if (!goesOn) throw error;
      options.signal?.throwIfAborted();
    }
  }
}

async function attempt(method: string, path: string, options: Options): Promise<Response> {
  const subtenant = options.subtenant === undefined ? credentials.subtenant : options.subtenant;
  const headers = headersOf(subtenant, options.headers);
  const url = addressOf(path, options.query);
  if (method !== "GET") dropEarly(); // an earlier answer may no longer hold
  const early = method === "GET" && !options.headers ? await takeEarly(url, subtenant) : null;
  options.signal?.throwIfAborted();
  if (early) {
    noteDate(early.response.headers.get("Date"), early.sent);
    return early.response;
  }
  let body: string | undefined;
  if (options.body !== undefined) {
    headers.set("Content-Type", "application/json");
    body = writeJSON(options.body);
  }
  let response: Response;
  const sent = Date.now();
  try {
    response = await fetch(url, {
      method, headers, body, signal: options.signal, credentials: "same-origin", cache: "no-store",
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem({
      status: 0, code: codeUnreachable, title: "The server can't be reached",
      detail: "The server can't be reached. Check that it runs and that the network is there.",
    });
  }
  noteDate(response.headers.get("Date"), sent);
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** request makes a request and reads its JSON, with all digits of the values in it; an empty body is null. */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<Answer<T>> {
  const response = await send(method, path, options);
  const text = await response.text();
  return { data: text === "" ? (null as T) : options.plain ? (JSON.parse(text) as T) : readAnswer<T>(text), status: response.status, headers: response.headers };
}

export interface Page<T> {
  items: T[];
  /** The cursor of the next page; null on the last. */
  next: string | null;
}

/** list reads one page of a list. */
export async function list<T>(path: string, options: Options = {}): Promise<Page<T>> {
  const { data, headers } = await request<T[]>("GET", path, options);
  return { items: data, next: headers.get("X-Next-Cursor") };
}

/** listAll reads page after page, at most so many items. */
export async function listAll<T>(path: string, options: Options = {}, most = 10_000): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await list<T>(path, { ...options, query: { limit: 1000, ...options.query, cursor } });
    all.push(...page.items);
    cursor = page.next;
  } while (cursor && all.length < most);
  return all;
}

/** Path escapes the variable parts of a path: path`/functions/${name}`. */
export function path(parts: TemplateStringsArray, ...values: (string | number)[]): string {
  return parts.reduce((made, part, i) => made + encodeURIComponent(String(values[i - 1])) + part);
}

async function problemOf(response: Response): Promise<Problem> {
  const retry = Number(response.headers.get("Retry-After"));
  const retryAfter = Number.isFinite(retry) && retry > 0 ? retry : null;
  try {
    const body = (await response.json()) as ProblemBody;
    if (typeof body.code === "string") return new Problem({ ...body, status: response.status }, retryAfter);
  } catch {
    // A proxy's page, or none: the status is all that is known.
  }
  return new Problem({ status: response.status, code: "http_" + response.status, title: response.statusText }, retryAfter);
}
