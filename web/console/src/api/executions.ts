import { follow, type Following } from "./stream";
import { readAnswer, type Json } from "./json";
import { list, listAll, path, request, type Page, type Query } from "./request";

export type { Json };

export type Status = "pending" | "running" | "completed" | "failed" | "timed_out" | "cancelled" | "crashed";
export const statuses: Status[] = ["pending", "running", "completed", "failed", "timed_out", "cancelled", "crashed"];

export type Trigger = "webhook" | "schedule" | "manual" | "retry" | "spawn" | "alert";
export const triggers: Trigger[] = ["webhook", "schedule", "manual", "retry", "spawn", "alert"];

export function isFinal(status: Status): boolean {
  return status !== "pending" && status !== "running";
}

interface Recorded {
  id: string;
  function_name: string;
  function_version: number;
  status: Status;
  input_data: Json;
  output_data: Json;
  error: string | null;
  error_type: string | null;
  traceback: string | null;
  started_at: string | null;
  completed_at: string | null;
  duration_ms: number | null;
  attempt: number;
  record_complete: boolean;
}

export interface Execution extends Recorded {
  execution_id: string;
  trigger_type: Trigger;
  trigger_id: string | null;
  created_at: string;
  parent_execution_id: string | null;
  lane: "embedded" | "process" | null;
}

/** An execution as a brief list has it: the starts of its input and error in place of all values. */
export interface BriefExecution extends Omit<Execution, Large> {
  /** At most 200 characters of the input as text; empty for one that the server leaves where it is. */
  input_head: string;
  error_head: string;
}

type Large = "input_data" | "output_data" | "error" | "traceback";

/** A step without its values. */
export type BriefStep = Omit<Step, Large>;

export interface Step extends Recorded {
  execution_id: string;
  parent_step_id: string | null;
  depth: number;
  position: number;
}

export interface LogEntry {
  id: string;
  execution_id: string;
  timestamp: string;
  event: "execution_started" | "function_called" | "function_completed" | "log" | "execution_completed";
  step_id?: string;
  parent_step_id?: string;
  function_name?: string;
  function_version?: number;
  status?: Status;
  duration_ms?: number;
  error_type?: string;
  stream?: "stdout" | "stderr";
  level?: string;
  message?: string;
  message_cut_bytes?: number;
  fields?: Record<string, Json>;
}

/** The filters of a list of executions, by the names of the API. */
export interface ExecutionFilter {
  function_name?: string;
  status?: Status[];
  trigger_type?: string;
  trigger_id?: string;
  parent_execution_id?: string;
  error_type?: string;
  min_duration_ms?: number;
  since?: string;
  until?: string;
}

/** listExecutions reads one page of executions, with their values. */
export function listExecutions(filter: ExecutionFilter, page: PageOf = {}, signal?: AbortSignal): Promise<Page<Execution>> {
  return list<Execution>("/executions", { query: { ...filter, ...page } as Query, signal });
}

/** listRuns reads one page of executions without their values. */
export function listRuns(filter: ExecutionFilter, page: PageOf = {}, signal?: AbortSignal): Promise<Page<BriefExecution>> {
  return list<BriefExecution>("/executions", { query: runsQuery(filter, page), signal, plain: true });
}

/** Rows of a page of the list of runs. */
export const runsPage = 200;

function runsQuery(filter: ExecutionFilter, page: PageOf): Query {
  return { ...filter, ...page, brief: true } as Query;
}

/** firstRunsQuery is the query by which the list of runs is first read. */
export function firstRunsQuery(filter: ExecutionFilter): Query {
  return runsQuery(filter, { limit: runsPage });
}

interface PageOf {
  limit?: number;
  cursor?: string | null;
}

export async function getExecution(id: string, signal?: AbortSignal): Promise<Execution> {
  return (await request<Execution>("GET", path`/executions/${id}`, { signal })).data;
}

export function listSteps(id: string, signal?: AbortSignal): Promise<Step[]> {
  return listAll<Step>(path`/executions/${id}/steps`, { signal }, 100_000);
}

/** callsQuery is the query by which the steps of an execution are first read. */
export const callsQuery: Query = { limit: 1000, brief: true };

/** listCalls reads the steps of an execution without their values. */
export function listCalls(id: string, signal?: AbortSignal): Promise<BriefStep[]> {
  return listAll<BriefStep>(path`/executions/${id}/steps`, { query: callsQuery, signal, plain: true }, 100_000);
}

export async function getStep(id: string, step: string, signal?: AbortSignal): Promise<Step> {
  return (await request<Step>("GET", path`/executions/${id}/steps/${step}`, { signal })).data;
}

export async function readLog(id: string, after?: string, count = 1000): Promise<{ logs: LogEntry[]; total_logs: number }> {
  return (await request<{ logs: LogEntry[]; total_logs: number }>("GET", path`/executions/${id}/logs`, { query: { after, count } })).data;
}

/** followLog follows the log of an execution until its end. */
export function followLog(
  id: string,
  signal: AbortSignal,
  to: Omit<Following, "event" | "last"> & { entry: (entry: LogEntry) => void },
): Promise<void> {
  return follow(path`/executions/${id}/logs/stream`, { signal }, {
    ...to,
    event: (event) => to.entry(readAnswer<LogEntry>(event.data)),
    last: (event) => event.event === "execution_completed",
  });
}

export interface RunRequest {
  function_name: string;
  input_data?: Json;
  function_version?: number;
  mode?: "sync" | "async";
  priority?: number;
}

export interface RunResult {
  success?: boolean;
  execution_id: string;
  result?: Json;
  status?: Status;
}

export async function runFunction(run: RunRequest, signal?: AbortSignal): Promise<RunResult> {
  return (await request<RunResult>("POST", "/executions", { body: run, signal })).data;
}

export async function retryExecution(id: string): Promise<RunResult> {
  return (await request<RunResult>("POST", path`/executions/${id}/retry`)).data;
}

export async function cancelExecution(id: string): Promise<void> {
  await request("POST", path`/executions/${id}/cancel`);
}

export interface BulkAnswer {
  count: number;
  dry_run: boolean;
  more: boolean;
  next?: string;
  /** Of a retry: those left out, by the reason. */
  incomplete?: number;
  missing?: number;
  refused?: number;
}

/** bulk retries or cancels all executions that match; a filter without members means all of them. */
export async function bulk(what: "retry" | "cancel", filter: ExecutionFilter, dryRun: boolean, after?: string): Promise<BulkAnswer> {
  const set = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0)));
  const all = Object.keys(set).length === 0 ? { all: true } : {};
  const body = { ...set, ...all, ...(dryRun ? { dry_run: true } : {}), ...(after ? { after } : {}) };
  return (await request<BulkAnswer>("POST", `/executions/${what}`, { body })).data;
}
