import { join } from "node:path";
import { isAnnexLink } from "../annex/annexed_files.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { renderPythonJsonUnsorted } from "../datalad/python_json.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { temporaryFolderOf } from "../fs/temporary_files.ts";
import type { AccountingEvidence } from "../jobs/evidence.ts";

/** An environment file that was brought up to date. */
export interface RefreshedText {
  /** What it said. */
  readonly before: string;
  /** What it says. */
  readonly after: string;
  /** Where it led, if it was the link of an annexed file. */
  readonly link?: string;
}

/**
 * Brings the environment file of a plain job up to date: it shows what scontrol said just after the
 * submission, that the job was pending. Keys that are not in the file are not added. A
 * file that a crash cut short, since nobody had waited until it was on the disk, gets what accounting tells.
 *
 * A crash leaves the old file or the new one.
 *
 * @param path of the file, relative to the root.
 * @returns what it says now, and said before; `undefined` if it is as it was.
 */
export function refreshEnvironment(
  dataset: Dataset,
  path: string,
  accounting: AccountingEvidence,
): RefreshedText | undefined {
  const file = join(dataset.root, path);
  const now: Readonly<Record<string, string | undefined>> = {
    JobState: accounting.state,
    ExitCode: accounting.exitCode,
    RunTime: accounting.elapsed === undefined ? undefined : clockTime(accounting.elapsed),
    StartTime: accounting.start?.slice(0, -1),
    EndTime: accounting.end?.slice(0, -1),
    NodeList: accounting.nodeList,
  };
  try {
    const info = Deno.lstatSync(file);
    // Somebody has saved it while the job ran.
    const link = info.isSymlink ? Deno.readLinkSync(file) : undefined;
    if (link === undefined ? !info.isFile : !isAnnexLink(link)) return undefined;
    const old = Deno.readTextFileSync(file);
    // As a crash leaves it: the name is there, and of the content nothing, or zeros.
    const told = /^[\0\s]*$/.test(old) ? now : JSON.parse(old);
    if (typeof told !== "object" || told === null) return undefined;
    const values = Object.fromEntries(
      Object.entries(told).map(([key, value]) => [key, now[key] ?? value])
        .filter(([, value]) => value !== undefined),
    );
    const text = renderPythonJsonUnsorted(values);
    if (text === old) return undefined;
    replaceText(dataset, path, text);
    return { before: old, after: text, ...(link === undefined ? {} : { link }) };
  } catch {
    return undefined; // the record has it all the same
  }
}

/** Gives an environment file back what it was. */
export function takeBackText(
  dataset: Dataset,
  path: string,
  { before, link }: RefreshedText,
): void {
  if (link === undefined) replaceText(dataset, path, before);
  else put(dataset, path, (temporary) => Deno.symlinkSync(link, temporary));
}

/**
 * Writes an environment file. It is not waited for until it is on the disk: git reads it next, and the job
 * stays open until it has. It is synchronous because a thousand jobs take their turns: going through the
 * event loop would double the time.
 */
function replaceText(dataset: Dataset, path: string, text: string): void {
  put(dataset, path, (temporary) => {
    Deno.writeTextFileSync(temporary, text, { createNew: true });
    SharedMode.of(dataset.config).adjust(temporary);
  });
}

function put(dataset: Dataset, path: string, make: (temporary: string) => void): void {
  const temporary = join(temporaryFolderOf(dataset), crypto.randomUUID());
  try {
    make(temporary);
    Deno.renameSync(temporary, join(dataset.root, path));
  } catch (error) {
    removeNow(temporary);
    throw error;
  }
}

function removeNow(file: string): void {
  try {
    Deno.removeSync(file);
  } catch {
    // Not there, or taken away with the other temporary files later.
  }
}

/** `[days-]hh:mm:ss`, as scontrol prints RunTime. */
function clockTime(seconds: number): string {
  const parts = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60];
  const clock = parts.map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
  return seconds < 86_400 ? clock : `${Math.floor(seconds / 86_400)}-${clock}`;
}
