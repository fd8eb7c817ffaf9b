import { render } from "svelte/server";
import { start } from "../app/session.svelte";
import { rowOf } from "./run_row";
import type { RunPages } from "./run_pages.svelte";
import type { SessionView } from "../api/session";
import type { BriefExecution } from "../api/executions";
import FirstFrame from "./FirstFrame.svelte";

// Runs in Node.js when the console is built (vite.config.ts): writes the components of the
// first view as the markup that first_draw.ts fills.

const run: BriefExecution = {
  id: "", execution_id: "", function_name: "", function_version: 1, status: "completed", trigger_type: "manual", trigger_id: null,
  parent_execution_id: null, error_type: null, created_at: "2026-01-01T00:00:00Z", started_at: null, completed_at: null, duration_ms: 1, attempt: 1,
  record_complete: true, lane: null, input_head: "{}", error_head: "",
};

/** frame is the list of runs with one row, as a caller sees it. */
async function frame(caller: Partial<SessionView>): Promise<string> {
  const view: SessionView = { signed_in: true, email: "", admin: false, subtenant_id: "-", subtenants: ["-"], ends_at: null, signs_in_by_itself: false, server_version: "", ...caller };
  globalThis.fetch = () => Promise.resolve(new Response(JSON.stringify(view)));
  await start();
  const pages: Pick<RunPages, "problem" | "ready" | "count" | "complete" | "row"> = { problem: null, ready: true, count: 1, complete: true, row: () => rowOf(run) };
  const { body } = await render(FirstFrame, { props: { pages: pages as RunPages } });
  return body
    .replace(/<!--.*?-->/gs, "")
    .replace(/<dialog.*?<\/dialog>/gs, "") // closed
    .replace(/ datetime="[^"]*" title="[^"]*">[^<]*<\/time>/g, "></time>") // by the clock and the zone of the build
    .replace(/ id="[^"]*"| list="[^"]*"| selected=""/g, "") // those of the view that comes
    .replace(/\s+/g, " ");
}

/** templates are markup by the id of its template: the frame with all sections and a choice of subtenants, and what stands there for a caller with one. */
export async function templates(): Promise<Record<string, string>> {
  const one = /<div [^>]*title="Subtenant -"[^>]*>-<\/div>/.exec(await frame({}));
  if (!one) throw new Error("the first frame has no name of a subtenant");
  return { "first-frame": await frame({ admin: true }), "first-subtenant": one[0] };
}
