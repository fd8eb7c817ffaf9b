import { expect, test } from "./console";

test("refused calls of a webhook, with the reason", async ({ page, api, open, accessible }) => {
  await api.store("hook", "def hook(input):\n    return 1\n");
  await api.call("PUT", "/secrets/HOOK_SECRET", { value: "the secret of the sender" });
  const path = `${api.subtenant}/hook`;
  const webhook = await api.call("POST", "/webhooks", { path, function_name: "hook", signature: { scheme: "github", secret_name: "HOOK_SECRET" } });
  await open("/webhooks/" + webhook.id);
  const section = page.getByRole("region", { name: "Refused calls" });
  await expect(section.getByText("None was refused for its signature.")).toBeVisible();

  const send = (headers: Record<string, string>) => fetch(`${api.url}/api/v1/h/${path}`, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: "{}" });
  expect((await send({})).status).toBe(401);
  for (let n = 0; n < 3; n++) expect((await send({ "X-Hub-Signature-256": "sha256=" + "0".repeat(64), "X-Sent-By": "a-sender" })).status).toBe(401);
  // The page asks again by itself.
  const table = section.getByRole("table", { name: "Refused calls" });
  await expect(table.getByRole("row", { name: /without a signature/ })).toBeVisible({ timeout: 30_000 });
  const mismatch = table.getByRole("row", { name: /signed with another secret/ });
  await expect(mismatch).toContainText("3");
  await expect(mismatch).toContainText("127.0.0.1");
  await accessible();
  await page.setViewportSize({ width: 1400, height: 900 });
  await expect(mismatch).toContainText(/x-sent-by/i);
  await expect(page.getByRole("region", { name: "Last deliveries" }).getByText("No deliveries yet.")).toBeVisible();
});

test("a webhook without a signature has no list of refused calls", async ({ page, api, open }) => {
  await api.store("hook", "def hook(input):\n    return 1\n");
  const webhook = await api.call("POST", "/webhooks", { path: `${api.subtenant}/open`, function_name: "hook" });
  await open("/webhooks/" + webhook.id);
  await expect(page.getByRole("region", { name: "Last deliveries" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Refused calls" })).toHaveCount(0);
});
