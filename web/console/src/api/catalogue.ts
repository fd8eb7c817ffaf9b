import { listAllFunctions, type FunctionView } from "./functions";
import { listAll } from "./request";

/** What the code of a function can name: its siblings, and the subtenant's secrets. */
export interface Names {
  functions: FunctionView[];
  secrets: string[];
}

export async function listNames(signal?: AbortSignal): Promise<Names> {
  const [functions, secrets] = await Promise.all([listAllFunctions(signal), listAll<{ name: string }>("/secrets", { signal })]);
  return { functions, secrets: secrets.map((secret) => secret.name) };
}
