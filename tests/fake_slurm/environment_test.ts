import assert from "node:assert/strict";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { textOf } from "../../src/process/runner.ts";
import { FAKE_PROGRAM } from "./fake_program.ts";

/** Runs `script` in a shell where `fake` is the program's fake-slurm command. */
async function inShell(script: string, cwd: string): Promise<string[]> {
  const fake = FAKE_PROGRAM.map((word) => `'${word}'`).join(" ");
  const result = await new DenoRunner().run(
    ["/bin/sh", "-ec", `fake() { ${fake} fake-slurm "$@"; }\n${script}`],
    { cwd, env: { DLSLURM_FAKE_SLURM_DIR: undefined, PATH: "/usr/bin:/bin" } },
  );
  assert.equal(result.stderr, "");
  return textOf(result.stdout).trim().split("\n");
}

Deno.test("env switches a shell to the fake, again without harm, and --unset back", async () => {
  const dir = await Deno.makeTempDir({ prefix: "it's a fake " });
  try {
    const said = await inShell(
      `eval "$(fake env --dir state)"; command -v sbatch; echo "$PATH"
       eval "$(fake env)"; echo "$PATH"; sacct --version
       eval "$(fake env --unset)"; echo "$PATH"; echo "\${DLSLURM_FAKE_SLURM_DIR-none}"`,
      dir,
    );

    const bin = `${dir}/state/bin`;
    assert.deepEqual(said, [
      `${bin}/sbatch`,
      `${bin}:/usr/bin:/bin`,
      `${bin}:/usr/bin:/bin`,
      "slurm-wlm 22.05.8",
      "/usr/bin:/bin",
      "none",
    ]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("env uses XDG_STATE_HOME, and a temporary directory where that cannot be written", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const said = await inShell(
      `XDG_STATE_HOME="$PWD/state" fake env | head -n 1
       : > file; XDG_STATE_HOME="$PWD/file" TMPDIR="$PWD/tmp" fake env | head -n 1`,
      dir,
    );

    assert.match(said[0]!, new RegExp(`=${dir}/state/dlslurm/fake-slurm;`));
    assert.match(said[1]!, new RegExp(`=${dir}/tmp/dlslurm-\\d+/fake-slurm;`));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("env starts no programs from a folder that others can change", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const said = await inShell(
      `mkdir -p state/dlslurm/fake-slurm; chmod 777 state/dlslurm
       export XDG_STATE_HOME="$PWD/state" TMPDIR="$PWD/tmp"
       fake env | head -n 1
       chmod 777 tmp/dlslurm-*
       fake env 2>&1 | head -n 1`,
      dir,
    );

    assert.match(said[0]!, new RegExp(`=${dir}/tmp/dlslurm-\\d+/fake-slurm;`));
    assert.match(said[1]!, /it is not a folder that only you can change$/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("sbatch reads a script from standard input", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const said = await inShell(
      `eval "$(fake env --dir state)"
       printf '#!/bin/sh\\n#SBATCH -o log\\necho read\\n' | sbatch --wait; cat log`,
      dir,
    );

    assert.deepEqual(said, ["Submitted batch job 1", "read"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
