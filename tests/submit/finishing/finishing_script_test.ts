import assert from "node:assert/strict";
import { finishingScript } from "../../../src/submit/finishing/finishing_script.ts";
import { Sandbox } from "../../support/sandbox.ts";

Deno.test("finishingScript() runs its words in the dataset, whatever is in names and values", async () => {
  await using sandbox = await Sandbox.create();
  const root = `${sandbox.root}/it's $(touch evil) "here"`;
  await Deno.mkdir(root);
  const value = "a 'b' \"c\" $HOME `touch evil` \\\nsecond line";
  const env = { PATH: sandbox.env["PATH"]!, GIT_AUTHOR_NAME: value, SECRET: "x" };
  const show = ["sh", "-c", 'pwd; for w; do echo "$w"; done; env', "sh"];

  const script = finishingScript(root, ["--message=it's", "; touch evil"], {
    selfCommand: show,
    env: { toObject: () => env },
  });
  const said = await sandbox.require(["sh"], {
    stdin: script,
    env: { SLURM_JOB_ID: "7", SBATCH_WAIT: "1", SLURM_CONF: "/etc/slurm.conf", SECRET: undefined },
  });

  const lines = said.split("\n");
  assert.deepEqual(lines.slice(0, 3), [root, "--message=it's", "; touch evil"]);
  assert(said.includes(`GIT_AUTHOR_NAME=${value}`));
  assert.doesNotMatch(said, /^(SLURM_JOB_ID|SBATCH_WAIT|SECRET)=/m);
  await assert.rejects(Deno.stat(`${root}/evil`), Deno.errors.NotFound);
});
