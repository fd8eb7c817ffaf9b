import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { expect, test } from "@playwright/test";
import { curlLine, filledPath, parametersOf, type Sample } from "../src/ui/curl";
import { changedMembers } from "../src/ui/changed_members";
import { emptyWebhook, formOf, membersOf } from "../src/webhooks/form";
import { pathFault } from "../src/webhooks/path_check";
import { signedHeaders } from "../src/webhooks/signing";

/** The arguments that a shell hands to curl. */
function readByShell(line: string): string[] {
  const text = execFileSync("/bin/sh", ["-c", `curl() { printf '%s\\0' "$@"; }\n${line}`], { encoding: "utf8" });
  return text.split("\0").slice(0, -1);
}

const hostile = `it's "quoted" $HOME \`id\` $(id) \\ ! & ; | <a> \n second * ~ 日本 🎼 {a,b}`;

test("a curl line as a shell reads it", () => {
  const sample: Sample = {
    method: "PUT", url: "http://localhost:8000/api/v1/h/@default/a?q={1}&r='2'", body: hostile,
    headers: [["Content-Type", "application/json"], ["X-Text", hostile.replace("\n", "")], ["X-Empty", ""]],
  };
  expect(readByShell(curlLine(sample))).toEqual([
    "--globoff", "-X", "PUT", sample.url, "-H", "Content-Type: application/json",
    "-H", `X-Text: ${hostile.replace("\n", "")}`, "-H", "X-Empty;", "--data-raw", hostile,
  ]);
});

test("short curl lines", () => {
  const url = "http://localhost:8000/api/v1/h/hello";
  expect(curlLine({ method: "GET", url, headers: [] })).toBe(`curl ${url}`);
  expect(curlLine({ method: "HEAD", url, headers: [] })).toBe(`curl --head ${url}`);
  expect(curlLine({ method: "POST", url, headers: [], body: "@file" })).toBe(`curl ${url} --data-raw @file`);
  expect(curlLine({ method: "POST", url, headers: [] })).toBe(`curl -X POST ${url}`);
  expect(readByShell(curlLine({ method: "POST", url, headers: [], body: "" }))).toEqual([url, "--data-raw", ""]);
});

test("the token in a curl line", () => {
  const line = curlLine({ method: "GET", url: "http://localhost", headers: [], bearer: "MAESTRO_TOKEN" });
  expect(readByShell(`MAESTRO_TOKEN=secret; ${line}`)).toEqual(["http://localhost", "-H", "Authorization: Bearer secret"]);
});

test("parameters of a path", () => {
  expect(parametersOf("orders/{id}/items/{item}")).toEqual(["id", "item"]);
  expect(filledPath("orders/{id}/x", { id: "a/b ?ü" })).toBe("orders/a%2Fb%20%3F%C3%BC/x");
  expect(filledPath("orders/{id}", {})).toBe("orders/");
});

const paths: [path: string, isPublic: boolean, fault: string | undefined][] = [
  ["hello", true, undefined],
  ["orders/{id}", true, undefined],
  ["{tenant}/x", false, undefined],
  ["a.b-c_d/...", true, undefined],
  ["", true, "1 to 255"],
  ["x".repeat(256), true, "1 to 255"],
  ["/hello", true, "without a slash"],
  ["a//b", true, "no segment that is empty"],
  ["a/../b", true, "no segment that is empty"],
  ["a b", true, "only letters"],
  ["ü", true, "only letters"],
  ["a/{1x}", true, "named by letters"],
  ["a/{}", true, "named by letters"],
  ["a/x{id}", true, "Braces stand around"],
  ["a/{id}/{id}", true, "twice"],
  ["{id}", true, "public webhook begins"],
];

for (const [path, isPublic, fault] of paths) {
  test(`fault of the path ${JSON.stringify(path.slice(0, 20))}${isPublic ? "" : ", private"}`, () => {
    const found = pathFault(path, isPublic);
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(fault);
  });
}

test("form of a webhook", () => {
  const form = { ...emptyWebhook(), path: "pay", functionName: " pay ", defaults: '{"page": 1}', scheme: "stripe", secretNames: "NEW, OLD" };
  const { members, faults } = membersOf(form);
  expect(faults).toEqual({});
  expect(members).toMatchObject({
    function_name: "pay", description: null, default_values: { page: 1 }, signature: { scheme: "stripe", secret_name: ["NEW", "OLD"] },
  });
  expect(membersOf(formOf(members)).members).toEqual(members);
  expect(changedMembers(members, { ...members, is_active: false })).toEqual({ is_active: false });
});

test("faults of a form", () => {
  const of = (form: object) => Object.keys(membersOf({ ...emptyWebhook(), functionName: "f", ...form }).faults);
  expect(of({ functionName: " " })).toEqual(["functionName"]);
  expect(of({ defaults: "[1]" })).toEqual(["defaults"]);
  expect(of({ defaults: "{" })).toEqual(["defaults"]);
  expect(of({ scheme: "github" })).toEqual(["secretNames"]);
  expect(of({ scheme: "hmac-sha256", secretNames: "S" })).toEqual(["header"]);
});

const now = new Date(1_614_265_330_000);

test("signatures of a trial", async () => {
  const mac = (key: string, text: string) => createHmac("sha256", key).update(text).digest("hex");
  // GitHub's and Standard Webhooks' own examples.
  expect(await signedHeaders({ scheme: "github" }, "It's a Secret to Everybody", "Hello, World!", now, "")).toEqual([
    ["X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"],
  ]);
  expect(await signedHeaders({ scheme: "standard-webhooks" }, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", '{"test": 2432232314}', now, "msg_p5jXN8AQM9LWM0D4loKWxJek")).toEqual([
    ["webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"],
    ["webhook-timestamp", "1614265330"],
    ["webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="],
  ]);
  expect(await signedHeaders({ scheme: "stripe" }, "key", "ü", now, "")).toEqual([["Stripe-Signature", `t=1614265330,v1=${mac("key", "1614265330.ü")}`]]);
  expect((await signedHeaders({ scheme: "slack" }, "key", "{}", now, ""))[1]).toEqual(["X-Slack-Signature", `v0=${mac("key", "v0:1614265330:{}")}`]);
  expect(await signedHeaders({ scheme: "hmac-sha256", header: "X-Sig" }, "key", "{}", now, "")).toEqual([["X-Sig", mac("key", "{}")]]);
});
