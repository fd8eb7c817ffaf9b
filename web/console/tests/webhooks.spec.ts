import { expect, hostile, test } from "./console";

const greet = 'def greet(input):\n    return "Hello, " + input["name"]\n';

test("a webhook made, tried and called", async ({ page, open, api, accessible }) => {
  await api.store("greet", greet, { input_schema: { type: "object", properties: { name: { type: "string", default: "Ada" } } } });
  await open("/webhooks");
  await expect(page.getByText("No webhooks yet")).toBeVisible();
  await accessible();
  await page.keyboard.press("n");
  const dialog = page.getByRole("dialog", { name: "New webhook" });
  const path = `greet-${api.subtenant}`;
  await dialog.getByLabel("Path").fill("/" + path);
  await expect(dialog.getByText("begins without a slash")).toBeVisible();
  await dialog.getByLabel("Path").fill(path);
  await dialog.getByLabel("Function").fill("greet");
  await accessible();
  await dialog.getByRole("button", { name: "Create webhook" }).click();

  await expect(page.getByRole("heading", { name: "/" + path })).toBeVisible();
  await expect(page.getByRole("group", { name: "Address" })).toHaveText(`${api.url}/api/v1/h/${path}`);
  const form = page.getByRole("form", { name: "Try the webhook" });
  await expect(form.getByLabel("Body")).toHaveValue(/Ada/);
  await form.getByLabel("Body").fill('{"name": "Grace"}');
  await expect(page.getByRole("group", { name: "curl" })).toContainText('Grace');
  await form.getByRole("button", { name: "Send" }).click();
  const answer = page.getByRole("region", { name: "Answer" });
  await expect(answer.getByText("200", { exact: true })).toBeVisible();
  await expect(answer.getByLabel("Body of the answer")).toContainText("Hello, Grace");
  await answer.getByText("Headers").click();
  await expect(answer.getByText("x-execution-id")).toBeVisible();
  const deliveries = page.getByRole("table", { name: "Last deliveries" });
  await expect(deliveries.getByText("Grace")).toBeVisible();
  await accessible();

  await deliveries.getByRole("button", { name: "Redeliver" }).click();
  await page.getByRole("link", { name: "Show the run" }).last().click();
  await expect(page).toHaveURL(/#\/runs\//);
});

test("a webhook changed, deactivated and deleted", async ({ page, open, api }) => {
  await api.store("greet", greet);
  const made = await api.call("POST", "/webhooks", { path: `c-${api.subtenant}/{id}`, function_name: "greet" });
  await open("/webhooks");
  await expect(page.getByRole("table", { name: "Webhooks" }).getByText("greet", { exact: true })).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Change" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Default values").fill("[1]");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByText("Default values are a JSON object")).toBeVisible();
  await dialog.getByLabel("Default values").fill('{"name": "Default"}');
  await dialog.getByLabel("Method").selectOption("ANY");
  await dialog.getByLabel("Response").selectOption("raw");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  expect(await api.call("GET", "/webhooks/" + made.id)).toMatchObject({ http_method: "ANY", response_mode: "raw", default_values: { name: "Default" } });

  const form = page.getByRole("form", { name: "Try the webhook" });
  await form.getByLabel("id").fill("a/b");
  await form.getByLabel("Method").selectOption("GET");
  await expect(form.getByLabel("Body")).toBeHidden();
  await form.getByRole("button", { name: "Send" }).click();
  await expect(page.getByLabel("Body of the answer")).toHaveText("Hello, Default");

  await page.getByRole("button", { name: "Deactivate" }).click();
  await expect(page.getByText("not active").first()).toBeVisible();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("No webhooks yet")).toBeVisible();
});

test("a signed webhook tried with and without its signature", async ({ page, open, api, accessible }) => {
  await api.store("greet", greet);
  await api.call("PUT", "/secrets/SHARED", { value: "a shared secret" });
  const made = await api.call("POST", "/webhooks", { path: `s-${api.subtenant}`, function_name: "greet", input_mode: "body", signature: { scheme: "stripe", secret_name: ["SHARED", "NEXT"] } });
  await open("/webhooks/" + made.id);
  await expect(page.getByText("not stored")).toHaveCount(1);
  await expect(page.getByText("No signed call was accepted yet.")).toBeVisible();
  const form = page.getByRole("form", { name: "Try the webhook" });
  await form.getByLabel("Body").fill('{"name": "Ada"}');
  await form.getByRole("button", { name: "Send" }).click();
  const answer = page.getByRole("region", { name: "Answer" });
  await expect(answer.getByText("401", { exact: true })).toBeVisible();
  await form.getByLabel("Secret to sign with").fill("a shared secret");
  await form.getByRole("button", { name: "Send" }).click();
  await expect(answer.getByText("200", { exact: true })).toBeVisible();
  await expect(page.getByText("Last accepted:")).toBeVisible();
  await accessible();
});

test("a private webhook tried with a token", async ({ page, open, api }) => {
  await api.store("greet", greet);
  const made = await api.call("POST", "/webhooks", { path: "p", function_name: "greet", input_mode: "body", requires_auth: true });
  await open("/webhooks/" + made.id);
  const form = page.getByRole("form", { name: "Try the webhook" });
  await form.getByLabel("Body").fill('{"name": "Ada"}');
  await form.getByRole("button", { name: "Send" }).click();
  const answer = page.getByRole("region", { name: "Answer" });
  await expect(answer.getByText("404", { exact: true }), "the session's cookie does not count").toBeVisible();
  await form.getByLabel("Token", { exact: true }).fill(api.token);
  await form.getByRole("button", { name: "Send" }).click();
  await expect(answer.getByText("200", { exact: true })).toBeVisible();
  await expect(page.getByRole("group", { name: "curl" })).toContainText("$MAESTRO_TOKEN");
  await expect(page.getByRole("group", { name: "curl" })).not.toContainText(api.token);
});

test("hostile texts of a webhook and its answer", async ({ page, open, api, accessible }) => {
  await api.store("evil", `import maestro\ndef evil(input):\n    return maestro.Response(${JSON.stringify(hostile)}, 418, {"Content-Type": "text/html", "X-Evil": "<b>x</b>"})\n`);
  const made = await api.call("POST", "/webhooks", { path: `e-${api.subtenant}`, function_name: "evil", response_mode: "raw", description: hostile });
  await open("/webhooks/" + made.id);
  const form = page.getByRole("form", { name: "Try the webhook" });
  await form.getByLabel("Body").fill(JSON.stringify({ text: hostile }));
  await form.getByRole("button", { name: "Send" }).click();
  const answer = page.getByRole("region", { name: "Answer" });
  await expect(answer.getByText("418", { exact: true })).toBeVisible();
  await expect(answer.getByLabel("Body of the answer")).toContainText("<img src=x");
  await expect(answer.getByLabel("Body of the answer")).toContainText("⟨U+202E⟩");
  await answer.getByText("Headers").click();
  await expect(answer.getByText("<b>x</b>")).toBeVisible();
  await expect(page.getByRole("table", { name: "Last deliveries" })).toContainText("<img src=x");
  await expect(page).toHaveTitle(/· Maestro$/);
  await accessible();
});

test("an answer that is a stream, and one that is not text", async ({ page, open, api }) => {
  await api.store("counting", 'import time\ndef counting(input):\n    for i in range(3):\n        yield f"line {i}\\n"\n        time.sleep(0.05)\n');
  await api.store("picture", 'def picture(input):\n    return b"\\x89PNG\\xff\\xfe"\n');
  const stream = await api.call("POST", "/webhooks", { path: `st-${api.subtenant}`, function_name: "counting", response_mode: "raw" });
  const binary = await api.call("POST", "/webhooks", { path: `bi-${api.subtenant}`, function_name: "picture", response_mode: "raw" });
  await open("/webhooks/" + stream.id);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByLabel("Body of the answer")).toContainText("line 2");
  await expect(page.getByText("still answering")).toBeHidden();
  await open("/webhooks/" + binary.id);
  await expect(page.getByRole("heading", { name: "/bi-" })).toBeVisible();
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByText("The body is not text")).toBeVisible();
});

test("answers that are a redirect, very long, and stopped", async ({ page, open, api }) => {
  await api.store("away", 'import maestro\ndef away(input):\n    return maestro.Response("", 302, {"Location": "/readyz"})\n');
  await api.store("large", 'def large(input):\n    return "<b>" + "x" * 3_000_000\n');
  await api.store("endless", 'import time\ndef endless(input):\n    while True:\n        yield "more\\n"\n        time.sleep(0.05)\n');
  const made: Record<string, string> = {};
  for (const name of ["away", "large", "endless"]) {
    made[name] = (await api.call("POST", "/webhooks", { path: `${name}-${api.subtenant}`, function_name: name, response_mode: "raw" })).id;
  }
  const answer = page.getByRole("region", { name: "Answer" });
  await open("/webhooks/" + made.away);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(answer.getByText("The webhook answers with a redirect")).toBeVisible();
  await open("/webhooks/" + made.large);
  await expect(page.getByRole("heading", { name: "/large-" })).toBeVisible();
  await page.getByRole("button", { name: "Send" }).click();
  await expect(answer.getByText("The rest was not read.")).toBeVisible();
  await open("/webhooks/" + made.endless);
  await expect(page.getByRole("heading", { name: "/endless-" })).toBeVisible();
  await page.getByRole("button", { name: "Send" }).click();
  await expect(answer.getByLabel("Body of the answer")).toContainText("more");
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByRole("button", { name: "Stop" })).toBeHidden();
  await expect(answer.getByText("still answering")).toBeHidden();
});

test("a webhook that another person has changed, and deleted, meanwhile", async ({ page, open, api }) => {
  await api.store("greet", greet);
  const made = await api.call("POST", "/webhooks", { path: `m-${api.subtenant}`, function_name: "greet" });
  await open("/webhooks/" + made.id);
  await page.getByRole("button", { name: "Change" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Description").fill("mine");
  await api.call("PUT", "/webhooks/" + made.id, { http_method: "PUT" });
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  expect(await api.call("GET", "/webhooks/" + made.id), "the members that differ are sent alone").toMatchObject({ description: "mine", http_method: "PUT" });
  await page.getByRole("button", { name: "Change" }).click();
  await dialog.getByLabel("Path").fill("m/{a}/{a}");
  await expect(dialog.getByText("has the parameter {a} twice")).toBeVisible();
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByRole("alert")).toBeVisible();
  await dialog.getByLabel("Path").fill(`m-${api.subtenant}`);
  await api.call("DELETE", "/webhooks/" + made.id);
  await dialog.getByLabel("Description").fill("again");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByRole("alert")).toContainText("no webhook");
});
