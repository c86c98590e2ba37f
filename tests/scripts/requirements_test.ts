import assert from "node:assert/strict";

const REQUIREMENTS = import.meta.resolve("../support/requirements.ts");

/** Runs a test that has `requirements`, and one that has none, where nothing is on PATH. */
async function runWithoutPrograms(
  requirements: readonly string[],
  env: Record<string, string>,
): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/needs_it_test.ts`;
    await Deno.writeTextFile(
      file,
      `import { testIfAvailable } from ${JSON.stringify(REQUIREMENTS)};
       testIfAvailable(${JSON.stringify(requirements)}, "needs it", () => {});
       testIfAvailable([], "needs nothing", () => {});`,
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--no-config", file],
      env: { DLSLURM_TEST_CHROOT: "", ...env, PATH: folder, NO_COLOR: "1" },
    }).output();
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("testIfAvailable() skips with the reason in the name", async () => {
  const output = await runWithoutPrograms(["git-annex"], { DLSLURM_TEST_NO_SKIP: "" });

  assert.match(output, /^needs it \[skipped: git-annex is not on PATH\] \.\.\. ignored/m);
  assert.match(output, /^ok \| 1 passed \| 0 failed \| 1 ignored/m);
});

Deno.test("testIfAvailable() fails instead where nothing may be skipped", async () => {
  const output = await runWithoutPrograms(["git-annex"], { DLSLURM_TEST_NO_SKIP: "1" });

  assert.match(output, /Cannot run this test: git-annex is not on PATH/);
  assert.match(output, /^FAILED \| 1 passed \| 1 failed/m);
});

Deno.test("testIfAvailable() fails without a chroot where nothing may be skipped", async () => {
  const output = await runWithoutPrograms(["chroot"], { DLSLURM_TEST_NO_SKIP: "1" });

  assert.match(output, /Cannot run this test: DLSLURM_TEST_CHROOT names no chroot/);
});

Deno.test("testIfAvailable() skips where it is said that there can be no chroot", async () => {
  const env = { DLSLURM_TEST_NO_SKIP: "1", DLSLURM_TEST_CHROOT: "none" };

  const output = await runWithoutPrograms(["chroot"], env);
  const withOthers = await runWithoutPrograms(["chroot", "git-annex"], env);

  assert.match(
    output,
    /^needs it \[skipped: DLSLURM_TEST_CHROOT names no chroot\] \.\.\. ignored/m,
  );
  // Only for want of the chroot.
  assert.match(withOthers, /^FAILED \| 1 passed \| 1 failed/m);
});

Deno.test("testIfAvailable() names a chroot that does not share temporary files", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const output = await runWithoutPrograms(["chroot"], {
      DLSLURM_TEST_NO_SKIP: "",
      DLSLURM_TEST_CHROOT: folder,
    });

    assert.match(output, /skipped: (not run as root|temporary files are not shared with ")/);
  } finally {
    await Deno.remove(folder);
  }
});
