import { statuses, triggers, type Execution, type ExecutionFilter, type Status } from "../api/executions";

/** The filters of the list in the address, by the names of the API. */
const texts = ["function_name", "trigger_type", "trigger_id", "parent_execution_id", "error_type", "since", "until"] as const;

/** filterOf reads the filters of an address; what the API would refuse to know is left out. */
export function filterOf(query: URLSearchParams): ExecutionFilter {
  const filter: ExecutionFilter = {};
  for (const name of texts) {
    const text = query.get(name);
    if (text) filter[name] = text;
  }
  const wanted = query.getAll("status").filter((one): one is Status => (statuses as string[]).includes(one));
  if (wanted.length > 0) filter.status = wanted;
  const least = Number(query.get("min_duration_ms"));
  if (query.get("min_duration_ms") && Number.isFinite(least) && least >= 0) filter.min_duration_ms = least;
  if (filter.trigger_type && !(triggers as string[]).includes(filter.trigger_type)) delete filter.trigger_type;
  return filter;
}

export function isFiltered(filter: ExecutionFilter): boolean {
  return Object.keys(filter).length > 0;
}

/** words tells a filter to a person. */
export function words(filter: ExecutionFilter): string {
  const parts: string[] = [];
  if (filter.status) parts.push(filter.status.map((one) => one.replace("_", " ")).join(" or "));
  if (filter.function_name) parts.push(`of ${filter.function_name}`);
  if (filter.trigger_type) parts.push(`started by ${filter.trigger_type}`);
  if (filter.trigger_id) parts.push(`of the trigger ${filter.trigger_id}`);
  if (filter.parent_execution_id) parts.push(`from the run ${filter.parent_execution_id}`);
  if (filter.error_type) parts.push(`with ${filter.error_type}`);
  if (filter.min_duration_ms) parts.push(`of ${filter.min_duration_ms} ms or more`);
  if (filter.since) parts.push(`since ${filter.since}`);
  if (filter.until) parts.push(`until ${filter.until}`);
  return parts.join(", ");
}

const units: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5 };

/** millisecondsOf reads a moment of a filter: an age such as -24h, a date, or RFC 3339. */
export function millisecondsOf(moment: string, now: number, last: boolean): number {
  const age = /^-(\d+(?:\.\d+)?)([smhd])$/.exec(moment);
  if (age) return now - Number(age[1]) * (units[age[2] as string] ?? 0);
  const at = Date.parse(/^\d{4}-\d\d-\d\d$/.test(moment) ? moment + "T00:00:00Z" : moment);
  return last && moment.length === 10 ? at + 864e5 - 1 : at;
}

/** matches tells whether a run that has just begun or changed belongs into the list. */
export function matches(filter: ExecutionFilter, run: Pick<Execution, "function_name" | "status" | "trigger_type" | "created_at"> & Partial<Execution>, now: number): boolean {
  if (filter.function_name && filter.function_name !== run.function_name) return false;
  if (filter.status && !filter.status.includes(run.status)) return false;
  if (filter.trigger_type && filter.trigger_type !== run.trigger_type) return false;
  if (filter.trigger_id && filter.trigger_id !== run.trigger_id) return false;
  if (filter.parent_execution_id && filter.parent_execution_id !== run.parent_execution_id) return false;
  if (filter.error_type && filter.error_type !== run.error_type) return false;
  if (filter.min_duration_ms && !((run.duration_ms ?? -1) >= filter.min_duration_ms)) return false;
  const created = Date.parse(run.created_at);
  if (filter.since && created < millisecondsOf(filter.since, now, false)) return false;
  return !(filter.until && created > millisecondsOf(filter.until, now, true));
}
