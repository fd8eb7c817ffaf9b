import { noteDate } from "./api/clock";
import type { EarlyAnswer } from "./api/early";
import type { BriefExecution } from "./api/executions";
import { askEarly } from "./api/request";
import type { SessionView } from "./api/session";
import { showFirstFrame } from "./app/first_frame";
import { findPage } from "./app/pages";
import { placeOf } from "./app/place";
import { applyTheme, chosenSubtenant, keptTheme, wasSignedIn } from "./app/remembered";
import { canDraw, draw } from "./runs/first_draw";
import { filterOf } from "./runs/filter";
import "./ui/tokens.css";
import "./ui/base.css";

// The first script, and the only one that is read before the framework: what the view will
// ask for is asked for at once, and comes while the rest is read and run. A list of runs is
// drawn from its answer here, in a third of the time that the framework takes to begin.
applyTheme(keptTheme());

const { path, query } = placeOf(location.hash);
const found = findPage(path, true);
const subtenant = chosenSubtenant();
const session = askEarly("/session", {}, subtenant);
const first = (wasSignedIn() && found?.page.first ? found.page.first(found.params, query) : []).map((one) => askEarly(one.path, one.query, subtenant));

/** How long the framework waits for a first frame, in milliseconds: a server far away answers while it begins. */
const patience = 1000;

async function drawFirst(): Promise<void> {
  const filter = filterOf(query);
  if (path !== "/runs" || first.length !== 1 || !canDraw(filter)) return;
  const copies = Promise.all([session.then(copyOf<SessionView>), first[0]!.then(copyOf<BriefExecution[]>)]);
  await Promise.all([session, first[0]]);
  answered = true;
  const [caller, list] = await copies;
  if (!caller || !list) return;
  const frame = draw({ session: caller.body, runs: list.body, next: list.headers.get("X-Next-Cursor"), filter });
  // It is seen before the framework takes the processor.
  if (frame && showFirstFrame(frame) && !document.hidden) await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
}

/** copyOf reads a copy of an early answer: the answer itself is for the view. */
async function copyOf<T>(answer: EarlyAnswer | null): Promise<{ body: T; headers: Headers } | null> {
  if (!answer) return null;
  const { headers } = answer.response;
  noteDate(headers.get("Date"), answer.sent);
  return { body: (await answer.response.clone().json()) as T, headers };
}

/** The server has begun to answer: the frame is near, also on a processor that is busy. */
let answered = false;

async function begin(): Promise<void> {
  const drawn = drawFirst().catch(() => {}); // then the view draws it all
  await Promise.race([drawn, new Promise((over) => setTimeout(over, patience))]);
  if (answered) await drawn;
  // The page's chunk runs what all pages share, and with it the framework: not before the frame.
  found?.page.load().catch(() => {}); // its failure shows when the page is opened
  await import("./main");
}

begin().catch(() => {
  const line = document.createElement("div");
  line.id = "start";
  line.textContent = "A part of the console did not come from the server. Load the page again.";
  document.getElementById("app")?.replaceChildren(line);
});
