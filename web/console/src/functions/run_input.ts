// The input of a run as text, and as the request takes it.
import { readJSON, type Json } from "../api/json";

/** inputOf reads the text of an input; empty text is {}. */
export function inputOf(text: string): Json {
  return text.trim() === "" ? {} : readJSON(text);
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
