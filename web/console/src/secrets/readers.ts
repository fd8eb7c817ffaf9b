// Who reads a secret: functions whose code names it, and webhooks whose signature does.

import { listAllFunctions } from "../api/functions";
import { listWebhooks } from "../api/webhooks";

export interface Readers {
  functions: string[];
  webhooks: { id: string; path: string }[];
}

/** The readers of each secret that is named anywhere. */
export async function readersOf(signal: AbortSignal): Promise<Map<string, Readers>> {
  const [functions, webhooks] = await Promise.all([listAllFunctions(signal), listWebhooks({}, signal)]);
  const found = new Map<string, Readers>();
  const of = (name: string) => {
    const readers = found.get(name) ?? { functions: [], webhooks: [] };
    found.set(name, readers);
    return readers;
  };
  for (const f of functions) for (const name of namesIn(f.code)) of(name).functions.push(f.name);
  for (const w of webhooks) for (const name of [w.signature?.secret_name ?? []].flat()) of(name).webhooks.push({ id: w.id, path: w.path });
  return found;
}

/** The names that code reads by maestro.secret("NAME"), or secret("NAME") after an import of it. */
export function namesIn(code: string): string[] {
  const names = new Set<string>();
  for (const match of code.matchAll(/\bsecret\s*\(\s*(?:name\s*=\s*)?(["'])([A-Za-z_][A-Za-z0-9_.-]*)\1/g)) if (match[2]) names.add(match[2]);
  return [...names];
}
