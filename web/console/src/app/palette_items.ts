/** A command of the palette. */
export interface Command {
  label: string;
  group: string;
  keys?: string;
  run: () => void;
}

/**
 * ranked are the commands that hold the letters of a text in their order, the best
 * first: beginnings of words count more than letters within them.
 */
export function ranked(commands: readonly Command[], text: string): Command[] {
  const wanted = text.toLowerCase().trim();
  if (!wanted) return [...commands];
  return commands
    .map((command) => ({ command, score: score(command.label.toLowerCase(), wanted) }))
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score)
    .map((one) => one.command);
}

function score(label: string, wanted: string): number {
  const whole = label.indexOf(wanted);
  if (whole === 0) return 1000 - label.length / 1000;
  if (whole > 0) return (/[\s_.-]/.test(label[whole - 1] ?? "") ? 800 : 600) - label.length / 1000;
  let at = 0;
  let points = 1;
  for (const letter of wanted) {
    const found = label.indexOf(letter, at);
    if (found < 0) return 0;
    if (found === 0 || /[\s_.-]/.test(label[found - 1] ?? "")) points += 4;
    if (found === at) points += 2;
    at = found + 1;
  }
  return points;
}
