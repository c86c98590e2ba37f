// Runs the seed workflow on the embedded Slurm in a temporary dataset and shows each command with its
// real output. Needs git and nothing else.
// usage: deno task demo [--keep]     --keep leaves the dataset behind and says where it is
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { startOwnSlurm } from "./own_slurm.ts";
import { say } from "./say.ts";

const project = fileURLToPath(new URL("..", import.meta.url));
const keep = Deno.args.includes("--keep");
const folder = await Deno.makeTempDir({ prefix: "dlslurm-demo-" });
const dataset = join(folder, "climate");
/** What the demo's shell sees. */
let environment: Record<string, string> = {};

/** Runs a shell line in the dataset and returns its exit status. */
async function shell(line: string, quiet = false): Promise<number> {
  const { code } = await new Deno.Command("/bin/sh", {
    args: ["-c", `exec 2>&1; ${line}`],
    cwd: dataset,
    env: environment,
    clearEnv: true,
    stdin: "null",
    stdout: quiet ? "null" : "inherit",
    stderr: "inherit",
  }).output();
  return code;
}

/** Shows a command as a user would type it, then what it prints. */
async function show(line: string, expected: number): Promise<void> {
  await say(`\n$ ${line}`);
  const code = await shell(line);
  if (code !== expected) {
    await say(`demo: this command ended with exit status ${code} instead of ${expected}`);
    Deno.exit(1);
  }
}

async function explain(text: string): Promise<void> {
  await say(`\n# ${text}`);
}

async function prepare(): Promise<void> {
  await Deno.mkdir(dataset);
  environment = await startOwnSlurm(folder, project);
  for await (const { name } of Deno.readDir(join(project, "fixtures", "seed"))) {
    if (name.endsWith(".slurm")) {
      await Deno.copyFile(join(project, "fixtures", "seed", name), join(dataset, name));
    }
  }
  await shell(
    "git init -q -b main && git config user.name Demo && git config user.email demo@example.org && " +
      'git add . && git commit -q -m "Add job scripts"',
  );
}

async function waitForJobs(): Promise<void> {
  for (;;) {
    if (await shell('test -z "$(squeue -h)"', true) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

try {
  await prepare();
  await explain(
    "A dataset with four job scripts. The Slurm in this demo is the one inside dlslurm:",
  );
  await say('$ eval "$(dlslurm fake-slurm env)"');
  await show("ls", 0);
  await explain("Submit each job, and say what it will write.");
  await show("dlslurm schedule -o models/abrupt/gold sbatch submit_gold.slurm", 0);
  await show("dlslurm schedule -o models/abrupt/silver sbatch submit_silver.slurm", 0);
  await show("dlslurm schedule -o models/abrupt/bronze sbatch submit_bronze.slurm", 0);
  await show("dlslurm schedule -o models/abrupt/platinum sbatch submit_array_platinum.slurm", 0);
  await explain("A path inside an output of an open job cannot be claimed again.");
  await show("dlslurm schedule -o models/abrupt/gold/05_02 sbatch submit_gold.slurm", 1);
  await show("dlslurm finish --list-open-jobs", 0);
  await waitForJobs();
  await explain("Some time later: what completed is committed, what failed is reported.");
  await show("dlslurm finish", 1);
  await explain("Look at what failed, then commit it as failed or give it up.");
  await show("dlslurm list", 0);
  await show("dlslurm finish --close-failed-jobs", 0);
  await explain("Anyone can see later how a result was made, and make it again.");
  await show("git log -1 --format=%B -- models/abrupt/gold", 0);
  await show(
    'dlslurm reschedule "$(git log -1 --format=%h -- models/abrupt/gold)" -m "once more"',
    0,
  );
  await waitForJobs();
  await show("dlslurm finish", 0);
  await show("git log --stat --format='%n%h %s'", 0);
} finally {
  if (keep) await say(`\nThe dataset is ${dataset}`);
  else await Deno.remove(folder, { recursive: true });
}
