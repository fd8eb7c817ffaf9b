import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

// One measurement at a time, on a server of its own (scripts/console measure).
export default defineConfig({
  ...tests,
  testDir: "measure",
  globalSetup: undefined,
  workers: 1,
  timeout: 90 * 60_000,
  expect: { timeout: 120_000 },
});
