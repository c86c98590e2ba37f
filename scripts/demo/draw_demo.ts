import { drawTerminal } from "./draw_terminal.ts";
import { playDemo } from "./play_demo.ts";

const TITLE =
  "Four jobs are submitted with dlslurm schedule, a fifth is refused as its output is taken; " +
  "dlslurm finish commits what two of them wrote and reports that two have failed; dlslurm show tells how a " +
  "result was made; dlslurm reschedule makes it again, and finish says what differs";
const SECONDS = 30;

/**
 * Runs the demo and draws those of its steps that are for the picture.
 *
 * @param project with a slash at its end.
 */
export async function drawDemo(project: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "dlslurm-demo-" });
  try {
    const steps = [];
    for await (const { step, output } of playDemo(project, folder)) {
      if (step.isInPicture !== true) continue;
      const isRemark = step.kind === "remark";
      const line = isRemark ? step.text : step.line;
      steps.push({ line, isRemark, output: withoutThisMachine(output, folder) });
    }
    return drawTerminal(steps, { title: TITLE, seconds: SECONDS });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** With a reader's home, and a node of nobody's. */
function withoutThisMachine(output: string, folder: string): string {
  return output.replaceAll(folder, "/home/me").replaceAll(/^( {2}where +)[^,]+/gm, "$1node1");
}
