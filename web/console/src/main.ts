import { mount } from "svelte";
import App from "./app/App.svelte";
import { firstTarget } from "./app/first_frame";

const app = document.getElementById("app");
if (app) mount(App, { target: firstTarget(app) });
