// Runs the seed workflow on the embedded Slurm in a temporary dataset and shows each command with its
// real output. Needs git and nothing else.
// usage: deno task demo [--keep]     --keep leaves the dataset behind and says where it is
import { fileURLToPath } from "node:url";
import { playDemo } from "./demo/play_demo.ts";
import { say } from "./say.ts";

const project = fileURLToPath(new URL("..", import.meta.url));
const folder = await Deno.makeTempDir({ prefix: "dlslurm-demo-" });

try {
  for await (const { step, output } of playDemo(project, folder)) {
    if (step.kind === "remark") await say(`\n# ${step.text}`);
    else await say(`\n$ ${step.line}${output === "" ? "" : `\n${output}`}`);
  }
} finally {
  if (Deno.args.includes("--keep")) await say(`\nThe dataset is ${folder}/climate`);
  else await Deno.remove(folder, { recursive: true });
}
