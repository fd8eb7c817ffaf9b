// Calls a webhook as a sender would, and reads the answer while it comes.

import { readJSON, writeJSON } from "../api/json";
import type { Sample } from "../ui/curl";

export interface Trial {
  status: number; // 0: a redirect, of which a browser tells nothing
  headers: [name: string, value: string][];
  type: string;
  text: string | null; // null: not text
  bytes: number;
  cut: boolean; // the rest was not read
  firstMS: number; // until the head of the answer
  totalMS: number;
  executionID: string | null;
  ended: boolean;
}

/** mostBytes is how much of an answer is read. */
const mostBytes = 2_000_000;

/** mostShown is how many characters of it a page shows, which is slow with very long lines. */
export const mostShown = 100_000;

/** updateEvery is the pause between two updates, in milliseconds. */
const updateEvery = 100;

/** The headers that a browser sets itself, and takes from no page. */
const own = new Set([
  "accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method", "connection",
  "content-length", "cookie", "cookie2", "date", "dnt", "expect", "host", "keep-alive", "origin", "referer",
  "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "via",
]);

export function browserRefuses(header: string): boolean {
  const name = header.trim().toLowerCase();
  return own.has(name) || name.startsWith("proxy-") || name.startsWith("sec-");
}

/**
 * Calls a webhook, and calls update with each part of the answer. The session's cookie
 * is not sent: the caller is who its headers say.
 */
export async function tryCall(sample: Sample, signal: AbortSignal, update: (trial: Trial) => void): Promise<void> {
  const start = performance.now();
  const since = () => performance.now() - start;
  const response = await fetch(sample.url, {
    method: sample.method, headers: sample.headers, body: sample.body, signal, credentials: "omit", cache: "no-store", redirect: "manual",
  });
  const trial: Trial = {
    status: response.status, headers: [...response.headers], type: response.headers.get("Content-Type") ?? "", text: "", bytes: 0, cut: false,
    firstMS: since(), totalMS: since(), executionID: response.headers.get("X-Execution-ID"), ended: false,
  };
  update(trial);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = response.body?.getReader();
  let updated = since();
  for (;;) {
    const part = (await reader?.read()) ?? { done: true as const, value: undefined };
    trial.totalMS = since();
    try {
      if (trial.text !== null) trial.text += decoder.decode(part.value, { stream: !part.done });
    } catch {
      trial.text = null;
    }
    if (part.done) break;
    trial.bytes += part.value.length;
    if (trial.bytes > mostBytes) {
      trial.cut = true;
      await reader?.cancel();
      break;
    }
    if (since() - updated < updateEvery) continue;
    updated = since();
    update({ ...trial });
  }
  update({ ...trial, ended: true });
}

/** The body of an answer as it is best read: JSON with its lines. */
export function readable(trial: Trial): string {
  if (trial.text === null) return "";
  if (!/\bjson\b/i.test(trial.type) || !trial.ended || trial.cut || trial.text.length > 200_000) return trial.text;
  try {
    return writeJSON(readJSON(trial.text), true);
  } catch {
    return trial.text;
  }
}
