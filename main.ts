import { realWorld } from "./src/cli/real_world.ts";
import { runCli } from "./src/cli/run_cli.ts";

Deno.exit(await runCli(Deno.args, realWorld(import.meta.filename!)));
