import assert from "node:assert/strict";
import { takeBootEnvironment } from "../../src/cli/boot_environment.ts";

function withEnvironment(variables: Record<string, string>, test: () => void): void {
  const before = Deno.env.toObject();
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    test();
  } finally {
    for (const name of Object.keys(Deno.env.toObject())) {
      if (!(name in before)) Deno.env.delete(name);
    }
    for (const [name, value] of Object.entries(before)) Deno.env.set(name, value);
  }
}

Deno.test("takeBootEnvironment() restores, deletes and leaves nothing of its own", () => {
  const variables = {
    DLSLURM_BOOT_SELF: "/opt/dl slurm",
    DLSLURM_BOOT_NAMES: "BOOT_TEST_CHANGED BOOT_TEST_ADDED BOOT_TEST_TAKEN",
    DLSLURM_BOOT_WAS_BOOT_TEST_CHANGED: "mine=1",
    DLSLURM_BOOT_WAS_BOOT_TEST_TAKEN: "",
    BOOT_TEST_CHANGED: "the start script's",
    BOOT_TEST_ADDED: "the start script's",
    BOOT_TEST_OTHER: "untouched",
  };
  withEnvironment(variables, () => {
    const boot = takeBootEnvironment();

    assert.equal(boot.selfPath, "/opt/dl slurm");
    const left = Object.entries(Deno.env.toObject()).filter(([name]) => name.includes("BOOT_"));
    assert.deepEqual(Object.fromEntries(left), {
      BOOT_TEST_CHANGED: "mine=1",
      BOOT_TEST_TAKEN: "",
      BOOT_TEST_OTHER: "untouched",
    });
    assert.equal(takeBootEnvironment().selfPath, undefined);
  });
});

Deno.test("takeBootEnvironment() changes nothing when the program runs from its sources", () => {
  const before = Deno.env.toObject();

  const boot = takeBootEnvironment();

  assert.equal(boot.selfPath, undefined);
  assert.deepEqual(Deno.env.toObject(), before);
});
