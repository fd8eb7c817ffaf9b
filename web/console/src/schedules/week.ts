// Lays out the due times of a week: a grid of days and hours for schedules that are due
// now and then, and a row above it for those that are due so often that they would fill it.

/** Due times of one schedule that are close together, such as those of an hour. */
export interface Due {
  scheduleID: string;
  name: string;
  at: Date; // the first
  count: number;
}

/** The due times of one schedule within an hour or a day. */
export interface Entry {
  scheduleID: string;
  name: string;
  first: Date;
  count: number;
}

export interface Day {
  date: Date; // its first moment, in the browser's time zone
  frequent: Entry[]; // of schedules that are due more often than mostTimesADay
  hours: Entry[][]; // 24, by what clocks show
}

/** mostTimesADay is how often a schedule may be due on each of the days to stand in the grid. */
export const mostTimesADay = 12;

const DAYS = 7;

/** The first moment of the day that is so many days after that of start. */
export function dayAfter(start: Date, days: number): Date {
  return new Date(start.getFullYear(), start.getMonth(), start.getDate() + days);
}

/** Lays out due times. Those outside the week are left out. */
export function layWeek(dues: Due[], start: Date): Day[] {
  const days = Array.from({ length: DAYS }, (_, i) => {
    const [date, end] = [dayAfter(start, i), dayAfter(start, i + 1)];
    return { date, bySchedule: groupedBy(dues.filter((due) => due.at >= date && due.at < end), (due) => due.scheduleID) };
  });
  const frequent = new Set<string>();
  for (const { bySchedule } of days) {
    for (const [id, times] of bySchedule) if (sum(times) > mostTimesADay) frequent.add(id);
  }
  return days.map(({ date, bySchedule }) => {
    const day: Day = { date, frequent: [], hours: Array.from({ length: 24 }, () => []) };
    for (const [id, times] of bySchedule) {
      if (frequent.has(id)) day.frequent.push(entryOf(times));
      else for (const [hour, due] of groupedBy(times, (due) => due.at.getHours())) day.hours[hour]?.push(entryOf(due));
    }
    for (const entries of [day.frequent, ...day.hours]) entries.sort(byTime);
    return day;
  });
}

/** The hours in which something is due, with one before and after: the rest needs no rows. */
export function usedHours(days: Day[]): number[] {
  const used = Array.from({ length: 24 }, (_, hour) => hour).filter((hour) => days.some((day) => day.hours[hour]?.length));
  const [first, last] = [used[0], used.at(-1)];
  if (first === undefined || last === undefined) return [];
  const from = Math.max(0, first - 1);
  return Array.from({ length: Math.min(23, last + 1) - from + 1 }, (_, i) => from + i);
}

/** What of a cell is shown, and how many more there are. */
export function shorten(entries: Entry[], most: number): { shown: Entry[]; more: number } {
  if (entries.length <= most) return { shown: entries, more: 0 };
  return { shown: entries.slice(0, most - 1), more: entries.length - most + 1 };
}

function groupedBy<K>(dues: Due[], key: (due: Due) => K): Map<K, Due[]> {
  const groups = new Map<K, Due[]>();
  for (const due of dues) {
    const group = groups.get(key(due));
    if (group) group.push(due);
    else groups.set(key(due), [due]);
  }
  return groups;
}

function entryOf(times: Due[]): Entry {
  const first = times.reduce((a, b) => (b.at < a.at ? b : a));
  return { scheduleID: first.scheduleID, name: first.name, first: first.at, count: sum(times) };
}

function sum(times: Due[]): number {
  return times.reduce((total, due) => total + due.count, 0);
}

function byTime(a: Entry, b: Entry): number {
  return a.first.getTime() - b.first.getTime() || a.name.localeCompare(b.name);
}
