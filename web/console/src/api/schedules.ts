import type { Json } from "./executions";
import { listAll, path, request } from "./request";

/** The members of a schedule that its author sets. */
export interface ScheduleMembers {
  name: string;
  function_name: string;
  cron_expression: string;
  timezone: string;
  input_data: Json;
  description: string | null;
  is_active: boolean;
  retry: Json;
  overlap: string;
  catch_up: string;
  max_instances: number;
}

export interface Schedule extends ScheduleMembers {
  id: string;
  last_run: string | null;
  next_run: string | null;
  last_status: string | null;
  last_error: string | null;
  last_execution_id: string | null;
  failures: number;
  problem: string | null;
  digest: string;
  created_at: string;
  updated_at: string;
}

export function listSchedules(query: { function_name?: string } = {}, signal?: AbortSignal): Promise<Schedule[]> {
  return listAll<Schedule>("/schedules", { query, signal });
}

export async function getSchedule(id: string, signal?: AbortSignal): Promise<Schedule> {
  return (await request<Schedule>("GET", path`/schedules/${id}`, { signal })).data;
}

export async function createSchedule(members: Partial<ScheduleMembers>): Promise<Schedule> {
  return (await request<Schedule>("POST", "/schedules", { body: members })).data;
}

export async function updateSchedule(id: string, members: Partial<ScheduleMembers>): Promise<Schedule> {
  return (await request<Schedule>("PUT", path`/schedules/${id}`, { body: members })).data;
}

export async function deleteSchedule(id: string): Promise<void> {
  await request("DELETE", path`/schedules/${id}`);
}

export async function runSchedule(id: string): Promise<{ execution_id: string }> {
  return (await request<{ execution_id: string }>("POST", path`/schedules/${id}/run`)).data;
}

/** The due times of a schedule within an hour. */
export interface DueHour {
  schedule_id: string;
  name: string;
  function_name: string;
  first: string;
  last: string;
  count: number;
}

export async function listDueTimes(from: Date, to: Date, signal?: AbortSignal): Promise<{ due: DueHour[]; truncated: boolean }> {
  const query = { from: from.toISOString(), to: to.toISOString() };
  return (await request<{ due: DueHour[]; truncated: boolean }>("GET", "/scheduler/due", { query, signal })).data;
}

/** The next due times of an expression; a faulty one is a Problem. */
export async function previewSchedule(expression: string, timezone: string, count: number, signal?: AbortSignal): Promise<string[]> {
  const query = { cron_expression: expression, timezone, count };
  return (await request<{ times: string[] }>("GET", "/scheduler/preview", { query, signal })).data.times;
}
