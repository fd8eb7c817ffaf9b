import { expect, test } from "@playwright/test";
import { CronFault, readCron } from "../src/schedules/cron_read";
import { cronWords } from "../src/schedules/cron_words";
import { stripBars, stripSummary } from "../src/schedules/strip";
import { dayAfter, layWeek, shorten, usedHours, type Due } from "../src/schedules/week";

const words: [expression: string, words: string][] = [
  ["* * * * *", "Every minute."],
  ["*/5 * * * *", "Every 5 minutes."],
  ["0 * * * *", "Every hour, on the hour."],
  ["@hourly", "Every hour, on the hour."],
  ["30 * * * *", "At minute 30 of every hour."],
  ["0 9 * * *", "At 09:00."],
  ["0 9,17 * * 1-5", "At 09:00 and 17:00 on weekdays (Monday to Friday)."],
  ["@weekly", "At 00:00 on Sunday."],
  ["0 0 * * 7", "At 00:00 on Sunday."],
  ["15 10 1 * *", "At 10:15 on the 1st of the month."],
  ["@yearly", "At 00:00 on the 1st of the month in January."],
  ["0 0 13 * fri", "At 00:00 on the 13th of the month, and also on Friday."],
  ["0 0 */2 * 1", "At 00:00 on every 2nd day of the month from the 1st that is also on Monday."],
  ["0 */6 * * *", "At 00:00, 06:00, 12:00 and 18:00."],
  ["*/15 9-17 * * mon-fri", "Every 15 minutes from 09:00 to 17:59 on weekdays (Monday to Friday)."],
  ["0 0-23/2 * * *", "On the hour, every 2 hours from 00:00."],
  ["* 3 * * *", "Every minute from 03:00 to 03:59."],
  ["0 12 * jan,jul 6,0", "At 12:00 on weekends in January and July."],
  ["0 0 1-7 * *", "At 00:00 on the 1st to 7th of the month."],
  ["0 0 * * 5-7", "At 00:00 on Friday to Sunday."],
];

for (const [expression, text] of words) {
  test(`words of ${expression}`, () => expect(cronWords(expression)).toBe(text));
}

const faults: [expression: string, part: string][] = [
  ["", "five fields"],
  ["* * * *", "has 4"],
  ["* * * * * *", "has 6"],
  ["60 * * * *", "60 is outside 0 to 59"],
  ["* * * * mo", "neither a number nor a name"],
  ["*/0 * * * *", "a step is a number above 0"],
  ["*/90 * * * *", "longer than the field"],
  ["5-1 * * * *", "goes backwards"],
  ["1-2-3 * * * *", "is not a range"],
  ["*/2/3 * * * *", "two steps"],
  ["@5minutes", "is none of"],
  ["0 0 L * *", '"L" is not a number'],
  ["0 0 * * 1#2", "neither a number nor a name"],
  ["1,,2 * * * *", '"" is not a number'],
];

for (const [expression, part] of faults) {
  test(`fault of "${expression}"`, () => {
    expect(() => readCron(expression)).toThrow(CronFault);
    expect(() => readCron(expression)).toThrow(part);
  });
}

function dues(name: string, count: number, first: Date, minutes: number): Due[] {
  return Array.from({ length: count }, (_, i) => ({ scheduleID: name, name, at: new Date(first.getTime() + i * minutes * 60_000), count: 1 }));
}

test("week of due times", () => {
  const start = new Date(2026, 10, 30, 15, 20);
  const first = new Date(2026, 10, 30);
  const week = layWeek(
    [
      ...dues("every minute", 10_080, first, 1),
      ...dues("nightly", 7, new Date(2026, 10, 30, 3), 24 * 60),
      ...dues("hours", 2, new Date(2026, 11, 1, 3, 30), 10),
      ...dues("outside", 1, new Date(2026, 11, 7), 1),
    ],
    start,
  );
  expect(week).toHaveLength(7);
  expect(week.map((day) => day.frequent.map(({ name, count }) => [name, count]))).toEqual(Array(7).fill([["every minute", 1440]]));
  expect(week[1]?.hours[3]?.map(({ name, count }) => [name, count])).toEqual([["nightly", 1], ["hours", 2]]);
  expect(week.flatMap((day) => day.hours.flat()).filter((entry) => entry.name === "outside")).toEqual([]);
  expect(usedHours(week)).toEqual([2, 3, 4]);
  expect(usedHours(layWeek([], start))).toEqual([]);
  expect(dayAfter(start, 7)).toEqual(new Date(2026, 11, 7));
});

test("a cell with many schedules", () => {
  const [day] = layWeek(Array.from({ length: 40 }, (_, i) => dues(`s${i}`, 1, new Date(2026, 10, 30, 4, i), 1)).flat(), new Date(2026, 10, 30));
  const cell = shorten(day?.hours[4] ?? [], 3);
  expect(cell.shown.map((entry) => entry.name)).toEqual(["s0", "s1"]);
  expect(cell.more).toBe(38);
  expect(shorten(cell.shown, 3)).toEqual({ shown: cell.shown, more: 0 });
});

test("strip of runs", () => {
  const run = (id: string, status: string, duration: number | null) => ({ id, status, created_at: "2026-11-30T00:00:00Z", duration_ms: duration });
  const bars = stripBars([run("new", "running", null), run("slow", "failed", 60_000), run("quick", "completed", 1)], 20);
  expect(bars.map((bar) => bar.id)).toEqual(["quick", "slow", "new"]);
  expect(bars[1]?.height).toBe(1);
  expect(bars[0]?.height).toBeLessThan(0.5);
  expect(bars[0]?.height).toBeGreaterThan(bars[2]?.height ?? 1);
  expect(stripBars([run("a", "completed", 1), run("b", "completed", 1)], 1)).toHaveLength(1);
  expect(stripSummary([])).toBe("No runs yet");
  expect(stripSummary([run("a", "failed", 1)])).toBe("Last 1 run: 1 failed");
});
