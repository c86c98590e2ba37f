import { dirname, join } from "node:path";
import { paceOf } from "../fs/pace.ts";
import type { Pace } from "../fs/pace.ts";
import { realPathIfPresent } from "../fs/if_present.ts";
import { ProgramNotFoundError, textOf } from "../process/runner.ts";
import type { AnnexRepository } from "./annex_repository.ts";
import { chunksOf } from "./command_lines.ts";
import type { MimeFacts } from "./large_files.ts";

/** `file --brief --mime`: `text/plain; charset=us-ascii`, file(1). */
const ANSWER_REGEXP = /^([\w.+-]+\/[\w.+-]+); charset=([\w-]+)$/;

/**
 * Asks libmagic's own program, `file`, for the kind of each file's content, as few calls as command
 * lines allow. It answers as git-annex would only where both use the same libmagic: where they were
 * installed together.
 *
 * @param paths relative to the repository's root.
 * @returns the kinds of the files that have one; `undefined` if `file` is not there or not git-annex's.
 */
export async function findMimeTypes(
  repository: AnnexRepository,
  paths: readonly string[],
): Promise<Map<string, MimeFacts> | undefined> {
  if (!await isInstalledWithAnnex()) return undefined;
  // git-annex takes a tenth of a second to start.
  const [canTell, found] = await Promise.all([canAnnexTell(repository), ask(repository, paths)]);
  return canTell ? found : undefined;
}

async function ask(
  repository: AnnexRepository,
  paths: readonly string[],
): Promise<Map<string, MimeFacts> | undefined> {
  const found = new Map<string, MimeFacts>();
  const pace = paceOf(repository.root);
  for (const chunk of chunksOf(paths.map((path) => `./${path}`))) {
    const shares = shareOut(chunk, pace);
    const answers = await Promise.all(shares.map((share) => askFile(repository, share)));
    for (const [at, share] of shares.entries()) {
      const lines = answers[at];
      if (lines?.length !== share.length) return undefined;
      share.forEach((path, line) => {
        const [, type, encoding] = ANSWER_REGEXP.exec(lines[line]!) ?? [];
        if (type !== undefined && encoding !== undefined) {
          found.set(path.slice(2), { type, encoding });
        }
      });
    }
  }
  return found;
}

/** It takes 0.2 ms of a processor for each file: so many at least are worth a process. */
const FEWEST_PER_PROCESS = 100;
/** Where it waits for the file system for 2 ms and more for each. */
const FEWEST_IF_SLOW = 25;
/** Login nodes have many processors, and many users. */
const MOST_PROCESSES = 4;
/** Of those that do nothing but wait. */
const MOST_IF_SLOW = 8;

function shareOut(paths: readonly string[], pace: Pace): string[][] {
  const [most, fewest] = pace === "slow"
    ? [MOST_IF_SLOW, FEWEST_IF_SLOW]
    : [Math.min(navigator.hardwareConcurrency, MOST_PROCESSES), FEWEST_PER_PROCESS];
  const size = Math.max(Math.ceil(paths.length / most), fewest);
  const shares: string[][] = [];
  for (let at = 0; at < paths.length; at += size) shares.push(paths.slice(at, at + size));
  return shares;
}

async function askFile(
  { runner, root }: AnnexRepository,
  paths: readonly string[],
): Promise<string[] | undefined> {
  try {
    const args = ["--brief", "--mime", "--", ...paths] as const;
    const { code, stdout } = await runner.run(["file", ...args], { cwd: root });
    return code === 0 ? textOf(stdout).split("\n").slice(0, -1) : undefined;
  } catch (error) {
    if (error instanceof ProgramNotFoundError) return undefined;
    throw error;
  }
}

/** Standalone builds of git-annex bring a libmagic of their own, in a folder of their own. */
async function isInstalledWithAnnex(): Promise<boolean> {
  const [file, annex] = await Promise.all(["file", "git-annex"].map(folderOfProgram));
  return file !== undefined && file === annex;
}

/** The folder in which the program that PATH leads to really is. */
async function folderOfProgram(name: string): Promise<string | undefined> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    const program = await realPathIfPresent(join(folder, name));
    if (program !== undefined) return dirname(program);
  }
  return undefined;
}

/** Whether git-annex was built to ask libmagic; if it was not, such a rule is an error to it. */
async function canAnnexTell({ git }: AnnexRepository): Promise<boolean> {
  const rule = "mimeencoding=binary";
  const args = ["annex", "matchexpression", "--largefiles", rule, "--file=x", `--${rule}`];
  return (await git.run(args)).code === 0;
}
