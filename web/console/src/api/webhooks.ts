import type { Json } from "./executions";
import { listAll, path, request } from "./request";

export interface Signature {
  scheme: string;
  secret_name: string | string[];
  header?: string;
}

/** The members of a webhook that its author sets. */
export interface WebhookMembers {
  path: string;
  function_name: string;
  http_method: string;
  description: string | null;
  default_values: Json;
  requires_auth: boolean;
  input_mode: string;
  response_mode: string;
  signature: Signature | null;
  is_active: boolean;
}

export interface Webhook extends WebhookMembers {
  id: string;
  effective_input_mode: "request" | "body";
  url: string;
  subtenant_url: string;
  access: string;
  digest: string;
  created_at: string;
  updated_at: string;
}

export function listWebhooks(query: { function_name?: string } = {}, signal?: AbortSignal): Promise<Webhook[]> {
  return listAll<Webhook>("/webhooks", { query, signal });
}

export async function getWebhook(id: string, signal?: AbortSignal): Promise<Webhook> {
  return (await request<Webhook>("GET", path`/webhooks/${id}`, { signal })).data;
}

export async function createWebhook(members: Partial<WebhookMembers>): Promise<Webhook> {
  return (await request<Webhook>("POST", "/webhooks", { body: members })).data;
}

export async function updateWebhook(id: string, members: Partial<WebhookMembers>): Promise<Webhook> {
  return (await request<Webhook>("PUT", path`/webhooks/${id}`, { body: members })).data;
}

/** Calls of a minute that were refused for the same reason before a run. */
export interface Refusal {
  id: string;
  minute: string;
  reason: "signature_missing" | "signature_malformed" | "signature_mismatch" | "signature_stale" | "no_secret";
  /** Of the sender; null: of further senders. */
  address: string | null;
  calls: number;
  last_at: string;
  http_method: string;
  header_names: string[];
}

/** The newest first; the server keeps 50. */
export async function listRefusals(id: string, signal?: AbortSignal): Promise<Refusal[]> {
  return (await request<Refusal[]>("GET", path`/webhooks/${id}/refusals`, { query: { limit: 50 }, signal })).data;
}

export async function deleteWebhook(id: string): Promise<void> {
  await request("DELETE", path`/webhooks/${id}`);
}
