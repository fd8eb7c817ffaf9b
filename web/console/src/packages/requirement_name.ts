// Names of packages in requirements (PEP 508), and which functions need one.

/** normalName is a package's name as PEP 503 compares it. */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

/** nameOf is the normalised name in a requirement such as `httpx[http2]>=0.27; python_version>"3"`. */
export function nameOf(requirement: string): string | null {
  const match = /^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[|[<>=!~;(]|$)/.exec(requirement);
  return match ? normalName(match[1]!) : null;
}

/** A function with its requirements. */
export interface Needing {
  name: string;
  requirements: readonly string[];
}

/** neededBy lists, for each package, the functions whose requirements name it. */
export function neededBy(functions: readonly Needing[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const one of functions) {
    for (const name of new Set(one.requirements.map(nameOf))) {
      if (name !== null) found.set(name, [...(found.get(name) ?? []), one.name]);
    }
  }
  return found;
}

/** readRequest splits a typed text into the name and version of an install: `httpx==0.28.1` has both. */
export function readRequest(text: string): { package_name: string; version?: string } {
  const match = /^\s*(.+?)\s*==\s*([^\s=]+)\s*$/.exec(text);
  return match ? { package_name: match[1]!, version: match[2]! } : { package_name: text.trim() };
}
