// Which webhooks use a secret to check signatures. The server says which functions read it.

import { listWebhooks, type Webhook } from "../api/webhooks";

/** The webhooks whose signature names each secret. */
export async function signedBy(signal: AbortSignal): Promise<Map<string, Webhook[]>> {
  const found = new Map<string, Webhook[]>();
  for (const webhook of await listWebhooks({}, signal)) {
    for (const name of [webhook.signature?.secret_name ?? []].flat()) found.set(name, [...(found.get(name) ?? []), webhook]);
  }
  return found;
}
