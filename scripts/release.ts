/**
 * Builds all that a release consists of, into dist/release:
 *
 *   dlslurm-aarch64, dlslurm-x86_64    the program, one file for each processor
 *   dlslurm.1                          its manual page
 *   dlslurm.bash, _dlslurm, dlslurm.fish   completion for bash, zsh and fish
 *   dlslurm-VERSION.tar.gz             all of them and the documents, as they are installed for a group
 *   SHA256SUMS                         for sha256sum --check
 *
 * usage: deno task release [FOLDER]
 *
 * The same commit gives the same bytes, whoever builds it and wherever: the runtimes are pinned, and files
 * in the archive have the time of the commit, or SOURCE_DATE_EPOCH. Needs npm, GNU tar and git.
 */
import { dirname } from "node:path";
import { completionScript } from "../src/cli/completion/scripts.ts";
import { PROGRAM_VERSION } from "../src/cli/version.ts";
import { buildFor, buildManPage } from "./build.ts";
import { writeChecksums } from "./build/checksums.ts";
import { TARGETS } from "./build/targets.ts";
import { packArchive } from "./release/archive.ts";
import { say } from "./say.ts";

/** Absolute path of the project, without a slash at its end. */
const PROJECT = dirname(import.meta.dirname!);

/** Each shell's file, and where shells look for it below a prefix. */
const COMPLETIONS = [
  { shell: "bash", name: "dlslurm.bash", place: "share/bash-completion/completions/dlslurm" },
  { shell: "zsh", name: "_dlslurm", place: "share/zsh/site-functions/_dlslurm" },
  { shell: "fish", name: "dlslurm.fish", place: "share/fish/vendor_completions.d/dlslurm.fish" },
] as const;

const DOCUMENTS = ["README.md", "CHANGELOG.md", "LICENSE", "docs"];

/** Builds the release into `folder`, which is emptied first, and returns the names of its files. */
export async function buildRelease(folder: string, time: number): Promise<string[]> {
  await Deno.remove(folder, { recursive: true }).catch(ignoreMissing);
  await Deno.mkdir(folder, { recursive: true });
  await buildFor(TARGETS, ({ cpu }) => `${folder}/dlslurm-${cpu}`);
  await buildManPage(`${folder}/dlslurm.1`);
  for (const { shell, name } of COMPLETIONS) {
    await Deno.writeTextFile(`${folder}/${name}`, completionScript(shell));
  }
  // For each processor a prefix of its own: man and the shells look beside the program's folder.
  const files = TARGETS.flatMap(({ cpu }) => [
    { from: `${folder}/dlslurm-${cpu}`, to: `${cpu}/bin/dlslurm` },
    { from: `${folder}/dlslurm.1`, to: `${cpu}/share/man/man1/dlslurm.1` },
    ...COMPLETIONS.map(({ name, place }) => ({ from: `${folder}/${name}`, to: `${cpu}/${place}` })),
  ]).concat(DOCUMENTS.map((name) => ({ from: `${PROJECT}/${name}`, to: `doc/${name}` })));
  const archive = `dlslurm-${PROGRAM_VERSION}`;
  await packArchive(`${folder}/${archive}.tar.gz`, { name: archive, files, time });
  const names = [
    ...TARGETS.map(({ cpu }) => `dlslurm-${cpu}`),
    ...["dlslurm.1", `${archive}.tar.gz`],
    ...COMPLETIONS.map(({ name }) => name),
  ];
  await writeChecksums(folder, names);
  return [...names, "SHA256SUMS"];
}

/** Seconds since 1970 that files in the archive are said to be from. */
async function findTime(): Promise<number> {
  const given = Deno.env.get("SOURCE_DATE_EPOCH");
  if (given !== undefined && /^\d+$/.test(given)) return Number(given);
  const args = ["-C", PROJECT, "log", "-1", "--format=%ct"];
  const { success, stdout } = await new Deno.Command("git", { args, stdin: "null" }).output();
  if (success) return Number(new TextDecoder().decode(stdout));
  throw new Error(
    `Cannot build a release: "${PROJECT}" is no git repository, and says not of when it is\n` +
      "hint: SOURCE_DATE_EPOCH=SECONDS deno task release",
  );
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? `${PROJECT}/dist/release`;
  for (const name of await buildRelease(folder, await findTime())) {
    const { size } = await Deno.stat(`${folder}/${name}`);
    await say(`${folder}/${name}: ${Math.ceil(size / 1000)} kB`);
  }
}
