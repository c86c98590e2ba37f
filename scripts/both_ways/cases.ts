import assert from "node:assert/strict";
import type { Json, SharedDataset } from "./world.ts";

/** One thing that a group needs which switches to and fro. */
interface Case {
  readonly name: string;
  /** Throws with the reason if it does not hold. */
  readonly check: (dataset: SharedDataset, scratch: string) => Promise<void>;
}

type Program = "dlslurm" | "datalad";

const VERBS: Readonly<Record<Program, readonly [string, string, string]>> = {
  dlslurm: ["schedule", "finish", "reschedule"],
  datalad: ["slurm-schedule", "slurm-finish", "slurm-reschedule"],
};

/** Schedules and finishes a job with `first`, reschedules and finishes it with `second`. */
async function handOver(
  dataset: SharedDataset,
  first: Program,
  second: Program,
  job: readonly string[],
  options: {
    readonly folder?: string;
    readonly finish?: readonly string[];
    readonly reschedule?: readonly string[];
    readonly state?: string;
    readonly between?: () => Promise<void>;
    readonly outputs?: readonly string[];
  } = {},
): Promise<Json> {
  const state = options.state ?? "Completed";
  const run = (who: Program, args: readonly string[], folder?: string) =>
    dataset[who](args, folder);
  const oldId = await dataset.submit(first, [VERBS[first][0], ...job], options.folder);
  await run(first, [VERBS[first][1], ...options.finish ?? []]);
  assert.equal(await dataset.subject(), `[DATALAD SLURM RUN] Slurm job ${oldId}: ${state}`);
  await options.between?.();
  const commit = await dataset.require(["git", "rev-parse", "HEAD"]);
  const before = await dataset.record();

  const newId = await dataset.submit(second, [VERBS[second][2], ...options.reschedule ?? []]);
  await run(second, [VERBS[second][1], ...options.finish ?? []]);

  assert.equal(await dataset.subject(), `[DATALAD SLURM RUN] Slurm job ${newId}: ${state}`);
  const record = await dataset.record();
  assert.deepEqual(record.chain, [...before.chain, commit], "the chain grows by the commit");
  assert.equal(record.cmd, before.cmd);
  assert.equal(Number(record.slurm_job_id), Number(newId));
  assert.deepEqual(record.inputs, before.inputs);
  assert.deepEqual(claimsOf(record), claimsOf(before), "the same outputs");
  const message = await dataset.require(["git", "log", "-1", "--format=%B"]);
  assert.match(message, new RegExp(`^Re-submission of job ${oldId}\\.$`, "m"));
  for (const output of options.outputs ?? claimsOf(record)) {
    const changed = await dataset.require(["git", "log", "-1", "--format=%H", "--", output]);
    const head = await dataset.require(["git", "rev-parse", "HEAD"]);
    assert.equal(changed, head, `${output} was committed anew`);
  }
  return record;
}

/** Outputs without Slurm's own files, in one way of writing. */
function claimsOf(record: Json): string[] {
  return record.outputs.filter((path: string) => !record.slurm_outputs.includes(path))
    .map((path: string) => path.replace(/^\.\//, "")).sort();
}

const PLAIN = ["-o", "out/plain", "-i", "data/in put.txt", "-m", "a message", "sbatch", "job.sh"];
const ARRAY = ["-o", "task_0", "-o", "task_1", "sbatch", "--array=0-1"];
const ARRAY_COMMAND = [...ARRAY, "--wrap", "date +%s%N >task_$SLURM_ARRAY_TASK_ID"];

/** What holds in both directions. */
function casesFor(first: Program, second: Program): Case[] {
  const name = (what: string) => `${second} reschedules what ${first} committed: ${what}`;
  return [
    {
      name: name("a plain job"),
      check: async (dataset) => {
        await handOver(dataset, first, second, [...PLAIN, "out/plain"]);
      },
    },
    {
      name: name("an array"),
      check: async (dataset) => {
        await handOver(dataset, first, second, ARRAY_COMMAND);
      },
    },
    {
      name: name("a job that failed"),
      check: async (dataset) => {
        await handOver(dataset, first, second, ["-o", "broken", "sbatch", "failing.sh"], {
          finish: ["--commit-failed-jobs"],
          reschedule: ["--with-failed-jobs"],
          state: "Failed",
        });
      },
    },
    {
      name: name("a job of a sub-folder"),
      check: async (dataset) => {
        await handOver(dataset, first, second, ["-o", "out", "sbatch", "job.sh", "out"], {
          folder: "sub",
        });
      },
    },
    {
      name: name("a job in an alternative folder"),
      check: async (dataset, scratch) => {
        const job = ["-o", "far", "-i", "job.sh", "sbatch", "job.sh", "far"];
        await handOver(dataset, first, second, ["-a", scratch, ...job], {
          reschedule: ["-a", scratch],
        });
      },
    },
    {
      name: name("three generations, in turns"),
      check: async (dataset) => {
        await handOver(dataset, first, second, ["-o", "gen", "sbatch", "job.sh", "gen"]);
        const commit = await dataset.require(["git", "rev-parse", "HEAD"]);
        const { chain } = await dataset.record();
        await dataset.submit(first, [VERBS[first][2]]);
        await dataset[first]([VERBS[first][1]]);
        assert.deepEqual((await dataset.record()).chain, [...chain, commit]);
      },
    },
  ];
}

/** Our commit with its record in a sidecar. */
const SIDECAR: Case = {
  name: "datalad reschedules what dlslurm committed: a sidecar record",
  check: async (dataset) => {
    await dataset.require(["git", "config", "datalad.run.record-sidecar", "true"]);
    await handOver(dataset, "dlslurm", "datalad", ["-o", "side", "sbatch", "job.sh", "side"], {
      between: async () => {
        await dataset.require(["git", "config", "--unset", "datalad.run.record-sidecar"]);
      },
    });
  },
};

/** Records as the extension's releases wrote them: what is changed in that of 0.2.5. */
const FORMS: readonly { readonly form: string; readonly change: (record: Json) => Json }[] = [
  { form: "alt_dir, ./outputs (0.2.5)", change: (record) => record },
  {
    form: "no alt_dir",
    change: ({ alt_dir: _, ...record }) => record,
  },
  {
    form: "no alt_dir, outputs without ./, commit_id null",
    change: ({ alt_dir: _, ...record }) => ({
      ...record,
      "commit_id": null,
      outputs: record.outputs.map((path: string) => path.replace(/^\.\//, "")),
    }),
  },
  {
    form: "commit_id a text",
    change: (record) => ({ ...record, "commit_id": "0123456789abcdef0123456789abcdef01234567" }),
  },
  {
    form: "no extra_inputs, a job ID as text",
    change: ({ extra_inputs: _, ...record }) => ({
      ...record,
      "slurm_job_id": String(record.slurm_job_id),
    }),
  },
];

const FORM_CASES: readonly Case[] = FORMS.map(({ form, change }, at) => ({
  name: `dlslurm reschedules what datalad committed: ${form}`,
  check: async (dataset) => {
    const out = `form${at}`;
    await handOver(dataset, "datalad", "dlslurm", ["-o", out, "sbatch", "job.sh", out], {
      between: () => dataset.rewriteRecord(change),
    });
  },
}));

const ADOPT: Case = {
  name: "dlslurm adopts and finishes what datalad has open",
  check: async (dataset, scratch) => {
    const jobs = new Map<string, string>();
    const schedule = async (output: string, args: readonly string[], folder?: string) => {
      jobs.set(output, await dataset.submit("datalad", ["slurm-schedule", ...args], folder));
    };
    await schedule("ad/a", ["-m", "m", "-o", "ad/a", "sbatch", "job.sh", "ad/a"]);
    await schedule("sub/ad", ["-o", "ad", "sbatch", "job.sh", "ad"], "sub");
    await schedule("task_1", ARRAY_COMMAND);
    await schedule("adfar", [
      "-a",
      scratch,
      "-i",
      "job.sh",
      "-o",
      "adfar",
      "sbatch",
      "job.sh",
      "adfar",
    ]);
    const file = await dataset.extensionFile();
    const before = (await Deno.readFile(file)).toHex();

    await dataset.dlslurm(["adopt"]);
    await dataset.dlslurm(["finish"]);

    assert.equal((await Deno.readFile(file)).toHex(), before, "its database is as it was");
    for (const [output, jobId] of jobs) {
      const subject = await dataset.require(["git", "log", "-1", "--format=%s", "--", output]);
      assert.equal(subject, `[DATALAD SLURM RUN] Slurm job ${jobId}: Completed`, output);
    }
    // It has nothing left to commit, and takes its own entries out.
    const head = await dataset.require(["git", "rev-parse", "HEAD"]);
    await dataset.datalad(["slurm-finish"]);
    assert.equal(await dataset.require(["git", "rev-parse", "HEAD"]), head);
  },
};

const ADOPTED_AND_FINISHED_THERE: Case = {
  name: "dlslurm notices that datalad has finished an adopted job",
  check: async (dataset) => {
    const jobId = await dataset.submit(
      "datalad",
      ["slurm-schedule", "-o", "there", "sbatch", "job.sh", "there"],
    );
    await dataset.dlslurm(["adopt"]);
    await dataset.datalad(["slurm-finish"]);
    const head = await dataset.require(["git", "rev-parse", "HEAD"]);

    const said = await dataset.dlslurm(["finish"]);

    assert.match(said, new RegExp(`job ${jobId} was finished with the Python extension.*${head}`));
    assert.equal(await dataset.require(["git", "rev-parse", "HEAD"]), head);
  },
};

/** Everything that is proved, in both directions. */
export const CASES: readonly Case[] = [
  ...casesFor("dlslurm", "datalad"),
  SIDECAR,
  ...casesFor("datalad", "dlslurm"),
  ...FORM_CASES,
  ADOPT,
  ADOPTED_AND_FINISHED_THERE,
];
