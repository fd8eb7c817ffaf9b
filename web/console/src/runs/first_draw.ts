import { serverNow } from "../api/clock";
import type { BriefExecution, ExecutionFilter } from "../api/executions";
import type { SessionView } from "../api/session";
import { sections } from "../app/pages";
import { keptTheme, tabStorage } from "../app/remembered";
import { isFiltered } from "./filter";
import { keptList } from "./kept_list";
import { rowOf } from "./run_row";
import { icons } from "../ui/icons";
import { labelOf, toneOf } from "../ui/status";
import { integer, plural } from "../ui/text";
import { age, duration, going, moment } from "../ui/time";

// Draws the list of runs from the first answers, before the framework is there: fills the
// markup that the components themselves have written (first_render.ts). A test compares it with theirs.

const rowHeight = 36;

/** What of the first view is drawn: the answers to the session, and to the list of runs with the cursor of its next page. */
export interface FirstAnswers {
  session: SessionView;
  runs: BriefExecution[];
  next: string | null;
  filter: ExecutionFilter;
}

/** canDraw says whether a list with these filters can be drawn: those behind "More" are left to the view. */
export function canDraw(filter: ExecutionFilter): boolean {
  return !(filter.error_type || filter.min_duration_ms || filter.until || filter.trigger_id || filter.parent_execution_id);
}

/** draw is the frame with the answers in it; null where the view would show something else. */
export function draw({ session, runs, next, filter }: FirstAnswers): HTMLElement | null {
  const { subtenant_id: subtenant, email } = session;
  if (!session.signed_in || !subtenant || runs.length === 0) return null;
  const key = (history.state as { key?: string } | null)?.key;
  if (key && keptList(tabStorage, key, JSON.stringify([email, subtenant]), JSON.stringify(filter))) return null; // it comes back as it was left
  const all = [...new Set(session.admin ? [subtenant] : [subtenant, ...session.subtenants])].sort();
  const frame = document.createElement("div");
  frame.append(contentOf("first-frame"));
  const one = <E extends Element = HTMLElement>(selector: string) => frame.querySelector<E>(selector)!;

  const choice = one<HTMLSelectElement>("select[aria-label=Subtenant]");
  if (session.admin || all.length > 1) {
    fillChoice(choice, all, subtenant);
  } else {
    choice.replaceWith(contentOf("first-subtenant"));
    say(one("[title='Subtenant -']"), subtenant, `Subtenant ${subtenant}`);
  }
  if (!session.admin) for (const section of sections.flat()) if (section.admin) frame.querySelector(`nav a[href="#${section.path}"]`)?.closest("li")?.remove();
  say(one(".caller"), email ?? "", email ?? "");
  say(one(".version"), session.server_version, session.server_version);
  const theme = one("[title^=Theme]");
  say(theme.querySelector(".unseen")!, `Theme: ${keptTheme()}`);
  theme.title = `Theme: ${keptTheme()}`;
  if (keptTheme() === "dark") theme.querySelector("path")!.setAttribute("d", icons.moon);

  fillFilters(frame, filter);
  if (!isFiltered(filter)) one(".filters").lastElementChild!.remove(); // "Clear"
  const list = one("[role=table]");
  list.setAttribute("aria-rowcount", String(runs.length));
  one(".whole").style.setProperty("height", `${runs.length * rowHeight}px`);
  const rows = one(".rows");
  rows.style.setProperty("transform", "translateY(0px)");
  const row = one("[role=row]");
  rows.replaceChildren(...runs.slice(0, Math.ceil(innerHeight / rowHeight)).map((run, i) => fillRow(row.cloneNode(true) as HTMLElement, run, i)));
  say(one("footer"), next === null ? plural(runs.length, "run") : `${integer(runs.length)}+ runs`);
  return frame;
}

/** contentOf is what a template of the page holds, for this document. */
function contentOf(id: string): DocumentFragment {
  return document.importNode((document.getElementById(id) as HTMLTemplateElement).content, true);
}

/** say writes into the innermost of elements that hold one another. */
function say(element: Element, text: string, title?: string): void {
  if (title !== undefined) element.setAttribute("title", title);
  (element.querySelector("bdi") ?? element).textContent = text;
}

function fillChoice(choice: HTMLSelectElement, all: string[], chosen: string): void {
  choice.replaceChildren(...all.map((id) => {
    const option = document.createElement("option");
    option.value = option.textContent = id;
    return option;
  }));
  choice.value = chosen;
}

function fillFilters(frame: HTMLElement, filter: ExecutionFilter): void {
  const name = frame.querySelector<HTMLInputElement>("input[aria-label=Function]")!;
  name.removeAttribute("value");
  name.value = filter.function_name ?? "";
  for (const status of filter.status ?? []) {
    for (const button of frame.querySelectorAll(".statuses button")) if (button.textContent === labelOf(status)) button.setAttribute("aria-pressed", "true");
  }
  frame.querySelector<HTMLSelectElement>("select[aria-label=Trigger]")!.value = filter.trigger_type ?? "";
  const since = frame.querySelector<HTMLSelectElement>("select[aria-label=Since]")!;
  if (filter.since && ![...since.options].some((option) => option.value === filter.since)) {
    const option = document.createElement("option");
    option.value = filter.since;
    option.textContent = `since ${filter.since}`;
    since.append(option);
  }
  since.value = filter.since ?? "";
}

function fillRow(row: HTMLElement, brief: BriefExecution, index: number): HTMLElement {
  const run = rowOf(brief);
  const tone = toneOf(run.status);
  const created = new Date(run.created_at);
  const active = run.status === "running" && run.duration_ms === null && run.started_at !== null;
  const took = run.duration_ms !== null ? duration(run.duration_ms) : active ? going(serverNow() - Date.parse(run.started_at ?? "")) : "–";
  const [status, name, about, trigger, length, time] = [...row.children] as HTMLElement[];
  row.setAttribute("aria-rowindex", String(index + 1));
  const badge = status!.firstElementChild!;
  const dot = badge.firstElementChild!;
  for (const element of [badge, dot]) element.classList.replace("ok", tone);
  dot.classList.toggle("pulse", run.status === "running");
  badge.replaceChildren(dot, labelOf(run.status));
  const link = name!.querySelector("a")!;
  link.setAttribute("href", "#/runs/" + run.id);
  say(link, run.function_name, `${run.function_name} version ${run.function_version}`);
  about!.classList.toggle("failed", tone === "fail");
  say(about!, run.about, run.about);
  say(trigger!, run.trigger_type + (run.attempt > 1 ? ` ×${run.attempt}` : ""));
  if (run.attempt > 1) trigger!.title = `Attempt ${run.attempt}`;
  const number = length!.firstElementChild as HTMLElement;
  number.classList.toggle("going", active);
  number.classList.toggle("muted", took === "–");
  if (run.duration_ms === null) number.removeAttribute("title");
  else number.title = `${run.duration_ms} ms`;
  number.textContent = took;
  const moments = time!.firstElementChild!;
  moments.setAttribute("datetime", run.created_at);
  say(moments, age(created, serverNow()), `${moment(created)} (${run.created_at})`);
  return row;
}
