/**
 * Characters that a text must not show by their effect: control characters, which
 * terminals and fonts swallow, and those that reverse or hide other characters. The
 * direction of a right-to-left text comes from its letters, by dir="auto".
 */
// eslint-disable-next-line no-control-regex
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

// eslint-disable-next-line no-control-regex
const colours = /\u001b\[[0-9;:]*m/g;

/** plain leaves out what colours a text on a terminal. */
export function plain(text: string): string {
  return text.replace(colours, "");
}

/** visible shows control characters as symbols. Line ends and tabs stay. */
export function visible(text: string): string {
  return text.replace(unseen, (character) => {
    const code = character.charCodeAt(0);
    if (code === 0x0d) return "␍";
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "␡";
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** oneLine shows a text in one line: line ends and tabs are symbols too. */
export function oneLine(text: string, most = 400): string {
  const start = text.length > most ? text.slice(0, most) + "…" : text;
  return visible(start).replace(/\n/g, "⏎").replace(/\t/g, "⇥");
}

/** plural counts things: plural(2, "run") is "2 runs". */
export function plural(count: number, one: string, many = one + "s"): string {
  return `${integer(count)} ${count === 1 ? one : many}`;
}

/** integer shows a number with commas between thousands. Intl.NumberFormat does the same, after 40 ms that no first page has. */
export function integer(value: number): string {
  const [whole = "", part] = String(Math.round(value * 1000) / 1000).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part ? `${grouped}.${part}` : grouped;
}

/** bytes shows a size: 1.2 MB. */
export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at++;
  }
  return `${at === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[at]}`;
}
