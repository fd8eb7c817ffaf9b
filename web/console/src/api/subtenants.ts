import type { Json } from "./executions";
import { list, listAll, path, request, type Page } from "./request";

/** The members of a subtenant that an administrator sets. */
export interface SubtenantMembers {
  description: string | null;
  retention_days: number | null;
  lane: "auto" | "embedded" | "process";
  notify: Json;
}

export interface Subtenant extends SubtenantMembers {
  id: string;
  subtenant_id: string;
  created_at: string;
  paused_at: string | null;
  effective_retention_days: number;
  effective_lane: "embedded" | "process";
  lane_reason: string;
}

export interface Interpreter {
  state: string;
  calls: number;
  memory_bytes: number;
  refused: boolean;
  stuck_threads: { function: string; seconds: number }[];
  parked: number;
  leaked: number;
  stuck_max: number;
  processes: { pid: number; state: string; calls: number; late: number; memory_bytes: number }[];
}

export interface Pause {
  paused_at: string | null;
  running: number;
  waiting: number;
}

// Subtenants are named by the path: the subtenant that the console shows has no part in it.
const none = { subtenant: null };

/** For administrators, as all of these. */
export function listSubtenants(signal?: AbortSignal): Promise<Subtenant[]> {
  return listAll<Subtenant>("/subtenants", { ...none, signal });
}

export async function getSubtenant(id: string, signal?: AbortSignal): Promise<Subtenant> {
  return (await request<Subtenant>("GET", path`/subtenants/${id}`, { ...none, signal })).data;
}

export async function createSubtenant(body: { subtenant_id?: string; description?: string | null }): Promise<Subtenant> {
  return (await request<Subtenant>("POST", "/subtenants", { ...none, body })).data;
}

export async function updateSubtenant(id: string, body: Partial<SubtenantMembers>): Promise<Subtenant> {
  return (await request<Subtenant>("PUT", path`/subtenants/${id}`, { ...none, body })).data;
}

export async function deleteSubtenant(id: string): Promise<void> {
  await request("DELETE", path`/subtenants/${id}`, none);
}

export async function pauseSubtenant(id: string, paused: boolean): Promise<Pause> {
  const to = paused ? path`/subtenants/${id}/pause` : path`/subtenants/${id}/resume`;
  return (await request<Pause>("POST", to, none)).data;
}

export async function getInterpreter(id: string, signal?: AbortSignal): Promise<Interpreter> {
  return (await request<Interpreter>("GET", path`/subtenants/${id}/interpreter`, { ...none, signal })).data;
}

export async function freeInterpreter(id: string): Promise<Interpreter> {
  return (await request<Interpreter>("DELETE", path`/subtenants/${id}/interpreter`, none)).data;
}

export async function changeAccess(id: string, email: string, granted: boolean): Promise<{ message: string }> {
  const body = { user_email: email };
  const call = granted
    ? request<{ message: string }>("POST", path`/subtenants/${id}/grant-access`, { ...none, body })
    : request<{ message: string }>("DELETE", path`/subtenants/${id}/revoke-access`, { ...none, body });
  return (await call).data;
}

/** A user with a grant for a subtenant, as Census knows it. */
export interface Member {
  user_id: string;
  user_email: string;
}

/** By e-mail address. Census is asked about one user after the other: with many of them it takes seconds. */
export function listAccess(id: string, cursor: string | null, signal?: AbortSignal): Promise<Page<Member>> {
  return list<Member>(path`/subtenants/${id}/access`, { ...none, query: { limit: 50, cursor }, signal });
}

/** The interpreter and processes of a subtenant on the server that answers. */
export interface InterpreterSum {
  subtenant_id: string;
  state: string;
  calls: number;
  memory_bytes: number;
  processes: number;
  stuck_threads: number;
  refused: boolean;
}

/** By memory, the largest first. */
export async function listInterpreters(limit: number, signal?: AbortSignal): Promise<InterpreterSum[]> {
  return (await request<InterpreterSum[]>("GET", "/interpreters", { ...none, query: { limit }, signal })).data;
}
