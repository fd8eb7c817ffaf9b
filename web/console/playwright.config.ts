import { defineConfig } from "@playwright/test";

// One server for all tests; each test has a subtenant of its own on it.
export default defineConfig({
  testDir: "tests",
  globalSetup: "./tests/server_start.ts",
  fullyParallel: true,
  forbidOnly: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  outputDir: "test-results",
  use: {
    viewport: { width: 1280, height: 860 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      // Nothing but the server itself can be reached.
      args: ["--no-sandbox", "--enable-precise-memory-info", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
    },
  },
});
