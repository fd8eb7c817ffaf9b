/**
 * The first frame: what boot.ts has drawn of a view in plain elements, before the framework
 * is there (runs/first_draw.ts). The view is made beside the document meanwhile, and takes the frame's place in
 * one piece, with the focus, the place in the list, and what was clicked and typed.
 */
let frame: HTMLElement | null = null;
/** The view, beside the document as long as the frame is shown. */
let view: HTMLElement | null = null;
let begun = false;
/** Which of the controls was clicked last. */
let clicked: number | null = null;

/** What can be used in the frame, and in the view that is equal to it. */
const controls = "a[href], button, input, select, [tabindex]";

/** showFirstFrame shows a frame, unless the framework has begun; says whether it does. */
export function showFirstFrame(drawn: HTMLElement): boolean {
  const start = document.getElementById("start");
  if (begun || !start) return false;
  start.replaceWith(drawn);
  frame = drawn;
  drawn.addEventListener("click", (event) => {
    const button = (event.target as Element).closest("button");
    if (button) clicked = indexOf(drawn, button);
  });
  return true;
}

/** firstTarget is where the view is to be mounted. */
export function firstTarget(app: HTMLElement): HTMLElement {
  begun = true;
  if (frame) view = document.createElement("div");
  return view ?? app;
}

/** endFirstFrame puts the view into the place of the frame; without one it does nothing. */
export function endFirstFrame(): void {
  const [drawn, made] = [frame, view];
  if (!drawn || !made) return;
  frame = view = null;
  const active = drawn.contains(document.activeElement) ? (document.activeElement as HTMLElement) : null;
  const at = active ? indexOf(drawn, active) : -1;
  const scrolled = drawn.querySelector("[role=table]")?.scrollTop ?? 0;
  drawn.replaceWith(made);
  const found = controlsOf(made);
  if (scrolled > 0) made.querySelector("[role=table]")?.scrollTo(0, scrolled);
  const wanted = found[at];
  if (active && wanted) {
    if (active instanceof HTMLInputElement && wanted instanceof HTMLInputElement && active.value !== wanted.value) {
      wanted.value = active.value;
      wanted.dispatchEvent(new Event("input", { bubbles: true }));
    }
    wanted.focus({ preventScroll: true });
  }
  if (clicked !== null) found[clicked]?.click();
}

function controlsOf(within: HTMLElement): HTMLElement[] {
  return [...within.querySelectorAll<HTMLElement>(controls)];
}

function indexOf(within: HTMLElement, one: Element): number {
  return controlsOf(within).indexOf(one as HTMLElement);
}
