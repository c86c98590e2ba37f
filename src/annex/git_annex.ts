/**
 * Git-annex, run as `git annex` on lists of files.
 *
 * An *annexed file* is a path whose content git-annex keeps: locked, it is a link to the *object*, the
 * content under its *key* below `.git/annex/objects`; unlocked, it is a file that may be written to. It
 * is *present* if its content is in this clone. What goes to the annex and what to git is git-annex's
 * own decision, by `annex.largefiles`.
 *
 * @module
 */

import { UserError } from "../errors.ts";
import { diskFailure } from "../process/disk_failure.ts";
import { textOf } from "../process/runner.ts";
import type { RunOptions, RunResult } from "../process/runner.ts";
import * as v from "valibot";
import { chunksOf } from "./command_lines.ts";

/** Runs `git` with arguments; the caller binds it to a work tree and an index. */
export type RunGit = (args: readonly string[], options: RunOptions) => Promise<RunResult>;

/** What git-annex says of one file with `--json --json-error-messages`. */
const FileResult = v.object({
  success: v.boolean(),
  file: v.nullish(v.string()),
  input: v.optional(v.array(v.string()), []),
  note: v.optional(v.string()),
  "error-messages": v.optional(v.array(v.string()), []),
});

/** A file that git-annex could not handle. */
export interface AnnexFailure {
  /** As it was given to git-annex; empty where git-annex named no file. */
  readonly path: string;
  /** Git-annex's own words, several lines at times. */
  readonly message: string;
}

/** Is told how git-annex gets on, while it does. */
export interface AnnexWatcher {
  /** A file is under way; `percent` as git-annex writes it: `35%`. */
  onProgress(path: string, percent: string): void;
  /** A file is done, or has failed. */
  onEnd(path: string): void;
}

/** What git-annex says of a file under way with `--json-progress`. */
const FileProgress = v.object({
  action: v.object({ file: v.string() }),
  "percent-progress": v.optional(v.string(), ""),
});

/** How file names that are not valid UTF-8 are told and written; the caller knows how it read them. */
export interface FileNames {
  /** Whether the name is text. */
  isText(path: string): boolean;
  /** The bytes of names, with NUL between them. */
  join(paths: readonly string[]): Uint8Array;
}

/**
 * Runs a git-annex command over `paths`, as few calls as command lines allow.
 *
 * @returns the files that failed; a file that needed nothing is no failure.
 * @throws {UserError} `ANNEX_FAILED` if git-annex is missing or fails without naming a file.
 */
export async function runAnnex(
  runGit: RunGit,
  args: readonly string[],
  paths: readonly string[],
  names: FileNames,
  watcher?: AnnexWatcher,
): Promise<AnnexFailure[]> {
  const failures: AnnexFailure[] = [];
  const run = async (rest: readonly string[], asked: readonly string[], stdin?: Uint8Array) => {
    const progress = watcher === undefined ? [] : ["--json-progress"];
    const options = ["--json", "--json-error-messages", ...progress, ...rest];
    const lines = new ResultLines(watcher);
    // DataLad's setting: a dotfile is a file like any other.
    const result = await runGit(["-c", "annex.dotfiles=true", "annex", ...args, ...options], {
      env: annexEnvironment(),
      onStdout: (piece) => lines.add(piece),
      ...(stdin === undefined ? {} : { stdin }),
    });
    const failed = parseResults(lines.text(), new Set(asked));
    if (result.code !== 0 && failed.length === 0) throw annexFailed(args[0]!, result);
    for (const failure of failed) failures.push(failure);
  };
  for (const chunk of chunksOf(paths.filter(names.isText))) await run(["--", ...chunk], chunk);
  // A name that is no text cannot be an argument; as bytes on standard input it arrives as it is.
  const odd = paths.filter((path) => !names.isText(path));
  if (odd.length > 0) await run(["--batch", "-z"], odd, names.join(odd));
  return failures;
}

/**
 * Asks git-annex's plumbing about many things in one process.
 *
 * @param questions one an answer, without NUL.
 * @returns the answers, lines in the order of the questions; `undefined` if not each was answered.
 */
export async function askAnnex(
  runGit: RunGit,
  args: readonly string[],
  questions: readonly string[],
): Promise<string[] | undefined> {
  const { code, stdout } = await runGit(["annex", ...args, "--batch", "-z"], {
    env: annexEnvironment(),
    // A NUL behind the last one would stand for an empty question.
    stdin: questions.join("\0"),
  });
  const lines = textOf(stdout).split("\n").slice(0, -1);
  return code === 0 && lines.length === questions.length ? lines : undefined;
}

/**
 * Notes for each of `keys` whether this repository has its content, in two processes and one commit of the
 * git-annex branch; a crash between the two leaves it to the next git-annex command to commit it. Doing it again is harmless.
 *
 * @param uuid of this repository.
 * @throws {UserError} `ANNEX_FAILED`; some of them may be noted.
 */
export async function setPresence(
  runGit: RunGit,
  uuid: string,
  keys: readonly string[],
  isPresent: boolean,
): Promise<void> {
  if (keys.length === 0) return;
  const result = await runGit(["annex", "setpresentkey", "--batch"], {
    env: annexEnvironment(),
    stdin: keys.map((key) => `${key} ${uuid} ${isPresent ? 1 : 0}\n`).join(""),
  });
  if (result.code !== 0) throw annexFailed("setpresentkey", result);
  // setpresentkey leaves what it noted in the journal; adding nothing commits that.
  const committed = await runGit(["annex", "add", "--batch"], {
    env: annexEnvironment(),
    stdin: "",
  });
  if (committed.code !== 0) throw annexFailed("add", committed);
}

function annexEnvironment(): Readonly<Record<string, string | undefined>> {
  // git-annex says itself which of its calls take paths literally.
  return { ...locale(), GIT_LITERAL_PATHSPECS: undefined };
}

/**
 * In the C locale libmagic does not find files with other than ASCII names, and `mimeencoding` in
 * annex.largefiles then decides wrongly: names must be UTF-8, messages English.
 */
function locale(): Readonly<Record<string, string | undefined>> {
  const own = ["LC_ALL", "LC_CTYPE", "LANG"].map((name) => Deno.env.get(name))
    .find((value) => value !== undefined && value !== "");
  const isUtf8 = own !== undefined && /utf-?8/i.test(own);
  return {
    LC_ALL: undefined,
    LC_CTYPE: isUtf8 ? own : "C.UTF-8",
    LC_MESSAGES: "C",
    LANGUAGE: undefined,
  };
}

function annexFailed(command: string, result: RunResult): UserError {
  if (/'annex' is not a git command/.test(result.stderr)) {
    return new UserError(
      "ANNEX_FAILED",
      "Cannot handle annexed files: the dataset uses git-annex, and there is no git-annex on PATH",
      { hint: "install git-annex, or load its module, then run the same command again" },
    );
  }
  return diskFailure(`git annex ${command}`, result.stderr) ?? new UserError(
    "ANNEX_FAILED",
    `Cannot go on: git annex ${command} ended with exit status ${result.code}`,
    { detail: result.stderr },
  );
}

/** The lines of git-annex's output as they come; those about progress are passed on and not kept. */
class ResultLines {
  readonly #watcher: AnnexWatcher | undefined;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #kept: string[] = [];

  constructor(watcher: AnnexWatcher | undefined) {
    this.#watcher = watcher;
  }

  add(piece: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(piece, { stream: true })).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#read(line);
  }

  text(): string {
    return [...this.#kept, this.#rest].join("\n");
  }

  #read(line: string): void {
    if (this.#watcher === undefined) {
      this.#kept.push(line);
      return;
    }
    const progress = v.safeParse(v.pipe(v.string(), v.parseJson(), FileProgress), line);
    if (progress.success) {
      const { action, "percent-progress": percent } = progress.output;
      this.#watcher.onProgress(action.file, percent);
      return;
    }
    this.#kept.push(line);
    const result = v.safeParse(v.pipe(v.string(), v.parseJson(), FileResult), line);
    if (result.success) this.#watcher.onEnd(result.output.file ?? "");
  }
}

function parseResults(stdout: string, asked: ReadonlySet<string>): AnnexFailure[] {
  const failures: AnnexFailure[] = [];
  for (const line of stdout.split("\n")) {
    if (!line.startsWith("{")) continue;
    const result = v.safeParse(v.pipe(v.string(), v.parseJson(), FileResult), line);
    if (!result.success || result.output.success) continue;
    const { file, input, note } = result.output;
    const path = [file, ...input].find((name) => typeof name === "string" && asked.has(name)) ??
      file;
    const messages = result.output["error-messages"];
    failures.push({
      path: path ?? "",
      message: messages.length > 0 ? messages.join("\n") : note ?? "no reason given",
    });
  }
  return failures;
}
