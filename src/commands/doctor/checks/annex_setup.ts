import { ProgramNotFoundError, textOf } from "../../../process/runner.ts";
import type { Runner } from "../../../process/runner.ts";
import type { Finding } from "../finding.ts";

/**
 * Asks git-annex for its version.
 *
 * @returns `undefined` if there is no git-annex.
 */
export async function askAnnexVersion(runner: Runner): Promise<string | undefined> {
  try {
    const { code, stdout } = await runner.run(["git-annex", "version", "--raw"]);
    return code === 0 ? textOf(stdout).trim() : undefined;
  } catch (error) {
    if (error instanceof ProgramNotFoundError) return undefined;
    throw error;
  }
}

/**
 * Whether git-annex is there, where it is needed.
 *
 * @param hasAnnex whether the dataset uses it; `undefined` where there is no dataset.
 */
export function checkAnnex(version: string | undefined, hasAnnex: boolean | undefined): Finding[] {
  const check = "git-annex";
  if (version !== undefined) {
    const use = hasAnnex === false ? ", which this dataset does not use" : "";
    return [{ check, verdict: "ok", message: `git-annex ${version}${use}` }];
  }
  const hint = "install git-annex, or load its module";
  if (hasAnnex === true) {
    return [{
      ...{ check, verdict: "problem", hint },
      message: "the dataset uses git-annex, and there is no git-annex on PATH",
      consequence: "schedule cannot fetch inputs, and finish cannot save outputs",
    }];
  }
  if (hasAnnex === false) {
    const message = "there is no git-annex on PATH, and this dataset does not use it";
    return [{ check, verdict: "ok", message }];
  }
  return [{
    ...{ check, verdict: "note", hint },
    message: "there is no git-annex on PATH",
    consequence: "datasets that use it cannot be worked with",
  }];
}
