import { addShortcuts, type Shortcut } from "../app/keys.svelte";

/** The keys of a list: j and k move the cursor, Enter opens. */
export function rowKeys(rows: {
  count: () => number;
  cursor: () => number;
  move: (to: number) => void;
  open: (index: number) => void;
  more?: Shortcut[];
}): () => void {
  const go = (by: number) => {
    const to = Math.min(Math.max(rows.cursor() + by, 0), rows.count() - 1);
    if (to >= 0) rows.move(to);
  };
  return addShortcuts("List", [
    { keys: "j", label: "Next row", run: () => go(1) },
    { keys: "k", label: "Previous row", run: () => go(-1) },
    { keys: "arrowdown", label: "Next row", silent: true, run: () => go(1) },
    { keys: "arrowup", label: "Previous row", silent: true, run: () => go(-1) },
    { keys: "enter", label: "Open the row", run: () => { if (rows.cursor() >= 0) rows.open(rows.cursor()); } },
    ...(rows.more ?? []),
  ]);
}
