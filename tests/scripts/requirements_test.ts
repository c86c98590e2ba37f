import assert from "node:assert/strict";

const REQUIREMENTS = import.meta.resolve("../support/requirements.ts");

async function runWithoutGitAnnex(env: Record<string, string>): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/needs_annex_test.ts`;
    await Deno.writeTextFile(
      file,
      `import { testIfAvailable } from ${JSON.stringify(REQUIREMENTS)};
       testIfAvailable(["git-annex"], "needs it", () => {});
       testIfAvailable([], "needs nothing", () => {});`,
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--no-config", file],
      env: { ...env, PATH: folder, NO_COLOR: "1" },
    }).output();
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("testIfAvailable() skips with the reason in the name", async () => {
  const output = await runWithoutGitAnnex({ DLSLURM_TEST_NO_SKIP: "" });

  assert.match(output, /^needs it \[skipped: git-annex is not on PATH\] \.\.\. ignored/m);
  assert.match(output, /^ok \| 1 passed \| 0 failed \| 1 ignored/m);
});

Deno.test("testIfAvailable() fails instead where nothing may be skipped", async () => {
  const output = await runWithoutGitAnnex({ DLSLURM_TEST_NO_SKIP: "1" });

  assert.match(output, /Cannot run this test: git-annex is not on PATH/);
  assert.match(output, /^FAILED \| 1 passed \| 1 failed/m);
});
