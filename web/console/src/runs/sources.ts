import { getVersion } from "../api/functions";
import { asProblem } from "../api/problem";
import { session } from "../app/session.svelte";

/** The code of versions never changes: each is read once. */
const known = new Map<string, Promise<string | null>>();

/** sourceOf is the code of a version of a function; null where it is gone. */
export function sourceOf(name: string, version: number): Promise<string | null> {
  const key = `${session.subtenant} ${version} ${name}`;
  let source = known.get(key);
  if (!source) {
    source = getVersion(name, version).then(
      (found) => found.code,
      (error: unknown) => {
        known.delete(key);
        if (asProblem(error).status === 404) return null;
        throw error;
      },
    );
    known.set(key, source);
  }
  return source;
}
