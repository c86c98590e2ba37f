import { basename, dirname } from "node:path";
import type { Finding } from "../finding.ts";

/**
 * Where the built file has unpacked its runtime: scripts/build/start.sh.
 *
 * @param runtime absolute path of the program that runs; of the built file's it is `FOLDER/deno`.
 * @param isBuilt whether the built file was started, rather than the sources.
 */
export function checkRuntimeCache(runtime: string, isBuilt: boolean): Finding[] {
  if (!isBuilt) return [];
  const check = "runtime-cache";
  const folder = dirname(runtime);
  // dlslurm-UID-ID below TMPDIR: where neither DLSLURM_CACHE_DIR nor ~/.cache can be used.
  if (/^dlslurm-[0-9]+-/.test(basename(folder))) {
    return [{
      ...{ check, verdict: "note", message: `the runtime is unpacked in ${folder}` },
      consequence:
        "that is for this machine alone, and may be cleared: the next start unpacks it again",
      hint: "export DLSLURM_CACHE_DIR=/a/folder/that/lasts",
    }];
  }
  return [{ check, verdict: "ok", message: `the runtime is unpacked in ${folder}` }];
}
