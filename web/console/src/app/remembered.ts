/** What the browser remembers for the console. Storage can be off: then a choice holds until the page is closed. */

const subtenantKey = "maestro-subtenant";
const callerKey = "maestro-caller";
const themeKey = "maestro-theme";

/** tabStorage is sessionStorage, which a browser may refuse even to name: each call throws then, as on a full one. */
export const tabStorage: Pick<Storage, "getItem" | "setItem" | "removeItem"> = {
  getItem: (key) => sessionStorage.getItem(key),
  setItem: (key, text) => sessionStorage.setItem(key, text),
  removeItem: (key) => sessionStorage.removeItem(key),
};

/** The theme: that of the system, or the one chosen. */
export type Theme = "system" | "light" | "dark";
export const themes: Theme[] = ["system", "light", "dark"];

function kept(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

function keep(storage: () => Storage, key: string, text: string | null): void {
  try {
    if (text === null) storage().removeItem(key);
    else storage().setItem(key, text);
  } catch {
    // It is not kept.
  }
}

/** The subtenant that the address names wins over the one chosen in this tab before. */
export function chosenSubtenant(): string | null {
  return new URLSearchParams(location.search).get("subtenant") ?? kept(() => sessionStorage, subtenantKey);
}

export function keepSubtenant(id: string | null): void {
  keep(() => sessionStorage, subtenantKey, id);
}

/** Whether this browser was signed in when it last left: a hint, for the server decides. */
export function wasSignedIn(): boolean {
  return kept(() => localStorage, callerKey) !== null;
}

export function keepSignedIn(signedIn: boolean): void {
  keep(() => localStorage, callerKey, signedIn ? "1" : null);
}

export function keptTheme(): Theme {
  const text = kept(() => localStorage, themeKey);
  return themes.find((theme) => theme === text) ?? "system";
}

export function keepTheme(theme: Theme): void {
  keep(() => localStorage, themeKey, theme);
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
