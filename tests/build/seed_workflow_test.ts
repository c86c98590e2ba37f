/**
 * The seed workflow with the built file alone: in an otherwise empty folder, on a PATH without deno, node
 * and npm, with an empty HOME and with one that cannot be written.
 */
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { build } from "../../scripts/build.ts";
import { inPlace, type Place, start } from "./built_probe.ts";

const SEED = fileURLToPath(new URL("../../fixtures/seed", import.meta.url));
const RUNTIMES = /^(deno|node|nodejs|npm|npx)$/;

/** What a user types; it ends with the subjects of the log, oldest first. */
const SESSION = `
set -e
eval "$(dlslurm fake-slurm env --dir "$PWD/../slurm")"
git init -q . && git add . && git commit -q -m "Add job scripts"
dlslurm schedule -o models/abrupt/gold/ sbatch submit_gold.slurm
dlslurm schedule -o models/abrupt/silver/ sbatch submit_silver.slurm
dlslurm schedule -o models/abrupt/bronze/ sbatch submit_bronze.slurm
dlslurm schedule -o models/abrupt/platinum/ sbatch submit_array_platinum.slurm
if dlslurm schedule -o models/abrupt sbatch submit_gold.slurm 2>conflict; then exit 9; fi
while [ -n "$(squeue -h)" ]; do sleep 0.1; done
if dlslurm finish; then exit 8; fi
dlslurm finish --close-failed-jobs
dlslurm reschedule HEAD~1
while [ -n "$(squeue -h)" ]; do sleep 0.1; done
dlslurm finish
git log --reverse --format=%s >../subjects
`;

let built: Promise<string> | undefined;

async function runSession(place: Place, home: string): Promise<void> {
  built ??= build({
    output: fileURLToPath(new URL("../../dist/.build/dlslurm/dlslurm", import.meta.url)),
  });
  await Deno.copyFile(await built, place.file);
  const tools = `${place.root}/tools`;
  const dataset = `${place.root}/climate`;
  for (const folder of [tools, dataset]) await Deno.mkdir(folder);
  for await (const { name } of Deno.readDir("/usr/bin")) {
    if (!RUNTIMES.test(name)) await Deno.symlink(`/usr/bin/${name}`, `${tools}/${name}`);
  }
  for await (const { name } of Deno.readDir(SEED)) {
    await Deno.copyFile(`${SEED}/${name}`, `${dataset}/${name}`);
  }

  const result = await start(place, {
    argv: ["/bin/sh", "-c", SESSION],
    cwd: dataset,
    env: {
      PATH: `${place.root}/bin:${tools}`,
      HOME: home,
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@example.invalid",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@example.invalid",
    },
  });

  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.deepEqual((await Deno.readTextFile(`${place.root}/subjects`)).trimEnd().split("\n"), [
    "Add job scripts",
    "[DATALAD SLURM RUN] Slurm job 1: Completed",
    "[DATALAD SLURM RUN] Slurm job 2: Completed",
    "[DATALAD SLURM RUN] Slurm job 7: Completed",
  ]);
}

Deno.test("e2e: the built file alone, with an empty HOME → the seed workflow", () =>
  inPlace((place) => runSession(place, place.home)));

Deno.test("e2e: the built file alone, with a HOME that cannot be written → the seed workflow", () =>
  inPlace(async (place) => {
    await Deno.writeTextFile(`${place.root}/file`, "");
    await runSession(place, `${place.root}/file/home`);
  }));
