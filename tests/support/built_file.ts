import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { build } from "../../scripts/build.ts";
import type { Sandbox } from "./sandbox.ts";

let built: Promise<string> | undefined;

/** The one file, that of DLSLURM_TEST_PROGRAM or a new one: what other users can start. */
function builtFile(): Promise<string> {
  const given = Deno.env.get("DLSLURM_TEST_PROGRAM");
  if (given !== undefined && given !== "") return Promise.resolve(given);
  const output = fileURLToPath(new URL("../../dist/.build/owners/dlslurm", import.meta.url));
  built ??= build({ output });
  return built;
}

/** Puts the one file on the sandbox's PATH as `dlslurm`, unpacked for whoever starts it. */
export async function installBuiltFile(sandbox: Sandbox): Promise<void> {
  const file = join(sandbox.programs, "dlslurm");
  await Deno.copyFile(await builtFile(), file);
  await Deno.chmod(file, 0o755);
  sandbox.env["DLSLURM_CACHE_DIR"] = join(sandbox.root, "cache");
  await sandbox.require([file, "--version"]);
  await sandbox.require(["chmod", "-R", "a+rX", sandbox.root]);
}

/** Lets every user change what is in the sandbox, but for the program: such a one is not started. */
export async function openToEverybody(sandbox: Sandbox): Promise<void> {
  const { root, programs } = sandbox;
  await sandbox.require(["chmod", "-R", "a+rwX", root]);
  await sandbox.require(["chmod", "-R", "go-w", programs, join(root, "cache")]);
  await sandbox.require(["chmod", "+t", root]);
}
