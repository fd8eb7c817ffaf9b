import type { Json } from "./executions";
import { list, listAll, path, request, type Page } from "./request";

export interface FunctionView {
  id: string;
  name: string;
  kind: "function" | "module";
  description: string | null;
  code: string;
  input_schema: Json;
  output_schema: Json;
  derived_schemas: ("input_schema" | "output_schema")[];
  requirements: string[];
  package_notes: string[];
  tags: string[];
  timeout_seconds: number | null;
  retry: Json;
  max_concurrency: number | null;
  notify: Json;
  is_active: boolean;
  deleted?: boolean;
  paused_at: string | null;
  quarantine?: { reason?: string } & Record<string, Json>;
  version: number;
  digest: string;
  called_by: string[];
  warnings?: Warning[];
  created_at: string;
  updated_at: string;
}

export interface Warning {
  line?: number;
  column?: number;
  message: string;
  suggestion?: string;
}

export interface VersionView {
  id: string;
  function_id: string;
  version: number;
  code: string;
  input_schema: Json;
  output_schema: Json;
  derived_schemas: ("input_schema" | "output_schema")[];
  requirements: string[];
  created_at: string;
  created_by: string | null;
}

export function listFunctions(
  query: { q?: string; tags?: string[]; active_only?: boolean; brief?: boolean; limit?: number; cursor?: string | null } = {},
  signal?: AbortSignal,
): Promise<Page<FunctionView>> {
  return list<FunctionView>("/functions", { query, signal });
}

/** A function without the members that may be large. */
export type FunctionSum = Omit<FunctionView, "code" | "input_schema" | "output_schema" | "digest">;

/** listFunctionSums reads all functions without their code and schemas, for pages that show neither. */
export function listFunctionSums(signal?: AbortSignal): Promise<FunctionSum[]> {
  return listAll<FunctionSum>("/functions", { query: { brief: true }, signal });
}

export function listAllFunctions(signal?: AbortSignal): Promise<FunctionView[]> {
  return listAll<FunctionView>("/functions", { signal });
}

export async function getFunction(name: string, signal?: AbortSignal): Promise<FunctionView> {
  return (await request<FunctionView>("GET", path`/functions/${name}`, { signal })).data;
}

export async function getVersion(name: string, version: number, signal?: AbortSignal): Promise<VersionView> {
  return (await request<VersionView>("GET", path`/functions/${name}/versions/${version}`, { signal })).data;
}
