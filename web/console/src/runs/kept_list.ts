import type { KeptPages } from "./run_pages.svelte";

/** Where a list of runs was left: it comes back so with the entry of the browser's history, also after a reload. */
export interface KeptList {
  /** Whose list it is, and its filters as text. */
  owner: string;
  filter: string;
  pages: KeptPages;
  /** How far it was scrolled, in pixels. */
  top: number;
  cursor: number;
  /** The run that was opened from it. */
  opened: string | null;
}

/** Lists that are kept; those left longest ago go. */
const most = 8;
const name = "maestro-run-lists";

type Store = Pick<Storage, "getItem" | "setItem">;

function read(store: Store): [key: string, list: KeptList][] {
  try {
    return JSON.parse(store.getItem(name) ?? "[]") as [string, KeptList][];
  } catch {
    return [];
  }
}

/** keepList keeps a list of an entry of the history. */
export function keepList(store: Store, key: string, list: KeptList): void {
  try {
    store.setItem(name, JSON.stringify([...read(store).filter(([other]) => other !== key), [key, list]].slice(-most)));
  } catch {
    // Storage is off or full: the list begins at its top.
  }
}

/** keptList is the list of an entry of the history, if it is the same caller's with the same filters. */
export function keptList(store: Store, key: string, owner: string, filter: string): KeptList | null {
  const list = read(store).find(([other]) => other === key)?.[1];
  return list && list.owner === owner && list.filter === filter ? list : null;
}
