import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDataset } from "../support/datasets.ts";
import { pollUntil } from "../support/polling.ts";
import { SLURM_REQUIREMENTS, testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { SLURM_NAMES, TestSlurm } from "../support/slurm.ts";
import { wrapProgram } from "../support/wrapped_programs.ts";

/** Commands whose answers are lost, with what is special of each. */
const COMMANDS: readonly (readonly string[])[] = [
  ["sbatch", "job.sh", "two  blanks", "it's", '$HOME "q" \\', "", "a|b"],
  ["sbatch", "--parsable", "--hold", "--comment=line 1\nline 2", "job.sh", "é"],
  ["sbatch", "--array=0-3%2", "-J", "a name", "job.sh"],
  ["sbatch", "--wrap", "true; : 'a  b'"],
];

for (const kind of ["real", "chroot"] as const) {
  testIfAvailable(
    SLURM_REQUIREMENTS[kind],
    `${SLURM_NAMES[kind]}: jobs whose answer was lost are found by command, folder and time`,
    async () => {
      await using sandbox = await Sandbox.create();
      await using slurm = await TestSlurm.start(kind, sandbox);
      const { root } = await TestDataset.create(sandbox, "plain git", { "job.sh": "#!/bin/sh\n" });
      // In a folder that the shell reaches by a link: Slurm has it without.
      const link = join(sandbox.root, "link");
      await Deno.symlink(root, link);
      await wrapProgram(sandbox, "sbatch", 'PATH="${PATH#*:}" sbatch "$@" >/dev/null; kill -9 $$');
      const dlslurm = (...words: string[]) => sandbox.dlslurm(words, { cwd: link });
      for (const [at, command] of COMMANDS.entries()) {
        const lost = await dlslurm("schedule", "-o", `out ${at}`, ...command);
        assert.match(lost.stderr, /Cannot tell which job|found to be job/, lost.stderr);
      }
      await Deno.remove(join(sandbox.programs, "sbatch"));
      const ids = await slurm.submittedJobs();
      assert.equal(ids.length, COMMANDS.length);

      await pollUntil("accounting knows all of them", async () => {
        return (await dlslurm("recover", "--auto")).code === 0;
      });

      const list = await dlslurm("list", "-f", "{slurm_job_id} {outputs}");
      const expected = ids.map((id, at) => `${id} ['out ${at}']`);
      assert.deepEqual(
        list.stdout.trim().split("\n").toSorted().map((line) => line.replaceAll('"', "'")),
        expected.toSorted(),
        list.stdout,
      );
    },
  );
}
