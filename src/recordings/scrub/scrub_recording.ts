import type { Call, RecordedFile } from "../format.ts";
import { findTableHead } from "./column_fields.ts";
import { findArgumentFields, findFields, findingsOf } from "./find_fields.ts";
import type { Field, Finding } from "./kinds.ts";
import type { RecorderIdentity } from "./recorder_identity.ts";
import { realignTable } from "./realign_table.ts";
import { Scrubber } from "./scrubber.ts";
import { type StandIn, StandIns } from "./stand_ins.ts";

/** Where the recording was made, in every recording. */
const WORK_STAND_IN = "/data/work";

/** What is to be scrubbed. */
export interface Unscrubbed {
  /** The command that asked Slurm. */
  readonly command: readonly string[];
  /** Its calls with their answers. */
  readonly calls: readonly Call[];
  /** What its jobs wrote. */
  readonly files: readonly RecordedFile[];
}

/** What became of it. */
export interface Scrubbed extends Unscrubbed {
  /** Stand-ins of who recorded, and where. */
  readonly recorder: { user: string; host: string; home: string; work: string };
  /** What was replaced, how often; for review by the person who knows the real names. */
  readonly replaced: readonly (StandIn & { readonly count: number })[];
  /** What stays since it is one of Slurm's words, too. */
  readonly left: readonly Finding[];
}

/**
 * Replaces whatever names a person, a machine or a place, the same by the same everywhere.
 *
 * @param kept names that stay.
 * @param more names beyond those that are recognised.
 */
export function scrubRecording(
  { command, calls, files }: Unscrubbed,
  identity: RecorderIdentity,
  kept: readonly string[],
  more: readonly string[],
): Scrubbed {
  const standIns = new StandIns(kept);
  const findings = findAll({ command, calls, files });
  for (const { name } of [...identity.findings, ...findings]) standIns.avoid(name);
  for (const name of more) standIns.add({ kind: "name", name });
  for (const finding of identity.findings) standIns.add(finding);
  const user = standIns.find({ kind: "user", name: identity.user }) ?? identity.user;
  for (const name of identity.work) standIns.add({ kind: "path", name }, WORK_STAND_IN);
  if (identity.home.length > 1) {
    standIns.add({ kind: "path", name: identity.home }, `/home/${user}`);
  }
  addAll(standIns, findings);
  const scrubber = new Scrubber(standIns);
  const scrubbed = {
    command: command.map((word) => scrubber.scrub(word)),
    calls: calls.map((call) => scrubCall(call, scrubber)),
    files: files.map(({ path, text }) => ({
      path: scrubber.scrub(path),
      text: scrubber.scrub(text, findFields([], text)),
    })),
  };
  const replaced = standIns.all().map((one) => ({ ...one, count: scrubber.counts.get(one) ?? 0 }))
    .filter(({ count }) => count > 0);
  return {
    ...scrubbed,
    replaced,
    recorder: {
      user,
      host: scrubber.scrub(identity.host),
      home: scrubber.scrub(identity.home),
      work: scrubber.scrub(identity.work[0] ?? ""),
    },
    left: standIns.left(),
  };
}

/** Everything in the calls that names something, with the place where it stands. */
export function* findInCall(
  { argv, stdout, stderr }: Call,
): Generator<{ where: "argv.json" | "stdout" | "stderr"; finding: Finding }> {
  const inArguments = findArgumentFields(argv);
  for (const [index, fields] of inArguments.entries()) {
    for (const finding of findingsOf(fields, argv[index]!)) yield { where: "argv.json", finding };
  }
  for (const [where, text] of [["stdout", stdout], ["stderr", stderr]] as const) {
    for (const finding of findingsOf(findFields(argv, text), text)) yield { where, finding };
  }
}

/** What in a job's own text surely names somebody: it may say anything, and Slurm's keys mean nothing. */
export function findInFile({ text }: RecordedFile): Finding[] {
  return findingsOf(findFields([], text), text)
    .filter(({ kind }) => kind === "mail" || kind === "user");
}

function findAll({ calls, command, files }: Unscrubbed): Finding[] {
  const found = calls.flatMap((call) => [...findInCall(call)].map(({ finding }) => finding));
  const inCommand = findArgumentFields(command)
    .flatMap((fields, index) => findingsOf(fields, command[index]!));
  return [...found, ...inCommand, ...files.flatMap(findInFile)];
}

/** Whole names before cut ones, folders before those inside them. */
function addAll(standIns: StandIns, findings: readonly Finding[]): void {
  const isCut = ({ name }: Finding) => name.endsWith("+");
  const others = findings.filter(({ kind }) => kind !== "path");
  for (const finding of others) if (!isCut(finding)) standIns.add(finding);
  for (const finding of others) if (isCut(finding)) standIns.add(finding);
  const paths = findings.filter(({ kind }) => kind === "path")
    .sort((a, b) => a.name.length - b.name.length);
  for (const path of paths) {
    const isInside = standIns.all().some(({ kind, name }) =>
      kind === "path" && path.name.startsWith(`${name}/`)
    );
    if (!isInside) standIns.add(path);
  }
}

function scrubCall(call: Call, scrubber: Scrubber): Call {
  const inArguments: readonly (readonly Field[])[] = findArgumentFields(call.argv);
  const stdout = scrubber.scrub(call.stdout, findFields(call.argv, call.stdout));
  const head = findTableHead(call.argv, call.stdout);
  return {
    ...call,
    argv: call.argv.map((word, index) => scrubber.scrub(word, inArguments[index])),
    stdout: head === undefined ? stdout : realignTable(call.stdout, stdout, head),
    stderr: scrubber.scrub(call.stderr, findFields(call.argv, call.stderr)),
  };
}
