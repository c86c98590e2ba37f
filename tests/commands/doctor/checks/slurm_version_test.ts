import assert from "node:assert/strict";
import { checkVersion } from "../../../../src/commands/doctor/checks/slurm_version.ts";
import { configOf, verdictsOf } from "../site.ts";

const at = (version: string) => configOf({ ["SLURM_VERSION"]: version });

Deno.test("checkVersion() the controller's counts; another of the commands is noted", () => {
  const same = checkVersion("slurm-wlm 24.11.2\n", at("24.11.5"));
  const other = checkVersion("slurm 23.02.1\n", at("24.11.5"));

  assert.deepEqual(same.map(({ message }) => message), ["Slurm 24.11.5"]);
  assert.deepEqual(verdictsOf(other), ["note slurm-version"]);
});

Deno.test("checkVersion() older than 20.11 → problem", () => {
  assert.deepEqual(verdictsOf(checkVersion("slurm 20.11.9", at("20.11.9"))), ["ok slurm-version"]);
  assert.deepEqual(verdictsOf(checkVersion("slurm 20.02.7", undefined)), ["problem slurm-version"]);
});

Deno.test("checkVersion() a wrapper that says something else is noted; no answer is not", () => {
  assert.deepEqual(verdictsOf(checkVersion("site wrapper\n", undefined)), ["note slurm-version"]);
  assert.deepEqual(checkVersion(undefined, undefined), []);
});
