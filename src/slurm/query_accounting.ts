import type { AccountedRun, AccountedStep } from "../jobs/accounting.ts";
import { textOf } from "../process/runner.ts";
import { parseSlurmTime } from "./query_sacct.ts";
import { inCalls, requireAnswer, runSlurm, slurmFailed } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

/**
 * No free text is among them, see query_sacct.ts. All but `Restarts` are known from 20.11 on; that one came
 * with 23.11.
 */
const FIELDS = [
  ...["JobID", "JobIDRaw", "State", "Submit", "Start", "End", "ExitCode", "ElapsedRaw", "TotalCPU"],
  ...["MaxRSS", "ReqMem", "TimelimitRaw", "AllocNodes", "AllocCPUS", "NodeList", "Partition"],
  ...["Cluster", "AllocTRES", "Restarts"],
] as const;
type Field = (typeof FIELDS)[number];
type Cells = Readonly<Partial<Record<Field, string>>>;

/** `151`, `151_2`, `151+1`; of a step with `.batch`, `.0` and the like behind it. */
const ID_REGEXP = /^([0-9]+(?:[_+][0-9]+)?)(?:\.(.+))?$/;
const UNITS: Readonly<Record<string, number>> = { K: 1, M: 2, G: 3, T: 4, P: 5, E: 6 };

/**
 * Asks sacct what jobs were given and what they used, 500 a call, steps included: peak memory stands in them
 * alone. A field that this sacct does not know costs that field, and one call that is refused at once.
 *
 * @returns runs in the order printed, each of a job or an array task; of a requeued one there are several.
 * @throws {UserError} `SLURM_UNAVAILABLE` if sacct is missing, fails, hangs or prints something else.
 */
export async function queryAccounting(
  client: SlurmClient,
  jobIds: readonly string[],
  cluster: string | null,
  onAnswer: (jobCount: number) => void = () => {},
): Promise<AccountedRun[]> {
  const runs: AccountedRun[] = [];
  let fields: readonly Field[] = FIELDS;
  for (const chunk of inCalls(jobIds)) {
    for (;;) {
      const result = await runSlurm(client, [
        "sacct",
        ...["--noheader", "--parsable2", "--duplicates", `--format=${fields.join(",")}`],
        ...(cluster === null ? [] : ["-M", cluster]),
        "-j",
        chunk.join(","),
      ]);
      if (result.code === 0) {
        const stdout = textOf(result.stdout);
        const told = parseAccounting(stdout, fields);
        requireAnswer("sacct", { stdout, stderr: result.stderr }, told.length > 0);
        for (const run of told) runs.push(run);
        break;
      }
      const refused = /Invalid field requested: "([^"]*)"/.exec(result.stderr)?.[1]?.toLowerCase();
      const known = fields.filter((field) => field.toLowerCase() !== refused);
      // Without an ID no row can be told from others.
      const isOfUse = known.length < fields.length && known[0] === "JobID";
      if (!isOfUse) throw slurmFailed("sacct", result);
      fields = known;
    }
    onAnswer(chunk.length);
  }
  return runs;
}

/**
 * Reads what {@linkcode queryAccounting} asked for: each job's row, and behind it those of its steps. Lines
 * that are no rows, such as a banner of a site's wrapper, are passed over, as are cells that cannot be read.
 */
export function parseAccounting(
  stdout: string,
  fields: readonly string[] = FIELDS,
): AccountedRun[] {
  const runs: (AccountedRun & { readonly steps: AccountedStep[] })[] = [];
  const last = new Map<string, (typeof runs)[number]>();
  for (const line of stdout.split("\n")) {
    const texts = line.split("|");
    const [, jobId, step] = ID_REGEXP.exec(texts[0]!) ?? [];
    if (jobId === undefined || texts.length < fields.length) continue;
    const cells: Cells = Object.fromEntries(fields.map((field, at) => [field, texts[at]!.trim()]));
    if (step !== undefined) {
      last.get(jobId)?.steps.push({ maxRss: sizeOf(cells.MaxRSS) });
      continue;
    }
    const run = { ...runOf(jobId, cells), steps: [] };
    runs.push(run);
    last.set(jobId, run);
  }
  return runs;
}

function runOf(jobId: string, cells: Cells): Omit<AccountedRun, "steps"> {
  // One that was cancelled while it waited may have a start and a CPU all the same, but no node.
  const hasBegun = parseSlurmTime(cells.Start ?? "") !== null &&
    !/^None assigned$/i.test(cells.NodeList ?? "");
  const nodes = hasBegun ? countOf(cells.AllocNodes) : undefined;
  const cpus = hasBegun ? countOf(cells.AllocCPUS) : undefined;
  return {
    jobId,
    jobIdRaw: cells.JobIDRaw ?? "",
    state: cells.State ?? "",
    submitS: parseSlurmTime(cells.Submit ?? ""),
    startS: hasBegun ? parseSlurmTime(cells.Start ?? "") : null,
    endS: parseSlurmTime(cells.End ?? ""),
    exitCode: wordOf(cells.ExitCode),
    // A job that never began has used nothing: 0 would say that it ran for no time.
    elapsed: hasBegun ? numberOf(cells.ElapsedRaw) : undefined,
    cpu: secondsOf(cells.TotalCPU),
    reqMem: requestedMemory(cells.ReqMem, nodes, cpus),
    timeLimit: minutesOf(cells.TimelimitRaw),
    nodes,
    cpus,
    nodeList: wordOf(cells.NodeList),
    partition: wordOf(cells.Partition),
    cluster: wordOf(cells.Cluster),
    restarts: numberOf(cells.Restarts),
    tres: wordOf(cells.AllocTRES),
  };
}

/** One word; Slurm's own for nothing, `None assigned`, `Unknown`, are none. */
function wordOf(text: string | undefined): string | undefined {
  if (text === undefined || /^(|None|Unknown|N\/A|\(null\))$/i.test(text)) return undefined;
  return text.includes(" ") ? undefined : text;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : undefined;
}

/** Of what was allocated 0 means that nothing was. */
function countOf(text: string | undefined): number | undefined {
  return numberOf(text) || undefined;
}

/** `5` minutes; `UNLIMITED` and `Partition_Limit` are no limit of the job's. */
function minutesOf(text: string | undefined): number | undefined {
  const minutes = numberOf(text);
  return minutes === undefined ? undefined : minutes * 60;
}

/**
 * `[DD-[HH:]]MM:SS[.mmm]`. A site that does not gather CPU times has 00:00:00 for every job: that is not
 * collected, and where it is, so little is no loss.
 */
function secondsOf(text: string | undefined): number | undefined {
  const match = /^(?:([0-9]+)-)?(?:([0-9]+):)?([0-9]+):([0-9]+(?:\.[0-9]+)?)$/.exec(text ?? "");
  if (match === null) return undefined;
  const [, days = "0", hours = "0", minutes, seconds] = match;
  const whole = (Number(days) * 24 + Number(hours)) * 3600 + Number(minutes) * 60;
  return Math.round((whole + Number(seconds)) * 1000) / 1000 || undefined;
}

/** `170164K`, `3.50G`, `1024`: bytes; 0 where nothing was seen of it. */
function sizeOf(text: string | undefined): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)([KMGTPE]?)$/.exec(text ?? "");
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * 1024 ** (UNITS[match[2]!] ?? 0)) || undefined;
}

/** sacct up to 21.08 prints memory by node, `4Gn`, or by CPU, `4Gc`; later ones that of the whole job. */
function requestedMemory(
  text: string | undefined,
  nodes: number | undefined,
  cpus: number | undefined,
): number | undefined {
  const [, size, by] = /^([0-9.]+[KMGTPE]?)([nc]?)$/.exec(text ?? "") ?? [];
  const bytes = sizeOf(size);
  const times = by === "n" ? nodes : by === "c" ? cpus : 1;
  return bytes === undefined || times === undefined ? undefined : bytes * times;
}
