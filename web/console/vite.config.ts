import { svelte } from "@sveltejs/vite-plugin-svelte";
import { build, defineConfig, type Plugin, type Rollup } from "vite";

// Which modules are in which chunk. A page that is opened takes three scripts at once:
// the first one (boot.ts), what all pages share, and its own.
const boot = /vite\/preload-helper|rolldown\/runtime|\/src\/(boot\.ts|ui\/(tokens|base)\.css|api\/(clock|early|executions|json|problem|request|stream)\.ts|app\/(first_frame|pages|place|remembered)\.ts|runs\/(filter|first_draw|kept_list|run_row)\.ts|ui\/(icons|status|text|time)\.ts)/;
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

// The first frame of the list of runs stands in the page as templates, which its own
// components have written: the first script fills them before the framework is there.
const firstFrame: Plugin = {
  name: "first-frame",
  transformIndexHtml: {
    order: "post",
    async handler(html) {
      const built = await build({
        configFile: false, root: import.meta.dirname, logLevel: "error",
        plugins: [svelte(), { name: "this-view-alone", resolveDynamicImport: (to) => ({ id: String(to), external: true }) }],
        ssr: { noExternal: true },
        build: { ssr: "src/runs/first_render.ts", write: false, minify: false },
      });
      const script = (built as Rollup.RollupOutput).output[0].code;
      const templates = await inPage(script);
      return html.replace("  </body>", Object.entries(templates).map(([id, markup]) => `    <template id="${id}">${markup}</template>\n`).join("") + "  </body>");
    },
  },
};

/** Runs the script that writes the first frame, with what its modules ask of a page as they begin. */
async function inPage(script: string): Promise<Record<string, string>> {
  const page: Record<string, unknown> = {
    location: { hash: "#/runs?function_name=-", search: "", href: "http://localhost/console/" }, history: { state: null, replaceState: () => {} },
    document: { baseURI: "http://localhost/console/", documentElement: { dataset: {} } }, navigator: { platform: "" },
    window: globalThis, addEventListener: () => {}, innerHeight: 36,
  };
  const before = Object.keys(page).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(page)) Object.defineProperty(globalThis, name, { value, configurable: true });
  try {
    const { templates } = (await import("data:text/javascript;base64," + Buffer.from(script).toString("base64"))) as { templates: () => Promise<Record<string, string>> };
    return await templates();
  } finally {
    for (const [name, was] of before) {
      if (was) Object.defineProperty(globalThis, name, was);
      else Reflect.deleteProperty(globalThis, name);
    }
  }
}

// All files lie flat in dist, with addresses relative to the page, so that the
// console also works behind a proxy that serves it below a path of its own.
export default defineConfig({
  base: "./",
  plugins: [svelte(), firstScripts, firstFrame],
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
