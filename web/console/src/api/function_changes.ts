import type { Json } from "./executions";
import type { FunctionView, VersionView, Warning } from "./functions";
import { list, path, request, type Page } from "./request";

/** Members of a function that its author sets; those left out of a change stay as they are. */
export type FunctionChange = Record<string, unknown>;

export async function createFunction(name: string, code: string, members: FunctionChange = {}): Promise<FunctionView> {
  return (await request<FunctionView>("POST", "/functions", { body: { name, code, ...members } })).data;
}

/** updateFunction is refused with a 412 when the version is another by now. */
export async function updateFunction(name: string, version: number, change: FunctionChange): Promise<FunctionView> {
  return (await request<FunctionView>("PUT", path`/functions/${name}`, { body: change, headers: { "If-Match": `"${version}"` } })).data;
}

/** deleteFunction returns the names of the functions and modules that use it. */
export async function deleteFunction(name: string): Promise<string[]> {
  const { headers } = await request("DELETE", path`/functions/${name}`);
  return (headers.get("X-Called-By") ?? "").split(",").map((one) => one.trim()).filter((one) => one !== "");
}

export function listVersions(name: string, cursor: string | null = null, signal?: AbortSignal): Promise<Page<VersionView>> {
  return list<VersionView>(path`/functions/${name}/versions`, { query: { limit: 50, cursor }, signal });
}

export async function rollBack(name: string, version: number): Promise<FunctionView> {
  return (await request<FunctionView>("POST", path`/functions/${name}/rollback/${version}`)).data;
}

export async function releaseFunction(name: string): Promise<FunctionView> {
  return (await request<FunctionView>("POST", path`/functions/${name}/release`)).data;
}

/** How many asynchronous runs a pause holds, and how many had begun. */
export interface PauseState {
  paused_at: string | null;
  running: number;
  waiting: number;
}

export async function pauseFunction(name: string, paused: boolean): Promise<PauseState> {
  return (await request<PauseState>("POST", path`/functions/${name}/${paused ? "pause" : "resume"}`)).data;
}

/** What the server says of a function that is not saved. */
export interface Checked {
  input_schema: Json;
  output_schema: Json;
  derived_schemas: ("input_schema" | "output_schema")[];
  requirements: string[];
  uses: string[];
  warnings: Warning[];
}

/** checkFunction checks a function as it would be saved: its faults are a 422. Nothing is changed. */
export async function checkFunction(name: string, code: string, members: FunctionChange, signal?: AbortSignal): Promise<Checked> {
  return (await request<Checked>("POST", "/check", { body: { name, code, ...members }, signal })).data;
}
