// Signs a trial call as the webhook's sender would. The secret is typed for the
// trial and stays in the page's memory: the server never shows a stored one.

export interface SignatureSetting {
  scheme: "github" | "stripe" | "slack" | "standard-webhooks" | "hmac-sha256";
  header?: string;
}

/** The headers that sign a body now. */
export async function signedHeaders(
  { scheme, header }: SignatureSetting,
  secret: string,
  body: string,
  now: Date,
  id: string,
): Promise<[string, string][]> {
  const stamp = String(Math.floor(now.getTime() / 1000));
  const key = new TextEncoder().encode(secret);
  switch (scheme) {
    case "github":
      return [["X-Hub-Signature-256", `sha256=${hex(await mac(key, body))}`]];
    case "stripe":
      return [["Stripe-Signature", `t=${stamp},v1=${hex(await mac(key, `${stamp}.${body}`))}`]];
    case "slack":
      return [
        ["X-Slack-Request-Timestamp", stamp],
        ["X-Slack-Signature", `v0=${hex(await mac(key, `v0:${stamp}:${body}`))}`],
      ];
    case "standard-webhooks":
      return [
        ["webhook-id", id],
        ["webhook-timestamp", stamp],
        ["webhook-signature", `v1,${base64(await mac(standardKey(secret), `${id}.${stamp}.${body}`))}`],
      ];
    case "hmac-sha256":
      return [[header ?? "", hex(await mac(key, body))]];
  }
}

/** The key in a secret of Standard Webhooks: base64, usually after whsec_, else the text itself. */
function standardKey(secret: string): Uint8Array<ArrayBuffer> {
  const encoded = secret.trim().replace(/^whsec_/, "").replace(/=+$/, "");
  try {
    return Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
  } catch {
    return new TextEncoder().encode(secret);
  }
}

async function mac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text)));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
