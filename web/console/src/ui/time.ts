/** duration shows milliseconds in the unit that fits: 40 µs, 12 ms, 3.2 s, 4 min 05 s. */
export function duration(ms: number): string {
  if (ms <= 0) return "0";
  if (ms < 1) return `${Math.max(1, Math.round(ms * 1000))} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor(seconds / 3600) % 24} h`;
}

/** going shows a duration that goes on, in whole seconds: it is drawn once a second. */
export function going(passed: number): string {
  return passed < 60_000 ? `${Math.floor(Math.max(0, passed) / 1000)} s` : duration(passed);
}

/** age shows how long ago a moment was: 12 s, 3 min, 4 h, 9 d. */
export function age(at: Date, now: number): string {
  const seconds = Math.round((now - at.getTime()) / 1000);
  const past = Math.abs(seconds);
  let text: string;
  if (past < 60) text = `${past} s`;
  else if (past < 3600) text = `${Math.floor(past / 60)} min`;
  else if (past < 86_400) text = `${Math.floor(past / 3600)} h`;
  else text = `${Math.floor(past / 86_400)} d`;
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

const two = (n: number, digits = 2) => String(n).padStart(digits, "0");

/** clock shows the time of a day with milliseconds, in the browser's time zone. */
export function clock(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`;
}

/** moment shows date and time, in the browser's time zone. */
export function moment(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
