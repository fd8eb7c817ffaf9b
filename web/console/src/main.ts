import { mount } from "svelte";
import App from "./app/App.svelte";
import { findPage } from "./app/pages";
import { router } from "./app/router.svelte";
import "./ui/tokens.css";
import "./ui/base.css";

// The chunk of the page comes while the session is asked for; its failure shows when the page is opened.
findPage(router.path, true)?.page.load().catch(() => {});

const target = document.getElementById("app");
if (target) mount(App, { target });
