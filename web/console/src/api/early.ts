/**
 * Requests of the first view that begin before the framework is there: the answer comes
 * while scripts are read and run. Each serves one request of the page that asks the same.
 */
export interface EarlyAnswer {
  response: Response;
  /** When it was asked for, by the browser's clock. */
  sent: number;
}

interface Begun {
  subtenant: string | null;
  until: number;
  answer: Promise<EarlyAnswer | null>;
}

/** How long an answer may wait for the page that asks for it, in milliseconds. */
const longest = 10_000;

const begun = new Map<string, Begun>();

/** beginEarly sends a GET. What refuses it or fails is not told, but null: the page asks again by itself. */
export function beginEarly(url: URL, headers: Headers, subtenant: string | null): Promise<EarlyAnswer | null> {
  const sent = Date.now();
  const answer = fetch(url, { headers, credentials: "same-origin", cache: "no-store" })
    .then((response) => (response.ok ? { response, sent } : null), () => null);
  begun.set(url.href, { subtenant, until: sent + longest, answer });
  return answer;
}

/**
 * takeEarly is the answer to a request that was begun early, once. One that named no
 * subtenant was answered for the caller's own, which the session told the page too.
 */
export function takeEarly(url: URL, subtenant: string | null): Promise<EarlyAnswer | null> | null {
  const found = begun.get(url.href);
  if (!found || (found.subtenant !== null && found.subtenant !== subtenant)) return null;
  begun.delete(url.href);
  return Date.now() < found.until ? found.answer : null;
}

/** dropEarly forgets all of them: another caller begins. */
export function dropEarly(): void {
  begun.clear();
}
