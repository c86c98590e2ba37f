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
import { AFTER_KILL, renderEnd, wasKilled } from "../git/failed_git.ts";
import type { Git } from "../git/git.ts";
import { isReachable, joinNul } from "../git/path_bytes.ts";
import { diskFailure } from "../process/disk_failure.ts";
import { limitFailure } from "../process/system_limits.ts";
import { textOf } from "../process/runner.ts";
import type { RunResult } from "../process/runner.ts";
import { countLines } from "../process/steps.ts";
import type { BeginStep, Step } from "../process/steps.ts";
import * as v from "valibot";
import { chunksOf } from "./command_lines.ts";

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

/** Commands that end with the staging of what they did. */
const STAGING = new Set(["add", "unlock"]);

/**
 * A dotfile is a file like any other, as for DataLad; and what is too small for the annex goes into git: with false
 * git-annex leaves it untracked, and says nothing.
 */
const SETTINGS = ["-c", "annex.dotfiles=true", "-c", "annex.addsmallfiles=true"];

/**
 * Runs a git-annex command over `paths`, as few calls as command lines allow.
 *
 * @returns the files that failed; a file that needed nothing is no failure.
 * @throws {UserError} `ANNEX_FAILED` if git-annex is missing or fails without naming a file.
 */
export async function runAnnex(
  git: Git,
  args: readonly string[],
  paths: readonly string[],
  watcher?: AnnexWatcher,
): Promise<AnnexFailure[]> {
  const failures: AnnexFailure[] = [];
  const run = async (rest: readonly string[], asked: readonly string[], stdin?: Uint8Array) => {
    const progress = watcher === undefined ? [] : ["--json-progress"];
    const options = ["--json", "--json-error-messages", ...progress, ...rest];
    const lines = new ResultLines(watcher);
    const result = await git.run([...SETTINGS, "annex", ...args, ...options], {
      env: annexEnvironment(),
      locks: "annex",
      onStdout: (piece) => lines.add(piece),
      ...(stdin === undefined ? {} : { stdin }),
    });
    const failed = parseResults(lines.text(), new Set(asked));
    // git-annex passes over a git that could not write the index, and says of each file that it is added.
    const isUnstaged = STAGING.has(args[0]!) && /^fatal: /m.test(result.stderr);
    if (isUnstaged || (result.code !== 0 && failed.length === 0)) {
      throw annexFailed(args[0]!, result);
    }
    for (const failure of failed) failures.push(failure);
  };
  for (const chunk of chunksOf(paths.filter(isReachable))) await run(["--", ...chunk], chunk);
  // A name that is no text cannot be an argument; as bytes on standard input it arrives as it is.
  const odd = paths.filter((path) => !isReachable(path));
  // A NUL behind the last one would stand for an empty name.
  if (odd.length > 0) await run(["--batch", "-z"], odd, joinNul(odd).slice(0, -1));
  return failures;
}

/**
 * Asks git-annex's plumbing about many things in one process.
 *
 * @param questions one an answer, without NUL.
 * @param step counts the answers.
 * @returns the answers, lines in the order of the questions; `undefined` if not each was answered.
 */
export async function askAnnex(
  git: Git,
  args: readonly string[],
  questions: readonly string[],
  step?: Step,
): Promise<string[] | undefined> {
  const { code, stdout } = await git.run(["annex", ...args, "--batch", "-z"], {
    env: annexEnvironment(),
    ...(step === undefined ? {} : { watchStdout: countLines(step) }),
    // A NUL behind the last one would stand for an empty question.
    stdin: questions.join("\0"),
  });
  const lines = textOf(stdout).split("\n").slice(0, -1);
  return code === 0 && lines.length === questions.length ? lines : undefined;
}

/**
 * Initialises git-annex in the repository of `git`, as it does itself in the clone of one that has an annex.
 *
 * @throws {UserError} `ANNEX_FAILED`
 */
export async function initialiseAnnex(git: Git): Promise<void> {
  const result = await git.run(["annex", "init"], { env: annexEnvironment(), locks: "annex" });
  if (result.code !== 0) throw annexFailed("init", result);
}

/** Which contents a repository has, or has not. */
export interface Presence {
  /** Of the repository. */
  readonly uuid: string;
  /** Of the contents. */
  readonly keys: readonly string[];
  /** Whether it has them all, or none. */
  readonly isPresent: boolean;
}

/**
 * Notes for each of `keys` whether this repository has its content, in two processes and one commit of the
 * git-annex branch; a crash between the two leaves it to the next git-annex command to commit it. Doing it again is harmless.
 *
 * @param begin tells how many are noted.
 * @throws {UserError} `ANNEX_FAILED`; some of them may be noted.
 */
export async function setPresence(
  git: Git,
  { uuid, keys, isPresent }: Presence,
  begin?: BeginStep,
): Promise<void> {
  if (keys.length === 0) return;
  {
    using noting = begin?.("noting where contents are", keys.length);
    const result = await git.run(["annex", "setpresentkey", "--batch"], {
      env: annexEnvironment(),
      locks: "annex",
      ...(noting === undefined ? {} : { watchStdout: countLines(noting) }),
      stdin: keys.map((key) => `${key} ${uuid} ${isPresent ? 1 : 0}\n`).join(""),
    });
    if (result.code !== 0) throw annexFailed("setpresentkey", result);
  }
  using _committing = begin?.(`git-annex commits ${keys.length} notes`);
  // setpresentkey leaves what it noted in the journal; adding nothing commits that.
  const committed = await git.run(["annex", "add", "--batch"], {
    env: annexEnvironment(),
    locks: "annex",
    stdin: "",
  });
  if (committed.code !== 0) throw annexFailed("add", committed);
}

/** The environment that git-annex is run in: names are UTF-8, messages English. */
export function annexEnvironment(): Readonly<Record<string, string | undefined>> {
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
    const without = command === "init"
      ? "or have all outputs go into git (git config annex.autoinit false), "
      : "";
    return new UserError(
      "ANNEX_FAILED",
      "Cannot handle annexed files: the dataset uses git-annex, and there is no git-annex on PATH",
      { hint: `install git-annex, or load its module, ${without}then run the same command again` },
    );
  }
  const name = `git annex ${command}`;
  const end = result.code === 0 ? "did not stage what it did" : renderEnd(result);
  return diskFailure(name, result.stderr) ?? limitFailure(name, result.stderr) ??
    new UserError("ANNEX_FAILED", `Cannot go on: ${name} ${end}`, {
      detail: result.stderr,
      ...(wasKilled(result) ? { hint: AFTER_KILL } : {}),
    });
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
