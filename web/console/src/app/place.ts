/** A place of the console: the fragment of its address, #/runs/ID?tab=logs. */
export interface Place {
  path: string;
  query: URLSearchParams;
}

/** placeOf reads a fragment. */
export function placeOf(fragment: string): Place {
  const [path = "", search = ""] = fragment.replace(/^#/, "").split(/\?(.*)/s);
  return { path: path.replace(/\/+$/, "") || "/", query: new URLSearchParams(search) };
}

/** match compares a path with a pattern such as /runs/:id, and returns the parts by name. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const text = given[i] ?? "";
    if (part.startsWith(":")) {
      try {
        found[part.slice(1)] = decodeURIComponent(text);
      } catch {
        return null;
      }
    } else if (part !== text) {
      return null;
    }
  }
  return found;
}
