import assert from "node:assert/strict";
import { join } from "node:path";
import { SLURM_REQUIREMENTS, testIfAvailable } from "../support/requirements.ts";
import type { Outcome } from "../support/sandbox.ts";
import { Sandbox } from "../support/sandbox.ts";
import { SLURM_NAMES, TestSlurm } from "../support/slurm.ts";
import { CASES } from "./cases.ts";
import { conformanceFolder, FixturesSession } from "./fixtures_session.ts";
import type { ConformanceCase } from "./world.ts";

/** What the suite runs against. */
type Target =
  | { readonly kind: "fake"; readonly version: string }
  | { readonly kind: "replay"; readonly version: string }
  | { readonly kind: "real" | "chroot" };

/** Stands for the recorder's number in each recording. */
const RECORDED_UID = 10001;

/** Registers the whole suite for one Slurm. */
export function testConformance(target: Target): void {
  for (const conformanceCase of CASES) {
    const slurm = `${SLURM_NAMES[target.kind]}${"version" in target ? ` ${target.version}` : ""}`;
    const name = `${conformanceCase.name} (${slurm})`;
    testIfAvailable(SLURM_REQUIREMENTS[target.kind], name, async () => {
      await using sandbox = await Sandbox.create();
      if (target.kind === "replay") await replay(conformanceCase, target.version, sandbox);
      else await run(conformanceCase, target, sandbox);
    });
  }
}

async function run(
  { run, fake }: ConformanceCase,
  target: Exclude<Target, { kind: "replay" }>,
  sandbox: Sandbox,
): Promise<void> {
  await using slurm = target.kind === "fake"
    ? await TestSlurm.startFake(sandbox, { DLSLURM_FAKE_SLURM_VERSION: target.version, ...fake })
    : await TestSlurm.start(target.kind, sandbox);
  const version = target.kind === "fake" ? target.version : await slurm.version();
  await run({ sandbox, slurm, version, uid: Deno.uid() ?? 0 });
}

/** The answers of a real Slurm to this very case: none may be missing, none may be left. */
async function replay(
  { key, run }: ConformanceCase,
  version: string,
  sandbox: Sandbox,
): Promise<void> {
  const session = await FixturesSession.open(
    sandbox,
    ["replay", join(conformanceFolder(version), key)],
  );
  let outcome: Outcome;
  try {
    const slurm = TestSlurm.useReplay(sandbox);
    await run({ sandbox, slurm, version, uid: RECORDED_UID });
  } finally {
    outcome = await session.close();
  }
  assert.equal(outcome.code, 0, outcome.stderr);
}
