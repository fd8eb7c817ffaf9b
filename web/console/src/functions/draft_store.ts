// Keeps unsaved changes of a function in the browser's tab, so that a reload
// does not lose them. Nothing is kept beyond the tab.
import { changedMembers, type Members } from "./function_members";

/** Unsaved changes, and the state that they were made from. */
export interface Draft {
  version: number;
  base: Members;
  members: Members;
}

/** The part of sessionStorage that is used. */
export type Storage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem">;

const keyOf = (subtenant: string, name: string): string => `maestro.draft:${subtenant}:${name}`;

/**
 * keepDraft stores a draft, or removes it when nothing differs. It returns false
 * when the storage is full or refused: the changes are then in the page only.
 */
export function keepDraft(storage: Storage, subtenant: string, name: string, draft: Draft): boolean {
  try {
    if (changedMembers(draft.base, draft.members).length === 0) storage.removeItem(keyOf(subtenant, name));
    else storage.setItem(keyOf(subtenant, name), JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

/** readDraft returns a draft that was kept; null without one that can be read. */
export function readDraft(storage: Storage, subtenant: string, name: string): Draft | null {
  try {
    const draft = JSON.parse(storage.getItem(keyOf(subtenant, name)) ?? "null") as Draft | null;
    return draft !== null && typeof draft.version === "number" && typeof draft.base?.code === "string" && typeof draft.members?.code === "string" && Array.isArray(draft.base.derived_schemas) ? draft : null;
  } catch {
    return null;
  }
}

/** dropDraft removes a draft. */
export function dropDraft(storage: Storage, subtenant: string, name: string): void {
  try {
    storage.removeItem(keyOf(subtenant, name));
  } catch {
    // A storage that is refused holds none.
  }
}
