/** The theme: that of the system, or the one chosen, which this browser remembers. */
export type Theme = "system" | "light" | "dark";
export const themes: Theme[] = ["system", "light", "dark"];

const key = "maestro-theme";

function stored(): Theme {
  try {
    const text = localStorage.getItem(key);
    return themes.find((theme) => theme === text) ?? "system";
  } catch {
    return "system"; // storage is off
  }
}

let chosen = $state<Theme>(stored());
apply(stored());

export const theme = {
  get chosen(): Theme { return chosen; },
};

export function chooseTheme(to: Theme): void {
  chosen = to;
  apply(to);
  try {
    localStorage.setItem(key, to);
  } catch {
    // It holds until the page is closed.
  }
}

function apply(to: Theme): void {
  if (to === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = to;
}
