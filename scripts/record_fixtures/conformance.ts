/**
 * Records how a real Slurm answers the conformance suite, one recording for each case; the tests replay
 * them.
 *
 * usage: deno run -A scripts/record_fixtures/conformance.ts DIR [KEY…]
 *
 * DIR  where the recordings go, below a folder for the version: DIR/22.05/conformance; what is there
 *      already is replaced
 * KEY  of a case (tests/conformance); by default all
 *
 * The Slurm is the one on PATH, or with DLSLURM_TEST_CHROOT that of the chroot there. A case that fails
 * is not recorded; exit status 1 then. Takes about two minutes, half of it a time limit.
 */
import { basename, join } from "node:path";
import { CASES } from "../../tests/conformance/cases.ts";
import { FixturesSession } from "../../tests/conformance/fixtures_session.ts";
import type { ConformanceCase } from "../../tests/conformance/world.ts";
import { CHROOT } from "../../tests/support/requirements.ts";
import { Sandbox } from "../../tests/support/sandbox.ts";
import { TestSlurm } from "../../tests/support/slurm.ts";
import { say } from "../say.ts";

/** Records one case; throws if it fails. Gives what `fixtures record` said. */
async function record(
  { key, keep = [], run }: ConformanceCase,
  directory: string,
): Promise<string> {
  await using sandbox = await Sandbox.create();
  await using slurm = await TestSlurm.start(CHROOT === "" ? "real" : "chroot", sandbox);
  const version = await slurm.version();
  slurm.waitBy(sandbox.env["PATH"]!);
  const folder = join(directory, version, "conformance", key);
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  // What the jobs wrote is part of the answer.
  const options = ["--file", ".", ...keep.flatMap((name) => ["--keep", name])];
  const session = await FixturesSession.open(sandbox, ["record", folder, ...options]);
  try {
    await run({ sandbox, slurm, version, uid: Deno.uid() ?? 0 });
  } catch (error) {
    await session.close();
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
  const { code, stderr } = await session.close();
  if (code !== 0) throw new Error(stderr);
  return stderr;
}

async function main([directory, ...keys]: readonly string[]): Promise<boolean> {
  const unknown = keys.filter((key) => !CASES.some((one) => one.key === key));
  if (directory === undefined || unknown.length > 0) {
    throw new Error(`usage: ${basename(import.meta.url)} DIR [KEY…]; unknown: "${unknown.join()}"`);
  }
  const chosen = CASES.filter(({ key }) => keys.length === 0 || keys.includes(key));
  let isWhole = true;
  for (const conformanceCase of chosen) {
    try {
      const said = await record(conformanceCase, await Deno.realPath(directory));
      await say(`${said}\n${conformanceCase.key}: recorded`);
    } catch (error) {
      await say(`${conformanceCase.key}: failed\n${error}`);
      isWhole = false;
    }
  }
  return isWhole;
}

if (import.meta.main && !await main(Deno.args)) Deno.exit(1);
