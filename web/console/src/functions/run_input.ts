// The input of a run as text, and as the request takes it.
import { ExactNumber, parseExact } from "./form_values";
import { isObject } from "./schema_read";

interface WithRawJSON {
  rawJSON?: (text: string) => unknown;
}

/**
 * inputOf reads the text of an input; empty text is {}. Numbers keep the digits
 * that were typed, where the browser can send them.
 */
export function inputOf(text: string): unknown {
  if (text.trim() === "") return {};
  return sendable(parseExact(text));
}

function sendable(value: unknown): unknown {
  if (value instanceof ExactNumber) return (JSON as WithRawJSON).rawJSON?.(value.text) ?? Number(value.text);
  if (Array.isArray(value)) return value.map(sendable);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, sendable(member)]));
  return value;
}

/** inputFaults moves the faults of a refused run to the input: /input_data/name is /name. */
export function inputFaults(faults: readonly { pointer?: string; message: string }[]): { pointer?: string; message: string }[] {
  return faults.map((fault) => ({ ...fault, pointer: fault.pointer?.replace(/^\/input_data(?=\/|$)/, "") }));
}

/** Keeps the input of a function for the tab of the browser. */
const keyOf = (subtenant: string, name: string): string => `maestro.input:${subtenant}:${name}`;

export function keepInput(subtenant: string, name: string, text: string): void {
  try {
    sessionStorage.setItem(keyOf(subtenant, name), text);
  } catch {
    // It stays in the page.
  }
}

export function readInput(subtenant: string, name: string): string | null {
  try {
    return sessionStorage.getItem(keyOf(subtenant, name));
  } catch {
    return null;
  }
}
