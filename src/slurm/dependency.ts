/**
 * Which jobs a submission waits for: `--dependency` of sbatch(1), on the command line
 * (submission_command.ts) or in a directive of the batch script. A *condition* is one type with one job:
 * `afterok:1:2` are two.
 *
 * @module
 */

import { join } from "shlex";
import type { PredecessorEvidence } from "../jobs/evidence.ts";
import { splitJobId } from "../jobs/job_id.ts";
import { splitShellWords } from "../shell/shell_words.ts";
import { directiveWords } from "./directives.ts";
import { COMPONENT_SEPARATOR, readOptions } from "./sbatch_words.ts";
import type { Option } from "./sbatch_words.ts";
import { guessSubmissionCommand, readSbatchOptions, splitLeniently } from "./submission_command.ts";

/** Types that hold a job back until another has ended; `after` only waits for its start. */
const ENDING_TYPES = ["afterok", "afterany", "afternotok", "aftercorr", "afterburstbuffer"];

/** The value of `--dependency` in the directives of a batch script. */
export function dependencyOfScript(script: string): string | undefined {
  return readSbatchOptions(directiveWords(script, splitLeniently)).dependency;
}

/**
 * The job IDs, or IDs of array tasks, whose end a job with this dependency certainly waits for: of
 * conditions of which one is enough (`?`), none.
 */
export function awaitedJobs(dependency: string): string[] {
  return predecessorsIn(dependency).map(({ jobId }) => jobId);
}

/** The same, each with the type of its condition. */
export function predecessorsIn(dependency: string): PredecessorEvidence[] {
  if (dependency.includes("?")) return [];
  return conditionsIn(dependency).flatMap(({ type, target }) => {
    if (target === undefined || !ENDING_TYPES.includes(type)) return [];
    return [{ jobId: target.jobId, type }];
  });
}

/** Whether all of a job, or the array task that it is, has ended once `awaited` have. */
export function isAwaited(jobId: string, awaited: readonly string[]): boolean {
  return awaited.includes(jobId) || awaited.includes(splitJobId(jobId).submittedId);
}

interface Condition {
  /** `afterok` and so on, or all of a condition that names no job: `singleton`. */
  readonly type: string;
  /** A job, or a task of an array; `rest` is what follows its ID: `_*`, `+10`. */
  readonly target?: { readonly jobId: string; readonly rest: string };
}

function conditionsIn(dependency: string): Condition[] {
  return dependency.split(/[,?]/).filter((part) => part !== "").flatMap((part): Condition[] => {
    const words = part.split(":");
    // As of old, `--dependency=ID` is afterany:ID. sbatch takes types in capitals, and blanks before an ID.
    const [type, ids] = /^[0-9]/.test(part)
      ? ["afterany", words]
      : [words[0]!.toLowerCase(), words.slice(1)];
    const targets = ids.map((id) => /^\s*([0-9]+(?:_[0-9]+)?)((?:_\*)?(?:\+[0-9]+)?)$/.exec(id));
    if (targets.length === 0 || targets.includes(null)) return [{ type: part }];
    return targets.map((match) => ({ type, target: { jobId: match![1]!, rest: match![2]! } }));
  });
}

function renderConditions(conditions: readonly Condition[], separator: string): string {
  const parts: { readonly type: string; text: string }[] = [];
  for (const { type, target } of conditions) {
    const last = parts.at(-1);
    const id = target === undefined ? "" : `:${target.jobId}${target.rest}`;
    if (last?.type === type && id !== "") last.text += id;
    else parts.push({ type, text: `${type}${id}` });
  }
  return parts.map(({ text }) => text).join(separator);
}

/**
 * A dependency with other jobs in place of those that it names; conditions on jobs for which there is none
 * are left out. Empty if nothing is left.
 */
export function replaceJobs(
  dependency: string,
  newIds: (jobId: string) => readonly string[],
): string {
  const conditions = conditionsIn(dependency).flatMap(({ type, target }): Condition[] =>
    target === undefined
      ? [{ type }]
      : newIds(target.jobId).map((jobId) => ({ type, target: { ...target, jobId } }))
  );
  return renderConditions(conditions, dependency.includes("?") ? "?" : ",");
}

/** All job IDs in a dependency, whatever their conditions. */
export function jobsIn(dependency: string): string[] {
  return conditionsIn(dependency).flatMap(({ target }) => target?.jobId ?? []);
}

/**
 * A dependency on further jobs, each once.
 *
 * @param own what the submission waits for beside them; empty for nothing.
 * @throws {SyntaxError} If of `own` one condition is enough (`?`): sbatch takes no mixture. The message is
 * the end of a sentence.
 */
export function addJobs(own: string, jobs: readonly PredecessorEvidence[]): string {
  const known = new Set(predecessorsIn(own).map(({ type, jobId }) => `${type}:${jobId}`));
  const further = jobs.flatMap(({ jobId, type = "afterok" }): Condition[] => {
    if (known.has(`${type}:${jobId}`)) return [];
    known.add(`${type}:${jobId}`);
    return [{ type, target: { jobId, rest: "" } }];
  });
  if (further.length === 0) return own;
  if (own.includes("?")) {
    throw new SyntaxError(
      `one of the conditions "${own}" is enough for it, and sbatch takes "?" alone`,
    );
  }
  return [renderConditions(further, ","), own].filter((text) => text !== "").join(",");
}

/** Commands without quotes or expansions before sbatch: `module load x && A=1 sbatch`. */
const SBATCH_REGEXP =
  /^\s*(?:[^'"`$#<>|()\\]*(?:&&|;)\s*)?(?:\w+=[\w./:+-]*\s+)*(?:[\w./+-]*\/)?sbatch(?=\s)/;

/**
 * A submission command with another `--dependency`, the one that it may have taken out.
 *
 * @param dependency empty to have none, whatever the batch script says; `undefined` to leave that to the
 * script.
 * @throws {SyntaxError} If it cannot be told where in the command it would have to stand; the message is
 * the end of a sentence.
 */
export function setDependency(command: string, dependency: string | undefined): string {
  const read = guessSubmissionCommand(command);
  if (read.dependency === dependency) return command;
  const option = dependency === undefined ? [] : [`--dependency=${dependency}`];
  let changed: string;
  if (read.dependency === undefined) {
    const start = SBATCH_REGEXP.exec(command)?.[0];
    const words = splitLeniently(command);
    const calls = words.filter((word) => /(^|\/)sbatch$/.test(word));
    if (start === undefined || calls.length > 1) {
      throw new SyntaxError("it is no sbatch command that an option could be added to");
    }
    // An option that is not known stands before it: what follows may be its value, or an option.
    if (read.script === undefined && words.some((word) => /^--dep[a-z]*(=|$)/.test(word))) {
      throw new SyntaxError("it is not known which of its words are options of sbatch");
    }
    if (/^[$`]/.test(read.script ?? "")) {
      throw new SyntaxError(`what a shell makes of ${read.script} may be options as well`);
    }
    changed = [start, join(option), command.slice(start.length).trimStart()].join(" ");
  } else {
    if (!read.isPlain) throw new SyntaxError("a shell has to read it, and it has a dependency");
    const [program, ...words] = splitShellWords(command);
    changed = join([program!, ...option, ...withoutDependency(words)]);
  }
  if (guessSubmissionCommand(changed).dependency !== dependency) {
    throw new SyntaxError("it is not known which of its words are options of sbatch");
  }
  return changed;
}

/** Words behind `sbatch` without the option `--dependency`, however it was written. */
function withoutDependency(words: readonly string[]): string[] {
  const { components, rest } = readOptions(words);
  const kept = components.flatMap((own) => [COMPONENT_SEPARATOR, ...own.flatMap(wordsToKeep)]);
  return [...kept.slice(1), ...rest];
}

function wordsToKeep({ name, words }: Option): readonly string[] {
  const word = words[0]!;
  if (name !== "dependency") return words;
  // Letters may stand before it: `-Hd afterok:1`.
  const letters = word.startsWith("--") ? "" : word.slice(1, word.indexOf("d"));
  return letters === "" ? [] : [`-${letters}`];
}
