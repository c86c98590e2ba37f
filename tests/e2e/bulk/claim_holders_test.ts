import assert from "node:assert/strict";
import { DSID, writeExtensionDatabase } from "../../support/extension_database.ts";
import { assertRefused } from "../../support/refusal.ts";
import { storedJobs } from "../../support/snapshots.ts";
import { unwrapProgram, wrapProgram } from "../../support/wrapped_programs.ts";
import { scheduleArguments, TableWorld } from "./table_world.ts";

/** Job 1 is open, and the row with the output `results/b` has no job ID. */
async function createWorld(stage: "waiting" | "submitting"): Promise<TableWorld> {
  const world = await TableWorld.create();
  await world.dataset.write(".datalad/config", `[datalad "dataset"]\n\tid = ${DSID}\n`);
  await world.dataset.git("add", ".datalad");
  await world.dataset.git("commit", "--quiet", "-m", "Become a dataset");
  if (stage === "waiting") await world.fillSiteFor("b");
  else {
    await wrapProgram(
      world.sandbox,
      "sbatch",
      `case "$*" in *" b "*) exit 0 ;; esac\nexec "$REAL" "$@"`,
    );
  }
  const table = await world.writeTable("name,value\na,1\nb,2\n");
  await world.schedule(table, "-J1");
  assert.deepEqual(storedJobs(world.dataset).map((job) => job.stage), ["open", stage]);
  await unwrapProgram(world.sandbox, "sbatch");
  await world.waitForAll();
  return world;
}

const HOLDERS = [
  [
    "waiting",
    "a row that waits for its submission",
    "dlslurm schedule --continue, or dlslurm finish --close-waiting-jobs",
  ],
  ["submitting", "a job that is being submitted", "dlslurm recover"],
] as const;

for (const [stage, name, hint] of HOLDERS) {
  Deno.test(`e2e: outputs that a row holds in stage ${stage} → refused with its name and what to do`, async (test) => {
    await using world = await createWorld(stage);
    const { dataset, slurm } = world;
    const refuses = async (args: readonly string[], says: RegExp) => {
      await test.step(args[0]!, async () => {
        await assertRefused(dataset, slurm, args, { code: 1, says: [says, new RegExp(hint)] });
      });
    };
    const holder = `${name} \\(sbatch row\\.sh b 2\\)`;

    await refuses(
      ["schedule", "-o", "results/b/x", "sbatch", "row.sh", "b", "9"],
      new RegExp(
        `conflicts with "results/b" of ${holder}: a folder around it[^]*^hint: ${hint}$`,
        "m",
      ),
    );
    const other = await world.writeTable("name,value\nb,7\n", "other.csv");
    await refuses(
      scheduleArguments(other),
      new RegExp(
        `^ *line 2: output "results/b" conflicts with "results/b" of ${holder}: ${hint}$`,
        "m",
      ),
    );
    await refuses(["finish", "1", "-o", "results/b"], new RegExp(`with job 1: ${holder} holds it`));
    writeExtensionDatabase(dataset, [{ slurmJobId: "77", dsid: DSID, outputs: ["./results/b"] }]);
    await refuses(["adopt"], new RegExp(`"results/b" of ${holder}\\. It stays with the extension`));
  });
}
