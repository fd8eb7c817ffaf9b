/**
 * Keys of the console. A shortcut is one key ("j"), a sequence ("g r") or a key with
 * Ctrl or Command ("mod+k"). Those without mod rest while text is typed or a dialog is
 * open; the dialog has keys of its own.
 */
export interface Shortcut {
  keys: string;
  label: string;
  run: (event: KeyboardEvent) => void;
  /** Not in the list of keys. */
  silent?: boolean;
}

interface Group {
  title: string;
  shortcuts: Shortcut[];
}

let groups = $state.raw<Group[]>([]);
let prefix = "";
let forget: ReturnType<typeof setTimeout> | undefined;

/** How long the second key of a sequence may take. */
const patience = 1500;

export const keys = {
  get groups(): Group[] { return groups; },
};

/** addShortcuts adds shortcuts until the function that it returns is called: $effect(() => addShortcuts(…)). */
export function addShortcuts(title: string, shortcuts: Shortcut[]): () => void {
  const group = { title, shortcuts };
  queueMicrotask(() => { groups = [...groups, group]; });
  active.push(group);
  return () => {
    active.splice(active.indexOf(group), 1);
    queueMicrotask(() => { groups = groups.filter((one) => one !== group); });
  };
}

const active: Group[] = [];

export function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest(".cm-editor")) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit", "range"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key : event.key.toLowerCase();
  return event.metaKey || event.ctrlKey ? "mod+" + key.toLowerCase() : key;
}

function find(sequence: string): Shortcut | undefined {
  for (const group of [...active].reverse()) {
    const found = group.shortcuts.find((shortcut) => shortcut.keys === sequence);
    if (found) return found;
  }
  return undefined;
}

function begins(sequence: string): boolean {
  return active.some((group) => group.shortcuts.some((shortcut) => shortcut.keys.startsWith(sequence + " ")));
}

window.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const name = nameOf(event);
  const mod = name.startsWith("mod+");
  if (!mod && (takesText(event.composedPath()[0] ?? null) || document.querySelector("dialog[open]"))) return;
  // Enter and space belong to the button or link that has the focus.
  if ((name === "enter" || name === " ") && event.target instanceof HTMLElement && event.target.closest("a, button, summary")) return;
  const sequence = prefix ? prefix + " " + name : name;
  clearTimeout(forget);
  prefix = "";
  const found = find(sequence) ?? (sequence === name ? undefined : find(name));
  if (found) {
    event.preventDefault();
    found.run(event);
  } else if (!mod && begins(sequence)) {
    prefix = sequence;
    forget = setTimeout(() => { prefix = ""; }, patience);
  }
});
