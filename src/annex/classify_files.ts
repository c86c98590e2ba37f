import { join } from "node:path";
import { NO_LATE_FILES } from "../fs/late_files.ts";
import type { LateFiles } from "../fs/late_files.ts";
import { lookingAhead, paceOf } from "../fs/pace.ts";
import { isReachable } from "../git/path_bytes.ts";
import { isHashBackend } from "./annex_repository.ts";
import type { AnnexRepository } from "./annex_repository.ts";
import { asksForMime, asksForSize, parseLargeFiles } from "./large_files.ts";
import type { LargeFilesRule, MimeFacts } from "./large_files.ts";
import { readRepositoryRule } from "./large_files_config.ts";
import type { RepositoryRule } from "./large_files_config.ts";
import { readAttributes } from "./attributes.ts";
import type { Attributes } from "./attributes.ts";
import { findMimeTypes } from "./mime_types.ts";
import { findTracked } from "./tracked_files.ts";

/** A file that belongs in the annex. */
export interface LargeFile {
  /** Relative to the repository's root. */
  readonly path: string;
  /** Backend that an attribute names; `undefined`: the repository's own. */
  readonly backend: string | undefined;
}

/** Files by what is to become of them. */
export interface ClassifiedFiles {
  /** Regular files for the annex, none of them tracked. */
  readonly large: LargeFile[];
  /** Regular files whose content belongs in git as it is. */
  readonly small: string[];
  /** All others: git-annex must decide. */
  readonly unsure: string[];
}

/** Attributes under which git does not take a file's content as it is. */
const CONVERSIONS = ["text", "eol", "crlf", "ident", "working-tree-encoding"];

/** So many are asked about at a time: the answers about 40,000 files took 60 MB more. */
const AT_A_TIME = 10_000;

/**
 * Decides for each file what `git annex add` would do, where that is certain; reads only.
 *
 * @param late those of them that are still to be brought up to date: they are waited for where their size decides.
 */
export async function classifyFiles(
  repository: AnnexRepository,
  paths: readonly string[],
  late: LateFiles = NO_LATE_FILES,
): Promise<ClassifiedFiles> {
  const classified: ClassifiedFiles = { large: [], small: [], unsure: [] };
  if (paths.length === 0) return classified;
  const rule = readRepositoryRule(repository);
  for (let start = 0; start < paths.length; start += AT_A_TIME) {
    const some = paths.slice(start, start + AT_A_TIME);
    await classifySome(repository, { rule, late }, some, classified);
  }
  return classified;
}

async function classifySome(
  repository: AnnexRepository,
  { rule: ruleToCome, late }: {
    readonly rule: Promise<RepositoryRule>;
    readonly late: LateFiles;
  },
  paths: readonly string[],
  classified: ClassifiedFiles,
): Promise<void> {
  const known = paths.filter(isReachable);
  const names = ["annex.largefiles", "annex.backend", "filter", ...CONVERSIONS];
  const [attributes, tracked, rule] = await Promise.all([
    readAttributes(repository, names, known),
    findTracked(repository, known),
    ruleToCome,
  ]);
  if (attributes === undefined || tracked === undefined || rule.kind === "unsure") {
    classified.unsure.push(...paths);
    return;
  }
  classified.unsure.push(...paths.filter((path) => !isReachable(path)));
  const toCome = new Set(late.paths);
  const isWaitedFor = (path: string) =>
    toCome.has(path) && asksForSize(ruleFor(attributes(path).get("annex.largefiles"), rule));
  if (toCome.size > 0 && known.some(isWaitedFor)) await late.settle();
  const questions: Question[] = [];
  const { root } = repository;
  for await (const group of lookingAhead(paceOf(root), known, (path) => [join(root, path)])) {
    for (const path of group) {
      const seen = look(join(root, path));
      const entry = tracked.get(path);
      if (seen === undefined || entry === "annex") classified.unsure.push(path);
      else {
        const own = attributes(path);
        const text = ruleFor(own.get("annex.largefiles"), rule);
        questions.push({ path, ...seen, attributes: own, isTracked: entry !== undefined, text });
      }
    }
  }
  await answer(repository, questions, classified);
}

/** The rule in force for a file with this attribute. */
function ruleFor(attribute: string | undefined, rule: RepositoryRule): string {
  if (rule.kind !== "rule") return attribute ?? "anything";
  return rule.isAboveAttributes ? rule.text : attribute ?? rule.text;
}

interface Question {
  readonly path: string;
  readonly size: number;
  readonly attributes: Attributes;
  readonly isTracked: boolean;
  /** The rule in force. */
  readonly text: string;
}

function look(file: string): { readonly size: number } | undefined {
  try {
    const { isFile, size } = Deno.lstatSync(file);
    return isFile ? { size } : undefined;
  } catch {
    return undefined; // git-annex finds the words for it
  }
}

async function answer(
  repository: AnnexRepository,
  questions: readonly Question[],
  classified: ClassifiedFiles,
): Promise<void> {
  const rules = new Map<string, LargeFilesRule | undefined>();
  for (const { text } of questions) {
    if (!rules.has(text)) rules.set(text, parseLargeFiles(text));
  }
  const decide = (question: Question, mime?: MimeFacts) =>
    rules.get(question.text)?.({ path: question.path, size: question.size, mime });
  const later: Question[] = [];
  for (const question of questions) {
    const isLarge = decide(question);
    if (isLarge === undefined && asksForMime(question.text)) later.push(question);
    else place(question, isLarge, classified);
  }
  if (later.length === 0) return;
  const mime = await findMimeTypes(repository, later.map(({ path }) => path));
  for (const question of later) {
    place(question, decide(question, mime?.get(question.path)), classified);
  }
}

function place(
  question: Question,
  isLarge: boolean | undefined,
  classified: ClassifiedFiles,
): void {
  const { path, attributes, isTracked } = question;
  const backend = attributes.get("annex.backend");
  const isFiltered = !["annex", "unset", undefined].includes(attributes.get("filter"));
  const isConverted = CONVERSIONS.some((name) => (attributes.get(name) ?? "unset") !== "unset");
  if (isLarge === undefined || isFiltered) classified.unsure.push(path);
  else if (!isLarge && !isConverted) classified.small.push(path);
  else if (isLarge && !isTracked && (backend === undefined || isHashBackend(backend))) {
    classified.large.push({ path, backend });
  } else classified.unsure.push(path);
}
