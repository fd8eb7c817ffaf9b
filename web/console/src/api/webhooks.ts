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

export async function deleteWebhook(id: string): Promise<void> {
  await request("DELETE", path`/webhooks/${id}`);
}
