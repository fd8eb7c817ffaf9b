import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

// Which modules are in which chunk. A page that is opened takes three scripts at once:
// the first one (boot.ts), what all pages share, and its own.
const boot = /vite\/preload-helper|rolldown\/runtime|\/src\/(boot\.ts|ui\/(tokens|base)\.css|api\/(clock|early|executions|json|problem|request|stream)\.ts|app\/(pages|place|remembered)\.ts|runs\/filter\.ts)/;
const shared = /\/node_modules\/(svelte|esm-env|clsx)\/|\/src\/(main\.ts|app\/|api\/)|\/src\/ui\/(?!.*(json|editor|source|colour|typed_over|diff))/i;

// The shared chunk is asked for by the page itself, and nothing is drawn before the first
// script has set the theme.
const firstScripts: Plugin = {
  name: "first-scripts",
  transformIndexHtml: {
    order: "post",
    handler(html, { bundle }) {
      const main = Object.values(bundle ?? {}).find((one) => one.type === "chunk" && one.name === "shared");
      if (!main) return html;
      return html.replace('<script type="module"', '<script type="module" blocking="render"')
        .replace("</head>", `  <link rel="modulepreload" crossorigin href="./${main.fileName}" nonce="NONCE-OF-THE-RESPONSE">\n  </head>`);
    },
  },
};

// All files lie flat in dist, with addresses relative to the page, so that the
// console also works behind a proxy that serves it below a path of its own.
export default defineConfig({
  base: "./",
  plugins: [svelte(), firstScripts],
  // The server puts another nonce in its place in each response.
  html: { cspNonce: "NONCE-OF-THE-RESPONSE" },
  build: {
    assetsDir: "",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    // One style sheet: small, and no page waits for parts of it or is laid out again by them.
    cssCodeSplit: false,
    license: { fileName: "licenses.md" },
    modulePreload: { polyfill: false },
    target: ["chrome123", "firefox120", "safari17.5"],
    rolldownOptions: {
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: "boot", test: boot, priority: 2 },
            { name: "shared", test: shared, priority: 1 },
          ],
        },
      },
    },
  },
});
