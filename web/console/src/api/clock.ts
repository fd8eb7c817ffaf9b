/**
 * The server's clock. The moments in its answers are by that clock, which can differ
 * from the browser's by minutes: an age or a running duration by the browser's would be
 * wrong by as much. Each answer's Date tells the difference.
 */

/** How far the clocks may differ, in milliseconds, until that counts: Date is in whole seconds, and an answer takes its time. */
const least = 3000;

let difference = 0;

/** noteDate takes the Date of an answer that has just arrived, to a request sent at a moment of the browser's clock. */
export function noteDate(date: string | null, sent: number): void {
  const at = Date.parse(date ?? "");
  if (Number.isNaN(at)) return;
  // It was made between the request and now; a second is cut off at its end.
  const found = at + 500 - (sent + Date.now()) / 2;
  difference = Math.abs(found) < least ? 0 : found;
}

/** serverNow is the present moment by the server's clock, in milliseconds since 1970. */
export function serverNow(): number {
  return Date.now() + difference;
}
