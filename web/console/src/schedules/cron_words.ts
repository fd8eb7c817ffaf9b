import { readCron, type Cron, type Field, type Span } from "./cron_read";

const MONTH_NAMES = [
  "January", "February", "March", "April", "May", "June",
  "July", "August", "September", "October", "November", "December",
];
const DAY_NAMES = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** mostTimes is how many times of a day are listed before the hours and minutes are described. */
const mostTimes = 6;

/** Describes when an expression is due, as one sentence. Throws a CronFault. */
export function cronWords(text: string): string {
  const cron = readCron(text);
  const days = dayWords(cron);
  const months = cron.month.every ? "" : ` in ${list(cron.month, (n) => MONTH_NAMES[n - 1] ?? "", (n) => `every ${ordinal(n)} month`)}`;
  return `${timeWords(cron)}${days}${months}.`;
}

function timeWords({ minute, hour }: Cron): string {
  if (minute.every) {
    if (hour.every) return "Every minute";
    return `Every minute ${hourWords(hour)}`;
  }
  if (minute.values.length * hour.values.length <= mostTimes) {
    const times = hour.values.flatMap((h) => minute.values.map((m) => clock(h, m)));
    return `At ${join(times)}`;
  }
  const step = loneStep(minute, 60);
  if (step > 1) return hour.every ? `Every ${step} minutes` : `Every ${step} minutes ${hourWords(hour)}`;
  const minutes = list(minute, String, (n) => `every ${ordinal(n)} minute`);
  const past = minute.values.length === 1 && minute.values[0] === 0 ? "On the hour" : `At minute ${minutes}`;
  if (hour.every) return minute.values.length === 1 && minute.values[0] === 0 ? "Every hour, on the hour" : `${past} of every hour`;
  const hours = loneStep(hour, 24);
  if (hours > 1) return `${past}, every ${hours} hours from 00:00`;
  return `${past}, ${hourWords(hour)}`;
}

function hourWords(hour: Field): string {
  const step = loneStep(hour, 24);
  if (step > 1) return `in every ${ordinal(step)} hour`;
  const ranges = hour.spans.map((span) =>
    span.step > 1
      ? `every ${ordinal(span.step)} hour from ${clock(span.low, 0)} to ${clock(span.high, 59)}`
      : `from ${clock(span.low, 0)} to ${clock(span.high, 59)}`,
  );
  return join(ranges);
}

function dayWords({ day, weekday }: Cron): string {
  const ofMonth = day.every ? "" : ` on ${dayOfMonthWords(day)}`;
  const ofWeek = weekday.every ? "" : weekdayWords(weekday);
  if (ofMonth === "" && ofWeek === "") return "";
  if (ofMonth === "") return ofWeek;
  if (ofWeek === "") return ofMonth;
  // Both are restricted: one is enough, unless one begins with *.
  return day.starred || weekday.starred ? `${ofMonth} that is also${ofWeek}` : `${ofMonth}, and also${ofWeek}`;
}

function dayOfMonthWords(day: Field): string {
  const step = loneStep(day, 31);
  if (step > 1) return `every ${ordinal(step)} day of the month from the 1st`;
  return `the ${list(day, ordinal, (n) => `every ${ordinal(n)} day`)} of the month`;
}

function weekdayWords(weekday: Field): string {
  if (weekday.values.join() === "1,2,3,4,5") return " on weekdays (Monday to Friday)";
  if (weekday.values.join() === "0,6") return " on weekends";
  return ` on ${list(weekday, (n) => DAY_NAMES[n % 7] ?? "", (n) => `every ${ordinal(n)} day of the week`)}`;
}

// The step of a field that is */n and nothing else; 1 for any other.
function loneStep(field: Field, size: number): number {
  const [span] = field.spans;
  if (span === undefined || field.spans.length > 1) return 1;
  return span.low <= 1 && span.high >= size - 1 ? span.step : 1;
}

function list(field: Field, name: (n: number) => string, stepped: (n: number) => string): string {
  return join(field.spans.map((span) => spanWords(span, name, stepped)));
}

function spanWords({ low, high, step }: Span, name: (n: number) => string, stepped: (n: number) => string): string {
  if (low === high) return name(low);
  const range = high - low === 1 && step === 1 ? `${name(low)} and ${name(high)}` : `${name(low)} to ${name(high)}`;
  return step === 1 ? range : `${stepped(step)} from ${range}`;
}

function join(words: string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function clock(hour: number, minute: number): string {
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

export function ordinal(n: number): string {
  const ending = n % 100 >= 11 && n % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${ending}`;
}
