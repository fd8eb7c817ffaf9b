import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

// css: "external" keeps styles out of the scripts, which the Content-Security-Policy
// requires.
export default {
  preprocess: vitePreprocess(),
  compilerOptions: { runes: true, css: "external" },
};
