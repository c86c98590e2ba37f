import { wordsOfSoleProgram } from "../shell/sole_program.ts";
import { isSoleSbatch } from "./sole_sbatch.ts";

/**
 * What slurmctld answers to a submission that it does not take, in the words of slurm_strerror() from 20.11
 * to 26.05 (SchedMD/slurm, src/common/slurm_errno.c, "slurmctld error codes"). Any other error of the
 * exchange with it may come after the request was sent: then the job may exist.
 */
const REFUSALS: ReadonlySet<string> = new Set([
  // Partition, nodes, size
  "Invalid partition name specified",
  "No partition specified or system default partition",
  "User's group not permitted to use this partition",
  "Requested nodes not in this partition",
  "Requested node configuration is not available",
  "Requested partition configuration not available now",
  "Requested topology configuration is not available",
  "Requested nodes are busy",
  "Required node not available (down, drained or reserved)",
  "Required partition not available (inactive or drain)",
  "Partition in DOWN state",
  "Multiple partition job request not supported when a partition is set in the association",
  "Invalid node name specified",
  "Node count specification invalid",
  "CPU count specification invalid",
  "Task count specification invalid",
  "Task distribution specification invalid",
  "More processors requested than permitted",
  "Requested more tasks than available processors",
  "Cannot request more threads per core than the job allocation",
  "Current SwitchType does not permit arbitrary task distribution",
  "Job size specification needs to be provided",
  "Memory required by task is not available",
  "Insufficient GRES available in allocation",
  "Invalid generic resource (gres) specification",
  "Duplicate generic resource (gres) specification",
  "Invalid GRES specification (with and without type identification)",
  "Requested GRES option unsupported by configured SelectType plugin",
  "Invalid Trackable RESource (TRES) specification",
  "Invalid feature specification",
  "Invalid preferred feature specification",
  "Invalid cluster feature specification",
  "Invalid extra constraints specification",
  "Invalid KNL configuration (MCDRAM or NUMA option)",
  "Multiple KNL NUMA and/or MCDRAM constraints require use of a heterogeneous job",
  "Invalid license specification",
  "Licenses currently unavailable",
  "Burst Buffer permission denied",
  "Burst Buffer resource limit exceeded",
  "Burst Buffer request invalid",
  "Container support is not configured",
  "Invalid container id specified",
  // Who, how long, how many
  "Access/permission denied",
  "Invalid user id",
  "Invalid group id",
  "Invalid user ID",
  "Invalid group ID",
  "Unable to resolve user ID to user name",
  "Unable to resolve group ID to group name",
  "Invalid account or account/partition combination specified",
  "Invalid or unknown association",
  "Invalid qos specification",
  "Invalid wckey specification",
  "Invalid mcs_label specified",
  "Invalid --nice value",
  "Requested account has breached requested QOS usage threshold",
  "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
  "MaxJobCount limit reached",
  "Requested time limit is invalid (missing or exceeds some limit)",
  "Time limit specification required, but not provided",
  "Invalid time-min specification (exceeds job's time or other limits)",
  "Invalid time specified",
  "Access denied to requested reservation",
  "Requested reservation is invalid",
  "Requested reservation not usable now",
  "Job can not start due to maintenance reservation.",
  // What
  "Job script not specified",
  "Invalid job id specified",
  "Duplicate job id",
  "Invalid job array specification",
  "Job dependency problem",
  "Circular job dependency",
  "Job --batch option is invalid or not a subset of --constraint",
  "Job --batch option is invalid or not a subset of --constraints",
  "Job cannot be submitted without the current working directory specified.",
  "Environment is missing in job",
  "Pathname of a file, directory or other parameter too long",
  "I/O error writing script/environment to file",
  "Only batch jobs are accepted or processed",
  // Not now, not here
  "Immediate execution impossible, insufficient priority",
  "Immediate execution impossible, resources too fragmented for allocation",
  "Immediate execution impossible. Individual job submission scheduling attempts deferred",
  "Job can not start immediately",
  "No eligible clusters for federated job",
  "Rate limit exceeded, please retry later",
  "Rate limit exceeded, please retry momentarily",
  "Requested operation is presently disabled",
  "Requested operation not supported on this system",
  "Slurm backup controller in standby mode",
  "System submissions disabled",
  "Unable to create job record, try again",
  // A job_submit plugin of the site said no; why stands above it.
  "Unspecified error",
  // Nobody was there to send the request to.
  "Communication connection failure",
  "Unable to contact slurm controller (connect failure)",
]);

/** sbatch gives up before it sends anything, or tells what slurmctld refused: src/sbatch, src/common/slurm_opt.c, proc_args.c and read_config.c. */
const BEFORE_SENDING: readonly RegExp[] = [
  /^Unable to open file /,
  /^Cannot stat /,
  /^This does not look like a batch script/,
  /^Batch script (?:is empty|contains )/,
  /^contain a NULL character/,
  /^Script (?:file )?.* is too (?:big|large)/,
  /^Script from STDIN is too big/,
  /^(?:Script arguments|--wrap option) not permitted with /,
  /^Invalid directive found in batch script/,
  /: line [0-9]+: Un(?:expected|matched) /,
  /^(?:Invalid|invalid) \S.*(?:specification|argument|option|list specified|out of range)/,
  /^Invalid (?:argument |numeric value |plane size |signal name |TRES for |--nodefile )/,
  /^invalid number of (?:tasks|cpus per task|nodes)/,
  /^"[^"]*" is not a valid node count/,
  /^Maximum node count [0-9]+ is less than minimum/,
  /^Numeric argument \(-?[0-9]+\) too large for /,
  /^Priority must be [<>]/,
  /^Rejecting --[gu]id as nobody/,
  /^unrecognized --hint argument/,
  / mutually exclusive/,
  /^--\S+ .*(?:not valid|only permitted|only used with|requires|incompatible|can not be bigger)/,
  /^Incompatible begin and deadline/,
  /^(?:Inconsistent values set |You can not have --)/,
  /^Too few processes for the requested/,
  /^Cannot specify both /,
  /^Could not open user environment file/,
  /^cli_filter plugin terminated with error/,
  /^Failed to initialize plugin stack/,
  /^Plugin stack post-option processing failed/,
  /^No cluster '.*' known by database/,
  /^'.*' can't be reached now/,
  /^There is a problem talking to the database/,
  /^Could not establish a configuration source/,
  /^Unable to process configuration file/,
  // Which limit, from slurmctld: it stands before "Batch job submission failed".
  /^(?:Assoc|QOS)[A-Z][A-Za-z]+/,
];

/** getopt_long(3): a mistake in an option, which ends sbatch. */
const BAD_OPTION_REGEXP =
  /^sbatch: (?:(?:unrecognized|invalid|ambiguous) option |option .*(?:requires an argument|is ambiguous|doesn't allow an argument))/m;

/** ssh has started nothing. */
const NO_CONNECTION_REGEXP =
  /^(?:ssh: (?:connect to host |Could not resolve hostname )|Host key verification failed|.*: Permission denied \()/m;

/** A request, or all that sbatch said, may have got lost on the way; or a job was submitted. */
const DOUBT_REGEXP =
  /retrying|timed? ?out|not responding|disconnect|broken pipe|connection (?:reset|closed|to \S+ closed by)|(?:send|receive|recv|shutdown) failure|slurm_(?:send|receive|recv)|zero bytes|submitted batch job/i;
/** Answers of slurmctld after which sbatch asks once more, and requests that were never sent. */
const NO_DOUBT_REGEXP =
  /Slurm temporarily unable to accept job|Slurm job queue full|creation temporarily disabled|Munge encode failed/;

/** How a submission command failed. */
export interface FailedCommand {
  /** The shell command line. */
  readonly command: string;
  /** Its exit status, not 0. */
  readonly code: number;
  /** All of its standard error. */
  readonly stderr: string;
}

/**
 * Whether a failed submission command certainly submitted nothing, as sbatch or a shell said it. What is not
 * known to be a refusal is none: a time-out, a lost answer, a wrapper that failed after sbatch was done, one
 * of several sbatch in a script, of which others may have been silent.
 */
export function isCertainRefusal(failed: FailedCommand): boolean {
  const { command, code, stderr } = failed;
  const missing = findMissingProgram(failed);
  if (missing?.isCommand === true) return true;
  if (!isSoleSbatch(command) || stderr.split("\n").some(isDoubtful)) return false;
  const failures = [...stderr.matchAll(/^.*Batch job submission failed: (.*?)\s*$/gm)];
  if (failures.length > 0) return failures.length === 1 && isRefusal(failures[0]![1]!, stderr);
  if (missing !== undefined && SBATCH_REGEXP.test(missing.name)) return true;
  if (code === 255 && NO_CONNECTION_REGEXP.test(stderr)) return true;
  // With --test-only nothing is submitted either way.
  if (/^allocation failure: /m.test(stderr) || BAD_OPTION_REGEXP.test(stderr)) return true;
  const errors = stderr.matchAll(/^sbatch: (?:error|fatal): (.*?)\s*$/gm);
  return errors.some(([, text]) =>
    REFUSALS.has(text!) || BEFORE_SENDING.some((pattern) => pattern.test(text!))
  );
}

/** Whether sbatch was only asked when a job would begin, `--test-only`: it has submitted nothing. */
export function isTestOnly(
  { command, stderr }: Pick<FailedCommand, "command" | "stderr">,
): boolean {
  return isSoleSbatch(command) && /^sbatch: Job [0-9]+ to start at /m.test(stderr);
}

function isDoubtful(line: string): boolean {
  return DOUBT_REGEXP.test(line) && !NO_DOUBT_REGEXP.test(line) && !NO_CONNECTION_REGEXP.test(line);
}

function isRefusal(failure: string, stderr: string): boolean {
  if (REFUSALS.has(failure)) return true;
  // EAGAIN: slurmctld takes no more jobs, MaxJobCount of slurm.conf(5).
  if (failure === "Resource temporarily unavailable") {
    return /Slurm temporarily unable to accept job/.test(stderr);
  }
  // Without a credential there is no request.
  return failure === "Protocol authentication error" && /Munge encode failed/.test(stderr);
}

/** A program that a shell could not start. */
export interface MissingProgram {
  /** As the command or the shell named it. */
  readonly name: string;
  /** Whether it is the only one that the command runs. */
  readonly isCommand: boolean;
}

/**
 * The program that could not be started, as the last shell said that looked for one: dash
 * `sh: 1: NAME: not found`, bash `sh: line 1: NAME: command not found`, of a path
 * `No such file or directory` or `Permission denied`; of sbatch, and where the command is one program of
 * that, in any language. `undefined` if none said so.
 */
export function findMissingProgram(
  { command, code, stderr }: FailedCommand,
): MissingProgram | undefined {
  const lines = stderr.split("\n");
  // sh(1), Exit Status: not found, or found and not to be executed.
  const isMissing = code === 126 || code === 127;
  const name = isMissing ? wordsOfSoleProgram(command)?.[0] : undefined;
  if (name !== undefined) {
    const isNamed = lines.some((line) =>
      /^(?:\S*\/)?sh\s?[:：]/.test(line) && wordsOf(line).slice(1, -1).includes(name)
    );
    if (isNamed) return { name, isCommand: true };
  }
  const sbatch = lines.map(missingSbatch).find((name) => name !== undefined);
  if (sbatch !== undefined) return { name: sbatch, isCommand: false };
  if (!isMissing) return undefined;
  const said = lines.map((line) => MISSING_REGEXP.exec(line)?.[1]).findLast((name) =>
    name !== undefined
  );
  return said === undefined ? undefined : { name: said, isCommand: false };
}

const SBATCH_REGEXP = /(?:^|\/)sbatch$/;
const SHELL_REGEXP = /(?:^-?|\/)(?:ba|da|k)?sh$/;
const MISSING_REGEXP =
  /^.*?: (?:(?:line )?[0-9]+: )?['"‘]?(.+?)['"’]?: (?:command not found|not found|No such file or directory|Permission denied)$/;

/** `bash: sbatch: …`, `SCRIPT: line 3: sbatch: …`: what follows are words that tell nothing but that. */
function missingSbatch(line: string): string | undefined {
  const words = wordsOf(line);
  const at = words.length - 2;
  const name = words[at];
  if (name === undefined || !SBATCH_REGEXP.test(name) || /[0-9]/.test(words.at(-1)!)) {
    return undefined;
  }
  const isShell = at === 1
    ? SHELL_REGEXP.test(words[0]!)
    : at === 2 && /(?:^|\s)[0-9]+$/.test(words[1]!);
  return isShell ? name : undefined;
}

/** What a shell's message is made of; some languages have a blank, or a wide colon. */
function wordsOf(line: string): string[] {
  return line.split(/\s?(?::(?=\s)|：)\s?/);
}
