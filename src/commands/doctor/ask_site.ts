import { toUserError } from "../../process/system_error.ts";
import { UserError } from "../../errors.ts";
import { textOf } from "../../process/runner.ts";
import { isControllerConfig, parseControllerConfig } from "../../slurm/controller_config.ts";
import type { ControllerConfig } from "../../slurm/controller_config.ts";
import { requireAnswer, runSlurm, slurmFailed } from "../../slurm/slurm_command.ts";
import type { SlurmClient } from "../../slurm/slurm_command.ts";
import type { FoundProgram } from "./find_programs.ts";

/** One of Slurm's commands was asked, and what came of it. */
export interface SlurmCall {
  /** Its name. */
  readonly program: string;
  /** How long it took to answer. */
  readonly tookMs: number;
  /** What it answered; empty if it failed. */
  readonly stdout: string;
  /** Why it gave no answer. */
  readonly failure?: UserError;
}

/** What Slurm's commands answered; one that is not there was not asked. */
export interface SiteAnswers {
  /** `sbatch --version`. */
  readonly sbatch?: SlurmCall;
  /** `scontrol show config`. */
  readonly scontrol?: SlurmCall;
  /** What that said. */
  readonly config?: ControllerConfig;
  /** This machine's clock when scontrol was asked, seconds since 1970. */
  readonly askedAtS: number;
  /** This machine's clock when it had answered. */
  readonly answeredAtS: number;
  /** The user's jobs that the controller remembers: `JobID|State|SubmitTime|`. */
  readonly squeue?: SlurmCall;
  /** The user's jobs of the last day that accounting has: `JobIDRaw|Submit|SubmitLine`, or without the line. */
  readonly sacct?: SlurmCall;
}

/** The release from which on sacct knows SubmitLine. */
const WITH_SUBMIT_LINE = "21.08";

/** Whose jobs are asked for, and what time it is. */
export interface SiteQuestion {
  /** The user's number. */
  readonly uid: number;
  /** Wall clock. */
  readonly now: () => Date;
  /** Whether sacct is asked for the command lines of the user's jobs. */
  readonly withLines: boolean;
}

/** Asks each of Slurm's commands once; each question changes nothing. */
export async function askSite(
  client: SlurmClient,
  programs: readonly FoundProgram[],
  { uid, now, withLines }: SiteQuestion,
): Promise<SiteAnswers> {
  const isThere = (name: string) =>
    programs.some((program) => program.name === name && program.path !== undefined);
  const ask = async (program: string, ...args: readonly string[]) =>
    isThere(program) ? await askOne(client, [program, ...args]) : undefined;
  const seconds = () => now().getTime() / 1000;

  const askedAtS = seconds();
  const [sbatch, { scontrol, answeredAtS }] = await Promise.all([
    ask("sbatch", "--version"),
    ask("scontrol", "show", "config").then((call) => ({ scontrol: call, answeredAtS: seconds() })),
  ]);
  const config = scontrol === undefined || scontrol.failure !== undefined
    ? undefined
    : parseControllerConfig(scontrol.stdout);
  const version = config?.values.get("SLURM_VERSION") ?? versionIn(sbatch?.stdout);
  const hasSubmitLine = withLines && (version === undefined || version >= WITH_SUBMIT_LINE);
  const fields = ["JobIDRaw", "Submit", ...(hasSubmitLine ? ["SubmitLine"] : [])];
  const [squeue, sacct] = await Promise.all([
    ask("squeue", "-h", "-t", "all", "-u", `${uid}`, "-O", "JobID:|,State:|,SubmitTime:|"),
    ask(
      "sacct",
      ...["--noheader", "--parsable2", "-X", `--format=${fields.join(",")}`],
      ...["-u", `${uid}`, "-S", "now-86400seconds"],
    ),
  ]);
  const found = { sbatch, scontrol, config, squeue, sacct };
  return {
    askedAtS,
    answeredAtS,
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
  };
}

/** `22.05.8` in `slurm-wlm 22.05.8`. */
export function versionIn(text: string | undefined): string | undefined {
  return /\bslurm\S* ([0-9]+\.[0-9]+(?:\.[0-9]+)?)/.exec(text ?? "")?.[1];
}

/** What shows that an answer is one; else an empty one counts, but of scontrol, and no other. */
const READABLE: Readonly<Record<string, (stdout: string) => boolean>> = {
  scontrol: isControllerConfig,
  squeue: (stdout) => /^ *[0-9]+ *\|/m.test(stdout),
  sacct: (stdout) => /^[0-9]+\|/m.test(stdout),
};

async function askOne(
  client: SlurmClient,
  argv: readonly [string, ...string[]],
): Promise<SlurmCall> {
  const [program] = argv;
  const beganMs = performance.now();
  const tookMs = () => performance.now() - beganMs;
  try {
    const result = await runSlurm(client, argv);
    if (result.code !== 0) throw slurmFailed(program, result);
    const stdout = textOf(result.stdout);
    const isRead = READABLE[program]?.(stdout) ?? true;
    requireAnswer(program, { stdout, stderr: result.stderr }, isRead);
    // Of jobs there may be none; a controller always has a configuration.
    if (program === "scontrol" && !isRead) {
      throw new UserError("SLURM_UNAVAILABLE", "Cannot ask Slurm: scontrol printed no answer", {
        hint: "run scontrol show config by hand and see what it prints",
      });
    }
    return { program, tookMs: tookMs(), stdout };
  } catch (error) {
    client.signal?.throwIfAborted();
    return { program, tookMs: tookMs(), stdout: "", failure: toUserError(error) };
  }
}
