import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// All files lie flat in dist, with addresses relative to the page, so that the
// console also works behind a proxy that serves it below a path of its own.
export default defineConfig({
  base: "./",
  plugins: [svelte()],
  // The server puts another nonce in its place in each response.
  html: { cspNonce: "NONCE-OF-THE-RESPONSE" },
  build: {
    assetsDir: "",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    license: { fileName: "licenses.md" },
    modulePreload: { polyfill: false },
    target: ["chrome123", "firefox120", "safari17.5"],
  },
});
