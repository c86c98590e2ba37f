import assert from "node:assert/strict";
import type { CommandContext } from "../../src/commands/context.ts";
import { detailsFromCommand } from "../../src/submit/details_from_command.ts";
import type { Dataset } from "../../src/datalad/dataset.ts";
import type { SubmittedJob } from "../../src/jobs/job.ts";
import { openJob } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

const SUBMITTED_MS = Date.UTC(2026, 9, 1);

async function read(
  cmd: string,
  script: string,
  changes: Partial<SubmittedJob> = {},
  scriptMs = SUBMITTED_MS - 1_000,
) {
  await using folder = await TestFolder.create({ "sub/job.sh": `#!/bin/sh\n${script}\n` });
  await Deno.utime(folder.at("sub/job.sh"), scriptMs / 1000, scriptMs / 1000);
  const job = openJob({ cmd, pwd: "sub", submittedAtMs: SUBMITTED_MS, ...changes });
  const context = { env: { get: () => undefined } } as unknown as CommandContext;
  const details = await detailsFromCommand({ root: folder.root } as Dataset, job, context);
  return details && {
    logs: details.logs.map(({ path }) => path.replace(`${folder.root}/`, "")),
    tasks: details.arrayTasks,
    ...(details.areTasksUnknown === true ? { areTasksUnknown: true } : {}),
    ...(details.components === undefined ? {} : { components: details.components }),
  };
}

Deno.test("detailsFromCommand() reads logs and tasks from the command and the script that it names", async () => {
  assert.deepEqual(await read("sbatch job.sh", ""), { logs: ["sub/slurm-%j.out"], tasks: null });
  assert.deepEqual(await read("sbatch -e err job.sh", "#SBATCH -o logs/%x.out\n#SBATCH -J my"), {
    logs: ["sub/logs/my.out", "sub/err"],
    tasks: null,
  });
  assert.deepEqual(await read("sbatch job.sh", "#SBATCH --array=0-3\n#SBATCH -o %A_%a"), {
    logs: ["sub/%A_%a"],
    tasks: "0-3",
  });
});

Deno.test("detailsFromCommand() has one task of a row that is one", async () => {
  const cmd = "sbatch job.sh";

  assert.equal((await read(cmd, "", { jobId: "151_2" }))?.tasks, "2");
});

Deno.test("detailsFromCommand() takes of a script that has changed since only what has the job's number", async () => {
  const later = SUBMITTED_MS + 60_000;

  assert.deepEqual(await read("sbatch job.sh", "#SBATCH -o log-%j", {}, later), {
    logs: ["sub/log-%j"],
    tasks: null,
    areTasksUnknown: true,
  });
  assert.equal(await read("sbatch job.sh", "#SBATCH -o log", {}, later), null);
  assert.equal(await read("sbatch job.sh", "#SBATCH -o log%%j", {}, later), null);
  assert.equal(await read("sbatch job.sh", "#SBATCH -a 0-3", {}, later), null);
});

const UNCERTAIN = [
  ...["sbatch $X", "sbatch {inputs}", "cd x; sbatch job.sh", "srun job.sh", "sbatch gone.sh"],
  ...["sbatch --unheard-of x job.sh", "sbatch 'job.sh", "sbatch"],
];

for (const cmd of UNCERTAIN) {
  Deno.test(`detailsFromCommand() does not guess at ${cmd}`, async () => {
    assert.equal(await read(cmd, ""), null);
  });
}

Deno.test("detailsFromCommand() counts the components of a heterogeneous job", async () => {
  const components = ["151", null];

  for (const word of ["hetjob", "packjob"]) {
    const script = `#SBATCH -o a-%j\n#SBATCH ${word}\n#SBATCH -o b-%j`;
    assert.deepEqual(await read("sbatch job.sh", script, { jobId: "151" }), {
      ...{ logs: ["sub/a-%j"], tasks: null, components },
    });
  }
  const cmd = "sbatch -n 1 -o a-%j : -n1 -o b-%j job.sh : x";
  assert.deepEqual(await read(cmd, "", { jobId: "151" }), {
    ...{ logs: ["sub/a-%j"], tasks: null, components },
  });
});
