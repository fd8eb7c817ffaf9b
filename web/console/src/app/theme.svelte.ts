import { applyTheme, keepTheme, keptTheme, themes, type Theme } from "./remembered";

export { themes };

let chosen = $state<Theme>(keptTheme());

export const theme = {
  get chosen(): Theme { return chosen; },
};

export function chooseTheme(to: Theme): void {
  chosen = to;
  applyTheme(to);
  keepTheme(to);
}
