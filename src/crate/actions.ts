import type { AttemptEvidence, Evidence, TasksEvidence } from "../jobs/evidence.ts";
import type { EntryWithRun } from "../provenance/run_inputs.ts";
import { localId } from "./entity_ids.ts";
import { compact, refsTo, refTo } from "./entity.ts";
import type { Entity } from "./entity.ts";
import { personOf } from "./person.ts";
import { usageOf } from "./resource_usage.ts";

/** What an action refers to beside what it has of its own. */
export interface ActionLinks {
  /** What was run. */
  readonly instrument: string;
  /** What its attempts ran, where that is known; else it counts as the same. */
  readonly attemptInstruments: readonly (string | undefined)[];
  /** What it read. */
  readonly objects: readonly string[];
  /** What it wrote. */
  readonly results: readonly string[];
  /** Images of containers that it ran in. */
  readonly images: readonly string[];
}

/** The identifier of a run's action: a job's ID alone is not one, clusters and years share them. */
export function idOfRun({ entry }: EntryWithRun): string {
  // A job ID and a part of a commit together are no other run.
  return localId("runs", `${entry.jobId}-${entry.commit.oid.slice(0, 12)}`);
}

/**
 * Describes a run: its action, those of the attempts that failed before it, what it used, and the values of
 * its row.
 */
export function* actionsOf(subject: EntryWithRun, links: ActionLinks): Generator<Entity> {
  const { entry, run: { commit, record } } = subject;
  const id = idOfRun(subject);
  const { evidence = {} } = record;
  const values = valuesOf(id, record.row?.values ?? {});
  const shared = {
    agent: refTo(personOf(commit.author)["@id"]),
    instrument: refTo(links.instrument),
    object: refsTo([...links.objects, ...values.map((value) => value["@id"])]),
    containerImage: refsTo(links.images),
  };
  for (const [at, attempt] of (evidence.attempts ?? []).entries()) {
    const instrument = refTo(links.attemptInstruments[at] ?? links.instrument);
    yield* attemptOf(`${id}/attempt-${at + 1}`, attempt, record.cmd, { ...shared, instrument });
  }
  const usage = usageOf(id, evidence.accounting);
  const isComplete = entry.state === "Completed";
  yield {
    "@id": id,
    "@type": "CreateAction",
    name: nameOf(subject),
    description: descriptionOf(subject),
    startTime: evidence.accounting?.start,
    endTime: evidence.accounting?.end,
    actionStatus: statusOf(isComplete),
    ...(isComplete ? {} : { error: errorOf(entry.state, evidence) }),
    ...shared,
    result: refsTo(links.results),
    resourceUsage: refsTo(usage.map((each) => each["@id"])),
    identifier: compact([entry.jobId, `swh:1:rev:${commit.oid}`].filter((name) =>
      // The identifier of a commit is git's SHA-1 of it.
      !name.startsWith("swh:") || commit.oid.length === 40
    )),
  };
  yield* usage;
  yield* values;
}

/** The identifiers of all actions of a run. */
export function idsOfActions(subject: EntryWithRun): string[] {
  const id = idOfRun(subject);
  const attempts = subject.run.record.evidence?.attempts ?? [];
  return [...attempts.map((_, at) => `${id}/attempt-${at + 1}`), id];
}

function statusOf(isComplete: boolean): { readonly "@id": string } {
  const status = isComplete ? "CompletedActionStatus" : "FailedActionStatus";
  return refTo(`http://schema.org/${status}`);
}

function* attemptOf(
  id: string,
  attempt: AttemptEvidence,
  cmd: string,
  shared: Readonly<Record<string, unknown>>,
): Generator<Entity> {
  const { jobId, state, exitCode, elapsed, options } = attempt;
  const usage = usageOf(id, elapsed === undefined ? {} : { elapsed });
  yield {
    "@id": id,
    "@type": "CreateAction",
    name: `Slurm job ${jobId}, which failed`,
    description: cmd +
      (options === undefined || options.length === 0
        ? ""
        : `\n\nOptions of this attempt: ${options.join(" ")}`),
    actionStatus: statusOf(false),
    error: wordsOf(state ?? "It failed", exitCode),
    ...shared,
    resourceUsage: refsTo(usage.map((each) => each["@id"])),
    identifier: jobId,
  };
  yield* usage;
}

function wordsOf(state: string, exitCode: string | undefined): string {
  return exitCode === undefined ? state : `${state}, exit code ${exitCode}`;
}

function errorOf(state: string, { accounting, tasks }: Evidence): string {
  const words = wordsOf(accounting?.state ?? state, accounting?.exitCode);
  const differing = Object.entries(tasks?.differing ?? {});
  if (differing.length === 0) return words;
  const named = differing.slice(0, MOST_NAMED).map(([index, task]) =>
    `task ${index} ${wordsOf(task.state ?? "", task.exitCode)}`
  );
  const more = Math.max(tasks?.differingCount ?? 0, differing.length) - named.length;
  return `${words}: ${named.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

const MOST_NAMED = 10;

function nameOf({ entry, run: { record } }: EntryWithRun): string {
  const { label } = record.evidence?.submission ?? {};
  const row = record.row ? `, line ${record.row.line} of ${record.row.table}` : "";
  return `Slurm job ${entry.jobId}${label === undefined ? "" : ` (${label})`}${row}`;
}

function descriptionOf({ run: { parsed, record } }: EntryWithRun): string {
  const { evidence = {} } = record;
  const { submission, changedWhileOpen = [] } = evidence;
  const after = (submission?.after ?? []).map(({ jobId, type }) => `${type ?? "after"}:${jobId}`);
  return [
    record.cmd,
    ...(record.pwd === "." ? [] : [`in ${record.pwd}`]),
    ...(parsed.text === "" ? [] : [parsed.text]),
    ...tasksLine(evidence.tasks),
    ...(after.length === 0 ? [] : [`It waited for ${after.join(", ")}.`]),
    ...(changedWhileOpen.length === 0 ? [] : [
      `Changed while it waited or ran: ${changedWhileOpen.slice(0, MOST_NAMED).join(", ")}.`,
    ]),
  ].join("\n\n");
}

function tasksLine(tasks: TasksEvidence | undefined): string[] {
  return tasks === undefined ? [] : [`An array of ${tasks.count} tasks.`];
}

/** The values of a row of a table: inputs that are no files. */
function valuesOf(action: string, values: Readonly<Record<string, string>>): Entity[] {
  return Object.entries(values).map(([name, value]) => ({
    "@id": `${action}/${localId("values", name).slice(1)}`,
    "@type": "PropertyValue",
    name,
    value,
  }));
}
