// Reads a cron expression by the server's rules, so that a form can tell a fault
// while it is typed. The server decides: it alone knows whether an expression ever
// comes.

/** One part of a field: every value from low to high that is step apart. */
export interface Span {
  low: number;
  high: number;
  step: number;
}

/** The values of a field, as spans and as a list. */
export interface Field {
  every: boolean; // allows all values
  starred: boolean; // begins with *: then both day fields must allow a day
  spans: Span[];
  values: number[];
}

export interface Cron {
  minute: Field;
  hour: Field;
  day: Field;
  month: Field;
  weekday: Field;
}

interface Rule {
  name: string;
  low: number;
  high: number;
  names?: string[];
  alias?: number;
}

export const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
export const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const RULES = {
  minute: { name: "minute", low: 0, high: 59 },
  hour: { name: "hour", low: 0, high: 23 },
  day: { name: "day of month", low: 1, high: 31 },
  month: { name: "month", low: 1, high: 12, names: MONTHS },
  weekday: { name: "day of week", low: 0, high: 6, names: WEEKDAYS, alias: 7 },
} satisfies Record<keyof Cron, Rule>;

export const MACROS: Record<string, string> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

/** A fault of an expression, as a sentence for its author. */
export class CronFault extends Error {}

export function readCron(text: string): Cron {
  let parts = text.split(/[ \t]+/).filter((part) => part !== "");
  const [only = ""] = parts;
  if (parts.length === 1 && only.startsWith("@")) {
    const fields = MACROS[only.toLowerCase()];
    if (fields === undefined) throw new CronFault(`${only} is none of ${Object.keys(MACROS).sort().join(" ")}.`);
    parts = fields.split(" ");
  }
  if (parts.length !== 5) {
    throw new CronFault(
      `An expression has five fields (minute, hour, day of month, month, day of week); this one has ${parts.length}.`,
    );
  }
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = parts;
  return {
    minute: readField(RULES.minute, minute),
    hour: readField(RULES.hour, hour),
    day: readField(RULES.day, day),
    month: readField(RULES.month, month),
    weekday: readField(RULES.weekday, weekday),
  };
}

function readField(rule: Rule, text: string): Field {
  const spans = text.split(",").map((item) => readSpan(rule, item));
  const every = spans.some((span) => span.low === rule.low && span.high === rule.high && span.step === 1);
  const values = new Set<number>();
  for (const span of spans) {
    for (let value = span.low; value <= span.high; value += span.step) {
      values.add(value === rule.alias ? rule.low : value);
    }
  }
  return { every, starred: text.startsWith("*"), spans, values: [...values].sort((a, b) => a - b) };
}

function readSpan(rule: Rule, text: string): Span {
  const [span = "", stepText, ...more] = text.split("/");
  if (more.length > 0) throw fault(rule, `${text} has two steps`);
  let step = 1;
  if (stepText !== undefined) {
    step = digits(stepText) ?? 0;
    if (step === 0) throw fault(rule, "a step is a number above 0, as in */5");
    if (step > rule.high - rule.low) {
      throw fault(rule, `a step of ${step} is longer than the field, which ends at ${rule.high}`);
    }
  }
  if (span === "*") return { low: rule.low, high: rule.high, step };
  const [first = "", last, ...rest] = span.split("-");
  if (rest.length > 0) throw fault(rule, `${span} is not a range`);
  const low = readValue(rule, first);
  if (last === undefined) {
    if (stepText === undefined) return { low, high: low, step: 1 };
    return { low: low > rule.high ? rule.low : low, high: rule.high, step };
  }
  let high = readValue(rule, last);
  if (rule.alias !== undefined && last.toLowerCase() === "sun") high = rule.alias;
  if (high < low) throw fault(rule, `the range ${first}-${last} goes backwards; write it as two`);
  return { low, high, step };
}

function readValue(rule: Rule, text: string): number {
  const named = rule.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return rule.low + named;
  const value = digits(text);
  if (value === undefined) {
    throw fault(rule, rule.names ? `"${text}" is neither a number nor a name such as ${rule.names[1]}` : `"${text}" is not a number`);
  }
  const highest = rule.alias ?? rule.high;
  if (value < rule.low || value > highest) throw fault(rule, `${value} is outside ${rule.low} to ${highest}`);
  return value;
}

function digits(text: string): number | undefined {
  return /^[0-9]{1,4}$/.test(text) ? Number(text) : undefined;
}

function fault(rule: Rule, message: string): CronFault {
  return new CronFault(`The field for the ${rule.name}: ${message}.`);
}
