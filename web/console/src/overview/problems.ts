// The problems of this moment, from the server's health and the caller's own things: one list,
// the gravest first, each with where to act.

import { ageWords } from "../ui/age";
import { plural } from "../ui/text";

export interface Problem {
  grave: boolean;
  text: string;
  detail?: string;
  href?: string;
}

export interface Health {
  status: string;
  checks: Record<string, { status: string; counts?: Record<string, number>; remedy?: string }>;
}

export interface FunctionState {
  name: string;
  paused_at?: string | null;
  quarantined?: boolean;
  reason?: string | null;
}

export interface ScheduleState {
  id: string;
  name: string;
  problem: string | null;
  is_active: boolean;
}

export interface InterpreterState {
  subtenant_id: string;
  stuck_threads: number;
  refused: boolean;
}

export interface QueueState {
  waiting: number;
  oldestSeconds: number | null;
}

export interface Findings {
  health?: Health;
  functions: FunctionState[];
  schedules: ScheduleState[];
  queue?: QueueState;
  interpreters?: InterpreterState[]; // for administrators
  subtenantPaused: boolean;
}

/** lateSeconds is from which age on a waiting run is worth telling. */
const lateSeconds = 60;

/** What a failed check means for the runs of functions. */
const CHECKS: Record<string, string> = {
  postgres: "PostgreSQL does not answer as expected. New runs are refused while it is away.",
  redis: "Redis does not answer. Live logs are dropped; runs go on.",
  recorder: "The database accepts no records at present. The server keeps them until it does.",
  changes: "Changes by other servers are not received at present.",
  packages: "Packages can't be installed or built at present.",
  queue: "Schedules and the queue are held.",
  python: "Some Python threads are stuck.",
};

export function problemsOf({ health, functions, schedules, queue, interpreters = [], subtenantPaused }: Findings): Problem[] {
  const problems: Problem[] = [];
  if (health?.status === "draining") problems.push({ grave: true, text: "The server is about to stop." });
  for (const [name, check] of Object.entries(health?.checks ?? {})) {
    if (check.status === "up") continue;
    const stuck = name === "python" ? check.counts?.threads_stuck : undefined;
    problems.push({
      grave: name === "postgres" || name === "recorder",
      text: CHECKS[name] ?? `The health check ${name} fails.`,
      detail: check.remedy ?? (stuck ? `${stuck} stuck` : undefined),
      href: name === "python" ? "/subtenants" : undefined,
    });
  }
  for (const one of interpreters) {
    const href = `/subtenants/${one.subtenant_id}`;
    if (one.refused) problems.push({ grave: true, text: `Calls of ${one.subtenant_id} are refused: too many of its threads are stuck.`, href });
    else if (one.stuck_threads > 0) problems.push({ grave: false, text: `${one.subtenant_id} has stuck threads: ${one.stuck_threads}.`, href });
  }
  if (subtenantPaused) problems.push({ grave: true, text: "The subtenant is paused: its runs are held.", href: "/queue" });
  for (const f of functions) {
    const href = `/functions/${encodeURIComponent(f.name)}`;
    if (f.quarantined) problems.push({ grave: true, text: `${f.name} is quarantined.`, detail: f.reason ?? undefined, href });
    else if (f.paused_at) problems.push({ grave: false, text: `${f.name} is paused: its runs are held.`, href });
  }
  for (const s of schedules) {
    if (s.problem !== null && s.is_active) {
      problems.push({ grave: false, text: `Schedule ${s.name}`, detail: s.problem, href: `/schedules/${s.id}` });
    }
  }
  if (queue && queue.oldestSeconds !== null && queue.oldestSeconds >= lateSeconds) {
    problems.push({ grave: false, text: `A run has waited for ${ageWords(queue.oldestSeconds)}; ${plural(queue.waiting, "waits", "wait")}.`, href: "/queue" });
  }
  return problems.sort((a, b) => Number(b.grave) - Number(a.grave));
}
