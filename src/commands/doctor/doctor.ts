/**
 * `dlslurm doctor`: looks at a site and a dataset for what may go wrong, and changes nothing.
 *
 * A *check* looks at one thing and gives *findings*, each ok, a note or a problem; those in checks/ that
 * judge what others have found out start nothing and can be tried with any site's answers.
 *
 * @module
 */

import { dirname } from "node:path";
import { UserError } from "../../errors.ts";
import { namesIn } from "../../fs/if_present.ts";
import { openDataset } from "../../datalad/dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { Git } from "../../git/git.ts";
import { GitConfig, readGitConfig } from "../../git/git_config.ts";
import type { ResultRecord } from "../../session/result_record.ts";
import { slurmClientOf } from "../../slurm/slurm_client.ts";
import type { SlurmClient } from "../../slurm/slurm_command.ts";
import type { CommandContext } from "../context.ts";
import { askSite } from "./ask_site.ts";
import type { SiteAnswers } from "./ask_site.ts";
import { checkAccounting } from "./checks/accounting.ts";
import { askAnnexVersion, checkAnnex } from "./checks/annex_setup.ts";
import { checkControllerClock } from "./checks/clocks.ts";
import { checkClusters } from "./checks/clusters.ts";
import { checkController, checkLimits, checkMinJobAge } from "./checks/controller.ts";
import { askDisk, checkDisk } from "./checks/disk_space.ts";
import { judgeFileSystem, probeFileSystem } from "./checks/file_system.ts";
import { checkCommits, checkGit, checkSharing } from "./checks/git_setup.ts";
import { checkJobStore } from "./checks/job_store.ts";
import { judgeNode, visitNode } from "./checks/node.ts";
import { checkProcessLimits, readProcessLimits } from "./checks/process_limits.ts";
import { checkSharedClaims } from "./checks/shared_claims.ts";
import { checkRuntimeCache } from "./checks/runtime_cache.ts";
import { checkAnswers, checkCommands, SLURM_PROGRAMS } from "./checks/slurm_commands.ts";
import { checkVersion } from "./checks/slurm_version.ts";
import { findPrograms } from "./find_programs.ts";
import type { FoundProgram } from "./find_programs.ts";
import { problemOf } from "./finding.ts";
import type { Finding, Verdict } from "./finding.ts";
import { recordLook } from "./record_look.ts";
import { showFindings } from "./show_findings.ts";
import type { DoctorOptions } from "./definition.ts";
import { withoutAbsent } from "../../jobs/without_absent.ts";

/** A finding as a result; docs/result_records.md. */
interface FindingRecord extends ResultRecord {
  /** Name of the check. */
  readonly check: string;
  /** How it stands. */
  readonly finding: Verdict;
  /** What follows from it. */
  readonly consequence?: string;
}

/** Looks at everything, and shows what was found as a table, or as one result each. */
export async function runDoctor(options: DoctorOptions, context: CommandContext): Promise<void> {
  if (options.words.length > 0 && options.submit !== true) {
    throw new UserError("USAGE", "Cannot use options for sbatch: nothing is to be submitted", {
      hint: `dlslurm doctor --submit -- ${options.words.join(" ")}`,
    });
  }
  const { dataset, refusal } = await findDataset(options, context);
  const config = dataset?.config ?? await readConfigHere(context);
  const findings = options.record === undefined
    ? await look({ ...options, dataset, refusal, config }, context)
    : await recordLook({ ...options, record: options.record, config }, context);
  context.interrupted.throwIfAborted();

  if (context.isTailored) await context.show({ text: showFindings(findings) });
  for (const finding of findings) report(finding, dataset, context);
}

/** What is looked at, and how. */
interface Look extends FoundDataset, Pick<DoctorOptions, "submit" | "words"> {
  readonly config: GitConfig;
}

async function look(
  { dataset, refusal, config, submit, words }: Look,
  context: CommandContext,
): Promise<Finding[]> {
  const uid = Deno.uid() ?? 0;
  using progress = context.progress("looking");
  const { client, problem } = readClient(config, context);
  const programs = await findPrograms(SLURM_PROGRAMS, {
    ...{ path: pathOf(context), cwd: context.cwd },
    commands: client.commands ?? new Map(),
  });
  progress.say("Slurm");
  // Command lines are nobody else's business: a recording, and what is answered from one, has none.
  const withLines = context.env.get("DLSLURM_FIXTURES") === undefined;
  const answers = await askSite(client, programs, { uid, now: context.now, withLines });
  progress.say("the machine");
  const findings = [
    ...problem,
    ...aboutSlurm(programs, answers, context),
    ...await aboutMachine(dataset, context),
  ];
  if (dataset === undefined) findings.push(refusal!);
  else {
    const found = await aboutDataset(dataset, answers, uid, context);
    findings.push(...found);
    const isWritable = !found.some((each) => each.check === "file-system" && isProblem(each));
    if (submit === true && isWritable) {
      progress.say("a job on a node");
      const visit = await visitNode(dataset, words, context);
      findings.push(...judgeNode(visit, context.selfCommand[0] ?? "dlslurm"));
    }
  }
  return findings;
}

/** While a recording is made programs of its own stand first on PATH. */
function pathOf({ env }: CommandContext): string | undefined {
  const isRecorded = env.get("DLSLURM_FIXTURES") === "record";
  return (isRecorded ? env.get("DLSLURM_UNRECORDED_PATH") : undefined) ?? env.get("PATH");
}

/** How Slurm is asked; by its own commands where the settings name none that can be read. */
function readClient(
  config: GitConfig,
  context: CommandContext,
): { readonly client: SlurmClient; readonly problem: readonly Finding[] } {
  try {
    return { client: slurmClientOf({ config }, context), problem: [] };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {
      client: slurmClientOf({ config: new Map<string, string>() }, context),
      problem: [problemOf("slurm-commands", error, "no command of dlslurm can ask Slurm")],
    };
  }
}

function isProblem({ verdict }: Finding): boolean {
  return verdict === "problem";
}

/** The dataset, or why there is none to look at. */
interface FoundDataset {
  readonly dataset?: Dataset | undefined;
  readonly refusal?: Finding | undefined;
}

async function findDataset(
  { dataset }: DoctorOptions,
  { runner, cwd }: CommandContext,
): Promise<FoundDataset> {
  try {
    return { dataset: await openDataset(runner, cwd, dataset) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (error.code === "NOT_A_REPOSITORY" && dataset === undefined) {
      const refusal: Finding = {
        ...{
          check: "dataset",
          verdict: "note",
          message: "the current directory is not in a dataset",
        },
        consequence: "only the machine was looked at",
        hint: "cd into a dataset, or name it with -d",
      };
      return { refusal };
    }
    return { refusal: problemOf("dataset", error, "dlslurm cannot work with it") };
  }
}

/** Git's configuration outside of a dataset: it names time limits. */
async function readConfigHere({ runner, cwd }: CommandContext): Promise<GitConfig> {
  try {
    return new GitConfig(await readGitConfig(new Git(runner, cwd)));
  } catch (error) {
    if (error instanceof UserError) return new GitConfig(new Map()); // said by the check of git
    throw error;
  }
}

function aboutSlurm(
  programs: readonly FoundProgram[],
  answers: SiteAnswers,
  { env }: CommandContext,
): Finding[] {
  const { config, sbatch, scontrol, squeue, sacct } = answers;
  // That accounting is off is said of accounting, not of the command.
  const isOff = /accounting storage is disabled/i.test(sacct?.failure?.detail ?? "");
  const calls = [sbatch, sacct, squeue, scontrol].filter((call) => call !== undefined)
    .filter((call) => !(isOff && call === sacct));
  return [
    ...checkCommands(programs),
    ...checkAnswers(calls),
    ...checkVersion(sbatch?.failure === undefined ? sbatch?.stdout : undefined, config),
    ...(config === undefined ? [] : checkController(config)),
    ...checkAccounting(answers),
    ...(config === undefined ? [] : [...checkMinJobAge(config), ...checkLimits(config)]),
    ...checkClusters(answers, env),
    ...checkControllerClock(answers),
  ];
}

async function aboutMachine(
  dataset: Dataset | undefined,
  { runner, cwd }: CommandContext,
): Promise<Finding[]> {
  const git = dataset?.git ?? new Git(runner, cwd);
  const runtime = Deno.execPath();
  return [
    ...checkProcessLimits(await readProcessLimits(runner)),
    ...checkRuntimeCache(runtime, await isBuiltRuntime(runtime)),
    ...await checkGit(git),
    ...checkAnnex(
      await askAnnexVersion(runner),
      dataset && (dataset.hasAnnex || await dataset.awaitsAnnex()),
    ),
  ];
}

/** Whether the built file has unpacked the program beside the runtime: scripts/build/start.sh. */
async function isBuiltRuntime(runtime: string): Promise<boolean> {
  try {
    const names = await namesIn(dirname(runtime));
    return names.some((name) => /^dlslurm-.*\.js$/.test(name));
  } catch {
    return false; // a folder that may be used and not looked at is none that we have made
  }
}

async function aboutDataset(
  dataset: Dataset,
  { config }: SiteAnswers,
  uid: number,
  context: CommandContext,
): Promise<Finding[]> {
  const { runner, now } = context;
  const hosts = config?.daemons.map(({ host }) => host) ?? [];
  const own = Deno.hostname().split(".", 1)[0];
  const isController = hosts.length === 0
    ? undefined
    : hosts.some((host) => host === "localhost" || host.split(".", 1)[0] === own);
  const isWithoutLocks = dataset.config.get("dlslurm.store.vfs") === "unix-dotfile";
  return [
    ...judgeFileSystem(await probeFileSystem(dataset.commonDir, now), isWithoutLocks),
    ...checkDisk(await askDisk(runner, dataset.root), isController),
    ...await checkCommits(dataset),
    ...await checkSharing(dataset, uid),
    ...checkJobStore(dataset),
    ...await checkSharedClaims(dataset, context),
  ];
}

function report(finding: Finding, dataset: Dataset | undefined, context: CommandContext): void {
  const { check, verdict, message, consequence, hint, detail } = finding;
  const record: FindingRecord = {
    action: "slurm-doctor",
    status: isProblem(finding) ? "impossible" : "ok",
    ...(dataset === undefined ? {} : { path: dataset.root, type: "dataset" }),
    ...{ check, finding: verdict },
    ...withoutAbsent({ message, consequence, hint, detail }),
  };
  if (context.isTailored) context.count(record);
  else context.report(record);
}
