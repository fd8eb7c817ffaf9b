import { placeOf, type Place } from "./place";

/**
 * The address of a view is the fragment of the page's address: #/runs/ID?tab=logs.
 * So the console is one file for the server, works below any path of a proxy, and
 * no filter of a view reaches the log of a server.
 */
let place = $state.raw<Place>(placeOf(location.hash));
let shown = location.hash;

/** What an entry of the browser's history keeps, also through a reload. */
interface Entry {
  depth?: number;
  key?: string;
}

/** How many views of the console lie before this one in the browser's history. */
let depth: number = (history.state as Entry | null)?.depth ?? 0;

/** Tells this entry of the history from all others. */
let key: string = (history.state as Entry | null)?.key ?? newKey();

function newKey(): string {
  return Math.random().toString(36).slice(2);
}

/** The address that each path had last, with its query. */
const addresses = new Map<string, string>();

function remember(): void {
  // An address that opens a dialog is not one to come back to.
  if (!place.query.has("new")) addresses.set(place.path, shown || "#/");
}

history.replaceState({ depth, key }, "");
remember();

/** Guard is asked before a view is left; it answers whether that is all right, or calls go later. */
export type Guard = (go: () => void) => boolean;
const guards = new Set<Guard>();

/** guardLeave asks before the view is left, until the function that it returns is called. */
export function guardLeave(guard: Guard): () => void {
  guards.add(guard);
  return () => guards.delete(guard);
}

function mayLeave(to: string, go: () => void): boolean {
  const leaves = to.split("?")[0] !== shown.split("?")[0];
  return !leaves || [...guards].every((guard) => guard(go));
}

window.addEventListener("hashchange", () => {
  if (location.hash === shown) return;
  const to = location.hash;
  if (!mayLeave(to, () => { guards.clear(); location.hash = to; })) {
    history.pushState({ depth, key }, "", shown || "#/"); // the view stays, and so does its address
    return;
  }
  const known = history.state as Entry | null;
  depth = known?.depth ?? depth + 1; // an entry that a link has made has none yet
  key = known?.key ?? newKey();
  if (known?.depth === undefined) history.replaceState({ depth, key }, "");
  shown = to;
  place = placeOf(location.hash);
  remember();
});

export const router = {
  get path(): string { return place.path; },
  get query(): URLSearchParams { return place.query; },
  /** How many views of the console lie before this one. */
  get depth(): number { return depth; },
  /** Of the entry in the browser's history: the same when one comes back to it, another when the view is opened anew. */
  get key(): string { return key; },
  /** The address of the view, to come back to it. */
  get address(): string { return shown || "#/"; },
};

/** href makes the address of a view: href("/runs", {status: "failed"}). */
export function href(path: string, query: Record<string, string | readonly string[] | number | null | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return "#" + path + (text ? "?" + text : "");
}

/** segment escapes a name for a path: "/functions/" + segment(name). */
export function segment(name: string): string {
  return encodeURIComponent(name);
}

/** navigate goes to an address of href. With replace, Back skips the present one. */
export function navigate(to: string, { replace = false } = {}): void {
  if (to === shown) return;
  if (!mayLeave(to, () => { guards.clear(); navigate(to, { replace }); })) return;
  if (!replace) depth++;
  key = newKey();
  history[replace ? "replaceState" : "pushState"]({ depth, key }, "", to);
  shown = location.hash;
  place = placeOf(location.hash);
  remember();
}

/** lastAt is the address that a view had last: that of a list with the filters of before. */
export function lastAt(to: string): string {
  return addresses.get(to.slice(1)) ?? to;
}

/** back goes to the view before, or to the given one where the view was opened by its address: never out of the console. */
export function back(to: string): void {
  if (depth > 0) history.back();
  else navigate(lastAt(to), { replace: true });
}

/** leave calls go, which takes the view away, once no guard is against it. */
export function leave(go: () => void): void {
  if ([...guards].every((guard) => guard(() => { guards.clear(); go(); }))) go();
}

/** setQuery changes members of the query of the present view; null removes one. */
export function setQuery(changes: Record<string, string | readonly string[] | null>, { replace = true } = {}): void {
  const query = new URLSearchParams(place.query);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    if (value === null || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value as string]) query.append(name, one);
  }
  const text = query.toString();
  navigate("#" + place.path + (text ? "?" + text : ""), { replace });
}
