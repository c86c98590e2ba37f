/**
 * Makes the picture of a terminal that the README shows: docs/demo.svg.
 *
 * usage: deno run -A scripts/demo_picture.ts
 *
 * The commands and their output are those of `deno task demo`, which is run for it; a test says when they
 * are not any more. Needs git.
 */
import { fileURLToPath } from "node:url";
import { drawDemo } from "./demo/draw_demo.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

if (import.meta.main) await Deno.writeTextFile(`${PROJECT}docs/demo.svg`, await drawDemo(PROJECT));
