// Runs the program that lies beside this module. As a text that is evaluated, not as a module: the
// runtime would parse a module a second time to look for imports, which takes longer than running it.
import * as sqlite from "node:sqlite";

const path = decodeURIComponent(new URL(import.meta.url.replace(/\.js$/, ".txt")).pathname);
const AsyncFunction = (async () => {}).constructor;
const program = new AsyncFunction("sqlite", "importMeta", Deno.readTextFileSync(path));
await program(sqlite, { url: import.meta.url, main: true });
