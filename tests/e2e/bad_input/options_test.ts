import { assertRefused } from "../../support/refusal.ts";
import { World } from "../../support/world.ts";

interface OptionCase {
  readonly args: readonly string[];
  readonly says: RegExp;
  /** 2, wrong usage, when absent. */
  readonly code?: 1 | 2;
}

const SBATCH = ["sbatch", "submit_gold.slurm"];
const schedule = (...options: string[]) => ["schedule", ...options, "-o", "out", ...SBATCH];

/** Every option of every command with a value that it cannot have, or with none. */
const CASES: readonly OptionCase[] = [
  { args: ["schedule", "-o"], says: /'-o, --output <path>' argument missing/ },
  { args: ["schedule", "-o", "x", "-i"], says: /'-i, --input <path>' argument missing/ },
  { args: ["schedule", "-m"], says: /'-m, --message <text>' argument missing/ },
  { args: ["schedule", "-d"], says: /'-d, --dataset <path>' argument missing/ },
  { args: ["schedule", "-a"], says: /'-a, --alt-dir <path>' argument missing/ },
  { args: ["schedule", "-J"], says: /'-J, --jobs <n>' argument missing/ },
  { args: schedule("-J", "0"), says: /Cannot read "0" as a count: a whole number above 0/ },
  { args: schedule("-J", "x"), says: /Cannot read "x" as a count/ },
  { args: schedule("-J", "1.5"), says: /Cannot read "1\.5" as a count/ },
  { args: schedule("-J", "-2"), says: /Cannot read "-2" as a count/ },
  { args: schedule("--expand", "all"), says: /'--expand <what>' argument 'all' is invalid/ },
  { args: schedule("--expand="), says: /'--expand <what>' argument '' is invalid/ },
  { args: schedule("--assume-ready", "x"), says: /'--assume-ready <what>' argument 'x' is/ },
  { args: schedule("--dry-run", "all"), says: /'--dry-run <detail>' argument 'all' is invalid/ },
  { args: schedule("-d", "nowhere"), says: /no folder ".*nowhere"/, code: 1 },
  { args: schedule("-d", "submit_gold.slurm"), says: /no folder ".*submit_gold/, code: 1 },
  { args: schedule("-f", "xml"), says: /xml/ },
  { args: schedule("--what"), says: /unknown option '--what'/ },
  { args: ["finish", "--branches", "--octopus"], says: /'--branches' cannot be used with option/ },
  {
    args: ["finish", "5", "--close-unknown-jobs", "--commit-unknown-jobs"],
    says: /Cannot both close and commit jobs/,
  },
  { args: ["finish", "--close-unknown-jobs"], says: /without their job IDs/ },
  { args: ["finish", "4abc"], says: /Cannot read job ID "4abc"/ },
  { args: ["finish", "abc"], says: /no open job has that label/, code: 1 },
  { args: schedule("--label", "4abc"), says: /Cannot use "4abc" as a label/ },
  { args: schedule("--after", "4abc"), says: /"4abc": it is neither a job ID nor a label/ },
  { args: schedule("--after", "abc"), says: /no job of this worktree has that label/, code: 1 },
  { args: ["finish", ""], says: /Cannot read job ID ""/ },
  { args: ["finish", "--", "-1"], says: /Cannot read job ID "-1"/ },
  { args: ["finish", "--slurm-job-id"], says: /'--slurm-job-id <id>' argument missing/ },
  { args: ["finish", "--slurm-job-id", "4x"], says: /Cannot read job ID "4x"/ },
  { args: ["finish", "-o", "out"], says: /further outputs without the ID of one job/ },
  { args: ["finish", "-o", "out", "1", "2"], says: /further outputs without the ID of one job/ },
  { args: ["finish", "-J", "none"], says: /Cannot read "none" as a count/ },
  { args: ["finish", "-m"], says: /'-m, --message <text>' argument missing/ },
  { args: ["finish", "4242"], says: /4242 is not an open job/, code: 1 },
  { args: ["reschedule", "nowhere"], says: /Cannot read the history of "nowhere"/ },
  { args: ["reschedule", ""], says: /Cannot read the history of ""/ },
  { args: ["reschedule", "HEAD", "HEAD"], says: /Cannot use several revisions without --array/ },
  { args: ["reschedule", "--since"], says: /'--since <revision>' argument missing/ },
  { args: ["reschedule", "--since=nowhere"], says: /Cannot read the history of "nowhere\.\.HEAD"/ },
  { args: ["reschedule", "--assume-ready"], says: /'--assume-ready <what>' argument missing/ },
  { args: ["reschedule", "-J", "0"], says: /Cannot read "0" as a count/ },
  { args: ["reschedule", "--script"], says: /'--script <file>' argument missing/ },
  { args: ["reschedule"], says: /No schedule commits found/, code: 1 },
  { args: ["adopt", "5"], says: /too many arguments for 'adopt'/ },
  { args: ["adopt", "-d", "nowhere"], says: /no folder ".*nowhere"/, code: 1 },
];

Deno.test("e2e: any option with a value that it cannot have → refused, nothing is submitted", async (test) => {
  await using world = await World.create();
  for (const { args, says, code = 2 } of CASES) {
    await test.step(args.join(" "), async () => {
      await assertRefused(world.dataset, world.slurm, args, { code, says: [says] });
    });
  }
});

Deno.test("e2e: reschedule --script that cannot be written → refused, nothing is submitted", async (test) => {
  await using world = await World.createWithCompletedJob();
  await world.dataset.dlslurm(["finish"]);
  for (const file of ["no/such/folder/jobs.sh", ".", ""]) {
    await test.step(`"${file}"`, async () => {
      await assertRefused(world.dataset, world.slurm, ["reschedule", "--script", file], {
        code: 1,
        says: [/Cannot write the script: /, /No job was submitted/, /hint: name a file/],
      });
    });
  }
});
