import { resolve } from "node:path";
import { UserError } from "../errors.ts";
import type { FixturesContext } from "./context.ts";
import { FILES_FOLDER, type Recording } from "./format.ts";
import { readRecording } from "./read_recording.ts";
import { type Finding, isNoName, SLURM_WORDS } from "./scrub/kinds.ts";
import { findIdentity, type RecorderIdentity } from "./scrub/recorder_identity.ts";
import { findInCall, findInFile } from "./scrub/scrub_recording.ts";
import { isStandIn } from "./scrub/stand_ins.ts";

/** A name in a recording that should have been replaced. */
export interface Leak extends Finding {
  /** File in the recording. */
  readonly where: string;
}

/**
 * Says whether a recording is whole and free of names.
 *
 * @returns 0 if it is.
 * @throws {UserError} `FAKE_SLURM` if it is not complete or valid, or if names are left in it.
 */
export async function runCheck(directory: string, context: FixturesContext): Promise<number> {
  const recording = await readRecording(resolve(context.cwd, directory));
  const leaks = findLeaks(recording, await findIdentity(context));
  if (leaks.length > 0) {
    throw new UserError(
      "FAKE_SLURM",
      `Cannot accept recording "${directory}": it is whole, but ${leaks.length} names in it are ` +
        "not scrubbed",
      {
        detail: leaks.map(({ where, kind, name }) => `${where}: ${kind} "${name}"`).join("\n"),
        hint: "record it again; --scrub NAME replaces what was missed, --keep NAME accepts a name",
      },
    );
  }
  const { slurm, format } = recording.manifest;
  const counts = [`${recording.calls.length} calls`, `${recording.files.length} files`];
  context.io.out(`${directory}: ok (format ${format}, Slurm ${slurm}, ${counts.join(", ")})\n`);
  return 0;
}

/** The names in a recording that are no stand-ins, and those of this person and machine. */
export function findLeaks(recording: Recording, identity: RecorderIdentity): Leak[] {
  const { manifest, calls, files } = recording;
  const kept = new Set(manifest.kept);
  const isFine = (finding: Finding) =>
    isNoName(finding.name) || isStandIn(finding) || kept.has(finding.name) ||
    finding.kind === "host" && kept.has(finding.name.replace(/#$/, "")) ||
    finding.kind !== "comment" && SLURM_WORDS.has(finding.name.toLowerCase());
  const own = ownNames(identity).filter((finding) => !isFine(finding));
  const leaks = new Map<string, Leak>();
  const note = (where: string, finding: Finding) => {
    const key = `${where} ${finding.name}`;
    if (!isFine(finding) && !leaks.has(key)) leaks.set(key, { where, ...finding });
  };
  const noteOwn = (where: string, text: string) => {
    for (const finding of own) if (standsIn(text, finding)) note(where, finding);
  };
  for (const call of calls) {
    for (const { where, finding } of findInCall(call)) note(`${call.folder}/${where}`, finding);
    noteOwn(`${call.folder}/argv.json`, call.argv.join("\n"));
    noteOwn(`${call.folder}/stdout`, call.stdout);
    noteOwn(`${call.folder}/stderr`, call.stderr);
  }
  for (const file of files) {
    const where = `${FILES_FOLDER}/${file.path}`;
    for (const finding of findInFile(file)) note(where, finding);
    noteOwn(where, `${file.path}\n${file.text}`);
  }
  noteOwn("recording.json", manifest.command.join("\n"));
  return [...leaks.values()];
}

/** What says who and where we are; numbers alone say nothing. */
function ownNames({ findings, home, work }: RecorderIdentity): Finding[] {
  const names = findings.filter(({ kind, name }) =>
    (kind === "user" || kind === "host" || kind === "group") && name.length > 2
  );
  const paths = [home, ...work].filter((path) => path.length > 2);
  return [...names, ...paths.map((name) => ({ kind: "path", name }) as const)];
}

function standsIn(text: string, { kind, name }: Finding): boolean {
  const literal = name.replace(/#$/, "").replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  const after = kind === "path"
    ? "(?![\\w-]|\\.\\w)"
    : name.endsWith("#")
    ? "(?=[0-9[])"
    : "(?![A-Za-z0-9])";
  return new RegExp(`(?<![A-Za-z0-9])${literal}${after}`).test(text);
}
