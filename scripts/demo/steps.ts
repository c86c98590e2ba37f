/** A step of the demo: a remark, a line that is typed, or a pause until no job waits or runs. */
export type DemoStep =
  | { readonly kind: "remark"; readonly text: string; readonly isInPicture?: true }
  | {
    readonly kind: "command";
    readonly line: string;
    /** The exit status that it must have. @default 0 */
    readonly code?: number;
    /** Whether the picture in the README shows it: its output must be the same each time, but for times. */
    readonly isInPicture?: true;
  }
  | { readonly kind: "wait" };

const remark = (text: string): DemoStep => ({ kind: "remark", text });
const shownRemark = (text: string): DemoStep => ({ kind: "remark", text, isInPicture: true });
const command = (line: string, code = 0): DemoStep => ({ kind: "command", line, code });
const shown = (line: string, code = 0): DemoStep => ({
  ...{ kind: "command", line, code, isInPicture: true },
});
const wait: DemoStep = { kind: "wait" };

/** The seed workflow, as `deno task demo` and the picture in the README show it. */
export const DEMO_STEPS: readonly DemoStep[] = [
  remark("A dataset with four job scripts. The Slurm in this demo is the one inside dlslurm:"),
  command('eval "$(dlslurm fake-slurm env)"'),
  command("ls"),
  shownRemark("Submit each job, and say what it will write."),
  shown("dlslurm schedule -o models/abrupt/gold sbatch submit_gold.slurm"),
  shown("dlslurm schedule -o models/abrupt/silver sbatch submit_silver.slurm"),
  shown("dlslurm schedule -o models/abrupt/bronze sbatch submit_bronze.slurm"),
  shown("dlslurm schedule -o models/abrupt/platinum sbatch submit_array_platinum.slurm"),
  shownRemark("A path inside an output of an open job cannot be claimed again."),
  shown("dlslurm schedule -o models/abrupt/gold/05_02 sbatch submit_gold.slurm", 1),
  command("dlslurm finish --list-open-jobs"),
  wait,
  shownRemark("Some time later: what completed is committed, what failed is reported."),
  shown("dlslurm finish", 1),
  remark("Look at what failed, then commit it as failed or give it up."),
  command("dlslurm list"),
  command("dlslurm finish --close-failed-jobs"),
  shownRemark("Anyone can see later how a result was made, and make it again."),
  shown("dlslurm show models/abrupt/gold/05_02/temperature.csv"),
  command("git log -1 --format=%B -- models/abrupt/gold"),
  shown('dlslurm reschedule "$(git log -1 --format=%h -- models/abrupt/gold)" -m "once more"'),
  wait,
  shown("dlslurm finish"),
  command("git log --stat --format='%n%h %s'"),
];
