import { join } from "node:path";
import { quote } from "shlex";
import type { Dataset } from "../../../datalad/dataset.ts";
import { readTextIfPresent, removeTreeIfPresent } from "../../../fs/if_present.ts";
import { SharedMode } from "../../../fs/shared_mode.ts";
import { ProgramNotFoundError, ProgramTimeoutError, textOf } from "../../../process/runner.ts";
import { startSlurm } from "../../../slurm/slurm_command.ts";
import type { SlurmClient } from "../../../slurm/slurm_command.ts";
import { slurmClientOf } from "../../../slurm/slurm_client.ts";
import { parseSubmissionAnswer } from "../../../slurm/submission_answer.ts";
import type { CommandContext } from "../../context.ts";
import type { Finding } from "../finding.ts";

/** What became of a job that looked around on a node. */
export type NodeVisit =
  /** No job came of it. */
  | { readonly kind: "refused"; readonly detail: string }
  /** It did not end in time, and was cancelled, or could not be: then `detail` says why. */
  | { readonly kind: "late"; readonly seconds: number; readonly detail: string }
  /** It ended. */
  | {
    readonly kind: "ended";
    /** Its exit status. */
    readonly code: number;
    /** What it wrote into the dataset, lines `NAME=VALUE`; `undefined` if there is nothing. */
    readonly answer: string | undefined;
    /** This machine's clock before and after, seconds since 1970. */
    readonly beganS: number;
    readonly endedS: number;
  };

/** Variables that would make another job of it: sbatch(1), INPUT ENVIRONMENT. */
const UNSET = Object.fromEntries(
  ["SBATCH_ARRAY_INX", "SBATCH_TEST_ONLY", "SBATCH_OUTPUT", "SBATCH_ERROR"]
    .map((name) => [name, undefined]),
);

/**
 * Has one tiny job look whether a node sees the dataset and this program, and waits for its end. A job that
 * does not end in time is cancelled; what it writes to is removed in any case.
 *
 * @param options for sbatch, as given.
 */
export async function visitNode(
  dataset: Dataset,
  options: readonly string[],
  context: CommandContext,
): Promise<NodeVisit> {
  const token = crypto.randomUUID().slice(0, 8);
  const name = `dlslurm-doctor-${token}`;
  const folder = join(dataset.commonDir, name);
  const answerFile = join(folder, "answer");
  const client = slurmClientOf(dataset, context);
  const { timeoutMs } = client;
  const seconds = () => context.now().getTime() / 1000;
  SharedMode.of(dataset.config).makeFolder(folder);
  try {
    const beganS = seconds();
    const { code, stdout, stderr } = await startSlurm(
      client,
      [
        ...["sbatch", "--wait", "--parsable", `--job-name=${name}`, "--ntasks=1"] as const,
        ...["--time=2", "--chdir=/", "--output=/dev/null", ...options],
      ],
      {
        ...{ cwd: dataset.root, env: UNSET, timeoutMs, signal: context.interrupted },
        stdin: nodeScript(dataset.root, context.selfCommand, answerFile),
      },
    );
    if (parseSubmissionAnswer(textOf(stdout)).kind !== "submitted") {
      return { kind: "refused", detail: stderr || textOf(stdout) };
    }
    const answer = await readTextIfPresent(answerFile);
    return { kind: "ended", code, answer, beganS, endedS: seconds() };
  } catch (error) {
    if (error instanceof ProgramNotFoundError) return { kind: "refused", detail: error.message };
    const detail = await cancel(name, client);
    if (!(error instanceof ProgramTimeoutError)) throw error;
    return { kind: "late", seconds: timeoutMs / 1000, detail };
  } finally {
    await removeTreeIfPresent(folder);
  }
}

/** Cancels by name: of a submission that was cut off no ID is known. Gives the reason if that fails. */
async function cancel(name: string, client: SlurmClient): Promise<string> {
  const { timeoutMs } = client;
  try {
    const argv = ["scancel", `--name=${name}`] as const;
    const { code, stderr } = await startSlurm(client, argv, { timeoutMs });
    return code === 0 ? "" : stderr;
  } catch (error) {
    const isExpected = error instanceof ProgramNotFoundError ||
      error instanceof ProgramTimeoutError;
    if (!isExpected) throw error;
    return error.message;
  }
}

/** What the job does: each line that it writes is something that works there. */
function nodeScript(
  root: string,
  selfCommand: readonly string[],
  answerFile: string,
): string {
  const self = selfCommand.map((word) => quote(word)).join(" ");
  return `#!/bin/sh
# Looks whether this node sees a dataset and dlslurm: dlslurm doctor --submit
exec >${quote(answerFile)} 2>/dev/null || exit 1
echo "host=$(uname -n)"
echo "now=$(date +%s)"
cd ${quote(root)} && echo dataset=seen
git version >/dev/null && echo git=started
${self} --version >/dev/null && echo dlslurm=started
exit 0
`;
}

/** Clocks that differ by so much do no harm. */
const USUAL_S = 30;

const check = "node";

/** Says what follows from a job that has seen nothing. */
function judgeVain(visit: Exclude<NodeVisit, { readonly kind: "ended" }>): Finding {
  if (visit.kind === "refused") {
    return {
      ...{ check, verdict: "problem", message: "sbatch took no job that looks around on a node" },
      ...{ detail: visit.detail, consequence: "other jobs may be refused for the same reason" },
      hint: "put options for sbatch after --: dlslurm doctor --submit -- -p short",
    };
  }
  return {
    ...{ check, verdict: "note" },
    message: `the job that looks around on a node did not end within ${visit.seconds} s, and ` +
      (visit.detail === "" ? "was cancelled" : "could not be cancelled"),
    ...(visit.detail === "" ? {} : { detail: visit.detail }),
    consequence: "whether nodes see the dataset is not known",
    hint: "dlslurm -c dlslurm.slurm.timeout=900 doctor --submit waits longer",
  };
}

/** Says what follows from what a job has seen. */
export function judgeNode(visit: NodeVisit, self: string): Finding[] {
  if (visit.kind === "refused" || visit.kind === "late") return [judgeVain(visit)];
  const { code, answer, beganS, endedS } = visit;
  const seen = new Map(
    (answer ?? "").trim().split("\n").map((line) => [...line.split("=", 2), ""] as const)
      .map(([name, value]) => [name!, value!]),
  );
  const host = seen.get("host");
  if (host === undefined) {
    return [{
      ...{ check, verdict: "problem" },
      message: `a job ended with exit status ${code}, and could not write to the dataset`,
      consequence: "its node does not see the dataset under this path, or may not write there",
      hint: "keep datasets on the file system that all nodes share",
    }];
  }
  const findings: Finding[] = [];
  if (!seen.has("dlslurm") || !seen.has("git")) {
    const missing = seen.has("dlslurm") ? "git" : self;
    findings.push({
      ...{ check, verdict: "note", message: `node ${host} cannot start ${missing}` },
      consequence: "jobs that call dlslurm fail there: dlslurm finish --submit, for one",
      hint: "put dlslurm where all nodes see it, and have git on PATH there",
    });
  }
  const now = Number(seen.get("now"));
  if (now < beganS - USUAL_S || now > endedS + USUAL_S) {
    const offS = Math.round(Math.abs(now - (now < beganS ? beganS : endedS)));
    findings.push({
      ...{ check, verdict: "note" },
      message: `the clock of node ${host} is ${offS} s ${
        now < beganS ? "behind" : "ahead of"
      } this machine's`,
      consequence: "times that jobs give their files are not to be compared with those of others",
      hint: "report it to your site",
    });
  }
  if (findings.length > 0) return findings;
  const message = `node ${host} sees the dataset, writes to it, and starts dlslurm and git`;
  return [{ check, verdict: "ok", message }];
}
